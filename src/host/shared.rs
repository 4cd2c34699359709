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
    /// Wakes the apartment thread.
    wake: Condvar,
    /// Wakes the thread that takes the events away.
    filled: Condvar,
}

/// How many events make a batch. One that is taken away while it still lies in the processor's cache costs the callbacks
/// far less than one that does not.
const BATCH: usize = 2048;

/// The room in which events were kept, to be used again.
#[derive(Default)]
pub(super) struct Spare(Vec<Kept>);

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

/// An event as it is kept until it is taken away.
struct Kept {
    event: Event,
    /// What a callback was answered: the reply is an event too, the next one, at the same time and on the same thread.
    answer: Option<HResult>,
}

impl Kept {
    fn reply(&self) -> Option<Event> {
        let (Some(hr), Kind::Callback { call, what }) = (self.answer, &self.event.kind) else { return None };
        let kind = Kind::Reply { call: *call, method: what.method(), hr };
        Some(Event { seq: self.event.seq + 1, thread: self.event.thread.clone(), kind, ..self.event })
    }
}

/// What the lock guards.
pub(super) struct State {
    pub(super) session: Session,
    pub(super) plan: Box<dyn Plan>,
    /// What nobody has taken yet.
    kept: Vec<Kept>,
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
    /// The apartment thread has ended.
    ended: bool,
}

impl State {
    /// Records an event and applies it, unless the trace is closed.
    fn record(&mut self, at_ns: u64, thread: Thread, handler: HandlerId, kind: Kind) {
        if self.closed {
            return;
        }
        let event = Event { seq: self.seq(), at_ns, thread, handler, kind };
        self.session.apply(&event);
        self.keep(event);
    }

    /// Keeps an event that is applied already.
    fn keep(&mut self, event: Event) {
        self.woken |= self.plan.observe(&event, &self.session);
        self.kept.push(Kept { event, answer: None });
    }

    /// Answers a callback, and keeps it with its reply. What of both only the lock decides is filled in.
    fn answer(&mut self, now_ns: u64, callback: Kept, reply: &mut Event) -> HResult {
        let (first, second, id) = (self.seq(), self.seq(), self.call_id());
        self.heard_ns = now_ns;
        let Self { session, plan, cancelled, kept, woken, .. } = self;
        // Changed where it stays: a value that was written a moment ago is slow to copy.
        kept.push(callback);
        let Some(Kept { event: callback, answer }) = kept.last_mut() else { return HResult::E_UNEXPECTED };
        let Kind::Callback { call, what } = &mut callback.kind else { return HResult::E_UNEXPECTED };
        let wish = match session.instance(callback.handler) {
            Some(instance) => {
                plan.wish(View { session, instance, now_ns, cancelled: *cancelled, thread: &callback.thread }, what)
            }
            None => Wish::None,
        };
        let result = session.answer(callback.handler, what, wish);
        (*call, *answer) = (id, Some(result));
        (callback.seq, callback.at_ns) = (first, now_ns);
        reply.kind = Kind::Reply { call: id, method: what.method(), hr: result };
        (reply.seq, reply.at_ns) = (second, now_ns);
        *woken |= plan.observe(callback, session);
        *woken |= plan.observe(reply, session);
        result
    }

    fn seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
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
            kept: Vec::new(),
            next_seq: 0,
            next_call: 0,
            woken: false,
            cancelled: false,
            left: false,
            heard_ns: 0,
            called_ns: None,
            closed: false,
            ended: false,
        };
        Self { clock, state: Mutex::new(state), wake: Condvar::new(), filled: Condvar::new() }
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

    /// Waits until there is a batch of events to take away, the apartment thread has ended, or so much time has passed.
    pub(super) fn wait_for_batch(&self, timeout: Duration) {
        let state = self.lock();
        let waits = |state: &mut State| state.kept.len() < BATCH && !state.ended;
        drop(self.filled.wait_timeout_while(state, timeout, waits).unwrap_or_else(PoisonError::into_inner));
    }

    /// The apartment thread ends.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.filled.notify_one();
    }

    /// Takes the recorded events away, with the session after them. `spare` is what was left over the last time.
    pub(super) fn take_events(&self, spare: &mut Spare) -> Option<(Vec<Event>, Session)> {
        let session = {
            let mut state = self.lock();
            if state.kept.is_empty() {
                return None;
            }
            std::mem::swap(&mut state.kept, &mut spare.0);
            state.session.clone()
        };
        let mut events = Vec::with_capacity(2 * spare.0.len());
        for kept in spare.0.drain(..) {
            let reply = kept.reply();
            events.push(kept.event);
            events.extend(reply);
        }
        Some((events, session))
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

    fn callback(&self, handler: HandlerId, what: Callback) -> HResult {
        let thread = self.clock.thread();
        // Made without the lock; what is known only under it is filled in there.
        let (seq, at_ns, call, method) = (0, 0, CallId(0), what.method());
        let kind = Kind::Reply { call, method, hr: HResult::S_OK };
        let mut reply = Event { seq, at_ns, thread: thread.clone(), handler, kind };
        let event = Event { seq, at_ns, thread, handler, kind: Kind::Callback { call, what } };
        let callback = Kept { event, answer: None };

        let mut state = self.lock();
        if state.closed {
            return HResult::E_UNEXPECTED;
        }
        let at_ns = self.clock.now_ns();
        let (was_woken, was_filled) = (state.woken, state.kept.len() >= BATCH);
        let hr = state.answer(at_ns, callback, &mut reply);
        if method.completes().is_some() {
            state.woken = true;
        }
        // Whoever made it so before has said so.
        let woken = state.woken && !was_woken;
        let filled = state.kept.len() >= BATCH && !was_filled;
        drop(state);
        if woken {
            self.wake.notify_all();
        }
        if filled {
            self.filled.notify_one();
        }
        hr
    }
}

/// The manager's callback object of one instance. It may be kept for ever, and called from any thread.
pub struct CallbackSink {
    pub(super) shared: Arc<Shared>,
    pub(super) handler: HandlerId,
    pub(super) number: u32,
}

impl SyncCallback for CallbackSink {
    fn number(&self) -> u32 {
        self.number
    }

    fn call(&self, callback: Callback) -> HResult {
        self.shared.callback(self.handler, callback)
    }
}
