//! Takes the handler's stack where a callback breaks a rule.

use super::stack;
use crate::host::{Instruction, Plan, View};
use crate::protocol::{Call, Callback, Event, EventKind, Note, Refusal, Session, Stack, Thread, Wish};
use crate::rules::{Conditions, Monitor, Subject};

/// A plan that lets another one decide, and notes the stack of the thread whose callback breaks a rule. A callback that
/// breaks none takes no stack.
pub(super) struct Violations {
    inner: Box<dyn Plan>,
    monitor: Monitor,
    notes: Vec<(Thread, Note)>,
}

impl Violations {
    pub(super) fn new(inner: Box<dyn Plan>, conditions: Conditions) -> Self {
        Self { inner, monitor: Monitor::new(conditions), notes: Vec::new() }
    }
}

impl Plan for Violations {
    fn next(&mut self, view: View<'_>) -> Instruction {
        self.inner.next(view)
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback) -> Wish {
        self.inner.wish(view, callback)
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        let woken = self.inner.observe(event, session);
        if self.monitor.observe(event) > 0 {
            let found = self.monitor.take_findings();
            let of_handler = found.iter().any(|finding| finding.rule.subject == Subject::Handler);
            if of_handler && matches!(event.kind, EventKind::Callback { .. }) {
                let frames = stack::here();
                let note = Note::Stack(Stack { event: event.seq, frames });
                self.notes.push((event.thread.clone(), note));
            }
        }
        woken
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        self.inner.refused(call, why);
    }

    fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    fn take_notes(&mut self) -> Vec<(Thread, Note)> {
        std::mem::take(&mut self.notes)
    }
}
