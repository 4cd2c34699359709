//! An event as one JSON object.
//!
//! Reading is made for the order in which the keys are written: by the time `args` comes, `kind` and `method` are known,
//! and the arguments go straight into their type. In any other order they are buffered first.

use std::fmt;
use std::marker::PhantomData;

use compact_str::CompactString;
use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::{
    Call, CallId, CallMethod, Callback, CallbackMethod, EstablishConnection, Event, EventKind, HResult, HandlerId,
    Note, NoteName, Out, Return, Synchronize, Thread, UnknownName, Unloaded, nearest,
};

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("at_ns", &self.at_ns)?;
        map.serialize_entry("thread", &self.thread)?;
        map.serialize_entry("handler", &self.handler)?;
        map.serialize_entry("kind", KindName::of(&self.kind).name())?;
        if let EventKind::Call { call, .. }
        | EventKind::Return { call, .. }
        | EventKind::Callback { call, .. }
        | EventKind::Reply { call, .. } = &self.kind
        {
            map.serialize_entry("call", call)?;
        }
        map.serialize_entry("method", self.method_name())?;
        match &self.kind {
            EventKind::Call { what, .. } => call_args(what, &mut map)?,
            EventKind::Return { what, .. } => {
                if what.out != Out::default() {
                    map.serialize_entry("args", &what.out)?;
                }
                map.serialize_entry("hr", &what.hr)?;
            }
            EventKind::Callback { what, .. } => callback_args(what, &mut map)?,
            EventKind::Reply { hr, .. } => map.serialize_entry("hr", hr)?,
            EventKind::Note(note) => note_args(note, &mut map)?,
        }
        map.end()
    }
}

/// Writes `args`, unless nothing would stand in it.
pub(super) fn call_args<M: SerializeMap>(call: &Call, map: &mut M) -> Result<(), M::Error> {
    match call {
        Call::Synchronize(args) if *args == Synchronize::default() => Ok(()),
        _ => call.serialize_args(map),
    }
}

/// Writes `args`, unless nothing would stand in it.
pub(super) fn callback_args<M: SerializeMap>(callback: &Callback, map: &mut M) -> Result<(), M::Error> {
    match callback {
        Callback::EstablishConnection(EstablishConnection { name: None, reserved: 0 }) => Ok(()),
        _ => callback.serialize_args(map),
    }
}

/// Writes `args`, unless nothing would stand in it.
pub(super) fn note_args<M: SerializeMap>(note: &Note, map: &mut M) -> Result<(), M::Error> {
    match note {
        Note::ConnectionClosed(closed) if closed.name.is_none() => Ok(()),
        Note::ConnectionLost(lost) if lost.name.is_none() => Ok(()),
        Note::Unloaded(unloaded) if *unloaded == Unloaded::default() => Ok(()),
        _ => note.serialize_args(map),
    }
}

/// The values of `kind`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KindName {
    Call,
    Return,
    Callback,
    Reply,
    Note,
}

impl KindName {
    pub(super) const ALL: [Self; 5] = [Self::Call, Self::Return, Self::Callback, Self::Reply, Self::Note];

    fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Call { .. } => Self::Call,
            EventKind::Return { .. } => Self::Return,
            EventKind::Callback { .. } => Self::Callback,
            EventKind::Reply { .. } => Self::Reply,
            EventKind::Note(_) => Self::Note,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Return => "return",
            Self::Callback => "callback",
            Self::Reply => "reply",
            Self::Note => "note",
        }
    }

    fn read(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            UnknownName {
                given: name.to_owned(),
                what: "a kind of event",
                expected: match nearest(name, names) {
                    Some(near) => format!("a name such as {near}"),
                    None => format!("one of {}", names.join(", ")),
                },
            }
        })
    }
}

/// `kind` and `method` together: what the rest of the line must look like.
#[derive(Clone, Copy)]
enum Shape {
    Call(CallMethod),
    Return(CallMethod),
    Callback(CallbackMethod),
    Reply(CallbackMethod),
    Note(NoteName),
}

impl Shape {
    fn read(kind: KindName, method: &str) -> Result<Self, UnknownName> {
        Ok(match kind {
            KindName::Call => Self::Call(method.parse()?),
            KindName::Return => Self::Return(method.parse()?),
            KindName::Callback => Self::Callback(method.parse()?),
            KindName::Reply => Self::Reply(method.parse()?),
            KindName::Note => Self::Note(method.parse()?),
        })
    }
}

/// `args`, read.
enum Args {
    Call(Box<Call>),
    Return(Out),
    Callback(Callback),
    Reply,
    Note(Box<Note>),
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = Args;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Args, D::Error> {
        Ok(match self {
            Self::Call(method) => Args::Call(Box::new(Call::deserialize_args(method, deserializer)?)),
            Self::Return(_) => Args::Return(Out::deserialize(deserializer)?),
            Self::Callback(method) => Args::Callback(Callback::deserialize_args(method, deserializer)?),
            Self::Reply(_) => {
                de::IgnoredAny::deserialize(deserializer)?;
                Args::Reply
            }
            Self::Note(name) => Args::Note(Box::new(Note::deserialize_args(name, deserializer)?)),
        })
    }
}

/// `method`, as far as it can be understood.
enum Method {
    Known(Shape),
    /// It came before `kind`.
    Raw(CompactString),
}

/// Reads `method` once `kind` is known, without a copy of the string.
struct MethodSeed(KindName);

impl<'de> DeserializeSeed<'de> for MethodSeed {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_str(ParseVisitor {
            expecting: "a method's name",
            parse: |name: &str| Shape::read(self.0, name),
            value: PhantomData,
        })
    }
}

impl<'de> Deserialize<'de> for KindName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ParseVisitor {
            expecting: "a kind of event",
            parse: KindName::read,
            value: PhantomData,
        })
    }
}

/// A string that is parsed where it stands.
struct ParseVisitor<T, F> {
    expecting: &'static str,
    parse: F,
    value: PhantomData<T>,
}

impl<T, F: FnOnce(&str) -> Result<T, UnknownName>> Visitor<'_> for ParseVisitor<T, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

/// The keys of an event.
enum Field {
    Seq,
    AtNs,
    Thread,
    Handler,
    Kind,
    Call,
    Method,
    Args,
    Hr,
    /// A key of a newer minor version.
    Unknown,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(ParseVisitor {
            expecting: "a key",
            parse: |key: &str| {
                Ok(match key {
                    "seq" => Self::Seq,
                    "at_ns" => Self::AtNs,
                    "thread" => Self::Thread,
                    "handler" => Self::Handler,
                    "kind" => Self::Kind,
                    "call" => Self::Call,
                    "method" => Self::Method,
                    "args" => Self::Args,
                    "hr" => Self::Hr,
                    _ => Self::Unknown,
                })
            },
            value: PhantomData,
        })
    }
}

/// What has been read of an event.
#[derive(Default)]
struct Draft {
    seq: Option<u64>,
    at_ns: Option<u64>,
    thread: Option<Thread>,
    handler: Option<HandlerId>,
    kind: Option<KindName>,
    call: Option<CallId>,
    method: Option<Method>,
    args: Option<Args>,
    /// `args` that came before it was clear what they are.
    buffered: Option<Value>,
    hr: Option<HResult>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EventVisitor;
        impl<'de> Visitor<'de> for EventVisitor {
            type Value = Event;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event, {\"seq\": …, \"at_ns\": …, \"thread\": …, \"handler\": …, \"kind\": …, …}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
                let mut draft = Draft::default();
                while let Some(field) = map.next_key()? {
                    draft.read(field, &mut map)?;
                }
                draft.finish()
            }
        }
        deserializer.deserialize_map(EventVisitor)
    }
}

/// Reads the value of a key that may stand once.
fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut Option<T>,
    key: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(de::Error::duplicate_field(key));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

impl Draft {
    fn read<'de, A: MapAccess<'de>>(&mut self, field: Field, map: &mut A) -> Result<(), A::Error> {
        match field {
            Field::Seq => once(&mut self.seq, "seq", map),
            Field::AtNs => once(&mut self.at_ns, "at_ns", map),
            Field::Thread => once(&mut self.thread, "thread", map),
            Field::Handler => once(&mut self.handler, "handler", map),
            Field::Kind => once(&mut self.kind, "kind", map),
            Field::Call => once(&mut self.call, "call", map),
            Field::Hr => once(&mut self.hr, "hr", map),
            Field::Method => {
                if self.method.is_some() {
                    return Err(de::Error::duplicate_field("method"));
                }
                self.method = Some(match self.kind {
                    Some(kind) => Method::Known(map.next_value_seed(MethodSeed(kind))?),
                    None => Method::Raw(map.next_value()?),
                });
                Ok(())
            }
            Field::Args => {
                if self.args.is_some() || self.buffered.is_some() {
                    return Err(de::Error::duplicate_field("args"));
                }
                match self.shape()? {
                    Some(shape) => self.args = Some(map.next_value_seed(shape)?),
                    None => self.buffered = Some(map.next_value()?),
                }
                Ok(())
            }
            Field::Unknown => map.next_value::<de::IgnoredAny>().map(drop),
        }
    }

    /// What the line must look like, once `kind` and `method` are both known.
    fn shape<E: de::Error>(&self) -> Result<Option<Shape>, E> {
        match (self.kind, &self.method) {
            (_, Some(Method::Known(shape))) => Ok(Some(*shape)),
            (Some(kind), Some(Method::Raw(name))) => Shape::read(kind, name).map(Some).map_err(E::custom),
            _ => Ok(None),
        }
    }

    fn finish<E: de::Error>(mut self) -> Result<Event, E> {
        let missing = E::missing_field;
        let seq = self.seq.ok_or_else(|| missing("seq"))?;
        let at_ns = self.at_ns.ok_or_else(|| missing("at_ns"))?;
        let thread = self.thread.take().ok_or_else(|| missing("thread"))?;
        let handler = self.handler.ok_or_else(|| missing("handler"))?;
        self.kind.ok_or_else(|| missing("kind"))?;
        let shape = self.shape()?.ok_or_else(|| missing("method"))?;
        let call = || self.call.ok_or_else(|| missing("call"));
        let hr = || self.hr.ok_or_else(|| missing("hr"));
        let args = match (self.args, self.buffered) {
            (Some(args), _) => args,
            (None, Some(value)) => shape.deserialize(value).map_err(|e| E::custom(format_args!("args: {e}")))?,
            (None, None) => {
                let nothing = MapDeserializer::<_, E>::new(std::iter::empty::<(&str, &str)>());
                shape.deserialize(nothing).map_err(|e| E::custom(format_args!("no args: {e}")))?
            }
        };
        let kind = match (shape, args) {
            (_, Args::Call(what)) => EventKind::Call { call: call()?, what },
            (Shape::Return(method), Args::Return(out)) => {
                EventKind::Return { call: call()?, what: Box::new(Return { method, hr: hr()?, out }) }
            }
            (_, Args::Callback(what)) => EventKind::Callback { call: call()?, what },
            (Shape::Reply(method), Args::Reply) => EventKind::Reply { call: call()?, method, hr: hr()? },
            (_, Args::Note(note)) => EventKind::Note(note),
            (_, Args::Return(_) | Args::Reply) => return Err(E::custom("the args belong to another kind of event")),
        };
        Ok(Event { seq, at_ns, thread, handler, kind })
    }
}
