//! Callbacks that are not answered yet.

use crate::protocol::{CallId, Callback, Guid, Text, Thread};

/// A callback between its event and its reply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The callback's number.
    pub call: CallId,
    /// The thread that is inside it.
    pub thread: Thread,
    /// What the reply decides.
    pub(super) about: About,
}

/// What the reply to a callback decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum About {
    /// Whether the item, or all, go on.
    Progress(Guid),
    /// Whether the dialog is granted.
    Dialog,
    /// Whether the connection is open.
    Connection(Option<Text>),
    /// Nothing.
    Nothing,
}

impl About {
    pub(super) fn of(callback: &Callback) -> Self {
        match callback {
            Callback::Progress(progress) => About::Progress(progress.item),
            Callback::EnableModeless(modeless) if modeless.enable => About::Dialog,
            Callback::EstablishConnection(connection) => About::Connection(connection.name.clone()),
            _ => About::Nothing,
        }
    }
}
