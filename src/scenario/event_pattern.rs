//! How scenarios describe events that must occur.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::{ItemRef, item_of, status_of};
use crate::json::Id;
use crate::protocol::{
    Call, CallMethod, Callback, CallbackMethod, Event, EventKind, Guid, HResult, Items, NoteName, Status, UnknownName,
};

/// An event that must occur: `{"call": …}`, `{"return": …}`, `{"callback": …}` or `{"note": …}`, and fields that narrow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "EventPatternWire", into = "EventPatternWire")]
#[schemars(with = "EventPatternWire")]
pub struct EventPattern {
    /// What kind of event, and its method.
    pub what: What,
    /// The item that it is about.
    pub item: Option<ItemRef>,
    /// The status that it reports or sets.
    pub status: Option<Status>,
    /// The ErrorID that it is about.
    pub error: Option<Id>,
    /// A return's result, or the result that a completion carries.
    pub hr: Option<HResult>,
    /// The reply to a callback.
    pub reply: Option<HResult>,
    /// The thread.
    pub thread: Option<String>,
    /// The instance, by its number: 1 is the first.
    pub instance: Option<u32>,
}

/// A kind of event, and its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A call of the manager.
    Call(CallMethod),
    /// Its return.
    Return(CallMethod),
    /// A callback.
    Callback(CallbackMethod),
    /// A note.
    Note(NoteName),
}

/// Which of the facts a kind of event can tell.
struct Tells {
    item: bool,
    status: bool,
    error: bool,
    hr: bool,
}

impl What {
    fn tells(self) -> Tells {
        use {CallMethod as Of, CallbackMethod as Back};
        let (item, status, error, hr) = match self {
            What::Call(Of::SetItemStatus) => (true, true, false, false),
            What::Call(Of::ShowProperties | Of::GetItemObject) => (true, false, false, false),
            What::Call(Of::ShowError) => (false, false, true, false),
            What::Return(_) => (false, false, false, true),
            What::Callback(Back::Progress) => (true, true, false, false),
            What::Callback(Back::LogError) => (true, false, true, false),
            What::Callback(Back::DeleteLogError) => (false, false, true, false),
            What::Callback(method) => (false, false, false, method.completes().is_some()),
            What::Call(_) | What::Note(_) => (false, false, false, false),
        };
        Tells { item, status, error, hr }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Call(method) => write!(f, "the call {method}"),
            What::Return(method) => write!(f, "the return of {method}"),
            What::Callback(method) => write!(f, "the callback {method}"),
            What::Note(name) => write!(f, "the note {name}"),
        }
    }
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EventPatternWire {
    /// The manager calls this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_call")]
    pub(super) call: Option<String>,
    /// The handler returns from this method.
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_call")]
    pub(super) returns: Option<String>,
    /// The handler calls this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_callback")]
    pub(super) callback: Option<String>,
    /// A note of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::optional_note")]
    pub(super) note: Option<String>,
    /// About this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<ItemRef>,
    /// With this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    /// About this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Id>,
    /// A return's result, or the result that a completion carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hr: Option<HResult>,
    /// The reply to the callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<HResult>,
    /// On this thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread: Option<String>,
    /// Of this instance, by its number: 1 is the first. With `handlers`, the first of them is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub(super) instance: Option<u32>,
}

impl TryFrom<EventPatternWire> for EventPattern {
    type Error = String;

    fn try_from(wire: EventPatternWire) -> Result<Self, String> {
        let text = |error: UnknownName| error.to_string();
        let what = match (&wire.call, &wire.returns, &wire.callback, &wire.note) {
            (Some(name), None, None, None) => What::Call(name.parse().map_err(text)?),
            (None, Some(name), None, None) => What::Return(name.parse().map_err(text)?),
            (None, None, Some(name), None) => What::Callback(name.parse().map_err(text)?),
            (None, None, None, Some(name)) => What::Note(name.parse().map_err(text)?),
            _ => return Err("an event needs exactly one of `call`, `return`, `callback` and `note`".to_owned()),
        };
        if wire.reply.is_some() && !matches!(what, What::Callback(_)) {
            return Err(
                "`reply` is allowed only with `callback`; for the result of a call, use `return` with `hr`".to_owned()
            );
        }
        if wire.instance == Some(0) {
            return Err("`instance` counts from 1".to_owned());
        }
        let EventPatternWire { item, status, error, hr, reply, thread, instance, .. } = wire;
        let told = what.tells();
        for (name, given, tells) in [
            ("item", item.is_some(), told.item),
            ("status", status.is_some(), told.status),
            ("error", error.is_some(), told.error),
            ("hr", hr.is_some(), told.hr),
        ] {
            if given && !tells {
                return Err(format!("`{name}` is not allowed with {what}, which has no such field"));
            }
        }
        Ok(Self { what, item, status, error, hr, reply, thread, instance })
    }
}

impl From<EventPattern> for EventPatternWire {
    fn from(pattern: EventPattern) -> Self {
        let EventPattern { what, item, status, error, hr, reply, thread, instance } = pattern;
        let mut wire = Self { item, status, error, hr, reply, thread, instance, ..Self::default() };
        match what {
            What::Call(method) => wire.call = Some(method.to_string()),
            What::Return(method) => wire.returns = Some(method.to_string()),
            What::Callback(method) => wire.callback = Some(method.to_string()),
            What::Note(name) => wire.note = Some(name.to_string()),
        }
        wire
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = EventPatternWire::from(self.clone());
        f.write_str(&crate::json::to_string(&wire).unwrap_or_default())
    }
}

impl EventPattern {
    /// A call of this method.
    pub fn called(method: CallMethod) -> Self {
        Self::any(What::Call(method))
    }

    /// A return of this method.
    pub fn returned(method: CallMethod) -> Self {
        Self::any(What::Return(method))
    }

    /// A call of this method by the handler.
    pub fn called_back(method: CallbackMethod) -> Self {
        Self::any(What::Callback(method))
    }

    fn any(what: What) -> Self {
        Self { what, item: None, status: None, error: None, hr: None, reply: None, thread: None, instance: None }
    }

    /// Whether the event fits. `reply` is the reply to it, if it is a callback.
    pub fn fits(&self, event: &Event, reply: Option<HResult>, items: &Items) -> bool {
        let same_kind = self.is_of_kind(event);
        let facts = Facts::of(event);
        let wanted_item = self.item.as_ref().map(|item| item.id(items));
        same_kind
            && wanted_item.is_none_or(|wanted| wanted.is_some() && wanted == facts.item)
            && self.status.is_none_or(|status| facts.status == Some(status))
            && self.error.is_none_or(|error| facts.error == Some(error.0))
            && self.hr.is_none_or(|hr| facts.hr == Some(hr))
            && self.reply.is_none_or(|wanted| reply == Some(wanted))
            && self.thread.as_ref().is_none_or(|thread| event.thread.0 == *thread)
            && self.instance.is_none_or(|instance| event.handler.0 == instance)
    }
}

impl EventPattern {
    /// Whether the event is of the kind, and the method, that it is about.
    pub(super) fn is_of_kind(&self, event: &Event) -> bool {
        match (&event.kind, self.what) {
            (EventKind::Call { what, .. }, What::Call(method)) => what.method() == method,
            (EventKind::Return { what, .. }, What::Return(method)) => what.method == method,
            (EventKind::Callback { what, .. }, What::Callback(method)) => what.method() == method,
            (EventKind::Note(note), What::Note(name)) => note.method() == name,
            _ => false,
        }
    }
}

/// What patterns look at in an event.
#[derive(Default)]
struct Facts {
    item: Option<Guid>,
    status: Option<Status>,
    error: Option<Guid>,
    hr: Option<HResult>,
}

impl EventPattern {
    /// An event of the same method, told in what the pattern looks at.
    pub(super) fn seen(&self, event: &Event, reply: Option<HResult>, items: &Items) -> Option<Self> {
        let method_only = Self::any(self.what);
        let facts = Facts::of(event);
        method_only.fits(event, None, items).then(|| Self {
            what: self.what,
            item: self.item.as_ref().and(facts.item.map(|id| ItemRef::to(id, items))),
            status: self.status.and(facts.status),
            error: self.error.and(facts.error.map(Id)),
            hr: self.hr.and(facts.hr),
            reply: self.reply.and(reply),
            thread: self.thread.as_ref().map(|_| event.thread.to_string()),
            instance: self.instance.map(|_| event.handler.0),
        })
    }

    /// In how many of the things that this pattern looks at the other one differs.
    pub(super) fn differences(&self, other: &Self) -> usize {
        [
            self.item != other.item,
            self.status != other.status,
            self.error != other.error,
            self.hr != other.hr,
            self.reply != other.reply,
            self.thread != other.thread,
            self.instance != other.instance,
        ]
        .into_iter()
        .filter(|differs| *differs)
        .count()
    }
}

impl Facts {
    fn of(event: &Event) -> Self {
        let mut facts = Self::default();
        match &event.kind {
            EventKind::Call { what, .. } => match &**what {
                Call::SetItemStatus(args) => {
                    facts.item = Some(args.item);
                    facts.status = Some(args.status);
                }
                Call::ShowProperties(args) => facts.item = Some(args.item),
                Call::GetItemObject(args) => facts.item = Some(args.item),
                Call::ShowError(args) => facts.error = Some(args.error),
                _ => {}
            },
            EventKind::Return { what, .. } => facts.hr = Some(what.hr),
            EventKind::Callback { what, .. } => {
                facts.item = item_of(what);
                facts.status = status_of(what);
                facts.hr = what.completion();
                facts.error = match what {
                    Callback::LogError(args) => {
                        args.info.as_deref().and_then(crate::protocol::LogErrorInfo::given_error)
                    }
                    Callback::DeleteLogError(args) => Some(args.error),
                    _ => None,
                };
            }
            EventKind::Reply { hr, .. } => facts.hr = Some(*hr),
            EventKind::Note(_) => {}
        }
        facts
    }
}
