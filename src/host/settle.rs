//! How long the manager goes on listening to a handler that has ended its work, before it takes the callback back.
//!
//! A real manager keeps its window open until the user closes it. This one waits as long as something may still come, so
//! that a second completion or a late report is judged as what it is, and not as a call through a callback that is gone.

use std::sync::Arc;
use std::time::Duration;

use crate::protocol::HandlerId;
use crate::time::Clock;

/// The longest time: in virtual time it costs nothing, and a handler that reports without end must not keep the manager.
const LONGEST_NS: u64 = 1_000_000_000;

/// How long a handler in real time must be silent, unless it is said otherwise.
pub(super) const SILENCE: Duration = Duration::from_millis(20);

/// Says whether the handler may still have something that could call back: a thread, or a function that a signal calls.
pub type MayCallBack = Arc<dyn Fn() -> bool + Send + Sync>;

/// Knows when each instance has settled.
pub(super) struct Settling {
    /// Since when the manager would take the callback back.
    since_ns: Vec<Option<u64>>,
    pub(super) silence: Duration,
    /// Not known where there is none: then the handler may.
    pub(super) may_call_back: Option<MayCallBack>,
}

impl Settling {
    /// For so many instances.
    pub(super) fn of(instances: usize) -> Self {
        Self { since_ns: vec![None; instances], silence: SILENCE, may_call_back: None }
    }

    /// The manager would take the callback back from the instance, which was last heard at `heard_ns`: the time until which it
    /// waits, or nothing when the handler has settled.
    pub(super) fn until(&mut self, handler: HandlerId, clock: &Clock, heard_ns: u64) -> Option<u64> {
        let now_ns = clock.now_ns();
        let since_ns = *self.since(handler)?.get_or_insert(now_ns);
        let longest_ns = since_ns.saturating_add(LONGEST_NS);
        let until_ns = match clock {
            Clock::Virtual(scheduler) if scheduler.has_work(handler, longest_ns) => longest_ns,
            Clock::Virtual(_) => now_ns,
            Clock::Real { .. } if self.may_call_back.as_ref().is_some_and(|may| !may()) => now_ns,
            Clock::Real { .. } => {
                let silence_ns = u64::try_from(self.silence.as_nanos()).unwrap_or(u64::MAX);
                since_ns.max(heard_ns).saturating_add(silence_ns).min(longest_ns)
            }
        };
        (until_ns > now_ns).then_some(until_ns)
    }

    /// Whether an instance for which the manager waits has settled by now (virtual clock only: in real time it only takes time).
    pub(super) fn is_over_for_one(&self, clock: &Clock) -> bool {
        let Clock::Virtual(scheduler) = clock else { return false };
        let settled = |(since, number): (&Option<u64>, u32)| {
            since.is_some_and(|since_ns| !scheduler.has_work(HandlerId(number), since_ns.saturating_add(LONGEST_NS)))
        };
        self.since_ns.iter().zip(1..).any(settled)
    }

    /// The manager does something else with the instance first.
    pub(super) fn goes_on(&mut self, handler: HandlerId) {
        if let Some(since) = self.since(handler) {
            *since = None;
        }
    }

    fn since(&mut self, handler: HandlerId) -> Option<&mut Option<u64>> {
        self.since_ns.get_mut((handler.0 as usize).wrapping_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_handler_in_real_time_has_settled_when_it_was_silent_or_has_no_threads() {
        let clock = Clock::Real { started: Instant::now() };
        let mut settling = Settling::of(1);
        settling.silence = Duration::from_secs(60);
        let until_ns = settling.until(HandlerId::FIRST, &clock, 0).expect("it was not silent for a minute");
        assert!(until_ns <= clock.now_ns() + LONGEST_NS, "the manager does not wait for a minute");
        settling.may_call_back = Some(Arc::new(|| false));
        assert_eq!(settling.until(HandlerId::FIRST, &clock, 0), None);
        settling.may_call_back = Some(Arc::new(|| true));
        assert!(settling.until(HandlerId::FIRST, &clock, 0).is_some());
        settling.silence = Duration::ZERO;
        assert_eq!(settling.until(HandlerId::FIRST, &clock, 0), None);
    }
}
