//! Where a session is held: in this process, or in a worker.

use super::break_on;
use super::exit::Failure;
use crate::host::{Controls, Drain};
use crate::job::{self, Handler, Launched, Terms};
use crate::rules::Rule;

/// How a session is held.
pub(super) struct Hold<'a> {
    /// `--in-process`.
    pub(super) in_process: bool,
    /// The rules of `--break-on`, which goes with `--in-process`.
    pub(super) break_on: &'a [&'static Rule],
}

impl Hold<'_> {
    /// Holds a session: one with a native handler in a worker, unless it is to be in this process.
    pub(super) fn session(
        &self,
        handler: &Handler,
        terms: &Terms,
        started: impl FnOnce(Controls),
        drain: &mut dyn Drain,
    ) -> Result<Launched, Failure> {
        #[cfg(unix)]
        if handler.is_native() && !self.in_process {
            let workers = job::Workers::of_this_program()?;
            return Ok(job::isolated(&workers, handler, terms, started, drain)?);
        }
        let conditions = (&terms.header(handler)).into();
        let observers = |_| break_on::observer(self.break_on.to_vec(), conditions).into_iter().collect();
        Ok(job::in_process_observed(handler, terms, observers, started, drain)?)
    }
}
