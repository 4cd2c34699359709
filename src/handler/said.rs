//! What a handler writes to its standard output and standard error: it is passed on as it comes, and its end is kept.

#[cfg(any(unix, windows))]
use std::io::{self, ErrorKind, Read, Write};
#[cfg(any(unix, windows))]
use std::sync::{Mutex, PoisonError};

#[cfg(any(unix, windows))]
use crate::protocol::plain_lines;

/// How much of it is kept for the report, in bytes.
const KEPT: usize = 256 << 10;

/// How much is read at once; a longer line is passed on in pieces.
#[cfg(any(unix, windows))]
const CHUNK: usize = 64 << 10;

/// The end of what was written, and how much it was.
#[derive(Debug, Default)]
pub(crate) struct Said {
    kept: Vec<u8>,
    all: u64,
}

impl Said {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.all += bytes.len() as u64;
        let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
        self.kept.extend_from_slice(bytes);
        // Not for each line: moving the rest costs as much as it is long.
        if self.kept.len() > 2 * KEPT {
            self.kept.drain(..self.kept.len() - KEPT);
        }
    }

    /// The text; before the end of a longer one stands how much is left out. Nothing where nothing was written.
    pub(crate) fn text(&self) -> Option<String> {
        let kept = &self.kept[self.kept.len().saturating_sub(KEPT)..];
        let left_out = self.all - kept.len() as u64;
        let text = String::from_utf8_lossy(kept);
        match (text.is_empty(), left_out) {
            (true, _) => None,
            (false, 0) => Some(text.into_owned()),
            (false, _) => Some(format!("… (the first {left_out} of {} bytes are left out)\n{text}", self.all)),
        }
    }

    /// The last line that is not empty.
    #[cfg(any(unix, windows))]
    pub(crate) fn last_line(&self) -> Option<String> {
        let lines = self.kept.rsplit(|byte| *byte == b'\n').map(|line| String::from_utf8_lossy(line));
        lines.map(|line| line.trim().to_owned()).find(|line| !line.is_empty())
    }
}

/// Passes on to our standard error what comes from a pipe, and keeps its end. Returns when nobody can write any more.
#[cfg(any(unix, windows))]
pub(crate) fn pass_on(mut from: impl Read, said: &Mutex<Said>) {
    let mut passing = Passing::default();
    while passing.read(&mut from, said) {}
}

/// Passes on to our standard error what comes from a pipe, a read at a time.
///
/// Standard output belongs to the report. Memory stays bounded whatever comes.
#[cfg(any(unix, windows))]
#[derive(Default)]
pub(crate) struct Passing {
    /// Room for a line, and how much of it is filled. It grows with what comes: most handlers write nothing.
    chunk: Vec<u8>,
    filled: usize,
    /// All of it was filled by one read: there is more to read at once.
    is_short: bool,
}

#[cfg(any(unix, windows))]
impl Passing {
    /// Reads once, and waits for something to read. False when the pipe has ended.
    pub(crate) fn read(&mut self, from: &mut impl Read, said: &Mutex<Said>) -> bool {
        const FIRST: usize = 1 << 10;
        if self.is_short || self.filled == self.chunk.len() {
            self.chunk.resize((4 * self.chunk.len()).clamp(FIRST, CHUNK), 0);
        }
        let Self { chunk, filled, is_short } = self;
        match from.read(&mut chunk[*filled..]) {
            Ok(read @ 1..) => {
                *is_short = *filled + read == chunk.len();
                said.lock().unwrap_or_else(PoisonError::into_inner).add(&chunk[*filled..*filled + read]);
                *filled += read;
                let lines = chunk[..*filled].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
                if let Some(end) = lines.or_else(|| (*filled == CHUNK).then(|| whole_characters(chunk))) {
                    show(&chunk[..end]);
                    chunk.copy_within(end..*filled, 0);
                    *filled -= end;
                }
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Ok(0) | Err(_) => {
                if *filled > 0 {
                    chunk.truncate(*filled);
                    // What is told next begins a line.
                    chunk.push(b'\n');
                    show(chunk);
                }
                false
            }
        }
    }
}

/// As far as this no character of UTF-8 is cut in two.
#[cfg(any(unix, windows))]
fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes.len().saturating_sub(4)..bytes.len();
    let starts = |at: &usize| bytes[*at] & 0xc0 != 0x80;
    last.rev().find(starts).filter(|at| *at > 0 && bytes[*at] >= 0x80).unwrap_or(bytes.len())
}

#[cfg(any(unix, windows))]
fn show(bytes: &[u8]) {
    // Nobody to read it is no reason to stop.
    let _ = io::stderr().lock().write_all(plain_lines(&String::from_utf8_lossy(bytes)).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_end_is_kept_with_its_length() {
        let mut said = Said::default();
        assert_eq!(said.text(), None);
        said.add(b"first\n\n");
        assert_eq!(said.text().as_deref(), Some("first\n\n"));
        for _ in 0..100_000 {
            said.add(b"0123456789\n");
        }
        said.add(b"last");
        let text = said.text().expect("something was written");
        assert!(text.starts_with(&format!("… (the first {} of 1100011 bytes are left out)\n", 1_100_011 - KEPT)));
        assert!(text.ends_with("0123456789\nlast") && text.len() < KEPT + 100);
        assert!(said.kept.len() <= 2 * KEPT);
    }

    #[test]
    #[cfg(any(unix, windows))]
    fn everything_is_passed_on_and_no_character_is_cut() {
        let text = "ü".repeat(CHUNK) + "\nend";
        let said = Mutex::default();
        pass_on(text.as_bytes(), &said);
        let said = said.into_inner().expect("nobody panicked");
        assert_eq!(said.text().as_deref(), Some(text.as_str()));
        assert_eq!(said.last_line().as_deref(), Some("end"));
        assert_eq!(whole_characters("aü".as_bytes()), 1);
        assert_eq!(whole_characters("üa".as_bytes()), 3);
        assert_eq!(whole_characters(b"\x80\x80\x80\x80"), 4);
    }
}
