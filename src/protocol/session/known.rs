//! What an instance knows of its items: which there are, and how far the session has come with each.

use super::{Instance, Items};
use crate::protocol::{Guid, HandlerFlags, Item, ItemFlags, Status};

/// How far the session has come with an item that the handler enumerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KnownItem {
    /// Whether the newest enumeration lists it.
    pub listed: bool,
    /// Whether it was prepared in this round.
    pub prepared: bool,
    /// Whether it was prepared in this round or an earlier one.
    pub ever_prepared: bool,
    /// Whether the handler was told, in this round, to stop it by a reply to `Progress`.
    pub cancelled: bool,
    /// Whether the handler was told, in this round, to skip it by `SetItemStatus`, and accepted.
    pub skipped: bool,
    /// Its last reported status in this round.
    pub status: Option<Status>,
    /// Its last reported status in any round.
    pub last_status: Option<Status>,
}

impl Instance {
    /// The items that the handler enumerated.
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// How far the session has come with an item, if the handler enumerated it.
    pub fn item(&self, id: Guid) -> Option<&KnownItem> {
        self.items.position(id).map(|at| &self.known[at])
    }

    pub(super) fn item_mut(&mut self, id: Guid) -> Option<&mut KnownItem> {
        self.items.position(id).map(|at| &mut self.known[at])
    }

    /// The enumerated items and how far the session has come with each, in the handler's order.
    pub fn known_items(&self) -> impl Iterator<Item = (&Item, &KnownItem)> {
        self.items.iter().zip(&self.known)
    }

    /// The items prepared in this round, in the handler's order.
    pub fn prepared(&self) -> impl Iterator<Item = (Guid, &KnownItem)> {
        self.known_items().filter(|(_, known)| known.prepared).map(|(item, known)| (item.id, known))
    }

    /// Whether the item, or the handler itself for GUID_NULL, has properties to show (HASPROPERTIES).
    pub fn has_properties(&self, item: Guid) -> bool {
        if item.is_null() {
            return self.handler_flags.has(HandlerFlags::HASPROPERTIES);
        }
        let listed = self.item(item).is_some_and(|known| known.listed);
        listed && self.items.get(item).is_some_and(|item| item.flags.has(ItemFlags::HASPROPERTIES))
    }

    pub(super) fn begin_enumeration(&mut self, enumerator: Option<u32>) {
        self.enumerators.extend(enumerator);
        if std::mem::take(&mut self.enumeration_due) {
            self.items.list_anew();
            self.known.iter_mut().for_each(|item| item.listed = false);
        }
    }

    pub(super) fn list(&mut self, item: &Item) {
        let at = self.items.describe(item);
        if at == self.known.len() {
            self.known.push(KnownItem::default());
        }
        if !std::mem::replace(&mut self.known[at].listed, true) {
            self.items.list(at);
        }
    }

    /// A round begins with these items.
    pub(super) fn prepare_items(&mut self, ids: &[Guid]) {
        for item in &mut self.known {
            *item = KnownItem { prepared: false, cancelled: false, skipped: false, status: None, ..*item };
        }
        for id in ids {
            if let Some(item) = self.item_mut(*id) {
                (item.prepared, item.ever_prepared) = (true, true);
            }
        }
    }
}
