//! How scenarios name items, callbacks, states and events.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{
    CallMethod, Callback, CallbackMethod, Guid, HResult, Items, NoteName, Outcome, State, Status, UnknownName, nearest,
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
    pub fn id(&self, items: &Items) -> Option<Guid> {
        let id = Guid::from_alias(&self.0).or_else(|| self.0.parse().ok());
        id.or_else(|| items.named(&self.0).next().map(|item| item.id))
    }

    /// The shortest word that names the item.
    pub fn to(id: Guid, items: &Items) -> Self {
        Self(items.word(id))
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
            return Err(format!("{} has no item; `item` is allowed only with Progress and LogError", self.callback));
        }
        if self.status.is_some() && self.callback != CallbackMethod::Progress {
            return Err(format!("{} has no status; `status` is allowed only with Progress", self.callback));
        }
        Ok(())
    }

    /// In how many respects a callback of this method fits.
    pub(super) fn nearness(&self, callback: &Callback, thread: &str, items: &Items) -> usize {
        let of = |item: &ItemRef| item.id(items).is_some() && item.id(items) == item_of(callback);
        usize::from(self.item.as_ref().is_some_and(of))
            + usize::from(self.status.is_some() && self.status == status_of(callback))
            + usize::from(self.thread.as_deref() == Some(thread))
    }

    /// Whether the callback fits, but for its number.
    pub fn fits(&self, callback: &Callback, thread: &str, items: &Items) -> bool {
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

        pub fn serialize<S: serde::Serializer>(state: &Option<State>, serializer: S) -> Result<S::Ok, S::Error> {
            match state {
                Some(state) => serializer.collect_str(state),
                None => serializer.serialize_none(),
            }
        }

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

/// What stands before or after an outcome's own word, and what it makes of that.
type Words<T> = (&'static str, fn(T) -> Outcome);

/// The outcome that `Display` writes so.
fn outcome_of(words: &str) -> Result<Outcome, UnknownName> {
    let plain = [Outcome::Unfinished, Outcome::NothingPrepared, Outcome::Abandoned, Outcome::Crashed];
    if let Some(outcome) = plain.iter().find(|outcome| outcome.to_string() == words) {
        return Ok(*outcome);
    }
    let with_result: [Words<HResult>; 5] = [
        ("declined with ", Outcome::Declined),
        ("prepare failed with ", Outcome::PrepareFailed),
        ("Synchronize returned ", Outcome::SynchronizeFailed),
        ("SetProgressCallback returned ", Outcome::CallbackRefused),
        ("completed with ", Outcome::Completed),
    ];
    for (prefix, outcome) in with_result {
        if let Some(hr) = words.strip_prefix(prefix) {
            return hr.parse().map(outcome);
        }
    }
    let of_method: [Words<CallMethod>; 2] =
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
                   HRESULT`, `SetProgressCallback returned HRESULT`, `nothing to synchronize`, `released before it was completed`, `METHOD was never completed`, \
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
                Err(serde::de::Error::custom(format_args!("`{name}` is not a method, callback or note{near}")))
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
            Err(format!("`{code}` is not the code of a rule{near}"))
        }
    }
}
