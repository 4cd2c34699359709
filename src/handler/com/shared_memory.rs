//! Memory that this process shares with the worker in which a native handler runs: what was written there is there, whatever
//! becomes of the writer.
//!
//! It stands here because it is used through pointers, as everything of native handlers is.

use std::fs::File;
use std::io;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};

/// A file that is mapped into memory, shared with whoever maps it too. It is never unmapped while this lives.
pub(crate) struct SharedMemory(MmapRaw);

impl SharedMemory {
    /// Maps that much of a file, which is as large.
    pub(crate) fn map(file: &File, size: usize) -> io::Result<Self> {
        MmapOptions::new().len(size).map_raw(file).map(Self)
    }

    /// Its size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number at that place, which both processes read and write as a whole.
    ///
    /// # Panics
    /// When the place is not aligned, or not within the memory.
    pub(crate) fn number(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= self.len(), "no number stands at {at}");
        // SAFETY: the place is within the mapping, which is aligned to a page and lives as long as `self`; every use of it
        // is atomic.
        unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().add(at).cast()) }
    }

    /// Copies bytes there.
    ///
    /// # Panics
    /// When they do not fit.
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) {
        assert!(
            bytes.len() <= self.len() && at <= self.len() - bytes.len(),
            "{} bytes do not fit at {at}",
            bytes.len()
        );
        // SAFETY: the room is within the mapping, and does not overlap with what Rust knows of. The other process reads it
        // only after a number said so.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.as_mut_ptr().add(at), bytes.len()) }
    }

    /// Copies bytes from there.
    ///
    /// # Panics
    /// When there are not as many.
    pub(crate) fn read(&self, at: usize, into: &mut [u8]) {
        assert!(into.len() <= self.len() && at <= self.len() - into.len(), "no {} bytes stand at {at}", into.len());
        // SAFETY: as in `write`; a handler that writes there all the same changes nothing but what is copied.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr().add(at), into.as_mut_ptr(), into.len()) }
    }
}
