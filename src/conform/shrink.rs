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
    with(&|candidate| candidate.order = None);
    if let Some(order) = &scenario.order {
        // The end of an order is shortened first by much, then by little.
        for keep in [0, order.entries.len() / 2, order.entries.len().saturating_sub(1)] {
            with(&|candidate| candidate.order.iter_mut().for_each(|order| order.entries.truncate(keep)));
        }
        with(&|candidate| candidate.order.iter_mut().for_each(|order| order.shows = None));
    }
    for member in 0..scenario.handlers.len() {
        for at in 0..scenario.handlers[member].steps.len() {
            with(&|candidate| drop(candidate.handlers[member].steps.remove(at)));
        }
    }
    for at in 0..scenario.another.as_ref().map_or(0, |another| another.steps.len()) {
        with(&|candidate| drop(candidate.another.as_mut().map(|another| another.steps.remove(at))));
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
    use serde_json::{Value, json};

    use super::{Known, next_selection, selections, shrink};
    use crate::scenario::{self, Scenario};

    /// What is left of a scenario of which `needed` must be there, as JSON.
    fn shrunk(scenario: &Value, needed: &[&str]) -> Value {
        let scenario: Scenario = scenario::parse(&scenario.to_string(), "shrink.json".as_ref()).expect("a scenario");
        let text = |scenario: &Scenario| scenario::to_text(scenario).expect("JSON").replace([' ', '\n'], "");
        let mut fails = |candidate: &Scenario| needed.iter().all(|needed| text(candidate).contains(needed));
        assert!(fails(&scenario), "{}", text(&scenario));
        let shrunk = shrink(&scenario, &Known::default(), 500, &mut fails);
        serde_json::from_str(&text(&shrunk.scenario)).expect("JSON")
    }

    #[test]
    fn a_schedule_and_held_replies_become_as_short_as_they_can_be() {
        let deviation = |turn: u32| json!({ "turn": turn, "thread": "b" });
        let hold = |nth: u32| json!({ "when": { "callback": "Progress", "nth": nth }, "do": { "hold": { "until": { "time": "5ms" } } } });
        let skip = json!({ "when": { "callback": "Progress", "nth": 2 }, "do": { "skip": "A" } });
        let scenario = json!({
            "format": "mobsync-scenario", "version": 1, "title": "s", "event": "idle", "seed": 7,
            "schedule": [deviation(3), deviation(5), deviation(9)],
            "steps": [hold(1), skip, hold(3)],
        });
        let left = shrunk(&scenario, &["\"turn\":5", "\"hold\""]);
        assert_eq!(left["schedule"], json!([deviation(5)]));
        assert_eq!(left["steps"].as_array().map(Vec::len), Some(1), "{left:#}");
        assert!(left["steps"][0]["do"].get("hold").is_some(), "{left:#}");
    }

    #[test]
    fn an_order_is_cut_off_after_what_is_needed_and_is_left_out_where_none_is() {
        let entries = ["1: a", "2: b", "1: c", "2: d", "1: e", "2: f"];
        let scenario = json!({
            "format": "mobsync-scenario", "version": 1, "title": "s",
            "order": { "strategy": "random", "seed": 3, "entries": entries, "shows": "9 of 10" },
        });
        let left = shrunk(&scenario, &["2:b"]);
        assert_eq!(left["order"]["entries"], json!(["1:a", "2:b"]), "{left:#}");
        assert_eq!(shrunk(&scenario, &[]).get("order"), None);
    }

    #[test]
    fn steps_of_several_handlers_become_as_few_as_they_can_be() {
        let step = |item: &str| json!({ "when": { "callback": "Progress" }, "do": { "skip": item } });
        let scenario = json!({
            "format": "mobsync-scenario", "version": 1, "title": "s",
            "handlers": [
                { "handler": "a.json", "steps": [step("A"), step("B")] },
                { "handler": "b.json", "steps": [step("C"), step("D")] },
            ],
        });
        let left = shrunk(&scenario, &["\"skip\":\"D\""]);
        assert_eq!(left["handlers"][0].get("steps").and_then(Value::as_array).map_or(0, Vec::len), 0, "{left:#}");
        assert_eq!(left["handlers"][1]["steps"].as_array().map(Vec::len), Some(1), "{left:#}");
    }

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
