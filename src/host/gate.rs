//! The gate: callbacks wait here before the manager takes them.
//!
//! There are two reasons to let one wait. In a *strict apartment* the manager serves callbacks on its own thread, so one from
//! another thread waits while that thread is inside a call to a handler. And an *order* ([`Orderer`](super::order::Orderer))
//! lets callbacks in one at a time, to show races. What waits is not recorded yet, the handler is inside its call, and every
//! wait is bounded. The time is the manager's, never the handler's ([`KeptOut`]).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, MutexGuard};

use super::order::{Choice, Orderer};
use super::run::ApartmentObserver;
use super::settle::HandlerThreads;
use super::shared::Shared;
use super::state::SharedState;
use crate::handler::{HeldReply, Replied};
use crate::protocol::{
    Call, CallMethod, Callback, Delay, EventKind, HResult, HandlerId, KeptOut, Limits, Note, SetItemStatus, Stack,
    Status, Text, Thread,
};

/// How often a callback that waits looks whether it is let in, without being woken.
const LOOK_NS: u64 = 50_000_000;

/// The same, where it may be let in because the manager's thread takes care of messages.
const KNOCKED_NS: u64 = 2_000_000;

/// How much longer than an asynchronous method may take a callback is kept out by a call: whoever has not returned then waits.
const MORE_NS: u64 = 1_000_000_000;

/// Also where calls have no limits, as in a debugger.
const LONGEST_PATIENCE_NS: u64 = 5_000_000_000;

/// On Windows a thread that waits may take care of messages meanwhile, and so of what waits for it: that it sleeps says nothing.
const SERVES_MESSAGES: bool = cfg!(windows);

/// From which sum of waits on a note is worth its line.
const WORTH_A_NOTE_NS: u64 = 2_000_000;

/// How long the manager waits for a callback to come to the gate before it calls a handler that is at work: a handler that
/// holds a lock while it calls back is then seen to hold it.
const FOR_A_CALLBACK_NS: u64 = 100_000_000;

/// The same, for threads that run meanwhile.
const FOR_RUNNING_THREADS_NS: u64 = 500_000_000;

/// How long the manager waits for callbacks that are let in to be recorded.
const FOR_ENTERING_NS: u64 = 2_000_000_000;

/// A callback at the gate.
pub(super) struct Waiting {
    pub(super) ticket: u64,
    pub(super) handler: HandlerId,
    pub(super) thread: Thread,
    pub(super) callback: Callback,
    pub(super) since_ns: u64,
    /// An order has let it in.
    pub(super) let_in: bool,
    /// The call that has kept it out, by its event.
    kept_by: Option<(u64, CallMethod)>,
    /// What was sent to the manager's thread since then, where it shows when that takes care of messages inside the call.
    knock: Option<u64>,
    /// For how long that call has not gone on meanwhile, and when that was looked at last.
    blocked_ns: u64,
    looked_ns: u64,
}

/// The gate of a session.
pub(super) struct Gate {
    /// The callback is bound to the manager's apartment.
    strict: bool,
    pub(super) order: Option<Orderer>,
    arrived: Arc<Condvar>,
    pub(super) waiting: Vec<Waiting>,
    next_ticket: u64,
    /// How long a call may keep a callback out.
    patience_ns: u64,
    /// How long it may at most, whatever is known of the call.
    longest_ns: u64,
    /// The manager is about to make a call.
    closing: bool,
    /// The manager has something to do, and does it before it serves the next callback.
    pub(super) busy: bool,
    /// The manager waits for something to happen.
    pub(super) idle: bool,
    /// Only what came until then is served.
    serves_until: Option<u64>,
    /// All that waits is let in.
    opening: bool,
    /// The call, by its event, that was seen to wait for a callback: it keeps none out any more.
    waits_for_callbacks: Option<u64>,
    /// The methods that returned while a callback waited, as far as that is noted.
    seen: BTreeSet<CallMethod>,
    /// Until when waits are counted, and what is counted and not noted yet.
    counted_ns: u64,
    unnoted_ns: u64,
}

/// What becomes of a callback at the gate.
enum May {
    Enter,
    /// The open call waits for it.
    Deadlock,
    /// It waits for so long at most before it looks again.
    Wait(u64),
}

impl Gate {
    pub(super) fn new(strict: bool, order: Option<Orderer>, limits: Limits) -> Self {
        let patience_ns = limits.blocking_ns.saturating_add(MORE_NS.min(limits.blocking_ns / 4));
        Self {
            strict,
            order,
            arrived: Arc::default(),
            waiting: Vec::new(),
            next_ticket: 0,
            // A call that is given up as hung is judged as that, and not as what it waits for.
            patience_ns: patience_ns.min(limits.timeout_ns / 2).min(LONGEST_PATIENCE_NS),
            longest_ns: limits.timeout_ns / 4 * 3,
            closing: false,
            busy: false,
            idle: false,
            serves_until: None,
            opening: false,
            waits_for_callbacks: None,
            seen: BTreeSet::new(),
            counted_ns: 0,
            unnoted_ns: 0,
        }
    }

    /// Whether callbacks may have to wait at all.
    #[inline]
    pub(super) fn is_there(&self) -> bool {
        self.strict || self.order.is_some()
    }

    pub(super) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether a callback of the instance waits.
    pub(super) fn keeps_any_of(&self, handler: HandlerId) -> bool {
        self.waiting.iter().any(|waiting| waiting.handler == handler)
    }

    /// A callback comes to the gate. Callbacks of one thread enter in the order in which they came.
    fn arrive(&mut self, handler: HandlerId, thread: Thread, callback: Callback, now_ns: u64) -> u64 {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.waiting.push(Waiting {
            ticket,
            handler,
            thread,
            callback,
            since_ns: now_ns,
            let_in: false,
            kept_by: None,
            knock: None,
            blocked_ns: 0,
            looked_ns: now_ns,
        });
        ticket
    }

    /// Whoever waits looks again.
    pub(super) fn look_again(&self) {
        self.arrived.notify_all();
    }
}

impl SharedState {
    /// Whether the callback may enter now. `apartment` knows what the apartment thread does.
    fn may_enter(
        &mut self,
        ticket: u64,
        now_ns: u64,
        apartment: Option<&dyn ApartmentObserver>,
        threads: &dyn Fn() -> HandlerThreads,
    ) -> May {
        let Self { gate, called, holds, session, .. } = self;
        let sleeps = || apartment.is_none_or(ApartmentObserver::sleeps);
        let Some(at) = gate.waiting.iter().position(|waiting| waiting.ticket == ticket) else { return May::Enter };
        let (before, rest) = gate.waiting.split_at_mut(at);
        let own = &mut rest[0];
        if before.iter().any(|waiting| waiting.thread == own.thread) {
            return May::Wait(LOOK_NS);
        }
        if gate.opening {
            return May::Enter;
        }
        if gate.strict && own.thread != Thread::APARTMENT {
            let open = called.as_ref().filter(|called| gate.waits_for_callbacks != Some(called.seq));
            if let Some(called) = open {
                if own.kept_by.is_none_or(|(seq, _)| seq != called.seq) {
                    (own.kept_by, own.blocked_ns) = (Some((called.seq, called.method)), 0);
                    own.knock = apartment.and_then(ApartmentObserver::knock);
                } else if own.knock.is_some_and(|knock| apartment.is_some_and(|there| there.has_answered(knock))) {
                    // COM carries callbacks to a thread that takes care of messages, wherever it does.
                    return May::Enter;
                } else if !holds.any() && (own.knock.is_some() || !SERVES_MESSAGES) && sleeps() {
                    // A machine that is busy lets nobody run: such a look counts as one.
                    own.blocked_ns += now_ns.saturating_sub(own.looked_ns).min(2 * LOOK_NS);
                }
                own.looked_ns = now_ns;
                if own.blocked_ns >= gate.patience_ns {
                    return May::Deadlock;
                }
                if now_ns.saturating_sub(own.since_ns) >= gate.patience_ns.saturating_mul(2).min(gate.longest_ns) {
                    // Why it has not returned cannot be known.
                    gate.waits_for_callbacks = Some(called.seq);
                    gate.arrived.notify_all();
                    return May::Enter;
                }
                return May::Wait(if own.knock.is_some() { KNOCKED_NS } else { LOOK_NS });
            }
            if gate.closing || gate.busy || gate.serves_until.is_some_and(|last| ticket > last) {
                return May::Wait(LOOK_NS);
            }
        }
        let Some(order) = gate.order.as_mut().filter(|_| !own.let_in) else { return May::Enter };
        let inside = called.as_ref().is_some();
        let sleeps = || !SERVES_MESSAGES && sleeps();
        match order.choose(&gate.waiting, ticket, now_ns, inside, session, &sleeps, threads) {
            Choice::Let(chosen) => {
                if let Some(chosen) = gate.waiting.iter_mut().find(|waiting| waiting.ticket == chosen) {
                    chosen.let_in = true;
                }
                gate.arrived.notify_all();
                if chosen == ticket { May::Enter } else { May::Wait(LOOK_NS) }
            }
            Choice::Wait(for_ns) => May::Wait(for_ns),
        }
    }

    /// The callback leaves the gate, and is recorded next. Its wait is noted where it is worth it.
    fn admit(&mut self, ticket: u64, now_ns: u64) {
        let gate = &mut self.gate;
        let Some(at) = gate.waiting.iter().position(|waiting| waiting.ticket == ticket) else { return };
        let Waiting { handler, thread, callback, since_ns, kept_by, .. } = gate.waiting.remove(at);
        gate.count(since_ns, now_ns);
        let still_open = self.called.as_ref().map(|called| called.seq);
        let returned = kept_by.filter(|(seq, _)| Some(*seq) != still_open).map(|(_, method)| method);
        let first = returned.filter(|method| gate.seen.insert(*method));
        if first.is_some() || gate.unnoted_ns >= WORTH_A_NOTE_NS {
            let waited = Delay(std::mem::take(&mut gate.unnoted_ns));
            let note = KeptOut { method: callback.method(), waited, during: first, returned: first.is_some() };
            self.record(now_ns, thread, handler, EventKind::Note(Box::new(Note::KeptOut(note))));
        }
    }

    /// The skip that an order wants the manager to make now.
    pub(super) fn crossing_skip(&mut self, handler: HandlerId) -> Option<Call> {
        let order = self.gate.order.as_mut()?;
        let item = order.skip_now(handler)?;
        let call = Call::SetItemStatus(SetItemStatus { item, status: Status::SKIPPED });
        let instance = self.session.instance(handler)?;
        if instance.may(&Thread::APARTMENT, &call).is_ok() {
            return Some(call);
        }
        order.skipped();
        None
    }

    /// Whether a callback stands at the gate that an order lets in before the manager takes the next step: nothing is under way
    /// that it could belong to, so it comes too late, and is seen as that.
    pub(super) fn has_callbacks_to_come(&self, handler: HandlerId) -> bool {
        let idle = || self.session.instance(handler).is_some_and(|instance| instance.active().is_none());
        self.gate.order.is_some() && self.gate.keeps_any_of(handler) && idle()
    }

    /// The open call waits for this callback: it is let in, and so is whatever comes while the call is open.
    fn note_deadlock(&mut self, ticket: u64, [apartment, here]: [Vec<Text>; 2], now_ns: u64) {
        let Some(waiting) = self.gate.waiting.iter_mut().find(|waiting| waiting.ticket == ticket) else { return };
        let (thread, method) = (waiting.thread.clone(), waiting.callback.method());
        let (since_ns, kept_by) = (waiting.since_ns, waiting.kept_by);
        let open = self.called.as_ref().filter(|called| kept_by.is_some_and(|(seq, _)| seq == called.seq));
        let Some((seq, during, handler)) = open.map(|called| (called.seq, called.method, called.handler)) else {
            return;
        };
        // Of several threads that wait for the same call, one says it.
        if self.gate.waits_for_callbacks.replace(seq) == Some(seq) {
            return;
        }
        self.gate.count(since_ns, now_ns);
        for (thread, frames) in [(Thread::APARTMENT, apartment), (thread.clone(), here)] {
            if !frames.is_empty() {
                let note = Note::Stack(Stack { event: seq, frames, site: None });
                self.record(now_ns, thread, handler, EventKind::Note(Box::new(note)));
            }
        }
        let waited = Delay(std::mem::take(&mut self.gate.unnoted_ns));
        let note = KeptOut { method, waited, during: Some(during), returned: false };
        self.record(now_ns, thread, handler, EventKind::Note(Box::new(Note::KeptOut(note))));
        self.gate.look_again();
    }
}

impl Gate {
    /// Counts the wait of a callback, as far as that of another one is not counted already.
    fn count(&mut self, since_ns: u64, now_ns: u64) {
        self.unnoted_ns += now_ns.saturating_sub(self.counted_ns.max(since_ns));
        self.counted_ns = self.counted_ns.max(now_ns);
    }
}

impl Shared {
    /// The callback comes to the gate: its ticket.
    #[cold]
    pub(super) fn arrive(&self, handler: HandlerId, thread: Option<&Thread>, callback: &Callback) -> u64 {
        let mut state = self.lock();
        let thread = thread.cloned().unwrap_or_else(|| self.clock.thread());
        let ticket = state.gate.arrive(handler, thread, callback.clone(), self.clock.now_ns());
        state.gate.look_again();
        drop(state);
        self.wake();
        ticket
    }

    /// Waits until the callback is let in. What is recorded next under the lock is the callback.
    #[cold]
    pub(super) fn enter(&self, ticket: u64) -> MutexGuard<'_, SharedState> {
        let mut state = self.lock();
        let arrived = Arc::clone(&state.gate.arrived);
        let apartment = self.apartment.get().map(AsRef::as_ref);
        let looks = state.settling.threads.clone();
        let threads = || looks.as_ref().map_or(HandlerThreads::Some, |look| look());
        loop {
            let now_ns = self.clock.now_ns();
            let may = if state.closed { May::Enter } else { state.may_enter(ticket, now_ns, apartment, &threads) };
            match may {
                May::Enter => {
                    state.admit(ticket, now_ns);
                    state.gate.look_again();
                    self.wake();
                    return state;
                }
                May::Deadlock => {
                    // Taken without the lock: the apartment thread may need it to say where it is.
                    drop(state);
                    let stacks = self.stacks();
                    state = self.lock();
                    state.note_deadlock(ticket, stacks, self.clock.now_ns());
                }
                May::Wait(for_ns) => {
                    if state.gate.order.as_ref().is_some_and(Orderer::wants_skip) {
                        state.wake_all();
                        self.wake();
                    }
                    arrived.wait_for(&mut state, Duration::from_nanos(for_ns));
                }
            }
        }
    }

    /// Before the manager calls a handler that is at work, where its callback is bound to the apartment: the gate closes, and a
    /// callback comes to it, if one comes soon.
    pub(super) fn close_gate<'a>(&'a self, mut state: MutexGuard<'a, SharedState>) -> MutexGuard<'a, SharedState> {
        state.gate.closing = true;
        let began_ns = self.clock.now_ns();
        let (mut so_far_before, mut quiet_since_ns) = (None, began_ns);
        while state.gate.waiting.is_empty() && !state.closed {
            let now_ns = self.clock.now_ns();
            let threads = state.settling.threads.as_ref().map_or(HandlerThreads::Some, |look| look());
            match threads {
                HandlerThreads::None => break,
                HandlerThreads::Doing { runs, so_far, .. } if runs || so_far_before != Some(so_far) => {
                    (so_far_before, quiet_since_ns) = (Some(so_far), now_ns);
                }
                HandlerThreads::Doing { .. } | HandlerThreads::Some => {}
            }
            let is_quiet = now_ns.saturating_sub(quiet_since_ns) >= FOR_A_CALLBACK_NS;
            if is_quiet || now_ns.saturating_sub(began_ns) >= FOR_RUNNING_THREADS_NS {
                break;
            }
            self.nap(&mut state);
        }
        state.gate.closing = false;
        state
    }

    /// What waits at the gate and may enter is recorded before the manager goes on. `all` lets everything in, also what an order
    /// keeps out and what still comes.
    pub(super) fn empty_gate<'a>(
        &'a self,
        mut state: MutexGuard<'a, SharedState>,
        all: bool,
    ) -> MutexGuard<'a, SharedState> {
        let until_ns = self.clock.now_ns().saturating_add(FOR_ENTERING_NS);
        let last = state.gate.next_ticket;
        (state.gate.opening, state.gate.serves_until) = (all, (!all).then_some(last));
        state.gate.look_again();
        let waits = |state: &SharedState| state.gate.waiting.iter().any(|waiting| all || waiting.ticket <= last);
        while waits(&state) && !state.closed && self.clock.now_ns() < until_ns {
            self.nap(&mut state);
        }
        (state.gate.opening, state.gate.serves_until) = (false, None);
        state
    }

    /// A callback for whoever must not wait where it calls back.
    pub(super) fn at_the_gate(
        self: &Arc<Self>,
        handler: HandlerId,
        thread: Option<&Thread>,
        callback: Callback,
    ) -> Replied {
        let ticket = self.arrive(handler, thread, &callback);
        let thread = thread.cloned();
        Replied::Held(Box::new(AtTheGate {
            shared: Arc::clone(self),
            handler,
            thread,
            callback: Some(callback),
            ticket,
        }))
    }
}

/// Whether the manager makes this call while a handler is at work, so that a callback may have to wait for it.
pub(super) fn closes_the_gate(call: &Call) -> bool {
    call.leaves()
        || matches!(
            call,
            Call::SetItemStatus(_) | Call::ShowError(_) | Call::ShowProperties(_) | Call::EnumSyncMgrItems
        )
}

/// A callback of another process, which waits at the gate.
struct AtTheGate {
    shared: Arc<Shared>,
    handler: HandlerId,
    thread: Option<Thread>,
    callback: Option<Callback>,
    ticket: u64,
}

impl AtTheGate {
    fn enter(&mut self) -> HResult {
        let Some(callback) = self.callback.take() else { return HResult::E_UNEXPECTED };
        let answer = self.shared.callback_at(self.handler, callback, self.thread.as_ref(), self.ticket);
        answer.unwrap_or_else(|call| self.shared.wait_for_reply(call))
    }
}

impl HeldReply for AtTheGate {
    fn until_ns(&self) -> u64 {
        self.shared.clock.now_ns()
    }

    fn poll(&mut self) -> Option<HResult> {
        self.callback.is_some().then(|| self.enter())
    }

    fn wait(mut self: Box<Self>) -> HResult {
        self.enter()
    }
}

impl Drop for AtTheGate {
    fn drop(&mut self) {
        if self.callback.is_some() {
            let mut state = self.shared.lock();
            state.gate.waiting.retain(|waiting| waiting.ticket != self.ticket);
            state.gate.look_again();
        }
    }
}
