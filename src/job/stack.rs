//! A handler's stack in words.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::protocol::Text;

/// Functions that are not the handler's: the host's own, Rust's, and what begins threads and signals.
const NOT_THE_HANDLERS: [&str; 14] = [
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
    // Where the system lists what is mapped, the host's own functions are known by their file.
    match std::fs::read_to_string("/proc/self/maps") {
        Ok(maps) => of_maps(addresses, &maps),
        Err(_) => resolved(addresses),
    }
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
/// files are read, and nothing of them is run.
pub(super) fn of_maps(addresses: &[usize], maps: &str) -> Vec<Text> {
    let mapped: Vec<Mapped<'_>> = maps.lines().filter_map(Mapped::parse).collect();
    let mut loaders: BTreeMap<&str, Option<addr2line::Loader>> = BTreeMap::new();
    let own = std::env::current_exe().ok();
    let mut lines = Vec::new();
    for address in addresses {
        // What lies in no file is the system's: the way back from a signal, the end of the stack.
        let Some(place) = mapped.iter().find(|mapped| (mapped.from..mapped.to).contains(address)) else { continue };
        if own.as_deref() == Some(Path::new(place.file)) {
            continue;
        }
        let within = (address - place.from + place.offset) as u64;
        let loader = loaders.entry(place.file).or_insert_with(|| load(Path::new(place.file)));
        let before = lines.len();
        let mut known = false;
        if let Some(loader) = loader {
            // The address is where the call returns to, one behind it.
            if let Ok(mut frames) = loader.find_frames(within.saturating_sub(1)) {
                while let Ok(Some(frame)) = frames.next() {
                    let Some(function) = &frame.function else { continue };
                    let Ok(name) = function.demangle() else { continue };
                    known = true;
                    let (file, number) = frame.location.map_or((None, None), |place| (place.file, place.line));
                    lines.extend(line(&name, file.map(Path::new), number));
                }
            }
            if !known && let Some(symbol) = loader.find_symbol(within) {
                known = true;
                let name = addr2line::demangle_auto(symbol.into(), None);
                lines.extend(line(&name, Some(Path::new(place.file)), None));
            }
        }
        // The C library's own functions without a name say nothing.
        let of_system = place.file.contains("/libc.so") || place.file.contains("/libc-") || place.file.contains("/ld-");
        if !known && !of_system && lines.len() == before {
            lines.push(Text::from(format!("{within:#x} at {}", place.file).as_str()));
        }
    }
    lines
}

/// The file with what it says of its functions. The list of mapped files may be the handler's own invention: a pipe or a device
/// would never be read to its end.
fn load(file: &Path) -> Option<addr2line::Loader> {
    let is_file = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    is_file.then(|| addr2line::Loader::new(file).ok()).flatten()
}

/// Whether a process that is gone ended because an exception, of the handler's language, came out of a method: then this
/// program's own function for that is on the stack, and the handler's are not any more.
pub(super) fn has_foreign_exception(addresses: &[usize], maps: &str) -> bool {
    let Ok(own) = std::env::current_exe() else { return false };
    let Ok(own_maps) = std::fs::read_to_string("/proc/self/maps") else { return false };
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

/// A line of the list of mapped files.
struct Mapped<'a> {
    from: usize,
    to: usize,
    offset: usize,
    file: &'a str,
}

impl<'a> Mapped<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let offset = words.nth(1)?;
        let file = line.get(line.find('/')?..)?;
        let hex = |word| usize::from_str_radix(word, 16).ok();
        Some(Self { from: hex(from)?, to: hex(to)?, offset: hex(offset)?, file })
    }
}
