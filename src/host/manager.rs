//! The manager's own interfaces, as the handlers of a session reach them.
//!
//! Nothing waits here: the answer comes from what the session knows to be registered, and a note says what was asked and answered.
//! Whoever runs the session acts on the notes. So a handler can ask from any thread and inside any call.

use std::sync::Arc;
use std::time::Instant;

use super::shared::Shared;
use crate::handler::SyncManager;
use crate::protocol::{
    Cookie, Delay, EventKind, GetHandlerRegistrationInfo, Guid, HResult, HandlerId, InvokeFlags, Note, RegisterFlags,
    RegisterSyncMgrHandler, Text, UnregisterSyncMgrHandler, UpdateAll, UpdateItems,
};

/// The manager, as an instance reaches it.
pub(super) struct Manager {
    pub(super) shared: Arc<Shared>,
    pub(super) handler: HandlerId,
}

impl SyncManager for Manager {
    fn register_sync_mgr_handler(&self, clsid: Guid, description: Option<Text>, flags: RegisterFlags) -> HResult {
        self.answer(|registered| {
            let hr = if flags.is_valid() { HResult::S_OK } else { HResult::E_INVALIDARG };
            if hr == HResult::S_OK {
                registered.insert(clsid, flags);
            }
            (hr, Note::RegisterSyncMgrHandler(RegisterSyncMgrHandler { clsid, description, flags, hr }))
        })
    }

    fn unregister_sync_mgr_handler(&self, clsid: Guid) -> HResult {
        self.answer(|registered| {
            // Whoever unregisters twice has what it wants.
            registered.remove(&clsid);
            let hr = HResult::S_OK;
            (hr, Note::UnregisterSyncMgrHandler(UnregisterSyncMgrHandler { clsid, hr }))
        })
    }

    fn get_handler_registration_info(&self, clsid: Guid) -> (HResult, Option<RegisterFlags>) {
        let mut found = None;
        let hr = self.answer(|registered| {
            let flags = registered.get(&clsid).copied();
            found = flags;
            let hr = if flags.is_some() { HResult::S_OK } else { HResult::S_FALSE };
            (hr, Note::GetHandlerRegistrationInfo(GetHandlerRegistrationInfo { clsid, flags, hr }))
        });
        (hr, found)
    }

    fn update_items(&self, flags: InvokeFlags, clsid: Guid, cookie: Option<Cookie>) -> HResult {
        self.answer(|registered| {
            let hr = match flags.is_valid() {
                false => HResult::E_INVALIDARG,
                true if registered.contains_key(&clsid) => HResult::S_OK,
                // There is nothing that could be started.
                true => HResult::E_FAIL,
            };
            (hr, Note::UpdateItems(UpdateItems { clsid, flags, cookie, starts: None, hr }))
        })
    }

    fn update_all(&self) -> HResult {
        let begun = Instant::now();
        self.answer(|_| {
            let took = Delay(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
            (HResult::S_OK, Note::UpdateAll(UpdateAll { took, hr: HResult::S_OK }))
        })
    }
}

/// What is registered, as far as a session knows.
pub(super) type Known = std::collections::BTreeMap<Guid, RegisterFlags>;

impl Manager {
    /// Answers under the session's lock, and notes what was asked. When the session is over, nobody is there to act.
    fn answer(&self, answer: impl FnOnce(&mut Known) -> (HResult, Note)) -> HResult {
        let (at_ns, thread) = (self.shared.clock.now_ns(), self.shared.clock.thread());
        let mut state = self.shared.lock();
        if state.closed {
            return HResult::E_UNEXPECTED;
        }
        let (hr, note) = answer(&mut state.registered);
        state.record(at_ns, thread, self.handler, EventKind::Note(Box::new(note)));
        hr
    }
}
