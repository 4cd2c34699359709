//! What can be wrong with a trace file.

use std::io;

use super::VERSION;

/// A trace could not be read, or not be written. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The operating system refused.
    #[error("{file}: cannot be {action}: {message}")]
    Io {
        /// The file, as the caller named it.
        file: String,
        /// "read" or "written".
        action: &'static str,
        /// What kind of error it is.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
    },
    /// There is no line at all.
    #[error("{file}: the file is empty; a trace begins with a line {{\"format\":\"mobsync-trace\",\"version\":1,…}}")]
    Empty {
        /// The file, as the caller named it.
        file: String,
    },
    /// A line is not in the notation.
    #[error(transparent)]
    Notation(#[from] Box<super::notation::NotationError>),
    /// A document in the notation is longer than anybody writes one.
    #[error("{file}: the document is longer than {limit} bytes; record long sessions as JSON lines (--trace)")]
    LongNotation {
        /// The file, as the caller named it.
        file: String,
        /// How many bytes it may have.
        limit: u64,
    },
    /// The first line is not that of a trace.
    #[error(
        "{file}: not a trace: the first line is {first_line}; expected {{\"format\":\"mobsync-trace\",\"version\":1,…}}, or a \
         line of the notation"
    )]
    NotATrace {
        /// The file, as the caller named it.
        file: String,
        /// What stands there, in words.
        first_line: String,
    },
    /// The trace is of a version that this program does not know.
    #[error("{file}: the trace has format version {found}; this program reads version {VERSION}")]
    Version {
        /// The file, as the caller named it.
        file: String,
        /// The version that the first line gives, or "unknown".
        found: String,
    },
    /// A line is not what it should be.
    #[error("{file}:{line}:{column}: {}{message}", place(path))]
    Line {
        /// The file, as the caller named it.
        file: String,
        /// The line.
        line: u64,
        /// Where reading stopped.
        column: u64,
        /// The JSON path of the value, e.g. `args.items[2].id`; empty for the whole line.
        path: String,
        /// What stands there and what was expected.
        message: String,
    },
    /// The last line has no end.
    #[error(
        "{file}:{line}: the last line is cut off after {length} characters, because the trace was not written to its end; the {events} events before it are complete"
    )]
    Truncated {
        /// The file, as the caller named it.
        file: String,
        /// The line.
        line: u64,
        /// How many characters of it are there.
        length: u64,
        /// How many events were read before it.
        events: u64,
    },
    /// A line is longer than any event.
    #[error("{file}:{line}: the line is longer than {limit} bytes, the maximum for an event")]
    TooLong {
        /// The file, as the caller named it.
        file: String,
        /// The line.
        line: u64,
        /// [`MAX_LINE`](super::MAX_LINE).
        limit: usize,
    },
    /// A line is not UTF-8.
    #[error("{file}:{line}:{column}: the line is not UTF-8 from here on")]
    NotUtf8 {
        /// The file, as the caller named it.
        file: String,
        /// The line.
        line: u64,
        /// The first character that is not.
        column: u64,
    },
    /// A value is nested deeper than any event.
    #[error("{file}:{line}:{column}: values are nested deeper than {limit} levels, the maximum for an event")]
    TooDeep {
        /// The file, as the caller named it.
        file: String,
        /// The line.
        line: u64,
        /// Where the level is passed.
        column: u64,
        /// [`MAX_DEPTH`](super::MAX_DEPTH).
        limit: usize,
    },
    /// Sequence numbers do not rise.
    #[error("{file}:{line}: event {seq} cannot follow event {after}: sequence numbers must increase, starting at 1")]
    Sequence {
        /// The file, as the caller named it.
        file: String,
        /// The line.
        line: u64,
        /// The event's number.
        seq: u64,
        /// The number of the event before it; 0 when there is none.
        after: u64,
    },
}

impl TraceError {
    pub(super) fn io(file: &str, action: &'static str, error: &io::Error) -> Self {
        Self::Io { file: file.to_owned(), action, kind: error.kind(), message: error.to_string() }
    }
}

/// The path as it stands in front of a message.
fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}
