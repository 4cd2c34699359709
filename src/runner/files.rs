//! Files and folders that a session writes.

use crate::protocol::plain_path;
use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be written. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: cannot be written: {why}", plain_path(path))]
pub struct WriteError {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// What stands in the way.
    pub why: String,
}

impl WriteError {
    /// What to say of that error.
    pub fn new(path: &Path, error: &io::Error) -> Self {
        Self::of_kind(path, error.kind(), error.to_string())
    }

    /// As [`new`](Self::new), for an error of which only the kind and the system's words are left.
    pub(super) fn of_kind(path: &Path, kind: io::ErrorKind, message: String) -> Self {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let why = match (kind, folder) {
            (io::ErrorKind::NotFound, Some(folder)) if !folder.exists() => {
                format!("the folder {} does not exist; create it, or choose another file", plain_path(folder))
            }
            (io::ErrorKind::IsADirectory, _) => "this is a folder; choose a file".to_owned(),
            _ => message,
        };
        Self { path: path.to_owned(), why }
    }
}

/// A folder that cannot be made. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", plain_path(path))]
pub struct MakeFolderError {
    /// The folder, as the user named it.
    pub path: PathBuf,
    /// What stands in the way.
    pub why: String,
}

/// Makes a folder for the files of several sessions, unless it is there.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), MakeFolderError> {
    std::fs::create_dir_all(path).map_err(|error| {
        let why = match path.ancestors().find(|there| there.is_file()) {
            Some(there) if there == path => "this is a file; choose a folder, which is created if necessary".to_owned(),
            Some(there) => {
                format!("{} is a file and cannot contain a folder; choose another folder", plain_path(there))
            }
            None => format!("cannot create the folder: {error}"),
        };
        MakeFolderError { path: path.to_owned(), why }
    })
}
