//! What can go wrong with one file, and what can end the work on an item.

use std::fmt;
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

/// Why the work on an item ends before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// The item is cancelled or skipped.
    Item,
    /// Everything is cancelled.
    All,
    /// The manager is gone: nothing more is said to it.
    Gone,
}

/// What a long piece of work looks up to.
pub(super) trait Watch {
    /// Whether to go on, without a word to the manager.
    fn look_up(&self) -> Result<(), Halt>;

    /// Tells that `bytes` of `size` of the file at hand are copied, and learns whether to go on.
    fn copied(&self, bytes: u64, size: u64) -> Result<(), Halt>;
}

/// A file, folder or link that could not be synchronized. The text is what the user reads.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("cannot read {path}: {why}")]
    Read { path: PathBuf, why: io::Error },
    #[error("cannot write {path}: {why}")]
    Write { path: PathBuf, why: io::Error },
    #[error("{path} changed during the copy; the file it replaces was left unchanged")]
    Changed { path: PathBuf },
    #[error(
        "{path} changed after the folders were compared, so it was left unchanged; synchronize again to compare anew"
    )]
    RightChanged { path: PathBuf },
    #[error(
        "{right} is the folder {left} under another path (a bind mount), so nothing was copied into it; unmount one"
    )]
    RightIsLeft { right: PathBuf, left: PathBuf },
    #[error("{left} and {other} lead to one {kind} on the right, {right}; {left} was left out; rename one of the two")]
    OnePlace { left: Box<Path>, other: Box<Path>, right: Box<Path>, kind: EntryKind },
    #[error(
        "{left} is a {left_kind}, but {right} is a {right_kind}; both were left unchanged; rename or remove one of them"
    )]
    Conflict { left: Box<Path>, left_kind: EntryKind, right: Box<Path>, right_kind: EntryKind },
    #[error("cannot start a thread to synchronize {path}: {why}")]
    Thread { path: PathBuf, why: io::Error },
    #[error("an internal error occurred while synchronizing {path}")]
    Panicked { path: PathBuf },
}

/// Why a copy was not made.
#[derive(Debug)]
pub(super) enum Failure {
    Halt(Halt),
    Trouble(Trouble),
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Folder,
    Link,
    /// A pipe, a socket, a device: its name.
    Special(&'static str),
}

impl EntryKind {
    pub fn of(file_type: FileType) -> Self {
        if file_type.is_symlink() {
            Self::Link
        } else if file_type.is_dir() {
            Self::Folder
        } else if file_type.is_file() {
            Self::File
        } else {
            Self::Special(special(file_type))
        }
    }
}

#[cfg(unix)]
fn special(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_fifo() {
        "named pipe"
    } else if file_type.is_socket() {
        "socket"
    } else if file_type.is_block_device() || file_type.is_char_device() {
        "device"
    } else {
        "special file"
    }
}

#[cfg(not(unix))]
fn special(_file_type: FileType) -> &'static str {
    "special file"
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EntryKind::File => "file",
            EntryKind::Folder => "folder",
            EntryKind::Link => "link",
            EntryKind::Special(name) => name,
        })
    }
}
