//! A handler's stack in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::pdb::{Function, Pdb};
use crate::handler::com::mapped_files;
use crate::protocol::Text;

/// Functions that are not the handler's: the host's own, Rust's, and what begins threads and signals.
const NOT_THE_HANDLERS: [&str; 16] = [
    "mobsync::",
    "<mobsync::",
    "backtrace::",
    "std::",
    "<std::",
    "core::",
    "<core::",
    "alloc::",
    "<alloc::",
    "__rust",
    "__restore_rt",
    "start_thread",
    "clone",
    "__clone",
    "BaseThreadInitThunk",
    "RtlUserThreadStart",
];

/// One function, with its place where that is known.
fn line(function: &str, file: Option<&Path>, line: Option<u32>) -> Option<Text> {
    let name = function.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16).map_or(function, |(name, _)| name);
    if NOT_THE_HANDLERS.iter().any(|begin| name.starts_with(begin)) {
        return None;
    }
    let mut text = name.to_owned();
    if let Some(file) = file {
        // Writing to a String cannot fail.
        let _ = write!(text, " at {}", file.display());
        if let Some(line) = line {
            let _ = write!(text, ":{line}");
        }
    }
    Some(Text::from(text.as_str()))
}

/// The current thread's stack, without the host's own functions.
pub(super) fn here() -> Vec<Text> {
    of_this_process(&addresses_here())
}

/// The return addresses on the current thread's stack, the innermost first.
pub(super) fn addresses_here() -> Vec<usize> {
    let mut addresses = Vec::new();
    backtrace::trace(|frame| {
        addresses.push(frame.ip().addr());
        addresses.len() < 64
    });
    addresses
}

/// The functions at these addresses of this process.
pub(super) fn of_this_process(addresses: &[usize]) -> Vec<Text> {
    Files::default().of_this_process(&[addresses]).pop().unwrap_or_default()
}

fn resolved(addresses: &[usize]) -> Vec<Text> {
    let mut lines = Vec::new();
    for address in addresses {
        let address = std::ptr::without_provenance_mut(*address);
        let mut known = false;
        backtrace::resolve(address, |symbol| {
            known = true;
            let name = symbol.name().map_or_else(|| "?".to_owned(), |name| name.to_string());
            lines.extend(line(&name, symbol.filename(), symbol.lineno()));
        });
        if !known {
            lines.push(Text::from(format!("{address:?}").as_str()));
        }
    }
    lines
}

/// The functions at these addresses of a process that is gone; `maps` is its list of mapped files as Linux writes it. The
/// files are read, and nothing of them is run. `own` is the program whose functions are not the handler's.
pub(super) fn of_maps(addresses: &[usize], maps: &str, own: Option<&Path>) -> Vec<Text> {
    let mapped: Vec<Mapped<'_>> = maps.lines().filter_map(Mapped::parse).collect();
    Files::default().functions(&[addresses], &mapped, own).pop().unwrap_or_default()
}

/// What mapped files say of their functions. A file is read once, which takes most of the time.
#[derive(Default)]
pub(super) struct Files {
    loaders: BTreeMap<String, Option<addr2line::Loader>>,
    /// Of the libraries for Windows that say nothing themselves.
    pdbs: BTreeMap<String, Option<Pdb>>,
}

/// The functions of each file at addresses that count from its beginning, by its PDB.
type ByPdb = BTreeMap<String, BTreeMap<u64, Vec<Function>>>;

impl Files {
    /// The functions of these stacks of this process.
    pub(super) fn of_this_process(&mut self, stacks: &[&[usize]]) -> Vec<Vec<Text>> {
        // Where the system lists what is mapped, the host's own functions are known by their file.
        let Some(maps) = mapped_files() else {
            return stacks.iter().map(|addresses| resolved(addresses)).collect();
        };
        let own = std::env::current_exe().ok();
        let mapped: Vec<Mapped<'_>> = maps.lines().filter_map(Mapped::parse).collect();
        self.functions(stacks, &mapped, own.as_deref())
    }

    fn functions(&mut self, stacks: &[&[usize]], mapped: &[Mapped<'_>], own: Option<&Path>) -> Vec<Vec<Text>> {
        let by_pdb = self.by_pdb(stacks, mapped);
        stacks.iter().map(|addresses| self.functions_of(addresses, mapped, own, &by_pdb)).collect()
    }

    /// What the PDBs of libraries for Windows say. All is asked at once: to get ready for it takes most of the time.
    fn by_pdb(&mut self, stacks: &[&[usize]], mapped: &[Mapped<'_>]) -> ByPdb {
        let mut asked: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for address in stacks.iter().copied().flatten() {
            if let Some(place) = Mapped::of(mapped, *address).filter(|place| !is_of_windows(place.file)) {
                asked.entry(place.file).or_default().insert(place.within(*address));
            }
        }
        let functions = |(file, addresses): (&str, BTreeSet<u64>)| {
            let pdb = self.pdbs.entry(file.to_owned()).or_insert_with(|| Pdb::of(Path::new(file)));
            // The address is where the call returns to, one behind it.
            let behind: Vec<u32> = addresses.iter().map(|within| within.saturating_sub(1) as u32).collect();
            let found = pdb.as_ref()?.functions(&behind);
            Some((file.to_owned(), addresses.into_iter().zip(found).collect()))
        };
        asked.into_iter().filter_map(functions).collect()
    }

    fn functions_of(
        &mut self,
        addresses: &[usize],
        mapped: &[Mapped<'_>],
        own: Option<&Path>,
        by_pdb: &ByPdb,
    ) -> Vec<Text> {
        let mut lines = Vec::new();
        for address in addresses {
            // What lies in no file is the system's: the way back from a signal, the end of the stack.
            let Some(place) = Mapped::of(mapped, *address) else { continue };
            if own == Some(Path::new(place.file)) || is_of_sanitizer(place.file) {
                continue;
            }
            let within = place.within(*address);
            let of_pdb = by_pdb.get(place.file).and_then(|of_file| of_file.get(&within)).map_or(&[][..], Vec::as_slice);
            let line_of = |found: &Function| line(&found.name, found.file.as_deref().map(Path::new), found.line);
            if of_pdb.iter().any(|found| found.line.is_some()) {
                lines.extend(of_pdb.iter().filter_map(line_of));
                continue;
            }
            let loader = self.loaders.entry(place.file.to_owned()).or_insert_with(|| load(Path::new(place.file)));
            if is_of_windows(place.file) {
                // Where Wine's own source lies is nobody's business here: the name of the library is enough.
                let name =
                    loader.as_ref().and_then(|loader| loader.find_symbol(within + loader.relative_address_base()));
                let library = place.file.rsplit('\\').next().map(Path::new);
                lines.extend(name.and_then(|name| line(undecorated(name), library, None)));
                continue;
            }
            let before = lines.len();
            let mut known = false;
            if let Some(loader) = loader {
                // In a library of Windows all addresses count from where it wants to lie.
                let within = within + loader.relative_address_base();
                // The address is where the call returns to, one behind it.
                if let Ok(mut frames) = loader.find_frames(within.saturating_sub(1)) {
                    while let Ok(Some(frame)) = frames.next() {
                        let Some(function) = &frame.function else { continue };
                        let Ok(name) = function.raw_name() else { continue };
                        let name = addr2line::demangle_auto(undecorated(&name).into(), function.language);
                        known = true;
                        let (file, number) = frame.location.map_or((None, None), |place| (place.file, place.line));
                        lines.extend(line(&name, file.map(Path::new), number));
                    }
                }
                if !known && !of_pdb.is_empty() {
                    known = true;
                    lines.extend(of_pdb.iter().filter_map(line_of));
                }
                if !known && let Some(symbol) = loader.find_symbol(within) {
                    known = true;
                    let name = addr2line::demangle_auto(undecorated(symbol).into(), None);
                    lines.extend(line(&name, Some(Path::new(place.file)), None));
                }
            }
            // The system's own functions without a name say nothing.
            let of_system =
                place.file.contains("/libc.so") || place.file.contains("/libc-") || place.file.contains("/ld-");
            if !known && !of_system && lines.len() == before {
                lines.push(Text::from(format!("{within:#x} at {}", place.file).as_str()));
            }
        }
        lines
    }
}

/// The name of a function without what a compiler for 32-bit Windows adds: the size of the arguments, and a sign in front.
fn undecorated(name: &str) -> &str {
    let is_size = |size: &str| !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once('@') {
        Some((function, size)) if is_size(size) && !function.is_empty() => match function.strip_prefix(['_', '@']) {
            // A name of C++ begins with _Z.
            Some(rest) if !rest.is_empty() && !rest.starts_with('Z') => rest,
            _ => function,
        },
        _ => name,
    }
}

/// What a sanitizer does to report a mistake is not where the mistake is.
fn is_of_sanitizer(file: &str) -> bool {
    #[cfg(target_os = "linux")]
    return crate::handler::com::is_any_runtime(file);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}

/// The file with what it says of its functions. The list of mapped files may be the handler's own invention: a pipe or a device
/// would never be read to its end.
fn load(file: &Path) -> Option<addr2line::Loader> {
    let is_file = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    is_file.then(|| addr2line::Loader::new(file).ok()).flatten()
}

/// Those of the addresses of this process that lie in one of these files.
#[cfg_attr(
    not(any(target_os = "linux", windows)),
    allow(dead_code, reason = "other systems say other things of threads, or nothing")
)]
pub(super) fn within(addresses: &[usize], files: &[PathBuf]) -> Vec<usize> {
    let maps = mapped_files().unwrap_or_default();
    let of_files = |mapped: &Mapped<'_>| files.iter().any(|file| is_same_path(file, mapped.file));
    let mapped: Vec<Mapped<'_>> = maps.lines().filter_map(Mapped::parse).filter(of_files).collect();
    let lies = |address: &&usize| mapped.iter().any(|mapped| (mapped.from..mapped.to).contains(address));
    addresses.iter().filter(lies).copied().collect()
}

/// Whether both name the same file. On Windows a name is the same in capitals and in small letters.
fn is_same_path(file: &Path, other: &str) -> bool {
    if cfg!(windows) { file.to_string_lossy().eq_ignore_ascii_case(other) } else { file == Path::new(other) }
}

/// Whether a process that is gone ended because an exception, of the handler's language, came out of a method: then this
/// program's own function for that is on the stack, and the handler's are not any more.
#[cfg(any(unix, windows))]
pub(super) fn has_foreign_exception(addresses: &[usize], maps: &str) -> bool {
    let Ok(own) = std::env::current_exe() else { return false };
    let file_of = |address: &usize| maps.lines().filter_map(Mapped::parse).find(|m| (m.from..m.to).contains(address));
    let is_handlers = |mapped: Mapped<'_>| {
        own != Path::new(mapped.file) && !mapped.file.contains("/libc.so") && !mapped.file.contains("/ld-")
    };
    if addresses.iter().filter_map(file_of).any(is_handlers) {
        // The handler aborted by itself. To look further takes long.
        return false;
    }
    let Some(own_maps) = mapped_files() else { return false };
    let of_own = |maps: &'_ str| -> Vec<(usize, usize, usize)> {
        let mapped = maps.lines().filter_map(Mapped::parse).filter(|mapped| own == Path::new(mapped.file));
        mapped.map(|mapped| (mapped.from, mapped.to, mapped.offset)).collect()
    };
    let (there, here) = (of_own(maps), of_own(&own_maps));
    addresses.iter().any(|address| {
        let Some((from, _, offset)) = there.iter().find(|(from, to, _)| (*from..*to).contains(address)) else {
            return false;
        };
        // The same place of the same file, as this process has it.
        let place = address - from + offset;
        let within = |(from, to, offset): &&(usize, usize, usize)| (*offset..offset + (to - from)).contains(&place);
        let Some((from, _, offset)) = here.iter().find(within) else { return false };
        let mut found = false;
        backtrace::resolve(std::ptr::without_provenance_mut(place - offset + from), |symbol| {
            found |= symbol.name().is_some_and(|name| name.to_string().contains("rust_foreign_exception"));
        });
        found
    })
}

/// Whether all of these addresses of this process lie in Windows' own libraries.
#[cfg(windows)]
pub(super) fn are_of_windows(addresses: &[usize]) -> bool {
    let maps = mapped_files().unwrap_or_default();
    let mapped: Vec<Mapped<'_>> = maps.lines().filter_map(Mapped::parse).collect();
    addresses.iter().all(|address| Mapped::of(&mapped, *address).is_some_and(|place| is_of_windows(place.file)))
}

/// Whether a file is one of Windows' own libraries.
fn is_of_windows(file: &str) -> bool {
    file.get(1..11).is_some_and(|begin| begin.eq_ignore_ascii_case(":\\windows\\"))
}

/// The list of mapped files of a worker under Wine, with the paths that Linux has for them. Wine's own libraries keep theirs.
#[cfg(unix)]
pub(super) fn maps_of_wine(maps: &str) -> String {
    let path = |line: &str| match line.split_once(" Z:\\") {
        Some((begin, path)) => format!("{begin} /{}\n", path.replace('\\', "/")),
        None => format!("{line}\n"),
    };
    maps.lines().map(path).collect()
}

/// The paths are those of this system already.
#[cfg(windows)]
pub(super) fn maps_of_wine(maps: &str) -> String {
    maps.to_owned()
}

/// A line of the list of mapped files.
struct Mapped<'a> {
    from: usize,
    to: usize,
    offset: usize,
    file: &'a str,
}

impl<'a> Mapped<'a> {
    /// The one in which an address lies.
    fn of(all: &[Self], address: usize) -> Option<&Self> {
        all.iter().find(|mapped| (mapped.from..mapped.to).contains(&address))
    }

    /// An address in the file.
    fn within(&self, address: usize) -> u64 {
        (address - self.from + self.offset) as u64
    }

    fn parse(line: &'a str) -> Option<Self> {
        let mut rest = line;
        let mut word = || {
            let (word, behind) = rest.trim_start().split_once(' ')?;
            rest = behind;
            Some(word)
        };
        let (from, to) = word()?.split_once('-')?;
        let (_permissions, offset, _device, _number) = (word()?, word()?, word()?, word()?);
        // What is no file stands in brackets, or has no name.
        let is_path = |file: &&str| file.starts_with('/') || file.get(1..3) == Some(":\\");
        let file = Some(rest.trim()).filter(is_path)?;
        let hex = |word| usize::from_str_radix(word, 16).ok();
        Some(Self { from: hex(from)?, to: hex(to)?, offset: hex(offset)?, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mapped_files_is_read_with_paths_of_either_system() {
        let of = |line| Mapped::parse(line).map(|mapped| (mapped.from, mapped.to, mapped.offset, mapped.file));
        assert_eq!(of("1000-2000 r-xp 00000010 08:01 77     /a b/c.so"), Some((0x1000, 0x2000, 0x10, "/a b/c.so")));
        assert_eq!(of("1000-2000 r-xp 0 00:00 0 Z:\\a b\\c.dll"), Some((0x1000, 0x2000, 0, "Z:\\a b\\c.dll")));
        assert_eq!(of("1000-2000 rw-p 00000000 00:00 0      [stack]"), None);
        assert_eq!(of("1000-2000 rw-p 00000000 00:00 0 "), None);
        assert!(is_of_windows("C:\\windows\\system32\\ntdll.dll") && !is_of_windows("/c/windows/x"));
    }

    #[test]
    fn what_compilers_for_32_bits_add_to_a_name_is_left_out() {
        let names = [
            ("DllGetClassObject@12", "DllGetClassObject"),
            ("_WaitForMultipleObjects@16", "WaitForMultipleObjects"),
            ("@BaseThreadInitThunk@12", "BaseThreadInitThunk"),
            ("_ZN5CDesk11SynchronizeEP6HWND__@8", "_ZN5CDesk11SynchronizeEP6HWND__"),
            ("_start", "_start"),
            ("memcpy@GLIBC_2.14", "memcpy@GLIBC_2.14"),
            ("operator@", "operator@"),
            ("@8", "@8"),
        ];
        for (name, plain) in names {
            assert_eq!(undecorated(name), plain, "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn paths_of_wine_become_those_of_linux() {
        let maps = "10-20 r-xp 0 00:00 0 Z:\\home\\a b\\c.dll\n20-30 r-xp 0 00:00 0 C:\\windows\\x.dll\n";
        let linux = "10-20 r-xp 0 00:00 0 /home/a b/c.dll\n20-30 r-xp 0 00:00 0 C:\\windows\\x.dll\n";
        assert_eq!(maps_of_wine(maps), linux);
    }
}
