//! Writing traces.

use std::io::{self, Write};

use serde::Serialize;

use super::{FORMAT, Header, VERSION};
use crate::json;
use crate::protocol::Event;

/// Writes a trace: the header, then event by event.
///
/// Each line reaches the output in one piece: what was written is a valid trace at any moment, also when the program is
/// killed and also through a [`BufWriter`](io::BufWriter), which passes on whole lines only. Nothing is buffered here.
/// After an error nothing more is written, for a part of a line may stand at the end.
///
/// ```
/// use mobsync::protocol::{Event, HandlerId, EventKind, Note, Created, Thread};
/// use mobsync::trace::{Header, Writer};
/// let mut writer = Writer::new(Vec::new(), &Header::default())?;
/// writer.write(&Event {
///     seq: 1,
///     at_ns: 0,
///     thread: Thread::APARTMENT,
///     handler: HandlerId::FIRST,
///     kind: EventKind::Note(Box::new(Note::Created(Created::of("filesync")))),
/// })?;
/// assert!(writer.into_inner().ends_with(
///     br#"{"seq":1,"at_ns":0,"thread":"apartment","handler":1,"kind":"note","method":"Created","args":{"name":"filesync"}}
/// "#));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    output: W,
    line: Vec<u8>,
    written: u64,
    failed: bool,
}

/// The header as it stands in the file.
#[derive(Serialize)]
struct FirstLine<'a> {
    format: &'static str,
    version: u64,
    #[serde(flatten)]
    header: &'a Header,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When the output does not take it.
    pub fn new(output: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self { output, line: Vec::with_capacity(256), written: 0, failed: false };
        writer.write_line(&FirstLine { format: FORMAT, version: VERSION, header })?;
        Ok(writer)
    }

    /// Writes one event. That sequence numbers rise is the caller's part.
    ///
    /// # Errors
    /// When the output does not take it, or did not take an earlier one.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        self.write_line(event)
    }

    /// How many bytes the lines have that were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Passes on what the output itself holds back.
    ///
    /// # Errors
    /// When the output cannot.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// The output, as it is.
    pub fn into_inner(self) -> W {
        self.output
    }

    fn write_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("an earlier line of the trace could not be written"));
        }
        self.line.clear();
        json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        self.output.write_all(&self.line).inspect_err(|_| self.failed = true)?;
        self.written += self.line.len() as u64;
        Ok(())
    }
}
