//! Where checks report to: which rules were exercised, and which were broken.

use super::{Finding, Level, RULES, Rule};
use crate::protocol::{Event, HandlerId, Thread};

/// What is known of a rule after a trace.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was broken at least once.
    Violated,
    /// Something in the session could have broken it, and nothing did.
    Held,
    /// Nothing in the session could have broken it, or nothing checks it.
    NotExercised,
}

/// Collects what the checks find.
#[derive(Debug, Default)]
pub(super) struct Judge {
    exercised: RuleSet,
    violated: RuleSet,
    pub(super) findings: Vec<Finding>,
}

/// A set of rules, by their place in the catalogue.
#[derive(Clone, Copy, Debug, Default)]
struct RuleSet([u64; 3]);

impl RuleSet {
    fn insert(&mut self, rule: &Rule) {
        self.0[rule.index / 64] |= 1 << (rule.index % 64);
    }

    fn contains(&self, rule: &Rule) -> bool {
        self.0[rule.index / 64] & (1 << (rule.index % 64)) != 0
    }
}

const _: () = assert!(RULES.len() <= 192, "RuleSet holds 192 rules");

/// Where in the trace a check looks.
#[derive(Clone, Copy)]
pub(super) struct EventRef<'a> {
    pub(super) seq: u64,
    pub(super) handler: HandlerId,
    pub(super) thread: &'a Thread,
}

impl<'a> From<&'a Event> for EventRef<'a> {
    fn from(event: &'a Event) -> Self {
        Self { seq: event.seq, handler: event.handler, thread: &event.thread }
    }
}

impl Judge {
    /// Something happened that could break the rule; `holds` says whether the rule was kept.
    pub(super) fn check(
        &mut self,
        place: EventRef<'_>,
        rule: &'static Rule,
        holds: bool,
        why: impl FnOnce() -> String,
    ) {
        self.check_with(place, rule, holds, &[], why);
    }

    /// As [`Judge::check`], with earlier events that belong to it.
    pub(super) fn check_with(
        &mut self,
        place: EventRef<'_>,
        rule: &'static Rule,
        holds: bool,
        earlier: &[u64],
        why: impl FnOnce() -> String,
    ) {
        self.exercised.insert(rule);
        if !holds {
            self.report(place, rule, rule.level, earlier, why());
        }
    }

    /// The rule was broken.
    pub(super) fn broken(&mut self, place: EventRef<'_>, rule: &'static Rule, why: impl Into<String>) {
        self.report(place, rule, rule.level, &[], why.into());
    }

    /// The rule was broken, less badly than its level says.
    pub(super) fn broken_mildly(&mut self, place: EventRef<'_>, rule: &'static Rule, level: Level, why: &str) {
        self.report(place, rule, level, &[], why.to_owned());
    }

    fn report(&mut self, place: EventRef<'_>, rule: &'static Rule, level: Level, earlier: &[u64], message: String) {
        self.exercised.insert(rule);
        self.violated.insert(rule);
        let mut events: Vec<u64> = earlier.iter().copied().filter(|seq| *seq != 0 && *seq != place.seq).collect();
        events.push(place.seq);
        let (handler, thread) = (place.handler, place.thread.clone());
        self.findings.push(Finding { rule, level, handler, message, events, thread });
    }

    pub(super) fn verdict(&self, rule: &Rule) -> Verdict {
        if self.violated.contains(rule) {
            Verdict::Violated
        } else if self.exercised.contains(rule) {
            Verdict::Held
        } else {
            Verdict::NotExercised
        }
    }
}
