//! What starts sessions without a user's doing: the events of SYNCMGRFLAG, and logon and logoff, for which it has no value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SyncEvent;

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
    /// What handlers see in `Initialize`. SYNCMGRFLAG has no value of its own for logon and logoff: with the first one, the
    /// network is there; with the second one, it is about to go.
    pub fn sync_event(self) -> SyncEvent {
        match self {
            Self::Scheduled => SyncEvent::SCHEDULED,
            Self::Idle => SyncEvent::IDLE,
            Self::Connect | Self::Logon => SyncEvent::CONNECT,
            Self::PendingDisconnect | Self::Logoff => SyncEvent::PENDINGDISCONNECT,
        }
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
