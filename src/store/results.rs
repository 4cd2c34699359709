//! `results.json`: how the last session of a registered handler ended.

use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::preferences::format_is;
use crate::json::{self, FileError, Id};
use crate::protocol::{FileTime, Status, SyncEvent};

/// What the first field of the file says.
const FORMAT: &str = "mobsync-results";
/// The version of the format.
const VERSION: u32 = 1;

/// How the last session of a registered handler ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// The event that started the session.
    pub event: SyncEvent,
    /// When it began.
    #[schemars(with = "String")]
    pub started: FileTime,
    /// When it ended.
    #[schemars(with = "String")]
    pub ended: FileTime,
    /// How it ended.
    pub outcome: String,
    /// The session failed, or an item of it did.
    pub failed: bool,
    /// The items that the handler enumerated.
    pub items: Vec<ItemResult>,
    /// What was logged of no item, and not deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// The codes of the rules that the handler broke.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemResult {
    /// The item.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Whether it was chosen.
    pub chosen: bool,
    /// Its last status, if the handler reported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What was logged of it, and not deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// The results of the last session of a registered handler, in the store.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Results")]
struct File {
    /// `mobsync-results`.
    #[serde(deserialize_with = "this_format")]
    #[schemars(schema_with = "format")]
    format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "version")]
    version: u32,
    #[serde(flatten)]
    results: Results,
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

pub(super) fn schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Results, FileError> {
    json::check_version(text, file)?;
    let File { results, .. } = json::from_json(text, file)?;
    Ok(results)
}

pub(super) fn text(results: &Results) -> Result<String, serde_json::Error> {
    let file = File { format: FORMAT.to_owned(), version: VERSION, results: results.clone() };
    json::to_string_pretty(&file).map(|text| text + "\n")
}
