//! The events around a finding, as lines.

use std::collections::{BTreeSet, VecDeque};

use super::found::ContextLine;
use crate::protocol::{CallId, Event, EventKind, Items, cut_off};
use crate::trace::notation::Printer;

/// How many events are kept for what findings point back to.
pub(super) const KEPT: usize = 1024;
/// How many events are shown before the one where a finding was seen.
const BEFORE: usize = 6;
/// How many events are shown after it.
pub(super) const AFTER: usize = 4;
/// How many characters of a line are kept: the trace has all of it.
const LONGEST: usize = 2000;

/// The events that show a finding, and those around the last of them. `kept` is a part of the trace, in its order; `items` are
/// called by their names.
pub(super) fn lines(kept: &VecDeque<Event>, shown_by: &[u64], items: &Items) -> Vec<ContextLine> {
    let evidence: BTreeSet<usize> = shown_by.iter().filter_map(|seq| position(kept, *seq)).collect();
    let Some(seen) = evidence.last().copied().or(kept.len().checked_sub(1)) else { return Vec::new() };
    let mut chosen: BTreeSet<usize> = (seen.saturating_sub(BEFORE)..kept.len().min(seen + AFTER + 1)).collect();
    chosen.extend(&evidence);
    complete(kept, &mut chosen);

    let mut lines = Vec::new();
    let mut printer =
        chosen.first().map(|first| Printer::excerpt(kept[*first].at_ns, items.clone())).unwrap_or_default();
    let mut rest = chosen.into_iter().peekable();
    while let Some(at) = rest.next() {
        let mut text = String::new();
        printer.event(&kept[at], &mut text);
        let end = rest.next_if(|next| *next == at + 1 && ends(&kept[*next], &kept[at]));
        if let Some(end) = end {
            printer.event(&kept[end], &mut text);
        }
        printer.finish(&mut text);
        // A crossing is one line, or one for its beginning and one for its end; names are declared in lines of their own.
        let crossings = text.lines().filter(|line| !is_declaration(line)).count();
        let mut events = [Some(at), end].into_iter().flatten();
        for line in text.lines() {
            let line_of = if is_declaration(line) { None } else { events.next() };
            let shows = match line_of {
                Some(at) if crossings == 1 => evidence.contains(&at) || end.is_some_and(|end| evidence.contains(&end)),
                Some(at) => evidence.contains(&at),
                None => false,
            };
            lines.push(ContextLine {
                event: line_of.map(|at| kept[at].seq),
                line: cut_off(line, LONGEST).into_owned(),
                shows,
            });
        }
    }
    lines
}

fn is_declaration(line: &str) -> bool {
    line.starts_with("alias ")
}

fn position(kept: &VecDeque<Event>, seq: u64) -> Option<usize> {
    kept.binary_search_by_key(&seq, |event| event.seq).ok()
}

/// Adds the other half of each crossing that is cut in two at the edges.
fn complete(kept: &VecDeque<Event>, chosen: &mut BTreeSet<usize>) {
    for at in chosen.clone() {
        if at > 0 && ends(&kept[at], &kept[at - 1]) {
            chosen.insert(at - 1);
        }
        if kept.get(at + 1).is_some_and(|next| ends(next, &kept[at])) {
            chosen.insert(at + 1);
        }
    }
}

/// Whether `end` is the return of the call, or the reply to the callback, `begin`.
fn ends(end: &Event, begin: &Event) -> bool {
    let call_of = |event: &Event| -> Option<(bool, CallId)> {
        match &event.kind {
            EventKind::Call { call, .. } | EventKind::Callback { call, .. } => Some((true, *call)),
            EventKind::Return { call, .. } | EventKind::Reply { call, .. } => Some((false, *call)),
            EventKind::Note(_) => None,
        }
    };
    matches!((call_of(begin), call_of(end)), (Some((true, begun)), Some((false, ended))) if begun == ended)
}
