//! `mobsync replay`, and `mobsync run --record`, as their users know them.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use mobsync::protocol::Status;
use mobsync::scenario;
use serde_json::Value;
use tempfile::TempDir;

fn mobsync(args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("mobsync").expect("it is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).timeout(std::time::Duration::from_secs(120));
    command.output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes UTF-8")
}

/// Runs it, and gives its exit code, and what it wrote to standard output and standard error.
fn ran(args: &[&str]) -> (Option<i32>, String, String) {
    let output = mobsync(args);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A folder with a handler that retries an item, and a scenario for it.
fn folder_with(scenario: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder can be made");
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handlers/good.json");
    fs::copy(good, folder.path().join("good.json")).expect("the handler can be copied");
    let file = folder.path().join("scenario.json");
    fs::write(&file, scenario).expect("it can be written");
    (folder, file)
}

const RETRY: &str = r#"{
  "format": "mobsync-scenario", "version": 1,
  "title": "A retry",   "handler": "good.json",
  "steps": [
        { "when": { "state": "synchronized" }, "do": { "show_error": "first" } }
  ],
  "expect": {
    "outcome":   "completed with S_OK",
    "items": { "Calendar": "SUCCEEDED" },
    "findings": [],
    "events": [
      { "call": "ShowError", "error": "E1" },
      { "callback": "ShowErrorCompleted", "hr": "S_SYNCMGR_RETRYSYNC" }
    ],
    "counts": { "PrepareForSync": 2 }
  }
}
"#;

#[test]
fn the_whole_library_passes_side_by_side_and_one_after_the_other() {
    let (code, one, _) = ran(&["replay", "fixtures/scenarios", "--jobs", "1"]);
    assert_eq!(code, Some(0), "{one}");
    let scenarios = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios")).unwrap();
    let many = scenarios.filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert!(many >= 30, "there are {many}");
    assert!(one.ends_with(&format!("{many} replayed: {many} passed\n")), "{one}");
    let (code, four, _) = ran(&["replay", "fixtures/scenarios", "--jobs", "4"]);
    assert_eq!((code, four), (Some(0), one), "they are reported in their order");
}

#[test]
fn a_single_scenario_says_of_each_expectation_that_it_was_met() {
    let (_folder, file) = folder_with(RETRY);
    let (code, said, _) = ran(&["replay", file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    for held in [
        "met  step 1: show error first",
        "met  outcome: completed with S_OK",
        "met  item Calendar: SUCCEEDED",
        "met  findings: none",
        "met  2 events in order",
        "met  PrepareForSync: 2 times",
        "1 replayed: 1 passed",
    ] {
        assert!(said.contains(held), "{held}: {said}");
    }
}

#[test]
fn another_handler_fails_with_what_was_different() {
    let (_folder, file) = folder_with(RETRY);
    let handler = "fixtures/handlers/completes-twice.json";
    let (code, said, _) = ran(&["replay", file.to_str().unwrap(), "--handler", handler]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "FAILED  ",
        "not met  step 1: show error first",
        "no live error has jump text",
        "no item Calendar; the items are: A, B",
        "not expected: SYNC-04",
        "error: SYNC-04 synchronize-completed-once",
        "reproduce with: mobsync replay ",
        " --handler fixtures/handlers/completes-twice.json",
        "1 replayed: 0 passed, 1 FAILED",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn what_is_expected_to_be_found_is_nothing_to_complain_of() {
    let scenario =
        r#"{ "format": "mobsync-scenario", "version": 1, "title": "Twice", "expect": { "findings": ["SYNC-04"] } }"#;
    let (_folder, file) = folder_with(scenario);
    let handler = "fixtures/handlers/completes-twice.json";
    let args = ["replay", file.to_str().unwrap(), "--handler", handler, "--format", "json"];
    let (code, said, _) = ran(&args);
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["cases"][0]["outcome"], "passed");
    assert_eq!(report["cases"][0]["expectations"][0]["what"], "findings: SYNC-04");
    assert_eq!(report["cases"][0]["expectations"][0]["held"], true);
    let verdict = report["rules"].as_array().unwrap().iter().find(|row| row["rule"] == "SYNC-04").unwrap();
    assert_eq!(verdict["verdict"], "violated", "it was found all the same");
    let schema: Value = serde_json::from_slice(&mobsync(&["schema", "report"]).stdout).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&report), "{said}");
}

#[test]
fn without_a_word_about_findings_an_error_fails_and_a_warning_only_with_strict() {
    let scenario = r#"{ "format": "mobsync-scenario", "version": 1, "title": "Ordinary" }"#;
    let (_folder, file) = folder_with(scenario);
    let file = file.to_str().unwrap();
    let with = |handler: &str, more: &[&str]| {
        let handler = format!("fixtures/handlers/{handler}.json");
        ran(&[&["replay", file, "--handler", &handler], more].concat()).0
    };
    assert_eq!(with("good", &[]), Some(0));
    assert_eq!(with("completes-twice", &[]), Some(1));
    assert_eq!(with("completes-twice", &["--ignore", "SYNC"]), Some(0));
    assert_eq!(with("blocks", &[]), Some(0));
    assert_eq!(with("blocks", &["--strict"]), Some(1));
    assert_eq!(with("blocks", &["--strict", "--blocking-limit", "5"]), Some(0));
}

#[test]
fn blessing_rewrites_what_is_wrong_and_nothing_else() {
    let wrong = RETRY
        .replace("completed with S_OK", "declined with S_FALSE")
        .replace(r#""Calendar": "SUCCEEDED""#, r#""Calendar": "FAILED", "Nobody": "SKIPPED""#)
        .replace(r#""findings": []"#, r#""findings": ["SYNC-04"]"#)
        .replace(r#"{ "call": "ShowError", "error": "E1" }"#, r#"{ "call": "ShowError", "error": "E2" }"#)
        .replace(r#""PrepareForSync": 2"#, r#""PrepareForSync": 7"#);
    let (_folder, file) = folder_with(&wrong);
    let path = file.to_str().unwrap();
    let (code, said, _) = ran(&["replay", path]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), wrong, "a replay changes no file");

    let (code, said, _) = ran(&["replay", path, "--bless"]);
    assert_eq!(code, Some(0), "{said}");
    for change in [
        "outcome: declined with S_FALSE -> completed with S_OK",
        "items.Nobody: removed, no such item",
        "items.Calendar: FAILED -> SUCCEEDED",
        "findings: [SYNC-04] -> []",
        "events: removed",
        "counts.PrepareForSync: 7 -> 2",
    ] {
        assert!(said.contains(change), "{change}: {said}");
    }
    let right = RETRY
        .replace("\"outcome\":   ", "\"outcome\": ")
        .replace("      { \"call\": \"ShowError\", \"error\": \"E1\" },\n", "");
    assert_eq!(fs::read_to_string(&file).unwrap(), right, "the rest of the file is as it was");

    let (code, said, _) = ran(&["replay", path, "--bless"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("->") && !said.contains("removed"), "there is nothing left to change: {said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), right);
}

#[test]
fn blessing_gives_expectations_to_a_scenario_without_any() {
    let bare = "{\n  \"format\": \"mobsync-scenario\",\n  \"version\": 1,\n  \"title\": \"Bare\",\n  \"handler\": \"good.json\"\n}\n";
    let (_folder, file) = folder_with(bare);
    let (code, said, _) = ran(&["replay", file.to_str().unwrap(), "--bless"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("expectations were written: outcome, items, findings"), "{said}");
    let new = fs::read_to_string(&file).unwrap();
    assert!(new.starts_with(bare.trim_end_matches("\n}\n")), "{new}");
    assert!(new.contains("\"outcome\": \"completed with S_OK\",\n    \"items\": { \"A\": \"SUCCEEDED\""), "{new}");
}

#[test]
fn a_step_that_was_not_taken_is_not_blessed_away() {
    let (_folder, file) = folder_with(&RETRY.replace("\"first\"", "\"E5\""));
    let (code, said, _) = ran(&["replay", file.to_str().unwrap(), "--bless"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not met  step 1: show error E5"), "{said}");
}

#[test]
fn a_scenario_that_cannot_be_read_does_not_keep_the_others_from_being_replayed() {
    let (folder, _file) = folder_with(RETRY);
    let wrong = [
        (
            "a-guid.json",
            r#"{ "format": "mobsync-scenario", "version": 1, "title": "x", "choose": ["{12}"] }"#,
            "choose",
        ),
        ("b-field.json", "{ \"format\": \"mobsync-scenario\", \"version\": 1,\n \"titel\": \"x\" }", ":2:"),
        ("c-binary.json", "\u{1}\u{2}", "c-binary.json:1:1"),
        (
            "d-handler.json",
            r#"{ "format": "mobsync-scenario", "version": 1, "title": "x", "handler": "goood.json" }"#,
            "goood.json",
        ),
        ("e-none.json", r#"{ "format": "mobsync-scenario", "version": 1, "title": "x" }"#, "names no handler"),
    ];
    for (name, scenario, _) in wrong {
        fs::write(folder.path().join(name), scenario).unwrap();
    }
    let (code, said, errors) = ran(&["replay", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(2), "{said}{errors}");
    for (name, _, part) in wrong {
        let about = errors.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {errors}"));
        assert!(about.contains(part), "{part}: {about}");
    }
    assert!(errors.contains("title"), "the nearest field is named: {errors}");
    assert!(said.contains("ok  ") && said.contains("6 replayed: 1 passed, 5 incomplete"), "{said}");
}

#[test]
fn traces_go_to_a_file_or_into_a_folder() {
    let (folder, file) = folder_with(RETRY);
    let trace = folder.path().join("trace.jsonl");
    let (code, said, _) = ran(&["replay", file.to_str().unwrap(), "--trace", trace.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    let traces = folder.path().join("traces");
    let library = "fixtures/scenarios";
    let (code, said, _) = ran(&["replay", file.to_str().unwrap(), library, "--trace", traces.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(traces.join("scenario.jsonl")).unwrap(), fs::read(&trace).unwrap());
    assert!(traces.join("retry-twice.jsonl").is_file());
    let (code, _, errors) = ran(&["replay", file.to_str().unwrap(), library, "--trace", trace.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("scenarios need a folder for their traces"), "{errors}");
}

#[test]
fn a_recorded_session_is_replayed_byte_for_byte() {
    let sessions: [(&str, &[&str]); 9] = [
        ("good", &[]),
        ("good", &["--no-user", "--event", "idle"]),
        ("good", &["--item", "Contacts", "--item", "A", "--seed", "7"]),
        ("good", &["--settings", "--item", "Mail"]),
        ("office", &["--retries", "3", "--profile", "vista"]),
        ("office", &["--event", "invoke", "--cookie", "00ff17"]),
        ("races", &["--seed", "2"]),
        ("hangs", &["--timeout", "3"]),
        ("blocks", &["--blocking-limit", "0.5"]),
    ];
    for (handler, options) in sessions {
        let folder = TempDir::new().unwrap();
        let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (first, second, scenario) = (name("first.jsonl"), name("second.jsonl"), name("scenario.json"));
        let file = format!("fixtures/handlers/{handler}.json");
        let (code, _, errors) = ran(&[&["run", &file, "--trace", &first, "--record", &scenario], options].concat());
        assert!(code.is_some_and(|code| code < 2), "{handler} {options:?}: {errors}");
        assert!(errors.contains("a scenario of "), "{errors}");
        let (code, said, errors) = ran(&["replay", &scenario, "--trace", &second]);
        let written = fs::read_to_string(&scenario).unwrap();
        assert_eq!(code, Some(0), "{handler} {options:?}: {said}{errors}\n{written}");
        let read = |file: &str| fs::read_to_string(file).unwrap();
        assert_eq!(read(&first), read(&second), "{handler} {options:?}\n{written}");
    }
}

#[cfg(unix)]
#[test]
fn a_recorded_session_of_a_native_library_is_replayed_with_its_class() {
    let folder = TempDir::new().unwrap();
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (first, second, scenario) = (name("first.jsonl"), name("second.jsonl"), name("scenario.json"));
    let library = native::library("fixtures/handlers/cpp/notebook.cpp", &[]).to_str().unwrap().to_owned();
    let run = ["run", &library, "--clsid", native::NOTEBOOK_CPP, "--trace", &first, "--record", &scenario];
    let (code, said, errors) = ran(&run);
    assert_eq!(code, Some(0), "{said}{errors}");
    let (code, said, errors) = ran(&["replay", &scenario, "--trace", &second]);
    let written = fs::read_to_string(&scenario).unwrap();
    assert_eq!(code, Some(0), "{said}{errors}\n{written}");
    // One of the three is synchronized again in a second round; the recording speaks of all.
    let all = serde_json::json!({ "A": "SUCCEEDED", "B": "SUCCEEDED", "C": "SUCCEEDED" });
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap()["expect"]["items"], all, "{written}");
    let decisions = |file: &str| {
        let trace = fs::read_to_string(file).unwrap();
        let calls = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap();
            (event["kind"] == "call").then(|| format!("{} {}", event["method"], event["args"]))
        };
        trace.lines().skip(1).filter_map(calls).collect::<Vec<_>>()
    };
    assert_eq!(decisions(&first), decisions(&second), "{written}");
    let another = "fixtures/scenarios/cancel-all.json";
    let (code, said, _) = ran(&["replay", another, "--handler", &library, "--clsid", native::NOTEBOOK_CPP]);
    assert_eq!(code, Some(1), "its items are others: {said}");
    assert!(said.contains(&format!("--clsid '{}'", native::NOTEBOOK_CPP)), "it can be typed again: {said}");
}

/// An item that ended before a retry is expected to end the same way: a handler that fails it fails the recording.
#[test]
fn a_recording_names_every_item_with_its_last_status_over_all_rounds() {
    let folder = TempDir::new().unwrap();
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (scenario, regressed) = (name("recorded.json"), name("regressed.json"));
    let (code, said, errors) = ran(&["run", "fixtures/handlers/good.json", "--record", &scenario]);
    assert_eq!(code, Some(0), "{said}{errors}");
    let expect = scenario::load(scenario.as_ref()).unwrap().expect;
    let statuses: Vec<_> = expect.items.iter().map(|(item, status)| (item.as_str(), *status)).collect();
    let succeeded = Some(Status::SUCCEEDED);
    assert_eq!(statuses, [("A", succeeded), ("B", succeeded), ("C", succeeded)]);

    let mut handler: Value = serde_json::from_str(&fs::read_to_string("fixtures/handlers/good.json").unwrap()).unwrap();
    let contacts = &mut handler["methods"]["Synchronize"][0]["threads"]["contacts"][0]["work"];
    assert_eq!(contacts["item"], "C", "the first round works on Contacts");
    contacts["ends"] = "FAILED".into();
    fs::write(&regressed, handler.to_string()).unwrap();
    let (code, said, errors) = ran(&["replay", &scenario, "--handler", &regressed]);
    assert_eq!(code, Some(1), "{said}{errors}");
    assert!(said.contains("item C: FAILED"), "{said}");
    assert!(said.contains("item A: SUCCEEDED"), "{said}");
}

#[test]
fn a_recording_does_not_replace_a_file() {
    let (_folder, file) = folder_with(RETRY);
    let (code, _, errors) = ran(&["run", "fixtures/handlers/good.json", "--record", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("the file already exists"), "{errors}");
    assert_eq!(fs::read_to_string(&file).unwrap(), RETRY);
}

#[cfg(unix)]
mod interrupted {
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Child, Command, Stdio};

    use mobsync::scenario::{self, Action, Reply};
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use tempfile::TempDir;

    use super::ran;

    /// Larger than what can be copied before a signal comes; nearly all of it is a hole.
    const LARGE: u64 = 8 << 30;

    fn started(args: &[&str]) -> Child {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("mobsync"));
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    fn interrupt(child: &Child) {
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process has a number"));
        kill(pid, Signal::SIGINT).expect("it runs");
    }

    #[test]
    fn a_session_that_ctrl_c_stopped_is_recorded_and_replayed_with_the_same_decisions() {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(at("left")).unwrap();
        File::create(at("left/large")).unwrap().set_len(LARGE).unwrap();
        let pair = format!("{}={}", at("left"), at("right"));
        let scenario = at("scenario.json");
        let mut child = started(&["run", "filesync", "--folder", &pair, "--record", &scenario]);
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("UPDATING") {
            line.clear();
            assert!(errors.read_line(&mut line).unwrap() > 0, "it ended before it synchronized");
        }
        interrupt(&child);
        let mut rest = String::new();
        errors.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2), "{rest}");
        assert!(!std::path::Path::new(&at("right/large")).exists(), "no half a file is left");

        let recorded = scenario::load(scenario.as_ref()).unwrap();
        let stops = |action: &Action| matches!(action, Action::Reply(Reply::CancelAll) | Action::Skip(_));
        assert!(recorded.steps.iter().any(|step| stops(&step.action)), "{:?}", recorded.steps);
        let (code, said, errors) = ran(&["replay", &scenario]);
        // Its threads run freely: a skip may come before Synchronize returns this time, or after a report that it came before
        // when it was recorded. Then that is said. What the user did is done again, and the item stops.
        assert!(matches!(code, Some(0 | 1)), "{said}{errors}");
        assert!(said.contains("    met  step "), "{said}");
        // It heard of it by SetItemStatus, or by the reply to a report, whichever came first.
        let heard = ["item left: SKIPPED", "item left: STOPPED"];
        assert!(heard.iter().any(|heard| said.contains(heard)), "{said}");
    }

    #[test]
    fn ctrl_c_ends_a_replay_with_a_report_of_what_was_replayed() {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(at("left")).unwrap();
        File::create(at("left/large")).unwrap().set_len(LARGE).unwrap();
        fs::create_dir(at("scenarios")).unwrap();
        let quick = r#"{ "format": "mobsync-scenario", "version": 1, "title": "Quick", "handler": "filesync",
            "folders": ["../left=../quick"], "choose": "none" }"#;
        fs::write(at("scenarios/1-quick.json"), quick).unwrap();
        for name in ["2-large", "3-large"] {
            let large = quick.replace("quick", name).replace("\"none\"", "\"all\"");
            fs::write(at(&format!("scenarios/{name}.json")), large).unwrap();
        }
        let trace = at("traces");
        let mut child = started(&["replay", &at("scenarios"), "--jobs", "1", "--trace", &trace]);
        let reached = || fs::read_to_string(at("traces/2-large.jsonl")).is_ok_and(|text| text.contains("Progress"));
        while !reached() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
            std::thread::yield_now();
        }
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}{errors}");
        assert!(said.contains("ok  "), "{said}");
        assert!(said.contains("broken off  "), "{said}");
        assert!(said.contains("2 replayed: 1 passed, 1 incomplete"), "{said}");
        assert!(errors.contains("interrupted: 1 of 3 scenarios was not begun, and 1 was cut short"), "{errors}");

        let mut child = started(&["replay", &at("scenarios/2-large.json"), "--trace", &at("one.jsonl")]);
        while !fs::read_to_string(at("one.jsonl")).is_ok_and(|text| text.contains("Progress")) {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
            std::thread::yield_now();
        }
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("interrupted: the scenario was cut short"), "{errors}");
    }
}

#[test]
fn a_cause_is_named_after_its_strongest_rule() {
    let scenario = "fixtures/scenarios/cancel-all.json";
    let (code, said, errors) = ran(&["replay", scenario, "--handler", "fixtures/handlers/ignores-stop.json"]);
    assert_eq!(code, Some(1), "{said}{errors}");
    let levels = ["    error: ", "    warning: ", "    note: "];
    let causes: Vec<&str> =
        said.lines().filter(|line| levels.iter().any(|level| line.starts_with(level))).map(str::trim).collect();
    assert_eq!(causes, ["error: STOP-07 cancelled-item-is-not-finished"], "{said}");
    let also: Vec<&str> =
        said.lines().filter_map(|line| line.trim().strip_prefix("because of it, also broken: ")).collect();
    assert_eq!(also, ["STOP-02"], "{said}");
    assert!(said.contains("--break STOP-07"), "{said}");
}
