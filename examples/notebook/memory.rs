//! The task allocator, from which comes what a handler gives away.

use std::ffi::c_void;

/// Moves a structure into a block of the task allocator; `None` where there is no memory.
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

/// Off Windows there is no `CoTaskMemAlloc`: a block of malloc with a head, by which mobsync knows it
/// (docs/native-handlers.md).
#[cfg(not(windows))]
fn allocate(size: usize) -> *mut c_void {
    const MAGIC: u64 = 0x6D6F_6273_796E_6321;
    const HEAD: usize = 16;
    unsafe extern "C" {
        fn malloc(size: usize) -> *mut c_void;
    }
    let Some(whole) = size.checked_add(HEAD) else { return std::ptr::null_mut() };
    // SAFETY: the head lies at the beginning of a new block, which is aligned for it; what is given out lies behind it.
    unsafe {
        let head = malloc(whole).cast::<[u64; 2]>();
        if head.is_null() {
            return std::ptr::null_mut();
        }
        head.write([MAGIC, size as u64 ^ MAGIC]);
        head.add(1).cast()
    }
}
