//! The store: a folder that several processes read and change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::disk::Disk;
use super::lock::Lock;
use super::registration::Read;
use super::{Preferences, Registration, Results, StoreError, preferences, registration, results};
use crate::json;
use crate::protocol::{Guid, RegisterFlags, nearest};

/// How long a process waits for others that change the store.
const LIMIT: Duration = Duration::from_secs(10);

/// The variable that names the folder of the store.
pub const STORE: &str = "MOBSYNC_STORE";

/// What [`use_folder`] says.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// From now on, [`Store::in_use`] is the store in this folder. Only the first call counts.
pub fn use_folder(folder: &Path) {
    let _ = FOLDER.set(folder.to_owned());
}

/// The folder that [`use_folder`] named.
pub fn folder_used() -> Option<&'static Path> {
    FOLDER.get().map(PathBuf::as_path)
}

/// Registered handlers and preferences, in a folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    limit: Duration,
    pub(super) disk: Disk,
}

/// What is registered.
#[derive(Debug, Default)]
pub struct Registered {
    /// The handlers, by name.
    pub handlers: Vec<Registration>,
    /// What is wrong with the other files. Each error is about one handler.
    pub damaged: Vec<StoreError>,
}

impl Store {
    /// The store in that folder. The folder need not be there yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), limit: LIMIT, disk: Disk::default() }
    }

    /// The store in the place that the system has for the user's data, such as `~/.local/share/mobsync` on Linux.
    ///
    /// # Errors
    /// When the system does not say where that is.
    pub fn of_user() -> Result<Self, StoreError> {
        let folders = directories::ProjectDirs::from("", "", "mobsync").ok_or(StoreError::NoPlace)?;
        Ok(Self::at(folders.data_dir()))
    }

    /// The store that this process uses: the folder that [`use_folder`] or the variable `MOBSYNC_STORE` names, or else the
    /// [user's](Self::of_user).
    ///
    /// # Errors
    /// As [`of_user`](Self::of_user).
    pub fn in_use() -> Result<Self, StoreError> {
        let of_variable = || std::env::var_os(STORE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        match folder_used().map(Path::to_owned).or_else(of_variable) {
            Some(folder) => Ok(Self::at(folder)),
            None => Self::of_user(),
        }
    }

    /// A store in that folder, which is soon thrown away.
    pub fn scratch(folder: impl Into<PathBuf>) -> Self {
        Self { disk: Disk::scratch(), ..Self::at(folder) }
    }

    /// Whether it is soon thrown away.
    pub fn is_scratch(&self) -> bool {
        self.disk.is_scratch
    }

    /// A copy of it in that folder, which is soon thrown away.
    ///
    /// # Errors
    /// When the store cannot be read, or not be copied.
    pub fn scratch_copy(&self, folder: &Path) -> Result<Self, StoreError> {
        let _lock = self.reading()?;
        let copy = Self::scratch(folder);
        let handlers = self.handlers_folder();
        let entries = match fs::read_dir(&handlers) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(copy),
            Err(error) => return Err(StoreError::io(&handlers, "cannot read this folder")(error)),
        };
        for entry in entries {
            let entry = entry.map_err(StoreError::io(&handlers, "cannot read this folder"))?;
            let Some(clsid) = entry.file_name().to_str().and_then(|name| name.parse::<Guid>().ok()) else { continue };
            let (from, to) = (entry.path(), copy.folder_of(clsid));
            let copied = fs::create_dir_all(&to).and_then(|()| {
                for name in ["registration.json", "preferences.json", "results.json"] {
                    let file = from.join(name);
                    if file.exists() {
                        fs::copy(&file, to.join(name))?;
                    }
                }
                Ok(())
            });
            copied.map_err(StoreError::io(&from, "cannot copy this folder"))?;
        }
        Ok(copy)
    }

    /// Another limit for how long it waits for others that change the store; 10 s by default.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    fn handlers_folder(&self) -> PathBuf {
        self.folder.join("handlers")
    }

    /// Where a handler goes when it is unregistered, until it is deleted.
    fn removed_folder(&self) -> PathBuf {
        self.folder.join("removed")
    }

    fn folder_of(&self, clsid: Guid) -> PathBuf {
        self.handlers_folder().join(clsid.to_string())
    }

    fn registration_file(&self, clsid: Guid) -> PathBuf {
        self.folder_of(clsid).join("registration.json")
    }

    fn preferences_file(&self, clsid: Guid) -> PathBuf {
        self.folder_of(clsid).join("preferences.json")
    }

    fn results_file(&self, clsid: Guid) -> PathBuf {
        self.folder_of(clsid).join("results.json")
    }

    /// Takes the lock for a change, and removes what a process left that was killed.
    fn change(&self, clsid: Guid) -> Result<Lock, StoreError> {
        let lock = Lock::change(&self.lock(), self.limit)?;
        self.disk.remove_folder(&self.removed_folder())?;
        self.disk.sweep(&self.folder_of(clsid))?;
        Ok(lock)
    }

    fn reading(&self) -> Result<Option<Lock>, StoreError> {
        Lock::read(&self.lock(), self.limit)
    }

    /// Registers a handler, or changes its registration; its preferences stay (`RegisterSyncMgrHandler`). True if it was not
    /// registered before.
    ///
    /// # Errors
    /// When the flags are not valid, or the store cannot be changed.
    pub fn register(&self, new: &Registration) -> Result<bool, StoreError> {
        if !new.flags.is_valid() {
            return Err(StoreError::InvalidFlags { flags: new.flags });
        }
        let _lock = self.change(new.clsid)?;
        let old = self.read_registration(new.clsid)?;
        let is_new = old.is_none();
        let file = self.registration_file(new.clsid);
        let text =
            registration::text(new, old).map_err(|error| StoreError::io(&file, "cannot write this")(error.into()))?;
        self.disk.make_folder(&self.folder_of(new.clsid))?;
        self.disk.write(&file, &text)?;
        Ok(is_new)
    }

    /// Removes a handler and its preferences (`UnregisterSyncMgrHandler`).
    ///
    /// # Errors
    /// When it is not registered, when a file of it is damaged, or when the store cannot be changed.
    pub fn unregister(&self, clsid: Guid) -> Result<(), StoreError> {
        let _lock = self.change(clsid)?;
        self.known(clsid)?;
        // A damaged file is not thrown away.
        self.read_preferences(clsid)?;
        self.read_results(clsid)?;
        let removed = self.removed_folder();
        self.disk.make_folder(&removed)?;
        self.disk.move_to(&self.folder_of(clsid), &removed.join(clsid.to_string()))?;
        self.disk.remove_folder(&removed)
    }

    /// The flags of a registered handler (`GetHandlerRegistrationInfo`); none if it is not registered, where the method returns
    /// S_FALSE.
    ///
    /// # Errors
    /// When the registration cannot be read.
    pub fn registered_flags(&self, clsid: Guid) -> Result<Option<RegisterFlags>, StoreError> {
        Ok(self.registration(clsid)?.map(|registration| registration.flags))
    }

    /// A registered handler; none if it is not registered.
    ///
    /// # Errors
    /// When the registration cannot be read.
    pub fn registration(&self, clsid: Guid) -> Result<Option<Registration>, StoreError> {
        let _lock = self.reading()?;
        Ok(self.read_registration(clsid)?.map(|read| read.registration))
    }

    /// All registered handlers, by name, and what is wrong with files that cannot be read.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn handlers(&self) -> Result<Registered, StoreError> {
        let _lock = self.reading()?;
        let folder = self.handlers_folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Registered::default()),
            Err(error) => return Err(StoreError::io(&folder, "cannot read this folder")(error)),
        };
        let mut registered = Registered::default();
        for entry in entries {
            let entry = entry.map_err(StoreError::io(&folder, "cannot read this folder"))?;
            let Some(clsid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            match self.read_registration(clsid) {
                Ok(read) => registered.handlers.extend(read.map(|read| read.registration)),
                Err(error) => registered.damaged.push(error),
            }
        }
        registered.handlers.sort_by_cached_key(|one| (one.name().to_lowercase(), one.clsid));
        registered.damaged.sort_by_cached_key(ToString::to_string);
        Ok(registered)
    }

    /// The registered handler that a word means: by its CLSID, or by its description.
    ///
    /// # Errors
    /// When none or several are meant, or what is meant cannot be read.
    pub fn find(&self, word: &str) -> Result<Registration, StoreError> {
        if let Ok(clsid) = word.parse() {
            return self.registration(clsid)?.ok_or(StoreError::NotRegistered { clsid });
        }
        let Registered { handlers, damaged } = self.handlers()?;
        let mut found: Vec<&Registration> =
            handlers.iter().filter(|one| one.description.as_deref() == Some(word)).collect();
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one.clone()),
            (Some(one), false) => {
                let clsids = found.iter().map(|one| one.clsid).chain([one.clsid]).collect();
                Err(StoreError::Ambiguous { word: word.to_owned(), clsids })
            }
            (None, _) => {
                // It may be the one that cannot be read.
                if let Some(damaged) = damaged.into_iter().next() {
                    return Err(damaged);
                }
                let near = nearest(word, handlers.iter().filter_map(|one| one.description.as_deref()));
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                Err(StoreError::NoSuch { word: word.to_owned(), hint })
            }
        }
    }

    /// What the user prefers for a registered handler.
    ///
    /// # Errors
    /// When it is not registered, or the preferences cannot be read.
    pub fn preferences(&self, clsid: Guid) -> Result<Preferences, StoreError> {
        let _lock = self.reading()?;
        self.known(clsid)?;
        self.read_preferences(clsid)
    }

    /// Changes what the user prefers for a registered handler. No other process changes it in between. Returns what `change`
    /// returns.
    ///
    /// # Errors
    /// When the handler is not registered, or the preferences cannot be read or written.
    pub fn change_preferences<T>(
        &self,
        clsid: Guid,
        change: impl FnOnce(&mut Preferences) -> T,
    ) -> Result<T, StoreError> {
        let _lock = self.change(clsid)?;
        self.known(clsid)?;
        let old = self.read_preferences(clsid)?;
        let mut new = old.clone();
        let returned = change(&mut new);
        if new != old {
            let file = self.preferences_file(clsid);
            let text =
                preferences::text(&new).map_err(|error| StoreError::io(&file, "cannot write this")(error.into()))?;
            self.disk.write(&file, &text)?;
        }
        Ok(returned)
    }

    /// How the last session of a registered handler ended; none if it had none.
    ///
    /// # Errors
    /// When it is not registered, or the results cannot be read.
    pub fn results(&self, clsid: Guid) -> Result<Option<Results>, StoreError> {
        let _lock = self.reading()?;
        self.known(clsid)?;
        self.read_results(clsid)
    }

    /// Keeps how a session of a registered handler ended, in place of the one before.
    ///
    /// # Errors
    /// When the handler is not registered, when the results of the session before cannot be read, or when the store cannot be
    /// changed.
    pub fn keep_results(&self, clsid: Guid, new: &Results) -> Result<(), StoreError> {
        let _lock = self.change(clsid)?;
        self.known(clsid)?;
        // A damaged file is not overwritten.
        self.read_results(clsid)?;
        let file = self.results_file(clsid);
        let text = results::text(new).map_err(|error| StoreError::io(&file, "cannot write this")(error.into()))?;
        self.disk.write(&file, &text)
    }

    /// Makes sure that a handler is registered.
    fn known(&self, clsid: Guid) -> Result<(), StoreError> {
        self.read_registration(clsid)?.map(drop).ok_or(StoreError::NotRegistered { clsid })
    }

    fn read_registration(&self, clsid: Guid) -> Result<Option<Read>, StoreError> {
        let file = self.registration_file(clsid);
        let Some(text) = read(&file)? else { return Ok(None) };
        let read = registration::parse(&text, &file)?;
        let found = read.registration.clsid;
        if found != clsid {
            return Err(StoreError::WrongFolder { file, found, expected: clsid });
        }
        Ok(Some(read))
    }

    fn read_results(&self, clsid: Guid) -> Result<Option<Results>, StoreError> {
        let file = self.results_file(clsid);
        read(&file)?.map(|text| Ok(results::parse(&text, &file)?)).transpose()
    }

    fn read_preferences(&self, clsid: Guid) -> Result<Preferences, StoreError> {
        let file = self.preferences_file(clsid);
        read(&file)?.map_or_else(|| Ok(Preferences::default()), |text| Ok(preferences::parse(&text, &file)?))
    }
}

/// The text of a file; none if it is not there.
fn read(file: &Path) -> Result<Option<String>, StoreError> {
    match file.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        _ => Ok(Some(json::read(file)?)),
    }
}
