//! What can be wrong with the store.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::json::FileError;
use crate::protocol::{Guid, RegisterFlags, plain_path};

/// The store could not be read or changed. The messages say where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A file of the store is damaged, or of another version. It stays as it is.
    #[error("{0}; the file stays as it is: repair it, or move it away and register again")]
    Damaged(#[from] FileError),
    /// The registration of a handler that another CLSID's folder contains.
    #[error("{}: clsid: the file is about {found}, but its folder about {expected}", plain_path(file))]
    WrongFolder {
        /// The file.
        file: PathBuf,
        /// The CLSID that it names.
        found: Guid,
        /// The CLSID that its folder names.
        expected: Guid,
    },
    /// A file or folder of the store cannot be read or written.
    #[error("{}: {action}: {why}", plain_path(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's words.
        why: String,
    },
    /// Another process holds the lock for longer than the time limit.
    #[error(
        "{}: another process has held the lock of the store for {seconds:.1} s; wait until it ends, and try again",
        plain_path(lock),
        seconds = limit.as_secs_f64()
    )]
    Locked {
        /// The file of the lock.
        lock: PathBuf,
        /// The time limit.
        limit: Duration,
    },
    /// `dwSyncMgrRegisterFlags` with bits that the mask does not have (E_INVALIDARG).
    #[error(
        "{flags} are not valid SYNCMGRREGISTERFLAGS; expected CONNECT, PENDINGDISCONNECT, IDLE, or several joined by |"
    )]
    InvalidFlags {
        /// The flags.
        flags: RegisterFlags,
    },
    /// The handler is not registered.
    #[error("{clsid} is not registered; `mobsync handlers` lists the registered handlers")]
    NotRegistered {
        /// Its CLSID.
        clsid: Guid,
    },
    /// A word that names no registered handler.
    #[error("{word}: no registered handler has this name or CLSID{hint}; `mobsync handlers` lists them")]
    NoSuch {
        /// The word.
        word: String,
        /// The name that is near, if there is one.
        hint: String,
    },
    /// Several handlers are registered under that name.
    #[error("{word}: {} registered handlers have this name; use the CLSID: {}", clsids.len(), list(clsids))]
    Ambiguous {
        /// The name.
        word: String,
        /// Their CLSIDs.
        clsids: Vec<Guid>,
    },
    /// The system does not say where the user's data are.
    #[error("the store has no place: the home folder is not known; set HOME, or name a folder with --store")]
    NoPlace,
}

fn list(clsids: &[Guid]) -> String {
    clsids.iter().map(Guid::to_string).collect::<Vec<_>>().join(", ")
}

impl StoreError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { path: path.to_owned(), action, why: error.to_string() }
    }
}
