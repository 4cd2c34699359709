//! `mobsync register`, `unregister` and `handlers`.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::args::{HandlersArgs, RegisterArgs, ReportFormat, UnregisterArgs};
use super::ended::{Ended, Failure};
use super::output::{print, tell};
use super::server;
use crate::job;
use crate::manager;
use crate::protocol::{Guid, Limits, RegisterFlags, column_width, padded, plain, plain_path};
use crate::rules::Level;
use crate::runner::Journal;
use crate::store::{Preferences, Registered, Registration, Results, Start, Store, StoreError};

pub(super) fn register(args: &RegisterArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    let given = args.handler.given();
    let mut journal = begin(given.word(), args.trace.as_deref())?;
    let mut is_faulty = false;
    // A library that registers itself says more of its class than its user does.
    let mut own = None;
    if let Some(library) = given.library().filter(|_| !args.no_check) {
        let clsid = given.class();
        let server = server::register(&store, library, clsid, &mut journal)?;
        is_faulty = server.is_faulty;
        let Some(clsid) = clsid else {
            for registration in server.registrations {
                put(&store, as_wanted(registration, args), args, &mut journal)?;
            }
            return ended(journal, is_faulty);
        };
        own = server.registrations.into_iter().find(|one| one.clsid == clsid);
    }
    if let Some(registration) = own {
        put(&store, as_wanted(registration, args), args, &mut journal)?;
        return ended(journal, is_faulty);
    }
    let handler = given.find()?;
    let (start, clsid) = given.start(&handler)?;
    let clsid = match (clsid, args.register_as) {
        (Some(own), Some(other)) if own != other => {
            return Err(Failure(format!(
                "--register-as {other}: this handler has a CLSID of its own, {own}; leave it out"
            )));
        }
        (own, other) => own.or(other).unwrap_or_else(|| job::made_clsid(&start)),
    };
    let own_name = if args.no_check { None } else { server::started(&handler)? };
    let description = args.description.clone().or(own_name).or_else(|| Some(handler.name()));
    let registration = Registration { clsid, description, flags: flags_of(args), start };
    put(&store, registration, args, &mut journal)?;
    ended(journal, is_faulty)
}

/// The events of `--event`.
fn flags_of(args: &RegisterArgs) -> RegisterFlags {
    RegisterFlags(args.event.iter().fold(0, |flags, event| flags | RegisterFlags::from(*event).0))
}

/// What a library has registered itself, with what the user wants otherwise.
fn as_wanted(own: Registration, args: &RegisterArgs) -> Registration {
    let flags = if args.event.is_empty() { own.flags } else { flags_of(args) };
    Registration { description: args.description.clone().or(own.description), flags, ..own }
}

/// Puts a registration into the store, and tells it.
fn put(store: &Store, registration: Registration, args: &RegisterArgs, journal: &mut Journal) -> Result<(), Failure> {
    let is_new = manager::register(store, &registration, journal)?;
    let clsid = registration.clsid;
    let text = match args.format {
        ReportFormat::Json => format!("{}\n", crate::json::to_string_pretty(&Row::of(&registration, None))?),
        ReportFormat::Human => {
            let what = if is_new { "registered" } else { "registered again; its preferences stay" };
            format!("{} {clsid}: {what}\n", plain(&registration.name()))
        }
    };
    print(text.as_bytes())?;
    Ok(())
}

/// How it ends when all is done; something may have been wrong, and was told.
fn ended(journal: Journal, is_faulty: bool) -> Result<Ended, Failure> {
    let ended = judged(journal)?;
    Ok(if is_faulty { Ended::Findings } else { ended })
}

/// What is asked of the manager from now on goes to `--trace`, where it is given.
fn begin(handler: &str, trace: Option<&Path>) -> Result<Journal, Failure> {
    Journal::begin(handler.to_owned(), Limits::default(), trace).map_err(|error| Failure(format!("--trace {error}")))
}

/// Tells which rules of registration and invocation the manager itself has broken, if any.
pub(super) fn judged(journal: Journal) -> Result<Ended, Failure> {
    let judged = journal.end().map_err(|error| Failure(format!("--trace {error}")))?;
    for found in judged.found() {
        tell(format_args!("{}: {}", found.finding.rule.code, plain(&found.finding.message())));
    }
    Ended::after(&[], judged.found().iter().any(|found| found.finding.rule.level == Level::Error))
}

pub(super) fn unregister(args: &UnregisterArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    let mut failures = Vec::new();
    let mut is_faulty = false;
    let mut journal = begin(&args.handlers.join(", "), args.trace.as_deref())?;
    for word in &args.handlers {
        let unregister = |found: Registration| {
            // What it is started from may be gone: it is removed all the same.
            if !args.no_check {
                match server::unregister(&store, &found, &mut journal) {
                    Ok(faulty) => is_faulty |= faulty,
                    Err(Failure(why)) => tell(format_args!("DllUnregisterServer was not called: {why}")),
                }
            }
            manager::unregister(&store, found.clsid, &mut journal).map(|()| found)
        };
        match store.find(word).and_then(unregister) {
            Ok(found) => tell(format_args!("{} {}: unregistered", plain(&found.name()), found.clsid)),
            Err(error) => failures.push(error.to_string()),
        }
    }
    let ended = ended(journal, is_faulty);
    Failure::of(&failures)?;
    ended
}

pub(super) fn handlers(args: &HandlersArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    let mut failures = Vec::new();
    let mut chosen = Vec::new();
    if args.handlers.is_empty() {
        let Registered { handlers, damaged } = store.handlers()?;
        chosen = handlers;
        failures.extend(damaged.iter().map(StoreError::to_string));
    }
    for word in &args.handlers {
        match store.find(word) {
            Ok(found) => chosen.push(found),
            Err(error) => failures.push(error.to_string()),
        }
    }
    let mut rows = Vec::new();
    for registration in &chosen {
        let preferences = store.preferences(registration.clsid).map_err(|error| failures.push(error.to_string())).ok();
        let results = store.results(registration.clsid).map_err(|error| failures.push(error.to_string())).ok();
        rows.push(Row { results: results.flatten(), ..Row::of(registration, preferences) });
    }
    let text = match args.format {
        ReportFormat::Json => {
            let list = List {
                format: "mobsync-handlers",
                version: 1,
                store: store.folder().display().to_string(),
                handlers: rows,
            };
            format!("{}\n", crate::json::to_string_pretty(&list)?)
        }
        ReportFormat::Human if rows.is_empty() && failures.is_empty() => {
            tell(format_args!(
                "no handler is registered in {}; `mobsync register HANDLER` does",
                plain_path(store.folder())
            ));
            String::new()
        }
        ReportFormat::Human => table(&rows),
    };
    print(text.as_bytes())?;
    Ended::after(&failures, false)
}

/// The registered handlers, as data.
#[derive(Serialize)]
struct List {
    format: &'static str,
    version: u32,
    store: String,
    handlers: Vec<Row>,
}

/// A registered handler, as data.
#[derive(Serialize)]
struct Row {
    clsid: Guid,
    description: Option<String>,
    flags: RegisterFlags,
    start: Start,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferences: Option<Preferences>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Results>,
}

impl Row {
    fn of(registration: &Registration, preferences: Option<Preferences>) -> Self {
        let Registration { clsid, description, flags, start } = registration.clone();
        Self { clsid, description, flags, start, preferences, results: None }
    }
}

/// A line for each handler, and below it what it is started by, and the items of its last session.
fn table(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let name = row.description.as_deref().map(plain).unwrap_or_default().into_owned();
        let events = if row.flags.0 == 0 { "-".to_owned() } else { row.flags.to_string() };
        let preferences = row.preferences.as_ref().map_or(0, |all| all.iter().count());
        let preferences = if preferences == 0 { "-".to_owned() } else { preferences.to_string() };
        let last = row.results.as_ref().map_or("-", |results| if results.failed { "failed" } else { "succeeded" });
        [name, events, preferences, last.to_owned()]
    };
    let head = ["NAME", "EVENTS", "PREFERENCES", "LAST"].map(str::to_owned);
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(rows.iter().map(line)).collect();
    let aligned = aligned(&lines);
    let mut text = String::new();
    for (line, row) in aligned.lines().zip(std::iter::once(None).chain(rows.iter().map(Some))) {
        let _ = writeln!(text, "{line}");
        if let Some(row) = row {
            let _ = writeln!(text, "    {}", row.clsid);
            let _ = writeln!(text, "    {}", plain(&started_by(&row.start)));
            text.push_str(&items(row));
        }
    }
    text
}

/// The items of the handler's last session, each with what became of it.
fn items(row: &Row) -> String {
    let items = row.results.iter().flat_map(|results| &results.items);
    let lines: Vec<[String; 3]> = items
        .map(|item| {
            let status = match item.status {
                Some(status) => status.to_string(),
                None if item.chosen => "no status".to_owned(),
                None => "not chosen".to_owned(),
            };
            ["     ".to_owned(), plain(&item.name).into_owned(), status]
        })
        .collect();
    aligned(&lines)
}

/// How it is started, in a line.
fn started_by(start: &Start) -> String {
    match start {
        Start::Library { library: file, .. } | Start::File { file } => file.display().to_string(),
        Start::Command { command, .. } => crate::job::command_of(command),
        Start::Filesync { folders, .. } => {
            let pairs = folders.iter().map(|pair| format!("{}={}", pair.left.display(), pair.right.display()));
            format!("filesync {}", pairs.collect::<Vec<_>>().join(" "))
        }
    }
}

/// Columns below each other; the last one has no end.
pub(super) fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |at: usize| column_width(lines.iter().map(|line| line[at].as_str()));
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().enumerate().map(|(at, cell)| padded(cell, widths[at]).to_string());
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}
