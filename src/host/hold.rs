//! Held replies: the manager decides when a callback returns.
//!
//! A plan may ask that the reply to a callback is held until something has come ([`Plan::hold`](super::Plan::hold)). Whoever
//! called back waits meanwhile: a thread of the system sleeps, a script's thread is not run, a program does not get its
//! answer. A reply is held for a limited time, and let go when the manager leaves the session, so that a handler that waits
//! for one of its own callbacks never hangs by this. The time is the manager's, never the handler's.

use std::sync::Arc;

use parking_lot::Condvar;

use super::plan::View;
use super::shared::Shared;
use super::state::SharedState;
use crate::handler::HeldReply;
use crate::protocol::{
    CallId, CallMethod, Callback, Event, EventKind, HResult, HandlerId, Held, LetGo, Limits, Note, Session, Stack,
    Standing, Text, Thread, WhyLetGo, Wish,
};
use crate::time::{Clock, Scheduler};

/// How a reply is held.
pub struct Hold {
    /// Until what, in words.
    pub until: Text,
    /// The call of the manager whose beginning or return it is held for. The time counts anew from that call's beginning, and
    /// the call does not end the hold if it is one by which the manager leaves.
    pub call: Option<CallMethod>,
    /// It is held for a time, and nothing else ends it.
    pub for_time: bool,
    /// For how long at most, in nanoseconds; a little longer than an asynchronous method may take, where it is not said.
    pub at_most_ns: Option<u64>,
    /// Sees every event of the session from now on, and the session after it; true lets the reply go.
    pub ends: Ends,
    /// Somebody lets it go by hand.
    pub by_hand: Option<ByHand>,
}

/// Says whether somebody has let a reply go. Asked again and again, under the session's lock.
pub type ByHand = Box<dyn Fn() -> bool + Send>;

/// How often it is asked.
const LOOK_NS: u64 = 20_000_000;

/// Says whether an event ends a hold. Called under the session's lock.
pub type Ends = Box<dyn FnMut(&Event, &Session) -> bool + Send>;

/// How much longer than an asynchronous method may take a reply is held at most, where it is not said: whatever waits for
/// the reply has then surely taken too long.
const MORE_NS: u64 = 1_000_000_000;

/// A reply that is held, or was let go and is not taken yet.
struct Kept {
    call: CallId,
    handler: HandlerId,
    thread: Thread,
    callback: Callback,
    standing: Standing,
    wish: Wish,
    /// What it would have been answered at once.
    first: HResult,
    hold: Hold,
    at_most_ns: u64,
    until_ns: u64,
    answer: Option<HResult>,
}

/// The held replies of a session.
pub(super) struct Holds {
    /// A plan may want it: without that no callback is asked about.
    pub(super) possible: bool,
    kept: Vec<Kept>,
    /// How many of them are not let go.
    held: usize,
    usual_ns: u64,
    waker: Waker,
}

/// Wakes who waits for a held reply.
enum Waker {
    Threads(Arc<Condvar>),
    Tasks(Scheduler),
}

impl Holds {
    pub(super) fn new(possible: bool, limits: Limits, clock: &Clock) -> Self {
        let waker = match clock {
            Clock::Real { .. } => Waker::Threads(Arc::default()),
            Clock::Virtual(scheduler) => Waker::Tasks(scheduler.clone()),
        };
        let usual_ns = limits.blocking_ns.saturating_add(MORE_NS.min(limits.blocking_ns / 4));
        Self { possible, kept: Vec::new(), held: 0, usual_ns, waker }
    }

    /// Whether a reply is held.
    pub(super) fn any(&self) -> bool {
        self.held > 0
    }

    /// Whether a reply to this instance is held.
    pub(super) fn any_of(&self, handler: HandlerId) -> bool {
        self.any() && self.kept.iter().any(|kept| kept.handler == handler && kept.answer.is_none())
    }

    fn push(&mut self, kept: Kept) {
        self.held += 1;
        self.kept.push(kept);
        if let Waker::Tasks(scheduler) = &self.waker {
            scheduler.manager_takes_time(true);
        }
    }

    /// One fewer is held.
    fn ended(&mut self) {
        self.held -= 1;
        match &self.waker {
            Waker::Threads(condvar) => {
                condvar.notify_all();
            }
            Waker::Tasks(scheduler) => {
                scheduler.manager_takes_time(false);
                scheduler.happened();
            }
        }
    }

    fn until_ns(&self, call: CallId) -> u64 {
        self.kept.iter().find(|kept| kept.call == call).map_or(0, |kept| kept.until_ns)
    }

    /// Whether somebody has let it go by hand; nothing where nobody can.
    fn by_hand(&self, call: CallId) -> Option<bool> {
        let kept = self.kept.iter().find(|kept| kept.call == call && kept.answer.is_none())?;
        kept.hold.by_hand.as_ref().map(|let_go| let_go())
    }

    fn take(&mut self, call: CallId) -> Option<HResult> {
        let at = self.kept.iter().position(|kept| kept.call == call)?;
        let answer = self.kept[at].answer?;
        self.kept.swap_remove(at);
        Some(answer)
    }

    /// Nobody waits for the reply any more.
    fn forget(&mut self, call: CallId) {
        let Some(at) = self.kept.iter().position(|kept| kept.call == call) else { return };
        if self.kept.swap_remove(at).answer.is_none() {
            self.ended();
        }
    }

    /// The session is over, and nothing is recorded any more.
    pub(super) fn close(&mut self) {
        for at in 0..self.kept.len() {
            if self.kept[at].answer.is_none() {
                self.kept[at].answer = Some(HResult::E_UNEXPECTED);
                self.ended();
            }
        }
    }
}

impl SharedState {
    /// Holds the reply to a callback, if the plan wants that; the callback is recorded then.
    #[cold]
    pub(super) fn hold(&mut self, event: &mut Event) -> Option<CallId> {
        let (handler, now_ns) = (event.handler, event.at_ns);
        self.network_until(now_ns);
        let EventKind::Callback { call, what } = &mut event.kind else { return None };
        let instance = self.session.instance(handler)?;
        let view = View { session: &self.session, instance, now_ns, cancelled: self.cancelled, thread: &event.thread };
        let plan = super::state::plan_of(&mut self.plans, handler)?;
        let hold = plan.hold(view, what).or_else(|| self.observers.hold(view, what));
        let hold = hold.or_else(|| self.network.hold(what))?;
        if self.gate.is_strict() && hold.call.is_some() {
            // A manager that serves callbacks on its own thread makes no call before it has replied.
            return None;
        }
        let wish = self.network.wish(what, self.observers.wish(view, what, plan.wish(view, what)), now_ns);
        let standing = self.session.standing(handler, what);
        let first = self.session.reply(handler, what, wish);
        self.next_call += 1;
        *call = CallId(self.next_call);
        let (call, callback) = (*call, what.clone());
        self.hear(handler, now_ns);
        event.seq = self.seq();
        self.session.apply(event);
        self.keep(event);
        let thread = event.thread.clone();
        let note = Note::Held(Held { method: callback.method(), until: hold.until.clone() });
        self.record(now_ns, thread.clone(), handler, EventKind::Note(Box::new(note)));
        let at_most_ns = hold.at_most_ns.unwrap_or(self.holds.usual_ns);
        let until_ns = now_ns.saturating_add(at_most_ns);
        let kept =
            Kept { call, handler, thread, callback, standing, wish, first, hold, at_most_ns, until_ns, answer: None };
        self.holds.push(kept);
        Some(call)
    }

    /// Lets go what the event ends. Called for every event while a reply is held.
    #[cold]
    pub(super) fn end_holds(&mut self, event: &Event) {
        let Self { holds, session, .. } = self;
        let mut ended = Vec::new();
        for kept in holds.kept.iter_mut().filter(|kept| kept.answer.is_none()) {
            let mut leaving = false;
            if let EventKind::Call { what, .. } = &event.kind
                && event.handler == kept.handler
            {
                let awaited = kept.hold.call == Some(what.method());
                if awaited {
                    kept.until_ns = event.at_ns.saturating_add(kept.at_most_ns);
                }
                leaving = what.leaves() && !awaited;
            }
            if (kept.hold.ends)(event, session) {
                ended.push((kept.call, WhyLetGo::Reached));
            } else if leaving {
                ended.push((kept.call, WhyLetGo::Leaving));
            }
        }
        for (call, why) in ended {
            self.let_go(call, why, event.at_ns);
        }
    }

    /// The manager has nothing more to do with the instance: what is held of it is let go.
    pub(super) fn let_all_go(&mut self, handler: HandlerId, now_ns: u64) {
        let of_it = |kept: &&Kept| kept.handler == handler && kept.answer.is_none();
        let calls: Vec<CallId> = self.holds.kept.iter().filter(of_it).map(|kept| kept.call).collect();
        for call in calls {
            self.let_go(call, WhyLetGo::Leaving, now_ns);
        }
    }

    /// Answers a callback, and records that.
    fn let_go(&mut self, call: CallId, why: WhyLetGo, now_ns: u64) {
        let Self { holds, session, network, .. } = self;
        let found = holds.kept.iter_mut().find(|kept| kept.call == call && kept.answer.is_none());
        let Some(kept) = found else { return };
        let (handler, thread, method) = (kept.handler, kept.thread.clone(), kept.callback.method());
        let hr = session.reply_later(handler, &kept.callback, kept.standing, kept.wish, kept.first);
        network.answered(handler, &kept.callback, hr, now_ns);
        // First of all: what is recorded now must not let it go again.
        kept.answer = Some(hr);
        holds.ended();
        self.record(now_ns, thread.clone(), handler, EventKind::Note(Box::new(Note::LetGo(LetGo { method, why }))));
        self.record(now_ns, thread, handler, EventKind::Reply { call, method, hr });
        self.hear(handler, now_ns);
        self.wake(handler);
    }

    /// The reply, once it is let go; its time may be over.
    fn reply_by_now(&mut self, call: CallId, now_ns: u64) -> Option<HResult> {
        if let Some(behind) = self.stays_behind(call) {
            return behind;
        }
        if self.closed {
            self.holds.close();
        } else if self.holds.by_hand(call) == Some(true) {
            self.let_go(call, WhyLetGo::Reached, now_ns);
        } else if now_ns >= self.holds.until_ns(call) {
            self.time_is_over(call, now_ns);
        }
        self.holds.take(call)
    }

    fn time_is_over(&mut self, call: CallId, now_ns: u64) {
        let for_time = self.holds.kept.iter().any(|kept| kept.call == call && kept.hold.for_time);
        self.let_go(call, if for_time { WhyLetGo::Reached } else { WhyLetGo::TimeOver }, now_ns);
    }

    /// The `SetItemStatus` that the handler keeps waiting for this reply, whose time is over.
    fn kept_waiting(&self, call: CallId, now_ns: u64) -> Option<u64> {
        let kept = self.holds.kept.iter().find(|kept| kept.call == call && kept.answer.is_none())?;
        let waits = kept.hold.call == Some(CallMethod::SetItemStatus) && now_ns >= kept.until_ns && !self.closed;
        let open = self.called.as_ref().filter(|_| waits)?;
        (open.method == CallMethod::SetItemStatus && open.handler == kept.handler).then_some(open.seq)
    }
}

impl Shared {
    /// The thread that called back waits for the reply.
    #[cold]
    pub(super) fn wait_for_reply(&self, call: CallId) -> HResult {
        match &self.clock {
            Clock::Real { .. } => self.sleep_until_let_go(call),
            Clock::Virtual(scheduler) => {
                let until_ns = self.lock().holds.until_ns(call);
                if scheduler.thread() == Thread::APARTMENT {
                    let let_go = || {
                        let mut state = self.lock();
                        let now_ns = self.clock.now_ns();
                        state.reply_by_now(call, now_ns)
                    };
                    let mut reply = None;
                    scheduler.pause(Some(until_ns), || {
                        reply = let_go();
                        reply.is_some()
                    });
                    if let Some(reply) = reply {
                        return reply;
                    }
                }
                // A logical thread that cannot wait, or nothing can happen any more.
                let mut state = self.lock();
                let now_ns = self.clock.now_ns();
                state.time_is_over(call, now_ns);
                state.holds.take(call).unwrap_or(HResult::E_UNEXPECTED)
            }
        }
    }

    fn sleep_until_let_go(&self, call: CallId) -> HResult {
        let mut state = self.lock();
        let condvar = match &state.holds.waker {
            Waker::Threads(condvar) => Arc::clone(condvar),
            Waker::Tasks(_) => Arc::default(),
        };
        let reply = loop {
            let now_ns = self.clock.now_ns();
            if let Some(open) = state.kept_waiting(call, now_ns) {
                // Taken without the lock: the apartment thread may need it to say where it is.
                drop(state);
                let stacks = self.stacks();
                state = self.lock();
                if state.kept_waiting(call, now_ns) == Some(open) {
                    state.note_stacks(call, open, stacks, now_ns);
                }
            }
            if let Some(reply) = state.reply_by_now(call, now_ns) {
                break reply;
            }
            let until_ns = state.behind_until_ns(call, now_ns).unwrap_or_else(|| state.holds.until_ns(call));
            let left_ns = until_ns.saturating_sub(now_ns);
            let left_ns = if state.holds.by_hand(call).is_some() { left_ns.min(LOOK_NS) } else { left_ns };
            condvar.wait_for(&mut state, std::time::Duration::from_nanos(left_ns));
        };
        drop(state);
        self.wake();
        reply
    }

    /// What the apartment thread and this one are doing, where that can be known.
    pub(super) fn stacks(&self) -> [Vec<Text>; 2] {
        let observer = self.apartment.get();
        observer.map(|observer| [observer.stack(), observer.here()]).unwrap_or_default()
    }

    pub(super) fn held_reply(self: &Arc<Self>, call: CallId) -> Box<dyn HeldReply> {
        Box::new(Ticket { shared: Arc::clone(self), call, taken: false })
    }
}

impl SharedState {
    /// Both threads of a deadlock, for what will be found at the call of that event.
    fn note_stacks(&mut self, call: CallId, open: u64, [apartment, here]: [Vec<Text>; 2], now_ns: u64) {
        let Some(kept) = self.holds.kept.iter().find(|kept| kept.call == call) else { return };
        let (handler, thread) = (kept.handler, kept.thread.clone());
        for (thread, frames) in [(Thread::APARTMENT, apartment), (thread, here)] {
            if !frames.is_empty() {
                let note = Note::Stack(Stack { event: open, frames, site: None });
                self.record(now_ns, thread, handler, EventKind::Note(Box::new(note)));
            }
        }
    }
}

/// A reply for whoever cannot wait for it where it called back.
struct Ticket {
    shared: Arc<Shared>,
    call: CallId,
    taken: bool,
}

impl HeldReply for Ticket {
    fn until_ns(&self) -> u64 {
        let state = self.shared.lock();
        state.behind_until_ns(self.call, self.shared.clock.now_ns()).unwrap_or_else(|| state.holds.until_ns(self.call))
    }

    fn poll(&mut self) -> Option<HResult> {
        let mut state = self.shared.lock();
        let now_ns = self.shared.clock.now_ns();
        let reply = state.reply_by_now(self.call, now_ns);
        self.taken |= reply.is_some();
        reply
    }

    fn wait(mut self: Box<Self>) -> HResult {
        self.taken = true;
        self.shared.wait_for_reply(self.call)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.taken {
            let mut state = self.shared.lock();
            state.user.forget(self.call);
            state.holds.forget(self.call);
        }
    }
}
