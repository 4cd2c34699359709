//! Many sessions at a time, until they are done or the user wants an end.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use parking_lot::{Mutex, MutexGuard};

use super::Watcher;
use crate::host::Controls;

/// Does so many things, some at the same time (one for each processor unless it is said how many), and gives what came of them in their order.
pub fn side_by_side<T: Send>(jobs: Option<NonZero<u16>>, many: usize, one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut done = Vec::with_capacity(many);
    in_order(jobs, many, one, |_, came| done.push(came));
    done
}

/// As [`side_by_side`], and what came of each is taken away as soon as all before it were: nothing is kept to the end.
pub fn in_order<T: Send>(
    jobs: Option<NonZero<u16>>,
    many: usize,
    one: impl Fn(usize) -> T + Sync,
    take: impl FnMut(usize, T) + Send,
) {
    let processors = || thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = jobs.map_or_else(processors, |jobs| usize::from(jobs.get()));
    let begun = AtomicUsize::new(0);
    let order = Mutex::new(Order { next: 0, early: BTreeMap::new(), take });
    let in_turn = || {
        loop {
            let at = begun.fetch_add(1, Ordering::Relaxed);
            if at >= many {
                return;
            }
            let came = one(at);
            order.lock().take(at, came);
        }
    };
    thread::scope(|scope| {
        // This thread works too: where the system gives no more threads, everything is still done.
        let more =
            (1..jobs.clamp(1, many.max(1))).map_while(|_| thread::Builder::new().spawn_scoped(scope, in_turn).ok());
        let threads: Vec<_> = more.collect();
        in_turn();
        for thread in threads {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
}

/// What came, brought in order.
struct Order<T, F> {
    next: usize,
    /// What came before its turn.
    early: BTreeMap<usize, T>,
    take: F,
}

impl<T, F: FnMut(usize, T)> Order<T, F> {
    fn take(&mut self, at: usize, came: T) {
        self.early.insert(at, came);
        while let Some(came) = self.early.remove(&self.next) {
            (self.take)(self.next, came);
            self.next += 1;
        }
    }
}

/// Ends many sessions before they are done: what runs is left, and nothing more is begun. Clones stop the same sessions.
#[derive(Clone, Default)]
pub struct Stop {
    stopped: Arc<AtomicBool>,
    /// The sessions that run now, each by a number of its own.
    running: Arc<Mutex<BTreeMap<u64, Controls>>>,
    begun: Arc<AtomicU64>,
}

impl Stop {
    /// Leaves what runs, and keeps everything else from being begun.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.running().values().for_each(Controls::leave);
    }

    /// Whether everything was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Begins something, unless everything was stopped. The sessions that `begin` runs one after the other can be stopped if
    /// the watcher that it gets sees them.
    pub fn unless_stopped<T>(&self, begin: impl FnOnce(&mut dyn Watcher) -> T) -> Option<T> {
        if self.is_stopped() {
            return None;
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let came = begin(&mut Running { stop: self, number });
        // What is over holds what it had of its worker no longer.
        self.running().remove(&number);
        Some(came)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, Controls>> {
        self.running.lock()
    }
}

/// A session that can be stopped.
struct Running<'a> {
    stop: &'a Stop,
    number: u64,
}

impl Watcher for Running<'_> {
    fn started(&mut self, controls: Controls) {
        self.stop.running().insert(self.number, controls.clone());
        // It may have been stopped since it was asked.
        if self.stop.is_stopped() {
            controls.leave();
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }
}

/// What an interruption kept from being done, of so many things: what one is called, and what was not done with some.
pub fn interrupted((one, done): (&str, &str), all: usize, not_done: usize, broken_off: usize) -> String {
    let were = |many: usize| if many == 1 { "was" } else { "were" };
    let what = match (all, not_done, broken_off) {
        (_, 0, 0) => format!("every {one} was {done}, and none was cut short"),
        (1, 0, _) => format!("the {one} was cut short"),
        (1, _, _) => format!("the {one} was not {done}"),
        (_, 0, broken) => format!("{broken} of {all} {one}s {} cut short", were(broken)),
        (_, not, 0) => format!("{not} of {all} {one}s {} not {done}", were(not)),
        (_, not, broken) => {
            format!("{not} of {all} {one}s {} not {done}, and {broken} {} cut short", were(not), were(broken))
        }
    };
    format!("interrupted: {what}")
}

#[cfg(test)]
mod tests {
    use super::interrupted;

    #[test]
    fn an_interruption_says_what_was_not_done_and_what_was_broken_off() {
        let said = |all, not_done, broken_off| interrupted(("scenario", "begun"), all, not_done, broken_off);
        assert_eq!(said(1, 0, 1), "interrupted: the scenario was cut short");
        assert_eq!(said(1, 1, 0), "interrupted: the scenario was not begun");
        assert_eq!(said(1, 0, 0), "interrupted: every scenario was begun, and none was cut short");
        assert_eq!(said(3, 0, 2), "interrupted: 2 of 3 scenarios were cut short");
        assert_eq!(said(3, 2, 0), "interrupted: 2 of 3 scenarios were not begun");
        assert_eq!(said(3, 1, 1), "interrupted: 1 of 3 scenarios was not begun, and 1 was cut short");
    }
}
