//! Many sessions at a time, until they are done or the user wants an end.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::interrupt::Interrupt;
use super::live::Teller;
use crate::host::Controls;

/// Does so many things, some at the same time (one for each processor unless it is said how many), and gives what came of them in their order.
pub(super) fn side_by_side<T: Send>(
    jobs: Option<NonZero<u16>>,
    many: usize,
    one: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let processors = || thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = jobs.map_or_else(processors, |jobs| usize::from(jobs.get()));
    let next = AtomicUsize::new(0);
    let in_turn = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= many {
                return done;
            }
            done.push((at, one(at)));
        }
    };
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.clamp(1, many.max(1))).map(|_| scope.spawn(in_turn)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, came)| came).collect()
}

/// Ctrl-C: what runs is left, and nothing more is begun.
#[derive(Clone, Default)]
pub(super) struct Stop {
    stopped: Arc<AtomicBool>,
    /// The sessions that run now, each by a number of its own.
    running: Arc<Mutex<BTreeMap<u64, Controls>>>,
    begun: Arc<AtomicU64>,
}

impl Stop {
    /// Listens to the signals; `then` says what becomes of what was done until then.
    pub(super) fn listen(&self, interrupt: &Interrupt, then: &'static str) {
        let (stop, teller) = (self.clone(), Teller::plain());
        let to_user = teller.clone();
        let stop = move || {
            to_user.tell(&format!("mobsync: stopping; {then}"));
            stop.stopped.store(true, Ordering::SeqCst);
            stop.running().values().for_each(Controls::leave);
        };
        interrupt.listen_and(teller, stop, || ());
    }

    /// Begins something that takes the controls of its sessions, unless it is too late.
    pub(super) fn unless_stopped<T>(&self, begin: impl FnOnce(&dyn Fn(Controls)) -> T) -> Option<T> {
        if self.stopped.load(Ordering::SeqCst) {
            return None;
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let started = |controls: Controls| {
            self.running().insert(number, controls.clone());
            // It may have been stopped since it was asked.
            if self.stopped.load(Ordering::SeqCst) {
                controls.leave();
            }
        };
        let came = begin(&started);
        // What is over holds what it had of its worker no longer.
        self.running().remove(&number);
        Some(came)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, Controls>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
