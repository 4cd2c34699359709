//! A worker's process, as its parent starts it and waits for it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::unistd::Pid;

#[cfg(target_os = "linux")]
use super::fork_server::{Forked, fork_worker};
use super::mark::{CHANNEL, MARK, Mark};
use super::output::Output;
use super::wine_worker::{WineWorker, channel_of_wine};
use super::{HandlerSpec, Workers, logging};
use crate::handler::children;
#[cfg(target_os = "linux")]
use crate::handler::com::Sanitizer;
use crate::protocol::plain_path;

/// A worker's process: on Linux that of its guardian.
pub(super) struct WorkerProcess {
    pub(super) pid: Pid,
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

/// Starts a worker for that handler, which shares this file. It bears the mark.
///
/// # Errors
/// What kept it from being started, for people.
pub(super) fn start(
    workers: &Workers,
    spec: &HandlerSpec,
    wine: Option<&WineWorker>,
    file: &File,
    mark: Mark,
) -> Result<WorkerProcess, String> {
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

impl WorkerProcess {
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
