//! What workers log: what the program that started them logs.

use std::sync::OnceLock;

/// The variable that says what a worker logs: a filter, as for `RUST_LOG`.
pub const LOG: &str = "MOBSYNC_LOG";

/// The variable that says how: `human` or `json`.
pub const LOG_FORMAT: &str = "MOBSYNC_LOG_FORMAT";

static OF_WORKERS: OnceLock<[(&str, String); 2]> = OnceLock::new();

/// Workers that are started from now on log what `filter` selects, in this format. Only the first call has an effect.
pub fn log_in_workers(filter: String, format: String) {
    let _ = OF_WORKERS.set([(LOG, filter), (LOG_FORMAT, format)]);
}

/// The variables of a worker's environment.
pub(super) fn of_workers() -> impl Iterator<Item = (&'static str, &'static str)> {
    OF_WORKERS.get().into_iter().flatten().map(|(name, value)| (*name, value.as_str()))
}
