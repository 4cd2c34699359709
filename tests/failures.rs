//! A session that failed is not passed, and a handler that nothing was seen of is not judged.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A script of two items with these methods, run with these arguments: the exit code, standard output and standard error.
fn mobsync(command: &str, items: &Value, methods: &Value, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("handler.json");
    let script = json!({"kind": "script", "version": 1, "name": "Tested", "items": items, "methods": methods});
    fs::write(&file, script.to_string()).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_mobsync")).arg(command).arg(&file).args(more).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn two_items() -> Value {
    json!([{"id": "A", "name": "Left"}, {"id": "B", "name": "Right"}])
}

/// What a handler does that fails, and how the failure is told.
fn failures() -> Vec<(Value, &'static str)> {
    let fails_one = json!([
        {"progress": {"item": "A", "status": "UPDATING"}}, {"progress": {"item": "A", "status": "SUCCEEDED"}},
        {"progress": {"item": "B", "status": "UPDATING"}}, {"progress": {"item": "B", "status": "FAILED"}},
        {"complete": "E_FAIL"}
    ]);
    vec![
        (json!({"Initialize": {"returns": "E_UNEXPECTED"}}), "declined with E_UNEXPECTED"),
        (json!({"EnumSyncMgrItems": {"returns": "E_FAIL"}}), "EnumSyncMgrItems returned E_FAIL"),
        (json!({"PrepareForSync": {"returns": "E_UNEXPECTED"}}), "prepare failed with E_UNEXPECTED"),
        (json!({"PrepareForSync": {"do": [{"complete": "E_UNEXPECTED"}]}}), "prepare failed with E_UNEXPECTED"),
        (json!({"Synchronize": {"returns": "E_UNEXPECTED"}}), "Synchronize returned E_UNEXPECTED"),
        (json!({"Synchronize": {"then": fails_one}}), "completed with E_FAIL; item Right FAILED"),
    ]
}

/// The verdict on a suite: what became of its cases follows in the last line.
fn verdict(said: &str) -> &str {
    said.lines().rev().nth(1).unwrap_or_default()
}

#[test]
fn a_session_that_failed_exits_with_1_and_says_why() {
    for (methods, why) in failures() {
        let (code, said, errors) = mobsync("run", &two_items(), &methods, &[]);
        assert_eq!(code, Some(1), "{methods}: {said}{errors}");
        let line = format!("the session failed: {why}; --allow-failure accepts that");
        assert!(said.contains(&line), "{methods}: {line:?} is not in {said}");
        let report = mobsync("run", &two_items(), &methods, &["--format", "json"]).1;
        let report: Value = serde_json::from_str(&report).unwrap();
        assert!(report["failure"].as_str().unwrap().starts_with(why), "{report:#}");
    }
}

#[test]
fn a_failure_can_be_allowed_and_a_broken_rule_cannot() {
    for (methods, _) in failures() {
        let (code, said, _) = mobsync("run", &two_items(), &methods, &["--allow-failure"]);
        assert_eq!(code, Some(0), "{methods}: {said}");
        assert!(!said.contains("the session failed"), "{said}");
    }
    let twice = json!({"Synchronize": {"then": [{"complete": "E_FAIL"}, {"complete": "E_FAIL"}]}});
    assert_eq!(mobsync("run", &two_items(), &twice, &["--allow-failure"]).0, Some(1));
}

#[test]
fn declining_an_event_and_having_nothing_to_do_is_no_failure() {
    let (code, said, _) = mobsync("run", &two_items(), &json!({"Initialize": {"returns": "S_FALSE"}}), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("declined with S_FALSE"), "{said}");
    let (code, said, _) = mobsync("run", &json!([]), &json!({}), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing to synchronize"), "{said}");
}

#[test]
fn a_handler_that_no_case_could_bring_to_synchronize_is_not_judged() {
    let unjudged = [
        (
            two_items(),
            json!({"Initialize": {"returns": "E_UNEXPECTED"}}),
            "Initialize failed with E_UNEXPECTED in all ",
        ),
        (two_items(), json!({"Initialize": {"returns": "S_FALSE"}}), "the handler declined every event"),
        (
            two_items(),
            json!({"PrepareForSync": {"returns": "E_UNEXPECTED"}}),
            "PrepareForSync failed with E_UNEXPECTED",
        ),
        (json!([]), json!({}), "the handler has no items"),
        (two_items(), json!({"EnumSyncMgrItems": {"returns": "E_FAIL"}}), "EnumSyncMgrItems failed with E_FAIL"),
    ];
    for (items, methods, why) in unjudged {
        let (code, said, errors) = mobsync("conform", &items, &methods, &[]);
        assert_eq!(code, Some(2), "{methods}: {said}{errors}");
        let line = format!("could not be judged: {why}");
        assert!(errors.contains(&line), "{methods}: {line:?} is not in {errors}");
        let last = verdict(&said);
        assert!(last.starts_with("incomplete") && last.contains("; 0 of "), "{last}");
    }
}

#[test]
fn a_handler_whose_synchronize_always_fails_is_not_judged() {
    let fails = |hr: &str| json!({"Synchronize": {"returns": hr}});
    let (code, said, errors) = mobsync("conform", &two_items(), &fails("E_OUTOFMEMORY"), &[]);
    assert_eq!(code, Some(2), "{said}{errors}");
    assert!(errors.contains("could not be judged: Synchronize failed with E_OUTOFMEMORY"), "{errors}");
    // A mistake beside it is found all the same.
    let listed = json!({
        "Synchronize": {"returns": "E_OUTOFMEMORY"},
        "PrepareForSync": {"then": [{"complete": "S_OK"}, {"complete": "S_OK"}]}
    });
    let (code, said, errors) = mobsync("conform", &two_items(), &listed, &[]);
    assert_eq!(code, Some(1), "{said}{errors}");
}

#[test]
fn the_verdict_on_the_suite_says_how_many_cases_reached_synchronize() {
    let (code, said, errors) = mobsync("conform", &two_items(), &json!({}), &[]);
    assert_eq!(code, Some(0), "{said}{errors}");
    let last = verdict(&said);
    let (reached, of) = last
        .split_once(" cases reached Synchronize")
        .map_or("", |(before, _)| before)
        .rsplit_once(' ')
        .map_or(("", ""), |(before, of)| (before.trim_end_matches(" of").rsplit(' ').next().unwrap(), of));
    let (reached, of): (usize, usize) = (reached.parse().unwrap(), of.parse().unwrap());
    assert!(0 < reached && reached < of, "some cases are there for what comes before: {last}");
    // A case that is not about Synchronize is no reason to say that nothing could be judged.
    assert_eq!(mobsync("conform", &two_items(), &json!({}), &["--case", "settings"]).0, Some(0));
}

#[test]
fn files_that_could_not_be_copied_fail_the_run_and_stand_in_its_last_line() {
    let folder = TempDir::new().unwrap();
    let (left, right) = (folder.path().join("left"), folder.path().join("right"));
    fs::create_dir_all(right.join("notes")).unwrap();
    fs::create_dir(&left).unwrap();
    fs::write(left.join("notes"), "a file where a folder is").unwrap();
    fs::write(left.join("other"), "goes over").unwrap();
    let pair = format!("{}={}", left.display(), right.display());
    let ran = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        let output = command.args(["run", "filesync", "--folder", &pair]).args(more).output().expect("it starts");
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = ran(&[]);
    assert_eq!(code, Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("FAILED: no findings, but the session failed (ERROR: "), "{last}");
    assert!(last.contains(&left.join("notes").display().to_string()), "{last}");
    assert_eq!(fs::read_to_string(right.join("other")).unwrap(), "goes over");
    let (code, said) = ran(&["--allow-failure"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, _) = ran(&["--update", "--allow-failure"]);
    assert_eq!(code, Some(0));
}
