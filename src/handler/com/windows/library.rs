//! How Windows loads a handler's library, and what it lacks where that fails.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use libloading::os::windows::Library;
use object::{File, Object};
use windows_sys::Win32::System::LibraryLoader::{
    DONT_RESOLVE_DLL_REFERENCES, LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};

use super::super::library::REFUSED;
use super::wide;

/// The loader's errors, of winerror.h.
const ERROR_MOD_NOT_FOUND: i32 = 126;
const ERROR_BAD_EXE_FORMAT: i32 = 193;
const ERROR_DLL_INIT_FAILED: i32 = 1114;

/// The run-time libraries of mingw-w64, which lie beside its compiler and nowhere else.
const OF_MINGW: [&str; 4] = ["libstdc++", "libgcc", "libwinpthread", "libssp"];

/// Loads a library; what it imports is looked for in its own folder first, and in this program's last.
///
/// # Safety
/// The library's initializers run.
pub(crate) unsafe fn open(path: &Path) -> Result<libloading::Library, String> {
    look_beside_program();
    let name = wide(path.as_os_str());
    // SAFETY: the text has its end; the rest by the contract.
    let handle = unsafe { LoadLibraryExW(name.as_ptr(), std::ptr::null_mut(), LOAD_WITH_ALTERED_SEARCH_PATH) };
    if handle.is_null() {
        return Err(why(path, &std::io::Error::last_os_error()));
    }
    // SAFETY: the handle is that of a library that was just loaded, and nobody else's.
    Ok(unsafe { Library::from_raw(handle as isize) }.into())
}

/// The last place where the system looks for a library is PATH.
fn look_beside_program() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let Some(folder) = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned)) else {
            return;
        };
        let mut path = std::env::var_os("PATH").unwrap_or_default();
        path.push(";");
        path.push(&folder);
        // SAFETY: Windows has a lock for its environment.
        unsafe { std::env::set_var("PATH", path) };
    });
}

/// Why the system did not load it.
fn why(path: &Path, error: &std::io::Error) -> String {
    let (code, text) = (error.raw_os_error(), error.to_string());
    match code {
        Some(ERROR_DLL_INIT_FAILED) => REFUSED.to_owned(),
        Some(ERROR_MOD_NOT_FOUND | ERROR_BAD_EXE_FORMAT) => match missing(path) {
            missing if missing.is_empty() => text,
            missing => missing.join("; "),
        },
        _ => text,
    }
}

/// The libraries that this one needs, and those that these need, which cannot be found.
fn missing(path: &Path) -> Vec<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let (mut seen, mut missing) = (BTreeSet::new(), Vec::new());
    let mut rest: Vec<PathBuf> = vec![path.to_owned()];
    while let Some(library) = rest.pop() {
        let importer = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for name in imports(&library) {
            if !seen.insert(name.to_lowercase()) {
                continue;
            }
            let beside = folder.join(&name);
            if beside.is_file() {
                rest.push(beside);
            } else if !can_be_found(&name) {
                let hint = match OF_MINGW.iter().any(|of_mingw| name.to_lowercase().starts_with(of_mingw)) {
                    true => " (link with -static, or copy it from mingw-w64)",
                    false => "",
                };
                missing.push(format!(
                    "{importer} needs {name}, which is neither in its folder nor in the system: copy it there{hint}"
                ));
            }
        }
    }
    missing
}

/// The names of the libraries that one imports.
fn imports(library: &Path) -> BTreeSet<String> {
    let Ok(bytes) = std::fs::read(library) else { return BTreeSet::new() };
    let Ok(file) = File::parse(&*bytes) else { return BTreeSet::new() };
    let imports = file.imports().into_iter().flatten().flatten();
    imports.map(|import| String::from_utf8_lossy(import.library()).into_owned()).collect()
}

/// Whether the system finds a library. Nothing of it runs.
fn can_be_found(name: &str) -> bool {
    let name = wide(OsStr::new(name));
    // SAFETY: the text has its end. The library stays loaded; the process ends with this error.
    !unsafe { LoadLibraryExW(name.as_ptr(), std::ptr::null_mut(), DONT_RESOLVE_DLL_REFERENCES) }.is_null()
}
