//! Runs a session in this process.

use super::assemble::{Assembled, Outcomes, assemble};
use super::{Handler, Terms};
use crate::handler::CreateError;
use crate::host::{self, Controls, Drain, Observer, Ran, RealTimeOptions};
use crate::scenario::{Recording, Steps};

/// A session that has ended, and what came of its plan.
pub struct Launched {
    /// The session.
    pub ran: Ran,
    /// What came of the scenario's steps, where there is a scenario.
    pub steps: Option<Steps>,
    /// What the manager and the user did, where [`Terms::record`] asks for it.
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
    in_process_observed(handler, terms, |_| Vec::new(), started, drain)
}

/// As [`in_process`], with observers. `observers` makes whoever looks on beside the job's own observers; it is given the
/// recording, where [`Terms::record`] asks for one.
///
/// # Errors
/// When the instance cannot be created.
pub fn in_process_observed(
    handler: &Handler,
    terms: &Terms,
    observers: impl FnOnce(Option<Recording>) -> Vec<Box<dyn Observer>>,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Launched, CreateError> {
    let _span = tracing::debug_span!("job", handler = ?handler.name()).entered();
    let Assembled { setup, scheduler, is_virtual, outcomes } =
        assemble(handler, terms, |outcomes| observers(outcomes.recording.clone()));
    let ran = if is_virtual {
        host::run_virtual(setup, &scheduler, drain)?
    } else {
        host::run_real_with(setup, RealTimeOptions::default(), started, drain)?
    };
    let Outcomes { steps, recording } = outcomes;
    Ok(Launched { ran, steps, recording })
}
