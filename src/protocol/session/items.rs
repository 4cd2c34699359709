//! The items that a handler enumerated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::protocol::{Guid, Item, Text};

/// The items that a handler enumerated, as it last described them, in the order in which it first enumerated them.
///
/// Clones share one table: a session is copied with every batch of events, and may have very many items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Items(Arc<Table>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Table {
    items: Vec<Item>,
    /// Positions by ItemID.
    by_id: BTreeMap<Guid, usize>,
    /// Positions by name; several items may have one name.
    by_name: BTreeSet<(Text, usize)>,
    /// Positions of what the newest enumeration lists, in its order.
    listed: Vec<usize>,
}

/// How many items are few.
const FEW: usize = 8;

impl Items {
    /// All items, also those that the newest enumeration no longer lists.
    pub fn iter(&self) -> std::slice::Iter<'_, Item> {
        self.0.items.iter()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.0.items.len()
    }

    /// Whether the handler has enumerated no item.
    pub fn is_empty(&self) -> bool {
        self.0.items.is_empty()
    }

    /// The item with this ItemID.
    pub fn get(&self, id: Guid) -> Option<&Item> {
        self.position(id).map(|at| &self.0.items[at])
    }

    /// The items with this name, in the handler's order.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Item> {
        let name = Text::from(name);
        let all = (name.clone(), 0)..=(name, usize::MAX);
        self.0.by_name.range(all).map(|(_, at)| &self.0.items[*at])
    }

    /// The shortest word that names the item: its alias, its name where no other item has it, or its ID.
    pub fn word(&self, id: Guid) -> String {
        let named = || self.get(id).and_then(|item| item.name.as_str());
        let unique = |name: &&str| self.named(name).nth(1).is_none();
        id.alias().or_else(|| named().filter(unique).map(str::to_owned)).unwrap_or_else(|| id.to_string())
    }

    /// The items that the newest enumeration lists, in its order. Only these can be prepared.
    pub fn listed(&self) -> impl ExactSizeIterator<Item = &Item> + Clone {
        self.0.listed.iter().map(|at| &self.0.items[*at])
    }

    /// The item's position in [`Items::iter`].
    pub(super) fn position(&self, id: Guid) -> Option<usize> {
        // Every report of progress asks. The few items of most handlers are looked through faster than a tree is.
        if self.0.items.len() <= FEW {
            return self.0.items.iter().position(|item| item.id == id);
        }
        self.0.by_id.get(&id).copied()
    }

    /// Takes the handler's description of an item; returns the item's position.
    pub(super) fn describe(&mut self, item: &Item) -> usize {
        match self.position(item.id) {
            Some(at) if self.0.items[at] == *item => at,
            Some(at) => {
                let Table { items, by_name, .. } = Arc::make_mut(&mut self.0);
                if items[at].name != item.name {
                    by_name.remove(&(std::mem::take(&mut items[at].name), at));
                    by_name.insert((item.name.clone(), at));
                }
                items[at].clone_from(item);
                at
            }
            None => {
                let Table { items, by_id, by_name, .. } = Arc::make_mut(&mut self.0);
                let at = items.len();
                by_id.insert(item.id, at);
                by_name.insert((item.name.clone(), at));
                items.push(item.clone());
                at
            }
        }
    }

    /// The newest enumeration lists the item at this position, which it has not listed before.
    pub(super) fn list(&mut self, at: usize) {
        Arc::make_mut(&mut self.0).listed.push(at);
    }

    /// A new enumeration begins, and has listed nothing yet.
    pub(super) fn list_anew(&mut self) {
        Arc::make_mut(&mut self.0).listed.clear();
    }
}

impl<'a> IntoIterator for &'a Items {
    type Item = &'a Item;
    type IntoIter = std::slice::Iter<'a, Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Item> for Items {
    fn from_iter<T: IntoIterator<Item = Item>>(items: T) -> Self {
        let mut table = Self::default();
        for item in items {
            let known = table.len();
            let at = table.describe(&item);
            if at == known {
                table.list(at);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u128, name: &str) -> Item {
        Item { id: Guid::from_u128(id), name: name.into(), ..Item::default() }
    }

    fn ids<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<u128> {
        items.map(|item| item.id.as_u128()).collect()
    }

    #[test]
    fn items_are_found_by_id_and_by_name_in_the_handlers_order() {
        let items: Items = [item(3, "Mail"), item(1, "Notes"), item(2, "Mail")].into_iter().collect();
        assert_eq!(ids(items.iter()), [3, 1, 2]);
        assert_eq!(ids(items.listed()), [3, 1, 2]);
        assert_eq!(ids(items.named("Mail")), [3, 2]);
        assert_eq!(ids(items.named("Mai")), Vec::<u128>::new());
        assert_eq!(items.get(Guid::from_u128(1)).map(|item| &item.name), Some(&"Notes".into()));
        assert_eq!(items.get(Guid::from_u128(4)), None);
    }

    #[test]
    fn an_item_described_again_keeps_its_place_and_loses_its_old_name() {
        let before: Items = [item(3, "Mail"), item(1, "Notes")].into_iter().collect();
        let mut after = before.clone();
        assert_eq!(after.describe(&item(3, "Letters")), 0);
        assert_eq!(ids(after.named("Mail")), Vec::<u128>::new());
        assert_eq!(ids(after.named("Letters")), [3]);
        assert_eq!(ids(after.iter()), [3, 1]);
        assert_eq!(ids(before.named("Mail")), [3], "a clone made before does not change");
    }

    #[test]
    fn a_new_enumeration_has_its_own_order() {
        let mut items: Items = [item(3, "Mail"), item(1, "Notes"), item(2, "Tasks")].into_iter().collect();
        items.list_anew();
        for id in [2, 3] {
            let at = items.position(Guid::from_u128(id)).expect("the item is known");
            items.list(at);
        }
        assert_eq!(ids(items.listed()), [2, 3]);
        assert_eq!(ids(items.iter()), [3, 1, 2], "the others stay known");
    }
}
