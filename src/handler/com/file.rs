//! The file of a library, as far as it says something that the loaded library does not.

use std::io;
use std::path::Path;

use memmap2::Mmap;

use crate::json::files;

/// A library's file. It is mapped, and so only what is looked at is read, which matters where each session loads the library anew.
pub(super) struct LibraryFile(Mmap);

impl LibraryFile {
    /// # Errors
    /// When it cannot be opened, or is no file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = files::open(path)?;
        // SAFETY: nothing is written through the map, and the system's own loader maps the same file: whoever changes it while
        // it is loaded breaks the library itself.
        unsafe { Mmap::map(&file) }.map(Self)
    }

    /// Its parts; nothing where it is no library of this system.
    pub(super) fn parse(&self) -> Option<object::File<'_>> {
        object::File::parse(&*self.0).ok()
    }
}
