//! What a handler's process wrote before it crashed is on standard error, and with its case in the report.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
#[path = "common/program.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod program;

use native::{NOTEBOOK_CPP, library};
use program::ran;
use serde_json::Value;

const FIRST: &str = "line 0 of what the handler says before it crashes";
const LAST: &str = "line 1999 of what the handler says before it crashes";
const END: &str = "its last words, without an end";

/// Runs the notebook that does this.
fn run(how: &str, format: &str) -> (Option<i32>, String, String) {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_TORTURE=\"{how}\"")]);
    let built = built.to_str().expect("UTF-8");
    ran(&["run", built, "--clsid", NOTEBOOK_CPP, "--timeout", "60", "--format", format])
}

fn json(said: &str) -> Value {
    serde_json::from_str(said).expect("a report")
}

#[test]
fn all_that_a_handler_said_before_a_crash_is_with_its_case() {
    let (code, out, errors) = run("LOUD_ABORT", "json");
    assert_eq!(code, Some(1), "{errors:.500}");
    let lines = errors.lines().filter(|line| line.contains("of what the handler says")).count();
    assert_eq!(lines, 2000, "all of it is on standard error");
    assert!(errors.lines().any(|line| line == END), "it ends a line of its own: {}", &errors[errors.len() - 300..]);
    let report = json(&out);
    assert_eq!(report["findings"][0]["rule"], "LIFE-02", "{report:#}");
    let output = report["cases"][0]["output"].as_str().expect("the case has the output");
    assert!(output.starts_with(FIRST) && output.contains(LAST) && output.ends_with(END), "{output:.300}");

    let (_, xml, _) = run("LOUD_ABORT", "junit");
    let said =
        xml.split_once("<system-err>").and_then(|(_, rest)| rest.split_once("</system-err>")).expect("it is there").0;
    assert!(said.starts_with(FIRST) && said.contains(LAST) && said.ends_with(END), "{said:.300}");

    let (_, text, _) = run("LOUD_ABORT", "human");
    let (_, last) = text.split_once("the handler's output ends with:\n").expect("it is shown");
    let shown: Vec<&str> = last.lines().take_while(|line| line.starts_with("    | ")).collect();
    assert_eq!(shown.len(), 8, "{text}");
    assert_eq!(shown[6..], [format!("    | {LAST}"), format!("    | {END}")]);
    assert!(!text.contains("\\n"), "{text}");
}

#[test]
fn of_a_case_that_passed_the_end_is_kept_with_its_length() {
    let (code, out, _) = run("LOUD", "json");
    assert_eq!(code, Some(0));
    let report = json(&out);
    let output = report["cases"][0]["output"].as_str().expect("the case has the output");
    let lines = (0..2000).map(|at| format!("line {at} of what the handler says before it crashes\n").len());
    // The notebook has two rounds.
    let length = 2 * (lines.sum::<usize>() + END.len());
    let cut = length - 4096;
    assert!(output.starts_with(&format!("… (the first {cut} of {length} bytes are left out)\n")), "{output:.100}");
    assert!(output.contains(LAST) && output.len() < 5000);
}

#[test]
fn what_a_program_said_is_with_its_case() {
    let program = "import sys\nfor line in range(2000): print('line', line, 'of its log', file=sys.stderr)\nraise RuntimeError('the end')";
    let folder = tempfile::TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("loud.py"), program).expect("it is written");
    let file = folder.path().join("loud.json");
    std::fs::write(&file, r#"{"kind":"exec","version":1,"name":"Loud","command":["python3","loud.py"]}"#)
        .expect("it is written");
    let (code, out, errors) = ran(&["run", file.to_str().expect("UTF-8"), "--format", "json"]);
    assert_eq!(code, Some(1), "{errors:.500}");
    assert!(errors.contains("line 0 of its log\n") && errors.contains("RuntimeError: the end\n"), "{errors:.300}");
    let report = json(&out);
    let message = report["findings"][0]["message"].as_str().unwrap_or_default();
    assert!(message.ends_with("its standard error ends with: RuntimeError: the end"), "{message}");
    let output = report["cases"][0]["output"].as_str().expect("the case has the output");
    assert!(output.starts_with("line 0 of its log\n") && output.ends_with("RuntimeError: the end\n"), "{output:.300}");
}
