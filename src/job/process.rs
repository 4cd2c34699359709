//! A worker's process, as its parent starts it, waits for it and ends it, with all that it started.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use nix::sys::signal::kill;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

#[cfg(target_os = "linux")]
use super::fork_server::{Forked, fork_worker};
#[cfg(target_os = "linux")]
use super::isolated::{GRACE, TICK};
use super::mark::{CHANNEL, MARK, Mark};
use super::native::other_build;
use super::output::Output;
use super::wine_worker::{WineWorker, channel_of_wine, did_not_begin, spec_under_wine, windows_kind};
use super::{HandlerSpec, Workers, logging};
use crate::handler::children;
#[cfg(target_os = "linux")]
use crate::handler::com::Sanitizer;
#[cfg(target_os = "linux")]
use crate::handler::processes;
use crate::protocol::plain_path;

/// A worker's process: on Linux that of its guardian.
pub(super) struct WorkerProcess {
    pid: Pid,
    origin: Origin,
}

/// Where it comes from.
enum Origin {
    /// It was started.
    Started(Child),
    /// The fork server has forked it.
    #[cfg(target_os = "linux")]
    Forked(Option<Forked>),
}

/// How the worker of a handler is started: under Wine, where the handler is a library for Windows.
pub(super) struct Launch<'a> {
    workers: &'a Workers,
    wine: Option<WineWorker>,
}

impl<'a> Launch<'a> {
    /// Makes everything ready for a worker of that handler.
    ///
    /// # Errors
    /// What is missing, for people.
    pub(super) fn prepare(workers: &'a Workers, spec: &HandlerSpec) -> Result<Self, String> {
        let wine = windows_kind(spec).map(WineWorker::prepare).transpose()?;
        Ok(Self { workers, wine })
    }

    /// The handler as the worker finds it.
    pub(super) fn spec_there(&self, spec: &HandlerSpec) -> HandlerSpec {
        if self.wine.is_some() { spec_under_wine(spec) } else { spec.clone() }
    }

    /// Whether the worker opens the shared file by its path. Until it has, it may take a while.
    pub(super) fn opens_path(&self) -> bool {
        self.wine.is_some()
    }

    /// The worker's program, where it writes crashes down as Windows does.
    pub(super) fn exe(&self) -> Option<&'static Path> {
        self.wine.as_ref().map(WineWorker::exe)
    }

    /// The session is over.
    pub(super) fn is_over(&self) {
        if let Some(wine) = &self.wine {
            wine.is_over();
        }
    }

    /// What is said of a worker that ended, or was ended, before it had begun.
    pub(super) fn did_not_begin(&self, status: Option<&ExitStatus>, output: Option<String>) -> String {
        did_not_begin(status, output)
    }

    /// A worker did not begin, and another one is to be started: makes everything ready once more.
    pub(super) fn again(&self) -> Result<(), String> {
        self.wine.as_ref().map_or(Ok(()), WineWorker::again)
    }

    /// What is said of a worker that is from another build.
    pub(super) fn other_build(&self, spec: &HandlerSpec) -> String {
        other_build(self.exe().unwrap_or(&self.workers.program), windows_kind(spec))
    }

    /// Starts a worker for that handler, which shares this file. It bears the mark.
    ///
    /// # Errors
    /// What kept it from being started, for people.
    pub(super) fn start(&self, spec: &HandlerSpec, file: &File, mark: Mark) -> Result<WorkerProcess, String> {
        let (workers, wine) = (self.workers, self.wine.as_ref());
        #[cfg(target_os = "linux")]
        let sanitizer = match spec {
            HandlerSpec::Com { library, .. } => Sanitizer::of(library).map(|sanitizer| (library, sanitizer)),
            _ => None,
        };
        #[cfg(not(target_os = "linux"))]
        let _ = spec;
        #[cfg(target_os = "linux")]
        if wine.is_none()
            && sanitizer.is_none()
            && let Some(forked) = fork_worker(&workers.program, file, mark)
        {
            return Ok(WorkerProcess { pid: as_pid(forked.pid), origin: Origin::Forked(Some(forked)) });
        }
        let cannot = |why: io::Error| format!("cannot start a worker ({}): {why}", plain_path(&workers.program));
        let mut command = match wine {
            None => {
                let mut command = Command::new(&workers.program);
                command.arg("worker").stdin(file.try_clone().map_err(cannot)?);
                command
            }
            Some(wine) => {
                let mut command = wine.command(workers);
                command.env(CHANNEL, channel_of_wine(file)).stdin(Stdio::null());
                command
            }
        };
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.env(MARK, mark.to_string());
        command.envs(logging::of_workers());
        #[cfg(target_os = "linux")]
        let started = if let Some((library, sanitizer)) = sanitizer {
            let environment = sanitizer.environment().map_err(|why| format!("{}: {why}", plain_path(library)))?;
            tracing::info!(%sanitizer, "the worker starts with the runtime of the library's sanitizer");
            command.envs(environment);
            sanitizer.starting(|| children::start(&mut command))
        } else {
            children::start(&mut command)
        };
        #[cfg(not(target_os = "linux"))]
        let started = children::start(&mut command);
        let child = started.map_err(cannot)?;
        Ok(WorkerProcess { pid: as_pid(child.id()), origin: Origin::Started(child) })
    }
}

impl WorkerProcess {
    /// By what it is ended.
    pub(super) fn leash(&self, mark: Mark) -> Leash {
        Leash { pid: self.pid, mark, since: None }
    }

    /// What it writes goes there.
    pub(super) fn pass_on(&mut self, output: &Output) {
        match &mut self.origin {
            Origin::Started(child) => {
                let pipes = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
                output.pass_on(pipes.into_iter().flatten().collect());
            }
            #[cfg(target_os = "linux")]
            Origin::Forked(forked) => {
                if let Some(Forked { stdout, stderr, .. }) = forked.take() {
                    output.pass_on(vec![stdout.into(), stderr.into()]);
                }
            }
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the system does not say how it ended.
    pub(super) fn wait(self) -> io::Result<ExitStatus> {
        let ended = match self.origin {
            Origin::Started(mut child) => child.wait(),
            #[cfg(target_os = "linux")]
            Origin::Forked(_) => wait_for(self.pid),
        };
        children::is_gone(self.pid.as_raw().cast_unsigned());
        ended
    }
}

/// Waits for the end of a child that was not started by the standard library.
#[cfg(target_os = "linux")]
fn wait_for(child: Pid) -> io::Result<ExitStatus> {
    let mut status = 0;
    loop {
        // SAFETY: the status is written to a place of this function's.
        if unsafe { libc::waitpid(child.as_raw(), &mut status, 0) } >= 0 {
            return Ok(ExitStatus::from_raw(status));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn as_pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap_or(i32::MAX))
}

/// How long a guardian may take to end everything before it is ended itself.
#[cfg(target_os = "linux")]
const GUARDIAN_TIME: Duration = Duration::from_secs(8);

/// By what a worker is ended, with all that it started, while another thread waits for it.
pub(super) struct Leash {
    pid: Pid,
    mark: Mark,
    /// When that was wanted first.
    since: Option<Instant>,
}

impl Leash {
    /// The number of the process.
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Ends the worker and all that it started. Called until the worker is gone.
    pub(super) fn end(&mut self) {
        let since = self.since.get_or_insert_with(Instant::now).elapsed();
        // Whoever is gone already is no error.
        #[cfg(target_os = "linux")]
        if since < GUARDIAN_TIME {
            // The guardian ends all; one that the handler stopped goes on.
            let _ = kill(self.pid, super::guardian::END);
            let _ = kill(self.pid, Signal::SIGCONT);
            return;
        }
        let _: Duration = since;
        let _ = killpg(self.pid, Signal::SIGKILL);
        end_marked(self.mark, None);
    }

    /// A guardian that the handler stopped would not say how the worker ends.
    pub(super) fn wake(&self) {
        #[cfg(target_os = "linux")]
        let _ = kill(self.pid, Signal::SIGCONT);
    }

    /// The worker is gone: ends what it left, where nobody else has done that.
    pub(super) fn end_rest(&self, status: Option<&ExitStatus>, worker: Option<i32>) {
        // A guardian that was killed has not ended what the worker started.
        if cfg!(not(target_os = "linux")) || status.is_none_or(|status| status.signal() == Some(9)) {
            let _ = killpg(self.pid, Signal::SIGKILL);
            end_marked(self.mark, worker);
            #[cfg(target_os = "linux")]
            children::end_adopted(GRACE);
        }
    }
}

/// Ends what bears the mark in its environment: a process of the handler's that left its group and its parents, where no
/// guardian is there to end it. Waits until all of them are gone, and the worker as well, which ends with its guardian.
fn end_marked(mark: Mark, worker: Option<i32>) {
    #[cfg(target_os = "linux")]
    {
        let begun = Instant::now();
        let variable = format!("{MARK}={mark}");
        // One that is found may have started another one just before.
        let mut ending: Vec<i32> = worker.into_iter().collect();
        while begun.elapsed() < GRACE {
            let marked = processes::all().filter(|process| process.has_variable(&variable));
            let marked: Vec<i32> = marked.map(|process| process.pid).collect();
            ending.retain(|pid| !processes::has_ended(*pid));
            if marked.is_empty() && ending.is_empty() {
                break;
            }
            for pid in marked {
                tracing::info!(pid, "a process that the handler left behind is ended");
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                ending.push(pid);
            }
            std::thread::sleep(TICK);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (mark, worker);
}

/// The signal that ended a process, in words.
pub(super) fn signal_of(status: &ExitStatus) -> Option<String> {
    let name =
        |number: i32| Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.to_string());
    status.signal().map(name)
}

/// Whether a process ended by `abort`.
pub(super) fn was_aborted(status: &ExitStatus) -> bool {
    status.signal() == Some(Signal::SIGABRT as i32)
}
