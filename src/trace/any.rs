//! Reading a trace in either of its forms: JSON lines, or the notation.

use std::io::{BufRead, Read};

use super::notation::{self, Notation, NotationLine};
use super::{Header, Reader, TraceError};
use crate::json;
use crate::protocol::{Event, EventKind, Note};

/// How long a document in the notation may be, in bytes. People write and read them; what a program records is JSON lines.
pub const MAX_NOTATION: u64 = 64 * 1024 * 1024;

/// Reads a trace event by event, whichever form it has: the first character says which. JSON lines begin with `{`.
///
/// ```
/// use mobsync::trace::TraceReader;
/// let notation = "note Created \"Left\"\nmanager Initialize MANUAL -> S_FALSE\nmanager Release -> S_OK\n";
/// let mut reader = TraceReader::new(notation.as_bytes(), "a.trace").unwrap();
/// assert_eq!(reader.header().handler, "Left");
/// assert_eq!(reader.next().unwrap().unwrap().method_name(), "Created");
/// assert_eq!(reader.line(), 1);
/// assert_eq!(reader.count(), 4, "a call and its return are two events");
/// ```
#[derive(Debug)]
pub enum TraceReader<R> {
    /// JSON lines, read in constant memory.
    Lines(Reader<R>),
    /// The notation, read as a whole.
    Notation(NotationReader),
}

/// The events of a document in the notation, one after the other.
#[derive(Debug)]
pub struct NotationReader {
    header: Header,
    events: std::vec::IntoIter<Event>,
    /// The lines that have events which were not read yet.
    lines: std::iter::Peekable<std::vec::IntoIter<NotationLine>>,
    line: u64,
}

impl<R: BufRead> TraceReader<R> {
    /// Looks which form it is, and reads the header. `file` is the name that errors give.
    ///
    /// # Errors
    /// When the input cannot be read, is empty, or is a trace in neither form.
    pub fn new(mut input: R, file: impl Into<String>) -> Result<Self, TraceError> {
        let file = file.into();
        let beginning = input.fill_buf().map_err(|error| TraceError::io(&file, "read", &error))?;
        if !is_notation(beginning) {
            return Reader::new(input, file).map(Self::Lines);
        }
        let mut text = Vec::new();
        input.take(MAX_NOTATION + 1).read_to_end(&mut text).map_err(|error| TraceError::io(&file, "read", &error))?;
        if text.len() as u64 > MAX_NOTATION {
            return Err(TraceError::LongNotation { file, limit: MAX_NOTATION });
        }
        let text = String::from_utf8(text).map_err(|error| {
            let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let (line, column) = crate::json::place_of(&before, before.len());
            TraceError::NotUtf8 { file: file.clone(), line: line as u64, column: column as u64 }
        })?;
        let Notation { mut header, events, lines } = notation::parse(&text, &file).map_err(Box::new)?;
        if let Some(EventKind::Note(note)) = events.first().map(|event| &event.kind)
            && let Note::Created(created) = &**note
        {
            header.handler = created.name.to_string();
        }
        Ok(Self::Notation(NotationReader {
            header,
            events: events.into_iter(),
            lines: lines.into_iter().peekable(),
            line: 0,
        }))
    }

    /// What the trace says of itself. Of the notation: what its directives say, and the first handler's name.
    pub fn header(&self) -> &Header {
        match self {
            Self::Lines(reader) => reader.header(),
            Self::Notation(reader) => &reader.header,
        }
    }

    /// The number of the line that was read last, from 1.
    pub fn line(&self) -> u64 {
        match self {
            Self::Lines(reader) => reader.line(),
            Self::Notation(reader) => reader.line,
        }
    }

    /// How long the line was that was read last, in bytes. The notation is in memory as a whole: 0.
    pub(crate) fn line_length(&self) -> usize {
        match self {
            Self::Lines(reader) => reader.line_length(),
            Self::Notation(_) => 0,
        }
    }
}

/// Whether a text that begins so is in the notation: a line that begins with one of its words, or a comment, comes first.
fn is_notation(beginning: &[u8]) -> bool {
    let text = String::from_utf8_lossy(beginning);
    let first = json::without_mark(&text).lines().map(str::trim).find(|line| !line.is_empty());
    first.is_some_and(notation::begins_line)
}

impl<R: BufRead> Iterator for TraceReader<R> {
    type Item = Result<Event, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Lines(reader) => reader.next(),
            Self::Notation(reader) => reader.events.next().map(|event| {
                while let Some(line) = reader.lines.next_if(|line| *line.seqs.start() <= event.seq) {
                    reader.line = line.line as u64;
                }
                Ok(event)
            }),
        }
    }
}
