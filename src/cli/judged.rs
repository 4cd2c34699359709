//! Judges events as they pass, and keeps what reports need of them.

use std::collections::{BTreeMap, VecDeque};

use super::context;
use crate::protocol::{CallMethod, Event, Item, Kind};
use crate::report::{EarlierRounds, Filter, LiveErrors, Omitted, Report};
use crate::rules::{Conditions, Finding, Monitor};

/// How many events around a finding are kept for its context.
const AROUND: usize = 6;

/// How many findings of one rule are kept in full; more are counted.
const MOST_OF_A_RULE: usize = 1000;

/// A case while it is judged.
pub(super) struct Judged {
    pub(super) monitor: Monitor,
    recent: VecDeque<Event>,
    findings: Vec<(Finding, Vec<String>)>,
    kept: BTreeMap<&'static str, usize>,
    omitted: Omitted,
    items: Vec<Item>,
    earlier: EarlierRounds,
    errors: LiveErrors,
    last_ns: u64,
}

impl Judged {
    pub(super) fn new(conditions: Conditions) -> Self {
        Self {
            monitor: Monitor::new(conditions),
            recent: VecDeque::with_capacity(AROUND + 1),
            findings: Vec::new(),
            kept: BTreeMap::new(),
            omitted: Omitted::default(),
            items: Vec::new(),
            earlier: EarlierRounds::default(),
            errors: LiveErrors::default(),
            last_ns: 0,
        }
    }

    /// Takes the next event. Returns the codes of the rules that it breaks.
    pub(super) fn observe(&mut self, event: Event) -> Vec<&'static str> {
        self.earlier.observe(&event, self.monitor.session());
        let found = self.monitor.observe(&event);
        self.last_ns = event.at_ns;
        match &event.kind {
            Kind::Return { what, .. } if what.method == CallMethod::Next => self.list(&what.out.items),
            Kind::Callback { .. } => self.errors.observe(&event),
            _ => {}
        }
        if self.recent.len() == AROUND {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
        if found > 0 { self.keep() } else { Vec::new() }
    }

    /// The trace has ended.
    pub(super) fn finish(&mut self) -> Vec<&'static str> {
        if self.monitor.finish() > 0 { self.keep() } else { Vec::new() }
    }

    fn list(&mut self, items: &[Item]) {
        for item in items {
            match self.items.iter_mut().find(|known| known.id == item.id) {
                Some(known) => known.clone_from(item),
                None => self.items.push(item.clone()),
            }
        }
    }

    fn keep(&mut self) -> Vec<&'static str> {
        let found = self.monitor.take_findings();
        let codes = found.iter().map(|finding| finding.rule.code).collect();
        let mut lines = None;
        for finding in found {
            let kept = self.kept.entry(finding.rule.code).or_default();
            if *kept < MOST_OF_A_RULE {
                *kept += 1;
                let context = lines.get_or_insert_with(|| context::lines(self.recent.make_contiguous()));
                self.findings.push((finding, context.clone()));
            } else {
                self.omitted.count(&finding);
            }
        }
        codes
    }

    /// The enumerated items, in the handler's order.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Adds the case to a report.
    pub(super) fn add_to(self, report: &mut Report, name: &str, filter: &Filter) {
        report.add_case(name, &self.monitor, self.findings, &self.omitted, filter, self.last_ns);
    }

    /// Adds what became of the items to a report.
    pub(super) fn add_items_to(&self, report: &mut Report) {
        report.add_items(&self.items, self.monitor.session(), &self.earlier, &self.errors);
    }
}
