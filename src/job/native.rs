//! What a native library is for: the system and the processor, by its content.

use std::io::Read;
use std::path::{Path, PathBuf};

use object::{Architecture, FileKind, Object, ObjectKind};

use crate::protocol::plain_path;

/// For what a library is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LibraryKind {
    /// Windows, in a form for which there is a worker.
    Windows(WindowsKind),
    /// Windows, in a form that no worker loads: what it is.
    OtherWindows(&'static str),
    /// Another system, as it seems this one: the loader says what is wrong with it.
    Other,
}

/// For which of its processors a library of Windows is made; each has a worker of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WindowsKind {
    /// x86-64.
    X64,
    /// x86, with 32 bits.
    X86,
}

#[cfg(unix)]
impl WindowsKind {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::X64 => "x64",
            Self::X86 => "x86",
        }
    }
}

/// The folder beside `mobsync.exe` with the one for x86, and the libraries that that one needs, which have the same names.
const FOLDER_X86: &str = "x86";

/// The `mobsync.exe` of that kind, where that for x64 is, or is to be.
pub(super) fn exe_of_kind(exe: &Path, kind: WindowsKind) -> PathBuf {
    match kind {
        WindowsKind::X64 => exe.to_owned(),
        WindowsKind::X86 => exe.with_file_name(FOLDER_X86).join("mobsync.exe"),
    }
}

/// What is said of a worker's program that is from another build than this one, in three lines.
pub(super) fn other_build(program: &Path, kind: Option<WindowsKind>) -> String {
    let rebuild = match kind {
        Some(WindowsKind::X64) => "Rebuild it with scripts/windows (docs/windows.md).",
        Some(WindowsKind::X86) => "Rebuild it with scripts/windows --x86 (docs/windows.md).",
        None => "Start mobsync again.",
    };
    format!(
        "{} is from another build than this mobsync (version {}).\n  \
         The two exchange what they record in a form of their own: both must be built from the same sources.\n  {rebuild}",
        plain_path(program),
        env!("CARGO_PKG_VERSION"),
    )
}

/// What a file is by its content; nothing where it is no library or program at all.
pub(super) fn kind_of(file: &Path) -> Option<LibraryKind> {
    // The two letters with which every file of Windows begins, before more is read.
    let mut begin = [0; 64];
    // From the pipe of a shell (`<(…)`) nothing is taken: what is read here, nobody else gets.
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut opened = std::fs::File::open(file).ok()?;
    let read = opened.read(&mut begin).ok()?;
    if !begin[..read].starts_with(b"MZ") {
        let known = [&b"\x7fELF"[..], b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"];
        return known.iter().any(|known| begin[..read].starts_with(known)).then_some(LibraryKind::Other);
    }
    let mut bytes = begin[..read].to_vec();
    opened.read_to_end(&mut bytes).ok()?;
    Some(of_windows(&bytes))
}

fn of_windows(bytes: &[u8]) -> LibraryKind {
    use LibraryKind::{OtherWindows, Windows};
    if !matches!(FileKind::parse(bytes), Ok(FileKind::Pe32 | FileKind::Pe64)) {
        return OtherWindows("a program for DOS or 16-bit Windows");
    }
    let Ok(parsed) = object::File::parse(bytes) else { return OtherWindows("a damaged file for Windows") };
    match (parsed.architecture(), parsed.kind()) {
        (_, ObjectKind::Executable) => OtherWindows("a program (.exe) for Windows; a handler is a library (.dll)"),
        (Architecture::X86_64, _) => Windows(WindowsKind::X64),
        (Architecture::I386, _) => Windows(WindowsKind::X86),
        (Architecture::Aarch64, _) => OtherWindows("an ARM64 library for Windows; build it for x64"),
        _ => OtherWindows("a library for Windows on another processor; build it for x64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a file of Windows: the processor, the flags of the file, the size and the kind of what follows.
    fn pe(machine: u16, flags: u16, is_64: bool) -> Vec<u8> {
        let mut file = vec![0_u8; 0x40];
        file[..2].copy_from_slice(b"MZ");
        file[0x3c] = 0x40;
        file.extend(b"PE\0\0");
        file.extend(machine.to_le_bytes());
        file.extend([0; 14]);
        let optional = if is_64 { 112_u16 } else { 96 };
        file.extend(optional.to_le_bytes());
        file.extend(flags.to_le_bytes());
        file.extend(if is_64 { 0x20b_u16 } else { 0x10b }.to_le_bytes());
        file.extend(vec![0; usize::from(optional) - 2]);
        file
    }

    #[test]
    fn libraries_of_windows_are_known_by_what_they_are() {
        const DLL: u16 = 0x2000 | 2;
        assert_eq!(of_windows(&pe(0x8664, DLL, true)), LibraryKind::Windows(WindowsKind::X64));
        assert_eq!(of_windows(&pe(0x014c, DLL, false)), LibraryKind::Windows(WindowsKind::X86));
        let what = |file: &[u8]| match of_windows(file) {
            LibraryKind::OtherWindows(what) => what,
            other => panic!("{other:?}"),
        };
        assert!(what(&pe(0xaa64, DLL, true)).contains("ARM64"));
        assert!(what(&pe(0x01c4, DLL, false)).contains("another processor"));
        assert!(what(&pe(0x8664, 2, true)).contains(".exe"));
        assert!(what(b"MZ").contains("DOS"));
    }

    #[test]
    fn what_is_no_library_is_nothing() {
        assert_eq!(kind_of(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))), None);
        assert_eq!(kind_of(Path::new(env!("CARGO_MANIFEST_DIR"))), None);
        assert_eq!(kind_of(Path::new("no such file")), None);
        let own = std::env::current_exe().expect("the test is a program");
        #[cfg(unix)]
        assert_eq!(kind_of(&own), Some(LibraryKind::Other));
        #[cfg(windows)]
        assert!(matches!(kind_of(&own), Some(LibraryKind::OtherWindows(_))));
    }
}
