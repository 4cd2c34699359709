//! Handlers that are built with a sanitizer: the worker starts with its runtime, what it finds is a finding, and a good handler
//! passes. Where that cannot be, what to do is said. Each is really compiled.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const CLSID: &str = "{6D6F6273-796E-4E6F-8001-000000000001}";

/// The notebook, with one of the mistakes in `bugs.h` or none.
fn built(folder: &Path, compiler: &str, flags: &[&str], torture: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = folder.join(format!("{torture}.so"));
    let mut command = Command::new(compiler);
    command.args(["-std=c++17", "-g", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-w"]).args(flags);
    command.arg(format!("-DWITH_TORTURE=\"{torture}\"")).arg("-I").arg(root.join("include"));
    let output = command.arg(root.join("fixtures/handlers/cpp/notebook.cpp")).arg("-o").arg(&library).output();
    let output = output.unwrap_or_else(|error| panic!("{compiler} cannot be run: {error}"));
    assert!(output.status.success(), "{compiler} {flags:?}: {}", String::from_utf8_lossy(&output.stderr));
    library
}

/// Runs the program: its exit code, the report, and what it said beside. Sanitizers are slow, and so is a busy machine.
fn ran(library: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("run").arg(library).args(["--clsid", CLSID, "--format", "json"]);
    command.args(["--timeout", "300", "--blocking-limit", "300"]).args(more);
    for variable in ["LD_PRELOAD", "ASAN_OPTIONS", "TSAN_OPTIONS", "RUST_BACKTRACE"] {
        command.env_remove(variable);
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), said)
}

/// There is one finding: a crash, with what the sanitizer said.
fn assert_found(library: &Path, what: &str) {
    let (code, report, said) = ran(library, &[]);
    assert_eq!(code, Some(1), "{said}");
    let findings = report["findings"].as_array().expect("there are findings");
    let counted: Vec<&Value> = findings.iter().filter(|row| row["consequence_of"].is_null()).collect();
    assert_eq!(counted.len(), 1, "{report:#}");
    assert_eq!(counted[0]["rule"], "LIFE-02", "{report:#}");
    let message = counted[0]["message"].as_str().expect("a message");
    assert!(message.contains(what) && message.contains("notebook.cpp"), "{message}");
    let output = report["cases"][0]["output"].as_str().unwrap_or_default();
    assert!(output.contains(what), "the whole report of the sanitizer is kept: {output}");
    let stack = counted[0]["backtrace"].as_array().expect("a stack");
    assert!(stack.iter().all(|frame| !frame.as_str().unwrap_or_default().contains("san.so")), "{stack:?}");
}

fn assert_passes(library: &Path) {
    let (code, report, said) = ran(library, &[]);
    assert_eq!((code, &report["summary"]["errors"]), (Some(0), &Value::from(0)), "{report:#}\n{said}");
}

#[test]
fn what_address_sanitizer_finds_is_a_finding() {
    let folder = TempDir::new().expect("a folder");
    assert_found(
        &built(folder.path(), "c++", &["-fsanitize=address"], "USE_AFTER_FREE"),
        "AddressSanitizer: heap-use-after-free",
    );
}

#[test]
fn a_race_that_thread_sanitizer_finds_is_a_finding_and_a_handler_without_one_passes() {
    let folder = TempDir::new().expect("a folder");
    assert_found(&built(folder.path(), "c++", &["-fsanitize=thread"], "RACE"), "ThreadSanitizer: data race");
    assert_passes(&built(folder.path(), "c++", &["-fsanitize=thread"], "NONE"));
}

#[test]
fn a_library_that_does_not_name_its_runtime_runs_and_says_what_to_do_where_it_cannot() {
    let folder = TempDir::new().expect("a folder");
    let library = built(folder.path(), "c++", &["-fsanitize=address", "-static-libasan"], "NONE");
    assert_passes(&library);
    let (code, _, said) = ran(&library, &["--in-process"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("it is built with AddressSanitizer") && said.contains("LD_PRELOAD=/"), "{said}");
}

#[test]
fn what_clang_builds_is_driven_as_well() {
    if Command::new("clang++").arg("--version").output().is_err() {
        // `.ci/run` lists it.
        eprintln!("not tested: clang++ is not installed");
        return;
    }
    let folder = TempDir::new().expect("a folder");
    for flags in [&["-fsanitize=address"][..], &["-fsanitize=address", "-shared-libsan"]] {
        assert_found(
            &built(folder.path(), "clang++", flags, "USE_AFTER_FREE"),
            "AddressSanitizer: heap-use-after-free",
        );
    }
    let library = built(folder.path(), "clang++", &["-fsanitize=memory"], "NONE");
    let (code, _, said) = ran(&library, &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("MemorySanitizer") && said.contains("build it without"), "{said}");
}
