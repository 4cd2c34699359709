//! Holds the sessions of the suite, and judges each.

use std::path::PathBuf;

use crate::cli::again;
use crate::cli::args::ConformArgs;
use crate::cli::exit::Failure;
use crate::cli::sessions;
use crate::conform::{self, Known};
use crate::host::Controls;
use crate::job::{Handler, Terms};
use crate::protocol::{Event, Profile, Session};
use crate::report::Filter;
use crate::rules::Finding;
use crate::runner::{self, Judged, JudgedSession, RunOptions, Watcher};
use crate::scenario::{self, Scenario, StepCame, Steps};

/// How many sessions shrinking may take.
const MOST_TRIALS: usize = 300;

/// What is run.
pub(super) struct Suite<'a> {
    pub(super) args: &'a ConformArgs,
    pub(super) filter: &'a Filter,
    pub(super) handler: &'a Handler,
    pub(super) profile: Profile,
    pub(super) known: Known,
}

/// Learns of the handler what its first session shows.
struct Survey<'a> {
    watcher: &'a mut dyn Watcher,
    known: Known,
}

impl Watcher for Survey<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, session: &Session) {
        self.known.observe(event, session);
    }
}

/// One session to hold.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) name: String,
    pub(super) scenario: Scenario,
    /// It is a random session, and has no name of its own.
    pub(super) random: bool,
}

/// What came of it.
pub(super) struct Came {
    pub(super) name: String,
    pub(super) judged: Judged,
    pub(super) replay: String,
    /// Why it says nothing: the step that it is about did not come.
    pub(super) skipped: Option<String>,
    /// Why it was not held to its end.
    pub(super) broken_off: Option<String>,
}

impl Suite<'_> {
    /// Learns what there is to know of the handler.
    pub(super) fn survey(&mut self, watcher: &mut dyn Watcher) -> Result<(), Failure> {
        let mut survey = Survey { watcher, known: Known::default() };
        let terms = self.terms(&conform::survey(self.profile));
        runner::run(self.handler, &terms, &self.options(None)?, &mut survey).map_err(sessions::run_failure)?;
        self.known = survey.known;
        Ok(())
    }

    fn options(&self, trace: Option<PathBuf>) -> Result<RunOptions, Failure> {
        let isolation = sessions::isolation(self.args.in_process)?;
        Ok(RunOptions { isolation, trace, ..RunOptions::default() })
    }

    fn terms(&self, scenario: &Scenario) -> Terms {
        let mut terms = Terms::scenario(scenario.clone());
        terms.limits.timeout_ns = self.args.timeout.unwrap_or(terms.limits.timeout_ns);
        terms.limits.blocking_ns = self.args.blocking_limit.unwrap_or(terms.limits.blocking_ns);
        terms
    }

    /// Holds one session.
    pub(super) fn run(&self, task: &Task, watcher: &mut dyn Watcher) -> Result<Came, Failure> {
        let trace = self.args.trace.as_ref().map(|folder| folder.join(format!("{}.jsonl", task.name)));
        let (judged, steps, left) = self.judge(&task.scenario, trace, watcher)?;
        let fails = self.failing(task, &judged).next().is_some();
        let steps = steps.map(|steps| steps.came(judged.items())).unwrap_or_default();
        // A random session has steps that do not come; they are no matter.
        let missed = steps.into_iter().find(|(_, came, _)| *came != StepCame::Taken).filter(|_| !task.random);
        let skipped =
            missed.filter(|_| judged.found().is_empty()).map(|(step, _, why)| format!("`{}`: {why}", step.action));
        let replay = match (&self.args.scenarios, fails) {
            (Some(folder), true) => {
                let scenario = if task.random { self.shrunk(task, &judged) } else { task.scenario.clone() };
                let file = folder.join(format!("{}.json", task.name));
                let expect = scenario::Expect {
                    findings: Some(scenario::ExpectFindings::Exactly(Vec::new())),
                    ..Default::default()
                };
                let scenario = Scenario { expect, ..scenario };
                std::fs::write(&file, scenario::to_text(&scenario)?)
                    .map_err(|error| Failure(format!("--scenarios {}: {error}", file.display())))?;
                again::of_scenario(self.args, &file)
            }
            _ if task.random => again::of_conform(self.args, None, Some(task.scenario.seed)),
            _ => again::of_conform(self.args, Some(&task.name), None),
        };
        let broken_off = left.then(|| "the session was left before its end".to_owned());
        Ok(Came { name: task.name.clone(), judged, replay, skipped, broken_off })
    }

    fn judge(
        &self,
        scenario: &Scenario,
        trace: Option<PathBuf>,
        watcher: &mut dyn Watcher,
    ) -> Result<(Judged, Option<Steps>, bool), Failure> {
        let terms = self.terms(scenario);
        let ran = runner::run(self.handler, &terms, &self.options(trace)?, watcher);
        let JudgedSession { judged, left, exhausted, steps, trace_failure, .. } = ran.map_err(sessions::run_failure)?;
        match trace_failure {
            Some(why) => Err(Failure(format!("--trace {why}"))),
            None => Ok((judged, steps, left || exhausted)),
        }
    }

    /// What makes the session fail.
    fn failing<'a>(&'a self, task: &'a Task, judged: &'a Judged) -> impl Iterator<Item = &'a Finding> {
        let handler = self.handler.name();
        judged.found().iter().map(|found| &found.finding).filter(move |finding| {
            self.filter.keeps(finding.rule)
                && self.filter.fails(finding.level)
                && !self.filter.baseline.accepts(&handler, &task.name, finding)
        })
    }

    /// The shortest scenario that breaks the same rule.
    fn shrunk(&self, task: &Task, judged: &Judged) -> Scenario {
        let scenario = &task.scenario;
        let Some(rule) = self.failing(task, judged).map(|finding| finding.rule).next() else { return scenario.clone() };
        let mut fails = |candidate: &Scenario| {
            let judged = self.judge(candidate, None, &mut ());
            judged.is_ok_and(|(judged, ..)| self.failing(task, &judged).any(|finding| finding.rule == rule))
        };
        let shrunk = conform::shrink(scenario, &self.known, MOST_TRIALS, &mut fails);
        let title = format!("The shortest session that breaks {}, of {}", rule.code, scenario.title);
        Scenario { title, ..shrunk.scenario }
    }
}
