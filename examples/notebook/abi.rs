//! The part of `mobsync.h` that a handler needs: results, flags, structures and interfaces, the same on every system.

use std::ffi::c_void;

use windows_core::{BOOL, GUID, HRESULT, IUnknown, InRef, OutRef, PCWSTR, interface};

const fn hresult(bits: u32) -> HRESULT {
    HRESULT(bits.cast_signed())
}

pub const S_OK: HRESULT = HRESULT(0);
pub const S_FALSE: HRESULT = HRESULT(1);
pub const S_SYNCMGR_RETRYSYNC: HRESULT = hresult(0x0004_0202);
pub const S_SYNCMGR_CANCELITEM: HRESULT = hresult(0x0004_0203);
pub const S_SYNCMGR_CANCELALL: HRESULT = hresult(0x0004_0204);
pub const E_NOTIMPL: HRESULT = hresult(0x8000_4001);
pub const E_POINTER: HRESULT = hresult(0x8000_4003);
pub const E_FAIL: HRESULT = hresult(0x8000_4005);
pub const E_UNEXPECTED: HRESULT = hresult(0x8000_FFFF);
pub const E_OUTOFMEMORY: HRESULT = hresult(0x8007_000E);
pub const E_INVALIDARG: HRESULT = hresult(0x8007_0057);
pub const CLASS_E_NOAGGREGATION: HRESULT = hresult(0x8004_0110);
pub const CLASS_E_CLASSNOTAVAILABLE: HRESULT = hresult(0x8004_0111);

pub const SYNCMGRFLAG_MAYBOTHERUSER: u32 = 0x200;
pub const SYNCMGRHANDLER_HASPROPERTIES: u32 = 1;
pub const SYNCMGRHANDLER_MAYESTABLISHCONNECTION: u32 = 2;
pub const SYNCMGRITEM_HASPROPERTIES: u32 = 1;
pub const SYNCMGRITEMSTATE_CHECKED: u32 = 1;
pub const SYNCMGRSTATUS_SKIPPED: u32 = 1;
pub const SYNCMGRSTATUS_UPDATING: u32 = 3;
pub const SYNCMGRSTATUS_SUCCEEDED: u32 = 4;
pub const SYNCMGRSTATUS_FAILED: u32 = 5;
pub const SYNCMGRPROGRESSITEM_STATUSTEXT: u32 = 1;
pub const SYNCMGRPROGRESSITEM_STATUSTYPE: u32 = 2;
pub const SYNCMGRPROGRESSITEM_PROGVALUE: u32 = 4;
pub const SYNCMGRPROGRESSITEM_MAXVALUE: u32 = 8;
pub const SYNCMGRLOGLEVEL_ERROR: u32 = 3;
pub const SYNCMGRLOGERROR_ERRORFLAGS: u32 = 1;
pub const SYNCMGRLOGERROR_ERRORID: u32 = 2;
pub const SYNCMGRLOGERROR_ITEMID: u32 = 4;
pub const SYNCMGRERRORFLAG_ENABLEJUMPTEXT: u32 = 1;

#[repr(C)]
pub struct SyncMgrHandlerInfo {
    pub size: u32,
    pub icon: *mut c_void,
    pub flags: u32,
    pub name: [u16; 32],
}

#[repr(C)]
pub struct SyncMgrItem {
    pub size: u32,
    pub flags: u32,
    pub id: GUID,
    pub state: u32,
    pub icon: *mut c_void,
    pub name: [u16; 128],
    /// Low and high half of a FILETIME, which is aligned to 4 bytes.
    pub last_update: [u32; 2],
}

#[repr(C)]
pub struct SyncMgrProgressItem {
    pub size: u32,
    pub mask: u32,
    pub text: PCWSTR,
    pub status: u32,
    pub value: i32,
    pub max: i32,
}

#[repr(C)]
pub struct SyncMgrLogErrorInfo {
    pub size: u32,
    pub mask: u32,
    pub flags: u32,
    pub error: GUID,
    pub item: GUID,
}

/// The `cbSize` of a structure.
pub const fn size_of_structure<T>() -> u32 {
    size_of::<T>() as u32
}

/// Copies a text into a field of fixed length, cut to fit, with a NUL at the end.
pub fn fill(field: &mut [u16], text: &str) {
    let room = field.len() - 1;
    field.fill(0);
    for (to, unit) in field[..room].iter_mut().zip(text.encode_utf16()) {
        *to = unit;
    }
}

#[interface("00000001-0000-0000-C000-000000000046")]
pub unsafe trait IClassFactory: IUnknown {
    pub unsafe fn CreateInstance(&self, outer: *mut c_void, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
    pub unsafe fn LockServer(&self, lock: BOOL) -> HRESULT;
}

#[interface("6295DF40-35EE-11D1-8707-00C04FD93327")]
pub unsafe trait ISyncMgrSynchronize: IUnknown {
    pub unsafe fn Initialize(&self, reserved: u32, flags: u32, cookie_len: u32, cookie: *const u8) -> HRESULT;
    pub unsafe fn GetHandlerInfo(&self, info: *mut *mut SyncMgrHandlerInfo) -> HRESULT;
    pub unsafe fn EnumSyncMgrItems(&self, items: OutRef<'_, ISyncMgrEnumItems>) -> HRESULT;
    pub unsafe fn GetItemObject(&self, item: *const GUID, iid: *const GUID, object: *mut *mut c_void) -> HRESULT;
    pub unsafe fn ShowProperties(&self, parent: *mut c_void, item: *const GUID) -> HRESULT;
    pub unsafe fn SetProgressCallback(&self, callback: InRef<'_, ISyncMgrSynchronizeCallback>) -> HRESULT;
    pub unsafe fn PrepareForSync(&self, many: u32, items: *const GUID, parent: *mut c_void, reserved: u32) -> HRESULT;
    pub unsafe fn Synchronize(&self, parent: *mut c_void) -> HRESULT;
    pub unsafe fn SetItemStatus(&self, item: *const GUID, status: u32) -> HRESULT;
    pub unsafe fn ShowError(&self, parent: *mut c_void, error: *const GUID) -> HRESULT;
}

#[interface("6295DF2A-35EE-11D1-8707-00C04FD93327")]
pub unsafe trait ISyncMgrEnumItems: IUnknown {
    pub unsafe fn Next(&self, celt: u32, items: *mut SyncMgrItem, fetched: *mut u32) -> HRESULT;
    pub unsafe fn Skip(&self, celt: u32) -> HRESULT;
    pub unsafe fn Reset(&self) -> HRESULT;
    pub unsafe fn Clone(&self, items: OutRef<'_, ISyncMgrEnumItems>) -> HRESULT;
}

#[interface("6295DF41-35EE-11D1-8707-00C04FD93327")]
pub unsafe trait ISyncMgrSynchronizeCallback: IUnknown {
    pub unsafe fn ShowPropertiesCompleted(&self, hr: HRESULT) -> HRESULT;
    pub unsafe fn PrepareForSyncCompleted(&self, hr: HRESULT) -> HRESULT;
    pub unsafe fn SynchronizeCompleted(&self, hr: HRESULT) -> HRESULT;
    pub unsafe fn ShowErrorCompleted(&self, hr: HRESULT, many: u32, items: *const GUID) -> HRESULT;
    pub unsafe fn EnableModeless(&self, enable: BOOL) -> HRESULT;
    pub unsafe fn Progress(&self, item: *const GUID, info: *const SyncMgrProgressItem) -> HRESULT;
    pub unsafe fn LogError(&self, level: u32, text: PCWSTR, info: *const SyncMgrLogErrorInfo) -> HRESULT;
    pub unsafe fn DeleteLogError(&self, error: *const GUID, reserved: u32) -> HRESULT;
    pub unsafe fn EstablishConnection(&self, name: PCWSTR, reserved: u32) -> HRESULT;
}
