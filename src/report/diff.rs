//! Where two traces differ, for people and for programs.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::protocol::{Guid, HandlerId, plain};
use crate::trace::diff::{DiffLine, Difference, Row};

/// What `"format"` says in a comparison's JSON.
pub const FORMAT: &str = "mobsync-diff";
/// The version of that format.
pub const VERSION: u64 = 1;
/// Below this width two columns are too narrow for the lines of the notation.
pub const NARROWEST: usize = 100;

/// One of the compared traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Compared<'a> {
    /// The file, as the user named it.
    pub file: &'a str,
    /// How many events it has.
    pub events: usize,
}

/// How the two traces stand on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Side by side, in this many columns altogether.
    SideBySide(usize),
    /// One below the other.
    Stacked,
}

impl Layout {
    /// Side by side where there is room for it.
    pub fn for_width(columns: usize) -> Self {
        if columns < NARROWEST { Layout::Stacked } else { Layout::SideBySide(columns) }
    }
}

/// The comparison as text.
pub fn human(
    a: Compared<'_>,
    b: Compared<'_>,
    difference: Option<&Difference>,
    layout: Layout,
    colour: bool,
) -> String {
    let paint = Paint(colour);
    let mut text = String::new();
    let (file_a, file_b) = (plain(a.file), plain(b.file));
    let (a, b) = (Compared { file: &file_a, ..a }, Compared { file: &file_b, ..b });
    let Some(difference) = difference else {
        let same = format!("{} ({} events) and {} ({} events) mean the same", a.file, a.events, b.file, b.events);
        let _ = writeln!(text, "{}: {same}", paint.wrap("1;32", "equal"));
        return text;
    };
    let _ = writeln!(text, "{} and {} differ in {}:", a.file, b.file, plain(&difference.stream.to_string()));
    let _ = writeln!(text, "  {}", paint.wrap("1", &plain(&difference.to_string())));
    let _ = writeln!(text);
    match layout {
        Layout::SideBySide(columns) => side_by_side(&mut text, a, b, difference, columns, &paint),
        Layout::Stacked => {
            stacked(&mut text, "A", a.file, difference.rows.iter().map(|row| (row, row.a.as_ref())), &paint);
            stacked(&mut text, "B", b.file, difference.rows.iter().map(|row| (row, row.b.as_ref())), &paint);
        }
    }
    for alias in &difference.aliases {
        let _ = writeln!(text, "  {}", paint.wrap("2", alias));
    }
    text
}

/// ANSI codes, where colour is wanted.
struct Paint(bool);

impl Paint {
    fn wrap(&self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line of A or of B.
    fn side(&self, side: &str, differs: bool, text: &str) -> String {
        let code = match (differs, side) {
            (false, _) => "2",
            (true, "A") => "31",
            (true, _) => "32",
        };
        self.wrap(code, text)
    }
}

fn stacked<'a>(
    text: &mut String,
    side: &str,
    file: &str,
    rows: impl Iterator<Item = (&'a Row, Option<&'a DiffLine>)>,
    paint: &Paint,
) {
    let _ = writeln!(text, "  {side}: {file}");
    for (row, line) in rows {
        if let Some(line) = line {
            let _ = writeln!(text, "  {}", paint.side(side, row.differs, &marked(line, row.differs)));
        }
    }
}

/// The line with its number and a mark where it differs.
fn marked(line: &DiffLine, differs: bool) -> String {
    /// A line of a thousand enumerated items helps nobody; JSON has the whole of it.
    const LONGEST: usize = 600;
    let cut = line.text.char_indices().nth(LONGEST).map_or(line.text.len(), |(at, _)| at);
    let more = if cut < line.text.len() { "…" } else { "" };
    format!("{}#{} {}{more}", if differs { "> " } else { "  " }, line.seq, &line.text[..cut])
}

fn side_by_side(
    text: &mut String,
    a: Compared<'_>,
    b: Compared<'_>,
    difference: &Difference,
    columns: usize,
    paint: &Paint,
) {
    const MARGIN: &str = "  ";
    const BETWEEN: &str = " | ";
    let width = columns.saturating_sub(MARGIN.len() + BETWEEN.len()) / 2;
    let mut put = |left: &str, right: &str, differs: Option<bool>| {
        let padding = " ".repeat(width.saturating_sub(left.width()));
        let (left, right) = match differs {
            Some(differs) => (paint.side("A", differs, left), paint.side("B", differs, right)),
            None => (left.to_owned(), right.to_owned()),
        };
        let line = format!("{MARGIN}{left}{padding}{BETWEEN}{right}");
        let _ = writeln!(text, "{}", line.trim_end());
    };
    let headings = (wrapped(&format!("A: {}", a.file), width), wrapped(&format!("B: {}", b.file), width));
    for (left, right) in both(&headings.0, &headings.1) {
        put(left, right, None);
    }
    for row in &difference.rows {
        let cell = |line: &Option<DiffLine>| match line {
            Some(line) => wrapped(&marked(line, row.differs), width),
            None => Vec::new(),
        };
        let (left, right) = (cell(&row.a), cell(&row.b));
        for (left, right) in both(&left, &right) {
            put(left, right, Some(row.differs));
        }
    }
}

/// The lines of two cells next to each other, the shorter one filled up.
fn both<'a>(left: &'a [String], right: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let line = |cell: &'a [String], at: usize| cell.get(at).map_or("", String::as_str);
    (0..left.len().max(right.len())).map(move |at| (line(left, at), line(right, at)))
}

/// The text in lines of this width, broken at a space where one is near the end. Further lines are indented.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    const INDENT: &str = "      ";
    let mut lines = Vec::new();
    let mut line = String::new();
    for character in text.chars() {
        let mut buffer = [0; 4];
        let wide = character.encode_utf8(&mut buffer).width();
        if line.width() + wide > width && line.trim_start() != "" {
            let space = line.rfind(' ').filter(|at| *at > line.len() / 2);
            let rest = space.map_or_else(String::new, |at| line.split_off(at).split_off(1));
            lines.push(std::mem::replace(&mut line, format!("{INDENT}{rest}")));
        }
        line.push(character);
    }
    lines.push(line);
    lines
}

/// The comparison as JSON.
///
/// # Errors
/// When a value cannot be written as JSON; none of these can fail.
pub fn json(a: Compared<'_>, b: Compared<'_>, difference: Option<&Difference>) -> serde_json::Result<String> {
    let document = Document {
        format: FORMAT,
        version: VERSION,
        a,
        b,
        equal: difference.is_none(),
        difference: difference.map(DifferenceJson::of),
    };
    crate::json::to_string_pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u64,
    a: Compared<'a>,
    b: Compared<'a>,
    equal: bool,
    difference: Option<DifferenceJson<'a>>,
}

#[derive(Serialize)]
struct DifferenceJson<'a> {
    /// The sequence number in A.
    a: Option<u64>,
    b: Option<u64>,
    stream: StreamJson,
    what: &'static str,
    message: String,
    fields: Vec<FieldJson<'a>>,
    context: Vec<RowJson<'a>>,
    aliases: &'a [String],
}

#[derive(Serialize)]
struct StreamJson {
    subject: &'static str,
    item: Option<Guid>,
    item_name: Option<String>,
    handler: Option<String>,
    instance_a: Option<HandlerId>,
    instance_b: Option<HandlerId>,
}

#[derive(Serialize)]
struct FieldJson<'a> {
    field: &'a str,
    a: Option<&'a Value>,
    b: Option<&'a Value>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    differs: bool,
    a: Option<LineJson<'a>>,
    b: Option<LineJson<'a>>,
}

#[derive(Serialize)]
struct LineJson<'a> {
    seq: u64,
    line: &'a str,
}

impl<'a> DifferenceJson<'a> {
    fn of(difference: &'a Difference) -> Self {
        let stream = &difference.stream;
        let line = |line: &'a DiffLine| LineJson { seq: line.seq, line: &line.text };
        Self {
            a: difference.a,
            b: difference.b,
            stream: StreamJson {
                subject: stream.subject.name(),
                item: stream.subject.item(),
                item_name: stream.item.as_ref().map(ToString::to_string),
                handler: stream.handler.as_ref().map(ToString::to_string),
                instance_a: stream.instance_a,
                instance_b: stream.instance_b,
            },
            what: difference.what.name(),
            message: difference.to_string(),
            fields: difference
                .what
                .fields()
                .iter()
                .map(|field| FieldJson { field: &field.name, a: field.a.as_ref(), b: field.b.as_ref() })
                .collect(),
            context: difference
                .rows
                .iter()
                .map(|row| RowJson { differs: row.differs, a: row.a.as_ref().map(line), b: row.b.as_ref().map(line) })
                .collect(),
            aliases: &difference.aliases,
        }
    }
}
