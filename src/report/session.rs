//! What a report of one session says of its items.

use super::{ItemRow, Report};
use crate::protocol::{Item, Session};
use crate::runner::{EarlierRounds, LiveErrors};

impl Report {
    /// Adds the items of a session.
    pub fn add_items(&mut self, items: &[Item], session: &Session, earlier: &EarlierRounds, errors: &LiveErrors) {
        let Some(instance) = session.instances().next() else { return };
        self.outcome = Some(instance.outcome().to_string());
        let mut errors = errors.by_item();
        // An item that a later enumeration does not show any more was only a passing thing, unless something was done to it.
        let rows = items.iter().filter_map(|item| {
            let known = instance.item(item.id);
            let now = known.filter(|known| known.prepared).map(|known| known.status);
            let last = now.or_else(|| earlier.status(item.id));
            (last.is_some() || known.is_some_and(|known| known.listed)).then(|| ItemRow {
                id: item.id,
                name: item.name.clone(),
                status: last.flatten().or(known.and_then(|known| known.status)),
                prepared: last.is_some(),
                errors: errors.remove(&Some(item.id)).unwrap_or_default(),
            })
        });
        self.items = rows.collect();
        // What is left is of no item, or of one that nobody knows.
        self.errors = errors.into_values().flatten().collect();
    }
}
