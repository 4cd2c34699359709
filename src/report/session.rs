//! What a report of one session says of its items.

use super::{ItemRow, Report};
use crate::protocol::Session;
use crate::runner::{Ending, ItemEnding};

impl Report {
    /// Adds what became of the session and of its items: those of its first instance, which the user sees.
    pub fn add_items(&mut self, session: &Session) {
        let Some(Ending { outcome, items, errors }) = Ending::of(session) else { return };
        self.outcome = Some(outcome);
        let row = |ItemEnding { id, name, status, prepared, errors }| ItemRow { id, name, status, prepared, errors };
        self.items = items.into_iter().map(row).collect();
        self.errors = errors;
    }
}
