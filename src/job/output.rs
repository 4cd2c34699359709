//! What a worker's process writes to its standard output and standard error.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use crate::handler::said::{Said, pass_on};

/// How long the pipes of a worker that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the handler writes: it goes to standard error, and its end is kept. A thread that reads is left behind when something
/// that the handler started keeps the pipe.
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

    pub(super) fn pass_on(&self, pipe: Option<impl Read + Send + 'static>) {
        let Some(pipe) = pipe else { return };
        let (said, open) = (Arc::clone(&self.said), self.open.clone());
        let copy = move || {
            pass_on(pipe, &said);
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
