//! The way of the workers to the manager.
//!
//! Workers call back one at a time, holding the gate. So what one learns from a reply (everything is cancelled) holds
//! for the next before it says a word, and once the gate is shut no call is on its way any more. Only
//! `SetProgressCallback` waits for the gate, and a callback returns at once; `SetItemStatus` and `Release` never do.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::handler::SyncCallback;

/// Holds the callback interface for the workers.
#[derive(Default)]
pub(super) struct Gate(Mutex<Option<Arc<dyn SyncCallback>>>);

impl Gate {
    /// Sets or takes back the interface. When this returns, no call through the one before is on its way.
    pub fn set(&self, callback: Option<Arc<dyn SyncCallback>>) {
        let before = std::mem::replace(&mut *self.enter(), callback);
        // Its last reference may be this one; what its end does is not for the gate to wait for.
        drop(before);
    }

    /// Waits for the turn to call back. No interface: nothing is said.
    pub fn enter(&self) -> MutexGuard<'_, Option<Arc<dyn SyncCallback>>> {
        // A callback that panicked changed nothing here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").finish_non_exhaustive()
    }
}
