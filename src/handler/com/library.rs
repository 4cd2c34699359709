//! A handler's library: loaded once, never unloaded.

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
use libloading::os::unix::Library;
use windows_core::{GUID, Interface};

#[cfg(unix)]
use super::abi::CreateManager;
use super::abi::{DllCanUnloadNow, DllGetClassObject, DllServer, IClassFactory, hresult, raw};
#[cfg(unix)]
use super::dll_main::attach;
#[cfg(unix)]
use super::file::LibraryFile;
use super::references::Vtable;
#[cfg(target_os = "linux")]
use super::sanitizer::Sanitizer;
#[cfg(windows)]
use super::windows::open;
use crate::handler::ServerCall;
use crate::protocol::{Guid, HResult};

/// `IClassFactory`.
pub(super) const IID_ICLASS_FACTORY: Guid = Guid::from_u128(0x00000001_0000_0000_C000_000000000046);

/// What is said of a library whose `DllMain` refuses.
pub(super) const REFUSED: &str = "DllMain returned FALSE for DLL_PROCESS_ATTACH: the library refuses to be loaded";

/// The functions of a library. It stays loaded for as long as the program runs: a handler's thread may still be in it.
#[derive(Clone, Copy)]
pub(super) struct Loaded {
    get_class_object: DllGetClassObject,
    can_unload_now: Option<DllCanUnloadNow>,
    register_server: Option<DllServer>,
    unregister_server: Option<DllServer>,
}

/// The libraries of this process.
static LOADED: Mutex<Vec<(PathBuf, Loaded)>> = Mutex::new(Vec::new());

/// The files of the libraries that this process has loaded, as the system lists what is mapped.
pub(crate) fn loaded_files() -> Vec<PathBuf> {
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    // Windows lists a library under the name by which it was loaded.
    let listed =
        |place: &PathBuf| if cfg!(windows) { place.clone() } else { place.canonicalize().unwrap_or(place.clone()) };
    loaded.iter().map(|(place, _)| listed(place)).collect()
}

/// What the libraries of this process say of being unloaded: S_OK if all of them may be; nothing if none says it.
pub(crate) fn all_can_unload_now() -> Option<HResult> {
    let loaded: Vec<Loaded> =
        LOADED.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(_, loaded)| *loaded).collect();
    let answers: Vec<HResult> = loaded.iter().filter_map(Loaded::can_unload_now).collect();
    answers.iter().find(|hr| **hr != HResult::S_OK).or_else(|| answers.first()).copied()
}

/// Ends the process as Windows ends that of a manager: the libraries are told, and their destructors run.
pub(crate) fn end_process() -> ! {
    #[cfg(unix)]
    super::dll_main::detach_all();
    #[cfg(windows)]
    super::windows::expect_the_end();
    std::process::exit(0)
}

impl Loaded {
    /// Loads the library, and calls its `DllMain` where the system does not.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        // Without a slash the system would look for it elsewhere than here.
        let place = std::path::absolute(path).map_err(|error| error.to_string())?;
        #[cfg(unix)]
        let file = LibraryFile::open(&place).ok();
        #[cfg(unix)]
        let parts = file.as_ref().and_then(LibraryFile::parse);
        // Its own check would end this process.
        #[cfg(target_os = "linux")]
        if let Some(sanitizer) = parts.as_ref().and_then(Sanitizer::of_file).filter(|sanitizer| !sanitizer.is_here()) {
            return Err(sanitizer.not_here().to_string());
        }
        // SAFETY: the library's initializers run, as whoever names it as a handler wants.
        let library = unsafe { open(&place) }?;
        // On x86 a linker that is not told otherwise adds the size of the arguments.
        let with_size = || {
            // SAFETY: what is found is not called.
            let is_there = |name: &&str| unsafe { library.get::<DllGetClassObject>(name.as_bytes()) }.is_ok();
            ["DllGetClassObject@12", "_DllGetClassObject@12"].into_iter().find(is_there)
        };
        // SAFETY: the function has the type that COM gives to its name.
        let get_class_object = unsafe { library.get::<DllGetClassObject>(b"DllGetClassObject") }
            .map(|symbol| *symbol)
            .map_err(|_| match with_size() {
                Some(name) => format!(
                    "it exports {name}, but COM looks for DllGetClassObject: link it with a .def file that names it so, or \
                     by mingw-w64 with -Wl,--kill-at"
                ),
                None => "it exports no DllGetClassObject; is it declared extern \"C\" and visible?".to_owned(),
            })?;
        #[cfg(unix)]
        serve_manager(&library);
        #[cfg(unix)]
        attach(&library, parts.as_ref(), get_class_object)?;
        // SAFETY: as above.
        let can_unload_now = unsafe { library.get::<DllCanUnloadNow>(b"DllCanUnloadNow") }.map(|symbol| *symbol).ok();
        // SAFETY: as above.
        let server = |name: &str| unsafe { library.get::<DllServer>(name.as_bytes()) }.map(|symbol| *symbol).ok();
        let (register_server, unregister_server) = (server("DllRegisterServer"), server("DllUnregisterServer"));
        std::mem::forget(library);
        tracing::info!(library = ?place, "library loaded");
        let loaded = Self { get_class_object, can_unload_now, register_server, unregister_server };
        LOADED.lock().unwrap_or_else(PoisonError::into_inner).push((place, loaded));
        Ok(loaded)
    }

    /// `DllGetClassObject` for the class's factory: the result, and the factory.
    pub(super) fn class(&self, clsid: Guid) -> (HResult, Option<IClassFactory>) {
        self.class_as(clsid, IID_ICLASS_FACTORY)
    }

    /// `DllGetClassObject` for an interface of the class's factory: the result, and what came, taken over.
    pub(super) fn class_as(&self, clsid: Guid, iid: Guid) -> (HResult, Option<IClassFactory>) {
        let (clsid, iid): (GUID, GUID) = (raw(clsid), raw(iid));
        let mut object: *mut c_void = null_mut();
        // SAFETY: it is given two IDs and a place for a pointer; what it gives out is taken over.
        unsafe {
            let hr = hresult((self.get_class_object)(&clsid, &iid, &mut object));
            // Nothing is called through a pointer to what is no object.
            let given = Vtable::of(object).is_some();
            (hr, given.then(|| IClassFactory::from_raw(object)))
        }
    }

    /// `DllRegisterServer` or `DllUnregisterServer`, where the library has it.
    pub(super) fn call_server(&self, call: ServerCall) -> Option<HResult> {
        let function = match call {
            ServerCall::Register => self.register_server,
            ServerCall::Unregister => self.unregister_server,
        };
        // SAFETY: it takes nothing.
        function.map(|function| hresult(unsafe { function() }))
    }

    /// `DllCanUnloadNow`, where the library has it.
    pub(super) fn can_unload_now(&self) -> Option<HResult> {
        // SAFETY: it takes nothing.
        self.can_unload_now.map(|ask| hresult(unsafe { ask() }))
    }
}

/// Tells the library how it reaches the manager: the headers in `include` have a variable for that.
#[cfg(unix)]
fn serve_manager(library: &Library) {
    // SAFETY: the variable has the type that the headers give to its name.
    if let Ok(place) = unsafe { library.get::<*mut Option<CreateManager>>(b"mobsync_create_manager") } {
        // SAFETY: the library was just loaded, and nothing of it runs but its initializers.
        unsafe { place.write(Some(super::manager::create)) };
    }
}

/// Loads it with everything that it needs, so that a missing function is reported now and does not end the process when it is called.
///
/// # Safety
/// As of [`Library::new`].
#[cfg(unix)]
unsafe fn open(path: &Path) -> Result<Library, String> {
    use std::error::Error;

    use libloading::os::unix;
    // SAFETY: by the contract.
    unsafe { Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL) }
        .map_err(|error| error.source().map_or_else(|| error.to_string(), ToString::to_string))
}
