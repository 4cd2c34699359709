//! Files and folders that a session writes.

use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be written. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: cannot be written: {why}", path.display())]
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
                format!("there is no folder {}; make it first, or name a file elsewhere", folder.display())
            }
            (io::ErrorKind::IsADirectory, _) => "that is a folder; name a file".to_owned(),
            _ => message,
        };
        Self { path: path.to_owned(), why }
    }
}

/// A folder that cannot be made. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", path.display())]
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
            Some(there) if there == path => "that is a file; name a folder, which is made if need be".to_owned(),
            Some(there) => format!("{} is a file, and no folder can be in it; name another", there.display()),
            None => format!("the folder cannot be made: {error}"),
        };
        MakeFolderError { path: path.to_owned(), why }
    })
}
