//! A worker's process on Windows, as its parent starts it, waits for it and ends it, with all that it started: all of them belong
//! to a job object, and end with it, and with the parent.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};

use super::channel::SharedFile;
use super::mark::{CHANNEL, MARK, Mark};
use super::native::{LibraryKind, WindowsKind, exe_of_kind, kind_of, other_build};
use super::output::Output;
use super::{HandlerSpec, Workers, logging};
use crate::handler::com::JobObject;
use crate::protocol::plain_path;

/// How the worker of a handler is started.
pub(super) struct Launch<'a> {
    workers: &'a Workers,
}

impl<'a> Launch<'a> {
    /// Makes everything ready for a worker of that handler.
    #[allow(clippy::unnecessary_wraps, reason = "on other systems something can be missing")]
    pub(super) fn prepare(workers: &'a Workers, _: &HandlerSpec) -> Result<Self, String> {
        Ok(Self { workers })
    }

    /// The handler as the worker finds it.
    pub(super) fn spec_there(&self, spec: &HandlerSpec) -> HandlerSpec {
        spec.clone()
    }

    /// Whether the worker opens the shared file by its path. Until it has, it may take a while.
    pub(super) fn opens_path(&self) -> bool {
        true
    }

    /// The worker's program, where it writes crashes down as Windows does.
    pub(super) fn exe(&self) -> Option<&'static Path> {
        static OWN: OnceLock<Option<std::path::PathBuf>> = OnceLock::new();
        OWN.get_or_init(|| std::env::current_exe().ok()).as_deref().or(Some(Path::new("mobsync.exe")))
    }

    /// The session is over.
    pub(super) fn is_over(&self) {}

    /// What is said of a worker that ended, or was ended, before it had begun.
    pub(super) fn did_not_begin(&self, status: Option<&ExitStatus>, _: Option<String>) -> String {
        let how = status.map_or_else(|| "no status".to_owned(), ToString::to_string);
        format!("the worker did not start ({how})")
    }

    /// The worker's program for libraries of that kind.
    fn program_for(&self, kind: WindowsKind) -> PathBuf {
        let own = &self.workers.program;
        if kind == OWN_KIND { own.clone() } else { exe_of_kind(own, kind) }
    }

    /// A worker did not begin, and another one is to be started.
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "on other systems there is something to do")]
    pub(super) fn again(&self) -> Result<(), String> {
        Ok(())
    }

    /// What is said of a worker that is from another build.
    pub(super) fn other_build(&self, spec: &HandlerSpec) -> String {
        let kind = kind_for(spec);
        other_build(&self.program_for(kind), Some(kind))
    }

    /// Starts a worker for that handler, which shares this file. It bears the mark.
    ///
    /// # Errors
    /// What kept it from being started, for people.
    pub(super) fn start(&self, spec: &HandlerSpec, file: &SharedFile, mark: Mark) -> Result<WorkerProcess, String> {
        let program = self.program_for(kind_for(spec));
        let cannot = |why: io::Error| format!("cannot start a worker ({}): {why}", plain_path(&program));
        let job = JobObject::new().map_err(|why| format!("cannot make a job object for a worker: {why}"))?;
        let mut command = Command::new(&program);
        command
            .arg("worker")
            .env(CHANNEL, file.path())
            .env(MARK, mark.to_string())
            .envs(logging::of_workers())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = job.start(&mut command).map_err(cannot)?;
        Ok(WorkerProcess { child, job: Arc::new(job) })
    }
}

/// For which libraries this program is the worker itself.
const OWN_KIND: WindowsKind = if cfg!(target_pointer_width = "32") { WindowsKind::X86 } else { WindowsKind::X64 };

/// For which libraries the worker of that handler is made.
fn kind_for(spec: &HandlerSpec) -> WindowsKind {
    match spec {
        HandlerSpec::Com { library, .. } => match kind_of(library) {
            Some(LibraryKind::Windows(kind)) => kind,
            _ => OWN_KIND,
        },
        _ => OWN_KIND,
    }
}

/// A worker's process.
pub(super) struct WorkerProcess {
    child: Child,
    job: Arc<JobObject>,
}

impl WorkerProcess {
    /// By what it is ended.
    pub(super) fn leash(&self, _: Mark) -> Leash {
        Leash { pid: self.child.id(), job: Arc::clone(&self.job) }
    }

    /// What it writes goes there.
    pub(super) fn pass_on(&mut self, output: &Output) {
        let pipes = [self.child.stdout.take().map(OwnedHandle::from), self.child.stderr.take().map(OwnedHandle::from)];
        output.pass_on(pipes.into_iter().flatten().collect());
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the system does not say how it ended.
    pub(super) fn wait(mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}

/// By what a worker is ended, with all that it started, while another thread waits for it.
pub(super) struct Leash {
    pid: u32,
    job: Arc<JobObject>,
}

impl Leash {
    /// The number of the process.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends the worker and all that it started.
    pub(super) fn end(&mut self) {
        self.job.end();
    }

    /// No process of Windows is stopped by another's signal.
    pub(super) fn wake(&self) {}

    /// The worker is gone: ends what it left.
    pub(super) fn end_rest(&self, _: Option<&ExitStatus>, _: Option<i32>) {
        self.job.end();
    }
}

/// No process of Windows is ended by a signal.
pub(super) fn signal_of(_: &ExitStatus) -> Option<String> {
    None
}

/// What aborts says so itself.
pub(super) fn was_aborted(_: &ExitStatus) -> bool {
    false
}
