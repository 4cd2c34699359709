//! What became of a session's items, as reports and stored results say it.

use std::collections::BTreeMap;

use crate::protocol::{Guid, Instance, Session, Status, Text};

/// How a session ended: that of its first instance, which the user sees.
pub struct Ending {
    /// How the session ended.
    pub outcome: String,
    /// The items, as the handler enumerated them.
    pub items: Vec<ItemEnding>,
    /// What was logged of no item, or of one that nobody knows, and not deleted.
    pub errors: Vec<String>,
}

/// What became of an item.
pub struct ItemEnding {
    /// The item's ID.
    pub id: Guid,
    /// Its name.
    pub name: Text,
    /// Its last status, if the handler reported one.
    pub status: Option<Status>,
    /// It was prepared in some round.
    pub prepared: bool,
    /// What was logged of it and not deleted.
    pub errors: Vec<String>,
}

impl Ending {
    /// Of this session; nothing when there is no instance.
    pub fn of(session: &Session) -> Option<Self> {
        session.instances().next().map(Self::of_instance)
    }

    /// Of the session with this instance, which is one of several.
    pub fn of_instance(instance: &Instance) -> Self {
        let mut errors = errors_by_item(instance);
        // An item that a later enumeration no longer lists was only a passing thing, unless something was done with it.
        let shown = instance.known_items().filter(|(_, known)| known.listed || known.ever_prepared);
        let items = shown.map(|(item, known)| ItemEnding {
            id: item.id,
            name: item.name.clone(),
            status: known.last_status,
            prepared: known.ever_prepared,
            errors: errors.remove(&Some(item.id)).unwrap_or_default(),
        });
        let items = items.collect();
        // What is left is of no item, or of one that nobody knows.
        let mut errors: Vec<String> = errors.into_values().flatten().collect();
        let more = instance.errors_not_kept();
        if more > 0 {
            errors.push(format!("{more} more errors without an ErrorID"));
        }
        Self { outcome: instance.outcome().to_string(), items, errors }
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
