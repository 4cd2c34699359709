//! The session of a native handler, in a worker: a handler that crashes ends the worker, and the prompt stays.

use super::debugger::Leave;
use super::observer::{Shared, lock};
use crate::cli::ended::Failure;
use crate::cli::sessions;
use crate::host::Controls;
use crate::job::{Handler, Steer, SteeredWorker, Terms, Wanted};
use crate::protocol::{Call, Event, Refusal, Session};
use crate::runner::{self, JudgedSession, RunOptions, Watcher};
use crate::scenario::Recording;

/// Runs it to its end, or until it is left. It is the session of that number.
pub(super) fn run(
    handler: &Handler,
    terms: &Terms,
    options: &RunOptions,
    debugger: &Shared,
    number: u64,
) -> Result<JudgedSession, Failure> {
    let program = std::env::current_exe()?;
    let (mut steering, mut watching) = (Steering { debugger, number }, Watching { debugger, number });
    let ran = runner::run_steered(&program, handler, terms, options, &mut steering, &mut watching);
    ran.map_err(sessions::run_failure)
}

struct Steering<'a> {
    debugger: &'a Shared,
    number: u64,
}

impl Steer for Steering<'_> {
    fn begins(&mut self, worker: SteeredWorker, recording: Option<Recording>) {
        lock(self.debugger).runs_in(worker, recording.unwrap_or_default());
    }

    fn stands_still(&mut self) -> Wanted {
        lock(self.debugger).stands_still(self.number)
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        lock(self.debugger).was_refused(call, why);
    }

    fn idle(&mut self) {
        lock(self.debugger).is_idle(self.number);
    }
}

struct Watching<'a> {
    debugger: &'a Shared,
    number: u64,
}

impl Watcher for Watching<'_> {
    fn started(&mut self, controls: Controls) {
        lock(self.debugger).set_leave(Leave::Real(controls));
    }

    fn event(&mut self, event: &Event, _: &Session) {
        let mut debugger = lock(self.debugger);
        if debugger.is_on(self.number) {
            debugger.observe_worker(event);
        }
    }
}
