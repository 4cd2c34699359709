//! Runs a session in this process.

use std::sync::Arc;

use super::terms::Planned;
use super::violations::Violations;
use super::{Handler, Opened, Terms};
use crate::handler::CreateError;
use crate::host::{self, Another, Controls, Drain, Job, Plan, Ran, RealTimeOptions};
use crate::scenario::{Recording, Steps};
use crate::time::{Scheduler, SeededChoice};

/// A session that has ended, and what came of its plan.
pub struct Launched {
    /// The session.
    pub ran: Ran,
    /// What came of the scenario's steps, where there is a scenario.
    pub steps: Option<Steps>,
    /// What the manager and the user did, where [`Terms::record`] asked for it.
    pub recording: Option<Recording>,
}

/// Runs a session in this process. `started` gets the controls of a session in real time before anything else happens; one in
/// virtual time is over before anybody could use them.
///
/// # Errors
/// When the instance cannot be created.
pub fn in_process(
    handler: &Handler,
    terms: &Terms,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Launched, CreateError> {
    wrapped(handler, terms, |plan| plan, started, drain)
}

/// As [`in_process`], with a plan that `wrap` makes of the one that the terms amount to.
///
/// # Errors
/// When the instance cannot be created.
pub fn wrapped(
    handler: &Handler,
    terms: &Terms,
    wrap: impl FnOnce(Box<dyn Plan>) -> Box<dyn Plan>,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Launched, CreateError> {
    let Planned { plan, another, steps, recording } = terms.plan();
    let mut plan = wrap(plan);
    if handler.is_native() {
        plan = Box::new(Violations::new(plan, (&terms.header(handler)).into()));
    }
    let limits = terms.limits;
    let scheduler = Scheduler::new(SeededChoice::new(terms.seed));
    let handler = handler.probed(terms.probes());
    let job = Job { factory: handler.factory(&scheduler), plan, limits };
    let (others, together) = others(&job, another);
    let ran = match handler.opened() {
        Opened::Real(_) => {
            let beside = RealTimeOptions { others, together, ..RealTimeOptions::default() };
            host::run_real_with(job, beside, started, drain)?
        }
        Opened::Script(_) => host::run_virtual_with(job, others, together, &scheduler, drain)?,
    };
    Ok(Launched { ran, steps, recording })
}

/// The other instances: of the same handler as the first.
pub(super) fn others(job: &Job, another: Option<(Box<dyn Plan>, bool)>) -> (Vec<Another>, bool) {
    match another {
        Some((plan, together)) => (vec![Another { factory: Arc::clone(&job.factory), plan }], together),
        None => (Vec::new(), false),
    }
}
