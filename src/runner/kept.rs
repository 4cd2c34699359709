//! The events of a session that are kept, for pictures of it.

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::Path;

use super::{Judged, JudgedTrace, conditions_of};
use crate::protocol::{Event, EventKind, Items, Note, Profile};
use crate::trace::TraceReader;

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

/// As [`judge_trace`](super::judge_trace), and the events are kept.
pub fn judge_and_keep<R: BufRead>(
    mut reader: TraceReader<R>,
    profile: Option<Profile>,
    file: Option<&Path>,
) -> JudgedTrace {
    let header = reader.header().clone();
    let judged = Judged::new(conditions_of(&header, profile)).of_file(file.map(Path::to_owned));
    let (mut judged, mut broken) = (judged.keeping_events(true), None);
    while let Some(event) = reader.next() {
        match event {
            Ok(event) => judged.observe(event, reader.line()),
            Err(error) => broken = Some(error),
        }
    }
    match broken {
        Some(_) => judged.cut(),
        None => judged.finish(),
    }
    JudgedTrace { header, judged, broken }
}
