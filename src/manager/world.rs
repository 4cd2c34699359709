//! Replays a scenario with a scripted world: what it says is registered and preferred in a store of its own, and what it says
//! happens, at its time. The sessions are those that an event starts anywhere else.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::event::{EventEnd, How, run_event};
use super::library::call_server;
use super::register::{register, unregister};
use super::schedule::{Missed, Scheduled};
use super::session::{Request, Synchronized};
use crate::handler::ServerCall;
use crate::host::{Connection, Controls};
use crate::job::{Handler, HandlerSpec, Terms};
use crate::protocol::{Event, Guid, HResult, Occasion, RegisterFlags, Session};
use crate::runner::{
    Came, ExpectedEvents, Journal, ReplayError, ReplayOptions, Replayed, RunError, RunOptions, Watcher, handler_name,
    replay_loaded,
};
use crate::scenario::{self, ExpectationResult, Happening, Happens, Scenario, SessionSeen, StoredSeen};
use crate::store::{Registration, Start, Store};

/// How often it is looked whether everything was stopped while the time of what happens next has not come.
const LOOK: Duration = Duration::from_millis(20);

/// Replays the scenario of a file, and writes the trace to `trace`, where one is wanted. One with a world is played: in the handlers'
/// virtual time where all are scripts, so that its trace is the same every time, and by the machine's clock otherwise.
///
/// # Errors
/// When the scenario or a handler cannot be read, or the session cannot begin.
pub fn replay(
    file: &Path,
    options: &ReplayOptions<'_>,
    trace: Option<&Path>,
    watcher: &mut dyn Watcher,
) -> Result<Replayed, ReplayError> {
    let scenario = scenario::load(file)?;
    if !scenario.has_world() {
        return replay_loaded(file, scenario, options, trace, watcher);
    }
    if options.handler.is_some() {
        return Err(ReplayError::Several { file: file.to_owned() });
    }
    let in_world = |what: &str, why: String| {
        let (file, what) = (file.to_owned(), what.to_owned());
        ReplayError::InWorld { file, what, why }
    };
    let members = members(file, &scenario, in_world)?;
    let run = RunOptions { trace: trace.map(Path::to_owned), ..options.run.clone() };
    let terms = options.terms(&scenario, None);
    let (came, expected) = play_world(&scenario, members, &terms, &run, watcher).map_err(|error| match error {
        WorldError::Run(error) => error.into(),
        WorldError::Store { what, why } => in_world(what, why),
    })?;
    Ok(came.compared_with(file, scenario, &expected, options))
}

/// A world cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The trace file cannot be created.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no store for it.
    #[error("{what}: {why}")]
    Store {
        /// What is missing.
        what: &'static str,
        /// Why.
        why: String,
    },
}

/// Plays the world of a scenario with this handler, which is the only one in it, whatever the scenario calls it.
///
/// # Errors
/// When it cannot begin.
pub fn play_world_of(
    handler: &Handler,
    scenario: &Scenario,
    terms: &Terms,
    run: &RunOptions,
    watcher: &mut dyn Watcher,
) -> Result<Came, WorldError> {
    let (clsid, start) = match handler.spec() {
        Some(HandlerSpec::Com { library, clsid, .. }) => {
            (*clsid, Start::Library { library: library.clone(), multi_threaded: false })
        }
        // It is not started from what is stored: the handler is at hand.
        _ => (Scenario::clsid_of_handler(0), Start::File { file: handler.name().into() }),
    };
    let name = scenario.handlers.first().map(crate::scenario::Member::world_name).unwrap_or_default();
    let member = Member { name, handler: handler.clone(), clsid, start };
    play_world(scenario, vec![member], terms, run, watcher).map(|(came, _)| came)
}

fn play_world(
    scenario: &Scenario,
    members: Vec<Member>,
    terms: &Terms,
    run: &RunOptions,
    watcher: &mut dyn Watcher,
) -> Result<(Came, ExpectedEvents), WorldError> {
    let in_store = |what, why: String| WorldError::Store { what, why };
    let folder = tempfile::tempdir().map_err(|error| in_store("a folder for the store", error.to_string()))?;
    let store = Store::scratch(folder.path());
    let names: Vec<String> = members.iter().map(|member| member.handler.name()).collect();
    let handler = names.join(", ");
    let is_virtual = members.iter().all(|member| member.handler.is_scripted());
    // One in real time, if there is one, says by which clock.
    let by_clock = members.iter().find(|member| !member.handler.is_scripted()).or(members.first());
    let header = by_clock.map(|member| terms.header(&member.handler)).unwrap_or_default();
    let header = crate::trace::Header { handler: handler.clone(), ..header };
    let journal = Journal::begin_at_zero(&header, run).map_err(RunError::from)?.expected_by(scenario);
    let mut world = World {
        store,
        members,
        seen: Seen { journal, watcher, in_session: false },
        run: RunOptions { trace: None, keep_events: false, ..run.clone() },
        request: Request {
            event: Occasion::default(),
            user: scenario.user,
            profile: terms.profile,
            limits: terms.limits,
            seed: terms.seed,
            network: terms.network.clone(),
            ..Request::default()
        },
        expectations: Vec::new(),
    };
    world.begin(scenario).map_err(|why| in_store("the store", why))?;
    let began = Instant::now();
    let mut broken_off = None;
    for happens in &scenario.world {
        if world.seen.watcher.is_stopped() || !(is_virtual || world.wait_until(began, happens.at.0)) {
            broken_off = Some(format!("interrupted before what happens at {}", happens.at));
            break;
        }
        world.happens(happens);
    }
    let World { store, members, seen: Seen { journal, .. }, mut expectations, .. } = world;
    if broken_off.is_none() {
        expectations.extend(scenario::check_store(scenario, |name| stored(&store, &members, name)));
    }
    let (judged, trace_failure, expected) = journal.end_whole_or_not();
    Ok((Came { header, handler, judged, expectations, broken_off, trace_failure }, expected))
}

/// One of the handlers, as the world knows it.
struct Member {
    name: String,
    handler: Handler,
    clsid: Guid,
    start: Start,
}

impl Member {
    fn registration(&self, flags: RegisterFlags) -> Registration {
        Registration { clsid: self.clsid, description: Some(self.name.clone()), flags, start: self.start.clone() }
    }
}

/// The handlers of a scenario with a world.
fn members(
    file: &Path,
    scenario: &Scenario,
    in_world: impl Fn(&str, String) -> ReplayError,
) -> Result<Vec<Member>, ReplayError> {
    let mut members: Vec<Member> = Vec::new();
    for (at, member) in scenario.handlers.iter().enumerate() {
        let wrong = |error| ReplayError::HandlerOfScenario { file: file.to_owned(), error: Box::new(error) };
        let of_file = handler_name(file, &scenario.of_handler(at));
        let found = of_file.ok_or_else(|| ReplayError::NoHandler { file: file.to_owned() })?;
        let handler = found.find().map_err(wrong)?;
        let (start, clsid) = found.start(&handler).map_err(wrong)?;
        let clsid = clsid.unwrap_or_else(|| Scenario::clsid_of_handler(at));
        let name = member.world_name();
        if let Some(other) = members.iter().find(|other| other.clsid == clsid) {
            let why =
                format!("{} and {name} have the same class, {clsid}: only one of them can be registered", other.name);
            return Err(in_world(&format!("handlers[{at}]"), why));
        }
        members.push(Member { name, handler, clsid, start });
    }
    Ok(members)
}

/// What is stored for the handler of that name; nothing where it is not registered.
fn stored(store: &Store, members: &[Member], name: &str) -> Result<Option<StoredSeen>, String> {
    let Some(member) = members.iter().find(|member| member.name == name) else { return Ok(None) };
    let flags = store.registered_flags(member.clsid).map_err(|error| error.to_string())?;
    let Some(flags) = flags else { return Ok(None) };
    let preferences = store.preferences(member.clsid).map_err(|error| error.to_string())?;
    Ok(Some(StoredSeen { flags, preferences }))
}

/// A world that is played.
struct World<'a> {
    store: Store,
    members: Vec<Member>,
    seen: Seen<'a>,
    run: RunOptions,
    request: Request,
    expectations: Vec<ExpectationResult>,
}

impl World<'_> {
    /// What is registered and preferred when it begins.
    fn begin(&mut self, scenario: &Scenario) -> Result<(), String> {
        for (member, given) in self.members.iter().zip(&scenario.handlers) {
            let Some(flags) = given.registered else { continue };
            register(&self.store, &member.registration(flags), &mut self.seen.journal).map_err(|e| e.to_string())?;
            let changed = self.store.change_preferences(member.clsid, |all| all.merge(&given.preferences));
            changed.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Waits until that time of the world, by the machine's clock; false if everything was stopped meanwhile.
    fn wait_until(&self, began: Instant, at_ns: u64) -> bool {
        loop {
            let left = Duration::from_nanos(at_ns).saturating_sub(began.elapsed());
            if left.is_zero() {
                return true;
            }
            if self.seen.watcher.is_stopped() {
                return false;
            }
            thread::sleep(left.min(LOOK));
        }
    }

    fn happens(&mut self, happens: &Happens) {
        self.seen.journal.set_time(happens.at.0);
        match &happens.what {
            Happening::Event { event, handlers, connection, .. } => {
                let clsid = |name: &String| self.member(name).map(|member| member.clsid.to_string());
                let scheduled = Scheduled {
                    at: String::new(),
                    event: *event,
                    handlers: handlers.iter().filter_map(clsid).collect(),
                    connection: connection.clone(),
                    missed: Missed::default(),
                };
                let Self { store, members, run, request, seen, .. } = self;
                let open = |one: &Registration| {
                    let known = members.iter().find(|member| member.clsid == one.clsid);
                    known.map_or_else(|| Handler::of_registration(one), |member| Ok(member.handler.clone()))
                };
                let how = How { options: run, only_scripts: false, trace: None, request, open: &open };
                let ends = run_event(store, &scheduled, &how, seen);
                let name = |end: &EventEnd| {
                    let known = members.iter().find(|member| Some(member.clsid) == end.clsid);
                    known.map_or_else(|| end.handler.clone().unwrap_or_default(), |member| member.name.clone())
                };
                // Those that a handler started itself have no expectations of their own, but they are run.
                let of_event = |end: &&EventEnd| !end.invoked || end.end.is_err();
                let sessions: Vec<SessionSeen> =
                    ends.iter().filter(of_event).map(|end| session_seen(name(end), end)).collect();
                let not_done = ends.iter().flat_map(|end| not_done(happens, &name(end), end));
                let all = scenario::check_sessions(happens, &sessions).into_iter().chain(not_done);
                self.expectations.extend(all);
            }
            Happening::Server { handler, call, .. } => {
                let Some(at) = self.members.iter().position(|member| member.name == *handler) else { return };
                match self.call_server(at, *call) {
                    Ok(hr) => self.registered(happens, hr),
                    Err(why) => {
                        let what = format!("{happens}: it can be called");
                        self.expectations.push(ExpectationResult::new(what, false, || why));
                    }
                }
            }
            Happening::Register { handler, flags, .. } => {
                let Some(member) = self.member(handler) else { return };
                let registration = member.registration(*flags);
                let done = register(&self.store, &registration, &mut self.seen.journal);
                self.registered(happens, super::register::result(&done));
            }
            Happening::Unregister { handler, .. } => {
                let Some(clsid) = self.member(handler).map(|member| member.clsid) else { return };
                let done = unregister(&self.store, clsid, &mut self.seen.journal);
                self.registered(happens, super::register::result(&done));
            }
            Happening::Prefer { handler, preferences } => {
                let Some(clsid) = self.member(handler).map(|member| member.clsid) else { return };
                if let Err(error) = self.store.change_preferences(clsid, |all| all.merge(preferences)) {
                    let what = format!("{happens}: they are stored");
                    self.expectations.push(ExpectationResult::new(what, false, || error.to_string()));
                }
            }
            Happening::Network(network) => self.request.network = Vec::<Connection>::clone(network),
        }
    }

    /// Calls `DllRegisterServer` or `DllUnregisterServer`, and stores what it registers.
    fn call_server(&mut self, at: usize, call: ServerCall) -> Result<HResult, String> {
        let member = &self.members[at];
        let Some(HandlerSpec::Com { library, .. }) = member.handler.spec() else {
            return Err("only a native library has it".to_owned());
        };
        let called = call_server(&self.store, library, call, &self.run).map_err(|error| error.to_string())?;
        let hr = called.hr.ok_or("the library does not export it")?;
        called.notes.iter().cloned().for_each(|note| self.seen.journal.note(note));
        let to_store = |error: crate::store::StoreError| error.to_string();
        for clsid in &called.unregistered {
            match self.store.unregister(*clsid) {
                Ok(()) | Err(crate::store::StoreError::NotRegistered { .. }) => {}
                Err(error) => return Err(to_store(error)),
            }
        }
        for (clsid, (description, flags)) in called.registered {
            let registration = Registration { clsid, description, flags, start: member.start.clone() };
            self.store.register(&registration).map_err(to_store)?;
        }
        Ok(hr)
    }

    fn member(&self, name: &str) -> Option<&Member> {
        // Reading the scenario has made sure that there is one.
        self.members.iter().find(|member| member.name == name)
    }

    fn registered(&mut self, happens: &Happens, hr: HResult) {
        self.expectations.extend(scenario::check_registration(happens, hr));
    }
}

fn session_seen(handler: String, end: &EventEnd) -> SessionSeen {
    match &end.end {
        Err(why) => SessionSeen { handler, outcome: Err(why.clone()), items: Vec::new() },
        Ok(Synchronized { results, broke_off, .. }) => {
            let items = results.items.iter().map(|item| (item.id.0, item.name.clone(), item.status)).collect();
            let outcome = broke_off.clone().map_or_else(|| Ok(results.outcome.clone()), Err);
            SessionSeen { handler, outcome, items }
        }
    }
}

/// What a handler asked of the manager and could not be done.
fn not_done(happens: &Happens, handler: &str, end: &EventEnd) -> Vec<ExpectationResult> {
    let Ok(Synchronized { not_done, .. }) = &end.end else { return Vec::new() };
    let what = || format!("{happens}: {handler}: what it asks of the manager is done");
    not_done.iter().map(|why| ExpectationResult::new(what(), false, || why.clone())).collect()
}

/// Sees every session of the world: their events make one trace.
struct Seen<'a> {
    journal: Journal,
    watcher: &'a mut dyn Watcher,
    in_session: bool,
}

impl Watcher for Seen<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, _: &Session) {
        if !std::mem::replace(&mut self.in_session, true) {
            self.journal.begin_session();
        }
        let Self { journal, watcher, .. } = self;
        journal.event(event, |event, session| watcher.event(event, session));
    }

    fn ended(&mut self) {
        self.in_session = false;
    }
}
