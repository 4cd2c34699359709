//! Which logged errors live, so that they can be shown, tried again and deleted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::protocol::Guid;

use super::pair::identity;

/// The errors of one instance that were logged and not deleted. Locked for an instant only, never during a callback.
#[derive(Debug, Default)]
pub(super) struct LiveErrors(Mutex<BTreeMap<Guid, LiveError>>);

/// A logged error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LiveError {
    /// The item that it concerns.
    pub item: Guid,
    /// Whether it was logged with ENABLEJUMPTEXT: `ShowError` works for it.
    pub jump: bool,
}

impl LiveErrors {
    pub fn get(&self, error: Guid) -> Option<LiveError> {
        self.lock().get(&error).copied()
    }

    pub fn insert(&self, error: Guid, live: LiveError) {
        self.lock().insert(error, live);
    }

    /// Whether the error lived.
    pub fn remove(&self, error: Guid) -> bool {
        self.lock().remove(&error).is_some()
    }

    /// The live errors of an item, in the order of their IDs.
    pub fn of(&self, item: Guid) -> Vec<Guid> {
        self.lock().iter().filter(|(_, live)| live.item == item).map(|(error, _)| *error).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Guid, LiveError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ErrorID of whatever is wrong with `path`, relative to the item's folders: the same in every round and every run.
pub(super) fn error_id(item: Guid, path: &Path) -> Guid {
    Guid(Uuid::new_v5(&item.0, &identity(path)))
}
