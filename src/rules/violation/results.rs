//! Results, and the time that they take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{CallMethod, Delay, HResult};

/// A result, or the time that it took.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ResultViolation {
    /// The method's page does not list the result.
    #[error("{method} returned {hr}, which its page does not list")]
    NotListed {
        /// The method.
        method: CallMethod,
        /// Its result.
        hr: HResult,
    },
    /// An asynchronous method did its work before it returned.
    #[error("{method} took {took} to return; it should return at once and work on another thread (limit {limit})")]
    Slow {
        /// The method.
        method: CallMethod,
        /// How long it took.
        took: Delay,
        /// How long it may take.
        limit: Delay,
    },
}
