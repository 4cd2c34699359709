//! A program's standard output, at which one can look without waiting for long: a thread reads ahead.

use std::io::{self, Read};
use std::process::ChildStdout;
use std::sync::mpsc;
use std::time::Duration;

use super::lines::Looked;

/// How long one look takes when nothing comes.
const LOOK: Duration = Duration::from_millis(20);

/// How many pieces are read ahead: a program that writes faster than it is read waits, as it does elsewhere.
const AHEAD: usize = 4;

/// The reading end. The thread that reads ahead is left behind when something keeps the pipe; with the program's job object all
/// that could keep it has ended.
pub(super) struct Pipe(mpsc::Receiver<io::Result<Vec<u8>>>);

impl Pipe {
    pub(super) fn new(mut stdout: ChildStdout) -> io::Result<Self> {
        let (sends, comes) = mpsc::sync_channel(AHEAD);
        let read = move || {
            let mut chunk = [0; 64 << 10];
            loop {
                let piece = match stdout.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(read) => Ok(chunk[..read].to_vec()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = piece.is_err();
                if sends.send(piece).is_err() || failed {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("handler's stdout, ahead".to_owned()).spawn(read)?;
        Ok(Self(comes))
    }

    /// Adds what has come to the buffer.
    pub(super) fn look(&mut self, buffer: &mut Vec<u8>) -> io::Result<Looked> {
        match self.0.recv_timeout(LOOK) {
            Ok(piece) => {
                buffer.extend(piece?);
                Ok(Looked::Something)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(Looked::Nothing),
            Err(mpsc::RecvTimeoutError::Disconnected) => Ok(Looked::End),
        }
    }
}
