//! Sessions of registered handlers.

use std::collections::BTreeSet;

use super::asked::{Asked, AskedError, Wanted};
use super::library::registered;
use super::register::preferences_stored;
use crate::host::{Connection, Controls, Selection};
use crate::job::{Conduct, Handler, HandlerError, Opening, Standard, Terms};
use crate::json::Id;
use crate::protocol::{
    Cookie, Event, FileTime, Guid, HResult, HandlerId, Initialize, InvokeFlags, Limits, Note, Occasion,
    PreferencesStored, Profile, Session, SyncEvent, SyncFlags, UpdateItems,
};
use crate::rules::Level;
use crate::runner::{
    Ending, Endless, Enumeration, ItemEnding, JudgedSession, NoSuchItem, RunError, RunOptions, SessionFailure, Watcher,
    run,
};
use crate::store::{ItemResult, Preferences, Registration, Results, Start, Store, StoreError};
use crate::time::wall_clock;

/// What the session is for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The event that starts it.
    pub event: Occasion,
    /// Whether there is a user (MAYBOTHERUSER).
    pub user: bool,
    /// The cookie of an INVOKE session.
    pub cookie: Option<Cookie>,
    /// The flags of the `UpdateItems` that starts it, if one does.
    pub invoked: Option<InvokeFlags>,
    /// The network connection, by which preferences are chosen.
    pub connection: Option<String>,
    /// How many rounds of showing errors, and so of retries, the user goes for.
    pub retries: u32,
    /// The user is at the screen: they act by [`Controls::act`], or are asked by [`RunOptions::user`].
    pub attended: bool,
    /// The Windows version that the manager emulates.
    pub profile: Profile,
    /// The time limits.
    pub limits: Limits,
    /// Seed for the order of a scripted handler's threads.
    pub seed: u64,
    /// The network whose connections handlers can open, as it is scripted. Connections that it does not name are open at once.
    pub network: Vec<Connection>,
}

/// A session without a user, for a schedule that is due.
impl Default for Request {
    fn default() -> Self {
        Self {
            event: Occasion::SCHEDULED,
            user: false,
            cookie: None,
            invoked: None,
            connection: None,
            retries: 0,
            attended: false,
            profile: Profile::default(),
            limits: Limits::default(),
            seed: 0,
            network: Vec::new(),
        }
    }
}

impl Request {
    /// The arguments of `Initialize`.
    pub fn initialize(&self) -> Initialize {
        let flags = SyncFlags::new(self.event.event(), if self.user { SyncFlags::MAYBOTHERUSER } else { 0 });
        Initialize { cookie: self.cookie.clone(), ..Initialize::new(flags) }
    }

    /// The `UpdateItems` that starts the session of this handler, which has this number in its trace, if one does.
    fn update_items(&self, clsid: Guid, starts: HandlerId) -> Option<UpdateItems> {
        let (flags, cookie) = (self.invoked?, self.cookie.clone());
        Some(UpdateItems { clsid, flags, cookie, starts: Some(starts), hr: HResult::S_OK })
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
    /// The sessions that the handler has started meanwhile (`UpdateItems`), which nobody has run yet.
    pub wanted: Vec<Wanted>,
    /// What the handler asked of the manager and could not be done.
    pub not_done: Vec<String>,
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

/// A registered handler whose session is to be run.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The handler.
    pub registration: Registration,
    /// The items that the user chose, by ID or name; without any, the preferences choose.
    pub items: Vec<String>,
}

/// Runs a session of a registered handler. See [`synchronize_together`].
///
/// # Errors
/// When the session cannot begin, or the store cannot be read or changed.
pub fn synchronize(
    store: &Store,
    chosen: &Chosen,
    request: &Request,
    options: &RunOptions,
    watcher: &mut dyn Watcher,
) -> Result<Synchronized, SessionError> {
    let handler = Handler::of_registration(&chosen.registration)?;
    let mut all = synchronize_together(store, &[(chosen.clone(), handler)], request, options, watcher)?;
    all.remove(0)
}

/// Which handlers run in one session, by their places: scripts, which share a virtual clock, and those that run in real time.
pub fn sessions(handlers: &[Handler]) -> Vec<Vec<usize>> {
    let (scripts, real): (Vec<usize>, Vec<usize>) = (0..handlers.len()).partition(|at| handlers[*at].is_scripted());
    let mut sessions: Vec<Vec<usize>> = [scripts, real].into_iter().filter(|session| !session.is_empty()).collect();
    sessions.sort();
    sessions
}

/// Runs one session of several registered handlers side by side. For each, the user's choice, or else the preferences, decide which
/// items are synchronized, and what the handler enumerated decides which preferences are kept (REGI-04). The results replace those
/// of the session before. A handler that fails or cannot be started does not keep the others from being run: what came of each is
/// in the order of `chosen`.
///
/// # Errors
/// When the session cannot begin, or the preferences cannot be read.
pub fn synchronize_together(
    store: &Store,
    chosen: &[(Chosen, Handler)],
    request: &Request,
    options: &RunOptions,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Result<Synchronized, SessionError>>, SessionError> {
    let mut before = Vec::new();
    let standard = |(one, number): (&Chosen, u32)| -> Result<Standard, StoreError> {
        let clsid = one.registration.clsid;
        let preferences = store.preferences(clsid)?;
        let selection = match one.items.as_slice() {
            [] => preferred(&preferences, request.event, request.connection.as_deref()),
            items => Selection::Named(items.to_owned()),
        };
        let invoked = request.update_items(clsid, HandlerId(number));
        let stored = preferences_stored(&preferences);
        before.push((clsid, stored.clone()));
        let stored = Opening::PreferencesStored(stored);
        let opening = invoked.map(Opening::UpdateItems).into_iter().chain([stored]).collect();
        Ok(Standard {
            initialize: request.initialize(),
            selection,
            retries: request.retries,
            opening,
            ..Standard::default()
        })
    };
    let standards = chosen.iter().map(|(one, _)| one).zip(1..).map(standard).collect::<Result<Vec<_>, _>>()?;
    let conduct = Conduct::Several(standards.clone());
    let handler = Handler::several(chosen.iter().map(|(_, handler)| handler.clone()).collect())?;
    // A person thinks for as long as it takes.
    let session_ns = if request.attended { None } else { Terms::usual_session_ns(&handler) };
    let registered = Some(registered(store)?);
    let Request { profile, limits, attended, seed, ref network, .. } = *request;
    let network = network.clone();
    let terms = Terms { conduct, profile, seed, limits, session_ns, registered, attended, network, ..Terms::default() };
    let enumerations = (1..).map(|number| Enumeration::of(HandlerId(number))).take(chosen.len()).collect();
    let starts: Vec<Start> = chosen.iter().map(|(one, _)| one.registration.start.clone()).collect();
    let asked = starts.into_iter().map(|start| Asked::new(store, start, &options.isolation)).collect();
    let mut watched = Watched { store, before, enumerations, kept: Vec::new(), asked, watcher };
    let started = wall_clock();
    let session = run(&handler, &terms, options, &mut watched)?;
    let of_each = chosen.iter().zip(&standards).zip(watched.kept).zip(watched.asked).zip(1..);
    let ended = of_each.map(|(((((one, _), Standard { selection, .. }), kept), asked), number)| {
        let id = HandlerId(number);
        if let Some((_, error)) = session.not_created.iter().find(|(of, _)| *of == id) {
            return Err(RunError::from(error.clone()).into());
        }
        let clsid = one.registration.clsid;
        // Of one that has unregistered itself nothing is stored any more.
        let is_gone = asked.is_gone(clsid);
        if !is_gone {
            kept?;
        }
        let instance = session.judged.session().instance(id);
        if session.left.is_none() {
            let items = instance.map(|instance| instance.items().clone()).unwrap_or_default();
            NoSuchItem::find(selection, &items).map_or(Ok(()), Err)?;
        }
        let results = results_of(&session, id, request.event.event(), started);
        if !is_gone {
            store.keep_results(clsid, &results)?;
        }
        let own = session.judged.found().iter().filter(|found| found.finding.handler == id);
        let has_errors = own.into_iter().any(|found| found.finding.rule.level == Level::Error);
        let broke_off = match session.left {
            Some(left) => Some(left.to_string()),
            None => session.exhausted.then(|| Endless::new(&session.judged).to_string()),
        };
        let not_done = asked.failures.iter().map(AskedError::to_string).collect();
        Ok(Synchronized { results, has_errors, broke_off, wanted: asked.wanted, not_done })
    });
    Ok(ended.collect())
}

/// What the preferences choose in a session with this event on this connection.
pub(super) fn preferred(preferences: &Preferences, event: Occasion, connection: Option<&str>) -> Selection {
    let items: BTreeSet<Guid> = preferences.iter().filter_map(|one| one.key.item).collect();
    let items = items.into_iter().filter_map(|id| Some((id, preferences.checked(id, event, connection)?)));
    Selection::Preferred { items: items.collect(), others: preferences.others_checked(event, connection) }
}

/// Sees what each handler enumerates, beside another watcher, and keeps or drops preferences by it when the session is over.
struct Watched<'a> {
    store: &'a Store,
    /// The handlers, and what was stored for each when the session began.
    before: Vec<(Guid, PreferencesStored)>,
    enumerations: Vec<Enumeration>,
    /// Whether the preferences of each handler could be changed.
    kept: Vec<Result<(), StoreError>>,
    /// What each handler asks of the manager.
    asked: Vec<Asked<'a>>,
    watcher: &'a mut dyn Watcher,
}

impl Watcher for Watched<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, session: &Session) {
        let at = (event.handler.0 as usize).wrapping_sub(1);
        if let Some(enumeration) = self.enumerations.get_mut(at) {
            enumeration.observe(event);
        }
        if let Some(asked) = self.asked.get_mut(at) {
            asked.observe(event);
        }
        self.watcher.event(event, session);
    }

    fn closing(&mut self, session: &Session) -> Vec<(HandlerId, Note)> {
        let mut notes = self.watcher.closing(session);
        for (((clsid, before), enumeration), number) in self.before.iter().zip(&self.enumerations).zip(1..) {
            let id = HandlerId(number);
            let change = |(result, items): (HResult, _)| {
                self.store.change_preferences(*clsid, |all| {
                    // What another process has changed meanwhile does not follow from the enumeration.
                    let as_before = preferences_stored(all) == *before;
                    all.enumerated(result, items);
                    as_before.then(|| Note::PreferencesStored(preferences_stored(all)))
                })
            };
            // What was not enumerated to its end says nothing.
            let stored = enumeration.whole().filter(|_| session.instance(id).is_some()).map(change).transpose();
            self.kept.push(stored.map(|note| notes.extend(note.flatten().map(|note| (id, note)))));
        }
        notes
    }

    fn ended(&mut self) {
        self.watcher.ended();
    }
}

/// The codes of the rules that the handler broke, each once.
pub(super) fn broken(session: &JudgedSession, id: HandlerId) -> Vec<String> {
    let own = session.judged.found().iter().filter(|found| found.finding.handler == id);
    let codes: BTreeSet<String> = own.map(|found| found.finding.rule.code.to_owned()).collect();
    codes.into_iter().collect()
}

fn results_of(session: &JudgedSession, id: HandlerId, event: SyncEvent, started: FileTime) -> Results {
    let instance = session.judged.session().instance(id);
    let failure = instance.and_then(|instance| SessionFailure::find_in(&[instance]));
    let mut results = Results {
        event,
        started,
        ended: wall_clock(),
        outcome: String::new(),
        failed: session.left.is_some() || session.exhausted || failure.is_some(),
        items: Vec::new(),
        errors: Vec::new(),
        broken: broken(session, id),
    };
    let Some(ending) = instance.map(Ending::of_instance) else { return results };
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
