//! The callback object that native handlers are given: real COM, for any thread.
//!
//! It is never freed: a handler may keep it for ever, release it too often, and call it when everything is over.

use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use windows_core::{GUID, HRESULT, IUnknown_Vtbl, Interface};

use super::abi::{
    ISyncMgrSynchronizeCallback, ISyncMgrSynchronizeCallback_Vtbl, RawLogError, RawProgress, guid, hresult, raw,
    raw_hresult,
};
use super::memory::{self, is_plausible};
use crate::handler::SyncCallback;
use crate::protocol::{
    Callback, Completed, DeleteLogError, EnableModeless, ErrorFlags, EstablishConnection, Guid, HResult,
    IID_ISYNC_MGR_SYNCHRONIZE_CALLBACK, IID_IUNKNOWN, LogError, LogErrorInfo, LogLevel, LogMask, Progress,
    ProgressItem, ProgressMask, ShowErrorCompleted, Status,
};

/// `IAgileObject`: the object may be called on any thread without marshalling.
const IID_IAGILE_OBJECT: Guid = Guid::from_u128(0x94ea2b94_e9cc_49e0_c0ff_ee64ca8f5b90);

/// `IMarshal`: how the object gets into another apartment.
#[cfg(windows)]
const IID_IMARSHAL: Guid = Guid::from_u128(0x00000003_0000_0000_C000_000000000046);

/// How many ItemIDs are read from `ShowErrorCompleted`.
const MOST_ITEMS: u32 = 65_536;

/// A callback object. Its address is the COM pointer.
#[repr(C)]
pub(super) struct CallbackObject {
    vtable: *const ISyncMgrSynchronizeCallback_Vtbl,
    /// The references, the manager's own among them.
    references: AtomicI64,
    over_released: AtomicBool,
    /// It was released too often at any time: its count says nothing any more.
    miscounted: AtomicBool,
    sink: Arc<dyn SyncCallback>,
    /// The system's marshaler for objects that may be called on every thread, aggregated: in every apartment a handler gets the
    /// object itself.
    #[cfg(windows)]
    marshaler: std::sync::OnceLock<Option<Marshaler>>,
}

/// The inner IUnknown of the marshaler, which lives for ever.
#[cfg(windows)]
struct Marshaler(*mut c_void);

#[cfg(windows)]
// SAFETY: the marshaler may be used by every thread; that is what it is for.
unsafe impl Send for Marshaler {}
#[cfg(windows)]
// SAFETY: as above.
unsafe impl Sync for Marshaler {}

// SAFETY: the table is never written, the counters are atomic, and the sink is Sync.
unsafe impl Sync for CallbackObject {}
// SAFETY: as above; nothing in it belongs to a thread.
unsafe impl Send for CallbackObject {}

impl CallbackObject {
    /// A new object, which lives for ever.
    pub(super) fn new(sink: Arc<dyn SyncCallback>) -> &'static Self {
        let object: &'static Self = Box::leak(Box::new(Self {
            vtable: &VTABLE,
            references: AtomicI64::new(1),
            over_released: AtomicBool::new(false),
            miscounted: AtomicBool::new(false),
            sink,
            #[cfg(windows)]
            marshaler: std::sync::OnceLock::new(),
        }));
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(object);
        object
    }

    /// The COM pointer. It brings no reference.
    pub(super) fn pointer(&'static self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Gives the handler the marshaler, which counts references as the object's.
    ///
    /// # Safety
    /// The place is one for a pointer.
    #[cfg(windows)]
    unsafe fn give_marshaler(&'static self, interface: *mut *mut c_void) -> HRESULT {
        let made = || super::windows::marshaler(self.pointer()).map(Marshaler);
        let Some(Marshaler(unknown)) = self.marshaler.get_or_init(made) else {
            // SAFETY: by the contract.
            unsafe { interface.write(std::ptr::null_mut()) };
            return raw_hresult(HResult::E_NOINTERFACE);
        };
        let iid: GUID = raw(IID_IMARSHAL);
        // SAFETY: the marshaler is an object of COM, and by the contract there is a place for the pointer.
        unsafe {
            let table = *unknown.cast::<*const IUnknown_Vtbl>();
            ((*table).QueryInterface)(*unknown, &iid, interface)
        }
    }

    /// How many references the handler holds.
    pub(super) fn references(&self) -> u32 {
        u32::try_from(self.references.load(Ordering::Acquire) - 1).unwrap_or(0)
    }

    /// Whether it was released too often since it was asked for the last time.
    pub(super) fn take_over_released(&self) -> bool {
        self.over_released.swap(false, Ordering::AcqRel)
    }
}

/// All of them, so that whoever looks for a handler's leaks is not shown these.
static KEPT: Mutex<Vec<&'static CallbackObject>> = Mutex::new(Vec::new());

static VTABLE: ISyncMgrSynchronizeCallback_Vtbl = ISyncMgrSynchronizeCallback_Vtbl {
    base__: IUnknown_Vtbl { QueryInterface: query_interface, AddRef: add_ref, Release: release },
    ShowPropertiesCompleted: show_properties_completed,
    PrepareForSyncCompleted: prepare_for_sync_completed,
    SynchronizeCompleted: synchronize_completed,
    ShowErrorCompleted: show_error_completed,
    EnableModeless: enable_modeless,
    Progress: progress,
    LogError: log_error,
    DeleteLogError: delete_log_error,
    EstablishConnection: establish_connection,
};

/// The object behind the pointer with which a handler calls.
///
/// # Safety
/// The pointer is one that [`CallbackObject::pointer`] gave.
unsafe fn object<'a>(this: *mut c_void) -> &'a CallbackObject {
    // SAFETY: by the contract it points to an object, and objects live for ever.
    unsafe { &*this.cast::<CallbackObject>() }
}

thread_local! {
    /// The thread is in a callback. There is nothing to destroy, so it is there until the thread's very end.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Makes the callback, with the arguments that `callback` copies. A panic of the host's own must not cross the boundary.
///
/// A thread that is in a callback already calls from a function of a signal that interrupted it. It may hold any lock, so the
/// second callback is answered, and nothing else is done. So is one in a copy of the worker that the handler forked: a thread
/// that the copy does not have may have held any lock, and nobody would let it go.
///
/// # Safety
/// As of [`object`].
unsafe fn call(this: *mut c_void, callback: impl FnOnce() -> Callback) -> HRESULT {
    if super::is_forked_copy() || INSIDE.replace(true) {
        return raw_hresult(HResult::E_UNEXPECTED);
    }
    // SAFETY: by the contract.
    let object = unsafe { object(this) };
    let answer = || {
        let callback = callback();
        if object.references() == 0 && !object.miscounted.load(Ordering::Acquire) {
            object.sink.note_unreferenced();
        }
        object.sink.call(callback)
    };
    let hr = catch_unwind(AssertUnwindSafe(answer)).unwrap_or(HResult::E_UNEXPECTED);
    INSIDE.set(false);
    raw_hresult(hr)
}

/// A GUID that a handler passes by reference.
///
/// # Safety
/// A plausible pointer points to a GUID.
unsafe fn id(pointer: *const GUID) -> Guid {
    // SAFETY: by the contract; all bytes make a GUID.
    unsafe { memory::structure(pointer, size_of::<GUID>()) }.map(guid).unwrap_or_default()
}

unsafe extern "system" fn query_interface(this: *mut c_void, iid: *const GUID, interface: *mut *mut c_void) -> HRESULT {
    // SAFETY: a pointer stands there, or is about to.
    if unsafe { memory::structure(interface.cast_const(), size_of::<*mut c_void>()) }.is_none() {
        return raw_hresult(HResult::E_POINTER);
    }
    // SAFETY: the handler passes a reference to an interface's ID, as QueryInterface asks for.
    let iid = unsafe { id(iid) };
    #[cfg(windows)]
    if iid == IID_IMARSHAL {
        // SAFETY: `this` is an object of ours, and the handler passes a place for a pointer.
        return unsafe { object(this).give_marshaler(interface) };
    }
    let known = [IID_IUNKNOWN, IID_ISYNC_MGR_SYNCHRONIZE_CALLBACK, IID_IAGILE_OBJECT].contains(&iid);
    // SAFETY: the handler passes a place for a pointer, and `this` is an object of ours.
    unsafe {
        if known {
            add_ref(this);
            interface.write(this);
        } else {
            interface.write(std::ptr::null_mut());
        }
    }
    raw_hresult(if known { HResult::S_OK } else { HResult::E_NOINTERFACE })
}

unsafe extern "system" fn add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM calls methods with the object's own pointer.
    let object = unsafe { object(this) };
    let before = object.references.fetch_add(1, Ordering::AcqRel);
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

unsafe extern "system" fn release(this: *mut c_void) -> u32 {
    // SAFETY: COM calls methods with the object's own pointer.
    let object = unsafe { object(this) };
    let taken = object.references.fetch_update(Ordering::AcqRel, Ordering::Acquire, |references| {
        // The manager's own reference is not the handler's to give away.
        (references > 1).then_some(references - 1)
    });
    match taken {
        Ok(before) => u32::try_from(before - 1).unwrap_or(0),
        Err(_) => {
            object.over_released.store(true, Ordering::Release);
            object.miscounted.store(true, Ordering::Release);
            0
        }
    }
}

unsafe extern "system" fn show_properties_completed(this: *mut c_void, hr: HRESULT) -> HRESULT {
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, || Callback::ShowPropertiesCompleted(Completed { hr: hresult(hr) })) }
}

unsafe extern "system" fn prepare_for_sync_completed(this: *mut c_void, hr: HRESULT) -> HRESULT {
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, || Callback::prepare_completed(hresult(hr))) }
}

unsafe extern "system" fn synchronize_completed(this: *mut c_void, hr: HRESULT) -> HRESULT {
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, || Callback::synchronize_completed(hresult(hr))) }
}

unsafe extern "system" fn show_error_completed(
    this: *mut c_void,
    hr: HRESULT,
    many: u32,
    items: *const GUID,
) -> HRESULT {
    let copy = || {
        // SAFETY: the handler passes `many` GUIDs.
        let items = unsafe { memory::guids(items, many.min(MOST_ITEMS) as usize) }.into_iter().map(guid).collect();
        Callback::ShowErrorCompleted(ShowErrorCompleted { hr: hresult(hr), items })
    };
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, copy) }
}

unsafe extern "system" fn enable_modeless(this: *mut c_void, enable: i32) -> HRESULT {
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, || Callback::EnableModeless(EnableModeless { enable: enable != 0 })) }
}

unsafe extern "system" fn progress(this: *mut c_void, item: *const GUID, info: *const RawProgress) -> HRESULT {
    let copy = || {
        // SAFETY: the handler passes a reference to an ItemID, and a structure or NULL.
        let (item, info) = unsafe { (id(item), structure(info)) };
        let info = info.map(|raw| ProgressItem {
            mask: ProgressMask(raw.mask),
            // SAFETY: with STATUSTEXT, the handler passes a terminated text.
            text: if raw.mask & ProgressMask::STATUSTEXT.0 != 0 { unsafe { memory::text(raw.text) } } else { None },
            status: Status(raw.status),
            value: raw.value,
            max: raw.max,
            size: wrong_size::<RawProgress>(raw.size),
        });
        Callback::Progress(Progress { item, info })
    };
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, copy) }
}

unsafe extern "system" fn log_error(
    this: *mut c_void,
    level: u32,
    text: *const u16,
    info: *const RawLogError,
) -> HRESULT {
    let copy = || {
        // SAFETY: the handler passes a terminated text, and a structure or NULL.
        let (text, info) = unsafe { (memory::text(text), structure(info)) };
        let info = info.map(|raw: RawLogError| {
            Box::new(LogErrorInfo {
                mask: LogMask(raw.mask),
                flags: ErrorFlags(raw.flags),
                error: guid(raw.error),
                item: guid(raw.item),
                size: wrong_size::<RawLogError>(raw.size),
            })
        });
        Callback::LogError(LogError { level: LogLevel(level), text, info })
    };
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, copy) }
}

unsafe extern "system" fn delete_log_error(this: *mut c_void, error: *const GUID, reserved: u32) -> HRESULT {
    // SAFETY: the handler passes a reference to an ErrorID.
    let copy = || Callback::DeleteLogError(DeleteLogError { error: unsafe { id(error) }, reserved });
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, copy) }
}

unsafe extern "system" fn establish_connection(this: *mut c_void, name: *const u16, reserved: u32) -> HRESULT {
    // SAFETY: the handler passes a terminated text, or NULL for the default connection.
    let copy = || Callback::EstablishConnection(EstablishConnection { name: unsafe { memory::text(name) }, reserved });
    // SAFETY: COM calls methods with the object's own pointer.
    unsafe { call(this, copy) }
}

/// Copies a structure that begins with its size. Of one that says that it is shorter than it should be, only as much is
/// read; a size that does not even hold the mask was forgotten, and the structure is taken for whole. `None` where as much is
/// not readable.
///
/// # Safety
/// `T` consists of numbers and pointers, and begins with its size as a u32. Where the system cannot be asked, a plausible
/// pointer points to as much of it as that size says.
unsafe fn structure<T>(pointer: *const T) -> Option<T> {
    if !is_plausible(pointer) {
        return None;
    }
    // SAFETY: by the contract the size is there.
    let says = unsafe { memory::structure(pointer.cast::<u32>(), size_of::<u32>()) }? as usize;
    let forgotten = says < 2 * size_of::<u32>();
    let length = if forgotten { size_of::<T>() } else { says.min(size_of::<T>()) };
    // SAFETY: by the contract.
    unsafe { memory::structure(pointer, length) }
}

/// A size that is not the structure's.
fn wrong_size<T>(size: u32) -> Option<u32> {
    (size as usize != size_of::<T>()).then_some(size)
}

/// The interface's ID is what the catalogue says.
const _: () = assert!(ISyncMgrSynchronizeCallback::IID.to_u128() == raw(IID_ISYNC_MGR_SYNCHRONIZE_CALLBACK).to_u128());
