//! The handler's process: the leader of a group of its own, which ends as a whole.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::guard;

/// How much of the standard error is kept for the report, in bytes.
const TAIL: usize = 2048;

/// The version of the wire protocol, which the program finds in its environment.
const VERSION: &str = "1";

/// A started program.
pub(super) struct Process {
    child: Mutex<ChildState>,
    group: Pid,
    tail: Arc<Mutex<Vec<u8>>>,
}

struct ChildState {
    child: Child,
    ended: Option<ExitStatus>,
}

/// The pipes to a started program.
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
}

impl Process {
    /// Starts `command` in `folder`. What it writes to its standard error comes out of ours.
    pub(super) fn start(command: &[String], folder: Option<&Path>) -> io::Result<(Self, Pipes)> {
        let [program, arguments @ ..] = command else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
        };
        // A path is relative to the folder, as the arguments are; a bare name is looked for as a shell does.
        let program = match folder {
            Some(folder) if program.contains('/') => folder.join(program),
            _ => program.into(),
        };
        let mut starts = Command::new(program);
        starts.args(arguments).env("MOBSYNC_WIRE", VERSION).process_group(0);
        starts.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = folder {
            starts.current_dir(folder);
        }
        let mut child = starts.spawn()?;
        tracing::info!(pid = child.id(), ?command, "program started");
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        guard::watch(group);
        let tail = Arc::new(Mutex::new(Vec::new()));
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("no pipes"));
        };
        let process = Self { child: Mutex::new(ChildState { child, ended: None }), group, tail: Arc::clone(&tail) };
        let pass = move || pass_on(stderr, &tail);
        if let Err(error) = std::thread::Builder::new().name("handler's stderr".to_owned()).spawn(pass) {
            process.end();
            return Err(error);
        }
        Ok((process, Pipes { stdin, stdout }))
    }

    /// Whether the program has ended, and how. Its group ends with it.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        let mut held = self.child();
        if held.ended.is_none()
            && let Ok(Some(status)) = held.child.try_wait()
        {
            held.ended = Some(status);
            let _ = killpg(self.group, Signal::SIGKILL);
            guard::unwatch(self.group);
        }
        held.ended
    }

    /// Kills the whole group, and takes leave of the program. Nothing where it has ended already.
    pub(super) fn end(&self) {
        if self.ended().is_some() {
            return;
        }
        let _ = killpg(self.group, Signal::SIGKILL);
        let mut held = self.child();
        if held.ended.is_none() {
            held.ended = held.child.wait().ok();
            guard::unwatch(self.group);
        }
    }

    /// The end of what the program wrote to its standard error.
    pub(super) fn tail(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&tail).trim().to_owned()
    }

    fn child(&self) -> MutexGuard<'_, ChildState> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the standard error through, and keeps its end. Ends when nobody can write any more.
fn pass_on(mut from: ChildStderr, tail: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => {
                let _ = io::stderr().write_all(&chunk[..read]);
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend_from_slice(&chunk[..read]);
                let over = tail.len().saturating_sub(TAIL);
                tail.drain(..over);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// How a program ended, in words.
pub(super) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("the program exited with code {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(signal) => format!("the program was killed by {signal}"),
            Err(_) => format!("the program was killed by signal {signal}"),
        },
        (None, None) => "the program ended".to_owned(),
    }
}
