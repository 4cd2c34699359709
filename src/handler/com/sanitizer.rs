//! Libraries that are compiled for a sanitizer. Its runtime must be in the process before anything else, or it ends the process.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use object::read::{ReadCache, ReadRef};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::json::files;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SanitizerKind {
    Address,
    Thread,
    Memory,
}

impl SanitizerKind {
    const ALL: [Self; 3] = [Self::Address, Self::Thread, Self::Memory];

    fn name(self) -> &'static str {
        match self {
            Self::Address => "AddressSanitizer",
            Self::Thread => "ThreadSanitizer",
            Self::Memory => "MemorySanitizer",
        }
    }

    /// How it is called in the names of files and functions.
    fn short(self) -> &'static str {
        match self {
            Self::Address => "asan",
            Self::Thread => "tsan",
            Self::Memory => "msan",
        }
    }

    /// Starts a process with the runtime.
    fn starting<T>(self, start: impl FnOnce() -> T) -> T {
        if self == Self::Thread { with_fixed_addresses(start) } else { start() }
    }

    /// The variable with its options.
    fn variable(self) -> &'static str {
        match self {
            Self::Address => "ASAN_OPTIONS",
            Self::Thread => "TSAN_OPTIONS",
            Self::Memory => "MSAN_OPTIONS",
        }
    }

    /// The first thing that it finds ends the worker, as a crash does, which makes it a finding. Its signal stack is not ours to
    /// share. What only host code does is no race of the handler's: how the host's threads are ordered is not to be seen.
    fn options(self) -> &'static str {
        match self {
            Self::Address => "abort_on_error=1:halt_on_error=1:detect_leaks=0:use_sigaltstack=0:handle_abort=0",
            Self::Thread => {
                "abort_on_error=1:halt_on_error=1:ignore_noninstrumented_modules=1:report_thread_leaks=0:\
                 die_after_fork=0:use_sigaltstack=0:handle_abort=0"
            }
            Self::Memory => "",
        }
    }
}

/// The sanitizer for which a library is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sanitizer {
    kind: SanitizerKind,
    by_clang: bool,
    /// The runtime that the library names itself.
    needed: Option<String>,
}

/// Why a library that is compiled for a sanitizer cannot be run, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SanitizerError {
    /// It needs a program that is compiled for it as a whole.
    #[error("it is built with {0}, which works only in a program that is built with it as a whole; build it without")]
    Unsupported(&'static str),
    /// The runtime is not there.
    #[error(
        "it is built with {name}, whose runtime is not found on this system; install the one of the compiler, or name it with \
         LD_PRELOAD=PATH"
    )]
    NoRuntime {
        /// The sanitizer.
        name: &'static str,
    },
    /// Not even an empty program runs with it.
    #[error(
        "it is built with {name}, but no program runs on this system with its runtime ({why}); try the other compiler, or an \
         address space that is not random (setarch -R mobsync …), or more of it (ulimit -v)"
    )]
    Broken {
        /// The sanitizer.
        name: &'static str,
        /// What came of an empty program, with each runtime.
        why: String,
    },
    /// This process was started without it.
    #[error(
        "it is built with {name}, whose runtime must be in the process from its beginning: start mobsync with \
         LD_PRELOAD={runtime}, or leave out what keeps the handler in this process"
    )]
    NotHere {
        /// The sanitizer.
        name: &'static str,
        /// The runtime.
        runtime: String,
    },
}

/// What a process needs so that the library can be loaded into it: names and values of variables.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// By what it is seen that a file was changed or replaced: its numbers, its size, and when its content and its inode changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version([u64; 7]);

impl Version {
    fn of(file: &fs::Metadata) -> Self {
        let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()].map(i64::cast_unsigned);
        let [changed, changed_ns, inode_changed, inode_changed_ns] = times;
        Self([file.dev(), file.ino(), file.size(), changed, changed_ns, inode_changed, inode_changed_ns])
    }
}

impl Sanitizer {
    /// The one of that library; none if it has none, or is no library that can be read. Each session asks for it: what was read is
    /// kept for as long as the file stays as it is.
    pub(crate) fn of(library: &Path) -> Option<Self> {
        static KNOWN: Mutex<BTreeMap<PathBuf, (Version, Option<Sanitizer>)>> = Mutex::new(BTreeMap::new());
        let version = Version::of(&library.metadata().ok()?);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known.get(library).filter(|(read, _)| *read == version) {
            return found.clone();
        }
        let found = Self::read(library);
        known.insert(library.to_owned(), (version, found.clone()));
        found
    }

    fn read(library: &Path) -> Option<Self> {
        /// A file of this size is read at once: to read what is looked at takes some hundred calls of the system.
        const SMALL: u64 = 1 << 20;
        let mut file = files::open(library).ok()?;
        if file.metadata().is_ok_and(|metadata| metadata.len() <= SMALL) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).ok()?;
            return Self::of_file(&object::File::parse(&*bytes).ok()?);
        }
        Self::of_file(&object::File::parse(&ReadCache::new(file)).ok()?)
    }

    /// The one of the library that was opened.
    pub(super) fn of_file<'a, R: ReadRef<'a>>(file: &object::File<'a, R>) -> Option<Self> {
        let wanted = |symbol: object::Symbol<'a, '_, R>| {
            let name = symbol.name().ok().filter(|_| symbol.is_undefined())?;
            SanitizerKind::ALL
                .into_iter()
                .find(|kind| name.strip_prefix("__").is_some_and(|name| name.starts_with(kind.short())))
        };
        let kind = file.dynamic_symbols().find_map(wanted)?;
        let comment = file.section_by_name(".comment").and_then(|section| section.data().ok().map(<[u8]>::to_vec));
        let by_clang = comment.is_some_and(|comment| String::from_utf8_lossy(&comment).contains("clang"));
        let strings = file.section_by_name(".dynstr").and_then(|section| section.data().ok().map(<[u8]>::to_vec));
        let strings = strings.unwrap_or_default();
        let named = strings.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let needed = named.into_iter().find(|name| name.contains(kind.short()) && name.contains(".so")).map(Into::into);
        Some(Self { kind, by_clang, needed })
    }

    /// Whether the runtime is in this process.
    pub(crate) fn is_here(&self) -> bool {
        let own = super::mapped_files().unwrap_or_default();
        own.lines().any(|line| is_runtime(line.rsplit('/').next().unwrap_or_default(), self.kind.short()))
    }

    /// What is said where it is not.
    pub(crate) fn not_here(&self) -> SanitizerError {
        let runtime = self.candidates().into_iter().next();
        let runtime = runtime.map_or_else(|| "PATH".to_owned(), |path| path.display().to_string());
        SanitizerError::NotHere { name: self.kind.name(), runtime }
    }

    /// Starts a process into which the library can be loaded, on this thread.
    pub(crate) fn starting<T>(&self, start: impl FnOnce() -> T) -> T {
        self.kind.starting(start)
    }

    /// The environment of a process into which the library can be loaded.
    ///
    /// # Errors
    /// When there is none on this system.
    pub(crate) fn environment(&self) -> Result<Environment, SanitizerError> {
        let name = self.kind.name();
        if self.kind == SanitizerKind::Memory {
            return Err(SanitizerError::Unsupported(name));
        }
        let given = |variable: &str| std::env::var(variable).ok().filter(|value| !value.is_empty());
        let preloaded = given("LD_PRELOAD");
        let options = [Some(self.kind.options().to_owned()), given(self.kind.variable())];
        let options = (self.kind.variable(), options.into_iter().flatten().collect::<Vec<_>>().join(":"));
        // Whoever preloads one knows which.
        if preloaded
            .as_ref()
            .is_some_and(|names| names.split([':', ' ']).any(|name| is_runtime(name, self.kind.short())))
        {
            return Ok(vec![options]);
        }
        let mut broken = Vec::new();
        for runtime in self.candidates() {
            match tried(&runtime, self.kind) {
                Ok(()) => {
                    let names = [Some(runtime.display().to_string()), preloaded];
                    return Ok(vec![
                        ("LD_PRELOAD", names.into_iter().flatten().collect::<Vec<_>>().join(":")),
                        options,
                    ]);
                }
                Err(why) => broken.push(why),
            }
        }
        match broken.is_empty() {
            true => Err(SanitizerError::NoRuntime { name }),
            false => Err(SanitizerError::Broken { name, why: broken.join("; ") }),
        }
    }

    /// The runtimes on this system, the likeliest first. Those of both compilers understand each other's libraries.
    fn candidates(&self) -> Vec<PathBuf> {
        let short = self.kind.short();
        let machine = std::env::consts::ARCH;
        let mut of_gcc = Vec::new();
        let mut of_clang = Vec::new();
        for folder in ["/lib", "/usr/lib", "/usr/lib64", "/usr/local/lib"].map(Path::new) {
            for folder in [folder.to_owned(), folder.join(format!("{machine}-linux-gnu"))] {
                of_gcc.extend(entries(&folder).into_iter().filter(|path| begins(path, &format!("lib{short}.so."))));
            }
            let versions =
                entries(folder).into_iter().filter(|path| begins(path, "llvm")).map(|path| path.join("lib/clang"));
            for version in versions.chain([folder.join("clang")]).flat_map(|folder| entries(&folder)) {
                let places = entries(&version.join("lib")).into_iter().flat_map(|folder| entries(&folder));
                of_clang.extend(places.filter(|path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    name == format!("libclang_rt.{short}-{machine}.so")
                        || (name == format!("libclang_rt.{short}.so") && path.to_string_lossy().contains(machine))
                }));
            }
        }
        // The newest first.
        of_gcc.reverse();
        of_clang.reverse();
        let all = if self.by_clang { [of_clang, of_gcc] } else { [of_gcc, of_clang] };
        let mut all: Vec<PathBuf> = all.into_iter().flatten().collect();
        if let Some(needed) = &self.needed {
            // The system's loader would not take another one for it.
            all.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy() == *needed));
        }
        // Some are there by several names.
        let mut seen = Vec::new();
        all.retain(|path| {
            let place = path.canonicalize().unwrap_or_else(|_| path.clone());
            let new = !seen.contains(&place);
            seen.push(place);
            new
        });
        all
    }
}

impl fmt::Display for Sanitizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())
    }
}

/// What is in a folder, in the order of the names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn begins(path: &Path, with: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
}

/// Whether a file is a sanitizer's runtime, by its name.
fn is_runtime(file: &str, short: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.starts_with(&format!("lib{short}.so")) || name.starts_with(&format!("libclang_rt.{short}"))
}

/// Whether a file is the runtime of any sanitizer: its functions are not the handler's.
pub(crate) fn is_any_runtime(file: &str) -> bool {
    SanitizerKind::ALL.into_iter().any(|kind| is_runtime(file, kind.short()))
}

/// Starts a process whose addresses are not random: where the system makes them as random as it can, ThreadSanitizer's runtime
/// finds its own places taken, and ends the process.
fn with_fixed_addresses<T>(start: impl FnOnce() -> T) -> T {
    use nix::sys::personality::{self, Persona};
    // It is a property of this thread, and of the processes that it starts.
    let before = personality::get().ok();
    if let Some(before) = before {
        let _ = personality::set(before | Persona::ADDR_NO_RANDOMIZE);
    }
    let started = start();
    if let Some(before) = before {
        let _ = personality::set(before);
    }
    started
}

/// Whether an empty program runs with that runtime: some do not on some systems, and every handler would seem to crash.
fn tried(runtime: &Path, kind: SanitizerKind) -> Result<(), String> {
    static TRIED: Mutex<Vec<(PathBuf, Result<(), String>)>> = Mutex::new(Vec::new());
    let mut known = TRIED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, outcome)) = known.iter().find(|(path, _)| path == runtime) {
        return outcome.clone();
    }
    let mut command = Command::new("/bin/true");
    command.env("LD_PRELOAD", runtime).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let outcome = match kind.starting(|| command.status()) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", runtime.display())),
        Err(error) => Err(format!("{}: {error}", runtime.display())),
    };
    known.push((runtime.to_owned(), outcome.clone()));
    outcome
}

/// What a sanitizer said in a few words, in what a process wrote: `AddressSanitizer: heap-use-after-free a.cpp:7 in Next`.
pub(crate) fn summary(output: &str) -> Option<&str> {
    let names = SanitizerKind::ALL.map(|kind| format!("SUMMARY: {}: ", kind.name()));
    let is_summary = |line: &&str| names.iter().any(|name| line.starts_with(name.as_str()));
    output.lines().find(is_summary)?.strip_prefix("SUMMARY: ")
}
