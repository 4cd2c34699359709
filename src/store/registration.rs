//! `registration.json`: a registered handler.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::json::{self, FileError};
use crate::protocol::{Guid, RegisterFlags};

/// What the first field of the file says.
const FORMAT: &str = "mobsync-registration";
/// The version of the format.
const VERSION: u32 = 1;

/// A registered handler: what `RegisterSyncMgrHandler` stores (`nf-mobsync-isyncmgrregister-registersyncmgrhandler`), and how the
/// manager starts it, which COM's registry says on Windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its CLSID.
    pub clsid: Guid,
    /// `pwszDescription`, which may be NULL. It is the handler's name in the store.
    pub description: Option<String>,
    /// `dwSyncMgrRegisterFlags`.
    pub flags: RegisterFlags,
    /// How it is started.
    pub start: Start,
}

impl Registration {
    /// What people call it: its description, or else its CLSID.
    pub fn name(&self) -> String {
        match &self.description {
            Some(description) if !description.trim().is_empty() => description.clone(),
            _ => self.clsid.to_string(),
        }
    }
}

/// How a registered handler is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Start {
    /// The class with the CLSID of the registration, in a native library.
    Library {
        /// The library.
        library: PathBuf,
        /// On Windows the handler lives in the multi-threaded apartment: its ThreadingModel is Free or Both.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        multi_threaded: bool,
    },
    /// A program that speaks the wire protocol.
    Command {
        /// The program and its arguments.
        command: Vec<String>,
        /// Where it is started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<PathBuf>,
    },
    /// A handler file, such as a script.
    File {
        /// The file.
        file: PathBuf,
    },
    /// The built-in `filesync`.
    Filesync {
        /// The folders that it synchronizes, each pair an item.
        folders: Vec<StartFolders>,
        /// Leave newer files in `right`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        update: bool,
    },
}

/// Two folders of `filesync`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartFolders {
    /// The folder that is read.
    pub left: PathBuf,
    /// The folder that becomes like it.
    pub right: PathBuf,
}

/// A registered handler, in the store.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Registration")]
struct File {
    /// `mobsync-registration`.
    #[serde(deserialize_with = "this_format")]
    #[schemars(schema_with = "format")]
    format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "version")]
    version: u32,
    /// The handler's CLSID.
    clsid: Guid,
    /// The handler's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The events for which the handler is registered.
    #[serde(default, deserialize_with = "valid_flags")]
    flags: RegisterFlags,
    /// How the handler is started.
    start: Start,
    /// Fields of later versions, which are kept.
    #[serde(flatten)]
    #[schemars(skip)]
    rest: Map<String, Value>,
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    super::preferences::format_is(deserializer, FORMAT)
}

fn valid_flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RegisterFlags, D::Error> {
    let flags = RegisterFlags::deserialize(deserializer)?;
    if flags.is_valid() {
        return Ok(flags);
    }
    Err(serde::de::Error::custom(super::StoreError::InvalidFlags { flags }))
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

/// A registration as it was read, with what a later version may have written beside it.
pub(super) struct Read {
    pub(super) registration: Registration,
    rest: Map<String, Value>,
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Read, FileError> {
    json::check_version(text, file)?;
    let File { clsid, description, flags, start, rest, .. } = json::from_json(text, file)?;
    Ok(Read { registration: Registration { clsid, description, flags, start }, rest })
}

/// The text of the file. `old` is what stands there now.
pub(super) fn text(registration: &Registration, old: Option<Read>) -> Result<String, serde_json::Error> {
    let Registration { clsid, description, flags, start } = registration.clone();
    let rest = old.map(|old| old.rest).unwrap_or_default();
    let file = File { format: FORMAT.to_owned(), version: VERSION, clsid, description, flags, start, rest };
    json::to_string_pretty(&file).map(|text| text + "\n")
}
