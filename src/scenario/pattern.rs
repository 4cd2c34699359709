//! How scenarios name items, callbacks, states and events.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::handler::script::Id;
use crate::protocol::{
    Call, CallMethod, Callback, CallbackMethod, Event, Guid, HResult, Item, Kind, NoteName, Outcome, State, Status,
    UnknownName, nearest,
};

/// An item: its ID, the ID's short name, or its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ItemRef(pub String);

impl<'de> Deserialize<'de> for ItemRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        // What looks like a GUID is meant as one: taken for a name, a mistyped one would only never be found.
        if word.starts_with('{') && word.ends_with('}') {
            word.parse::<Guid>().map_err(serde::de::Error::custom)?;
        }
        Ok(Self(word))
    }
}

impl fmt::Display for ItemRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ItemRef {
    /// The item's ID. A name needs the items.
    pub fn id(&self, items: &[Item]) -> Option<Guid> {
        let id = Guid::from_alias(&self.0).or_else(|| self.0.parse().ok());
        id.or_else(|| items.iter().find(|item| item.name.as_str() == Some(&self.0)).map(|item| item.id))
    }

    /// The shortest word that names the item.
    pub fn to(id: Guid, items: &[Item]) -> Self {
        let named = || items.iter().find(|item| item.id == id).and_then(|item| item.name.as_str());
        let unique = |name: &&str| items.iter().filter(|item| item.name.as_str() == Some(name)).count() == 1;
        Self(id.alias().or_else(|| named().filter(unique).map(str::to_owned)).unwrap_or_else(|| id.to_string()))
    }
}

/// A callback, as triggers describe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallbackPattern {
    /// The method.
    #[serde(serialize_with = "callback_name::serialize")]
    pub callback: CallbackMethod,
    /// Which of those that fit, from 1.
    #[serde(skip_serializing_if = "is_one")]
    pub nth: u32,
    /// About this item (`Progress`, `LogError`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemRef>,
    /// With this status (`Progress`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// On this thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

impl CallbackPattern {
    /// Whether such a callback can exist.
    pub(super) fn check(&self) -> Result<(), String> {
        let about_items = matches!(self.callback, CallbackMethod::Progress | CallbackMethod::LogError);
        if self.item.is_some() && !about_items {
            return Err(format!("{} is about no item; `item` goes with Progress and LogError", self.callback));
        }
        if self.status.is_some() && self.callback != CallbackMethod::Progress {
            return Err(format!("{} reports no status; `status` goes with Progress", self.callback));
        }
        Ok(())
    }

    /// In how many respects a callback of this method fits.
    pub(super) fn nearness(&self, callback: &Callback, thread: &str, items: &[Item]) -> usize {
        let of = |item: &ItemRef| item.id(items).is_some() && item.id(items) == item_of(callback);
        usize::from(self.item.as_ref().is_some_and(of))
            + usize::from(self.status.is_some() && self.status == status_of(callback))
            + usize::from(self.thread.as_deref() == Some(thread))
    }

    /// Whether the callback fits, but for its number.
    pub fn fits(&self, callback: &Callback, thread: &str, items: &[Item]) -> bool {
        self.callback == callback.method()
            && self.thread.as_ref().is_none_or(|wanted| wanted == thread)
            && self.item.as_ref().is_none_or(|item| item.id(items).is_some() && item.id(items) == item_of(callback))
            && self.status.is_none_or(|status| status_of(callback) == Some(status))
    }
}

impl fmt::Display for CallbackPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.callback)?;
        if let Some(item) = &self.item {
            write!(f, " of {item}")?;
        }
        if let Some(status) = self.status {
            write!(f, " with {status}")?;
        }
        if let Some(thread) = &self.thread {
            write!(f, " on thread {thread}")?;
        }
        if self.nth > 1 {
            write!(f, ", number {}", self.nth)?;
        }
        Ok(())
    }
}

/// The item that a callback is about.
pub(super) fn item_of(callback: &Callback) -> Option<Guid> {
    match callback {
        Callback::Progress(args) => Some(args.item),
        Callback::LogError(args) => args.info.as_deref().and_then(crate::protocol::LogErrorInfo::given_item),
        _ => None,
    }
}

pub(super) fn status_of(callback: &Callback) -> Option<Status> {
    match callback {
        Callback::Progress(args) => args.info.as_ref().and_then(crate::protocol::ProgressItem::given_status),
        _ => None,
    }
}

/// An event that must occur: `{"call": …}`, `{"return": …}`, `{"callback": …}` or `{"note": …}`, and what is known of it.
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
struct EventPatternWire {
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
    /// About this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemRef>,
    /// With this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// About this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Id>,
    /// A return's result, or the result that a completion carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    hr: Option<HResult>,
    /// The reply to the callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<HResult>,
    /// On this thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
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
            _ => return Err("an event is exactly one of `call`, `return`, `callback` and `note`".to_owned()),
        };
        if wire.reply.is_some() && !matches!(what, What::Callback(_)) {
            return Err("`reply` goes with `callback`; a call's result is `return` with `hr`".to_owned());
        }
        let EventPatternWire { item, status, error, hr, reply, thread, .. } = wire;
        let told = what.tells();
        for (name, given, tells) in [
            ("item", item.is_some(), told.item),
            ("status", status.is_some(), told.status),
            ("error", error.is_some(), told.error),
            ("hr", hr.is_some(), told.hr),
        ] {
            if given && !tells {
                return Err(format!("`{name}` does not go with {what}, which says nothing of it"));
            }
        }
        Ok(Self { what, item, status, error, hr, reply, thread })
    }
}

impl From<EventPattern> for EventPatternWire {
    fn from(pattern: EventPattern) -> Self {
        let EventPattern { what, item, status, error, hr, reply, thread } = pattern;
        let mut wire = Self { item, status, error, hr, reply, thread, ..Self::default() };
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
        f.write_str(&serde_json::to_string(&wire).unwrap_or_default())
    }
}

impl EventPattern {
    /// Whether the event fits. `reply` is the reply to it, if it is a callback.
    pub fn fits(&self, event: &Event, reply: Option<HResult>, items: &[Item]) -> bool {
        let same_kind = match (&event.kind, self.what) {
            (Kind::Call { what, .. }, What::Call(method)) => what.method() == method,
            (Kind::Return { what, .. }, What::Return(method)) => what.method == method,
            (Kind::Callback { what, .. }, What::Callback(method)) => what.method() == method,
            (Kind::Note(note), What::Note(name)) => note.method() == name,
            _ => false,
        };
        let facts = Facts::of(event);
        let wanted_item = self.item.as_ref().map(|item| item.id(items));
        same_kind
            && wanted_item.is_none_or(|wanted| wanted.is_some() && wanted == facts.item)
            && self.status.is_none_or(|status| facts.status == Some(status))
            && self.error.is_none_or(|error| facts.error == Some(error.0))
            && self.hr.is_none_or(|hr| facts.hr == Some(hr))
            && self.reply.is_none_or(|wanted| reply == Some(wanted))
            && self.thread.as_ref().is_none_or(|thread| event.thread.0 == *thread)
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
    pub(super) fn seen(&self, event: &Event, reply: Option<HResult>, items: &[Item]) -> Option<Self> {
        let method_only =
            Self { what: self.what, item: None, status: None, error: None, hr: None, reply: None, thread: None };
        let facts = Facts::of(event);
        method_only.fits(event, None, items).then(|| Self {
            what: self.what,
            item: self.item.as_ref().and(facts.item.map(|id| ItemRef::to(id, items))),
            status: self.status.and(facts.status),
            error: self.error.and(facts.error.map(Id)),
            hr: self.hr.and(facts.hr),
            reply: self.reply.and(reply),
            thread: self.thread.as_ref().map(|_| event.thread.to_string()),
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
            Kind::Call { what, .. } => match &**what {
                Call::SetItemStatus(args) => {
                    facts.item = Some(args.item);
                    facts.status = Some(args.status);
                }
                Call::ShowProperties(args) => facts.item = Some(args.item),
                Call::GetItemObject(args) => facts.item = Some(args.item),
                Call::ShowError(args) => facts.error = Some(args.error),
                _ => {}
            },
            Kind::Return { what, .. } => facts.hr = Some(what.hr),
            Kind::Callback { what, .. } => {
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
            Kind::Reply { hr, .. } => facts.hr = Some(*hr),
            Kind::Note(_) => {}
        }
        facts
    }
}

/// A callback's method by its name.
pub(super) mod callback_name {
    use super::CallbackMethod;

    pub fn serialize<S: serde::Serializer>(method: &CallbackMethod, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(method.name())
    }

    pub mod optional {
        use super::CallbackMethod;
        use serde::Deserialize;

        pub fn deserialize<'de, D: serde::Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<CallbackMethod>, D::Error> {
            let name = Option::<String>::deserialize(deserializer)?;
            name.map(|name| name.parse().map_err(serde::de::Error::custom)).transpose()
        }
    }
}

/// A state by its name.
pub(super) mod named_state {
    use super::State;

    pub fn serialize<S: serde::Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(state)
    }

    pub mod optional {
        use super::State;
        use serde::Deserialize;

        pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<State>, D::Error> {
            let name = Option::<String>::deserialize(deserializer)?;
            name.map(|name| super::super::state(&name).map_err(serde::de::Error::custom)).transpose()
        }
    }
}

/// The state of that name.
pub(super) fn state(name: &str) -> Result<State, UnknownName> {
    State::ALL.iter().find(|state| state.to_string() == name).copied().ok_or_else(|| {
        let names: Vec<String> = State::ALL.iter().map(ToString::to_string).collect();
        let near = nearest(name, names.iter().map(String::as_str));
        UnknownName {
            given: name.to_owned(),
            what: "a state of a session",
            expected: near
                .map_or_else(|| format!("one of {}", names.join(", ")), |near| format!("a state such as {near}")),
        }
    })
}

/// An outcome by its words.
pub(super) mod outcome {
    use super::Outcome;
    use serde::Deserialize;

    pub fn serialize<S: serde::Serializer>(outcome: &Option<Outcome>, serializer: S) -> Result<S::Ok, S::Error> {
        match outcome {
            Some(outcome) => serializer.collect_str(outcome),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Outcome>, D::Error> {
        let words = Option::<String>::deserialize(deserializer)?;
        words.map(|words| super::outcome_of(&words).map_err(serde::de::Error::custom)).transpose()
    }
}

/// The outcome that `Display` writes so.
fn outcome_of(words: &str) -> Result<Outcome, UnknownName> {
    let plain = [Outcome::Unfinished, Outcome::NothingPrepared, Outcome::Abandoned, Outcome::Crashed];
    if let Some(outcome) = plain.iter().find(|outcome| outcome.to_string() == words) {
        return Ok(*outcome);
    }
    let with_result: [(&str, fn(HResult) -> Outcome); 4] = [
        ("declined with ", Outcome::Declined),
        ("prepare failed with ", Outcome::PrepareFailed),
        ("Synchronize returned ", Outcome::SynchronizeFailed),
        ("completed with ", Outcome::Completed),
    ];
    for (prefix, outcome) in with_result {
        if let Some(hr) = words.strip_prefix(prefix) {
            return hr.parse().map(outcome);
        }
    }
    let of_method: [(&str, fn(CallMethod) -> Outcome); 2] =
        [(" was never completed", Outcome::Overdue), (" never returned", Outcome::Hung)];
    for (suffix, outcome) in of_method {
        if let Some(method) = words.strip_suffix(suffix) {
            return method.parse().map(outcome);
        }
    }
    let last = words.rsplit(' ').next().unwrap_or_default();
    let method = words.split(' ').next().unwrap_or_default();
    let possible: Vec<String> = plain
        .iter()
        .map(ToString::to_string)
        .chain(with_result.iter().map(|(prefix, _)| format!("{prefix}{last}")))
        .chain(of_method.iter().map(|(suffix, _)| format!("{method}{suffix}")))
        .collect();
    if let Some(near) = nearest(words, possible.iter().map(String::as_str)) {
        let expected = format!("an outcome such as `{near}`");
        return Err(UnknownName { given: words.to_owned(), what: "an outcome", expected });
    }
    Err(UnknownName {
        given: words.to_owned(),
        what: "an outcome",
        expected: "`completed with HRESULT`, `declined with HRESULT`, `prepare failed with HRESULT`, `Synchronize returned \
                   HRESULT`, `nothing to synchronize`, `released before it was completed`, `METHOD was never completed`, \
                   `METHOD never returned` or `crashed`"
            .to_owned(),
    })
}

/// Counts by the names of methods and notes.
pub(super) mod counts {
    use super::BTreeMap;
    use serde::{Deserialize, Serialize};

    pub fn serialize<S: serde::Serializer>(counts: &BTreeMap<String, u64>, serializer: S) -> Result<S::Ok, S::Error> {
        counts.serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, u64>, D::Error> {
        let counts = BTreeMap::<String, u64>::deserialize(deserializer)?;
        match counts.keys().find(|name| !super::method_names().any(|known| known == name.as_str())) {
            None => Ok(counts),
            Some(name) => {
                let near = super::nearest(name, super::method_names());
                let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                Err(serde::de::Error::custom(format_args!("`{name}` is no method, callback or note{near}")))
            }
        }
    }
}

/// Every name that an event can have.
pub(super) fn method_names() -> impl Iterator<Item = &'static str> {
    let calls = CallMethod::ALL.iter().map(|method| method.name());
    let callbacks = CallbackMethod::ALL.iter().map(|method| method.name());
    calls.chain(callbacks).chain(NoteName::ALL.iter().map(|name| name.name()))
}

/// Whether every code is a rule's.
pub(super) fn known_codes(codes: &[String]) -> Result<(), String> {
    let known = || crate::rules::RULES.iter().map(|rule| rule.code);
    match codes.iter().find(|code| !known().any(|known| known == code.as_str())) {
        None => Ok(()),
        Some(code) => {
            let near = nearest(code, known()).map_or(String::new(), |near| format!("; did you mean {near}?"));
            Err(format!("`{code}` is no rule's code{near}"))
        }
    }
}
