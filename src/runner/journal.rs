//! What is asked of the manager outside a session: written as a trace and judged, as a session is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::files::WriteError;
use super::judged::Judged;
use super::run::create_trace;
use crate::protocol::{Event, EventKind, HandlerId, Limits, Note, Thread};
use crate::time::wall_clock;
use crate::trace::{Clock, Header, Writer};

/// A trace of notes, without a handler's instance.
pub struct Journal {
    begun: Instant,
    seq: u64,
    trace: Option<(PathBuf, Writer<File>)>,
    failure: Option<WriteError>,
    judged: Judged,
}

impl Journal {
    /// An empty one about a handler of this name, judged by these limits, which is written to `trace`, where one is wanted.
    ///
    /// # Errors
    /// When the trace file cannot be created.
    pub fn begin(handler: String, limits: Limits, trace: Option<&Path>) -> Result<Self, WriteError> {
        let header = Header {
            generator: concat!("mobsync ", env!("CARGO_PKG_VERSION")).to_owned(),
            handler,
            clock: Clock::Real,
            started: wall_clock(),
            limits,
            ..Header::default()
        };
        let judged = Judged::new((&header).into()).of_file(trace.map(Path::to_owned));
        let trace = trace.map(|path| Ok((path.to_owned(), create_trace(path, &header)?))).transpose()?;
        Ok(Self { begun: Instant::now(), seq: 0, trace, failure: None, judged })
    }

    /// Adds a note.
    pub fn note(&mut self, note: Note) {
        self.seq += 1;
        let at_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let kind = EventKind::Note(Box::new(note));
        let event = Event { seq: self.seq, at_ns, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind };
        if let Some((path, writer)) = self.trace.as_mut().filter(|_| self.failure.is_none()) {
            self.failure = writer.write(&event).err().map(|error| WriteError::new(path, &error));
        }
        self.judged.observe(event, self.seq + 1);
    }

    /// What was found.
    ///
    /// # Errors
    /// When the trace is not whole.
    pub fn end(mut self) -> Result<Judged, WriteError> {
        self.judged.finish();
        self.failure.map_or(Ok(self.judged), Err)
    }
}
