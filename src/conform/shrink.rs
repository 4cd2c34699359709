//! Looks for the shortest scenario that still fails.

use super::{Known, alphabet};
use crate::scenario::{Choose, EventName, ItemRef, Scenario, Step, Trigger};

/// What came of shrinking.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The shortest scenario that was found to fail.
    pub scenario: Scenario,
    /// How many sessions it took.
    pub sessions: usize,
    /// No scenario with fewer steps of the [`alphabet`](super::alphabet) fails under the same circumstances: all were
    /// tried. Otherwise there were too many to try.
    pub least: bool,
}

/// Makes a failing scenario as short as it can: fewest steps first, then the simplest circumstances.
///
/// First every selection of the scenario's own steps is tried, the smallest first; then, as far as `most` sessions allow,
/// every selection of the steps that the handler gives occasion for. `fails` runs a scenario and says whether it still
/// shows what it is about; it should answer the same for the same scenario.
pub fn shrink(scenario: &Scenario, known: &Known, most: usize, fails: &mut dyn FnMut(&Scenario) -> bool) -> Shrunk {
    let mut trial = Trial { best: scenario.clone(), sessions: 0, most, fails };
    let own = trial.best.steps.clone();
    trial.fewest(&own);
    trial.simplify();
    let all = alphabet(known, trial.best.settings);
    let least = trial.fewest(&all);
    trial.simplify();
    Shrunk { scenario: trial.best, sessions: trial.sessions, least }
}

struct Trial<'a> {
    best: Scenario,
    sessions: usize,
    most: usize,
    fails: &'a mut dyn FnMut(&Scenario) -> bool,
}

impl Trial<'_> {
    /// Keeps the candidate if it fails.
    fn try_out(&mut self, candidate: Scenario) -> bool {
        if self.sessions >= self.most || candidate == self.best {
            return false;
        }
        self.sessions += 1;
        let fails = (self.fails)(&candidate);
        tracing::debug!(steps = candidate.steps.len(), fails, session = self.sessions, "shrink step");
        if fails {
            self.best = candidate;
        }
        fails
    }

    /// Finds the smallest selection among these steps that fails and is smaller than the best. False when not all smaller
    /// ones could be tried.
    fn fewest(&mut self, steps: &[Step]) -> bool {
        for many in 0..self.best.steps.len() {
            if selections(steps.len(), many) > self.most.saturating_sub(self.sessions) {
                return false;
            }
            let mut chosen: Vec<usize> = (0..many).collect();
            loop {
                let selected = chosen.iter().map(|at| steps[*at].clone()).collect();
                if self.try_out(Scenario { steps: selected, ..self.best.clone() }) {
                    return true;
                }
                if !next_selection(&mut chosen, steps.len()) {
                    break;
                }
            }
        }
        true
    }

    /// Simplifies one thing after another, until nothing is left to simplify.
    fn simplify(&mut self) {
        loop {
            let simpler = simpler(&self.best);
            if self.sessions >= self.most || !simpler.into_iter().any(|candidate| self.try_out(candidate)) {
                return;
            }
        }
    }
}

/// Scenarios that are simpler in one respect, the greatest first.
fn simpler(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Scenario)| {
        let mut candidate = scenario.clone();
        change(&mut candidate);
        if candidate != *scenario {
            all.push(candidate);
        }
    };
    with(&|candidate| {
        candidate.settings = false;
        if candidate.event == EventName::None {
            candidate.event = EventName::Manual;
        }
    });
    with(&|candidate| {
        candidate.event = EventName::Manual;
        candidate.cookie = None;
    });
    with(&|candidate| candidate.cookie = None);
    with(&|candidate| candidate.user = true);
    with(&|candidate| candidate.seed = 0);
    for at in 0..scenario.schedule.as_ref().map_or(0, Vec::len) {
        with(&|candidate| drop(candidate.schedule.as_mut().map(|schedule| schedule.remove(at))));
    }
    with(&|candidate| candidate.choose = Choose::Checked);
    if scenario.choose != Choose::Checked {
        with(&|candidate| candidate.choose = Choose::All);
    }
    if let Choose::These(items) = &scenario.choose {
        for at in 0..items.len() {
            let fewer: Vec<ItemRef> =
                items.iter().enumerate().filter(|(nth, _)| *nth != at).map(|(_, item)| item.clone()).collect();
            if !fewer.is_empty() {
                with(&|candidate| candidate.choose = Choose::These(fewer.clone()));
            }
        }
    }
    for at in 0..scenario.steps.len() {
        with(&|candidate| match &mut candidate.steps[at].when {
            Trigger::Callback(pattern) => pattern.nth = 1,
            Trigger::State { nth, .. } => *nth = 1,
            Trigger::Time { .. } => {}
        });
    }
    all
}

/// How many selections of `many` there are among `all`.
fn selections(all: usize, many: usize) -> usize {
    (0..many).fold(1_usize, |count, at| count.saturating_mul(all.saturating_sub(at)) / (at + 1))
}

/// The next selection in order; false after the last.
fn next_selection(chosen: &mut [usize], all: usize) -> bool {
    let many = chosen.len();
    let Some(at) = (0..many).rev().find(|at| chosen[*at] < all - (many - at)) else { return false };
    let first = chosen[at] + 1;
    chosen[at..].iter_mut().enumerate().for_each(|(more, place)| *place = first + more);
    true
}

#[cfg(test)]
mod tests {
    use super::{next_selection, selections};

    #[test]
    fn every_selection_comes_once() {
        for all in 0..7 {
            for many in 0..=all {
                let mut chosen: Vec<usize> = (0..many).collect();
                let mut seen = std::collections::BTreeSet::from([chosen.clone()]);
                while next_selection(&mut chosen, all) {
                    assert!(chosen.is_sorted_by(|a, b| a < b) && chosen.iter().all(|at| *at < all), "{chosen:?}");
                    assert!(seen.insert(chosen.clone()), "{chosen:?} comes twice");
                }
                assert_eq!(seen.len(), selections(all, many), "{many} of {all}");
            }
        }
    }
}
