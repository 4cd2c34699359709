//! What is recorded of a session while it runs: its events are written as a trace, and judged.

use std::fs::File;
use std::path::PathBuf;

use super::files::WriteError;
use super::judged::Judged;
use super::run::{RunOptions, TraceFailure, create_trace};
use crate::protocol::{Event, Session};
use crate::trace::{Header, Writer};

/// A trace that is written and judged, event by event.
pub(super) struct Record {
    trace: Option<(PathBuf, Writer<File>)>,
    trace_limit: Option<u64>,
    pub(super) trace_failure: Option<TraceFailure>,
    pub(super) judged: Judged,
    /// The line of the trace file that was written last.
    line: u64,
    /// The number and the time of the last event.
    pub(super) last: (u64, u64),
}

impl Record {
    /// An empty one. The options say where the trace goes, and how long it may be.
    pub(super) fn begin(header: &Header, options: &RunOptions) -> Result<Self, WriteError> {
        let trace = match &options.trace {
            Some(path) => Some((path.clone(), create_trace(path, header)?)),
            None => None,
        };
        let judged = Judged::new(header.into()).of_file(options.trace.clone()).keeping_events(options.keep_events);
        Ok(Self { trace, trace_limit: options.trace_limit, trace_failure: None, judged, line: 1, last: (0, 0) })
    }

    /// Takes the next event; `see` gets it, and the session after it.
    pub(super) fn take(&mut self, event: Event, see: impl FnOnce(&Event, &Session)) {
        if let Some((path, writer)) = &mut self.trace
            && self.trace_failure.is_none()
        {
            // The session goes on to its end: a handler is not left hanging for a full disk.
            let failure = |error, at_limit| TraceFailure { error, next: event.seq, at_limit };
            if self.trace_limit.is_some_and(|limit| writer.written() >= limit) {
                let why = "it has reached its limit (--trace-limit)".to_owned();
                self.trace_failure = Some(failure(WriteError { path: path.clone(), why }, true));
            } else if let Err(error) = writer.write(&event) {
                self.trace_failure = Some(failure(WriteError::new(path, &error), false));
            }
        }
        self.line += 1;
        self.last = (event.seq, event.at_ns);
        self.judged.observe_with(event, self.line, see);
    }
}
