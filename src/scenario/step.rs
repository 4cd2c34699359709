//! The steps of a scenario: what is done, when, and what must come of it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::file::is_default;
use super::hold::Hold;
use super::pattern::{CallbackPattern, ItemRef, named_state};
use crate::json::Id;
use crate::protocol::{CallbackMethod, Delay, State, Status, Wish};

/// Something that the user or the manager does once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "StepWire")]
#[schemars(with = "StepWire")]
pub struct Step {
    /// When.
    pub when: Trigger,
    /// What.
    #[serde(rename = "do")]
    pub action: Action,
    /// What must happen to it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expect: StepExpect,
    /// What it is there for, for whoever reads the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Step {
    /// A step that is to be taken.
    pub const fn new(when: Trigger, action: Action) -> Self {
        Self { when, action, expect: StepExpect::Taken, comment: None }
    }
}

/// What must happen to a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepExpect {
    /// Its trigger comes, and it is done.
    #[default]
    Taken,
    /// Its trigger comes, but the protocol does not allow the action then: it is not done.
    Illegal,
    /// Its trigger never comes.
    Never,
}

/// A step as it stands in the file, before it is known to make sense.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepWire {
    #[schemars(schema_with = "super::schema::trigger")]
    when: Trigger,
    #[serde(rename = "do")]
    action: Action,
    /// What must happen to it; `taken` by default.
    #[serde(default)]
    expect: StepExpect,
    /// What it is there for, for whoever reads the file.
    #[serde(default)]
    comment: Option<String>,
}

impl TryFrom<StepWire> for Step {
    type Error = String;

    fn try_from(wire: StepWire) -> Result<Self, String> {
        let StepWire { when, action, expect, comment } = wire;
        if matches!(action, Action::Hold(_)) && !matches!(when, Trigger::Callback(_)) {
            return Err(
                "`hold` holds the reply to a callback: its trigger must be {\"callback\": METHOD, …}".to_owned()
            );
        }
        if let Action::Reply(reply) = action {
            let answers = reply.answers();
            match &when {
                Trigger::Callback(pattern) if pattern.callback == answers => {}
                Trigger::Callback(pattern) => {
                    return Err(format!(
                        "the reply `{reply}` answers {answers}, but this step waits for {}",
                        pattern.callback
                    ));
                }
                _ => {
                    return Err(format!(
                        "the reply `{reply}` answers a callback: its trigger must be {{\"callback\": \"{answers}\", …}}"
                    ));
                }
            }
        }
        Ok(Self { when, action, expect, comment })
    }
}

/// When a step is taken: `{"state": …}`, `{"callback": …}` or `{"time": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TriggerWire", untagged)]
pub enum Trigger {
    /// The session reaches a state for the `nth` time.
    State {
        /// The state.
        #[serde(with = "named_state")]
        state: State,
        /// Which time, from 1.
        #[serde(skip_serializing_if = "is_one")]
        nth: u32,
    },
    /// The `nth` callback that fits.
    Callback(CallbackPattern),
    /// So long after the session began.
    Time {
        /// How long.
        time: Delay,
    },
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

/// A trigger as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerWire {
    /// The session reaches this state.
    #[serde(default, deserialize_with = "named_state::optional::deserialize")]
    state: Option<State>,
    /// The handler calls this method.
    #[serde(default, deserialize_with = "super::pattern::callback_name::optional::deserialize")]
    callback: Option<CallbackMethod>,
    /// So long after the session began.
    #[serde(default)]
    time: Option<Delay>,
    /// Which time it happens, from 1.
    #[serde(default)]
    nth: Option<u32>,
    /// The callback is about this item.
    #[serde(default)]
    item: Option<ItemRef>,
    /// The callback reports this status.
    #[serde(default)]
    status: Option<Status>,
    /// The callback comes on this thread.
    #[serde(default)]
    thread: Option<String>,
}

impl TryFrom<TriggerWire> for Trigger {
    type Error = String;

    fn try_from(wire: TriggerWire) -> Result<Self, String> {
        let nth = wire.nth.unwrap_or(1);
        if nth == 0 {
            return Err("`nth` counts from 1".to_owned());
        }
        let narrowed = wire.item.is_some() || wire.status.is_some() || wire.thread.is_some();
        match (wire.state, wire.callback, wire.time) {
            (None, Some(callback), None) => {
                let pattern =
                    CallbackPattern { callback, nth, item: wire.item, status: wire.status, thread: wire.thread };
                pattern.check()?;
                Ok(Trigger::Callback(pattern))
            }
            (..) if narrowed => Err("`item`, `status` and `thread` are allowed only with `callback`".to_owned()),
            (Some(state), None, None) => Ok(Trigger::State { state, nth }),
            (None, None, Some(time)) if wire.nth.is_none() => Ok(Trigger::Time { time }),
            (None, None, Some(_)) => Err("`nth` cannot be used with `time`, which occurs only once".to_owned()),
            _ => Err("a trigger needs exactly one of `state`, `callback` and `time`".to_owned()),
        }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Calls `SetItemStatus(item, SKIPPED)`.
    Skip(ItemRef),
    /// Answers the callback of the trigger.
    Reply(Reply),
    /// Calls `ShowError` for this ErrorID; `first` is the first live error with jump text.
    ShowError(ErrorRef),
    /// Calls `ShowProperties` for this item; `handler` is the handler itself.
    ShowProperties(ItemRef),
    /// Enumerates the items once more, in any state.
    Enumerate,
    /// The user cancels this handler: each of its items is told to stop. Other handlers of the session go on.
    Cancel,
    /// Takes the callback back and releases the handler, in any state.
    Release,
    /// Prepares the items that `ShowErrorCompleted` asked to retry. The manager also does so by itself.
    NextRound,
    /// The manager does nothing for this long.
    Wait(Delay),
    /// Holds the reply to the callback of the trigger.
    Hold(Hold),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Skip(item) => write!(f, "skip {item}"),
            Action::Reply(reply) => write!(f, "reply {reply}"),
            Action::ShowError(error) => write!(f, "show error {error}"),
            Action::ShowProperties(item) => write!(f, "show the properties of {item}"),
            Action::Enumerate => f.write_str("enumerate the items"),
            Action::Cancel => f.write_str("cancel the handler"),
            Action::Release => f.write_str("release"),
            Action::NextRound => f.write_str("start the next round"),
            Action::Wait(delay) => write!(f, "wait {delay}"),
            Action::Hold(hold) => hold.fmt(f),
        }
    }
}

/// Which error is shown: an ErrorID (or its short name), or `first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorRef {
    /// The first live error with jump text, by ErrorID.
    First,
    /// This one.
    This(Id),
}

impl fmt::Display for ErrorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorRef::First => f.write_str("first"),
            ErrorRef::This(id) => id.fmt(f),
        }
    }
}

impl Serialize for ErrorRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ErrorRef::First => serializer.serialize_str("first"),
            ErrorRef::This(id) => id.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ErrorRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "first" {
            return Ok(ErrorRef::First);
        }
        Id::deserialize(serde::de::value::StringDeserializer::new(word)).map(ErrorRef::This)
    }
}

impl JsonSchema for ErrorRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "an ErrorID, its short name, or `first`", "type": "string" })
    }
}

/// How a callback is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// `Progress`: S_SYNCMGR_CANCELITEM.
    CancelItem,
    /// `Progress`: S_SYNCMGR_CANCELALL.
    CancelAll,
    /// `EnableModeless(TRUE)`: S_FALSE.
    RefuseDialog,
    /// `EstablishConnection`: E_FAIL.
    FailConnection,
}

impl Reply {
    /// The callback that it answers.
    pub const fn answers(self) -> CallbackMethod {
        match self {
            Reply::CancelItem | Reply::CancelAll => CallbackMethod::Progress,
            Reply::RefuseDialog => CallbackMethod::EnableModeless,
            Reply::FailConnection => CallbackMethod::EstablishConnection,
        }
    }
}

impl From<Reply> for Wish {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::CancelItem => Wish::CancelItem,
            Reply::CancelAll => Wish::CancelAll,
            Reply::RefuseDialog => Wish::RefuseDialog,
            Reply::FailConnection => Wish::FailConnection,
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reply::CancelItem => "cancel-item",
            Reply::CancelAll => "cancel-all",
            Reply::RefuseDialog => "refuse-dialog",
            Reply::FailConnection => "fail-connection",
        })
    }
}
