//! The functions of a library for Windows by its PDB, the file in which Visual Studio and clang keep what is known of them.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use msvc_demangler::DemangleFlags;
use object::Object;
use pdb_addr2line::pdb::PDB;
use pdb_addr2line::{Context, ContextPdbData};
use uuid::Uuid;

use super::native::{LibraryKind, kind_of};

/// The PDB of a library.
pub(super) struct Pdb(ContextPdbData<'static, 'static, File>);

/// What is to be known of a function, where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
}

impl Pdb {
    /// That of a library; nothing where there is none, or one of another build.
    pub(super) fn of(library: &Path) -> Option<Self> {
        if !matches!(kind_of(library), Some(LibraryKind::Windows(_))) {
            return None;
        }
        let bytes = std::fs::read(library).ok()?;
        let parsed = object::File::parse(&*bytes).ok()?;
        let named = parsed.pdb_info().ok()??;
        let recorded = String::from_utf8_lossy(named.path()).into_owned();
        let id = Uuid::from_bytes_le(named.guid());
        places(library, &recorded).into_iter().find_map(|place| guarded(|| open(&place, id, named.age())))
    }

    /// The functions at addresses of the library, from its beginning on: what is inlined first.
    pub(super) fn functions(&self, addresses: &[u32]) -> Vec<Vec<Function>> {
        let found = guarded(|| {
            let context = self.0.make_context().ok()?;
            Some(addresses.iter().map(|address| at(&context, *address)).collect())
        });
        found.unwrap_or_else(|| vec![Vec::new(); addresses.len()])
    }
}

/// A damaged file is none: the crate that reads it may panic.
fn guarded<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// Where the PDB may be: beside the library, and where the linker wrote it.
fn places(library: &Path, recorded: &str) -> Vec<PathBuf> {
    let name = recorded.rsplit(['/', '\\']).next().filter(|name| !name.is_empty());
    let beside = name.map(|name| library.with_file_name(name));
    // Nothing is asked of other machines.
    let is_local = !recorded.starts_with("\\\\") && !recorded.starts_with("//");
    // Under Wine a path of Linux has a root and no drive: the current one is that of Linux.
    let there = is_local.then(|| PathBuf::from(recorded)).filter(|place| place.has_root());
    beside.into_iter().chain(there).collect()
}

/// Opens one, if it is that of the library with this ID.
fn open(place: &Path, id: Uuid, age: u32) -> Option<Pdb> {
    if !place.metadata().is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut pdb = PDB::open(File::open(place).ok()?).ok()?;
    let found = pdb.pdb_information().ok()?;
    if found.guid != id || found.age < age {
        tracing::warn!(pdb = ?place, "the PDB belongs to another build of the library: it is not used");
        return None;
    }
    ContextPdbData::try_from_pdb(pdb).ok().map(Pdb)
}

fn at(context: &Context<'_, '_>, address: u32) -> Vec<Function> {
    let frames = context.find_frames(address).ok().flatten().map(|found| found.frames).unwrap_or_default();
    let function = |frame: pdb_addr2line::Frame<'_>| {
        let file = frame.file.map(std::borrow::Cow::into_owned);
        frame.function.map(|name| Function { name: plain(&name), file, line: frame.line })
    };
    frames.into_iter().filter_map(function).collect()
}

/// A name as it stands in the source. Of a library whose PDB was stripped, names are as the linker has them.
fn plain(name: &str) -> String {
    if !name.starts_with('?') {
        return name.to_owned();
    }
    msvc_demangler::demangle(name, DemangleFlags::NAME_ONLY).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_for_beside_the_library_and_where_it_was_written() {
        let of = |recorded| places(Path::new("/h/handler.dll"), recorded);
        assert_eq!(of("C:\\build\\a.pdb"), [PathBuf::from("/h/a.pdb")]);
        assert_eq!(of("\\\\server\\a.pdb"), [PathBuf::from("/h/a.pdb")]);
        assert_eq!(of("a.pdb"), [PathBuf::from("/h/a.pdb")]);
        assert!(of("").is_empty());
        #[cfg(unix)]
        assert_eq!(of("/build/a.pdb"), [PathBuf::from("/h/a.pdb"), PathBuf::from("/build/a.pdb")]);
    }

    #[test]
    fn names_are_those_of_the_source() {
        assert_eq!(plain("?Synchronize@CNotebook@@UEAAJPEAUHWND__@@@Z"), "CNotebook::Synchronize");
        assert_eq!(plain("CNotebook::Synchronize(HWND__*)"), "CNotebook::Synchronize(HWND__*)");
        assert_eq!(plain("?"), "?");
    }

    #[test]
    fn a_file_that_is_none_is_no_pdb() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.pdb");
        // With the words with which a PDB begins, and nothing else.
        std::fs::write(&file, b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0\0\x10\0\0\xff\xff\xff\xff").unwrap();
        assert!(guarded(|| open(&file, Uuid::nil(), 0)).is_none());
        assert!(Pdb::of(&file).is_none());
        assert!(Pdb::of(Path::new(file!())).is_none());
    }
}
