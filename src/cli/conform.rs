//! `mobsync conform`.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{ConformArgs, JudgeFormat};
use super::break_on;
use super::ended::{Ended, Failure};
use super::failing;
use super::interrupt::Interrupt;
use super::judging;
use super::output::{is_dumb_terminal, make_folder, print, tell};
use super::reproduce;
use super::sessions;
use crate::conform::{Case, Hooks, NoSuchCase, Suite, SuiteError, SuiteOptions, SuiteWatcher};
use crate::protocol::{column_width, padded};
use crate::report::{self, Filter, message, plain};
use crate::runner::Stop;

pub(super) fn conform(args: &ConformArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    if args.sessions.is_some_and(|sessions| sessions > MOST_SESSIONS) {
        return Err(Failure(format!(
            "--sessions: at most {MOST_SESSIONS} sessions can be run at once; use --seed for others"
        )));
    }
    if let Some(file) = &args.failing {
        failing::check(file)?;
    }
    let given = args.handler.given();
    let handler = given.find()?;
    for (option, folder) in [("--scenarios", &args.scenarios), ("--trace", &args.trace)] {
        if let Some(folder) = folder {
            make_folder(option, folder)?;
        }
    }
    let file = given.file();
    let output = judging::output(&args.judge, file.as_deref().map(|file| ("the handler's file", file)))?;
    let output = output.listed(args.verbose);
    let debug = reproduce::debug_conform(args, handler.is_native_here());
    let suite = Suite::of(handler).with(options(args, filter)?);
    let suite = suite.reproduced_by(reproduce::of_conform(args)).debugged_by(debug);
    let (stop, interrupt) = (Stop::default(), Interrupt::default());
    interrupt.listen_to_stop(&stop, "the report has the sessions that ran");
    if args.list {
        let cases = suite.cases_unless_stopped(&stop).map_err(failure)?;
        let cases = cases
            .ok_or_else(|| Failure("interrupted: the session that finds the cases was not finished".to_owned()))?;
        list(&cases, args.format)?;
        return Ok(Ended::Well);
    }

    #[cfg(target_os = "linux")]
    crate::job::fork_every_worker();
    let progress = Progress::new(args.verbose, args.judge.quiet);
    let mut report = suite.run_watched(&stop, &progress).map_err(failure)?;
    progress.bar.finish_and_clear();
    interrupt.session_is_over();
    report.handler_file = file.map(|file| file.display().to_string());
    if let Some(file) = &args.failing {
        failing::write(file, &report)?;
    }
    let mut failures = report.incomplete();
    if let Err(Failure(why)) = output.deliver_report(&report, args.format.into()) {
        failures.push(why);
    }
    Ended::after(&failures, report.failed())
}

/// How many random sessions there are if only their strategy is given.
const SESSIONS_OF_STRATEGY: u64 = 20;

/// The report has a line for each of them.
const MOST_SESSIONS: u64 = 10_000_000;

fn options(args: &ConformArgs, filter: Filter) -> Result<SuiteOptions, Failure> {
    Ok(SuiteOptions {
        profile: args.profile.map(Into::into).unwrap_or_default(),
        cases: args.case.clone(),
        skip: args.skip.clone(),
        first: args.failing.as_deref().map(failing::read).unwrap_or_default(),
        max_fail: if args.fail_fast { Some(NonZero::<usize>::MIN) } else { args.max_fail },
        repeat: args.repeat,
        hooks: Hooks { before: args.before_case.clone(), after: args.after_case.clone() },
        sessions: args.sessions.unwrap_or(if args.strategy.is_some() { SESSIONS_OF_STRATEGY } else { 0 }),
        seed: args.seed,
        partition: args.partition,
        jobs: args.jobs,
        timeout_ns: args.timeout,
        blocking_ns: args.blocking_limit,
        progress_ns: args.progress_limit,
        strict: sessions::strict(),
        strategy: args.strategy,
        order: args.order.as_ref().map(|order| order.0.clone()),
        isolation: sessions::isolation(args.in_process)?,
        scenarios: args.scenarios.clone(),
        handler: Some(args.handler.given()),
        traces: args.trace.clone(),
        trace_limit: sessions::trace_limit(args.trace_limit),
        session_ns: args.session_limit,
        break_on: break_on::asked(&args.break_on, args.in_process)?,
        explore: args.explore.options_of_suite(),
        draw: args.judge.to.draws(Some(args.format.into())),
        filter,
    })
}

/// Why the suite was not run, with the option that is to blame.
pub(super) fn failure(error: SuiteError) -> Failure {
    match error {
        SuiteError::NoSuchCase(error) => no_such_case("--case", &error),
        SuiteError::NoSuchCaseToSkip(error) => no_such_case("--skip", &error),
        SuiteError::Hook(error) => Failure(format!("--{}-case: {error}", error.when)),
        SuiteError::Survey(error) => sessions::run_failure(error),
        error => error.into(),
    }
}

fn no_such_case(option: &str, error: &NoSuchCase) -> Failure {
    let list = if error.near.is_none() { "; --list shows the cases" } else { "" };
    Failure(format!("{option} {error}{list}"))
}

/// Shows on standard error how far the suite is, and what is wrong as soon as it is known.
struct Progress {
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    /// Print every case, and not only those that fail.
    all: bool,
    /// The rules of which a finding was printed, each with the first case.
    shown: Mutex<BTreeSet<&'static str>>,
}

impl Progress {
    fn new(all: bool, quiet: bool) -> Self {
        let shown = Mutex::default();
        if quiet || !std::io::stderr().is_terminal() || is_dumb_terminal() {
            return Self { bar: ProgressBar::hidden(), all, shown };
        }
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} sessions, {elapsed}");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, all, shown }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| tell(line));
    }
}

impl SuiteWatcher for Progress {
    fn begins(&self, sessions: usize) {
        self.bar.set_length(sessions as u64);
    }

    fn session_ended(&self, _: &str) {
        self.bar.inc(1);
    }

    fn case_judged(&self, case: &report::Case, findings: &[report::FindingRow]) {
        if !self.all && (self.bar.is_hidden() || !case.outcome.is_bad()) {
            return;
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let fails = |row: &&report::FindingRow| row.consequence_of.is_none() && row.accepted.is_none();
        let mut rules = BTreeSet::new();
        let mut lines = vec![format!("{}: {}", plain(&case.name), case.outcome.words())];
        for row in findings.iter().filter(fails).filter(|row| rules.insert(row.rule)) {
            // The whole of a mistake once; in other cases, its rule.
            lines.push(match shown.insert(row.rule) {
                true => format!("  {} {} {}: {}", row.level, row.rule, row.name, message(&row.message)),
                false => format!("  {} {} {}, as before", row.level, row.rule, row.name),
            });
        }
        lines.extend(case.error.as_ref().map(|why| format!("  {}", plain(why))));
        self.say(&lines.join("\n"));
    }
}

/// The codes of the rules that the case is there for.
fn codes(case: &Case) -> Vec<&'static str> {
    case.rules.iter().map(|rule| rule.code).collect()
}

/// Prints the cases and their rules.
fn list(cases: &[Case], format: JudgeFormat) -> Result<(), Failure> {
    let text = match format {
        JudgeFormat::Human => {
            let width = column_width(cases.iter().map(|case| case.name.as_str()));
            let line = |case: &Case| {
                let about = match &case.skipped {
                    Some(why) => format!("skipped because {why}"),
                    None => codes(case).join(", "),
                };
                format!("{}  {}\n", padded(&plain(&case.name), width), plain(&about))
            };
            cases.iter().map(line).collect::<String>()
        }
        JudgeFormat::Json => {
            let entry = |case: &Case| {
                serde_json::json!({
                    "name": case.name, "rules": codes(case), "skipped": case.skipped, "scenario": case.scenario,
                })
            };
            let entries: Vec<_> = cases.iter().map(entry).collect();
            format!("{}\n", crate::json::to_string_pretty(&entries)?)
        }
        JudgeFormat::Junit | JudgeFormat::Sarif | JudgeFormat::Github | JudgeFormat::Html => {
            return Err(Failure("--list has only the formats human and json, because no session runs".to_owned()));
        }
    };
    print(text.as_bytes())
}
