//! What the system does not give: with few file descriptors, little memory and small files the verdict is right, or what is
//! missing is said.

#![cfg(target_os = "linux")]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::process::Command;

use native::{NOTEBOOK_CPP, library};

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
    let folder = tempfile::TempDir::new().expect("a folder");
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
    let folder = tempfile::TempDir::new().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    let (code, said) = under("-f 8", &format!("run fixtures/handlers/good.json --trace {}", trace.display()));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the trace ends before event"), "{said}");
}
