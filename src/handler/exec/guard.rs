//! Ends programs, and all that they started, whatever ends first.
//!
//! On Linux each program has a guardian: this program, started with `guard` and the program's command. It ends all that comes
//! from the program, and ends as the program ended.
//!
//! Elsewhere there is one guard for all programs, for when this process is killed, and can end nothing itself any more.
//! The guard is a process of its own, which is told the groups of programs that run. Its standard input ends with this
//! process, however that ends; then the guard kills the groups that are left.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

#[cfg(target_os = "linux")]
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::handler::children;

/// The program that becomes a guard.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// The way to the guard, once there is one; there is one for all programs.
static GUARD: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// From now on programs are guarded by this program, which becomes a guard when it is called with the argument `guard`.
pub fn guard_by(program: PathBuf) {
    // Whoever comes second says the same.
    let _ = PROGRAM.set(program);
}

/// The command that starts a program under its guardian, where there can be one. The program is in `folder`, or on PATH.
///
/// # Errors
/// When there is no such program: its guardian could not say so any more.
#[cfg(target_os = "linux")]
pub(super) fn guarded(program: &Path, folder: Option<&Path>) -> io::Result<Option<Command>> {
    let Some(guardian) = PROGRAM.get() else { return Ok(None) };
    can_start(program, folder)?;
    let mut starts = Command::new(guardian);
    starts.arg("guard").arg(std::process::id().to_string()).arg(program);
    Ok(Some(starts))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn guarded(_: &Path, _: Option<&Path>) -> io::Result<Option<Command>> {
    Ok(None)
}

/// Whether the system would find the program, and may run it.
#[cfg(target_os = "linux")]
fn can_start(program: &Path, folder: Option<&Path>) -> io::Result<()> {
    use nix::unistd::{AccessFlags, access};
    let may_run = |path: &Path| match access(path, AccessFlags::X_OK) {
        Ok(()) if path.is_dir() => Err(Errno::EACCES),
        ran => ran,
    };
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        let path = folder.map_or_else(|| program.to_owned(), |folder| folder.join(program));
        return Ok(may_run(&path)?);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut failed = Errno::ENOENT;
    for folder in std::env::split_paths(&path) {
        match may_run(&folder.join(program)) {
            Ok(()) => return Ok(()),
            Err(Errno::EACCES) => failed = Errno::EACCES,
            Err(_) => {}
        }
    }
    Err(failed.into())
}

/// Tells a guardian to end its program, and all that comes from it. One that was stopped goes on.
pub(super) fn end_guarded(guardian: Pid) {
    let _ = kill(guardian, Signal::SIGTERM);
    let _ = kill(guardian, Signal::SIGCONT);
}

/// A program runs, as the leader of that group. Without a guard it is told by the end of its standard input alone.
pub(super) fn watch(group: Pid) {
    let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    if guard.is_none() {
        *guard = PROGRAM.get().and_then(|program| {
            let mut starts = Command::new(program);
            // A group of its own: Ctrl-C is not for it.
            starts.arg("guard").process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            children::start(&mut starts).ok()?.stdin.take()
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
