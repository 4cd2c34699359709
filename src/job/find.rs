//! What HANDLER means on the command line.

use std::path::Path;

use super::command::words;
use super::native::kind_of;
use super::{Handler, HandlerError, HandlerSpec, file};
use crate::handler::FolderPair;
use crate::protocol::{Guid, nearest};

impl Handler {
    /// Finds the handler that the word means: a built-in, a library, a file, or a registered handler. `folders` are the LEFT=RIGHT pairs of
    /// `filesync`, `clsid` is the class of a library.
    ///
    /// # Errors
    /// When the word means none, or what it means cannot be driven.
    pub fn find(word: &str, folders: &[String], clsid: Option<Guid>) -> Result<Self, HandlerError> {
        Self::find_with(word, folders, clsid, false)
    }

    /// As [`find`](Self::find); with `update`, `filesync` leaves newer files in RIGHT.
    ///
    /// # Errors
    /// As [`find`](Self::find), and when `update` is wanted of another handler.
    pub fn find_with(word: &str, folders: &[String], clsid: Option<Guid>, update: bool) -> Result<Self, HandlerError> {
        spec(word, folders, clsid, update)?.open()
    }

    /// The class of a native library.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn of_library(library: &Path, clsid: Guid) -> Result<Self, HandlerError> {
        file::library_of(library, clsid, None)?.open()
    }

    /// The program of a command, which is taken apart as a POSIX shell does, on Windows as programs do.
    ///
    /// # Errors
    /// When there is no program in it.
    pub fn exec(command: &str) -> Result<Self, HandlerError> {
        let wrong = |why: &str| HandlerError::Command { command: command.to_owned(), why: why.to_owned() };
        let words = words(command).map_err(|why| wrong(&why))?;
        if words.first().is_none_or(String::is_empty) {
            return Err(wrong("the command is empty"));
        }
        HandlerSpec::Exec { command: words, folder: None, name: command.trim().to_owned() }.open()
    }
}

fn spec(word: &str, folders: &[String], clsid: Option<Guid>, update: bool) -> Result<HandlerSpec, HandlerError> {
    let path = Path::new(word);
    let extension = path.extension().and_then(|extension| extension.to_str());
    // A library is one by its content, whatever it is called; one that is not there by its name.
    let is_library = matches!(extension, Some("so" | "dylib" | "dll")) || kind_of(path).is_some();
    if clsid.is_some() && !is_library {
        return Err(HandlerError::ClassElsewhere { word: word.to_owned() });
    }
    if word == "filesync" {
        if folders.is_empty() {
            return Err(HandlerError::NoFolders);
        }
        let pair = |folder: &String| folder.parse().map(|pair: FolderPair| pair.leaving_newer(update));
        let folders = folders.iter().map(pair).collect::<Result<Vec<FolderPair>, _>>()?;
        return Ok(HandlerSpec::Filesync { folders });
    }
    if let Some(registration) = super::registered(word) {
        if !folders.is_empty() || update {
            return Err(HandlerError::FoldersElsewhere { word: word.to_owned() });
        }
        return super::registered::spec_of(&registration?);
    }
    if let Some(near) = nearest(word, ["filesync"])
        && !Path::new(word).exists()
    {
        return Err(HandlerError::Near { word: word.to_owned(), near });
    }
    if !folders.is_empty() || update {
        return Err(HandlerError::FoldersElsewhere { word: word.to_owned() });
    }
    match extension {
        _ if is_library => match clsid {
            Some(clsid) => file::library_of(path, clsid, None),
            None => Err(HandlerError::NoClass { library: path.to_owned() }),
        },
        Some("json") => file::read(path),
        _ => Err(HandlerError::NoSuch { word: word.to_owned() }),
    }
}
