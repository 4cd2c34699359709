//! The debugger as an observer of a session: it stops where the user wants, and does what the user wants.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::debugger::Debugger;
use crate::host::{Hold, Instruction, Observer, View};
use crate::protocol::{Call, Callback, Event, HandlerId, Refusal, Session, Wish};

/// The debugger, shared by the sessions' threads.
pub(super) type Shared = Arc<Mutex<Debugger>>;

/// Takes the debugger's lock.
pub(super) fn lock(debugger: &Mutex<Debugger>) -> MutexGuard<'_, Debugger> {
    // What a panic left behind is still what happened.
    debugger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops the session where the user wants, and lets the user act in it. The user speaks to the first instance.
pub(super) struct DebugObserver {
    debugger: Shared,
    /// Which session this is: one that was left is silent.
    number: u64,
}

impl DebugObserver {
    pub(super) fn new(debugger: Shared, number: u64) -> Self {
        Self { debugger, number }
    }
}

impl Observer for DebugObserver {
    fn intervene(&mut self, view: View<'_>) -> Option<Instruction> {
        let mut debugger = lock(&self.debugger);
        if !debugger.is_on(self.number) {
            return Some(Instruction::Finish);
        }
        if view.instance.id() != HandlerId::FIRST {
            return None;
        }
        let wanted = &mut debugger.wanted;
        wanted.calls.pop_front().or_else(|| wanted.close(view.instance)).map(Instruction::Call)
    }

    fn user_comes_first(&self) -> bool {
        true
    }

    fn wanted(&self, view: View<'_>) -> Option<Call> {
        let debugger = lock(&self.debugger);
        let concerned = debugger.is_on(self.number) && view.instance.id() == HandlerId::FIRST;
        concerned.then(|| debugger.wanted.next(view.instance)).flatten()
    }

    fn may_hold(&self) -> bool {
        true
    }

    fn hold(&mut self, view: View<'_>, callback: &Callback) -> Option<Hold> {
        let standing = view.session.standing(view.instance.id(), callback);
        let mut debugger = lock(&self.debugger);
        if !debugger.is_on(self.number) || view.instance.id() != HandlerId::FIRST {
            return None;
        }
        debugger.wanted.hold(callback, standing).then(|| debugger.holds_by_hand())
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        let standing = view.session.standing(view.instance.id(), callback);
        let mut debugger = lock(&self.debugger);
        if !debugger.is_on(self.number) || view.instance.id() != HandlerId::FIRST {
            return wish;
        }
        debugger.wanted.reply(callback, standing).map_or(wish, Wish::from)
    }

    fn event(&mut self, event: &Event, _: &Session, _: bool) -> bool {
        let mut debugger = lock(&self.debugger);
        if debugger.is_on(self.number) {
            debugger.observe(event);
        }
        if debugger.halts(self.number) {
            drop(debugger);
            loop {
                std::thread::park();
            }
        }
        !debugger.is_on(self.number) || debugger.wanted.is_some()
    }

    fn refused(&mut self, call: &Call, why: Refusal, by_plan: bool) {
        if by_plan {
            return;
        }
        lock(&self.debugger).was_refused(call, why);
    }
}
