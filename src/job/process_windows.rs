//! A worker's process on Windows, as its parent starts it, waits for it and ends it, with all that it started: all of them belong
//! to a job object, and end with it, and with the parent.

use std::ffi::OsStr;
use std::io;
use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, OpenJobObjectW, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, GetCurrentProcess};

use super::channel::SharedFile;
use super::mark::{CHANNEL, MARK, Mark};
use super::native::{LibraryKind, WindowsKind, exe_of_kind, kind_of, other_build};
use super::output::Output;
use super::{HandlerSpec, Workers, logging};
use crate::handler::com::wide;
use crate::protocol::plain_path;

/// The variable that names the job object into which a worker puts itself.
const JOB: &str = "MOBSYNC_JOB";

/// The right to put processes into a job object, of winnt.h.
const JOB_OBJECT_ASSIGN_PROCESS: u32 = 1;

/// An error of the system itself, of winerror.h.
const ERROR_INTERNAL_ERROR: i32 = 1359;

/// How often a worker is started that did not begin.
const MOST_TRIES: u32 = 5;

/// With which exit code what belongs to a job object ends when it is ended.
const ENDED: u32 = 1;

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
        let name = format!("mobsync-{mark}");
        let job = JobObject::new(&name).map_err(|why| format!("cannot make a job object for a worker: {why}"))?;
        let mut command = Command::new(&program);
        command
            .arg("worker")
            .env(CHANNEL, file.path())
            .env(MARK, mark.to_string())
            .env(JOB, name)
            .envs(logging::of_workers())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal is for the parent, which passes on what it means.
            .creation_flags(CREATE_NEW_PROCESS_GROUP);
        let mut tries = 1;
        let child = loop {
            match command.spawn() {
                // Wine says so, on a busy machine, of a process that did not begin.
                Err(why) if why.raw_os_error() == Some(ERROR_INTERNAL_ERROR) && tries < MOST_TRIES => {
                    tracing::warn!(tries, %why, "the worker did not begin, and is started again");
                    tries += 1;
                }
                started => break started.map_err(cannot)?,
            }
        };
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

/// Processes that end together: when that is asked for, and with the process that made it.
struct JobObject(HANDLE);

// SAFETY: the handle of a job object may be used by every thread.
unsafe impl Send for JobObject {}
// SAFETY: as above.
unsafe impl Sync for JobObject {}

impl JobObject {
    /// A new one of that name.
    fn new(name: &str) -> io::Result<Self> {
        let name = wide(OsStr::new(name));
        // SAFETY: the name has its end.
        let handle = unsafe { CreateJobObjectW(std::ptr::null(), name.as_ptr()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        let job = Self(handle);
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the structure is that of the class of information, with its size.
        let set = unsafe {
            SetInformationJobObject(
                job.0,
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of_val(&limits) as u32,
            )
        };
        if set == 0 { Err(io::Error::last_os_error()) } else { Ok(job) }
    }

    fn end(&self) {
        // SAFETY: the handle is open. That nothing is left is no error.
        unsafe { TerminateJobObject(self.0, ENDED) };
    }
}

impl Drop for JobObject {
    fn drop(&mut self) {
        // SAFETY: the handle is this one's alone.
        drop(unsafe { OwnedHandle::from_raw_handle(self.0) });
    }
}

/// A worker puts itself into the job object of its parent, before anything of the handler is there. One whose parent has none,
/// because it is on another system, does not.
///
/// # Errors
/// When the system does not let it.
pub(super) fn join_job() -> Result<(), String> {
    let Ok(name) = std::env::var(JOB) else { return Ok(()) };
    let failed = || format!("the job object of the parent, {name}: {}", io::Error::last_os_error());
    let wide_name = wide(OsStr::new(&name));
    // SAFETY: the name has its end.
    let handle = unsafe { OpenJobObjectW(JOB_OBJECT_ASSIGN_PROCESS, 0, wide_name.as_ptr()) };
    if handle.is_null() {
        return Err(failed());
    }
    // SAFETY: both handles are open, and the second one is closed once, below.
    let joined = unsafe { AssignProcessToJobObject(handle, GetCurrentProcess()) } != 0;
    let result = if joined { Ok(()) } else { Err(failed()) };
    // The parent's handle must be the last one: the job ends with it.
    // SAFETY: as above.
    drop(unsafe { OwnedHandle::from_raw_handle(handle) });
    result
}

/// No process of Windows is ended by a signal.
pub(super) fn signal_of(_: &ExitStatus) -> Option<String> {
    None
}

/// What aborts says so itself.
pub(super) fn was_aborted(_: &ExitStatus) -> bool {
    false
}
