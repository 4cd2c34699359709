//! The first line of a trace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::protocol::Limits;
use crate::protocol::{FileTime, Profile};

/// What `"format"` says in the first line of a trace.
pub const FORMAT: &str = "mobsync-trace";
/// The version of the format that this program reads and writes.
pub const VERSION: u64 = 1;

/// When a session begins that no clock of the machine times: 2026-01-01T00:00:00Z. Virtual time starts here, and so does a
/// document in the notation that does not say otherwise.
pub const VIRTUAL_START: FileTime = FileTime(134_116_992_000_000_000);

/// What a trace says of itself. In the file it stands behind `"format": "mobsync-trace", "version": 1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Who wrote the trace, e.g. `mobsync 0.1.0`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub generator: String,
    /// The handler that was driven, as reports name it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub handler: String,
    /// The Windows version that the manager emulates.
    #[serde(default)]
    pub profile: Profile,
    /// Whether times are of a real clock or of the deterministic scheduler.
    #[serde(default)]
    pub clock: Clock,
    /// The wall time at `at_ns` 0.
    pub started: FileTime,
    /// The seed of the deterministic scheduler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The limits that the session was judged with.
    #[serde(default)]
    pub limits: Limits,
}

/// Where a trace's times come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The machine's monotonic clock.
    #[default]
    Real,
    /// Virtual time: the trace is a function of scenario, script and seed.
    Virtual,
}
