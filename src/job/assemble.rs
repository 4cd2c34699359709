//! Assembles the session of a job: its instances, their plans, and who looks on.

use std::sync::Arc;

use super::violations::Violations;
use super::{Conduct, Handler, Standard, Terms};
use crate::host::explore::Explorer;
use crate::host::{Observer, Plan, SessionSetup, StandardPlan};
use crate::protocol::RegisterFlags;
use crate::rules::Conditions;
use crate::scenario::{Counter, Recorder, Recording, ScenarioPlan, StepOutcomes};
use crate::time::{MOST_STEPS, Scheduler};

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
    /// What came of the scenario's steps, for each handler in turn, where there is a scenario.
    pub(super) steps: Vec<StepOutcomes>,
    /// What the manager and the user did, where [`Terms::record`] asks for it.
    pub(super) recording: Option<Recording>,
}

impl Outcomes {
    /// Of a session under these terms, before it begins.
    pub(super) fn of(terms: &Terms) -> Self {
        let steps = match &terms.conduct {
            Conduct::Standard(_) | Conduct::Several(_) => Vec::new(),
            Conduct::Scenario(scenario) => scenario.of_handlers().iter().map(StepOutcomes::of).collect(),
        };
        Self { steps, recording: terms.record.then(Recording::default) }
    }
}

/// Assembles the session. `explorer` decides the order of a script's threads in place of what the terms say, and `own` is a plan
/// for the first instance in place of theirs. `observers` makes those that look on beside the job's own: they come first, so that
/// what they want is recorded.
pub(super) fn assemble(
    handler: &Handler,
    terms: &Terms,
    own: Option<Box<dyn Plan>>,
    explorer: Option<Explorer>,
    observers: impl FnOnce(&Outcomes) -> Vec<Box<dyn Observer>>,
) -> Assembled {
    let outcomes = Outcomes::of(terms);
    let explorer = explorer.or_else(|| forced(terms)).filter(|_| handler.is_scripted());
    let scheduler = match &explorer {
        Some(explorer) => Scheduler::with_limit(explorer.choice(), MOST_STEPS),
        None => Scheduler::seeded(terms.seed),
    };
    let probed = handler.probed(terms.probes());
    let mut counters = Vec::new();
    let factories = probed.factories(&scheduler);
    let different = factories.len() > 1;
    let own_class = || factories.iter().filter_map(|factory| Some((factory.class()?, RegisterFlags(0)))).collect();
    let registered = terms.registered.clone().unwrap_or_else(own_class);
    let mut own_plan = own;
    let mut setup =
        SessionSetup::empty(terms.limits).profile(terms.profile).strict(terms.strict).order(terms.order.clone());
    for (at, factory) in factories.iter().enumerate() {
        let plan = own_plan.take().unwrap_or_else(|| plan(at, terms, &outcomes, &mut counters));
        setup = setup.and(Arc::clone(factory), plan);
    }
    setup = setup.network(terms.network.clone());
    setup = setup.registered(registered).side_by_side(different).each_for_itself(different);
    if let Conduct::Scenario(scenario) = &terms.conduct
        && let (Some(another), Some(factory)) = (scenario.of_another(), factories.into_iter().next())
    {
        let plan = ScenarioPlan::new(&another, StepOutcomes::of(&another));
        counters.extend(plan.counter());
        let side_by_side = scenario.another.as_ref().is_some_and(|another| another.together);
        setup = setup.and(factory, Box::new(plan)).side_by_side(side_by_side);
    }
    for counter in counters {
        setup = setup.observed_by(Box::new(counter));
    }
    if let Some(explorer) = &explorer {
        setup = setup.observed_by(explorer.user());
    }
    for observer in observers(&outcomes) {
        setup = setup.observed_by(observer);
    }
    if let Some(recording) = &outcomes.recording {
        let recorder = Recorder::new(recording.clone(), terms.initialize(), terms.selection());
        let recorder = recorder.of_real_time(!handler.is_scripted());
        setup = setup.observed_by(Box::new(recorder));
    }
    if handler.is_native() {
        setup = setup.observed_by(Box::new(Violations::new(Conditions::from(&terms.header(handler)))));
    }
    Assembled { setup, scheduler, is_virtual: probed.is_scripted(), outcomes }
}

/// What forces the scenario's schedule, where it has one.
fn forced(terms: &Terms) -> Option<Explorer> {
    match &terms.conduct {
        Conduct::Scenario(scenario) => scenario.schedule.as_deref().map(Explorer::forcing),
        Conduct::Standard(_) | Conduct::Several(_) => None,
    }
}

/// The plan for the handler at this place.
fn plan(at: usize, terms: &Terms, outcomes: &Outcomes, counters: &mut Vec<Counter>) -> Box<dyn Plan> {
    let ordinary = |standard: &Standard| -> Box<dyn Plan> {
        let mut plan = StandardPlan::new(standard.initialize.clone(), standard.selection.clone());
        plan.retries = standard.retries;
        plan.opening = standard.opening.iter().cloned().map(Into::into).collect();
        plan.server.clone_from(&standard.server);
        Box::new(plan)
    };
    match &terms.conduct {
        Conduct::Scenario(scenario) => {
            let scenario = scenario.of_handler(at);
            let steps = outcomes.steps.get(at).cloned().unwrap_or_else(|| StepOutcomes::of(&scenario));
            let plan = ScenarioPlan::new(&scenario, steps);
            counters.extend(plan.counter());
            Box::new(plan)
        }
        Conduct::Standard(standard) => ordinary(standard),
        Conduct::Several(each) => ordinary(each.get(at).unwrap_or(&Standard::default())),
    }
}
