//! A handler in Rust with two items, as small as one can be that breaks no rule.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mobsync::handler::{CreateError, EnumItems, HandlerFactory, ItemList, SyncCallback, SyncHandler};
use mobsync::protocol::{Guid, HResult, HandlerInfo, Item, ItemState, ProgressItem, Status, SyncFlags};

/// How many pages each item has.
const PAGES: i32 = 4;

/// How long a page takes to copy.
const PAGE: Duration = Duration::from_millis(2);

/// Makes instances of the handler.
pub struct Notes;

impl HandlerFactory for Notes {
    fn name(&self) -> &str {
        "Notes"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(NotesHandler::default()))
    }
}

#[derive(Default)]
struct NotesHandler {
    manager: Option<Arc<dyn SyncCallback>>,
    chosen: Vec<Guid>,
    wishes: Arc<Wishes>,
}

/// What the user wants of a running synchronization.
#[derive(Default)]
struct Wishes {
    /// Items to stop.
    stop: Mutex<BTreeSet<Guid>>,
    /// Stop all items.
    stop_all: AtomicBool,
    /// The manager has gone: say nothing any more.
    left: AtomicBool,
}

impl Wishes {
    fn stop(&self, item: Guid) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).insert(item);
    }

    fn stops(&self, item: Guid) -> bool {
        self.stop_all.load(Ordering::SeqCst) || self.stop.lock().unwrap_or_else(PoisonError::into_inner).contains(&item)
    }
}

fn items() -> [Item; 2] {
    let item = |id: u128, name: &str| Item {
        id: Guid::from_u128(0x4b0e_1f6e_6d86_4f1c_9b6a_2f1d_5f0e_7a00 + id),
        name: name.into(),
        state: ItemState::CHECKED,
        ..Item::default()
    };
    [item(1, "Private notes"), item(2, "Shared notes")]
}

impl SyncHandler for NotesHandler {
    fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
        HResult::S_OK
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: "Notes".into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(ItemList::new(items()))))
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_UNEXPECTED // the flags promise none
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        if callback.is_none() {
            self.wishes.left.store(true, Ordering::SeqCst);
        }
        self.manager = callback;
        HResult::S_OK
    }

    fn prepare_for_sync(&mut self, items: &[Guid], _: u64, _: u32) -> HResult {
        let Some(manager) = &self.manager else { return HResult::E_UNEXPECTED };
        self.chosen = items.to_vec();
        self.wishes = Arc::default();
        manager.prepare_for_sync_completed(HResult::S_OK);
        HResult::S_OK
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        let Some(manager) = self.manager.clone() else { return HResult::E_UNEXPECTED };
        let (chosen, wishes) = (self.chosen.clone(), Arc::clone(&self.wishes));
        thread::spawn(move || {
            for item in chosen {
                copy(&*manager, item, &wishes);
            }
            if !wishes.left.load(Ordering::SeqCst) {
                manager.synchronize_completed(HResult::S_OK);
            }
        });
        HResult::S_OK
    }

    fn set_item_status(&mut self, item: Guid, _: Status) -> HResult {
        self.wishes.stop(item); // SKIPPED is all that the manager sends
        HResult::S_OK
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_UNEXPECTED // none is ever logged
    }
}

/// Copies the pages of an item, and says after each how far it is. The answer tells whether to go on.
fn copy(manager: &dyn SyncCallback, item: Guid, wishes: &Wishes) {
    for page in 0..=PAGES {
        if wishes.left.load(Ordering::SeqCst) {
            return;
        }
        if wishes.stops(item) {
            break;
        }
        thread::sleep(PAGE);
        let answer = manager.progress(item, ProgressItem::status(Status::UPDATING).at(page, PAGES));
        match answer {
            HResult::S_SYNCMGR_CANCELITEM => wishes.stop(item),
            HResult::S_SYNCMGR_CANCELALL => wishes.stop_all.store(true, Ordering::SeqCst),
            _ => {}
        }
    }
    if !wishes.left.load(Ordering::SeqCst) {
        let end = if wishes.stops(item) { Status::SKIPPED } else { Status::SUCCEEDED };
        manager.progress(item, ProgressItem::status(end));
    }
}
