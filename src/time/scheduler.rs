//! The deterministic scheduler: virtual time, and logical threads of which one runs at a time.
//!
//! The apartment thread is the real call stack. Whenever it waits it runs the other logical threads, one step of one
//! thread at a time, in the order of virtual time; among those that are ready at the same time a [`Choice`] decides. So
//! a session is a pure function of script, plan and choices, and needs no thread of the system at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::choice::{Access, Choice, SeededChoice, Turn};
use super::slots::{Slot, Slots, Wake};
use crate::protocol::{HandlerId, Thread};

/// A logical thread: something that is done in steps.
pub(crate) trait Task: Send {
    /// Does one step, and says when the next one can be done.
    fn step(&mut self) -> Next;

    /// Whether what the next step waits for is there, if it waits for something. Nothing is done.
    fn can_go_on(&mut self) -> bool {
        true
    }
}

/// When a task's next step can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Now, as soon as it is chosen.
    Now,
    /// At this virtual time, in nanoseconds.
    At(u64),
    /// Not before something else has happened; the step then looks again.
    Blocked,
    /// As [`Next::Blocked`], but not after this virtual time, in nanoseconds.
    BlockedUntil(u64),
    /// Never again, although it is not finished: it hangs.
    Hung,
    /// Never: it is finished.
    Done,
    /// Never: it crashed, and with it the handler.
    Crashed(String),
}

/// How a pause of the apartment thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paused {
    /// What it waited for is there.
    Ready,
    /// The time it waited for is there.
    Reached,
    /// Nothing can ever happen again.
    Stuck,
    /// The call in which it waits has used up its time limit: the handler must return, and is not heard any more.
    Abandoned,
    /// A task crashed.
    Crashed,
    /// The session has used up its steps ([`MOST_STEPS`]): it does not come to an end.
    Exhausted,
}

/// How many steps the threads of a session may make in all. A step takes no virtual time, so no time limit ends a thread
/// that never waits; and what never ends must not fill memory and disk.
///
/// Looking at a thread that still waits, choosing among many threads, and the data that a step carries count as fractions
/// of a step ([`Scheduler::charge`]).
pub(crate) const MOST_STEPS: u64 = 1_000_000;

/// The smallest part of a step that is counted.
const FRACTIONS: u64 = 1024;
/// The cost of checking a thread that is still blocked.
const LOOK: u64 = FRACTIONS / 16;

/// The scheduler of one session. Clones are the same scheduler.
#[derive(Clone)]
pub struct Scheduler(Arc<Mutex<SchedulerState>>);

struct SchedulerState {
    now_ns: u64,
    /// Rises whenever something happened that a blocked task may wait for.
    happened: u64,
    tasks: Slots,
    /// The names of the tasks.
    names: BTreeSet<Thread>,
    /// The last number that was given for a name that was taken.
    numbers: BTreeMap<Thread, u32>,
    running: Option<Thread>,
    choice: Box<dyn Choice>,
    /// The choice wants to know every turn, and what each step shares with others.
    every_turn: bool,
    /// What the step that runs has shared with others so far.
    touched: Vec<Access>,
    deadline_ns: Option<u64>,
    /// How many replies the manager holds; since when, or since when in the open call.
    held: u32,
    held_since_ns: u64,
    calls_ended: u64,
    in_call: bool,
    /// Crashes that nobody has taken yet: whose, on which thread, and what.
    crashes: Vec<(HandlerId, Thread, String)>,
    /// The instance for which something is done now: what it starts is its own.
    instance: HandlerId,
    /// The instances of which a thread has made a step that nobody has asked for yet.
    ran: BTreeSet<HandlerId>,
    /// The last number that was given to an owner.
    owners: u64,
    /// How much may still be done, in fractions of a step.
    left: u64,
}

impl SchedulerState {
    fn spend(&mut self, fractions: u64) {
        self.left = self.left.saturating_sub(fractions);
    }

    fn remove(&mut self, number: u64) {
        if let Some(slot) = self.tasks.remove(number) {
            self.names.remove(&slot.name);
        }
    }
}

/// Who runs next.
enum Pick {
    Apartment,
    Task(u64),
    Nobody,
    /// Look again: some that seemed to be ready still wait.
    Again,
    /// Nobody ever: the choice gives the session up.
    GiveUp,
}

impl Scheduler {
    /// At virtual time 0, without any thread but the apartment. The seed decides the order of the threads, the same on every
    /// machine and in every version.
    pub fn seeded(seed: u64) -> Self {
        Self::with_limit(SeededChoice::new(seed), MOST_STEPS)
    }

    /// With a choice of its own, for that many steps.
    pub(crate) fn with_limit(choice: impl Choice + 'static, most_steps: u64) -> Self {
        let every_turn = choice.every_turn();
        Self(Arc::new(Mutex::new(SchedulerState {
            now_ns: 0,
            happened: 0,
            tasks: Slots::default(),
            names: BTreeSet::new(),
            numbers: BTreeMap::new(),
            running: None,
            choice: Box::new(choice),
            every_turn,
            touched: Vec::new(),
            deadline_ns: None,
            held: 0,
            held_since_ns: 0,
            calls_ended: 0,
            in_call: false,
            crashes: Vec::new(),
            instance: HandlerId::FIRST,
            ran: BTreeSet::new(),
            owners: 0,
            left: most_steps.saturating_mul(FRACTIONS),
        })))
    }

    /// Counts data that a step carries, in bytes: a step that carries 64 bytes counts as two.
    pub(crate) fn charge(&self, bytes: usize) {
        self.lock().spend((bytes as u64).saturating_mul(FRACTIONS / 64));
    }

    /// The step that runs shares this with other threads. A step that says nothing concerns nobody else.
    pub(crate) fn touch(&self, access: Access) {
        let mut state = self.lock();
        if state.every_turn {
            state.touched.push(access);
        }
    }

    /// Whether the session has used up its steps.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.lock().left == 0
    }

    /// Whether a call to a handler is open.
    pub(crate) fn is_in_call(&self) -> bool {
        self.lock().in_call
    }

    fn lock(&self) -> MutexGuard<'_, SchedulerState> {
        // A panic of a task leaves this state whole: it is never held while a task runs.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Virtual time in nanoseconds.
    pub(crate) fn now_ns(&self) -> u64 {
        self.lock().now_ns
    }

    /// The logical thread that runs now.
    pub(crate) fn thread(&self) -> Thread {
        self.lock().running.clone().unwrap_or(Thread::APARTMENT)
    }

    /// A number that no other owner has.
    pub(crate) fn new_owner(&self) -> u64 {
        let mut state = self.lock();
        state.owners += 1;
        state.owners
    }

    /// What follows is done for this instance: threads that are started, and their crashes, are its own.
    pub(crate) fn concerns(&self, instance: HandlerId) {
        self.lock().instance = instance;
    }

    /// Starts a logical thread, ready now. A name that is taken gets a number of its own. `owner` is the number by which
    /// [`Scheduler::stop`] stops the thread ([`Scheduler::new_owner`]).
    pub(crate) fn spawn(&self, owner: u64, name: &str, task: impl Task + 'static) -> Thread {
        let mut state = self.lock();
        let SchedulerState { names, numbers, .. } = &mut *state;
        let name = Thread::from(name);
        let mut unique = name.clone();
        while unique == Thread::APARTMENT || names.contains(&unique) {
            let number = numbers.entry(name.clone()).or_insert(1);
            *number += 1;
            unique = Thread::from(format!("{name}-{number}").as_str());
        }
        names.insert(unique.clone());
        let wake = Wake::At(state.now_ns);
        let instance = state.instance;
        state.tasks.push(Slot { name: unique.clone(), owner, instance, task: Some(Box::new(task)), wake });
        unique
    }

    /// Stops every thread of an owner between two of its steps.
    pub(crate) fn stop(&self, owner: u64) {
        let stopped = {
            let mut state = self.lock();
            state.happened += 1;
            let SchedulerState { tasks, names, .. } = &mut *state;
            let stopped = tasks.remove_of(owner);
            for slot in &stopped {
                names.remove(&slot.name);
            }
            stopped
        };
        // Dropped without the lock: a task may own the last reference to something that calls back.
        drop(stopped);
    }

    /// Says that something happened that a blocked thread may wait for.
    pub(crate) fn happened(&self) {
        self.lock().happened += 1;
    }

    /// A call to a handler begins; past the deadline, a pause inside it is abandoned. Returns the call's number.
    pub(crate) fn call_begins(&self, deadline_ns: u64) -> u64 {
        let mut state = self.lock();
        state.deadline_ns = Some(deadline_ns);
        state.held_since_ns = state.now_ns;
        state.in_call = true;
        state.spend(FRACTIONS);
        state.calls_ended + 1
    }

    /// The manager holds one reply more, or one fewer. As long as it holds one, the time is its own and not that of a call
    /// that is open.
    pub(crate) fn manager_takes_time(&self, more: bool) {
        let mut state = self.lock();
        if more {
            if state.held == 0 {
                state.held_since_ns = state.now_ns;
            }
            state.held += 1;
            return;
        }
        state.held = state.held.saturating_sub(1);
        if state.held == 0 {
            let took_ns = state.now_ns.saturating_sub(state.held_since_ns);
            state.deadline_ns = state.deadline_ns.map(|deadline| deadline.saturating_add(took_ns));
        }
    }

    /// The call has returned, and its return is recorded.
    pub(crate) fn call_ended(&self) {
        let mut state = self.lock();
        state.deadline_ns = None;
        state.in_call = false;
        state.calls_ended += 1;
        state.happened += 1;
    }

    /// Whether the call of that number has ended.
    pub(crate) fn has_ended(&self, call: u64) -> bool {
        self.lock().calls_ended >= call
    }

    /// The number of the call that is open, or of the next one.
    pub(crate) fn call_number(&self) -> u64 {
        self.lock().calls_ended + 1
    }

    /// Whether the open call has used up its time limit.
    pub(crate) fn is_abandoned(&self) -> bool {
        let state = self.lock();
        state.held == 0 && state.deadline_ns.is_some_and(|deadline| state.now_ns >= deadline)
    }

    /// The first crash of a task that was not taken: whose it was, on which thread, and what.
    pub(crate) fn take_crash(&self) -> Option<(HandlerId, Thread, String)> {
        let mut state = self.lock();
        (!state.crashes.is_empty()).then(|| state.crashes.remove(0))
    }

    /// The apartment thread passes a point at which others may run at the same virtual time.
    pub(crate) fn yield_now(&self) -> Paused {
        let now = self.now_ns();
        self.pause(Some(now), || false)
    }

    /// The apartment thread waits until `ready`, or until that time; the other threads run meanwhile.
    pub(crate) fn pause(&self, until_ns: Option<u64>, mut ready: impl FnMut() -> bool) -> Paused {
        {
            let mut state = self.lock();
            state.spend(FRACTIONS);
            if state.every_turn {
                state.touched.clear();
                state.choice.paused();
            }
        }
        loop {
            if self.is_exhausted() {
                return Paused::Exhausted;
            }
            if self.has_crashed() {
                return Paused::Crashed;
            }
            if self.is_abandoned() {
                return Paused::Abandoned;
            }
            let is_ready = ready();
            let reached = until_ns.is_some_and(|until| self.now_ns() >= until);
            match self.pick(is_ready || reached) {
                Pick::Apartment if is_ready => return Paused::Ready,
                Pick::Apartment => return Paused::Reached,
                Pick::Task(number) => self.run(number),
                Pick::Again => {}
                Pick::GiveUp => return Paused::Exhausted,
                Pick::Nobody => {
                    if !self.advance(until_ns) {
                        return Paused::Stuck;
                    }
                }
            }
        }
    }

    /// Runs the other threads until none can run any more ([`Paused::Ready`]), or until that time.
    pub(crate) fn drain(&self, until_ns: u64) -> Paused {
        self.pause(Some(until_ns), || !self.can_any_run(until_ns))
    }

    /// Whether one of the other threads has something to do by that time.
    fn can_any_run(&self, until_ns: u64) -> bool {
        let state = self.lock();
        state.tasks.can_any_run(until_ns, state.happened)
    }

    /// Whether a thread of this instance has something to do by that time.
    pub fn has_work(&self, instance: HandlerId, until_ns: u64) -> bool {
        let state = self.lock();
        state.tasks.of(instance).any(|slot| slot.can_run(until_ns, state.happened))
    }

    /// The instances of which a thread has made a step since this was asked last.
    pub(crate) fn take_ran(&self) -> BTreeSet<HandlerId> {
        std::mem::take(&mut self.lock().ran)
    }

    /// Whether there is a crash that ends a pause: inside a call, only one of the instance that is called.
    fn has_crashed(&self) -> bool {
        let state = self.lock();
        state.crashes.iter().any(|(instance, ..)| !state.in_call || *instance == state.instance)
    }

    fn pick(&self, apartment: bool) -> Pick {
        let mut state = self.lock();
        let (now, happened, looks) = (state.now_ns, state.happened, state.tasks.len() as u64);
        // To choose one of very many moves some of the others.
        state.spend(looks.min(FRACTIONS) + looks / 16);
        state.tasks.refresh(now, happened);
        if state.every_turn {
            let waiting = state.tasks.ready_if_there();
            drop(state);
            let mut still_blocked = false;
            for number in waiting {
                still_blocked |= !self.can_go_on(number);
            }
            state = self.lock();
            if still_blocked && !apartment && state.tasks.ready().is_empty() {
                return Pick::Again;
            }
        }
        let SchedulerState { tasks, choice, every_turn, .. } = &mut *state;
        let turn = Turn { tasks, apartment };
        let chosen = match turn.len() {
            0 => return Pick::Nobody,
            1 if !*every_turn => Some(0),
            _ => choice.choose(&turn),
        };
        match chosen {
            Some(chosen) => tasks.ready().get(chosen).map_or(Pick::Apartment, |number| Pick::Task(*number)),
            None => {
                state.left = 0;
                Pick::GiveUp
            }
        }
    }

    /// Whether what a thread waits for is there. If not, it waits for something else to happen.
    fn can_go_on(&self, number: u64) -> bool {
        let task = self.lock().tasks.lend(number);
        let Some(mut task) = task else { return true };
        // Without the lock: the task asks the scheduler.
        let can = task.can_go_on();
        let mut state = self.lock();
        let happened = state.happened;
        match can {
            true => state.tasks.put_back(number, task),
            false => {
                drop(state.tasks.take(number));
                state.tasks.give_back(number, task, Wake::After(happened));
            }
        }
        can
    }

    fn run(&self, number: u64) {
        let (name, instance, outer, task) = {
            let mut state = self.lock();
            let Some(slot) = state.tasks.get(number) else { return };
            let (name, instance) = (slot.name.clone(), slot.instance);
            let task = state.tasks.take(number);
            state.running = Some(name.clone());
            state.touched.clear();
            (name, instance, std::mem::replace(&mut state.instance, instance), task)
        };
        let Some(mut task) = task else { return };
        let next = task.step();
        let mut state = self.lock();
        state.running = None;
        state.instance = outer;
        state.ran.insert(instance);
        if state.every_turn {
            let SchedulerState { choice, touched, .. } = &mut *state;
            if matches!(next, Next::Crashed(_)) {
                touched.push(Access::Everything);
            }
            choice.ran(number, touched);
        }
        let in_vain = matches!(next, Next::Blocked | Next::BlockedUntil(_));
        state.spend(if in_vain { LOOK } else { FRACTIONS });
        if state.tasks.get(number).is_none() {
            return;
        }
        if !in_vain {
            state.happened += 1;
        }
        let happened = state.happened;
        let wake = match next {
            Next::Now => Wake::At(0),
            Next::At(time) => Wake::At(time),
            Next::Blocked => Wake::After(happened),
            Next::BlockedUntil(time) => Wake::AfterOrAt(happened, time),
            Next::Hung => Wake::Never,
            Next::Done => {
                state.remove(number);
                return;
            }
            Next::Crashed(what) => {
                state.remove(number);
                state.crashes.push((instance, name, what));
                return;
            }
        };
        state.tasks.give_back(number, task, wake);
    }

    /// Moves the time on to whatever comes first; false when nothing ever will.
    fn advance(&self, until_ns: Option<u64>) -> bool {
        let mut state = self.lock();
        let deadline_ns = state.deadline_ns.filter(|_| state.held == 0);
        match state.tasks.next_time().into_iter().chain(until_ns).chain(deadline_ns).min() {
            Some(time) => {
                state.now_ns = state.now_ns.max(time);
                true
            }
            None => false,
        }
    }
}
