//! A session as lanes in the terminal: one row for each event, one column for each lane.

use std::fmt::Write;

use super::{MANAGER, Timeline};
use crate::protocol::Delay;
use crate::report::human::Paint;
use crate::report::render::cut;
use crate::report::{FindingRow, plain};

/// How many lanes have a column of their own; the others share the last one.
const COLUMNS: usize = 16;

/// How wide the times are.
const TIME: usize = 12;

/// One row.
struct Row<'a> {
    seq: u64,
    ns: u64,
    lane: usize,
    symbol: Symbol,
    words: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbol {
    /// A call begins, and its return comes in another row.
    Calls,
    Returns,
    /// A call that returns at once.
    Whole,
    Callback,
    Cancel,
    /// A callback whose reply is held.
    Held,
    Note,
}

/// The timeline as text, lines no wider than `width` characters. `findings` are those of the report from which the timeline's
/// are.
pub fn timeline_text(timeline: &Timeline, findings: &[FindingRow], width: usize, colour: bool) -> String {
    let paint = Paint::new(colour);
    let columns = timeline.lanes.len().min(COLUMNS);
    let mut text = String::new();
    for (at, name) in timeline.lanes.iter().enumerate().take(columns) {
        let before = "│ ".repeat(at);
        let more = timeline.lanes.len() - columns;
        let name = match more {
            0 => plain(name).into_owned(),
            _ if at + 1 < columns => plain(name).into_owned(),
            _ => format!("{} and {more} more threads", plain(name)),
        };
        let _ = writeln!(
            text,
            "{:TIME$} {}{}",
            "",
            paint.dim(&before),
            cut(&name, width.saturating_sub(TIME + 2 + 2 * at))
        );
    }
    let rows = rows(timeline);
    let mut open = 0_usize;
    let mut found = timeline.findings.iter().collect::<Vec<_>>();
    found.sort_by_key(|mark| mark.at.seq);
    let mut found = found.into_iter().peekable();
    let mut before: Option<u64> = None;
    for row in &rows {
        if timeline.left_out > 0 && before.is_some_and(|before| row.seq > before + timeline.left_out) {
            let _ =
                writeln!(text, "{:TIME$} {}", "", paint.dim(&format!("… {} events are left out", timeline.left_out)));
        }
        before = Some(row.seq);
        open = open.saturating_sub(usize::from(row.symbol == Symbol::Returns));
        write_row(&mut text, row, columns, open, width, &paint);
        open += usize::from(row.symbol == Symbol::Calls);
        // A row may be an event and the one that ends it.
        let last = row.seq + u64::from(matches!(row.symbol, Symbol::Whole | Symbol::Callback | Symbol::Cancel));
        while let Some(mark) = found.next_if(|mark| mark.at.seq <= last) {
            write_finding(&mut text, findings.get(mark.finding), columns, open, width, &paint);
        }
    }
    for mark in found {
        write_finding(&mut text, findings.get(mark.finding), columns, open, width, &paint);
    }
    text
}

/// The rows in the order of their events: a call that returns at once is one, and so is a callback.
fn rows(timeline: &Timeline) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for bar in &timeline.bars {
        let (call, returned) = bar.line.split_once('\n').unwrap_or((&bar.line, ""));
        let (from, to) = (bar.from, bar.to);
        if to.is_some_and(|to| to.seq == from.seq + 1) {
            rows.push(Row { seq: from.seq, ns: from.ns, lane: MANAGER, symbol: Symbol::Whole, words: &bar.line });
            continue;
        }
        rows.push(Row { seq: from.seq, ns: from.ns, lane: MANAGER, symbol: Symbol::Calls, words: call });
        if let Some(to) = to {
            rows.push(Row { seq: to.seq, ns: to.ns, lane: MANAGER, symbol: Symbol::Returns, words: returned });
        }
    }
    for mark in &timeline.marks {
        let symbol = match mark.held {
            true => Symbol::Held,
            false if mark.is_cancel() => Symbol::Cancel,
            false => Symbol::Callback,
        };
        rows.push(Row { seq: mark.from.seq, ns: mark.from.ns, lane: mark.lane, symbol, words: &mark.line });
    }
    for note in &timeline.notes {
        rows.push(Row { seq: note.at.seq, ns: note.at.ns, lane: note.lane, symbol: Symbol::Note, words: &note.line });
    }
    rows.sort_by_key(|row| row.seq);
    rows
}

fn write_row(text: &mut String, row: &Row<'_>, columns: usize, open: usize, width: usize, paint: &Paint) {
    let lane = row.lane.min(columns.saturating_sub(1));
    let _ = write!(text, "{:>TIME$} ", Delay(row.ns).to_string());
    for column in 0..columns {
        let symbol = match () {
            () if column == lane => row.symbol.drawn(paint),
            () if column == MANAGER && open > 0 => "┃".to_owned(),
            () => paint.dim("│"),
        };
        let _ = write!(text, "{symbol} ");
    }
    let mut words = String::new();
    for (at, line) in row.words.lines().enumerate() {
        // The time stands at the beginning of the row already.
        let (line, _) = line.rsplit_once(" +").unwrap_or((line, ""));
        // `manager Release returns S_OK`, after the call itself: only what comes back.
        let line = if at == 0 { line } else { line.split_once(" returns ").map_or(line, |(_, returned)| returned) };
        let _ = write!(words, "{}{}", if at == 0 { "" } else { " -> " }, plain(line));
    }
    let room = width.saturating_sub(TIME + 2 + 2 * columns).max(20);
    let _ = writeln!(text, " {}", cut(&words, room - 1));
}

fn write_finding(
    text: &mut String,
    row: Option<&FindingRow>,
    columns: usize,
    open: usize,
    width: usize,
    paint: &Paint,
) {
    let Some(row) = row else { return };
    let manager = if open > 0 { "┃ " } else { "│ " };
    let lanes = format!("{manager}{}", "│ ".repeat(columns.saturating_sub(1)));
    let room = width.saturating_sub(TIME + 2 + 2 * columns).max(20);
    let said = format!("{} {}: {}", row.rule, row.name, plain(&row.message));
    let said = cut(&said, room.saturating_sub(row.level.to_string().len() + 2));
    let _ = writeln!(text, "{:>TIME$} {} {} {said}", "!!", paint.dim(&lanes), paint.level(row.level));
}

impl Symbol {
    fn drawn(self, paint: &Paint) -> String {
        match self {
            Symbol::Calls => "┏".to_owned(),
            Symbol::Returns => "┗".to_owned(),
            Symbol::Whole => "━".to_owned(),
            Symbol::Callback => paint.good("●"),
            Symbol::Cancel => paint.bad("✕"),
            Symbol::Held => paint.middling("◐"),
            Symbol::Note => paint.middling("◆"),
        }
    }
}
