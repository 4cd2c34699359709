//! A program's standard output, at which one can look without waiting for long.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::ChildStdout;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::lines::Looked;

/// How long one look takes when nothing comes, in milliseconds.
const LOOK_MS: u16 = 20;

/// The reading end.
pub(super) struct Pipe(ChildStdout);

impl Pipe {
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere a thread is needed")]
    pub(super) fn new(stdout: ChildStdout) -> io::Result<Self> {
        Ok(Self(stdout))
    }

    /// Adds what has come to the buffer.
    pub(super) fn look(&mut self, buffer: &mut Vec<u8>) -> io::Result<Looked> {
        let mut polled = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        match poll(&mut polled, PollTimeout::from(LOOK_MS)) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(Looked::Nothing),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut chunk = [0; 64 << 10];
        match self.0.read(&mut chunk) {
            Ok(0) => Ok(Looked::End),
            Ok(read) => {
                buffer.extend_from_slice(&chunk[..read]);
                Ok(Looked::Something)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Looked::Something),
            Err(error) => Err(error),
        }
    }
}
