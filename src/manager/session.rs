//! A session of a registered handler.

use std::collections::BTreeSet;

use crate::host::{Controls, Selection};
use crate::job::{Handler, HandlerError, Standard, Terms};
use crate::json::Id;
use crate::protocol::{Cookie, Event, FileTime, Guid, Initialize, Limits, Profile, Session, SyncEvent, SyncFlags};
use crate::rules::Level;
use crate::runner::{
    Ending, Endless, Enumeration, Isolation, ItemEnding, JudgedSession, NoSuchItem, RunError, RunOptions,
    SessionFailure, Watcher, run,
};
use crate::store::{ItemResult, Preferences, Registration, Results, Store, StoreError};
use crate::time::wall_clock;

/// What the session is for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The event that starts it.
    pub event: SyncEvent,
    /// Whether there is a user (MAYBOTHERUSER).
    pub user: bool,
    /// The cookie of an INVOKE session.
    pub cookie: Option<Cookie>,
    /// The network connection, by which preferences are chosen.
    pub connection: Option<String>,
    /// The items that the user chooses, by ID or name; without any, the preferences choose.
    pub items: Vec<String>,
    /// How many rounds of showing errors, and so of retries, the user goes for.
    pub retries: u32,
    /// The Windows version that the manager emulates.
    pub profile: Profile,
    /// The time limits.
    pub limits: Limits,
}

impl Request {
    /// The arguments of `Initialize`.
    pub fn initialize(&self) -> Initialize {
        let flags = SyncFlags::new(self.event, if self.user { SyncFlags::MAYBOTHERUSER } else { 0 });
        Initialize { cookie: self.cookie.clone(), ..Initialize::new(flags) }
    }
}

/// What came of a session. It is in the store, too.
#[derive(Clone, Debug)]
pub struct Synchronized {
    /// The results.
    pub results: Results,
    /// The handler broke a rule of level `must`.
    pub has_errors: bool,
    /// Why the session ended before its end, if it did.
    pub broke_off: Option<String>,
}

/// A session was not run, or not to its end, or its results are not in the store.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// What starts the handler is not there, or cannot be driven.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The session cannot begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The store cannot be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An item that the user chose is not there, so nothing was synchronized.
    #[error(transparent)]
    NoSuchItem(#[from] NoSuchItem),
}

/// Runs a session of a registered handler. The user's choice, or else the preferences, decide which items are synchronized. What
/// the handler enumerated decides which preferences are kept (REGI-04). The results replace those of the session before.
///
/// # Errors
/// When the session cannot begin, or the store cannot be read or changed.
pub fn synchronize(
    store: &Store,
    registration: &Registration,
    request: &Request,
    isolation: Isolation,
    watcher: &mut dyn Watcher,
) -> Result<Synchronized, SessionError> {
    let clsid = registration.clsid;
    let selection = match request.items.as_slice() {
        [] => preferred(&store.preferences(clsid)?, request.event, request.connection.as_deref()),
        items => Selection::Named(items.to_owned()),
    };
    let handler = Handler::of_registration(registration)?;
    let standard =
        Standard { initialize: request.initialize(), selection: selection.clone(), retries: request.retries };
    let session_ns = Terms::usual_session_ns(&handler);
    let terms = Terms { profile: request.profile, limits: request.limits, session_ns, ..Terms::standard(standard) };
    let mut watched = Watched { enumeration: Enumeration::default(), watcher };
    let started = wall_clock();
    let session = run(&handler, &terms, &RunOptions { isolation, ..RunOptions::default() }, &mut watched)?;
    if let Some((result, items)) = watched.enumeration.whole() {
        store.change_preferences(clsid, |all| all.enumerated(result, items))?;
    }
    if session.left.is_none() {
        NoSuchItem::find(&selection, &session.judged.items()).map_or(Ok(()), Err)?;
    }
    let results = results_of(&session, request.event, started);
    store.keep_results(clsid, &results)?;
    let has_errors = session.judged.found().iter().any(|found| found.finding.rule.level == Level::Error);
    let broke_off = match session.left {
        Some(left) => Some(left.to_string()),
        None => session.exhausted.then(|| Endless::new(&session.judged).to_string()),
    };
    Ok(Synchronized { results, has_errors, broke_off })
}

/// What the preferences choose in a session with this event on this connection.
pub(super) fn preferred(preferences: &Preferences, event: SyncEvent, connection: Option<&str>) -> Selection {
    let items: BTreeSet<Guid> = preferences.iter().filter_map(|one| one.key.item).collect();
    let items = items.into_iter().filter_map(|id| Some((id, preferences.checked(id, event, connection)?)));
    Selection::Preferred { items: items.collect(), others: preferences.others_checked(event, connection) }
}

/// Sees what the handler enumerates, beside another watcher.
struct Watched<'a> {
    enumeration: Enumeration,
    watcher: &'a mut dyn Watcher,
}

impl Watcher for Watched<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, session: &Session) {
        self.enumeration.observe(event);
        self.watcher.event(event, session);
    }

    fn ended(&mut self) {
        self.watcher.ended();
    }
}

fn results_of(session: &JudgedSession, event: SyncEvent, started: FileTime) -> Results {
    let judged = session.judged.session();
    let mut broken: Vec<String> =
        session.judged.found().iter().map(|found| found.finding.rule.code.to_owned()).collect();
    broken.sort();
    broken.dedup();
    let mut results = Results {
        event,
        started,
        ended: wall_clock(),
        outcome: String::new(),
        failed: session.left.is_some() || session.exhausted || SessionFailure::find(judged).is_some(),
        items: Vec::new(),
        errors: Vec::new(),
        broken,
    };
    let Some(ending) = Ending::of(judged) else { return results };
    let item = |ItemEnding { id, name, status, prepared, errors }| ItemResult {
        id: Id(id),
        name: name.to_string(),
        chosen: prepared,
        status,
        errors,
    };
    results.outcome = ending.outcome;
    results.items = ending.items.into_iter().map(item).collect();
    results.errors = ending.errors;
    results
}
