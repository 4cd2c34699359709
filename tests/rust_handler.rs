//! A handler in Rust with windows-core: `examples/notebook`, a COM library like any other.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
#[path = "common/rust_handler.rs"]
mod rust_handler;

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use native::{NOTEBOOK_CPP, library};
use rust_handler::{NOTEBOOK_RUST, notebook_in_rust};
use serde_json::{Value, json};

fn mobsync(args: &[&str]) -> Output {
    Command::cargo_bin("mobsync").expect("it is built").args(args).output().expect("it runs")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path is UTF-8")
}

/// What the program says of itself, where it did not do what was asked.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_handler_in_rust_passes_the_conformance_suite() {
    let library = notebook_in_rust();
    let output = mobsync(&["conform", path(&library), "--clsid", NOTEBOOK_RUST, "--strict", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report is JSON");
    assert_eq!(report["findings"], Value::Array(vec![]));
    let rules = report["rules"].as_array().expect("a report has rules");
    for native in ["INFO-02", "INFO-03", "ITEM-01", "CB-01", "CB-03", "CB-05", "PROG-01", "LOG-03", "COM-01", "COM-07"]
    {
        let rule = rules.iter().find(|rule| rule["rule"] == native).expect("each rule has a verdict");
        assert_eq!(rule["verdict"], "held", "{native}");
    }
}

#[test]
fn a_handler_in_rust_does_what_the_same_in_cpp_does() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let traces = ["cpp", "rust"].map(|name| folder.path().join(name).with_extension("jsonl"));
    // By handler files, which give both the same name.
    let libraries =
        [(library("fixtures/handlers/cpp/notebook.cpp", &[]), NOTEBOOK_CPP), (notebook_in_rust(), NOTEBOOK_RUST)];
    let [cpp, rust] = ["cpp", "rust"].map(|name| folder.path().join(name).with_extension("json"));
    for (file, (library, clsid)) in [&cpp, &rust].into_iter().zip(libraries) {
        let handler = json!({ "kind": "com", "version": 1, "library": library, "clsid": clsid, "name": "notebook" });
        fs::write(file, handler.to_string()).expect("it can be written");
    }
    let sessions: &[&[&str]] =
        &[&[], &["--no-user"], &["--settings"], &["--item", "Mail", "--item", "Contacts"], &["--in-process"]];
    for options in sessions {
        for (handler, trace) in [&cpp, &rust].into_iter().zip(&traces) {
            // Without a user nobody asks for the retry: the session fails, and both fail alike.
            let args = [&["run", path(handler), "--allow-failure", "--trace", path(trace)], *options].concat();
            let output = mobsync(&args);
            assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        }
        let output = mobsync(&["diff", path(&traces[0]), path(&traces[1])]);
        assert_eq!(output.status.code(), Some(0), "{options:?}: {}", said(&output));
    }
    // They are compared at all: another choice of items is another trace.
    let args = ["run", path(&rust), "--item", "Mail", "--trace", path(&traces[1])];
    assert_eq!(mobsync(&args).status.code(), Some(0));
    let output = mobsync(&["diff", path(&traces[0]), path(&traces[1])]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_class_that_the_library_does_not_have_is_an_error_that_says_so() {
    let library = notebook_in_rust();
    let output = mobsync(&["run", path(&library), "--clsid", NOTEBOOK_CPP]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("is --clsid the right one?"), "{}", said(&output));
}
