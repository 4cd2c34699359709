//! Registered handlers and preferences on the command line.

#[cfg(unix)]
#[allow(dead_code, reason = "several tests share it, and each uses a part of it")]
#[path = "common/native.rs"]
mod native;
#[allow(dead_code, reason = "several tests share it, and each uses a part of it")]
#[path = "common/place.rs"]
mod place;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use place::{Place, sample, script};
use serde_json::{Value, json};

#[test]
fn a_handler_is_registered_under_its_own_name_and_run_by_it() {
    let place = Place::new();
    fs::copy(sample("minimal.json"), place.path("own.json")).expect("it can be copied");
    place.refused(&["sync"], "no handler is registered in ");
    let said = place.done(&["register", "own.json", "--event", "idle,connect"]);
    assert!(said.starts_with("Minimal {") && said.ends_with("}: registered\n"), "{said}");
    let again = place.done(&["register", "own.json", "--event", "idle"]);
    assert_eq!(again, said.replace(": registered", ": registered again; its preferences stay"));

    let listed = place.handlers();
    let [row] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((&row["description"], &row["flags"]), (&json!("Minimal"), &json!("IDLE")));
    let file = place.path("own.json").canonicalize().expect("it is there");
    let written: PathBuf = row["start"]["file"].as_str().expect("a file").into();
    assert_eq!((&row["start"]["kind"], written.canonicalize().expect("it is there")), (&json!("file"), file));
    let clsid = row["clsid"].as_str().expect("a CLSID").to_owned();
    let table = place.done(&["handlers"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 4 && lines[0].starts_with("NAME ") && lines[1].starts_with("Minimal  IDLE"), "{table}");
    assert_eq!((lines[2].trim(), lines[3].trim().ends_with("own.json")), (clsid.as_str(), true), "{table}");
    assert!(lines[..3].iter().all(|line| line.len() <= 80), "{table}");

    // By name and by CLSID, wherever HANDLER stands.
    for word in ["Minimal", &clsid, &clsid.to_lowercase()] {
        let report: Value = serde_json::from_str(&place.done(&["run", word, "--format", "json"])).expect("it is JSON");
        assert_eq!(report["handler"], "Minimal");
    }
    place.done(&["conform", "Minimal", "--case", "event-manual"]);
    fs::write(
        place.path("one.scenario.json"),
        r#"{"format": "mobsync-scenario", "version": 1, "title": "T", "handler": "Minimal", "expect": {"outcome": "completed with S_OK"}}"#,
    )
    .expect("it can be written");
    place.done(&["replay", "one.scenario.json"]);
    place.done(&["replay", "one.scenario.json", "--handler", &clsid]);
    fs::write(place.path("mobsync.toml"), "handler = 'Minimal'\n").expect("it can be written");
    place.done(&["run"]);
    // What it is started from is not overwritten.
    place.refused(&["run", "Minimal", "--trace", "own.json"], "this would overwrite the handler's file");
    // A file comes before a registered name.
    fs::create_dir(place.path("Minimal")).expect("a folder can be made");
    place.refused(&["run", "Minimal"], "Minimal: ");

    place.done(&["unregister", &clsid]);
    assert_eq!(place.handlers(), Vec::<Value>::new());
    place.refused(&["run", &clsid], "is not registered; `mobsync handlers` lists");
    place.refused(&["unregister", "Minimum"], "Minimum: no registered handler has this name or CLSID");
}

#[test]
fn what_cannot_be_started_is_not_registered() {
    let place = Place::new();
    let broken = sample("minimal.json");
    fs::write(
        place.path("broken.json"),
        fs::read_to_string(broken).expect("it is there").replace("\"items\"", "\"itms\""),
    )
    .expect("it can be written");
    place.refused(&["register", "broken.json"], "unknown field `itms`");
    place.refused(&["register", "nowhere.json"], "nowhere.json: cannot be read");
    place.refused(&["register"], "no handler: ");
    fs::write(
        place.path("crashes.json"),
        r#"{"kind": "script", "version": 1, "name": "H", "items": [], "methods": {"Initialize": {"returns": "E_FAIL"}}}"#,
    )
    .expect("it can be written");
    place.refused(&["register", "crashes.json"], "nothing was registered; --no-check registers it all the same");
    assert_eq!(place.handlers(), Vec::<Value>::new());
    place.done(&["register", "crashes.json", "--no-check", "--description", "Later"]);
    assert_eq!(place.handlers()[0]["description"], "Later");
    place.refused(&["register", "crashes.json", "--register-as", "7"], "'7' for '--register-as");
    if cfg!(unix) {
        place.refused(&["register", "--exec", "no-such-program-anywhere"], "no-such-program-anywhere");
        place.done(&["register", "--exec", "no-such-program-anywhere --now", "--no-check"]);
        let command = &place.handlers()[1]["start"]["command"];
        assert_eq!(command, &json!(["no-such-program-anywhere", "--now"]));
    }
}

#[test]
fn filesync_is_registered_with_its_folders() {
    let place = Place::new();
    fs::create_dir(place.path("left")).expect("a folder can be made");
    fs::write(place.path("left/note.txt"), "text").expect("it can be written");
    let id = "{4B0E1F6E-6D86-4F1C-9B6A-2F1D5F0E7A11}";
    let register = ["register", "filesync", "--folder", "left=right", "--update", "--register-as", id];
    place.done(&[&register[..], &["--description", "Photos \u{1b}[31m"]].concat());
    let row = &place.handlers()[0];
    assert_eq!(
        (&row["clsid"], &row["start"]["kind"], &row["start"]["update"]),
        (&json!(id), &json!("filesync"), &json!(true))
    );
    assert!(!place.done(&["handlers"]).contains('\u{1b}'));
    // From another folder, too.
    fs::create_dir(place.path("deep")).expect("a folder can be made");
    let mut run = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    run.args(["run", id, "--quiet"]).arg("--store").arg(place.path("store")).current_dir(place.path("deep"));
    assert!(run.status().expect("it starts").success());
    assert_eq!(fs::read_to_string(place.path("right/note.txt")).expect("it was copied"), "text");
    place.refused(&["run", id, "--folder", "left=right"], "--folder and --update are for filesync");
}

#[test]
fn preferences_are_set_shown_and_removed() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    assert_eq!(place.preferences("Mine"), json!([]));
    place.done(&["prefs", "set", "Mine", "unchecked", "--event", "idle"]);
    place.done(&["prefs", "set", "Mine", "checked", "--item", "Photos", "--item", "B", "--connection", "Office"]);
    assert_eq!(
        place.preferences("Mine"),
        json!([
            { "event": "IDLE", "checked": false },
            { "item": "A", "name": "Photos", "connection": "Office", "checked": true },
            { "item": "B", "name": "Letters", "connection": "Office", "checked": true }
        ])
    );
    assert_eq!(
        place.done(&["prefs", "show", "Mine"]),
        "ITEM       EVENT  CONNECTION  PREFERENCE\n\
         any        IDLE   any         unchecked\n\
         Photos A   any    Office      checked\n\
         Letters B  any    Office      checked\n"
    );
    assert_eq!(place.handlers()[0]["preferences"].as_array().expect("a list").len(), 3);
    place.refused(&["prefs", "set", "Mine", "checked", "--item", "Photo"], "Photo: no such item");
    place.refused(&["prefs", "set", "Mine", "checked", "--event", "none"], "invalid value 'none'");
    place.done(&["prefs", "set", "Mine", "default", "--event", "idle"]);
    let (code, _, said) = place.mobsync(&["prefs", "set", "Mine", "default", "--item", "A"]);
    assert_eq!((code, said.as_str()), (Some(0), "1 of the preferences to remove was not set\n"));

    place.done(&["prefs", "export", "Mine", "--output", "prefs.json"]);
    place.done(&["prefs", "set", "Mine", "unchecked"]);
    place.done(&["prefs", "import", "prefs.json"]);
    assert_eq!(place.preferences("Mine").as_array().expect("a list").len(), 3);
    place.done(&["prefs", "import", "prefs.json", "--replace"]);
    let exported: Value = serde_json::from_str(&place.done(&["prefs", "export"])).expect("it is JSON");
    assert_eq!(exported["handlers"][0]["preferences"], place.preferences("Mine"));
    assert_eq!(place.preferences("Mine").as_array().expect("a list").len(), 2);
    place.done(&["unregister", "Mine"]);
    place.refused(&["prefs", "import", "prefs.json"], "is not registered");
}

/// REGI-04: the handler is asked for the names of its items, and what it enumerates decides which preferences are kept.
#[test]
fn preferences_of_items_that_are_gone_are_dropped_and_those_of_missing_ones_are_kept() {
    let place = Place::new();
    let all = [("A", "Photos", "0"), ("B", "Letters", "0"), ("C", "Now", "TEMPORARY"), ("D", "New", "0")];
    script(&place, &all[..3], "S_OK");
    place.done(&["register", "mine.json"]);
    let set = |words: &[&str]| place.done(&[&["prefs", "set", "Mine", "checked"], words].concat());
    set(&["--item", "Photos", "--item", "Letters", "--item", "Now"]);
    let items = || {
        let preferences = place.preferences("Mine");
        let ids =
            preferences.as_array().expect("a list").iter().map(|one| one["item"].as_str().expect("an ID").to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(items(), ["A", "B", "C"]);
    script(&place, &[all[0], all[3]], "S_SYNCMGR_MISSINGITEMS");
    set(&["--item", "New"]);
    assert_eq!(items(), ["A", "B", "D"]);
    script(&place, &[all[0], ("E", "Newer", "0")], "S_OK");
    set(&["--item", "Newer"]);
    assert_eq!(items(), ["A", "E"]);
}

#[test]
fn a_damaged_file_is_named_and_the_rest_is_shown() {
    let place = Place::new();
    place.done(&["register", &sample("minimal.json"), "--description", "Two"]);
    script(&place, &[], "S_OK");
    place.done(&["register", "mine.json"]);
    let clsid = place.handlers()[0]["clsid"].as_str().expect("a CLSID").to_owned();
    let file = place.path("store/handlers").join(&clsid).join("registration.json");
    fs::write(&file, "{\n \"format\": 7").expect("it can be written");
    let (code, text, errors) = place.mobsync(&["handlers"]);
    assert!(code == Some(2) && text.contains("\nTwo "), "{text}");
    assert!(errors.contains("registration.json:2:12: ") && errors.contains("repair it"), "{errors}");
    place.refused(&["register", "mine.json"], "registration.json:2:12: ");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "{\n \"format\": 7");
    fs::write(place.path("store/handlers/notes.txt"), "not the store's").expect("it can be written");
    place.done(&["run", "Two"]);
}

#[test]
fn sync_follows_the_preferences_and_keeps_the_results() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0"), ("C", "Drafts", "0")], "S_OK");
    place.done(&["register", "mine.json", "--event", "idle"]);
    place.done(&["register", &sample("minimal.json")]);
    assert_eq!(place.done(&["results", "Mine"]), "Mine: not synchronized yet\n");
    place.done(&["prefs", "set", "Mine", "unchecked"]);
    place.done(&["prefs", "set", "Mine", "checked", "--item", "Letters"]);
    place.done(&["prefs", "set", "Mine", "checked", "--event", "idle", "--connection", "Office"]);
    place.done(&["prefs", "set", "Mine", "unchecked", "--item", "Letters", "--event", "idle"]);
    let chosen = |args: &[&str]| {
        let text = place.done(&[&["sync", "--quiet", "--format", "json"], args].concat());
        let list: Value = serde_json::from_str(&text).expect("it is JSON");
        let handlers = list["handlers"].as_array().expect("a list").iter();
        let items = |row: &Value| {
            let items = row["results"]["items"].as_array().expect("a list").iter();
            items.filter(|item| item["chosen"] == true).map(|item| item["name"].as_str().unwrap().to_owned()).collect()
        };
        handlers
            .map(|row| (row["description"].as_str().unwrap().to_owned(), items(row)))
            .collect::<Vec<(String, Vec<String>)>>()
    };
    let mine = |items: &[&str]| ("Mine".to_owned(), items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
    assert_eq!(chosen(&["Mine"]), [mine(&["Letters"])]);
    // Only that one is registered for the event.
    assert_eq!(chosen(&["--event", "idle"]), [mine(&[])]);
    assert_eq!(chosen(&["--event", "idle", "--connection", "Office"]), [mine(&["Photos", "Drafts"])]);
    assert_eq!(chosen(&["Mine", "--item", "Photos", "--event", "idle"]), [mine(&["Photos"])]);
    assert_eq!(chosen(&[]).len(), 2);
    assert_eq!(
        place.done(&["sync", "Mine", "--quiet"]),
        "Mine: completed with S_OK\n  Photos   not chosen\n  Letters  SUCCEEDED\n  Drafts   not chosen\n"
    );
    let shown = place.done(&["results", "Mine"]);
    assert!(shown.contains("  Letters  SUCCEEDED\n") && shown.contains("  MANUAL at 20"), "{shown}");
    let row = &place.handlers()[0];
    assert_eq!((&row["description"], &row["results"]["outcome"]), (&json!("Mine"), &json!("completed with S_OK")));
    // Beside the handler that cannot be run, the other one is.
    fs::remove_file(place.path("mine.json")).expect("it is there");
    let (code, text, errors) = place.mobsync(&["sync", "--quiet"]);
    assert!(code == Some(2) && text.starts_with("Minimal: completed with S_OK\n"), "{text}");
    assert!(errors.starts_with("mobsync: Mine: ") && errors.contains("mine.json: cannot be read"), "{errors}");
    place.refused(&["sync", "--item", "A"], "--item needs exactly one HANDLER");
    place.refused(&["sync", "--event", "none"], "invalid value 'none'");
    place.refused(&["sync", "Minimal", "--item", "Nothing", "--quiet"], "Nothing: no such item");
}

#[test]
fn sync_runs_handlers_side_by_side_in_one_session() {
    let place = Place::new();
    let works = |name: &str, units: u32| {
        let file = format!("{name}.json");
        let script = json!({
            "kind": "script", "version": 1, "name": name, "items": [{"id": "A", "name": "Photos"}],
            "methods": {"Synchronize": {"then": [{"work": {"item": "A", "units": units}}, {"complete": "S_OK"}]}},
        });
        fs::write(place.path(&file), script.to_string()).expect("it can be written");
        place.done(&["register", &file]);
    };
    works("Slow", 50);
    works("Quick", 2);
    let (code, text, errors) = place.mobsync(&["sync", "Slow", "Quick"]);
    let each = |name: &str| format!("{name}: completed with S_OK\n  Photos  SUCCEEDED\n");
    assert_eq!((code, text), (Some(0), each("Slow") + &each("Quick")), "{errors}");
    let at = |what: &str| errors.find(what).unwrap_or_else(|| panic!("no {what}: {errors}"));
    assert!(at("Slow: Photos: 0/50 UPDATING") < at("Quick: Photos: 2/2 SUCCEEDED"), "{errors}");
    assert!(at("Quick: Photos: 2/2 SUCCEEDED") < at("Slow: Photos: 50/50 SUCCEEDED"), "{errors}");
    // Handlers in real time have a session of their own, and one that cannot be started does not stop the other.
    for folder in ["left", "right"] {
        fs::create_dir(place.path(folder)).expect("it can be made");
    }
    fs::write(place.path("left/letter.txt"), "Dear Sir").expect("it can be written");
    place.done(&["register", "--exec", "/no/such/program", "--description", "Gone", "--no-check"]);
    place.done(&["register", "filesync", "--folder", "left=right", "--description", "Files"]);
    let (code, text, errors) = place.mobsync(&["sync", "Gone", "Quick", "Files", "--quiet"]);
    assert_eq!(code, Some(2), "{text}{errors}");
    assert!(text.contains(&each("Quick")) && text.contains("Files: completed with S_OK\n"), "{text}");
    assert!(
        errors.starts_with("mobsync: Gone: cannot create an instance of Gone: cannot start `/no/such/program`: "),
        "{errors}"
    );
    assert_eq!(fs::read_to_string(place.path("right/letter.txt")).expect("it was copied"), "Dear Sir");
}

#[test]
fn a_session_that_fails_or_breaks_a_rule_is_seen_in_the_exit_code_and_in_the_results() {
    let place = Place::new();
    place.done(&["register", &sample("completes-twice.json"), "--description", "Twice"]);
    let (code, text, errors) = place.mobsync(&["sync", "--quiet"]);
    assert!(code == Some(1) && text.contains("  rules broken: SYNC-04; `mobsync run` shows where\n"), "{text}{errors}");
    fs::write(
        place.path("fails.json"),
        r#"{"kind": "script", "version": 1, "name": "Fails", "items": [{"id": "A", "name": "Photos"}],
            "methods": {"Synchronize": {"then": [{"log": {"level": "ERROR", "text": "the disk is full", "item": "A"}},
            {"progress": {"item": "A", "status": "FAILED"}}, {"complete": "E_FAIL"}]}}}"#,
    )
    .expect("it can be written");
    place.done(&["register", "fails.json"]);
    let (code, text, errors) = place.mobsync(&["sync", "Fails", "--quiet"]);
    assert_eq!(
        (code, text.as_str()),
        (Some(1), "Fails: completed with E_FAIL\n  Photos  FAILED\n    ERROR: the disk is full\n"),
        "{errors}"
    );
    assert_eq!(place.mobsync(&["sync", "Fails", "--quiet", "--allow-failure"]).0, Some(0));
    let table = place.done(&["handlers", "Fails"]);
    assert!(table.contains("  failed\n"), "{table}");
    assert!(table.ends_with("\n       Photos  FAILED\n"), "{table}");
    // What is damaged stays.
    let clsid = place.handlers()[0]["clsid"].as_str().expect("a CLSID").to_owned();
    let file = place.path("store/handlers").join(clsid).join("results.json");
    fs::write(&file, "{").expect("it can be written");
    place.refused(&["sync", "Fails", "--quiet"], "results.json:1:");
    place.refused(&["unregister", "Fails"], "results.json:1:");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "{");
}

/// REGI-04 over two sessions.
#[test]
fn sessions_decide_which_preferences_are_kept() {
    let place = Place::new();
    let all = [("A", "Photos", "0"), ("B", "Letters", "0"), ("C", "Now", "TEMPORARY")];
    script(&place, &all, "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["prefs", "set", "Mine", "checked", "--item", "A", "--item", "B", "--item", "C"]);
    let items = || place.preferences("Mine").as_array().expect("a list").len();
    // The IDs alone did not say which item is TEMPORARY; the first session does.
    place.done(&["sync", "--quiet"]);
    script(&place, &all[..1], "S_SYNCMGR_MISSINGITEMS");
    place.done(&["sync", "--quiet"]);
    assert_eq!(items(), 2);
    // Whoever fails in the middle says nothing about the rest.
    script(&place, &[], "E_FAIL");
    place.mobsync(&["sync", "--quiet"]);
    assert_eq!(items(), 2);
    script(&place, &all[..1], "S_OK");
    place.done(&["sync", "--quiet"]);
    assert_eq!(items(), 1);
}

/// The script waits in Initialize until a file is there, and then declines.
#[cfg(unix)]
#[test]
fn update_all_returns_at_once_and_the_sessions_run_elsewhere() {
    let place = Place::new();
    let wait = r#"read -r call; while [ ! -e go ]; do sleep 0.01; done
        echo '{"jsonrpc":"2.0","id":1,"result":{"hr":"S_FALSE"}}'; read -r release
        echo '{"jsonrpc":"2.0","id":2,"result":{"hr":"S_OK","args":{"refs":0}}}'"#;
    fs::write(place.path("wait.sh"), wait).expect("it can be written");
    place.done(&["register", "--exec", "sh wait.sh", "--no-check", "--description", "Waits"]);
    place.done(&["register", &sample("minimal.json")]);
    let (code, _, said) = place.mobsync(&["update", "--all", "--timeout", "1h"]);
    assert!(code == Some(0) && said.contains(" runs the sessions of all registered handlers; "), "{said}");
    // It cannot have ended: what it waits for is not there.
    assert_eq!(place.done(&["results", "Waits"]), "Waits: not synchronized yet\n");
    fs::write(place.path("go"), "").expect("it can be written");
    let has_ended = || {
        let shown = place.done(&["results"]);
        !shown.contains("not synchronized yet")
    };
    let began = std::time::Instant::now();
    while !has_ended() {
        assert!(began.elapsed().as_secs() < 120, "{}", fs::read_to_string(place.path("store/update-all.log")).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let shown = place.done(&["results"]);
    assert!(
        shown.contains("Waits: declined with S_FALSE") && shown.contains("Minimal: completed with S_OK"),
        "{shown}"
    );
    assert_eq!(shown.matches("  INVOKE at ").count(), 2, "{shown}");
}

#[test]
fn update_gives_the_cookie_to_the_handler_byte_for_byte() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["update", "--handler", "Mine", "--cookie", "00ff", "--start"]);
    let results = place.done(&["results", "--format", "json"]);
    assert!(results.contains("\"event\": \"INVOKE\""), "{results}");
    // 64 KiB of all bytes, to a program that writes down what it is given.
    let bytes: Vec<u8> = (0..=255).cycle().take(65_536).collect();
    fs::write(place.path("cookie"), &bytes).expect("it can be written");
    if cfg!(unix) {
        let keep = r#"read -r call; printf '%s' "$call" > call; echo '{"jsonrpc":"2.0","id":1,"result":{"hr":"S_FALSE"}}'
            read -r release; echo '{"jsonrpc":"2.0","id":2,"result":{"hr":"S_OK","args":{"refs":0}}}'; read -r end; exit 0"#;
        fs::write(place.path("keep.sh"), keep).expect("it can be written");
        place.done(&["register", "--exec", "sh keep.sh", "--no-check", "--description", "Keeps"]);
        place.done(&[
            "update",
            "--handler",
            "Keeps",
            "--cookie",
            "@cookie",
            "--start",
            "--minimized",
            "--timeout",
            "1h",
        ]);
        let call: Value = serde_json::from_slice(&fs::read(place.path("call")).expect("it was called")).expect("JSON");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(call["params"]["cookie"] == hex.as_str() && call["params"]["flags"] == "INVOKE|MAYBOTHERUSER");
    }
    place.refused(&["update", "--handler", "Mine", "--cookie", "0", "--start"], "--cookie `0` is not a cookie");
    place.refused(&["update", "--handler", "Mine", "--cookie", "@nowhere", "--start"], "--cookie nowhere: ");
    place.refused(&["update", "--handler", "Mine"], "there is no terminal to ask on; add --start");
    place.refused(&["update", "--handler", "Other", "--start"], "Other: no registered handler has this name");
    place.refused(&["update"], "--handler");
    place.refused(&["update", "--all", "--start"], "cannot be used with");
}

/// The user leaves one item out, and chooses nothing of the other handler.
#[cfg(unix)]
#[test]
fn on_a_terminal_the_user_chooses_first() -> Result<(), rexpect::error::Error> {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["register", &sample("minimal.json")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.args(["sync", "--quiet"]).current_dir(place.0.path()).env("MOBSYNC_STORE", place.path("store"));
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = rexpect::session::spawn_command(command, Some(120_000))?;
    session.exp_string("Mine: what is synchronized? (space: check, Enter: start, Esc: skip)")?;
    session.exp_string("Letters")?;
    session.send(" \r")?;
    session.flush()?;
    session.exp_string("Minimal: what is synchronized?")?;
    session.send("\u{1b}")?;
    session.flush()?;
    session.exp_string("Minimal: nothing was chosen")?;
    session.exp_eof()?;
    let shown = place.done(&["results", "Mine"]);
    assert!(shown.contains("  Photos   not chosen\n  Letters  SUCCEEDED\n"), "{shown}");
    assert_eq!(place.done(&["results", "Minimal"]), "Minimal: not synchronized yet\n");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_native_library_is_registered_under_its_own_class_if_it_has_it() {
    let place = Place::new();
    let library = native::library("fixtures/handlers/c/notebook.c", &[]).display().to_string();
    let other = "{00000000-0000-0000-0000-000000000007}";
    place.refused(&["register", &library, "--clsid", other], "nothing was registered; --no-check");
    assert_eq!(place.handlers(), Vec::<Value>::new());
    place
        .refused(&["register", &library, "--clsid", native::NOTEBOOK_C, "--register-as", other], "cannot be used with");
    place.done(&["register", &library, "--clsid", native::NOTEBOOK_C, "--description", "Notes"]);
    let row = &place.handlers()[0];
    assert_eq!((&row["clsid"], &row["start"]["kind"]), (&json!(native::NOTEBOOK_C), &json!("library")));
    place.done(&["conform", "Notes", "--case", "event-manual"]);
    let said = place.mobsync(&["sync", "--quiet", "--allow-failure"]);
    assert!(said.0 == Some(0) && said.1.starts_with("Notes: completed with "), "{said:?}");
    fs::write(place.path("none.so"), "no library").expect("it can be written");
    place.refused(&["register", "none.so", "--clsid", other], "none.so");
    assert_eq!(place.handlers().len(), 1);
}
