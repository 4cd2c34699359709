//! `mobsync run`.

use std::path::Path;

use super::args::RunArgs;
use super::break_on;
use super::ended::{Ended, Failure};
use super::interrupt::Interrupt;
use super::judging;
use super::live::Live;
use super::output::{keep_apart, tell};
use super::reproduce;
use super::sessions;
use crate::host::{Controls, Left};
use crate::job::Terms;
use crate::protocol::{Event, Session, plain_path};
use crate::report::{CaseRecord, Report, Scope};
use crate::rules::Finding;
use crate::runner::{self, Endless, Judged, JudgedSession, NoSuchItem, Recorded, RunOptions, SessionFailure, Watcher};
use crate::scenario::{self, Observed, Recording, Scenario, StepOutcomes};

pub(super) fn run(args: &RunArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    if let Some(options) = args.explore.options() {
        return super::explore::run(args, &options, &filter);
    }
    let mut terms = sessions::terms(&args.session)?;
    if let Some(schedule) = &args.schedule {
        let scenario = sessions::ordinary(&args.session, &terms, "");
        terms = Terms::scenario(Scenario { schedule: Some(schedule.0.clone()), ..scenario });
    }
    terms.record = args.record.is_some();
    let selection = terms.selection();
    let given = args.handler.given();
    let handler = given.find()?;
    if !handler.is_scripted() && args.session.seed.is_some() && args.session.strategy.is_none() {
        let why = "--seed is for scripted handlers; for this one, which has real threads, it needs --strategy";
        return Err(Failure(why.to_owned()));
    }
    if !handler.is_scripted() && args.schedule.is_some() {
        let why = "--schedule is for scripted handlers; this handler has real threads, whose order it cannot decide";
        return Err(Failure(why.to_owned()));
    }
    let trace = args.session.trace.as_deref();
    let handler_file = given.file();
    keep_apart(("--trace", trace), ("the handler's file", handler_file.as_deref()))?;
    for (option, path) in args.judge.to.written() {
        keep_apart((option, Some(path)), ("the file of --trace", trace))?;
    }
    keep_apart(("--trace", trace), ("the file of --baseline", args.judge.baseline.as_deref()))?;
    let record = args.record.as_deref();
    if let Some(file) = record.filter(|file| file.exists()) {
        let why = format!("--record {}: the file already exists; record to another file", plain_path(file));
        return Err(Failure(why));
    }
    keep_apart(("--record", record), ("the file of --trace", trace))?;
    for (option, path) in args.judge.to.written() {
        keep_apart(("--record", record), (&format!("the file of {option}"), Some(path)))?;
    }
    let output = judging::output(&args.judge, handler_file.as_deref().map(|file| ("the handler's file", file)))?;
    terms.session_ns = args.session.session_limit.or_else(|| Terms::usual_session_ns(&handler));
    let name = handler.name();
    let replay = match handler.is_scripted() {
        true => reproduce::of_run(args, Some(terms.seed)),
        false => trace.map_or_else(|| reproduce::of_run(args, None), |trace| reproduce::of_trace(trace, None)),
    };

    let seed = handler.is_scripted().then_some(terms.seed);
    let debug = reproduce::debug_run(args, seed, handler.is_native_here());
    let break_on = break_on::asked(&args.session.break_on, args.session.in_process)?;
    let isolation = sessions::isolation(args.session.in_process)?;
    let trace_limit = sessions::trace_limit(args.session.trace_limit);
    let keep_events = args.judge.to.draws(Some(args.format.into()));
    let trace = trace.map(Path::to_owned);
    let options = RunOptions { isolation, break_on, trace, trace_limit, user: None, keep_events };
    let interrupt = Interrupt::default();
    let mut shown = Shown { live: Live::new(args.judge.quiet), interrupt: interrupt.clone() };
    let ran = runner::run(&handler, &terms, &options, &mut shown).map_err(sessions::run_failure)?;
    let broken_off = ran.broken_off();
    let JudgedSession { header, mut judged, left, exhausted, recording, trace_failure, .. } = ran;

    // Whatever went wrong, what happened is reported first.
    let mut failures = Vec::new();
    if exhausted {
        failures.push(Endless::new(&judged).to_string());
    } else if left.is_none() {
        let missing = NoSuchItem::find(&selection, &judged.items());
        failures.extend(missing.map(|missing| format!("--item {missing}")));
    }
    if let Some(left) = left {
        failures.push(match left {
            Left::ByUser => format!("interrupted: {left}"),
            Left::AtLimit => left.to_string(),
        });
    } else if interrupt.came() {
        failures.push("interrupted: items that were not finished were cancelled".to_owned());
    }
    if let Some(failure) = trace_failure {
        match failure.at_limit {
            true => tell(format_args!("mobsync: --trace {failure}")),
            false => failures.push(format!("--trace {failure}")),
        }
    }
    if let (Some(file), Some(recording)) = (record, recording)
        && let Err(Failure(why)) = write_recording(args, &terms, recording, &judged, file)
    {
        failures.push(format!("--record {why}"));
    }

    let mut report = Report::new(name.as_str(), header.profile, header.seed, &filter);
    report.handler_file = handler_file.map(|file| file.display().to_string());
    report.add_items(judged.session());
    if !args.allow_failure && left.is_none() && !interrupt.came() {
        report.failure = SessionFailure::find(judged.session()).map(|failure| failure.to_string());
    }
    let record = CaseRecord { error: broken_off, debug: Some(debug), ..judged.take_record("run", Some(replay)) };
    report.add_case(record, judged.monitor(), &filter);
    report.judge_baseline(Scope::Sample);
    if let Err(Failure(why)) = output.deliver_report(&report, args.format.into()) {
        failures.push(why);
    }
    Ended::after(&failures, report.failed())
}

/// What a person sees of the session, and how it can be stopped.
struct Shown {
    live: Live,
    interrupt: Interrupt,
}

impl Watcher for Shown {
    fn started(&mut self, controls: Controls) {
        self.interrupt.listen(controls, self.live.teller());
    }

    fn event(&mut self, event: &Event, session: &Session) {
        self.live.observe(event, session);
    }

    fn ended(&mut self) {
        self.interrupt.session_is_over();
        self.live.finish();
    }
}

/// Writes what was done as a scenario that expects what came.
fn write_recording(
    args: &RunArgs,
    terms: &Terms,
    recording: Recording,
    judged: &Judged,
    file: &Path,
) -> Result<(), Failure> {
    let handler = args.handler.given();
    let title = format!("Recorded from a session with {}", handler.word());
    let scenario = sessions::ordinary(&args.session, terms, &title);
    let findings: Vec<Finding> = judged.found().iter().map(|found| found.finding.clone()).collect();
    let steps = StepOutcomes::default();
    // Of the events nothing is expected that is not said otherwise.
    let came = Observed { events: &[], session: judged.session(), findings: &findings, steps: &steps };
    let recorded = Recorded { scenario, recording, handler };
    tell(sessions::record(&recorded, file, scenario::observed(&came))?);
    Ok(())
}
