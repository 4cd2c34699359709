//! The orders in which the threads of a session can take turns, and what its user can do meanwhile: enumerated one after the
//! other, or forced again. For sessions in virtual time.
//!
//! A session is a pure function of its choices. So an order is written down as the choices that differ from the usual ones
//! ([`Deviation`]), and a session with these choices shows every event again.

mod deviation;
mod search;
mod state;
mod user;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use deviation::{Deviation, Instead, UserAction};
pub use search::{Bound, Bounds};

use self::search::Search;
use self::user::User;
use super::observer::Observer;
use crate::time::{Access, Choice, Turn};

/// Enumerates the orders of a session, or forces one. Clones are the same.
#[derive(Clone)]
pub struct Explorer(Arc<Mutex<Search>>);

impl Explorer {
    /// Enumerates the orders within these bounds, one session after the other.
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Mutex::new(Search::new(bounds))))
    }

    /// Forces this order. Where it cannot be followed, the usual choice is made.
    pub fn forcing(schedule: &[Deviation]) -> Self {
        Self(Arc::new(Mutex::new(Search::forcing(schedule))))
    }

    /// The next session begins, with the order that is next.
    pub fn begin(&self) {
        self.lock().begin();
    }

    /// The session has ended. False if another order is known to have come to the same: it was given up, or shows nothing new.
    pub fn ended(&self) -> bool {
        self.lock().ended()
    }

    /// Goes to the next order; false when all within the bounds were tried.
    pub fn go_on(&self) -> bool {
        self.lock().go_on()
    }

    /// The order of the session that was run last: what differs from the usual.
    pub fn schedule(&self) -> Vec<Deviation> {
        self.lock().schedule().to_vec()
    }

    /// How many choices differed from the usual in the session that was run last.
    pub fn deviations(&self) -> usize {
        self.lock().schedule().len()
    }

    /// What chooses among the threads.
    pub(crate) fn choice(&self) -> impl Choice + 'static {
        Threads(Arc::clone(&self.0))
    }

    /// What chooses for the user.
    pub(crate) fn user(&self) -> Box<dyn Observer> {
        Box::new(User::new(Arc::clone(&self.0)))
    }

    fn lock(&self) -> MutexGuard<'_, Search> {
        lock(&self.0)
    }
}

/// A search is whole whenever its lock is free, whatever panicked meanwhile.
fn lock(search: &Mutex<Search>) -> MutexGuard<'_, Search> {
    search.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Chooses among the threads.
struct Threads(Arc<Mutex<Search>>);

impl Choice for Threads {
    fn choose(&mut self, turn: &Turn<'_>) -> Option<usize> {
        lock(&self.0).thread(turn)
    }

    fn every_turn(&self) -> bool {
        true
    }

    fn ran(&mut self, number: u64, touched: &[Access]) {
        lock(&self.0).ran(number, touched);
    }

    fn paused(&mut self) {
        lock(&self.0).apartment_ran();
    }
}
