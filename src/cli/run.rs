//! `mobsync run`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::{ReportFormat, RunArgs, SessionArgs};
use super::exit::{Ended, Failure};
use super::handler::Handler;
use super::interrupt;
use super::judged::Judged;
use super::live::Live;
use super::output;
use crate::host::{self, Job, Scheduler, SeededChoice, Selection, StandardPlan};
use crate::protocol::{Event, FileTime, Initialize, SyncEvent, SyncFlags};
use crate::report::{Filter, Report, human};
use crate::rules::{Conditions, Limits};
use crate::trace::{self, Clock, Header, Writer};

pub(super) fn run(args: &RunArgs) -> Result<Ended, Failure> {
    let filter = Filter::new(&args.judge.select, &args.judge.ignore, args.judge.strict)?;
    let plan = plan(&args.session)?;
    let selection = plan.selection.clone();
    let handler = Handler::find(&args.handler, &args.folder)?;
    let header = header(&handler, &args.session);
    let mut watcher = Watcher::new(&header, args.session.trace.as_deref())?;
    let name = handler.name();
    let limits = header.limits;
    let left = match handler {
        Handler::Real(factory) => {
            let job = Job { factory, plan: Box::new(plan), limits };
            host::run_real(job, interrupt::listen, &mut |events: Vec<Event>, _: &_| watcher.take(events))?.left
        }
        Handler::Script(script) => {
            let scheduler = Scheduler::new(SeededChoice::new(args.session.seed));
            let factory = Handler::scripted(*script, &scheduler);
            let job = Job { factory, plan: Box::new(plan), limits };
            host::run_virtual(job, &scheduler, &mut |events: Vec<Event>, _: &_| watcher.take(events))?.left
        }
    };
    let judged = watcher.end()?;
    let unmatched = selection.unmatched(judged.items());
    if !unmatched.is_empty() {
        return Err(Failure(no_such_item(&unmatched, judged.items())));
    }
    let mut report = Report::new(name.as_str(), header.profile, header.seed);
    judged.add_items_to(&mut report);
    judged.add_to(&mut report, "run", &filter);
    let text = match args.format {
        ReportFormat::Human => human(&report, output::colour(args.judge.output.as_deref())),
        ReportFormat::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    output::deliver(&text, args.judge.output.as_deref())?;
    if left {
        return Err(Failure(
            "the session was left before its end; the trace holds what happened until then".to_owned(),
        ));
    }
    Ok(if report.failed() { Ended::Findings } else { Ended::Well })
}

fn plan(args: &SessionArgs) -> Result<StandardPlan, Failure> {
    let event = SyncEvent::from(args.event);
    if args.cookie.is_some() && event != SyncEvent::INVOKE {
        return Err(Failure("--cookie goes with --event invoke: no other event carries one".to_owned()));
    }
    let mut flags = if args.no_user { 0 } else { SyncFlags::MAYBOTHERUSER };
    if args.settings {
        flags |= SyncFlags::SETTINGS;
    }
    let initialize = Initialize { cookie: args.cookie.clone(), ..Initialize::new(SyncFlags::new(event, flags)) };
    let selection = if args.item.is_empty() { Selection::Checked } else { Selection::Named(args.item.clone()) };
    let mut plan = StandardPlan::new(initialize, selection);
    // Without MAYBOTHERUSER there is no user to look at errors.
    plan.retries = if args.no_user { 0 } else { args.retries };
    Ok(plan)
}

fn header(handler: &Handler, args: &SessionArgs) -> Header {
    let limits = Limits { timeout_ns: args.timeout, blocking_ns: args.blocking_limit, ..Limits::default() };
    let header = Header {
        generator: concat!("mobsync ", env!("CARGO_PKG_VERSION")).to_owned(),
        handler: handler.name(),
        profile: args.profile.map(Into::into).unwrap_or_default(),
        limits,
        ..Header::default()
    };
    match handler {
        Handler::Real(_) => Header { clock: Clock::Real, started: now(), seed: None, ..header },
        Handler::Script(_) => {
            Header { clock: Clock::Virtual, started: trace::VIRTUAL_START, seed: Some(args.seed), ..header }
        }
    }
}

fn now() -> FileTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    FileTime::from_unix_nanos(i128::try_from(since.as_nanos()).unwrap_or(i128::MAX))
}

fn no_such_item(words: &[&str], items: &[crate::protocol::Item]) -> String {
    let names: Vec<String> = items.iter().map(|item| format!("{:?} {}", item.name, item.id)).collect();
    let has = if names.is_empty() { "the handler has no items".to_owned() } else { names.join(", ") };
    format!("--item {}: no such item, so nothing was synchronized; there is: {has}", words.join(", "))
}

/// Sees every event of a session: writes the trace, judges, shows progress.
struct Watcher {
    trace: Option<(PathBuf, Writer<File>)>,
    failed: Option<Failure>,
    judged: Judged,
    live: Live,
}

impl Watcher {
    fn new(header: &Header, path: Option<&Path>) -> Result<Self, Failure> {
        let trace = match path {
            Some(path) => Some((path.to_owned(), trace::create_file(path, header)?)),
            None => None,
        };
        let conditions = Conditions { profile: header.profile, limits: header.limits, started: header.started };
        Ok(Self { trace, failed: None, judged: Judged::new(conditions), live: Live::new() })
    }

    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            if let Some((path, writer)) = &mut self.trace
                && self.failed.is_none()
                && let Err(error) = writer.write(&event)
            {
                // The session goes on to its end: a handler is not left hanging for a full disk.
                self.failed = Some(Failure(format!("{}: {error}; the trace ends there", path.display())));
            }
            self.live.observe(&event);
            self.judged.observe(event);
        }
    }

    fn end(mut self) -> Result<Judged, Failure> {
        self.live.finish();
        self.judged.finish();
        match self.failed {
            Some(failure) => Err(failure),
            None => Ok(self.judged),
        }
    }
}
