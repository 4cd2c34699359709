//! `--watch`: the command runs again when something changes.
#![cfg(unix)] // it is ended by SIGINT

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// As long as a busy machine may need.
const PATIENCE: Duration = Duration::from_secs(300);

/// A command that runs with `--watch`, and the lines of its standard error.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        command.args(args).arg("--watch").current_dir(folder).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (send, lines) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, lines }
    }

    /// The lines of a run, until it waits for changes.
    fn run(&self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not wait: {lines:?}"));
            if line.starts_with("mobsync: watching ") {
                return lines;
            }
            lines.push(line);
        }
    }

    /// Ends it, and says how it ended and what it wrote to standard output.
    fn end(mut self) -> (Option<i32>, String) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).expect("it runs");
        let mut text = String::new();
        self.child.stdout.take().expect("it is piped").read_to_string(&mut text).expect("it writes UTF-8");
        (self.child.wait().expect("it ends").code(), text)
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Replaces a file as editors and linkers do.
fn replace(from: &Path, to: &Path) {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).unwrap();
    fs::rename(beside, to).unwrap();
}

#[test]
fn a_session_runs_again_when_the_handler_changes_and_ends_as_the_last_one() {
    let folder = TempDir::new().unwrap();
    let handler = folder.path().join("handler.json");
    fs::copy(fixture("handlers/completes-twice.json"), &handler).unwrap();
    let watching = Watching::start(folder.path(), &["run", "handler.json", "--quiet"]);
    assert_eq!(watching.run(), Vec::<String>::new());
    // Other files do not matter.
    fs::write(folder.path().join("notes.txt"), "changed").unwrap();
    replace(&fixture("handlers/minimal.json"), &handler);
    let lines = watching.run();
    assert!(lines.len() == 1 && lines[0].ends_with("handler.json has changed"), "{lines:?}");
    // A file that is gone for a while is waited for.
    fs::remove_file(&handler).unwrap();
    replace(&fixture("handlers/ignores-stop.json"), &handler);
    watching.run();
    let (code, text) = watching.end();
    assert_eq!(code, Some(0));
    assert_eq!(text.matches("SYNC-04 synchronize-completed-once").count(), 1, "{text}");
}

#[test]
fn the_suite_runs_the_cases_first_that_failed() {
    let folder = TempDir::new().unwrap();
    let handler = folder.path().join("handler.json");
    fs::copy(fixture("handlers/ignores-stop.json"), &handler).unwrap();
    fs::write(folder.path().join("mobsync.toml"), "handler = 'handler.json'\nstrict = true\n").unwrap();
    let watching = Watching::start(folder.path(), &["conform", "--verbose"]);
    let cases = |lines: Vec<String>| -> Vec<(String, bool)> {
        let cases = lines.iter().filter_map(|line| line.split_once(": "));
        cases
            .filter(|(_, how)| ["passed", "failed"].contains(how))
            .map(|(name, how)| (name.to_owned(), how == "failed"))
            .collect()
    };
    let before = cases(watching.run());
    assert!(!before[0].1 && before.iter().any(|(_, failed)| *failed), "{before:?}");
    replace(&fixture("handlers/ignores-stop.json"), &handler);
    let after = cases(watching.run());
    assert_eq!(after.iter().filter(|(_, failed)| *failed).count(), before.iter().filter(|(_, failed)| *failed).count());
    let failed = after.iter().filter(|(_, failed)| *failed).count();
    assert!(after[..failed].iter().all(|(_, failed)| *failed), "{after:?}");
    assert_eq!(after.len(), before.len());
    // The settings are watched as well.
    fs::write(folder.path().join("settings"), "handler = 'handler.json'\nignore = ['STOP']\n").unwrap();
    replace(&folder.path().join("settings"), &folder.path().join("mobsync.toml"));
    // One change may be heard as two, so that the old settings are used once more.
    while cases(watching.run()).iter().any(|(_, failed)| *failed) {}
    assert_eq!(watching.end().0, Some(0));
}

#[test]
fn a_new_scenario_in_a_watched_folder_is_replayed() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("scenarios/handlers")).unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(fixture("handlers/completes-twice.json"), at("handler.json")).unwrap();
    fs::copy(fixture("scenarios/cancel-all.json"), at("scenarios/one.json")).unwrap();
    let watching = Watching::start(folder.path(), &["replay", "scenarios", "--handler", "handler.json"]);
    watching.run();
    replace(&fixture("scenarios/cancel-all.json"), &at("scenarios/two.json"));
    watching.run();
    let (code, text) = watching.end();
    assert_eq!(code, Some(1), "{text}");
    let totals: Vec<&str> = text.lines().filter(|line| line.contains(" replayed: ")).collect();
    assert!(
        totals.len() >= 2 && totals[0].starts_with("1 replayed") && totals[totals.len() - 1].starts_with("2 replayed"),
        "{text}"
    );
}

#[test]
fn what_is_no_file_cannot_be_watched() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    let output =
        command.args(["run", "--exec", "no-such-program", "--watch"]).current_dir(folder.path()).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && errors.starts_with("mobsync: --watch: nothing to watch"), "{errors}");
}
