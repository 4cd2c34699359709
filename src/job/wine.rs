//! Windows libraries on other systems: their sessions run in `mobsync.exe worker` under Wine.
//!
//! Wine keeps what it calls a prefix: a folder with a drive C: and a registry. mobsync has one of its own, in the user's cache
//! folder. Wine's server runs outside of every worker, so that it lives on from session to session, and ends when nobody has
//! needed it for a while.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::native::{WindowsKind, exe_of_kind};
use super::wine_prefix::Imported;
use crate::handler::children::{self, that_stays};
use crate::protocol::plain_path;

/// The variable that names Wine's program.
pub const WINE: &str = "MOBSYNC_WINE";

/// The variable that names `mobsync.exe`.
pub const EXE: &str = "MOBSYNC_EXE";

/// How long Wine's server goes on when nobody needs it, in seconds.
const IDLE_S: u64 = 15;

/// The file in a prefix of mobsync's own that says that it is ready.
pub(super) const READY: &str = "mobsync-ready";

/// The file in it that is new for as long as the server has been seen lately, by whichever mobsync.
const WARM: &str = "mobsync-warm";

/// What is to be known of Wine, where it is not looked for.
#[derive(Clone, Debug, Default)]
pub struct WineOptions {
    /// Wine's program.
    pub wine: Option<PathBuf>,
    /// `mobsync.exe`.
    pub exe: Option<PathBuf>,
    /// The prefix to use as it is, in place of mobsync's own.
    pub prefix: Option<PathBuf>,
    /// A file for the registry (`.reg`): sessions run in a copy of the prefix, into which it is imported.
    pub registry: Option<PathBuf>,
}

impl WineOptions {
    /// Those that were given, as on the command line.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [
            ("--wine", &self.wine),
            ("--mobsync-exe", &self.exe),
            ("--wine-prefix", &self.prefix),
            ("--registry", &self.registry),
        ];
        all.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)))
    }
}

static OPTIONS: OnceLock<WineOptions> = OnceLock::new();

/// From now on Wine is used so. Only the first call has an effect.
pub fn use_wine(options: WineOptions) {
    let _ = OPTIONS.set(options);
}

/// How Wine is used.
pub fn wine_used() -> &'static WineOptions {
    OPTIONS.get_or_init(WineOptions::default)
}

/// What is missing, in lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Missing(pub(super) Vec<String>);

/// Looks whether there is what the sessions of a Windows library of that kind need.
pub(super) fn look(kind: WindowsKind) -> Result<(), Missing> {
    found(kind).map(|_| ())
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Wine {
    pub(super) program: PathBuf,
    pub(super) server: Option<PathBuf>,
    pub(super) exe: PathBuf,
    pub(super) prefix: PathBuf,
    /// The prefix is mobsync's own.
    pub(super) own: bool,
    pub(super) kind: WindowsKind,
    /// The prefix is a copy of another one.
    pub(super) imported: Option<Imported>,
}

/// Where everything is that libraries of that kind need. It is looked for once.
pub(super) fn found(kind: WindowsKind) -> Result<&'static Wine, Missing> {
    static X64: OnceLock<Result<Wine, Missing>> = OnceLock::new();
    static X86: OnceLock<Result<Wine, Missing>> = OnceLock::new();
    let found = match kind {
        WindowsKind::X64 => &X64,
        WindowsKind::X86 => &X86,
    };
    found.get_or_init(|| find(wine_used(), kind)).as_ref().map_err(Clone::clone)
}

fn find(options: &WineOptions, kind: WindowsKind) -> Result<Wine, Missing> {
    let given = |option: &Option<PathBuf>, variable: &str| {
        option.clone().or_else(|| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from))
    };
    let program = match given(&options.wine, WINE) {
        Some(named) => {
            on_path(&named).ok_or_else(|| format!("{} (--wine or {WINE}) is not a program", plain_path(&named)))
        }
        None => WINES.iter().find_map(|name| on_path(Path::new(name))).ok_or_else(|| {
            let install = match cfg!(target_os = "macos") {
                true => "brew install --cask wine-stable",
                false => "on Debian and Ubuntu: apt-get install wine64",
            };
            format!("not found; install it ({install}), or name its program in {WINE}")
        }),
    };
    let exe = match given(&options.exe, EXE) {
        Some(named) => {
            let exe = exe_of_kind(&named, kind);
            let option = if kind == WindowsKind::X86 { "; scripts/windows --x86 builds it" } else { "" };
            let why = || format!("{} (--mobsync-exe or {EXE}): no such file{option}", plain_path(&exe));
            if exe.is_file() { Ok(exe) } else { Err(why()) }
        }
        None => exes_beside_program().map(|exe| exe_of_kind(&exe, kind)).find(|exe| exe.is_file()).ok_or_else(|| {
            let option = if kind == WindowsKind::X86 { " --x86" } else { "" };
            format!("not found beside mobsync; build it with scripts/windows{option}, or name it in {EXE}")
        }),
    };
    // One that was made while Wine had no part for 32 bits never gets it.
    let folder = if kind == WindowsKind::X86 { "wine-x86" } else { "wine" };
    let prefix = match &options.prefix {
        Some(named) if named.join("system.reg").is_file() => Ok((absolute(named), false)),
        Some(named) => Err(format!("{} (--wine-prefix) is not a Wine prefix", plain_path(named))),
        None => cache_folder()
            .map(|cache| (cache.join(folder), true))
            .ok_or_else(|| "no place for it: set HOME or XDG_CACHE_HOME, or give --wine-prefix".to_owned()),
    };
    match (program, exe, prefix) {
        (Ok(program), Ok(exe), Ok((prefix, own))) => {
            let exe = exe.canonicalize().unwrap_or(exe);
            let wine = Wine { server: server_of(&program), program, exe, prefix, own, kind, imported: None };
            match &options.registry {
                Some(registry) => wine.with_registry(registry),
                None => Ok(wine),
            }
        }
        (program, exe, prefix) => {
            let said = |what: &str, found: Result<PathBuf, String>| match found {
                Ok(path) => format!("  {what}: {}", plain_path(&path)),
                Err(why) => format!("  {what}: {why}"),
            };
            let of_kind = if kind == WindowsKind::X86 { " for x86" } else { "" };
            let mut lines = vec![format!(
                "a library for Windows{of_kind} runs here by Wine and mobsync.exe{of_kind} (docs/windows.md):"
            )];
            lines.push(said("Wine", program));
            lines.push(said(&format!("mobsync.exe{of_kind}"), exe));
            lines.extend(prefix.err().map(|why| format!("  Wine's folder: {why}")));
            Err(Missing(lines))
        }
    }
}

/// What is said when no program of 32 bits runs.
const INSTALL_32_BITS: &str = "\n  Wine needs its part for 32 bits; on Debian and Ubuntu this installs it:\n  \
    dpkg --add-architecture i386 && apt-get update && apt-get install wine32:i386";

/// Under which names Wine is installed.
const WINES: [&str; 5] = [
    "wine",
    "wine64",
    "/usr/lib/wine/wine64",
    "/opt/wine-stable/bin/wine",
    "/Applications/Wine Stable.app/Contents/Resources/wine/bin/wine",
];

/// The program of that name or path.
fn on_path(name: &Path) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
    if name.components().count() > 1 {
        return Some(absolute(name)).filter(is_program);
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| absolute(&folder.join(name))).find(is_program)
}

/// Runs a command to its end, as a child that this process has started, and not adopted.
fn status_of(command: &mut Command) -> io::Result<ExitStatus> {
    let mut child = children::start(command)?;
    let status = child.wait();
    children::is_gone(child.id());
    status
}

/// All that was written into a file.
fn text_of(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Wine's server, which lies beside its program.
fn server_of(program: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("WINESERVER").map(PathBuf::from);
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let beside = [program, &real].map(|program| program.with_file_name("wineserver"));
    named.into_iter().chain(beside).find(|server| server.is_file()).or_else(|| on_path(Path::new("wineserver")))
}

/// Where `mobsync.exe` may be: beside this program, or in the folder `windows` there, or in one beside that folder, as Cargo's is.
fn exes_beside_program() -> impl Iterator<Item = PathBuf> {
    let folder = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let places = folder.map(|folder| [folder.clone(), folder.join("windows"), folder.join("../windows")]);
    places.into_iter().flatten().map(|place| place.join("mobsync.exe"))
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// mobsync's folder for what it can make again.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let named = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(caches))).map(|cache| cache.join("mobsync"))
}

impl Wine {
    /// The environment of what runs under Wine.
    fn variables(&self) -> [(&'static str, OsString); 4] {
        [
            ("WINEPREFIX", self.prefix.clone().into()),
            ("WINEDEBUG", "-all".into()),
            // Nothing of these is needed: no entries in menus, no .NET, no HTML.
            ("WINEDLLOVERRIDES", "winemenubuilder.exe=d;mscoree=;mshtml=".into()),
            ("WINEARCH", "win64".into()),
        ]
    }

    /// Gives a command the environment of what runs under Wine.
    pub(super) fn give_environment(&self, command: &mut Command) {
        command.envs(self.variables());
        if self.own {
            // Windows of a handler are on no screen: the prefix says so, and Wine looks for none.
            command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        }
    }

    /// A program of Wine's. It and what it leaves running are no worker's.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        self.give_environment(&mut command);
        // Where this process adopts what others leave behind, the server and the services are its children, and no handler's.
        let (name, value) = that_stays();
        command.env(name, value);
        command
    }

    /// Runs a program of Wine's to its end.
    pub(super) fn run(&self, program: &Path, words: &[&str]) -> io::Result<bool> {
        status_of(self.command(program).args(words)).map(|status| status.success())
    }

    /// Makes the prefix, if that was not done, and starts what lives on from session to session.
    pub(super) fn warm_up(&self) -> io::Result<()> {
        match &self.imported {
            Some(imported) => self.copy_once(imported)?,
            None if self.own => self.make_once()?,
            None => {}
        }
        self.serve()?;
        // The first program under a server starts Wine's services, which are to be no worker's.
        self.say_version()
    }

    /// Whether another mobsync has seen the server in that time, with Wine's services. A prefix of the user's is left as it is, and a
    /// copy belongs to one run.
    pub(super) fn is_warm(&self, lately: Duration) -> bool {
        let changed = self.prefix.join(WARM).metadata().and_then(|found| found.modified());
        // A time that is still to come says nothing.
        let since = changed.ok().and_then(|changed| changed.elapsed().ok());
        self.own && self.imported.is_none() && since.is_some_and(|since| since < lately)
    }

    /// The server was seen now.
    pub(super) fn stays_warm(&self) {
        if self.own && self.imported.is_none() {
            // Whoever cannot write there looks for himself each time.
            let _ = fs::write(self.prefix.join(WARM), ".");
        }
    }

    /// Makes mobsync's own prefix, if that was not done.
    pub(super) fn make_once(&self) -> io::Result<()> {
        fs::create_dir_all(self.prefix.parent().unwrap_or(&self.prefix))?;
        // Another mobsync may be about to do the same.
        let lock = File::create(self.prefix.with_extension("lock"))?;
        lock.lock()?;
        if self.prefix.join(READY).is_file() { Ok(()) } else { self.make_prefix() }
    }

    /// Runs `mobsync.exe`, which says its version, and shows so that it runs.
    pub(super) fn say_version(&self) -> io::Result<()> {
        // Files, and no pipes: what Wine leaves running keeps what it was given open.
        let (mut said, mut complained) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let mut command = self.command(&self.program);
        command.arg(&self.exe).arg("--version").stdout(said.try_clone()?).stderr(complained.try_clone()?);
        let status = status_of(&mut command)?;
        if text_of(&mut said)?.starts_with("mobsync") {
            return Ok(());
        }
        let words = text_of(&mut complained)?;
        let last = words.lines().rev().find(|line| !line.trim().is_empty()).map(|line| format!("; it said: {line}"));
        let hint = if self.kind == WindowsKind::X86 { INSTALL_32_BITS } else { "" };
        let (exe, last) = (plain_path(&self.exe), last.unwrap_or_default());
        Err(io::Error::other(format!("{exe} does not run ({status}){last}{hint}")))
    }

    /// Ends the server, which ends all that runs under it.
    pub(super) fn end_server(&self) {
        let _ = fs::remove_file(self.prefix.join(WARM));
        if let Some(server) = &self.server
            && let Err(why) = self.run(server, &["-k"])
        {
            tracing::warn!(%why, "Wine's server cannot be ended");
        }
    }

    pub(super) fn serve(&self) -> io::Result<()> {
        if let Some(server) = &self.server {
            // One that runs already goes on as it is.
            self.run(server, &[&format!("-p{IDLE_S}")])?;
        }
        Ok(())
    }
}
