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
    pub fn enter(&mut self, path: &Path, left: Option<Identity>, right: Option<Identity>) -> Option<Clash> {
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
    /// Takes in what stands in RIGHT at a name, and at this path: the other name that leads to the very same file.
    pub fn enter(&mut self, name: &OsString, path: &Path, right: &Metadata) -> Option<OsString> {
        let (identity, links) = asked(path, right)?;
        // A file of several hard links may have several names.
        if links > 1 {
            return None;
        }
        self.0.insert(identity, name.clone())
    }
}

/// What it is that stands at a path; nothing where the system does not say it.
pub(super) fn file_identity(path: &Path, found: &Metadata) -> Option<Identity> {
    asked(path, found).map(|(identity, _)| identity)
}

/// What a file or folder is, and how many hard links it has.
#[cfg(unix)]
fn asked(_: &Path, found: &Metadata) -> Option<(Identity, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some(((found.dev(), found.ino()), found.nlink()))
}

/// What a file or folder is, and how many hard links it has: here only the opened one says it. Of a link, the link itself is asked.
#[cfg(windows)]
fn asked(path: &Path, _: &Metadata) -> Option<(Identity, u64)> {
    use std::os::windows::fs::OpenOptionsExt;
    // FILE_FLAG_BACKUP_SEMANTICS, without which no folder is opened, and FILE_FLAG_OPEN_REPARSE_POINT, of winbase.h.
    const FLAGS: u32 = 0x0200_0000 | 0x0020_0000;
    // Nothing is read or written, so that nobody keeps it from being opened.
    let opened = std::fs::File::options().access_mode(0).custom_flags(FLAGS).open(path).ok()?;
    let told = winapi_util::file::information(&opened).ok()?;
    // Some file systems number nothing.
    let identity = (told.volume_serial_number(), told.file_index());
    (identity.1 != 0).then_some((identity, told.number_of_links()))
}

#[cfg(not(any(unix, windows)))]
fn asked(_: &Path, _: &Metadata) -> Option<(Identity, u64)> {
    None
}
