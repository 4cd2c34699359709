//! How users name handlers.

use std::path::{Path, PathBuf};

use super::command::words;
use super::native::kind_of;
use super::{Handler, HandlerError};
use crate::protocol::Guid;
use crate::store::Start;

/// A handler as the user names it.
#[derive(Clone, Debug)]
pub enum HandlerName {
    /// HANDLER, and the options that belong to it.
    Word {
        /// HANDLER: a built-in handler, a library, a file, or a registered handler's name or CLSID.
        word: String,
        /// LEFT=RIGHT pairs, for `filesync`.
        folders: Vec<String>,
        /// The class, for a native library.
        clsid: Option<Guid>,
        /// Leave newer files in RIGHT, for `filesync`.
        update: bool,
    },
    /// A program that speaks the wire protocol: the command that starts it, as a shell takes it.
    Exec(String),
}

impl HandlerName {
    /// Makes the handler ready to be driven.
    ///
    /// # Errors
    /// When there is no such handler, or it cannot be driven.
    pub fn find(&self) -> Result<Handler, HandlerError> {
        match self {
            Self::Word { word, folders, clsid, update } => Handler::find_with(word, folders, *clsid, *update),
            Self::Exec(command) => Handler::exec(command),
        }
    }

    /// Its file, where it is one: nothing is written over it, and reports point at it. Of a command it is the first word that
    /// is a file; not an interpreter, which is no file of the user's.
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Word { word, .. } => match self.registered() {
                Some(registration) => file_of(registration.ok()?.start),
                None => Some(PathBuf::from(word)).filter(|file| file.is_file()),
            },
            Self::Exec(command) => {
                let words = words(command).ok()?;
                let mut files = words.iter().enumerate().filter(|(at, word)| *at > 0 || !is_on_path(word));
                files.find(|(_, word)| Path::new(word).is_file()).map(|(_, word)| PathBuf::from(word))
            }
        }
    }

    /// The native library that it names, with its class or without.
    pub fn library(&self) -> Option<&Path> {
        let Self::Word { word, .. } = self else { return None };
        let path = Path::new(word);
        kind_of(path).map(|_| path)
    }

    /// The class that it names beside a library.
    pub fn class(&self) -> Option<Guid> {
        match self {
            Self::Word { clsid, .. } => *clsid,
            Self::Exec(_) => None,
        }
    }

    /// What a title calls it.
    pub fn word(&self) -> &str {
        match self {
            Self::Word { word, .. } => word,
            Self::Exec(command) => command,
        }
    }
}

/// The file from which a registered handler is started.
fn file_of(start: Start) -> Option<PathBuf> {
    match start {
        Start::Library { library: file, .. } | Start::File { file } => Some(file).filter(|file| file.is_file()),
        Start::Command { .. } | Start::Filesync { .. } => None,
    }
}

/// Whether the system finds the program in a folder of PATH, or would if the word were only its name.
fn is_on_path(program: &str) -> bool {
    let path = Path::new(program);
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return true };
    std::env::var_os("PATH").is_some_and(|folders| std::env::split_paths(&folders).any(|known| known == folder))
}
