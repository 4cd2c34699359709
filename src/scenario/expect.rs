//! Whether what was expected came.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event_pattern::{EventPattern, What};
use super::expectation::{Expect, ExpectFindings};
use super::file::Member;
use super::pattern::ItemRef;
use super::plan::{StepCame, StepOutcomes};
use super::step::{Step, StepExpect};
use crate::protocol::{CallId, Event, EventKind, HResult, HandlerId, Instance, Items, Outcome, Session, Status};
use crate::rules::{Finding, Level};

/// What came of a session, as expectations look at it.
pub struct Observed<'a> {
    /// Its events.
    pub events: &'a [Event],
    /// The session at its end.
    pub session: &'a Session,
    /// What was found.
    pub findings: &'a [Finding],
    /// The scenario's steps.
    pub steps: &'a StepOutcomes,
}

/// One expectation, and whether it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExpectationResult {
    /// What was expected, in words.
    pub what: String,
    /// Whether it came.
    pub held: bool,
    /// It is about findings.
    #[serde(skip)]
    pub findings: bool,
    /// The difference, when it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub difference: String,
}

impl ExpectationResult {
    pub(crate) fn new(what: impl Into<String>, held: bool, difference: impl FnOnce() -> String) -> Self {
        let difference = if held { String::new() } else { difference() };
        Self { what: what.into(), held, findings: false, difference }
    }

    fn of_findings(self) -> Self {
        Self { findings: true, ..self }
    }
}

/// Compares what was expected with what came, expectation by expectation; the steps come first.
pub fn check(expect: &Expect, came: &Observed<'_>) -> Vec<ExpectationResult> {
    check_counted(expect, came, &Counts::of(came.events))
}

/// As [`check`], where not all events were kept.
pub(crate) fn check_counted(expect: &Expect, came: &Observed<'_>, counts: &Counts) -> Vec<ExpectationResult> {
    let first = came.session.instances().next();
    let mut all = taken(came.steps, &came.session.items());
    all.extend(expect.outcome.map(|wanted| outcome(wanted, actual_outcome(came.session))));
    all.extend(expect.items.iter().map(|(word, status)| item(word, *status, first)));
    all.extend(findings(expect.findings.as_ref(), came.findings));
    if !expect.events.is_empty() {
        all.push(sequence(&expect.events, came));
    }
    for (name, wanted) in &expect.counts {
        let actual = counts.get(name);
        all.push(ExpectationResult::new(format!("{name}: {}", times(*wanted)), actual == *wanted, || times(actual)));
    }
    all
}

/// What is expected of each of several handlers, and whether it came. `steps` are those of each in turn.
pub fn check_members(members: &[Member], session: &Session, steps: &[StepOutcomes]) -> Vec<ExpectationResult> {
    let none = Items::default();
    let mut all = Vec::new();
    for ((member, number), steps) in members.iter().zip(1..).zip(steps) {
        let instance = session.instance(HandlerId(number));
        let mut own = taken(steps, instance.map_or(&none, Instance::items));
        let actual = instance.map_or(Outcome::Unfinished, Instance::outcome);
        own.extend(member.expect.outcome.map(|wanted| outcome(wanted, actual)));
        own.extend(member.expect.items.iter().map(|(word, status)| item(word, *status, instance)));
        let of_member = |one: ExpectationResult| {
            let what = format!("handler {number}, {}: {}", member.handler, one.what);
            ExpectationResult { what, ..one }
        };
        all.extend(own.into_iter().map(of_member));
    }
    all
}

/// What was expected of each step. `items` are those of its handler.
fn taken(steps: &StepOutcomes, items: &Items) -> Vec<ExpectationResult> {
    let result = |(at, (step, came, why)): (usize, (Step, StepCame, String))| {
        let expected = match step.expect {
            StepExpect::Taken => "",
            StepExpect::Illegal => " (expected: not legal then)",
            StepExpect::Never => " (expected: its trigger never comes)",
        };
        ExpectationResult::new(format!("step {}: {}{expected}", at + 1, step.action), came.is(step.expect), || why)
    };
    steps.came(items).into_iter().enumerate().map(result).collect()
}

fn outcome(wanted: Outcome, actual: Outcome) -> ExpectationResult {
    ExpectationResult::new(format!("outcome: {wanted}"), actual == wanted, || format!("the outcome is: {actual}"))
}

/// How often, in words.
pub(super) fn times(number: impl Into<u64>) -> String {
    match number.into() {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}

/// How the session ended.
pub(super) fn actual_outcome(session: &Session) -> Outcome {
    session.instances().next().map_or(Outcome::Unfinished, crate::protocol::Instance::outcome)
}

/// The last status of an item over all rounds; none was reported where there is none.
pub(super) fn actual_status(instance: Option<&Instance>, item: &ItemRef) -> Option<Option<Status>> {
    let instance = instance?;
    let id = item.id(instance.items())?;
    instance.item(id).map(|known| known.last_status)
}

fn item(word: &str, wanted: Option<Status>, instance: Option<&Instance>) -> ExpectationResult {
    let name = |status: Option<Status>| status.map_or("no status".to_owned(), |status| status.to_string());
    let actual = actual_status(instance, &ItemRef(word.to_owned()));
    ExpectationResult::new(format!("item {word}: {}", name(wanted)), actual == Some(wanted), || match actual {
        Some(actual) => format!("item {word}: {}", name(actual)),
        None => {
            let none = Items::default();
            let items = instance.map_or(&none, Instance::items);
            let names: Vec<String> = items.iter().map(|item| ItemRef::to(item.id, items).0).collect();
            format!("no item {word}; the items are: {}", names.join(", "))
        }
    })
}

/// The codes of the findings, each once, in the catalogue's order. What follows from another finding is not among it.
pub(super) fn codes(findings: &[Finding]) -> Vec<&'static str> {
    in_order(findings.iter().filter(|finding| finding.consequence_of.is_none()))
}

fn in_order<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<&'static str> {
    let indexed: BTreeMap<usize, &'static str> =
        findings.map(|finding| (finding.rule.index, finding.rule.code)).collect();
    indexed.into_values().collect()
}

pub(super) fn findings(expect: Option<&ExpectFindings>, found: &[Finding]) -> Option<ExpectationResult> {
    let actual = codes(found);
    let list = |codes: &[&str]| if codes.is_empty() { "none".to_owned() } else { codes.join(", ") };
    let Some(expect) = expect else {
        // Nothing was said of findings: then an error is not expected.
        let is_error = |finding: &&Finding| finding.level == Level::Error && finding.consequence_of.is_none();
        let errors: Vec<&Finding> = found.iter().filter(is_error).collect();
        let codes: Vec<&str> = errors.iter().map(|finding| finding.rule.code).collect();
        return (!errors.is_empty())
            .then(|| ExpectationResult::new("no errors", false, || format!("found: {}", list(&codes))));
    };
    let wanted: BTreeSet<&str> = expect.codes().iter().map(String::as_str).collect();
    // A scenario may name what follows from a finding, and need not.
    let all = in_order(found.iter());
    let missing: Vec<&str> = wanted.iter().copied().filter(|code| !all.contains(code)).collect();
    let extra: Vec<&str> = match expect {
        ExpectFindings::Exactly(_) => actual.iter().copied().filter(|code| !wanted.contains(code)).collect(),
        ExpectFindings::AtLeast { .. } => Vec::new(),
    };
    let words: Vec<&str> = wanted.into_iter().collect();
    let what = match expect {
        ExpectFindings::Exactly(_) => format!("findings: {}", list(&words)),
        ExpectFindings::AtLeast { .. } => format!("findings: at least {}", list(&words)),
    };
    let held = ExpectationResult::new(what, missing.is_empty() && extra.is_empty(), || {
        let mut parts = Vec::new();
        if !missing.is_empty() {
            parts.push(format!("not found: {}", missing.join(", ")));
        }
        if !extra.is_empty() {
            let told = found.iter().filter(|finding| extra.contains(&finding.rule.code));
            let told: Vec<String> =
                told.take(5).map(|finding| format!("{} ({})", finding.rule.code, finding.message())).collect();
            parts.push(format!("not expected: {}", told.join("; ")));
        }
        parts.join("; ")
    });
    Some(held.of_findings())
}

/// The patterns as a subsequence of the events.
pub(super) fn sequence(patterns: &[EventPattern], came: &Observed<'_>) -> ExpectationResult {
    let replies: BTreeMap<CallId, HResult> = came
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Reply { call, hr, .. } => Some((*call, *hr)),
            _ => None,
        })
        .collect();
    let reply_to = |event: &Event| match &event.kind {
        EventKind::Callback { call, .. } => replies.get(call).copied(),
        _ => None,
    };
    let none = Items::default();
    let items_of = |event: &Event| came.session.instance(event.handler).map_or(&none, Instance::items);
    let fits = |pattern: &EventPattern, event: &Event| pattern.fits(event, reply_to(event), items_of(event));
    let mut events = came.events.iter();
    let mut last = 0;
    let missing = patterns.iter().enumerate().find(|(_, pattern)| match events.find(|event| fits(pattern, event)) {
        Some(event) => {
            last = event.seq;
            false
        }
        None => true,
    });
    let what = if patterns.len() == 1 { "1 event".to_owned() } else { format!("{} events", patterns.len()) };
    ExpectationResult::new(format!("{what} in order"), missing.is_none(), || {
        let Some((at, pattern)) = missing else { return String::new() };
        let earlier = came.events.iter().find(|event| event.seq <= last && fits(pattern, event));
        let hint = match earlier {
            Some(event) => format!("; it occurs before that, as event #{}", event.seq),
            None => {
                let all = came.events.iter().filter_map(|event| {
                    let seen = pattern.seen(event, reply_to(event), items_of(event))?;
                    Some((seen.differences(pattern), event.seq < last, event.seq, seen))
                });
                match all.min_by_key(|(differences, before, seq, _)| (*differences, *before, *seq)) {
                    Some((.., seq, seen)) => format!("; the nearest is event #{seq}: {seen}"),
                    None => "; it does not occur at all".to_owned(),
                }
            }
        };
        let after = if at == 0 { String::new() } else { format!(" after event #{last}") };
        format!("number {} does not occur{after}: {pattern}{hint}", at + 1)
    })
}

/// How often each method was called and each note made.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    /// In all these events.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut counts = Self::default();
        events.iter().for_each(|event| counts.add(event));
        counts
    }

    /// Counts one more event.
    pub(crate) fn add(&mut self, event: &Event) {
        if matches!(event.kind, EventKind::Call { .. } | EventKind::Callback { .. } | EventKind::Note(_)) {
            *self.0.entry(event.method_name()).or_default() += 1;
        }
    }

    /// How often that was.
    pub(super) fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// Whether one of the patterns may look at the event: others need not be kept.
pub(crate) fn may_look_at(patterns: &[EventPattern], event: &Event) -> bool {
    patterns.iter().any(|pattern| match (&event.kind, pattern.what) {
        (EventKind::Reply { method, .. }, What::Callback(wanted)) => *method == wanted,
        _ => pattern.is_of_kind(event),
    })
}
