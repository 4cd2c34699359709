//! Takes the handler's stack where a callback breaks a rule.

use std::collections::{BTreeMap, HashMap};

use super::stack;
use crate::host::Observer;
use crate::protocol::{Event, EventKind, Note, Session, Stack, Text, Thread};
use crate::rules::{Conditions, Finding, MOST_OF_A_RULE, Monitor, Subject};

/// Notes the stack of the thread whose callback breaks a rule. A callback that breaks none takes no stack.
pub(super) struct Violations {
    monitor: Monitor,
    notes: Vec<(Thread, Note)>,
    /// How many findings of each rule there were.
    found: BTreeMap<&'static str, usize>,
    /// The words of stacks that were taken. To find them takes some thousand times as long as to take a stack, and a handler
    /// that breaks a rule often does it at few places.
    known: HashMap<Vec<usize>, Vec<Text>>,
}

/// How many stacks are remembered.
const MOST_KNOWN: usize = 1024;

impl Violations {
    pub(super) fn new(conditions: Conditions) -> Self {
        let monitor = Monitor::new(conditions);
        Self { monitor, notes: Vec::new(), found: BTreeMap::new(), known: HashMap::new() }
    }

    /// Whether the finding is one of those that are kept; more of a rule are only counted, and need no stack.
    fn is_kept(&mut self, finding: &Finding) -> bool {
        let found = self.found.entry(finding.rule.code).or_default();
        *found += 1;
        *found <= MOST_OF_A_RULE
    }

    fn frames(&mut self) -> Vec<Text> {
        let addresses = stack::addresses_here();
        if let Some(known) = self.known.get(&addresses) {
            return known.clone();
        }
        let frames = stack::of_this_process(&addresses);
        if self.known.len() < MOST_KNOWN {
            self.known.insert(addresses, frames.clone());
        }
        frames
    }
}

impl Observer for Violations {
    fn event(&mut self, event: &Event, _: &Session, _: bool) -> bool {
        if self.monitor.observe(event) > 0 {
            let found = self.monitor.take_findings();
            let of_handler = found.iter().filter(|finding| finding.rule.subject == Subject::Handler);
            let kept = of_handler.filter(|finding| self.is_kept(finding)).count();
            if kept > 0 && matches!(event.kind, EventKind::Callback { .. }) {
                let frames = self.frames();
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
