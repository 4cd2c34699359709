//! Many sessions at a time, until they are done or the user wants an end.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    let done = Mutex::new(Vec::with_capacity(many));
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, many.max(1)) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= many {
                        return;
                    }
                    let came = one(at);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, came));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, came)| came).collect()
}

/// Ctrl-C: what runs is left, and nothing more is begun.
#[derive(Clone, Default)]
pub(super) struct Stop {
    stopped: Arc<AtomicBool>,
    running: Arc<Mutex<Vec<Controls>>>,
}

impl Stop {
    /// Listens to the signals; `then` says what becomes of what was done until then.
    pub(super) fn listen(&self, interrupt: &Interrupt, then: &'static str) {
        let (stop, teller) = (self.clone(), Teller::plain());
        let to_user = teller.clone();
        let stop = move || {
            to_user.tell(&format!("mobsync: stopping; {then}"));
            stop.stopped.store(true, Ordering::SeqCst);
            stop.running.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Controls::leave);
        };
        interrupt.listen_and(teller, stop, || ());
    }

    /// Begins something that takes the controls of its sessions, unless it is too late.
    pub(super) fn unless_stopped<T>(&self, begin: impl FnOnce(&dyn Fn(Controls)) -> T) -> Option<T> {
        if self.stopped.load(Ordering::SeqCst) {
            return None;
        }
        let started = |controls: Controls| {
            self.running.lock().unwrap_or_else(PoisonError::into_inner).push(controls.clone());
            // It may have been stopped since it was asked.
            if self.stopped.load(Ordering::SeqCst) {
                controls.leave();
            }
        };
        Some(begin(&started))
    }
}
