//! The handler's process: the leader of a group of its own, which ends as a whole.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::guard;
use crate::handler::children;
use crate::handler::said::{Said, pass_on};

/// How long a guardian may take to end everything before it is ended itself.
const GUARDIAN_TIME: Duration = Duration::from_secs(8);

/// How long the standard error of a program that has ended is waited for: a process of its own that left the group may hold it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The version of the wire protocol, which the program finds in its environment.
const VERSION: &str = "1";

/// A started program.
pub(super) struct Process {
    child: Mutex<ChildState>,
    group: Pid,
    /// The leader of the group is a guardian, and not the program itself.
    has_guardian: bool,
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
            Some(folder) if program.contains('/') => folder.join(program),
            _ => program.into(),
        };
        let guarded = guard::guarded(&program, folder)?;
        let has_guardian = guarded.is_some();
        let mut starts = guarded.unwrap_or_else(|| Command::new(program));
        starts.args(arguments).env("MOBSYNC_WIRE", VERSION).process_group(0);
        starts.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = folder {
            starts.current_dir(folder);
        }
        let mut child = children::start(&mut starts)?;
        tracing::info!(pid = child.id(), ?command, "program started");
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        if !has_guardian {
            guard::watch(group);
        }
        let said: Arc<Mutex<Said>> = Arc::default();
        let (speaks, silent) = mpsc::channel::<()>();
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("no pipes"));
        };
        let process = Self {
            child: Mutex::new(ChildState { child, ended: None }),
            group,
            has_guardian,
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
            self.end_rest();
        }
        held.ended
    }

    /// Kills the whole process group, and waits for the program. Does nothing if it has ended already.
    pub(super) fn end(&self) {
        if self.ended().is_some() {
            return;
        }
        if self.has_guardian {
            let since = Instant::now();
            while since.elapsed() < GUARDIAN_TIME {
                guard::end_guarded(self.group);
                if self.ended().is_some() {
                    return;
                }
                sleep(Duration::from_millis(1));
            }
        }
        let _ = killpg(self.group, Signal::SIGKILL);
        let mut held = self.child();
        if held.ended.is_none() {
            held.ended = held.child.wait().ok();
            self.end_rest();
        }
    }

    /// The leader of the group has ended: a guardian with all that came from the program; of a program itself the group ends.
    fn end_rest(&self) {
        if !self.has_guardian {
            let _ = killpg(self.group, Signal::SIGKILL);
            guard::unwatch(self.group);
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
