//! What HANDLER means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::exit::Failure;
use crate::handler::HandlerFactory;
use crate::handler::filesync::{FileSync, FolderPair};
use crate::handler::script::{self, Script, ScriptFactory};
use crate::host::Scheduler;
use crate::protocol::nearest;
use crate::trace::readable;

/// A handler that can be driven.
pub(super) enum Handler {
    /// Real threads, the machine's clock.
    Real(Arc<dyn HandlerFactory>),
    /// A script, in virtual time.
    Script(Box<Script>),
}

/// A handler file names its kind; each kind reads the rest by itself.
#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// A handler file of kind `builtin`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltinFile {
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "version", default)]
    _version: Option<u32>,
    name: String,
    #[serde(default)]
    folders: Vec<FolderEntry>,
}

/// A pair of folders; relative to the handler file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderEntry {
    left: PathBuf,
    right: PathBuf,
}

impl Handler {
    /// Finds the handler that the word means.
    pub(super) fn find(word: &str, folders: &[String]) -> Result<Self, Failure> {
        if word == "filesync" {
            if folders.is_empty() {
                return Err(Failure("filesync needs at least one --folder LEFT=RIGHT".to_owned()));
            }
            let pairs = folders.iter().map(|folder| folder.parse()).collect::<Result<Vec<FolderPair>, _>>()?;
            return Ok(Self::Real(Arc::new(FileSync::new(pairs)?)));
        }
        if nearest(word, ["filesync"]).is_some() && !Path::new(word).exists() {
            return Err(Failure(format!("{word}: no such handler; did you mean filesync?")));
        }
        if !folders.is_empty() {
            return Err(Failure(format!("--folder is for filesync, not for {word}")));
        }
        let path = Path::new(word);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("so" | "dylib" | "dll") => {
                Err(Failure(format!("{word}: native handlers are not supported yet by this version")))
            }
            Some("json") => Self::from_file(path),
            _ => Err(Failure(format!(
                "{word}: no such handler; expected `filesync` with --folder LEFT=RIGHT, or a handler file ending in .json"
            ))),
        }
    }

    fn from_file(path: &Path) -> Result<Self, Failure> {
        let text = script::read(path)?;
        let kind = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok().and_then(|file: Kind| file.kind);
        match kind.as_deref() {
            Some("builtin") => Self::builtin(&text, path),
            Some(kind @ ("com" | "exec")) => Err(Failure(format!(
                "{}: handlers of kind \"{kind}\" are not supported yet by this version",
                path.display()
            ))),
            // Anything else is read as a script: its reader says best what is wrong with the file.
            _ => Ok(Self::Script(Box::new(script::parse(&text, path)?))),
        }
    }

    fn builtin(text: &str, path: &Path) -> Result<Self, Failure> {
        script::check_version(text, path)?;
        let file: BuiltinFile = script::from_json(text, path)?;
        if file.name != "filesync" {
            let (path, name) = (path.display(), readable(&file.name));
            return Err(Failure(format!("{path}: name: no built-in handler `{name}`; there is `filesync`")));
        }
        if file.folders.is_empty() {
            let why = "no folder to synchronize; expected at least one {\"left\": …, \"right\": …}";
            return Err(Failure(format!("{}: folders: {why}", path.display())));
        }
        let base = path.parent().unwrap_or(Path::new(""));
        let pair = |(at, entry): (usize, FolderEntry)| {
            FolderPair::new(base.join(entry.left), base.join(entry.right))
                .map_err(|error| Failure(format!("{}: folders[{at}]: {}", path.display(), Failure::from(error))))
        };
        let pairs = file.folders.into_iter().enumerate().map(pair).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::Real(Arc::new(FileSync::new(pairs)?)))
    }

    /// The handler's name in traces and reports.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Real(factory) => factory.name().to_owned(),
            Self::Script(script) => script.name.to_string(),
        }
    }

    /// A scripted handler's factory.
    pub(super) fn scripted(script: Script, scheduler: &Scheduler) -> Arc<dyn HandlerFactory> {
        Arc::new(ScriptFactory::new(script, scheduler.clone()))
    }
}
