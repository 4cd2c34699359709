//! Causes on the command line: one excerpt each, with the items' names, and commands that reproduce and debug what was found.

#[path = "common/program.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod program;

#[cfg(unix)]
use std::io::Write;
#[cfg(unix)]
use std::process::{Command, Stdio};

use program::ran;
use serde_json::{Value, json};

/// A handler whose threads each take themselves for the last one, with items that have no short names.
fn everyone_completes() -> Value {
    let work = |item: &str, units: u32| {
        json!([
            { "work": { "item": item, "units": units, "each": "2ms" } },
            { "complete": "S_OK" },
        ])
    };
    let (mail, notes) = ("{4B0E1F6E-6D86-4F1C-9B6A-2F1D5F0E7A11}", "{4B0E1F6E-6D86-4F1C-9B6A-2F1D5F0E7A12}");
    json!({
        "kind": "script",
        "version": 1,
        "name": "Everyone",
        "items": [{ "id": mail, "name": "Old mail" }, { "id": notes, "name": "Notes" }],
        // It returns when all threads are done, so that the manager is there to see them.
        "methods": {
            "Synchronize": {
                "do": [{ "wait": "40ms" }],
                "threads": { "mail": work(mail, 2), "notes": work(notes, 6) },
            },
        },
    })
}

/// The handler as a file, and the folder that goes with it.
fn file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("everyone.json");
    std::fs::write(&file, everyone_completes().to_string()).expect("it is written");
    let file = file.to_str().expect("UTF-8").to_owned();
    (folder, file)
}

fn report(args: &[&str]) -> Value {
    let (_, said, errors) = ran(&[args, &["--format", "json"]].concat());
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}"))
}

#[test]
fn a_handler_whose_threads_all_complete_makes_one_mistake() {
    let (_folder, file) = file();
    for args in [&["run", &file][..], &["conform", &file]] {
        let report = report(args);
        let causes = report["causes"].as_array().expect("causes");
        let [cause] = causes.as_slice() else { panic!("{args:?}: {causes:#?}") };
        assert_eq!(cause["rule"], "SYNC-04", "{args:?}");
        assert_eq!(cause["consequences"], json!(["SYNC-09", "SYNC-11"]), "{args:?}");
        assert_eq!((&report["summary"]["causes"], &report["summary"]["warnings"]), (&json!(1), &json!(0)), "{args:?}");
        assert_eq!(report["summary"]["errors"], cause["count"], "{args:?}: consequences are not counted");
        let findings = report["findings"].as_array().expect("findings");
        let example = &findings[usize::try_from(cause["example"].as_u64().expect("an index")).expect("small")];
        assert_eq!((&example["rule"], &example["message"]), (&json!("SYNC-04"), &cause["summary"]));
        for finding in findings.iter().filter(|finding| finding["rule"] != "SYNC-04") {
            let of = finding["consequence_of"].as_u64().unwrap_or_else(|| panic!("{finding:#}"));
            assert_eq!(findings[usize::try_from(of).expect("small")]["rule"], "SYNC-04");
        }
    }
}

#[test]
fn an_excerpt_calls_items_by_their_names() {
    let (_folder, file) = file();
    let (_, said, _) = ran(&["run", &file]);
    assert!(said.contains("handler Progress \"Notes\" UPDATING"), "{said}");
    assert!(!said.contains("item1") && !said.contains("4B0E1F6E"), "{said}");
    assert_eq!(said.matches("  reproduce with: ").count(), 1, "{said}");
    assert_eq!(said.matches("    > #").count(), 2, "one excerpt, which marks both completions: {said}");
    // Two items of one name are not told apart by it.
    let same = everyone_completes().to_string().replace("Old mail", "Notes");
    std::fs::write(&file, same).expect("it is written");
    let (_, said, _) = ran(&["run", &file]);
    assert!(said.contains("Progress item1 ") && said.contains("alias item1 {4B0E1F6E-"), "{said}");
}

/// What the command says on standard output, given these lines; a shell reads it as a user's would.
#[cfg(unix)]
fn shell(command: &str, input: &str) -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_mobsync"));
    let folder = program.parent().expect("the program is in a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh")
        .args(["-c", command])
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    shell.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    let output = shell.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    String::from_utf8_lossy(&output.stdout).into_owned() + &errors
}

#[test]
#[cfg(unix)]
fn the_commands_of_a_finding_reproduce_it_and_stop_at_it() {
    let (folder, file) = file();
    let scenarios = folder.path().join("scenarios");
    let scenarios = scenarios.to_str().expect("UTF-8");
    let scenario = folder.path().join("s.json");
    let text = json!({ "format": "mobsync-scenario", "version": 1, "title": "t", "handler": "everyone.json" });
    std::fs::write(&scenario, text.to_string()).expect("it is written");
    let scenario = scenario.to_str().expect("UTF-8");
    for args in [
        &["run", &file, "--event", "idle", "--seed", "3"][..],
        &["conform", &file, "--case", "walk"],
        &["conform", &file, "--case", "cancel-all-at-the-first-report"],
        &["conform", &file, "--sessions", "20", "--seed", "5", "--partition", "2/2"],
        &["conform", &file, "--case", "event-manual", "--scenarios", scenarios],
        &["replay", scenario],
        &["replay", scenario, "--handler", &file],
    ] {
        let report = report(args);
        let findings = report["findings"].as_array().expect("findings");
        let is_meant = |finding: &&Value| {
            let is_random = finding["case"].as_str().is_some_and(|case| case.starts_with("random-"));
            finding["rule"] == "SYNC-04" && (is_random || !args.contains(&"--sessions"))
        };
        let finding = findings.iter().find(is_meant).unwrap_or_else(|| panic!("{args:?}: {report:#}"));
        let command = |name: &str| finding[name].as_str().unwrap_or_else(|| panic!("{name}: {finding:#}")).to_owned();
        assert_eq!(command("reproduce"), command("replay"));
        let said = shell(&command("reproduce"), "");
        assert!(said.contains("SYNC-04"), "{args:?}: {}: {said}", command("reproduce"));
        let debug = command("debug");
        assert!(debug.starts_with("mobsync debug ") && debug.ends_with(" --break SYNC-04"), "{debug}");
        let said = shell(&debug, "continue\nquit\n");
        let stop = "SynchronizeCompleted S_OK -> E_UNEXPECTED";
        assert!(
            said.contains(stop) && said.matches("Breakpoint 1, at SYNC-04").count() == 2,
            "{args:?}: {debug}: {said}"
        );
    }
}

#[test]
fn a_recorded_trace_has_no_debugger() {
    let (folder, file) = file();
    let trace = folder.path().join("t.jsonl");
    let trace = trace.to_str().expect("UTF-8");
    ran(&["run", &file, "--trace", trace]);
    let report = report(&["check", trace]);
    assert_eq!(report["causes"][0]["rule"], "SYNC-04");
    assert!(report["findings"].as_array().expect("findings").iter().all(|finding| finding["debug"].is_null()));
}

#[test]
fn a_breakpoint_and_a_case_that_there_are_not_are_refused() {
    let (_folder, file) = file();
    for (args, expected) in [
        (
            &["--break", "SYNC-44"][..],
            "mobsync: --break `SYNC-44` is not a method, rule or state; did you mean SYNC-04?",
        ),
        (&["--case", "event-manul"], "mobsync: --case event-manul: no such case; did you mean event-manual?"),
        (&["--case", "walk", "--event", "idle"], "cannot be used with"),
    ] {
        let (code, _, errors) = ran(&[&["debug", &file], args].concat());
        assert_eq!(code, Some(2), "{args:?}: {errors}");
        assert!(errors.contains(expected), "{args:?}: {errors}");
    }
}
