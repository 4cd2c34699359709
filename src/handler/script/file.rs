//! The script format: the types of the file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::protocol::{
    CallMethod, CallbackMethod, Delay, ErrorFlags, FileTime, Guid, HResult, HandlerFlags, HandlerInfo, Item, ItemFlags,
    ItemState, LogLevel, LogMask, ProgressMask, Status, Text,
};

/// A scripted handler. What is not described is done well: a script of items alone is a good handler.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The schema that editors check the file against.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `script`.
    pub kind: ScriptKind,
    /// The version of the format: 1.
    pub version: u32,
    /// The handler's name.
    pub name: Text,
    /// What the script is for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `SyncMgrHandlerFlags`.
    #[serde(default)]
    pub flags: HandlerFlags,
    /// The items, in the order of their enumeration.
    #[serde(default)]
    pub items: Vec<ScriptItem>,
    /// What a cancel in a reply to Progress brings about.
    #[serde(default)]
    pub on_cancel: Answer,
    /// What SetItemStatus(SKIPPED) brings about.
    #[serde(default)]
    pub on_skip: Answer,
    /// Threads go on after the last Release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub survives_release: bool,
    /// What the enumerator does wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enumerator: Vec<Fault>,
    /// What each method does; what is not there is done well.
    #[serde(default)]
    pub methods: Methods,
}

/// The file's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScriptKind {
    /// A scripted handler.
    Script,
}

/// A GUID in a script: `{…}`, or a short name (`A`…`Z` for items, `E1`…`E99` for errors, `GUID_NULL`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub Guid);

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.alias() {
            Some(alias) => serializer.serialize_str(&alias),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Guid::from_alias(&text).map_or_else(|| text.parse(), Ok).map(Self).map_err(|_: crate::protocol::UnknownName| {
            de::Error::custom(format_args!(
                "`{text}` is not an ID; expected {{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}}, or a short name: A to Z for \
                 items, E1 to E99 for errors"
            ))
        })
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a GUID {XXXXXXXX-…}, or a short name: A to Z for items, E1 to E99 for errors, GUID_NULL",
            "type": "string"
        })
    }
}

/// An item of a script.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptItem {
    /// The ItemID.
    pub id: Id,
    /// The item's name.
    pub name: Text,
    /// The item's flags.
    #[serde(default)]
    pub flags: ItemFlags,
    /// Whether it is preselected.
    #[serde(default = "checked")]
    pub state: ItemState,
    /// The time of its last update; means something with the flag LASTUPDATETIME.
    #[serde(default)]
    pub last_update: FileTime,
}

fn checked() -> ItemState {
    ItemState::CHECKED
}

impl ScriptItem {
    /// As it is enumerated.
    pub fn to_item(&self) -> Item {
        Item {
            id: self.id.0,
            name: self.name.clone(),
            flags: self.flags,
            state: self.state,
            last_update: self.last_update,
        }
    }
}

/// How the handler answers being told to stop an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Takes no notice at all.
    pub ignore: bool,
    /// How many more UPDATING reports are still made.
    pub after: u32,
    /// The final status that is reported; null reports none.
    pub ends: Option<Status>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { ignore: false, after: 0, ends: Some(Status::SKIPPED) }
    }
}

/// What an enumerator does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// `Next` returns E_NOTIMPL.
    NextNotImplemented,
    /// `Next` returns S_OK although it delivers fewer items than asked for.
    NextOkWhenShort,
    /// `Next` returns S_FALSE although it delivers all that was asked for.
    NextFalseWhenFull,
    /// `Next` writes one item more than asked for.
    NextOverDelivers,
    /// `Next` says one item more than it delivers.
    NextMiscounts,
    /// `Next` delivers items and returns E_FAIL.
    NextFailsAndDelivers,
    /// Past the end, `Next` returns E_FAIL.
    EndFails,
    /// Past the end, `Next` begins again.
    EndWrapsAround,
    /// `Reset` does nothing.
    ResetDoesNothing,
    /// `Skip` does nothing.
    SkipDoesNothing,
    /// `Skip` says S_OK past the end.
    SkipAlwaysOk,
    /// A clone stands at the beginning.
    CloneAtBeginning,
    /// A clone and its original move together.
    CloneShares,
    /// Each enumeration gives new ItemIDs.
    NewIds,
}

/// The methods of a script, each with one behaviour, or a list: the first call, the second and so on; the last one stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(non_snake_case, reason = "the fields are the methods' names, as they stand in the file")]
pub struct Methods {
    /// `Initialize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub Initialize: Option<Behaviours>,
    /// `GetHandlerInfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub GetHandlerInfo: Option<Behaviours>,
    /// `EnumSyncMgrItems`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub EnumSyncMgrItems: Option<Behaviours>,
    /// `GetItemObject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub GetItemObject: Option<Behaviours>,
    /// `ShowProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ShowProperties: Option<Behaviours>,
    /// `SetProgressCallback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub SetProgressCallback: Option<Behaviours>,
    /// `PrepareForSync`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub PrepareForSync: Option<Behaviours>,
    /// `Synchronize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub Synchronize: Option<Behaviours>,
    /// `SetItemStatus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub SetItemStatus: Option<Behaviours>,
    /// `ShowError`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ShowError: Option<Behaviours>,
    /// The last `Release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub Release: Option<Behaviours>,
}

impl Methods {
    /// What the `nth` call (from 0) of a method does, where the script says it.
    pub fn behaviour(&self, method: CallMethod, nth: usize) -> Option<&Behaviour> {
        let list = &self.of(method)?.0;
        list.get(nth).or(list.last())
    }

    /// What the script says of a method.
    pub(super) fn of(&self, method: CallMethod) -> Option<&Behaviours> {
        match method {
            CallMethod::Initialize => &self.Initialize,
            CallMethod::GetHandlerInfo => &self.GetHandlerInfo,
            CallMethod::EnumSyncMgrItems => &self.EnumSyncMgrItems,
            CallMethod::GetItemObject => &self.GetItemObject,
            CallMethod::ShowProperties => &self.ShowProperties,
            CallMethod::SetProgressCallback => &self.SetProgressCallback,
            CallMethod::PrepareForSync => &self.PrepareForSync,
            CallMethod::Synchronize => &self.Synchronize,
            CallMethod::SetItemStatus => &self.SetItemStatus,
            CallMethod::ShowError => &self.ShowError,
            CallMethod::Release => &self.Release,
            CallMethod::Next | CallMethod::Skip | CallMethod::Reset | CallMethod::Clone => &None,
        }
        .as_ref()
    }
}

/// One behaviour, or one for each call in turn.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(with = "OneOrMany")]
#[serde(transparent)]
pub struct Behaviours(pub Vec<Behaviour>);

/// For the schema only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the two forms for the schema; reading is written out below for its errors")]
enum OneOrMany {
    One(Box<Behaviour>),
    Many(Vec<Behaviour>),
}

impl<'de> Deserialize<'de> for Behaviours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Behaviours;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what the method does (an object), or a list of it for each call in turn")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Behaviours, A::Error> {
                Behaviour::deserialize(de::value::MapAccessDeserializer::new(map)).map(|one| Behaviours(vec![one]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Behaviours, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Behaviours)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What one call does.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Done before the return, on the manager's own thread.
    #[serde(rename = "do", skip_serializing_if = "are_none")]
    pub steps: Steps,
    /// What is returned; by default what a good handler returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<HResult>,
    /// Done after the return, on a thread named `worker`.
    #[serde(skip_serializing_if = "are_none")]
    pub then: Steps,
    /// Done on threads of these names, which start with the call.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "threads")]
    pub threads: BTreeMap<String, Steps>,
    /// `GetHandlerInfo`: the structure instead of the script's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<HandlerInfo>,
    /// `GetHandlerInfo`, `EnumSyncMgrItems`: nothing comes back beside the result.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub null: bool,
    /// `EnumSyncMgrItems`: the items instead of the script's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ScriptItem>>,
    /// `GetItemObject`: an object comes back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub object: bool,
}

/// Steps, one after the other. Threads share them.
pub type Steps = Arc<[Step]>;

/// Threads by their names. A name that is given twice would lose a thread.
fn threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Steps>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = BTreeMap<String, Steps>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of threads, each a list of steps")
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut threads = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                match threads.entry(name) {
                    Entry::Occupied(there) => {
                        return Err(de::Error::custom(format_args!("duplicate field `{}`", there.key())));
                    }
                    Entry::Vacant(free) => free.insert(map.next_value()?),
                };
            }
            Ok(threads)
        }
    }
    deserializer.deserialize_map(Visitor)
}

fn are_none(steps: &Steps) -> bool {
    steps.is_empty()
}

/// One step of what a handler does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Calls `Progress`.
    Progress(ProgressStep),
    /// Synchronizes an item: UPDATING from 0 to its units, then a final status.
    Work(WorkStep),
    /// Calls `LogError`.
    Log(LogStep),
    /// Calls `DeleteLogError`; GUID_NULL for all.
    DeleteLog(Id),
    /// Calls `EnableModeless`: true before a dialog, false after it. The false is left out when the true was refused.
    Dialog(bool),
    /// Calls `EnableModeless(FALSE)`, whatever was granted.
    ForceDialogEnd(Yes),
    /// Calls `EstablishConnection`; null is the default connection.
    Connect(Option<Text>),
    /// Calls the completion of the method in which the step stands.
    Complete(HResult),
    /// Calls the completion, if this is the last of the method's threads to come here.
    CompleteIfLast(HResult),
    /// Calls a completion of any method.
    CompleteAs(CompleteAs),
    /// Calls `ShowErrorCompleted(S_SYNCMGR_RETRYSYNC, items)`.
    Retry(Vec<Id>),
    /// Makes any callback, with the arguments as they stand in traces.
    Callback(RawCallback),
    /// Waits.
    Wait(Delay),
    /// Waits for something.
    WaitFor(WaitFor),
    /// Never goes on.
    Hang(Yes),
    /// Panics.
    Panic(String),
    /// Does steps several times.
    Repeat(Repeat),
    /// Starts a thread.
    Start(Start),
}

/// A call of `Progress`. It is left out when the item was not prepared, or is to be stopped.
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
    /// Made whatever the handler was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

/// Synchronizes one item: UPDATING 0/n to n/n, then a final status. It stops when told to, and is left out when the item
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
    /// The error's text can be followed (ENABLEJUMPTEXT).
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

/// A callback as it stands in traces.
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

/// Steps that are done several times.
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

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// `SetItemStatus(SKIPPED)` for the item.
    Skip(Id),
    /// A cancel of the item, alone or with all.
    Cancel(Id),
    /// The return of the method in which the step stands.
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
            false => Err(de::Error::custom("expected true, found false; leave the step out if it is not wanted")),
        }
    }
}

impl JsonSchema for Yes {
    fn schema_name() -> Cow<'static, str> {
        "Yes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "true; a step that is not wanted is left out", "const": true })
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
