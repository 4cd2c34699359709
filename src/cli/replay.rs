//! `mobsync replay`: replays scenarios at the same time, and reports in their order.

use std::path::PathBuf;

use super::args::{JudgeFormat, ReplayArgs};
use super::break_on;
use super::ended::{Ended, Failure};
use super::interrupt::Interrupt;
use super::judging;
use super::output::{Output, keep_apart};
use super::reproduce;
use super::sessions;
use crate::host::Order;
use crate::manager;
use crate::protocol::plain_path;
use crate::report::{Filter, Format, Replays};
use crate::runner::{self, ReplayError, ReplayOptions, Replayed, RunOptions, Stop, side_by_side};
use crate::scenario::{self, RewriteError};

pub(super) fn replay(args: &ReplayArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    let break_on = break_on::asked(&args.break_on, args.in_process)?;
    let scenarios = runner::find_scenarios(&args.scenarios)?;
    for scenario in &scenarios {
        let read = ("a scenario to replay", Some(scenario.as_path()));
        keep_apart(("--trace", args.trace.as_deref()), read)?;
    }
    keep_apart(("--trace", args.trace.as_deref()), ("the file of --baseline", args.judge.baseline.as_deref()))?;
    let read = scenarios.iter().map(|scenario| ("a scenario to replay", scenario.as_path()));
    let output = judging::output(&args.judge, read)?;
    let traces = args.trace.as_deref().map(|to| runner::trace_places(to, &scenarios)).transpose();
    let traces = traces.map_err(|error| Failure(format!("--trace {error}")))?;
    for trace in traces.iter().flatten() {
        for (option, path) in args.judge.to.written() {
            keep_apart((option, Some(path)), ("a file of --trace", Some(trace.as_path())))?;
        }
    }
    let isolation = sessions::isolation(args.in_process)?;
    let options = ReplayOptions {
        handler: args.handler.given(),
        run: RunOptions {
            isolation,
            break_on,
            trace: None,
            trace_limit: sessions::trace_limit(args.trace_limit),
            user: None,
            keep_events: args.judge.to.draws(Some(args.format.into())),
        },
        session_ns: args.session_limit,
        timeout_ns: args.timeout,
        blocking_ns: args.blocking_limit,
        progress_ns: args.progress_limit,
        strict: sessions::strict(),
        order: args.strategy.map(|strategy| Order::by(strategy, args.seed)),
        bless: args.bless,
        acceptance: &filter,
    };
    let stop = Stop::default();
    let interrupt = Interrupt::default();
    interrupt.listen_to_stop(&stop, "the report has the scenarios that were replayed");
    let ended = side_by_side(args.jobs, scenarios.len(), |at| {
        let trace = traces.as_ref().and_then(|traces| traces.get(at)).map(PathBuf::as_path);
        stop.unless_stopped(|watcher| manager::replay(&scenarios[at], &options, trace, watcher).map_err(failure))
    });
    interrupt.session_is_over();
    report(args, &filter, &scenarios, ended, output, interrupt.came())
}

fn report(
    args: &ReplayArgs,
    filter: &Filter,
    scenarios: &[PathBuf],
    ended: Vec<Option<Result<Replayed, Failure>>>,
    output: Output,
    interrupted: bool,
) -> Result<Ended, Failure> {
    let mut replays = Replays::new(filter, output.colour(), args.verbose || scenarios.len() == 1);
    let (mut failures, mut blessings) = (Vec::new(), String::new());
    let (mut not_begun, mut broken_off) = (0, 0);
    for (file, outcome) in scenarios.iter().zip(ended) {
        let replayed = match outcome {
            Some(Ok(replayed)) => replayed,
            Some(Err(Failure(why))) => {
                replays.add_unread(&file.display().to_string(), why.clone());
                failures.push(why);
                continue;
            }
            None => {
                not_begun += 1;
                continue;
            }
        };
        broken_off += usize::from(replayed.broken_off.is_some());
        let cut = replayed.trace_failure.as_ref().filter(|failure| !failure.at_limit);
        failures.extend(cut.map(|failure| format!("--trace {failure}")));
        match bless(&replayed) {
            Ok(changes) => blessings += &changes,
            Err(error) => failures.push(error.to_string()),
        }
        let debug = reproduce::debug_replay(args, &replayed);
        replays.add(replayed, &reproduce::of_replay(args, file), debug);
    }
    let interrupted =
        interrupted.then(|| runner::interrupted(("scenario", "begun"), scenarios.len(), not_begun, broken_off));
    let mut failed = false;
    if let Some((report, text)) = replays.end(interrupted.clone()) {
        failed = report.failed();
        let delivered = match args.format {
            JudgeFormat::Human => {
                let text = if output.is_silent(&report, Format::Human) { String::new() } else { text };
                output.deliver_with(&(text + &blessings), &report)
            }
            format => output.deliver_report(&report, format.into()),
        };
        if let Err(Failure(why)) = delivered {
            failures.push(why);
        }
    }
    failures.extend(interrupted);
    Ended::after(&failures, failed)
}

/// With `--bless`: writes what the scenario expects now, and says what is changed.
fn bless(replayed: &Replayed) -> Result<String, RewriteError> {
    let Some((expect, changes)) = &replayed.blessed else { return Ok(String::new()) };
    if replayed.broken_off.is_some() || changes.is_empty() {
        return Ok(String::new());
    }
    scenario::rewrite(&replayed.file, expect)?;
    Ok(changes.iter().map(|change| format!("{}: {change}\n", plain_path(&replayed.file))).collect())
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::Run(error) => sessions::run_failure(error),
        error => error.into(),
    }
}
