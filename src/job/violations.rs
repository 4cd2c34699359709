//! Takes the handler's stack where a callback breaks a rule.

use std::collections::BTreeMap;

use super::call_sites::CallSites;
use crate::host::Observer;
use crate::protocol::{Event, EventKind, Note, Session, Thread};
use crate::rules::{Conditions, Finding, MOST_OF_A_RULE, Monitor, Subject};

/// Notes the stack of the thread whose callback breaks a rule. A session that breaks none has no stack in its trace.
pub(super) struct Violations {
    monitor: Monitor,
    notes: Vec<(Thread, Note)>,
    /// How many findings of each rule there were.
    found: BTreeMap<&'static str, usize>,
    sites: CallSites,
}

impl Violations {
    pub(super) fn new(conditions: Conditions) -> Self {
        let monitor = Monitor::new(conditions);
        Self { monitor, notes: Vec::new(), found: BTreeMap::new(), sites: CallSites::default() }
    }

    /// Whether the finding is one of those that are kept; more of a rule are only counted, and need no stack.
    fn is_kept(&mut self, finding: &Finding) -> bool {
        let found = self.found.entry(finding.rule.code).or_default();
        *found += 1;
        *found <= MOST_OF_A_RULE
    }
}

impl Observer for Violations {
    fn event(&mut self, event: &Event, _: &Session, _: bool) -> bool {
        let callback = match &event.kind {
            EventKind::Callback { what, .. } => Some(what),
            _ => None,
        };
        if let Some(callback) = callback
            && self.sites.see(callback)
        {
            let more = self.sites.more().into_iter().map(|stack| (event.thread.clone(), Note::Stack(stack)));
            self.notes.extend(more);
        }
        if self.monitor.observe(event) > 0 {
            let found = self.monitor.take_findings();
            let of_handler = found.iter().filter(|finding| finding.rule.subject == Subject::Handler);
            let kept = of_handler.filter(|finding| self.is_kept(finding)).count();
            if kept > 0 && callback.is_some() {
                self.notes.push((event.thread.clone(), Note::Stack(self.sites.note(event.seq))));
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
