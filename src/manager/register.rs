//! `ISyncMgrRegister`: the store changes, and what was asked of the manager is noted with its answer.

use std::collections::BTreeSet;

use crate::protocol::{
    GetHandlerRegistrationInfo, Guid, HResult, Note, PreferencesStored, RegisterSyncMgrHandler,
    UnregisterSyncMgrHandler,
};
use crate::runner::Journal;
use crate::store::{Preference, Preferences, Registration, Store, StoreError};

/// Registers a handler, or changes its registration, and reads back what is registered (REGI-01). True if it was not registered
/// before.
///
/// # Errors
/// When the flags are not valid, or the store cannot be changed.
pub fn register(store: &Store, registration: &Registration, journal: &mut Journal) -> Result<bool, StoreError> {
    let done = store.register(registration);
    journal.note(Note::RegisterSyncMgrHandler(RegisterSyncMgrHandler {
        clsid: registration.clsid,
        description: registration.description.as_deref().map(Into::into),
        flags: registration.flags,
        hr: result(&done),
    }));
    journal.note(registration_info(store, registration.clsid));
    done
}

/// Removes a handler and its preferences, and looks whether it is gone (REGI-01).
///
/// # Errors
/// When it is not registered, or the store cannot be changed.
pub fn unregister(store: &Store, clsid: Guid, journal: &mut Journal) -> Result<(), StoreError> {
    let done = store.unregister(clsid);
    journal.note(Note::UnregisterSyncMgrHandler(UnregisterSyncMgrHandler { clsid, hr: result(&done) }));
    journal.note(registration_info(store, clsid));
    done
}

/// `GetHandlerRegistrationInfo`, with what the store says.
fn registration_info(store: &Store, clsid: Guid) -> Note {
    let registered = store.registered_flags(clsid);
    let hr = match &registered {
        Ok(Some(_)) => HResult::S_OK,
        Ok(None) => HResult::S_FALSE,
        Err(_) => HResult::E_UNEXPECTED,
    };
    Note::GetHandlerRegistrationInfo(GetHandlerRegistrationInfo { clsid, flags: registered.ok().flatten(), hr })
}

/// The items of which the preferences speak.
pub(super) fn preferences_stored(preferences: &Preferences) -> PreferencesStored {
    let of = |is: fn(&Preference) -> bool| {
        let items: BTreeSet<Guid> = preferences.iter().filter(|one| is(one)).filter_map(|one| one.key.item).collect();
        items.into_iter().collect()
    };
    PreferencesStored { items: of(|_| true), temporary: of(|one| one.temporary) }
}

/// The result of a method that changes the store, with the codes that its page lists.
pub(super) fn result<T>(done: &Result<T, StoreError>) -> HResult {
    match done {
        Ok(_) => HResult::S_OK,
        Err(StoreError::InvalidFlags { .. } | StoreError::NotRegistered { .. }) => HResult::E_INVALIDARG,
        Err(_) => HResult::E_UNEXPECTED,
    }
}
