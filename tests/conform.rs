//! `mobsync conform`, as somebody's CI runs it.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod handlers;
#[path = "common/interpreter.rs"]
#[cfg(unix)]
mod interpreter;
#[path = "common/rust_handler.rs"]
#[cfg(unix)]
mod rust_handler;

use std::collections::BTreeSet;
use std::fs;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn ran(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("mobsync").expect("it is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("conform").args(args);
    let output = command.timeout(std::time::Duration::from_secs(600)).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn report(args: &[&str]) -> (Option<i32>, Value) {
    let (code, said, errors) = ran(&[args, &["--format", "json"]].concat());
    (code, serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}")))
}

fn names(report: &Value, outcome: &str) -> BTreeSet<String> {
    let cases = report["cases"].as_array().expect("there are cases").iter();
    cases.filter(|case| case["outcome"] == outcome).map(|case| case["name"].as_str().unwrap().to_owned()).collect()
}

fn rules(report: &Value) -> BTreeSet<&str> {
    report["findings"]
        .as_array()
        .expect("there are findings")
        .iter()
        .filter_map(|found| found["rule"].as_str())
        .collect()
}

/// As much time as a busy machine needs, for handlers in real time.
#[cfg(unix)]
const PATIENT: &[&str] = &["--timeout", "60", "--blocking-limit", "30"];

const GOOD: &str = "fixtures/handlers/good.json";

#[test]
fn good_handlers_pass_and_what_does_not_apply_says_why() {
    for profile in ["xp", "vista"] {
        let (code, report) = report(&[GOOD, "--profile", profile, "--sessions", "300"]);
        assert_eq!((code, rules(&report)), (Some(0), BTreeSet::new()), "{profile}");
        assert!(names(&report, "passed").len() > 350, "{}", report["summary"]);
        let skipped = report["cases"].as_array().unwrap().iter().find(|case| case["name"] == "interfaces").unwrap();
        assert_eq!(skipped["outcome"], "skipped");
        assert_eq!(skipped["error"], "the handler has no COM vtables");
        let verdict = |rule: &str| {
            report["rules"].as_array().unwrap().iter().find(|row| row["rule"] == rule).unwrap()["verdict"].clone()
        };
        assert_eq!(verdict("STOP-01"), "held");
        assert_eq!(verdict("COM-01"), "not-exercised", "what no case could exercise is never said to be held");
    }
}

#[test]
fn bad_handlers_fail_with_the_rule_the_case_and_a_command_that_shows_it_again() {
    for (handler, rule, case) in [
        ("completes-twice", "SYNC-04", "event-manual"),
        ("ignores-stop", "STOP-02", "cancel-all-at-the-first-report"),
        ("changes-ids", "ITEM-09", "walk"),
        ("enumerator-strays", "ENUM-06", "walk"),
        ("panics", "LIFE-02", "event-manual"),
        ("hangs", "LIFE-03", "event-manual"),
    ] {
        let file = format!("fixtures/handlers/{handler}.json");
        let (code, report) = report(&[&file, "--strict"]);
        assert_eq!(code, Some(1), "{handler}");
        assert!(rules(&report).contains(rule), "{handler}: {:?}", rules(&report));
        let of_case = |found: &&Value| found["rule"] == rule && found["case"] == case;
        let found = report["findings"].as_array().unwrap().iter().find(of_case);
        let found = found.unwrap_or_else(|| panic!("{handler}: {rule} is not found by {case}"));
        let again: Vec<&str> = found["replay"].as_str().unwrap().split(' ').collect();
        assert_eq!(again[..2], ["mobsync", "conform"]);
        let (_, once_more) = self::report(&again[2..]);
        assert!(rules(&once_more).contains(rule), "{again:?}");
        assert_eq!(once_more["summary"]["cases"], 1);
    }
    assert!(names(&report(&["fixtures/handlers/panics.json"]).1, "crashed").contains("event-manual"));
    assert!(names(&report(&["fixtures/handlers/hangs.json"]).1, "timed-out").contains("event-manual"));
}

#[test]
fn a_value_that_stands_still_is_a_note_whatever_the_user_does() {
    let (code, report) = report(&["fixtures/handlers/stays-animated.json"]);
    assert_eq!((code, rules(&report)), (Some(0), BTreeSet::from(["PROG-11"])));
    assert_eq!(report["summary"]["causes"], 1);
    assert_eq!(report["summary"]["errors"], 0);
    assert_eq!(report["summary"]["warnings"], 0);
}

#[test]
fn the_order_of_the_work_does_not_show() {
    let with = |jobs: &str| {
        ran(&["fixtures/handlers/ignores-stop.json", "--sessions", "40", "--jobs", jobs, "--format", "json"]).1
    };
    assert_eq!(with("1"), with("4"));
}

#[test]
fn the_parts_are_the_whole() {
    let args = [GOOD, "--sessions", "50"];
    let all = |report: &Value| {
        ["passed", "failed", "skipped"].iter().flat_map(|outcome| names(report, outcome)).collect::<Vec<_>>()
    };
    let mut whole = all(&report(&args).1);
    let mut parts: Vec<String> = ["1/3", "2/3", "3/3"]
        .iter()
        .flat_map(|part| all(&report(&[&args[..], &["--partition", part]].concat()).1))
        .collect();
    whole.sort();
    parts.sort();
    assert_eq!(parts, whole, "each case is in one part, and in one only");
    for wrong in ["0/3", "4/3", "1", "x/y"] {
        let (code, _, errors) = ran(&[GOOD, "--partition", wrong]);
        assert_eq!(code, Some(2));
        assert!(errors.contains("such as 2/4"), "{errors}");
    }
}

#[test]
fn cases_are_listed_with_their_rules_and_run_by_their_names() {
    let (code, listed, _) = ran(&[GOOD, "--list"]);
    assert_eq!(code, Some(0));
    let walk = listed.lines().find(|line| line.starts_with("walk ")).expect("it is listed");
    assert!(walk.contains("ENUM-06, ENUM-07, ENUM-08"), "{walk}");
    let (_, report) = report(&[GOOD, "--case", "walk", "--case", "object"]);
    assert_eq!(names(&report, "passed"), BTreeSet::from(["object".to_owned(), "walk".to_owned()]));
    let (code, _, errors) = ran(&[GOOD, "--case", "wlak"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("did you mean walk?"), "{errors}");
}

#[test]
fn a_failing_random_session_is_written_as_the_shortest_scenario_and_replayed_without_a_seed() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let good = fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(GOOD)).unwrap();
    let mut script: Value = serde_json::from_str(&good).unwrap();
    // It crashes when two items were skipped and the connection failed, and says so nowhere else.
    let bug = serde_json::json!({ "when": {
        "is": { "skipped": ["A", "C"], "connection_failed": true }, "do": [{ "panic": "nobody thought of that" }]
    } });
    script["methods"]["Synchronize"][0]["threads"]["contacts"].as_array_mut().unwrap().insert(1, bug);
    fs::write(at("handler.json"), script.to_string()).unwrap();
    let (code, fixed) = report(&[&at("handler.json")]);
    assert_eq!((code, rules(&fixed)), (Some(0), BTreeSet::new()), "no fixed case does three things");
    let (code, random) = report(&[&at("handler.json"), "--sessions", "400", "--scenarios", &at("failing")]);
    assert_eq!((code, rules(&random)), (Some(1), BTreeSet::from(["LIFE-02"])));
    let found = &random["findings"][0];
    let again: Vec<&str> = found["replay"].as_str().unwrap().split(' ').collect();
    assert_eq!(again[..2], ["mobsync", "replay"]);
    let scenario: Value = serde_json::from_str(&fs::read_to_string(again[2]).unwrap()).unwrap();
    assert_eq!(scenario["steps"].as_array().unwrap().len(), 3, "{scenario:#}");
    let mut replay = Command::cargo_bin("mobsync").unwrap();
    let output = replay.args(&again[1..]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("LIFE-02"), "{said}");
}

#[test]
fn a_case_without_an_end_is_nothing_that_a_suite_passes_with() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("endless.json");
    let report = serde_json::json!({ "progress": { "item": "A", "status": "UPDATING", "value": 1, "max": 4 } });
    let endless = serde_json::json!({ "do": [{ "repeat": { "times": u32::MAX, "do": [report] } }] });
    let script = serde_json::json!({
        "kind": "script", "version": 1, "name": "Endless", "items": [{ "id": "A", "name": "A" }],
        "methods": { "Synchronize": endless },
    });
    fs::write(&file, script.to_string()).unwrap();
    let (code, said, errors) = ran(&[file.to_str().unwrap(), "--case", "event-manual"]);
    assert_eq!((code, errors.as_str()), (Some(2), "mobsync: event-manual: the session was ended early\n"));
    assert!(said.starts_with("event-manual: incomplete"), "{said}");
}

#[test]
fn more_random_sessions_than_a_report_can_have_are_refused() {
    for many in ["10000001", "18446744073709551615"] {
        let (code, _, errors) = ran(&["fixtures/handlers/good.json", "--sessions", many]);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.starts_with("mobsync: --sessions: at most 10000000 sessions"), "{errors}");
    }
}

#[test]
#[cfg(unix)]
fn a_suite_that_is_interrupted_before_its_first_case_has_a_report_that_says_so() {
    use nix::sys::signal::{Signal, kill};
    let folder = TempDir::new().unwrap();
    let (begun, report) = (folder.path().join("begun"), folder.path().join("report.json"));
    // It never answers.
    let program = format!("sh -c 'touch \"{}\"; sleep 1000'", begun.display());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.args(["conform", "--exec", &program, "--timeout", "100", "--format", "json", "--output"]).arg(&report);
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    while !begun.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it began");
        std::thread::yield_now();
    }
    kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let report: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    let unfinished = report["unfinished"][0].as_str().unwrap_or_default();
    assert!(unfinished.starts_with("interrupted"), "{report:#}");
}

#[cfg(unix)]
mod native {
    use super::*;

    /// Three hundred random sessions beside the fixed cases, in either profile, and nothing is found.
    #[track_caller]
    fn passes(handler: &[&str]) {
        for profile in ["xp", "vista"] {
            let more = ["--profile", profile, "--sessions", "300", "--strict"];
            let (code, report) = report(&[handler, PATIENT, &more].concat());
            assert_eq!((code, rules(&report)), (Some(0), BTreeSet::new()), "{profile}: {:#}", report["findings"]);
            let cases = names(&report, "passed");
            assert!(cases.len() > 330, "{profile}: {}", report["summary"]);
            assert!(cases.contains("random-299"), "{profile}: {}", report["summary"]);
        }
    }

    #[test]
    fn the_reference_handler_in_cpp_passes_in_both_profiles() {
        let library = handlers::library("fixtures/handlers/cpp/notebook.cpp", &[]);
        passes(&[library.to_str().unwrap(), "--clsid", handlers::NOTEBOOK_CPP]);
    }

    #[test]
    fn the_reference_handler_in_c_passes_in_both_profiles() {
        let library = handlers::library("fixtures/handlers/c/notebook.c", &[]);
        passes(&[library.to_str().unwrap(), "--clsid", handlers::NOTEBOOK_C]);
    }

    #[test]
    fn the_reference_handler_in_rust_passes_in_both_profiles() {
        let library = rust_handler::notebook_in_rust();
        passes(&[library.to_str().unwrap(), "--clsid", rust_handler::NOTEBOOK_RUST]);
    }

    /// Pairs of folders, the second with folders where two of its files should be: they fail in every session, so that no
    /// session finds everything done by the one before.
    fn pairs(folder: &TempDir) -> [String; 2] {
        for file in ["bread.txt", "soups/onion.txt"] {
            let obstacle = folder.path().join("recipes").join(file).join("in the way");
            fs::create_dir_all(obstacle).unwrap();
        }
        ["left", "recipes"].map(|name| format!("fixtures/folders/{name}={}", folder.path().join(name).display()))
    }

    #[test]
    fn the_reference_handler_in_python_passes_in_both_profiles() {
        let folder = TempDir::new().unwrap();
        let [left, recipes] = pairs(&folder);
        passes(&[
            "--exec",
            &format!("{} examples/python/folders.py '{left}' '{recipes}'", crate::interpreter::python()),
        ]);
    }

    #[test]
    fn filesync_passes_in_both_profiles() {
        let folder = TempDir::new().unwrap();
        let [left, recipes] = pairs(&folder);
        passes(&["filesync", "--folder", &left, "--folder", &recipes]);
    }
}

#[test]
fn a_file_where_a_folder_is_meant_is_called_one() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("t.jsonl");
    fs::write(&file, "kept").unwrap();
    let file = file.to_str().unwrap();
    let inside = folder.path().join("t.jsonl/deeper");
    for option in ["--trace", "--scenarios"] {
        let (code, said, errors) = ran(&[GOOD, option, file]);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{errors}");
        let expected =
            format!("mobsync: {option} {file}: this is a file; choose a folder, which is created if necessary\n");
        assert_eq!(errors, expected);
        let errors = ran(&[GOOD, option, inside.to_str().unwrap()]).2;
        assert!(errors.contains(&format!("deeper: {file} is a file and cannot contain a folder")), "{errors}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "kept");
}

/// The last line: what became of the cases.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn it_ends_like_a_test_runner() {
    let (code, text, _) = ran(&["fixtures/handlers/completes-twice.json"]);
    let (_, report) = report(&["fixtures/handlers/completes-twice.json"]);
    let number = |what: &str| report["summary"][what].as_u64().unwrap();
    let begin = format!(
        "{} cases: {} passed, {} failed, {} skipped in ",
        number("cases"),
        number("passed"),
        number("failed"),
        number("skipped")
    );
    let line = last_line(&text);
    assert!(number("passed") > 0 && number("failed") > 0 && number("skipped") > 0, "{line}");
    assert!(line.starts_with(&begin) && line.ends_with("; 1 cause"), "{line}, and not {begin}");
    assert!(line.contains(&format!("; {} reached Synchronize; ", number("synchronized"))), "{line}");
    assert_eq!(code, Some(1));
    let (_, text, _) = ran(&["fixtures/handlers/panics.json", "--case", "event-manual"]);
    assert!(last_line(&text).starts_with("1 case: 1 failed (1 crashed) in "), "{text}");
}

#[test]
fn a_run_that_stops_at_its_first_failures_runs_the_same_cases_whatever_runs_beside_them() {
    let limited = |limit: &[&str], jobs: &str| {
        let args = [&["fixtures/handlers/completes-twice.json", "--jobs", jobs], limit].concat();
        let (code, report) = report(&args);
        assert_eq!((code, &report["unfinished"]), (Some(1), &Value::Null), "{limit:?}");
        let why = names(&report, "skipped").len();
        let failed: Vec<String> = names(&report, "failed").into_iter().collect();
        (failed, names(&report, "passed"), why)
    };
    let (failed, passed, skipped) = limited(&["--fail-fast"], "1");
    assert_eq!((failed.len(), passed.len()), (1, 0), "{failed:?}");
    assert!(skipped > 50);
    assert_eq!(limited(&["--fail-fast"], "4"), limited(&["--max-fail", "1"], "1"));
    assert_eq!(limited(&["--max-fail", "3"], "4"), limited(&["--max-fail", "3"], "1"));
    assert_eq!(limited(&["--max-fail", "3"], "4").0.len(), 3);
    let (_, text, _) = ran(&["fixtures/handlers/completes-twice.json", "--max-fail", "3"]);
    let not_run: Vec<&str> = text.lines().filter(|line| line.contains("not run: ")).collect();
    assert!(not_run.len() == 1 && not_run[0].contains(" more: not run: 3 cases had failed"), "{not_run:?}");
    assert!(last_line(&text).contains(" not run in "), "{text}");
    let (code, text, _) = ran(&[GOOD, "--fail-fast"]);
    assert_eq!((code, last_line(&text).contains("not run")), (Some(0), false), "{text}");
}

#[test]
fn cases_are_chosen_and_left_out_by_patterns_and_a_misspelt_one_is_suggested() {
    let all = names(&report(&[GOOD]).1, "passed");
    let cancels: BTreeSet<String> = all.iter().filter(|name| name.starts_with("cancel-")).cloned().collect();
    let (code, chosen) = report(&[GOOD, "--case", "cancel-*"]);
    assert_eq!((code, names(&chosen, "passed")), (Some(0), cancels.clone()));
    let (_, without) = report(&[GOOD, "--skip", "cancel-*", "--skip", "event-manual"]);
    let left_out: BTreeSet<String> = cancels.into_iter().chain(["event-manual".to_owned()]).collect();
    assert_eq!(names(&without, "passed"), all.difference(&left_out).cloned().collect());
    let (_, text, _) = ran(&[GOOD, "--skip", "event-man?al"]);
    assert!(text.contains("event-manual: skipped because `event-man?al` leaves it out"), "{text}");
    for (option, name, message) in [
        ("--case", "event-manul", "mobsync: --case event-manul: no such case; did you mean event-manual?"),
        ("--skip", "event-manul", "mobsync: --skip event-manul: no such case; did you mean event-manual?"),
        ("--skip", "nothing-*", "mobsync: --skip nothing-*: no such case; --list shows the cases"),
        ("--case", "[", "mobsync: --case [: no such case; --list shows the cases"),
    ] {
        let (code, _, errors) = ran(&[GOOD, option, name]);
        assert_eq!((code, errors.trim_end()), (Some(2), message));
    }
}

#[cfg(unix)]
#[test]
fn commands_run_before_and_after_each_case_and_a_failing_one_is_named() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let write = |what: &str| format!("echo {what} $MOBSYNC_CASE >> '{}'", log.display());
    let (before, after) = (write("before"), write("after"));
    let cases = ["--case", "event-manual", "--case", "event-idle"];
    let hooks = ["--before-case", &before, "--after-case", &after];
    let (code, _) = report(&[&[GOOD], &cases[..], &hooks[..]].concat());
    let lines =
        "before survey\nafter survey\nbefore event-manual\nafter event-manual\nbefore event-idle\nafter event-idle\n";
    assert_eq!((code, fs::read_to_string(&log).unwrap().as_str()), (Some(0), lines));

    let fails = "test \"$MOBSYNC_CASE\" != event-idle || { echo no server; exit 7; }";
    let (code, _, errors) = ran(&[&[GOOD, "--before-case", fails], &cases[..]].concat());
    assert_eq!(code, Some(2));
    assert!(errors.contains("event-idle: the command before the case: ") && errors.contains("no server"), "{errors}");
    // What was found before is not lost.
    let twice = "fixtures/handlers/completes-twice.json";
    let (code, report) = report(&[&[twice, "--after-case", fails], &cases[..]].concat());
    assert_eq!(code, Some(2));
    assert!(
        report["unfinished"][0].as_str().unwrap().starts_with("event-idle: the command after the case: "),
        "{report}"
    );
    assert_eq!(names(&report, "failed"), BTreeSet::from(["event-manual".to_owned(), "event-idle".to_owned()]));
    assert!(report["findings"][0]["reproduce"].as_str().unwrap().contains(" --after-case 'test "), "{report}");
    let (code, _, errors) = ran(&[GOOD, "--before-case", "false"]);
    assert_eq!(code, Some(2));
    assert!(errors.starts_with("mobsync: --before-case: the command before the case: `false`: "), "{errors}");
}

#[cfg(unix)]
#[test]
fn a_flaky_case_is_named_with_its_runs_and_its_rules() {
    let folder = TempDir::new().unwrap();
    let right = folder.path().join("right");
    let count = folder.path().join("count");
    fs::write(&count, "0").unwrap();
    // Before every session the handler is another: in every second one it says what is no message.
    let handler = folder.path().join("handler.sh");
    let script = format!(
        "if [ $(($(cat '{}') % 2)) = 0 ]; then read -r _; echo nonsense; else exec python3 examples/python/folders.py 'fixtures/folders/left={}'; fi\n",
        count.display(),
        right.display()
    );
    fs::write(&handler, script).unwrap();
    let next = format!("n=$(cat '{0}'); echo $((n + 1)) > '{0}'", count.display());
    let exec = format!("sh '{}'", handler.display());
    let args = ["--exec", &exec, "--case", "event-manual", "--before-case", &next];
    let args = [PATIENT, &args[..]].concat();
    let (code, text, _) = ran(&[&args[..], &["--repeat", "5"]].concat());
    assert_eq!(code, Some(1), "{text}");
    let flaky = text.lines().find(|line| line.starts_with("event-manual: ")).unwrap_or_default();
    assert!(flaky.contains("; flaky: failed in 3 of 5 runs (") && flaky.contains("WIRE-01 in 3"), "{text}");
    assert!(last_line(&text).ends_with("; 1 flaky"), "{text}");
    fs::write(&count, "0").unwrap();
    let (_, report) = report(&[&args[..], &["--repeat", "1"]].concat());
    assert_eq!(report["cases"][0].get("repeats"), None);
}

#[test]
fn a_case_that_fails_in_every_run_is_not_flaky() {
    let (code, report) = report(&["fixtures/handlers/completes-twice.json", "--repeat", "3", "--case", "event-manual"]);
    let repeats = serde_json::json!({ "runs": 3, "failed": 3, "rules": { "SYNC-04": 3 } });
    assert_eq!((code, &report["cases"][0]["repeats"]), (Some(1), &repeats));
    let (_, text, _) = ran(&["fixtures/handlers/completes-twice.json", "--repeat", "3", "--case", "event-manual"]);
    assert!(!text.contains("flaky"), "{text}");
}

#[test]
fn a_scenario_that_the_suite_writes_names_its_handler() {
    let folder = TempDir::new().unwrap();
    let failing = folder.path().join("failing");
    let twice = "fixtures/handlers/completes-twice.json";
    ran(&[twice, "--case", "event-manual", "--scenarios", failing.to_str().unwrap()]);
    let file = failing.join("event-manual.json");
    let scenario: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let named = failing.join(scenario["handler"].as_str().unwrap());
    let expected = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(twice);
    assert_eq!(fs::canonicalize(named).unwrap(), fs::canonicalize(expected).unwrap());
    let mut replay = Command::cargo_bin("mobsync").unwrap();
    let output = replay.current_dir(folder.path()).arg("replay").arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("SYNC-04"), "{text}");
}

#[test]
fn every_case_is_printed_as_it_ends_and_a_mistake_in_full_once() {
    let twice = "fixtures/handlers/completes-twice.json";
    let (_, _, quiet) = ran(&[twice]);
    assert_eq!(quiet, "");
    let (_, _, said) = ran(&[twice, "--verbose"]);
    let found = "event-manual: failed\n  error SYNC-04 synchronize-completed-once: ";
    assert!(said.contains(found), "{said}");
    assert_eq!(said.matches("SYNC-04 synchronize-completed-once: ").count(), 1, "{said}");
    assert!(said.contains("  error SYNC-04 synchronize-completed-once, as before\n"), "{said}");
}
