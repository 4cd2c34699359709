//! What a worker's process writes to its standard output and standard error.

use std::fs::File;
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd as Pipe};
#[cfg(windows)]
use std::os::windows::io::OwnedHandle as Pipe;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

#[cfg(unix)]
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::handler::said::{Passing, Said};

/// How long the pipes of a worker that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the handler writes: it goes to standard error, and its end is kept. The thread that reads is left behind when something
/// that the handler started keeps a pipe.
pub(super) struct Output {
    said: Arc<Mutex<Said>>,
    /// Nobody sends: the other end is closed when all pipes have ended.
    open: mpsc::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl Output {
    pub(super) fn new() -> Self {
        let (open, ended) = mpsc::channel();
        Self { said: Arc::default(), open, ended }
    }

    /// Reads these pipes from now on.
    pub(super) fn pass_on(&self, pipes: Vec<Pipe>) {
        let (said, open) = (Arc::clone(&self.said), self.open.clone());
        let copy = move || {
            pass_on_all(pipes, &said);
            drop(open);
        };
        drop(std::thread::Builder::new().name("output".to_owned()).spawn(copy));
    }

    /// The worker has ended: what it wrote.
    pub(super) fn end(self) -> Option<String> {
        let Self { said, open, ended } = self;
        drop(open);
        let _ = ended.recv_timeout(LAST_WORDS);
        said.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

/// Passes on what comes from any of these pipes, until all of them have ended.
#[cfg(unix)]
fn pass_on_all(pipes: Vec<Pipe>, said: &Mutex<Said>) {
    let mut open: Vec<(File, Passing)> = pipes.into_iter().map(|pipe| (File::from(pipe), Passing::default())).collect();
    while !open.is_empty() {
        let mut polled: Vec<PollFd<'_>> =
            open.iter().map(|(pipe, _)| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        // Without an answer each is read, in turns.
        let _ = poll(&mut polled, PollTimeout::NONE);
        let comes: Vec<bool> = polled.iter().map(|pipe| pipe.any().unwrap_or(true)).collect();
        let mut comes = comes.into_iter();
        open.retain_mut(|(pipe, passing)| !comes.next().unwrap_or(true) || passing.read(pipe, said));
    }
}

/// Passes on what comes from these pipes, each on a thread of its own, until all of them have ended.
#[cfg(windows)]
fn pass_on_all(pipes: Vec<Pipe>, said: &Mutex<Said>) {
    std::thread::scope(|scope| {
        for pipe in pipes {
            let (mut pipe, mut passing) = (File::from(pipe), Passing::default());
            scope.spawn(move || while passing.read(&mut pipe, said) {});
        }
    });
}

/// Whether a worker that writes crashes down as Windows does said, with its last words, that an exception came out of a method of
/// the handler.
pub(super) fn let_exception_out(output: &str) -> bool {
    output.contains("Rust cannot catch foreign exceptions")
}

/// What a sanitizer has found, where that has ended the process.
pub(super) fn reported(output: &str) -> Option<String> {
    #[cfg(target_os = "linux")]
    return crate::handler::com::sanitizer_summary(output).map(str::to_owned);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = output;
        None
    }
}
