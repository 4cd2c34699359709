//! `DllMain`, which Windows calls when it loads a library. No other system does, so the host calls it in its place.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

use libloading::os::unix::Library;
use object::{Object, ObjectSymbol};

use super::abi::DllGetClassObject;
use super::library::REFUSED;

/// `DllMain`: the library's handle, the reason, and a value that is NULL for a library that is loaded while the program runs.
/// It returns a BOOL.
type DllMain = unsafe extern "system" fn(*mut c_void, u32, *mut c_void) -> i32;

const DLL_PROCESS_DETACH: u32 = 0;
const DLL_PROCESS_ATTACH: u32 = 1;

/// The libraries that were told, by the address of their `DllGetClassObject`: each is attached once in a process. A library that
/// refused is not here: it is unloaded, and another one may come to lie at its address.
static ATTACHED: Mutex<BTreeMap<usize, Option<Attached>>> = Mutex::new(BTreeMap::new());

/// The `DllMain` of a library that was told, and where the library lies in memory.
type Attached = (DllMain, usize);

/// Tells all libraries that they are unloaded, before the process ends.
pub(super) fn detach_all() {
    let attached = std::mem::take(&mut *ATTACHED.lock().unwrap_or_else(PoisonError::into_inner));
    for (dll_main, base) in attached.into_values().flatten() {
        tracing::debug!("DllMain(DLL_PROCESS_DETACH)");
        // SAFETY: the function has the type that Windows gives to its name, and is told what Windows would tell it.
        unsafe { dll_main(std::ptr::with_exposed_provenance_mut(base), DLL_PROCESS_DETACH, null_mut()) };
    }
}

/// Tells a library that was just loaded that it is, if it has a `DllMain` and was not told before. Where `DllMain` returns
/// FALSE, the library is told that it is unloaded, as Windows does, and must not be used.
pub(super) fn attach(
    library: &Library,
    file: Option<&object::File<'_>>,
    get_class_object: DllGetClassObject,
) -> Result<(), &'static str> {
    let known = get_class_object as usize;
    let mut attached = ATTACHED.lock().unwrap_or_else(PoisonError::into_inner);
    if attached.contains_key(&known) {
        return Ok(());
    }
    let found = find(library, file, known);
    if let Some((dll_main, base)) = found {
        tracing::debug!("DllMain(DLL_PROCESS_ATTACH)");
        // SAFETY: the function has the type that Windows gives to its name, and is told what Windows would tell it.
        if unsafe { dll_main(base, DLL_PROCESS_ATTACH, null_mut()) } == 0 {
            // SAFETY: as above.
            unsafe { dll_main(base, DLL_PROCESS_DETACH, null_mut()) };
            return Err(REFUSED);
        }
    }
    attached.insert(known, found.map(|(dll_main, base)| (dll_main, base.expose_provenance())));
    Ok(())
}

/// The library's `DllMain`, and where the library lies in memory. On Windows nobody exports it, so it may be visible to the
/// library's own sources only; then the file's table of symbols has it, unless that was stripped.
fn find(library: &Library, file: Option<&object::File<'_>>, known: usize) -> Option<(DllMain, *mut c_void)> {
    let symbols = file.and_then(Symbols::of);
    let base = symbols.as_ref().and_then(|symbols| known.checked_sub(symbols.get_class_object)).unwrap_or(known);
    let handle = std::ptr::with_exposed_provenance_mut(base);
    // SAFETY: the function has the type that Windows gives to its name.
    let exported = unsafe { library.get::<DllMain>(b"DllMain") }.ok().map(|symbol| *symbol);
    let hidden = || {
        let address = base.checked_add(symbols.as_ref()?.dll_main?)?;
        let function = std::ptr::with_exposed_provenance::<c_void>(address);
        // SAFETY: the file that was loaded has the function at this place, as far from DllGetClassObject as in memory.
        Some(unsafe { std::mem::transmute::<*const c_void, DllMain>(function) })
    };
    Some((exported.or_else(hidden)?, handle))
}

/// Where a library's file has its functions.
#[derive(Debug, PartialEq, Eq)]
struct Symbols {
    get_class_object: usize,
    dll_main: Option<usize>,
}

impl Symbols {
    fn of(file: &object::File<'_>) -> Option<Self> {
        let place = |is: fn(&str) -> bool| {
            let mut all = file.symbols().chain(file.dynamic_symbols()).filter(ObjectSymbol::is_definition);
            let found = all.find(|symbol| symbol.name().is_ok_and(|name| is(name.trim_start_matches('_'))))?;
            usize::try_from(found.address()).ok()
        };
        // Without `extern "C"`, which sources for Windows leave out, the name is that of C++.
        let dll_main = place(|name| name == "DllMain" || name.starts_with("Z7DllMainP"));
        Some(Self { get_class_object: place(|name| name == "DllGetClassObject")?, dll_main })
    }
}
