//! Reads JSON documents that people write: handler files, scenarios, baselines, reports. Errors name file, line, column
//! and path.

use std::io::Read;
use std::path::{Path as FilePath, PathBuf};

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::error::Category;

use super::objects::OnlyObjects;
use super::path::{Path, byte_of, place_of};
use super::{files, readable, wording};
use crate::protocol::plain_path;

/// The version of the formats that this program reads.
const VERSION: u32 = 1;

/// A JSON file could not be read. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The file could not be read.
    #[error("{file}: cannot be read: {why}", file = plain_path(file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The file is not UTF-8.
    #[error("{file}:{line}:{column}: the file is not UTF-8 from here on", file = plain_path(file))]
    NotUtf8 {
        /// The file.
        file: PathBuf,
        /// Line of the first character that is not.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// The file is no valid JSON, or not what its format asks for.
    #[error("{file}:{line}:{column}: {path}: {why}", file = plain_path(file))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The line where the value begins, or where the text stops being JSON.
        line: usize,
        /// The column.
        column: usize,
        /// Where in the document, e.g. `methods.Synchronize.do[2]`.
        path: String,
        /// What was found, and what is expected.
        why: String,
    },
    /// The file is of another version.
    #[error(
        "{file}:{line}:{column}: version: the file has format version {found}; this program reads version {VERSION}",
        file = plain_path(file)
    )]
    Version {
        /// The file.
        file: PathBuf,
        /// The line where the version stands.
        line: usize,
        /// The column.
        column: usize,
        /// The version that it says.
        found: u64,
    },
    /// A part of the document makes no sense where it stands.
    #[error("{file}:{line}:{column}: {path}: {why}", file = plain_path(file))]
    Nonsense {
        /// The file.
        file: PathBuf,
        /// The line where the part begins.
        line: usize,
        /// The column.
        column: usize,
        /// Where in the document.
        path: String,
        /// Why not, and what to do.
        why: String,
    },
}

/// Reads a file as UTF-8 text.
pub(crate) fn read(file: &FilePath) -> Result<String, FileError> {
    let mut bytes = Vec::new();
    let read = files::open(file).and_then(|mut opened| opened.read_to_end(&mut bytes));
    read.map_err(|error| FileError::Unreadable { file: file.to_owned(), why: error.to_string() })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let (line, column) = place_of(&valid, valid.len());
        FileError::NotUtf8 { file: file.to_owned(), line, column }
    })
}

/// A part of a document makes no sense where it stands.
pub(crate) fn nonsense(text: &str, file: &FilePath, path: &Path, why: &str) -> FileError {
    let (line, column) = path.place(without_mark(text)).unwrap_or((1, 1));
    FileError::Nonsense { file: file.to_owned(), line, column, path: shortened(path), why: readable(why) }
}

/// Refuses other versions before anything else is looked at: what they look like inside is not for this one to judge.
pub(crate) fn check_version(text: &str, file: &FilePath) -> Result<(), FileError> {
    let path = Path::default().key("version");
    let text = without_mark(text);
    let found = path.find(text).and_then(|version| version.parse().ok());
    match found {
        Some(found) if found != u64::from(VERSION) => {
            let (line, column) = path.place(text).unwrap_or((1, 1));
            Err(FileError::Version { file: file.to_owned(), line, column, found })
        }
        _ => Ok(()),
    }
}

/// Reads a document into its type, with errors that name line, column and path.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str, file: &FilePath) -> Result<T, FileError> {
    let text = without_mark(text);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(OnlyObjects(&mut json))
        .map_err(|error| invalid(text, file, &Path::from(error.path()), error.inner()))?;
    json.end().map_err(|error| invalid(text, file, &Path::default(), &error))?;
    Ok(value)
}

/// The text without the byte order mark that some editors, and shells that write what a program prints, put in front.
/// Whoever saves a file with a mark as another encoding may get a second one.
pub(crate) fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

fn invalid(text: &str, file: &FilePath, path: &Path, error: &serde_json::Error) -> FileError {
    let message = error.to_string();
    // The place is given apart; serde_json appends it to the message too.
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&position).unwrap_or(&message);
    let stopped = byte_of(text, error.line(), error.column());
    let (place, why) = match error.classify() {
        Category::Data => (begin(text, path, message, stopped), wording::reworded(message)),
        _ if message == "recursion limit exceeded" => {
            (place_of(text, stopped), "values are nested too deeply".to_owned())
        }
        // The text as a whole is JSON: serde_json calls it a fault of syntax when a step has not exactly one key.
        _ if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            let why = match path.find(text).and_then(|value| serde_json::from_str(value).ok()) {
                None | Some(Value::Object(_)) => {
                    "expected an object with one key; each step is an object of its own".to_owned()
                }
                Some(Value::Array(list)) => format!("expected a name, found a list of {}", list.len()),
                Some(other) => format!("expected a name, found {other}"),
            };
            (path.place(text).unwrap_or_else(|| place_of(text, stopped)), why)
        }
        _ if text.trim().is_empty() => ((1, 1), "the file is empty; expected a JSON object".to_owned()),
        _ => (place_of(text, stopped.saturating_sub(1)), wording::syntax(message)),
    };
    let (line, column) = place;
    FileError::Invalid { file: file.to_owned(), line, column, path: shortened(path), why: readable(&why) }
}

/// The path as it stands in a message: of one that is very long, the beginning.
fn shortened(path: &Path) -> String {
    const LONGEST: usize = 120;
    let path = readable(&path.to_string());
    match path.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &path[..at]),
        None => path,
    }
}

/// Line and column of what is wrong: the name, when that is what is wrong, or else the value.
fn begin(text: &str, path: &Path, message: &str, stopped: usize) -> (usize, usize) {
    let name = wording::name_in_file(message).and_then(|name| {
        let quoted = serde_json::Value::from(name).to_string();
        text[..stopped].ends_with(&quoted).then(|| stopped - quoted.len())
    });
    match name {
        Some(byte) => place_of(text, byte),
        None => path.place(text).unwrap_or_else(|| place_of(text, stopped.saturating_sub(1))),
    }
}
