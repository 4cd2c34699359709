//! The scenario format: the types of the file.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::event_pattern::EventPattern;
use super::look::Look;
use super::pattern::{CallbackPattern, ItemRef, named_state};
use crate::host::Selection;
use crate::json::Id;
use crate::protocol::{
    CallbackMethod, Cookie, Delay, Guid, Initialize, Outcome, Profile, State, Status, SyncEvent, SyncFlags, Wish,
};

/// What the first field of a scenario says.
pub const FORMAT: &str = "mobsync-scenario";
/// The version of the format that this program reads and writes.
pub const VERSION: u32 = 1;

/// What the manager and the user do in a session, and what must come of it. What is not said, an ordinary manager does:
/// it enumerates, prepares the chosen items, synchronizes them, and closes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The schema that editors check the file against.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `mobsync-scenario`.
    #[serde(deserialize_with = "this_format")]
    #[schemars(schema_with = "super::schema::format")]
    pub format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "super::schema::version")]
    pub version: u32,
    /// What it is about, in a line.
    pub title: String,
    /// The page of the reference that it follows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub follows: String,
    /// What happens and why it matters, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The handler: a handler file or a native library, relative to this file, or `filesync`. `--handler` replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// For `filesync`: LEFT=RIGHT pairs, relative to this file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// For a native library: the class, for which its `DllGetClassObject` gives a factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clsid: Option<Guid>,
    /// Decides the order of a scripted handler's threads.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seed: u64,
    /// Which Windows the manager plays.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: Profile,
    /// Why the session takes place.
    #[serde(default, skip_serializing_if = "is_default")]
    pub event: EventName,
    /// A session for configuration: nothing is synchronized.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: bool,
    /// There is a user who may be bothered (MAYBOTHERUSER).
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub user: bool,
    /// The cookie of an `invoke` session, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Cookie>,
    /// Which items the user chooses.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(schema_with = "super::schema::choose")]
    pub choose: Choose,
    /// `dwReserved` of `PrepareForSync`, which a handler ignores.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reserved: u32,
    /// What the manager looks at beside the ordinary, before it prepares anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub look: Vec<Look>,
    /// Native handlers are also asked what no session asks: interfaces, classes and aggregation.
    #[serde(default, skip_serializing_if = "is_default")]
    pub probes: bool,
    /// An ordinary session with another instance of the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub another: Option<Another>,
    /// How long a call may take, and a handler that owes a completion be silent. Default: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Delay>,
    /// How long an asynchronous method may take to return. Default: 1s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking: Option<Delay>,
    /// What the user and the manager do beyond the ordinary, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What must come of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expect: Expect,
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == FORMAT {
        return Ok(found);
    }
    Err(serde::de::Error::custom(format_args!("the format is `{found}`; expected `{FORMAT}`")))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

/// Why the session takes place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventName {
    /// The user asked for it.
    #[default]
    Manual,
    /// A network connection was made.
    Connect,
    /// A network connection is about to be closed.
    PendingDisconnect,
    /// The machine is idle.
    Idle,
    /// A program asked for it.
    Invoke,
    /// A schedule is due.
    Scheduled,
    /// None that the protocol has: to see how the handler takes it (INIT-06).
    Unknown,
}

/// A session with another instance: the same, but for what is said here, and without steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Another {
    /// Why it takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventName>,
    /// `dwReserved` of its `PrepareForSync`.
    #[serde(skip_serializing_if = "is_default")]
    pub reserved: u32,
    /// Side by side with the first; otherwise when the first is over.
    #[serde(skip_serializing_if = "is_default")]
    pub together: bool,
}

/// An event that the protocol does not have.
const UNKNOWN: SyncEvent = SyncEvent(0x4d);

impl EventName {
    const ALL: [(Self, SyncEvent); 6] = [
        (Self::Manual, SyncEvent::MANUAL),
        (Self::Connect, SyncEvent::CONNECT),
        (Self::PendingDisconnect, SyncEvent::PENDINGDISCONNECT),
        (Self::Idle, SyncEvent::IDLE),
        (Self::Invoke, SyncEvent::INVOKE),
        (Self::Scheduled, SyncEvent::SCHEDULED),
    ];
}

impl From<EventName> for SyncEvent {
    fn from(name: EventName) -> Self {
        EventName::ALL.iter().find(|(of, _)| *of == name).map_or(UNKNOWN, |(_, event)| *event)
    }
}

impl From<SyncEvent> for EventName {
    fn from(event: SyncEvent) -> Self {
        EventName::ALL.iter().find(|(_, of)| *of == event).map_or(EventName::Unknown, |(name, _)| *name)
    }
}

/// Which items the user chooses: `"checked"` (those that the handler preselects), `"all"`, `"none"`, or a list of IDs and
/// names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Choose {
    /// Those that the handler preselects.
    #[default]
    #[serde(serialize_with = "checked_word")]
    Checked,
    /// All.
    #[serde(serialize_with = "all_word")]
    All,
    /// None.
    #[serde(serialize_with = "none_word")]
    Nothing,
    /// These, in this order.
    These(Vec<ItemRef>),
}

fn checked_word<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("checked")
}

fn all_word<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("all")
}

fn none_word<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("none")
}

impl<'de> Deserialize<'de> for Choose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Choose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"checked\", \"all\", \"none\", or a list of items' IDs and names")
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Choose, E> {
                match word {
                    "checked" => Ok(Choose::Checked),
                    "all" => Ok(Choose::All),
                    "none" => Ok(Choose::Nothing),
                    _ => Err(E::unknown_variant(word, &["checked", "all", "none"])),
                }
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Choose, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(Choose::These)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl From<&Choose> for Selection {
    fn from(choose: &Choose) -> Self {
        match choose {
            Choose::Checked => Selection::Checked,
            Choose::All => Selection::All,
            Choose::Nothing => Selection::Nothing,
            Choose::These(items) => Selection::Named(items.iter().map(|item| item.0.clone()).collect()),
        }
    }
}

impl From<&Selection> for Choose {
    fn from(selection: &Selection) -> Self {
        match selection {
            Selection::Checked => Choose::Checked,
            Selection::All => Choose::All,
            Selection::Nothing => Choose::Nothing,
            Selection::Named(words) => Choose::These(words.iter().map(|word| ItemRef(word.clone())).collect()),
        }
    }
}

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
    /// What must come of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expect: StepExpect,
}

/// What must come of a step.
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
    /// What must come of it; `taken` unless said otherwise.
    #[serde(default)]
    expect: StepExpect,
}

impl TryFrom<StepWire> for Step {
    type Error = String;

    fn try_from(wire: StepWire) -> Result<Self, String> {
        let StepWire { when, action, expect } = wire;
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
                        "the reply `{reply}` answers a callback: its trigger is {{\"callback\": \"{answers}\", …}}"
                    ));
                }
            }
        }
        Ok(Self { when, action, expect })
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
            (..) if narrowed => Err("`item`, `status` and `thread` go with `callback`".to_owned()),
            (Some(state), None, None) => Ok(Trigger::State { state, nth }),
            (None, None, Some(time)) if wire.nth.is_none() => Ok(Trigger::Time { time }),
            (None, None, Some(_)) => Err("`nth` does not go with `time`: a time comes once".to_owned()),
            _ => Err("a trigger is exactly one of `state`, `callback` and `time`".to_owned()),
        }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Calls `SetItemStatus(item, SKIPPED)`.
    Skip(ItemRef),
    /// Answers the callback that is waited for.
    Reply(Reply),
    /// Calls `ShowError` for this ErrorID; `first` is the first live error with jump text.
    ShowError(ErrorRef),
    /// Calls `ShowProperties` for this item; `handler` is the handler itself.
    ShowProperties(ItemRef),
    /// Takes the callback back and releases the handler, wherever the session stands.
    Release,
    /// Prepares the items that `ShowErrorCompleted` asked to retry. The manager does so by itself unless told otherwise.
    NextRound,
    /// The manager does nothing for so long.
    Wait(Delay),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Skip(item) => write!(f, "skip {item}"),
            Action::Reply(reply) => write!(f, "reply {reply}"),
            Action::ShowError(error) => write!(f, "show error {error}"),
            Action::ShowProperties(item) => write!(f, "show the properties of {item}"),
            Action::Release => f.write_str("release"),
            Action::NextRound => f.write_str("start the next round"),
            Action::Wait(delay) => write!(f, "wait {delay}"),
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

/// What must come of a session. What is not said is not looked at, but for findings: without `findings`, an error fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// How the session ends, e.g. `completed with S_OK`, `nothing to synchronize`, `declined with S_FALSE`.
    #[serde(with = "super::pattern::outcome", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub outcome: Option<Outcome>,
    /// The last status of items, by ID or name; null: none was reported.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, Option<Status>>,
    /// Which rules are broken: a list (exactly these), or `{"at_least": […]}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::findings")]
    pub findings: Option<ExpectFindings>,
    /// Events that must occur in this order, with others between them or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventPattern>,
    /// How often methods are called, or notes made.
    #[serde(with = "super::pattern::counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::counts")]
    pub counts: BTreeMap<String, u64>,
}

/// Which rules must be broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExpectFindings {
    /// These, each at least once, and no other.
    Exactly(Vec<String>),
    /// These, each at least once.
    AtLeast {
        /// The codes.
        at_least: Vec<String>,
    },
}

impl<'de> Deserialize<'de> for ExpectFindings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = ExpectFindings;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of codes, or {\"at_least\": [codes]}")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<ExpectFindings, A::Error> {
                let codes = Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))?;
                super::pattern::known_codes(&codes).map_err(serde::de::Error::custom)?;
                Ok(ExpectFindings::Exactly(codes))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<ExpectFindings, A::Error> {
                match map.next_key::<String>()?.as_deref() {
                    Some("at_least") => {}
                    Some(other) => return Err(serde::de::Error::unknown_field(other, &["at_least"])),
                    None => return Err(serde::de::Error::missing_field("at_least")),
                }
                let at_least: Vec<String> = map.next_value()?;
                super::pattern::known_codes(&at_least).map_err(serde::de::Error::custom)?;
                if let Some(other) = map.next_key::<String>()? {
                    return Err(serde::de::Error::unknown_field(&other, &["at_least"]));
                }
                Ok(ExpectFindings::AtLeast { at_least })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl ExpectFindings {
    /// The codes that are expected.
    pub fn codes(&self) -> &[String] {
        match self {
            ExpectFindings::Exactly(codes) | ExpectFindings::AtLeast { at_least: codes } => codes,
        }
    }
}

impl Scenario {
    /// The arguments of `Initialize`.
    pub fn initialize(&self) -> Initialize {
        let mut flags = if self.user { SyncFlags::MAYBOTHERUSER } else { 0 };
        if self.settings {
            flags |= SyncFlags::SETTINGS;
        }
        let initialize = Initialize::new(SyncFlags::new(self.event.into(), flags));
        Initialize { cookie: self.cookie.clone(), probe: self.event == EventName::Unknown, ..initialize }
    }

    /// The session with the other instance.
    pub fn of_another(&self) -> Option<Scenario> {
        let another = self.another.as_ref()?;
        Some(Scenario {
            event: another.event.unwrap_or(self.event),
            cookie: self.cookie.clone().filter(|_| another.event.is_none()),
            reserved: another.reserved,
            look: Vec::new(),
            another: None,
            steps: Vec::new(),
            ..self.clone()
        })
    }

    /// The limits that the session is run and judged with.
    pub fn limits(&self) -> crate::protocol::Limits {
        let usual = crate::protocol::Limits::default();
        crate::protocol::Limits {
            timeout_ns: self.timeout.map_or(usual.timeout_ns, |timeout| timeout.0),
            blocking_ns: self.blocking.map_or(usual.blocking_ns, |blocking| blocking.0),
            ..usual
        }
    }
}
