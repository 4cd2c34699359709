//! `mobsync check`, of traces that do not go to the end.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

#[test]
fn a_trace_that_is_cut_at_any_line_is_incomplete_and_the_whole_one_passes() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let mobsync = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let path = trace.to_str().unwrap();
    let (code, said) = mobsync(&["run", "fixtures/handlers/good.json", "--trace", path]);
    assert_eq!(code, Some(0), "{said}");
    let whole = fs::read_to_string(&trace).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines.len() > 30);
    let mut missing = Vec::new();
    for end in 1..=lines.len() {
        fs::write(&trace, lines[..end].join("\n") + "\n").unwrap();
        let (code, said) = mobsync(&["check", path]);
        let Some((_, what)) = said.split_once("the trace ends before ") else {
            // The handler is released: what is missing now is the manager's to do, and is found.
            assert!(lines[..end].iter().any(|line| line.contains("\"return\"") && line.contains("\"Release\"")));
            assert_eq!((code, said.as_str()), (Some(i32::from(end < lines.len())), ""), "cut after line {end}");
            continue;
        };
        assert_eq!(code, Some(2), "cut after line {end}: {said}");
        missing.push(what.split_once(": it was cut off").map(|(what, _)| what.to_owned()).unwrap_or_default());
    }
    missing.dedup();
    let begin = ["a handler is created", "the handler is released", "Initialize has returned"];
    assert_eq!(missing[..3], begin, "{missing:?}");
    assert!(missing.contains(&"Synchronize is completed".to_owned()), "{missing:?}");
    assert_eq!(missing.last().map(String::as_str), Some("Release has returned"), "{missing:?}");
}
