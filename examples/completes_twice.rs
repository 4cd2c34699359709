//! A handler whose worker thread completes `Synchronize` twice, for `docs/debugging.md`.
//!
//! `completes_twice` prints the rules that it breaks; `completes_twice SYNC-04` raises a debugger trap where it breaks
//! that rule.

use std::sync::Arc;
use std::thread;

use mobsync::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
use mobsync::host::{
    self, Selection, SessionSetup, StandardPlan,
    break_on::{self, BreakOn},
};
use mobsync::protocol::{
    Event, FileTime, Guid, HResult, HandlerInfo, Initialize, Item, ItemState, Limits, Profile, ProgressItem, Status,
    SyncEvent, SyncFlags,
};
use mobsync::rules::{Conditions, Monitor, select};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A stop in a debugger takes longer than a handler may.
    let hour_ns = 3_600_000_000_000;
    let limits = Limits { timeout_ns: hour_ns, blocking_ns: hour_ns, ..Limits::default() };
    let conditions = Conditions { profile: Profile::default(), limits, started: FileTime::default() };
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    let plan = StandardPlan::new(initialize, Selection::All);
    let mut setup = SessionSetup::new(Arc::new(Notebook), Box::new(plan), conditions.limits);
    if let Some(word) = std::env::args().nth(1) {
        break_on::available()?;
        setup = setup.observed_by(Box::new(BreakOn::trap(select(&word)?, conditions)));
    }
    let mut monitor = Monitor::new(conditions);
    host::run_real(setup, |_| {}, &mut |events: Vec<Event>, _: &_| {
        for event in &events {
            monitor.observe(event);
        }
    })?;
    for finding in monitor.findings() {
        println!("{}: {} (thread {})", finding.rule.code, finding.message(), finding.thread);
    }
    Ok(())
}

/// A handler with one item.
pub struct Notebook;

#[derive(Default)]
struct NotebookSession {
    callback: Option<Arc<dyn SyncCallback>>,
    chosen: Vec<Guid>,
    worker: Option<thread::JoinHandle<()>>,
}

/// Copies the pages of every chosen item.
fn copy_pages(callback: Arc<dyn SyncCallback>, chosen: Vec<Guid>) {
    for item in chosen {
        callback.progress(item, ProgressItem::status(Status::SUCCEEDED));
        item_finished(callback.as_ref());
    }
    all_finished(callback.as_ref());
}

/// The fault: it treats the end of one item as the end of the session.
fn item_finished(callback: &dyn SyncCallback) {
    callback.synchronize_completed(HResult::S_OK);
}

fn all_finished(callback: &dyn SyncCallback) {
    callback.synchronize_completed(HResult::S_OK);
}

impl SyncHandler for NotebookSession {
    fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
        HResult::S_OK
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: "Notebook".into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Pages { left: 1 })))
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_NOTIMPL
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        if callback.is_none()
            && let Some(worker) = self.worker.take()
        {
            // The worker uses the callback until it ends. A panic's message is already on standard error.
            drop(worker.join());
        }
        self.callback = callback;
        HResult::S_OK
    }

    fn prepare_for_sync(&mut self, items: &[Guid], _: u64, _: u32) -> HResult {
        let Some(callback) = &self.callback else { return HResult::E_UNEXPECTED };
        self.chosen = items.to_vec();
        callback.prepare_for_sync_completed(HResult::S_OK);
        HResult::S_OK
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        let Some(callback) = self.callback.clone() else { return HResult::E_UNEXPECTED };
        let chosen = self.chosen.clone();
        let worker = thread::Builder::new().name("pages".to_owned());
        self.worker = worker.spawn(move || copy_pages(callback, chosen)).ok();
        if self.worker.is_some() { HResult::S_OK } else { HResult::E_FAIL }
    }

    fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
        HResult::S_OK
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_INVALIDARG
    }
}

impl HandlerFactory for Notebook {
    fn name(&self) -> &str {
        "Notebook"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(NotebookSession::default()))
    }
}

/// The one item.
struct Pages {
    left: u32,
}

impl EnumItems for Pages {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        let fetched = celt.min(std::mem::take(&mut self.left));
        let page = || Item {
            id: Guid::from_alias("A").unwrap_or_default(),
            name: "Pages".into(),
            state: ItemState::CHECKED,
            ..Item::default()
        };
        let items = (0..fetched).map(|_| page()).collect();
        (if fetched == celt { HResult::S_OK } else { HResult::S_FALSE }, Some(fetched), items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        let passed = celt.min(std::mem::take(&mut self.left));
        if passed == celt { HResult::S_OK } else { HResult::S_FALSE }
    }

    fn reset(&mut self) -> HResult {
        self.left = 1;
        HResult::S_OK
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Pages { left: self.left })))
    }
}
