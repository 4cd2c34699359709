//! How a worker knows its parent, and what it has started.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable by which the processes that a handler starts are known.
pub(super) const MARK: &str = "MOBSYNC_WORKER";

/// The variable that names the file which a worker on Windows, or under Wine, shares with its parent.
pub(super) const CHANNEL: &str = "MOBSYNC_CHANNEL";

/// What a worker and all that it starts bear in their environment: no other session of any process has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    parent: i32,
    number: u64,
}

impl Mark {
    /// A new one, of this process.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), ..Self::of_server() }
    }

    /// That of this process's fork server, which is no session.
    pub(super) fn of_server() -> Self {
        Self { parent: std::process::id().cast_signed(), number: 0 }
    }

    /// That which this process bears.
    pub(super) fn of_this_process() -> Option<Self> {
        let mark = std::env::var(MARK).ok()?;
        let (parent, number) = mark.split_once('-')?;
        Some(Self { parent: parent.parse().ok()?, number: number.parse().ok()? })
    }

    /// The process that made it.
    pub(super) fn parent(self) -> i32 {
        self.parent
    }

    /// Which one of its parent's it is.
    #[cfg(target_os = "linux")]
    pub(super) fn number(self) -> u64 {
        self.number
    }

    /// That of the same parent with another number.
    #[cfg(target_os = "linux")]
    pub(super) fn with_number(self, number: u64) -> Self {
        Self { number, ..self }
    }
}

impl fmt::Display for Mark {
    /// All marks of a process are equally long: the fork server writes one over another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:020}", self.parent, self.number)
    }
}
