//! `mobsync update`: `ISyncMgrSynchronizeInvoke` on the command line.

use std::io::Read;
use std::path::Path;
use std::time::Instant;

use super::args::{ReportFormat, UpdateArgs};
use super::ended::{Ended, Failure};
use super::output::tell;
use super::registered::judged;
use super::sync::{Asks, How, can_choose, chosen, limits, run_all};
use crate::json::files;
use crate::manager::{self, Chosen, LOG_FILE, Request};
use crate::protocol::{Cookie, Delay, HResult, InvokeFlags, Limits, Note, Occasion, UpdateAll, plain_path};
use crate::runner::Journal;
use crate::store::Store;

pub(super) fn update(args: &UpdateArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    match (&args.handler, args.event) {
        (Some(word), _) => update_items(&store, word, args),
        (None, Some(event)) => update_event(&store, event.into(), args),
        (None, None) => update_all(&store, args),
    }
}

/// Something happened for which handlers may be registered.
fn update_event(store: &Store, event: Occasion, args: &UpdateArgs) -> Result<Ended, Failure> {
    let attended = !args.minimized && can_choose();
    let request = Request {
        event,
        user: can_choose(),
        connection: args.connection.clone(),
        attended,
        profile: args.profile.map(Into::into).unwrap_or_default(),
        limits: limits(args.timeout),
        ..Request::default()
    };
    let (registered, failures) = chosen(store, &[], |one| !manager::is_for(one, event.event()))?;
    if registered.is_empty() && failures.is_empty() {
        tell(format_args!("no handler is registered for {event}; `mobsync handlers` lists the registered handlers"));
    }
    let how = How {
        asks: Asks::AsPreferred(event),
        quiet: args.minimized,
        allow_failure: args.allow_failure,
        format: ReportFormat::Human,
        trace: args.trace.as_deref(),
    };
    let of = |registration| Chosen { registration, items: Vec::new() };
    run_all(store, registered.into_iter().map(of).collect(), &request, failures, how)
}

fn update_items(store: &Store, word: &str, args: &UpdateArgs) -> Result<Ended, Failure> {
    let registration = store.find(word)?;
    let flag = |is_set: bool, flag: InvokeFlags| if is_set { flag.0 } else { 0 };
    let flags = InvokeFlags(flag(args.start, InvokeFlags::STARTSYNC) | flag(args.minimized, InvokeFlags::MINIMIZED));
    let attended = !args.minimized && can_choose();
    let request = Request {
        event: Occasion::INVOKE,
        user: true,
        cookie: None,
        invoked: None,
        connection: args.connection.clone(),
        retries: u32::from(!attended),
        attended,
        profile: args.profile.map(Into::into).unwrap_or_default(),
        limits: limits(args.timeout),
        ..Request::default()
    };
    let cookie = args.cookie.as_deref().map(cookie).transpose()?;
    let request = manager::invoked(flags, cookie, request)
        .map_err(|hr| Failure(format!("{flags} are not valid SYNCMGRINVOKEFLAGS ({hr})")))?;
    let asks = !flags.has(InvokeFlags::STARTSYNC);
    if asks && !can_choose() {
        let why = "without --start the user chooses the items first, and there is no terminal to ask on; add --start";
        return Err(Failure(why.to_owned()));
    }
    let quiet = flags.has(InvokeFlags::MINIMIZED);
    let how = How {
        asks: if asks { Asks::All } else { Asks::None },
        quiet,
        allow_failure: args.allow_failure,
        format: ReportFormat::Human,
        trace: args.trace.as_deref(),
    };
    run_all(store, vec![Chosen { registration, items: Vec::new() }], &request, Vec::new(), how)
}

/// The bytes that `--cookie` says.
fn cookie(given: &str) -> Result<Cookie, Failure> {
    let Some(file) = given.strip_prefix('@').map(Path::new) else {
        return given.parse().map_err(|error| Failure(format!("--cookie {error}, or @FILE")));
    };
    let mut bytes = Vec::new();
    let read = files::open(file).and_then(|mut opened| opened.read_to_end(&mut bytes));
    read.map_err(|error| Failure(format!("--cookie {}: {error}", plain_path(file))))?;
    Ok(Cookie(bytes))
}

fn update_all(store: &Store, args: &UpdateArgs) -> Result<Ended, Failure> {
    let mut more = Vec::new();
    if let Some(profile) = args.profile {
        more.extend(["--profile".to_owned(), crate::protocol::Profile::from(profile).to_string()]);
    }
    if let Some(timeout) = args.timeout {
        more.extend(["--timeout".to_owned(), format!("{timeout}ns")]);
    }
    // To start a process takes a busy machine its time; a session that was waited for takes more.
    let usual = Limits::default();
    let limits = Limits { blocking_ns: usual.timeout_ns, ..usual };
    let mut journal = Journal::begin("UpdateAll".to_owned(), limits, args.trace.as_deref())
        .map_err(|error| Failure(format!("--trace {error}")))?;
    let begun = Instant::now();
    let started = manager::update_all(&std::env::current_exe()?, store, &more);
    let took = Delay(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    let hr = if started.is_ok() { HResult::S_OK } else { HResult::E_FAIL };
    journal.note(Note::UpdateAll(UpdateAll { took, hr }));
    let process = started?;
    let log = store.folder().join(LOG_FILE);
    tell(format_args!(
        "process {process} runs the sessions of all registered handlers; `mobsync results` shows how they ended, and {} what \
         the process said",
        plain_path(&log)
    ));
    judged(journal)
}
