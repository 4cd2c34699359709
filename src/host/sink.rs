//! What a handler's instance is given of the session: the manager's callback, and a place for what happens to it by itself.

use std::sync::Arc;

use super::shared::Shared;
use crate::handler::{Chronicle, Replied, SyncCallback};
use crate::protocol::{Callback, HResult, HandlerId, Note, Thread};

/// The manager's callback object of one instance. It may be kept for ever, and called from any thread.
pub(super) struct CallbackSink {
    pub(super) shared: Arc<Shared>,
    pub(super) handler: HandlerId,
    pub(super) number: u32,
}

impl SyncCallback for CallbackSink {
    fn number(&self) -> u32 {
        self.number
    }

    fn note_unreferenced(&self) {
        self.shared.note_unreferenced(self.handler);
    }

    fn call(&self, callback: Callback) -> HResult {
        let answer = self.shared.callback(self.handler, callback, None);
        answer.unwrap_or_else(|call| self.shared.wait_for_reply(call))
    }

    fn begin(&self, thread: Option<&Thread>, callback: Callback) -> Replied {
        if self.shared.is_gated() {
            return self.shared.at_the_gate(self.handler, thread, callback);
        }
        if self.shared.user_may_come_first() {
            return self.shared.after_user(self.handler, thread, callback);
        }
        match self.shared.callback(self.handler, callback, thread) {
            Ok(hr) => Replied::Now(hr),
            Err(call) => Replied::Held(self.shared.held_reply(call)),
        }
    }
}

/// Records what happens to one instance by itself.
pub(super) struct InstanceChronicle {
    pub(super) shared: Arc<Shared>,
    pub(super) handler: HandlerId,
}

impl Chronicle for InstanceChronicle {
    fn note(&self, thread: Thread, note: Note) {
        self.shared.note(self.handler, thread, note);
    }

    fn output(&self, text: &str) {
        self.shared.output.lock().add(text.as_bytes());
    }
}
