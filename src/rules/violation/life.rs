//! Crashes, calls that do not return, sessions that do not work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{CallMethod, CallbackMethod, Delay, HResult, Text};

/// Which thread crashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CrashedThread {
    /// The one on which the manager calls.
    #[default]
    Apartment,
    /// One of the handler's own.
    Worker,
    /// It is not known.
    Unknown,
}

impl CrashedThread {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_apartment(&self) -> bool {
        *self == CrashedThread::Apartment
    }
}

/// Where the thread was that crashed.
fn crash_site(during: Option<CallMethod>, thread: CrashedThread) -> String {
    match (thread, during) {
        (CrashedThread::Apartment, Some(method)) => format!(" inside {method}"),
        (CrashedThread::Worker, Some(method)) => format!(" in a worker thread while {method} was open"),
        (CrashedThread::Unknown, Some(method)) => format!(" while {method} was open"),
        (CrashedThread::Worker, None) => " in a worker thread while no method was open".to_owned(),
        (CrashedThread::Apartment | CrashedThread::Unknown, None) => String::new(),
    }
}

/// A crash, a call that does not return, a session that does not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum LifeViolation {
    /// It crashed, or ended the process.
    #[error("the handler crashed{}: {how}", crash_site(*.during, *.thread))]
    Crashed {
        /// The method that was open: on the apartment thread the call, on another one what was not completed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        during: Option<CallMethod>,
        /// Which thread it was.
        #[serde(default, skip_serializing_if = "CrashedThread::is_apartment")]
        thread: CrashedThread,
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
    /// A call waits for a thread that waits to call back.
    #[error("{method} did not return while {callback} of another thread waited for it")]
    NeedsCallback {
        /// The method.
        method: CallMethod,
        /// The callback.
        callback: CallbackMethod,
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
    /// Threads go on when the library may be unloaded.
    #[error(
        "{} of the handler still {} its code after the last Release, {}",
        if *.threads == 1 { "a thread".to_owned() } else { format!("{threads} threads") },
        if *.threads == 1 { "runs" } else { "run" },
        "though DllCanUnloadNow returned S_OK"
    )]
    Outlives {
        /// How many.
        threads: u32,
    },
    /// A destructor crashes, or does not return.
    #[error("the library's destructors did not return when its process ended: {how}")]
    CrashedAtEnd {
        /// The signal's name, or that they hang.
        how: Text,
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
