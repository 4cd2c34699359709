//! What the program logs about itself: `--log`, `MOBSYNC_LOG`, in people's words or as JSON; nothing unless it is asked.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::process::{Command, Output};

use native::{NOTEBOOK_CPP, library};
use serde_json::Value;

fn mobsync() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("MOBSYNC_LOG").env_remove("MOBSYNC_LOG_FORMAT");
    command
}

fn run_notebook(more: &[&str]) -> Output {
    let notebook = library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let mut command = mobsync();
    command.arg("run").arg(&notebook).args(["--clsid", NOTEBOOK_CPP]).args(more);
    command.output().expect("the program starts")
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the log is text")
}

#[test]
fn nothing_is_logged_unless_it_is_asked_for() {
    let output = run_notebook(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    for word in ["worker started", "library loaded", "INFO", "DEBUG"] {
        assert!(!errors(&output).contains(word), "{word} in {}", errors(&output));
    }
}

#[test]
fn the_host_says_what_is_otherwise_invisible_and_its_workers_do_too() {
    let output = run_notebook(&["--log", "debug"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let errors = errors(&output);
    let lines = |what: &str| errors.lines().filter(|line| line.contains(what)).map(str::to_owned).collect::<Vec<_>>();
    let started = lines("worker started");
    assert_eq!(started.len(), 1, "{errors}");
    assert!(started[0].contains("job{handler=\"notebook") && started[0].contains("}:worker{pid="), "{errors}");
    // In the worker.
    let loaded = lines("library loaded");
    assert_eq!(loaded.len(), 1, "{errors}");
    assert!(loaded[0].contains("session{clock=\"real\"}") || loaded[0].contains("worker{pid="), "{errors}");
    assert_eq!(lines("worker ended").len(), 1, "{errors}");
    assert!(!lines("retry").is_empty(), "the notebook asks for a retry, and gets it: {errors}");
}

#[test]
fn as_json_every_line_of_the_log_is_an_object() {
    let output = run_notebook(&["--log", "mobsync=trace", "--log-format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let errors = errors(&output);
    let lines: Vec<Value> =
        errors.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    let returned = |line: &&Value| line["fields"]["message"] == "returned";
    let methods: Vec<&str> = lines.iter().filter(returned).filter_map(|line| line["span"]["method"].as_str()).collect();
    for method in ["Initialize", "PrepareForSync", "Synchronize", "Release"] {
        assert!(methods.contains(&method), "{method} in {methods:?}");
    }
}

#[test]
fn the_environment_asks_as_well_and_the_option_wins() {
    let script = "fixtures/handlers/good.json";
    let run = |option: &[&str]| {
        let output = mobsync().args(["run", script]).args(option).env("MOBSYNC_LOG", "trace").output().unwrap();
        errors(&output)
    };
    assert!(run(&[]).contains("called"), "{}", run(&[]));
    assert!(!run(&["--log", "error"]).contains("called"), "{}", run(&["--log", "error"]));
}

#[test]
fn a_filter_that_makes_no_sense_is_refused_with_its_place() {
    let by_option = mobsync().args(["rules", "SYNC-04", "--log", "mobsync=loud"]).output().unwrap();
    assert_eq!(by_option.status.code(), Some(2));
    assert!(errors(&by_option).contains("--log \"mobsync=loud\""), "{}", errors(&by_option));
    let by_variable = mobsync().args(["rules", "SYNC-04"]).env("MOBSYNC_LOG", "a=b=c").output().unwrap();
    assert_eq!(by_variable.status.code(), Some(2));
    assert!(errors(&by_variable).contains("MOBSYNC_LOG \"a=b=c\""), "{}", errors(&by_variable));
}

#[test]
fn a_time_out_is_logged_with_the_method() {
    let output = mobsync().args(["run", "fixtures/handlers/hangs.json", "--log", "info"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = errors(&output);
    assert!(errors.lines().any(|line| line.contains("time-out") && line.contains("method=Synchronize")), "{errors}");
}
