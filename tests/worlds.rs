//! Scenarios with a scripted world: `fixtures/worlds`, and what is wrong with others.

use std::fs;
use std::path::{Path, PathBuf};

use mobsync::manager;
use mobsync::report::Filter;
use mobsync::runner::{ReplayOptions, Replayed, RunOptions};
use mobsync::scenario;
use serde_json::{Value, json};

fn worlds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/worlds")
}

fn replay(file: &Path, trace: Option<&Path>) -> Replayed {
    let filter = Filter::default();
    let options = ReplayOptions {
        handler: None,
        run: RunOptions::default(),
        timeout_ns: None,
        blocking_ns: None,
        progress_ns: None,
        strict: false,
        order: None,
        session_ns: None,
        bless: false,
        acceptance: &filter,
    };
    manager::replay(file, &options, trace, &mut ()).unwrap_or_else(|error| panic!("{error}"))
}

/// What was expected and did not come.
fn not_met(replayed: &Replayed) -> Vec<String> {
    let not_met = replayed.expectations.iter().filter(|one| !one.held);
    not_met.map(|one| format!("{}: {}", one.what, one.difference)).collect()
}

/// A folder with a scenario, and the handlers of `fixtures/worlds` beside it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a temporary folder can be made"));
        let handlers = place.0.path().join("handlers");
        fs::create_dir(&handlers).expect("a folder can be made");
        for entry in fs::read_dir(worlds().join("handlers")).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            fs::copy(&path, handlers.join(path.file_name().expect("it has a name"))).expect("it can be copied");
        }
        place
    }

    fn scenario(&self, scenario: &Value) -> PathBuf {
        let file = self.0.path().join("world.json");
        fs::write(&file, serde_json::to_string_pretty(scenario).expect("it is JSON")).expect("it can be written");
        file
    }
}

fn office() -> Value {
    let text = fs::read_to_string(worlds().join("a-day-at-the-office.json")).expect("it can be read");
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn every_world_holds_with_the_same_trace_every_time() {
    let place = Place::new();
    let mut all = 0;
    for entry in fs::read_dir(worlds()).expect("it can be read") {
        let file = entry.expect("it can be read").path();
        if !file.is_file() {
            continue;
        }
        all += 1;
        let mut traces = Vec::new();
        for _ in 0..5 {
            let trace = place.0.path().join("trace.jsonl");
            let replayed = replay(&file, Some(&trace));
            assert!(replayed.is_met(), "{}: {:?} {:?}", file.display(), not_met(&replayed), replayed.broken_off);
            traces.push(fs::read(&trace).expect("it was written"));
        }
        assert!(traces.windows(2).all(|two| two[0] == two[1]), "{}", file.display());
        // Another folder, with other paths in it, makes no difference.
        let copy = place.scenario(&serde_json::from_str(&fs::read_to_string(&file).expect("text")).expect("JSON"));
        let trace = place.0.path().join("copy.jsonl");
        replay(&copy, Some(&trace));
        assert!(traces[0] == fs::read(&trace).expect("it was written"), "{}", file.display());
    }
    assert!(all >= 2);
}

#[test]
fn a_trace_of_a_world_is_judged_again_as_it_was() {
    let place = Place::new();
    let trace = place.0.path().join("trace.jsonl");
    let replayed = replay(&worlds().join("a-day-at-the-office.json"), Some(&trace));
    let read = mobsync::trace::TraceReader::new(
        std::io::BufReader::new(fs::File::open(&trace).expect("it is there")),
        "trace.jsonl",
    );
    let again = mobsync::runner::judge_trace(read.expect("it is a trace"), None, None);
    assert_eq!(again.incomplete("trace"), None);
    let codes = |judged: &mobsync::runner::Judged| judged.findings().map(|found| found.rule.code).collect::<Vec<_>>();
    assert_eq!(codes(&again.judged), codes(&replayed.judged));
    let verdict = |code| {
        let rule = mobsync::rules::rule(code).expect("it is a rule");
        again.judged.monitor().verdict(rule)
    };
    for code in ["REGI-01", "REGI-04", "CONN-02", "ITEM-09"] {
        assert_eq!(verdict(code), mobsync::rules::Verdict::Held, "{code}");
    }
}

/// Each change of the office's day makes an expectation fail, and this is said of it.
#[test]
fn every_kind_of_expectation_can_fail() {
    let place = Place::new();
    let fails = |pointer: &str, value: Value, said: &str| {
        let mut scenario = office();
        *scenario.pointer_mut(pointer).unwrap_or_else(|| panic!("there is no {pointer}")) = value;
        let replayed = replay(&place.scenario(&scenario), None);
        assert_eq!(not_met(&replayed), [said], "{pointer}");
    };
    fails(
        "/world/0/expect/calendar",
        json!({}),
        "at 9h, logon: calendar: a session: it had none: it is not registered for this event",
    );
    fails("/world/0/expect/mail", Value::Null, "at 9h, logon: mail: no session: it had one");
    fails(
        "/world/0/expect/mail/outcome",
        json!("completed with E_FAIL"),
        "at 9h, logon: mail: outcome: completed with E_FAIL: the outcome is: completed with S_OK",
    );
    fails(
        "/world/1/expect/mail/items/Inbox",
        Value::Null,
        "at 12h, idle: mail: item Inbox: no status: item Inbox: SUCCEEDED",
    );
    fails(
        "/world/1/expect/calendar/items",
        json!({ "Yours": "SUCCEEDED" }),
        "at 12h, idle: calendar: item Yours: SUCCEEDED: no item Yours; the items are: My calendar",
    );
    fails("/world/3/hr", json!("S_OK"), "at 13h, unregister calendar: S_OK: the result is E_INVALIDARG");
    fails("/expect/store/mail/flags", json!("IDLE"), "store: mail: registered for IDLE: it is registered for CONNECT");
    fails("/expect/store/mail", Value::Null, "store: mail: not registered: it is registered");
    fails(
        "/expect/store/mail/preferences",
        json!([{ "item": "C", "checked": true }]),
        "store: mail: preferences: C checked: the preferences are: B IDLE not checked",
    );
    fails("/expect/counts/ConnectionLost", json!(2), "ConnectionLost: 2 times: once");
}

#[test]
fn what_is_unregistered_is_not_stored_and_preferences_change() {
    let place = Place::new();
    let mut scenario = office();
    scenario["world"] = json!([
        { "at": "1m", "prefer": "calendar", "preferences": [{ "item": "A", "checked": false }, { "item": "B", "checked": false }] },
        { "at": "2m", "event": "idle", "handlers": ["calendar"], "expect": { "calendar": { "outcome": "nothing to synchronize" } } },
        { "at": "3m", "unregister": "mail" }
    ]);
    scenario["expect"] = json!({
        "findings": [],
        "store": { "mail": null, "calendar": { "preferences": [{ "item": "A", "checked": false }, { "item": "B", "checked": false }] } }
    });
    let replayed = replay(&place.scenario(&scenario), None);
    assert!(replayed.is_met(), "{:?}", not_met(&replayed));
    // Without the first step the handler's preselection counts.
    scenario["world"].as_array_mut().expect("a list").remove(0);
    let replayed = replay(&place.scenario(&scenario), None);
    let said = not_met(&replayed);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("at 2m, idle: calendar: outcome: nothing to synchronize: "), "{said:?}");
}

#[test]
fn handlers_in_real_time_have_the_machines_clock() {
    let place = Place::new();
    let folder = |name: &str| {
        let path = place.0.path().join(name);
        fs::create_dir(&path).expect("a folder can be made");
        path
    };
    let (left, right) = (folder("left"), folder("right"));
    fs::write(left.join("letter.txt"), "Dear").expect("it can be written");
    let scenario = json!({
        "format": "mobsync-scenario", "version": 1, "title": "Folders",
        "handlers": [{ "handler": "filesync", "folders": ["left=right"], "name": "Folders", "registered": "IDLE" }],
        "world": [
            { "at": "30ms", "event": "idle", "expect": { "Folders": { "outcome": "completed with S_OK" } } },
            { "at": "60ms", "event": "connect", "expect": { "Folders": null } }
        ],
        "expect": { "findings": [] }
    });
    let begun = std::time::Instant::now();
    let replayed = replay(&place.scenario(&scenario), None);
    assert!(replayed.is_met(), "{:?}", not_met(&replayed));
    assert!(begun.elapsed() >= std::time::Duration::from_millis(60));
    assert_eq!(replayed.header.clock, mobsync::trace::Clock::Real);
    assert_eq!(fs::read_to_string(right.join("letter.txt")).expect("it was copied"), "Dear");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let refused = |change: &dyn Fn(&mut Value), message: &str| {
        let mut scenario = office();
        change(&mut scenario);
        let text = serde_json::to_string_pretty(&scenario).expect("it is JSON");
        let error = scenario::parse(&text, Path::new("world.json")).expect_err(message).to_string();
        let (place, said) = error.split_at(error.find(": ").expect("it names a place"));
        assert!(place.starts_with("world.json:") && said.contains(message), "{error}\nexpected: {message}");
    };
    let set = |pointer: &'static str, value: Value| {
        move |scenario: &mut Value| {
            if let Some(there) = scenario.pointer_mut(pointer) {
                *there = value.clone();
                return;
            }
            let (parent, key) = pointer.rsplit_once('/').expect("it is a pointer");
            scenario.pointer_mut(parent).expect("it is there")[key] = value.clone();
        }
    };
    for (pointer, value, message) in [
        ("/world/0/at", json!("20h"), "world[1].at: comes before what stands above it"),
        ("/world/2/unregister", json!("calender"), "world[2]: there is no handler calender; did you mean calendar?"),
        ("/world/0/expect", json!({ "mial": null }), "world[0]: there is no handler mial; did you mean mail?"),
        (
            "/world/0/register",
            json!("mail"),
            "needs exactly one of `event`, `register`, `unregister`, `register_server`, ",
        ),
        ("/world/0/flags", json!("IDLE"), "`flags` can only stand beside `register`"),
        ("/world/0/event", json!("login"), "did you mean `logon`?"),
        ("/handlers/0/registered", json!(8), "handlers[0].registered: 0x8 are not valid SYNCMGRREGISTERFLAGS"),
        ("/handlers/1/name", json!("mail"), "handlers[1].name: another handler is called mail too"),
        (
            "/handlers/0/steps",
            json!([{ "when": { "time": "1s" }, "do": "release" }]),
            "handlers[0].steps: cannot be beside `world`",
        ),
        ("/handlers/0/choose", json!("all"), "handlers[0].choose: cannot be beside `world`"),
        ("/event", json!("idle"), "event: cannot be beside `world`"),
        ("/expect/store/news", Value::Null, "expect.store.news: there is no handler news"),
        ("/network/0/back", json!("1s"), "network[0].back: only a connection that `drops` comes back"),
        ("/network/1", json!({ "connection": "Office" }), "network[1].connection: an earlier entry is about the same"),
        ("/network/0/connection", json!(7), "network[0].connection"),
        ("/world/6/network/0/fails", json!(true), "world[6].network[0].drops: a connection that fails is never open"),
        (
            "/handlers/0/preferences/1",
            json!({ "item": "B", "event": "IDLE", "checked": true }),
            "is about the same as an earlier one",
        ),
    ] {
        if pointer == "/network/1" {
            refused(&|scenario| scenario["network"].as_array_mut().expect("a list").push(value.clone()), message);
        } else {
            refused(&set(pointer, value), message);
        }
    }
    let remove = |key: &'static str| {
        move |scenario: &mut Value| {
            scenario.as_object_mut().expect("an object").remove(key);
        }
    };
    refused(&remove("world"), "only means something in a scenario with a `world`");
    refused(&remove("handlers"), "world: needs `handlers`");
    refused(
        &|scenario| drop(scenario["handlers"][0].as_object_mut().expect("an object").remove("registered")),
        "handlers[0].preferences: it is not registered when the world begins",
    );
    refused(
        &|scenario| drop(scenario["world"][0].as_object_mut().expect("an object").remove("at")),
        "the field `at` is missing",
    );
}

#[test]
fn a_world_that_is_written_is_read_again() {
    let scenario = scenario::load(&worlds().join("a-day-at-the-office.json")).unwrap_or_else(|error| panic!("{error}"));
    let text = scenario::to_text(&scenario).expect("it can be written");
    assert_eq!(scenario::parse(&text, Path::new("again.json")), Ok(scenario));
}
