//! Records what the user and the manager do beyond the ordinary, as steps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::event_pattern::EventPattern;
use super::hold::{Hold, Until};
use super::pattern::{CallbackPattern, ItemRef};
use super::step::{Action, ErrorRef, Reply, Step, Trigger};
use crate::host::{Instruction, Observer, Plan, Selection, StandardPlan, View};
use crate::json::Id;
use crate::protocol::{
    Call, CallMethod, Callback, CallbackMethod, Delay, Event, EventKind, Guid, HResult, HandlerId, Initialize, Items,
    Refusal, Session, SetProgressCallback, State, Thread, Wish,
};

/// What was recorded, to be taken when the session is over.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<Step>>>);

impl Recording {
    /// The steps, in the order in which they were taken.
    pub fn steps(&self) -> Vec<Step> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes over what was recorded elsewhere.
    pub(crate) fn take_over(&self, steps: Vec<Step>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = steps;
    }

    fn push(&self, step: Step) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }
}

/// Writes down what the manager and the user of the first instance do beyond the ordinary.
///
/// Each action is tied to what the manager reacted to: a callback, a state, or a time at which it asked to be woken. Where
/// an event and such a time fall on the same instant, the event counts. Pauses are not written down.
pub struct Recorder {
    /// What an ordinary manager would do: only what differs from that is written down.
    ordinary: StandardPlan,
    recording: Recording,
    states: BTreeMap<State, u32>,
    state: Option<State>,
    callbacks: BTreeMap<(CallbackMethod, Option<Guid>), u32>,
    /// The event that the manager reacts to: the first that woke it since it was asked last.
    cause: Option<Trigger>,
    /// What the decision before reacted to, if the manager has not waited since.
    last_cause: Option<Trigger>,
    /// The last event that can be named as a trigger.
    latest: Trigger,
    asked: Option<Step>,
    /// When the plan asked to be woken.
    wake_at_ns: Option<u64>,
    /// It closes before its time; said once.
    left: bool,
    last_wish: Wish,
    /// A skip at a report of progress is repeated with a hold of the reply: the handler has threads that would outrun it.
    holds: bool,
    /// The last callback came on the apartment thread, where no reply can be held.
    on_apartment: bool,
}

impl Recorder {
    /// Records a session that begins with `initialize` and in which `selection` is chosen.
    pub fn new(recording: Recording, initialize: Initialize, selection: Selection) -> Self {
        let mut ordinary = StandardPlan::new(initialize, selection);
        ordinary.retries = 0;
        Self {
            ordinary,
            recording,
            states: BTreeMap::new(),
            state: None,
            callbacks: BTreeMap::new(),
            cause: None,
            last_cause: None,
            latest: Trigger::State { state: State::Created, nth: 1 },
            asked: None,
            wake_at_ns: None,
            left: false,
            last_wish: Wish::None,
            holds: false,
            on_apartment: false,
        }
    }

    /// Of a handler in real time: what is recorded holds the reply at which the user skipped an item, until the skip has
    /// returned.
    pub fn of_real_time(self, holds: bool) -> Self {
        Self { holds, ..self }
    }

    /// The step that makes sure that the skip comes in time when it is repeated.
    fn hold_for(&self, step: &Step) -> Option<Step> {
        let (Trigger::Callback(pattern), Action::Skip(item)) = (&step.when, &step.action) else { return None };
        if !self.holds || self.on_apartment || pattern.callback != CallbackMethod::Progress {
            return None;
        }
        let event = Box::new(EventPattern::returned(CallMethod::SetItemStatus));
        let until = Until::Event { event, of_call: Some(item.clone()), nth: None, instance: None };
        Some(Step::new(step.when.clone(), Action::Hold(Hold { until, at_most: None })))
    }

    /// The step that a call is which an ordinary manager would not make here.
    fn action_of(&mut self, call: &Call, items: &Items) -> Option<Action> {
        match call {
            Call::SetItemStatus(args) => Some(Action::Skip(ItemRef::to(args.item, items))),
            Call::ShowError(args) => Some(Action::ShowError(ErrorRef::This(Id(args.error)))),
            Call::ShowProperties(args) if args.item.is_null() => {
                Some(Action::ShowProperties(ItemRef("handler".to_owned())))
            }
            Call::ShowProperties(args) => Some(Action::ShowProperties(ItemRef::to(args.item, items))),
            call if call.leaves() && !self.left => {
                self.left = true;
                Some(Action::Release)
            }
            _ => None,
        }
    }

    fn pattern(&self, callback: &Callback, items: &Items) -> CallbackPattern {
        let item = super::pattern::item_of(callback);
        let key = (callback.method(), item);
        CallbackPattern {
            callback: callback.method(),
            nth: self.callbacks.get(&key).copied().unwrap_or(0),
            item: item.map(|id| ItemRef::to(id, items)),
            status: None,
            thread: None,
        }
    }
}

/// Whether the manager does what an ordinary one would do. `ordinary` is what that one's plan says.
fn is_ordinary(next: &Instruction, ordinary: &Instruction) -> bool {
    match (next, ordinary) {
        // Once the handler has settled.
        (
            Instruction::Call(Call::SetProgressCallback(SetProgressCallback { callback: None })),
            Instruction::Close(_),
        ) => true,
        _ => next == ordinary,
    }
}

impl Observer for Recorder {
    fn decided(&mut self, view: View<'_>, next: &Instruction, _: bool) {
        if view.instance.id() != HandlerId::FIRST {
            return;
        }
        let ordinary = self.ordinary.next(View { cancelled: false, ..view });
        self.asked = None;
        let intended = self.cause.is_some();
        // Neither an event nor the user: it was the time that the plan asked to be woken at.
        let timed = self.wake_at_ns.filter(|at| !intended && !view.cancelled && *at <= view.now_ns);
        // Several actions in a row have one cause.
        let when = match (self.cause.take(), self.last_cause.take(), timed) {
            (Some(cause), ..) | (None, Some(cause), _) => cause,
            (None, None, Some(at)) => Trigger::Time { time: Delay(at) },
            (None, None, None) => self.latest.clone(),
        };
        match next {
            Instruction::Wait(until_ns) => self.wake_at_ns = *until_ns,
            _ => self.last_cause = (intended || timed.is_some()).then(|| when.clone()),
        }
        match next {
            Instruction::Call(call) if !is_ordinary(next, &ordinary) || intended => {
                if let Some(action) = self.action_of(call, view.instance.items()) {
                    self.asked = Some(Step::new(when, action));
                }
            }
            _ => {}
        }
    }

    fn wish(&mut self, view: View<'_>, _: &Callback, wish: Wish) -> Wish {
        if view.instance.id() == HandlerId::FIRST {
            self.last_wish = wish;
        }
        wish
    }

    fn event(&mut self, event: &Event, session: &Session, woken: bool) -> bool {
        if event.handler != HandlerId::FIRST {
            return false;
        }
        if let (Some(step), EventKind::Call { .. }) = (self.asked.take(), &event.kind) {
            if let Some(hold) = self.hold_for(&step) {
                self.recording.push(hold);
            }
            self.recording.push(step);
        }
        match &event.kind {
            EventKind::Callback { what, .. } => {
                let key = (what.method(), super::pattern::item_of(what));
                *self.callbacks.entry(key).or_default() += 1;
                self.on_apartment = event.thread == Thread::APARTMENT;
                if let Some(instance) = session.instance(event.handler) {
                    self.latest = Trigger::Callback(self.pattern(what, instance.items()));
                }
            }
            EventKind::Reply { method, hr, .. } => {
                // A reply that the machine gave by itself (a cancel repeated, a dialog that is held) is no decision.
                let decided = match (method, *hr, std::mem::take(&mut self.last_wish)) {
                    (CallbackMethod::Progress, HResult::S_SYNCMGR_CANCELITEM, Wish::CancelItem) => {
                        Some(Reply::CancelItem)
                    }
                    (CallbackMethod::Progress, HResult::S_SYNCMGR_CANCELALL, Wish::CancelAll) => Some(Reply::CancelAll),
                    (CallbackMethod::EnableModeless, HResult::S_FALSE, Wish::RefuseDialog) => Some(Reply::RefuseDialog),
                    (CallbackMethod::EstablishConnection, HResult::E_FAIL, Wish::FailConnection) => {
                        Some(Reply::FailConnection)
                    }
                    _ => None,
                };
                if let (Some(reply), Trigger::Callback(pattern)) = (decided, &self.latest) {
                    let when = Trigger::Callback(pattern.clone());
                    self.recording.push(Step::new(when, Action::Reply(reply)));
                }
            }
            _ => {}
        }
        self.ordinary.observe(event, session);
        if let Some(instance) = session.instance(event.handler)
            && self.state != Some(instance.state())
        {
            let state = instance.state();
            self.state = Some(state);
            let nth = self.states.entry(state).or_default();
            *nth += 1;
            self.latest = Trigger::State { state, nth: *nth };
        }
        if woken && self.cause.is_none() {
            self.cause = Some(self.latest.clone());
        }
        false
    }

    fn refused(&mut self, _: &Call, _: Refusal, _: bool) {
        self.asked = None;
    }
}
