//! The task allocator, for memory that the manager frees.

use std::ffi::c_void;

/// Moves a structure into a block of the task allocator; `None` if there is no memory.
pub fn give_away<T>(structure: T) -> Option<*mut T> {
    let block = allocate(size_of::<T>()).cast::<T>();
    if block.is_null() {
        return None;
    }
    // SAFETY: the block is new, of that size, and aligned for everything.
    unsafe { block.write(structure) };
    Some(block)
}

#[cfg(windows)]
fn allocate(size: usize) -> *mut c_void {
    #[link(name = "ole32")]
    unsafe extern "system" {
        fn CoTaskMemAlloc(size: usize) -> *mut c_void;
    }
    // SAFETY: it takes any size.
    unsafe { CoTaskMemAlloc(size) }
}

/// Outside Windows there is no `CoTaskMemAlloc`: a block is malloc's, with a header by which mobsync recognizes it
/// (docs/native-handlers.md).
#[cfg(not(windows))]
fn allocate(size: usize) -> *mut c_void {
    const MAGIC: u64 = 0x6D6F_6273_796E_6321;
    const HEAD: usize = 16;
    unsafe extern "C" {
        fn malloc(size: usize) -> *mut c_void;
    }
    let Some(whole) = size.checked_add(HEAD) else { return std::ptr::null_mut() };
    // SAFETY: the header is at the start of a new block, which is aligned for it; the returned pointer is behind it.
    unsafe {
        let head = malloc(whole).cast::<[u64; 2]>();
        if head.is_null() {
            return std::ptr::null_mut();
        }
        head.write([MAGIC, size as u64 ^ MAGIC]);
        head.add(1).cast()
    }
}
