//! `--apartment strict`: a callback from another thread waits while the manager's thread is inside a call to a handler.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::fs;
use std::path::Path;
use std::process::Command;

use native::{NOTEBOOK_C, NOTEBOOK_CPP, library, of_repository};
use serde_json::{Value, json};

fn mobsync(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).args(args).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() != Some(2), "{said}{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

/// The report of the suite in a strict apartment.
fn conform(args: &[&str]) -> Value {
    let strict = ["--apartment", "strict", "--format", "json", "--timeout", "60"];
    let (_, said) = mobsync(&[&["conform"], args, &strict].concat());
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}\n{said}"))
}

fn notebook(switch: &str) -> String {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_BUG=\"{switch}\"")]);
    built.display().to_string()
}

fn rules(report: &Value) -> Vec<&str> {
    report["causes"].as_array().unwrap().iter().map(|cause| cause["rule"].as_str().unwrap()).collect()
}

fn verdict<'a>(report: &'a Value, rule: &str) -> &'a str {
    let rules = report["rules"].as_array().unwrap();
    rules.iter().find(|one| one["rule"] == rule).and_then(|one| one["verdict"].as_str()).unwrap()
}

#[test]
fn reference_handlers_pass_the_suite_in_a_strict_apartment() {
    for report in [
        conform(&[&notebook(""), "--clsid", NOTEBOOK_CPP]),
        conform(&[&library("fixtures/handlers/c/notebook.c", &[]).display().to_string(), "--clsid", NOTEBOOK_C]),
    ] {
        assert_eq!(rules(&report), [""; 0], "{:#}", report["findings"]);
        assert_eq!(verdict(&report, "APT-01"), "held", "a callback waited for a call that returned");
    }
}

#[test]
fn filesync_passes_the_suite_in_a_strict_apartment() {
    let right = tempfile::tempdir().unwrap();
    let left = of_repository("fixtures/folders");
    let folders = ["left", "recipes"].map(|name| json!({"left": left.join(name), "right": right.path().join(name)}));
    let file = right.path().join("handler.json");
    let handler = json!({"kind": "builtin", "version": 1, "name": "filesync", "folders": folders});
    fs::write(&file, handler.to_string()).unwrap();
    let report = conform(&[&file.display().to_string()]);
    assert_eq!(rules(&report), [""; 0], "{:#}", report["findings"]);
}

/// The one finding of the case, which has the stacks of both threads.
fn deadlock<'a>(report: &'a Value, method: &str, worker: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let found = &findings[0];
    assert_eq!((&found["rule"], &found["method"]), (&json!("APT-01"), &json!(method)), "{found:#}");
    let frames: Vec<&str> = found["backtrace"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let other = frames.iter().position(|frame| frame.starts_with("thread ")).expect("the other thread is shown");
    let has = |frames: &[&str], name: &str| frames.iter().any(|frame| frame.contains(name));
    assert!(has(&frames[..other], &format!("CNotebook::{method}")), "{frames:#?}");
    assert!(has(&frames[other..], worker) && !has(&frames[other..], method), "{frames:#?}");
    found
}

#[test]
fn a_method_that_takes_a_lock_which_is_held_across_a_callback_is_found_with_both_stacks() {
    let report = conform(&[&notebook("STOP_04_1"), "--clsid", NOTEBOOK_CPP, "--case", "skip-A-at-the-first-report"]);
    deadlock(&report, "SetItemStatus", "CNotebook::CallBack");
    assert_eq!(report["cases"][0]["error"], Value::Null, "the session went on to its end");
}

#[test]
fn a_method_that_waits_for_the_workers_is_found_with_both_stacks() {
    let report = conform(&[&notebook("APT_01_2"), "--clsid", NOTEBOOK_CPP, "--case", "release-while-it-works"]);
    deadlock(&report, "SetProgressCallback", "CNotebook::CallBack");
}

/// Where the callback cannot help, the call hangs all the same: one mistake, named after its reason.
#[test]
fn a_call_that_never_returns_after_all_is_a_consequence() {
    let (_, said) = mobsync(&[
        "check",
        "--format",
        "json",
        &of_repository("fixtures/traces/waits-for-a-callback-for-ever.trace").display().to_string(),
    ]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(rules(&report), ["APT-01"], "{:#}", report["findings"]);
    let hangs = report["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "LIFE-03");
    assert!(hangs.is_some_and(|found| !found["consequence_of"].is_null()), "{:#}", report["findings"]);
}

#[test]
fn a_scenario_and_the_settings_of_a_project_say_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("strict.json");
    let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
    let library = notebook("APT_01_2");
    let mut text = json!({
        "format": "mobsync-scenario", "version": 1, "title": "Left in the middle", "choose": "all",
        "handler": library, "clsid": NOTEBOOK_CPP, "apartment": "strict",
        "steps": [{"when": {"callback": "Progress", "nth": 2}, "do": "release"}],
        "expect": {"findings": ["APT-01"]},
    });
    write(&scenario, &text.to_string());
    let replay = ["replay", &scenario.display().to_string()].map(str::to_owned);
    let (code, said) = mobsync(&replay.each_ref().map(String::as_str));
    assert_eq!(code, Some(0), "{said}");
    text.as_object_mut().unwrap().remove("apartment");
    write(&scenario, &text.to_string());
    let settings = folder.path().join("mobsync.toml");
    write(&settings, "apartment = \"strict\"\n");
    let (code, said) = mobsync(&["replay", "--config", &settings.display().to_string(), &replay[1]]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = mobsync(&["replay", "--no-config", &replay[1]]);
    assert_eq!(code, Some(1), "nothing is found without it: {said}");
}
