//! Job objects: processes that end together.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Diagnostics::Debug::{
    GetErrorMode, SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX, SetErrorMode,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME,
};

use super::stack::close;
use super::threads::threads_of;

/// An error of the system itself, of winerror.h.
const ERROR_INTERNAL_ERROR: i32 = 1359;

/// How often a process is started that did not begin.
const MOST_TRIES: u32 = 5;

/// With which exit code what belongs to a job object ends when it is ended.
const ENDED: u32 = 1;

/// Processes that end together: when that is asked for, and with the process that made it, however that ends.
pub(crate) struct JobObject(OwnedHandle);

impl JobObject {
    /// A new one.
    ///
    /// # Errors
    /// When the system has none.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: null pointers stand for the usual security and for no name.
        let handle = unsafe { CreateJobObjectW(std::ptr::null(), std::ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is new, and this one's alone.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the structure is that of the class of information, with its size.
        let set = unsafe {
            SetInformationJobObject(
                job.handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of_val(&limits) as u32,
            )
        };
        if set == 0 { Err(io::Error::last_os_error()) } else { Ok(job) }
    }

    fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// Starts a process that belongs to it from its first instruction on, and with it all that it starts. Ctrl-C at the terminal is
    /// not for it.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub(crate) fn start(&self, command: &mut Command) -> io::Result<Child> {
        no_dialogs();
        let mut child = spawn(command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED))?;
        // SAFETY: both handles are open.
        let belongs = unsafe { AssignProcessToJobObject(self.handle(), child.as_raw_handle()) } != 0;
        let started = if belongs { resume(child.id()) } else { Err(io::Error::last_os_error()) };
        if let Err(why) = started {
            // It stands still still: nothing has happened.
            let _ = child.kill();
            let _ = child.wait();
            return Err(why);
        }
        Ok(child)
    }

    /// Ends all that belongs to it.
    pub(crate) fn end(&self) {
        // SAFETY: the handle is open. That nothing is left is no error.
        unsafe { TerminateJobObject(self.handle(), ENDED) };
    }
}

/// A program that crashes does so at once: nobody is there to close the window in which the system says it. What is started later
/// inherits this.
fn no_dialogs() {
    // SAFETY: both take numbers.
    unsafe { SetErrorMode(GetErrorMode() | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX) };
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut tries = 1;
    loop {
        match command.spawn() {
            // Wine says so, on a busy machine, of a process that did not begin.
            Err(why) if why.raw_os_error() == Some(ERROR_INTERNAL_ERROR) && tries < MOST_TRIES => {
                tracing::warn!(tries, %why, "the process did not begin, and is started again");
                tries += 1;
            }
            started => return started,
        }
    }
}

/// Lets the one thread of a process go that was started suspended.
fn resume(process: u32) -> io::Result<()> {
    let threads = threads_of(process).ok_or_else(io::Error::last_os_error)?;
    let thread = threads.first().copied().ok_or_else(|| io::Error::other("the new process has no thread"))?;
    // SAFETY: it takes numbers.
    let handle = unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, thread) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open, and has the right to it.
    let before = unsafe { ResumeThread(handle) };
    let result = if before == u32::MAX { Err(io::Error::last_os_error()) } else { Ok(()) };
    close(handle);
    result
}
