//! Where a session's times and thread names come from.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::Scheduler;
use crate::protocol::Thread;

/// The clock of a session: the machine's, or the deterministic scheduler's.
pub(super) enum Clock {
    Real { started: Instant },
    Virtual(Scheduler),
}

thread_local! {
    /// The name under which the current thread of the system stands in traces.
    static NAME: RefCell<Option<Thread>> = const { RefCell::new(None) };
}

static UNNAMED: AtomicU32 = AtomicU32::new(0);

impl Clock {
    pub(super) fn now_ns(&self) -> u64 {
        match self {
            Clock::Real { started } => u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Clock::Virtual(scheduler) => scheduler.now_ns(),
        }
    }

    pub(super) fn thread(&self) -> Thread {
        match self {
            Clock::Real { .. } => NAME.with_borrow_mut(|name| name.get_or_insert_with(current_name).clone()),
            Clock::Virtual(scheduler) => scheduler.thread(),
        }
    }
}

/// A thread's own name, with a number of its own where it has none or the name is the apartment's.
fn current_name() -> Thread {
    match std::thread::current().name() {
        Some(name) if name != "apartment" => Thread::from(name),
        _ => Thread::from(format!("thread-{}", UNNAMED.fetch_add(1, Ordering::Relaxed) + 1).as_str()),
    }
}

/// Makes the current thread of the system the apartment thread of its session.
pub(super) fn enter_apartment() {
    NAME.set(Some(Thread::APARTMENT));
}
