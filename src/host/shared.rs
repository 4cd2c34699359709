//! What the apartment thread and the callbacks share: one lock, under which every event gets its place in the trace.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use super::plan::{Plan, Step, View};
use crate::handler::SyncCallback;
use crate::protocol::{
    Call, CallId, CallMethod, Callback, Event, HResult, HandlerId, Kind, MethodName, Note, Return, Session,
    State as SessionState, Thread, TimedOut, WaitingFor, Wish,
};

/// A session in progress.
pub(super) struct Shared {
    pub(super) clock: Clock,
    state: Mutex<State>,
    wake: Condvar,
}

/// What the apartment thread does next.
pub(super) enum Decision {
    /// Makes this call, which is recorded already.
    Call(CallId, Call),
    /// Asks again: the call that the plan wanted is not legal.
    Refused,
    /// Waits until something happens, or until that time.
    Wait(Option<u64>),
    /// Nothing more.
    Over,
}

/// What the lock guards.
pub(super) struct State {
    pub(super) session: Session,
    pub(super) plan: Box<dyn Plan>,
    /// Events that nobody has taken yet.
    pub(super) events: Vec<Event>,
    next_seq: u64,
    next_call: u64,
    /// Something happened that the apartment thread must look at.
    pub(super) woken: bool,
    /// The user wants everything stopped.
    pub(super) cancelled: bool,
    /// The user has left the session.
    pub(super) left: bool,
    /// When the handler was last heard: its last return or callback.
    pub(super) heard_ns: u64,
    /// When the open call began.
    pub(super) called_ns: Option<(CallMethod, u64)>,
    /// The trace is closed: nothing more is recorded.
    pub(super) closed: bool,
}

impl State {
    fn record(&mut self, at_ns: u64, thread: Thread, handler: HandlerId, kind: Kind) {
        if self.closed {
            return;
        }
        self.next_seq += 1;
        let event = Event { seq: self.next_seq, at_ns, thread, handler, kind };
        self.session.apply(&event);
        self.woken |= self.plan.observe(&event, &self.session);
        self.events.push(event);
    }

    fn call_id(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }
}

impl Shared {
    pub(super) fn new(clock: Clock, plan: Box<dyn Plan>) -> Self {
        let state = State {
            session: Session::default(),
            plan,
            events: Vec::new(),
            next_seq: 0,
            next_call: 0,
            woken: false,
            cancelled: false,
            left: false,
            heard_ns: 0,
            called_ns: None,
            closed: false,
        };
        Self { clock, state: Mutex::new(state), wake: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing of a handler runs under this lock, so a poisoned one can only come from a plan that panicked; the events
        // recorded before are still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, handler: HandlerId, thread: Thread, note: Note) {
        let mut state = self.lock();
        let at_ns = self.clock.now_ns();
        state.record(at_ns, thread, handler, Kind::Note(Box::new(note)));
        state.woken = true;
        drop(state);
        self.wake.notify_all();
    }

    /// Asks the plan what comes next. A call is found legal and recorded under one lock: no callback can come between and
    /// make it illegal.
    pub(super) fn decide(&self, handler: HandlerId) -> Decision {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.woken = false;
        let now_ns = self.clock.now_ns();
        let Some(instance) = state.session.instance(handler) else { return Decision::Over };
        if instance.state().is_end() {
            return Decision::Over;
        }
        let view =
            View { session: &state.session, instance, now_ns, cancelled: state.cancelled, thread: &Thread::APARTMENT };
        match state.plan.next(view) {
            Step::Call(call) => match instance.may(&Thread::APARTMENT, &call) {
                Ok(()) => {
                    let id = state.call_id();
                    state.called_ns = Some((call.method(), now_ns));
                    let what = Box::new(call.clone());
                    state.record(now_ns, Thread::APARTMENT, handler, Kind::Call { call: id, what });
                    Decision::Call(id, call)
                }
                Err(why) => {
                    state.plan.refused(&call, why);
                    Decision::Refused
                }
            },
            Step::Wait(until_ns) => Decision::Wait(until_ns),
            Step::Finish => Decision::Over,
        }
    }

    pub(super) fn end_call(&self, handler: HandlerId, id: CallId, what: Return) {
        let mut state = self.lock();
        if state.session.instance(handler).is_some_and(|instance| instance.state() == SessionState::Hung) {
            // It returned after all, but it was given up before: the trace says so already.
            return;
        }
        let at_ns = self.clock.now_ns();
        state.called_ns = None;
        state.heard_ns = at_ns;
        state.record(at_ns, self.clock.thread(), handler, Kind::Return { call: id, what: Box::new(what) });
    }

    /// Gives up on the open call if it has used up its limit (real clock only).
    pub(super) fn give_up_on_hung_call(&self, handler: HandlerId, timeout_ns: u64) -> bool {
        let mut state = self.lock();
        let at_ns = self.clock.now_ns();
        match state.called_ns {
            Some((method, since_ns)) if at_ns.saturating_sub(since_ns) >= timeout_ns => {
                let note = TimedOut { method: MethodName(method), waiting_for: WaitingFor::Return };
                state.record(at_ns, Thread::APARTMENT, handler, Kind::Note(Box::new(Note::TimedOut(note))));
                true
            }
            _ => false,
        }
    }

    /// The apartment thread sleeps until something happened, or until that time (real clock only).
    pub(super) fn sleep(&self, until_ns: Option<u64>) {
        let mut state = self.lock();
        while !state.woken {
            state = match until_ns {
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let now = self.clock.now_ns();
                    if now >= until {
                        return;
                    }
                    let timeout = Duration::from_nanos(until - now);
                    self.wake.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The user wants everything stopped.
    pub(super) fn cancel_all(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        state.woken = true;
        drop(state);
        self.wake.notify_all();
    }

    /// The user leaves the session.
    pub(super) fn leave(&self) {
        self.lock().left = true;
    }

    fn callback(&self, handler: HandlerId, callback: Callback) -> HResult {
        let thread = self.clock.thread();
        let mut state = self.lock();
        if state.closed {
            return HResult::E_UNEXPECTED;
        }
        let at_ns = self.clock.now_ns();
        let State { session, plan, cancelled, .. } = &mut *state;
        let wish = match session.instance(handler) {
            Some(instance) => {
                plan.wish(View { session, instance, now_ns: at_ns, cancelled: *cancelled, thread: &thread }, &callback)
            }
            None => Wish::None,
        };
        let hr = session.reply(handler, &callback, wish);
        let method = callback.method();
        let id = state.call_id();
        state.heard_ns = at_ns;
        state.record(at_ns, thread.clone(), handler, Kind::Callback { call: id, what: callback });
        state.record(at_ns, thread, handler, Kind::Reply { call: id, method, hr });
        if method.completes().is_some() {
            state.woken = true;
        }
        let woken = state.woken;
        drop(state);
        if woken {
            self.wake.notify_all();
        }
        hr
    }
}

/// The manager's callback object of one instance. It may be kept for ever, and called from any thread.
pub struct CallbackSink {
    pub(super) shared: Arc<Shared>,
    pub(super) handler: HandlerId,
}

impl SyncCallback for CallbackSink {
    fn call(&self, callback: Callback) -> HResult {
        self.shared.callback(self.handler, callback)
    }
}
