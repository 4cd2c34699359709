//! What can be wrong with HANDLER.

use std::path::PathBuf;

use crate::handler::FolderError;
use crate::json::FileError;
use crate::protocol::plain_path;
use crate::store::StoreError;

/// A handler that cannot be driven. The messages say what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// `filesync` without a folder.
    #[error("filesync needs at least one --folder LEFT=RIGHT")]
    NoFolders,
    /// `--folder` or `--update` for another handler.
    #[error("--folder and --update are for filesync, not for {word}")]
    FoldersElsewhere {
        /// The handler.
        word: String,
    },
    /// A folder that cannot be synchronized.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A folder of a handler file.
    #[error("{}: {path}: {error}", plain_path(file))]
    FolderInFile {
        /// The handler file.
        file: PathBuf,
        /// Where in the file, e.g. `folders[1]`.
        path: String,
        /// What is wrong.
        error: Box<FolderError>,
    },
    /// A handler file that cannot be read, or says something else than it should.
    #[error(transparent)]
    File(#[from] FileError),
    /// A handler file of kind `builtin` that names no built-in handler.
    #[error("{}: name: unknown built-in handler `{name}`; expected `filesync`", plain_path(file))]
    NoBuiltin {
        /// The handler file.
        file: PathBuf,
        /// The name that it gives.
        name: String,
    },
    /// A handler file for `filesync` without folders.
    #[error(
        "{}: folders: no folder to synchronize; expected at least one {{\"left\": …, \"right\": …}}",
        plain_path(file)
    )]
    NoFoldersInFile {
        /// The handler file.
        file: PathBuf,
    },
    /// A handler file of kind `exec` without a command.
    #[error(
        "{}: command: the list is empty; expected a program and its arguments, such as [\"python3\", \"handler.py\"]",
        plain_path(file)
    )]
    NoCommandInFile {
        /// The handler file.
        file: PathBuf,
    },
    /// A command that cannot be taken apart.
    #[error("--exec {command:?}: {why}; write it as in a shell, such as --exec 'python3 handler.py'")]
    Command {
        /// The command.
        command: String,
        /// What is wrong with it.
        why: String,
    },
    /// A library without a class.
    #[error(
        "{}: a native library needs --clsid {{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}}, the CLSID of the handler's class",
        plain_path(library)
    )]
    NoClass {
        /// The library.
        library: PathBuf,
    },
    /// `--clsid` for another handler.
    #[error("--clsid is for a native library, not for {word}")]
    ClassElsewhere {
        /// The handler.
        word: String,
    },
    /// A library that is not there.
    #[error("{}: no such file", plain_path(library))]
    NoLibrary {
        /// The library.
        library: PathBuf,
    },
    /// A library that no worker can load: it is for another processor, or no library.
    #[error("{}: {what}", plain_path(library))]
    NotForWorkers {
        /// The library.
        library: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A library for Windows, where what runs it is not there.
    #[cfg(unix)]
    #[error("{}: {missing}", plain_path(library))]
    NoWine {
        /// The library.
        library: PathBuf,
        /// What is missing.
        missing: super::Missing,
    },
    /// A script beside a handler that is none, in one session.
    #[error(
        "{scripted} is a script and runs in virtual time; {real} runs in real time: they cannot be in one session, which has one clock"
    )]
    TwoClocks {
        /// The script.
        scripted: String,
        /// The other one.
        real: String,
    },
    /// A kind of handler that this version does not drive.
    #[error("{what} are not supported by this version", what = .0)]
    NotYet(
        /// The handler or its file, and its kind.
        String,
    ),
    /// A word that nearly names a handler.
    #[error("{word}: no such handler; did you mean {near}?")]
    Near {
        /// The word.
        word: String,
        /// What it nearly is.
        near: &'static str,
    },
    /// A registered handler that cannot be looked up.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// A word that means no handler.
    #[error(
        "{word}: no such handler; expected `filesync` with --folder LEFT=RIGHT, a native library (.so, .dylib, .dll) with \
         --clsid, a handler file ending in .json, a registered handler's name or CLSID, or a program with --exec"
    )]
    NoSuch {
        /// The word.
        word: String,
    },
}
