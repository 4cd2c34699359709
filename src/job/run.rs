//! Runs a session in this process.

use super::assemble::{Assembled, Outcomes, assemble};
use super::{Handler, Terms};
use crate::handler::CreateError;
use crate::host::explore::Explorer;
use crate::host::{self, AskUser, Controls, Drain, Observer, Outlet, Plan, Ran, RealTimeOptions};
use crate::scenario::{Recording, StepOutcomes};

/// A session that has ended, and what came of its plan.
pub struct JobEnd {
    /// The session.
    pub ran: Ran,
    /// What came of the scenario's steps, for each handler in turn, where there is a scenario.
    pub steps: Vec<StepOutcomes>,
    /// What the manager and the user did, where [`Terms::record`] asks for it.
    pub recording: Option<Recording>,
}

/// What a session in this process has that its terms cannot say.
#[derive(Default)]
pub struct Additions<'a> {
    /// What the manager and the user do with the first instance, in place of what the terms say.
    pub plan: Option<Box<dyn Plan>>,
    /// Makes observers, which look on beside the job's own. It is given the recording, where [`Terms::record`] asks for one.
    pub observers: Option<MakeObservers<'a>>,
    /// Decides the order of a script's threads, and what the user does meanwhile, in place of the seed or the scenario's
    /// schedule.
    pub explorer: Option<Explorer>,
    /// Asks the user of an [attended](Terms::attended) session in virtual time.
    pub ask: Option<AskUser>,
}

/// Makes the observers of a session.
pub type MakeObservers<'a> = Box<dyn FnOnce(Option<Recording>) -> Vec<Box<dyn Observer>> + 'a>;

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
) -> Result<JobEnd, CreateError> {
    in_process_with(handler, terms, Additions::default(), started, drain)
}

/// Runs a session of a script in an order that the explorer chooses. Its events go to the outlet, and nowhere else.
///
/// # Errors
/// When the instance cannot be created.
pub(crate) fn in_order_of(
    handler: &Handler,
    terms: &Terms,
    explorer: &Explorer,
    outlet: Box<dyn Outlet>,
) -> Result<(), CreateError> {
    let assembled = assemble(handler, terms, None, Some(explorer.clone()), |_| Vec::new());
    host::run_virtual_to(assembled.setup, &assembled.scheduler, outlet)
}

/// As [`in_process`], with more than the terms say.
///
/// # Errors
/// When the instance cannot be created.
pub fn in_process_with(
    handler: &Handler,
    terms: &Terms,
    additions: Additions<'_>,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<JobEnd, CreateError> {
    let _span = tracing::debug_span!("job", handler = ?handler.name()).entered();
    let Additions { plan, observers, explorer, ask } = additions;
    let observers = |outcomes: &Outcomes| match observers {
        Some(make) => make(outcomes.recording.clone()),
        None => Vec::new(),
    };
    let Assembled { setup, scheduler, is_virtual, outcomes } = assemble(handler, terms, plan, explorer, observers);
    let setup = if terms.attended { setup.attended(ask.filter(|_| is_virtual)) } else { setup };
    let ran = if is_virtual {
        host::run_virtual(setup, &scheduler, drain)?
    } else {
        let options = RealTimeOptions { session_ns: terms.session_ns, ..RealTimeOptions::default() };
        host::run_real_with(setup, options, started, drain)?
    };
    let Outcomes { steps, recording } = outcomes;
    Ok(JobEnd { ran, steps, recording })
}
