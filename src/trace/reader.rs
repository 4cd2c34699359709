//! Reading traces.

use std::io::{BufRead, Read};

use serde::Deserialize;
use serde_json::Value;

use super::{FORMAT, Header, TraceError, VERSION};
use crate::json::{self, readable};
use crate::protocol::Event;

/// How long a line of a trace may be, in bytes.
pub const MAX_LINE: usize = 16 * 1024 * 1024;
/// How deep values may be nested in a line, whether they are read or ignored.
pub const MAX_DEPTH: usize = 64;

/// Reads a trace event by event, in constant memory.
///
/// The first line is read on construction; iterating gives the events. After an error there is nothing more. Empty lines
/// are passed over, and unknown keys ignored: a newer minor version wrote them.
///
/// ```
/// use mobsync::trace::Reader;
/// let file = concat!(
///     r#"{"format":"mobsync-trace","version":1,"started":"2026-01-01T00:00:00Z"}"#, "\n",
///     r#"{"seq":1,"at_ns":0,"thread":"apartment","handler":1,"kind":"note","method":"Created","args":{"name":"filesync"}}"#, "\n",
///     r#"{"seq":2,"at_ns":0,"thread":"apartment","handler":1,"kind":"call","call":1,"method":"Initi"#,
/// );
/// let mut reader = Reader::new(file.as_bytes(), "a.jsonl").unwrap();
/// assert_eq!(reader.header().started.to_string(), "2026-01-01T00:00:00Z");
/// assert_eq!(reader.next().unwrap().unwrap().method_name(), "Created");
/// let broken = reader.next().unwrap().unwrap_err();
/// assert!(broken.to_string().starts_with("a.jsonl:3: the last line is cut off after 90 characters"));
/// assert_eq!(reader.next(), None);
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    file: String,
    header: Header,
    line: Vec<u8>,
    position: Position,
    done: bool,
}

/// How far a reader has come.
#[derive(Debug, Default)]
struct Position {
    /// The number of the line in the buffer.
    line: u64,
    /// Whether it had an end.
    ended: bool,
    /// The sequence number of the last event.
    seq: u64,
    /// How many events were read.
    events: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line. `file` is the name that errors give.
    ///
    /// # Errors
    /// When the input cannot be read, is empty, or does not begin as a trace of this version does.
    pub fn new(input: R, file: impl Into<String>) -> Result<Self, TraceError> {
        let mut reader = Self {
            input,
            file: file.into(),
            header: Header::default(),
            line: Vec::with_capacity(1024),
            position: Position::default(),
            done: false,
        };
        if !reader.fill()? {
            return Err(TraceError::Empty { file: reader.file });
        }
        reader.header = reader.first_line()?;
        Ok(reader)
    }

    /// What the trace says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The number of the line that was read last, from 1.
    pub fn line(&self) -> u64 {
        self.position.line
    }

    /// How long the line was that was read last, in bytes.
    pub(crate) fn line_length(&self) -> usize {
        self.line.len()
    }

    /// Reads the next line into the buffer, without its end; false when there is none.
    fn fill(&mut self) -> Result<bool, TraceError> {
        self.line.clear();
        let read = self.input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| TraceError::io(&self.file, "read", &error))?;
        if read == 0 {
            return Ok(false);
        }
        self.position.line += 1;
        self.position.ended = self.line.pop_if(|last| *last == b'\n').is_some();
        if self.line.len() > MAX_LINE {
            return Err(TraceError::TooLong { file: self.file.clone(), line: self.position.line, limit: MAX_LINE });
        }
        Ok(true)
    }

    /// The line in the buffer as text that is safe to parse.
    fn text(&self) -> Result<&str, TraceError> {
        let text = std::str::from_utf8(&self.line).map_err(|error| {
            let valid = self.column(error.valid_up_to());
            if error.error_len().is_none() && !self.position.ended {
                return self.truncated();
            }
            TraceError::NotUtf8 { file: self.file.clone(), line: self.position.line, column: valid + 1 }
        })?;
        match too_deep(text) {
            Some(at) => Err(TraceError::TooDeep {
                file: self.file.clone(),
                line: self.position.line,
                column: self.column(at) + 1,
                limit: MAX_DEPTH,
            }),
            None => Ok(text),
        }
    }

    fn first_line(&self) -> Result<Header, TraceError> {
        let text = self.text()?;
        let text = json::without_mark(text);
        let other =
            |first_line: &str| TraceError::NotATrace { file: self.file.clone(), first_line: first_line.to_owned() };
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) if error.is_eof() && !self.position.ended && text.starts_with('{') => {
                return Err(self.truncated());
            }
            Err(_) => return Err(other("not JSON")),
        };
        let Value::Object(fields) = &value else { return Err(other("not a JSON object")) };
        match fields.get("format") {
            Some(Value::String(format)) if format == FORMAT => {}
            Some(Value::String(format)) => {
                return Err(other(&format!("of format \"{}\"", readable(format))));
            }
            _ if fields.contains_key("seq") => {
                return Err(other("an event; the header line is missing"));
            }
            _ => return Err(other("a JSON object without \"format\"")),
        }
        let found = match fields.get("version") {
            Some(version) if version.as_u64() == Some(VERSION) => None,
            Some(Value::Number(version)) => Some(version.to_string()),
            _ => Some("unknown".to_owned()),
        };
        match found {
            Some(found) => Err(TraceError::Version { file: self.file.clone(), found }),
            None => serde_json::from_str(text).map_err(|_| self.explain::<Header>(text)),
        }
    }

    fn event(&self) -> Result<Event, TraceError> {
        let text = self.text()?;
        serde_json::from_str(text).map_err(|error| {
            if error.is_eof() && !self.position.ended { self.truncated() } else { self.explain::<Event>(text) }
        })
    }

    /// Parses a failing line again, to see which value of it is wrong.
    #[cold]
    fn explain<'de, T: Deserialize<'de>>(&self, text: &'de str) -> TraceError {
        let mut json = serde_json::Deserializer::from_str(text);
        let (path, error) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Ok(_) => (String::new(), json.end().err()),
            Err(error) => {
                let path = error.path().to_string();
                // "." is the whole line, and "?" a place that has no name yet; neither says anything.
                let path = path.strip_suffix('?').unwrap_or(&path).trim_end_matches('.');
                (path.to_owned(), Some(error.into_inner()))
            }
        };
        let (column, message) = match error {
            Some(error) => {
                let message = error.to_string();
                let position = format!(" at line {} column {}", error.line(), error.column());
                let message = message.strip_suffix(&position).unwrap_or(&message);
                let syntax = if error.is_data() { "" } else { "not JSON: " };
                (error.column(), format!("{syntax}{message}"))
            }
            None => (0, "the line could not be read".to_owned()),
        };
        TraceError::Line {
            file: self.file.clone(),
            line: self.position.line,
            column: self.column(column).max(1),
            path: readable(&path),
            message: readable(&message),
        }
    }

    fn truncated(&self) -> TraceError {
        TraceError::Truncated {
            file: self.file.clone(),
            line: self.position.line,
            length: self.column(self.line.len()),
            events: self.position.events,
        }
    }

    /// How many characters there are in the first bytes of the line.
    fn column(&self, bytes: usize) -> u64 {
        String::from_utf8_lossy(&self.line[..bytes.min(self.line.len())]).chars().count() as u64
    }

    fn advance(&mut self) -> Result<Option<Event>, TraceError> {
        loop {
            if !self.fill()? {
                return Ok(None);
            }
            if self.line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let event = self.event()?;
            if event.seq <= self.position.seq {
                let (file, line) = (self.file.clone(), self.position.line);
                return Err(TraceError::Sequence { file, line, seq: event.seq, after: self.position.seq });
            }
            self.position.seq = event.seq;
            self.position.events += 1;
            return Ok(Some(event));
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<R: BufRead> std::iter::FusedIterator for Reader<R> {}

/// Where a line passes [`MAX_DEPTH`], in bytes.
///
/// The JSON parser has a limit for what it reads, but none for what it ignores.
fn too_deep(text: &str) -> Option<usize> {
    // `[` and `{` differ in one bit. Nearly every line has too few of them to be too deep. They are counted in portions whose
    // number fits into a byte: so the processor counts many at once.
    let opening = |portion: &[u8]| portion.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    if text.as_bytes().chunks(u8::MAX.into()).map(|portion| usize::from(opening(portion))).sum::<usize>() <= MAX_DEPTH {
        return None;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
