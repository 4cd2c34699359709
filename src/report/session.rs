//! What a report of one session says of its items.

use std::collections::BTreeMap;

use super::{ItemRow, Report};
use crate::protocol::{Guid, Instance, Session};

impl Report {
    /// Adds what became of the session and of its items: those of its first instance, which the user sees.
    pub fn add_items(&mut self, session: &Session) {
        let Some(instance) = session.instances().next() else { return };
        self.outcome = Some(instance.outcome().to_string());
        let mut errors = errors_by_item(instance);
        // An item that a later enumeration no longer lists was only a passing thing, unless something was done with it.
        let shown = instance.known_items().filter(|(_, known)| known.listed || known.ever_prepared);
        let rows = shown.map(|(item, known)| ItemRow {
            id: item.id,
            name: item.name.clone(),
            status: known.last_status,
            prepared: known.ever_prepared,
            errors: errors.remove(&Some(item.id)).unwrap_or_default(),
        });
        self.items = rows.collect();
        // What is left is of no item, or of one that nobody knows.
        self.errors = errors.into_values().flatten().collect();
        let more = instance.errors_not_kept();
        if more > 0 {
            self.errors.push(format!("{more} more errors without an ErrorID"));
        }
    }
}

/// What is logged and not deleted, by item; `None` for what is logged of no item.
fn errors_by_item(instance: &Instance) -> BTreeMap<Option<Guid>, Vec<String>> {
    let mut by_item: BTreeMap<Option<Guid>, Vec<String>> = BTreeMap::new();
    for error in instance.errors() {
        let text = error.text.as_ref().map(ToString::to_string).unwrap_or_default();
        by_item.entry(error.item).or_default().push(format!("{}: {text}", error.level));
    }
    by_item
}
