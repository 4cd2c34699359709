//! `mobsync sync` and `results`.

use std::collections::VecDeque;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;

use super::args::{ReportFormat, ResultsArgs, SyncArgs};
use super::choose::{Chose, choose};
use super::desk::Desk;
use super::ended::{Ended, Failure};
use super::interrupt::Interrupt;
use super::live::{Live, Teller};
use super::output::{is_dumb_terminal, print, tell};
use super::sessions;
use crate::host::Controls;
use crate::job::Handler;
use crate::manager::{self, Chosen, Request, Synchronized, Wanted};
use crate::protocol::{Event, Guid, InvokeFlags, Limits, Occasion, Session, padded, plain, plain_path};
use crate::runner::{Isolation, RunOptions, Watcher};
use crate::store::{Registered, Registration, Results, Store, StoreError};

pub(super) fn sync(args: &SyncArgs) -> Result<Ended, Failure> {
    if !args.item.is_empty() && args.handlers.len() != 1 {
        return Err(Failure("--item needs exactly one HANDLER: the items belong to it".to_owned()));
    }
    let event = Occasion::from(args.event);
    let attended = !args.no_user && !args.quiet && args.format == ReportFormat::Human && can_choose();
    let request = Request {
        event,
        user: !args.no_user,
        cookie: None,
        invoked: None,
        connection: args.connection.clone(),
        retries: if args.no_user || attended { 0 } else { args.retries },
        attended,
        profile: args.profile.map(Into::into).unwrap_or_default(),
        limits: limits(args.timeout),
        ..Request::default()
    };
    let store = Store::in_use()?;
    let (chosen, failures) =
        chosen(&store, &args.handlers, |one| args.handlers.is_empty() && !manager::is_for(one, event.event()))?;
    if chosen.is_empty() && failures.is_empty() && store.handlers()?.handlers.is_empty() {
        let folder = plain_path(store.folder());
        return Err(Failure(format!("no handler is registered in {folder}; `mobsync register HANDLER` registers one")));
    }
    if chosen.is_empty() && failures.is_empty() {
        tell(format_args!("no handler is registered for {event}; `mobsync handlers` lists the registered handlers"));
    }
    let is_asked = !args.start && args.item.is_empty() && !args.no_user && args.format == ReportFormat::Human;
    let asks = if is_asked && can_choose() { Asks::All } else { Asks::None };
    let trace = args.trace.as_deref();
    let how = How { asks, quiet: args.quiet, allow_failure: args.allow_failure, format: args.format, trace };
    let with_items = |registration| Chosen { registration, items: args.item.clone() };
    run_all(&store, chosen.into_iter().map(with_items).collect(), &request, failures, how)
}

/// Of which handlers the user chooses the items first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    None,
    All,
    /// Those that ask first at this event, as the user prefers. The others start at once.
    AsPreferred(Occasion),
}

/// How the sessions are shown and counted.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// Whether the user chooses the items first.
    pub(super) asks: Asks,
    pub(super) quiet: bool,
    pub(super) allow_failure: bool,
    pub(super) format: ReportFormat,
    /// Where the trace goes, if one is wanted.
    pub(super) trace: Option<&'a Path>,
}

/// Runs the sessions of the handlers: side by side where they can be in one session. A handler that fails does not keep the others
/// from being run.
pub(super) fn run_all(
    store: &Store,
    chosen: Vec<Chosen>,
    request: &Request,
    failures: Vec<String>,
    how: How<'_>,
) -> Result<Ended, Failure> {
    let isolation = sessions::isolation(false)?;
    let interrupt = Interrupt::default();
    let running = Running::listen(&interrupt);
    let mut all =
        All { isolation, interrupt, running, failures, found: false, rows: Vec::new(), wanted: VecDeque::new() };
    all.run(store, chosen, request, how)?;
    for number in 2.. {
        let Some(wanted) = all.wanted.pop_front() else { break };
        if number > manager::MOST_WANTED {
            all.failures.push(format!(
                "handlers have started more than {} sessions themselves (UpdateItems); the others are not run",
                manager::MOST_WANTED
            ));
            break;
        }
        let trace = how.trace.map(|trace| manager::numbered(trace, number));
        all.run_wanted(store, wanted, request, How { trace: trace.as_deref(), ..how });
    }
    all.interrupt.session_is_over();
    if how.format == ReportFormat::Json {
        print(json(all.rows)?.as_bytes())?;
    }
    Ended::after(&all.failures, all.found)
}

/// The sessions of a command.
struct All {
    isolation: Isolation,
    interrupt: Interrupt,
    running: Running,
    failures: Vec<String>,
    found: bool,
    rows: Vec<Row>,
    /// The sessions that handlers have started themselves, and that are still to be run.
    wanted: VecDeque<Wanted>,
}

impl All {
    /// Runs a session that a handler has started itself.
    fn run_wanted(&mut self, store: &Store, wanted: Wanted, request: &Request, how: How<'_>) {
        let Wanted { clsid, flags, cookie } = wanted;
        // Without a terminal the preferences choose.
        let asks = if !flags.has(InvokeFlags::STARTSYNC) && can_choose() { Asks::All } else { Asks::None };
        let quiet = how.quiet || flags.has(InvokeFlags::MINIMIZED);
        let run = || {
            let registration = store.find(&clsid.to_string())?;
            let request = manager::invoked(flags, cookie, request.clone())
                .map_err(|hr| Failure(format!("{flags} are not valid SYNCMGRINVOKEFLAGS ({hr})")))?;
            self.run(store, vec![Chosen { registration, items: Vec::new() }], &request, How { asks, quiet, ..how })
        };
        if let Err(Failure(why)) = run() {
            self.failures.push(format!("the session that a handler started (UpdateItems): {why}"));
        }
    }

    /// Runs the sessions of these handlers.
    fn run(&mut self, store: &Store, chosen: Vec<Chosen>, request: &Request, how: How<'_>) -> Result<(), Failure> {
        let Self { isolation, interrupt, running, failures, found, rows, wanted: all_wanted } = self;
        let (mut ready, mut handlers) = (Vec::new(), Vec::new());
        for mut one in chosen {
            let name = plain(&one.registration.name()).into_owned();
            if interrupt.came() {
                failures.push(format!("{name}: interrupted before its session began"));
                continue;
            }
            let asks = match how.asks {
                Asks::None => false,
                Asks::All => true,
                // What cannot be read is said when the session begins.
                Asks::AsPreferred(event) => {
                    store.preferences(one.registration.clsid).is_ok_and(|preferences| preferences.asks_first(event))
                }
            };
            if asks && !can_choose() {
                tell(format_args!(
                    "{name}: the user is to be asked first, and there is no terminal to ask on; not run"
                ));
                continue;
            }
            let found = Handler::of_registration(&one.registration).map_err(Failure::from).and_then(|handler| {
                let items = asks.then(|| choose(store, &one.registration, request, isolation)).transpose()?;
                Ok((handler, items))
            });
            match found {
                Ok((_, Some(Chose::Nothing))) => tell(format_args!("{name}: nothing was chosen")),
                Ok((_, Some(Chose::NoChoice))) => {}
                Ok((handler, items)) => {
                    if let Some(Chose::These(items)) = items {
                        one.items = items;
                    }
                    handlers.push(handler.clone());
                    ready.push((one, handler));
                }
                Err(Failure(why)) => failures.push(format!("{name}: {why}")),
            }
        }
        let sessions = manager::sessions(&handlers);
        if how.trace.is_some() && sessions.len() > 1 {
            let names = |scripted: bool| {
                let of_these = ready.iter().filter(|(_, handler)| handler.is_scripted() == scripted);
                of_these.map(|(one, _)| plain(&one.registration.name()).into_owned()).collect::<Vec<_>>().join(", ")
            };
            return Err(Failure(format!(
                "--trace: these handlers run in two sessions, and a trace is of one: the scripts ({}) and the others ({}); name \
             the handlers of one of the two",
                names(true),
                names(false)
            )));
        }
        let options =
            RunOptions { isolation: isolation.clone(), trace: how.trace.map(Path::to_owned), ..RunOptions::default() };
        for session in sessions {
            let together: Vec<(Chosen, Handler)> = session.iter().map(|at| ready[*at].clone()).collect();
            let names: Vec<String> =
                together.iter().map(|(one, _)| plain(&one.registration.name()).into_owned()).collect();
            if interrupt.came() {
                failures.extend(names.iter().map(|name| format!("{name}: interrupted before its session began")));
                continue;
            }
            let live = Live::of_several(how.quiet, &names);
            *running.teller.lock() = live.teller();
            let desk = request.attended.then(|| Desk::new(&names, live.teller()));
            let options = RunOptions { user: desk.as_ref().map(Desk::ask), ..options.clone() };
            let mut shown = Shown { live, desk, running: running.clone(), interrupt: interrupt.clone() };
            let ended = manager::synchronize_together(store, &together, request, &options, &mut shown);
            let ended = match ended {
                Ok(ended) => ended,
                Err(error) => {
                    failures.extend(names.iter().map(|name| format!("{name}: {error}")));
                    continue;
                }
            };
            for (((one, _), name), ended) in together.iter().zip(&names).zip(ended) {
                let Synchronized { results, has_errors, broke_off, wanted, not_done } = match ended {
                    Ok(ended) => ended,
                    Err(error) => {
                        failures.push(format!("{name}: {error}"));
                        continue;
                    }
                };
                failures.extend(not_done.into_iter().map(|why| format!("{name}: {why}")));
                all_wanted.extend(wanted);
                *found |= has_errors || results.failed && !how.allow_failure;
                if let Some(why) = broke_off {
                    failures.push(format!("{name}: {why}"));
                } else if interrupt.came() {
                    failures.push(format!("{name}: interrupted: items that were not finished were cancelled"));
                }
                if how.format == ReportFormat::Human {
                    print(human(name, &results).as_bytes())?;
                }
                rows.push(Row::of(&one.registration, Some(results)));
            }
        }
        Ok(())
    }
}

/// The limits with this one for calls.
pub(super) fn limits(timeout: Option<u64>) -> Limits {
    let usual = Limits::default();
    Limits { timeout_ns: timeout.unwrap_or(usual.timeout_ns), ..usual }
}

/// Whether there is a terminal on which the user can choose.
pub(super) fn can_choose() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !is_dumb_terminal()
}

/// The handlers that the words name, or all; and what is wrong with others.
pub(super) fn chosen(
    store: &Store,
    words: &[String],
    is_left_out: impl Fn(&Registration) -> bool,
) -> Result<(Vec<Registration>, Vec<String>), Failure> {
    if words.is_empty() {
        let Registered { mut handlers, damaged } = store.handlers()?;
        handlers.retain(|one| !is_left_out(one));
        return Ok((handlers, damaged.iter().map(StoreError::to_string).collect()));
    }
    // Nothing is begun if a word is wrong.
    let mut found: Vec<Registration> = Vec::new();
    for word in words {
        let one = store.find(word)?;
        if found.iter().all(|other| other.clsid != one.clsid) {
            found.push(one);
        }
    }
    Ok((found, Vec::new()))
}

/// The session that runs now, which the user can stop.
#[derive(Clone)]
struct Running {
    controls: Arc<Mutex<Option<Controls>>>,
    /// Writes above its bars.
    teller: Arc<Mutex<Teller>>,
}

impl Running {
    /// The first Ctrl-C cancels every item of the session that runs, through the protocol; the second leaves it.
    fn listen(interrupt: &Interrupt) -> Self {
        let running = Self { controls: Arc::default(), teller: Arc::new(Mutex::new(Teller::plain())) };
        let (cancelled, left) = (running.clone(), running.clone());
        let cancel = move || {
            if let Some(controls) = cancelled.controls.lock().as_ref() {
                controls.cancel_all();
            }
            let teller = cancelled.teller.lock().clone();
            teller.tell("cancelling every item; press Ctrl-C again to end the session at once");
        };
        let leave = move || {
            if let Some(controls) = left.controls.lock().as_ref() {
                controls.leave();
            }
        };
        interrupt.listen_and(Teller::plain(), cancel, leave);
        running
    }
}

/// What a person sees of a session.
struct Shown {
    live: Live,
    /// The user, if they are at the screen.
    desk: Option<Desk>,
    running: Running,
    interrupt: Interrupt,
}

impl Watcher for Shown {
    fn started(&mut self, controls: Controls) {
        *self.running.controls.lock() = Some(controls.clone());
        // The user may have wanted an end while it began.
        if self.interrupt.came() {
            controls.cancel_all();
        }
        if let Some(desk) = &self.desk {
            desk.begin(controls);
        }
    }

    fn event(&mut self, event: &Event, session: &Session) {
        self.live.observe(event, session);
        if let Some(desk) = &self.desk {
            desk.observe(event, session);
        }
    }

    fn ended(&mut self) {
        *self.running.controls.lock() = None;
        if let Some(desk) = &self.desk {
            desk.end(self.interrupt.came());
        }
        *self.running.teller.lock() = Teller::plain();
        self.live.finish();
    }
}

pub(super) fn results(args: &ResultsArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    let (chosen, mut failures) = chosen(&store, &args.handlers, |_| false)?;
    let mut rows = Vec::new();
    for registration in &chosen {
        match store.results(registration.clsid) {
            Ok(results) => rows.push(Row::of(registration, results)),
            Err(error) => failures.push(error.to_string()),
        }
    }
    match args.format {
        ReportFormat::Json => print(json(rows)?.as_bytes())?,
        ReportFormat::Human => {
            for (registration, row) in chosen.iter().zip(&rows) {
                let name = plain(&registration.name()).into_owned();
                let text = match &row.results {
                    None => format!("{name}: not synchronized yet\n"),
                    Some(results) => format!("{}  {} at {}\n", human(&name, results), results.event, results.ended),
                };
                print(text.as_bytes())?;
            }
        }
    }
    Ended::after(&failures, false)
}

/// The results of a session for people: how it ended, then each item.
fn human(name: &str, results: &Results) -> String {
    let nothing = if results.items.is_empty() && !results.failed { ": the handler has no items to list" } else { "" };
    let mut text = format!("{name}: {}{nothing}\n", plain(&results.outcome));
    let names: Vec<String> = results.items.iter().map(|item| plain(&item.name).into_owned()).collect();
    let width = crate::protocol::column_width(names.iter().map(String::as_str));
    for (item, name) in results.items.iter().zip(&names) {
        let status = match (item.chosen, item.status) {
            (false, _) => "not chosen".to_owned(),
            (true, Some(status)) => status.to_string(),
            (true, None) => "no status".to_owned(),
        };
        let _ = writeln!(text, "  {}  {status}", padded(name, width));
        for error in &item.errors {
            let _ = writeln!(text, "    {}", plain(error));
        }
    }
    for error in &results.errors {
        let _ = writeln!(text, "  {}", plain(error));
    }
    if !results.broken.is_empty() {
        let _ = writeln!(text, "  rules broken: {}; `mobsync run` shows where", results.broken.join(", "));
    }
    text
}

/// Results, as data.
#[derive(Serialize)]
struct List {
    format: &'static str,
    version: u32,
    handlers: Vec<Row>,
}

/// The results of a handler, as data.
#[derive(Serialize)]
struct Row {
    clsid: Guid,
    description: Option<String>,
    results: Option<Results>,
}

impl Row {
    fn of(registration: &Registration, results: Option<Results>) -> Self {
        Self { clsid: registration.clsid, description: registration.description.clone(), results }
    }
}

fn json(handlers: Vec<Row>) -> Result<String, Failure> {
    let list = List { format: "mobsync-results-list", version: 1, handlers };
    Ok(format!("{}\n", crate::json::to_string_pretty(&list)?))
}
