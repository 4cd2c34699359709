//! Bringing one file, link or folder from left to right.
//!
//! A file is written beside its target, given its mode and modification time, flushed to the disk, and renamed over the
//! target. The flush comes before the rename because a power cut must not leave the new name with half the content, and
//! because some file systems tell only then that the disk is full.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

#[cfg(unix)]
use super::places::file_identity;
use super::temp::{self, Temp};
use super::trouble::{EntryKind, Failure, Trouble, Watch};

/// How much of a file is copied between two looks at the manager, in bytes.
pub(super) const CHUNK: usize = 1 << 20;
/// How much is flushed to the disk at a time, in bytes: a slow disk must not take minutes over the last flush, in which
/// nobody hears of a cancel and the manager hears nothing.
const FLUSH: u64 = 8 << 20;
/// The smallest hole that is left in a sparse file, in bytes: a block of most file systems.
const HOLE: usize = 4096;

/// What stood at a place in RIGHT when the folders were compared. Only that is replaced: what came later is nobody's to lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen(Option<(u64, Option<SystemTime>)>);

impl Seen {
    /// What stands there, if anything does.
    pub fn of(there: Option<&Metadata>) -> Self {
        Self(there.map(|there| (there.len(), there.modified().ok())))
    }
}

/// A file or link of LEFT, and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'a> {
    pub left: &'a Path,
    pub right: &'a Path,
    /// What stood at `right` before.
    pub seen: Seen,
}

/// Copies a file over another. A file that is gone by now is no failure: there is nothing to copy.
pub(super) fn copy_file(way: Way<'_>, buffer: &mut Vec<u8>, watch: &dyn Watch) -> Result<(), Failure> {
    let Way { left, right, .. } = way;
    let Some((source, before)) = open(left)? else { return Ok(()) };
    check_target(way, EntryKind::File)?;
    let cannot_write = |why| Trouble::Write { path: right.to_owned(), why };
    let temp = Temp::create_in(folder_of(right)).map_err(cannot_write)?;

    buffer.resize(CHUNK, 0);
    let sparse = has_holes(&before);
    let mut copied = 0;
    loop {
        let count = fill(&source, buffer).map_err(|why| Trouble::Read { path: left.to_owned(), why })?;
        match sparse {
            true => write_with_holes(temp.file(), &buffer[..count]).map_err(cannot_write)?,
            false => temp.file().write_all(&buffer[..count]).map_err(cannot_write)?,
        }
        copied += count as u64;
        // A file that grows while it is read has no end.
        if count < CHUNK || copied > before.len() {
            break;
        }
        if copied % FLUSH == 0 {
            temp.file().sync_data().map_err(cannot_write)?;
        }
        watch.copied(copied, before.len())?;
    }
    if copied != before.len() || !source.metadata().is_ok_and(|after| is_unchanged(&before, &after)) {
        return Err(Trouble::Changed { path: left.to_owned() }.into());
    }

    if sparse {
        // A hole at the end is not written either.
        temp.file().set_len(copied).map_err(cannot_write)?;
    }
    dress(temp.file(), &before).map_err(cannot_write)?;
    watch.look_up()?;
    check_target(way, EntryKind::File)?;
    temp.replace(right).map_err(cannot_write)?;
    Ok(())
}

/// Makes a link to where the left one leads; neither is followed.
pub(super) fn copy_link(way: Way<'_>) -> Result<(), Failure> {
    let Way { left, right, .. } = way;
    let cannot_read = |why| Trouble::Read { path: left.to_owned(), why };
    let Some(found) = metadata_of(left).map_err(cannot_read)? else { return Ok(()) };
    if !found.is_symlink() {
        return Err(Trouble::Changed { path: left.to_owned() }.into());
    }
    let to = fs::read_link(left).map_err(cannot_read)?;
    check_target(way, EntryKind::Link)?;
    temp::replace_with_link(&to, right, leads_to_folder(&found))
        .map_err(|why| Trouble::Write { path: right.to_owned(), why })?;
    Ok(())
}

/// Makes the folder `right`, as open to others as `left` is. Its owner may always write in it, or the next run could not.
pub(super) fn make_folder(left: &Path, right: &Path) -> Result<(), Failure> {
    let cannot_write = |why| Trouble::Write { path: right.to_owned(), why };
    let found = metadata_of(left).map_err(|why| Trouble::Read { path: left.to_owned(), why })?;
    let Some(found) = found else { return Ok(()) };
    if !found.is_dir() {
        return Err(Trouble::Changed { path: left.to_owned() }.into());
    }
    match metadata_of(right).map_err(cannot_write)? {
        Some(there) if there.is_dir() => return Ok(()),
        Some(there) => return Err(conflict(left, EntryKind::Folder, right, &there).into()),
        None => check_folder(left, EntryKind::Folder, folder_of(right))?,
    }
    make_folder_like(&found, right).map_err(cannot_write)?;
    Ok(())
}

#[cfg(unix)]
fn make_folder_like(like: &Metadata, right: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    // Never open to more people than the original, not for an instant.
    fs::DirBuilder::new().mode(0o700).create(right)?;
    fs::set_permissions(right, PermissionsExt::from_mode(like.permissions().mode() & 0o777 | 0o700))
}

#[cfg(not(unix))]
fn make_folder_like(_like: &Metadata, right: &Path) -> io::Result<()> {
    fs::create_dir(right)
}

/// What stands at `path` itself, if anything does.
pub(super) fn metadata_of(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The two are of kinds that cannot replace one another.
pub(super) fn conflict(left: &Path, left_kind: EntryKind, right: &Path, there: &Metadata) -> Trouble {
    let right_kind = EntryKind::of(there.file_type());
    Trouble::Conflict { left: left.into(), left_kind, right: right.into(), right_kind }
}

/// Opens a file that must be the one that stands at `left`, not where a link leads.
fn open(left: &Path) -> Result<Option<(File, Metadata)>, Trouble> {
    let cannot_read = |why| Trouble::Read { path: left.to_owned(), why };
    let Some(there) = metadata_of(left).map_err(cannot_read)? else { return Ok(None) };
    // Before it is opened: opening a pipe would wait for somebody to write into it.
    if !there.is_file() {
        return Err(Trouble::Changed { path: left.to_owned() });
    }
    let file = match open_itself(left) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(cannot_read)?,
    };
    let opened = file.metadata().map_err(cannot_read)?;
    if opened.is_file() && is_same_file(left, &there, &opened) {
        Ok(Some((file, opened)))
    } else {
        Err(Trouble::Changed { path: left.to_owned() })
    }
}

#[cfg(unix)]
fn is_same_file(path: &Path, a: &Metadata, b: &Metadata) -> bool {
    file_identity(path, a) == file_identity(path, b)
}

/// What is opened on Windows is what stands there, so that whoever put a link there meanwhile is seen by the kind.
#[cfg(windows)]
fn is_same_file(_: &Path, _: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}

#[cfg(not(any(unix, windows)))]
fn is_same_file(_: &Path, a: &Metadata, b: &Metadata) -> bool {
    a.created().ok() == b.created().ok()
}

/// Opens what stands there; on Windows the link itself, where it is one.
fn open_itself(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(windows)]
    {
        // FILE_FLAG_OPEN_REPARSE_POINT of winbase.h.
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0020_0000);
    }
    options.open(path)
}

fn is_unchanged(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

/// Whether the file takes less room than it is long.
#[cfg(unix)]
fn has_holes(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::blocks(file) < file.len() / 512
}

#[cfg(not(unix))]
fn has_holes(_: &Metadata) -> bool {
    false
}

/// Writes, and leaves a hole where there is nothing but zeros.
fn write_with_holes(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    for block in bytes.chunks(HOLE) {
        if block.iter().all(|byte| *byte == 0) {
            file.seek(SeekFrom::Current(block.len() as i64))?;
        } else {
            file.write_all(block)?;
        }
    }
    Ok(())
}

/// Reads until the buffer is full or the file ends.
fn fill(mut source: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match source.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Gives a copy what belongs to it besides its content, and makes it last.
fn dress(file: &File, like: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Without set-user-ID and its like: the copy may belong to somebody else than the original.
        file.set_permissions(PermissionsExt::from_mode(like.permissions().mode() & 0o777))?;
    }
    file.set_modified(like.modified()?)?;
    file.sync_all()
}

/// A file or link may replace a file or link, and nothing else; nothing is written through a link to a folder; and nothing
/// is replaced that was not seen.
fn check_target(way: Way<'_>, left_kind: EntryKind) -> Result<(), Trouble> {
    let Way { left, right, seen } = way;
    check_folder(left, left_kind, folder_of(right))?;
    match metadata_of(right).map_err(|why| Trouble::Write { path: right.to_owned(), why })? {
        Some(there) if !there.is_file() && !there.is_symlink() => Err(conflict(left, left_kind, right, &there)),
        there if Seen::of(there.as_ref()) != seen => Err(Trouble::RightChanged { path: right.to_owned() }),
        _ => Ok(()),
    }
}

fn check_folder(left: &Path, left_kind: EntryKind, folder: &Path) -> Result<(), Trouble> {
    let there = fs::symlink_metadata(folder).map_err(|why| Trouble::Write { path: folder.to_owned(), why })?;
    if there.is_dir() {
        return Ok(());
    }
    // The one at odds with it is the left folder; a file in it cannot be told apart from a file at its place.
    let (left, left_kind) = left.parent().map_or((left, left_kind), |parent| (parent, EntryKind::Folder));
    Err(conflict(left, left_kind, folder, &there))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

#[cfg(windows)]
fn leads_to_folder(link: &Metadata) -> bool {
    std::os::windows::fs::FileTypeExt::is_symlink_dir(&link.file_type())
}

#[cfg(not(windows))]
fn leads_to_folder(_link: &Metadata) -> bool {
    false
}
