//! A worker under Wine: how it is started, and what is said when it did not.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::apartment::{VARIABLE, apartment_used};
use super::native::{LibraryKind, kind_of};
use super::wine::{Wine, absolute, found};
use super::{HandlerSpec, Workers};
use crate::protocol::plain_path;

/// After this time without a session the server may be about to end: it is started again.
const FRESH: Duration = Duration::from_secs(5);

/// When Wine's server was seen last.
static SEEN: Mutex<Option<Instant>> = Mutex::new(None);

/// A session under Wine ends: the server is there.
pub(super) fn wine_is_there() {
    *SEEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

/// Whether the sessions of a handler run under Wine.
pub(super) fn is_for_wine(spec: &HandlerSpec) -> bool {
    matches!(spec, HandlerSpec::Com { library, .. } if kind_of(library) == Some(LibraryKind::Windows))
}

/// How a worker starts under Wine.
pub(super) struct WineWorker {
    wine: &'static Wine,
}

impl WineWorker {
    /// Makes everything ready for a worker.
    pub(super) fn prepare() -> Result<Self, String> {
        let wine = found().map_err(|missing| missing.to_string())?;
        // Whoever comes meanwhile waits: a worker must not be the first program under the server.
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_none_or(|seen| seen.elapsed() > FRESH) {
            wine.warm_up().map_err(|why| format!("Wine in {} cannot be started: {why}", plain_path(&wine.prefix)))?;
            tracing::info!(prefix = ?wine.prefix, exe = ?wine.exe, "Wine is ready");
        }
        *seen = Some(Instant::now());
        Ok(Self { wine })
    }

    /// The command of the worker. On Linux it has a guardian, as a program has that is a handler.
    pub(super) fn command(&self, workers: &Workers) -> Command {
        let words: [OsString; 3] = [self.wine.program.clone().into(), self.exe().into(), "worker".into()];
        let mut command = if cfg!(target_os = "linux") {
            let mut command = Command::new(&workers.program);
            command.arg("guard").arg(std::process::id().to_string()).args(words);
            command
        } else {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command
        };
        self.wine.give_environment(&mut command);
        command.envs(apartment_used().map(|apartment| (VARIABLE, apartment.name())));
        command
    }

    /// The worker's program.
    pub(super) fn exe(&self) -> &'static Path {
        &self.wine.exe
    }
}

/// A path as Wine's programs have it.
fn path_of_wine(path: &Path) -> PathBuf {
    let mut text = OsString::from("Z:");
    text.push(absolute(path));
    PathBuf::from(text)
}

/// The handler as a worker under Wine finds it.
pub(super) fn spec_under_wine(spec: &HandlerSpec) -> HandlerSpec {
    let mut spec = spec.clone();
    if let HandlerSpec::Com { library, .. } = &mut spec {
        *library = path_of_wine(library);
    }
    spec
}

/// The shared file, which has no name, as a worker under Wine opens it. It must stay open here until then.
pub(super) fn channel_of_wine(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    path_of_wine(Path::new(&format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())))
}

/// What is said of a worker under Wine that ended, or was ended, before it had begun.
pub(super) fn did_not_begin(status: Option<&ExitStatus>, output: Option<String>) -> String {
    let output = output.unwrap_or_default();
    let last = output.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let how = status.map_or_else(|| "no status".to_owned(), ToString::to_string);
    let said = last.map(|line| format!("; it said: {line}")).unwrap_or_default();
    format!("mobsync.exe did not start under Wine ({how}){said}; see docs/windows.md")
}

/// Whether a worker under Wine said, with its last words, that an exception came out of a method of the handler.
pub(super) fn let_exception_out(output: Option<&str>) -> bool {
    output.is_some_and(|output| output.contains("Rust cannot catch foreign exceptions"))
}

/// Runs this command line by `mobsync.exe` under Wine, in place of this process: a debugger is in the process of the handler.
/// Returns only when that cannot be done. Paths mean the same there, for the current folder is on the drive that is `/`.
pub fn go_on_under_wine(words: impl IntoIterator<Item = OsString>) -> String {
    use std::os::unix::process::CommandExt;
    let worker = match WineWorker::prepare() {
        Ok(worker) => worker,
        Err(why) => return why,
    };
    let mut command = Command::new(&worker.wine.program);
    command.arg(worker.exe()).args(words);
    worker.wine.give_environment(&mut command);
    format!("{} cannot be started: {}", plain_path(&worker.wine.program), command.exec())
}
