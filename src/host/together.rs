//! Several instances side by side. The manager calls them in turn, a call at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::driver::{Driver, Turn};
use super::seat::{Seat, Waited, pause};
use super::shared::Shared;
use super::turns::{Agenda, Woken};
use crate::handler::{CreateError, HandlerFactory};
use crate::protocol::{HandlerId, Limits, Thread};
use crate::time::enter_apartment;

/// How often the manager looks whether a call that has not returned was given up.
const LOOK: Duration = Duration::from_millis(10);

/// An instance that is driven beside others.
pub(super) trait Driven {
    /// Its place in the session.
    fn seat(&self) -> Seat<'_>;
    /// Does what comes next.
    fn turn(&mut self) -> Turn;
    /// Its session is over: the instance is dropped.
    fn let_go(&mut self);
}

impl Driven for Driver<'_> {
    fn seat(&self) -> Seat<'_> {
        Driver::seat(self)
    }

    fn turn(&mut self) -> Turn {
        Driver::turn(self)
    }

    fn let_go(&mut self) {
        Driver::let_go(self);
    }
}

/// Runs the sessions of several instances side by side, a call at a time, as a manager's own thread does. Each round asks those
/// that have something to look at, in their order.
pub(super) fn run_together(drivers: Vec<impl Driven>, between: &mut dyn FnMut()) {
    let Some(shared) = drivers.first().map(|driver| Arc::clone(driver.seat().shared)) else { return between() };
    let limits = drivers[0].seat().limits;
    let mut drivers: BTreeMap<HandlerId, _> = drivers.into_iter().map(|driver| (driver.seat().id, driver)).collect();
    let seat = |id| Seat { shared: &shared, id, limits };
    let mut agenda = Agenda::default();
    let mut round: BTreeSet<HandlerId> = drivers.keys().copied().collect();
    while !drivers.is_empty() {
        // What is taken away comes with a copy of the session, whose size is that of all instances.
        if shared.lock().tape.records() >= drivers.len() {
            between();
        }
        shared.begin_looking();
        let (mut went, mut next) = (BTreeSet::new(), None);
        let mut over = false;
        loop {
            round.extend(agenda.asked_by(shared.clock.now_ns()));
            match shared.take_turns() {
                Woken::All => round.extend(drivers.keys()),
                Woken::These(some) => round.extend(some),
            }
            // One that comes before the last one that was asked comes in the next round.
            let Some(id) =
                round.range((next.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)).next().copied()
            else {
                break;
            };
            round.remove(&id);
            next = Some(id);
            agenda.forget(id);
            let Some(driver) = drivers.get_mut(&id) else { continue };
            match driver.turn() {
                Turn::Went => {
                    went.insert(id);
                }
                Turn::Waits(until_ns) => agenda.wait(seat(id), until_ns),
                Turn::Over => {
                    driver.let_go();
                    drivers.remove(&id);
                    over = true;
                }
            }
        }
        let goes_on = over || !went.is_empty();
        round.extend(went);
        if !goes_on && !wait_together(&mut agenda, &shared, seat) {
            break;
        }
    }
    drivers.values_mut().for_each(Driven::let_go);
    between();
}

/// Waits until something happens to one of the instances, which all have nothing to do. One that owes a completion and is
/// silent for too long is overdue. False when nothing can ever happen.
fn wait_together<'a>(agenda: &mut Agenda, shared: &'a Arc<Shared>, seat: impl Fn(HandlerId) -> Seat<'a>) -> bool {
    let waited = pause(shared, agenda.until_ns(&seat));
    let owing = match waited {
        Waited::Something | Waited::Stuck => agenda.owed_by(shared.clock.now_ns()),
        Waited::Crashed => return true,
        Waited::Exhausted => return false,
    };
    let mut overdue = false;
    for id in owing {
        overdue |= seat(id).is_overdue();
    }
    overdue || waited != Waited::Stuck
}

/// An instance with an apartment thread of its own, on which it is created, called and dropped. A call that never returns holds
/// up nobody else.
pub(super) struct Apart {
    shared: Arc<Shared>,
    id: HandlerId,
    limits: Limits,
    /// Asks for a turn. Without it the thread ends.
    ask: Option<Sender<()>>,
    turns: Receiver<Turn>,
}

impl Apart {
    /// Creates the instance.
    pub(super) fn new(
        shared: &Arc<Shared>,
        id: HandlerId,
        factory: Arc<dyn HandlerFactory>,
        limits: Limits,
    ) -> Result<Self, CreateError> {
        let failed = |why: String| CreateError { handler: "the session".to_owned(), why };
        let ((ask, asked), (tell, turns)) = (channel(), channel());
        let (tell_created, created) = channel();
        let (own, span) = (Arc::clone(shared), tracing::Span::current());
        let thread = std::thread::Builder::new().name(Thread::APARTMENT.to_string()).spawn(move || {
            let _entered = span.enter();
            enter_apartment();
            let mut driver = match Driver::new(&own, id, factory.as_ref(), limits) {
                Ok(driver) => {
                    // Whoever created the thread waits for this.
                    let _ = tell_created.send(Ok(()));
                    driver
                }
                Err(error) => return drop(tell_created.send(Err(error))),
            };
            while asked.recv().is_ok() && tell.send(driver.turn()).is_ok() {}
            driver.let_go();
        });
        thread.map_err(|error| failed(format!("no apartment thread: {error}")))?;
        created.recv().map_err(|_| failed("the apartment thread ended".to_owned()))??;
        Ok(Self { shared: Arc::clone(shared), id, limits, ask: Some(ask), turns })
    }

    /// What the thread did; nothing when it has ended, or nobody waits for it any more.
    fn next_turn(&self) -> Option<Turn> {
        loop {
            match self.turns.recv_timeout(LOOK) {
                Ok(turn) => return Some(turn),
                Err(RecvTimeoutError::Timeout) if !self.seat().is_given_up() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

impl Driven for Apart {
    fn seat(&self) -> Seat<'_> {
        Seat { shared: &self.shared, id: self.id, limits: self.limits }
    }

    fn turn(&mut self) -> Turn {
        let asked = self.ask.as_ref().is_some_and(|ask| ask.send(()).is_ok());
        if asked { self.next_turn().unwrap_or(Turn::Over) } else { Turn::Over }
    }

    fn let_go(&mut self) {
        // The thread drops the instance, and ends: that ends what it tells.
        self.ask = None;
        while self.next_turn().is_some() {}
    }
}
