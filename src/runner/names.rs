//! The items of a session, as they were enumerated last.

use std::collections::BTreeMap;

use crate::protocol::{CallMethod, Event, EventKind, Guid, Item};

/// The enumerated items, in the handler's order.
#[derive(Default)]
pub struct Names {
    items: Vec<Item>,
    at: BTreeMap<Guid, usize>,
}

impl Names {
    /// Learns what the event says of items.
    pub fn observe(&mut self, event: &Event) {
        let EventKind::Return { what, .. } = &event.kind else { return };
        if what.method != CallMethod::Next {
            return;
        }
        for item in &what.out.items {
            match self.at.get(&item.id) {
                Some(at) => self.items[*at].clone_from(item),
                None => {
                    self.at.insert(item.id, self.items.len());
                    self.items.push(item.clone());
                }
            }
        }
    }

    /// The items, as they were enumerated last.
    pub fn items(&self) -> &[Item] {
        &self.items
    }
}
