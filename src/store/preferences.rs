//! `preferences.json`: what the user prefers for a handler.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::json::{self, FileError, Id};
use crate::protocol::{GUID_NULL, Guid, HResult, Item, ItemFlags, Occasion};

/// What the first field of the file says.
const FORMAT: &str = "mobsync-preferences";
/// The version of the format.
const VERSION: u32 = 1;

/// What a preference is about. What is not given is any.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The item; none is every item of the handler.
    pub item: Option<Guid>,
    /// The event that starts the session.
    pub event: Option<Occasion>,
    /// The network connection.
    pub connection: Option<String>,
}

impl Key {
    /// Whether it is about that item, event and connection.
    fn is_about(&self, item: Guid, event: Occasion, connection: Option<&str>) -> bool {
        self.item.is_none_or(|own| own == item)
            && self.event.is_none_or(|own| event.is_one_of(own))
            && self.connection.as_deref().is_none_or(|own| connection == Some(own))
    }

    /// The preference for the item outweighs one for the event, and that one for the connection; one for logon outweighs one for
    /// CONNECT, as which handlers see it.
    fn weight(&self) -> (bool, Option<bool>, bool) {
        (self.item.is_some(), self.event.map(|event| !event.is_event()), self.connection.is_some())
    }
}

/// A preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// What it is about.
    pub key: Key,
    /// Whether the item is to be synchronized then.
    pub checked: bool,
    /// The item's name, when it was last enumerated: for people who read the file.
    pub name: Option<String>,
    /// The item was TEMPORARY when it was last enumerated.
    pub temporary: bool,
}

/// What the user prefers for a handler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preferences {
    all: BTreeMap<Key, Preference>,
    /// The events at which the user is asked first.
    ask: BTreeSet<Occasion>,
    /// Fields of later versions, which are kept.
    rest: Map<String, Value>,
}

impl Preferences {
    /// All, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Preference> {
        self.all.values()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.ask.is_empty()
    }

    /// The events at which the user is asked before anything is synchronized.
    pub fn asks(&self) -> impl Iterator<Item = Occasion> {
        self.ask.iter().copied()
    }

    /// Whether the user is asked first in a session with this event.
    pub fn asks_first(&self, event: impl Into<Occasion>) -> bool {
        let event = event.into();
        self.ask.iter().any(|one| event.is_one_of(*one))
    }

    /// Says whether the user is asked first at that event; false if it was so before.
    pub fn set_ask(&mut self, event: Occasion, ask: bool) -> bool {
        if ask { self.ask.insert(event) } else { self.ask.remove(&event) }
    }

    /// As [`checked`](Self::checked), for an item of which no preference speaks.
    pub fn others_checked(&self, event: impl Into<Occasion>, connection: Option<&str>) -> Option<bool> {
        let event = event.into();
        let about =
            self.all.values().filter(|one| one.key.item.is_none() && one.key.is_about(GUID_NULL, event, connection));
        about.max_by_key(|one| one.key.weight()).map(|one| one.checked)
    }

    /// Whether the item is to be synchronized in a session with this event on this connection; none where the user did not say,
    /// and the handler's own preselection counts. The preference that says most precisely what it is about decides.
    pub fn checked(&self, item: Guid, event: impl Into<Occasion>, connection: Option<&str>) -> Option<bool> {
        let event = event.into();
        let about = self.all.values().filter(|one| one.key.is_about(item, event, connection));
        about.max_by_key(|one| one.key.weight()).map(|one| one.checked)
    }

    /// Sets a preference.
    pub fn set(&mut self, key: Key, checked: bool) {
        let known = self.all.values().find(|one| key.item.is_some() && one.key.item == key.item);
        let (name, temporary) = known.map(|known| (known.name.clone(), known.temporary)).unwrap_or_default();
        self.all.insert(key.clone(), Preference { key, checked, name, temporary });
    }

    /// Removes a preference; false if there is none.
    pub fn unset(&mut self, key: &Key) -> bool {
        self.all.remove(key).is_some()
    }

    /// Takes these preferences in; each replaces the one about the same.
    pub fn merge(&mut self, others: &Preferences) {
        self.all.extend(others.all.iter().map(|(key, one)| (key.clone(), one.clone())));
        self.ask.extend(&others.ask);
    }

    /// The item that a word means: its ID, or its name when it was last enumerated.
    pub fn item_named(&self, word: &str) -> Option<Guid> {
        let by_id = Guid::from_alias(word).or_else(|| word.parse().ok());
        by_id.or_else(|| self.all.values().find(|one| one.name.as_deref() == Some(word)).and_then(|one| one.key.item))
    }

    /// The handler has enumerated its items (REGI-04, `nf-mobsync-isyncmgrsynchronize-enumsyncmgritems`): after S_OK the preferences
    /// of items that were not enumerated are dropped; after S_SYNCMGR_MISSINGITEMS they are kept, except those of TEMPORARY
    /// items. Any other result says nothing.
    pub fn enumerated<'a>(&mut self, result: HResult, items: impl IntoIterator<Item = &'a Item>) {
        if result != HResult::S_OK && result != HResult::S_SYNCMGR_MISSINGITEMS {
            return;
        }
        let items: BTreeMap<Guid, &Item> = items.into_iter().map(|item| (item.id, item)).collect();
        self.all.retain(|key, one| {
            let Some(id) = key.item else { return true };
            let Some(item) = items.get(&id) else { return result != HResult::S_OK && !one.temporary };
            one.name = item.name.as_str().map(str::to_owned);
            one.temporary = item.flags.has(ItemFlags::TEMPORARY);
            true
        });
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.all.clear();
        self.ask.clear();
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.iter().cloned().map(Row::from).collect()
    }

    /// Reads rows; the position of one that is there twice is returned as the error.
    pub(super) fn from_rows(rows: Vec<Row>, ask: BTreeSet<Occasion>) -> Result<Self, usize> {
        let mut all = BTreeMap::new();
        for (at, row) in rows.into_iter().enumerate() {
            let one = Preference::from(row);
            if all.insert(one.key.clone(), one).is_some() {
                return Err(at);
            }
        }
        Ok(Self { all, ask, rest: Map::new() })
    }
}

/// As the list in the file.
impl Serialize for Preferences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows().serialize(serializer)
    }
}

/// As the list in the file.
impl<'de> Deserialize<'de> for Preferences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let twice =
            |at: usize| format!("preference {} is about the same as an earlier one; remove one of them", at + 1);
        Self::from_rows(Vec::deserialize(deserializer)?, BTreeSet::new())
            .map_err(|at| serde::de::Error::custom(twice(at)))
    }
}

/// The list in the file.
impl JsonSchema for Preferences {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Preferences".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Vec<Row>>()
    }
}

/// A preference, as files have it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Preference")]
pub(super) struct Row {
    /// The item; without it, every item of the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<Id>,
    /// The item's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The item was TEMPORARY when it was last enumerated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    temporary: bool,
    /// The event that starts the session; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Occasion>,
    /// The network connection; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// Whether the item is to be synchronized then.
    checked: bool,
}

impl From<Preference> for Row {
    fn from(Preference { key: Key { item, event, connection }, checked, name, temporary }: Preference) -> Self {
        Self { item: item.map(Id), name, temporary, event, connection, checked }
    }
}

impl From<Row> for Preference {
    fn from(Row { item, name, temporary, event, connection, checked }: Row) -> Self {
        Self { key: Key { item: item.map(|Id(id)| id), event, connection }, checked, name, temporary }
    }
}

/// What the user prefers for a handler, in the store.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Preferences")]
struct File {
    /// `mobsync-preferences`.
    #[serde(deserialize_with = "this_format")]
    #[schemars(schema_with = "format")]
    format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "version")]
    version: u32,
    /// The preferences. The one that says most precisely what it is about decides.
    preferences: Vec<Row>,
    /// The events at which the user is asked before anything is synchronized.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    ask: BTreeSet<Occasion>,
    /// Fields of later versions, which are kept.
    #[serde(flatten)]
    #[schemars(skip)]
    rest: Map<String, Value>,
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    format_is(deserializer, FORMAT)
}

/// Reads the field `format`, which must have this value.
pub(super) fn format_is<'de, D: Deserializer<'de>>(deserializer: D, expected: &str) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == expected {
        return Ok(found);
    }
    Err(serde::de::Error::custom(format_args!("the format is `{found}`; expected `{expected}`")))
}

fn format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": FORMAT })
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": VERSION })
}

pub(super) fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Preferences, FileError> {
    json::check_version(text, file)?;
    let File { preferences, ask, rest, .. } = json::from_json(text, file)?;
    let read = Preferences::from_rows(preferences, ask).map_err(|at| {
        let place = json::JsonPath::default().key("preferences").index(at);
        json::nonsense(text, file, &place, "an earlier preference is about the same; remove one of them")
    })?;
    Ok(Preferences { rest, ..read })
}

pub(super) fn text(preferences: &Preferences) -> Result<String, serde_json::Error> {
    let (rows, ask, rest) = (preferences.rows(), preferences.ask.clone(), preferences.rest.clone());
    let file = File { format: FORMAT.to_owned(), version: VERSION, preferences: rows, ask, rest };
    json::to_string_pretty(&file).map(|text| text + "\n")
}
