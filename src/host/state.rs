//! What the lock of a session guards: every event gets its place in the trace here.

use super::gate::Gate;
use super::hold::Holds;
use super::manager::Known;
use super::network::Network;
use super::observer::Observers;
use super::plan::{Plan, View};
use super::run::Left;
use super::settle::Settling;
use super::tape::Tape;
use super::turns::Turns;
use super::user_first::UserFirst;
use crate::protocol::{CallId, CallMethod, Event, EventKind, HResult, HandlerId, Profile, Session, Thread, Wish};

/// Takes recorded events where they are recorded, under the session's lock: what another process must know even when this
/// one is killed in the next moment.
pub(crate) trait Outlet: Send {
    /// An event, and of a callback what it was answered: the reply is an event too, the next one, at the same time and on
    /// the same thread.
    fn record(&mut self, event: &Event, answer: Option<HResult>);

    /// All that an event brings is recorded, and the session may stand still. True wakes the apartment thread.
    fn stand_still(&mut self) -> bool {
        false
    }
}

/// Where an instance's things stand.
pub(super) fn index(handler: HandlerId) -> usize {
    (handler.0 as usize).wrapping_sub(1)
}

pub(super) fn plan_of(plans: &mut [Box<dyn Plan>], handler: HandlerId) -> Option<&mut Box<dyn Plan>> {
    plans.get_mut(index(handler))
}

/// A call that has not returned.
pub(super) struct Called {
    pub(super) handler: HandlerId,
    pub(super) method: CallMethod,
    /// Its event.
    pub(super) seq: u64,
    /// When it began, in the handlers' own time.
    pub(super) own_ns: u64,
}

/// What the lock guards.
pub(super) struct SharedState {
    pub(super) session: Session,
    /// What each instance's manager and user want, in the order of their numbers.
    pub(super) plans: Vec<Box<dyn Plan>>,
    /// Whoever looks on.
    pub(super) observers: Observers,
    /// Whether a plan or an observer looks at callbacks and replies.
    pub(super) callbacks_observed: bool,
    /// An observer may act for the user by itself.
    pub(super) may_act: bool,
    /// The instances run side by side, and the manager is that of this Windows.
    pub(super) together: Option<Profile>,
    /// Whose turn it is then.
    pub(super) turns: Turns,
    /// What nobody has taken yet.
    pub(super) tape: Tape,
    /// Where recorded events go instead.
    pub(super) outlet: Option<Box<dyn Outlet>>,
    /// What an event brings is being recorded.
    pub(super) in_event: bool,
    pub(super) next_seq: u64,
    pub(super) next_call: u64,
    /// The replies that are held.
    pub(super) holds: Holds,
    /// The user's calls, which come before whatever the handler does next.
    pub(super) user: UserFirst,
    /// Where callbacks wait before they are recorded.
    pub(super) gate: Gate,
    /// The last reply: made anew it would cost more than changed.
    pub(super) reply: Event,
    /// Something happened that the apartment thread must look at.
    pub(super) woken: bool,
    /// The user wants everything stopped.
    pub(super) cancelled: bool,
    /// Why the session was left.
    pub(super) left: Option<Left>,
    /// When each instance was last heard: its last return or callback.
    pub(super) heard_ns: Vec<u64>,
    /// The open call.
    pub(super) called: Option<Called>,
    /// The trace is closed: nothing more is recorded.
    pub(super) closed: bool,
    /// The apartment thread has ended.
    pub(super) ended: bool,
    pub(super) settling: Settling,
    /// The handlers that are registered with the manager, as far as the session knows.
    pub(super) registered: Known,
    /// The connections that handlers can open.
    pub(super) network: Network,
}

impl SharedState {
    /// Records an event and applies it, unless the trace is closed.
    pub(super) fn record(&mut self, at_ns: u64, thread: Thread, handler: HandlerId, kind: EventKind) {
        if self.closed {
            return;
        }
        let event = Event { seq: self.seq(), at_ns, thread, handler, kind };
        self.session.apply(&event);
        self.wake_parked();
        self.keep(&event);
    }

    /// Keeps an event that is applied already.
    pub(super) fn keep(&mut self, event: &Event) {
        let outer = !std::mem::replace(&mut self.in_event, true);
        let woken = plan_of(&mut self.plans, event.handler).is_some_and(|plan| plan.observe(event, &self.session));
        if woken {
            self.wake(event.handler);
        }
        if self.observers.event(event, &self.session, woken) {
            self.wake_all();
        }
        match &mut self.outlet {
            Some(outlet) => outlet.record(event, None),
            None => self.tape.record(event, None),
        }
        if self.observers.have_notes() {
            self.keep_notes(event.handler, event.at_ns);
        }
        if self.holds.any() {
            self.end_holds(event);
        }
        if outer {
            self.stand_still();
        }
    }

    /// All that the event brought is recorded.
    fn stand_still(&mut self) {
        self.in_event = false;
        if self.outlet.as_mut().is_some_and(|outlet| outlet.stand_still()) {
            self.wake_all();
        }
    }

    /// Records what the observers have to note.
    fn keep_notes(&mut self, handler: HandlerId, at_ns: u64) {
        for (thread, note) in self.observers.take_notes() {
            self.record(at_ns, thread, handler, EventKind::Note(Box::new(note)));
        }
    }

    /// Answers a callback, and records it with its reply. What of the event only the lock decides is filled in.
    pub(super) fn answer(&mut self, event: &mut Event) -> HResult {
        self.network_until(event.at_ns);
        let (first, second, id) = (self.seq(), self.seq(), self.call_id());
        let now_ns = event.at_ns;
        self.hear(event.handler, now_ns);
        let Self { session, plans, observers, cancelled, tape, outlet, reply, callbacks_observed, network, .. } = self;
        let Some(plan) = plan_of(plans, event.handler) else { return HResult::E_UNEXPECTED };
        event.seq = first;
        let EventKind::Callback { call, what } = &mut event.kind else { return HResult::E_UNEXPECTED };
        *call = id;
        let wish = match session.instance(event.handler) {
            Some(instance) => {
                let view = View { session, instance, now_ns, cancelled: *cancelled, thread: &event.thread };
                network.wish(what, observers.wish(view, what, plan.wish(view, what)), now_ns)
            }
            None => Wish::None,
        };
        let (method, completes) = (what.method(), what.completion().is_some());
        let result = session.answer(event, wish);
        if let EventKind::Callback { what, .. } = &event.kind {
            network.answered(event.handler, what, result, now_ns);
        }
        match outlet {
            Some(outlet) => outlet.record(event, Some(result)),
            None => tape.record(event, Some(result)),
        }
        let (mut own, mut all) = (false, false);
        if *callbacks_observed {
            own = plan.observe(event, session);
            all = observers.event(event, session, own);
            (reply.seq, reply.at_ns, reply.handler) = (second, now_ns, event.handler);
            reply.kind = EventKind::Reply { call: id, method, hr: result };
            // Both are of one thread, whose name is not worth a copy.
            std::mem::swap(&mut reply.thread, &mut event.thread);
            let again = plan.observe(reply, session);
            (own, all) = (own | again, all | observers.event(reply, session, again));
            std::mem::swap(&mut reply.thread, &mut event.thread);
            if observers.have_notes() {
                self.in_event = true;
                self.keep_notes(event.handler, now_ns);
            }
        }
        if own {
            self.wake(event.handler);
        }
        if completes {
            self.wake_parked();
        }
        if all {
            self.wake_all();
        }
        if self.holds.any() {
            self.in_event = true;
            self.end_holds(event);
        }
        self.stand_still();
        result
    }

    /// An instance was heard.
    pub(super) fn hear(&mut self, handler: HandlerId, at_ns: u64) {
        let at = index(handler);
        if let Some(heard) = self.heard_ns.get_mut(at) {
            *heard = at_ns;
        }
    }

    /// When an instance was last heard. As long as a reply to it is held it need not be heard.
    pub(super) fn heard_ns(&self, handler: HandlerId) -> u64 {
        if self.holds.any_of(handler) {
            return u64::MAX;
        }
        self.heard_ns.get(index(handler)).copied().unwrap_or(0)
    }

    /// How long the open call has taken the handlers.
    pub(super) fn call_took_ns(&self, now_ns: u64) -> Option<u64> {
        let called = self.called.as_ref()?;
        Some(self.session.own_ns(now_ns).saturating_sub(called.own_ns))
    }

    pub(super) fn seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    pub(super) fn call_id(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }
}
