//! The items: one for each pair of folders, and how they are enumerated.

use std::collections::BTreeSet;

use crate::protocol::{Guid, Item, ItemFlags, ItemState};

use super::FolderPair;
use super::state;

/// UTF-16 units in an item's name, without its terminator (`ns-mobsync-syncmgritem`).
const NAME_UNITS: usize = 127;

/// A pair of folders as an item.
#[derive(Clone, Debug)]
pub(super) struct FolderItem {
    pub id: Guid,
    pub name: String,
    pub pair: FolderPair,
}

impl FolderItem {
    /// The items of `pairs`, in their order, named after their left folders; a name that is taken gets a number.
    pub fn name_all(pairs: Vec<FolderPair>) -> Vec<Self> {
        let mut taken = BTreeSet::new();
        pairs
            .into_iter()
            .map(|pair| {
                let folder = pair.left().file_name().unwrap_or(pair.left().as_os_str()).to_string_lossy();
                let name = (1_u32..)
                    .map(|number| if number == 1 { cut(&folder, "") } else { cut(&folder, &format!(" ({number})")) })
                    .find(|name| !taken.contains(name))
                    .unwrap_or_default();
                taken.insert(name.clone());
                Self { id: pair.item_id(), name, pair }
            })
            .collect()
    }

    /// The item as the manager sees it now. It has a time of last update once a run went through.
    pub fn describe(&self) -> Item {
        let last_update = state::last_update(self.pair.right(), self.id);
        Item {
            id: self.id,
            name: self.name.as_str().into(),
            flags: if last_update.is_some() { ItemFlags::LASTUPDATETIME } else { ItemFlags::default() },
            state: ItemState::CHECKED,
            last_update: last_update.unwrap_or_default(),
            ..Item::default()
        }
    }
}

/// `name` and `suffix` in at most [`NAME_UNITS`]; the name gives way, at a whole character.
fn cut(name: &str, suffix: &str) -> String {
    let mut room = NAME_UNITS - suffix.encode_utf16().count();
    let mut text: String = name
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= room;
            room = if fits { room - c.len_utf16() } else { 0 };
            fits
        })
        .collect();
    text.push_str(suffix);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_at_a_whole_character() {
        assert_eq!(cut("photos", ""), "photos");
        assert_eq!(cut(&"x".repeat(200), "").len(), 127);
        // Each of these takes two units, so 63 of them fit and half a one does not.
        let notes = cut(&"𝄞".repeat(100), "");
        assert_eq!((notes.chars().count(), notes.encode_utf16().count()), (63, 126));
        let numbered = cut(&"𝄞".repeat(100), " (2)");
        assert!(numbered.ends_with("𝄞 (2)"), "{numbered}");
        assert_eq!(numbered.encode_utf16().count(), 126);
    }
}
