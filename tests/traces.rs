//! Traces of sessions in which a rule is broken, or only looks broken: each is judged as its marks say, at these levels, in
//! the notation and as a trace file alike.

#[path = "common/marked.rs"]
mod marked;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use marked::{findings, fired, marked};
use mobsync::rules::Level;
use mobsync::trace::notation::{Notation, parse};
use mobsync::trace::{Reader, Writer};

/// Each trace with what is found in it, in the order of the events.
const TRACES: &[(&str, &[(&str, Level)])] = &[
    ("cancel-is-ignored", &[("STOP-01", Level::Warning), ("STOP-07", Level::Error)]),
    ("cancel-of-all-is-ignored-in-silence", &[("STOP-07", Level::Error), ("STOP-07", Level::Error)]),
    ("clone-unexpected", &[("ENUM-08", Level::Error)]),
    ("connection-closed-under-another", &[("CONN-02", Level::Error)]),
    ("connection-closed-when-all-are-done", &[]),
    ("deleted-item", &[]),
    ("dialog-in-synchronize-without-user", &[("SYNC-13", Level::Error)]),
    ("dialog-never-given-back", &[("SYNC-10", Level::Warning), ("MODE-01", Level::Error)]),
    ("dialog-of-an-error-without-user", &[]),
    ("dialog-over-two-phases", &[("MODE-05", Level::Warning)]),
    ("done-at-the-first-report", &[("PROG-09", Level::Note), ("PROG-09", Level::Note)]),
    ("error-logged-and-succeeded", &[("LOG-10", Level::Note)]),
    ("hidden-handler-in-xp", &[("INFO-07", Level::Note)]),
    ("items-that-were-not-begun", &[]),
    ("late-reports", &[("PROG-10", Level::Warning), ("PROG-10", Level::Warning)]),
    ("released-instead-of-retried", &[("ERRS-08", Level::Note)]),
    ("report-on-its-way-when-left", &[]),
    ("reports-go-on-when-left", &[("CB-08", Level::Note)]),
    ("reports-of-a-stopped-item", &[]),
    ("reports-without-a-status-are-work", &[("STOP-02", Level::Warning), ("STOP-07", Level::Error)]),
    ("reset-changes-items-and-order", &[]),
    ("same-value-for-a-minute", &[("PROG-11", Level::Note)]),
    ("second-completion-after-null", &[("SYNC-04", Level::Error), ("CB-07", Level::Warning)]),
    ("settings-without-an-event", &[("INIT-07", Level::Note)]),
    ("skip-inside-prepare", &[("STOP-05", Level::Error)]),
    ("skip-inside-synchronize", &[("STOP-05", Level::Error)]),
    ("unprepared-item-is-pending", &[]),
    (
        "waits-for-a-callback-for-ever",
        &[("APT-01", Level::Warning), ("STOP-04", Level::Warning), ("LIFE-03", Level::Error)],
    ),
    ("work-before-the-first-report", &[("PROG-09", Level::Warning)]),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/traces")
}

fn read(name: &str) -> Notation {
    let file = folder().join(format!("{name}.trace"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    parse(&text, &file.display().to_string()).unwrap_or_else(|error| panic!("{error}"))
}

/// The same trace after it was written to a file and read again.
fn written_and_read(notation: &Notation) -> Notation {
    let mut writer = Writer::new(Vec::new(), &notation.header).expect("a header can be written");
    notation.events.iter().for_each(|event| writer.write(event).expect("an event can be written"));
    let file = writer.into_inner();
    let reader = Reader::new(file.as_slice(), "written.jsonl").unwrap_or_else(|error| panic!("{error}"));
    let header = reader.header().clone();
    let events = reader.map(|event| event.unwrap_or_else(|error| panic!("{error}"))).collect();
    Notation { header, events, lines: notation.lines.clone() }
}

#[test]
fn every_trace_is_judged_as_it_is_marked_whatever_its_form() {
    let mut problems = Vec::new();
    for (name, expected) in TRACES {
        let notation = read(name);
        let written = written_and_read(&notation);
        for (form, notation) in [("notation", &notation), ("file", &written)] {
            let (fired, marked) = (fired(notation), marked(notation));
            if fired != marked {
                problems.push(format!("{name} as {form}: marked {marked:?}, found {fired:?}"));
            }
            let found: Vec<(&str, Level)> =
                findings(notation).iter().map(|(_, finding)| (finding.rule.code, finding.level)).collect();
            if found != *expected {
                problems.push(format!("{name} as {form}: {found:?}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_table_has_every_trace() {
    let entries = fs::read_dir(folder()).expect("the folder can be read");
    let mut there: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    there.sort();
    assert_eq!(there, TRACES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

#[test]
fn check_fails_exactly_those_with_an_error() {
    let files = TRACES.iter().map(|(name, _)| folder().join(format!("{name}.trace")));
    let by_name: BTreeMap<String, bool> = files
        .map(|file| {
            let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).arg("check").arg(&file).output().expect("it runs");
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 1)), "{}: {code:?}", file.display());
            (file.file_stem().expect("a name").to_string_lossy().into_owned(), code == Some(1))
        })
        .collect();
    for (name, expected) in TRACES {
        let fails = expected.iter().any(|(_, level)| *level == Level::Error);
        assert_eq!(by_name[*name], fails, "{name}");
    }
}
