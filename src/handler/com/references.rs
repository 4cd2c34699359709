//! Whether an interface pointer comes with a reference, and whether its object lives: seen before a method is called through it.

use std::ffi::c_void;
#[cfg(unix)]
use std::ops::Range;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

use windows_core::{IUnknown, IUnknown_Vtbl, Interface};

#[cfg(unix)]
use super::memory::read_byte;
use super::memory::{is_plausible, read_pointer};
#[cfg(windows)]
use super::windows::is_code;

/// The table of functions of a live object. It never changes; in memory that was freed stands something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vtable(usize);

impl Vtable {
    /// That of the object that a pointer points to, where it can be one: functions that lie in a file's code.
    pub(super) fn of(object: *mut c_void) -> Option<Self> {
        let table = read_pointer(object)?;
        let function =
            |nth: usize| read_pointer(std::ptr::with_exposed_provenance(table.checked_add(nth * size_of::<usize>())?));
        let all = [function(0)?, function(1)?, function(2)?];
        are_code(&all).then_some(Self(table))
    }

    /// Whether the object is as it was.
    pub(super) fn is_of(self, object: *mut c_void) -> bool {
        read_pointer(object) == Some(self.0)
    }
}

/// Whether the addresses are those of code, where the system says what is.
#[cfg(windows)]
fn are_code(addresses: &[usize]) -> bool {
    addresses.iter().all(|address| is_plausible(std::ptr::without_provenance::<u8>(*address)) && is_code(*address))
}

/// Whether the addresses are those of code, where the system says what is.
#[cfg(unix)]
fn are_code(addresses: &[usize]) -> bool {
    /// What was code when the list was read the last time: to read it takes longer than most calls. What of it is not
    /// readable any more is none.
    static KNOWN: Mutex<Vec<Range<usize>>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_in = |known: &[Range<usize>], address: &usize| known.iter().any(|range| range.contains(address));
    let is_there = |address: &usize| read_byte(std::ptr::with_exposed_provenance(*address)).is_some();
    if addresses.iter().all(|address| is_in(&known, address) && is_there(address)) {
        return true;
    }
    let Some(maps) = super::mapped_files() else {
        return addresses.iter().all(|address| is_plausible(std::ptr::without_provenance::<u8>(*address)));
    };
    *known = maps.lines().filter_map(code).collect();
    addresses.iter().all(|address| is_in(&known, address))
}

/// The addresses of a line of the list of mapped files, if there is code.
#[cfg(unix)]
fn code(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let hex = |word| usize::from_str_radix(word, 16).ok();
    words.next()?.contains('x').then_some(hex(from)?..hex(to)?)
}

/// Whether the pointer that `CreateInstance` gave is one to a live object with a reference; its table if it is.
///
/// # Safety
/// Functions that lie in code, in the place of those of `IUnknown`, are those of `IUnknown`.
pub(super) unsafe fn created(object: *mut c_void) -> Option<Vtable> {
    let table = Vtable::of(object)?;
    // SAFETY: by the contract.
    let count = unsafe { Count::begin(object, table) };
    if count.was == Some(0) {
        // The reference that was added stays: to take it away would free what nobody holds.
        return None;
    }
    // SAFETY: as above; what was added is taken away.
    unsafe { count.end() };
    Some(table)
}

/// What `AddRef` says, twice: one that counts tells how many references there were.
struct Count {
    object: *mut c_void,
    release: unsafe extern "system" fn(*mut c_void) -> u32,
    /// How many references there were, of an object that counts.
    was: Option<u32>,
}

impl Count {
    /// # Safety
    /// The object lives, and the table is its own.
    unsafe fn begin(object: *mut c_void, table: Vtable) -> Self {
        let table: *const IUnknown_Vtbl = std::ptr::with_exposed_provenance(table.0);
        // SAFETY: by the contract.
        let (add_ref, release) = unsafe { ((*table).AddRef, (*table).Release) };
        // SAFETY: by the contract.
        let (first, second) = unsafe { (add_ref(object), add_ref(object)) };
        let was = first.checked_sub(1).filter(|_| second == first.wrapping_add(1));
        Self { object, release, was }
    }

    /// Takes away what was added.
    ///
    /// # Safety
    /// The object lives.
    unsafe fn end(&self) {
        // SAFETY: two references were added.
        unsafe {
            (self.release)(self.object);
            (self.release)(self.object);
        }
    }
}

/// How many references a live object has, where it counts them.
pub(super) fn count(object: &IUnknown) -> Option<u32> {
    let pointer = object.as_raw();
    let table = Vtable::of(pointer)?;
    // SAFETY: the object is held; what is added is taken away.
    unsafe {
        let count = Count::begin(pointer, table);
        count.end();
        count.was
    }
}
