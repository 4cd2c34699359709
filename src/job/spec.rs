//! Which handler a session runs with: as it is written down, and ready to be driven.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::HandlerError;
use super::native::{LibraryKind, kind_of};
use crate::handler::com::ComFactory;
use crate::handler::script::{self, Script, ScriptFactory};
use crate::handler::{FileSync, FolderPair, HandlerFactory};
use crate::protocol::Guid;
use crate::time::Scheduler;

/// A handler as it is written down: all that another process needs to drive it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum HandlerSpec {
    /// The built-in `filesync`.
    Filesync {
        /// Its pairs of folders, each an item.
        folders: Vec<FolderPair>,
    },
    /// A class of a native library.
    Com {
        /// The library.
        library: PathBuf,
        /// The class.
        clsid: Guid,
        /// Its name in traces and reports.
        name: String,
        /// Instances and the library are also asked what no session asks (COM-01 to COM-07).
        #[serde(default)]
        probes: bool,
        /// On Windows the instance lives in the multi-threaded apartment, unless the program was asked for another one.
        #[serde(default)]
        multi_threaded: bool,
    },
    /// A program that speaks the wire protocol.
    Exec {
        /// The program and its arguments.
        command: Vec<String>,
        /// Where it is started; none is the current folder.
        folder: Option<PathBuf>,
        /// Its name in traces and reports.
        name: String,
    },
    /// A script.
    Script {
        /// The file that errors name.
        file: PathBuf,
        /// What stands in it.
        text: String,
    },
}

/// A handler that can be driven, as often as one likes. Clones share what is the same for all sessions.
#[derive(Clone)]
pub struct Handler {
    /// None where it exists in this process only.
    spec: Option<HandlerSpec>,
    opened: Opened,
}

/// How a handler is driven.
#[derive(Clone)]
pub enum Opened {
    /// On real threads, by the machine's clock.
    Real(Arc<dyn HandlerFactory>),
    /// A script, in virtual time.
    Script(Arc<Script>),
    /// Several handlers in one session, in their order.
    Several(Arc<[Handler]>),
}

impl HandlerSpec {
    /// Makes the handler ready to be driven. Nothing of it runs yet.
    ///
    /// # Errors
    /// When it is not what it is said to be.
    pub fn open(self) -> Result<Handler, HandlerError> {
        let opened = match &self {
            Self::Filesync { folders } => Opened::Real(Arc::new(FileSync::new(folders.clone())?)),
            Self::Com { library, clsid, name, probes, multi_threaded: _ } => {
                can_be_run(library)?;
                Opened::Real(Arc::new(ComFactory::new(library, *clsid, name, *probes)))
            }
            #[cfg(any(unix, windows))]
            Self::Exec { command, folder, name } => {
                let factory = crate::handler::exec::ExecFactory::new(command.clone(), folder.clone(), name.clone());
                Opened::Real(Arc::new(factory))
            }
            #[cfg(not(any(unix, windows)))]
            Self::Exec { .. } => {
                return Err(HandlerError::NotYet("out-of-process handlers on this system".to_owned()));
            }
            Self::Script { file, text } => Opened::Script(Arc::new(script::parse(text, file)?)),
        };
        Ok(Handler { spec: Some(self), opened })
    }
}

/// Whether a worker can load the library, and is there.
fn can_be_run(library: &Path) -> Result<(), HandlerError> {
    match kind_of(library) {
        Some(LibraryKind::OtherWindows(what)) => Err(HandlerError::NotForWorkers { library: library.to_owned(), what }),
        #[cfg(unix)]
        Some(LibraryKind::Windows(kind)) => {
            super::wine::look(kind).map_err(|missing| HandlerError::NoWine { library: library.to_owned(), missing })
        }
        _ => Ok(()),
    }
}

impl Handler {
    /// A handler of this program's own. No other process can drive it.
    pub fn from_factory(factory: Arc<dyn HandlerFactory>) -> Self {
        Self { spec: None, opened: Opened::Real(factory) }
    }

    /// A scripted handler that is in no file. No other process can drive it.
    pub fn from_script(script: impl Into<Arc<Script>>) -> Self {
        Self { spec: None, opened: Opened::Script(script.into()) }
    }

    /// Different handlers in one session, in this order. One is as it is.
    ///
    /// # Errors
    /// When they cannot be in one session: scripts run in virtual time and all others in real time, and a session has one clock.
    pub fn several(handlers: Vec<Handler>) -> Result<Self, HandlerError> {
        let mut handlers: Vec<Handler> = handlers.iter().flat_map(|handler| handler.members().to_vec()).collect();
        if handlers.len() == 1 {
            return Ok(handlers.remove(0));
        }
        let scripted = handlers.iter().find(|handler| handler.is_scripted());
        let real = handlers.iter().find(|handler| !handler.is_scripted());
        if let (Some(scripted), Some(real)) = (scripted, real) {
            return Err(HandlerError::TwoClocks { scripted: scripted.name(), real: real.name() });
        }
        Ok(Self { spec: None, opened: Opened::Several(handlers.into()) })
    }

    /// The handlers of a session: several, or this one alone.
    pub fn members(&self) -> &[Handler] {
        match &self.opened {
            Opened::Several(members) => members,
            Opened::Real(_) | Opened::Script(_) => std::slice::from_ref(self),
        }
    }

    /// The handler as it is written down; none where it exists in this process only.
    pub fn spec(&self) -> Option<&HandlerSpec> {
        self.spec.as_ref()
    }

    /// How it is driven.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Its name in traces and reports.
    pub fn name(&self) -> String {
        match &self.opened {
            Opened::Real(factory) => factory.name().to_owned(),
            Opened::Script(script) => script.name.to_string(),
            Opened::Several(members) => members.iter().map(Handler::name).collect::<Vec<_>>().join(", "),
        }
    }

    /// Whether its sessions take place in virtual time, where a seed decides everything.
    pub fn is_scripted(&self) -> bool {
        match &self.opened {
            Opened::Real(_) => false,
            Opened::Script(_) => true,
            Opened::Several(members) => members.iter().all(Handler::is_scripted),
        }
    }

    /// The handler; a native one is asked what no session asks, if that is wanted.
    pub(super) fn probed(&self, wanted: bool) -> Handler {
        match &self.spec {
            Some(HandlerSpec::Com { library, clsid, name, probes: false, multi_threaded }) if wanted => {
                let (library, name, multi_threaded) = (library.clone(), name.clone(), *multi_threaded);
                let factory = ComFactory::new(&library, *clsid, &name, true);
                let spec = HandlerSpec::Com { library, clsid: *clsid, name, probes: true, multi_threaded };
                Handler { opened: Opened::Real(Arc::new(factory)), spec: Some(spec) }
            }
            _ => self.clone(),
        }
    }

    /// Whether it is a native library, of which nothing should be loaded into a process that is to live on.
    pub fn is_native(&self) -> bool {
        self.members().iter().any(|member| matches!(member.spec, Some(HandlerSpec::Com { .. })))
    }

    /// Whether it is a native library that this system loads itself, so that a debugger of this system can follow it.
    pub fn is_native_here(&self) -> bool {
        self.is_native() && !self.needs_wine()
    }

    /// Whether it is a library for Windows on another system: only a worker under Wine can drive it.
    pub fn needs_wine(&self) -> bool {
        #[cfg(unix)]
        return self
            .members()
            .iter()
            .any(|member| member.spec.as_ref().and_then(super::wine_worker::windows_kind).is_some());
        #[cfg(not(unix))]
        false
    }

    /// What makes the instances of each of its [members](Self::members), in their order; a script's run under this scheduler.
    pub fn factories(&self, scheduler: &Scheduler) -> Vec<Arc<dyn HandlerFactory>> {
        match &self.opened {
            Opened::Real(factory) => vec![Arc::clone(factory)],
            Opened::Script(script) => vec![Arc::new(ScriptFactory::new(Arc::clone(script), scheduler.clone()))],
            Opened::Several(members) => members.iter().flat_map(|member| member.factories(scheduler)).collect(),
        }
    }
}
