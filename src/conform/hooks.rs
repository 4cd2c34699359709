//! Commands of the user's own around each session, for handlers that keep something from one session to the next.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::protocol::plain;
use crate::runner::Stop;

/// How long a command may take.
const LONGEST: Duration = Duration::from_secs(300);

/// How long to sleep, at most, before looking again whether a command has ended.
const NAP: Duration = Duration::from_millis(20);

/// How many bytes of a command's output an error shows: the last ones.
const SHOWN: u64 = 500;

/// Shell commands that run before and after each session. They get the name of the case in `MOBSYNC_CASE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Runs before a session.
    pub before: Option<String>,
    /// Runs after it.
    pub after: Option<String>,
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
#[error("the command {when} the case: `{}`: {why}", plain(command))]
pub struct HookError {
    /// `before` or `after`.
    pub when: &'static str,
    command: String,
    why: Failed,
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("it does not start: {0}")]
    Start(io::Error),
    #[error("{status}{}", if output.is_empty() { String::new() } else { format!("; it wrote: {}", plain(output)) })]
    Status { status: ExitStatus, output: String },
    #[error("it did not end within {} seconds", LONGEST.as_secs())]
    TooLong,
    #[error("it was ended, because everything was stopped")]
    Stopped,
}

impl Hooks {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.before.is_none() && self.after.is_none()
    }

    /// Runs the one that comes before a session.
    pub(super) fn before(&self, case: &str, stop: &Stop) -> Result<(), HookError> {
        run("before", self.before.as_deref(), case, stop)
    }

    /// Runs the one that comes after a session.
    pub(super) fn after(&self, case: &str, stop: &Stop) -> Result<(), HookError> {
        run("after", self.after.as_deref(), case, stop)
    }
}

fn run(when: &'static str, command: Option<&str>, case: &str, stop: &Stop) -> Result<(), HookError> {
    let Some(command) = command else { return Ok(()) };
    tracing::debug!(when, command, case, "hook");
    run_command(command, case, stop).map_err(|why| HookError { when, command: command.to_owned(), why })
}

fn run_command(line: &str, case: &str, stop: &Stop) -> Result<(), Failed> {
    let mut output = tempfile::tempfile().map_err(Failed::Start)?;
    let mut command = shell(line);
    let same = |file: &File| file.try_clone().map(Stdio::from).map_err(Failed::Start);
    command.env("MOBSYNC_CASE", case).stdin(Stdio::null()).stdout(same(&output)?).stderr(same(&output)?);
    let mut child = start(&mut command).map_err(Failed::Start)?;
    let ended = wait(&mut child, stop);
    if ended.is_err() {
        end(&mut child);
    }
    is_gone(&child);
    let status = ended?;
    if status.success() { Ok(()) } else { Err(Failed::Status { status, output: tail(&mut output) }) }
}

/// Waits until the command has ended, everything is stopped, or it takes too long.
fn wait(child: &mut Child, stop: &Stop) -> Result<ExitStatus, Failed> {
    let begun = Instant::now();
    let mut nap = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().map_err(Failed::Start)? {
            return Ok(status);
        }
        if stop.is_stopped() {
            return Err(Failed::Stopped);
        }
        if begun.elapsed() > LONGEST {
            return Err(Failed::TooLong);
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(NAP);
    }
}

/// The last thing that the command wrote, in one line.
fn tail(output: &mut File) -> String {
    let mut bytes = Vec::new();
    let from = output.metadata().map_or(0, |file| file.len().saturating_sub(SHOWN));
    // Without its output the error still says how the command ended.
    let _ = output.seek(SeekFrom::Start(from)).and_then(|_| output.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" / ")
}

#[cfg(unix)]
fn shell(line: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("/bin/sh");
    // In a group of its own, so that all it started can be ended with it.
    command.arg("-c").arg(line).process_group(0);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    use std::os::windows::process::CommandExt;
    let mut command = Command::new("cmd");
    command.arg("/C").raw_arg(line);
    command
}

#[cfg(unix)]
fn start(command: &mut Command) -> io::Result<Child> {
    crate::handler::children::start(command)
}

#[cfg(not(unix))]
fn start(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

#[cfg(unix)]
fn is_gone(child: &Child) {
    crate::handler::children::is_gone(child.id());
}

#[cfg(not(unix))]
fn is_gone(_: &Child) {}

/// Ends the command with all that it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(child.id()) {
        // Whoever is gone already is no error.
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Hooks, Stop};

    fn before(command: &str) -> Result<(), String> {
        let hooks = Hooks { before: Some(command.to_owned()), after: None };
        hooks.before("the-case", &Stop::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_gets_the_name_of_the_case_and_its_failure_says_what_it_wrote() {
        assert_eq!(before("test \"$MOBSYNC_CASE\" = the-case"), Ok(()));
        let error = before("echo one; echo two >&2; exit 3").unwrap_err();
        assert_eq!(
            error,
            "the command before the case: `echo one; echo two >&2; exit 3`: exit status: 3; it wrote: one / two"
        );
        let error = before("printf '\\033[31mred'; false").unwrap_err();
        assert!(!error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn a_command_that_does_not_end_is_ended_when_everything_is_stopped() {
        let (hooks, stop) = (Hooks { before: None, after: Some("sleep 1000 & wait".to_owned()) }, Stop::default());
        stop.stop();
        let error = hooks.after("a", &stop).unwrap_err().to_string();
        assert!(
            error.starts_with("the command after the case: ") && error.ends_with("everything was stopped"),
            "{error}"
        );
    }
}
