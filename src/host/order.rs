//! The order in which callbacks that come from threads of the system are let in.
//!
//! Every callback's entry is a scheduling point: the thread stands at the [gate](super::gate), and goes on when it is chosen.
//! One is chosen when nothing else of the handler runs, so that the choice does not depend on the machine. Whoever is
//! waited for in vain, because it sleeps or waits for one that stands at the gate, is waited for no longer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry;
use super::gate::Waiting;
use super::ran::Ran;
use super::settle::HandlerThreads;
use super::strategy::Strategy;
use crate::protocol::{Callback, Guid, HandlerId, Session, Status, Thread};
use crate::time::Sequence;

/// An order of callbacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// By what the next callback is chosen.
    pub strategy: Strategy,
    /// What the strategy leaves to chance.
    #[serde(default)]
    pub seed: u64,
    /// The order that was seen: thread, method, item and status of each callback, such as `2: Progress Mail SUCCEEDED`. Thread 0
    /// is the manager's own, the others count from 1 in the order of their first callbacks. `skip Mail` is a skip that the order
    /// itself makes. The order is forced as far as the handler follows it; after that the strategy chooses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// In how many sessions with this order the same rule was broken, such as `9 of 10`. For readers alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
}

impl Order {
    /// What the strategy chooses with this seed.
    pub fn by(strategy: Strategy, seed: u64) -> Self {
        Self { strategy, seed, entries: Vec::new(), shows: None }
    }
}

/// How long a callback waits at most for others that run: on a busy machine they take their time.
const LONGEST_NS: u64 = 1_000_000_000;

/// How long callbacks wait in one session, all together. Then the order is given up.
const BUDGET_NS: u64 = 4_000_000_000;

/// How often the callback that has waited longest looks at the handler's threads.
const LOOK_NS: u64 = 500_000;

/// How long the next one of a forced order is waited for while nothing of the handler runs.
const FORCED_NS: u64 = 20_000_000;

/// How long at most the handler must be quiet before the next one of a forced order, which is here, goes on.
const FOR_OTHERS_NS: u64 = 3_000_000;

/// How long the last report of an item waits for the user who skips it.
const FOR_SKIP_NS: u64 = 60_000_000;

/// About how many callbacks there are in a session: where the priorities of threads may change.
const ENTRIES: usize = 16;

/// A thread, named by what it does: which of several alike comes first is chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// The manager's own.
    Apartment,
    /// The first item of which it said something is at this place.
    Item(u64),
    /// The nth one that has reported of no item yet.
    Other(u64),
}

impl Key {
    fn number(self) -> u64 {
        match self {
            Key::Apartment => 0,
            Key::Item(at) => 1 + 2 * at,
            Key::Other(nth) => 2 + 2 * nth,
        }
    }
}

/// Whether the callback ends an item, a phase or a dialog.
fn ends_something(callback: &Callback) -> bool {
    match callback {
        Callback::Progress(args) => {
            args.info.as_ref().and_then(crate::protocol::ProgressItem::given_status).is_some_and(Status::is_final)
        }
        Callback::EnableModeless(args) => !args.enable,
        callback => callback.completion().is_some(),
    }
}

/// What is chosen.
pub(super) enum Choice {
    /// This callback is let in.
    Let(u64),
    /// Nothing yet: whoever asked looks again after so long.
    Wait(u64),
}

/// Chooses callbacks in one session.
pub(super) struct Orderer {
    order: Order,
    chance: Sequence,
    threads: Vec<(HandlerId, Thread, Key)>,
    others: u64,
    /// How many callbacks were let in, and after how many of them priorities change.
    chosen: usize,
    changes: Vec<usize>,
    /// Threads whose priority is the lowest, the lowest last.
    lowered: Vec<(HandlerId, Thread)>,
    /// The threads whose callbacks were let in.
    numbers: entry::Numbers,
    /// Which callback of the forced order is next.
    next: usize,
    /// Until when each of the handler's threads, and the manager's, was seen to run.
    ran: Ran,
    waited_ns: u64,
    last_ns: u64,
    /// The user is to skip this item, for which this callback waits.
    skip: Option<(u64, HandlerId, Guid)>,
    /// The callback for which `SetItemStatus` is being called.
    skipping: u64,
    /// The newest callback for which the user has skipped, or did not.
    crossed: u64,
}

impl Orderer {
    pub(super) fn new(order: Order) -> Self {
        let mut chance = Sequence::new(order.seed);
        let changes = (0..order.strategy.changes()).map(|_| 1 + chance.below(ENTRIES)).collect();
        Self {
            order,
            chance,
            threads: Vec::new(),
            others: 0,
            chosen: 0,
            changes,
            lowered: Vec::new(),
            numbers: entry::Numbers::default(),
            next: 0,
            ran: Ran::default(),
            waited_ns: 0,
            last_ns: 0,
            skip: None,
            skipping: 0,
            crossed: 0,
        }
    }

    /// The item that the user is to skip now, once; asked on the manager's own thread, between calls.
    pub(super) fn skip_now(&mut self, handler: HandlerId) -> Option<Guid> {
        let (ticket, of, item) = self.skip?;
        if of != handler {
            return None;
        }
        if self.skipping == ticket {
            self.skipped();
            return None;
        }
        self.skipping = ticket;
        if self.order.entries.get(self.next).is_some_and(|next| entry::is_skip(next)) {
            self.next += 1;
        }
        Some(item)
    }

    /// Whether the manager is to make a skip.
    pub(super) fn wants_skip(&self) -> bool {
        self.skip.is_some_and(|(ticket, ..)| ticket != self.skipping)
    }

    /// The user has skipped, or cannot.
    pub(super) fn skipped(&mut self) {
        if let Some((ticket, ..)) = self.skip.take() {
            self.crossed = ticket;
        }
    }

    /// Which of `waiting` is let in. Asked by the one with the ticket `asks`; `inside` says that the manager's thread is inside a
    /// call, and `sleeps` that it does nothing there.
    #[allow(clippy::too_many_arguments, reason = "all that a choice depends on")]
    pub(super) fn choose(
        &mut self,
        waiting: &[Waiting],
        asks: u64,
        now_ns: u64,
        inside: bool,
        session: &Session,
        sleeps: &dyn Fn() -> bool,
        threads: &dyn Fn() -> HandlerThreads,
    ) -> Choice {
        let Some(first) = waiting.iter().find(|waiting| !waiting.let_in) else { return Choice::Wait(LOOK_NS) };
        // One looks for all.
        if first.ticket != asks {
            return Choice::Wait(20 * LOOK_NS);
        }
        // Whoever was let in is about to be recorded.
        if waiting.iter().any(|waiting| waiting.let_in) {
            return Choice::Wait(LOOK_NS);
        }
        self.waited_ns += now_ns.saturating_sub(self.last_ns.max(first.since_ns));
        self.last_ns = now_ns;
        let longest_ns = now_ns.saturating_sub(first.since_ns);
        if self.waited_ns > BUDGET_NS || longest_ns > LONGEST_NS {
            return self.let_in(first, waiting, session);
        }
        for one in waiting {
            self.know(one, session);
        }
        let forced = self.forced(waiting, session);
        let patience_ns = match forced {
            // What is waited for is here: it goes on as soon as the others have come as far as they come.
            Some(_) => self.order.strategy.patience_ns().min(FOR_OTHERS_NS),
            None if self.order.entries.len() > self.next => FORCED_NS,
            None => self.order.strategy.patience_ns(),
        };
        let may_come = self.ran.may_come(waiting, now_ns, patience_ns, inside.then_some(sleeps), threads());
        if let Some(again_ns) = may_come {
            return Choice::Wait(again_ns);
        }
        if let Some(wait) = self.forced_skip(first, now_ns, session) {
            return wait;
        }
        // Where the next one did not come, the handler goes another way from here.
        if let Some(forced) = forced.or_else(|| self.forced_later(waiting, session)) {
            return self.let_in(forced, waiting, session);
        }
        self.by_strategy(waiting, now_ns, inside, session)
    }

    fn by_strategy(&mut self, waiting: &[Waiting], now_ns: u64, inside: bool, session: &Session) -> Choice {
        let mut ranked: Vec<(u64, &Waiting)> = Vec::new();
        for one in waiting {
            // Of one thread's callbacks, the first one.
            if !ranked.iter().any(|(_, other)| other.thread == one.thread && other.handler == one.handler) {
                ranked.push((self.rank(one), one));
            }
        }
        ranked.sort_by_key(|(rank, one)| (*rank, one.ticket));
        let Some((_, mut chosen)) = ranked.first().copied() else { return Choice::Wait(LOOK_NS) };
        if self.order.strategy == Strategy::Random {
            chosen = ranked[self.chance.below(ranked.len())].1;
        }
        if self.order.strategy == Strategy::SkipAtEnd
            && (!inside || self.skip.is_some())
            && let Some(wait) = self.cross(chosen, now_ns, session)
        {
            return wait;
        }
        self.let_in(chosen, waiting, session)
    }

    /// The lowest rank goes first.
    fn rank(&self, one: &Waiting) -> u64 {
        let lowered = self.lowered.iter().position(|(of, thread)| *of == one.handler && *thread == one.thread);
        if let Some(at) = lowered {
            return u64::MAX - 1000 + at as u64;
        }
        let key = self.key(one);
        match self.order.strategy {
            Strategy::Pct2 | Strategy::Pct3 => {
                let of_key = key.number().wrapping_mul(0x5851_F42D_4C95_7F2D);
                Sequence::new(self.order.seed ^ of_key).next_number() / 2
            }
            // Of four threads one: the manager's own, or that of one of the first items.
            Strategy::Starve => u64::from(match (self.order.seed % 4, key) {
                (0, Key::Apartment) => true,
                (victim, Key::Item(at)) => victim == 1 + at % 3,
                (victim, Key::Other(nth)) => victim == 1 + nth % 3,
                _ => false,
            }),
            Strategy::LastFirst if ends_something(&one.callback) => u64::MAX / 2 - one.ticket,
            Strategy::LastFirst => one.ticket,
            Strategy::BeforeReturn => u64::from(key == Key::Apartment),
            Strategy::Random | Strategy::SkipAtEnd => key.number(),
        }
    }

    /// The user skips while this callback is on its way: the session's end, or the end of an item.
    fn cross(&mut self, chosen: &Waiting, now_ns: u64, session: &Session) -> Option<Choice> {
        if self.crossed >= chosen.ticket {
            return None;
        }
        if let Some((ticket, ..)) = self.skip {
            if ticket == chosen.ticket && now_ns.saturating_sub(chosen.since_ns) < FOR_SKIP_NS {
                return Some(Choice::Wait(LOOK_NS));
            }
            self.skipped();
            return None;
        }
        let instance = session.instance(chosen.handler).filter(|instance| instance.is_in_window())?;
        let ends = match &chosen.callback {
            Callback::Progress(args) => {
                let status = args.info.as_ref().and_then(crate::protocol::ProgressItem::given_status);
                status.is_some_and(Status::is_final).then_some(Some(args.item))
            }
            callback => callback.completion().map(|_| None),
        };
        let own = ends?;
        let skippable = |(id, known): (Guid, &crate::protocol::KnownItem)| (!known.skipped).then_some(id);
        let all: Vec<Guid> = instance.prepared().filter_map(skippable).collect();
        let other = all.iter().copied().find(|id| Some(*id) != own);
        // By the seed, the item that ends, or another one.
        let item = if self.order.seed.is_multiple_of(2) {
            own.filter(|own| all.contains(own)).or(other)
        } else {
            other.or(own)
        }?;
        self.skip = Some((chosen.ticket, chosen.handler, item));
        Some(Choice::Wait(LOOK_NS))
    }

    fn let_in(&mut self, chosen: &Waiting, waiting: &[Waiting], session: &Session) -> Choice {
        self.chosen += 1;
        self.ran.goes_on();
        if !self.order.entries.is_empty() {
            let words = self.entry(chosen, session);
            if self.order.entries.get(self.next).is_some_and(|next| *next == words) {
                self.next += 1;
            }
            self.numbers.take(chosen.handler, &chosen.thread);
        }
        // Among several, the one that goes on is the one that is lowered.
        if waiting.len() > 1 || self.changes.iter().any(|at| *at <= self.chosen) {
            let before = self.changes.len();
            self.changes.retain(|at| *at > self.chosen);
            if self.changes.len() < before {
                self.lowered.push((chosen.handler, chosen.thread.clone()));
            }
        }
        Choice::Let(chosen.ticket)
    }

    fn entry(&self, one: &Waiting, session: &Session) -> String {
        self.numbers.entry(one.handler, &one.thread, &one.callback, session.instance(one.handler))
    }

    /// The callback that the forced order has next, if it is here.
    fn forced<'a>(&self, waiting: &'a [Waiting], session: &Session) -> Option<&'a Waiting> {
        let next = self.order.entries.get(self.next)?;
        waiting.iter().find(|one| self.entry(one, session) == *next)
    }

    /// The first callback of the rest of the forced order that is here; of another thread, if it must be.
    fn forced_later<'a>(&mut self, waiting: &'a [Waiting], session: &Session) -> Option<&'a Waiting> {
        let rest = self.order.entries.get(self.next..).filter(|rest| !rest.is_empty())?;
        let here: Vec<(String, &Waiting)> = waiting.iter().map(|one| (self.entry(one, session), one)).collect();
        let first = |alike: fn(&str, &str) -> bool| {
            let found = |next: &String| here.iter().find(|(words, _)| alike(words, next)).map(|(_, one)| *one);
            rest.iter().enumerate().find_map(|(at, next)| Some((at, found(next)?)))
        };
        let same = first(|words, next| words == next);
        let said = |words: &str, next: &str| entry::without_thread(words) == entry::without_thread(next);
        let (skipped, one) = same.or_else(|| first(said).map(|(at, one)| (at + 1, one)))?;
        self.next += skipped;
        Some(one)
    }

    /// The user skips an item now, if the forced order says so.
    fn forced_skip(&mut self, first: &Waiting, now_ns: u64, session: &Session) -> Option<Choice> {
        let next = self.order.entries.get(self.next)?;
        let instance = session.instance(first.handler)?;
        let item = entry::item_to_skip(next, instance)?;
        if self.skip.is_none() {
            let can_be = item.filter(|item| instance.item(*item).is_some_and(|known| !known.skipped));
            if let Some(item) = can_be.filter(|_| instance.is_in_window()) {
                self.skipping = 0;
                self.skip = Some((first.ticket, first.handler, item));
                return Some(Choice::Wait(LOOK_NS));
            }
        } else if now_ns.saturating_sub(first.since_ns) < FOR_SKIP_NS {
            return Some(Choice::Wait(LOOK_NS));
        }
        // It cannot be made.
        self.skipped();
        self.next += 1;
        Some(Choice::Wait(0))
    }

    fn key(&self, one: &Waiting) -> Key {
        let known = self.threads.iter().find(|(of, thread, _)| *of == one.handler && *thread == one.thread);
        known.map_or(Key::Other(0), |(_, _, key)| *key)
    }

    /// Names the thread by what it does.
    fn know(&mut self, one: &Waiting, session: &Session) {
        if one.thread == Thread::APARTMENT {
            if self.key(one) != Key::Apartment {
                self.threads.push((one.handler, one.thread.clone(), Key::Apartment));
            }
            return;
        }
        let place = |id| session.instance(one.handler)?.known_items().position(|(item, _)| item.id == id);
        let item = entry::item_of(&one.callback).and_then(place);
        let known = self.threads.iter_mut().find(|(of, thread, _)| *of == one.handler && *thread == one.thread);
        match (known, item) {
            (Some((_, _, key @ Key::Other(_))), Some(at)) => *key = Key::Item(at as u64),
            (Some(_), _) => {}
            (None, Some(at)) => self.threads.push((one.handler, one.thread.clone(), Key::Item(at as u64))),
            (None, None) => {
                self.threads.push((one.handler, one.thread.clone(), Key::Other(self.others)));
                self.others += 1;
            }
        }
    }
}
