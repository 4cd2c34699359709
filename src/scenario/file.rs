//! The scenario format: the types of the file.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::expectation::{Expect, MemberExpect};
use super::pattern::ItemRef;
use super::step::{Action, Step};
use super::survey::Survey;
use super::world::Happens;
use crate::host::explore::Deviation;
use crate::host::{Connection, Order, Selection};
use crate::protocol::{Cookie, Delay, Guid, Initialize, Profile, RegisterFlags, SyncEvent, SyncFlags};
use crate::store::Preferences;

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
    /// What it is about, in one line.
    pub title: String,
    /// The page of the reference that the scenario is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub follows: String,
    /// What happens, and why it matters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The handler: a handler file or a native library, relative to this file, or `filesync`. `--handler` replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// For `filesync`: LEFT=RIGHT pairs, relative to this file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// For a native library: the handler's class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clsid: Option<Guid>,
    /// Seed for the order of a scripted handler's threads.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seed: u64,
    /// The Windows version that the manager emulates.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: Profile,
    /// The event that starts the session.
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
    /// What the manager tests in addition before it prepares anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub look: Vec<Survey>,
    /// Also query a native handler for interfaces, classes and aggregation.
    #[serde(default, skip_serializing_if = "is_default")]
    pub probes: bool,
    /// An ordinary session with another instance of the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub another: Option<Another>,
    /// Several handlers in one session, side by side, in this order. They stand in place of `handler`, `folders`, `clsid`,
    /// `another` and `steps`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<Member>,
    /// The network of the session, or of every session of the `world`. Connections that it does not name are open at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<Connection>,
    /// What happens over time, in this order: events, each of which starts sessions of those of `handlers` that are registered for
    /// it, and changes of what is registered and preferred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub world: Vec<Happens>,
    /// Time limit of a call, and of silence while a completion is due. Default: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Delay>,
    /// Time within which an asynchronous method should return. Default: 1s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking: Option<Delay>,
    /// Time for which an item's reports may repeat the same value. Default: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Delay>,
    /// How strictly the callback is bound to the manager's apartment. For handlers in real time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub apartment: Apartment,
    /// In which order callbacks from several threads are let in. For handlers in real time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// What the user and the manager do in addition to the ordinary, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// For a script: the order of its threads and of what the user does, as `run --explore` finds it, in place of `seed`. What
    /// is listed differs from the usual order; an empty list is the usual order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<Deviation>>,
    /// What must happen to it.
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

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

/// How strictly the callback is bound to the manager's apartment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Apartment {
    /// Callbacks are taken from any thread at any time.
    #[default]
    Free,
    /// A callback from another thread waits while the manager's thread is inside a call to a handler.
    Strict,
}

/// The event that starts the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventName {
    /// The user started it.
    #[default]
    Manual,
    /// A network connection was opened.
    Connect,
    /// A network connection is about to be closed.
    PendingDisconnect,
    /// The machine is idle.
    Idle,
    /// A program started it.
    Invoke,
    /// A schedule is due.
    Scheduled,
    /// No event: for configuration only (INIT-07).
    None,
    /// An event that the protocol does not define, to test the handler (INIT-06).
    Unknown,
}

/// A session with another instance: the same except for these fields, and with steps of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Another {
    /// The event that starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventName>,
    /// `dwReserved` of its `PrepareForSync`.
    #[serde(skip_serializing_if = "is_default")]
    pub reserved: u32,
    /// Side by side with the first; otherwise after it.
    #[serde(skip_serializing_if = "is_default")]
    pub together: bool,
    /// What the user and the manager do in it, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// One of several handlers in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The handler: a handler file or a native library, relative to the scenario, `filesync`, or a registered handler.
    pub handler: String,
    /// For `filesync`: LEFT=RIGHT pairs, relative to the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// For a native library: the handler's class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clsid: Option<Guid>,
    /// What the `world` calls it. Default: the name of its file, without the extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For a `world`: the events for which it is registered when that begins. Without it, it is not registered then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<RegisterFlags>,
    /// For a `world`: what the user prefers when that begins.
    #[serde(default, skip_serializing_if = "Preferences::is_empty")]
    pub preferences: Preferences,
    /// Which of its items the user chooses. Default: as the scenario says for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::choose")]
    pub choose: Option<Choose>,
    /// What the user and the manager do with it, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What must come of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expect: MemberExpect,
}

/// An event that the protocol does not have.
const UNKNOWN: SyncEvent = SyncEvent(0x4d);

impl EventName {
    const ALL: [(Self, SyncEvent); 7] = [
        (Self::Manual, SyncEvent::MANUAL),
        (Self::Connect, SyncEvent::CONNECT),
        (Self::PendingDisconnect, SyncEvent::PENDINGDISCONNECT),
        (Self::Idle, SyncEvent::IDLE),
        (Self::Invoke, SyncEvent::INVOKE),
        (Self::Scheduled, SyncEvent::SCHEDULED),
        (Self::None, SyncEvent(0)),
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
            // A scenario names the items; of the others it knows nothing.
            Selection::Preferred { items, .. } => {
                let wanted = items.iter().filter(|(_, wanted)| **wanted);
                Choose::These(wanted.map(|(id, _)| ItemRef(id.to_string())).collect())
            }
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
            steps: another.steps.clone(),
            ..self.clone()
        })
    }

    /// What is done with the handler at this place, as a scenario of its own; the last of [`Scenario::of_handlers`] if there is
    /// none.
    pub fn of_handler(&self, at: usize) -> Scenario {
        let Some(member) = self.handlers.get(at).or(self.handlers.last()) else { return self.clone() };
        Scenario {
            handler: Some(member.handler.clone()),
            folders: member.folders.clone(),
            clsid: member.clsid,
            choose: member.choose.clone().unwrap_or_else(|| self.choose.clone()),
            steps: member.steps.clone(),
            handlers: Vec::new(),
            ..self.clone()
        }
    }

    /// What is done with each handler, as a scenario of its own. One that names one handler is as it is.
    pub fn of_handlers(&self) -> Vec<Scenario> {
        (0..self.handlers.len().max(1)).map(|at| self.of_handler(at)).collect()
    }

    /// For how long a reply may be held at most, as far as the steps say, in nanoseconds.
    pub(crate) fn longest_hold_ns(&self) -> u64 {
        let steps = self.steps.iter().chain(self.another.iter().flat_map(|another| &another.steps));
        let steps = steps.chain(self.handlers.iter().flat_map(|member| &member.steps));
        let hold_ns = |step: &Step| if let Action::Hold(hold) = &step.action { hold.longest_ns() } else { 0 };
        steps.map(hold_ns).max().unwrap_or(0)
    }

    /// The limits that the session is run and judged with.
    pub fn limits(&self) -> crate::protocol::Limits {
        let usual = crate::protocol::Limits::default();
        crate::protocol::Limits {
            timeout_ns: self.timeout.map_or(usual.timeout_ns, |timeout| timeout.0),
            blocking_ns: self.blocking.map_or(usual.blocking_ns, |blocking| blocking.0),
            progress_ns: self.progress.map_or(usual.progress_ns, |progress| progress.0),
            ..usual
        }
    }
}
