//! Files being written, beside the ones that they will replace.
//!
//! A temporary file is locked for as long as it is being written. What a crashed run left over is therefore told from
//! what another run is writing right now, in this process or in any other: the one can be locked, the other cannot.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PREFIX: &str = ".mobsync-";
const SUFFIX: &str = ".tmp";
/// How many names in a row may be taken before something else must be wrong.
const ATTEMPTS: u32 = 10_000;
/// A link lives under its temporary name for an instant, and cannot be locked: one of this age is left over.
const LINK_AGE: Duration = Duration::from_secs(60);

/// A temporary file, removed unless it takes the place of its target.
#[derive(Debug)]
pub(super) struct Temp {
    path: PathBuf,
    file: Option<File>,
}

impl Temp {
    /// Makes an empty file in `folder` that nobody but its owner can read.
    pub fn create_in(folder: &Path) -> io::Result<Self> {
        with_free_name(folder, |path| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let temp = Self { file: Some(options.open(path)?), path: path.to_owned() };
            match temp.file().try_lock() {
                // Somebody clears up and was quicker: this file is going to be removed.
                Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::AlreadyExists.into()),
                // Where files cannot be locked, none is ever taken for a left-over.
                Err(TryLockError::Error(_)) | Ok(()) => {}
            }
            match fs::symlink_metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::ErrorKind::AlreadyExists.into()),
                _ => Ok(temp),
            }
        })
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.file.as_ref().expect("the file is closed by drop only")
    }

    /// Takes the place of `target` in one step.
    pub fn replace(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            drop(file);
            // What cannot be removed is left over, and cleared up by the next run.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a symbolic link to `to` that takes the place of `target` in one step. `folder_link` matters on Windows only.
pub(super) fn replace_with_link(to: &Path, target: &Path, folder_link: bool) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let temp = with_free_name(folder, |path| {
        make_link(to, path, folder_link)?;
        Ok(path.to_owned())
    })?;
    fs::rename(&temp, target).inspect_err(|_| {
        // The rename's error is the one to tell.
        let _ = fs::remove_file(&temp);
    })
}

#[cfg(unix)]
fn make_link(to: &Path, at: &Path, _folder_link: bool) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn make_link(to: &Path, at: &Path, folder_link: bool) -> io::Result<()> {
    use std::os::windows::fs::{symlink_dir, symlink_file};
    if folder_link { symlink_dir(to, at) } else { symlink_file(to, at) }
}

#[cfg(not(any(unix, windows)))]
fn make_link(_to: &Path, _at: &Path, _folder_link: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Runs `make` with names in `folder` until it finds one that is free.
fn with_free_name<T>(folder: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let mut result = Err(io::ErrorKind::AlreadyExists.into());
    for _ in 0..ATTEMPTS {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        result = make(&folder.join(temp_name(&format!("{:x}-{number:x}", std::process::id()))));
        match &result {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            _ => break,
        }
    }
    result
}

/// The name of a temporary file. It ends with a check of what stands before: no file of the user's has such a name by chance.
fn temp_name(words: &str) -> String {
    let check = format!("mobsync filesync {words}");
    // FNV-1a: names of one version are known to the next, so it must not depend on a library.
    let check = check
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{PREFIX}{words}-{check:016x}{SUFFIX}")
}

/// Whether a file of this name is a temporary one of ours, in this run or another.
pub(super) fn is_temp_name(name: &OsStr) -> bool {
    let words = |name: &str| Some(name.strip_prefix(PREFIX)?.rsplit_once('-')?.0.to_owned());
    name.to_str().is_some_and(|name| words(name).is_some_and(|words| temp_name(&words) == name))
}

/// Removes a temporary file that nobody is writing any more. Best effort: what stays harms nobody, and the next run tries
/// again.
pub(super) fn clear_up(path: &Path) {
    let Ok(found) = fs::symlink_metadata(path) else { return };
    if found.is_symlink() {
        if found.modified().is_ok_and(|made| made.elapsed().is_ok_and(|age| age >= LINK_AGE)) {
            let _ = fs::remove_file(path);
        }
    } else if found.is_file() {
        // Some network drives lock only what is open for writing; what is left over may be read-only already.
        let file = OpenOptions::new().write(true).open(path).or_else(|_| File::open(path));
        if let Ok(file) = file
            && file.try_lock().is_ok()
        {
            // Still locked here, so nobody can take it for his own in between.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_exact_form_are_temporary() {
        for name in [temp_name("1a2b-0"), temp_name("1-ff")] {
            assert!(is_temp_name(OsStr::new(&name)), "{name}");
        }
        assert_eq!(temp_name("1-1"), ".mobsync-1-1-99a941d89acf352a.tmp");
        for name in [".mobsync-filesync", ".mobsync-1a2b-0.tmp", ".mobsync-1-1-0123456789abcdef.tmp", ".mobsync-.tmp"] {
            assert!(!is_temp_name(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_being_written_is_not_cleared_up_and_a_left_over_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let temp = Temp::create_in(folder.path()).unwrap();
        let path = temp.path.clone();
        assert!(is_temp_name(path.file_name().unwrap()));
        clear_up(&path);
        assert!(path.exists(), "it is locked");
        // A crash ends the lock and leaves the file.
        let left_over = folder.path().join(temp_name("1-1"));
        fs::write(&left_over, "half").unwrap();
        clear_up(&left_over);
        assert!(!left_over.exists());
        drop(temp);
        assert!(!path.exists());
    }

    #[test]
    fn replacing_is_one_step_and_leaves_no_other_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "old").unwrap();
        let temp = Temp::create_in(folder.path()).unwrap();
        io::Write::write_all(&mut temp.file(), b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        temp.replace(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_replaces_what_was_there_and_a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "old").unwrap();
        replace_with_link(Path::new("nowhere"), &target, false).unwrap();
        assert_eq!(fs::read_link(&target).unwrap(), Path::new("nowhere"));
        let taken = folder.path().join("folder");
        fs::create_dir(&taken).unwrap();
        replace_with_link(Path::new("nowhere"), &taken, false).unwrap_err();
        assert!(taken.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
