//! `mobsync run`.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::args::{ReportFormat, RunArgs, SessionArgs};
use super::break_on;
use super::exit::{Ended, Failure};
use super::interrupt::Interrupt;
use super::judged::Judged;
use super::live::Live;
use super::output::{Output, cannot_write, keep_apart};
use super::replay;
use crate::host::{MOST_STEPS, Selection};
use crate::launch::{self, Handler, Opened, Standard, Terms};
use crate::protocol::{Event, Initialize, Item, Session, SyncEvent, SyncFlags};
use crate::report::{Filter, Report, human, plain};
use crate::rules::Limits;
use crate::trace::{self, Header, TraceError, Writer};

pub(super) fn run(args: &RunArgs) -> Result<Ended, Failure> {
    let filter = Filter::new(&args.judge.select, &args.judge.ignore, args.judge.strict)?;
    let terms = terms(&args.session)?;
    let selection = terms.selection();
    let handler = Handler::find(&args.handler, &args.folder)?;
    if !handler.is_scripted() && args.session.seed.is_some() {
        let why = "--seed is for scripted handlers; the threads of this one are real, and no seed decides their order";
        return Err(Failure(why.to_owned()));
    }
    let (trace, report_to) = (args.session.trace.as_deref(), args.judge.output.as_deref());
    let handler_file = Some(Path::new(&args.handler)).filter(|file| file.is_file());
    keep_apart(("--trace", trace), ("the handler's file", handler_file))?;
    keep_apart(("--output", report_to), ("the handler's file", handler_file))?;
    keep_apart(("--output", report_to), ("the file of --trace", trace))?;
    let output = Output::open(report_to)?;
    let header = terms.header(&handler);
    let name = handler.name();
    let replay = match handler.opened() {
        Opened::Script(_) => Some(replay::of_run(args)),
        Opened::Real(_) => trace.map(|trace| replay::of_trace(trace, None)),
    };

    let break_on = break_on::asked(&args.session)?;
    let mut watcher = Watcher::new(&header, trace)?;
    let interrupt = Interrupt::default();
    let teller = watcher.live.teller();
    let listen = |controls| interrupt.listen(controls, teller);
    let wrap = |plan| break_on::wrap(plan, break_on, (&header).into());
    let drain = &mut |events: Vec<Event>, _: &Session| watcher.take(events);
    let ran = launch::wrapped(&handler, &terms, wrap, listen, drain)?.ran;
    interrupt.session_is_over();
    let Watched { judged, trace_failure } = watcher.end();

    // Whatever went wrong, what happened is reported first.
    let unmatched = selection.unmatched(judged.items());
    let mut failures = Vec::new();
    if ran.exhausted {
        failures.push(endless(&judged));
    } else if !ran.left && !unmatched.is_empty() {
        failures.push(no_such_item(&unmatched, judged.items()));
    }
    if ran.left {
        failures.push("interrupted: the session was left before its end".to_owned());
    } else if interrupt.came() {
        failures.push("interrupted: what was not finished then was stopped".to_owned());
    }
    failures.extend(trace_failure);
    let broken_off = (ran.left || ran.exhausted).then(|| "the session was left before its end".to_owned());

    let mut report = Report::new(name.as_str(), header.profile, header.seed, &filter);
    judged.add_items_to(&mut report);
    judged.add_to(&mut report, "run", replay, broken_off, &filter);
    let text = match args.format {
        ReportFormat::Human => human(&report, output.colour()),
        ReportFormat::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    if let Err(Failure(why)) = output.deliver(&text) {
        failures.push(why);
    }
    match failures.is_empty() {
        false => Err(Failure(failures.join("\nmobsync: "))),
        true if report.failed() => Ok(Ended::Findings),
        true => Ok(Ended::Well),
    }
}

/// What the options say about the session.
pub(super) fn terms(args: &SessionArgs) -> Result<Terms, Failure> {
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
    // Without MAYBOTHERUSER there is no user to look at errors.
    let retries = if args.no_user { 0 } else { args.retries };
    Ok(Terms {
        profile: args.profile.map(Into::into).unwrap_or_default(),
        seed: args.seed.unwrap_or_default(),
        limits: limits(args),
        ..Terms::standard(Standard { initialize, selection, retries })
    })
}

fn limits(args: &SessionArgs) -> Limits {
    let usual = Limits::default();
    Limits {
        timeout_ns: args.timeout.unwrap_or(usual.timeout_ns),
        blocking_ns: args.blocking_limit.unwrap_or(usual.blocking_ns),
        ..usual
    }
}

pub(super) fn no_such_item(words: &[&str], items: &[Item]) -> String {
    /// How many items are listed; nobody reads more.
    const LISTED: usize = 20;
    let names = items.iter().map(|item| format!("\"{}\" {}", plain(&item.name.to_string()), item.id));
    let mut names: Vec<String> = names.take(LISTED).collect();
    if items.len() > LISTED {
        names.push(format!("and {} more", items.len() - LISTED));
    }
    let there_is = if names.is_empty() {
        "the handler has no items".to_owned()
    } else {
        format!("there is: {}", names.join(", "))
    };
    let known: Vec<String> = items.iter().map(|item| item.name.to_string()).collect();
    let near = words.iter().find_map(|word| crate::protocol::nearest(word, known.iter().map(String::as_str)));
    let meant = near.map_or(String::new(), |near| format!("; did you mean {}?", plain(near)));
    format!("--item {}: no such item, so nothing was synchronized; {there_is}{meant}", words.join(", "))
}

/// What is said of a script that does not come to an end.
fn endless(judged: &Judged) -> String {
    let last = judged.last().map_or(String::new(), |event| {
        format!(", the last of them at event #{}, {}, on thread {}", event.seq, event.method_name(), event.thread)
    });
    format!(
        "stopped after {MOST_STEPS} steps{}: the script does not come to an end; look for a `repeat` that is too long, or \
         for one without a `wait`",
        plain(&last)
    )
}

/// Sees every event of a session: writes the trace, judges, shows progress.
struct Watcher {
    trace: Option<(PathBuf, Writer<File>)>,
    failed: Option<String>,
    judged: Judged,
    live: Live,
    /// The line of the trace file that was written last.
    line: u64,
}

/// What came of watching.
struct Watched {
    judged: Judged,
    /// Why the trace is not whole.
    trace_failure: Option<String>,
}

impl Watcher {
    fn new(header: &Header, path: Option<&Path>) -> Result<Self, Failure> {
        let trace = match path {
            Some(path) => {
                let writer = trace::create_file(path, header).map_err(|error| match error {
                    TraceError::Io { kind, message, .. } => {
                        cannot_write("--trace", path, &std::io::Error::new(kind, message))
                    }
                    error => error.into(),
                })?;
                Some((path.to_owned(), writer))
            }
            None => None,
        };
        let judged = Judged::new(header.into()).of_file(path.map(Path::to_owned));
        Ok(Self { trace, failed: None, judged, live: Live::new(), line: 1 })
    }

    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            if let Some((path, writer)) = &mut self.trace
                && self.failed.is_none()
                && let Err(error) = writer.write(&event)
            {
                // The session goes on to its end: a handler is not left hanging for a full disk.
                let Failure(why) = cannot_write("--trace", path, &error);
                self.failed = Some(format!("{why}; the trace ends before event #{}", event.seq));
            }
            self.line += 1;
            self.live.observe(&event);
            self.judged.observe(event, self.line);
        }
    }

    fn end(mut self) -> Watched {
        self.live.finish();
        self.judged.finish();
        Watched { judged: self.judged, trace_failure: self.failed }
    }
}
