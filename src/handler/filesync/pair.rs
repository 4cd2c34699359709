//! Pairs of folders: what `--folder LEFT=RIGHT` says.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::places::file_identity;
use crate::protocol::Guid;

/// The namespace of ItemIDs, so that they are no other program's.
const ITEMS: Uuid = Uuid::from_u128(0x0b6f_7a52_9d1c_4c57_8f1e_6d6f_6273_796e);

/// A folder and where its files go: LEFT and RIGHT, absolute and without links on the way.
///
/// LEFT exists. RIGHT need not: then its parent does, and the first run makes it. Neither lies in the other.
///
/// ```
/// use mobsync::handler::{FolderError, FolderPair};
/// let error = "photos".parse::<FolderPair>().unwrap_err();
/// assert_eq!(error, FolderError::NoEquals { given: "photos".to_owned() });
/// assert_eq!(error.to_string(), "`photos` is not a pair of folders; write LEFT=RIGHT, such as photos=/mnt/stick/photos");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FolderPair {
    left: PathBuf,
    right: PathBuf,
    #[serde(default)]
    leaves_newer: bool,
}

/// Which folder of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The folder that files come from.
    Left,
    /// The folder that files go to.
    Right,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Left => "LEFT",
            Side::Right => "RIGHT",
        })
    }
}

/// Folders that cannot be synchronized as they were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// There is no `=` between LEFT and RIGHT.
    #[error("`{given}` is not a pair of folders; write LEFT=RIGHT, such as photos=/mnt/stick/photos")]
    NoEquals {
        /// What was given.
        given: String,
    },
    /// A side of the `=` is empty.
    #[error("`{given}` has no {side}; write LEFT=RIGHT, such as photos=/mnt/stick/photos")]
    Empty {
        /// What was given.
        given: String,
        /// The side that is empty.
        side: Side,
    },
    /// Several `=`, and more than one of them could end LEFT.
    #[error("`{given}` is ambiguous: both {first} and {second} are folders; rename one of them")]
    Ambiguous {
        /// What was given.
        given: String,
        /// One LEFT.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// A folder that is needed cannot be reached.
    #[error("{side}: cannot open {path}: {why}; give a folder that exists and can be read")]
    Unreachable {
        /// Which side.
        side: Side,
        /// The folder: LEFT, RIGHT, or the parent of a RIGHT that does not exist yet.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Something is there that is no folder.
    #[error("{side}: {path} is not a folder")]
    NotAFolder {
        /// Which side.
        side: Side,
        /// What is there.
        path: PathBuf,
    },
    /// LEFT and RIGHT are one folder.
    #[error("LEFT and RIGHT are the same folder, {path}")]
    Same {
        /// The folder.
        path: PathBuf,
    },
    /// One folder of the pair lies in the other.
    #[error("{inner} is inside {outer}; a folder cannot be synchronized with a part of itself")]
    Nested {
        /// The outer folder.
        outer: PathBuf,
        /// The folder in it.
        inner: PathBuf,
    },
    /// Two paths lead to one folder, or into it: by a bind mount.
    #[error(
        "{inner} is {outer}, or is inside it, under another path (a bind mount); a folder cannot be synchronized with itself"
    )]
    Bound {
        /// The outer folder.
        outer: PathBuf,
        /// The folder that is it, or is in it.
        inner: PathBuf,
    },
    /// No pair at all.
    #[error("no folder to synchronize; give at least one pair LEFT=RIGHT")]
    NoPair,
    /// A pair was given twice.
    #[error("{left}={right} is given twice")]
    Twice {
        /// The pair's LEFT.
        left: PathBuf,
        /// The pair's RIGHT.
        right: PathBuf,
    },
    /// Two pairs would write into one folder, or one would write where another reads; as they run side by side, what
    /// comes of it would be chance.
    #[error("one pair writes to {one}, and another uses {other}: they overlap; synchronize them in two runs")]
    Overlap {
        /// The RIGHT of one pair.
        one: PathBuf,
        /// A folder of the other pair.
        other: PathBuf,
    },
}

impl FolderPair {
    /// The pair of two folders, given relative to the current one or absolute.
    ///
    /// # Errors
    /// When LEFT is no folder, RIGHT is something else than a folder or nothing, or one is part of the other.
    pub fn new(left: impl AsRef<Path>, right: impl AsRef<Path>) -> Result<Self, FolderError> {
        let left = resolve(Side::Left, left.as_ref())?;
        let right = match fs::symlink_metadata(right.as_ref()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => resolve_new(right.as_ref())?,
            _ => resolve(Side::Right, right.as_ref())?,
        };
        if left == right {
            return Err(FolderError::Same { path: left });
        }
        if right.starts_with(&left) {
            return Err(FolderError::Nested { outer: left, inner: right });
        }
        if left.starts_with(&right) {
            return Err(FolderError::Nested { outer: right, inner: left });
        }
        if is_inside(&right, &left) {
            return Err(FolderError::Bound { outer: left, inner: right });
        }
        if is_inside(&left, &right) {
            return Err(FolderError::Bound { outer: right, inner: left });
        }
        Ok(Self { left, right, leaves_newer: false })
    }

    /// Whether a file in RIGHT that is newer than the one in LEFT is left as it is, and not replaced.
    #[must_use]
    pub fn leaving_newer(self, leaves_newer: bool) -> Self {
        Self { leaves_newer, ..self }
    }

    /// See [`leaving_newer`](Self::leaving_newer).
    pub fn leaves_newer(&self) -> bool {
        self.leaves_newer
    }

    /// The folder that files come from.
    pub fn left(&self) -> &Path {
        &self.left
    }

    /// The folder that files go to.
    pub fn right(&self) -> &Path {
        &self.right
    }

    /// The pair's ItemID: it follows from the two paths, so it is the same in every run.
    pub fn item_id(&self) -> Guid {
        let mut name = identity(&self.left);
        // No path holds a NUL, so two pairs never run together into one name.
        name.push(0);
        name.extend(identity(&self.right));
        Guid(Uuid::new_v5(&ITEMS, &name))
    }

    /// Whether pairs can run side by side: none writes where another reads or writes.
    pub(super) fn check_together(pairs: &[Self]) -> Result<(), FolderError> {
        if pairs.is_empty() {
            return Err(FolderError::NoPair);
        }
        for (index, one) in pairs.iter().enumerate() {
            for other in &pairs[..index] {
                if one == other {
                    return Err(FolderError::Twice { left: one.left.clone(), right: one.right.clone() });
                }
                let clash = [(&one.right, &other.right), (&one.right, &other.left), (&other.right, &one.left)]
                    .into_iter()
                    .find(|(written, used)| overlap(written, used));
                if let Some((written, used)) = clash {
                    return Err(FolderError::Overlap { one: written.clone(), other: used.clone() });
                }
            }
        }
        Ok(())
    }
}

impl FromStr for FolderPair {
    type Err = FolderError;

    /// Reads `LEFT=RIGHT`. With several `=`, LEFT is what is a folder; a path that is not UTF-8 needs [`FolderPair::new`].
    fn from_str(given: &str) -> Result<Self, FolderError> {
        let mut splits = given.match_indices('=').map(|(at, _)| (&given[..at], &given[at + 1..]));
        let Some(first) = splits.next() else {
            return Err(FolderError::NoEquals { given: given.to_owned() });
        };
        let mut folders = std::iter::once(first).chain(splits).filter(|(left, _)| Path::new(left).is_dir());
        let (left, right) = folders.next().unwrap_or(first);
        if let Some((other, _)) = folders.next() {
            let (first, second) = (left.into(), other.into());
            return Err(FolderError::Ambiguous { given: given.to_owned(), first, second });
        }
        for (side, text) in [(Side::Left, left), (Side::Right, right)] {
            if text.is_empty() {
                return Err(FolderError::Empty { given: given.to_owned(), side });
            }
        }
        Self::new(left, right)
    }
}

impl fmt::Display for FolderPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.left.display(), self.right.display())
    }
}

/// Whether one of the two is the other or lies in it.
fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one) || is_inside(one, other) || is_inside(other, one)
}

/// Whether a folder, or one that it is in, is the other one, whatever the paths say.
fn is_inside(inner: &Path, outer: &Path) -> bool {
    let identity = |path: &Path| path.metadata().ok().and_then(|found| file_identity(path, &found));
    identity(outer).is_some_and(|outer| inner.ancestors().any(|folder| identity(folder) == Some(outer)))
}

/// The real path of a folder that exists.
fn resolve(side: Side, path: &Path) -> Result<PathBuf, FolderError> {
    let unreachable =
        |error: io::Error| FolderError::Unreachable { side, path: path.to_owned(), why: error.to_string() };
    let real = fs::canonicalize(path).map_err(unreachable)?;
    if fs::metadata(&real).map_err(unreachable)?.is_dir() {
        Ok(real)
    } else {
        Err(FolderError::NotAFolder { side, path: path.to_owned() })
    }
}

/// The real path that a folder will have once it is made: its parent must exist, so that a stick that is not plugged in
/// is an error and not a new folder on the disk below it.
fn resolve_new(path: &Path) -> Result<PathBuf, FolderError> {
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    let real = resolve(Side::Right, parent)?;
    match path.file_name() {
        Some(name) => Ok(real.join(name)),
        None => Err(FolderError::NotAFolder { side: Side::Right, path: path.to_owned() }),
    }
}

/// The bytes that stand for a path in an ID.
#[cfg(unix)]
pub(super) fn identity(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

/// The bytes that stand for a path in an ID.
#[cfg(windows)]
pub(super) fn identity(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
}

/// The bytes that stand for a path in an ID.
#[cfg(not(any(unix, windows)))]
pub(super) fn identity(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
