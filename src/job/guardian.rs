//! The guardian of a worker: a process between mobsync and the worker that ends all the worker has started, whatever ends
//! first.
//!
//! The program that is started as a worker splits in two before anything else happens. The copy is the worker. The original
//! is its guardian: it is the *subreaper* of all that comes from the worker (prctl(2), PR_SET_CHILD_SUBREAPER), so that a
//! daemon which left its group, its session and its parents behind, and cleared its environment, becomes the guardian's
//! child and not that of process 1. When the worker has ended, when mobsync says so (SIGTERM), or when mobsync is gone
//! (PR_SET_PDEATHSIG), it kills its children until there are none, and ends as the worker ended.
//!
//! A program of `--exec` has a guardian of the same kind ([`guard_program`]).
//!
//! Other systems have no subreaper: there the worker is alone, and what it started is known by its group and by a mark in
//! its environment.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, setpgid};

use crate::handler::com::leave_process;
use crate::handler::processes::children;
use crate::protocol::plain;

/// Tells a guardian to end the worker and all that comes from it.
pub(super) const END: Signal = Signal::SIGTERM;

/// How long a guardian kills what goes on starting processes.
const MOST_KILLING: Duration = Duration::from_secs(6);

/// How often it looks whether all are gone.
const NAP: Duration = Duration::from_micros(200);

/// Splits this process, which has one thread and was started by `parent`. Returns in the worker, with the process that is its
/// parent from now on.
pub(super) fn split(parent: Option<i32>) -> Option<i32> {
    let before = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
    let signals = [Signal::SIGCHLD, END, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT];
    let awaited = SigSet::from_iter(signals);
    // Blocked before there is anything to wait for: no signal is missed.
    if awaited.thread_block().is_err() || set_child_subreaper(true).is_err() || set_pdeathsig(END).is_err() {
        return parent;
    }
    // What starts in the background, or by `nohup`, inherits signals that are ignored: nobody would be told of them, and a
    // handler that ends by one would seem not to.
    signals.into_iter().for_each(use_default);
    if parent.is_some_and(|parent| parent != getppid().as_raw()) {
        // The parent ended before its end was asked for.
        leave_process(2);
    }
    let guardian = getpid();
    // SAFETY: this process has one thread, so the copy has all that it had.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => {
            // A group of its own: a handler that kills its group does not kill its guardian.
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let _ = before.thread_set_mask();
            Some(guardian.as_raw())
        }
        Ok(ForkResult::Parent { child }) => guard(child, &awaited),
        Err(_) => {
            let _ = before.thread_set_mask();
            parent
        }
    }
}

/// Becomes the guardian of a program. The words are the process that wants it, the program, and its arguments; standard input
/// and output are the program's.
pub fn guard_program(words: impl IntoIterator<Item = OsString>) -> ! {
    let mut words = words.into_iter();
    let parent = words.next().and_then(|word| word.to_str()?.parse().ok());
    let program = words.next().unwrap_or_default();
    let guardian = split(parent);
    // Nobody else ends it where its guardian is killed.
    let _ = set_pdeathsig(Signal::SIGKILL);
    if guardian.is_some_and(|guardian| guardian != getppid().as_raw()) {
        leave_process(2);
    }
    let error = Command::new(&program).args(words).exec();
    eprintln!("mobsync: cannot start `{}`: {error}", plain(&program.to_string_lossy()));
    // As a shell says it.
    leave_process(127)
}

/// Is the guardian.
fn guard(worker: Pid, awaited: &SigSet) -> ! {
    // Whoever reads what the worker writes sees its end when the worker ends.
    if let Ok(nothing) = std::fs::File::options().read(true).write(true).open("/dev/null") {
        let _ = nix::unistd::dup2_stdin(&nothing);
        let _ = nix::unistd::dup2_stdout(&nothing);
        let _ = nix::unistd::dup2_stderr(&nothing);
    }
    let mut ended = None;
    while ended.is_none() {
        match awaited.wait() {
            Ok(Signal::SIGCHLD) => drop(reap(worker, &mut ended)),
            _ => break,
        }
    }
    let since = Instant::now();
    while since.elapsed() < MOST_KILLING && reap(worker, &mut ended) {
        for child in children() {
            // Whoever is gone already is no error.
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
        std::thread::sleep(NAP);
    }
    end_as(ended)
}

/// Takes leave of all children that have ended. False when there are no more.
fn reap(worker: Pid, ended: &mut Option<ExitStatus>) -> bool {
    loop {
        let mut status = 0;
        // SAFETY: the status is written to a place of this function's.
        let child = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG | libc::__WALL) };
        match child {
            0 => return true,
            -1 => return nix::errno::Errno::last() == nix::errno::Errno::EINTR,
            _ => {}
        }
        if libc::WIFSTOPPED(status) {
            // The worker asked to be traced, and this is its parent: it goes on with the signal that stopped it.
            let signal = Signal::try_from(libc::WSTOPSIG(status)).ok().filter(|signal| *signal != Signal::SIGTRAP);
            let _ = nix::sys::ptrace::cont(Pid::from_raw(child), signal);
        } else if child == worker.as_raw() {
            *ended = Some(ExitStatus::from_raw(status));
        }
    }
}

/// Ends this process as the worker ended.
fn end_as(ended: Option<ExitStatus>) -> ! {
    let status = ended.unwrap_or_default();
    if let Some(signal) = status.signal() {
        // The worker's memory is what somebody may want to see, not this one's.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        // SAFETY: no function is called for the signal, which may be one of those without a name; the set is this function's.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            let mut only: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut only);
            libc::sigaddset(&mut only, signal);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &only, std::ptr::null_mut());
            libc::raise(signal);
        }
    }
    leave_process(status.code().unwrap_or(2))
}

fn use_default(signal: Signal) {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no function is called for the signal.
    let _ = unsafe { sigaction(signal, &action) };
}
