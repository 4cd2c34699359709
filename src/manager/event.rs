//! The sessions that an event starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::asked::Wanted;
use super::invoke::invoked;
use super::schedule::Scheduled;
use super::session::{Chosen, Request, SessionError, Synchronized, sessions, synchronize_together};
use crate::job::{Handler, HandlerError};
use crate::protocol::{Guid, RegisterFlags, Status, SyncEvent, plain};
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
    /// Its class, where it is known.
    pub clsid: Option<Guid>,
    /// A handler has started it by `UpdateItems`.
    pub invoked: bool,
    /// What came of it, or why there was none.
    pub end: Result<Synchronized, String>,
}

impl EventEnd {
    /// There was no session of this handler, for this reason.
    pub(super) fn failed(of: Option<&Registration>, invoked: bool, why: String) -> Self {
        let (handler, clsid) = of.map(|one| (one.name(), one.clsid)).unzip();
        Self { handler, clsid, invoked, end: Err(why) }
    }

    /// In one line: `Office: completed with S_OK; 2 SUCCEEDED`.
    pub fn line(&self) -> String {
        let by = if self.invoked { " (UpdateItems)" } else { "" };
        let whose = self.handler.as_ref().map_or(String::new(), |name| format!("{}{by}: ", plain(name)));
        let what = match &self.end {
            Err(why) => why.clone(),
            Ok(Synchronized { results, broke_off, not_done, .. }) => {
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
                words.extend(not_done.iter().map(|why| plain(why).into_owned()));
                words.join("; ")
            }
        };
        format!("{whose}{what}")
    }
}

/// Why a session is not run where there is only virtual time.
const NOT_PLAYED: &str = "not played: only a script has virtual time";

/// How the sessions are run that an event starts.
pub(super) struct How<'a> {
    pub(super) options: &'a RunOptions,
    /// Only scripts are run: the others need real time.
    pub(super) only_scripts: bool,
    /// Where the trace goes; those of further sessions stand beside it, [`numbered`].
    pub(super) trace: Option<&'a Path>,
    /// What is the same for all events.
    pub(super) request: &'a Request,
    /// Gives the handler of a registration.
    pub(super) open: Open<'a>,
}

/// Gives the handler of a registration.
pub(super) type Open<'a> = &'a dyn Fn(&Registration) -> Result<Handler, HandlerError>;

/// The lines that say what came of an event.
pub(super) fn lines(what: &Scheduled, ends: &[EventEnd]) -> Vec<String> {
    let name = what.event.name();
    if ends.is_empty() {
        return vec![format!("{name}: no handler is registered for this event")];
    }
    ends.iter().map(|end| format!("{name}: {}", end.line())).collect()
}

/// Runs the sessions that an event starts, and then those that handlers have started in them.
pub(super) fn run_event(store: &Store, what: &Scheduled, how: &How<'_>, watcher: &mut dyn Watcher) -> Vec<EventEnd> {
    let (event, occasion) = (what.event.sync_event(), what.event.occasion());
    let failed = |one: Option<&Registration>, why: String| EventEnd::failed(one, false, why);
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
        match store.preferences(registration.clsid) {
            Ok(preferences) if preferences.asks_first(occasion) => {
                let why = format!("the user is to be asked first at {occasion}, and nobody is at the screen; not run");
                ends.push(failed(Some(&registration), why));
                continue;
            }
            // What cannot be read is said when the session begins.
            Ok(_) | Err(_) => {}
        }
        match (how.open)(&registration) {
            Ok(handler) if how.only_scripts && !handler.is_scripted() => {
                ends.push(failed(Some(&registration), NOT_PLAYED.to_owned()));
            }
            Ok(handler) => ready.push((Chosen { registration, items: Vec::new() }, handler)),
            Err(error) => ends.push(failed(Some(&registration), error.to_string())),
        }
    }
    let request = Request { event: occasion, connection: what.connection.clone(), ..how.request.clone() };
    let handlers: Vec<Handler> = ready.iter().map(|(_, handler)| handler.clone()).collect();
    let mut number = 0;
    for session in sessions(&handlers) {
        let together: Vec<(Chosen, Handler)> = session.iter().map(|at| ready[*at].clone()).collect();
        number += 1;
        ends.extend(run_together(store, &together, &request, how, number, watcher));
    }
    // What handlers have asked for meanwhile comes last, and may ask for more.
    let mut at = 0;
    while let Some(end) = ends.get_mut(at) {
        at += 1;
        let Ok(synchronized) = &mut end.end else { continue };
        for wanted in std::mem::take(&mut synchronized.wanted) {
            if ends.iter().filter(|end| end.invoked).count() == MOST_WANTED {
                let why = "handlers have started too many sessions themselves (UpdateItems); the others are not run";
                ends.push(EventEnd::failed(None, true, why.to_owned()));
                return ends;
            }
            number += 1;
            ends.extend(run_wanted(store, wanted, &request, how, number, watcher));
        }
    }
    ends
}

/// How many sessions are run that handlers have started themselves: one that starts another in each of its sessions has no end.
pub const MOST_WANTED: usize = 16;

/// Where the trace of a further session goes: `trace-2.jsonl`.
pub fn numbered(trace: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return trace.to_owned();
    }
    let stem = trace.file_stem().unwrap_or_default().to_string_lossy();
    let extension = trace.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    trace.with_file_name(format!("{stem}-{number}{extension}"))
}

/// Runs one session of several handlers, which can be in one.
fn run_together(
    store: &Store,
    together: &[(Chosen, Handler)],
    request: &Request,
    how: &How<'_>,
    number: usize,
    watcher: &mut dyn Watcher,
) -> Vec<EventEnd> {
    let options = RunOptions { trace: how.trace.map(|trace| numbered(trace, number)), ..how.options.clone() };
    let failed = |(one, _): &(Chosen, Handler), why| EventEnd::failed(Some(&one.registration), false, why);
    match synchronize_together(store, together, request, &options, watcher) {
        Ok(all) => {
            let end = |(one, end): (&(Chosen, Handler), Result<Synchronized, SessionError>)| match end {
                Ok(end) => EventEnd { end: Ok(end), ..failed(one, String::new()) },
                Err(error) => failed(one, error.to_string()),
            };
            together.iter().zip(all).map(end).collect()
        }
        Err(error) => together.iter().map(|one| failed(one, error.to_string())).collect(),
    }
}

/// Runs a session that a handler has started itself. Nobody is asked first: the preferences choose.
fn run_wanted(
    store: &Store,
    wanted: Wanted,
    request: &Request,
    how: &How<'_>,
    number: usize,
    watcher: &mut dyn Watcher,
) -> Vec<EventEnd> {
    let Wanted { clsid, flags, cookie } = wanted;
    let failed = |one: Option<&Registration>, why: String| vec![EventEnd::failed(one, true, why)];
    let registration = match store.find(&clsid.to_string()) {
        Ok(registration) => registration,
        Err(error) => return failed(None, error.to_string()),
    };
    let request = match invoked(flags, cookie, request.clone()) {
        Ok(request) => request,
        Err(hr) => return failed(Some(&registration), format!("{flags} are not valid SYNCMGRINVOKEFLAGS ({hr})")),
    };
    match (how.open)(&registration) {
        Ok(handler) if how.only_scripts && !handler.is_scripted() => failed(Some(&registration), NOT_PLAYED.to_owned()),
        Ok(handler) => {
            let one = [(Chosen { registration, items: Vec::new() }, handler)];
            let ends = run_together(store, &one, &request, how, number, watcher);
            ends.into_iter().map(|end| EventEnd { invoked: true, ..end }).collect()
        }
        Err(error) => failed(Some(&registration), error.to_string()),
    }
}
