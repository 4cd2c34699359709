//! Assembles the session of a job: its instances, their plans, and who looks on.

use std::sync::Arc;

use super::violations::Violations;
use super::{Conduct, Handler, Opened, Terms};
use crate::host::{Observer, Plan, SessionSetup, StandardPlan};
use crate::rules::Conditions;
use crate::scenario::{Counter, Recorder, Recording, ScenarioPlan, StepOutcomes};
use crate::time::Scheduler;

/// A session that can run.
pub(super) struct Assembled {
    pub(super) setup: SessionSetup,
    /// Scripts run under it; a handler in real time has no use for it.
    pub(super) scheduler: Scheduler,
    /// Whether the session takes place in virtual time.
    pub(super) is_virtual: bool,
    pub(super) outcomes: Outcomes,
}

/// What can be asked about a session beside its events.
#[derive(Clone, Default)]
pub(super) struct Outcomes {
    /// What came of the scenario's steps, where there is a scenario.
    pub(super) steps: Option<StepOutcomes>,
    /// What the manager and the user did, where [`Terms::record`] asks for it.
    pub(super) recording: Option<Recording>,
}

impl Outcomes {
    /// Of a session under these terms, before it begins.
    pub(super) fn of(terms: &Terms) -> Self {
        let steps = match &terms.conduct {
            Conduct::Standard(_) => None,
            Conduct::Scenario(scenario) => Some(StepOutcomes::of(scenario)),
        };
        Self { steps, recording: terms.record.then(Recording::default) }
    }
}

/// Assembles the session. `own` is a plan for the first instance in place of what the terms say. `observers` makes those that look on beside the job's own: they come first, so that what they want
/// is recorded.
pub(super) fn assemble(
    handler: &Handler,
    terms: &Terms,
    own: Option<Box<dyn Plan>>,
    observers: impl FnOnce(&Outcomes) -> Vec<Box<dyn Observer>>,
) -> Assembled {
    let outcomes = Outcomes::of(terms);
    let scheduler = Scheduler::seeded(terms.seed);
    let probed = handler.probed(terms.probes());
    let factory = probed.factory(&scheduler);
    let mut counters = Vec::new();
    let plan = own.unwrap_or_else(|| plan(terms, &outcomes, &mut counters));
    let mut setup = SessionSetup::new(Arc::clone(&factory), plan, terms.limits).profile(terms.profile);
    if let Conduct::Scenario(scenario) = &terms.conduct
        && let Some(another) = scenario.of_another()
    {
        let plan = ScenarioPlan::new(&another, StepOutcomes::of(&another));
        counters.extend(plan.counter());
        let side_by_side = scenario.another.as_ref().is_some_and(|another| another.together);
        setup = setup.and(factory, Box::new(plan)).side_by_side(side_by_side);
    }
    for counter in counters {
        setup = setup.observed_by(Box::new(counter));
    }
    for observer in observers(&outcomes) {
        setup = setup.observed_by(observer);
    }
    if let Some(recording) = &outcomes.recording {
        let recorder = Recorder::new(recording.clone(), terms.initialize(), terms.selection());
        setup = setup.observed_by(Box::new(recorder));
    }
    if handler.is_native() {
        setup = setup.observed_by(Box::new(Violations::new(Conditions::from(&terms.header(handler)))));
    }
    Assembled { setup, scheduler, is_virtual: matches!(probed.opened(), Opened::Script(_)), outcomes }
}

fn plan(terms: &Terms, outcomes: &Outcomes, counters: &mut Vec<Counter>) -> Box<dyn Plan> {
    match &terms.conduct {
        Conduct::Scenario(scenario) => {
            let steps = outcomes.steps.clone().unwrap_or_else(|| StepOutcomes::of(scenario));
            let plan = ScenarioPlan::new(scenario, steps);
            counters.extend(plan.counter());
            Box::new(plan)
        }
        Conduct::Standard(standard) => {
            let mut plan = StandardPlan::new(standard.initialize.clone(), standard.selection.clone());
            plan.retries = standard.retries;
            Box::new(plan)
        }
    }
}
