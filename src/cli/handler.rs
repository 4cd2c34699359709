//! What HANDLER means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::exit::Failure;
use crate::handler::HandlerFactory;
use crate::handler::filesync::{FileSync, FolderPair};
use crate::handler::script::{self, Script, ScriptFactory};
use crate::host::Scheduler;

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
    #[serde(default)]
    version: Option<u32>,
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
        if !folders.is_empty() {
            return Err(Failure(format!("--folder is for filesync, not for {word}")));
        }
        let path = Path::new(word);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::from_file(path),
            Some("so" | "dylib" | "dll") => {
                Err(Failure(format!("{word}: native handlers are not supported yet by this version")))
            }
            _ => Err(Failure(format!(
                "{word}: no such handler; expected `filesync` with --folder LEFT=RIGHT, or a handler file ending in .json"
            ))),
        }
    }

    fn from_file(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
        let kind = serde_json::from_str(&text).ok().and_then(|file: Kind| file.kind);
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
        let file: BuiltinFile = script::from_json(text, path)?;
        if file.version.is_some_and(|version| version != 1) {
            return Err(Failure(format!("{}: unknown version; this program reads version 1", path.display())));
        }
        if file.name != "filesync" {
            return Err(Failure(format!(
                "{}: no built-in handler `{}`; there is `filesync`",
                path.display(),
                file.name
            )));
        }
        let base = path.parent().unwrap_or(Path::new(""));
        let pair = |entry: FolderEntry| FolderPair::new(base.join(entry.left), base.join(entry.right));
        let pairs = file.folders.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?;
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
