//! Several instances side by side. The manager calls them in turn, a call at a time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::driver::{Driver, Turn};
use super::seat::{Seat, wait};
use super::shared::Shared;
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

/// Runs the sessions of several instances side by side, a call at a time, as a manager's own thread does.
pub(super) fn run_together(mut drivers: Vec<impl Driven>, between: &mut dyn FnMut()) {
    while let Some(first) = drivers.first() {
        between();
        first.seat().shared.begin_looking();
        let (mut went, mut until_ns) = (false, None);
        drivers.retain_mut(|driver| match driver.turn() {
            Turn::Went => {
                went = true;
                true
            }
            Turn::Waits(until) => {
                until_ns = [until_ns, until].into_iter().flatten().min();
                true
            }
            Turn::Over => {
                driver.let_go();
                // What it held may be what another one waits for.
                went = true;
                false
            }
        });
        let waiting: Vec<Seat<'_>> = drivers.iter().map(Driven::seat).collect();
        if !went && !wait(&waiting, until_ns) {
            break;
        }
    }
    drivers.iter_mut().for_each(Driven::let_go);
    between();
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
