//! Takes the handler's stack where a callback breaks a rule.

use super::stack;
use crate::host::Observer;
use crate::protocol::{Event, EventKind, Note, Session, Stack, Thread};
use crate::rules::{Conditions, Monitor, Subject};

/// Notes the stack of the thread whose callback breaks a rule. A callback that breaks none takes no stack.
pub(super) struct Violations {
    monitor: Monitor,
    notes: Vec<(Thread, Note)>,
}

impl Violations {
    pub(super) fn new(conditions: Conditions) -> Self {
        Self { monitor: Monitor::new(conditions), notes: Vec::new() }
    }
}

impl Observer for Violations {
    fn event(&mut self, event: &Event, _: &Session, _: bool) -> bool {
        if self.monitor.observe(event) > 0 {
            let found = self.monitor.take_findings();
            let of_handler = found.iter().any(|finding| finding.rule.subject == Subject::Handler);
            if of_handler && matches!(event.kind, EventKind::Callback { .. }) {
                let frames = stack::here();
                let note = Note::Stack(Stack { event: event.seq, frames });
                self.notes.push((event.thread.clone(), note));
            }
        }
        false
    }

    fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    fn take_notes(&mut self) -> Vec<(Thread, Note)> {
        std::mem::take(&mut self.notes)
    }
}
