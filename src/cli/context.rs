//! The events around a finding, as lines.

use crate::protocol::Event;
use crate::trace::notation::Printer;

/// The lines of these events in the compact notation.
pub(super) fn lines(events: &[Event]) -> Vec<String> {
    let mut printer = Printer::starting_at(events.first().map_or(0, |event| event.at_ns));
    let mut text = String::new();
    for event in events {
        printer.event(event, &mut text);
    }
    printer.finish(&mut text);
    text.lines().map(str::to_owned).collect()
}
