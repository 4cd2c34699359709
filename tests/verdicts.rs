//! What fair judges say of handlers that people who never saw this project wrote: each is run once and through the suite.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A handler of fixtures/verdicts, and what is found.
struct Expected {
    handler: &'static str,
    /// The exit code of `run` and the causes that it finds: rule and level, the weightiest first.
    run: (i32, &'static [(&'static str, &'static str)]),
    /// The same of `conform`.
    conform: (i32, &'static [(&'static str, &'static str)]),
    /// What `run` says of the session.
    outcome: &'static str,
}

const EXPECTED: &[Expected] = &[
    Expected {
        handler: "dials-without-the-flag",
        run: (0, &[("CONN-01", "warning")]),
        conform: (0, &[("CONN-01", "warning")]),
        outcome: "completed with S_OK",
    },
    Expected {
        handler: "logs-an-error-and-succeeds",
        run: (0, &[("LOG-10", "note")]),
        conform: (0, &[("LOG-10", "note")]),
        outcome: "completed with S_OK",
    },
    Expected { handler: "has-no-items", run: (0, &[]), conform: (2, &[]), outcome: "nothing to synchronize" },
    Expected {
        handler: "reports-values-only",
        run: (0, &[("PROG-09", "note")]),
        conform: (1, &[("STOP-07", "error"), ("PROG-09", "note")]),
        outcome: "completed with S_OK",
    },
    Expected {
        handler: "reports-texts-only",
        run: (0, &[]),
        conform: (1, &[("STOP-07", "error")]),
        outcome: "completed with S_OK",
    },
    Expected {
        handler: "refuses-the-callback",
        run: (1, &[]),
        conform: (2, &[]),
        outcome: "SetProgressCallback returned E_UNEXPECTED",
    },
    Expected {
        handler: "first-report-is-late",
        run: (1, &[("SYNC-03", "error")]),
        conform: (1, &[("SYNC-03", "error")]),
        outcome: "Synchronize was never completed",
    },
    Expected {
        handler: "waits-for-messages",
        run: (1, &[("LIFE-03", "error")]),
        conform: (1, &[("LIFE-03", "error")]),
        outcome: "Synchronize never returned",
    },
    Expected {
        handler: "value-never-moves",
        run: (0, &[("PROG-11", "note")]),
        conform: (0, &[("PROG-11", "note")]),
        outcome: "completed with S_OK",
    },
    Expected { handler: "asks-to-enumerate-again", run: (0, &[]), conform: (0, &[]), outcome: "completed with S_OK" },
];

fn report(command: &str, handler: &str) -> (Option<i32>, Value) {
    let file = Path::new("fixtures/verdicts").join(format!("{handler}.json"));
    let mut program = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    program.arg(command).arg(file).args(["--format", "json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = program.output().expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{handler}: {error}\n{errors}"));
    (output.status.code(), report)
}

fn causes(report: &Value) -> Vec<(&str, &str)> {
    report["causes"].as_array().unwrap().iter().map(|cause| (text(cause, "rule"), text(cause, "level"))).collect()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn one_session_finds_what_it_shows() {
    for Expected { handler, run: (code, rules), outcome, .. } in EXPECTED {
        let (exited, report) = report("run", handler);
        assert_eq!((exited, causes(&report).as_slice()), (Some(*code), *rules), "{handler}");
        assert_eq!(report["outcome"], *outcome, "{handler}");
    }
}

#[test]
fn the_suite_finds_each_mistake_as_one_cause_and_says_when_it_could_not_judge() {
    for Expected { handler, conform: (code, rules), .. } in EXPECTED {
        let (exited, report) = report("conform", handler);
        assert_eq!((exited, causes(&report).as_slice()), (Some(*code), *rules), "{handler}");
        let unfinished = report["unfinished"].as_array().map_or(0, Vec::len);
        assert_eq!(unfinished, usize::from(*code == 2), "{handler}: {:#}", report["unfinished"]);
    }
}

#[test]
fn every_handler_of_the_folder_is_judged_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/verdicts");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut known: Vec<&str> = EXPECTED.iter().map(|expected| expected.handler).collect();
    known.sort_unstable();
    assert_eq!(files, known);
}
