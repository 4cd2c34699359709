//! Ends the programs of this process when it is killed, and can end nothing itself any more.
//!
//! The guard is a process of its own, which is told the groups of programs that run. Its standard input ends with this
//! process, however that ends; then the guard kills the groups that are left.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The program that becomes a guard.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// The way to the guard, once there is one; there is one for all programs.
static GUARD: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// From now on programs are guarded by this program, which becomes a guard when it is called with the argument `guard`.
pub fn guard_by(program: PathBuf) {
    // Whoever comes second says the same.
    let _ = PROGRAM.set(program);
}

/// A program runs, as the leader of that group. Without a guard it is told by the end of its standard input alone.
pub(super) fn watch(group: Pid) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    if guard.is_none() {
        *guard = PROGRAM.get().and_then(|program| {
            let mut starts = Command::new(program);
            // A group of its own: Ctrl-C is not for it.
            starts.arg("guard").process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            starts.spawn().ok()?.stdin.take()
        });
    }
    tell(guard.as_mut(), '+', group);
}

/// The group has ended; its number may become another's.
pub(super) fn unwatch(group: Pid) {
    tell(GUARD.lock().unwrap_or_else(PoisonError::into_inner).as_mut(), '-', group);
}

fn tell(guard: Option<&mut ChildStdin>, what: char, group: Pid) {
    if let Some(guard) = guard {
        // A guard that was killed guards nothing: no reason to disturb the session.
        let _ = guard.write_all(format!("{what}{group}\n").as_bytes());
    }
}

/// Is the guard: hears which groups run, until the one who says so is gone.
pub fn guard() {
    let mut groups = BTreeSet::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (begins, group) = (line.starts_with('+'), line.get(1..).and_then(|group| group.parse::<i32>().ok()));
        match group {
            Some(group) if begins => drop(groups.insert(group)),
            Some(group) => drop(groups.remove(&group)),
            None => {}
        }
    }
    for group in groups.into_iter().filter(|group| *group > 1) {
        // Whoever is gone already is no error.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}
