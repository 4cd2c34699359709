//! A program's process group, which ends as a whole.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::guard;
use crate::handler::children;

/// How long a guardian may take to end everything before it is ended itself.
const GUARDIAN_TIME: Duration = Duration::from_secs(8);

/// The group of a program that was started.
pub(super) struct Group {
    leader: Pid,
    /// The leader is a guardian, and not the program itself.
    has_guardian: bool,
}

impl Group {
    /// Starts the program, which is in `folder` or on PATH, as the leader of a group. `prepare` says how.
    pub(super) fn start(
        program: &Path,
        folder: Option<&Path>,
        prepare: impl FnOnce(&mut Command),
    ) -> io::Result<(Child, Self)> {
        let guarded = guard::guarded(program, folder)?;
        let has_guardian = guarded.is_some();
        let mut starts = guarded.unwrap_or_else(|| Command::new(program));
        prepare(&mut starts);
        let child = children::start(starts.process_group(0))?;
        let leader = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        if !has_guardian {
            guard::watch(leader);
        }
        Ok((child, Self { leader, has_guardian }))
    }

    /// Kills all of it. `ended` looks whether the leader has ended.
    pub(super) fn end(&self, ended: impl Fn() -> bool) {
        if self.has_guardian {
            let since = Instant::now();
            while since.elapsed() < GUARDIAN_TIME {
                guard::end_guarded(self.leader);
                if ended() {
                    return;
                }
                sleep(Duration::from_millis(1));
            }
        }
        let _ = killpg(self.leader, Signal::SIGKILL);
    }

    /// The leader has ended: a guardian with all that came from the program; of a program itself the group ends.
    pub(super) fn end_rest(&self) {
        if !self.has_guardian {
            let _ = killpg(self.leader, Signal::SIGKILL);
            guard::unwatch(self.leader);
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
