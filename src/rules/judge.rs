//! Where checks report to: which rules were exercised, and which were broken.

use super::{Finding, Level, NamedItem, Occasion, RULES, Rule, Violation};
use crate::protocol::{Event, EventKind, Guid, HandlerId, Item, Method, Session, Thread};

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
    /// How many findings there were.
    count: u64,
    pub(super) findings: Vec<Finding>,
}

/// A set of rules, by their place in the catalogue.
#[derive(Clone, Copy, Debug, Default)]
struct RuleSet([u64; 3]);

impl RuleSet {
    fn insert(&mut self, rule: &Rule) {
        self.0[rule.index / 64] |= 1 << (rule.index % 64);
    }

    fn remove(&mut self, rule: &Rule) {
        self.0[rule.index / 64] &= !(1 << (rule.index % 64));
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
    pub(super) method: Option<Method>,
    session: &'a Session,
    /// The items that the event itself describes.
    described: &'a [Item],
}

impl<'a> EventRef<'a> {
    pub(super) fn new(event: &'a Event, session: &'a Session) -> Self {
        let Event { seq, handler, thread, kind, .. } = event;
        let described = match kind {
            EventKind::Return { what, .. } => what.out.items.as_slice(),
            _ => &[],
        };
        Self { seq: *seq, handler: *handler, thread, method: event.method(), session, described }
    }

    /// What is not seen at an event of its own, but when the trace ends behind this one.
    pub(super) fn at_end(seq: u64, handler: HandlerId, thread: &'a Thread, session: &'a Session) -> Self {
        Self { seq, handler, thread, method: None, session, described: &[] }
    }

    /// The place, where another method is concerned than the event's own.
    pub(super) fn of(self, method: Option<Method>) -> Self {
        Self { method, ..self }
    }

    /// The place, where another instance is concerned than the event's own.
    pub(super) fn concerning(self, handler: HandlerId) -> Self {
        Self { handler, ..self }
    }

    /// The item of that ID, with the name that is known of it.
    pub(super) fn item(self, id: Guid) -> NamedItem {
        let described = || self.described.iter().rev().find(|item| item.id == id);
        let known = self.session.instance(self.handler).and_then(|instance| instance.items().get(id));
        // An item of another instance, which is one of the same handler.
        let others = || self.session.instances().find_map(|instance| instance.items().get(id));
        NamedItem { id, name: described().or(known).or_else(others).map(|item| item.name.clone()) }
    }
}

impl Judge {
    /// Something happened that could break the rule, and the rule was kept.
    pub(super) fn kept(&mut self, rule: &'static Rule) {
        self.exercised.insert(rule);
    }

    /// Something happened that could break the rule; `holds` says whether the rule was kept.
    pub(super) fn check<V: Into<Violation>>(
        &mut self,
        place: EventRef<'_>,
        rule: &'static Rule,
        holds: bool,
        why: impl FnOnce() -> V,
    ) {
        self.check_with(place, rule, holds, &[], why);
    }

    /// As [`Judge::check`], with earlier events that belong to it.
    pub(super) fn check_with<V: Into<Violation>>(
        &mut self,
        place: EventRef<'_>,
        rule: &'static Rule,
        holds: bool,
        earlier: &[u64],
        why: impl FnOnce() -> V,
    ) {
        self.kept(rule);
        if !holds {
            self.report(place, rule, rule.level, earlier, why().into());
        }
    }

    /// The rule was broken.
    pub(super) fn broken(&mut self, place: EventRef<'_>, rule: &'static Rule, why: impl Into<Violation>) {
        self.report(place, rule, rule.level, &[], why.into());
    }

    /// The rule was broken, less badly than its level says.
    pub(super) fn broken_mildly(
        &mut self,
        place: EventRef<'_>,
        rule: &'static Rule,
        level: Level,
        why: impl Into<Violation>,
    ) {
        self.report(place, rule, level, &[], why.into());
    }

    fn report(
        &mut self,
        place: EventRef<'_>,
        rule: &'static Rule,
        level: Level,
        earlier: &[u64],
        violation: Violation,
    ) {
        self.exercised.insert(rule);
        self.violated.insert(rule);
        let mut events: Vec<u64> = earlier.iter().copied().filter(|seq| *seq != 0 && *seq != place.seq).collect();
        events.push(place.seq);
        self.count += 1;
        self.findings.push(Finding {
            number: self.count,
            rule,
            level,
            handler: place.handler,
            violation,
            method: place.method,
            // The monitor says these once the event is judged.
            occasion: Occasion::Ordinary,
            round: 0,
            consequence_of: None,
            events,
            thread: place.thread.clone(),
        });
    }

    /// Nothing of that rule was found after all.
    pub(super) fn acquit(&mut self, rule: &Rule) {
        self.violated.remove(rule);
        self.exercised.remove(rule);
        self.findings.retain(|finding| finding.rule != rule);
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
