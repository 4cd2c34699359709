//! The one event vocabulary: everything that crosses the boundary between manager and handler.

use std::fmt;

use compact_str::CompactString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::crossings;
use super::registration::{
    ClassRegistered, DllRegisterServer, DllUnregisterServer, GetHandlerRegistrationInfo, PreferencesStored,
    RegisterSyncMgrHandler, UnregisterSyncMgrHandler, UpdateAll, UpdateItems,
};
use super::{Call, CallMethod, Callback, CallbackMethod, Delay, Guid, HResult, Return, Text, UnknownName, nearest};

/// One crossing, or one note about the session. The sequence of events is the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Position in the trace, from 1; the order in which events took the session's lock.
    pub seq: u64,
    /// Nanoseconds since the trace began.
    pub at_ns: u64,
    /// The thread on which it happened.
    pub thread: Thread,
    /// The handler instance that it concerns.
    pub handler: HandlerId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The manager calls the handler.
    Call {
        /// The call's number.
        call: CallId,
        /// Method and arguments.
        what: Box<Call>,
    },
    /// The handler returns from a call.
    Return {
        /// The number of the call that returns.
        call: CallId,
        /// Result and outputs.
        what: Box<Return>,
    },
    /// The handler calls the manager.
    Callback {
        /// The callback's number.
        call: CallId,
        /// Method and arguments.
        what: Callback,
    },
    /// The manager replies to a callback.
    Reply {
        /// The number of the callback that is answered.
        call: CallId,
        /// Its method.
        method: CallbackMethod,
        /// The reply.
        hr: HResult,
    },
    /// Something that is no crossing.
    Note(Box<Note>),
}

/// The number of a call or a callback, unique in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// The number of a handler instance in its trace, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct HandlerId(pub u32);

impl HandlerId {
    /// The instance of a session with one handler.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for HandlerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The name of a thread, unique in its session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thread(pub CompactString);

impl Thread {
    /// The thread on which all calls to a handler instance are made.
    pub const APARTMENT: Self = Self(CompactString::const_new("apartment"));

    /// A thread of the handler that crashed without ever having called back, so that it has no name.
    pub const SILENT: Self = Self(CompactString::const_new("silent thread"));

    /// It is not known which thread ended the process.
    pub const UNKNOWN: Self = Self(CompactString::const_new("unknown thread"));
}

impl From<&str> for Thread {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crossings! {
    /// Something worth a line in the trace that is no crossing.
    pub enum Note;
    /// The names of notes.
    pub enum NoteName ("a note") {
        /// An instance was created. Two instances of one name are instances of one handler.
        Created(Created),
        /// The handler panicked, was killed by a signal, or ended the process.
        Crashed(Crashed),
        /// A call did not return, or a completion did not come, within its limit.
        TimedOut(TimedOut),
        /// The manager closed a connection that a handler had opened.
        ConnectionClosed(ConnectionClosed),
        /// A connection that a handler had opened was lost: the network dropped it.
        ConnectionLost(ConnectionLost),
        /// How many references a native handler holds to a callback object of the manager.
        CallbackReferences(CallbackReferences),
        /// A native handler released a callback object more often than it had references to it.
        OverReleased(OverReleased),
        /// A native handler's object was asked for an interface.
        Queried(Queried),
        /// A library was asked for a class that it cannot have.
        ClassAsked(ClassAsked),
        /// A class factory was asked for an object that is a part of another one.
        Aggregated(Aggregated),
        /// A library was asked whether it can be unloaded.
        UnloadAsked(UnloadAsked),
        /// A library refused an interface of its class factory, and was asked whether it can be unloaded before and after.
        ClassRefused(ClassRefused),
        /// Everything was released, and what is left of the handler was looked for before its library is unloaded.
        Unloaded(Unloaded),
        /// It was seen whether an interface pointer of a native handler comes with a reference.
        ReferenceSeen(ReferenceSeen),
        /// The handler's stack at an event that breaks a rule.
        Stack(Stack),
        /// An out-of-process handler sent what is no message of the protocol.
        Malformed(Malformed),
        /// The manager does not answer a callback yet. Its thread is that of the callback.
        Held(Held),
        /// The manager answers a callback that it did not answer at once: the reply is the next event of its thread.
        LetGo(LetGo),
        /// A callback waited before the manager took it: the handler had called, and the call was not recorded yet.
        KeptOut(KeptOut),
        /// A handler was registered, or was to be.
        RegisterSyncMgrHandler(RegisterSyncMgrHandler),
        /// A handler was unregistered, or was to be.
        UnregisterSyncMgrHandler(UnregisterSyncMgrHandler),
        /// The manager was asked for the registration of a handler.
        GetHandlerRegistrationInfo(GetHandlerRegistrationInfo),
        /// The manager was asked for a session of one handler.
        UpdateItems(UpdateItems),
        /// The manager was asked for sessions of all handlers.
        UpdateAll(UpdateAll),
        /// For which items the manager has stored preferences.
        PreferencesStored(PreferencesStored),
        /// A library was told to register its classes.
        DllRegisterServer(DllRegisterServer),
        /// A library was told to remove what it registered.
        DllUnregisterServer(DllUnregisterServer),
        /// What COM's registry says of a class.
        ClassRegistered(ClassRegistered),
    }
}

/// What is known of a new instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// The handler's name: that of the built-in, the script, the class or the command.
    pub name: Text,
    /// It has COM vtables: the `[native]` rules hold for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub native: bool,
    /// It is a program of its own: WIRE-01 holds for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wire: bool,
}

impl Created {
    /// An instance of a handler of that name without COM vtables.
    pub fn of(name: impl Into<Text>) -> Self {
        Self { name: name.into(), native: false, wire: false }
    }
}

/// How a handler crashed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Crashed {
    /// The panic's message, or the signal's name.
    pub what: Text,
}

/// What did not come in time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TimedOut {
    /// The method concerned.
    pub method: CallMethod,
    /// Its return, or its completion.
    pub waiting_for: WaitingFor,
}

/// What was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitingFor {
    /// The call's return.
    Return,
    /// The method's completion callback.
    Completion,
    /// The instance: its library is being loaded, or its class factory has not returned. The method is the one that would
    /// have come first.
    Creation,
}

/// Which connection was closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionClosed {
    /// Its name; `None` is the default connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
}

/// Which connection was lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionLost {
    /// Its name; `None` is the default connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
}

/// How many references a native handler holds to a callback object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CallbackReferences {
    /// The callback object's number.
    pub callback: u32,
    /// The references beside the manager's own.
    pub count: u32,
}

/// Which callback object was released too often.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct OverReleased {
    /// The callback object's number.
    pub callback: u32,
}

/// A `QueryInterface` and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Queried {
    /// The interface that was asked.
    pub interface: Guid,
    /// The interface that was asked for.
    pub iid: Guid,
    /// The result.
    pub hr: HResult,
    /// The pointer that came back, numbered from 1 by its first appearance in these notes; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<u32>,
}

/// What `DllGetClassObject` answers for a class that the library cannot have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ClassAsked {
    /// The class.
    pub clsid: Guid,
    /// The result.
    pub hr: HResult,
    /// An object came back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub object: bool,
}

/// What `CreateInstance` with an outer object answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Aggregated {
    /// The result.
    pub hr: HResult,
    /// On success: the part takes the whole for its identity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub works: bool,
}

/// What `DllCanUnloadNow` answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct UnloadAsked {
    /// The result.
    pub hr: HResult,
    /// An object of the library lives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_use: bool,
}

/// What `DllGetClassObject` answers for an interface that no class factory has, and `DllCanUnloadNow` around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ClassRefused {
    /// The result of `DllGetClassObject`.
    pub hr: HResult,
    /// That of `DllCanUnloadNow` before it.
    pub before: HResult,
    /// That of `DllCanUnloadNow` after it.
    pub after: HResult,
}

/// What a library leaves behind that may be unloaded, or whose process ends: nothing, if all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Unloaded {
    /// How many of its threads go on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub threads: u32,
    /// How its destructors ended if they did not return: the signal's name, or that they hang.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashed: Option<Text>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Whether an interface pointer comes with a reference of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ReferenceSeen {
    /// Where the pointer was looked at.
    pub at: ReferencePoint,
    /// The object lives, and whoever uses the pointer has a reference to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// Where an interface pointer was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReferencePoint {
    /// `CreateInstance` has given it.
    Creation,
    /// `QueryInterface` has given it.
    Query,
    /// The manager was about to call a method of the handler, or has just called one.
    Call,
    /// The handler calls back through it; the object is the manager's, and the reference the handler's.
    Callback,
}

/// A handler's stack, the innermost function first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Stack {
    /// The event at which it was taken, by sequence number; 0 where it was at none.
    pub event: u64,
    /// The functions, each with its file and line where they are known.
    pub frames: Vec<Text>,
    /// Which of `frames` to look at, from 0, where that is known: the handler calls back through the functions before it only from
    /// one line of each, and from several lines of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<u32>,
}

impl Stack {
    /// Whether a line is none of the stack's own, but says whose functions follow: those of another thread.
    pub fn is_heading(frame: &str) -> bool {
        frame.ends_with(':') && !frame.contains(" at ")
    }

    /// The file and line of a frame that has them: `function at file:line`.
    pub fn source(frame: &str) -> Option<(&str, u64)> {
        let (_, place) = frame.rsplit_once(" at ")?;
        let (file, line) = place.rsplit_once(':')?;
        let line = line.parse().ok().filter(|line| *line > 0)?;
        (!file.is_empty()).then_some((file, line))
    }
}

/// A message that is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Malformed {
    /// What is wrong with it.
    pub what: Text,
    /// How the line begins.
    pub text: Text,
}

/// A callback whose reply the manager holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The callback.
    pub method: CallbackMethod,
    /// Until what, in words.
    pub until: Text,
}

/// A callback whose reply the manager holds no longer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LetGo {
    /// The callback.
    pub method: CallbackMethod,
    /// Why.
    pub why: WhyLetGo,
}

/// Why a reply is held no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhyLetGo {
    /// What the manager waited for has come.
    Reached,
    /// It did not come within the time for which the reply may be held.
    TimeOver,
    /// The manager leaves the session.
    Leaving,
}

/// A callback that the manager did not take at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct KeptOut {
    /// The callback.
    pub method: CallbackMethod,
    /// How long the manager let callbacks wait since it last took one: its own time, not the handler's.
    pub waited: Delay,
    /// The call of the manager for which it waited, in a manager whose callback is bound to its apartment. Without it, the
    /// manager chose an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<CallMethod>,
    /// That call returned while the callback waited. Without it, the call waits for the callback (APT-01).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
}

/// A method of the manager or of the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// One that the manager calls.
    Call(CallMethod),
    /// One that the handler calls.
    Callback(CallbackMethod),
}

impl Method {
    /// The method's name.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Call(method) => method.name(),
            Method::Callback(method) => method.name(),
        }
    }
}

impl std::str::FromStr for Method {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let call = CallMethod::from_name(name).map(Method::Call);
        call.or_else(|| CallbackMethod::from_name(name).map(Method::Callback)).ok_or_else(|| {
            let calls = CallMethod::ALL.iter().map(|method| method.name());
            let near = nearest(name, calls.chain(CallbackMethod::ALL.iter().map(|method| method.name())));
            UnknownName {
                given: name.to_owned(),
                what: "a method",
                expected: format!("a name such as {}", near.unwrap_or("Synchronize")),
            }
        })
    }
}

impl Serialize for Method {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CompactString::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Method {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Method".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let calls = CallMethod::ALL.iter().map(|method| method.name());
        let names: Vec<&str> = calls.chain(CallbackMethod::ALL.iter().map(|method| method.name())).collect();
        schemars::json_schema!({ "type": "string", "enum": names })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Event {
    /// The method, or the note's name.
    pub fn method_name(&self) -> &'static str {
        match &self.kind {
            EventKind::Call { what, .. } => what.method().name(),
            EventKind::Return { what, .. } => what.method.name(),
            EventKind::Callback { what, .. } => what.method().name(),
            EventKind::Reply { method, .. } => method.name(),
            EventKind::Note(note) => note.method().name(),
        }
    }

    /// The method that is called, that returns or that is answered; none for a note.
    pub fn method(&self) -> Option<Method> {
        match &self.kind {
            EventKind::Call { what, .. } => Some(Method::Call(what.method())),
            EventKind::Return { what, .. } => Some(Method::Call(what.method)),
            EventKind::Callback { what, .. } => Some(Method::Callback(what.method())),
            EventKind::Reply { method, .. } => Some(Method::Callback(*method)),
            EventKind::Note(_) => None,
        }
    }
}
