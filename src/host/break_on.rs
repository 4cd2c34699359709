//! Stops a debugger at a violation: the trap is raised in the thread that broke the rule, inside its own callback.

use super::observer::Observer;
use crate::protocol::{Event, Session, plain};
use crate::rules::{Conditions, Finding, Monitor, Rule};

/// A debugger's trap cannot be raised here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--break-on is not available on this system, which has no trap for debuggers; run the handler under a debugger with a \
     breakpoint of its own instead"
)]
pub struct NoTrap;

/// Whether [`trap`] works on this system.
///
/// # Errors
/// When the system has no trap that can be raised.
pub const fn available() -> Result<(), NoTrap> {
    if cfg!(any(unix, windows)) { Ok(()) } else { Err(NoTrap) }
}

/// Says what was found, and raises SIGTRAP in the calling thread, on Windows a breakpoint (`DebugBreak`). A debugger stops there;
/// without one the process dies.
///
/// On systems without either it only says what was found.
pub fn trap(finding: &Finding) {
    let found = format!("mobsync: {} on thread {}: {}", finding.rule.code, finding.thread, finding.message());
    eprintln!("{}", plain(&found));
    #[cfg(unix)]
    if let Err(error) = nix::sys::signal::raise(nix::sys::signal::Signal::SIGTRAP) {
        eprintln!("mobsync: SIGTRAP could not be raised: {error}");
    }
    #[cfg(windows)]
    crate::handler::com::debug_break();
}

/// Does something at every finding of certain rules: on the thread of the event that broke the rule, with the handler's own
/// frames on the stack.
///
/// Findings that come when the session is over (a connection left open) have no thread to stop in.
pub struct BreakOn<H> {
    rules: Vec<&'static Rule>,
    monitor: Monitor,
    hit: H,
}

impl BreakOn<fn(&Finding)> {
    /// Raises the debugger's trap. Whether there is one, [`available`] says.
    pub fn trap(rules: Vec<&'static Rule>, conditions: Conditions) -> Self {
        Self::new(rules, conditions, trap)
    }
}

impl<H: FnMut(&Finding) + Send> BreakOn<H> {
    /// `hit` is called for every finding of one of the rules, under the session's lock.
    pub fn new(rules: Vec<&'static Rule>, conditions: Conditions, hit: H) -> Self {
        Self { rules, monitor: Monitor::new(conditions), hit }
    }
}

impl<H: FnMut(&Finding) + Send> Observer for BreakOn<H> {
    fn event(&mut self, event: &Event, _: &Session, _: bool) -> bool {
        if self.monitor.observe(event) > 0 {
            // A loop, and no chain of iterators: these frames stand between the handler and the debugger's prompt.
            for finding in self.monitor.take_findings() {
                if self.rules.contains(&finding.rule) {
                    (self.hit)(&finding);
                }
            }
        }
        false
    }
}
