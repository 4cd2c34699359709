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

impl Seat<'_> {
    /// The method whose completion the handler owes, and when it is overdue.
    fn owes(&self) -> Option<(CallMethod, u64)> {
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

    /// Records the crashes of threads, whosever they are.
    pub(super) fn record_task_crashes(&self) {
        if let Clock::Virtual(scheduler) = &self.shared.clock {
            while let Some((instance, thread, what)) = scheduler.take_crash() {
                self.shared.note(instance, thread, Note::Crashed(Crashed { what: what.into() }));
            }
        }
    }

    pub(super) fn time_out(&self, method: CallMethod, waiting_for: WaitingFor) {
        tracing::info!(%method, ?waiting_for, instance = self.id.0, "time-out");
        let note = Note::TimedOut(TimedOut { method, waiting_for });
        self.shared.note(self.id, self.shared.clock.thread(), note);
    }
}

/// Waits until something happens to one of the instances, which all have nothing to do. One that owes a completion and is
/// silent for too long is overdue. False when nothing can ever happen.
pub(super) fn wait(seats: &[Seat<'_>], until_ns: Option<u64>) -> bool {
    let Some(first) = seats.first() else { return false };
    let shared = first.shared;
    let owed: Vec<_> = seats.iter().map(Seat::owes).collect();
    let limits = owed.iter().flatten().map(|(_, overdue_ns)| *overdue_ns);
    let until_ns = until_ns.into_iter().chain(limits).min();
    let stuck = match &shared.clock {
        Clock::Real { .. } => {
            shared.sleep(until_ns);
            false
        }
        Clock::Virtual(scheduler) => match scheduler.pause(until_ns, || shared.is_awake()) {
            Paused::Crashed => {
                first.record_task_crashes();
                return true;
            }
            Paused::Exhausted => return false,
            paused => paused == Paused::Stuck,
        },
    };
    let mut overdue = false;
    for (seat, owed) in seats.iter().zip(owed) {
        let Some((method, _)) = owed else { continue };
        let is_overdue = || {
            let state = shared.lock();
            let due_ns = state.heard_ns(seat.id).saturating_add(seat.limits.timeout_ns);
            !state.woken && shared.clock.now_ns() >= due_ns
        };
        if !is_overdue() {
            continue;
        }
        let stacks = shared.apartment.get().map(|observer| observer.stacks_of_threads()).unwrap_or_default();
        // To ask the threads takes its time, in which one may have called back.
        if is_overdue() {
            if !stacks.is_empty() {
                let stack = Note::Stack(Stack { event: 0, frames: stacks, site: None });
                shared.record_stack(seat.id, stack);
            }
            seat.time_out(method, WaitingFor::Completion);
            overdue = true;
        }
    }
    overdue || !stuck
}
