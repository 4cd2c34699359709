//! A worker under Wine: how it is started, and what is said when it did not.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::apartment::{VARIABLE, apartment_used};
use super::native::{LibraryKind, WindowsKind, kind_of};
use super::wine::{Wine, absolute, found};
use super::{HandlerSpec, Workers};
use crate::protocol::plain_path;

/// After this time without a session the server may be about to end: it is started again.
const FRESH: Duration = Duration::from_secs(5);

/// When Wine's server was seen last, by a worker of which kind.
static SEEN: Mutex<BTreeMap<WindowsKind, Instant>> = Mutex::new(BTreeMap::new());

/// For which of Windows' processors a handler is made whose sessions run under Wine.
pub(super) fn windows_kind(spec: &HandlerSpec) -> Option<WindowsKind> {
    match spec {
        HandlerSpec::Com { library, .. } => match kind_of(library)? {
            LibraryKind::Windows(kind) => Some(kind),
            LibraryKind::OtherWindows(_) | LibraryKind::Other => None,
        },
        _ => None,
    }
}

/// How a worker starts under Wine.
pub(super) struct WineWorker {
    wine: &'static Wine,
}

impl WineWorker {
    /// Makes everything ready for a worker of that kind.
    pub(super) fn prepare(kind: WindowsKind) -> Result<Self, String> {
        let wine = found(kind).map_err(|missing| missing.to_string())?;
        // Whoever comes meanwhile waits: a worker must not be the first program under the server.
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&kind).is_none_or(|seen| seen.elapsed() > FRESH) && !wine.is_warm(FRESH) {
            warm_up(wine)?;
            wine.stays_warm();
        }
        seen.insert(kind, Instant::now());
        Ok(Self { wine })
    }

    /// A worker did not begin: perhaps Wine's server has gone.
    pub(super) fn again(&self) -> Result<(), String> {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        warm_up(self.wine)?;
        self.wine.stays_warm();
        seen.insert(self.wine.kind, Instant::now());
        Ok(())
    }

    /// A session ends: Wine's server is there.
    pub(super) fn is_over(&self) {
        self.wine.stays_warm();
        SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(self.wine.kind, Instant::now());
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

fn warm_up(wine: &Wine) -> Result<(), String> {
    wine.warm_up().map_err(|why| {
        let prefix = plain_path(&wine.prefix);
        format!("cannot prepare Wine in {prefix} for a library for {}: {why}", wine.kind.name())
    })?;
    tracing::info!(prefix = ?wine.prefix, exe = ?wine.exe, "Wine is ready");
    Ok(())
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
    format!(
        "mobsync.exe did not start under Wine ({how}){said}\n  \
         If it is older than mobsync, rebuild it with scripts/windows (docs/windows.md)."
    )
}
