//! What handlers ask of the manager while their sessions run, through its own interfaces: the store changes at once, and sessions
//! that they start come later.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::invoke::{UpdateAllError, update_all};
use crate::protocol::{
    Cookie, Event, EventKind, Guid, HResult, InvokeFlags, Note, RegisterSyncMgrHandler, UpdateItems,
};
use crate::runner::Isolation;
use crate::store::{Registration, Start, Store, StoreError};

/// A session that a handler has started by `UpdateItems`. It is run when the one is over in which that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The handler that it is of.
    pub clsid: Guid,
    /// How it is started.
    pub flags: InvokeFlags,
    /// The cookie.
    pub cookie: Option<Cookie>,
}

/// What a handler asked for cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AskedError {
    /// The store cannot be changed.
    #[error("{what}: {error}")]
    Store {
        /// The method.
        what: &'static str,
        /// What is wrong.
        error: Box<StoreError>,
    },
    /// In a store that is thrown away, another process would have nothing to do.
    #[error("UpdateAll: not run: it is another process, which this store does not outlive")]
    Scratch,
    /// The process of `UpdateAll` cannot be started.
    #[error("UpdateAll: {0}")]
    UpdateAll(#[from] UpdateAllError),
}

impl AskedError {
    fn store(what: &'static str, error: StoreError) -> Self {
        Self::Store { what, error: Box::new(error) }
    }
}

/// Acts on what a handler asks.
pub(super) struct Asked<'a> {
    store: &'a Store,
    /// How the handler is started: another class that it registers is in the same library.
    start: Start,
    program: Option<PathBuf>,
    pub(super) wanted: Vec<Wanted>,
    /// The classes that are not registered any more.
    gone: BTreeSet<Guid>,
    pub(super) failures: Vec<AskedError>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(store: &'a Store, start: Start, isolation: &Isolation) -> Self {
        let program = match isolation {
            Isolation::None => None,
            Isolation::Native(program) | Isolation::All(program) => Some(program.clone()),
        };
        let (wanted, gone, failures) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { store, start, program, wanted, gone, failures }
    }

    /// Whether it has unregistered this class.
    pub(super) fn is_gone(&self, clsid: Guid) -> bool {
        self.gone.contains(&clsid)
    }

    /// The next event.
    pub(super) fn observe(&mut self, event: &Event) {
        let EventKind::Note(note) = &event.kind else { return };
        let done = match &**note {
            Note::RegisterSyncMgrHandler(args) if args.hr == HResult::S_OK => {
                self.register(args).map_err(|error| AskedError::store("RegisterSyncMgrHandler", error))
            }
            Note::UnregisterSyncMgrHandler(args) if args.hr == HResult::S_OK => {
                self.unregister(args.clsid).map_err(|error| AskedError::store("UnregisterSyncMgrHandler", error))
            }
            // The session that an UpdateItems has started already is this one.
            Note::UpdateItems(UpdateItems { clsid, flags, cookie, starts: None, hr: HResult::S_OK }) => {
                self.wanted.push(Wanted { clsid: *clsid, flags: *flags, cookie: cookie.clone() });
                Ok(())
            }
            Note::UpdateAll(args) if args.hr == HResult::S_OK => self.update_all(),
            _ => Ok(()),
        };
        self.failures.extend(done.err());
    }

    fn register(&mut self, args: &RegisterSyncMgrHandler) -> Result<(), StoreError> {
        let known = self.store.registration(args.clsid)?;
        let start = known.map_or_else(|| self.start.clone(), |known| known.start);
        let description = args.description.as_ref().map(ToString::to_string);
        let registration = Registration { clsid: args.clsid, description, flags: args.flags, start };
        self.store.register(&registration)?;
        self.gone.remove(&args.clsid);
        Ok(())
    }

    fn unregister(&mut self, clsid: Guid) -> Result<(), StoreError> {
        self.gone.insert(clsid);
        match self.store.unregister(clsid) {
            Err(StoreError::NotRegistered { .. }) => Ok(()),
            done => done,
        }
    }

    fn update_all(&self) -> Result<(), AskedError> {
        if self.store.is_scratch() {
            return Err(AskedError::Scratch);
        }
        let program =
            self.program.as_deref().map_or_else(|| std::env::current_exe().unwrap_or_default(), Path::to_owned);
        update_all(&program, self.store, &[])?;
        Ok(())
    }
}
