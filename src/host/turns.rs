//! Whose turn it is, of several instances side by side. An instance is asked what comes next only when something happened that it
//! waits for: with many of them, to ask them all each time would take the square of their number.

use std::collections::{BTreeMap, BTreeSet};

use super::seat::Seat;
use super::state::SharedState;
use crate::protocol::{CallMethod, HandlerId};

/// The instances to ask, and those that wait for others.
#[derive(Default)]
pub(super) struct Turns {
    awake: BTreeSet<HandlerId>,
    all: bool,
    /// Those that wait until others have come further with their prepare phases, with what is to be called.
    parked: BTreeMap<HandlerId, CallMethod>,
}

impl Turns {
    pub(super) fn wake(&mut self, handler: HandlerId) {
        self.awake.insert(handler);
    }

    pub(super) fn wake_all(&mut self) {
        self.all = true;
    }

    /// The instance waits for others before this method is called.
    pub(super) fn park(&mut self, handler: HandlerId, method: CallMethod) {
        self.parked.insert(handler, method);
    }

    /// Takes those that are to be asked: all of them, or these.
    pub(super) fn take(&mut self) -> Woken {
        let awake = std::mem::take(&mut self.awake);
        if std::mem::take(&mut self.all) { Woken::All } else { Woken::These(awake) }
    }
}

/// Who is to be asked.
pub(super) enum Woken {
    All,
    These(BTreeSet<HandlerId>),
}

impl SharedState {
    /// Something happened that this instance must look at.
    pub(super) fn wake(&mut self, handler: HandlerId) {
        self.woken = true;
        if self.together.is_some() {
            self.turns.wake(handler);
        }
    }

    /// Something happened that any instance may have to look at.
    pub(super) fn wake_all(&mut self) {
        self.woken = true;
        self.turns.wake_all();
    }

    /// An instance may have come further with its prepare phase: those that waited for it are asked again. That is not something
    /// that happens by itself, so it ends no pause.
    pub(super) fn wake_parked(&mut self) {
        let Self { session, turns, together: Some(profile), .. } = self else { return };
        for method in [CallMethod::PrepareForSync, CallMethod::Synchronize] {
            let of_method = |(_, parked): &(&HandlerId, &CallMethod)| **parked == method;
            let goes = |handler: HandlerId| !session.waits_for_others(*profile, method, handler);
            // If the first one waits, so do the others.
            while let Some(handler) = turns.parked.iter().find(of_method).map(|(handler, _)| *handler)
                && goes(handler)
            {
                turns.parked.remove(&handler);
                turns.awake.insert(handler);
            }
        }
    }
}

/// When each instance that waits is looked at again, if nothing happens before.
#[derive(Default)]
pub(super) struct Agenda {
    /// For when each asked to be called.
    asked: Times,
    /// When what each owes is overdue, or earlier: whoever is heard has more time.
    owed: Times,
    /// Those to which a reply is held, and so owe nothing until it is let go.
    held: BTreeSet<HandlerId>,
}

#[derive(Default)]
struct Times {
    in_order: BTreeSet<(u64, HandlerId)>,
    of: BTreeMap<HandlerId, u64>,
}

impl Times {
    fn set(&mut self, handler: HandlerId, at_ns: Option<u64>) {
        if let Some(before) = self.of.remove(&handler) {
            self.in_order.remove(&(before, handler));
        }
        if let Some(at_ns) = at_ns {
            self.of.insert(handler, at_ns);
            self.in_order.insert((at_ns, handler));
        }
    }

    fn first(&self) -> Option<(u64, HandlerId)> {
        self.in_order.first().copied()
    }

    /// Those whose time has come.
    fn due(&self, now_ns: u64) -> BTreeSet<HandlerId> {
        self.in_order.iter().take_while(|(at_ns, _)| *at_ns <= now_ns).map(|(_, handler)| *handler).collect()
    }
}

impl Agenda {
    /// The instance waits, until that time if nothing happens before.
    pub(super) fn wait(&mut self, seat: Seat<'_>, until_ns: Option<u64>) {
        self.asked.set(seat.id, until_ns);
        self.owe(seat);
    }

    fn owe(&mut self, seat: Seat<'_>) {
        let overdue_ns = seat.owes().map(|(_, overdue_ns)| overdue_ns);
        let is_held = overdue_ns == Some(u64::MAX);
        self.owed.set(seat.id, overdue_ns.filter(|_| !is_held));
        if is_held {
            self.held.insert(seat.id);
        } else {
            self.held.remove(&seat.id);
        }
    }

    /// The instance does not wait any more.
    pub(super) fn forget(&mut self, handler: HandlerId) {
        self.asked.set(handler, None);
        self.owed.set(handler, None);
        self.held.remove(&handler);
    }

    /// The time until which the manager waits. `seat` gives the place of an instance.
    pub(super) fn until_ns<'a>(&mut self, seat: impl Fn(HandlerId) -> Seat<'a>) -> Option<u64> {
        for handler in std::mem::take(&mut self.held) {
            self.owe(seat(handler));
        }
        while let Some((at_ns, handler)) = self.owed.first() {
            self.owe(seat(handler));
            if self.owed.of.get(&handler) == Some(&at_ns) {
                break;
            }
        }
        let never = (!self.held.is_empty()).then_some(u64::MAX);
        [self.asked.first(), self.owed.first()].into_iter().flatten().map(|(at_ns, _)| at_ns).chain(never).min()
    }

    /// Those that asked to be called by now.
    pub(super) fn asked_by(&self, now_ns: u64) -> BTreeSet<HandlerId> {
        self.asked.due(now_ns)
    }

    /// Those that may be overdue by now.
    pub(super) fn owed_by(&self, now_ns: u64) -> BTreeSet<HandlerId> {
        self.owed.due(now_ns)
    }
}
