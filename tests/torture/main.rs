//! A handler that does everything a process can do to itself and to those around it (`fixtures/torture`): each behaviour has
//! the verdict that it must have, and nothing of any of them is left.
//!
//! This process is the *subreaper* of all that the runs leave behind (prctl(2)): a process that cleared its environment, closed
//! its descriptors and left its group, session and parents becomes a child of this one, and is found.

#![cfg(target_os = "linux")]

#[path = "../common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use table::{IN_THE_SUITE, Verdict, behaviours};

const CLASS: &str = "{6D6F6273-796E-4E6F-8001-00000000000F}";

/// How many behaviours run at a time: those that hang take no processor time.
const AT_A_TIME: usize = 12;

/// The exit code of a handler that does not know the behaviour (`fixtures/torture/scene.h`).
const NO_SUCH_BEHAVIOUR: &str = "exit code 99";

#[test]
fn every_behaviour_has_its_verdict_and_leaves_nothing_behind() {
    nix::sys::prctl::set_child_subreaper(true).expect("the system has subreapers");
    let library = native::library("fixtures/torture/torture.cpp", &[]);
    let behaviours = behaviours();
    assert!(behaviours.len() >= 300, "{} behaviours", behaviours.len());
    let names: BTreeSet<&str> = behaviours.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), behaviours.len(), "each is there once");

    let (next, started) = (AtomicUsize::new(0), Started::default());
    let wrong = Mutex::new(BTreeMap::new());
    let judge_by = |command: &[&str], name: &str, verdict: &Verdict| {
        let run = Run::of(&library, command, name, verdict, &started);
        let mut what = run.differs(verdict).unwrap_or_default();
        what.extend(started.left_behind(*verdict == Verdict::Dies));
        if !what.is_empty() {
            wrong.lock().unwrap_or_else(PoisonError::into_inner).insert(format!("{command:?} {name}"), what);
        }
    };
    let judge = |(name, verdict): &(String, Verdict)| judge_by(&["run"], name, verdict);
    // The first session finds the cases; its worker is started, and those of the cases are forked.
    let judge_suite = |(name, verdict): &(&str, Verdict)| {
        judge_by(&["conform", "--jobs", "1", "--case", "event-manual", "--case", "event-idle"], name, verdict);
    };
    // Where the program is killed, its guardian is this process's child for a moment: nothing else may look meanwhile.
    let (dies, lives): (Vec<_>, Vec<_>) = behaviours.iter().partition(|(_, verdict)| *verdict == Verdict::Dies);
    dies.into_iter().for_each(judge);
    let (suite_dies, suite_lives): (Vec<_>, Vec<_>) =
        IN_THE_SUITE.iter().partition(|(_, verdict)| *verdict == Verdict::Dies);
    suite_dies.into_iter().for_each(judge_suite);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    match (lives.get(at), suite_lives.get(at.saturating_sub(lives.len()))) {
                        (Some(behaviour), _) => judge(behaviour),
                        (None, Some(behaviour)) => judge_suite(behaviour),
                        (None, None) => break,
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    let wrong: Vec<String> = wrong.into_iter().map(|(name, what)| format!("{name}: {}", what.join("; "))).collect();
    assert!(wrong.is_empty(), "{} of {} behaviours:\n{}", wrong.len(), behaviours.len(), wrong.join("\n"));
}

/// A behaviour's run of the program, as somebody's CI does it.
struct Run {
    output: Output,
    rules: BTreeSet<String>,
    messages: Vec<String>,
}

impl Run {
    fn of(library: &Path, words: &[&str], name: &str, verdict: &Verdict, started: &Started) -> Self {
        let folder = tempfile::TempDir::new().expect("a folder can be made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        command.args(words).arg(library).args(["--clsid", CLASS, "--format", "json", "--session-limit"]);
        command.arg(if *verdict == Verdict::Endless { "2" } else { "120" });
        // Whoever does not hang has all the time that a busy machine needs.
        let (timeout, blocking) = if verdict.takes_its_time() { ("2", "2") } else { ("90", "60") };
        command.args(["--timeout", timeout, "--blocking-limit", blocking]).env("TORTURE", name);
        // What a handler writes into the current folder is written there.
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = started.start(command).wait_with_output().expect("it can be waited for");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let is_cause = |finding: &&Value| finding["consequence_of"].is_null();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let rules = findings.iter().filter(is_cause).map(|finding| text(finding, "rule")).collect();
        Self { output, rules, messages: findings.iter().map(|finding| text(finding, "message")).collect() }
    }

    /// In what it differs from what it must be.
    fn differs(&self, verdict: &Verdict) -> Option<Vec<String>> {
        let errors = String::from_utf8_lossy(&self.output.stderr);
        let code = self.output.status.code();
        let rules: Vec<&str> = self.rules.iter().map(String::as_str).collect();
        let says = |text: &str| self.messages.iter().any(|message| message.contains(text));
        let is_right = match verdict {
            Verdict::Passes => code == Some(0) && rules.is_empty(),
            Verdict::Warned(expected) => code == Some(0) && rules == *expected,
            Verdict::Breaks(expected) => code == Some(1) && rules == *expected,
            Verdict::Endless => {
                code == Some(1) && rules == ["SYNC-03"] && says("when mobsync ended the session at its limit")
                    || code == Some(2) && rules.is_empty() && errors.contains("at its limit (--session-limit)")
            }
            Verdict::AtMost(allowed) => matches!(code, Some(0 | 1)) && rules.iter().all(|rule| allowed.contains(rule)),
            Verdict::Ends(text) => code == Some(1) && rules == ["LIFE-02"] && says(text),
            Verdict::Hangs(text) => code == Some(1) && rules == ["LIFE-03"] && says(text),
            Verdict::Refused(text) => code == Some(2) && errors.contains(text),
            Verdict::Interrupted => code == Some(2) && rules == ["LIFE-03"] && errors.contains("interrupted"),
            Verdict::Dies => self.output.status.signal() == Some(9),
        };
        let says_too_much = errors.contains("panicked") || says(NO_SUCH_BEHAVIOUR) || says("after 0ms");
        (!is_right || says_too_much).then(|| {
            let end: String = errors.chars().rev().take(600).collect::<Vec<_>>().into_iter().rev().collect();
            vec![format!("{verdict:?}, but {} with {rules:?} {:?}\n{end}", self.output.status, self.messages)]
        })
    }
}

/// What this test has started, and what it has not.
#[derive(Default)]
struct Started(Mutex<BTreeSet<i32>>);

impl Started {
    fn start(&self, mut command: Command) -> Child {
        // Nobody looks between the start and the note of it.
        let mut started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn().expect("it starts");
        started.insert(i32::try_from(child.id()).expect("a process has a number"));
        child
    }

    /// The processes that live, and that nobody here has started: something that has ended has left them behind. When the
    /// program was killed, its guardian needs a moment.
    fn left_behind(&self, in_a_moment: bool) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let left = self.not_started();
            if left.is_empty() || !in_a_moment || begun.elapsed() > Duration::from_secs(20) {
                return left;
            }
            std::thread::yield_now();
        }
    }

    fn not_started(&self) -> Vec<String> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = Vec::new();
        for task in fs::read_dir("/proc/self/task").expect("Linux lists the threads").flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
            for child in children.filter(|child| !started.contains(child)) {
                let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
                let line =
                    |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim();
                // What has ended needs only somebody who asks how.
                if !status.is_empty() && !line("State:").starts_with(['Z', 'X']) {
                    left.push(format!("process {child} is left behind: {}, {}", line("Name:"), line("State:")));
                }
            }
        }
        left
    }
}
