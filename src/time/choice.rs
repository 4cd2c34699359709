//! Who decides which thread goes on: a seed, or whoever explores the orders.

use super::sequence::Sequence;
use super::slots::Slots;
use crate::protocol::Thread;

/// Decides which of the threads that are ready runs next. Recording, replaying or enumerating its decisions explores
/// interleavings.
pub(crate) trait Choice: Send {
    /// A number below the turn's [`len`](Turn::len). Nothing: the session is given up where it stands.
    fn choose(&mut self, turn: &Turn<'_>) -> Option<usize>;

    /// Whether it is asked at every turn, even if one thread alone is ready. Then threads that wait for something are
    /// ready only when it is there, and [`ran`](Self::ran) and [`paused`](Self::paused) are called.
    fn every_turn(&self) -> bool {
        false
    }

    /// The thread of that number has run one step, which shared this with others.
    fn ran(&mut self, number: u64, touched: &[Access]) {
        let _ = (number, touched);
    }

    /// The apartment thread has run, and waits now.
    fn paused(&mut self) {}
}

/// What a step shares with other threads. Two steps of different threads are independent if their order makes no
/// difference to anything but their places in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It may change anything, or see any change.
    Everything,
    /// It sees what a step that changes everything has changed, and nothing else.
    Session,
    /// It changes one thing of this number.
    Changes(u64),
    /// It sees the thing of this number.
    Sees(u64),
}

/// A turn of the scheduler: the threads that can go on.
pub(crate) struct Turn<'a> {
    pub(super) tasks: &'a Slots,
    /// The apartment thread can go on as well; it is the last one.
    pub(super) apartment: bool,
}

/// The number of the apartment thread.
pub(crate) const APARTMENT: u64 = 0;

impl Turn<'_> {
    /// How many threads can go on.
    pub(crate) fn len(&self) -> usize {
        self.tasks.ready().len() + usize::from(self.apartment)
    }

    /// The number of one: [`APARTMENT`], or that of a thread, which no other thread of the session has.
    pub(crate) fn number(&self, at: usize) -> u64 {
        self.tasks.ready().get(at).copied().unwrap_or(APARTMENT)
    }

    /// Where the thread of that number stands among those that can go on.
    pub(crate) fn position(&self, number: u64) -> Option<usize> {
        match number {
            APARTMENT => self.apartment.then(|| self.tasks.ready().len()),
            number => self.tasks.ready().binary_search(&number).ok(),
        }
    }

    /// What one is called.
    pub(crate) fn name(&self, at: usize) -> Thread {
        let slot = self.tasks.ready().get(at).and_then(|number| self.tasks.get(*number));
        slot.map_or(Thread::APARTMENT, |slot| slot.name.clone())
    }
}

/// The choice of `--seed N`: a SplitMix64 sequence, the same on every machine and in every version.
#[derive(Clone, Debug)]
pub(super) struct SeededChoice(Sequence);

impl SeededChoice {
    /// The sequence of that seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(Sequence::new(seed))
    }
}

impl Choice for SeededChoice {
    fn choose(&mut self, turn: &Turn<'_>) -> Option<usize> {
        Some(self.0.below(turn.len()))
    }
}
