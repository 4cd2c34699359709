//! The sessions that an event starts.

use std::collections::BTreeMap;
use std::path::Path;

use super::schedule::Scheduled;
use super::session::{Chosen, Request, Synchronized, sessions, synchronize_together};
use crate::job::Handler;
use crate::protocol::{Limits, Profile, RegisterFlags, Status, SyncEvent, plain};
use crate::runner::{RunOptions, Watcher};
use crate::store::{Registered, Registration, Store, StoreError};

/// Whether the manager starts a session of the handler for this event: for those of SYNCMGRREGISTERFLAGS only if it is registered
/// for them.
pub fn is_for(registration: &Registration, event: SyncEvent) -> bool {
    let flag = match event {
        SyncEvent::CONNECT => RegisterFlags::CONNECT,
        SyncEvent::PENDINGDISCONNECT => RegisterFlags::PENDINGDISCONNECT,
        SyncEvent::IDLE => RegisterFlags::IDLE,
        _ => return true,
    };
    registration.flags.has(flag)
}

/// What came of a handler's session that an event started.
#[derive(Debug)]
pub struct EventEnd {
    /// The handler's name; none where it is not known.
    pub handler: Option<String>,
    /// What came of it, or why there was none.
    pub end: Result<Synchronized, String>,
}

impl EventEnd {
    /// In one line: `Office: completed with S_OK; 2 SUCCEEDED`.
    pub fn line(&self) -> String {
        let whose = self.handler.as_ref().map_or(String::new(), |name| format!("{}: ", plain(name)));
        let what = match &self.end {
            Err(why) => why.clone(),
            Ok(Synchronized { results, broke_off, wanted, not_done, .. }) => {
                let mut words = vec![plain(broke_off.as_ref().unwrap_or(&results.outcome)).into_owned()];
                let chosen = || results.items.iter().filter(|item| item.chosen);
                let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
                for status in chosen().filter_map(|item| item.status) {
                    *counts.entry(status).or_default() += 1;
                }
                words.extend(counts.iter().map(|(status, count)| format!("{count} {status}")));
                let without = chosen().filter(|item| item.status.is_none()).count();
                words.extend((without > 0).then(|| format!("{without} without a status")));
                words.extend(
                    (!results.broken.is_empty()).then(|| format!("rules broken: {}", results.broken.join(", "))),
                );
                let started = wanted.len();
                words.extend((started > 0).then(|| format!("it asked for {started} more by UpdateItems; not run")));
                words.extend(not_done.iter().map(|why| plain(why).into_owned()));
                words.join("; ")
            }
        };
        format!("{whose}{what}")
    }
}

/// How the sessions are run that an event starts.
pub(super) struct How<'a> {
    pub(super) options: &'a RunOptions,
    /// Only scripts are run: the others need real time.
    pub(super) only_scripts: bool,
    /// Where the trace goes.
    pub(super) trace: Option<&'a Path>,
}

/// The lines that say what came of an event.
pub(super) fn lines(what: &Scheduled, ends: &[EventEnd]) -> Vec<String> {
    let name = what.event.name();
    if ends.is_empty() {
        return vec![format!("{name}: no handler is registered for this event")];
    }
    ends.iter().map(|end| format!("{name}: {}", end.line())).collect()
}

/// Runs the sessions that an event starts. Nobody is at the screen.
pub(super) fn run_event(store: &Store, what: &Scheduled, how: &How<'_>, watcher: &mut dyn Watcher) -> Vec<EventEnd> {
    let event = what.event.sync_event();
    let failed = |handler: Option<String>, why: String| EventEnd { handler, end: Err(why) };
    let (mut ends, mut ready) = (Vec::new(), Vec::new());
    let found = match what.handlers.as_slice() {
        [] => store.handlers().map(|Registered { mut handlers, damaged }| {
            ends.extend(damaged.iter().map(|error| failed(None, error.to_string())));
            handlers.retain(|one| is_for(one, event));
            handlers
        }),
        words => words.iter().map(|word| store.find(word)).collect::<Result<Vec<_>, StoreError>>(),
    };
    let registered = match found {
        Ok(registered) => registered,
        Err(error) => return vec![failed(None, error.to_string())],
    };
    for registration in registered {
        match Handler::of_registration(&registration) {
            Ok(handler) if how.only_scripts && !handler.is_scripted() => {
                ends.push(failed(Some(registration.name()), "not played: only a script has virtual time".to_owned()));
            }
            Ok(handler) => ready.push((Chosen { registration, items: Vec::new() }, handler)),
            Err(error) => ends.push(failed(Some(registration.name()), error.to_string())),
        }
    }
    let request = Request {
        event,
        user: false,
        cookie: None,
        invoked: None,
        connection: what.connection.clone(),
        retries: 0,
        attended: false,
        profile: Profile::default(),
        limits: Limits::default(),
    };
    let handlers: Vec<Handler> = ready.iter().map(|(_, handler)| handler.clone()).collect();
    for session in sessions(&handlers) {
        let together: Vec<(Chosen, Handler)> = session.iter().map(|at| ready[*at].clone()).collect();
        let options = RunOptions { trace: how.trace.map(Path::to_owned), ..how.options.clone() };
        let name = |(one, _): &(Chosen, Handler)| Some(one.registration.name());
        match synchronize_together(store, &together, &request, &options, watcher) {
            Ok(all) => ends.extend(together.iter().zip(all).map(|(one, end)| {
                let end = end.map_err(|error| error.to_string());
                EventEnd { handler: name(one), end }
            })),
            Err(error) => ends.extend(together.iter().map(|one| failed(name(one), error.to_string()))),
        }
    }
    ends
}
