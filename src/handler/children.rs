//! The processes that this one has started, and those that it has adopted: what a handler started, and whose guardian it
//! killed.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Those that were started here; none is started while somebody looks for the others.
static STARTED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Starts a process.
///
/// # Errors
/// When the system cannot start it.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    started.insert(child.id());
    Ok(child)
}

/// Lets somebody else start a child of this process: its number, if there is one.
///
/// # Errors
/// Those of whoever starts it.
#[cfg(target_os = "linux")]
pub(crate) fn start_by(start: impl FnOnce() -> io::Result<Option<u32>>) -> io::Result<Option<u32>> {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let child = start()?;
    started.extend(child);
    Ok(child)
}

/// A process that was started here is gone, and its number may become another's.
pub(crate) fn is_gone(child: u32) {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner).remove(&child);
}

/// What stands in the environment of processes that this one leaves running for sessions to come: `end_adopted` does not end them,
/// though they leave their parents. No handler knows the value.
pub(crate) fn that_stays() -> (&'static str, &'static str) {
    static VALUE: OnceLock<String> = OnceLock::new();
    ("MOBSYNC_STAYS", VALUE.get_or_init(|| format!("{:016x}", RandomState::new().build_hasher().finish())))
}

/// From now on this process adopts what its children leave behind, and `end_adopted` ends that. Every child that is not
/// started by `start` counts as adopted, so it is for a program of its own, not for one that uses the library.
#[cfg(target_os = "linux")]
pub fn adopt() {
    if nix::sys::prctl::set_child_subreaper(true).is_ok() {
        adopted::ADOPTS.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(target_os = "linux")]
pub(crate) use adopted::end_adopted;

#[cfg(target_os = "linux")]
mod adopted {
    use std::sync::PoisonError;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::Pid;

    use super::{STARTED, that_stays};
    use crate::handler::processes::{children, has_variable};

    pub(super) static ADOPTS: AtomicBool = AtomicBool::new(false);

    /// How often it looks whether all are gone.
    const NAP: Duration = Duration::from_millis(1);

    /// Ends the processes that this one has adopted, and waits until they are gone, at most for so long.
    pub(crate) fn end_adopted(longest: Duration) {
        let begun = Instant::now();
        let (name, value) = that_stays();
        let stays = format!("{name}={value}");
        while ADOPTS.load(Ordering::Relaxed) && begun.elapsed() < longest {
            let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
            let was_started = |child: &i32| u32::try_from(*child).is_ok_and(|child| started.contains(&child));
            let is_adopted = |child: &i32| !was_started(child) && !has_variable(*child, &stays);
            let adopted: Vec<Pid> = children().into_iter().filter(is_adopted).map(Pid::from_raw).collect();
            for child in &adopted {
                // Whoever is gone already is no error.
                let _ = kill(*child, Signal::SIGKILL);
                let _ = waitpid(*child, Some(WaitPidFlag::WNOHANG));
            }
            drop(started);
            if adopted.is_empty() {
                return;
            }
            std::thread::sleep(NAP);
        }
    }
}
