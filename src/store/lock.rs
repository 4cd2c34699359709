//! The lock of the store: a file that one process holds while it changes the store.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::StoreError;

/// Held until it is dropped. The system releases the lock of a process that is killed.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "closing the file releases the lock")] File);

/// Who may hold the lock beside this process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody: the store is changed.
    Change,
    /// Others that read.
    Read,
}

impl Lock {
    /// Takes the lock, and makes its file if that is not there.
    pub(super) fn change(path: &Path, limit: Duration) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(StoreError::io(folder, "cannot make this folder"))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(StoreError::io(path, "cannot open the lock of the store"))?;
        Self::take(file, path, limit, Kind::Change)
    }

    /// Takes the lock to read. Where its file is not there, nobody ever changed the store.
    pub(super) fn read(path: &Path, limit: Duration) -> Result<Option<Self>, StoreError> {
        match File::open(path) {
            Ok(file) => Self::take(file, path, limit, Kind::Read).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(path, "cannot open the lock of the store")(error)),
        }
    }

    fn take(file: File, path: &Path, limit: Duration, kind: Kind) -> Result<Self, StoreError> {
        let failed = StoreError::io(path, "cannot lock the store");
        let tried = match kind {
            Kind::Change => file.try_lock(),
            Kind::Read => file.try_lock_shared(),
        };
        match tried {
            Ok(()) => return Ok(Self(file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        // The system wakes whoever waits, in turn; one that only looks now and then may never find the lock free. When the
        // limit has passed, the thread is left behind. It gives the lock back as soon as it gets it.
        let (sender, receiver) = mpsc::channel();
        let waits = move || {
            let locked = match kind {
                Kind::Change => file.lock(),
                Kind::Read => file.lock_shared(),
            };
            let _ = sender.send(locked.map(|()| Self(file)));
        };
        let started = thread::Builder::new().name("store-lock".to_owned()).spawn(waits);
        started.map_err(StoreError::io(path, "cannot wait for the lock of the store"))?;
        match receiver.recv_timeout(limit) {
            Ok(locked) => locked.map_err(failed),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(StoreError::Locked { lock: path.to_owned(), limit })
            }
        }
    }
}
