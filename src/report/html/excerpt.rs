//! Lines of the handler's source.

use std::fs;
use std::path::Path;

use crate::protocol::Stack;
use crate::report::Style;

/// How many excerpts a stack has at most.
pub(super) const MOST: usize = 3;

/// How many lines are shown before and after the one that is meant.
const AROUND: u64 = 4;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// A line of a source.
pub(super) struct SourceLine {
    pub(super) number: u64,
    pub(super) text: String,
    /// It is the one that the stack names.
    pub(super) is_it: bool,
}

/// The source around the line that a frame names. Only files below the folder of the report are read: a stack comes from the
/// handler, and what it names must not get into a page that others see.
pub(super) fn of_frame(frame: &str, style: Style<'_>) -> Option<Vec<SourceLine>> {
    let (file, line) = Stack::source(frame)?;
    let root = style.root?.canonicalize().ok()?;
    let path = root.join(Path::new(file)).canonicalize().ok()?;
    let about = fs::metadata(&path).ok()?;
    if !path.starts_with(&root) || !about.is_file() || about.len() > LARGEST {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let from = line.saturating_sub(AROUND).max(1);
    let lines = (1..).zip(text.lines()).skip_while(|(number, _)| *number < from);
    let lines = lines.take_while(|(number, _)| *number <= line + AROUND);
    let lines: Vec<SourceLine> = lines
        .map(|(number, text)| SourceLine { number, text: text.replace('\t', "    "), is_it: number == line })
        .collect();
    lines.iter().any(|line| line.is_it).then_some(lines)
}
