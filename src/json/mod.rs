//! Reading and writing the JSON documents of this project: with errors that name file, line, column and path,
//! and with the short names that documents use for IDs.

pub(crate) mod files;
mod id;
mod objects;
mod path;
mod read;
mod text;
mod wording;
mod write;

pub use id::Id;
pub(crate) use path::{Path as JsonPath, place_of, places_in_list};
pub use read::FileError;
pub(crate) use read::{check_version, from_json, nonsense, read, without_mark};
pub(crate) use text::readable;
pub(crate) use wording::{reworded, unknown_name};
pub(crate) use write::{quoted, to_string, to_string_pretty, to_writer};
