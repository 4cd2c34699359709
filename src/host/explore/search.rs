//! Enumerates choices depth-first: each session follows the choices of the one before as far as the last that has an
//! alternative, takes that, and then what is usual.

use std::collections::HashMap;

use super::deviation::{Deviation, Instead, UserAction};
use super::state::Place;
use crate::time::{APARTMENT, Access, Turn};

/// Which orders are enumerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How far an order may be from the usual one.
    pub bound: Bound,
    /// How many things the user does beside what the plan says, at most.
    pub actions: u32,
    /// Leave out an order that differs from another one only in the order of independent steps.
    pub reduce: bool,
    /// The plan counts callbacks, so no two of them are independent.
    pub counts_callbacks: bool,
}

/// How far an order may be from the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// As far as it can.
    None,
    /// So many times at most another thread goes on although the one that ran could have.
    Preemptions(u32),
    /// So many choices at most differ from the usual ones.
    Deviations(u32),
}

/// The search, and the session that runs.
pub(super) struct Search {
    bounds: Bounds,
    /// The order that is forced, where one is.
    forced: Option<Vec<Deviation>>,
    /// The choices so far, and what was tried at each.
    nodes: Vec<Node>,
    /// How much of the bounds is left at each place that was seen. The most that was left, of several.
    seen: HashMap<(u64, u64), u32>,
    /// How many of the choices the session has followed.
    depth: usize,
    turn: u32,
    /// The thread that ran last.
    last: u64,
    spent: Spent,
    place: Place,
    /// How many choices there were since the last step.
    since_step: u64,
    given_up: bool,
    /// The user does something as soon as the apartment thread goes on.
    pub(super) acting: bool,
    schedule: Vec<Deviation>,
}

/// A choice among several.
struct Node {
    options: u32,
    usual: u32,
    chosen: u32,
    /// How many of the alternatives were tried, the usual one among them.
    tried: u32,
    /// What another choice than the usual costs.
    cost: Spent,
    /// What was spent before it.
    before: Spent,
}

/// What is bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spent {
    preemptions: u32,
    deviations: u32,
    actions: u32,
}

impl Spent {
    fn and(self, more: Self) -> Self {
        Self {
            preemptions: self.preemptions + more.preemptions,
            deviations: self.deviations + more.deviations,
            actions: self.actions + more.actions,
        }
    }
}

impl Bounds {
    fn allow(&self, spent: Spent) -> bool {
        let within = match self.bound {
            Bound::None => true,
            Bound::Preemptions(most) => spent.preemptions <= most,
            Bound::Deviations(most) => spent.deviations <= most,
        };
        within && spent.actions <= self.actions
    }

    /// What is left of the bound.
    fn left(&self, spent: Spent) -> u32 {
        match self.bound {
            Bound::None => 0,
            Bound::Preemptions(most) => most.saturating_sub(spent.preemptions),
            Bound::Deviations(most) => most.saturating_sub(spent.deviations),
        }
    }
}

impl Node {
    /// The alternative of that number: first the usual one, then the others in their order.
    fn alternative(&self, at: u32) -> u32 {
        match at {
            0 => self.usual,
            at if at <= self.usual => at - 1,
            at => at,
        }
    }
}

impl Search {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            forced: None,
            nodes: Vec::new(),
            seen: HashMap::new(),
            depth: 0,
            turn: 0,
            last: APARTMENT,
            spent: Spent::default(),
            place: Place::default(),
            since_step: 0,
            given_up: false,
            acting: false,
            schedule: Vec::new(),
        }
    }

    pub(super) fn forcing(schedule: &[Deviation]) -> Self {
        let bounds = Bounds { bound: Bound::None, actions: 0, reduce: false, counts_callbacks: false };
        Self { forced: Some(schedule.to_vec()), ..Self::new(bounds) }
    }

    /// A session begins.
    pub(super) fn begin(&mut self) {
        (self.depth, self.turn, self.last, self.since_step) = (0, 0, APARTMENT, 0);
        (self.spent, self.given_up, self.acting) = (Spent::default(), false, false);
        self.place.clear();
        self.schedule.clear();
    }

    /// The session has ended: whether it shows anything new.
    pub(super) fn ended(&mut self) -> bool {
        !(self.given_up || self.bounds.reduce && self.was_here(u64::MAX))
    }

    /// Chooses the alternative that is next; false when there is none left.
    pub(super) fn go_on(&mut self) -> bool {
        while let Some(node) = self.nodes.last_mut() {
            let within = self.bounds.allow(node.before.and(node.cost));
            if within && node.tried < node.options {
                node.chosen = node.alternative(node.tried);
                node.tried += 1;
                return true;
            }
            self.nodes.pop();
        }
        false
    }

    pub(super) fn schedule(&self) -> &[Deviation] {
        &self.schedule
    }

    /// A step of a thread has been made.
    pub(super) fn ran(&mut self, thread: u64, touched: &[Access]) {
        self.since_step = 0;
        if !self.bounds.reduce {
            return;
        }
        let all: &[Access] =
            if self.bounds.counts_callbacks && !touched.is_empty() { &[Access::Everything] } else { touched };
        self.place.step(thread, all);
    }

    /// The apartment thread has run. What it does may concern everything.
    pub(super) fn apartment_ran(&mut self) {
        self.ran(APARTMENT, &[Access::Everything]);
    }

    /// Chooses the thread that goes on.
    pub(super) fn thread(&mut self, turn: &Turn<'_>) -> Option<usize> {
        let goes_on = turn.position(self.last);
        let usual = goes_on.unwrap_or(0);
        let cost = Spent { preemptions: u32::from(goes_on.is_some()), deviations: 1, actions: 0 };
        self.turn += 1;
        if self.acting
            && let Some(apartment) = turn.position(APARTMENT)
        {
            self.last = APARTMENT;
            return Some(apartment);
        }
        let wanted = self.forced_now(|instead| match instead {
            Instead::Thread(name) => (0..turn.len()).find(|at| turn.name(*at) == *name),
            Instead::User(_) => None,
        });
        let chosen = match wanted {
            Some(wanted) => wanted.unwrap_or(usual),
            None => self.decide(turn.len(), usual, cost)?,
        };
        if chosen != usual {
            self.schedule.push(Deviation { turn: self.turn, instead: Instead::Thread(turn.name(chosen)) });
        }
        self.last = turn.number(chosen);
        Some(chosen)
    }

    /// Chooses what the user does now, if anything. `legal` gives what is legal.
    pub(super) fn user(&mut self, legal: impl FnOnce() -> Vec<UserAction>) -> Option<UserAction> {
        self.turn += 1;
        if self.forced.is_some() {
            let wanted = self.forced_now(|instead| match instead {
                Instead::User(action) => Some(*action),
                Instead::Thread(_) => None,
            });
            let action = wanted.flatten().filter(|action| legal().contains(action))?;
            self.schedule.push(Deviation { turn: self.turn, instead: Instead::User(action) });
            return Some(action);
        }
        if self.given_up || self.spent.actions >= self.bounds.actions {
            return None;
        }
        let legal = legal();
        let cost = Spent { preemptions: 0, deviations: 1, actions: 1 };
        let chosen = self.decide(legal.len() + 1, 0, cost)?;
        let action = *legal.get(chosen.checked_sub(1)?)?;
        if self.bounds.reduce {
            self.place.user_did(chosen);
        }
        self.schedule.push(Deviation { turn: self.turn, instead: Instead::User(action) });
        Some(action)
    }

    /// What is forced now: nothing where nothing is forced at all.
    fn forced_now<T>(&self, find: impl Fn(&Instead) -> Option<T>) -> Option<Option<T>> {
        let forced = self.forced.as_ref()?;
        let now = forced.iter().filter(|deviation| deviation.turn == self.turn);
        Some(now.map(|deviation| &deviation.instead).find_map(find))
    }

    /// Chooses one of some. Nothing: the session is given up, for it comes to what was seen before.
    fn decide(&mut self, options: usize, usual: usize, cost: Spent) -> Option<usize> {
        if self.given_up {
            return None;
        }
        let chosen = if self.depth < self.nodes.len() && options > 1 {
            let node = &self.nodes[self.depth];
            self.depth += 1;
            (node.chosen as usize).min(options - 1)
        } else {
            if self.depth == self.nodes.len() && self.bounds.reduce && self.was_here(self.last) {
                self.given_up = true;
                return None;
            }
            if options > 1 {
                let (options, usual) = (options as u32, usual as u32);
                self.nodes.push(Node { options, usual, chosen: usual, tried: 1, cost, before: self.spent });
                self.depth += 1;
            }
            usual
        };
        self.since_step += 1;
        if chosen != usual {
            self.spent = self.spent.and(cost);
        }
        Some(chosen)
    }

    /// Whether a session was at this place before, with as much left of the bounds; it is remembered that one was.
    fn was_here(&mut self, last: u64) -> bool {
        let left = self.bounds.left(self.spent);
        // Without a bound it does not matter which thread ran last.
        let last = if self.bounds.bound == Bound::None && last != u64::MAX { 0 } else { last };
        let place = (self.place.number() ^ self.since_step.wrapping_mul(0xA24B_AED4_963E_E407), last);
        match self.seen.get_mut(&place) {
            Some(before) if *before >= left => true,
            Some(before) => {
                *before = left;
                false
            }
            None => {
                self.seen.insert(place, left);
                false
            }
        }
    }
}
