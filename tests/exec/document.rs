//! docs/wire.md says what the manager and a program say to each other; it is played against the real manager.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{codes, mobsync};

/// Plays the program's lines of a transcript, and ends with 3 where the manager says something else than stands there. The
/// reply to a callback and the manager's next call come from two of its threads: one line may come before its turn.
const PLAYER: &str = r#"
import json, os, sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
awaited = [json.loads(line[2:]) for line in lines if line[0] == ">"]
early = []
for line in lines:
    whose, message = line[0], line[2:]
    if whose == "<":
        sys.stdout.write(message + "\n")
        sys.stdout.flush()
        continue
    while json.loads(message) not in early:
        came = sys.stdin.readline()
        if not came or json.loads(came) not in awaited:
            sys.stderr.write(f"the document has {message}, the manager says {came}")
            sys.exit(3)
        early.append(json.loads(came))
    early.remove(json.loads(message))
    awaited.remove(json.loads(message))
rest = sys.stdin.read()
if early or rest:
    sys.stderr.write(f"the manager says more than the document: {early} {rest}")
    sys.exit(3)
open(sys.argv[1] + ".ended", "w").close()
"#;

/// What the user does in the session of the document: opens the error, and skips the item in the second round.
const SCENARIO: &str = r#"{
  "format": "mobsync-scenario",
  "version": 1,
  "title": "The session of the document",
  "steps": [
    { "when": { "state": "synchronized" }, "do": { "show_error": "first" }, "comment": "the retry" },
    { "when": { "callback": "Progress", "status": "UPDATING", "nth": 2 }, "do": { "skip": "Left" } }
  ]
}"#;

/// Every message of the protocol that an ordinary handler sees or sends.
const MESSAGES: &[&str] = &[
    "Initialize",
    "GetHandlerInfo",
    "EnumSyncMgrItems",
    "Next",
    "SetProgressCallback",
    "PrepareForSync",
    "Synchronize",
    "SetItemStatus",
    "ShowError",
    "Release",
    "Progress",
    "LogError",
    "PrepareForSyncCompleted",
    "SynchronizeCompleted",
    "ShowErrorCompleted",
];

/// The lines of the document's transcript: those in its blocks that begin with a direction.
fn transcript(document: &str) -> String {
    let mut is_text = false;
    let mut lines = String::new();
    for line in document.lines() {
        match line {
            "```text" => is_text = true,
            "```" => is_text = false,
            line if is_text => {
                assert!(line.starts_with("> ") || line.starts_with("< "), "{line}");
                lines.extend([line, "\n"]);
            }
            _ => {}
        }
    }
    lines
}

/// What is found of a session in which the program says what the transcript says, and whether that came to its end.
fn play(transcript: &str) -> (Vec<String>, bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("player.py"), PLAYER).unwrap();
    fs::write(at("transcript"), transcript).unwrap();
    let command = format!("python3 {} {}", at("player.py").display(), at("transcript").display());
    fs::write(at("scenario.json"), SCENARIO).unwrap();
    let ran = mobsync()
        .arg("replay")
        .arg(at("scenario.json"))
        .args(["--strict", "--format", "json", "--exec", &command])
        .output()
        .unwrap();
    let ended = at("transcript.ended").exists();
    (codes(&ran.stdout), ended, String::from_utf8(ran.stdout).unwrap())
}

fn of_document() -> String {
    transcript(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wire.md")).unwrap())
}

#[test]
fn the_transcript_in_the_document_is_a_whole_session_without_findings() {
    let transcript = of_document();
    assert!(transcript.lines().count() >= 20, "{transcript}");
    for message in MESSAGES {
        assert!(transcript.contains(&format!("\"method\":\"{message}\"")), "there is no example of {message}");
    }
    let (codes, ended, text) = play(&transcript);
    assert_eq!((codes, ended), (vec![], true), "{text}");
}

#[test]
fn a_transcript_in_which_the_manager_says_something_else_is_told_from_it() {
    let transcript = of_document();
    for (at, line) in transcript.lines().enumerate() {
        let Some(message) = line.strip_prefix("> ") else { continue };
        let mut message: Value = serde_json::from_str(message).unwrap();
        message["more"] = true.into();
        let mut lines: Vec<String> = transcript.lines().map(str::to_owned).collect();
        lines[at] = format!("> {message}");
        // Each is one of the same few kinds; one of each is enough.
        if at > 8 && at + 4 < lines.len() {
            continue;
        }
        let (codes, ended, text) = play(&(lines.join("\n") + "\n"));
        assert!(!ended && codes.contains(&"LIFE-02".to_owned()), "{line}: {text}");
        assert!(text.contains("the document has"), "{text}");
    }
}
