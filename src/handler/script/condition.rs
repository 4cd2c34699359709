//! The script format: conditions, by which a handler does one thing or another.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notified::Notified;
use crate::json::Id;
use crate::protocol::SyncEvent;

/// The condition; all its keys must be true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    /// The session's event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<SyncEvent>,
    /// Whether the protocol defines the session's event (SYNCMGRFLAG).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_event: Option<bool>,
    /// Whether there is a user who may be bothered (MAYBOTHERUSER).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<bool>,
    /// Whether it is a session for configuration (SETTINGS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<bool>,
    /// Whether `Initialize` gave a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<bool>,
    /// Whether the last `Initialize` or `PrepareForSync` came with a reserved argument that is not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
    /// Which instance of the handler this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<u64>,
    /// How often `PrepareForSync` was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// The prepared items, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepared: Option<Vec<Id>>,
    /// Items that were all set to SKIPPED in this round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Id>,
    /// Items that were all cancelled in this round, each by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<Id>,
    /// Whether all items were cancelled in this round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_all: Option<bool>,
    /// Whether a dialog was refused, in any round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialog_refused: Option<bool>,
    /// Whether a connection has failed, in any round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_failed: Option<bool>,
    /// How often `ShowError` was called, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors_shown: Option<u32>,
    /// How often `ShowProperties` was called, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties_shown: Option<u32>,
    /// Shared variables, with the values that the thread has read or written last. In `only_if`: with the values that they have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<String, i64>,
}

impl Condition {
    /// Whether it holds of instance number `instance` (from 0), given what it was told. `read` has the values of variables.
    pub(super) fn holds(&self, told: &Notified, instance: u64, read: &BTreeMap<String, i64>) -> bool {
        fn is<T: PartialEq>(wanted: Option<T>, found: T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        is(self.event, told.flags.event())
            && is(self.known_event, told.flags.event().is_known())
            && is(self.user, told.flags.may_bother_user())
            && is(self.settings, told.flags.settings())
            && is(self.cookie, told.cookie)
            && is(self.reserved, told.reserved)
            && is(self.instance, instance + 1)
            && is(self.round, told.round)
            && self.prepared.as_ref().is_none_or(|ids| ids.iter().map(|id| id.0).eq(told.prepared.iter().copied()))
            && self.skipped.iter().all(|id| told.skipped.contains(&id.0))
            && self.cancelled.iter().all(|id| told.cancelled.contains(&id.0))
            && is(self.cancelled_all, told.cancelled_all)
            && is(self.dialog_refused, told.dialog_refused)
            && is(self.connection_failed, told.connection_failed)
            && self.errors_shown.is_none_or(|least| told.errors_shown >= least)
            && self.properties_shown.is_none_or(|least| told.properties_shown >= least)
            && self.read.iter().all(|(name, value)| read.get(name).copied().unwrap_or_default() == *value)
    }
}
