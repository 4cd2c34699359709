//! Orders of callbacks that showed something: each is forced again, to say how reliably it shows it.

use std::collections::BTreeMap;
use std::num::NonZero;

use super::session::{SessionResult, Sessions};
use super::suite::Reproduce;
use super::tasks::Task;
use crate::host::{EntryLog, Order};
use crate::report::Report;
use crate::rules::Rule;
use crate::runner::side_by_side;
use crate::scenario::Scenario;

/// How many sessions say how reliably an order shows a cause.
const SESSIONS: usize = 10;

/// An order that shows it in so many of them will do.
const ENOUGH: usize = 9;

/// How many orders are tried for a cause, at most, and how many for all causes.
const MOST_OF_A_CAUSE: usize = 3;
const MOST: usize = 9;

/// The orders of the sessions in which something was found.
#[derive(Default)]
pub(super) struct SeenOrders {
    by_case: BTreeMap<String, (Task, EntryLog)>,
}

impl SeenOrders {
    /// Keeps the order of the session, if something was found in it.
    pub(super) fn add(&mut self, result: &SessionResult, task: impl FnOnce() -> Task) {
        if let Some(entries) = result.entries.as_ref().filter(|_| !result.judged.found().is_empty()) {
            self.by_case.insert(result.name.clone(), (task(), entries.clone()));
        }
    }

    /// Forces the orders again that showed causes, and writes them into the report with how often they show them.
    pub(super) fn show_again(&self, sessions: &Sessions<'_>, jobs: Option<NonZero<u16>>, report: &mut Report) {
        if self.by_case.is_empty() || !sessions.may_run_again() {
            return;
        }
        let is_ordered = |case: &str| self.by_case.contains_key(case) || case.starts_with(super::cases::ORDERED);
        let mut left = MOST;
        for (rule, findings) in report.causes_by_order(&is_ordered) {
            let mut best: Option<(usize, usize, Order)> = None;
            for at in findings.into_iter().take(MOST_OF_A_CAUSE) {
                if left == 0 || best.as_ref().is_some_and(|(shown, ..)| *shown >= ENOUGH) {
                    break;
                }
                let Some((task, order)) = self.order(report, at) else { continue };
                left -= 1;
                let Some(shown) = how_often(sessions, jobs, task, &order, rule) else { return };
                if best.as_ref().is_none_or(|(most, ..)| shown > *most) {
                    best = Some((shown, at, order));
                }
            }
            if let Some((shown, at, order)) = best {
                let order = Order { shows: Some(format!("{shown} of {SESSIONS}")), ..order };
                self.write(sessions, report, at, order);
            }
        }
    }

    /// The task in which the finding was made, and the order up to what shows it.
    fn order(&self, report: &Report, finding: usize) -> Option<(&Task, Order)> {
        let row = report.findings.get(finding)?;
        let (task, entries) = self.by_case.get(&row.case)?;
        let last = row.events.iter().copied().max().unwrap_or(u64::MAX);
        let order = task.scenario.order.clone()?;
        Some((task, Order { entries: entries.until(last), shows: None, ..order }))
    }

    fn write(&self, sessions: &Sessions<'_>, report: &mut Report, finding: usize, order: Order) {
        let Some((task, _)) = report.findings.get(finding).and_then(|row| self.by_case.get(&row.case)) else { return };
        let file = sessions.scenario_file(task);
        let scenario = || Scenario { order: Some(order.clone()), ..task.scenario.clone() };
        // What could be written a moment ago can be written again. That of a random session is shorter than the session.
        let file =
            file.filter(|file| !task.random && file.exists() && sessions.write_scenario(scenario(), file).is_ok());
        let seed = task.random.then_some(task.scenario.seed);
        let found = match &file {
            Some(file) => Reproduce::Scenario(file),
            None => Reproduce::InOrder(&task.name, seed, &order),
        };
        let (reproduce, debug) = sessions.commands(found);
        report.set_order(finding, order.clone(), reproduce, debug.as_ref());
    }
}

/// In how many sessions the order breaks the rule again; nothing when everything was stopped meanwhile.
fn how_often(
    sessions: &Sessions<'_>,
    jobs: Option<NonZero<u16>>,
    task: &Task,
    order: &Order,
    rule: &Rule,
) -> Option<usize> {
    let breaks: Option<Vec<bool>> =
        side_by_side(jobs, SESSIONS, |_| sessions.breaks(task, order, rule)).into_iter().collect();
    breaks.map(|breaks| breaks.into_iter().filter(|breaks| *breaks).count())
}
