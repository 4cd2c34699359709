//! How a worker knows its parent, and what it has started.

/// The variable by which the processes that a handler starts are known.
pub(super) const MARK: &str = "MOBSYNC_WORKER";

/// The variable that names the file which a worker under Wine shares with its parent.
pub(super) const CHANNEL: &str = "MOBSYNC_CHANNEL";

/// The process that made this mark.
pub(super) fn parent_of(mark: &str) -> Option<i32> {
    mark.split_once('-').and_then(|(parent, _)| parent.parse().ok())
}
