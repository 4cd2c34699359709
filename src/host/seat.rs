//! An instance's place in a session: what it owes, and how the manager waits for it.

use std::sync::Arc;

use super::shared::Shared;
use crate::protocol::{CallMethod, Crashed, HandlerId, Instance, Limits, Note, Stack, State, TimedOut, WaitingFor};
use crate::time::{Clock, Paused};

/// An instance of a running session.
#[derive(Clone, Copy)]
pub(super) struct Seat<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) id: HandlerId,
    pub(super) limits: Limits,
}

impl Shared {
    /// Records the crashes of threads, whosever they are (virtual clock only).
    pub(super) fn record_task_crashes(&self) {
        if let Clock::Virtual(scheduler) = &self.clock {
            while let Some((instance, thread, what)) = scheduler.take_crash() {
                self.note(instance, thread, Note::Crashed(Crashed { what: what.into() }));
            }
        }
    }
}

impl Seat<'_> {
    /// The method whose completion the handler owes, and when it is overdue.
    pub(super) fn owes(&self) -> Option<(CallMethod, u64)> {
        let state = self.shared.lock();
        let method = state.session.instance(self.id).and_then(Instance::awaiting)?;
        Some((method, state.heard_ns(self.id).saturating_add(self.limits.timeout_ns)))
    }

    /// Whether nobody waits for its open call any more: the call has used up its limit, or the session was left.
    pub(super) fn is_given_up(&self) -> bool {
        let state = self.shared.lock();
        let hung = |instance: &Instance| instance.state() == State::Hung;
        state.left.is_some() || state.session.instance(self.id).is_some_and(hung)
    }

    /// Whether what it owes is overdue, as nothing woke the manager. That is recorded.
    pub(super) fn is_overdue(&self) -> bool {
        let shared = self.shared;
        let overdue = || {
            let (method, due_ns) = self.owes()?;
            (!shared.lock().woken && shared.clock.now_ns() >= due_ns).then_some(method)
        };
        if overdue().is_none() {
            return false;
        }
        let stacks = shared.apartment.get().map(|observer| observer.stacks_of_threads()).unwrap_or_default();
        // To ask the threads takes its time, in which one may have called back.
        let Some(method) = overdue() else { return false };
        if !stacks.is_empty() {
            let stack = Note::Stack(Stack { event: 0, frames: stacks, site: None });
            shared.record_stack(self.id, stack);
        }
        self.time_out(method, WaitingFor::Completion);
        true
    }

    pub(super) fn time_out(&self, method: CallMethod, waiting_for: WaitingFor) {
        tracing::info!(%method, ?waiting_for, instance = self.id.0, "time-out");
        let note = Note::TimedOut(TimedOut { method, waiting_for });
        self.shared.note(self.id, self.shared.clock.thread(), note);
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// Something happened, or the time has come.
    Something,
    /// Nothing can ever happen.
    Stuck,
    /// A thread crashed, and that is recorded.
    Crashed,
    /// The session has used up its steps.
    Exhausted,
}

/// Waits until something happens, or until that time.
pub(super) fn pause(shared: &Shared, until_ns: Option<u64>) -> Waited {
    match &shared.clock {
        Clock::Real { .. } => {
            shared.sleep(until_ns);
            Waited::Something
        }
        Clock::Virtual(scheduler) => match scheduler.pause(until_ns, || shared.is_awake()) {
            Paused::Crashed => {
                shared.record_task_crashes();
                Waited::Crashed
            }
            Paused::Exhausted => Waited::Exhausted,
            Paused::Stuck => Waited::Stuck,
            Paused::Ready | Paused::Reached | Paused::Abandoned => Waited::Something,
        },
    }
}

/// Waits until something happens to the instance, which has nothing to do. If it owes a completion and is silent for too long,
/// it is overdue. False when nothing can ever happen.
pub(super) fn wait(seat: Seat<'_>, until_ns: Option<u64>) -> bool {
    let owed = seat.owes();
    let until_ns = until_ns.into_iter().chain(owed.map(|(_, overdue_ns)| overdue_ns)).min();
    match pause(seat.shared, until_ns) {
        Waited::Crashed => true,
        Waited::Exhausted => false,
        waited => owed.is_some() && seat.is_overdue() || waited != Waited::Stuck,
    }
}
