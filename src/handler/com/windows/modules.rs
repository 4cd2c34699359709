//! What is mapped into this process.

use std::fmt::Write;
use std::path::PathBuf;

use windows_sys::Win32::Foundation::{HMODULE, MAX_PATH};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEMORY_BASIC_INFORMATION, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY, VirtualQuery,
};
use windows_sys::Win32::System::ProcessStatus::{
    K32EnumProcessModules, K32GetModuleFileNameExW, K32GetModuleInformation, MODULEINFO,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// The longest path that is asked for.
const LONGEST_PATH: usize = 8 * MAX_PATH as usize;

/// The libraries that are mapped, in the form in which Linux lists them: addresses, permissions, offset, device, number, file.
pub(crate) fn mapped_files() -> Option<String> {
    let mut modules: [HMODULE; 1024] = [std::ptr::null_mut(); 1024];
    let mut needed = 0;
    // SAFETY: there is room for as many as is said.
    let known = unsafe {
        K32EnumProcessModules(GetCurrentProcess(), modules.as_mut_ptr(), size_of_val(&modules) as u32, &mut needed)
    };
    if known == 0 {
        return None;
    }
    let mut text = String::new();
    for module in modules.iter().take(needed as usize / size_of::<HMODULE>()) {
        let mut info = MODULEINFO::default();
        // SAFETY: there is room for the structure.
        let known =
            unsafe { K32GetModuleInformation(GetCurrentProcess(), *module, &mut info, size_of::<MODULEINFO>() as u32) };
        if known == 0 {
            continue;
        }
        let from = info.lpBaseOfDll.addr();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{from:x}-{:x} r-xp 0 00:00 0 {}",
            from + info.SizeOfImage as usize,
            file_of(*module).display()
        );
    }
    Some(text)
}

/// The file of a library that is loaded.
fn file_of(module: HMODULE) -> PathBuf {
    use std::os::windows::ffi::OsStringExt;
    let mut path = [0_u16; LONGEST_PATH];
    // SAFETY: there is room for as many units as is said.
    let length =
        unsafe { K32GetModuleFileNameExW(GetCurrentProcess(), module, path.as_mut_ptr(), LONGEST_PATH as u32) };
    PathBuf::from(std::ffi::OsString::from_wide(&path[..(length as usize).min(LONGEST_PATH)]))
}

/// What the system says of the memory at an address.
pub(super) fn memory_at(address: usize) -> Option<MEMORY_BASIC_INFORMATION> {
    let mut info = MEMORY_BASIC_INFORMATION::default();
    let place = std::ptr::without_provenance(address);
    // SAFETY: there is room for the structure; the address is only looked up.
    let known = unsafe { VirtualQuery(place, &mut info, size_of::<MEMORY_BASIC_INFORMATION>()) };
    (known != 0 && info.State == MEM_COMMIT).then_some(info)
}

/// Whether an address lies in the libraries through which whoever waits asks the system.
pub(super) fn is_of_system(address: usize) -> bool {
    use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
    static OF_SYSTEM: std::sync::OnceLock<[usize; 2]> = std::sync::OnceLock::new();
    let of_system = OF_SYSTEM.get_or_init(|| {
        // SAFETY: the name has its end. What is not loaded has no handle, and is at no address.
        ["ntdll.dll", "win32u.dll"].map(|name| unsafe { GetModuleHandleW(super::wide(name.as_ref()).as_ptr()) }.addr())
    });
    memory_at(address).is_some_and(|info| of_system.contains(&info.AllocationBase.addr()))
}

/// Whether there is code at an address.
pub(crate) fn is_code(address: usize) -> bool {
    const CODE: u32 = PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
    memory_at(address).is_some_and(|info| info.Protect & CODE != 0)
}
