//! A complete Synchronization Manager handler in Rust, a COM library with windows-core: a class factory, an enumerator, a
//! worker thread for each item, skip and cancel, an error that can be shown and retried. It synchronizes three notebooks
//! that exist only here: each unit of work is a short wait. It uses nothing from `mobsync` itself.
//!
//! ```sh
//! cargo build --example notebook
//! cargo run -- run target/debug/examples/libnotebook.so --clsid '{6D6F6273-796E-4E6F-8001-000000000003}'
//! ```
//!
//! Your own handler is a package with `crate-type = ["cdylib"]` and a dependency on windows-core.

#![allow(non_snake_case, reason = "methods and functions have the names that COM gives them")]

mod abi;
mod enumerator;
mod handler;
mod items;
mod memory;

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_core::{BOOL, GUID, HRESULT, IUnknown, Interface, implement};

use abi::{
    CLASS_E_CLASSNOTAVAILABLE, CLASS_E_NOAGGREGATION, E_POINTER, IClassFactory, IClassFactory_Impl,
    ISyncMgrSynchronize, S_FALSE, S_OK,
};
use handler::Notebook;

const CLSID_NOTEBOOK: GUID = GUID::from_u128(0x6D6F6273_796E_4E6F_8001_000000000003);

/// The count that prevents the library from being unloaded.
static IN_USE: AtomicU32 = AtomicU32::new(0);

/// An object holds one of these for as long as it lives.
struct InUse;

impl InUse {
    fn new() -> Self {
        IN_USE.fetch_add(1, Ordering::AcqRel);
        Self
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        IN_USE.fetch_sub(1, Ordering::AcqRel);
    }
}

#[implement(IClassFactory)]
struct Factory {
    _in_use: InUse,
}

impl IClassFactory_Impl for Factory_Impl {
    unsafe fn CreateInstance(&self, outer: *mut c_void, iid: *const GUID, object: *mut *mut c_void) -> HRESULT {
        if iid.is_null() || object.is_null() {
            return E_POINTER;
        }
        // SAFETY: the caller provides a place for a pointer.
        unsafe { object.write(null_mut()) };
        if !outer.is_null() {
            return CLASS_E_NOAGGREGATION;
        }
        let handler: ISyncMgrSynchronize = Notebook::new().into();
        // SAFETY: the caller provides an ID, and a place for the pointer.
        unsafe { handler.query(iid, object) }
    }

    unsafe fn LockServer(&self, lock: BOOL) -> HRESULT {
        if lock.as_bool() {
            IN_USE.fetch_add(1, Ordering::AcqRel);
        } else {
            IN_USE.fetch_sub(1, Ordering::AcqRel);
        }
        S_OK
    }
}

/// Returns the class factory.
///
/// # Safety
/// The pointers are NULL or follow COM's rules: two IDs, and a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DllGetClassObject(
    clsid: *const GUID,
    iid: *const GUID,
    object: *mut *mut c_void,
) -> HRESULT {
    if clsid.is_null() || iid.is_null() || object.is_null() {
        return E_POINTER;
    }
    // SAFETY: by the contract.
    unsafe {
        object.write(null_mut());
        if *clsid != CLSID_NOTEBOOK {
            return CLASS_E_CLASSNOTAVAILABLE;
        }
        let factory: IUnknown = Factory { _in_use: InUse::new() }.into();
        factory.query(iid, object)
    }
}

/// Whether nothing of the library is in use.
#[unsafe(no_mangle)]
pub extern "system" fn DllCanUnloadNow() -> HRESULT {
    if IN_USE.load(Ordering::Acquire) == 0 { S_OK } else { S_FALSE }
}
