//! The plan of a scenario: an ordinary manager, and the scenario's steps.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::expect::times;
use super::file::Scenario;
use super::hold::{Counter, NotHeld};
use super::pattern::CallbackPattern;
use super::step::{Action, ErrorRef, Step, StepExpect, Trigger};
use super::survey::Surveyor;
use crate::host::{self, Instruction, Plan, StandardPlan, View};
use crate::protocol::{
    Call, Callback, Event, EventKind, GUID_NULL, Interface, Items, PrepareForSync, Refusal, Session, SetItemStatus,
    SetProgressCallback, ShowError, ShowProperties, State, Status, Thread, Wish,
};

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepCame {
    /// Its trigger has not come. How often it nearly did, and what did happen.
    Waiting {
        /// How many callbacks, or times in the state, fitted but for their number.
        fitting: u32,
    },
    /// Its trigger came, and the action is due.
    Due,
    /// It was taken.
    Taken,
    /// Its trigger came when the action was not legal.
    Illegal(String),
}

impl StepCame {
    /// Whether this is what was expected.
    pub fn is(&self, expect: StepExpect) -> bool {
        match expect {
            StepExpect::Taken => *self == StepCame::Taken,
            StepExpect::Illegal => matches!(self, StepCame::Illegal(_)),
            StepExpect::Never => matches!(self, StepCame::Waiting { .. }),
        }
    }
}

/// The steps of a scenario, and what came of them: shared between the plan and whoever asks afterwards.
#[derive(Clone, Default)]
pub struct StepOutcomes(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    steps: Vec<(Step, StepCame)>,
    /// The states that were reached, in order.
    states: Vec<State>,
    /// What was called back, for saying what nearly happened.
    callbacks: Vec<(Callback, String)>,
    /// What came of the steps when somebody wanted to know it the last time.
    told: Vec<StepCame>,
}

/// How many callbacks are kept for saying what nearly happened.
const CALLBACKS_KEPT: usize = 4096;

impl StepOutcomes {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The steps of a scenario, before anything has happened.
    pub fn of(scenario: &Scenario) -> Self {
        let waiting = |step: &Step| (step.clone(), StepCame::Waiting { fitting: 0 });
        let inner = Inner { steps: scenario.steps.iter().map(waiting).collect(), ..Inner::default() };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Remembers what happened, for saying what nearly happened. The event is of the instance that the steps are about.
    pub(crate) fn remember(&self, event: &Event, session: &Session) {
        let mut inner = self.lock();
        if let EventKind::Callback { what, .. } = &event.kind
            && inner.callbacks.len() < CALLBACKS_KEPT
        {
            inner.callbacks.push((what.clone(), event.thread.to_string()));
        }
        if let Some(instance) = session.instance(event.handler)
            && inner.states.last() != Some(&instance.state())
        {
            inner.states.push(instance.state());
        }
    }

    /// What came of each step, if that has changed since this was asked the last time.
    pub(crate) fn take_news(&self) -> Option<Vec<StepCame>> {
        let mut inner = self.lock();
        let news = inner.steps.iter().map(|(_, came)| came.clone()).collect::<Vec<_>>();
        (inner.told != news).then(|| {
            inner.told.clone_from(&news);
            news
        })
    }

    /// Takes over what came of each step elsewhere.
    pub(crate) fn take_over(&self, news: Vec<StepCame>) {
        for ((_, came), new) in self.lock().steps.iter_mut().zip(news) {
            *came = new;
        }
    }

    /// Each step, what came of it, and the reason for what was not expected, with the nearest thing that did happen.
    pub fn came(&self, items: &Items) -> Vec<(Step, StepCame, String)> {
        let inner = self.lock();
        let why = |step: &Step, came: &StepCame| {
            if came.is(step.expect) { String::new() } else { inner.why(step, came, items) }
        };
        inner.steps.iter().map(|(step, came)| (step.clone(), came.clone(), why(step, came))).collect()
    }
}

impl Inner {
    fn why(&self, step: &Step, came: &StepCame, items: &Items) -> String {
        match came {
            StepCame::Taken => "it was taken".to_owned(),
            StepCame::Due => "its trigger came, but the session was over before it could be taken".to_owned(),
            StepCame::Illegal(why) => format!("its trigger came, but the action was not legal: {why}"),
            StepCame::Waiting { fitting } => match &step.when {
                Trigger::Time { time } => format!("the session ended before {time}"),
                Trigger::State { state, nth } if *fitting > 0 => {
                    format!("{state} was reached {}, not {}", times(*fitting), times(*nth))
                }
                Trigger::State { state, .. } => {
                    let reached: BTreeSet<State> = self.states.iter().copied().collect();
                    let reached: Vec<String> = reached.iter().map(ToString::to_string).collect();
                    format!("{state} was never reached; the session was: {}", reached.join(", "))
                }
                Trigger::Callback(pattern) if *fitting > 0 => {
                    let any = CallbackPattern { nth: 1, ..pattern.clone() };
                    format!("{any} came {}, not {}", times(*fitting), times(pattern.nth))
                }
                Trigger::Callback(pattern) => {
                    let of_method = |(callback, _): &&(Callback, String)| callback.method() == pattern.callback;
                    let all = self.callbacks.iter().filter(of_method).count();
                    // Of those that are equally near, the last.
                    let nearest = self
                        .callbacks
                        .iter()
                        .filter(of_method)
                        .max_by_key(|(callback, thread)| pattern.nearness(callback, thread, items));
                    match nearest {
                        None => format!("{} was never called", pattern.callback),
                        Some((callback, thread)) => {
                            let item = super::pattern::item_of(callback)
                                .map_or(String::new(), |id| format!(" of {}", super::ItemRef::to(id, items)));
                            let status = super::pattern::status_of(callback)
                                .map_or(String::new(), |status| format!(" with {status}"));
                            format!(
                                "none of the {all} calls of {} fits; the nearest was{item}{status} on thread {thread}",
                                pattern.callback
                            )
                        }
                    }
                }
            },
        }
    }
}

/// Does what a scenario says.
pub struct ScenarioPlan {
    inner: StandardPlan,
    steps: StepOutcomes,
    /// Steps whose trigger came, in the order of their triggers.
    due: VecDeque<usize>,
    /// The step whose call was asked for last.
    asked: Option<usize>,
    waiting_until_ns: Option<u64>,
    releasing: bool,
    /// The user cancelled this handler.
    cancelled: bool,
    /// None before the first event.
    state: Option<State>,
    surveyor: Surveyor,
    counter: Counter,
}

impl ScenarioPlan {
    /// The plan. `steps` are the scenario's ([`StepOutcomes::of`]): there one can look afterwards at what came of them.
    pub fn new(scenario: &Scenario, steps: StepOutcomes) -> Self {
        let mut inner = StandardPlan::new(scenario.initialize(), (&scenario.choose).into());
        // Errors are shown when a step says so.
        inner.retries = 0;
        inner.reserved = scenario.reserved;
        Self {
            inner,
            steps,
            due: VecDeque::new(),
            asked: None,
            waiting_until_ns: None,
            releasing: false,
            cancelled: false,
            state: None,
            surveyor: Surveyor::new(&scenario.look),
            counter: Counter::of(&scenario.steps),
        }
    }

    /// What must observe the session for the plan, if it needs to know of other instances or of what was before.
    pub(crate) fn counter(&self) -> Option<Counter> {
        Some(self.counter.clone()).filter(Counter::is_needed)
    }

    /// Marks the steps whose trigger has come; true when there are new ones.
    fn mark(&mut self, mut comes: impl FnMut(&Step, &mut u32) -> bool) -> bool {
        let mut inner = self.steps.lock();
        let before = self.due.len();
        for (at, (step, came)) in inner.steps.iter_mut().enumerate() {
            if let StepCame::Waiting { fitting } = came
                && comes(step, fitting)
            {
                *came = StepCame::Due;
                self.due.push_back(at);
            }
        }
        self.due.len() > before
    }

    fn reach(&mut self, state: State) -> bool {
        if self.state == Some(state) {
            return false;
        }
        self.state = Some(state);
        self.mark(|step, fitting| match &step.when {
            Trigger::State { state: wanted, nth } if *wanted == state => {
                *fitting += 1;
                *fitting == *nth
            }
            _ => false,
        })
    }

    fn set(&self, at: usize, what: StepCame) {
        if let Some((_, came)) = self.steps.lock().steps.get_mut(at) {
            *came = what;
        }
    }

    /// The call that an action is; `Err` says why there is none.
    fn call_of(&self, action: &Action, view: View<'_>) -> Result<Option<Call>, String> {
        let id =
            |item: &super::ItemRef| item.id(view.instance.items()).ok_or_else(|| format!("there is no item {item}"));
        Ok(Some(match action {
            Action::Skip(item) => Call::SetItemStatus(SetItemStatus { item: id(item)?, status: Status::SKIPPED }),
            Action::ShowError(error) => {
                let error = match error {
                    ErrorRef::This(id) => id.0,
                    ErrorRef::First => view.instance.jump_errors().next().ok_or("no live error has jump text")?,
                };
                Call::ShowError(ShowError { error, hwnd: 0 })
            }
            Action::ShowProperties(item) if item.0 == "handler" => {
                Call::ShowProperties(ShowProperties { item: GUID_NULL, hwnd: 0 })
            }
            Action::ShowProperties(item) => Call::ShowProperties(ShowProperties { item: id(item)?, hwnd: 0 }),
            Action::NextRound => {
                let items = view.instance.retry_due().ok_or("no retry is due")?.to_vec();
                Call::PrepareForSync(PrepareForSync { items, hwnd: 0, reserved: 0 })
            }
            Action::Enumerate => Call::EnumSyncMgrItems,
            Action::Reply(_) | Action::Hold(_) | Action::Cancel | Action::Release | Action::Wait(_) => return Ok(None),
        }))
    }

    /// The next due step, as far as it is a call or a wait.
    fn take_due(&mut self, view: View<'_>) -> Option<Instruction> {
        while let Some(at) = self.due.pop_front() {
            let action = self.steps.lock().steps.get(at).map(|(step, _)| step.action.clone())?;
            match &action {
                Action::Release => self.releasing = true,
                Action::Cancel => self.cancelled = true,
                Action::Wait(delay) => {
                    self.set(at, StepCame::Taken);
                    self.waiting_until_ns = Some(view.now_ns.saturating_add(delay.0));
                    return Some(Instruction::Wait(self.next_time_ns()));
                }
                _ => {}
            }
            match self.call_of(&action, view) {
                Ok(Some(Call::ShowProperties(_))) if view.instance.interface() == Interface::NotGiven => {
                    // Its completion needs somewhere to go: the callback first, then the step again.
                    self.due.push_front(at);
                    let callback = SetProgressCallback { callback: Some(1) };
                    return Some(Instruction::Call(Call::SetProgressCallback(callback)));
                }
                Ok(Some(call)) => {
                    if action == Action::Enumerate && view.instance.may(view.thread, &call).is_ok() {
                        self.inner.enumerate_anew();
                    }
                    self.set(at, StepCame::Taken);
                    self.asked = Some(at);
                    return Some(Instruction::Call(call));
                }
                Ok(None) => self.set(at, StepCame::Taken),
                Err(why) => self.set(at, StepCame::Illegal(why)),
            }
        }
        None
    }

    /// Whether the handler is being released, or is next.
    fn is_leaving(&self) -> bool {
        let next =
            self.due.front().and_then(|at| self.steps.lock().steps.get(*at).map(|(step, _)| step.action.clone()));
        self.releasing || next == Some(Action::Release)
    }

    /// That time, or the earliest that a step waits for.
    fn sooner(&self, until_ns: Option<u64>) -> Option<u64> {
        [until_ns, self.next_time_ns()].into_iter().flatten().min()
    }

    /// The earliest time that a step waits for.
    fn next_time_ns(&self) -> Option<u64> {
        let inner = self.steps.lock();
        let times = inner.steps.iter().filter_map(|(step, came)| match (&step.when, came) {
            (Trigger::Time { time }, StepCame::Waiting { .. }) => Some(time.0),
            _ => None,
        });
        times.chain(self.waiting_until_ns).min()
    }
}

impl Plan for ScenarioPlan {
    fn next(&mut self, view: View<'_>) -> Instruction {
        self.asked = None;
        self.mark(|step, _| matches!(step.when, Trigger::Time { time } if time.0 <= view.now_ns));
        if view.instance.state().is_end() {
            return Instruction::Finish;
        }
        // While the manager does nothing, what is due waits too.
        if self.waiting_until_ns.is_some_and(|until| view.now_ns < until) {
            return Instruction::Wait(self.next_time_ns());
        }
        self.waiting_until_ns = None;
        if !self.is_leaving()
            && let Some(next) = self.inner.enumerate_again(view)
        {
            return next;
        }
        if let Some(next) = self.take_due(view) {
            return next;
        }
        if self.releasing && self.state != Some(State::Closed) {
            return match view.instance.interface() {
                Interface::Given(_) => {
                    Instruction::Call(Call::SetProgressCallback(SetProgressCallback { callback: None }))
                }
                _ => Instruction::Call(Call::Release),
            };
        }
        let view = View { cancelled: view.cancelled || self.cancelled, ..view };
        match self.inner.next(view) {
            // The ordinary manager is about to prepare, or to leave: now there is time to look around.
            Instruction::Call(call @ (Call::SetProgressCallback(_) | Call::PrepareForSync(_) | Call::Release))
                if matches!(self.state, Some(State::Enumerated | State::Ready)) =>
            {
                let given = matches!(view.instance.interface(), Interface::Given(_));
                Instruction::Call(self.surveyor.next(view.instance.items(), given).unwrap_or(call))
            }
            Instruction::Close(until_ns) => {
                let given = matches!(view.instance.interface(), Interface::Given(_));
                let survey = matches!(self.state, Some(State::Enumerated | State::Ready))
                    .then(|| self.surveyor.next(view.instance.items(), given))
                    .flatten();
                survey.map_or_else(|| Instruction::Close(self.sooner(until_ns)), Instruction::Call)
            }
            Instruction::Wait(until_ns) => Instruction::Wait(self.sooner(until_ns)),
            next => next,
        }
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback) -> Wish {
        let thread = view.thread.to_string();
        let cancelled = view.cancelled || self.cancelled;
        let mut wish = if cancelled { Wish::CancelAll } else { Wish::None };
        for (step, came) in &mut self.steps.lock().steps {
            if let (Trigger::Callback(pattern), Action::Reply(reply), StepCame::Waiting { fitting }) =
                (&step.when, &step.action, &mut *came)
                && pattern.fits(callback, &thread, view.instance.items())
            {
                *fitting += 1;
                if *fitting == pattern.nth {
                    let standing = view.session.standing(view.instance.id(), callback);
                    if standing.is_expected() {
                        *came = StepCame::Taken;
                        wish = (*reply).into();
                    } else {
                        *came = StepCame::Illegal("the callback is out of the protocol, and refused".to_owned());
                    }
                }
            }
        }
        wish
    }

    fn may_hold(&self) -> bool {
        self.steps.lock().steps.iter().any(|(step, _)| matches!(step.action, Action::Hold(_)))
    }

    fn hold(&mut self, view: View<'_>, callback: &Callback) -> Option<host::Hold> {
        let thread = view.thread.to_string();
        let mut held = None;
        for (at, (step, came)) in self.steps.lock().steps.iter_mut().enumerate() {
            if let (Trigger::Callback(pattern), Action::Hold(hold), StepCame::Waiting { fitting }) =
                (&step.when, &step.action, &mut *came)
                && pattern.fits(callback, &thread, view.instance.items())
            {
                *fitting += 1;
                if *fitting == pattern.nth {
                    let counted = self.counter.came(at, view.instance.id());
                    let on_apartment = *view.thread == Thread::APARTMENT;
                    *came = StepCame::Taken;
                    match hold.begin(view.instance.id(), on_apartment, counted, view.session) {
                        // A callback has one reply: of several holds the first one counts.
                        Ok(hold) => held = held.or(Some(hold)),
                        Err(NotHeld::There) => {}
                        Err(NotHeld::InVain(why)) => *came = StepCame::Illegal(why.to_owned()),
                    }
                }
            }
        }
        held
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        let surveyed = matches!(&event.kind, EventKind::Return { what, .. } if self.surveyor.returned(what));
        let mut woken = !surveyed && self.inner.observe(event, session);
        if let EventKind::Callback { what, .. } = &event.kind {
            let thread = event.thread.to_string();
            let Some(instance) = session.instance(event.handler) else { return woken };
            // Replies are given while the callback is answered, in `wish`, and held in `hold`.
            woken |= self.mark(|step, fitting| match (&step.when, &step.action) {
                (_, Action::Reply(_) | Action::Hold(_)) => false,
                (Trigger::Callback(pattern), _) if pattern.fits(what, &thread, instance.items()) => {
                    *fitting += 1;
                    *fitting == pattern.nth
                }
                _ => false,
            });
        }
        self.steps.remember(event, session);
        if let Some(instance) = session.instance(event.handler) {
            woken |= self.reach(instance.state());
        }
        woken
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        if self.surveyor.refused() {
            return;
        }
        match self.asked.take() {
            Some(at) => self.set(at, StepCame::Illegal(why.to_string())),
            None => self.inner.refused(call, why),
        }
    }
}
