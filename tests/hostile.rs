//! Texts of handlers, files and the command line that try to act on a terminal or on a CI system: whatever they are and
//! wherever they come out, they only stand there.

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use program::{FORMATS, ran};

/// Whether the text could act on whatever shows it, and where.
fn acts(said: &str) -> Option<String> {
    let bad = |c: char| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
    };
    let own =
        ["::error title=", "::warning title=", "::notice title=", "::error file=", "::warning file=", "::notice file="];
    said.split('\n').find_map(|line| {
        let is_command = line.trim_start().starts_with("::") && !own.iter().any(|own| line.starts_with(own));
        (is_command || line.contains("##[") || line.contains(bad)).then(|| format!("{line:?}"))
    })
}

fn assert_harmless(args: &[&str]) -> (Option<i32>, String, String) {
    let (code, out, errors) = ran(args);
    assert_eq!(acts(&out), None, "standard output of {args:?}");
    assert_eq!(acts(&errors), None, "standard error of {args:?}");
    assert!(code.is_some() && code != Some(101), "{args:?}: {errors}");
    (code, out, errors)
}

/// The handler of a script that says the text wherever a handler can.
fn handler(text: &str) -> Value {
    json!({
        "kind": "script", "version": 1, "name": text,
        "items": [{ "id": "A", "name": text }, { "id": "B", "name": format!("b{text}") }],
        "methods": { "Synchronize": { "then": [
            { "log": { "level": "ERROR", "text": text, "item": "A", "error": "E1" } },
            { "progress": { "item": "A", "status": "UPDATING", "value": 9, "max": 4, "text": text } },
            { "connect": text },
            { "complete": "S_OK" },
        ] } },
    })
}

#[test]
fn a_hostile_handler_and_scenario_only_stand_there_in_every_command_and_format() {
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    let trace = trace.to_str().expect("UTF-8");
    let (handler, scenario) = ("fixtures/hostile/handler.json", "fixtures/hostile/scenario.json");
    for format in FORMATS {
        let (code, out, _) = assert_harmless(&["run", handler, "--trace", trace, "--format", format]);
        assert_eq!(code, Some(1));
        assert!(out.contains("evil"), "{format}: it is told: {out}");
        assert_harmless(&["conform", handler, "--case", "event-manual", "--format", format]);
        assert_harmless(&["replay", scenario, "--format", format]);
        assert_harmless(&["replay", scenario, "--handler", handler, "--format", format]);
        assert_harmless(&["check", trace, "--format", format]);
    }
    let (_, out, _) = assert_harmless(&["check", trace, "--format", "notation"]);
    assert!(out.contains("evil"), "{out}");
    assert_harmless(&["diff", trace, "fixtures/hostile/handler.json"]);
    assert_harmless(&["conform", handler, "--list"]);
    assert_harmless(&["conform", handler, "--list", "--format", "json"]);
    assert_harmless(&["run", handler, "--log", "trace"]);
    assert_harmless(&["run", handler, "--item", "nothing"]);
}

#[test]
fn hostile_words_of_the_command_line_only_stand_there() {
    let hostile = "x\u{1b}[31mE\u{7}\n::error::pwn\r\n\u{9b}31m\u{202e}##[error]";
    for args in [
        vec!["run", hostile],
        vec![hostile],
        vec!["run", "fixtures/handlers/good.json", "--trace", hostile, "--seed", hostile],
        vec!["run", "fixtures/handlers/good.json", "--item", hostile],
        vec!["run", "fixtures/handlers/good.json", "--output", "/nowhere\n::error::/x"],
        vec!["run", "fixtures/handlers/good.json", "--trace", "/nowhere\n::error::/x"],
        vec!["run", "fixtures/handlers/good.json", "--select", hostile],
        vec!["run", "fixtures/handlers/good.json", "--baseline", hostile],
        vec!["run", "--exec", hostile],
        vec!["run", "filesync", "--folder", hostile],
        vec!["conform", "fixtures/handlers/good.json", "--case", hostile],
        vec!["replay", hostile],
        vec!["check", hostile],
        vec!["check", hostile, "--format", "notation"],
        vec!["check", hostile, "--format", "json"],
        vec!["diff", hostile, hostile],
        vec!["rules", hostile],
        vec!["schema", hostile],
        vec!["debug", hostile],
        vec!["report", "merge", hostile, hostile],
    ] {
        let (code, _, errors) = assert_harmless(&args);
        assert_eq!(code, Some(2), "{args:?}: {errors}");
        assert!(!errors.is_empty());
    }
    assert_harmless(&["run", "fixtures/handlers/good.json", "--log", hostile]);
}

#[test]
fn a_file_with_a_hostile_name_only_stands_there() {
    let folder = TempDir::new().expect("a folder");
    let name = folder.path().join("x\u{1b}[31m\n::error::pwn.json");
    fs::copy("fixtures/hostile/scenario.json", &name).expect("it is copied");
    fs::copy("fixtures/hostile/handler.json", folder.path().join("handler.json")).expect("it is copied");
    let trace = folder.path().join("t\u{1b}[31m\n::error::pwn.jsonl");
    let (name, trace) = (name.to_str().expect("UTF-8"), trace.to_str().expect("UTF-8"));
    for format in FORMATS {
        assert_harmless(&["replay", name, "--trace", trace, "--format", format]);
        assert_harmless(&["check", trace, trace, "--format", format]);
    }
    assert_harmless(&["check", trace, trace, "--format", "notation"]);
    assert_harmless(&["diff", trace, trace]);
    assert_harmless(&["run", name]);
}

fn debugged(handler: &str, commands: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.args(["debug", handler]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(commands.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_hostile_handler_only_stands_there_in_the_debugger() {
    let commands = "break Progress\nbreak \u{1b}[31m\ncontinue\nstate\nitems\nerrors\ntrace\nskip \u{1b}[31m\nskip A\nshow error E1\n\
                    record /no\u{7}/where\ncontinue\nfindings\nstate\nquit\n";
    let said = debugged("fixtures/hostile/handler.json", commands);
    assert_eq!(acts(&said), None);
    assert!(said.contains("evil") && said.contains("Breakpoint 1"), "{said}");
}

#[test]
fn names_longer_than_a_column_can_be_are_shown() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("long.json");
    let long = "n".repeat(70_000);
    fs::write(&file, handler(&long).to_string()).expect("it is written");
    let file = file.to_str().expect("UTF-8");
    for format in FORMATS {
        let (code, out, errors) = assert_harmless(&["run", file, "--format", format]);
        assert_eq!(code, Some(1), "{format}: {errors:.300}");
        assert!(out.contains("nnn"), "{format}");
    }
    let (_, out, _) = ran(&["run", file]);
    assert!(out.contains("… (70000 characters)"), "{out:.300}");
    assert!(out.lines().all(|line| line.chars().count() < 5000), "nobody reads such a line");
    let said = debugged(file, "continue\nstate\nitems\nfindings\nquit\n");
    assert!(said.contains("… (70000 characters)"), "{said:.300}");
    let (code, out, _) = ran(&["conform", file, "--list"]);
    assert!(code == Some(0) && !out.is_empty());
}

/// Text that is likely to act, if anything can.
fn hostile_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        2 => "[a-z ]{1,6}",
        4 => prop::sample::select(vec![
            "\u{1b}[31m", "\u{1b}]0;own\u{7}", "\n", "\r\n", "\t", "::error::pwn", ":", "##[error]", "##vso[x]", "]]>", "<x>", "&", "%0A",
            "\u{9b}31m", "\u{7f}", "\u{85}", "\u{2028}", "\u{202e}", "\u{2066}", "\u{0}", "\"", "'", "\\n", "`", "|", "\u{feff}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(parts, 1..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_acts_in_any_format(text in hostile_text()) {
        let folder = TempDir::new().expect("a folder");
        let (file, trace) = (folder.path().join("handler.json"), folder.path().join("trace.jsonl"));
        fs::write(&file, handler(&text).to_string()).expect("it is written");
        let (file, trace) = (file.to_str().expect("UTF-8"), trace.to_str().expect("UTF-8"));
        for format in FORMATS {
            assert_harmless(&["run", file, "--trace", trace, "--format", format]);
        }
        assert_harmless(&["check", trace, "--format", "notation"]);
        let said = debugged(file, "continue\nstate\nerrors\ntrace 99\nfindings\nquit\n");
        prop_assert_eq!(acts(&said), None);
        // The trace is the same to a reader, and nothing to a terminal.
        let written = fs::read_to_string(trace).expect("there is a trace");
        prop_assert_eq!(acts(&written), None);
        let read = mobsync::trace::read_file(trace).expect("it is a trace");
        let says = |event: &mobsync::protocol::Event| format!("{event:?}").contains(&format!("{text:?}"));
        prop_assert!(read.events.iter().any(says));
    }
}
