//! The store against a simple model: whatever is done, and wherever a process dies.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::protocol::{FileTime, Guid, HResult, Item, ItemFlags, Occasion, RegisterFlags, SyncEvent};

/// A change of the store.
#[derive(Clone, Debug)]
enum Change {
    Register(u8, u32),
    Unregister(u8),
    Set(u8, Key, bool),
    Unset(u8, Key),
    Enumerated(u8, HResult, Vec<Item>),
    Ask(u8, Occasion, bool),
    /// A session is over; it failed, or it did not.
    Ran(u8, bool),
}

/// A handler as it should be in the store.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stored {
    flags: u32,
    /// Each with whether the item is TEMPORARY.
    preferences: BTreeMap<Key, (bool, bool)>,
    ask: Vec<Occasion>,
    /// Whether the last session failed.
    failed: Option<bool>,
}

/// The store as it should be.
type Model = BTreeMap<Guid, Stored>;

fn results(failed: bool) -> Results {
    let (started, ended) = (FileTime(7), FileTime(8));
    let (items, errors, broken) = (Vec::new(), Vec::new(), Vec::new());
    Results { event: SyncEvent::IDLE, started, ended, outcome: "ended".to_owned(), failed, items, errors, broken }
}

fn clsid(handler: u8) -> Guid {
    Guid::from_u128(0x4b0e_1f6e_6d86_4f1c_9b6a_2f1d_5f0e_0000 + u128::from(handler))
}

fn registration(handler: u8, flags: u32) -> Registration {
    Registration {
        clsid: clsid(handler),
        description: (handler != 0).then(|| format!("Handler {handler}")),
        flags: RegisterFlags(flags),
        start: Start::File { file: "/handlers/one.json".into() },
    }
}

fn apply(store: &Store, change: &Change) -> Result<(), StoreError> {
    match change.clone() {
        Change::Register(handler, flags) => store.register(&registration(handler, flags)).map(drop),
        Change::Unregister(handler) => store.unregister(clsid(handler)),
        Change::Set(handler, key, checked) => store.change_preferences(clsid(handler), |all| all.set(key, checked)),
        Change::Unset(handler, key) => store.change_preferences(clsid(handler), |all| all.unset(&key)).map(drop),
        Change::Enumerated(handler, result, items) => {
            store.change_preferences(clsid(handler), |all| all.enumerated(result, &items))
        }
        Change::Ask(handler, event, ask) => {
            store.change_preferences(clsid(handler), |all| all.set_ask(event, ask)).map(drop)
        }
        Change::Ran(handler, failed) => store.keep_results(clsid(handler), &results(failed)),
    }
}

/// Does the same to the model; false where the store must refuse it.
fn apply_to_model(model: &mut Model, change: &Change) -> bool {
    match change.clone() {
        Change::Register(_, flags) if flags > 7 => return false,
        Change::Register(handler, flags) => model.entry(clsid(handler)).or_default().flags = flags,
        Change::Unregister(handler) => return model.remove(&clsid(handler)).is_some(),
        Change::Set(handler, key, checked) => {
            let Some(Stored { preferences, .. }) = model.get_mut(&clsid(handler)) else { return false };
            let temporary = |(other, of): (&Key, &(bool, bool))| key.item.is_some() && other.item == key.item && of.1;
            let temporary = preferences.iter().any(temporary);
            preferences.insert(key, (checked, temporary));
        }
        Change::Unset(handler, key) => {
            let Some(Stored { preferences, .. }) = model.get_mut(&clsid(handler)) else { return false };
            preferences.remove(&key);
        }
        Change::Enumerated(handler, result, items) => {
            let Some(Stored { preferences, .. }) = model.get_mut(&clsid(handler)) else { return false };
            let says_something = [HResult::S_OK, HResult::S_SYNCMGR_MISSINGITEMS].contains(&result);
            for (key, (checked, temporary)) in std::mem::take(preferences) {
                let Some(item) = items.iter().find(|item| Some(item.id) == key.item).filter(|_| says_something) else {
                    if key.item.is_none() || !says_something || result == HResult::S_SYNCMGR_MISSINGITEMS && !temporary
                    {
                        preferences.insert(key, (checked, temporary));
                    }
                    continue;
                };
                preferences.insert(key, (checked, item.flags == ItemFlags::TEMPORARY));
            }
        }
        Change::Ask(handler, event, wanted) => {
            let Some(Stored { ask, .. }) = model.get_mut(&clsid(handler)) else { return false };
            ask.retain(|one| *one != event);
            ask.extend(wanted.then_some(event));
            ask.sort();
        }
        Change::Ran(handler, failed) => {
            let Some(stored) = model.get_mut(&clsid(handler)) else { return false };
            stored.failed = Some(failed);
        }
    }
    true
}

/// Everything that is in the store. It must be readable.
fn content(store: &Store) -> Model {
    let Registered { handlers, damaged } = store.handlers().unwrap();
    assert!(damaged.is_empty(), "{damaged:?}");
    let of = |one: &Registration| {
        let preferences = store.preferences(one.clsid).unwrap();
        let ask = preferences.asks().collect();
        let preferences = preferences.iter().map(|one| (one.key.clone(), (one.checked, one.temporary))).collect();
        let failed = store.results(one.clsid).unwrap().map(|results| results.failed);
        Stored { flags: one.flags.0, preferences, ask, failed }
    };
    handlers.iter().map(|one| (one.clsid, of(one))).collect()
}

/// A folder in memory, where there is one: a disk would take seconds to write thousands of files for good.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What is in the folder of a handler beside its files.
fn rubbish(store: &Store, handler: u8) -> Vec<String> {
    let folder = store.folder().join("handlers").join(clsid(handler).to_string());
    let names = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| !["registration.json", "preferences.json", "results.json"].contains(&name.as_str())).collect()
}

fn keys() -> impl Strategy<Value = Key> {
    let event = prop::sample::select(vec![None, Some(Occasion::MANUAL), Some(Occasion::LOGON)]);
    let connection = prop::sample::select(vec![None, Some("Office \u{1b}[31m\u{fffd}".to_owned())]);
    (items(), event, connection).prop_map(|(item, event, connection)| Key { item, event, connection })
}

fn items() -> impl Strategy<Value = Option<Guid>> {
    prop::sample::select(vec![None, Guid::from_alias("A"), Guid::from_alias("B"), Some(Guid::from_u128(7))])
}

fn changes() -> impl Strategy<Value = Change> {
    let enumerated = prop::collection::vec((items(), any::<bool>()), 0..3).prop_map(|items| {
        let item = |(id, temporary): (Option<Guid>, bool)| {
            let flags = if temporary { ItemFlags::TEMPORARY } else { ItemFlags::default() };
            Some(Item { id: id?, name: "Item".into(), flags, ..Item::default() })
        };
        let mut items: Vec<Item> = items.into_iter().filter_map(item).collect();
        items.dedup_by_key(|item| item.id);
        items.sort_by_key(|item| item.id);
        items.dedup_by_key(|item| item.id);
        items
    });
    let result = prop::sample::select(vec![HResult::S_OK, HResult::S_SYNCMGR_MISSINGITEMS, HResult::E_FAIL]);
    prop_oneof![
        3 => (0..3_u8, 0..9_u32).prop_map(|(handler, flags)| Change::Register(handler, flags)),
        1 => (0..3_u8).prop_map(Change::Unregister),
        4 => (0..3_u8, keys(), any::<bool>()).prop_map(|(handler, key, checked)| Change::Set(handler, key, checked)),
        1 => (0..3_u8, keys()).prop_map(|(handler, key)| Change::Unset(handler, key)),
        1 => (0..3_u8, prop::sample::select(vec![Occasion::LOGON, Occasion::IDLE]), any::<bool>())
            .prop_map(|(handler, event, ask)| Change::Ask(handler, event, ask)),
        2 => (0..3_u8, any::<bool>()).prop_map(|(handler, failed)| Change::Ran(handler, failed)),
        2 => (0..3_u8, result, enumerated).prop_map(|(handler, result, items)| Change::Enumerated(handler, result, items)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A process may die before any step of any change. Then the store is as before the change, or as after it.
    #[test]
    fn the_store_is_as_the_model_wherever_a_process_dies(
        changes in prop::collection::vec((changes(), prop::option::weighted(0.4, 0..6_usize)), 1..16)
    ) {
        let folder = folder();
        let mut model = Model::new();
        for (change, dies) in changes {
            let store = Store::at(folder.path());
            store.disk.die_after(dies);
            let done = apply(&store, &change);
            let mut after = model.clone();
            let allowed = apply_to_model(&mut after, &change);
            // Whoever comes next finds it so.
            let found = content(&Store::at(folder.path()));
            if store.disk.died() && matches!(done, Err(StoreError::Io { .. })) {
                prop_assert!(found == model || found == after, "{change:?}: {found:?}\nbefore {model:?}\nafter {after:?}");
                model = found;
                continue;
            }
            prop_assert_eq!(done.is_ok(), allowed, "{:?}: {:?}", change, done);
            if allowed {
                model = after;
            }
            prop_assert_eq!(&found, &model, "{:?}", change);
        }
        // A change removes what was left lying about.
        for handler in 0..3 {
            apply(&Store::at(folder.path()), &Change::Register(handler, 0)).unwrap();
            prop_assert_eq!(rubbish(&Store::at(folder.path()), handler), Vec::<String>::new());
        }
        prop_assert!(!folder.path().join("removed").exists());
    }
}

#[test]
fn a_change_dies_at_each_of_its_steps() {
    let mut died = 0;
    for (before, change) in [
        (vec![], Change::Register(1, 1)),
        (vec![Change::Register(1, 1)], Change::Register(1, 2)),
        (vec![Change::Register(1, 1)], Change::Set(1, Key::default(), true)),
        (vec![Change::Register(1, 1), Change::Set(1, Key::default(), true)], Change::Unregister(1)),
    ] {
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::at(folder.path());
            before.iter().for_each(|change| apply(&store, change).unwrap());
            store.disk.die_after(Some(steps));
            let done = apply(&store, &change);
            if done.is_ok() {
                break;
            }
            assert!(matches!(done, Err(StoreError::Io { .. })), "{done:?}");
            died += 1;
        }
    }
    // A folder, the content and its place; the last two; the same; and three for unregistering.
    assert_eq!(died, 3 + 2 + 2 + 3);
}

/// Names what this process shall do if another test started it.
const CHILD: &str = "MOBSYNC_STORE_TEST_CHILD";

/// The changes of the process with this number, without end: always the same.
fn endless(number: u64) -> impl Iterator<Item = Change> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = state >> 33;
        let handler = u8::try_from(random % 4).unwrap();
        let key = Key { item: Some(Guid::from_u128(u128::from(random >> 2 & 3))), ..Key::default() };
        match random >> 4 & 7 {
            0 => Change::Unregister(handler),
            1..=3 => Change::Register(handler, u32::try_from(random >> 8 & 7).unwrap()),
            _ => Change::Set(handler, key, random & 0x100 != 0),
        }
    })
}

/// Starts this program again, to do what [`child`] does.
fn start_child(store: &Path, number: u64, count: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::tests::child", "--ignored", "--nocapture"]).env(CHILD, store);
    command.env("MOBSYNC_STORE_TEST_NUMBER", number.to_string()).env("MOBSYNC_STORE_TEST_COUNT", count.to_string());
    command.stdout(Stdio::piped());
    command
}

#[test]
#[ignore = "other tests run it in a process of its own"]
fn child() {
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let store = Store::at(std::env::var_os(CHILD).unwrap()).with_limit(Duration::from_secs(300));
    let (process, count) = (number("MOBSYNC_STORE_TEST_NUMBER"), number("MOBSYNC_STORE_TEST_COUNT"));
    if count > 0 {
        for handler in 0..count {
            let clsid = Guid::from_u128(u128::from(process << 32 | handler));
            store.register(&Registration { clsid, ..registration(1, 0) }).unwrap();
            if handler % 10 == 0 {
                let item = Key { item: Some(clsid), ..Key::default() };
                store.change_preferences(self::clsid(0), |all| all.set(item, true)).unwrap();
            }
        }
        return;
    }
    for change in endless(process) {
        let done = apply(&store, &change);
        assert!(matches!(done, Ok(()) | Err(StoreError::NotRegistered { .. })), "{done:?}");
        // One call of the system: the line is there, or it is not.
        std::io::stdout().write_all(b"done\n").unwrap();
    }
}

#[test]
fn two_processes_that_register_a_thousand_handlers_each_lose_none() {
    let folder = folder();
    Store::at(folder.path()).register(&registration(0, 0)).unwrap();
    let children = [1, 2].map(|number| start_child(folder.path(), number, 1000).spawn().unwrap());
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let store = Store::at(folder.path());
    let registered = store.handlers().unwrap();
    assert_eq!((registered.handlers.len(), registered.damaged.len()), (2001, 0));
    // Both changed this file, too.
    assert_eq!(store.preferences(clsid(0)).unwrap().iter().count(), 200);
}

/// What was confirmed is there. Of the change that was not confirmed, all or nothing is there.
#[test]
fn a_process_that_is_killed_loses_nothing_that_it_confirmed() {
    let folder = folder();
    let mut model = Model::new();
    for number in 0..200 {
        let mut child = start_child(folder.path(), number, 0).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut confirmed = 0;
        let wanted = usize::try_from(number % 7).unwrap();
        while confirmed <= wanted {
            let line = lines.next().expect("it goes on for ever").unwrap();
            confirmed += usize::from(line.ends_with("done"));
        }
        // Somewhere in the next changes.
        std::thread::sleep(Duration::from_micros(number * 37 % 1500));
        child.kill().unwrap();
        child.wait().unwrap();
        confirmed += lines.map_while(Result::ok).filter(|line| line.ends_with("done")).count();
        let mut changes = endless(number);
        for change in changes.by_ref().take(confirmed) {
            apply_to_model(&mut model, &change);
        }
        let mut after = model.clone();
        apply_to_model(&mut after, &changes.next().unwrap());
        let found = content(&Store::at(folder.path()));
        assert!(found == model || found == after, "after process {number}: {found:?}\n{model:?}\n{after:?}");
        model = found;
    }
    assert!(!model.is_empty());
}

#[test]
fn whoever_waits_too_long_for_the_lock_gives_up_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path()).with_limit(Duration::from_millis(20));
    store.register(&registration(1, 0)).unwrap();
    let held = lock::Lock::change(&folder.path().join("lock"), Duration::from_secs(10)).unwrap();
    for failed in [store.register(&registration(2, 0)).map(drop), store.handlers().map(drop)] {
        let message = failed.unwrap_err().to_string();
        assert!(message.contains("lock: another process has held the lock of the store for 0.0 s"), "{message}");
    }
    drop(held);
    let patient = Store::at(folder.path()).with_limit(Duration::from_secs(300));
    patient.register(&registration(2, 0)).unwrap();
    assert_eq!(patient.handlers().unwrap().handlers.len(), 2);
}

#[test]
fn a_damaged_file_is_an_error_with_its_place_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let own = folder.path().join("handlers").join(clsid(1).to_string());
    let right = |file: &str| fs::read_to_string(own.join(file)).unwrap();
    store.register(&registration(1, 1)).unwrap();
    store.register(&registration(2, 2)).unwrap();
    store.change_preferences(clsid(1), |all| all.set(Key::default(), true)).unwrap();
    let (registration_text, preferences_text) = (right("registration.json"), right("preferences.json"));
    for (file, text, place) in [
        ("registration.json", String::new(), "registration.json:1:1: "),
        ("registration.json", registration_text[..90].to_owned(), "registration.json:4:36: "),
        ("registration.json", registration_text.replace("\"CONNECT\"", "8"), "registration.json:6:12: flags: "),
        (
            "registration.json",
            registration_text.replace("version\": 1", "version\": 2"),
            "registration.json:3:14: version: ",
        ),
        (
            "registration.json",
            registration_text.replace(&clsid(1).to_string(), &clsid(3).to_string()),
            "clsid: the file is about",
        ),
        (
            "preferences.json",
            preferences_text.replace("true", "\"yes\""),
            "preferences.json:6:18: preferences[0].checked: ",
        ),
        (
            "preferences.json",
            preferences_text.replace("mobsync-preferences", "else"),
            "preferences.json:2:13: format: ",
        ),
        (
            "preferences.json",
            preferences_text.replace("  ]", ",{\"checked\": false}]"),
            "preferences.json:8:2: preferences[1]: an earlier",
        ),
    ] {
        fs::write(own.join(file), &text).unwrap();
        let mut failures = vec![
            store.change_preferences(clsid(1), |all| all.set(Key::default(), false)).unwrap_err(),
            store.unregister(clsid(1)).unwrap_err(),
            store.preferences(clsid(1)).unwrap_err(),
        ];
        if file == "registration.json" {
            failures.push(store.register(&registration(1, 4)).map(drop).unwrap_err());
            let mut listed = store.handlers().unwrap();
            // The other one is not affected.
            assert_eq!(listed.handlers, [registration(2, 2)]);
            failures.push(listed.damaged.pop().unwrap());
            // It may be the one that is meant.
            failures.push(store.find("Handler 1").unwrap_err());
        }
        for failure in failures {
            assert!(failure.to_string().contains(place), "{failure}");
        }
        assert_eq!(right(file), text);
        fs::write(own.join("registration.json"), &registration_text).unwrap();
        fs::write(own.join("preferences.json"), &preferences_text).unwrap();
    }
    assert_eq!(store.registered_flags(clsid(1)).unwrap(), Some(RegisterFlags(1)));
}

#[test]
fn fields_of_later_versions_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    store.register(&registration(1, 1)).unwrap();
    store.change_preferences(clsid(1), |all| all.set(Key::default(), true)).unwrap();
    let own = folder.path().join("handlers").join(clsid(1).to_string());
    for file in ["registration.json", "preferences.json"] {
        let text = fs::read_to_string(own.join(file)).unwrap();
        fs::write(own.join(file), text.replacen("\"version\": 1,", "\"version\": 1, \"later\": [7],", 1)).unwrap();
    }
    store.register(&registration(1, 2)).unwrap();
    store.change_preferences(clsid(1), |all| all.set(Key::default(), false)).unwrap();
    for file in ["registration.json", "preferences.json"] {
        let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(own.join(file)).unwrap()).unwrap();
        assert_eq!(value["later"][0], 7, "{value}");
    }
}

#[test]
fn the_preference_that_is_about_least_decides() {
    let (a, b) = (Guid::from_u128(1), Guid::from_u128(2));
    let (event, office) = (Some(Occasion::IDLE), Some("Office".to_owned()));
    let mut all = Preferences::default();
    let mut expect = |key: Key, checked: bool, of_a: Option<bool>, of_b: Option<bool>| {
        all.set(key, checked);
        assert_eq!(all.checked(a, SyncEvent::IDLE, Some("Office")), of_a);
        assert_eq!(all.checked(b, SyncEvent::IDLE, Some("Office")), of_b);
        assert_eq!(all.checked(b, SyncEvent::MANUAL, None), None);
    };
    let key = |item, event: Option<Occasion>, connection: &Option<String>| Key {
        item,
        event,
        connection: connection.clone(),
    };
    expect(key(None, None, &Some("Home".to_owned())), false, None, None);
    expect(key(None, None, &office), false, Some(false), Some(false));
    expect(key(None, event, &None), true, Some(true), Some(true));
    expect(key(None, event, &office), false, Some(false), Some(false));
    expect(key(Some(a), None, &None), true, Some(true), Some(false));
    expect(key(Some(a), None, &office), false, Some(false), Some(false));
    expect(key(Some(a), event, &None), true, Some(true), Some(false));
    expect(key(Some(a), event, &office), false, Some(false), Some(false));
}

#[test]
fn what_is_said_of_connect_is_said_of_logon_unless_that_has_a_preference_of_its_own() {
    let item = Guid::from_u128(1);
    let mut all = Preferences::default();
    let key = |event| Key { event: Some(event), ..Key::default() };
    all.set(key(Occasion::CONNECT), false);
    assert_eq!(all.checked(item, Occasion::LOGON, None), Some(false));
    assert_eq!(all.checked(item, Occasion::LOGOFF, None), None);
    all.set(key(Occasion::LOGON), true);
    assert_eq!(all.checked(item, Occasion::LOGON, None), Some(true));
    assert_eq!(all.checked(item, SyncEvent::CONNECT, None), Some(false));
    assert!(all.set_ask(Occasion::PENDINGDISCONNECT, true));
    assert!(all.asks_first(Occasion::LOGOFF) && all.asks_first(Occasion::PENDINGDISCONNECT));
    assert!(!all.asks_first(Occasion::LOGON));
    assert!(all.set_ask(Occasion::LOGON, true) && !all.set_ask(Occasion::LOGON, true));
    assert!(!all.asks_first(SyncEvent::CONNECT), "logon is not every connection");
    assert_eq!((Occasion::LOGON.event(), Occasion::LOGOFF.event()), (SyncEvent::CONNECT, SyncEvent::PENDINGDISCONNECT));
}

#[test]
fn a_word_means_a_clsid_or_a_description() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    assert!(matches!(store.find("Handler 1"), Err(StoreError::NoSuch { .. })));
    for handler in [1, 2, 3] {
        store.register(&registration(handler, 0)).unwrap();
    }
    store.register(&Registration { description: Some("Handler 1".to_owned()), ..registration(3, 0) }).unwrap();
    assert_eq!(store.find("Handler 2").unwrap().clsid, clsid(2));
    assert_eq!(store.find(&clsid(1).to_string().to_lowercase()).unwrap().clsid, clsid(1));
    for (word, message) in [
        ("Handler 1", format!("2 registered handlers have this name; use the CLSID: {}, {}", clsid(1), clsid(3))),
        ("Hander 2", "did you mean Handler 2?".to_owned()),
        (&clsid(9).to_string(), "is not registered".to_owned()),
    ] {
        let error = store.find(word).unwrap_err().to_string();
        assert!(error.contains(&message), "{error}");
    }
}
