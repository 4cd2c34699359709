//! `mobsync run --explore`.

use std::path::Path;

use super::args::RunArgs;
use super::ended::{Ended, Failure};
use super::interrupt::Interrupt;
use super::judging;
use super::output::{keep_apart, make_folder};
use super::reproduce;
use super::sessions;
use crate::host::explore::Deviation;
use crate::job::{Handler, Terms};
use crate::json::files;
use crate::protocol::plain_path;
use crate::report::{CaseRecord, Exploration, Filter, Report, Scope};
use crate::runner::{self, ExploreOptions, RunOptions, Stop, explore};
use crate::scenario::{self, Expect, ExpectFindings, Scenario};

pub(super) fn run(args: &RunArgs, options: &ExploreOptions, filter: &Filter) -> Result<Ended, Failure> {
    let given = args.handler.given();
    let handler = given.find()?;
    let file = given.file();
    for (option, path) in args.judge.to.written() {
        keep_apart((option, Some(path)), ("the handler's file", file.as_deref()))?;
    }
    let left_out = [
        ("--seed", args.session.seed.is_some()),
        ("--trace", args.session.trace.is_some()),
        ("--record", args.record.is_some()),
    ];
    if let Some((option, _)) = left_out.iter().find(|(_, given)| *given) {
        return Err(Failure(format!("{option} is about one session, and --explore runs many; leave one of them out")));
    }
    if let Some(folder) = &args.scenarios {
        make_folder("--scenarios", folder)?;
    }
    let output = judging::output(&args.judge, file.as_deref().map(|file| ("the handler's file", file)))?;
    let terms = sessions::terms(&args.session)?;
    let scenario = sessions::ordinary(&args.session, &terms, "An ordinary session");
    let (stop, interrupt) = (Stop::default(), Interrupt::default());
    interrupt.listen_to_stop(&stop, "the report has the schedules that were run");
    let mut explored = explore(&handler, &scenario, options, &|| stop.is_stopped())?;
    explored.causes.retain(|cause| filter.keeps(cause.rule));
    interrupt.session_is_over();

    let mut report = Report::new(handler.name(), terms.profile, None, filter);
    report.handler_file = file.map(|file| file.display().to_string());
    let mut schedules: Vec<&[Deviation]> = explored.causes.iter().map(|cause| cause.schedule.as_slice()).collect();
    schedules.push(&[]);
    schedules.sort_unstable_by_key(|schedule| schedule.len());
    schedules.dedup();
    for (at, schedule) in schedules.iter().enumerate() {
        let name = if schedule.is_empty() { "usual order".to_owned() } else { format!("schedule-{at}") };
        let scenario = Scenario { schedule: Some(schedule.to_vec()), ..scenario.clone() };
        let record = one(args, &handler, &scenario, &name)?;
        let (record, judged) = record;
        report.add_case(record, judged.monitor(), filter);
    }
    let exploration = Exploration::new("run", options, &explored);
    let failures: Vec<String> =
        if stop.is_stopped() { vec!["interrupted: not every schedule was run".to_owned()] } else { Vec::new() };
    report.unfinished.clone_from(&failures);
    report.exploration.push(exploration);
    report.judge_baseline(Scope::Sample);
    let mut failures = report.incomplete();
    if let Err(Failure(why)) = output.deliver_report(&report, args.format.into()) {
        failures.push(why);
    }
    Ended::after(&failures, report.failed())
}

/// Runs the scenario once in its order, for the report.
fn one(
    args: &RunArgs,
    handler: &Handler,
    scenario: &Scenario,
    name: &str,
) -> Result<(CaseRecord, runner::Judged), Failure> {
    let keep_events = args.judge.to.draws(Some(args.format.into()));
    let options = RunOptions { keep_events, ..RunOptions::default() };
    let ran =
        runner::run(handler, &Terms::scenario(scenario.clone()), &options, &mut ()).map_err(sessions::run_failure)?;
    let broken_off = ran.broken_off();
    let mut judged = ran.judged;
    let replay = match &args.scenarios {
        Some(folder) if !judged.found().is_empty() => {
            let path = folder.join(format!("{}.json", name.replace(' ', "-")));
            write(scenario, args, &path)?;
            reproduce::of_recorded(&path, &args.handler.given())
        }
        _ => reproduce::of_schedule(args, scenario.schedule.as_deref().unwrap_or_default()),
    };
    let record = CaseRecord { error: broken_off, ..judged.take_record(name, Some(replay)) };
    Ok((record, judged))
}

/// Writes a scenario that expects that nothing is found.
fn write(scenario: &Scenario, args: &RunArgs, path: &Path) -> Result<(), Failure> {
    let expect = Expect { findings: Some(ExpectFindings::Exactly(Vec::new())), ..Expect::default() };
    let title = "An order of the threads that shows a finding".to_owned();
    let scenario = Scenario { expect, title, ..scenario.clone() };
    let text = scenario::to_text(&runner::naming(scenario, &args.handler.given(), path))?;
    files::write_whole(path, text.as_bytes()).map_err(|error| Failure(format!("{}: {error}", plain_path(path))))
}
