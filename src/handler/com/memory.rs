//! The task allocator that handler and manager share, and memory that a handler points to.
//!
//! Off Windows there is no `CoTaskMemAlloc`. That of `include/objbase.h` puts a head in front of every block, so that the
//! host, which is not linked with the handler, knows a block that comes from it.

use windows_core::GUID;
use zerocopy::IntoBytes;

use super::guarded::{self, Read};
use crate::protocol::Text;

/// The longest text that is read, in UTF-16 units; one without an end is cut here.
const LONGEST_TEXT: usize = 32_768;

/// Addresses below this one are never memory: NULL with an offset, or a number that was taken for a pointer.
const FIRST_PAGE: usize = 4096;

/// Whether a pointer can be one: neither NULL nor nearly so, and aligned.
pub(super) fn is_plausible<T>(pointer: *const T) -> bool {
    pointer.addr() >= FIRST_PAGE && pointer.is_aligned()
}

/// Reads a terminated text; `None` where there is none. One without an end ends where its memory does.
///
/// # Safety
/// Where the system cannot be asked ([`guarded`]), a plausible pointer points to UTF-16 that is terminated, or readable for
/// [`LONGEST_TEXT`] units.
pub(super) unsafe fn text(pointer: *const u16) -> Option<Text> {
    /// How many units are read at once: most texts are shorter.
    const PART: usize = 256;
    if !is_plausible(pointer) {
        return None;
    }
    let mut part = [0_u16; PART];
    let mut units = Vec::new();
    loop {
        let from = pointer.wrapping_add(units.len());
        let in_page = (guarded::PAGE - from.addr() % guarded::PAGE) / 2;
        let part = &mut part[..in_page.min(PART).min(LONGEST_TEXT - units.len())];
        // SAFETY: no unit before this one ended the text, so the contract holds for what is left.
        let (read, goes_on) = unsafe { part_of_text(from, part) };
        let read = &part[..read];
        if !goes_on && units.is_empty() {
            return Some(Text::from_utf16(read));
        }
        units.extend(read);
        if !goes_on || units.len() == LONGEST_TEXT {
            return Some(Text::from_utf16(&units));
        }
    }
}

/// Reads units within a page up to the end of the text: how many, and whether the text goes on behind them.
///
/// # Safety
/// As of [`text`].
unsafe fn part_of_text(from: *const u16, into: &mut [u16]) -> (usize, bool) {
    if let Read::Copied(read) = guarded::units(from, into) {
        return (read, read == into.len());
    }
    let many = into.len();
    let room = into.as_mut_bytes();
    match guarded::bytes(from.cast(), room) {
        Read::Copied(read) => {
            let read = read / 2;
            let end = into[..read].iter().position(|unit| *unit == 0);
            (end.unwrap_or(read), end.is_none() && read == many)
        }
        Read::Unknown => {
            // SAFETY: by the contract the first one is readable.
            into[0] = unsafe { from.read() };
            if into[0] == 0 { (0, false) } else { (1, true) }
        }
    }
}

/// Reads an array; one that is longer than its memory ends where that does.
///
/// # Safety
/// Where the system cannot be asked ([`guarded`]), a plausible pointer points to so many GUIDs.
pub(super) unsafe fn guids(pointer: *const GUID, many: usize) -> Vec<GUID> {
    const SIZE: usize = size_of::<GUID>();
    if !is_plausible(pointer) {
        return Vec::new();
    }
    let mut copy = vec![0; SIZE * many];
    match guarded::bytes(pointer.cast(), &mut copy) {
        // SAFETY: each of the chunks has the size of a GUID, for which all bytes will do.
        Read::Copied(read) => {
            copy[..read].chunks_exact(SIZE).map(|one| unsafe { one.as_ptr().cast::<GUID>().read_unaligned() }).collect()
        }
        // SAFETY: by the contract.
        Read::Unknown => (0..many).map(|nth| unsafe { pointer.add(nth).read() }).collect(),
    }
}

/// Copies so many bytes; `None` where they cannot be read.
///
/// # Safety
/// Where the system cannot be asked ([`guarded`]), a plausible pointer points to so many bytes.
pub(super) unsafe fn bytes(pointer: *const u8, many: usize) -> Option<Vec<u8>> {
    if !is_plausible(pointer) {
        return None;
    }
    let mut copy = vec![0; many];
    match guarded::bytes(pointer, &mut copy) {
        Read::Copied(read) => (read == many).then_some(copy),
        Read::Unknown => {
            // SAFETY: by the contract.
            unsafe { std::ptr::copy_nonoverlapping(pointer, copy.as_mut_ptr(), many) };
            Some(copy)
        }
    }
}

/// Copies so much of a structure of numbers and pointers; the rest is zeroes. `None` if there is no such structure.
///
/// # Safety
/// All bytes make a `T`. Where the system cannot be asked ([`guarded`]), a plausible pointer points to so many bytes of it.
///
/// # Panics
/// When a `T` is shorter.
pub(super) unsafe fn structure<T>(pointer: *const T, length: usize) -> Option<T> {
    assert!(length <= size_of::<T>(), "{length} bytes of a structure of {}", size_of::<T>());
    if !is_plausible(pointer) {
        return None;
    }
    let mut copy = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: the bytes are those of the copy, which are zeroes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(copy.as_mut_ptr().cast::<u8>(), length) };
    match guarded::bytes(pointer.cast(), bytes) {
        Read::Copied(read) if read < length => return None,
        Read::Copied(_) => {}
        // SAFETY: by the contract.
        Read::Unknown => unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), bytes.as_mut_ptr(), length) },
    }
    // SAFETY: by the contract all bytes will do.
    Some(unsafe { copy.assume_init() })
}

/// Reads the pointer that stands there, if it is readable.
pub(super) fn read_pointer(from: *const std::ffi::c_void) -> Option<usize> {
    // SAFETY: a number. Where the system cannot be asked, a plausible pointer of a handler is taken for one.
    unsafe { structure(from.cast::<usize>(), size_of::<usize>()) }
}

/// Reads the byte that stands there, if it is readable.
#[cfg(unix)]
pub(super) fn read_byte(from: *const u8) -> Option<u8> {
    // SAFETY: a number. Where the system cannot be asked, a plausible pointer of a handler is taken for one.
    unsafe { structure(from, 1) }
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

    use super::{Block, structure};

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
        // SAFETY: two numbers; by the contract they are readable where the system cannot be asked.
        let Some([magic, size]) = (unsafe { structure(head, HEAD) }) else { return Block::Foreign };
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
