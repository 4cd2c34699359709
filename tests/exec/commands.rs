//! `--exec` in place of HANDLER, in every command that takes one; and the commands by which reports say how to reproduce a finding.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::{codes, mobsync, program};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The program in a folder whose name a shell takes apart, and the command that starts it.
fn good_or_not(body: &str) -> (TempDir, String) {
    let folder = tempfile::Builder::new().prefix("a program's ").tempdir().unwrap();
    let file = folder.path().join("small.py");
    fs::write(&file, program(body)).unwrap();
    let command = format!("python3 \"{}\"", file.display());
    (folder, command)
}

/// Runs what a report says, as a shell does.
fn in_a_shell(line: &str) -> Output {
    let arguments = line.strip_prefix("mobsync ").unwrap_or_else(|| panic!("{line}"));
    let line = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_mobsync"));
    Command::new("sh").args(["-c", &line]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

#[test]
fn a_recorded_session_is_replayed_with_the_command_that_was_told() {
    let (folder, command) = good_or_not("");
    let file = folder.path().join("recorded.json");
    let ran = mobsync().args(["run", "--exec", &command, "--item", "Left", "--record"]).arg(&file).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let scenario: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(scenario["expect"]["items"]["Left"], "SUCCEEDED", "{scenario:#}");
    assert_eq!(scenario.get("handler"), None, "a command is nothing that lies beside the scenario");
    let errors = String::from_utf8_lossy(&ran.stderr);
    let (_, again) = errors.trim_end().rsplit_once("replay it with: ").expect("it says how to replay it");
    let replayed = in_a_shell(again);
    assert_eq!(replayed.status.code(), Some(0), "{}", said(&replayed));
    assert!(said(&replayed).contains("item Left: SUCCEEDED"), "{}", said(&replayed));
    let without = mobsync().arg("replay").arg(&file).output().unwrap();
    assert_eq!(without.status.code(), Some(2));
    assert!(said(&without).contains("--exec"), "{}", said(&without));
}

#[test]
fn conform_takes_a_program_and_tells_how_to_see_its_faults_again() {
    let (_folder, command) = good_or_not("");
    let ran = mobsync().args(["conform", "--strict", "--case", "event-manual", "--exec", &command]).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let (folder, command) = good_or_not("if method == 'Synchronize': back('u', 'SynchronizeCompleted', hr='S_OK')");
    let scenarios = folder.path().join("failing").display().to_string();
    for more in [&[][..], &["--scenarios", &scenarios][..]] {
        for which in [&["--case", "event-manual"][..], &["--sessions", "1", "--seed", "3"][..]] {
            let args = [&["conform", "--format", "json", "--exec", &command], which, more].concat();
            let ran = mobsync().args(&args).output().unwrap();
            assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
            let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
            for finding in report["findings"].as_array().unwrap() {
                if finding["case"] != "event-manual" && finding["case"] != "random-3" {
                    continue;
                }
                let again = finding["replay"].as_str().unwrap();
                let ran = in_a_shell(&format!("{again} --format json"));
                assert!(codes(&ran.stdout).contains(&"SYNC-04".to_owned()), "{again}: {}", said(&ran));
            }
        }
    }
}

#[test]
fn replay_tells_how_to_see_it_again_with_the_program() {
    let (_folder, command) = good_or_not("if method == 'Synchronize': back('u', 'SynchronizeCompleted', hr='S_OK')");
    let scenario = "fixtures/scenarios/nothing-is-chosen.json";
    let scenario = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(scenario)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.json");
    let mut whole: Value = serde_json::from_str(&scenario).unwrap();
    whole["choose"] = "all".into();
    whole["expect"] = serde_json::json!({ "findings": [] });
    fs::write(&file, whole.to_string()).unwrap();
    let args = ["replay", "--format", "json", "--exec", &command];
    let ran = mobsync().args(args).arg(&file).output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let again = report["findings"][0]["replay"].as_str().unwrap();
    assert!(again.contains("--exec"), "{again}");
    let ran = in_a_shell(&format!("{again} --format json"));
    assert!(codes(&ran.stdout).contains(&"SYNC-04".to_owned()), "{again}: {}", said(&ran));
}

#[test]
fn debug_takes_a_program() {
    let (_folder, command) = good_or_not("");
    let mut debugger = mobsync();
    debugger.args(["debug", "--exec", &command]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = debugger.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"break Synchronize\ncontinue\ncontinue\nquit\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for words in ["at Synchronize", "completed with S_OK", "No rule was broken"] {
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
}

#[test]
fn a_program_and_another_handler_are_one_too_many_and_none_is_too_few() {
    for args in [
        &["run"][..],
        &["conform"],
        &["debug"],
        &["run", "x.json", "--exec", "y"],
        &["conform", "x.json", "--exec", "y"],
        &["debug", "--exec", "y", "--folder", "a=b"],
        &["replay", "x.json", "--exec", "y", "--handler", "z.json"],
    ] {
        let ran = mobsync().args(args).output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{args:?}");
        assert!(said(&ran).contains("--exec"), "{args:?}: {}", said(&ran));
    }
}
