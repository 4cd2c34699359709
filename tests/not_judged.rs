//! What is not judged is said: a session that broke off lists the rules that it could no longer exercise, and only what was
//! judged is called held.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use native::{NOTEBOOK_CPP, library};
use serde_json::{Value, json};
use tempfile::TempDir;

fn report(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).args(args).output().expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}\n{errors}"))
}

/// A script of two items with these methods, in a folder of its own.
fn handler(methods: &Value) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("handler.json");
    let items = json!([{"id": "A", "name": "Left"}, {"id": "B", "name": "Right"}]);
    let script = json!({"kind": "script", "version": 1, "name": "Tested", "items": items, "on_cancel": {"ignore": true}, "methods": methods});
    fs::write(&file, script.to_string()).unwrap();
    (folder, file)
}

/// The report of `command` about such a script.
fn script(command: &str, methods: &Value, more: &[&str]) -> Value {
    let (_folder, file) = handler(methods);
    report(&[&[command, file.to_str().unwrap(), "--format", "json"], more].concat())
}

/// The report of a session in which the first item is cancelled at its first report.
fn cancelled(methods: &Value) -> Value {
    let (folder, _) = handler(methods);
    let scenario = json!({
        "format": "mobsync-scenario", "version": 1, "title": "One is cancelled", "handler": "handler.json", "choose": "all",
        "steps": [{"when": {"callback": "Progress", "item": "A"}, "do": {"reply": "cancel-item"}}],
    });
    let file = folder.path().join("scenario.json");
    fs::write(&file, scenario.to_string()).unwrap();
    report(&["replay", file.to_str().unwrap(), "--format", "json"])
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn verdict<'r>(report: &'r Value, code: &str) -> &'r str {
    let rows = report["rules"].as_array().unwrap();
    rows.iter().find(|row| row["rule"] == code).map(|row| row["verdict"].as_str().unwrap()).unwrap()
}

/// What a handler does after one report of work, and what then is not judged of an ordinary session.
fn broken_off() -> Vec<(Value, Vec<&'static str>)> {
    let begins = json!({"progress": {"item": "A", "status": "UPDATING", "value": 1, "max": 9}});
    let rest = vec!["SYNC-03", "SYNC-04", "SYNC-08", "SYNC-09", "SYNC-12"];
    let with = |more: &[&'static str]| {
        let mut all = [rest.clone(), more.to_vec()].concat();
        all.sort_unstable();
        all
    };
    vec![
        (json!({"Synchronize": {"do": [begins, {"panic": "gone"}]}}), with(&["SYNC-06"])),
        (json!({"Synchronize": {"then": [begins, {"panic": "gone"}]}}), rest.clone()),
        (json!({"Synchronize": {"do": [begins, {"wait": "3600s"}]}}), with(&["LIFE-02", "SYNC-06"])),
        // A completion that does not come is SYNC-03.
        (json!({"Synchronize": {"then": [begins]}}), vec!["SYNC-04", "SYNC-08", "SYNC-09", "SYNC-12"]),
        (
            json!({"PrepareForSync": {"do": [{"panic": "gone"}]}}),
            with(&["PREP-02", "PREP-03", "PREP-05", "SYNC-01", "SYNC-06"]),
        ),
    ]
}

#[test]
fn a_session_that_broke_off_lists_what_it_could_no_longer_exercise() {
    for (methods, expected) in broken_off() {
        let report = script("run", &methods, &["--allow-failure"]);
        let case = &report["cases"][0];
        let mut listed = words(&case["not_judged"]);
        listed.sort_unstable();
        assert_eq!(listed, expected, "{methods}\n{case:#}");
        for code in &listed {
            assert_eq!(verdict(&report, code), "not-exercised", "{methods}: {code}");
        }
    }
}

#[test]
fn a_session_that_came_to_its_end_lists_nothing() {
    let quits = json!({"then": [{"progress": {"item": "A", "status": "UPDATING"}}, {"complete": "E_FAIL"}]});
    for methods in [
        json!({}),
        json!({"Initialize": {"returns": "S_FALSE"}}),
        json!({"PrepareForSync": {"returns": "E_FAIL"}}),
        json!({"Synchronize": quits}),
        // The session was over: nothing more would have come.
        json!({"Release": {"do": [{"panic": "gone"}]}}),
    ] {
        let report = script("run", &methods, &["--allow-failure"]);
        assert_eq!(words(&report["cases"][0]["not_judged"]), [""; 0], "{methods}");
    }
}

#[test]
fn a_case_of_the_suite_lists_the_rules_that_it_is_there_for() {
    let methods = json!({"Synchronize": {"do": [{"panic": "gone"}]}});
    let report = script("conform", &methods, &[]);
    let case =
        |name: &str| report["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap().clone();
    assert!(words(&case("choose-only-A")["not_judged"]).contains(&"SYNC-07"));
    assert!(words(&case("event-manual-without-a-user")["not_judged"]).contains(&"SYNC-13"));
    assert!(!words(&case("event-manual")["not_judged"]).contains(&"SYNC-13"));
    // What the first session did not show may be there all the same.
    let why = case("refuse-the-first-dialog")["error"].as_str().unwrap().to_owned();
    assert_eq!(why, "the handler asks for no dialog (the first session crashed before its end)");
}

#[test]
fn a_handler_that_dies_in_the_middle_of_a_cancelled_item_has_not_stopped_it() {
    // It is cancelled at its first report, makes one more, which is within the tolerance, and is gone.
    let work = json!([
        {"progress": {"item": "A", "status": "UPDATING", "value": 1, "max": 9}},
        {"progress": {"item": "A", "status": "UPDATING", "value": 2, "max": 9}},
        {"panic": "gone"},
    ]);
    let methods = json!({"Synchronize": {"then": work}});
    let report = cancelled(&methods);
    assert_eq!(verdict(&report, "STOP-01"), "not-exercised");
    let goes_on = json!([
        {"progress": {"item": "A", "status": "UPDATING", "value": 1, "max": 9}},
        {"progress": {"item": "A", "status": "UPDATING", "value": 2, "max": 9}},
        {"complete": "S_OK"},
    ]);
    let report = cancelled(&json!({"Synchronize": {"then": goes_on}}));
    assert_eq!(verdict(&report, "STOP-01"), "held");
}

#[test]
fn a_good_handler_exercises_everything_that_is_called_common_to_all_sessions() {
    // A crash before the first answer lists the whole of it: of a native handler, its own rules too.
    let crash = json!({"Initialize": {"do": [{"panic": "gone"}]}});
    let report_of_crash = script("run", &crash, &["--allow-failure"]);
    let listed = words(&report_of_crash["cases"][0]["not_judged"]);
    assert!(listed.len() > 15, "{listed:?}");
    let good = script("run", &json!({}), &[]);
    for code in &listed {
        assert_eq!(verdict(&good, code), "held", "{code}");
    }
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let native = report(&["run", built.to_str().unwrap(), "--clsid", NOTEBOOK_CPP, "--format", "json"]);
    for code in
        listed.iter().chain(&["INFO-02", "INFO-03", "INFO-05", "ITEM-01", "ITEM-06", "CB-01", "CB-03", "COM-04"])
    {
        assert_eq!(verdict(&native, code), "held", "{code}");
    }
}
