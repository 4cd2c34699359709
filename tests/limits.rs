//! Limits. With few file descriptors, little memory and small files the verdict is right, or what is missing is said; and a
//! handler that goes on for ever is ended, and costs little memory until then.

#![cfg(target_os = "linux")]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use native::{NOTEBOOK_CPP, library};
use serde_json::Value;
use tempfile::TempDir;

/// Runs the program in a shell that has set a limit: its exit code, and what it said.
fn under(limit: &str, arguments: &str) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_mobsync");
    let mut shell = Command::new("/bin/bash");
    shell.args(["-c", &format!("ulimit {limit} && exec {program} {arguments}")]).env_remove("RUST_BACKTRACE");
    let output = shell.output().expect("it runs");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (output.status.code(), said)
}

/// Passes, or says what is missing.
fn assert_passes_or_is_refused(limit: &str, arguments: &str, why: &str) {
    let (code, said) = under(limit, arguments);
    let refused = said.lines().any(|line| line.starts_with("mobsync: ") && line.contains(why));
    match code {
        Some(0) => assert!(!said.contains("error: "), "{limit}: {said}"),
        Some(2) => assert!(refused, "{limit}: {said}"),
        code => panic!("{limit}: {code:?}: {said}"),
    }
    assert!(!said.contains("panicked") && !said.contains("LIFE-0"), "{limit}: {said}");
}

#[test]
fn few_file_descriptors_are_enough_or_are_said_to_be_missing() {
    let notebook = library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let native = format!("run {} --clsid '{NOTEBOOK_CPP}' --timeout 60 --blocking-limit 30", notebook.display());
    for descriptors in 4..=12 {
        assert_passes_or_is_refused(&format!("-n {descriptors}"), &native, "Too many open files");
    }
    let folder = TempDir::new().expect("a folder");
    let exec = format!(
        "run --exec 'python3 examples/python/folders.py fixtures/folders/left={}' --timeout 60 --blocking-limit 30",
        folder.path().display()
    );
    for limit in ["-n 6", "-n 9", "-n 16"] {
        assert_passes_or_is_refused(limit, &exec, "Too many open files");
    }
    assert_eq!(under("-n 16", &native).0, Some(0), "16 are enough");
    assert_eq!(under("-n 16", "conform fixtures/handlers/good.json --sessions 3").0, Some(0));
}

#[test]
fn little_memory_and_small_files_are_enough_or_are_said_to_be_missing() {
    let notebook = library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let native = format!("{} --clsid '{NOTEBOOK_CPP}' --timeout 60 --blocking-limit 30", notebook.display());
    assert_eq!(under("-v 700000", &format!("run {native}")).0, Some(0));
    assert_eq!(under("-v 700000", &format!("conform {native} --case event-manual --jobs 4")).0, Some(0));
    let (code, said) = under("-f 8", &format!("run {native}"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ulimit -f"), "what to do is said: {said}");
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    let (code, said) = under("-f 8", &format!("run fixtures/handlers/good.json --trace {}", trace.display()));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the trace ends before event"), "{said}");
}

#[test]
fn a_small_stack_is_enough() {
    let notebook = library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let native = format!("{} --clsid '{NOTEBOOK_CPP}' --timeout 60 --blocking-limit 30", notebook.display());
    for kilobytes in [64, 256, 1024] {
        let limit = format!("-s {kilobytes}");
        for arguments in [
            "--help".to_owned(),
            "run fixtures/handlers/good.json".to_owned(),
            format!("run {native}"),
            format!("run {native} --in-process"),
            format!("conform {native} --case event-manual"),
        ] {
            let (code, said) = under(&limit, &arguments);
            assert_eq!(code, Some(0), "{limit}: {arguments}: {said}");
        }
    }
}

/// A run with the notebook that does this for ever: the exit code, the report, and the most memory that the program had, in
/// KiB.
fn for_ever(how: &str, arguments: &[&str]) -> (Option<i32>, Value, u64) {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_TORTURE=\"{how}\"")]);
    let folder = TempDir::new().expect("a folder");
    let report = folder.path().join("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg(arguments[0]).arg(&built).args(["--clsid", NOTEBOOK_CPP, "--format", "json", "--output"]).arg(&report);
    command.args(&arguments[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let mut most = 0;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = most.max(high.and_then(|high| high.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let report = fs::read_to_string(&report).expect("there is a report");
    (status.code(), serde_json::from_str(&report).expect("it is whole"), most)
}

#[test]
fn a_handler_that_goes_on_for_ever_is_ended_at_the_limit_of_the_session_and_costs_little_memory() {
    // One that only writes says nothing to the manager: it is silent, and its time is over before that of the session.
    for (how, session, timeout) in
        [("REPORT_FOR_EVER", "2", "60"), ("LOG_FOR_EVER", "2", "60"), ("WRITE_FOR_EVER", "60", "2")]
    {
        let limits = ["run", "--session-limit", session, "--timeout", timeout];
        let (code, report, most) = for_ever(how, &limits);
        assert_eq!(code, Some(1), "{how}: {report:#}");
        let rules: Vec<&str> =
            report["findings"].as_array().unwrap().iter().filter_map(|row| row["rule"].as_str()).collect();
        assert!(rules.contains(&"SYNC-03"), "{how}: what it owes has not come: {rules:?}");
        assert!(!rules.contains(&"LIFE-02"), "{how}: {rules:?}");
        let why = if how == "WRITE_FOR_EVER" {
            "and the handler is silent"
        } else {
            "when mobsync ended the session at its limit"
        };
        let says_why = |row: &Value| row["message"].as_str().is_some_and(|message| message.contains(why));
        assert!(report["findings"].as_array().unwrap().iter().any(says_why), "{how}: {report:#}");
        // The ring of 16 MiB is shared with the worker, and counted here too.
        assert!(most < 64 << 10, "{how}: {most} KiB");
    }
}

#[test]
fn a_case_of_the_suite_that_goes_on_for_ever_is_ended_by_itself() {
    let (code, report, _) = for_ever("REPORT_FOR_EVER", &["conform", "--case", "event-manual", "--timeout", "0.5"]);
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(report["cases"][0]["outcome"], "failed", "{report:#}");
}

#[test]
fn a_trace_has_the_size_that_it_may_have_and_is_read_to_its_last_line() {
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    let trace = trace.to_str().expect("UTF-8");
    let limits = ["run", "--session-limit", "2", "--timeout", "60", "--trace", trace, "--trace-limit", "1"];
    let (code, report, _) = for_ever("REPORT_FOR_EVER", &limits);
    assert_eq!(code, Some(1), "the limit is no failure: {report:#}");
    let size = fs::metadata(trace).expect("it is there").len();
    assert!((1 << 20..(1 << 20) + 1000).contains(&size), "{size}");
    let checked = Command::new(env!("CARGO_BIN_EXE_mobsync")).args(["check", trace]).output().expect("it runs");
    assert_eq!(checked.status.code(), Some(2), "what is cut is incomplete");
    assert!(String::from_utf8_lossy(&checked.stderr).contains("ends before"));
}

/// The time limits are generous: what took the square of a number took far longer.
#[test]
fn very_many_callbacks_that_break_a_rule_and_very_many_instances_are_judged_in_time() {
    let begun = Instant::now();
    let (code, report, _) = for_ever("BREAKS_ON_MANY_THREADS", &["run", "--timeout", "100", "--blocking-limit", "100"]);
    assert_eq!(code, Some(1), "{:#}", report["summary"]);
    assert!(report["summary"]["errors"].as_u64().unwrap_or_default() >= 3000, "{:#}", report["summary"]);
    let stacks = report["findings"].as_array().unwrap().iter().filter(|row| row["backtrace"].is_array()).count();
    assert!(stacks >= 1000, "{stacks} findings have a stack");
    assert!(begun.elapsed() < Duration::from_secs(90), "{:?}", begun.elapsed());

    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("many.jsonl");
    let mut text = String::from(
        r#"{"format":"mobsync-trace","version":1,"generator":"test","handler":"x","profile":"xp","clock":"virtual","started":"2026-01-01T00:00:00Z","seed":0}"#,
    );
    let mut seq = 0;
    // Not in the order of their numbers.
    for handler in (1..=20_000).rev() {
        let mut event = |rest: &str| {
            seq += 1;
            text += &format!("\n{{\"seq\":{seq},\"at_ns\":0,\"thread\":\"apartment\",\"handler\":{handler},{rest}}}");
        };
        event(r#""kind":"note","method":"Created","args":{"name":"x"}"#);
        event(r#""kind":"call","call":1,"method":"Initialize","args":{"flags":"MANUAL|MAYBOTHERUSER"}"#);
        event(r#""kind":"return","call":1,"method":"Initialize","hr":"S_OK""#);
        event(r#""kind":"call","call":2,"method":"Release""#);
        event(r#""kind":"return","call":2,"method":"Release","args":{"refs":0},"hr":"S_OK""#);
    }
    fs::write(&trace, text + "\n").expect("it is written");
    let begun = Instant::now();
    let checked = Command::new(env!("CARGO_BIN_EXE_mobsync")).arg("check").arg(&trace).output().expect("it runs");
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

/// The time limit is generous: what takes the square of the number of entries takes far longer.
#[test]
fn a_script_of_very_many_items_and_a_very_long_baseline_are_no_endless_work() {
    let folder = TempDir::new().expect("a folder");
    let written = |name: &str, document: Value| {
        let file = folder.path().join(name);
        fs::write(&file, document.to_string()).expect("it can be written");
        file.display().to_string()
    };
    let item = |nth| serde_json::json!({ "id": format!("{{{nth:08X}-0000-0000-0000-000000000001}}"), "name": "Item" });
    let items: Vec<Value> = (0..14_000).map(item).collect();
    let script = serde_json::json!({ "kind": "script", "version": 1, "name": "Many", "items": items });
    let (code, said) =
        under("-c 0", &format!("run {} 2>&1 | tail -1; exit ${{PIPESTATUS[0]}}", written("many.json", script)));
    assert_eq!(code, Some(0), "{said}");

    let entry = |nth| serde_json::json!({ "rule": "SYNC-04", "case": format!("c{nth}"), "reason": "known" });
    let accepted: Vec<Value> = (0..50_000).map(entry).collect();
    let baseline = serde_json::json!({ "format": "mobsync-baseline", "version": 1, "accepted": accepted });
    let begun = Instant::now();
    let baseline = written("baseline.json", baseline);
    let (code, said) = under("-c 0", &format!("run fixtures/handlers/completes-twice.json --baseline {baseline}"));
    assert_eq!(code, Some(1), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
