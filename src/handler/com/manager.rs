//! The manager as native handlers reach it: the class object of `CLSID_SyncMgr`, `ISyncMgrRegister` and
//! `ISyncMgrSynchronizeInvoke`. Real COM, for any thread.
//!
//! There is one object in a process, which is never freed. It finds the session that a call belongs to: that of the calling
//! thread, if an instance lives on it, or else the one that began last.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, ThreadId};

use windows_core::{GUID, HRESULT, IUnknown_Vtbl};

use super::abi::{IClassFactory_Vtbl, ISyncMgrRegister_Vtbl, ISyncMgrSynchronizeInvoke_Vtbl, guid, raw_hresult};
use super::library::IID_ICLASS_FACTORY;
use super::memory;
use crate::handler::SyncManager;
#[cfg(not(windows))]
use crate::protocol::CLSID_SYNC_MGR;
use crate::protocol::{
    Cookie, Guid, HResult, IID_ISYNC_MGR_REGISTER, IID_ISYNC_MGR_SYNCHRONIZE_INVOKE, IID_IUNKNOWN, InvokeFlags,
    RegisterFlags,
};

/// `IAgileObject`: the object may be called on any thread without marshalling.
const IID_IAGILE_OBJECT: Guid = Guid::from_u128(0x94ea2b94_e9cc_49e0_c0ff_ee64ca8f5b90);

/// The largest cookie that is taken, in bytes.
const MOST_COOKIE: u32 = 16 << 20;

/// The managers of the sessions in this process, each with the thread on which its instance lives.
static SERVED: Mutex<Vec<(ThreadId, Weak<dyn SyncManager>)>> = Mutex::new(Vec::new());

/// Handlers reach this manager from now on, for as long as it is there. Called on the thread of its instance.
pub(super) fn serve(manager: Weak<dyn SyncManager>) {
    let mut served = SERVED.lock().unwrap_or_else(PoisonError::into_inner);
    served.retain(|(_, one)| one.strong_count() > 0);
    served.push((thread::current().id(), manager));
}

/// The manager that the calling thread means.
fn manager() -> Option<Arc<dyn SyncManager>> {
    let served = SERVED.lock().unwrap_or_else(PoisonError::into_inner);
    let here = thread::current().id();
    let own = served.iter().rev().filter(|(thread, _)| *thread == here).find_map(|(_, one)| one.upgrade());
    own.or_else(|| served.iter().rev().find_map(|(_, one)| one.upgrade()))
}

/// The object. The address of each part is a COM pointer.
#[repr(C)]
struct Object {
    register: Part<ISyncMgrRegister_Vtbl>,
    invoke: Part<ISyncMgrSynchronizeInvoke_Vtbl>,
    factory: Part<IClassFactory_Vtbl>,
}

/// An interface of it.
#[repr(transparent)]
struct Part<T: 'static>(&'static T);

static OBJECT: Object = Object {
    register: Part(&ISyncMgrRegister_Vtbl {
        base__: UNKNOWN,
        RegisterSyncMgrHandler: register_sync_mgr_handler,
        UnregisterSyncMgrHandler: unregister_sync_mgr_handler,
        GetHandlerRegistrationInfo: get_handler_registration_info,
    }),
    invoke: Part(&ISyncMgrSynchronizeInvoke_Vtbl { base__: UNKNOWN, UpdateItems: update_items, UpdateAll: update_all }),
    factory: Part(&IClassFactory_Vtbl {
        base__: IUnknown_Vtbl { QueryInterface: query_factory, ..UNKNOWN },
        CreateInstance: create_instance,
        LockServer: lock_server,
    }),
};

const UNKNOWN: IUnknown_Vtbl = IUnknown_Vtbl { QueryInterface: query_interface, AddRef: add_ref, Release: release };

/// The COM pointer of an interface.
fn pointer<T>(part: &'static Part<T>) -> *mut c_void {
    std::ptr::from_ref(part).cast_mut().cast()
}

/// The class object, as an `IClassFactory`.
#[cfg(windows)]
pub(super) fn class_object() -> *mut c_void {
    pointer(&OBJECT.factory)
}

/// `CoCreateInstance` for the manager, where the system has no COM: headers in `include` call it.
#[cfg(not(windows))]
pub(super) unsafe extern "system" fn create(clsid: *const GUID, iid: *const GUID, object: *mut *mut c_void) -> HRESULT {
    // SAFETY: the header passes what the handler passed to CoCreateInstance.
    unsafe {
        if id(clsid) != Some(CLSID_SYNC_MGR) || manager().is_none() {
            if is_place(object) {
                object.write(null_mut());
            }
            return raw_hresult(HResult::REGDB_E_CLASSNOTREG);
        }
        query_interface(pointer(&OBJECT.register), iid, object)
    }
}

/// A GUID that a handler passes by reference.
///
/// # Safety
/// A plausible pointer points to a GUID.
unsafe fn id(pointer: *const GUID) -> Option<Guid> {
    // SAFETY: by the contract; all bytes make a GUID.
    unsafe { memory::structure(pointer, size_of::<GUID>()) }.map(guid)
}

/// Whether something can be written there.
fn is_place<T>(place: *mut T) -> bool {
    // SAFETY: the bytes are read as numbers.
    unsafe { memory::structure(place.cast_const().cast::<[u8; 1]>(), 1) }.is_some() && memory::is_plausible(place)
}

/// Asks the manager; a panic of the host's own must not cross the boundary. In a copy of the worker that the handler forked
/// nobody may take a lock.
fn ask(question: impl FnOnce(&dyn SyncManager) -> HResult) -> HRESULT {
    if super::is_forked_copy() {
        return raw_hresult(HResult::E_UNEXPECTED);
    }
    let answer = || manager().map_or(HResult::E_UNEXPECTED, |manager| question(&*manager));
    raw_hresult(catch_unwind(AssertUnwindSafe(answer)).unwrap_or(HResult::E_UNEXPECTED))
}

/// Gives out an interface of the object, if it has it.
///
/// # Safety
/// The place is one for a pointer.
unsafe fn give(found: Option<*mut c_void>, object: *mut *mut c_void) -> HRESULT {
    if !is_place(object) {
        return raw_hresult(HResult::E_POINTER);
    }
    // SAFETY: by the contract.
    unsafe { object.write(found.unwrap_or(null_mut())) };
    raw_hresult(if found.is_some() { HResult::S_OK } else { HResult::E_NOINTERFACE })
}

unsafe extern "system" fn query_interface(_: *mut c_void, iid: *const GUID, object: *mut *mut c_void) -> HRESULT {
    // SAFETY: the handler passes a reference to an interface's ID, and a place for a pointer.
    unsafe {
        let iid = id(iid);
        #[cfg(windows)]
        if iid == Some(IID_IMARSHAL) && is_place(object) {
            return super::windows::give_marshaler(pointer(&OBJECT.register), object);
        }
        let found = match iid {
            Some(IID_IUNKNOWN | IID_ISYNC_MGR_REGISTER | IID_IAGILE_OBJECT) => Some(pointer(&OBJECT.register)),
            Some(IID_ISYNC_MGR_SYNCHRONIZE_INVOKE) => Some(pointer(&OBJECT.invoke)),
            _ => None,
        };
        give(found, object)
    }
}

unsafe extern "system" fn query_factory(_: *mut c_void, iid: *const GUID, object: *mut *mut c_void) -> HRESULT {
    // SAFETY: the caller passes a reference to an interface's ID, and a place for a pointer.
    unsafe {
        let iid = id(iid);
        #[cfg(windows)]
        if iid == Some(IID_IMARSHAL) && is_place(object) {
            return super::windows::give_marshaler(pointer(&OBJECT.factory), object);
        }
        let known = [IID_IUNKNOWN, IID_ICLASS_FACTORY, IID_IAGILE_OBJECT].map(Some).contains(&iid);
        give(known.then(|| pointer(&OBJECT.factory)), object)
    }
}

/// `IMarshal`: how the object gets into another apartment.
#[cfg(windows)]
const IID_IMARSHAL: Guid = Guid::from_u128(0x00000003_0000_0000_C000_000000000046);

/// There is nothing to count: the object is there for ever.
unsafe extern "system" fn add_ref(_: *mut c_void) -> u32 {
    2
}

unsafe extern "system" fn release(_: *mut c_void) -> u32 {
    1
}

unsafe extern "system" fn create_instance(
    this: *mut c_void,
    outer: *mut c_void,
    iid: *const GUID,
    object: *mut *mut c_void,
) -> HRESULT {
    // SAFETY: the caller passes a reference to an interface's ID, and a place for a pointer.
    unsafe {
        if !outer.is_null() {
            let _ = give(None, object);
            return raw_hresult(HResult::CLASS_E_NOAGGREGATION);
        }
        query_interface(this, iid, object)
    }
}

unsafe extern "system" fn lock_server(_: *mut c_void, _: i32) -> HRESULT {
    raw_hresult(HResult::S_OK)
}

unsafe extern "system" fn register_sync_mgr_handler(
    _: *mut c_void,
    clsid: *const GUID,
    description: *const u16,
    flags: u32,
) -> HRESULT {
    // SAFETY: the handler passes a reference to a class's ID, and a terminated text or NULL.
    let (clsid, description) = unsafe { (id(clsid), memory::text(description)) };
    let Some(clsid) = clsid else { return raw_hresult(HResult::E_INVALIDARG) };
    ask(|manager| manager.register_sync_mgr_handler(clsid, description, RegisterFlags(flags)))
}

unsafe extern "system" fn unregister_sync_mgr_handler(_: *mut c_void, clsid: *const GUID, _: u32) -> HRESULT {
    // SAFETY: the handler passes a reference to a class's ID.
    let Some(clsid) = (unsafe { id(clsid) }) else { return raw_hresult(HResult::E_INVALIDARG) };
    ask(|manager| manager.unregister_sync_mgr_handler(clsid))
}

unsafe extern "system" fn get_handler_registration_info(
    _: *mut c_void,
    clsid: *const GUID,
    flags: *mut u32,
) -> HRESULT {
    // SAFETY: the handler passes a reference to a class's ID.
    let clsid = unsafe { id(clsid) }.filter(|_| is_place(flags));
    let Some(clsid) = clsid else { return raw_hresult(HResult::E_INVALIDARG) };
    let mut found = None;
    let hr = ask(|manager| {
        let (hr, flags) = manager.get_handler_registration_info(clsid);
        found = flags;
        hr
    });
    // SAFETY: the handler passes a place for a number.
    unsafe { flags.write(found.map_or(0, |RegisterFlags(flags)| flags)) };
    hr
}

unsafe extern "system" fn update_items(
    _: *mut c_void,
    flags: u32,
    clsid: *const GUID,
    length: u32,
    cookie: *const u8,
) -> HRESULT {
    // SAFETY: the handler passes a reference to a class's ID.
    let Some(clsid) = (unsafe { id(clsid) }) else { return raw_hresult(HResult::E_INVALIDARG) };
    let cookie = match length {
        0 => None,
        // SAFETY: the handler passes so many bytes.
        _ => match unsafe { memory::bytes(cookie, length.min(MOST_COOKIE) as usize) } {
            Some(bytes) if length <= MOST_COOKIE => Some(Cookie(bytes)),
            _ => return raw_hresult(HResult::E_INVALIDARG),
        },
    };
    ask(|manager| manager.update_items(InvokeFlags(flags), clsid, cookie))
}

unsafe extern "system" fn update_all(_: *mut c_void) -> HRESULT {
    ask(|manager| manager.update_all())
}
