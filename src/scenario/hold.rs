//! The action `hold`: until what the reply to a callback is held.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event_pattern::{EventPattern, EventPatternWire, What};
use super::pattern::{ItemRef, named_state};
use super::step::{Action, Step};
use crate::host::{self, Observer};
use crate::json::Id;
use crate::protocol::{Call, CallMethod, Delay, Event, EventKind, HResult, HandlerId, Session, State, Status};

/// Until what a reply is held, and for how long at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Until what.
    pub until: Until,
    /// For how long at most. Without it, a little longer than an asynchronous method may take (`blocking`): 1.25s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Delay>,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hold the reply until {}", self.until)?;
        match self.at_most {
            Some(at_most) => write!(f, ", for {at_most} at most"),
            None => Ok(()),
        }
    }
}

/// What ends a hold: `{"return": …}`, `{"call": …}`, `{"callback": …}`, `{"note": …}`, `{"state": …}` or `{"time": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UntilWire", into = "UntilWire")]
#[schemars(with = "UntilWire")]
pub enum Until {
    /// An event.
    Event {
        /// Which.
        event: Box<EventPattern>,
        /// The item that the call was about which returns.
        of_call: Option<ItemRef>,
        /// The `nth` of the instance's session; the next one without it.
        nth: Option<u32>,
        /// Of another instance than the one that called back.
        instance: Option<HandlerId>,
    },
    /// The session is in this state.
    State {
        /// The state.
        state: State,
        /// Of another instance than the one that called back.
        instance: Option<HandlerId>,
    },
    /// So much time has passed.
    Time(Delay),
}

/// What ends a hold, as it stands in the file.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct UntilWire {
    /// The session is in this state, or its instance is gone.
    #[serde(skip_serializing_if = "Option::is_none", with = "named_state::optional")]
    #[schemars(schema_with = "super::schema::optional_state")]
    state: Option<State>,
    /// So much time has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Delay>,
    /// The manager calls this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_call")]
    call: Option<String>,
    /// The handler returns from this method.
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_call")]
    returns: Option<String>,
    /// The handler calls this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_callback")]
    callback: Option<String>,
    /// A note of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_note")]
    note: Option<String>,
    /// The event is about this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemRef>,
    /// The event has this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// The event is about this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Id>,
    /// A return's result, or the result that a completion carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    hr: Option<HResult>,
    /// The event is on this thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    /// Which one in the whole session, from 1; the next one without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    nth: Option<u32>,
    /// The number of the instance that it happens to, from 1; without it, the one that called back.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<HandlerId>,
}

impl TryFrom<UntilWire> for Until {
    type Error = String;

    fn try_from(wire: UntilWire) -> Result<Self, String> {
        let UntilWire { state, time, call, returns, callback, note, .. } = &wire;
        let given = [call, returns, callback, note].into_iter().flatten().count();
        let one = given + usize::from(state.is_some()) + usize::from(time.is_some());
        if one != 1 {
            return Err(
                "`until` needs exactly one of `return`, `call`, `callback`, `note`, `state` and `time`".to_owned()
            );
        }
        if wire.nth == Some(0) {
            return Err("`nth` counts from 1".to_owned());
        }
        let narrowed = wire.item.is_some() || wire.status.is_some() || wire.error.is_some() || wire.hr.is_some();
        if given == 0 && (narrowed || wire.thread.is_some() || wire.nth.is_some()) {
            return Err("`state` and `time` cannot be used with fields of an event".to_owned());
        }
        let instance = wire.instance;
        match (*state, *time) {
            (Some(state), _) => Ok(Self::State { state, instance }),
            (None, Some(time)) if instance.is_none() => Ok(Self::Time(time)),
            (None, Some(_)) => Err("`time` cannot be used with `instance`".to_owned()),
            (None, None) => {
                let UntilWire { call, returns, callback, note, mut item, status, error, hr, thread, nth, .. } = wire;
                // A return says no item, but that of its call is known.
                let of_item = returns.as_deref() == Some(CallMethod::SetItemStatus.name());
                let of_call = if of_item { item.take() } else { None };
                if of_call.is_some() && nth.is_some() {
                    return Err("`nth` cannot be used with the `item` of a `return`".to_owned());
                }
                let pattern = EventPatternWire {
                    call,
                    returns,
                    callback,
                    note,
                    item,
                    status,
                    error,
                    hr,
                    thread,
                    ..EventPatternWire::default()
                };
                Ok(Self::Event { event: Box::new(pattern.try_into()?), of_call, nth, instance })
            }
        }
    }
}

impl From<Until> for UntilWire {
    fn from(until: Until) -> Self {
        match until {
            Until::Time(time) => Self { time: Some(time), ..Self::default() },
            Until::State { state, instance } => Self { state: Some(state), instance, ..Self::default() },
            Until::Event { event, of_call, nth, instance } => {
                let EventPatternWire { call, returns, callback, note, item, status, error, hr, thread, .. } =
                    (*event).into();
                let item = item.or(of_call);
                let more = Self { nth, instance, ..Self::default() };
                Self { call, returns, callback, note, item, status, error, hr, thread, ..more }
            }
        }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |f: &mut fmt::Formatter<'_>, instance: &Option<HandlerId>| match instance {
            Some(instance) => write!(f, " of instance {instance}"),
            None => Ok(()),
        };
        match self {
            Until::Time(time) => write!(f, "{time} have passed"),
            Until::State { state, instance } => {
                write!(f, "the state {state}")?;
                of(f, instance)
            }
            Until::Event { event, of_call, nth, instance } => {
                write!(f, "{}", event.what)?;
                if let Some(item) = event.item.as_ref().or(of_call.as_ref()) {
                    write!(f, " of {item}")?;
                }
                if let Some(status) = event.status {
                    write!(f, " with {status}")?;
                }
                if let Some(nth) = nth {
                    write!(f, ", number {nth}")?;
                }
                of(f, instance)
            }
        }
    }
}

/// Counts the events that holds count from the beginning of the session, whosever they are.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<Mutex<Vec<Count>>>);

struct Count {
    /// The place of the step.
    step: usize,
    event: EventPattern,
    /// Of which instance; without it, of the one whose step it is.
    of: Option<HandlerId>,
    came: BTreeMap<HandlerId, u32>,
}

impl Counter {
    /// For the holds among these steps.
    pub(super) fn of(steps: &[Step]) -> Self {
        let count = |(step, what): (usize, &Step)| {
            let Action::Hold(hold) = &what.action else { return None };
            let (event, of) = hold.counted()?;
            Some(Count { step, event: event.clone(), of, came: BTreeMap::new() })
        };
        Self(Arc::new(Mutex::new(steps.iter().enumerate().filter_map(count).collect())))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is anything to count.
    pub(super) fn is_needed(&self) -> bool {
        !self.lock().is_empty()
    }

    /// How often the event of a step came.
    pub(super) fn came(&self, step: usize, own: HandlerId) -> u32 {
        let counts = self.lock();
        let count = counts.iter().find(|count| count.step == step);
        count.and_then(|count| count.came.get(&count.of.unwrap_or(own))).copied().unwrap_or(0)
    }
}

impl Observer for Counter {
    fn event(&mut self, event: &Event, session: &Session, _: bool) -> bool {
        let Some(instance) = session.instance(event.handler) else { return false };
        for count in self.lock().iter_mut() {
            if count.event.fits(event, None, instance.items()) {
                *count.came.entry(event.handler).or_default() += 1;
            }
        }
        false
    }
}

/// Why a reply is not held.
pub(super) enum NotHeld {
    /// What it would be held for is there already.
    There,
    /// It would be held in vain.
    InVain(&'static str),
}

impl Hold {
    /// The event that is counted from the beginning of the session, and of which instance.
    fn counted(&self) -> Option<(&EventPattern, Option<HandlerId>)> {
        match &self.until {
            Until::Event { event, nth: Some(_), instance, .. } => Some((event, *instance)),
            _ => None,
        }
    }

    /// The call of the manager that is waited for.
    fn call(&self) -> Option<CallMethod> {
        match &self.until {
            Until::Event { event, .. } => match event.what {
                What::Call(method) | What::Return(method) => Some(method),
                What::Callback(_) | What::Note(_) => None,
            },
            Until::State { .. } | Until::Time(_) => None,
        }
    }

    /// What the host is told. `own` is the instance that called back, `on_apartment` says that it did so on the manager's own
    /// thread, and `came` is how often the [counted](Self::counted) event has come.
    pub(super) fn begin(
        &self,
        own: HandlerId,
        on_apartment: bool,
        came: u32,
        session: &Session,
    ) -> Result<host::Hold, NotHeld> {
        let call = self.call();
        if call.is_some() && on_apartment {
            return Err(NotHeld::InVain(
                "the callback came on the manager's own thread, which has to make the call that the reply would be held for",
            ));
        }
        let ends: host::Ends = match &self.until {
            Until::Time(_) => Box::new(|_: &Event, _: &Session| false),
            Until::State { state, instance } => {
                let (state, of) = (*state, instance.unwrap_or(own));
                let there = move |session: &Session| {
                    let now = session.instance(of).map(crate::protocol::Instance::state);
                    now.is_some_and(|now| now == state || now.is_end())
                };
                if there(session) {
                    return Err(NotHeld::There);
                }
                Box::new(move |_, session| there(session))
            }
            Until::Event { event, of_call: Some(item), instance, .. } => {
                let (event, item, of) = (event.clone(), item.clone(), instance.unwrap_or(own));
                // It is skipped once in a round: nothing more comes.
                let is_skipped = session.instance(of).is_some_and(|instance| {
                    let known = item.id(instance.items()).and_then(|id| instance.item(id));
                    known.is_some_and(|known| known.skipped)
                });
                if is_skipped {
                    return Err(NotHeld::There);
                }
                let mut open = None;
                Box::new(move |now: &Event, session: &Session| {
                    let Some(instance) = session.instance(of).filter(|_| now.handler == of) else { return false };
                    match &now.kind {
                        EventKind::Call { call, what } => {
                            if let Call::SetItemStatus(args) = &**what
                                && item.id(instance.items()) == Some(args.item)
                            {
                                open = Some(*call);
                            }
                            false
                        }
                        EventKind::Return { call, .. } => {
                            open == Some(*call) && event.fits(now, None, instance.items())
                        }
                        _ => false,
                    }
                })
            }
            Until::Event { event, nth, instance, .. } => {
                let (event, of) = (event.clone(), instance.unwrap_or(own));
                let mut left = nth.map_or(1, |nth| nth.saturating_sub(came));
                if left == 0 {
                    return Err(NotHeld::There);
                }
                Box::new(move |now: &Event, session: &Session| {
                    if now.handler == of
                        && let Some(instance) = session.instance(of)
                        && event.fits(now, None, instance.items())
                    {
                        left = left.saturating_sub(1);
                    }
                    left == 0
                })
            }
        };
        let time = match &self.until {
            Until::Time(time) => Some(time.0),
            Until::Event { .. } | Until::State { .. } => None,
        };
        let at_most_ns = [time, self.at_most.map(|at_most| at_most.0)].into_iter().flatten().min();
        Ok(host::Hold {
            until: self.until.to_string().as_str().into(),
            call,
            for_time: time.is_some(),
            at_most_ns,
            ends,
            by_hand: None,
        })
    }

    /// For how long it is held at most, as far as it says.
    pub(super) fn longest_ns(&self) -> u64 {
        let time = if let Until::Time(time) = &self.until { time.0 } else { 0 };
        self.at_most.map_or(time, |at_most| at_most.0)
    }
}
