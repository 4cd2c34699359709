//! The script format: the steps that a handler does.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::condition::Condition;
use crate::json::Id;
use crate::protocol::{
    CallbackMethod, Delay, ErrorFlags, Guid, HResult, LogLevel, LogMask, ProgressMask, Status, Text,
};

/// Steps, one after the other. Threads share them.
pub type Steps = Arc<[ScriptStep]>;

/// One step of what a handler does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptStep {
    /// Calls `Progress`.
    Progress(ProgressStep),
    /// Synchronizes an item: UPDATING from 0 to its units, then a final status.
    Work(WorkStep),
    /// Calls `LogError`.
    Log(LogStep),
    /// Calls `DeleteLogError`; GUID_NULL means all errors.
    DeleteLog(Id),
    /// Calls `EnableModeless`: true before a dialog, false after it. The false is skipped if the true was refused.
    Dialog(bool),
    /// Calls `EnableModeless(FALSE)`, even if nothing was granted.
    ForceDialogEnd(Yes),
    /// Calls `EstablishConnection`; null is the default connection.
    Connect(Option<Text>),
    /// Calls the completion of the method that contains the step.
    Complete(HResult),
    /// Calls the completion, if this is the last of the method's threads to get here.
    CompleteIfLast(HResult),
    /// Calls a completion of any method.
    CompleteAs(CompleteAs),
    /// Calls `ShowErrorCompleted(S_SYNCMGR_RETRYSYNC, items)`.
    Retry(Vec<Id>),
    /// Makes any callback, with the arguments in the form of traces.
    Callback(RawCallback),
    /// Waits.
    Wait(Delay),
    /// Waits for something.
    WaitFor(WaitFor),
    /// Never continues.
    Hang(Yes),
    /// Panics.
    Panic(String),
    /// Repeats steps.
    Repeat(Repeat),
    /// Starts a thread.
    Start(Start),
    /// Does one thing or another.
    When(When),
    /// Reads a variable that all threads of the instance share: the thread keeps the value.
    Read(String),
    /// Writes a shared variable: what the thread has read or written last, changed.
    Write(WriteStep),
    /// Reads a shared variable, adds to it and writes it, all in one step.
    Add(AddStep),
    /// Takes a lock of the instance, and waits until it is free.
    Lock(String),
    /// Gives a lock back.
    Unlock(String),
}

/// A call of `Progress`. It is skipped if the item was not prepared, or was cancelled or skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressStep {
    /// The item.
    pub item: Id,
    /// `dwStatusType`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// `iProgValue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i32>,
    /// `iMaxValue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i32>,
    /// `lpcStatusText`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The mask, instead of the one that follows from the fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<ProgressMask>,
    /// Makes the call even after a cancel or a skip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

/// Synchronizes one item: UPDATING 0/n to n/n, then a final status. It stops after a cancel or a skip, and is skipped if the item
/// was not prepared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkStep {
    /// The item.
    pub item: Id,
    /// How many units of work.
    #[serde(default = "three")]
    pub units: u16,
    /// How long each takes.
    #[serde(default = "one_millisecond")]
    pub each: Delay,
    /// The final status.
    #[serde(default = "succeeded")]
    pub ends: Status,
}

fn three() -> u16 {
    3
}

fn one_millisecond() -> Delay {
    Delay(1_000_000)
}

fn succeeded() -> Status {
    Status::SUCCEEDED
}

impl WorkStep {
    /// The work that is done for an item of which the script says nothing.
    pub fn usual(item: Guid) -> Self {
        Self { item: Id(item), units: three(), each: one_millisecond(), ends: succeeded() }
    }
}

/// A call of `LogError`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogStep {
    /// `dwErrorLevel`.
    #[serde(default = "error_level")]
    pub level: LogLevel,
    /// `lpcErrorText`; null is NULL.
    pub text: Option<Text>,
    /// The ErrorID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Id>,
    /// The ItemID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Id>,
    /// The user can open the error (ENABLEJUMPTEXT).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub jump: bool,
    /// The flags, instead of those that follow from `jump`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<ErrorFlags>,
    /// The mask, instead of the one that follows from the fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<LogMask>,
}

fn error_level() -> LogLevel {
    LogLevel::ERROR
}

/// A completion of any method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteAs {
    /// The completion callback, e.g. `SynchronizeCompleted`.
    #[serde(with = "callback_name")]
    #[schemars(with = "String")]
    pub method: CallbackMethod,
    /// Its result.
    pub hr: HResult,
    /// `ShowErrorCompleted`: the items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Id>,
}

/// A callback in the form of traces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCallback {
    /// The method.
    #[serde(with = "callback_name")]
    #[schemars(with = "String")]
    pub method: CallbackMethod,
    /// Its arguments; short names are not read here.
    pub args: serde_json::Value,
}

/// Steps that are repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many times.
    pub times: u32,
    /// What.
    #[serde(rename = "do")]
    pub steps: Steps,
}

/// A thread that is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Its name.
    pub thread: String,
    /// What it does.
    #[serde(rename = "do")]
    pub steps: Steps,
}

/// Steps that depend on a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// What must hold.
    #[serde(rename = "is")]
    pub condition: Condition,
    /// The steps if it is true.
    #[serde(rename = "do")]
    pub steps: Steps,
    /// The steps if it is false.
    #[serde(rename = "else", default, skip_serializing_if = "super::file::are_none")]
    pub otherwise: Steps,
}

/// A shared variable that is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteStep {
    /// Its name. A variable that nobody has written is 0.
    pub variable: String,
    /// The value, instead of the one that the thread has read or written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// What is added to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub add: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// A shared variable to which something is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddStep {
    /// Its name. A variable that nobody has written is 0.
    pub variable: String,
    /// What is added.
    pub by: i64,
}

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// `SetItemStatus(SKIPPED)` for the item.
    Skip(Id),
    /// A cancel of the item, alone or with all.
    Cancel(Id),
    /// The return of the method that contains the step.
    Return(Yes),
    /// The last `Release`.
    Release(Yes),
}

/// `true`: what has no other value. A step that is not wanted is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yes;

impl Serialize for Yes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(de::Error::custom("expected true, found false; remove the step if it should not run")),
        }
    }
}

impl JsonSchema for Yes {
    fn schema_name() -> Cow<'static, str> {
        "Yes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "true; remove the step if it should not run", "const": true })
    }
}

/// A callback's method by its name.
mod callback_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::protocol::CallbackMethod;

    pub fn serialize<S: Serializer>(method: &CallbackMethod, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(method.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CallbackMethod, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
