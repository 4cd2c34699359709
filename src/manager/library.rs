//! A library registers its handlers itself: `DllRegisterServer` and `DllUnregisterServer`, in a worker.

use std::collections::BTreeMap;
use std::path::Path;

use super::session::SessionError;
use crate::handler::ServerCall;
use crate::host::Selection;
use crate::job::{Handler, Standard, Terms};
use crate::protocol::{
    ClassRegistered, Event, EventKind, GUID_NULL, Guid, HResult, Initialize, Note, RegisterFlags, SyncEvent, SyncFlags,
    plain, plain_path,
};
use crate::runner::{RunOptions, run};
use crate::store::{Registration, Start, Store};

/// What came of `DllRegisterServer` or `DllUnregisterServer`.
#[derive(Clone, Debug, Default)]
pub struct ServerCalled {
    /// Its result; none where the library does not export it.
    pub hr: Option<HResult>,
    /// The handlers that it has registered with the manager and not unregistered, each with its description and its events.
    pub registered: BTreeMap<Guid, (Option<String>, RegisterFlags)>,
    /// The handlers that it has unregistered.
    pub unregistered: Vec<Guid>,
    /// What COM's registry says of its classes, where there is one.
    pub classes: Vec<ClassRegistered>,
    /// What it asked of the manager, and the answers.
    pub notes: Vec<Note>,
}

/// Calls the library's `DllRegisterServer` or `DllUnregisterServer`, with the manager that it can register with. The store is not
/// changed. `options` say in which process.
///
/// # Errors
/// When the library cannot be loaded, crashes or hangs meanwhile.
pub fn call_server(
    store: &Store,
    library: &Path,
    call: ServerCall,
    options: &RunOptions,
) -> Result<ServerCalled, SessionError> {
    let handler = Handler::of_library(library, GUID_NULL)?;
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0));
    let standard = Standard { initialize, selection: Selection::Nothing, retries: 0, ..Standard::default() };
    let terms = Terms::standard(Standard { server: vec![call], ..standard });
    let terms = Terms { registered: Some(registered(store)?), session_ns: Terms::usual_session_ns(&handler), ..terms };
    let mut events: Vec<Event> = Vec::new();
    let ran = run(&handler, &terms, options, &mut events);
    let mut called = ServerCalled::default();
    let mut failed = false;
    for event in events {
        let EventKind::Note(note) = event.kind else { continue };
        match &*note {
            Note::RegisterSyncMgrHandler(args) if args.hr.is_success() => {
                let description = args.description.as_ref().map(ToString::to_string);
                called.registered.insert(args.clsid, (description, args.flags));
            }
            Note::UnregisterSyncMgrHandler(args) if args.hr.is_success() => {
                called.registered.remove(&args.clsid);
                called.unregistered.push(args.clsid);
            }
            Note::DllRegisterServer(args) => called.hr = Some(args.hr),
            Note::DllUnregisterServer(args) => called.hr = Some(args.hr),
            Note::ClassRegistered(class) => called.classes.push(class.clone()),
            Note::Crashed(_) | Note::TimedOut(_) => failed = true,
            Note::RegisterSyncMgrHandler(_)
            | Note::UnregisterSyncMgrHandler(_)
            | Note::GetHandlerRegistrationInfo(_)
            | Note::UpdateItems(_)
            | Note::UpdateAll(_) => {}
            _ => continue,
        }
        called.notes.push(*note);
    }
    match ran {
        // The class that it was asked for afterwards, GUID_NULL, no library has.
        Err(error) if called.hr.is_none() && !says_no_class(&error.to_string()) => Err(error.into()),
        Ok(session) if called.hr.is_none() && failed => {
            let outcome = session.judged.session().instances().next().map(|instance| instance.outcome().to_string());
            let what = match call {
                ServerCall::Register => "DllRegisterServer",
                ServerCall::Unregister => "DllUnregisterServer",
            };
            let why = format!("{}: {what} {}", plain_path(library), outcome.unwrap_or_default());
            Err(crate::runner::RunError::from(crate::handler::CreateError { handler: handler.name(), why }).into())
        }
        _ => Ok(called),
    }
}

fn says_no_class(why: &str) -> bool {
    why.contains("DllGetClassObject for")
}

/// The handlers that are registered, for sessions.
pub(super) fn registered(store: &Store) -> Result<Vec<(Guid, RegisterFlags)>, crate::store::StoreError> {
    Ok(store.handlers()?.handlers.iter().map(|one| (one.clsid, one.flags)).collect())
}

impl ServerCalled {
    /// What is wrong with what `DllRegisterServer` did, each in a sentence. `wanted` is the class that the user has named.
    pub fn faults(&self, library: &Path, wanted: Option<Guid>) -> Vec<String> {
        let mut faults = Vec::new();
        match self.hr {
            None => return faults,
            Some(hr) if hr.is_failure() => faults.push(format!("DllRegisterServer returned {hr}")),
            Some(_) if self.registered.is_empty() => faults.push(
                "DllRegisterServer registered no handler with the manager: it must call RegisterSyncMgrHandler (CLSID_SyncMgr, \
                 ISyncMgrRegister)"
                    .to_owned(),
            ),
            Some(_) => {}
        }
        if let Some(wanted) =
            wanted.filter(|wanted| !self.registered.is_empty() && !self.registered.contains_key(wanted))
        {
            let others: Vec<String> = self.registered.keys().map(Guid::to_string).collect();
            faults.push(format!("DllRegisterServer registered {}, but not {wanted}", others.join(", ")));
        }
        let own = library.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        for class in self.classes.iter().filter(|class| self.registered.contains_key(&class.clsid)) {
            let ClassRegistered { clsid, library, threading_model } = class;
            let key = format!("HKEY_CLASSES_ROOT\\CLSID\\{clsid}\\InprocServer32");
            match library.as_ref().map(ToString::to_string) {
                None => {
                    faults.push(format!("{key} is missing: COM does not find the library, so no manager can start it"));
                    continue;
                }
                Some(named) if !named.to_lowercase().ends_with(&own) => {
                    faults.push(format!("{key} names another library: {}", plain(&named)));
                }
                Some(_) => {}
            }
            match threading_model.as_ref().map(ToString::to_string) {
                None => faults.push(format!(
                    "{key} has no ThreadingModel: COM then keeps the handler in the process's first apartment, and callbacks from \
                     its threads may hang; write Apartment, or Both or Free for one that is safe on every thread"
                )),
                Some(model) if !is_threading_model(&model) => faults.push(format!(
                    "{key} has the ThreadingModel {}, which does not exist; expected Apartment, Both, Free or Neutral",
                    plain(&model)
                )),
                Some(_) => {}
            }
        }
        faults
    }

    /// Whether the class lives in the multi-threaded apartment, as its ThreadingModel says: Free or Both. None where nobody says it.
    pub fn is_multi_threaded(&self, clsid: Guid) -> Option<bool> {
        let class = self.classes.iter().find(|class| class.clsid == clsid)?;
        let model = class.threading_model.as_ref()?.to_string();
        Some(["free", "both"].contains(&model.to_lowercase().as_str()))
    }

    /// What is to be stored for each handler that it has registered.
    pub fn registrations(&self, library: &Path) -> Vec<Registration> {
        let library = std::path::absolute(library).unwrap_or_else(|_| library.to_owned());
        let one = |(clsid, (description, flags)): (&Guid, &(Option<String>, RegisterFlags))| Registration {
            clsid: *clsid,
            description: description.clone(),
            flags: *flags,
            start: Start::Library { library: library.clone(), multi_threaded: false },
        };
        self.registered.iter().map(one).collect()
    }
}

fn is_threading_model(model: &str) -> bool {
    ["apartment", "both", "free", "neutral"].contains(&model.to_lowercase().as_str())
}
