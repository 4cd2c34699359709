//! The events around a finding, as lines.

use crate::protocol::Event;

/// The lines of these events in the compact notation.
pub(super) fn lines(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| format!("#{} {} {}", event.seq, event.thread, event.method_name())).collect()
}
