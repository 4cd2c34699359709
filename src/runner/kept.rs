//! The events of a session that are kept, for pictures of it.

use std::collections::VecDeque;

use crate::protocol::{Event, EventKind, Items, Note};

/// How many events are kept from the beginning of a session, and how many from its end.
pub const KEPT_AT_EACH_END: usize = 5_000;

/// The events of a session: of a very long one its beginning and its end.
#[derive(Debug, Clone, Default)]
pub struct KeptEvents {
    first: Vec<Event>,
    last: VecDeque<Event>,
    left_out: u64,
    /// The items that the handler enumerated.
    pub items: Items,
}

impl KeptEvents {
    /// Takes the next event. Stacks are no events of the session: findings have them.
    pub fn push(&mut self, event: &Event) {
        if matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::Stack(_))) {
            return;
        }
        if self.first.len() < KEPT_AT_EACH_END {
            self.first.push(event.clone());
            return;
        }
        if self.last.len() == KEPT_AT_EACH_END {
            self.last.pop_front();
            self.left_out += 1;
        }
        self.last.push_back(event.clone());
    }

    /// With the items that the handler enumerated.
    #[must_use]
    pub fn naming(self, items: Items) -> Self {
        Self { items, ..self }
    }

    /// The events, in their order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.first.iter().chain(&self.last)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.first.len() + self.last.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events between the beginning and the end are not kept.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}
