//! The limits that rules use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What "as soon as possible" and "hangs" mean in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// How long a call may take at all, and how long a handler that owes a completion may be silent, in nanoseconds (LIFE-03).
    pub timeout_ns: u64,
    /// How long an asynchronous method may take to return, in nanoseconds (PREP-05, SYNC-06, ERRS-07).
    pub blocking_ns: u64,
    /// How long an item's reports may repeat the same value, in nanoseconds (PROG-11).
    pub progress_ns: u64,
    /// How many reports of work are tolerated after an item was told to stop (STOP-01 to STOP-03).
    pub stop_tolerance: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout_ns: 10_000_000_000, blocking_ns: 1_000_000_000, progress_ns: 30_000_000_000, stop_tolerance: 3 }
    }
}
