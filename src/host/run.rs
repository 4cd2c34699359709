//! Runs one session to its end: on a thread of its own against the machine's clock, or here in virtual time.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::driver::{Driver, run_together};
use super::plan::Plan;
use super::shared::{Outlet, Shared};
use super::tape::Tape;
use crate::handler::{CreateError, HandlerFactory};
use crate::protocol::Limits;
use crate::protocol::{ConnectionClosed, Crashed, Event, HandlerId, Note, Session, Text, Thread};
use crate::time::Scheduler;
use crate::time::{Clock, enter_apartment};

/// Takes the events of a session, in order, as they come.
pub trait Drain {
    /// The next events, and the session after them, or after more that come next.
    fn events(&mut self, events: Vec<Event>, session: &Session);
}

impl<F: FnMut(Vec<Event>, &Session)> Drain for F {
    fn events(&mut self, events: Vec<Event>, session: &Session) {
        self(events, session);
    }
}

/// A session that has ended.
#[derive(Debug)]
pub struct Ran {
    /// The session at its end.
    pub session: Session,
    /// The user left it before its end ([`Controls::leave`]).
    pub left: bool,
    /// The session was left because its threads did not come to an end ([`MOST_STEPS`](super::MOST_STEPS)).
    pub exhausted: bool,
}

/// One session with one handler.
pub struct Job {
    /// Makes the instance.
    pub factory: Arc<dyn HandlerFactory>,
    /// What the manager and the user do.
    pub plan: Box<dyn Plan>,
    /// The time limits.
    pub limits: Limits,
}

/// Reaches into a running session from another thread. Clones reach the same session.
#[derive(Clone)]
pub struct Controls(Arc<dyn Controller>);

/// What can be done to a running session.
pub trait Controller: Send + Sync {
    /// See [`Controls::cancel_all`].
    fn cancel_all(&self);
    /// See [`Controls::leave`].
    fn leave(&self);
}

impl Controller for Shared {
    fn cancel_all(&self) {
        self.want_all_stopped();
    }

    fn leave(&self) {
        self.want_to_leave();
    }
}

impl Controls {
    /// That reach the session by what `steer` does.
    pub fn new(steer: Arc<dyn Controller>) -> Self {
        Self(steer)
    }

    /// The user wants everything stopped, through the protocol: Progress is answered with CANCELALL and items are skipped.
    pub fn cancel_all(&self) {
        self.0.cancel_all();
    }

    /// The user leaves: the session ends where it stands, and its threads are left behind.
    pub fn leave(&self) {
        self.0.leave();
    }
}

/// Looks after the apartment thread of a session in real time.
pub trait ApartmentObserver: Send + Sync {
    /// Called on the apartment thread before anything else.
    fn enter(&self);
    /// What the apartment thread is doing, the innermost function first; nothing where that cannot be known.
    fn stack(&self) -> Vec<Text>;
}

/// Another instance of the session.
pub struct Another {
    /// Makes the instance.
    pub factory: Arc<dyn HandlerFactory>,
    /// What the manager and the user do with it.
    pub plan: Box<dyn Plan>,
}

/// What a session may have beside its job.
#[derive(Default)]
pub struct RealTimeOptions {
    /// More instances, numbered from 2.
    pub others: Vec<Another>,
    /// The instances are driven side by side; otherwise each when the one before is released.
    pub together: bool,
    /// Events go there, and not to the drain.
    pub outlet: Option<Box<dyn Outlet>>,
    /// Says what a thread does that does not return.
    pub lookout: Option<Arc<dyn ApartmentObserver>>,
    /// How long the callbacks of a handler are still heard when the session is over.
    pub linger: Duration,
}

/// How often recorded events are taken to the drain while the session runs, if there are few of them.
const TICK: Duration = Duration::from_millis(40);

/// Runs a session against the machine's clock. `started` gets the controls before anything else happens.
///
/// The instance lives on an apartment thread of its own. A call that does not return within the limit ends the session;
/// its thread is left behind, for nothing can stop it.
///
/// # Errors
/// When the instance cannot be created.
pub fn run_real(job: Job, started: impl FnOnce(Controls), drain: &mut dyn Drain) -> Result<Ran, CreateError> {
    run_real_with(job, RealTimeOptions::default(), started, drain)
}

/// As [`run_real`], with something beside the job.
///
/// # Errors
/// When the instance cannot be created.
pub fn run_real_with(
    job: Job,
    beside: RealTimeOptions,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Ran, CreateError> {
    let RealTimeOptions { others, together, outlet, lookout, linger } = beside;
    let (company, plans) = Instances::new(job.factory, job.plan, others, together, job.limits);
    let shared = Arc::new(Shared::new(Clock::Real { started: Instant::now() }, plans, together));
    started(Controls(Arc::<Shared>::clone(&shared)));
    if let Some(outlet) = outlet {
        shared.set_outlet(outlet);
    }
    let (tell, told) = mpsc::channel();
    let apartment = {
        let shared = Arc::clone(&shared);
        let lookout = lookout.clone();
        std::thread::Builder::new().name(Thread::APARTMENT.to_string()).spawn(move || {
            enter_apartment();
            if let Some(lookout) = lookout {
                lookout.enter();
            }
            // The receiver waits for as long as this thread runs, unless it has given up on it.
            let _ = tell.send(company.run(&shared, &mut || {}));
            shared.end();
        })
    };
    if let Err(error) = apartment {
        return Err(CreateError { handler: "the session".to_owned(), why: format!("no apartment thread: {error}") });
    }
    let mut tape = Tape::default();
    let ended = loop {
        shared.wait_for_batch(TICK);
        match told.try_recv() {
            Ok(ended) => break ended,
            Err(mpsc::TryRecvError::Empty) => {
                pass_on(&shared, &mut tape, drain);
                let stack = || lookout.as_ref().map(|lookout| lookout.stack()).unwrap_or_default();
                if shared.lock().left || shared.give_up_on_hung_call(job.limits.timeout_ns, stack) {
                    break Ok(());
                }
            }
            // The apartment thread catches what the handler does; it can only end here by a fault of the host's own.
            Err(mpsc::TryRecvError::Disconnected) => {
                let note = Note::Crashed(Crashed { what: "the apartment thread ended".into() });
                shared.note(HandlerId::FIRST, Thread::APARTMENT, note);
                break Ok(());
            }
        }
    };
    if ended.is_ok() && !shared.lock().left {
        std::thread::sleep(linger);
    }
    close(&shared, &mut tape, drain);
    shared.end_instances();
    let state = shared.lock();
    ended.map(|()| Ran { session: state.session.clone(), left: state.left, exhausted: false })
}

/// Runs a session in virtual time, on the calling thread.
///
/// # Errors
/// When the instance cannot be created.
pub fn run_virtual(job: Job, scheduler: &Scheduler, drain: &mut dyn Drain) -> Result<Ran, CreateError> {
    run_virtual_with(job, Vec::new(), false, scheduler, drain)
}

/// As [`run_virtual`], with more instances: side by side (`together`), or one after the other.
///
/// # Errors
/// When an instance cannot be created.
pub fn run_virtual_with(
    job: Job,
    others: Vec<Another>,
    together: bool,
    scheduler: &Scheduler,
    drain: &mut dyn Drain,
) -> Result<Ran, CreateError> {
    let (company, plans) = Instances::new(job.factory, job.plan, others, together, job.limits);
    let shared = Arc::new(Shared::new(Clock::Virtual(scheduler.clone()), plans, together));
    let mut tape = Tape::default();
    company.run(&shared, &mut || pass_on(&shared, &mut tape, &mut *drain))?;
    // What the handler left running may still call back, and is heard.
    scheduler.drain(scheduler.now_ns().saturating_add(job.limits.timeout_ns));
    close(&shared, &mut tape, drain);
    let session = shared.lock().session.clone();
    Ok(Ran { session, left: false, exhausted: scheduler.is_exhausted() })
}

/// The instances of a session.
struct Instances {
    factories: Vec<Arc<dyn HandlerFactory>>,
    together: bool,
    limits: Limits,
}

impl Instances {
    fn new(
        factory: Arc<dyn HandlerFactory>,
        plan: Box<dyn Plan>,
        others: Vec<Another>,
        together: bool,
        limits: Limits,
    ) -> (Self, Vec<Box<dyn Plan>>) {
        let (mut factories, mut plans) = (vec![factory], vec![plan]);
        for Another { factory, plan } in others {
            factories.push(factory);
            plans.push(plan);
        }
        (Self { factories, together, limits }, plans)
    }

    fn run(&self, shared: &Arc<Shared>, between: &mut dyn FnMut()) -> Result<(), CreateError> {
        let drivers = self
            .factories
            .iter()
            .zip(1..)
            .map(|(factory, number)| Driver::new(shared, HandlerId(number), factory.as_ref(), self.limits));
        if self.together {
            run_together(drivers.collect::<Result<_, _>>()?, between);
            return Ok(());
        }
        for driver in drivers {
            driver?.run(between);
        }
        Ok(())
    }
}

fn pass_on(shared: &Shared, tape: &mut Tape, drain: &mut dyn Drain) {
    if let Some(session) = shared.take(tape) {
        tape.unwind(|events| drain.events(events, &session));
    }
}

/// The session is over: connections are closed, and nothing is recorded any more.
fn close(shared: &Shared, tape: &mut Tape, drain: &mut dyn Drain) {
    let connections = shared.lock().session.connections().to_vec();
    let over = shared.lock().session.is_over();
    if over {
        for name in connections {
            let note = Note::ConnectionClosed(ConnectionClosed { name });
            shared.note(HandlerId::FIRST, Thread::APARTMENT, note);
        }
    }
    shared.lock().closed = true;
    pass_on(shared, tape, drain);
}
