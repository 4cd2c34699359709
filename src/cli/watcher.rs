//! Sees every event of a session.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::live::Live;
use super::output::cannot_write;
use crate::protocol::Event;
use crate::runner::Judged;
use crate::trace::{self, Header, TraceError, Writer};

/// Sees every event of a session: writes the trace, judges, shows progress.
pub(super) struct Watcher {
    trace: Option<(PathBuf, Writer<File>)>,
    failed: Option<String>,
    judged: Judged,
    live: Option<Live>,
    /// The line of the trace file that was written last.
    line: u64,
}

/// What came of watching.
pub(super) struct Watched {
    pub(super) judged: Judged,
    /// Why the trace is not whole.
    pub(super) trace_failure: Option<String>,
}

impl Watcher {
    /// Writes the trace to `path`, where there is one; shows progress if there is `live`.
    pub(super) fn new(header: &Header, path: Option<&Path>, live: Option<Live>) -> Result<Self, Failure> {
        let trace = match path {
            Some(path) => {
                let writer = trace::create_file(path, header).map_err(|error| match error {
                    TraceError::Io { kind, message, .. } => {
                        cannot_write("--trace", path, &std::io::Error::new(kind, message))
                    }
                    error => error.into(),
                })?;
                Some((path.to_owned(), writer))
            }
            None => None,
        };
        let judged = Judged::new(header.into()).of_file(path.map(Path::to_owned));
        Ok(Self { trace, failed: None, judged, live, line: 1 })
    }

    pub(super) fn take(&mut self, events: Vec<Event>) {
        for event in events {
            if let Some((path, writer)) = &mut self.trace
                && self.failed.is_none()
                && let Err(error) = writer.write(&event)
            {
                // The session goes on to its end: a handler is not left hanging for a full disk.
                let Failure(why) = cannot_write("--trace", path, &error);
                self.failed = Some(format!("{why}; the trace ends before event #{}", event.seq));
            }
            self.line += 1;
            if let Some(live) = &mut self.live {
                live.observe(&event);
            }
            self.judged.observe(event, self.line);
        }
    }

    pub(super) fn end(mut self) -> Watched {
        if let Some(live) = &mut self.live {
            live.finish();
        }
        self.judged.finish();
        Watched { judged: self.judged, trace_failure: self.failed }
    }
}
