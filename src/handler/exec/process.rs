//! The handler's process: the first of a group of its own, which ends as a whole.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use super::group::Group;
use crate::handler::said::{Said, pass_on};

/// How long the standard error of a program that has ended is waited for: a process of its own that left the group may hold it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The version of the wire protocol, which the program finds in its environment.
const VERSION: &str = "1";

/// A started program.
pub(super) struct Process {
    child: Mutex<ChildState>,
    group: Group,
    said: Arc<Mutex<Said>>,
    /// Says when the standard error has ended: nobody sends, and the other end is closed then.
    silent: Mutex<mpsc::Receiver<()>>,
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
            Some(folder) if program.contains(std::path::is_separator) => folder.join(program),
            _ => program.into(),
        };
        let (mut child, group) = Group::start(&program, folder, |starts| {
            starts.args(arguments).env("MOBSYNC_WIRE", VERSION);
            starts.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            if let Some(folder) = folder {
                starts.current_dir(folder);
            }
        })?;
        tracing::info!(pid = child.id(), ?command, "program started");
        let said: Arc<Mutex<Said>> = Arc::default();
        let (speaks, silent) = mpsc::channel::<()>();
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("no pipes"));
        };
        let process = Self {
            child: Mutex::new(ChildState { child, ended: None }),
            group,
            said: Arc::clone(&said),
            silent: Mutex::new(silent),
        };
        let pass = move || {
            pass_on(stderr, &said);
            drop(speaks);
        };
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
            self.group.end_rest();
        }
        held.ended
    }

    /// Kills the whole group, and waits for the program. Does nothing if it has ended already.
    pub(super) fn end(&self) {
        if self.ended().is_some() {
            return;
        }
        self.group.end(|| self.ended().is_some());
        let mut held = self.child();
        if held.ended.is_none() {
            held.ended = held.child.wait().ok();
            self.group.end_rest();
        }
    }

    /// Waits until the standard error of a program that has ended is read to its end.
    fn hear_out(&self) {
        if self.ended().is_some() {
            let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = silent.recv_timeout(LAST_WORDS);
        }
    }

    /// The last line that the program wrote to its standard error.
    pub(super) fn last_line(&self) -> Option<String> {
        self.hear_out();
        self.said.lock().unwrap_or_else(PoisonError::into_inner).last_line()
    }

    /// Takes what the program wrote to its standard error.
    pub(super) fn take_said(&self) -> Said {
        self.hear_out();
        std::mem::take(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn child(&self) -> MutexGuard<'_, ChildState> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
