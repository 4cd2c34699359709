//! Wine's prefixes: mobsync's own, which is made once, and copies of a prefix, each for one run of mobsync, into which a file for the
//! registry is imported.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::wine::{Missing, READY, Wine, absolute, cache_folder};
use crate::protocol::plain_path;

/// What makes a prefix the copy of another one.
#[derive(Clone, Debug)]
pub(super) struct Imported {
    /// Of which it is a copy.
    of: Box<Wine>,
    /// The file for the registry.
    registry: PathBuf,
}

/// A copy, and the lock that says that it is used. It is taken away when mobsync ends, or when another one finds it unused.
struct Copied {
    wine: Wine,
    _lock: File,
}

/// The copies of this run.
static COPIES: Mutex<Vec<Copied>> = Mutex::new(Vec::new());

impl Wine {
    pub(super) fn make_prefix(&self) -> io::Result<()> {
        eprintln!("mobsync: preparing Wine in {} (once; this takes some seconds)", plain_path(&self.prefix));
        // What an earlier try left, which did not come to its end.
        match fs::remove_dir_all(&self.prefix) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => fs::create_dir_all(&self.prefix)?,
        }
        self.serve()?;
        let failed = |what: &str| io::Error::other(format!("`{} {what}` failed", self.program.display()));
        if !self.run(&self.program, &["wineboot", "--init"])? {
            return Err(failed("wineboot --init"));
        }
        // Without a screen no window can be made, unless nothing is to be drawn.
        let words = ["reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"];
        if !self.run(&self.program, &words)? {
            return Err(failed(&words.join(" ")));
        }
        // Wine's desktop looked for a screen when it was made. Only that of a new server knows of what the registry says now.
        self.end_server();
        self.serve()?;
        self.say_version()?;
        File::create(self.prefix.join(READY)).map(drop)
    }

    /// The same Wine with a copy of its prefix, into which that file is imported.
    pub(super) fn with_registry(self, registry: &Path) -> Result<Self, Missing> {
        let missing = |why: String| Missing(vec![why]);
        if !registry.is_file() {
            return Err(missing(format!("{} (--registry): no such file", plain_path(registry))));
        }
        let cache = cache_folder()
            .ok_or_else(|| missing("no place for a copy of Wine's folder: set HOME or XDG_CACHE_HOME".to_owned()))?;
        let prefix = cache.join("wine-copies").join(format!("{}-{}", std::process::id(), self.kind.name()));
        let imported = Imported { of: Box::new(self.clone()), registry: absolute(registry) };
        Ok(Self { prefix, imported: Some(imported), ..self })
    }

    /// Makes the copy, if that was not done.
    pub(super) fn copy_once(&self, imported: &Imported) -> io::Result<()> {
        let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
        if copies.iter().any(|copied| copied.wine.prefix == self.prefix) {
            return Ok(());
        }
        if imported.of.own {
            imported.of.make_once()?;
        }
        let folder = self.prefix.parent().unwrap_or(&self.prefix);
        fs::create_dir_all(folder)?;
        self.remove_unused(folder);
        let lock = File::create(lock_of(&self.prefix))?;
        lock.lock()?;
        copy_prefix(&imported.of.prefix, &self.prefix)?;
        self.serve()?;
        copies.push(Copied { wine: self.clone(), _lock: lock });
        let file = format!("Z:{}", imported.registry.display());
        if !self.run(&self.program, &["reg", "import", &file])? {
            let file = plain_path(&imported.registry);
            return Err(io::Error::other(format!("{file} (--registry) cannot be imported: is it a .reg file?")));
        }
        Ok(())
    }

    /// Removes the copies of runs that have ended without doing it.
    fn remove_unused(&self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == LOCK) {
                // Whoever uses it has the lock.
                let is_unused = File::open(&path).is_ok_and(|lock| lock.try_lock().is_ok());
                if is_unused {
                    let prefix = path.with_extension("");
                    self.remove(&prefix);
                }
            }
        }
    }

    /// Ends what runs in a copy, and removes it.
    fn remove(&self, prefix: &Path) {
        if prefix.is_dir() {
            let there = Self { prefix: prefix.to_owned(), ..self.clone() };
            there.end_server();
            if let Err(why) = fs::remove_dir_all(prefix) {
                tracing::warn!(?prefix, %why, "a copy of Wine's folder cannot be removed");
                return;
            }
        }
        let _ = fs::remove_file(lock_of(prefix));
    }
}

/// The end of the name of a lock.
const LOCK: &str = "lock";

fn lock_of(prefix: &Path) -> PathBuf {
    prefix.with_extension(LOCK)
}

/// Removes what this run has made for itself alone.
pub fn leave_wine() {
    for copied in COPIES.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        copied.wine.remove(&copied.wine.prefix);
    }
}

/// Copies a prefix. Windows' own folder, which is large, is the same one: a link.
fn copy_prefix(from: &Path, to: &Path) -> io::Result<()> {
    copy_folder(from, to, &|path| path == Path::new("drive_c/windows"), Path::new(""))
}

/// Copies what is in a folder; links stay links. What is to be `shared` becomes a link to the original.
fn copy_folder(from: &Path, to: &Path, shared: &dyn Fn(&Path) -> bool, within: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target, place) = (entry.path(), to.join(entry.file_name()), within.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else if shared(&place) {
            std::os::unix::fs::symlink(&source, &target)?;
        } else if kind.is_dir() {
            copy_folder(&source, &target, shared, &place)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
