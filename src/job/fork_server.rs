//! The fork server: a process that forks workers. To start the program anew for each session takes several times as long: the
//! system maps it and its libraries, and the loader changes thousands of addresses in it.
//!
//! `mobsync` starts it once, for its second session, or for the first one where many follow. It has one thread, has loaded no handler,
//! and waits for requests on a socket: a message brings the number of the mark, and the file and the pipes of a worker. The process that it forks is no child of its own but its
//! *sibling* (clone(2), CLONE_PARENT): a child of `mobsync`, as one that was started anew. From there on both are the same;
//! [`super::guardian`] says what follows.
//!
//! A worker that needs an environment or a program of its own (a sanitizer's, Wine's) is started anew, and so is every one
//! where there is no fork server, or no more.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid, setpgid};

use super::logging;
use super::mark::{MARK, Mark};
use crate::handler::children;
use crate::handler::com::{get_ready_for_crashes, leave_process};

/// The argument with which the program becomes a fork server.
pub const FORK_SERVER: &str = "fork-server";

/// How long a request may take. To fork takes far less than a millisecond, but a busy machine has other things to do.
const LONGEST_REQUEST: Duration = Duration::from_secs(8);

/// How many descriptors a request brings: the shared file, and the pipes for standard output and standard error.
const DESCRIPTORS: usize = 3;

/// Workers of this process may be forked.
static WANTED: AtomicBool = AtomicBool::new(false);

/// What there is of the server.
static SERVER: Mutex<Server> = Mutex::new(Server::NotWanted);

enum Server {
    /// No worker was started yet.
    NotWanted,
    /// The first worker was started anew. Where it is the only one, a server would be started in vain.
    NotStarted,
    Running {
        program: PathBuf,
        socket: UnixStream,
        pid: u32,
        /// Says that it has ended.
        ended: mpsc::Receiver<()>,
    },
    /// It could not be started, or does not answer. Workers are started anew.
    Gone,
}

/// From now on workers are forked where they can be, from the second one on. Their working folder, limits and environment are those
/// that this process has when the fork server starts, so it is for a program of its own, not for one that uses the library.
pub fn fork_workers() {
    WANTED.store(true, Ordering::Relaxed);
}

/// There will be many sessions: the first worker is forked as well.
pub fn fork_every_worker() {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*server, Server::NotWanted) {
        *server = Server::NotStarted;
    }
}

/// Ends the fork server, if there is one, and waits until it is gone.
pub fn end_fork_server() {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Server::Running { socket, ended, .. } = std::mem::replace(&mut *server, Server::Gone) {
        drop(socket);
        let _ = ended.recv_timeout(LONGEST_REQUEST);
    }
}

/// A worker that was forked.
pub(super) struct Forked {
    pub(super) pid: u32,
    pub(super) stdout: PipeReader,
    pub(super) stderr: PipeReader,
}

/// Forks a worker that is marked so and shares this file. Nothing where that cannot be done.
pub(super) fn fork_worker(program: &Path, file: &File, mark: Mark) -> Option<Forked> {
    if !WANTED.load(Ordering::Relaxed) {
        return None;
    }
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*server, Server::NotWanted) {
        *server = Server::NotStarted;
        return None;
    }
    if matches!(*server, Server::NotStarted) {
        *server = start(program).unwrap_or_else(|error| {
            tracing::info!(%error, "there is no fork server: workers are started anew");
            Server::Gone
        });
    }
    let Server::Running { program: of_server, socket, pid, .. } = &*server else { return None };
    if of_server != program {
        return None;
    }
    let (server_pid, (stdout, out), (stderr, err)) = (*pid, io::pipe().ok()?, io::pipe().ok()?);
    let forked = children::start_by(|| request(socket, mark, [file.as_fd(), out.as_fd(), err.as_fd()]));
    match forked {
        Ok(Some(pid)) => Some(Forked { pid, stdout, stderr }),
        // The system does not let it; it will say why when the worker is started anew.
        Ok(None) => None,
        Err(error) => {
            tracing::info!(%error, "the fork server does not answer: workers are started anew");
            // One that was only stopped must not fork any more.
            let _ = nix::sys::signal::kill(Pid::from_raw(server_pid.cast_signed()), Signal::SIGKILL);
            *server = Server::Gone;
            None
        }
    }
}

/// Starts it.
fn start(program: &Path) -> io::Result<Server> {
    let (socket, of_server) = UnixStream::pair()?;
    socket.set_read_timeout(Some(LONGEST_REQUEST))?;
    socket.set_write_timeout(Some(LONGEST_REQUEST))?;
    let (tell, told) = mpsc::channel();
    let (tell_end, ended) = mpsc::channel();
    let mut command = Command::new(program);
    command.arg(FORK_SERVER).stdin(OwnedFd::from(of_server)).stdout(Stdio::null()).stderr(Stdio::null());
    command.process_group(0).env(MARK, Mark::of_server().to_string()).envs(logging::of_workers());
    // The system takes the end of the thread that starts a process for the end of its parent.
    let own = move || {
        let started = children::start(&mut command);
        drop(command);
        match started {
            Ok(mut child) => {
                let _ = tell.send(Ok(child.id()));
                let _ = child.wait();
                children::is_gone(child.id());
                drop(tell_end);
                // Its forks are this thread's children.
                loop {
                    std::thread::park();
                }
            }
            Err(error) => drop(tell.send(Err(error))),
        }
    };
    std::thread::Builder::new().name(FORK_SERVER.to_owned()).spawn(own)?;
    let pid = told.recv().map_err(io::Error::other)??;
    tracing::info!(pid, "fork server started");
    Ok(Server::Running { program: program.to_owned(), socket, pid, ended })
}

/// Asks for a worker: its process, or nothing where the system does not fork.
fn request(socket: &UnixStream, mark: Mark, descriptors: [BorrowedFd<'_>; DESCRIPTORS]) -> io::Result<Option<u32>> {
    send_with(socket, &mark.number().to_ne_bytes(), descriptors)?;
    let mut answer = [0; 4];
    (&mut &*socket).read_exact(&mut answer)?;
    let pid = i32::from_ne_bytes(answer);
    Ok(u32::try_from(pid).ok().filter(|pid| *pid > 0))
}

/// Is the fork server. Standard input is its socket. Returns in each worker's process, which is that worker's guardian from now
/// on.
pub fn fork_server() {
    let socket = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let (Ok(socket), Some(mark)) = (socket, Mark::of_this_process()) else { leave_process(2) };
    if set_pdeathsig(Signal::SIGKILL).is_err() || getppid().as_raw() != mark.parent() {
        leave_process(2);
    }
    get_ready_for_crashes();
    loop {
        let Ok((number, descriptors)) = receive_with(&socket) else { leave_process(0) };
        let forked = clone_sibling();
        if forked == 0 {
            drop(socket);
            // A group of its own, as one that is started anew.
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let [file, out, err] = descriptors;
            let placed = nix::unistd::dup2_stdin(&file)
                .and_then(|()| nix::unistd::dup2_stdout(&out))
                .and_then(|()| nix::unistd::dup2_stderr(&err));
            if placed.is_err() || !bear(mark.with_number(number)) {
                leave_process(2);
            }
            return;
        }
        drop(descriptors);
        if (&mut &socket).write_all(&forked.to_ne_bytes()).is_err() {
            leave_process(0);
        }
    }
}

/// Forks this process, which has one thread; the copy's parent is this one's. 0 in the copy, and below 0 where the system does
/// not fork.
fn clone_sibling() -> i32 {
    let flags = libc::c_long::from(libc::CLONE_PARENT) | libc::c_long::from(libc::SIGCHLD);
    // SAFETY: without a stack and CLONE_VM this is fork: the copy goes on here with all that this process has, as its only
    // thread.
    let forked = unsafe {
        libc::syscall(
            libc::SYS_clone,
            flags,
            0 as libc::c_long,
            0 as libc::c_long,
            0 as libc::c_long,
            0 as libc::c_long,
        )
    };
    i32::try_from(forked).unwrap_or(-1)
}

/// Changes this process's mark where the system reads it, too: what the handler forks without starting a program bears it.
fn bear(mark: Mark) -> bool {
    let (Ok(name), mark) = (std::ffi::CString::new(MARK), mark.to_string()) else { return false };
    // SAFETY: this process has one thread, which changes nothing of its environment otherwise. The place is that of the value,
    // and as long as it says.
    unsafe {
        let place = libc::getenv(name.as_ptr());
        if place.is_null() || libc::strlen(place) != mark.len() {
            return false;
        }
        std::ptr::copy_nonoverlapping(mark.as_ptr(), place.cast::<u8>(), mark.len());
    }
    true
}

/// The control message that brings the descriptors, aligned as the system wants it.
#[repr(C, align(8))]
struct Control([u8; 64]);

const FD_BYTES: u32 = (DESCRIPTORS * size_of::<libc::c_int>()) as u32;

/// Sends a message that brings descriptors.
fn send_with(socket: &UnixStream, bytes: &[u8], descriptors: [BorrowedFd<'_>; DESCRIPTORS]) -> io::Result<()> {
    let numbers = descriptors.map(|descriptor| descriptor.as_raw_fd());
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: zeroes are a message without anything; the parts and the room for control outlive the call, and the one control
    // message fits into its room.
    let sent = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        message.msg_control = (&raw mut control.0).cast();
        message.msg_controllen = libc::CMSG_SPACE(FD_BYTES) as _;
        let head = libc::CMSG_FIRSTHDR(&message);
        (*head).cmsg_level = libc::SOL_SOCKET;
        (*head).cmsg_type = libc::SCM_RIGHTS;
        (*head).cmsg_len = libc::CMSG_LEN(FD_BYTES) as _;
        std::ptr::copy_nonoverlapping(numbers.as_ptr().cast::<u8>(), libc::CMSG_DATA(head), FD_BYTES as usize);
        libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL)
    };
    match usize::try_from(sent) {
        Ok(sent) if sent == bytes.len() => Ok(()),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Receives a number, with descriptors.
fn receive_with(socket: &UnixStream) -> io::Result<(u64, [OwnedFd; DESCRIPTORS])> {
    let mut number = [0_u8; 8];
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: number.as_mut_ptr().cast(), iov_len: number.len() };
    // SAFETY: as in `send_with`; the descriptors that came are nobody else's, and are taken over once.
    let (read, descriptors) = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        message.msg_control = (&raw mut control.0).cast();
        message.msg_controllen = size_of::<Control>() as _;
        let read = libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_CMSG_CLOEXEC);
        let head = libc::CMSG_FIRSTHDR(&message);
        let brings = read > 0
            && !head.is_null()
            && ((*head).cmsg_level, (*head).cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS)
            && (*head).cmsg_len as usize == libc::CMSG_LEN(FD_BYTES) as usize;
        let descriptors = brings.then(|| {
            let mut numbers = [0 as libc::c_int; DESCRIPTORS];
            std::ptr::copy_nonoverlapping(libc::CMSG_DATA(head), numbers.as_mut_ptr().cast::<u8>(), FD_BYTES as usize);
            numbers.map(|number| OwnedFd::from_raw_fd(number))
        });
        (read, descriptors)
    };
    let descriptors = descriptors.filter(|_| usize::try_from(read) == Ok(number.len()));
    let descriptors = descriptors.ok_or_else(io::Error::last_os_error)?;
    Ok((u64::from_ne_bytes(number), descriptors))
}
