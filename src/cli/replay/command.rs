//! The command: replays scenarios side by side, and reports in their order.

use std::path::PathBuf;

use super::one::{Replay, Replayed};
use super::{blessed, files, show};
use crate::cli::args::{JudgeFormat, ReplayArgs};
use crate::cli::break_on;
use crate::cli::exit::{Ended, Failure};
use crate::cli::interrupt::{self, Interrupt};
use crate::cli::judging;
use crate::cli::output::{Output, keep_apart};
use crate::report::{Filter, Paint, Report, Scope, beside};
use crate::runner::{Stop, side_by_side};

pub(in crate::cli) fn replay(args: &ReplayArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    let break_on = break_on::asked(&args.break_on, args.in_process)?;
    let scenarios = files::scenarios(&args.scenarios)?;
    for scenario in &scenarios {
        let read = ("a scenario that is to be replayed", Some(scenario.as_path()));
        keep_apart(("--trace", args.trace.as_deref()), read)?;
    }
    keep_apart(("--trace", args.trace.as_deref()), ("the file of --baseline", args.judge.baseline.as_deref()))?;
    let read = scenarios.iter().map(|scenario| ("a scenario that is to be replayed", scenario.as_path()));
    let output = judging::output(&args.judge, read)?;
    let traces = args.trace.as_deref().map(|to| files::traces(to, &scenarios)).transpose()?;
    let replay = Replay { args, filter: &filter, break_on: &break_on };
    let stop = Stop::default();
    let interrupt = Interrupt::default();
    interrupt.listen_to_stop(&stop, "what was replayed is reported");
    let ended = side_by_side(args.jobs, scenarios.len(), |at| {
        let trace = traces.as_ref().and_then(|traces| traces.get(at)).map(PathBuf::as_path);
        stop.unless_stopped(|controls| replay.of(&scenarios[at], trace, controls))
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
        failures.extend(replayed.trouble.clone());
        if let Some((expect, changes)) = &replayed.blessed
            && replayed.broken_off.is_none()
            && !changes.is_empty()
        {
            match blessed::write(file, expect) {
                Ok(()) => changes.iter().for_each(|change| blessings += &format!("{}: {change}\n", file.display())),
                Err(Failure(why)) => failures.push(why),
            }
        }
        let header = &replayed.header;
        let report = report.get_or_insert_with(|| Report::new(&*replayed.handler, header.profile, header.seed, filter));
        report.agree_with(&replayed.handler, header.seed);
        let before = report.findings.len();
        add(report, &mut replayed, filter);
        text += &show::scenario(&replayed, report, &report.findings[before..], all, &paint);
    }
    let mut failed = false;
    let interrupted =
        interrupted.then(|| interrupt::interrupted(("scenario", "begun"), scenarios.len(), not_begun, broken_off));
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

/// Adds the case. What is expected to be found is nothing to complain of.
fn add(report: &mut Report, replayed: &mut Replayed, filter: &Filter) {
    let mut case = replayed.judged.take_record(&replayed.file.display().to_string(), Some(replayed.again.clone()));
    case.found.retain(|found| !replayed.expects(found.finding.rule));
    case.omitted.retain(|rule| !replayed.expects(rule));
    case.handler = Some(replayed.handler.clone());
    case.error.clone_from(&replayed.broken_off);
    case.expectations = Some(replayed.expectations.clone());
    report.add_case(case, replayed.judged.monitor(), filter);
}
