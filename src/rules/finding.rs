//! What a finding is: a broken rule, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Level, NamedItem, Rule, Violation};
use crate::protocol::{HandlerId, Method, Status, Thread};

/// How many findings of one rule are kept in full; more are counted.
pub const MOST_OF_A_RULE: usize = 1000;

/// A rule was broken.
///
/// Its text is made from its data: `error SYNC-04: Synchronize is completed a second time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its number in its trace, from 1.
    pub number: u64,
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is: the rule's own level, or a lesser one where the rule says so.
    pub level: Level,
    /// The instance that it concerns.
    pub handler: HandlerId,
    /// The instance's round: how many times PrepareForSync had been called.
    pub round: u32,
    /// What went wrong.
    pub violation: Violation,
    /// The method at whose call, return, callback or reply it was seen. At a crash or a time-out: the method that had not
    /// returned or was not completed.
    pub method: Option<Method>,
    /// What the manager had done before.
    pub occasion: Occasion,
    /// The events that show it, by sequence number; the last one is where it was seen.
    pub events: Vec<u64>,
    /// The thread of that last event.
    pub thread: Thread,
    /// The number of the finding from which this one follows, so that both are one mistake; known once the trace has ended.
    /// See [`link_consequences`](super::link_consequences).
    pub consequence_of: Option<u64>,
}

impl Finding {
    /// What happened, in one sentence with the values.
    pub fn message(&self) -> String {
        self.violation.to_string()
    }

    /// The event at which it was seen.
    pub fn seq(&self) -> u64 {
        self.events.last().copied().unwrap_or_default()
    }

    /// The items that it concerns, the most important one first.
    pub fn items(&self) -> Vec<&NamedItem> {
        self.violation.items()
    }

    /// The status that is wrong, where one is.
    pub fn status(&self) -> Option<Status> {
        self.violation.status()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level, self.rule.code, self.violation)
    }
}

/// What the manager had done before a rule was broken: a handler may keep a rule in ordinary sessions, and break it
/// after a cancel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// Nothing beside the ordinary.
    #[default]
    Ordinary,
    /// A report of the item was answered S_SYNCMGR_CANCELITEM; where a finding is of no item: that of any item.
    CancelledItem,
    /// A report was answered S_SYNCMGR_CANCELALL.
    CancelledAll,
    /// `SetItemStatus` said that the item is skipped; where a finding is of no item: any item.
    Skipped,
    /// `EnableModeless(TRUE)` was refused.
    RefusedDialog,
    /// `EstablishConnection` failed.
    FailedConnection,
    /// The round is a retry that the handler asked for.
    Retry,
    /// `ShowError` or `ShowProperties` is called and not completed.
    Showing,
    /// The session is one for configuration: `Initialize` was given SETTINGS.
    Settings,
    /// `Initialize` was given an unknown event.
    UnknownEvent,
    /// `Release` was called while the session was not over.
    ReleasedEarly,
}

impl Occasion {
    /// The kind of occasion, named by one of it: all ways of stopping an item are one kind, and so are all refusals.
    #[must_use]
    pub const fn kind(self) -> Self {
        match self {
            Occasion::CancelledItem | Occasion::CancelledAll | Occasion::Skipped => Occasion::CancelledItem,
            Occasion::RefusedDialog | Occasion::FailedConnection => Occasion::RefusedDialog,
            occasion => occasion,
        }
    }

    /// As reports say it, behind a finding; nothing for [`Occasion::Ordinary`].
    pub const fn words(self) -> &'static str {
        match self {
            Occasion::Ordinary => "",
            Occasion::CancelledItem => "after the item was cancelled",
            Occasion::CancelledAll => "after every item was cancelled",
            Occasion::Skipped => "after the item was skipped",
            Occasion::RefusedDialog => "after a dialog was refused",
            Occasion::FailedConnection => "after a connection failed",
            Occasion::Retry => "in a retry",
            Occasion::Showing => "while an error or properties are shown",
            Occasion::Settings => "in a SETTINGS session",
            Occasion::UnknownEvent => "with an unknown event",
            Occasion::ReleasedEarly => "after an early Release",
        }
    }
}
