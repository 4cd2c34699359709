//! The user of a debugger comes first: at a stop the user wants a call, and the handler, which goes on at the same moment,
//! must not outrun it.
//!
//! A reply that is recorded is given to the handler only when the user's call has returned, and a callback that comes
//! meanwhile enters when the call has begun. The same holds while another call is open that must return first. Handlers on
//! real threads need this; a script's threads run in an order of their own, the same each time. Every wait is bounded, for
//! a call that itself waits for such a reply.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, MutexGuard};

use super::plan::View;
use super::shared::Shared;
use super::state::SharedState;
use crate::handler::{HeldReply, Replied};
use crate::protocol::{CallId, Callback, Event, EventKind, HResult, HandlerId, Refusal, Thread};

/// How often it is looked whether the user's call is made, in nanoseconds.
const LOOK_NS: u64 = 5_000_000;

/// How many looks there are at most: five seconds in which the session runs. Time in which it stands still does not count.
const MOST_LOOKS: u32 = 1000;

/// The same while a call of the manager's own is open: a handler may do all its work before that returns.
const MOST_LOOKS_AT_OPEN_CALL: u32 = 400;

/// What a user wants first.
#[derive(Default)]
pub(super) struct UserFirst {
    /// Whose call by the user is open.
    open: Option<HandlerId>,
    /// Replies that are recorded, and given when that call has returned.
    behind: Vec<Behind>,
    changed: Arc<Condvar>,
}

struct Behind {
    call: CallId,
    handler: HandlerId,
    hr: HResult,
    looks: u32,
}

impl UserFirst {
    /// A call that the user wanted begins.
    pub(super) fn call_begins(&mut self, handler: HandlerId) {
        self.open = Some(handler);
    }

    /// A call has returned, is given up, or is not made.
    pub(super) fn call_is_over(&mut self, handler: HandlerId) {
        if self.open.take_if(|open| *open == handler).is_some() {
            self.changed.notify_all();
        }
    }

    /// Nobody waits for the reply any more.
    pub(super) fn forget(&mut self, call: CallId) {
        self.behind.retain(|behind| behind.call != call);
    }
}

impl SharedState {
    /// Whether the manager is about to make a call that the user wants. `looks` is how often this was asked before.
    fn is_user_first(&self, handler: HandlerId, looks: u32) -> bool {
        if self.closed || self.user.open.is_some() {
            return false;
        }
        let Some(instance) = self.session.instance(handler) else { return false };
        let (thread, cancelled) = (&Thread::APARTMENT, self.cancelled);
        let wanted = self.observers.wanted(View { session: &self.session, instance, now_ns: 0, cancelled, thread });
        match wanted.map(|call| instance.may(thread, &call)) {
            Some(Ok(())) => looks < MOST_LOOKS,
            Some(Err(Refusal::Busy)) => looks < MOST_LOOKS_AT_OPEN_CALL,
            Some(Err(_)) | None => false,
        }
    }

    /// The reply to this callback is recorded: it is given later, if the user comes first.
    pub(super) fn stay_behind(&mut self, event: &Event, answer: Result<HResult, CallId>) -> Result<HResult, CallId> {
        let EventKind::Callback { call, .. } = event.kind else { return answer };
        match answer {
            Ok(hr) if event.thread != Thread::APARTMENT && self.is_user_first(event.handler, 0) => {
                self.wake(event.handler);
                self.user.behind.push(Behind { call, handler: event.handler, hr, looks: 0 });
                Err(call)
            }
            answer => answer,
        }
    }

    /// The reply that was left behind, if it may be given now. Nothing, if this one was not.
    pub(super) fn stays_behind(&mut self, call: CallId) -> Option<Option<HResult>> {
        let at = self.user.behind.iter().position(|behind| behind.call == call)?;
        self.user.behind[at].looks += 1;
        let Behind { handler, hr, looks, .. } = self.user.behind[at];
        let is_open = !self.closed && self.user.open == Some(handler) && looks < MOST_LOOKS;
        if is_open || self.is_user_first(handler, looks) {
            return Some(None);
        }
        self.user.behind.swap_remove(at);
        Some(Some(hr))
    }

    /// When it is looked again whether a reply that was left behind may be given; nothing, if this one was not.
    pub(super) fn behind_until_ns(&self, call: CallId, now_ns: u64) -> Option<u64> {
        let is_behind = self.user.behind.iter().any(|behind| behind.call == call);
        is_behind.then(|| now_ns.saturating_add(LOOK_NS))
    }
}

impl Shared {
    /// Takes the lock for a callback, once the user's call has begun.
    pub(super) fn lock_after_user(&self, handler: HandlerId, thread: Option<&Thread>) -> MutexGuard<'_, SharedState> {
        let mut state = self.lock();
        if !self.user_may_come_first() || thread.cloned().unwrap_or_else(|| self.clock.thread()) == Thread::APARTMENT {
            return state;
        }
        let changed = Arc::clone(&state.user.changed);
        let mut looks = 0;
        while state.is_user_first(handler, looks) {
            looks += 1;
            state.wake(handler);
            self.wake();
            changed.wait_for(&mut state, Duration::from_nanos(LOOK_NS));
        }
        state
    }

    /// A callback for which nobody can wait where it comes from.
    pub(super) fn after_user(
        self: &Arc<Self>,
        handler: HandlerId,
        thread: Option<&Thread>,
        callback: Callback,
    ) -> Replied {
        let state = self.lock();
        if state.is_user_first(handler, 0) {
            let (shared, thread) = (Arc::clone(self), thread.cloned());
            return Replied::Held(Box::new(AfterUser { shared, handler, thread, callback: Some(callback) }));
        }
        match self.take_callback(state, handler, callback, thread) {
            Ok(hr) => Replied::Now(hr),
            Err(call) => Replied::Held(self.held_reply(call)),
        }
    }
}

/// A callback that enters when the user's call has begun.
struct AfterUser {
    shared: Arc<Shared>,
    handler: HandlerId,
    thread: Option<Thread>,
    callback: Option<Callback>,
}

impl AfterUser {
    fn enter(&mut self) -> HResult {
        let Some(callback) = self.callback.take() else { return HResult::E_UNEXPECTED };
        let answer = self.shared.callback(self.handler, callback, self.thread.as_ref());
        answer.unwrap_or_else(|call| self.shared.wait_for_reply(call))
    }
}

impl HeldReply for AfterUser {
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
