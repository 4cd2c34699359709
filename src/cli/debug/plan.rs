//! The plan of a session that is debugged: another plan's, until the user wants something.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::debugger::Debugger;
use crate::host::{Instruction, Plan, View};
use crate::protocol::{Call, Callback, Event, Refusal, Session, Wish};

/// The debugger, shared by the sessions' threads.
pub(super) type Shared = Arc<Mutex<Debugger>>;

/// Takes the debugger's lock.
pub(super) fn lock(debugger: &Mutex<Debugger>) -> MutexGuard<'_, Debugger> {
    // What a panic left behind is still what happened.
    debugger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops where the user wants, and does what the user wants.
pub(super) struct DebugPlan {
    inner: Box<dyn Plan>,
    debugger: Shared,
    /// Which session this is: one that was left is silent.
    number: u64,
    /// The user's call that was asked for last.
    asked: bool,
}

impl DebugPlan {
    pub(super) fn new(inner: Box<dyn Plan>, debugger: Shared, number: u64) -> Self {
        Self { inner, debugger, number, asked: false }
    }
}

impl Plan for DebugPlan {
    fn next(&mut self, view: View<'_>) -> Instruction {
        self.asked = false;
        let wanted = {
            let mut debugger = lock(&self.debugger);
            if !debugger.is_on(self.number) {
                return Instruction::Finish;
            }
            let wanted = &mut debugger.wanted;
            wanted.calls.pop_front().or_else(|| wanted.close(view.instance))
        };
        match wanted {
            Some(call) => {
                self.asked = true;
                Instruction::Call(call)
            }
            None => self.inner.next(view),
        }
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback) -> Wish {
        let wish = self.inner.wish(view, callback);
        let standing = view.session.standing(view.instance.id(), callback);
        let mut debugger = lock(&self.debugger);
        if !debugger.is_on(self.number) || !standing.is_expected() {
            return wish;
        }
        debugger.wanted.reply(callback).map_or(wish, Wish::from)
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        let woken = self.inner.observe(event, session);
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
        woken || !debugger.is_on(self.number) || debugger.wanted.is_some()
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        if !self.asked {
            return self.inner.refused(call, why);
        }
        let mut debugger = lock(&self.debugger);
        if matches!(call, Call::Release | Call::SetProgressCallback(_)) {
            debugger.wanted.releasing = false;
        }
        debugger.tell(&format!("{} was not called: {why}.", call.method()));
    }
}
