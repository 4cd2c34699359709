//! What HANDLER means on the command line.

use std::path::Path;

use super::{Handler, HandlerError, HandlerSpec, file};
use crate::handler::FolderPair;
use crate::protocol::nearest;

impl Handler {
    /// Finds the handler that the word means: a built-in, or a file. `folders` are the LEFT=RIGHT pairs of `filesync`.
    ///
    /// # Errors
    /// When the word means none, or what it means cannot be driven.
    pub fn find(word: &str, folders: &[String]) -> Result<Self, HandlerError> {
        spec(word, folders)?.open()
    }
}

fn spec(word: &str, folders: &[String]) -> Result<HandlerSpec, HandlerError> {
    if word == "filesync" {
        if folders.is_empty() {
            return Err(HandlerError::NoFolders);
        }
        let folders = folders.iter().map(|folder| folder.parse()).collect::<Result<Vec<FolderPair>, _>>()?;
        return Ok(HandlerSpec::Filesync { folders });
    }
    if let Some(near) = nearest(word, ["filesync"])
        && !Path::new(word).exists()
    {
        return Err(HandlerError::Near { word: word.to_owned(), near });
    }
    if !folders.is_empty() {
        return Err(HandlerError::FoldersElsewhere { word: word.to_owned() });
    }
    let path = Path::new(word);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("so" | "dylib" | "dll") => Err(HandlerError::NotYet(format!("{word}: native handlers"))),
        Some("json") => file::read(path),
        _ => Err(HandlerError::NoSuch { word: word.to_owned() }),
    }
}
