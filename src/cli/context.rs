//! The events around a finding, as lines.

use crate::protocol::{Event, Kind};
use crate::trace::notation::Printer;

/// The lines of these events in the compact notation.
pub(super) fn lines(events: &[Event]) -> Vec<String> {
    // The reply to a callback that is not shown says nothing.
    let shown = |reply| events.iter().any(|e| matches!(&e.kind, Kind::Callback { call, .. } if *call == reply));
    let first = events.iter().position(|e| !matches!(&e.kind, Kind::Reply { call, .. } if !shown(*call)));
    let events = &events[first.unwrap_or(0)..];
    let mut printer = Printer::starting_at(events.first().map_or(0, |event| event.at_ns));
    let mut text = String::new();
    for event in events {
        printer.event(event, &mut text);
    }
    printer.finish(&mut text);
    text.lines().map(str::to_owned).collect()
}
