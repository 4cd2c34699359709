//! The handler, and its worker threads.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use windows_core::{BOOL, ComObject, GUID, HRESULT, HSTRING, IUnknownImpl, InRef, OutRef, PCWSTR, implement, w};

use crate::InUse;
use crate::abi::*;
use crate::enumerator::Enumerator;
use crate::items::{CALENDAR, CONFLICT, ITEMS, index_of};
use crate::memory;

const UNIT: Duration = Duration::from_millis(1);

/// The manager's callback. mobsync's may be called on any thread; one that may not is passed to another thread with
/// windows-core's `AgileReference`.
#[derive(Clone)]
struct Callback(ISyncMgrSynchronizeCallback);

// SAFETY: the manager's object counts its references atomically, and several threads may call it at once.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

#[implement(ISyncMgrSynchronize)]
pub struct Notebook {
    /// Workers hold the lock while they call, so that SetProgressCallback(NULL) returns when no callback is open, and none
    /// follows. This needs a manager whose callback does not wait for the thread that calls SetProgressCallback.
    callback: RwLock<Option<Callback>>,
    flags: AtomicU32,
    /// 1 for the first PrepareForSync, 2 for the retry, …
    round: AtomicU32,
    /// The number of workers that are still running.
    running: AtomicU32,
    cancelled: AtomicBool,
    failed: AtomicBool,
    prepared: [AtomicBool; ITEMS.len()],
    stopped: [AtomicBool; ITEMS.len()],
    _in_use: InUse,
}

impl Notebook {
    pub fn new() -> Self {
        Self {
            callback: RwLock::default(),
            flags: AtomicU32::new(0),
            round: AtomicU32::new(0),
            running: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            prepared: Default::default(),
            stopped: Default::default(),
            _in_use: InUse::new(),
        }
    }

    /// The callback with a reference for the caller, on the manager's own thread. The lock is not held then: from inside a
    /// callback the manager may call the handler.
    fn callback(&self) -> Option<Callback> {
        self.callback.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a worker's callback, unless the callback interface was taken back.
    fn call_back(&self, call: impl FnOnce(&ISyncMgrSynchronizeCallback) -> HRESULT) -> HRESULT {
        match &*self.callback.read().unwrap_or_else(PoisonError::into_inner) {
            Some(Callback(callback)) => call(callback),
            None => S_SYNCMGR_CANCELALL,
        }
    }

    fn is_stopped(&self, item: usize) -> bool {
        self.stopped[item].load(Ordering::Acquire) || self.cancelled.load(Ordering::Acquire)
    }
}

impl ISyncMgrSynchronize_Impl for Notebook_Impl {
    unsafe fn Initialize(&self, _reserved: u32, flags: u32, _cookie_len: u32, _cookie: *const u8) -> HRESULT {
        self.flags.store(flags, Ordering::Release);
        S_OK
    }

    unsafe fn GetHandlerInfo(&self, info: *mut *mut SyncMgrHandlerInfo) -> HRESULT {
        if info.is_null() {
            return E_POINTER;
        }
        let mut mine = SyncMgrHandlerInfo {
            size: size_of_structure::<SyncMgrHandlerInfo>(),
            icon: null_mut(),
            flags: SYNCMGRHANDLER_HASPROPERTIES | SYNCMGRHANDLER_MAYESTABLISHCONNECTION,
            name: [0; 32],
        };
        fill(&mut mine.name, "Notebook");
        let given = memory::give_away(mine);
        // SAFETY: the caller provides a place for a pointer.
        unsafe { info.write(given.unwrap_or(null_mut())) };
        if given.is_some() { S_OK } else { E_OUTOFMEMORY }
    }

    unsafe fn EnumSyncMgrItems(&self, items: OutRef<'_, ISyncMgrEnumItems>) -> HRESULT {
        if items.is_null() {
            return E_POINTER;
        }
        items.write(Some(Enumerator::new(0).into())).into()
    }

    unsafe fn GetItemObject(&self, _item: *const GUID, _iid: *const GUID, object: *mut *mut c_void) -> HRESULT {
        if !object.is_null() {
            // SAFETY: the caller provides a place for a pointer.
            unsafe { object.write(null_mut()) };
        }
        E_NOTIMPL
    }

    unsafe fn ShowProperties(&self, _parent: *mut c_void, _item: *const GUID) -> HRESULT {
        // There is no window here: the page is shown and closed at once.
        let Some(Callback(callback)) = self.callback() else { return E_UNEXPECTED };
        // SAFETY: the callback is held, and takes plain values.
        unsafe {
            if callback.EnableModeless(BOOL(1)) == S_OK {
                let _ = callback.EnableModeless(BOOL(0));
            }
            let _ = callback.ShowPropertiesCompleted(S_OK);
        }
        S_OK
    }

    unsafe fn SetProgressCallback(&self, callback: InRef<'_, ISyncMgrSynchronizeCallback>) -> HRESULT {
        let new = callback.cloned().map(Callback);
        if new.is_none() {
            // Workers that are still running must stop.
            self.cancelled.store(true, Ordering::Release);
        }
        let old = std::mem::replace(&mut *self.callback.write().unwrap_or_else(PoisonError::into_inner), new);
        // Released here, when the lock is no longer held.
        drop(old);
        S_OK
    }

    unsafe fn PrepareForSync(&self, many: u32, items: *const GUID, _parent: *mut c_void, _reserved: u32) -> HRESULT {
        if many == 0 || items.is_null() {
            return E_INVALIDARG;
        }
        for item in 0..ITEMS.len() {
            self.prepared[item].store(false, Ordering::Release);
            self.stopped[item].store(false, Ordering::Release);
        }
        for at in 0..many as usize {
            // SAFETY: the caller provides this many IDs.
            let Some(item) = (unsafe { index_of(items.add(at)) }) else { return E_INVALIDARG };
            self.prepared[item].store(true, Ordering::Release);
        }
        self.cancelled.store(false, Ordering::Release);
        self.failed.store(false, Ordering::Release);
        self.round.fetch_add(1, Ordering::AcqRel);
        let Some(Callback(callback)) = self.callback() else { return E_UNEXPECTED };
        let may_ask = self.flags.load(Ordering::Acquire) & SYNCMGRFLAG_MAYBOTHERUSER != 0;
        // SAFETY: the callback is held, and the text is terminated.
        unsafe {
            if may_ask && callback.EnableModeless(BOOL(1)) == S_OK {
                let _ = callback.EnableModeless(BOOL(0));
            }
            let _ = callback.EstablishConnection(w!("Notebooks"), 0);
            let _ = callback.PrepareForSyncCompleted(S_OK);
        }
        S_OK
    }

    unsafe fn Synchronize(&self, _parent: *mut c_void) -> HRESULT {
        if self.callback().is_none() {
            return E_UNEXPECTED;
        }
        let items: Vec<usize> = (0..ITEMS.len()).filter(|item| self.prepared[*item].load(Ordering::Acquire)).collect();
        // Counted before any of them starts: a worker that ends at once must not believe that it is the last one.
        self.running.store(items.len() as u32, Ordering::Release);
        for item in items {
            let work = Arc::new(Work { handler: self.to_object(), item });
            let of_thread = Arc::clone(&work);
            if thread::Builder::new().spawn(move || of_thread.run()).is_err() {
                work.run(); // slower, but still correct
            }
        }
        S_OK
    }

    unsafe fn SetItemStatus(&self, item: *const GUID, status: u32) -> HRESULT {
        // SAFETY: the caller provides a reference to an ID.
        let Some(item) = (unsafe { index_of(item) }) else { return E_INVALIDARG };
        if status == SYNCMGRSTATUS_SKIPPED {
            self.stopped[item].store(true, Ordering::Release);
        }
        S_OK
    }

    unsafe fn ShowError(&self, _parent: *mut c_void, error: *const GUID) -> HRESULT {
        // SAFETY: the caller provides a reference to an ID.
        if unsafe { error.as_ref() } != Some(&CONFLICT) {
            return E_INVALIDARG;
        }
        let Some(Callback(callback)) = self.callback() else { return E_UNEXPECTED };
        // SAFETY: the callback is held, and receives one ID.
        let _ = unsafe { callback.ShowErrorCompleted(S_SYNCMGR_RETRYSYNC, 1, &ITEMS[CALENDAR].id) };
        S_OK
    }
}

/// What a worker thread owns: its own reference to the handler.
struct Work {
    handler: ComObject<Notebook>,
    item: usize,
}

impl Work {
    fn run(&self) {
        let (handler, item) = (&self.handler, &ITEMS[self.item]);
        let round = handler.round.load(Ordering::Acquire);
        if self.item == CALENDAR && round > 1 {
            // SAFETY: the callback is held, and receives an ID.
            let _ = handler.call_back(|callback| unsafe { callback.DeleteLogError(&CONFLICT, 0) });
        }
        let mut value = 0;
        while value < item.units && !handler.is_stopped(self.item) {
            self.report(SYNCMGRSTATUS_UPDATING, value, (value == 0).then_some(item.name));
            thread::sleep(UNIT);
            value += 1;
        }
        let mut status = SYNCMGRSTATUS_SUCCEEDED;
        if handler.is_stopped(self.item) {
            status = SYNCMGRSTATUS_SKIPPED;
        } else if self.item == CALENDAR && round == 1 {
            self.log_conflict();
            handler.failed.store(true, Ordering::Release);
            status = SYNCMGRSTATUS_FAILED;
        }
        self.report(status, value, None);
        if handler.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            let hr = if handler.failed.load(Ordering::Acquire) { E_FAIL } else { S_OK };
            // SAFETY: the callback is held, and takes a plain value.
            let _ = handler.call_back(|callback| unsafe { callback.SynchronizeCompleted(hr) });
        }
    }

    /// Reports progress, and obeys the reply.
    fn report(&self, status: u32, value: i32, text: Option<&str>) {
        let item = &ITEMS[self.item];
        let mut mask = SYNCMGRPROGRESSITEM_STATUSTYPE | SYNCMGRPROGRESSITEM_PROGVALUE | SYNCMGRPROGRESSITEM_MAXVALUE;
        if text.is_some() {
            mask |= SYNCMGRPROGRESSITEM_STATUSTEXT;
        }
        let text = text.map(HSTRING::from);
        let info = SyncMgrProgressItem {
            size: size_of_structure::<SyncMgrProgressItem>(),
            mask,
            text: text.as_ref().map_or(PCWSTR::null(), |text| PCWSTR(text.as_ptr())),
            status,
            value,
            max: item.units,
        };
        // SAFETY: the callback is held, and receives an ID and a structure whose text lives until it returns.
        match self.handler.call_back(|callback| unsafe { callback.Progress(&item.id, &info) }) {
            S_SYNCMGR_CANCELITEM => self.handler.stopped[self.item].store(true, Ordering::Release),
            S_SYNCMGR_CANCELALL => self.handler.cancelled.store(true, Ordering::Release),
            _ => {}
        }
    }

    fn log_conflict(&self) {
        let info = SyncMgrLogErrorInfo {
            size: size_of_structure::<SyncMgrLogErrorInfo>(),
            mask: SYNCMGRLOGERROR_ERRORFLAGS | SYNCMGRLOGERROR_ERRORID | SYNCMGRLOGERROR_ITEMID,
            flags: SYNCMGRERRORFLAG_ENABLEJUMPTEXT,
            error: CONFLICT,
            item: ITEMS[self.item].id,
        };
        let text = w!("The server has the same meeting twice.");
        // SAFETY: the callback is held, and receives a terminated text and a structure.
        let _ = self.handler.call_back(|callback| unsafe { callback.LogError(SYNCMGRLOGLEVEL_ERROR, text, &info) });
    }
}
