//! One instance of the handler: the manager's calls.

use std::io;
use std::sync::Arc;
use std::thread;

use crate::handler::{EnumItems, ItemList, SyncCallback, SyncHandler};
use crate::protocol::{Guid, HResult, HandlerInfo, Status, SyncFlags};

use super::errors::LiveErrors;
use super::gate::Gate;
use super::items::FolderItem;
use super::round::Round;
use super::worker;

/// What users read for the handler; at most 31 UTF-16 units.
const HANDLER_NAME: &str = "File synchronization";

/// An instance: created by [`FileSync`](super::FileSync).
pub(super) struct Instance {
    items: Arc<[FolderItem]>,
    initialized: bool,
    /// For calls back from the manager's own calls; the workers have theirs in the gate.
    callback: Option<Arc<dyn SyncCallback>>,
    gate: Arc<Gate>,
    errors: Arc<LiveErrors>,
    prepared: Vec<FolderItem>,
    round: Option<Arc<Round>>,
}

impl Instance {
    pub fn new(items: Arc<[FolderItem]>) -> Self {
        Self {
            items,
            initialized: false,
            callback: None,
            gate: Arc::default(),
            errors: Arc::default(),
            prepared: Vec::new(),
            round: None,
        }
    }

    /// The round that is going on.
    fn running(&self) -> Option<&Arc<Round>> {
        self.round.as_ref().filter(|round| !round.is_over())
    }

    fn item(&self, id: Guid) -> Option<&FolderItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The interface, where a call that ends with a callback is in its place.
    fn ready(&self) -> Option<&Arc<dyn SyncCallback>> {
        self.callback.as_ref().filter(|_| self.running().is_none())
    }
}

impl SyncHandler for Instance {
    /// Every event is processed, those that are not known as MANUAL, and each in the same way; a cookie says nothing.
    fn initialize(&mut self, reserved: u32, _flags: SyncFlags, _cookie: Option<&[u8]>) -> HResult {
        if reserved != 0 {
            return HResult::E_INVALIDARG;
        }
        if std::mem::replace(&mut self.initialized, true) { HResult::E_UNEXPECTED } else { HResult::S_OK }
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: HANDLER_NAME.into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(ItemList::new(self.items.iter().map(FolderItem::describe)))))
    }

    /// There are none, and no flag promises any.
    fn show_properties(&mut self, _hwnd: u64, _item: Guid) -> HResult {
        HResult::E_INVALIDARG
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        if callback.is_none()
            && let Some(round) = self.round.take()
        {
            round.abandon();
        }
        self.gate.set(callback.clone());
        self.callback = callback;
        HResult::S_OK
    }

    /// Nothing needs the user or the network, so it is completed at once.
    fn prepare_for_sync(&mut self, items: &[Guid], _hwnd: u64, _reserved: u32) -> HResult {
        let Some(callback) = self.ready() else { return HResult::E_UNEXPECTED };
        let mut prepared: Vec<FolderItem> = Vec::with_capacity(items.len());
        for id in items {
            match self.item(*id) {
                Some(item) if prepared.iter().all(|other| other.id != *id) => prepared.push(item.clone()),
                _ => return HResult::E_INVALIDARG,
            }
        }
        if prepared.is_empty() {
            return HResult::E_INVALIDARG;
        }
        callback.prepare_for_sync_completed(HResult::S_OK);
        self.prepared = prepared;
        HResult::S_OK
    }

    fn synchronize(&mut self, _hwnd: u64) -> HResult {
        if self.ready().is_none() || self.prepared.is_empty() {
            return HResult::E_UNEXPECTED;
        }
        let items = std::mem::take(&mut self.prepared);
        let round = Arc::new(Round::new(Arc::clone(&self.gate), Arc::clone(&self.errors), items));
        self.round = Some(Arc::clone(&round));
        for index in 0..round.items().len() {
            if let Err(why) = start(&round, index) {
                worker::give_up(&round, index, why);
            }
        }
        HResult::S_OK
    }

    fn set_item_status(&mut self, item: Guid, status: Status) -> HResult {
        if status != Status::SKIPPED || self.item(item).is_none() {
            return HResult::E_INVALIDARG;
        }
        self.round.as_ref().map_or(HResult::E_UNEXPECTED, |round| round.skip(item))
    }

    /// Shows nothing: what the user wants of an error that he follows is that the item is tried again.
    fn show_error(&mut self, _hwnd: u64, error: Guid) -> HResult {
        let Some(callback) = self.ready() else { return HResult::E_UNEXPECTED };
        match self.errors.get(error) {
            Some(live) if live.jump => {
                callback.show_error_completed(HResult::S_SYNCMGR_RETRYSYNC, &[live.item]);
                HResult::S_OK
            }
            _ => HResult::E_INVALIDARG,
        }
    }
}

impl Drop for Instance {
    /// The workers notice, remove what they were writing, and end; nobody waits for them, and they call nobody.
    fn drop(&mut self) {
        if let Some(round) = self.round.take() {
            round.abandon();
        }
    }
}

/// Starts the worker of an item.
fn start(round: &Arc<Round>, index: usize) -> io::Result<()> {
    let name = format!("sync-{}", round.items()[index].name);
    let round = Arc::clone(round);
    thread::Builder::new().name(name).spawn(move || worker::work(&round, index)).map(drop)
}
