//! The way of the workers to the manager.
//!
//! Workers call back one at a time, holding the gate. So what one learns from a reply (everything is cancelled) holds
//! for the next before it says a word, and once the gate is shut no call is on its way any more that the manager answers. Only
//! `SetProgressCallback` waits for the gate, and not for long; `SetItemStatus` and `Release` never do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use crate::handler::SyncCallback;

/// How long whoever takes the interface back waits for a call that is on its way. The manager may let that call wait until
/// `SetProgressCallback` has returned, so it is not waited for without end.
const FOR_A_CALL: Duration = Duration::from_millis(300);

/// Holds the callback interface for the workers.
#[derive(Default)]
pub(super) struct Gate {
    /// Whose turn it is to call back. Nothing of the manager's waits for it.
    turn: Mutex<()>,
    callback: Mutex<Option<Arc<dyn SyncCallback>>>,
}

/// A worker's turn to call back.
pub(super) struct Turn<'a> {
    callback: Option<Arc<dyn SyncCallback>>,
    _turn: MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// The interface; none when it was taken back.
    pub fn callback(&self) -> Option<&dyn SyncCallback> {
        self.callback.as_deref()
    }
}

impl Gate {
    /// Sets or takes back the interface. When this returns, no call through the one before is on its way that the manager answers.
    pub fn set(&self, callback: Option<Arc<dyn SyncCallback>>) {
        let before = std::mem::replace(&mut *self.callback.lock(), callback);
        drop(self.turn.try_lock_for(FOR_A_CALL));
        // Its last reference may be this one; what its end does is not for the gate to wait for.
        drop(before);
    }

    /// Waits for the turn to call back. No interface: nothing is said.
    pub fn enter(&self) -> Turn<'_> {
        let turn = self.turn.lock();
        Turn { callback: self.callback.lock().clone(), _turn: turn }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").finish_non_exhaustive()
    }
}
