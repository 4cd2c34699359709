//! Crashes, calls that do not return, sessions that do not work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{CallMethod, CallbackMethod, Delay, HResult, Text};

/// A crash, a call that does not return, a session that does not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum LifeViolation {
    /// It crashed, or ended the process.
    #[error(
        "the handler crashed{}: {how}",
        .during.map_or(String::new(), |method| format!(" inside {method}"))
    )]
    Crashed {
        /// The call that was open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        during: Option<CallMethod>,
        /// The panic's message, or the signal's name.
        how: Text,
    },
    /// A call took too long.
    #[error("{method} took {took} to return")]
    Slow {
        /// The method.
        method: CallMethod,
        /// How long it took.
        took: Delay,
    },
    /// A call did not return.
    #[error("{method} had not returned after {waited}")]
    Hung {
        /// The method.
        method: CallMethod,
        /// How long it was waited for.
        waited: Delay,
    },
    /// The instance was not created in time.
    #[error(
        "mobsync stopped it after {waited}: the library had not finished loading, or its class factory had not returned"
    )]
    NotCreated {
        /// How long it was waited for.
        waited: Delay,
    },
    /// A SETTINGS session does not work.
    #[error("{method} returned {hr} in a SETTINGS session")]
    FailedInSettings {
        /// The method.
        method: CallMethod,
        /// Its result.
        hr: HResult,
    },
    /// A SETTINGS session synchronizes.
    #[error("{callback} in a SETTINGS session")]
    CallbackInSettings {
        /// The callback.
        callback: CallbackMethod,
    },
    /// NULL for a window was refused.
    #[error("{method} returned {hr} for a NULL parent window")]
    NullWindow {
        /// The method.
        method: CallMethod,
        /// Its result.
        hr: HResult,
    },
}
