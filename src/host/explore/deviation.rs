//! A schedule as data: the choices that differ from the usual ones.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Id;
use crate::protocol::{
    Call, GUID_NULL, SetItemStatus, SetProgressCallback, ShowError, ShowProperties, Status, Thread, Wish,
};

/// A choice that differs from the usual one: a thread goes on as long as it can, then the one that was started first, and the
/// user does nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Wire", into = "Wire")]
#[schemars(with = "Wire")]
pub struct Deviation {
    /// At which turn of the session, counted from 1.
    pub turn: u32,
    /// What happens instead of the usual.
    pub instead: Instead,
}

/// What happens instead of the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// This thread goes on.
    Thread(Thread),
    /// The user does this.
    User(UserAction),
}

/// What the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserAction {
    /// Skips an item: `SetItemStatus(item, SKIPPED)`.
    Skip(Id),
    /// Opens a logged error: `ShowError`.
    ShowError(Id),
    /// Opens the properties of an item, or with GUID_NULL of the handler: `ShowProperties`.
    ShowProperties(Id),
    /// Leaves: the callback is taken back, and the handler is released.
    Release,
    /// Cancels the item of the report that is answered in this turn.
    CancelItem,
    /// Cancels all items; the report that is answered in this turn says so.
    CancelAll,
}

impl UserAction {
    /// The action that a call is, where a user does it.
    pub(super) fn of(call: &Call) -> Option<Self> {
        match call {
            Call::SetItemStatus(args) => Some(Self::Skip(Id(args.item))),
            Call::ShowError(args) => Some(Self::ShowError(Id(args.error))),
            Call::ShowProperties(args) => Some(Self::ShowProperties(Id(args.item))),
            Call::SetProgressCallback(SetProgressCallback { callback: None }) | Call::Release => Some(Self::Release),
            _ => None,
        }
    }

    /// The call that it is. `given` says whether the handler has the callback, which is taken back first.
    pub(super) fn call(self, given: bool) -> Option<Call> {
        Some(match self {
            Self::Skip(item) => Call::SetItemStatus(SetItemStatus { item: item.0, status: Status::SKIPPED }),
            Self::ShowError(error) => Call::ShowError(ShowError { error: error.0, hwnd: 0 }),
            Self::ShowProperties(item) => Call::ShowProperties(ShowProperties { item: item.0, hwnd: 0 }),
            Self::Release if given => Call::SetProgressCallback(SetProgressCallback { callback: None }),
            Self::Release => Call::Release,
            Self::CancelItem | Self::CancelAll => return None,
        })
    }

    /// The wish that it is, of a report's reply.
    pub(super) fn wish(self) -> Option<Wish> {
        match self {
            Self::CancelItem => Some(Wish::CancelItem),
            Self::CancelAll => Some(Wish::CancelAll),
            _ => None,
        }
    }
}

impl fmt::Display for UserAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip(item) => write!(f, "the user skips {item}"),
            Self::ShowError(error) => write!(f, "the user opens error {error}"),
            Self::ShowProperties(Id(GUID_NULL)) => f.write_str("the user opens the handler's properties"),
            Self::ShowProperties(item) => write!(f, "the user opens the properties of {item}"),
            Self::Release => f.write_str("the user leaves, and the handler is released"),
            Self::CancelItem => f.write_str("the user cancels the item"),
            Self::CancelAll => f.write_str("the user cancels all items"),
        }
    }
}

/// `at turn 12: thread sync-B goes on`.
impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at turn {}: ", self.turn)?;
        match &self.instead {
            Instead::Thread(thread) => write!(f, "thread {thread} goes on"),
            Instead::User(action) => action.fmt(f),
        }
    }
}

/// A deviation as it stands in files.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wire {
    /// At which turn of the session, counted from 1.
    turn: u32,
    /// The thread that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    /// What the user does; either this or `thread`.
    #[serde(default, rename = "do", skip_serializing_if = "Option::is_none")]
    action: Option<UserAction>,
}

impl TryFrom<Wire> for Deviation {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let instead = match (wire.thread, wire.action) {
            _ if wire.turn == 0 => return Err("`turn` counts from 1"),
            (Some(thread), None) => Instead::Thread(Thread::from(thread.as_str())),
            (None, Some(action)) => Instead::User(action),
            _ => return Err("a turn of a schedule needs either `thread` or `do`"),
        };
        Ok(Self { turn: wire.turn, instead })
    }
}

impl From<Deviation> for Wire {
    fn from(deviation: Deviation) -> Self {
        let (thread, action) = match deviation.instead {
            Instead::Thread(thread) => (Some(thread.to_string()), None),
            Instead::User(action) => (None, Some(action)),
        };
        Self { turn: deviation.turn, thread, action }
    }
}
