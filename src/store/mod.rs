//! The manager's store: which handlers are registered, and what the user prefers for each.
//!
//! It is a folder of readable files. Each handler has a folder, named after its CLSID, with a file for each concern:
//!
//! ```text
//! lock                                 held by the process that changes the store
//! handlers/{CLSID}/registration.json   what `ISyncMgrRegister` stores, and how the handler is started
//! handlers/{CLSID}/preferences.json    which items the user wants synchronized, and when
//! handlers/{CLSID}/results.json        how its last session ended
//! ```
//!
//! A handler is registered exactly if its `registration.json` is there. Each change is one file or folder that takes its place in
//! one step, made under the lock: a process that is killed leaves the state before the change, or the state after it. A
//! damaged file is an error that names its place. It is never overwritten.
//!
//! ```
//! use mobsync::protocol::{Guid, RegisterFlags, SyncEvent};
//! use mobsync::store::{Key, Registration, Start, Store};
//!
//! # let folder = tempfile::tempdir()?;
//! let store = Store::at(folder.path());
//! let clsid = "{4B0E1F6E-6D86-4F1C-9B6A-2F1D5F0E7A11}".parse()?;
//! store.register(&Registration {
//!     clsid,
//!     description: Some("Notes".to_owned()),
//!     flags: RegisterFlags::IDLE,
//!     start: Start::File { file: "/handlers/notes.json".into() },
//! })?;
//! assert_eq!(store.registered_flags(clsid)?, Some(RegisterFlags::IDLE));
//!
//! // Not this item when the machine is idle.
//! let item = Guid::from_alias("A").unwrap();
//! let idle = Key { item: Some(item), event: Some(SyncEvent::IDLE.into()), connection: None };
//! store.change_preferences(clsid, |preferences| preferences.set(idle, false))?;
//! assert_eq!(store.preferences(clsid)?.checked(item, SyncEvent::IDLE, None), Some(false));
//! assert_eq!(store.preferences(clsid)?.checked(item, SyncEvent::MANUAL, None), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod disk;
mod error;
mod exchange;
mod folder;
mod lock;
mod preferences;
mod registration;
mod results;
#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use exchange::{Exchange, ExchangedHandler};
pub use folder::{Registered, STORE, Store, folder_used, use_folder};
pub use preferences::{Key, Preference, Preferences};
pub use registration::{Registration, Start, StartFolders};
pub use results::{ItemResult, Results};

/// The JSON Schema of `registration.json`.
pub fn registration_schema() -> serde_json::Value {
    registration::schema()
}

/// The JSON Schema of `preferences.json`.
pub fn preferences_schema() -> serde_json::Value {
    preferences::schema()
}

/// The JSON Schema of `results.json`.
pub fn results_schema() -> serde_json::Value {
    results::schema()
}

/// The JSON Schema of the files of `mobsync prefs export`.
pub fn exchange_schema() -> serde_json::Value {
    exchange::schema()
}
