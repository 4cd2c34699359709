//! Handler files: JSON, of a kind each.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{HandlerError, HandlerSpec};
use crate::handler::FolderPair;
use crate::json::{self, FileError, JsonPath, readable};
use crate::protocol::Guid;

/// What kinds of handler files there are.
const KINDS: [&str; 4] = ["script", "com", "exec", "builtin"];

/// A handler file names its kind; each kind reads the rest by itself.
#[derive(Deserialize)]
struct KindField {
    #[serde(default, deserialize_with = "given")]
    kind: Option<Value>,
}

/// A value that is given, if only as null.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// A handler file of kind `builtin`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltinFile {
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "version", default)]
    _version: Option<u32>,
    name: String,
    #[serde(default)]
    folders: Vec<FolderEntry>,
}

/// A pair of folders; relative to the handler file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderEntry {
    left: PathBuf,
    right: PathBuf,
}

/// Reads a handler file of any kind.
pub(super) fn read(file: &Path) -> Result<HandlerSpec, HandlerError> {
    let text = json::read(file)?;
    match kind(&text, file)? {
        "builtin" => builtin(&text, file),
        "com" => com(&text, file),
        "exec" => exec(&text, file),
        _ => Ok(HandlerSpec::Script { file: file.to_owned(), text }),
    }
}

/// The kind that a handler file names.
fn kind(text: &str, file: &Path) -> Result<&'static str, FileError> {
    let KindField { kind } = json::from_json(text, file)?;
    let kinds = KINDS.join(", ");
    let (place, why) = match kind {
        Some(Value::String(given)) => match KINDS.into_iter().find(|known| *known == given) {
            Some(kind) => return Ok(kind),
            None => (JsonPath::default().key("kind"), json::unknown_name(&given, &KINDS)),
        },
        // Where a field is missing there is nothing to point at but the document.
        None if json::without_mark(text).trim_start().starts_with('{') => (
            JsonPath::default(),
            format!("the field `kind` is missing: a handler file names its kind, which is one of: {kinds}"),
        ),
        // serde reads a structure from a list, too.
        None => (JsonPath::default(), "expected an object with the fields of a handler file".to_owned()),
        Some(other) => (JsonPath::default().key("kind"), format!("expected one of: {kinds}; found {other}")),
    };
    Err(json::nonsense(text, file, &place, &why))
}

/// A handler file of kind `com`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComFile {
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "version", default)]
    _version: Option<u32>,
    /// The library; relative to the handler file.
    library: PathBuf,
    clsid: Guid,
    #[serde(default)]
    name: Option<String>,
}

fn com(text: &str, file: &Path) -> Result<HandlerSpec, HandlerError> {
    json::check_version(text, file)?;
    let read: ComFile = json::from_json(text, file)?;
    let library = file.parent().unwrap_or(Path::new("")).join(read.library);
    library_of(&library, read.clsid, read.name)
}

/// A class of a library that is there.
pub(super) fn library_of(library: &Path, clsid: Guid, name: Option<String>) -> Result<HandlerSpec, HandlerError> {
    // Another process, which may stand in another folder, finds it too.
    let Ok(library) = library.canonicalize() else {
        return Err(HandlerError::NoLibrary { library: library.to_owned() });
    };
    let stem = || library.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(stem);
    Ok(HandlerSpec::Com { library, clsid, name, probes: false, multi_threaded: false })
}

/// A handler file of kind `exec`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExecFile {
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "version", default)]
    _version: Option<u32>,
    /// The program and its arguments; it is started in the handler file's folder.
    command: Vec<String>,
    #[serde(default)]
    name: Option<String>,
}

fn exec(text: &str, file: &Path) -> Result<HandlerSpec, HandlerError> {
    json::check_version(text, file)?;
    let read: ExecFile = json::from_json(text, file)?;
    if read.command.first().is_none_or(String::is_empty) {
        return Err(HandlerError::NoCommandInFile { file: file.to_owned() });
    }
    let folder = file.canonicalize().ok().and_then(|file| file.parent().map(Path::to_owned));
    let name = read.name.unwrap_or_else(|| read.command.join(" "));
    Ok(HandlerSpec::Exec { command: read.command, folder, name })
}

fn builtin(text: &str, file: &Path) -> Result<HandlerSpec, HandlerError> {
    json::check_version(text, file)?;
    let read: BuiltinFile = json::from_json(text, file)?;
    if read.name != "filesync" {
        return Err(HandlerError::NoBuiltin { file: file.to_owned(), name: readable(&read.name) });
    }
    if read.folders.is_empty() {
        return Err(HandlerError::NoFoldersInFile { file: file.to_owned() });
    }
    let base = file.parent().unwrap_or(Path::new(""));
    let pair = |(at, entry): (usize, FolderEntry)| {
        FolderPair::new(base.join(entry.left), base.join(entry.right)).map_err(|error| HandlerError::FolderInFile {
            file: file.to_owned(),
            path: format!("folders[{at}]"),
            error: Box::new(error),
        })
    };
    let folders = read.folders.into_iter().enumerate().map(pair).collect::<Result<_, _>>()?;
    Ok(HandlerSpec::Filesync { folders })
}
