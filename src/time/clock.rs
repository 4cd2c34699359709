//! Where a session's times and thread names come from.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU32, Ordering};
#[cfg(target_os = "linux")]
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::Scheduler;
use crate::protocol::{FileTime, Thread};

/// The clock of a session: the machine's, or the deterministic scheduler's.
pub(crate) enum Clock {
    Real { started: Instant },
    Virtual(Scheduler),
}

thread_local! {
    /// The name under which the current thread of the system stands in traces.
    static NAME: OnceCell<Thread> = const { OnceCell::new() };
}

/// The machine's date and time.
pub(crate) fn wall_clock() -> FileTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    FileTime::from_unix_nanos(i128::try_from(since.as_nanos()).unwrap_or(i128::MAX))
}

/// The name of the current thread, if it was in a session; without making one, for a thread that has crashed.
#[cfg_attr(not(any(unix, windows)), allow(dead_code, reason = "there are no workers"))]
pub(crate) fn name_of_crashed_thread() -> Option<Thread> {
    NAME.try_with(|name| name.get().cloned()).ok().flatten()
}

static UNNAMED: AtomicU32 = AtomicU32::new(0);

impl Clock {
    pub(crate) fn now_ns(&self) -> u64 {
        match self {
            Clock::Real { started } => {
                let elapsed = started.elapsed();
                elapsed.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(elapsed.subsec_nanos()))
            }
            Clock::Virtual(scheduler) => scheduler.now_ns(),
        }
    }

    pub(crate) fn thread(&self) -> Thread {
        let mut thread = Thread::APARTMENT;
        self.name_thread(&mut thread);
        thread
    }

    /// Names the current thread, in place.
    pub(crate) fn name_thread(&self, thread: &mut Thread) {
        match self {
            Clock::Real { .. } => {
                let named = NAME.try_with(|name| copy_name(thread, name.get_or_init(current_name)));
                // A thread whose own data is gone already calls back from a destructor: it has no name any more.
                if named.is_err() {
                    *thread = Thread::from("ending thread");
                }
            }
            Clock::Virtual(scheduler) => *thread = scheduler.thread(),
        }
    }
}

/// Not inlined: there the copy is cut up into pieces that the processor has to wait for.
#[inline(never)]
fn copy_name(to: &mut Thread, name: &Thread) {
    *to = name.clone();
}

/// A thread's own name, with a number of its own where it has none or the name is the apartment's.
fn current_name() -> Thread {
    let name = match std::thread::current().name() {
        Some(name) if name != "apartment" => Thread::from(name),
        _ => Thread::from(format!("thread-{}", UNNAMED.fetch_add(1, Ordering::Relaxed) + 1).as_str()),
    };
    #[cfg(target_os = "linux")]
    NUMBERED.lock().unwrap_or_else(PoisonError::into_inner).push((nix::unistd::gettid().as_raw(), name.clone()));
    name
}

/// The threads that have a name, by the system's number.
#[cfg(target_os = "linux")]
static NUMBERED: Mutex<Vec<(i32, Thread)>> = Mutex::new(Vec::new());

/// The name of the thread with this number of the system, if it has called back.
#[cfg(target_os = "linux")]
pub(crate) fn name_of_numbered_thread(number: i32) -> Option<Thread> {
    // Whoever asks has stopped nobody: the lock is free in a moment.
    let numbered = NUMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    // The system may give a number again.
    numbered.iter().rev().find(|(known, _)| *known == number).map(|(_, name)| name.clone())
}

/// Makes the current thread of the system the apartment thread of its session.
pub(crate) fn enter_apartment() {
    NAME.with(|name| {
        // A new thread has no name here yet.
        let _ = name.set(Thread::APARTMENT);
    });
}
