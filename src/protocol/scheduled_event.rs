//! What starts sessions without a user's doing: the events of SYNCMGRFLAG, and logon and logoff, for which it has no value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Occasion, SyncEvent};

/// An event that the clock brings about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduledEvent {
    /// A schedule is due (SYNCMGRFLAG_SCHEDULED).
    #[default]
    Scheduled,
    /// The machine is idle (SYNCMGRFLAG_IDLE).
    Idle,
    /// A network connection was opened (SYNCMGRFLAG_CONNECT).
    Connect,
    /// A network connection is about to be closed (SYNCMGRFLAG_PENDINGDISCONNECT).
    PendingDisconnect,
    /// The user logs on. Handlers see SYNCMGRFLAG_CONNECT.
    Logon,
    /// The user logs off. Handlers see SYNCMGRFLAG_PENDINGDISCONNECT.
    Logoff,
}

impl ScheduledEvent {
    /// As the user's settings know it.
    pub fn occasion(self) -> Occasion {
        match self {
            Self::Scheduled => Occasion::SCHEDULED,
            Self::Idle => Occasion::IDLE,
            Self::Connect => Occasion::CONNECT,
            Self::PendingDisconnect => Occasion::PENDINGDISCONNECT,
            Self::Logon => Occasion::LOGON,
            Self::Logoff => Occasion::LOGOFF,
        }
    }

    /// What handlers see in `Initialize`.
    pub fn sync_event(self) -> SyncEvent {
        self.occasion().event()
    }

    /// As files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Idle => "idle",
            Self::Connect => "connect",
            Self::PendingDisconnect => "pending-disconnect",
            Self::Logon => "logon",
            Self::Logoff => "logoff",
        }
    }
}
