//! Preferences that are taken from one store to another: the file of `mobsync prefs export`.

use std::collections::BTreeSet;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Preferences;
use super::preferences::{Row, format_is};
use crate::json::{self, FileError};
use crate::protocol::{Guid, Occasion};

/// What the first field of the file says.
const FORMAT: &str = "mobsync-preferences-export";
/// The version of the format.
const VERSION: u32 = 1;

/// The preferences of several handlers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    /// Those of each handler.
    pub handlers: Vec<ExchangedHandler>,
}

/// The preferences of a handler.
#[derive(Clone, Debug, PartialEq)]
pub struct ExchangedHandler {
    /// Its CLSID.
    pub clsid: Guid,
    /// Its description, for people.
    pub description: Option<String>,
    /// The preferences.
    pub preferences: Preferences,
}

/// Preferences of several handlers, to take them from one store to another.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Exported preferences")]
struct File {
    /// `mobsync-preferences-export`.
    #[serde(deserialize_with = "this_format")]
    #[schemars(schema_with = "format")]
    format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "version")]
    version: u32,
    /// The handlers.
    handlers: Vec<Handler>,
}

/// A handler and its preferences.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Exported handler")]
struct Handler {
    /// The handler's CLSID.
    clsid: Guid,
    /// The handler's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Its preferences.
    preferences: Vec<Row>,
    /// The events at which the user is asked before anything is synchronized.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    ask: BTreeSet<Occasion>,
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    format_is(deserializer, FORMAT)
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

impl Exchange {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or is not such a file.
    pub fn load(file: &Path) -> Result<Self, FileError> {
        let text = json::read(file)?;
        json::check_version(&text, file)?;
        let read: File = json::from_json(&text, file)?;
        let mut handlers: Vec<ExchangedHandler> = Vec::new();
        for (at, Handler { clsid, description, preferences, ask }) in read.handlers.into_iter().enumerate() {
            let place = json::JsonPath::default().key("handlers").index(at);
            let preferences = Preferences::from_rows(preferences, ask).map_err(|row| {
                let place = place.key("preferences").index(row);
                json::nonsense(&text, file, &place, "an earlier preference is about the same; remove one of them")
            })?;
            if handlers.iter().any(|other| other.clsid == clsid) {
                let why = "an earlier entry is about the same handler; join the two";
                return Err(json::nonsense(&text, file, &place.key("clsid"), why));
            }
            handlers.push(ExchangedHandler { clsid, description, preferences });
        }
        Ok(Self { handlers })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When a value has no form in JSON.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        let handlers = self.handlers.iter().map(|one| Handler {
            clsid: one.clsid,
            description: one.description.clone(),
            preferences: one.preferences.rows(),
            ask: one.preferences.asks().collect(),
        });
        let file = File { format: FORMAT.to_owned(), version: VERSION, handlers: handlers.collect() };
        json::to_string_pretty(&file).map(|text| text + "\n")
    }
}
