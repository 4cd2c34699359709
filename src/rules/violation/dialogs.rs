//! Dialogs and connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{CallMethod, HandlerId, Text};

/// What is wrong with a dialog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum DialogViolation {
    /// FALSE without a granted TRUE.
    #[error("EnableModeless(FALSE) without a granted EnableModeless(TRUE)")]
    NotHeld,
    /// TRUE while TRUE is granted.
    #[error("EnableModeless(TRUE) while the handler already has a dialog")]
    HeldAlready,
    /// A dialog in `PrepareForSync` where the user may not be bothered.
    #[error("a dialog in PrepareForSync, but the session has no MAYBOTHERUSER")]
    InPrepare,
    /// A dialog while `Synchronize` runs.
    #[error("a dialog while Synchronize is under way; ask in PrepareForSync")]
    InSynchronize,
    /// A dialog while `Synchronize` runs, where the user may not be bothered.
    #[error("a dialog while Synchronize is under way, but the session has no MAYBOTHERUSER")]
    InSynchronizeWithoutUser,
    /// The session is over, and the dialog is not.
    #[error("the session is over, but EnableModeless(FALSE) was not called for a granted dialog")]
    NeverGivenBack,
    /// The dialog was given back after its phase.
    #[error("EnableModeless(FALSE) was called only after the end of {method}, in which the dialog was granted")]
    GivenBackLate {
        /// The method that had ended.
        method: CallMethod,
    },
    /// The phase ends, and the dialog does not.
    #[error("{method} has ended while its dialog is still open")]
    StillHeld {
        /// The method that is completed.
        method: CallMethod,
    },
    /// The manager grants two at once.
    #[error("a dialog is granted while handler {holder} has one")]
    GrantedTwice {
        /// Who holds the other.
        holder: HandlerId,
    },
}

/// What is wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ConnectionViolation {
    /// The handler did not say that it would.
    #[error("EstablishConnection was called, but SyncMgrHandlerFlags has no MAYESTABLISHCONNECTION")]
    NotAnnounced,
    /// The manager closes it while a handler works.
    #[error("{} was closed before the handler had finished synchronizing", connection(.name.as_ref()))]
    ClosedEarly {
        /// Its name; nothing is the default connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Text>,
    },
    /// The manager does not close it.
    #[error("every handler has ended, but {count} connections were not closed")]
    LeftOpen {
        /// How many.
        count: u64,
    },
}

fn connection(name: Option<&Text>) -> String {
    name.map_or("the default connection".to_owned(), |name| format!("connection {name:?}"))
}
