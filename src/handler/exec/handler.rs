//! An instance, and its enumerators: each call goes to the program.

use std::sync::Arc;

use super::link::Link;
use crate::handler::{Chronicle, EnumItems, SyncCallback, SyncHandler};
use crate::protocol::{
    Call, Cookie, Enumerator, GetItemObject, Guid, HResult, HandlerInfo, Initialize, Item, Out, PrepareForSync,
    SetItemStatus, SetProgressCallback, ShowError, ShowProperties, Status, SyncFlags, Synchronize, Walk,
};

/// A started program.
pub(super) struct ExecHandler {
    link: Arc<Link>,
}

impl ExecHandler {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link }
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn call(&self, call: Call) -> HResult {
        self.link.call(&call).0
    }
}

impl Drop for ExecHandler {
    fn drop(&mut self) {
        self.link.end();
    }
}

impl SyncHandler for ExecHandler {
    fn initialize(&mut self, reserved: u32, flags: SyncFlags, cookie: Option<&[u8]>) -> HResult {
        let cookie = cookie.map(|bytes| Cookie(bytes.to_vec()));
        self.call(Call::Initialize(Initialize { flags, reserved, cookie, probe: false }))
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        let (hr, out) = self.link.call(&Call::GetHandlerInfo);
        (hr, out.info)
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        enumerator(&self.link, &Call::EnumSyncMgrItems)
    }

    fn get_item_object(&mut self, item: Guid, iid: Guid) -> (HResult, bool) {
        let (hr, out) = self.link.call(&Call::GetItemObject(GetItemObject { item, iid }));
        (hr, out.object)
    }

    fn show_properties(&mut self, hwnd: u64, item: Guid) -> HResult {
        self.call(Call::ShowProperties(ShowProperties { item, hwnd }))
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        let number = callback.as_ref().map(|callback| callback.number());
        // Given before the program can use it, and kept after it was taken back: a late callback is recorded as one.
        if let Some(callback) = callback {
            self.link.set_callback(callback);
        }
        self.call(Call::SetProgressCallback(SetProgressCallback { callback: number }))
    }

    fn prepare_for_sync(&mut self, items: &[Guid], hwnd: u64, reserved: u32) -> HResult {
        self.call(Call::PrepareForSync(PrepareForSync { items: items.to_vec(), hwnd, reserved }))
    }

    fn synchronize(&mut self, hwnd: u64) -> HResult {
        self.call(Call::Synchronize(Synchronize { hwnd }))
    }

    fn set_item_status(&mut self, item: Guid, status: Status) -> HResult {
        self.call(Call::SetItemStatus(SetItemStatus { item, status }))
    }

    fn show_error(&mut self, hwnd: u64, error: Guid) -> HResult {
        self.call(Call::ShowError(ShowError { error, hwnd }))
    }

    fn release(&mut self) -> Option<u32> {
        self.link.release()
    }

    fn is_out_of_process(&self) -> bool {
        true
    }

    fn set_chronicle(&mut self, chronicle: Arc<dyn Chronicle>) {
        self.link.set_chronicle(chronicle);
    }

    fn ender(&self) -> Option<Box<dyn FnOnce() + Send>> {
        let link = Arc::downgrade(&self.link);
        Some(Box::new(move || {
            if let Some(link) = link.upgrade() {
                link.end();
            }
        }))
    }
}

/// An enumerator of the program, by the program's own number.
struct ExecItems {
    link: Arc<Link>,
    number: u32,
}

/// Makes a call that brings an enumerator.
fn enumerator(link: &Arc<Link>, call: &Call) -> (HResult, Option<Box<dyn EnumItems>>) {
    let (hr, out) = link.call(call);
    let items = |number| Box::new(ExecItems { link: Arc::clone(link), number }) as Box<dyn EnumItems>;
    (hr, out.enumerator.map(items))
}

impl EnumItems for ExecItems {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        let (hr, Out { fetched, items, .. }) = self.link.call(&Call::Next(Walk::new(self.number, celt)));
        (hr, fetched, items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        self.link.call(&Call::Skip(Walk::new(self.number, celt))).0
    }

    fn reset(&mut self) -> HResult {
        self.link.call(&Call::Reset(Enumerator { enumerator: self.number })).0
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        enumerator(&self.link, &Call::Clone(Enumerator { enumerator: self.number }))
    }
}
