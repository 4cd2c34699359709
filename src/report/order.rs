//! Causes that show in an order of callbacks: which they are, and how the order is shown.

use std::fmt::Write;

use super::causes::CauseRows;
use super::{CaseOutcome, FindingRow, Report, plain};
use crate::host::Order;
use crate::rules::{Level, Rule, rule};

/// Of fewer cases without an order, it is not known whether a cause shows in most.
const FEW: usize = 4;

/// How many entries of an order a report for people has.
const SHOWN: usize = 40;

impl Report {
    /// The causes that show in cases with an order, as `is_ordered` says by their names, and not always: each with its findings in
    /// such cases, by their places in the report.
    pub(crate) fn causes_by_order(&self, is_ordered: &dyn Fn(&str) -> bool) -> Vec<(&'static Rule, Vec<usize>)> {
        let judged = || self.cases.iter().filter(|case| case.outcome != CaseOutcome::Skipped);
        let ordered = judged().filter(|case| is_ordered(&case.name)).count();
        let others = judged().filter(|case| case.synchronized && !is_ordered(&case.name)).count();
        let takes_an_order = |cause: &CauseRows| {
            let in_order = self.names_of(cause).filter(|name| is_ordered(name)).count();
            let in_others = self.names_of(cause).filter(|name| !is_ordered(name)).count();
            // What nearly every order shows, and every other case, takes none.
            let always = others >= FEW && 2 * in_others > others && 3 * in_order > 2 * ordered;
            cause.accepted.is_none() && cause.level > Level::Note && !always
        };
        let causes = self.all_causes().into_iter().filter(takes_an_order);
        let in_order = |cause: CauseRows| {
            let own = |at: &usize| {
                let row = &self.findings[*at];
                row.rule == cause.rule.code && is_ordered(&row.case)
            };
            (cause.rule, cause.findings.iter().copied().filter(own).collect::<Vec<usize>>())
        };
        causes.map(in_order).filter(|(_, findings)| !findings.is_empty()).collect()
    }

    /// The order that shows the finding, and the commands that show and debug it in this order.
    pub(crate) fn set_order(
        &mut self,
        finding: usize,
        order: Order,
        reproduce: String,
        debug: Option<&crate::runner::DebugCommand>,
    ) {
        let Some(row) = self.findings.get_mut(finding) else { return };
        row.debug = debug.zip(rule(row.rule)).map(|(debug, rule)| debug.at(rule));
        (row.replay, row.reproduce, row.order) = (Some(reproduce.clone()), Some(reproduce), Some(order));
        self.say_causes();
    }
}

/// The order in which callbacks were taken, for people: what comes several times in a row once.
pub(super) fn order_text(finding: &FindingRow) -> Option<String> {
    let order = finding.order.as_ref()?;
    let mut text = format!("{}, seed {}", order.strategy, order.seed);
    if let Some(shows) = &order.shows {
        let _ = write!(text, "; breaks the rule in {} sessions", plain(shows));
    }
    text.push_str("; callbacks are taken in the order ");
    let mut runs: Vec<(&str, usize)> = Vec::new();
    for entry in &order.entries {
        match runs.last_mut() {
            Some((last, times)) if last == entry => *times += 1,
            _ => runs.push((entry, 1)),
        }
    }
    let left_out = runs.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = Vec::new();
    if left_out > 0 {
        shown.push(format!("({left_out} more)"));
    }
    shown.extend(runs[left_out..].iter().map(|(entry, times)| match times {
        1 => plain(entry).into_owned(),
        times => format!("{} (x{times})", plain(entry)),
    }));
    text += &shown.join("; ");
    Some(text)
}
