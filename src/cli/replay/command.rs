//! The command: replays scenarios side by side, and reports in their order.

use std::path::PathBuf;

use super::show;
use crate::cli::args::{JudgeFormat, ReplayArgs};
use crate::cli::break_on;
use crate::cli::exit::{Ended, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::judging;
use crate::cli::output::{Output, keep_apart};
use crate::cli::reproduce;
use crate::cli::sessions;
use crate::report::{Filter, Paint, Report, Scope, beside};
use crate::runner::{self, ReplayError, ReplayOptions, Replayed, RunOptions, Stop, side_by_side};
use crate::scenario;

pub(in crate::cli) fn replay(args: &ReplayArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    let break_on = break_on::asked(&args.break_on, args.in_process)?;
    let scenarios = runner::find_scenarios(&args.scenarios)?;
    for scenario in &scenarios {
        let read = ("a scenario that is to be replayed", Some(scenario.as_path()));
        keep_apart(("--trace", args.trace.as_deref()), read)?;
    }
    keep_apart(("--trace", args.trace.as_deref()), ("the file of --baseline", args.judge.baseline.as_deref()))?;
    let read = scenarios.iter().map(|scenario| ("a scenario that is to be replayed", scenario.as_path()));
    let output = judging::output(&args.judge, read)?;
    let traces = args.trace.as_deref().map(|to| runner::trace_places(to, &scenarios)).transpose();
    let traces = traces.map_err(|error| Failure(format!("--trace {error}")))?;
    let isolation = sessions::isolation(args.in_process)?;
    let options = ReplayOptions {
        handler: args.handler.given(),
        run: RunOptions { isolation, break_on, trace: None },
        timeout_ns: args.timeout,
        blocking_ns: args.blocking_limit,
        bless: args.bless,
        acceptance: &filter,
    };
    let stop = Stop::default();
    let interrupt = Interrupt::default();
    interrupt.listen_to_stop(&stop, "what was replayed is reported");
    let ended = side_by_side(args.jobs, scenarios.len(), |at| {
        let trace = traces.as_ref().and_then(|traces| traces.get(at)).map(PathBuf::as_path);
        stop.unless_stopped(|watcher| runner::replay(&scenarios[at], &options, trace, watcher).map_err(failure))
    });
    interrupt.session_is_over();
    report(args, &filter, &scenarios, ended, output, interrupt.came())
}

type Outcome = Option<Result<Replayed, Failure>>;

fn report(
    args: &ReplayArgs,
    filter: &Filter,
    scenarios: &[PathBuf],
    ended: Vec<Outcome>,
    output: Output,
    interrupted: bool,
) -> Result<Ended, Failure> {
    let paint = Paint::new(output.colour());
    let mut failures = Vec::new();
    let mut blessings = String::new();
    let mut text = String::new();
    let mut report: Option<Report> = None;
    let mut unread = Vec::new();
    let (mut not_begun, mut broken_off) = (0, 0);
    let all = args.verbose || scenarios.len() == 1;
    for (file, outcome) in scenarios.iter().zip(ended) {
        let mut replayed = match outcome {
            Some(Ok(replayed)) => replayed,
            Some(Err(Failure(why))) => {
                unread.push((file.display().to_string(), why.clone()));
                failures.push(why);
                continue;
            }
            None => {
                not_begun += 1;
                continue;
            }
        };
        broken_off += usize::from(replayed.broken_off.is_some());
        failures.extend(replayed.trace_failure.as_ref().map(|failure| format!("--trace {failure}")));
        if let Some((expect, changes)) = &replayed.blessed
            && replayed.broken_off.is_none()
            && !changes.is_empty()
        {
            match scenario::rewrite(file, expect) {
                Ok(()) => changes.iter().for_each(|change| blessings += &format!("{}: {change}\n", file.display())),
                Err(error) => failures.push(error.to_string()),
            }
        }
        let header = &replayed.header;
        let report = report.get_or_insert_with(|| Report::new(&*replayed.handler, header.profile, header.seed, filter));
        report.agree_with(&replayed.handler, header.seed);
        let before = report.findings.len();
        let reproduce = reproduce::of_replay(args, file);
        let case = replayed.take_record(Some(reproduce.clone()));
        report.add_case(case, replayed.judged.monitor(), filter);
        text += &show::scenario(&replayed, &reproduce, report, &report.findings[before..], all, &paint);
    }
    let mut failed = false;
    let interrupted =
        interrupted.then(|| runner::interrupted(("scenario", "begun"), scenarios.len(), not_begun, broken_off));
    if let Some(mut report) = report {
        report.unfinished.extend(interrupted.clone());
        unread.iter().for_each(|(case, why)| report.add_unread(case, why.clone()));
        report.judge_baseline(Scope::Sample);
        failed = report.failed();
        let delivered = match args.format {
            JudgeFormat::Human => {
                output.deliver(&(text + &beside(&report, &paint) + &show::total(&report, &paint) + &blessings))
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

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::Run(error) => sessions::run_failure(error),
        error => error.into(),
    }
}
