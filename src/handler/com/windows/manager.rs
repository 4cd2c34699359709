//! The manager's class on Windows: its class object is registered in this process, and what COM's registry says of a handler's.

use std::ffi::c_void;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Mutex, Once, OnceLock, PoisonError};

use windows_core::{GUID, HRESULT, IUnknown_Vtbl};
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, CLSCTX_LOCAL_SERVER, COINIT_MULTITHREADED, CoInitializeEx, CoRegisterClassObject,
    REGCLS_MULTIPLEUSE,
};
use windows_sys::Win32::System::Registry::{HKEY_CLASSES_ROOT, RRF_RT_REG_SZ, RegGetValueW};

use super::super::abi::{raw, raw_hresult};
use super::super::manager::class_object;
use crate::protocol::{CLSID_SYNC_MGR, ClassRegistered, Guid, HResult, Text};

/// `IMarshal`.
const IID_IMARSHAL: Guid = Guid::from_u128(0x00000003_0000_0000_C000_000000000046);

/// The longest value that is read from the registry, in UTF-16 units.
const LONGEST: usize = 4096;

/// The inner IUnknown of a marshaler, which lives for ever, with the object that it is a part of.
struct Marshaler(usize, *mut c_void);

// SAFETY: the marshaler may be used by every thread; that is what it is for.
unsafe impl Send for Marshaler {}

static MARSHALERS: Mutex<Vec<Marshaler>> = Mutex::new(Vec::new());

/// Gives out the system's marshaler for objects that may be called on every thread: every apartment gets the object itself.
///
/// # Safety
/// The place is one for a pointer, and `outer` an object that lives for ever.
pub(in super::super) unsafe fn give_marshaler(outer: *mut c_void, place: *mut *mut c_void) -> HRESULT {
    let mut marshalers = MARSHALERS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = marshalers.iter().find(|one| one.0 == outer.addr()).map(|one| one.1);
    let unknown = known.or_else(|| {
        let made = super::marshaler(outer)?;
        marshalers.push(Marshaler(outer.addr(), made));
        Some(made)
    });
    drop(marshalers);
    let Some(unknown) = unknown else {
        // SAFETY: by the contract.
        unsafe { place.write(std::ptr::null_mut()) };
        return raw_hresult(HResult::E_NOINTERFACE);
    };
    let iid: GUID = raw(IID_IMARSHAL);
    // SAFETY: the marshaler is an object of COM, and by the contract there is a place for the pointer.
    unsafe {
        let table = *unknown.cast::<*const IUnknown_Vtbl>();
        ((*table).QueryInterface)(unknown, &iid, place)
    }
}

/// Registers the manager's class for the apartment of this thread, and for the multi-threaded one: Wine looks for a class in the
/// caller's own apartment only.
pub(in super::super) fn register_class() {
    thread_local!(static HERE: OnceLock<()> = const { OnceLock::new() });
    static ELSEWHERE: Once = Once::new();
    HERE.with(|here| {
        here.get_or_init(register_here);
    });
    ELSEWHERE.call_once(|| {
        let (tell, told) = channel();
        let thread = std::thread::Builder::new().name("manager".to_owned()).spawn(move || {
            // SAFETY: it takes a number.
            unsafe { CoInitializeEx(std::ptr::null(), COINIT_MULTITHREADED as u32) };
            register_here();
            let _ = tell.send(());
            // The apartment is there for as long as this thread is.
            loop {
                std::thread::park();
            }
        });
        if thread.is_ok() {
            let _ = told.recv();
        }
    });
}

fn register_here() {
    let (clsid, mut cookie): (GUID, u32) = (raw(CLSID_SYNC_MGR), 0);
    // SAFETY: the object lives for ever, and there is a place for a number.
    let hr = unsafe {
        CoRegisterClassObject(
            std::ptr::from_ref(&clsid).cast(),
            class_object(),
            CLSCTX_INPROC_SERVER | CLSCTX_LOCAL_SERVER,
            REGCLS_MULTIPLEUSE as u32,
            &mut cookie,
        )
    };
    tracing::debug!(hr = hr.cast_unsigned(), "CoRegisterClassObject");
}

/// What the registry says of a class.
pub(in super::super) fn class_registered(clsid: Guid) -> ClassRegistered {
    let key = format!(r"CLSID\{clsid}\InprocServer32");
    ClassRegistered { clsid, library: value(&key, ""), threading_model: value(&key, "ThreadingModel") }
}

/// A text in the registry.
fn value(key: &str, name: &str) -> Option<Text> {
    let (key, name) = (super::wide(Path::new(key).as_os_str()), super::wide(Path::new(name).as_os_str()));
    let mut units = vec![0_u16; LONGEST];
    let mut size = u32::try_from(2 * units.len()).unwrap_or(0);
    // SAFETY: the texts have their ends, and there is room for so many bytes.
    let code = unsafe {
        RegGetValueW(
            HKEY_CLASSES_ROOT,
            key.as_ptr(),
            name.as_ptr(),
            RRF_RT_REG_SZ,
            std::ptr::null_mut(),
            units.as_mut_ptr().cast(),
            &mut size,
        )
    };
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    (code == ERROR_SUCCESS).then(|| Text::from_utf16(&units[..end]))
}
