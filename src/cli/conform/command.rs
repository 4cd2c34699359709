//! The command: chooses what is run, runs it side by side, and reports.

use std::num::NonZero;

use indicatif::{ProgressBar, ProgressStyle};

use super::list::list;
use super::suite::{Came, Suite, Task};
use crate::cli::args::ConformArgs;
use crate::cli::exit::{Ended, Failure};
use crate::cli::interrupt::{Interrupt, interrupted};
use crate::cli::judging;
use crate::cli::output::{is_dumb_terminal, make_folder};
use crate::cli::report::undone;
use crate::conform::{self, Case, Known};
use crate::protocol::nearest;
use crate::report::{Filter, Partition, Report, Scope};
use crate::runner::{Stop, in_order};

pub(in crate::cli) fn conform(args: &ConformArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    let given = args.handler.given();
    let handler = given.find()?;
    let profile = args.profile.map(Into::into).unwrap_or_default();
    for (option, folder) in [("--scenarios", &args.scenarios), ("--trace", &args.trace)] {
        if let Some(folder) = folder {
            make_folder(option, folder)?;
        }
    }
    let file = given.file();
    let output = judging::output(&args.judge, file.as_deref().map(|file| ("the handler's file", file)))?;
    let mut suite = Suite { args, filter: &filter, handler: &handler, profile, known: Known::default() };
    let stop = Stop::default();
    let interrupt = Interrupt::default();
    interrupt.listen_to_stop(&stop, "what was held is reported");
    stop.unless_stopped(|watcher| suite.survey(watcher)).transpose()?;
    let is_surveyed = !interrupt.came();
    let Chosen { tasks, skipped, partition } = if is_surveyed {
        let cases = conform::cases(&suite.known, profile, handler.is_native());
        if args.list {
            list(&cases, args.format)?;
            return Ok(Ended::Well);
        }
        tasks(args, chosen(args, cases)?)
    } else {
        Chosen::default()
    };

    let bar = progress_bar(tasks.len());
    let seed = (args.sessions > 0).then_some(args.seed);
    let mut report = Report::new(handler.name(), profile, seed, &filter);
    report.partition = partition;
    report.handler_file = file.map(|file| file.display().to_string());
    let (mut not_begun, mut broken_off) = (0, 0);
    // A library that is loaded once for all sessions cannot tell them apart: whether it is in use, it says of all.
    let jobs = if args.in_process && handler.is_native() { Some(NonZero::<u16>::MIN) } else { args.jobs };
    let one = |at| {
        let task = tasks.get(at, &suite);
        let came = stop.unless_stopped(|watcher| suite.run(&task, watcher));
        bar.inc(1);
        (task.name, came)
    };
    in_order(jobs, tasks.len(), one, |_, (name, came)| match came {
        Some(Ok(came)) => {
            broken_off += usize::from(came.broken_off.is_some());
            add(&mut report, came, &filter);
        }
        Some(Err(Failure(why))) => report.add_unread(&name, why),
        None => not_begun += 1,
    });
    bar.finish_and_clear();
    interrupt.session_is_over();

    for Case { name, skipped, .. } in skipped {
        report.add_skipped(&name, skipped.unwrap_or_default());
    }
    if !is_surveyed {
        let why = "interrupted: the session that shows what there is to test was left, and no other was held";
        report.unfinished.push(why.to_owned());
    } else if interrupt.came() {
        report.unfinished.push(interrupted(("session", "held"), tasks.len(), not_begun, broken_off));
    }
    let mut failures = undone(&report);
    report.judge_baseline(match (args.case.is_empty(), args.partition) {
        (true, None) if is_surveyed => Scope::Suite,
        _ => Scope::Part,
    });
    if let Err(Failure(why)) = output.deliver_report(&report, args.format.into()) {
        failures.push(why);
    }
    Ended::after(&failures, report.failed())
}

/// The cases that `--case` names; all without it.
fn chosen(args: &ConformArgs, cases: Vec<Case>) -> Result<Vec<Case>, Failure> {
    for name in &args.case {
        if cases.iter().all(|case| case.name != *name) {
            let near = nearest(name, cases.iter().map(|case| case.name.as_str()));
            let meant = near.map_or_else(|| "--list shows them".to_owned(), |near| format!("did you mean {near}?"));
            return Err(Failure(format!("--case {name}: there is no such case; {meant}")));
        }
    }
    let is_chosen = |case: &Case| args.case.is_empty() || args.case.contains(&case.name);
    Ok(cases.into_iter().filter(is_chosen).collect())
}

/// The sessions to hold. A random one is made when its turn comes.
#[derive(Default)]
struct Tasks {
    fixed: Vec<Task>,
    seeds: Vec<u64>,
}

impl Tasks {
    fn len(&self) -> usize {
        self.fixed.len() + self.seeds.len()
    }

    fn get(&self, at: usize, suite: &Suite<'_>) -> Task {
        if let Some(task) = self.fixed.get(at) {
            return task.clone();
        }
        let seed = self.seeds.get(at - self.fixed.len()).copied().unwrap_or_default();
        Task { name: random_name(seed), scenario: conform::scenario(seed, suite.profile, &suite.known), random: true }
    }
}

fn random_name(seed: u64) -> String {
    format!("random-{seed}")
}

/// What this part of the suite holds, what does not apply, and what the whole suite is.
#[derive(Default)]
struct Chosen {
    tasks: Tasks,
    skipped: Vec<Case>,
    partition: Option<Partition>,
}

fn tasks(args: &ConformArgs, cases: Vec<Case>) -> Chosen {
    let (part, parts) = args.partition.unwrap_or((1, 1));
    let of_this_part = |at: usize| at % parts == part - 1;
    let seed = |nth: u64| args.seed.wrapping_add(nth);
    // The order of a report of the whole: what was held, and then what does not apply.
    let whole = || {
        let named = |skipped: bool| cases.iter().filter(move |case| case.skipped.is_some() == skipped);
        let held = named(false).map(|case| case.name.clone());
        let random = (0..args.sessions).map(|nth| random_name(seed(nth)));
        held.chain(random).chain(named(true).map(|case| case.name.clone())).collect()
    };
    let partition = args.partition.map(|(part, of)| Partition { part, of, suite: whole() });
    let here = cases.into_iter().enumerate().filter(|(at, _)| of_this_part(*at)).map(|(_, case)| case);
    let (skipped, cases): (Vec<Case>, Vec<Case>) = here.partition(|case| case.skipped.is_some());
    let fixed = cases.into_iter().map(|case| Task { name: case.name, scenario: case.scenario, random: false });
    // A session that is asked for by its seed alone is what `--seed N --sessions 1` is for.
    let random = (0..args.sessions).filter(|nth| of_this_part(usize::try_from(*nth).unwrap_or(0))).map(seed);
    Chosen { tasks: Tasks { fixed: fixed.collect(), seeds: random.collect() }, skipped, partition }
}

fn add(report: &mut Report, mut came: Came, filter: &Filter) {
    if let Some(why) = came.skipped {
        return report.add_skipped(&came.name, why);
    }
    let mut record = came.judged.take_record(&came.name, Some(came.replay));
    record.error = came.broken_off;
    report.add_case(record, came.judged.monitor(), filter);
}

/// Shown on a terminal only.
fn progress_bar(many: usize) -> ProgressBar {
    use std::io::IsTerminal;
    if !std::io::stderr().is_terminal() || is_dumb_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} sessions, {elapsed}");
    ProgressBar::new(many as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
