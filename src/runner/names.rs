//! The names of items, for messages that know their IDs only.

use std::collections::BTreeMap;

use crate::protocol::{CallMethod, Event, EventKind, Guid, Item, plain};
use crate::rules::Finding;

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

    /// The finding's message, with the items' names behind their IDs.
    pub fn message(&self, finding: &Finding) -> String {
        /// The length of a GUID in braces.
        const LENGTH: usize = 38;
        let mut rest = finding.message.as_str();
        let mut text = String::with_capacity(rest.len());
        while let Some(brace) = rest.find('{') {
            text.push_str(&rest[..brace]);
            rest = &rest[brace..];
            let id: Option<Guid> = rest.get(..LENGTH).and_then(|guid| guid.parse().ok());
            let Some(id) = id else {
                text.push('{');
                rest = &rest[1..];
                continue;
            };
            text.push_str(&id.alias().unwrap_or_else(|| id.to_string()));
            if let Some(at) = self.at.get(&id) {
                text.push_str(&format!(" \"{}\"", plain(&self.items[*at].name.to_string())));
            }
            rest = &rest[LENGTH..];
        }
        text.push_str(rest);
        text
    }
}
