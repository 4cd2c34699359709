//! The manager's own interfaces: registration, invocation, and the preferences that it stores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NamedItem;
use crate::protocol::{Delay, Guid, HResult, InvokeFlags, RegisterFlags, SyncEvent};

/// What the manager did wrong when it was asked to register a handler or to start sessions, or with the preferences that it stores; and
/// what a library did wrong that registers itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum RegistrationViolation {
    /// Flags outside the mask were accepted.
    #[error("RegisterSyncMgrHandler accepted the flags {flags}; only CONNECT, PENDINGDISCONNECT and IDLE are valid")]
    FlagsAccepted {
        /// The flags.
        flags: RegisterFlags,
    },
    /// A handler that is registered is not known.
    #[error("GetHandlerRegistrationInfo returned {hr} for a handler that is registered; expected S_OK")]
    Lost {
        /// The result.
        hr: HResult,
    },
    /// Other flags came back than those that were registered.
    #[error("GetHandlerRegistrationInfo gave {}; the handler is registered with {registered}", given(.flags))]
    OtherFlags {
        /// The flags that came back.
        flags: Option<RegisterFlags>,
        /// Those that were registered.
        registered: RegisterFlags,
    },
    /// A handler that is not registered is known.
    #[error("GetHandlerRegistrationInfo returned {hr} for a handler that was unregistered; expected S_FALSE")]
    StillThere {
        /// The result.
        hr: HResult,
    },
    /// Unknown flags were accepted.
    #[error("UpdateItems accepted the flags {flags}; only STARTSYNC and MINIMIZED are valid")]
    InvokeFlagsAccepted {
        /// The flags.
        flags: InvokeFlags,
    },
    /// The session has another event.
    #[error("UpdateItems started a session with the event {event}; expected INVOKE")]
    OtherEvent {
        /// The event.
        event: SyncEvent,
    },
    /// The cookie is another one.
    #[error("Initialize has {}, but UpdateItems was given {}{}", cookie(.received), cookie(.given), differs(.at))]
    OtherCookie {
        /// How many bytes `UpdateItems` was given; `None` is NULL.
        given: Option<u64>,
        /// How many bytes `Initialize` has.
        received: Option<u64>,
        /// The first byte that differs, from 0.
        at: Option<u64>,
    },
    /// `UpdateAll` waits.
    #[error("UpdateAll took {took} to return; it should return at once (limit {limit})")]
    Waited {
        /// How long.
        took: Delay,
        /// The limit.
        limit: Delay,
    },
    /// `DllRegisterServer` succeeded, and a class that it wanted to register is not registered.
    #[error("DllRegisterServer returned S_OK, but {clsid} is not registered{}", by_manager(.refused))]
    NotRegistered {
        /// The class.
        clsid: Guid,
        /// The result with which it was refused, if it was.
        refused: Option<HResult>,
    },
    /// `DllRegisterServer` registered a class for other events than when it was called before.
    #[error("DllRegisterServer registered {clsid} for {flags}; when it was called before, for {before}")]
    OtherEvents {
        /// The class.
        clsid: Guid,
        /// The events.
        flags: RegisterFlags,
        /// Those of before.
        before: RegisterFlags,
    },
    /// `DllUnregisterServer` succeeded, and a class is still registered.
    #[error("DllUnregisterServer returned S_OK, but {clsid}, which DllRegisterServer registered, is still registered")]
    LeftRegistered {
        /// The class.
        clsid: Guid,
    },
    /// The preference of an item that was only missing is gone.
    #[error("the preference of item {item} was dropped, but EnumSyncMgrItems returned S_SYNCMGR_MISSINGITEMS")]
    PreferenceDropped {
        /// The item.
        item: NamedItem,
    },
    /// The preference of an item that is gone is still there.
    #[error("the preference of item {item} is still stored, but EnumSyncMgrItems returned S_OK without this item")]
    PreferenceLeft {
        /// The item.
        item: NamedItem,
    },
}

impl RegistrationViolation {
    pub(super) fn item(&self) -> Option<&NamedItem> {
        match self {
            RegistrationViolation::PreferenceDropped { item } | RegistrationViolation::PreferenceLeft { item } => {
                Some(item)
            }
            RegistrationViolation::FlagsAccepted { .. }
            | RegistrationViolation::Lost { .. }
            | RegistrationViolation::OtherFlags { .. }
            | RegistrationViolation::StillThere { .. }
            | RegistrationViolation::InvokeFlagsAccepted { .. }
            | RegistrationViolation::OtherEvent { .. }
            | RegistrationViolation::OtherCookie { .. }
            | RegistrationViolation::NotRegistered { .. }
            | RegistrationViolation::OtherEvents { .. }
            | RegistrationViolation::LeftRegistered { .. }
            | RegistrationViolation::Waited { .. } => None,
        }
    }
}

fn given(flags: &Option<RegisterFlags>) -> String {
    flags.map_or("no flags".to_owned(), |flags| format!("the flags {flags}"))
}

fn by_manager(hr: &Option<HResult>) -> String {
    hr.map_or(String::new(), |hr| format!(": RegisterSyncMgrHandler returned {hr}"))
}

fn cookie(bytes: &Option<u64>) -> String {
    bytes.map_or("no cookie".to_owned(), |bytes| format!("a cookie of {bytes} bytes"))
}

fn differs(at: &Option<u64>) -> String {
    at.map_or(String::new(), |at| format!("; byte {at} differs"))
}
