//! The binary contract of `mobsync.h`: structures and interfaces as they lie in memory, the same on every system.

#![allow(non_snake_case, reason = "methods have their names in mobsync.h")]

use std::ffi::c_void;

use windows_core::{GUID, HRESULT, IUnknown, interface};

use crate::protocol::{Guid, HResult};

/// `SYNCMGRHANDLERINFO`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawHandlerInfo {
    pub size: u32,
    pub icon: *mut c_void,
    pub flags: u32,
    pub name: [u16; 32],
}

/// `SYNCMGRITEM`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawItem {
    pub size: u32,
    pub flags: u32,
    pub id: GUID,
    pub state: u32,
    pub icon: *mut c_void,
    pub name: [u16; 128],
    /// Low and high half of `ftLastUpdate`, which is aligned to 4 bytes.
    pub last_update: [u32; 2],
}

/// `SYNCMGRPROGRESSITEM`.
#[repr(C)]
pub(super) struct RawProgress {
    pub size: u32,
    pub mask: u32,
    pub text: *const u16,
    pub status: u32,
    pub value: i32,
    pub max: i32,
}

/// `SYNCMGRLOGERRORINFO`.
#[repr(C)]
pub(super) struct RawLogError {
    pub size: u32,
    pub mask: u32,
    pub flags: u32,
    pub error: GUID,
    pub item: GUID,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<RawHandlerInfo>() == 88 && offset_of!(RawHandlerInfo, name) == 20);
    assert!(size_of::<RawItem>() == 304 && offset_of!(RawItem, last_update) == 296);
    assert!(offset_of!(RawItem, id) == 8 && offset_of!(RawItem, icon) == 32 && offset_of!(RawItem, name) == 40);
    assert!(size_of::<RawProgress>() == 32 && offset_of!(RawProgress, status) == 16);
    assert!(size_of::<RawLogError>() == 44 && offset_of!(RawLogError, error) == 12);
};

#[cfg(target_pointer_width = "32")]
const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<RawHandlerInfo>() == 76 && offset_of!(RawHandlerInfo, name) == 12);
    assert!(size_of::<RawItem>() == 296 && offset_of!(RawItem, last_update) == 288);
    assert!(offset_of!(RawItem, id) == 8 && offset_of!(RawItem, icon) == 28 && offset_of!(RawItem, name) == 32);
    assert!(size_of::<RawProgress>() == 24 && offset_of!(RawProgress, status) == 12);
    assert!(size_of::<RawLogError>() == 44 && offset_of!(RawLogError, error) == 12);
};

/// `ISyncMgrSynchronize`.
#[interface("6295DF40-35EE-11D1-8707-00C04FD93327")]
pub(super) unsafe trait ISyncMgrSynchronize: IUnknown {
    pub unsafe fn Initialize(&self, reserved: u32, flags: u32, cookie_len: u32, cookie: *const u8) -> HRESULT;
    pub unsafe fn GetHandlerInfo(&self, info: *mut *mut RawHandlerInfo) -> HRESULT;
    pub unsafe fn EnumSyncMgrItems(&self, items: *mut *mut c_void) -> HRESULT;
    pub unsafe fn GetItemObject(&self, item: *const GUID, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
    pub unsafe fn ShowProperties(&self, parent: *mut c_void, item: *const GUID) -> HRESULT;
    pub unsafe fn SetProgressCallback(&self, callback: *mut c_void) -> HRESULT;
    pub unsafe fn PrepareForSync(&self, many: u32, items: *const GUID, parent: *mut c_void, reserved: u32) -> HRESULT;
    pub unsafe fn Synchronize(&self, parent: *mut c_void) -> HRESULT;
    pub unsafe fn SetItemStatus(&self, item: *const GUID, status: u32) -> HRESULT;
    pub unsafe fn ShowError(&self, parent: *mut c_void, error: *const GUID) -> HRESULT;
}

/// `ISyncMgrEnumItems`.
#[interface("6295DF2A-35EE-11D1-8707-00C04FD93327")]
pub(super) unsafe trait ISyncMgrEnumItems: IUnknown {
    pub unsafe fn Next(&self, celt: u32, items: *mut RawItem, fetched: *mut u32) -> HRESULT;
    pub unsafe fn Skip(&self, celt: u32) -> HRESULT;
    pub unsafe fn Reset(&self) -> HRESULT;
    pub unsafe fn Clone(&self, items: *mut *mut c_void) -> HRESULT;
}

/// `ISyncMgrSynchronizeCallback`.
#[interface("6295DF41-35EE-11D1-8707-00C04FD93327")]
pub(super) unsafe trait ISyncMgrSynchronizeCallback: IUnknown {
    pub unsafe fn ShowPropertiesCompleted(&self, hr: HRESULT) -> HRESULT;
    pub unsafe fn PrepareForSyncCompleted(&self, hr: HRESULT) -> HRESULT;
    pub unsafe fn SynchronizeCompleted(&self, hr: HRESULT) -> HRESULT;
    pub unsafe fn ShowErrorCompleted(&self, hr: HRESULT, many: u32, items: *const GUID) -> HRESULT;
    pub unsafe fn EnableModeless(&self, enable: i32) -> HRESULT;
    pub unsafe fn Progress(&self, item: *const GUID, info: *const RawProgress) -> HRESULT;
    pub unsafe fn LogError(&self, level: u32, text: *const u16, info: *const RawLogError) -> HRESULT;
    pub unsafe fn DeleteLogError(&self, error: *const GUID, reserved: u32) -> HRESULT;
    pub unsafe fn EstablishConnection(&self, name: *const u16, reserved: u32) -> HRESULT;
}

/// `IClassFactory`.
#[interface("00000001-0000-0000-C000-000000000046")]
pub(super) unsafe trait IClassFactory: IUnknown {
    pub unsafe fn CreateInstance(&self, outer: *mut c_void, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
    pub unsafe fn LockServer(&self, lock: i32) -> HRESULT;
}

/// `ISyncMgrRegister`.
#[interface("6295DF42-35EE-11D1-8707-00C04FD93327")]
pub(super) unsafe trait ISyncMgrRegister: IUnknown {
    pub unsafe fn RegisterSyncMgrHandler(&self, clsid: *const GUID, description: *const u16, flags: u32) -> HRESULT;
    pub unsafe fn UnregisterSyncMgrHandler(&self, clsid: *const GUID, reserved: u32) -> HRESULT;
    pub unsafe fn GetHandlerRegistrationInfo(&self, clsid: *const GUID, flags: *mut u32) -> HRESULT;
}

/// `ISyncMgrSynchronizeInvoke`.
#[interface("6295DF2C-35EE-11D1-8707-00C04FD93327")]
pub(super) unsafe trait ISyncMgrSynchronizeInvoke: IUnknown {
    pub unsafe fn UpdateItems(&self, flags: u32, clsid: *const GUID, length: u32, cookie: *const u8) -> HRESULT;
    pub unsafe fn UpdateAll(&self) -> HRESULT;
}

/// `DllRegisterServer` and `DllUnregisterServer`.
pub(super) type DllServer = unsafe extern "system" fn() -> HRESULT;
/// `CoCreateInstance` for the manager, without what is the same in every process of the host.
#[cfg(not(windows))]
pub(super) type CreateManager =
    unsafe extern "system" fn(clsid: *const GUID, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
/// `DllGetClassObject`.
pub(super) type DllGetClassObject =
    unsafe extern "system" fn(clsid: *const GUID, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
/// `DllCanUnloadNow`.
pub(super) type DllCanUnloadNow = unsafe extern "system" fn() -> HRESULT;

/// A GUID as it lies in memory.
pub(super) const fn raw(guid: Guid) -> GUID {
    GUID::from_u128(guid.as_u128())
}

/// A GUID as the protocol's types have it.
pub(super) const fn guid(raw: GUID) -> Guid {
    Guid::from_u128(raw.to_u128())
}

/// A result as the protocol's types have it.
pub(super) const fn hresult(raw: HRESULT) -> HResult {
    HResult(raw.0.cast_unsigned())
}

/// A result as it is returned.
pub(super) const fn raw_hresult(hr: HResult) -> HRESULT {
    HRESULT(hr.0.cast_signed())
}
