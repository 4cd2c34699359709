//! In a container: as process 1 of a PID namespace, and with a `/dev/shm` of 1 MiB. Verdicts are those of any other place.

#![cfg(target_os = "linux")]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::process::{Command, Output};

use native::{NOTEBOOK_CPP, library};
use serde_json::Value;

/// The namespaces of a container, where this machine lets a test have them. `.ci/run` lists it where it does not.
fn unshare(namespaces: &[&str], script: &str) -> Option<Output> {
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(namespaces).args(["/bin/sh", "-c", script]).env_remove("RUST_BACKTRACE");
        command.output().ok()
    };
    if !run("true").is_some_and(|output| output.status.success()) {
        eprintln!("not tested: `unshare {}` is not allowed here", namespaces.join(" "));
        return None;
    }
    run(script)
}

/// The exit code, and the rules of the findings that are no consequences.
fn judged(output: &Output) -> (Option<i32>, Vec<String>) {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let counted = findings.iter().filter(|row| row["consequence_of"].is_null());
    (output.status.code(), counted.filter_map(|row| row["rule"].as_str().map(str::to_owned)).collect())
}

const AS_PROCESS_1: [&str; 3] = ["--pid", "--fork", "--mount-proc"];

/// The shell becomes the program, so that it is process 1 itself.
fn run(torture: &str, more: &str) -> String {
    let definition = format!("WITH_TORTURE=\"{torture}\"");
    let definitions: &[&str] = if torture.is_empty() { &[] } else { &[&definition] };
    let library = library("fixtures/handlers/cpp/notebook.cpp", definitions);
    let program = env!("CARGO_BIN_EXE_mobsync");
    let limits = "--timeout 60 --blocking-limit 30 --format json";
    format!("exec {program} run {} --clsid '{NOTEBOOK_CPP}' {limits} {more}", library.display())
}

#[test]
fn as_process_1_a_good_handler_passes_and_a_full_ring_is_no_crash() {
    if let Some(output) = unshare(&AS_PROCESS_1, &run("", "")) {
        assert_eq!(judged(&output), (Some(0), Vec::new()));
    }
    if let Some(output) = unshare(&AS_PROCESS_1, &run("LOG_FOR_EVER", "--session-limit 5")) {
        let (code, rules) = judged(&output);
        assert_eq!(code, Some(1), "{rules:?}");
        assert!(rules.contains(&"SYNC-03".to_owned()) && !rules.contains(&"LIFE-02".to_owned()), "{rules:?}");
    }
}

#[test]
fn a_small_dev_shm_changes_no_verdict() {
    let small = "mount -t tmpfs -o size=1m tmpfs /dev/shm && ";
    if let Some(output) = unshare(&["--mount"], &(small.to_owned() + &run("", ""))) {
        assert_eq!(judged(&output), (Some(0), Vec::new()));
    }
    if let Some(output) = unshare(&["--mount"], &(small.to_owned() + &run("LOG_FOR_EVER", "--session-limit 5"))) {
        let (code, rules) = judged(&output);
        assert_eq!(code, Some(1), "{rules:?}");
        assert!(!rules.contains(&"LIFE-02".to_owned()), "{rules:?}");
    }
}
