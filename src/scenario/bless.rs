//! Rewrites a scenario's expectations from what came.

use std::collections::BTreeMap;

use super::event_pattern::EventPattern;
use super::expect::{Counts, Observed, actual_outcome, actual_status, codes, findings, sequence};
use super::expectation::{Expect, ExpectFindings};
use super::file::Scenario;
use super::pattern::ItemRef;

/// Everything that can be expected of what came: the outcome, the last status of every item that was prepared in any round, the
/// findings.
pub fn observed(came: &Observed<'_>) -> Expect {
    let items = came.session.items();
    let prepared = came.session.instances().next().into_iter().flat_map(|instance| {
        let prepared = instance.known_items().filter(|(_, known)| known.ever_prepared);
        prepared.map(|(item, known)| (ItemRef::to(item.id, &items).0, known.last_status))
    });
    Expect {
        outcome: Some(actual_outcome(came.session)),
        items: prepared.collect(),
        findings: Some(ExpectFindings::Exactly(codes(came.findings).into_iter().map(str::to_owned).collect())),
        events: Vec::new(),
        counts: Default::default(),
        store: BTreeMap::new(),
    }
}

/// The expectations that hold of what came: those of the scenario that can be mended are, those that cannot (an event that
/// does not occur) are dropped; a scenario without any gets them all. Steps are left as they are. With each change, a line that says what it is.
pub fn blessed(scenario: &Scenario, came: &Observed<'_>) -> (Expect, Vec<String>) {
    blessed_counted(scenario, came, &Counts::of(came.events))
}

/// As [`blessed`], where not all events were kept.
pub(crate) fn blessed_counted(scenario: &Scenario, came: &Observed<'_>, counts: &Counts) -> (Expect, Vec<String>) {
    let before = &scenario.expect;
    let all = observed(came);
    if *before == Expect::default() {
        if !scenario.handlers.is_empty() {
            // The rest is expected of each handler.
            let expect = Expect { outcome: None, items: BTreeMap::new(), ..all };
            return (expect, vec!["expectations were written: findings".to_owned()]);
        }
        return (all, vec!["expectations were written: outcome, items, findings".to_owned()]);
    }
    let first = came.session.instances().next();
    let mut changes = Vec::new();
    let mut after = before.clone();
    if let Some(outcome) = &mut after.outcome {
        replace("outcome", outcome, actual_outcome(came.session), &mut changes);
    }
    after.items.retain(|word, _| {
        let known = actual_status(first, &ItemRef(word.clone())).is_some();
        if !known {
            changes.push(format!("items.{word}: removed, no such item"));
        }
        known
    });
    for (word, status) in &mut after.items {
        if let Some(actual) = actual_status(first, &ItemRef(word.clone()))
            && *status != actual
        {
            let name = |status: Option<_>| {
                status.map_or("none".to_owned(), |status: crate::protocol::Status| status.to_string())
            };
            changes.push(format!("items.{word}: {} -> {}", name(*status), name(actual)));
            *status = actual;
        }
    }
    if findings(after.findings.as_ref(), came.findings).is_some_and(|held| !held.held) {
        let list = |codes: &[String]| format!("[{}]", codes.join(", "));
        let old = after.findings.as_ref().map_or(&[][..], ExpectFindings::codes);
        let found: Vec<String> = codes(came.findings).into_iter().map(str::to_owned).collect();
        let new = match &after.findings {
            // What was left open stays open.
            Some(ExpectFindings::AtLeast { at_least }) => {
                let still: Vec<String> = at_least.iter().filter(|code| found.contains(code)).cloned().collect();
                ExpectFindings::AtLeast { at_least: still }
            }
            _ => ExpectFindings::Exactly(found),
        };
        changes.push(format!("findings: {} -> {}", list(old), list(new.codes())));
        after.findings = Some(new);
    }
    for (name, wanted) in &mut after.counts {
        replace(&format!("counts.{name}"), wanted, counts.get(name), &mut changes);
    }
    // What can be matched stays; each pattern that cannot is dropped until the rest occurs in order.
    while !after.events.is_empty() && !sequence(&after.events, came).held {
        let dropped = after.events.remove(first_missing(&after.events, came));
        changes.push(format!("events: removed {dropped}"));
    }
    (after, changes)
}

fn replace<T: PartialEq + std::fmt::Display>(what: &str, old: &mut T, new: T, changes: &mut Vec<String>) {
    if *old != new {
        changes.push(format!("{what}: {old} -> {new}"));
        *old = new;
    }
}

/// The first pattern at which the sequence breaks off.
fn first_missing(patterns: &[EventPattern], came: &Observed<'_>) -> usize {
    (1..=patterns.len()).find(|many| !sequence(&patterns[..*many], came).held).map_or(0, |many| many - 1)
}
