//! Runs one session to its end: on a thread of its own against the machine's clock, or here in virtual time.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::desk::{Act, Acts, AskUser, Desk};
use super::driver::Driver;
use super::gate::Gate;
use super::manager::Known;
use super::network::{Connection, Network};
use super::observer::Observer;
use super::order::{Order, Orderer};
use super::plan::Plan;
use super::settle::{HandlerThreads, LookAtThreads, SILENCE};
use super::shared::Shared;
use super::state::Outlet;
use super::tape::Tape;
use super::together::{Apart, run_together};
use crate::handler::{CreateError, HandlerFactory};
use crate::protocol::{
    ConnectionClosed, Crashed, Event, Guid, HandlerId, Limits, Note, Profile, RegisterFlags, Session, State, Text,
    Thread,
};
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

/// Why a session was left before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Left {
    /// The user left it ([`Controls::leave`]).
    #[error("the session was ended early")]
    ByUser,
    /// It had used up its limit (`RealTimeOptions::session_ns`), and the handler owed nothing.
    #[error("the session was ended at its limit (--session-limit)")]
    AtLimit,
}

/// A session that has ended.
#[derive(Debug)]
pub struct Ran {
    /// The session at its end.
    pub session: Session,
    /// Why it was left before its end, if it was.
    pub left: Option<Left>,
    /// The session was left because a script's threads did not come to an end, after a million steps.
    pub exhausted: bool,
    /// What the handler's process wrote to its standard output and standard error, where it has a process of its own: the end
    /// of a long text.
    pub output: Option<String>,
    /// The instances that could not be created, where [each is for itself](SessionSetup::each_for_itself).
    pub not_created: Vec<(HandlerId, CreateError)>,
}

/// A session before it runs: its instances, what the manager and the user do with each, and who looks on.
pub struct SessionSetup {
    instances: Vec<(Arc<dyn HandlerFactory>, Box<dyn Plan>)>,
    side_by_side: bool,
    each_for_itself: bool,
    profile: Profile,
    silence: Duration,
    strict: bool,
    order: Option<Order>,
    observers: Vec<Box<dyn Observer>>,
    acts: Acts,
    registered: Known,
    network: Vec<Connection>,
    limits: Limits,
}

impl SessionSetup {
    /// A session with one instance.
    pub fn new(factory: Arc<dyn HandlerFactory>, plan: Box<dyn Plan>, limits: Limits) -> Self {
        Self::empty(limits).and(factory, plan)
    }

    /// A session without an instance yet: [`and`](Self::and) adds them.
    pub fn empty(limits: Limits) -> Self {
        Self {
            instances: Vec::new(),
            side_by_side: false,
            each_for_itself: false,
            profile: Profile::default(),
            silence: SILENCE,
            strict: false,
            order: None,
            observers: Vec::new(),
            acts: Acts::default(),
            registered: Known::new(),
            network: Vec::new(),
            limits,
        }
    }

    /// Adds an instance. It is driven when the one before is released, unless the session is to run them
    /// [side by side](Self::side_by_side).
    #[must_use]
    pub fn and(mut self, factory: Arc<dyn HandlerFactory>, plan: Box<dyn Plan>) -> Self {
        self.instances.push((factory, plan));
        self
    }

    /// Whether the instances are driven side by side.
    #[must_use]
    pub fn side_by_side(self, side_by_side: bool) -> Self {
        Self { side_by_side, ..self }
    }

    /// Whether the instances are of different handlers, which have nothing to do with each other: if one of them cannot be
    /// created, the others run all the same ([`Ran::not_created`]).
    #[must_use]
    pub fn each_for_itself(self, each_for_itself: bool) -> Self {
        Self { each_for_itself, ..self }
    }

    /// Which Windows the manager plays. With instances side by side, the manager of Windows XP calls `Synchronize` when every
    /// instance has prepared; that of Windows Vista calls it on each as soon as the instance itself has prepared
    /// (`nf-syncmgr-isyncmgrhandler-synchronize`).
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// For how long a handler in real time must be silent, when its work has ended, before the manager takes the callback
    /// back. 20 ms by default; the manager never waits for more than a second.
    #[must_use]
    pub fn silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Whether the callback is bound to the manager's apartment: a callback from another thread then waits while the manager's
    /// thread is inside a call to a handler. For handlers in real time.
    #[must_use]
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// In which order callbacks are let in. For handlers in real time.
    #[must_use]
    pub fn order(self, order: Option<Order>) -> Self {
        Self { order, ..self }
    }

    /// The handlers that are registered with the manager when the session begins.
    #[must_use]
    pub fn registered(self, registered: impl IntoIterator<Item = (Guid, RegisterFlags)>) -> Self {
        Self { registered: registered.into_iter().collect(), ..self }
    }

    /// The network whose connections handlers can open. Other connections are open at once.
    #[must_use]
    pub fn network(self, network: Vec<Connection>) -> Self {
        Self { network, ..self }
    }

    /// Adds an observer. It sees the events of every instance.
    #[must_use]
    pub fn observed_by(mut self, observer: Box<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }
}

impl SessionSetup {
    /// A user is at the screen: they act by [`Controls::act`], and are asked by `ask` in virtual time.
    #[must_use]
    pub fn attended(self, ask: Option<AskUser>) -> Self {
        let desk = Desk::new(Arc::clone(&self.acts), ask);
        self.observed_by(Box::new(desk))
    }
}

/// Reaches into a running session from another thread. Clones reach the same session.
#[derive(Clone)]
pub struct Controls(Arc<dyn Controller>);

/// What can be done to a running session.
pub(crate) trait Controller: Send + Sync {
    /// See [`Controls::cancel_all`].
    fn cancel_all(&self);
    /// See [`Controls::leave`].
    fn leave(&self);
    /// See [`Controls::act`].
    fn act(&self, handler: HandlerId, act: Act);
}

impl Controller for Shared {
    fn cancel_all(&self) {
        self.want_all_stopped();
    }

    fn leave(&self) {
        self.want_to_leave();
    }

    fn act(&self, handler: HandlerId, act: Act) {
        self.user_acts(handler, act);
    }
}

impl Controls {
    /// Controls that reach the session by what `controller` does.
    pub(crate) fn new(controller: Arc<dyn Controller>) -> Self {
        Self(controller)
    }

    /// The user wants everything stopped, through the protocol: Progress is answered with CANCELALL and items are skipped.
    pub fn cancel_all(&self) {
        self.0.cancel_all();
    }

    /// The user does something with a handler's session. Only where [a user is at the screen](SessionSetup::attended) is it heeded.
    pub fn act(&self, handler: HandlerId, act: Act) {
        self.0.act(handler, act);
    }

    /// The user leaves: the session ends where it stands, and its threads are left behind.
    pub fn leave(&self) {
        self.0.leave();
    }
}

/// Looks after the apartment thread of a session in real time.
pub(crate) trait ApartmentObserver: Send + Sync {
    /// Called on the apartment thread before anything else.
    fn enter(&self);
    /// Whether the apartment thread is gone: the destructors of its thread-local variables may still call back.
    fn has_ended(&self) -> bool;
    /// Whether the apartment thread waits for something: it neither runs nor would if it had a processor. True where that cannot be
    /// known.
    fn sleeps(&self) -> bool;
    /// Sends something to the apartment thread that arrives when it takes care of messages: the number of what was sent. Nothing
    /// where that does not show.
    fn knock(&self) -> Option<u64> {
        None
    }
    /// Whether what has that number has arrived: the apartment thread has taken care of messages since.
    fn has_answered(&self, _knock: u64) -> bool {
        false
    }
    /// What the apartment thread is doing, the innermost function first; nothing where that cannot be known.
    fn stack(&self) -> Vec<Text>;
    /// What the handler's other threads are doing, in the same way, each under a line of its own.
    fn stacks_of_threads(&self) -> Vec<Text>;
    /// What the calling thread is doing, in the same way.
    fn here(&self) -> Vec<Text>;
}

/// What a session in real time may have beside its setup.
#[derive(Default)]
pub(crate) struct RealTimeOptions {
    /// Events go there, and not to the drain.
    pub outlet: Option<Box<dyn Outlet>>,
    /// Says what a thread does that does not return.
    pub apartment: Option<Arc<dyn ApartmentObserver>>,
    /// How long the callbacks of a handler that may make some are still heard when the session is over.
    pub linger: Duration,
    /// Says what the handler has that may still call back. One that has nothing is not waited for; without this, it may have
    /// something.
    pub threads: Option<LookAtThreads>,
    /// How long the whole session may take, in nanoseconds. A handler that reports for ever is given up then.
    pub session_ns: Option<u64>,
    /// Called again and again while the session runs: reaches into it for somebody who cannot.
    pub in_between: Option<InBetween>,
    /// When the session's time began; without it, it begins now.
    pub started: Option<Instant>,
    /// Looks for what the handler has left when every instance was released, and says what there is to note.
    pub left_behind: Option<LookForLeft>,
}

/// Reaches into a running session.
pub(crate) type InBetween = Box<dyn FnMut(&Controls)>;

/// Looks for what a handler has left that was released.
pub(crate) type LookForLeft = Box<dyn FnOnce() -> Vec<Note> + Send>;

/// How often recorded events are taken to the drain while the session runs, if there are few of them.
const TICK: Duration = Duration::from_millis(40);

/// How often somebody may reach into the session.
const LOOK: Duration = Duration::from_millis(10);

/// Runs a session against the machine's clock. `started` gets the controls before anything else happens.
///
/// The instance lives on an apartment thread of its own. A call that does not return within the limit ends the session;
/// its thread is left behind, for nothing can stop it.
///
/// # Errors
/// When the instance cannot be created.
pub fn run_real(
    setup: SessionSetup,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Ran, CreateError> {
    run_real_with(setup, RealTimeOptions::default(), started, drain)
}

/// As [`run_real`], with options.
///
/// # Errors
/// When the instance cannot be created.
pub(crate) fn run_real_with(
    setup: SessionSetup,
    options: RealTimeOptions,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Ran, CreateError> {
    let RealTimeOptions {
        outlet,
        apartment: apartment_observer,
        linger,
        threads,
        session_ns,
        mut in_between,
        started: time_began,
        left_behind,
    } = options;
    let span = tracing::debug_span!("session", clock = "real");
    let _entered = span.enter();
    let (limits, silence) = (setup.limits, setup.silence);
    // Somebody who looks after the apartment thread looks after one.
    let apart = setup.side_by_side && apartment_observer.is_none();
    let (instances, shared) = setup.into_parts(Clock::Real { started: time_began.unwrap_or_else(Instant::now) });
    let controls = Controls(Arc::<Shared>::clone(&shared));
    started(controls.clone());
    if let Some(outlet) = outlet {
        shared.set_outlet(outlet);
    }
    shared.set_settling(silence, threads.clone());
    if let Some(observer) = &apartment_observer {
        let _ = shared.apartment.set(Arc::clone(observer));
    }
    let (tell, told) = mpsc::channel();
    let apartment = {
        let shared = Arc::clone(&shared);
        let observer = apartment_observer.clone();
        let span = span.clone();
        std::thread::Builder::new().name(Thread::APARTMENT.to_string()).spawn(move || {
            let _entered = span.enter();
            enter_apartment();
            if let Some(observer) = observer {
                observer.enter();
            }
            // The receiver waits for as long as this thread runs, unless it has given up on it.
            let ran = if apart { instances.run_apart(&shared) } else { instances.run(&shared, &mut || {}) };
            let _ = tell.send(ran);
            shared.end();
        })
    };
    if let Err(error) = apartment {
        return Err(CreateError { handler: "the session".to_owned(), why: format!("no apartment thread: {error}") });
    }
    let mut tape = Tape::default();
    let tick = if in_between.is_some() { LOOK } else { TICK };
    let ended = loop {
        shared.wait_for_batch(tick);
        if let Some(in_between) = &mut in_between {
            in_between(&controls);
        }
        match told.try_recv() {
            Ok(ended) => break ended,
            Err(mpsc::TryRecvError::Empty) => {
                pass_on(&shared, &mut tape, drain);
                // Whoever waits may wait for one of the handler's other threads.
                let stacks = |observer: &Arc<dyn ApartmentObserver>| {
                    let (mut frames, others) = (observer.stack(), observer.stacks_of_threads());
                    if !frames.is_empty() {
                        frames.extend(others);
                    }
                    frames
                };
                let stack = || apartment_observer.as_ref().map(stacks).unwrap_or_default();
                let hangs = shared.give_up_on_hung_call(limits.timeout_ns, stack);
                // The others of instances that are apart go on.
                if shared.lock().left.is_some()
                    || hangs && !apart
                    || session_ns
                        .is_some_and(|session_ns| shared.give_up_on_endless_session(session_ns, limits.timeout_ns))
                {
                    break Ok(Vec::new());
                }
            }
            // The apartment thread catches what the handler does; it can only end here by a fault of the host's own.
            Err(mpsc::TryRecvError::Disconnected) => {
                let note = Note::Crashed(Crashed { what: "the apartment thread ended".into() });
                shared.note(HandlerId::FIRST, Thread::APARTMENT, note);
                break Ok(Vec::new());
            }
        }
    };
    if ended.is_ok() && shared.lock().left.is_none() {
        let has_ended = || apartment_observer.as_ref().is_some_and(|observer| observer.has_ended());
        listen(linger, || !has_ended() || threads.as_ref().is_none_or(|look| look() != HandlerThreads::None));
        let released = shared.lock().session.instances().all(|instance| instance.state() == State::Released);
        for note in left_behind.filter(|_| released).map(|look| look()).unwrap_or_default() {
            shared.note(HandlerId::FIRST, Thread::APARTMENT, note);
        }
    }
    close(&shared, &mut tape, drain);
    shared.end_instances();
    let state = shared.lock();
    let output = shared.output.lock().text();
    let ran =
        |not_created| Ran { session: state.session.clone(), left: state.left, exhausted: false, output, not_created };
    ended.map(ran)
}

/// Runs a session in virtual time, on the calling thread.
///
/// # Errors
/// When the instance cannot be created.
pub fn run_virtual(setup: SessionSetup, scheduler: &Scheduler, drain: &mut dyn Drain) -> Result<Ran, CreateError> {
    let _span = tracing::debug_span!("session", clock = "virtual").entered();
    let limits = setup.limits;
    let (instances, shared) = setup.into_parts(Clock::Virtual(scheduler.clone()));
    let mut tape = Tape::default();
    let not_created = instances.run(&shared, &mut || pass_on(&shared, &mut tape, &mut *drain))?;
    // What the handler left running may still call back, and is heard.
    scheduler.drain(scheduler.now_ns().saturating_add(limits.timeout_ns));
    close(&shared, &mut tape, drain);
    let session = shared.lock().session.clone();
    Ok(Ran { session, left: None, exhausted: scheduler.is_exhausted(), output: None, not_created })
}

/// As [`run_virtual`]; every event goes straight to the outlet.
///
/// # Errors
/// When the instance cannot be created.
pub(crate) fn run_virtual_to(
    setup: SessionSetup,
    scheduler: &Scheduler,
    outlet: Box<dyn Outlet>,
) -> Result<(), CreateError> {
    let limits = setup.limits;
    let (instances, shared) = setup.into_parts(Clock::Virtual(scheduler.clone()));
    shared.set_outlet(outlet);
    instances.run(&shared, &mut || {})?;
    scheduler.drain(scheduler.now_ns().saturating_add(limits.timeout_ns));
    close(&shared, &mut Tape::default(), &mut |_: Vec<Event>, _: &Session| {});
    Ok(())
}

/// The instances of a session.
struct Instances {
    factories: Vec<Arc<dyn HandlerFactory>>,
    side_by_side: bool,
    each_for_itself: bool,
    limits: Limits,
}

/// The instances that could not be created.
type NotCreated = Vec<(HandlerId, CreateError)>;

impl SessionSetup {
    fn into_parts(self, clock: Clock) -> (Instances, Arc<Shared>) {
        let Self {
            instances,
            side_by_side,
            each_for_itself,
            profile,
            observers,
            acts,
            registered,
            network,
            limits,
            strict,
            order,
            silence: _,
        } = self;
        let (factories, plans) = instances.into_iter().unzip();
        let together = side_by_side.then_some(profile);
        // A script's threads take turns by its own scheduler, and hold no locks.
        let is_real = matches!(clock, Clock::Real { .. });
        let gate = Gate::new(strict && is_real, order.filter(|_| is_real).map(Orderer::new), limits);
        let shared = Arc::new(Shared::new(clock, plans, observers, together, limits, gate, Network::new(network)));
        let _ = shared.acts.set(acts);
        shared.set_registered(registered);
        (Instances { factories, side_by_side, each_for_itself, limits }, shared)
    }
}

/// Listens to what the handler still has to say when it is released, for so long, or until nothing of it is left that could
/// call back. It looks for that often at first: threads that are just ending are gone in a moment.
fn listen(linger: Duration, may_call_back: impl Fn() -> bool) {
    const LONGEST_NAP: Duration = Duration::from_millis(2);
    /// On a busy machine time can pass while no thread of the handler runs.
    const LEAST_LOOKS: u32 = 15;
    let (begun, mut nap, mut looks) = (Instant::now(), Duration::from_micros(50), 0);
    while may_call_back() && (looks < LEAST_LOOKS || begun.elapsed() < linger) {
        std::thread::sleep(nap);
        nap = (2 * nap).min(LONGEST_NAP);
        looks += 1;
    }
}

impl Instances {
    fn run(&self, shared: &Arc<Shared>, between: &mut dyn FnMut()) -> Result<NotCreated, CreateError> {
        let driver = |id, factory: &Arc<dyn HandlerFactory>| Driver::new(shared, id, factory.as_ref(), self.limits);
        if self.side_by_side {
            let (drivers, not_created) = self.create(driver)?;
            run_together(drivers, between);
            return Ok(not_created);
        }
        for (factory, number) in self.factories.iter().zip(1..) {
            driver(HandlerId(number), factory)?.run(between);
        }
        Ok(Vec::new())
    }

    /// Runs the instances side by side, each on an apartment thread of its own.
    fn run_apart(&self, shared: &Arc<Shared>) -> Result<NotCreated, CreateError> {
        let (drivers, not_created) =
            self.create(|id, factory| Apart::new(shared, id, Arc::clone(factory), self.limits))?;
        run_together(drivers, &mut || {});
        Ok(not_created)
    }

    /// Creates the instances, in their order. If none can be created, there is no session.
    fn create<D>(
        &self,
        create: impl Fn(HandlerId, &Arc<dyn HandlerFactory>) -> Result<D, CreateError>,
    ) -> Result<(Vec<D>, NotCreated), CreateError> {
        let (mut created, mut not_created) = (Vec::new(), Vec::new());
        for (factory, number) in self.factories.iter().zip(1..) {
            match create(HandlerId(number), factory) {
                Ok(driver) => created.push(driver),
                Err(error) if self.each_for_itself => not_created.push((HandlerId(number), error)),
                Err(error) => return Err(error),
            }
        }
        match not_created.first() {
            Some((_, error)) if created.is_empty() => Err(error.clone()),
            _ => Ok((created, not_created)),
        }
    }
}

fn pass_on(shared: &Shared, tape: &mut Tape, drain: &mut dyn Drain) {
    if let Some(session) = shared.take(tape) {
        tape.unwind(|events| drain.events(events, &session));
    }
}

/// The session is over: connections are closed, and nothing is recorded any more.
fn close(shared: &Shared, tape: &mut Tape, drain: &mut dyn Drain) {
    let closing = closing_notes(&shared.lock().session);
    tracing::debug!(connections = closing.len(), "the session is over");
    for note in closing {
        shared.note(HandlerId::FIRST, Thread::APARTMENT, note);
    }
    shared.close();
    pass_on(shared, tape, drain);
}

/// What the manager does at the very end: it closes the connections that are open, when every instance is over.
pub(crate) fn closing_notes(session: &Session) -> Vec<Note> {
    let open = if session.is_over() { session.connections() } else { &[] };
    open.iter().map(|name| Note::ConnectionClosed(ConnectionClosed { name: name.clone() })).collect()
}
