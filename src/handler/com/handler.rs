//! Drives a native handler.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use windows_core::{GUID, IUnknown, Interface};

use super::abi::{ISyncMgrSynchronize, RawHandlerInfo, hresult, raw};
use super::callback::CallbackObject;
use super::enumerator::ComEnumerator;
use super::library::Loaded;
use super::memory::{self, Block, is_plausible};
use super::probe;
use super::references::{self, Vtable};
use crate::handler::{CreateError, EnumItems, HandlerFactory, ServerCall, SyncCallback, SyncHandler, SyncManager};
#[cfg(windows)]
use crate::protocol::ClassRegistered;
use crate::protocol::{
    CallbackReferences, GUID_NULL, Guid, HResult, HandlerFlags, HandlerInfo, IID_ISYNC_MGR_SYNCHRONIZE, Note,
    OverReleased, ReferencePoint, ReferenceSeen, Status, SyncFlags, UnloadAsked,
};

/// Makes instances of the class of a native library. The library is loaded with the first of them.
pub struct ComFactory {
    library: PathBuf,
    clsid: Guid,
    name: String,
    probes: bool,
    loaded: OnceLock<Result<Loaded, String>>,
}

impl ComFactory {
    /// The class of that library, named so in traces and reports. With `probes`, instances and the library are also asked
    /// what no session asks (COM-01 to COM-07).
    pub fn new(library: &Path, clsid: Guid, name: &str, probes: bool) -> Self {
        Self { library: library.to_owned(), clsid, name: name.to_owned(), probes, loaded: OnceLock::new() }
    }

    fn error(&self, why: impl std::fmt::Display) -> CreateError {
        CreateError { handler: self.name.clone(), why: format!("{}: {why}", self.library.display()) }
    }
}

impl ComFactory {
    /// The library, loaded on the thread of the instance.
    fn loaded(&self) -> Result<Loaded, CreateError> {
        #[cfg(windows)]
        super::windows::enter_apartment();
        self.loaded.get_or_init(|| Loaded::load(&self.library)).clone().map_err(|why| self.error(why))
    }
}

impl HandlerFactory for ComFactory {
    fn name(&self) -> &str {
        &self.name
    }

    fn serve_manager(&self, manager: Weak<dyn SyncManager>) {
        #[cfg(windows)]
        super::windows::prepare_apartment();
        super::manager::serve(manager);
    }

    fn call_server(&self, call: ServerCall) -> Result<Option<HResult>, CreateError> {
        Ok(self.loaded()?.call_server(call))
    }

    #[cfg(windows)]
    fn class_registered(&self, clsid: Guid) -> Option<ClassRegistered> {
        Some(super::windows::class_registered(clsid))
    }

    fn class(&self) -> Option<Guid> {
        // Of GUID_NULL it is only the library that is wanted.
        Some(self.clsid).filter(|clsid| *clsid != GUID_NULL)
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        let loaded = self.loaded()?;
        let refused = self.probes.then(|| probe::refused_class(&loaded, self.clsid)).flatten();
        let (hr, class) = loaded.class(self.clsid);
        let Some(class) = class.filter(|_| hr.is_success()) else {
            let hint = match hr {
                HResult::CLASS_E_CLASSNOTAVAILABLE => "; is --clsid the right one?",
                hr if hr.is_success() => " and no object: it must store a class factory",
                _ => "",
            };
            return Err(self.error(format!("DllGetClassObject for {} returned {hr}{hint}", self.clsid)));
        };
        let iid: GUID = raw(IID_ISYNC_MGR_SYNCHRONIZE);
        let mut object: *mut c_void = null_mut();
        // SAFETY: it is given no outer object, an ID, and a place for a pointer.
        let hr = hresult(unsafe { class.CreateInstance(null_mut(), &iid, &mut object) });
        if hr.is_failure() || !is_plausible(object.cast::<usize>()) {
            return Err(self.error(format!("CreateInstance for ISyncMgrSynchronize returned {hr} and no object")));
        }
        // SAFETY: the functions of an object that CreateInstance gives begin with those of IUnknown.
        let Some(vtable) = (unsafe { references::created(object) }) else {
            // Nothing is called through the pointer.
            let notes = vec![Note::ReferenceSeen(ReferenceSeen { at: ReferencePoint::Creation, held: false })];
            return Ok(Box::new(ComHandler { object: None, loaded, probes: false, callbacks: BTreeMap::new(), notes }));
        };
        // SAFETY: what it gave out is taken over.
        let object = unsafe { ISyncMgrSynchronize::from_raw(object) };
        let mut notes = Vec::from_iter(refused);
        if self.probes {
            notes.push(Note::ReferenceSeen(ReferenceSeen { at: ReferencePoint::Creation, held: true }));
            probe::interfaces(&object, &mut notes);
            notes.push(probe::unknown_class(&loaded));
            notes.push(probe::aggregation(&class));
            notes.extend(loaded.can_unload_now().map(|hr| Note::UnloadAsked(UnloadAsked { hr, in_use: true })));
        }
        Ok(Box::new(ComHandler {
            object: Some((object, vtable)),
            loaded,
            probes: self.probes,
            callbacks: BTreeMap::new(),
            notes,
        }))
    }
}

struct ComHandler {
    /// Until the last `Release`, or until it was seen to be gone.
    object: Option<(ISyncMgrSynchronize, Vtable)>,
    loaded: Loaded,
    probes: bool,
    /// The manager's callback objects, by their numbers.
    callbacks: BTreeMap<u32, &'static CallbackObject>,
    notes: Vec<Note>,
}

/// How long the manager waits for a handler's threads to let go of what they hold.
const GRACE: Duration = Duration::from_secs(1);

/// As [`GRACE`], for the callback when the handler was let go: it is a part of `Release`, and must be short beside any limit.
const GRACE_OF_CALLBACKS: Duration = Duration::from_millis(800);

/// How often it is looked at least: on a busy machine the time can pass while nothing of the handler runs.
const FEWEST_LOOKS: u32 = 200;

/// Waits until it is so, at most for so long.
fn wait_until(longest: Duration, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    let mut looks = 0;
    while !is_so() && (looks < FEWEST_LOOKS || begun.elapsed() < longest) {
        looks += 1;
        nap();
    }
}

/// A little while; the apartment's messages come in meanwhile, for a handler's thread may wait for an answer.
fn nap() {
    #[cfg(windows)]
    super::windows::pump_for(Duration::from_millis(1));
    #[cfg(not(windows))]
    std::thread::sleep(Duration::from_micros(200));
}

/// A window of the manager's: there is none.
fn window(hwnd: u64) -> *mut c_void {
    std::ptr::without_provenance_mut(usize::try_from(hwnd).unwrap_or(0))
}

impl ComHandler {
    /// Calls a method. After the last `Release` there is nobody to call, and nothing is called through an object that is gone.
    fn call(&mut self, method: impl FnOnce(&ISyncMgrSynchronize) -> windows_core::HRESULT) -> HResult {
        self.forget_if_gone();
        let hr = self.object.as_ref().map_or(HResult::E_UNEXPECTED, |(object, _)| hresult(method(object)));
        // A method may have freed it.
        self.forget_if_gone();
        hr
    }

    /// Notes an object that was freed although the manager holds it.
    fn forget_if_gone(&mut self) {
        if let Some((object, _)) = self.object.take_if(|(object, vtable)| !vtable.is_of(object.as_raw())) {
            std::mem::forget(object);
            self.notes.push(Note::ReferenceSeen(ReferenceSeen { at: ReferencePoint::Call, held: false }));
        }
    }

    fn note_references(&mut self) {
        for (number, callback) in &self.callbacks {
            let count = callback.references();
            self.notes.push(Note::CallbackReferences(CallbackReferences { callback: *number, count }));
        }
    }
}

impl SyncHandler for ComHandler {
    fn initialize(&mut self, reserved: u32, flags: SyncFlags, cookie: Option<&[u8]>) -> HResult {
        let (length, bytes) = cookie.map_or((0, null()), |bytes| (bytes.len(), bytes.as_ptr()));
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        // SAFETY: it is given so many bytes.
        self.call(|object| unsafe { object.Initialize(reserved, flags.0, length, bytes) })
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        let mut info: *mut RawHandlerInfo = null_mut();
        // SAFETY: it is given a place for a pointer.
        let hr = self.call(|object| unsafe { object.GetHandlerInfo(&mut info) });
        // SAFETY: it gave out a structure of that type, which consists of numbers and a pointer that is not used.
        let Some(copy) = (unsafe { memory::structure(info, size_of::<RawHandlerInfo>()) }) else {
            return (hr, None);
        };
        // SAFETY: the pointer points to memory that was just read.
        let block = unsafe { memory::block(info.cast()) };
        if let Block::Task(_) = block {
            // SAFETY: the block is the allocator's, and the manager's to free.
            unsafe { memory::free(info.cast()) };
        }
        let (name, unterminated) = memory::field(&copy.name);
        let size = (copy.size as usize != size_of::<RawHandlerInfo>()).then_some(copy.size);
        let foreign = block == Block::Foreign;
        (hr, Some(HandlerInfo { flags: HandlerFlags(copy.flags), name, size, unterminated, foreign }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        let mut items = null_mut();
        // SAFETY: it is given a place for a pointer, and what it gives out is taken over.
        unsafe {
            let hr = self.call(|object| object.EnumSyncMgrItems(&mut items));
            (hr, ComEnumerator::take(items))
        }
    }

    fn get_item_object(&mut self, item: Guid, iid: Guid) -> (HResult, bool) {
        let (item, iid) = (raw(item), raw(iid));
        let mut given = null_mut();
        // SAFETY: it is given two IDs and a place for a pointer.
        let hr = self.call(|object| unsafe { object.GetItemObject(&item, &iid, &mut given) });
        let is_given = is_plausible(given.cast::<usize>());
        if is_given && hr.is_success() {
            // SAFETY: what it gave out is an interface, which is released.
            drop(unsafe { IUnknown::from_raw(given) });
        }
        (hr, is_given)
    }

    fn show_properties(&mut self, hwnd: u64, item: Guid) -> HResult {
        let item = raw(item);
        // SAFETY: it is given a window's handle, which is no pointer that is followed, and an ID.
        self.call(|object| unsafe { object.ShowProperties(window(hwnd), &item) })
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        let pointer = match callback {
            None => null_mut(),
            Some(sink) => self.callbacks.entry(sink.number()).or_insert_with(|| CallbackObject::new(sink)).pointer(),
        };
        // SAFETY: it is given NULL, or an object that lives for ever.
        let hr = self.call(|object| unsafe { object.SetProgressCallback(pointer) });
        self.note_references();
        hr
    }

    fn prepare_for_sync(&mut self, items: &[Guid], hwnd: u64, reserved: u32) -> HResult {
        // The handler is given a copy of its own, and may write to it.
        let mut ids: Vec<GUID> = items.iter().map(|item| raw(*item)).collect();
        let many = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        // SAFETY: it is given so many IDs.
        self.call(|object| unsafe { object.PrepareForSync(many, ids.as_mut_ptr(), window(hwnd), reserved) })
    }

    fn synchronize(&mut self, hwnd: u64) -> HResult {
        // SAFETY: it is given a window's handle.
        self.call(|object| unsafe { object.Synchronize(window(hwnd)) })
    }

    fn set_item_status(&mut self, item: Guid, status: Status) -> HResult {
        let item = raw(item);
        // SAFETY: it is given an ID and a number.
        self.call(|object| unsafe { object.SetItemStatus(&item, status.0) })
    }

    fn show_error(&mut self, hwnd: u64, error: Guid) -> HResult {
        let error = raw(error);
        // SAFETY: it is given a window's handle and an ID.
        self.call(|object| unsafe { object.ShowError(window(hwnd), &error) })
    }

    fn wait_for_threads(&mut self) {
        self.forget_if_gone();
        let Some((object, _)) = &self.object else { return };
        let unknown = &Interface::vtable(object).base__;
        let (add_ref, release) = (unknown.AddRef, unknown.Release);
        // A thread that has completed the session may not have let go of the handler yet.
        wait_until(GRACE, || {
            // SAFETY: the object is held, and what is added is taken away again.
            unsafe {
                add_ref(object.as_raw());
                release(object.as_raw()) == 1
            }
        });
    }

    fn release(&mut self) -> Option<u32> {
        self.forget_if_gone();
        let (object, _) = self.object.take()?;
        let release = Interface::vtable(&object).base__.Release;
        // SAFETY: the reference is given back, and the pointer is not used again.
        let references = unsafe { release(object.into_raw()) };
        wait_until(GRACE_OF_CALLBACKS, || self.callbacks.values().all(|callback| callback.references() == 0));
        self.note_references();
        if self.probes {
            // What a handler counts may be its threads, of which the last one is just ending.
            wait_until(GRACE_OF_CALLBACKS, || self.loaded.can_unload_now().is_none_or(|hr| hr == HResult::S_OK));
            let asked = self.loaded.can_unload_now();
            self.notes.extend(asked.map(|hr| Note::UnloadAsked(UnloadAsked { hr, in_use: false })));
        }
        Some(references)
    }

    fn is_native(&self) -> bool {
        true
    }

    fn take_notes(&mut self) -> Vec<Note> {
        for (number, callback) in &self.callbacks {
            if callback.take_over_released() {
                self.notes.push(Note::OverReleased(OverReleased { callback: *number }));
            }
        }
        std::mem::take(&mut self.notes)
    }
}
