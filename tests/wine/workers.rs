//! Workers under Wine that are not what they should be: from another build, or such as do not begin. And workers of a debugger.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::native::{NOTEBOOK_CPP, of_repository};
use super::{NOTEBOOK, Run, dll, is_for_x86, mingw};

/// A program in place of mobsync.exe. It counts how often it is a worker.
const FAKE: &str = r#"
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--version")) return puts("mobsync 0.0.0") < 0;
    FILE *tries = fopen(getenv("FAKE_TRIES"), "ab");
    fseek(tries, 0, SEEK_END);
    fputc('.', tries);
    long many = ftell(tries);
    fclose(tries);
    if (!strcmp(getenv("FAKE_WORKER"), "stale")) {
        /* As a worker does that is from another build: it says from which (WORKER_FORMAT in src/job/channel.rs), and leaves. */
        FILE *channel = fopen(getenv("MOBSYNC_CHANNEL"), "r+b");
        unsigned long long build = 1;
        fseek(channel, 120, SEEK_SET);
        fwrite(&build, sizeof build, 1, channel);
        fclose(channel);
        return 2;
    }
    if (!strcmp(getenv("FAKE_WORKER"), "late") && many > 1) {
        const char *words[] = {"mobsync.exe", "worker", NULL};
        return (int)_spawnv(_P_WAIT, getenv("FAKE_REAL"), words);
    }
    return 3;
}
"#;

/// Runs a command to its end, with that input.
fn said(command: &mut Command, input: &str) -> Run {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // Whoever has ended reads no more.
    let _ = child.stdin.take().expect("it is a pipe").write_all(input.as_bytes());
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr), pid }
}

/// A run with that program, and how often it was a worker.
fn with_fake(how: &str, command: &str, options: &[&str], input: &str) -> (Run, u64) {
    let folder = TempDir::new().unwrap();
    let (source, place) = (folder.path().join("fake.c"), folder.path().join(if is_for_x86() { "x86" } else { "." }));
    fs::write(&source, FAKE).unwrap();
    fs::create_dir_all(&place).unwrap();
    let exe = place.join("mobsync.exe");
    let made = mingw("gcc").args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&exe).arg(&source).status();
    assert!(made.expect("mingw-w64 is installed").success());
    let built = dll(folder.path(), &of_repository(NOTEBOOK), "", &[]);
    let real = PathBuf::from(std::env::var_os("MOBSYNC_EXE").expect("scripts/wine names it"));
    let real = if is_for_x86() { real.with_file_name("x86").join("mobsync.exe") } else { real };
    let there = |path: &Path| format!("Z:{}", path.display());
    let tries = folder.path().join("tries");
    let mut mobsync = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    mobsync.arg(command).arg(&built).args(["--clsid", NOTEBOOK_CPP]).args(options);
    mobsync.env("MOBSYNC_EXE", folder.path().join("mobsync.exe")).env("FAKE_WORKER", how);
    mobsync.env("FAKE_TRIES", there(&tries)).env("FAKE_REAL", there(&real));
    let run = said(&mut mobsync, input);
    (run, tries.metadata().map_or(0, |found| found.len()))
}

#[test]
fn a_worker_from_another_build_is_refused_by_every_command() {
    let commands = [("run", &[][..], ""), ("conform", &["--case", "event-manual"], ""), ("debug", &[], "continue\n")];
    for (command, options, input) in commands {
        let (run, tries) = with_fake("stale", command, options, input);
        assert_eq!((run.code, tries), (Some(2), 1), "{command}: {}{}", run.output, run.errors);
        let said = run.output + &run.errors;
        assert!(said.contains("is from another build than this mobsync"), "{command}: {said}");
        assert!(said.contains("scripts/windows"), "{command}: {said}");
    }
}

#[test]
fn a_worker_that_does_not_begin_is_started_again_and_not_for_ever() {
    let (late, tries) = with_fake("late", "run", &[], "");
    assert_eq!((late.code, tries), (Some(0), 2), "{}{}", late.output, late.errors);
    let (never, tries) = with_fake("never", "run", &[], "");
    assert_eq!((never.code, tries), (Some(2), 3), "{}{}", never.output, never.errors);
    assert!(never.errors.contains("mobsync.exe did not start under Wine"), "{}", never.errors);
}

/// The debugger, with commands that a user types.
fn debugger(definition: &str, options: &[&str], commands: &str) -> Run {
    let folder = TempDir::new().unwrap();
    let built = dll(folder.path(), &of_repository(NOTEBOOK), definition, &[]);
    let mut mobsync = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    mobsync.arg("debug").arg(&built).args(["--clsid", NOTEBOOK_CPP]).args(options);
    said(&mut mobsync, commands)
}

#[test]
fn a_debugger_steps_through_a_session() {
    let run = debugger("", &[], "step\nstep\nbreak Progress\ncontinue\nwhere\nattach\ndelete 1\ncontinue\nquit\n");
    assert_eq!(run.code, Some(0), "{}{}", run.output, run.errors);
    for words in
        ["manager Initialize MANUAL", "apartment:", "which called back last:", "CNotebook::", "a library for Windows"]
    {
        assert!(run.output.contains(words), "{words}: {}{}", run.output, run.errors);
    }
}

#[test]
fn a_crash_leaves_the_prompt_of_a_debugger() {
    let run = debugger("WITH_TORTURE=\"SEGFAULT\"", &[], "continue\nquit\n");
    assert_eq!(run.code, Some(1), "{}{}", run.output, run.errors);
    assert!(run.output.contains("LIFE-02") && run.output.contains("access violation"), "{}", run.output);
    let refused = debugger("", &["--in-process"], "quit\n");
    assert_eq!(refused.code, Some(2), "{}{}", refused.output, refused.errors);
    assert!(refused.errors.contains("need a worker, under Wine"), "{}", refused.errors);
}
