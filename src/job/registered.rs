//! Registered handlers: what a registered name means, and how a handler is written down when it is registered.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::command::command_of;
use super::{Handler, HandlerError, HandlerName, HandlerSpec, file};
use crate::handler::FolderPair;
use crate::protocol::Guid;
use crate::store::{Registration, Start, StartFolders, Store, StoreError};

/// The namespace of the CLSIDs that handlers without one are registered under.
const NAMESPACE: Uuid = Uuid::from_u128(0x2d5e_6a1c_07f3_4e0b_b5a7_91f4_6c3d_8e20);

/// The registered handler that HANDLER means, by name or CLSID. Nothing where HANDLER means something else, or nothing at all:
/// a file and a built-in handler come first.
///
/// # Errors
/// When several are meant, or the store cannot be read.
pub fn registered(word: &str) -> Option<Result<Registration, HandlerError>> {
    let path = Path::new(word);
    let is_of_file =
        path.extension().is_some_and(|extension| ["json", "so", "dylib", "dll"].iter().any(|of| extension == *of));
    if word == "filesync" || is_of_file || path.exists() {
        return None;
    }
    let is_clsid = word.parse::<Guid>().is_ok();
    match Store::in_use().and_then(|store| store.find(word)) {
        Ok(found) => Some(Ok(found)),
        Err(StoreError::NoSuch { .. } | StoreError::NoPlace) if !is_clsid => None,
        Err(error) => Some(Err(HandlerError::Store(Box::new(error)))),
    }
}

impl Handler {
    /// A registered handler.
    ///
    /// # Errors
    /// When what starts it is not there any more, or cannot be driven.
    pub fn of_registration(registration: &Registration) -> Result<Self, HandlerError> {
        spec_of(registration)?.open()
    }
}

/// The handler of a registration, as it is written down.
pub(super) fn spec_of(registration: &Registration) -> Result<HandlerSpec, HandlerError> {
    match &registration.start {
        Start::Library { library, multi_threaded: as_registered } => {
            let mut spec = file::library_of(library, registration.clsid, registration.description.clone())?;
            if let HandlerSpec::Com { multi_threaded, .. } = &mut spec {
                *multi_threaded = *as_registered;
            }
            Ok(spec)
        }
        Start::File { file } => file::read(file),
        Start::Command { command, folder } => {
            let name = registration.description.clone().unwrap_or_else(|| command_of(command));
            Ok(HandlerSpec::Exec { command: command.clone(), folder: folder.clone(), name })
        }
        Start::Filesync { folders, update } => {
            let pair = |one: &StartFolders| Ok(FolderPair::new(&one.left, &one.right)?.leaving_newer(*update));
            Ok(HandlerSpec::Filesync { folders: folders.iter().map(pair).collect::<Result<_, HandlerError>>()? })
        }
    }
}

impl HandlerName {
    /// The registered handler that this names, if it does.
    ///
    /// # Errors
    /// As [`registered`].
    pub fn registered(&self) -> Option<Result<Registration, HandlerError>> {
        match self {
            Self::Word { word, .. } => registered(word),
            Self::Exec(_) => None,
        }
    }

    /// How the handler is started, also from another folder; and its CLSID, where it has one. `handler` is what was
    /// [found](Self::find) under this name.
    ///
    /// # Errors
    /// When the handler exists in this process only.
    pub fn start(&self, handler: &Handler) -> Result<(Start, Option<Guid>), HandlerError> {
        if let Some(registration) = self.registered() {
            let Registration { start, clsid, .. } = registration?;
            return Ok((start, Some(clsid)));
        }
        let no_spec = || HandlerError::NotYet("handlers that exist in one process only".to_owned());
        let spec = handler.spec().ok_or_else(no_spec)?;
        if let Self::Word { word, .. } = self
            && !matches!(spec, HandlerSpec::Filesync { .. } if word == "filesync")
            && Path::new(word).extension().is_some_and(|extension| extension == "json")
        {
            let clsid = match spec {
                HandlerSpec::Com { clsid, .. } => Some(*clsid),
                _ => None,
            };
            return Ok((Start::File { file: absolute(word.as_ref()) }, clsid));
        }
        Ok(match spec {
            HandlerSpec::Com { library, clsid, multi_threaded, .. } => {
                (Start::Library { library: library.clone(), multi_threaded: *multi_threaded }, Some(*clsid))
            }
            HandlerSpec::Script { file, .. } => (Start::File { file: absolute(file) }, None),
            HandlerSpec::Exec { command, folder, .. } => {
                let folder = folder.clone().or_else(|| std::env::current_dir().ok());
                (Start::Command { command: command.clone(), folder }, None)
            }
            HandlerSpec::Filesync { folders } => {
                let update = folders.iter().any(FolderPair::leaves_newer);
                let pair = |pair: &FolderPair| StartFolders { left: pair.left().into(), right: pair.right().into() };
                (Start::Filesync { folders: folders.iter().map(pair).collect(), update }, None)
            }
        })
    }
}

/// A CLSID for a handler that has none, as scripts and programs have: always the same for the same handler.
pub fn made_clsid(start: &Start) -> Guid {
    // What is written into the store; a value that has no form in JSON cannot be registered anyway.
    let text = serde_json::to_string(start).unwrap_or_default();
    Guid(Uuid::new_v5(&NAMESPACE, text.as_bytes()))
}

/// The path from the root; links stay.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
