//! Windows libraries on other systems: their sessions run in `mobsync.exe worker` under Wine.
//!
//! Wine keeps what it calls a prefix: a folder with a drive C: and a registry. mobsync has one of its own, in the user's cache
//! folder. Wine's server runs outside of every worker, so that it lives on from session to session, and ends when nobody has
//! needed it for a while.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::protocol::plain_path;

/// The variable that names Wine's program.
pub const WINE: &str = "MOBSYNC_WINE";

/// The variable that names `mobsync.exe`.
pub const EXE: &str = "MOBSYNC_EXE";

/// How long Wine's server goes on when nobody needs it, in seconds.
const IDLE_S: u64 = 15;

/// The file in a prefix of mobsync's own that says that it is ready.
const READY: &str = "mobsync-ready";

/// What is to be known of Wine, where it is not looked for.
#[derive(Clone, Debug, Default)]
pub struct WineOptions {
    /// Wine's program.
    pub wine: Option<PathBuf>,
    /// `mobsync.exe`.
    pub exe: Option<PathBuf>,
    /// The prefix to use as it is, in place of mobsync's own.
    pub prefix: Option<PathBuf>,
}

impl WineOptions {
    /// Those that were given, as on the command line.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [("--wine", &self.wine), ("--mobsync-exe", &self.exe), ("--wine-prefix", &self.prefix)];
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
pub struct Missing(Vec<String>);

/// Looks whether there is what the sessions of a Windows library need.
pub(super) fn look() -> Result<(), Missing> {
    found().map(|_| ())
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Wine {
    pub(super) program: PathBuf,
    server: Option<PathBuf>,
    pub(super) exe: PathBuf,
    pub(super) prefix: PathBuf,
    /// The prefix is mobsync's own.
    own: bool,
}

/// Where everything is. It is looked for once.
pub(super) fn found() -> Result<&'static Wine, Missing> {
    static FOUND: OnceLock<Result<Wine, Missing>> = OnceLock::new();
    FOUND.get_or_init(|| find(wine_used())).as_ref().map_err(Clone::clone)
}

fn find(options: &WineOptions) -> Result<Wine, Missing> {
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
        Some(named) if named.is_file() => Ok(named),
        Some(named) => Err(format!("{} (--mobsync-exe or {EXE}): no such file", plain_path(&named))),
        None => exe_beside_program()
            .ok_or_else(|| format!("not found beside mobsync; build it with scripts/windows, or name it in {EXE}")),
    };
    let prefix = match &options.prefix {
        Some(named) if named.join("system.reg").is_file() => Ok((absolute(named), false)),
        Some(named) => Err(format!("{} (--wine-prefix) is not a Wine prefix", plain_path(named))),
        None => cache_folder()
            .map(|cache| (cache.join("wine"), true))
            .ok_or_else(|| "no place for it: set HOME or XDG_CACHE_HOME, or give --wine-prefix".to_owned()),
    };
    match (program, exe, prefix) {
        (Ok(program), Ok(exe), Ok((prefix, own))) => {
            Ok(Wine { server: server_of(&program), program, exe: exe.canonicalize().unwrap_or(exe), prefix, own })
        }
        (program, exe, prefix) => {
            let said = |what: &str, found: Result<PathBuf, String>| match found {
                Ok(path) => format!("  {what}: {}", plain_path(&path)),
                Err(why) => format!("  {what}: {why}"),
            };
            let mut lines =
                vec!["a library for Windows runs here by Wine and mobsync.exe (docs/windows.md):".to_owned()];
            lines.push(said("Wine", program));
            lines.push(said("mobsync.exe", exe));
            lines.extend(prefix.err().map(|why| format!("  Wine's folder: {why}")));
            Err(Missing(lines))
        }
    }
}

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

/// Wine's server, which lies beside its program.
fn server_of(program: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("WINESERVER").map(PathBuf::from);
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let beside = [program, &real].map(|program| program.with_file_name("wineserver"));
    named.into_iter().chain(beside).find(|server| server.is_file()).or_else(|| on_path(Path::new("wineserver")))
}

/// `mobsync.exe` beside this program, or in the folder `windows` there, or in one beside that folder, as Cargo's is.
fn exe_beside_program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let places = [folder.to_owned(), folder.join("windows"), folder.join("../windows")];
    places.map(|place| place.join("mobsync.exe")).into_iter().find(|exe| exe.is_file())
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// mobsync's folder for what it can make again.
fn cache_folder() -> Option<PathBuf> {
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

    /// Runs a program of Wine's to its end. It and what it leaves running are no worker's.
    fn run(&self, program: &Path, words: &[&str]) -> io::Result<bool> {
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        self.give_environment(&mut command);
        command.status().map(|status| status.success())
    }

    /// Makes the prefix, if that was not done, and starts what lives on from session to session.
    pub(super) fn warm_up(&self) -> io::Result<()> {
        let folder = self.prefix.parent().unwrap_or(&self.prefix);
        if self.own {
            fs::create_dir_all(folder)?;
            // Another mobsync may be about to do the same.
            let lock = File::create(folder.join("wine.lock"))?;
            lock.lock()?;
            if !self.prefix.join(READY).is_file() {
                self.make_prefix()?;
            }
        }
        self.serve()?;
        // The first program under a server starts Wine's services, which are to be no worker's.
        self.run(&self.program, &[&self.exe.to_string_lossy(), "--version"])?;
        Ok(())
    }

    fn serve(&self) -> io::Result<()> {
        if let Some(server) = &self.server {
            // One that runs already goes on as it is.
            self.run(server, &[&format!("-p{IDLE_S}")])?;
        }
        Ok(())
    }

    fn make_prefix(&self) -> io::Result<()> {
        eprintln!("mobsync: preparing Wine in {} (once; this takes some seconds)", plain_path(&self.prefix));
        fs::create_dir_all(&self.prefix)?;
        self.serve()?;
        let failed = |what: &str| io::Error::other(format!("`{} {what}` failed", self.program.display()));
        if !self.run(&self.program, &["wineboot", "--init"])? {
            return Err(failed("wineboot --init"));
        }
        // Without a screen no window can be made, unless nothing is to be drawn.
        let words = ["reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"];
        if !self.run(&self.program, &words)? {
            return Err(failed(&words.join(" ")));
        }
        // Wine's desktop looked for a screen when it was made. Only that of a new server knows of what the registry says now.
        if let Some(server) = &self.server {
            self.run(server, &["-k"])?;
        }
        File::create(self.prefix.join(READY)).map(drop)
    }
}
