//! What the apartment thread and the callbacks share: one lock ([`SharedState`] is what it guards), and who waits for what.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

// Not the standard library's: these are compiled with the program, so that ThreadSanitizer sees what they do (scripts/tsan).
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::desk::{Act, Acts};
use super::gate::{Gate, closes_the_gate};
use super::hold::Holds;
use super::manager::Known;
use super::network::Network;
use super::observer::{Observer, Observers};
use super::plan::{Instruction, Plan, View};
use super::run::{ApartmentObserver, Left};
use super::settle::{LookAtThreads, Settling};
use super::state::{Called, Outlet, SharedState, index, plan_of};
use super::tape::Tape;
use super::turns::{Turns, Woken};
use super::user_first::UserFirst;
use crate::handler::ServerCall;
use crate::handler::said::Said;
use crate::protocol::{
    Call, CallId, Callback, CallbackMethod, Event, EventKind, Guid, HResult, HandlerId, Instance, Limits, Note,
    Profile, ReferencePoint, ReferenceSeen, Return, Session, SetProgressCallback, Stack, State as SessionState, Text,
    Thread, TimedOut, WaitingFor,
};
use crate::time::Clock;

/// A session in progress.
pub(super) struct Shared {
    pub(super) clock: Clock,
    state: Mutex<SharedState>,
    /// Callbacks may have to wait before they are recorded.
    gated: bool,
    /// A user may want calls that come before whatever the handler does next.
    user_first: bool,
    /// Wakes the apartment thread.
    wake: Condvar,
    /// Wakes the apartment thread where it waits for messages as well.
    #[cfg(windows)]
    doorbell: crate::handler::com::Doorbell,
    /// Wakes the thread that takes the events away.
    filled: Condvar,
    /// Knows what the apartment thread is doing, where that can be known.
    pub(super) apartment: OnceLock<Arc<dyn ApartmentObserver>>,
    /// What the user at the screen has done.
    pub(super) acts: OnceLock<Acts>,
    /// What ends the instances that are left when the session is over.
    enders: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// What handlers that are programs wrote to their standard errors.
    pub(super) output: Mutex<Said>,
}

/// How many events make a batch. One that is taken away while it still lies in the processor's cache costs the callbacks
/// far less than one that does not.
const BATCH: usize = 8192;

/// After what time an observer is asked again whether a call may be made, in nanoseconds.
const UNTIL_ALLOWED_NS: u64 = 2_000_000;
/// How soon the manager looks again whether callbacks have come through the gate.
const FOR_CALLBACKS_NS: u64 = 1_000_000;

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

impl Shared {
    /// For instances with these plans, numbered from 1. `together` is the Windows that the manager plays, if they run side by side.
    pub(super) fn new(
        clock: Clock,
        plans: Vec<Box<dyn Plan>>,
        observers: Vec<Box<dyn Observer>>,
        together: Option<Profile>,
        limits: Limits,
        gate: Gate,
        network: Network,
    ) -> Self {
        let may_hold = plans.iter().any(|plan| plan.may_hold())
            || observers.iter().any(|observer| observer.may_hold())
            || network.may_hold();
        let holds = Holds::new(may_hold, limits, &clock);
        let kind = EventKind::Reply { call: CallId(0), method: CallbackMethod::Progress, hr: HResult::S_OK };
        let callbacks_observed = !observers.is_empty() || plans.iter().any(|plan| plan.observes_callbacks());
        let gated = gate.is_there();
        let user_first =
            matches!(clock, Clock::Real { .. }) && observers.iter().any(|observer| observer.user_comes_first());
        let state = SharedState {
            callbacks_observed,
            may_act: observers.iter().any(|observer| observer.may_act()),
            turns: Turns::default(),
            gate,
            session: Session::default(),
            reply: Event { seq: 0, at_ns: 0, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind },
            heard_ns: vec![0; plans.len()],
            settling: Settling::of(plans.len()),
            plans,
            observers: Observers(observers),
            together,
            tape: Tape::default(),
            outlet: None,
            in_event: false,
            next_seq: 0,
            next_call: 0,
            woken: false,
            holds,
            user: UserFirst::default(),
            cancelled: false,
            left: None,
            called: None,
            closed: false,
            ended: false,
            registered: Known::default(),
            network,
        };
        let (wake, filled) = (Condvar::new(), Condvar::new());
        let (apartment, enders, output) = (OnceLock::new(), Mutex::default(), Mutex::default());
        Self {
            clock,
            state: Mutex::new(state),
            gated,
            user_first,
            wake,
            #[cfg(windows)]
            doorbell: crate::handler::com::Doorbell::new(),
            filled,
            apartment,
            acts: OnceLock::new(),
            enders,
            output,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, SharedState> {
        // Nothing of a handler runs under this lock, so a panic under it can only be a plan's or an observer's; the events recorded before are
        // still true.
        self.state.lock()
    }

    pub(super) fn note(&self, handler: HandlerId, thread: Thread, note: Note) {
        let mut state = self.lock();
        let at_ns = self.clock.now_ns();
        state.record(at_ns, thread, handler, EventKind::Note(Box::new(note)));
        state.wake(handler);
        drop(state);
        self.wake();
    }

    /// What the plan of a new instance has to note before its first call.
    pub(super) fn opening(&self, handler: HandlerId) -> Vec<Note> {
        plan_of(&mut self.lock().plans, handler).map(|plan| plan.opening()).unwrap_or_default()
    }

    /// These handlers are registered with the manager when the session begins.
    pub(super) fn set_registered(&self, registered: Known) {
        self.lock().registered = registered;
    }

    /// What the library of a new instance is told before that is created.
    pub(super) fn server_calls(&self, handler: HandlerId) -> Vec<ServerCall> {
        plan_of(&mut self.lock().plans, handler).map(|plan| plan.server_calls()).unwrap_or_default()
    }

    /// The classes that are registered with the manager.
    pub(super) fn registered(&self) -> Vec<Guid> {
        self.lock().registered.keys().copied().collect()
    }

    /// Notes a stack, which wakes nobody.
    pub(super) fn record_stack(&self, handler: HandlerId, stack: Note) {
        let at_ns = self.clock.now_ns();
        self.lock().record(at_ns, Thread::APARTMENT, handler, EventKind::Note(Box::new(stack)));
    }

    /// Notes that the next callback of the current thread comes through a pointer without a reference.
    pub(super) fn note_unreferenced(&self, handler: HandlerId) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let note = Note::ReferenceSeen(ReferenceSeen { at: ReferencePoint::Callback, held: false });
        state.record(self.clock.now_ns(), self.clock.thread(), handler, EventKind::Note(Box::new(note)));
    }

    /// Wakes the apartment thread, if there is something that it must look at.
    pub(super) fn wake(&self) {
        self.wake.notify_all();
        #[cfg(windows)]
        self.doorbell.ring();
    }

    /// The session is over: nothing is recorded any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.holds.close();
        state.gate.look_again();
    }

    /// Whoever looks for what comes next does so from now on: what happens after this wakes it.
    pub(super) fn begin_looking(&self) {
        self.lock().woken = false;
    }

    /// Takes those of several instances that have something to look at.
    pub(super) fn take_turns(&self) -> Woken {
        let mut state = self.lock();
        for handler in state.settling.take_over(&self.clock) {
            state.turns.wake(handler);
        }
        state.turns.take()
    }

    /// Whether the apartment thread, which waits, has something to look at (virtual clock only).
    pub(super) fn is_awake(&self) -> bool {
        let mut guard = self.lock();
        let now_ns = self.clock.now_ns();
        let SharedState { session, observers, cancelled, may_act, .. } = &mut *guard;
        let acts = *may_act
            && session.instances().any(|instance| {
                let thread = &Thread::APARTMENT;
                observers.act(View { session, instance, now_ns, cancelled: *cancelled, thread })
            });
        if acts {
            guard.wake_all();
        }
        guard.woken || guard.settling.is_over_for_one(&self.clock)
    }

    /// Asks the plan what comes next. A call is found legal and recorded under one lock: no callback can come between and
    /// make it illegal.
    pub(super) fn decide(&self, handler: HandlerId) -> Decision {
        if !self.gated {
            return self.decide_now(handler);
        }
        self.lock().gate.idle = false;
        let decision = self.decide_now(handler);
        let mut state = self.lock();
        state.gate.idle = matches!(decision, Decision::Wait(_));
        // Something may have come since.
        state.gate.busy = state.gate.is_strict() && state.gate.idle && state.woken;
        state.gate.look_again();
        decision
    }

    fn decide_now(&self, handler: HandlerId) -> Decision {
        let mut guard = self.lock();
        if self.gated {
            // Whoever waited for the last call comes before the next one.
            if guard.gate.is_strict() && !guard.gate.busy {
                guard = self.empty_gate(guard, false);
            }
            if let Some(call) = guard.crossing_skip(handler) {
                return self.begin_call(guard, handler, call);
            }
            if guard.has_callbacks_to_come(handler) {
                return Decision::Wait(Some(self.clock.now_ns().saturating_add(FOR_CALLBACKS_NS)));
            }
        }
        let now_ns = self.clock.now_ns();
        guard.network_until(now_ns);
        let drops_ns = guard.network.next_ns();
        // The manager notes when a connection drops.
        let wait = |until_ns: Option<u64>| Decision::Wait([until_ns, drops_ns].into_iter().flatten().min());
        let state = &mut *guard;
        let Some(instance) = state.session.instance(handler) else { return Decision::Over };
        if instance.state().is_end() {
            return Decision::Over;
        }
        // Nothing is hurried: the user does nothing with the results before the handler's other threads have said what they have
        // to say. A script's threads say it in an order of their own.
        if matches!(self.clock, Clock::Real { .. }) && instance.state() == SessionState::Synchronized {
            let heard_ns = state.heard_ns.get(index(handler)).copied().unwrap_or(0);
            if let Some(until_ns) = state.settling.before_results(handler, instance.round(), &self.clock, heard_ns) {
                return Decision::Wait(Some(until_ns));
            }
        }
        let view =
            View { session: &state.session, instance, now_ns, cancelled: state.cancelled, thread: &Thread::APARTMENT };
        let Some(plan) = plan_of(&mut state.plans, handler) else { return Decision::Over };
        let intervention = state.observers.intervene(view);
        let by_plan = intervention.is_none();
        let mut instruction = intervention.unwrap_or_else(|| plan.next(view));
        match instruction {
            Instruction::Close(_) if state.holds.any_of(handler) => {
                // Whoever waits for a reply has not settled.
                state.let_all_go(handler, now_ns);
                return Decision::Wait(Some(now_ns));
            }
            Instruction::Close(ask_ns) => {
                let heard_ns = state.heard_ns.get(index(handler)).copied().unwrap_or(0);
                instruction = match state.settling.until(handler, &self.clock, heard_ns) {
                    Some(until_ns) => Instruction::Wait(Some(ask_ns.map_or(until_ns, |ask_ns| ask_ns.min(until_ns)))),
                    None => Instruction::Call(Call::SetProgressCallback(SetProgressCallback { callback: None })),
                };
            }
            Instruction::Call(_) | Instruction::Wait(_) | Instruction::Finish => state.settling.goes_on(handler),
        }
        state.observers.decided(view, &instruction, by_plan);
        match instruction {
            Instruction::Call(call)
                if state
                    .together
                    .is_some_and(|profile| state.session.waits_for_others(profile, call.method(), handler)) =>
            {
                state.turns.park(handler, call.method());
                wait(None)
            }
            Instruction::Call(call) if !state.observers.may_begin(view, &call) => {
                Decision::Wait(Some(now_ns.saturating_add(UNTIL_ALLOWED_NS)))
            }
            Instruction::Call(call) => match instance.may(&Thread::APARTMENT, &call) {
                Ok(()) => {
                    if let (Call::PrepareForSync(args), Some(_)) = (&call, instance.retry_due()) {
                        tracing::info!(instance = handler.0, items = args.items.len(), "retry");
                    }
                    if by_plan || !self.user_first || call.leaves() {
                        return self.begin_call(guard, handler, call);
                    }
                    guard.user.call_begins(handler);
                    let decision = self.begin_call(guard, handler, call);
                    if !matches!(decision, Decision::Call(..)) {
                        self.lock().user.call_is_over(handler);
                    }
                    decision
                }
                Err(why) => {
                    tracing::debug!(method = %call.method(), %why, by_plan, "the call is not legal, and is not made");
                    if by_plan {
                        plan.refused(&call, why);
                    }
                    state.observers.refused(&call, why, by_plan);
                    Decision::Refused
                }
            },
            Instruction::Wait(until_ns) | Instruction::Close(until_ns) => wait(until_ns),
            Instruction::Finish => Decision::Over,
        }
    }

    /// Records a call that is legal.
    fn begin_call<'a>(&'a self, mut guard: MutexGuard<'a, SharedState>, handler: HandlerId, call: Call) -> Decision {
        let is_at_work = |state: &SharedState| {
            closes_the_gate(&call)
                && state.session.instance(handler).is_some_and(|instance| instance.active().is_some())
        };
        if self.gated && is_at_work(&guard) {
            if guard.gate.is_strict() {
                guard = self.close_gate(guard);
            } else if call.leaves() {
                // What has called before the manager leaves is heard before it.
                guard = self.empty_gate(guard, true);
            }
            if guard.session.instance(handler).is_none_or(|instance| instance.may(&Thread::APARTMENT, &call).is_err()) {
                return Decision::Wait(Some(self.clock.now_ns()));
            }
        }
        let state = &mut *guard;
        let (now_ns, id) = (self.clock.now_ns(), state.call_id());
        let (seq, own_ns) = (state.next_seq + 1, state.session.own_ns(now_ns));
        state.called = Some(Called { handler, method: call.method(), seq, own_ns });
        let what = Box::new(call.clone());
        state.record(now_ns, Thread::APARTMENT, handler, EventKind::Call { call: id, what });
        Decision::Call(id, call)
    }

    pub(super) fn end_call(&self, handler: HandlerId, id: CallId, what: Return) {
        let mut state = self.lock();
        let given_up = |instance: &Instance| matches!(instance.state(), SessionState::Hung | SessionState::Crashed);
        if state.session.instance(handler).is_some_and(given_up) {
            // It returned after all, or seems to, but it was given up before: the trace says so already.
            state.called.take_if(|called| called.handler == handler);
            return;
        }
        let at_ns = self.clock.now_ns();
        state.called = None;
        state.user.call_is_over(handler);
        state.gate.look_again();
        state.hear(handler, at_ns);
        state.record(at_ns, self.clock.thread(), handler, EventKind::Return { call: id, what: Box::new(what) });
    }

    /// How long the handler must be silent before the callback is taken back, and whether it may call back at all (real
    /// clock only).
    pub(super) fn set_settling(&self, silence: Duration, threads: Option<LookAtThreads>) {
        let settling = &mut self.lock().settling;
        (settling.silence, settling.threads) = (silence, threads);
    }

    /// Events go there from now on.
    pub(super) fn set_outlet(&self, outlet: Box<dyn Outlet>) {
        self.lock().outlet = Some(outlet);
    }

    /// Gives up on the open call if it has used up its limit (real clock only). `stack` gives what the apartment thread is
    /// doing.
    pub(super) fn give_up_on_hung_call(&self, timeout_ns: u64, stack: impl FnOnce() -> Vec<Text>) -> bool {
        let is_hung =
            |state: &SharedState, at_ns: u64| state.call_took_ns(at_ns).is_some_and(|took_ns| took_ns >= timeout_ns);
        if !is_hung(&self.lock(), self.clock.now_ns()) {
            return false;
        }
        // Taken without the lock: the thread may be inside a callback, which waits for it.
        let frames = stack();
        let mut state = self.lock();
        let at_ns = self.clock.now_ns();
        let Some((handler, method)) = state.called.as_ref().map(|called| (called.handler, called.method)) else {
            return false;
        };
        if !is_hung(&state, at_ns) {
            return false;
        }
        if !frames.is_empty() {
            let stack = Note::Stack(Stack { event: 0, frames, site: None });
            state.record(at_ns, Thread::APARTMENT, handler, EventKind::Note(Box::new(stack)));
        }
        tracing::info!(%method, instance = handler.0, "time-out: the call has not returned");
        let note = TimedOut { method, waiting_for: WaitingFor::Return };
        state.record(at_ns, Thread::APARTMENT, handler, EventKind::Note(Box::new(Note::TimedOut(note))));
        // Others are called meanwhile, where they can be.
        state.called = None;
        state.user.call_is_over(handler);
        true
    }

    /// Gives up on a session that has used up its limit (real clock only): what each handler owes has not come in time. One
    /// that owes nothing is left; one that is in a call for less than `timeout_ns` owes nothing yet.
    pub(super) fn give_up_on_endless_session(&self, session_ns: u64, timeout_ns: u64) -> bool {
        let at_ns = self.clock.now_ns();
        if at_ns < session_ns {
            return false;
        }
        let mut state = self.lock();
        let is_late = state.call_took_ns(at_ns).is_some_and(|took_ns| took_ns >= timeout_ns);
        let owed = |instance: &Instance| {
            let open = instance.open_call().filter(|_| is_late).map(|method| (method, WaitingFor::Return));
            open.or_else(|| instance.awaiting().map(|method| (method, WaitingFor::Completion)))
        };
        let owed: Vec<_> =
            state.session.instances().filter_map(|instance| Some((instance.id(), owed(instance)?))).collect();
        if owed.is_empty() {
            state.left = state.left.or(Some(Left::AtLimit));
        }
        for (handler, (method, waiting_for)) in owed {
            tracing::info!(%method, instance = handler.0, "time-out: the session has used up its limit");
            let note = Note::TimedOut(TimedOut { method, waiting_for });
            state.record(at_ns, Thread::APARTMENT, handler, EventKind::Note(Box::new(note)));
        }
        true
    }

    /// The apartment thread sleeps until something happened, or until that time (real clock only). The messages of its apartment
    /// come in meanwhile.
    #[cfg(windows)]
    pub(super) fn sleep(&self, until_ns: Option<u64>) {
        const LONGEST: Duration = Duration::from_secs(3600);
        while !self.lock().woken {
            let left = until_ns.map(|until| until.saturating_sub(self.clock.now_ns()));
            if left == Some(0) {
                return;
            }
            crate::handler::com::sleep_in_apartment(&self.doorbell, left.map_or(LONGEST, Duration::from_nanos));
        }
    }

    /// The apartment thread sleeps until something happened, or until that time (real clock only).
    #[cfg(not(windows))]
    pub(super) fn sleep(&self, until_ns: Option<u64>) {
        let mut state = self.lock();
        while !state.woken {
            match until_ns {
                None => self.wake.wait(&mut state),
                Some(until) => {
                    let now = self.clock.now_ns();
                    if now >= until {
                        return;
                    }
                    let timeout = Duration::from_nanos(until - now);
                    self.wake.wait_for(&mut state, timeout);
                }
            }
        }
    }

    /// Waits until there is a batch of events to take away, the apartment thread has ended, or so much time has passed.
    pub(super) fn wait_for_batch(&self, timeout: Duration) {
        let mut state = self.lock();
        self.filled.wait_while_for(&mut state, |state| state.tape.records() < BATCH && !state.ended, timeout);
    }

    /// The apartment thread ends.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.filled.notify_one();
    }

    /// Takes away what was recorded, and gives the session after it. `empty` is an empty tape.
    pub(super) fn take(&self, empty: &mut Tape) -> Option<Session> {
        let mut state = self.lock();
        if state.tape.records() == 0 {
            return None;
        }
        std::mem::swap(&mut state.tape, empty);
        Some(state.session.clone())
    }

    /// The user wants everything stopped.
    pub(super) fn want_all_stopped(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        state.wake_all();
        drop(state);
        self.wake();
    }

    /// The user does something with an instance.
    pub(super) fn user_acts(&self, handler: HandlerId, act: Act) {
        let Some(acts) = self.acts.get() else { return };
        acts.lock().push_back((handler, act));
        self.lock().wake(handler);
        self.wake();
    }

    /// The user leaves the session.
    pub(super) fn want_to_leave(&self) {
        let mut state = self.lock();
        state.left = state.left.or(Some(Left::ByUser));
    }

    /// Keeps what ends an instance.
    pub(super) fn keep_ender(&self, ender: Box<dyn FnOnce() + Send>) {
        self.enders.lock().push(ender);
    }

    /// Ends the instances that are left.
    pub(super) fn end_instances(&self) {
        let enders = std::mem::take(&mut *self.enders.lock());
        enders.into_iter().for_each(|ender| ender());
    }

    /// `thread` is that of another process, where the callback comes from there. The number of a callback whose reply is held
    /// stands in place of the reply.
    pub(super) fn callback(
        &self,
        handler: HandlerId,
        what: Callback,
        thread: Option<&Thread>,
    ) -> Result<HResult, CallId> {
        if self.gated {
            let ticket = self.arrive(handler, thread, &what);
            return self.callback_at(handler, what, thread, ticket);
        }
        self.take_callback(self.lock_after_user(handler, thread), handler, what, thread)
    }

    /// A callback that has come to the gate.
    #[cold]
    pub(super) fn callback_at(
        &self,
        handler: HandlerId,
        what: Callback,
        thread: Option<&Thread>,
        ticket: u64,
    ) -> Result<HResult, CallId> {
        let state = self.enter(ticket);
        self.take_callback(state, handler, what, thread)
    }

    /// Whether a user may want calls that come before whatever the handler does next.
    pub(super) fn user_may_come_first(&self) -> bool {
        self.user_first
    }

    /// Whether callbacks may have to wait before they are recorded.
    pub(super) fn is_gated(&self) -> bool {
        self.gated
    }

    /// The apartment thread waits a little, while it decides.
    pub(super) fn nap(&self, state: &mut MutexGuard<'_, SharedState>) {
        const NAP: Duration = Duration::from_millis(1);
        self.wake.wait_for(state, NAP);
    }

    pub(super) fn take_callback(
        &self,
        mut state: MutexGuard<'_, SharedState>,
        handler: HandlerId,
        what: Callback,
        thread: Option<&Thread>,
    ) -> Result<HResult, CallId> {
        let completes = what.completion().is_some();
        if state.closed {
            return Ok(HResult::E_UNEXPECTED);
        }
        state.tape.expect();
        let at_ns = self.clock.now_ns();
        // Made under the lock on purpose: what was written a moment ago is slow to copy, but the lock has waited for it.
        let kind = EventKind::Callback { call: CallId(0), what };
        let mut event = Event { seq: 0, at_ns, thread: Thread::APARTMENT, handler, kind };
        match thread {
            Some(thread) => event.thread.clone_from(thread),
            None => self.clock.name_thread(&mut event.thread),
        }
        let (was_woken, was_filled) = (state.woken, state.tape.records() >= BATCH);
        let held = if state.holds.possible { state.hold(&mut event) } else { None };
        let answer = held.map_or_else(|| Ok(state.answer(&mut event)), Err);
        let answer = if self.user_first { state.stay_behind(&event, answer) } else { answer };
        if completes {
            state.wake(handler);
        }
        state.gate.busy |= state.gate.is_strict() && state.woken && state.gate.idle;
        // Whoever made it so before has said so.
        let woken = state.woken && !was_woken;
        let filled = state.tape.records() >= BATCH && !was_filled;
        drop(state);
        if woken {
            self.wake();
        }
        if filled {
            self.filled.notify_one();
        }
        answer
    }
}
