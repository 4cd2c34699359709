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
        let threads: Vec<_> = (0..jobs.clamp(1, many.max(1))).map(|_| scope.spawn(in_turn)).collect();
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
}
