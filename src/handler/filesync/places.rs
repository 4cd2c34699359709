//! Folders and files that are one, though their paths differ.
//!
//! A bind mount gives a folder a second path, and a file system that ignores case gives one file to two names. A walk
//! that does not know it writes into LEFT, or lets one file replace another.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// What a file or folder is, whatever leads to it: its device and its number there.
pub(super) type Identity = (u64, u64);

/// The folders of one walk, each by where it stands in LEFT and RIGHT.
#[derive(Debug, Default)]
pub(super) struct Places {
    lefts: HashMap<Identity, PathBuf>,
    rights: HashMap<Identity, PathBuf>,
}

/// Two paths that lead to one folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// The first in RIGHT is the second in LEFT: what goes into the one would change the other.
    RightIsLeft(PathBuf, PathBuf),
    /// Both in RIGHT.
    RightTwice(PathBuf, PathBuf),
}

impl Places {
    /// Takes in a folder, and says whether it was met on the other side or under another path of RIGHT.
    pub fn enter(&mut self, path: &Path, left: Option<&Metadata>, right: Option<&Metadata>) -> Option<Clash> {
        let (left, right) = (left.and_then(file_identity), right.and_then(file_identity));
        let met = |side: &HashMap<Identity, PathBuf>, id: Option<Identity>| id.and_then(|id| side.get(&id)).cloned();
        let twice = met(&self.rights, right);
        if let Some(id) = left {
            self.lefts.insert(id, path.to_owned());
        }
        let inside = met(&self.lefts, right).map(|left| Clash::RightIsLeft(path.to_owned(), left));
        let outside = met(&self.rights, left).map(|right| Clash::RightIsLeft(right, path.to_owned()));
        if let Some(id) = right {
            self.rights.entry(id).or_insert_with(|| path.to_owned());
        }
        inside.or(outside).or(twice.map(|other| Clash::RightTwice(path.to_owned(), other)))
    }
}

/// The files in one folder of RIGHT that a name of LEFT leads to.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<Identity, OsString>);

impl Names {
    /// Takes in what stands in RIGHT at a name: the other name that leads to the very same file.
    pub fn enter(&mut self, name: &OsString, right: &Metadata) -> Option<OsString> {
        // A file of several hard links may have several names.
        if has_hard_links(right) {
            return None;
        }
        self.0.insert(file_identity(right)?, name.clone())
    }
}

/// What a file or folder is; nothing where the system cannot be asked.
#[cfg(unix)]
pub(super) fn file_identity(found: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(unix)]
fn has_hard_links(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

/// The standard library does not tell it here.
#[cfg(not(unix))]
pub(super) fn file_identity(_: &Metadata) -> Option<Identity> {
    None
}

#[cfg(not(unix))]
fn has_hard_links(_: &Metadata) -> bool {
    false
}
