//! An enumerator of a list.

use std::sync::Arc;

use super::EnumItems;
use crate::protocol::{HResult, Item};

/// An enumerator of a list of items, as most handlers need it.
///
/// ```
/// use mobsync::handler::{EnumItems, ItemList};
/// use mobsync::protocol::{HResult, Item};
///
/// let mut items = ItemList::new([Item::default()]);
/// assert_eq!(items.next(2), (HResult::S_FALSE, Some(1), vec![Item::default()]));
/// ```
#[derive(Clone, Debug)]
pub struct ItemList {
    items: Arc<[Item]>,
    at: usize,
}

impl ItemList {
    /// Standing in front of the first of these items. It keeps them: what the handler does with its own is not seen.
    pub fn new(items: impl IntoIterator<Item = Item>) -> Self {
        Self { items: items.into_iter().collect(), at: 0 }
    }

    /// Moves on by at most `celt`: the result, and where it stood before.
    fn advance(&mut self, celt: u32) -> (HResult, usize) {
        let from = self.at;
        let left = self.items.len() - from;
        let asked = usize::try_from(celt).unwrap_or(usize::MAX);
        self.at += asked.min(left);
        (if asked <= left { HResult::S_OK } else { HResult::S_FALSE }, from)
    }
}

impl EnumItems for ItemList {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        let (hr, from) = self.advance(celt);
        let items = self.items[from..self.at].to_vec();
        // No more than `celt`, so it fits.
        (hr, Some(u32::try_from(items.len()).unwrap_or(celt)), items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        self.advance(celt).0
    }

    fn reset(&mut self) -> HResult {
        self.at = 0;
        HResult::S_OK
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(self.clone())))
    }
}
