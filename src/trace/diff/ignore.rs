//! What a comparison leaves out on request, beside what never counts.

use crate::protocol::{Event, EventKind, FileTime, Note, Text};

/// What is left out of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// The names of handlers and items.
    pub names: bool,
    /// The times at which items were last updated.
    pub times: bool,
}

impl Ignore {
    /// The event without what is left out.
    pub fn apply(self, mut event: Event) -> Event {
        match &mut event.kind {
            EventKind::Return { what, .. } => {
                for item in &mut what.out.items {
                    if self.names {
                        item.name = Text::default();
                    }
                    if self.times {
                        item.last_update = FileTime::default();
                    }
                }
                if let Some(info) = what.out.info.as_mut().filter(|_| self.names) {
                    info.name = Text::default();
                }
            }
            EventKind::Note(note) if self.names => {
                if let Note::Created(created) = &mut **note {
                    created.name = Text::default();
                }
            }
            _ => {}
        }
        event
    }
}
