//! Callbacks that are not answered yet.

use super::Standing;
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

impl Pending {
    /// The item, if this is a `Progress` that is in the protocol.
    pub fn item(&self) -> Option<Guid> {
        match &self.about {
            About::Progress(item) => Some(*item),
            _ => None,
        }
    }

    /// Whether this is an `EnableModeless(TRUE)` that is in the protocol.
    pub fn asks_dialog(&self) -> bool {
        self.about == About::Dialog
    }

    /// Whether this is a `DeleteLogError(GUID_NULL)`.
    pub fn deletes_all(&self) -> bool {
        self.about == About::DeleteAll
    }
}

/// How long the manager has kept handlers waiting: the time for which at least one callback was not answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct KeptWaiting {
    /// How many callbacks wait, of instances that have not ended.
    unanswered: usize,
    since_ns: u64,
    before_ns: u64,
}

impl KeptWaiting {
    /// An event has passed, and so many callbacks of its instance wait after it where others did before.
    pub(super) fn now(&mut self, before: usize, after: usize, at_ns: u64) {
        let unanswered = (self.unanswered + after).saturating_sub(before);
        if self.unanswered == 0 {
            self.since_ns = at_ns;
        } else if unanswered == 0 {
            self.before_ns = self.total_ns(at_ns);
        }
        self.unanswered = unanswered;
    }

    /// The manager let callbacks wait for so long before it took one. While another one waited for its reply, that time is counted
    /// already.
    pub(super) fn before_taking(&mut self, waited_ns: u64) {
        if self.unanswered == 0 {
            self.before_ns = self.before_ns.saturating_add(waited_ns);
        }
    }

    /// How long that was in all.
    pub(super) fn total_ns(&self, now_ns: u64) -> u64 {
        let now = if self.unanswered == 0 { 0 } else { now_ns.saturating_sub(self.since_ns) };
        self.before_ns.saturating_add(now)
    }
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
    /// Whether all errors of the instance are gone.
    DeleteAll,
    /// Nothing.
    Nothing,
}

impl About {
    pub(super) fn of(callback: &Callback, standing: Standing) -> Self {
        match callback {
            _ if !standing.is_expected() => About::Nothing,
            Callback::Progress(progress) => About::Progress(progress.item),
            Callback::EnableModeless(modeless) if modeless.enable => About::Dialog,
            Callback::EstablishConnection(connection) => About::Connection(connection.name.clone()),
            Callback::DeleteLogError(delete) if delete.error.is_null() => About::DeleteAll,
            _ => About::Nothing,
        }
    }
}
