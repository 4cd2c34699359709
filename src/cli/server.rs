//! A native library that registers its handlers itself, as `register` and `unregister` use it.

use std::path::Path;

use super::ended::Failure;
use super::output::tell;
use super::sessions;
use crate::handler::ServerCall;
use crate::job::Handler;
use crate::manager::{self, ServerCalled};
use crate::protocol::{Guid, Outcome, plain, plain_path};
use crate::runner::{Journal, RunOptions};
use crate::store::{Registration, Start, Store};

/// What `DllRegisterServer` came to.
pub(super) struct Server {
    /// What is to be registered: what the library registered itself, as far as it has the class.
    pub(super) registrations: Vec<Registration>,
    /// Something was wrong with it, and was told.
    pub(super) is_faulty: bool,
}

/// Calls the library's `DllRegisterServer`, tells what is wrong with what it did, and checks each class that it registered. `wanted`
/// is the class that the user has named.
///
/// # Errors
/// When it registers nothing and the user has named no class, or when it cannot be called.
pub(super) fn register(
    store: &Store,
    library: &Path,
    wanted: Option<Guid>,
    journal: &mut Journal,
) -> Result<Server, Failure> {
    let called = call(store, library, ServerCall::Register, journal)?;
    let place = plain_path(library);
    if called.hr.is_none() && wanted.is_none() {
        return Err(Failure(format!(
            "{place} exports no DllRegisterServer, so it does not say which class it has: name the class with --clsid"
        )));
    }
    let faults = called.faults(library, wanted);
    for fault in &faults {
        tell(format_args!("{place}: {fault}"));
    }
    let mut server = Server { registrations: Vec::new(), is_faulty: !faults.is_empty() };
    for mut registration in called.registrations(library) {
        let clsid = registration.clsid;
        if let Start::Library { multi_threaded, .. } = &mut registration.start {
            *multi_threaded = called.is_multi_threaded(clsid).unwrap_or(false);
        }
        let checked =
            Handler::of_registration(&registration).map_err(Failure::from).and_then(|handler| started(&handler));
        match checked {
            Ok(_) => server.registrations.push(registration),
            Err(Failure(why)) => {
                server.is_faulty = true;
                tell(format_args!("{place}: DllRegisterServer registers {clsid}, which cannot be started: {why}"));
            }
        }
    }
    if server.registrations.is_empty() && wanted.is_none() {
        return Err(Failure(format!("{place}: nothing was registered")));
    }
    Ok(server)
}

/// Calls the `DllUnregisterServer` of the handler's library, where it has one. True if something was wrong with it, which is told.
///
/// # Errors
/// When it cannot be called.
pub(super) fn unregister(store: &Store, registration: &Registration, journal: &mut Journal) -> Result<bool, Failure> {
    let Start::Library { library, .. } = &registration.start else { return Ok(false) };
    let called = call(store, library, ServerCall::Unregister, journal)?;
    let place = plain_path(library);
    let clsid = registration.clsid;
    match called.hr {
        None => Ok(false),
        Some(hr) if hr.is_failure() => {
            tell(format_args!("{place}: DllUnregisterServer returned {hr}"));
            Ok(true)
        }
        Some(_) if !called.unregistered.contains(&clsid) => {
            tell(format_args!(
                "{place}: DllUnregisterServer did not unregister {clsid} with the manager (UnregisterSyncMgrHandler)"
            ));
            Ok(true)
        }
        Some(_) => Ok(false),
    }
}

fn call(store: &Store, library: &Path, call: ServerCall, journal: &mut Journal) -> Result<ServerCalled, Failure> {
    let options = RunOptions { isolation: sessions::isolation(false)?, ..RunOptions::default() };
    let called = manager::call_server(store, library, call, &options)?;
    called.notes.iter().cloned().for_each(|note| journal.note(note));
    Ok(called)
}

/// Starts the handler once, and returns the name that it gives itself.
pub(super) fn started(handler: &Handler) -> Result<Option<String>, Failure> {
    let hint = "nothing was registered; --no-check registers it all the same";
    let survey = sessions::survey(handler).map_err(|Failure(why)| Failure(format!("{why}; {hint}")))?;
    match survey.outcome {
        Outcome::NothingPrepared | Outcome::Declined(crate::protocol::HResult::S_FALSE) => {}
        outcome => return Err(Failure(format!("{}: {outcome}; {hint}", plain(&handler.name())))),
    }
    let name = survey.name.and_then(|name| name.as_str().map(str::to_owned));
    Ok(name.filter(|name| !name.trim().is_empty()))
}
