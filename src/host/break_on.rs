//! Stops a debugger at a violation: the trap is raised in the thread that broke the rule, inside its own callback.

use super::plan::{Instruction, Plan, View};
use crate::protocol::{Call, Callback, Event, Refusal, Session, Wish};
use crate::rules::{Conditions, Finding, Monitor, Rule};

/// A debugger's trap cannot be raised here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--break-on is not available on this system: it raises SIGTRAP, which exists on Unix; run the handler under a \
     debugger with a breakpoint of its own instead"
)]
pub struct NoTrap;

/// Whether [`trap`] works on this system.
///
/// # Errors
/// When the system has no trap that can be raised.
pub const fn available() -> Result<(), NoTrap> {
    if cfg!(unix) { Ok(()) } else { Err(NoTrap) }
}

/// Says what was found, and raises SIGTRAP in the calling thread. A debugger stops there; without one the process dies.
///
/// On systems without SIGTRAP it only says what was found.
pub fn trap(finding: &Finding) {
    eprintln!("mobsync: {} on thread {}: {}", finding.rule.code, finding.thread, finding.message);
    #[cfg(unix)]
    if let Err(error) = nix::sys::signal::raise(nix::sys::signal::Signal::SIGTRAP) {
        eprintln!("mobsync: SIGTRAP could not be raised: {error}");
    }
}

/// Lets a plan decide, and raises the debugger's trap at every event that breaks one of the rules: in the thread that
/// made it, with the handler's own frames on the stack. Whether there is such a trap, [`available`] says.
///
/// Findings that come when the session is over (a connection left open) have no thread to stop in.
pub fn wrap(plan: Box<dyn Plan>, rules: Vec<&'static Rule>, conditions: Conditions) -> impl Plan {
    BreakOn::new(plan, rules, conditions, trap)
}

/// A plan that lets another one decide, and does something at the violation of certain rules.
pub struct BreakOn<H> {
    inner: Box<dyn Plan>,
    rules: Vec<&'static Rule>,
    monitor: Monitor,
    hit: H,
}

impl<H: FnMut(&Finding) + Send> BreakOn<H> {
    /// `hit` is called for every finding of one of the rules, under the session's lock, on the thread of the event that
    /// brought it.
    pub fn new(inner: Box<dyn Plan>, rules: Vec<&'static Rule>, conditions: Conditions, hit: H) -> Self {
        Self { inner, rules, monitor: Monitor::new(conditions), hit }
    }
}

impl<H: FnMut(&Finding) + Send> Plan for BreakOn<H> {
    fn next(&mut self, view: View<'_>) -> Instruction {
        self.inner.next(view)
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback) -> Wish {
        self.inner.wish(view, callback)
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        let woken = self.inner.observe(event, session);
        if self.monitor.observe(event) > 0 {
            for finding in self.monitor.take_findings() {
                if self.rules.contains(&finding.rule) {
                    (self.hit)(&finding);
                }
            }
        }
        woken
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        self.inner.refused(call, why);
    }
}
