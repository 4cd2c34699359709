//! The task allocator that handler and manager share, and memory that a handler points to.
//!
//! Off Windows there is no `CoTaskMemAlloc`. That of `include/objbase.h` puts a head in front of every block, so that the
//! host, which is not linked with the handler, knows a block that comes from it.

use windows_core::GUID;

use crate::protocol::Text;

/// The longest text that is read, in UTF-16 units; one without an end is cut here.
const LONGEST_TEXT: usize = 32_768;

/// Addresses below this one are never memory: NULL with an offset, or a number that was taken for a pointer.
const FIRST_PAGE: usize = 4096;

/// Whether a pointer can be one: neither NULL nor nearly so, and aligned.
pub(super) fn is_plausible<T>(pointer: *const T) -> bool {
    pointer.addr() >= FIRST_PAGE && pointer.is_aligned()
}

/// The smallest size of a page of memory.
const PAGE: usize = 4096;

/// Reads a terminated text; `None` where there is none. One without an end ends where its memory does.
///
/// # Safety
/// Where the system cannot be asked ([`readable`]), a plausible pointer points to UTF-16 that is terminated, or readable for
/// [`LONGEST_TEXT`] units.
pub(super) unsafe fn text(pointer: *const u16) -> Option<Text> {
    if !is_plausible(pointer) {
        return None;
    }
    let mut units = Vec::new();
    while units.len() < LONGEST_TEXT {
        let from = pointer.wrapping_add(units.len());
        let in_page = ((PAGE - from.addr() % PAGE) / 2).min(LONGEST_TEXT - units.len());
        let read = match readable(from.cast(), 2 * in_page) {
            Some(bytes) => bytes.chunks_exact(2).map(|unit| u16::from_ne_bytes([unit[0], unit[1]])).collect(),
            // SAFETY: no unit before this one ended the text, so by the contract this one is readable.
            None => vec![unsafe { from.read() }],
        };
        let end = read.iter().position(|unit| *unit == 0);
        units.extend(&read[..end.unwrap_or(read.len())]);
        if end.is_some() || read.is_empty() {
            break;
        }
    }
    Some(Text::from_utf16(&units))
}

/// Reads an array; one that is longer than its memory ends where that does.
///
/// # Safety
/// Where the system cannot be asked ([`readable`]), a plausible pointer points to so many GUIDs.
pub(super) unsafe fn guids(pointer: *const GUID, many: usize) -> Vec<GUID> {
    const SIZE: usize = size_of::<GUID>();
    if !is_plausible(pointer) {
        return Vec::new();
    }
    match readable(pointer.cast(), SIZE * many) {
        // SAFETY: each of the chunks has the size of a GUID, for which all bytes will do.
        Some(bytes) => {
            bytes.chunks_exact(SIZE).map(|one| unsafe { one.as_ptr().cast::<GUID>().read_unaligned() }).collect()
        }
        // SAFETY: by the contract.
        None => (0..many).map(|nth| unsafe { pointer.add(nth).read() }).collect(),
    }
}

/// Copies so many bytes, or as many as are readable; `None` where the system cannot be asked for that.
fn readable(pointer: *const u8, many: usize) -> Option<Vec<u8>> {
    #[cfg(target_os = "linux")]
    {
        use nix::errno::Errno;
        use nix::sys::uio::{RemoteIoVec, process_vm_readv};
        let mut copy = vec![0; many];
        let mut done = 0;
        while done < many {
            let base = pointer.addr() + done;
            let len = (PAGE - base % PAGE).min(many - done);
            let into = &mut [std::io::IoSliceMut::new(&mut copy[done..done + len])];
            match process_vm_readv(nix::unistd::getpid(), into, &[RemoteIoVec { base, len }]) {
                Ok(read) if read > 0 => done += read,
                Ok(_) | Err(Errno::EFAULT | Errno::ENOMEM) => break,
                // A container may forbid it.
                Err(_) => return None,
            }
        }
        copy.truncate(done);
        Some(copy)
    }
    #[cfg(windows)]
    {
        use windows_sys::Win32::System::Diagnostics::Debug::ReadProcessMemory;
        use windows_sys::Win32::System::Threading::GetCurrentProcess;
        let mut copy = vec![0; many];
        let mut done = 0;
        while done < many {
            let from = pointer.wrapping_add(done);
            let wanted = (PAGE - from.addr() % PAGE).min(many - done);
            let mut read = 0;
            // SAFETY: there is room for so many bytes; where they cannot be read, the system says so.
            let known = unsafe {
                ReadProcessMemory(GetCurrentProcess(), from.cast(), copy[done..].as_mut_ptr().cast(), wanted, &mut read)
            };
            if known == 0 || read == 0 {
                break;
            }
            done += read;
        }
        copy.truncate(done);
        Some(copy)
    }
    #[cfg(not(any(target_os = "linux", windows)))]
    {
        let _ = (pointer, many);
        None
    }
}

/// Reads the pointer that stands there, if it is readable.
pub(super) fn read_pointer(from: *const std::ffi::c_void) -> Option<usize> {
    if !is_plausible(from.cast::<usize>()) {
        return None;
    }
    match readable(from.cast(), size_of::<usize>()) {
        Some(bytes) => bytes.try_into().ok().map(usize::from_ne_bytes),
        // SAFETY: where the system cannot be asked, a plausible pointer of a handler is taken for one.
        None => Some(unsafe { from.cast::<usize>().read() }),
    }
}

/// The text in a field of fixed length, and whether it has no end.
pub(super) fn field(units: &[u16]) -> (Text, bool) {
    let end = units.iter().position(|unit| *unit == 0);
    (Text::from_utf16(&units[..end.unwrap_or(units.len())]), end.is_none())
}

/// What the task allocator knows of a block that a handler gave away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// It comes from the allocator, with this size in bytes, where that is known.
    Task(Option<usize>),
    /// It does not.
    Foreign,
}

#[cfg(not(windows))]
pub(super) use elsewhere::{block, free};
#[cfg(windows)]
pub(super) use on_windows::{block, free};

#[cfg(not(windows))]
mod elsewhere {
    use std::ffi::c_void;

    use super::{Block, PAGE, is_plausible, readable};

    /// "mobsync!" in the first eight bytes of a block's head; the size, combined with it, in the next.
    const MAGIC: u64 = 0x6D6F_6273_796E_6321;
    /// The size of the head.
    const HEAD: usize = 16;
    unsafe extern "C" {
        #[link_name = "free"]
        fn free_of_libc(pointer: *mut c_void);
    }

    /// Looks at the head of a block.
    ///
    /// # Safety
    /// A plausible pointer points to memory that can be read.
    pub(in super::super) unsafe fn block(pointer: *const c_void) -> Block {
        let head = pointer.wrapping_byte_sub(HEAD).cast::<[u64; 2]>();
        let in_another_page = pointer.addr() % PAGE < HEAD;
        // Where the system cannot be asked, it is hoped.
        let is_readable = || readable(head.cast(), HEAD).is_none_or(|bytes| bytes.len() == HEAD);
        if !is_plausible(head) || (in_another_page && !is_readable()) {
            return Block::Foreign;
        }
        // SAFETY: the head is aligned, and lies in the page to which the pointer points, or in one that was found readable.
        let [magic, size] = unsafe { head.read() };
        if magic == MAGIC { Block::Task(usize::try_from(size ^ MAGIC).ok()) } else { Block::Foreign }
    }

    /// `CoTaskMemFree`.
    ///
    /// # Safety
    /// [`block`] knows the pointer as the allocator's, and nobody else uses it.
    pub(in super::super) unsafe fn free(pointer: *mut c_void) {
        let head = pointer.wrapping_byte_sub(HEAD);
        // SAFETY: by the contract this is a head, which begins a block of malloc; from now on it is none.
        unsafe {
            head.cast::<u64>().write(0);
            free_of_libc(head);
        }
    }
}

#[cfg(windows)]
mod on_windows {
    use std::ffi::c_void;

    use windows_core::IUnknown_Vtbl;
    use windows_sys::Win32::System::Com::{CoGetMalloc, CoTaskMemFree};

    use super::Block;

    /// The functions of the task allocator (`IMalloc`, objidl.h), as far as `DidAlloc`.
    #[repr(C)]
    struct Malloc {
        base: IUnknown_Vtbl,
        alloc: usize,
        realloc: usize,
        free: usize,
        get_size: usize,
        did_alloc: unsafe extern "system" fn(*mut c_void, *const c_void) -> i32,
    }

    /// Asks the task allocator.
    ///
    /// # Safety
    /// None is needed: the allocator only looks the pointer up.
    pub(in super::super) unsafe fn block(pointer: *const c_void) -> Block {
        let mut allocator = std::ptr::null_mut();
        // SAFETY: it is given the one context there is, and a place for a pointer.
        if unsafe { CoGetMalloc(1, &mut allocator) } < 0 || allocator.is_null() {
            return Block::Task(None);
        }
        // SAFETY: the allocator is an object of COM with these functions, and lives as long as the process. DidAlloc takes any
        // pointer.
        let known = unsafe {
            let table = *allocator.cast::<*const Malloc>();
            let known = ((*table).did_alloc)(allocator, pointer);
            ((*table).base.Release)(allocator);
            known
        };
        // 1: it is the allocator's; -1: it cannot tell.
        if known == 0 { Block::Foreign } else { Block::Task(None) }
    }

    /// `CoTaskMemFree`.
    ///
    /// # Safety
    /// The pointer comes from the task allocator, and nobody else uses it.
    pub(in super::super) unsafe fn free(pointer: *mut c_void) {
        // SAFETY: by the contract.
        unsafe { CoTaskMemFree(pointer) }
    }
}
