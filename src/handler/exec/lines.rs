//! Lines from a pipe, of bounded length, whoever else holds the pipe's other end.

use std::io;

use super::pipe::Pipe;

/// The longest line that is taken, in bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// What one look into the pipe brought.
pub(super) enum Looked {
    /// Bytes; or none, where the look was disturbed.
    Something,
    /// Nothing came for a while.
    Nothing,
    /// Nobody can write any more.
    End,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineRead {
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line longer than [`LONGEST`]: its beginning. The rest is passed over as it comes.
    TooLong(Vec<u8>),
    /// Nothing came for a while.
    Nothing,
    /// Nobody can write any more.
    End,
}

/// Reads lines.
pub(super) struct Lines {
    pipe: Pipe,
    buffer: Vec<u8>,
    /// As far as this the buffer holds no end of a line.
    searched: usize,
    /// The line is too long, which was said already.
    skipping: bool,
}

impl Lines {
    pub(super) fn new(pipe: Pipe) -> Self {
        Self { pipe, buffer: Vec::new(), searched: 0, skipping: false }
    }

    /// The next line, or why there is none.
    pub(super) fn read(&mut self) -> io::Result<LineRead> {
        loop {
            if let Some(end) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(self.searched + end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                self.searched = 0;
                if std::mem::take(&mut self.skipping) {
                    continue;
                }
                line.pop();
                return Ok(LineRead::Line(line));
            }
            self.searched = self.buffer.len();
            if self.skipping {
                self.buffer.clear();
                self.searched = 0;
            } else if self.buffer.len() > LONGEST {
                self.skipping = true;
                self.searched = 0;
                return Ok(LineRead::TooLong(std::mem::take(&mut self.buffer)));
            }
            match self.pipe.look(&mut self.buffer)? {
                Looked::Something => {}
                Looked::Nothing => return Ok(LineRead::Nothing),
                Looked::End => return Ok(LineRead::End),
            }
        }
    }
}
