//! How long the manager goes on listening to a handler that has ended its work, before it takes the callback back.
//!
//! A real manager keeps its window open until the user closes it. This one waits as long as something may still come, so
//! that a second completion or a late report is judged as what it is, and not as a call through a callback that is gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::{HandlerId, Thread};
use crate::time::Clock;

/// The longest time: in virtual time it costs nothing, and a handler that reports without end must not keep the manager.
const LONGEST_NS: u64 = 1_000_000_000;

/// How long a handler in real time must be silent, unless it is said otherwise.
pub(super) const SILENCE: Duration = Duration::from_millis(20);

/// Says what the handler has that may still call back: a thread, or a function that a signal calls.
pub type LookAtThreads = Arc<dyn Fn() -> HandlerThreads + Send + Sync>;

/// One of the handler's threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneThread {
    /// The system's number of it.
    pub number: u64,
    /// Its name in the session, if it has called back.
    pub name: Option<Thread>,
    /// It runs, or would if it had a processor.
    pub runs: bool,
    /// Something that is the same as long as it has not run.
    pub so_far: u64,
}

/// What the handler's threads are doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerThreads {
    /// There is none, nor anything else that could call back.
    None,
    /// There may be some, and nothing more is known of them.
    Some,
    /// There are some.
    Doing {
        /// One of them runs, or would if it had a processor.
        runs: bool,
        /// Something that is the same as long as none of them has run.
        so_far: u64,
        /// Each of them.
        each: Vec<OneThread>,
    },
}

/// How often the time of silence begins anew because the handler's threads run without a word: on a busy machine they take
/// their time, but one that never stops must not keep the manager.
const MOST_SILENCES: u32 = 15;

/// How soon threads are looked at again, which may be just ending: each time later, and at last so much later.
const FIRST_LOOK_NS: u64 = 50_000;
const LAST_LOOK_NS: u64 = 4_000_000;

/// Knows when each instance has settled.
pub(super) struct Settling {
    /// Since when the manager would take the callback back.
    since_ns: Vec<Option<u64>>,
    pub(super) silence: Duration,
    /// Not known where there is none: then the handler may call back.
    pub(super) threads: Option<LookAtThreads>,
    /// The last round after which each instance has settled.
    settled: Vec<u32>,
    /// When the handler's threads were last seen to have run, what they had done by then, and how often that was.
    ran_ns: u64,
    so_far: u64,
    silences: u32,
    /// How soon the threads are looked at again.
    next_look_ns: u64,
    /// The instances that may have settled while the manager waited for them.
    over: BTreeSet<HandlerId>,
}

impl Settling {
    /// For so many instances.
    pub(super) fn of(instances: usize) -> Self {
        let settled = vec![0; instances];
        Self {
            settled,
            since_ns: vec![None; instances],
            silence: SILENCE,
            threads: None,
            ran_ns: 0,
            so_far: 0,
            silences: 0,
            next_look_ns: FIRST_LOOK_NS,
            over: BTreeSet::new(),
        }
    }

    /// The manager would take the callback back from the instance, which was last heard at `heard_ns`: the time until which it
    /// waits, or nothing when the handler has settled.
    pub(super) fn until(&mut self, handler: HandlerId, clock: &Clock, heard_ns: u64) -> Option<u64> {
        let now_ns = clock.now_ns();
        self.over.remove(&handler);
        let first = self.since(handler)?.is_none();
        let since_ns = *self.since(handler)?.get_or_insert(now_ns);
        if first {
            self.silences = 0;
        }
        let longest_ns = since_ns.saturating_add(LONGEST_NS);
        let until_ns = match clock {
            Clock::Virtual(scheduler) if scheduler.has_work(handler, longest_ns) => longest_ns,
            Clock::Virtual(_) => now_ns,
            Clock::Real { .. } => self.until_silent(since_ns.max(heard_ns), first, now_ns).min(longest_ns),
        };
        (until_ns > now_ns).then_some(until_ns)
    }

    /// The time until which the manager waits before it does anything with the results of the round; nothing when the handler has
    /// settled since they came.
    pub(super) fn before_results(
        &mut self,
        handler: HandlerId,
        round: u32,
        clock: &Clock,
        heard_ns: u64,
    ) -> Option<u64> {
        let at = (handler.0 as usize).wrapping_sub(1);
        if self.settled.get(at).is_none_or(|settled| *settled == round) {
            return None;
        }
        let until_ns = self.until(handler, clock, heard_ns);
        if until_ns.is_none() {
            self.settled[at] = round;
        }
        until_ns
    }

    /// Until when a handler in real time that was heard at `heard_ns` must be silent, as far as is known now.
    fn until_silent(&mut self, heard_ns: u64, first: bool, now_ns: u64) -> u64 {
        let silence_ns = u64::try_from(self.silence.as_nanos()).unwrap_or(u64::MAX);
        let threads = self.threads.as_ref().map_or(HandlerThreads::Some, |look| look());
        match threads {
            HandlerThreads::None => return now_ns,
            HandlerThreads::Doing { so_far, .. } if first => {
                (self.so_far, self.ran_ns, self.next_look_ns) = (so_far, now_ns, FIRST_LOOK_NS);
            }
            HandlerThreads::Doing { runs, so_far, .. } => {
                let is_over = now_ns >= heard_ns.max(self.ran_ns).saturating_add(silence_ns);
                if is_over && (runs || so_far != self.so_far) && self.silences < MOST_SILENCES {
                    self.silences += 1;
                    (self.so_far, self.ran_ns) = (so_far, now_ns);
                }
            }
            HandlerThreads::Some => {}
        }
        let until_ns = heard_ns.max(self.ran_ns).saturating_add(silence_ns);
        if threads == HandlerThreads::Some {
            return until_ns;
        }
        // A thread that has said its last word mostly ends at once: nothing is waited for then.
        let look_ns = now_ns.saturating_add(self.next_look_ns);
        self.next_look_ns = (2 * self.next_look_ns).min(LAST_LOOK_NS);
        until_ns.min(look_ns)
    }

    /// Whether an instance for which the manager waits has settled by now (virtual clock only: in real time it only takes time).
    pub(super) fn is_over_for_one(&mut self, clock: &Clock) -> bool {
        let Clock::Virtual(scheduler) = clock else { return false };
        // An instance settles by a step of one of its own threads: the others are not looked at.
        self.over.extend(scheduler.take_ran());
        while let Some(handler) = self.over.first().copied() {
            let since = self.since(handler).and_then(|since| *since);
            if since.is_some_and(|since_ns| !scheduler.has_work(handler, since_ns.saturating_add(LONGEST_NS))) {
                return true;
            }
            self.over.remove(&handler);
        }
        false
    }

    /// The instances that may have settled while the manager waited for them.
    pub(super) fn take_over(&mut self, clock: &Clock) -> BTreeSet<HandlerId> {
        let mut over = std::mem::take(&mut self.over);
        if let Clock::Virtual(scheduler) = clock {
            over.extend(scheduler.take_ran());
        }
        over.retain(|handler| self.since(*handler).is_some_and(|since| since.is_some()));
        over
    }

    /// The manager does something else with the instance first.
    pub(super) fn goes_on(&mut self, handler: HandlerId) {
        if let Some(since) = self.since(handler) {
            *since = None;
        }
        self.over.remove(&handler);
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
        settling.threads = Some(Arc::new(|| HandlerThreads::None));
        assert_eq!(settling.until(HandlerId::FIRST, &clock, 0), None);
        settling.threads = Some(Arc::new(|| HandlerThreads::Some));
        assert!(settling.until(HandlerId::FIRST, &clock, 0).is_some());
        settling.silence = Duration::ZERO;
        assert_eq!(settling.until(HandlerId::FIRST, &clock, 0), None);
    }

    #[test]
    fn a_thread_that_is_just_ending_is_not_waited_for_until_it_was_silent_for_long() {
        use std::sync::atomic::{AtomicU32, Ordering};

        let clock = Clock::Real { started: Instant::now() };
        let looks = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&looks);
        let mut settling = Settling::of(1);
        settling.silence = Duration::from_secs(60);
        settling.threads = Some(Arc::new(move || match counted.fetch_add(1, Ordering::Relaxed) {
            0..3 => HandlerThreads::Doing { runs: false, so_far: 1, each: Vec::new() },
            _ => HandlerThreads::None,
        }));
        let mut longest_ns = 0;
        while let Some(until_ns) = settling.until(HandlerId::FIRST, &clock, 0) {
            longest_ns = longest_ns.max(until_ns.saturating_sub(clock.now_ns()));
        }
        assert_eq!(looks.load(Ordering::Relaxed), 4);
        assert!(longest_ns <= LAST_LOOK_NS, "{longest_ns} ns until the next look");
    }

    #[test]
    fn threads_that_run_without_a_word_are_waited_for_but_not_for_ever() {
        use std::sync::atomic::{AtomicU64, Ordering};

        let clock = Clock::Real { started: Instant::now() };
        let ran = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&ran);
        let mut settling = Settling::of(1);
        settling.silence = Duration::from_nanos(1);
        settling.threads = Some(Arc::new(move || HandlerThreads::Doing {
            runs: false,
            so_far: counted.load(Ordering::Relaxed),
            each: Vec::new(),
        }));
        let mut turns = |moves: u64| {
            settling.goes_on(HandlerId::FIRST);
            let mut turns = 0;
            while settling.until(HandlerId::FIRST, &clock, 0).is_some() {
                turns += 1;
                ran.fetch_add(moves, Ordering::Relaxed);
                std::thread::sleep(Duration::from_micros(1));
            }
            turns
        };
        assert_eq!(turns(0), 1, "whoever sleeps has settled");
        assert_eq!(turns(1), 1 + MOST_SILENCES);
    }
}
