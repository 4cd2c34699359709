//! Runs the sessions of the suite, and judges each.

use std::path::{Path, PathBuf};

use super::suite::{Commands, Reproduce};
use super::tasks::Task;
use super::{Known, SuiteOptions, shrink};
use crate::job::{Handler, Terms};
use crate::json::files;
use crate::protocol::{HandlerId, Instance, Outcome};
use crate::rules::codes::ERRS_08;
use crate::rules::{Finding, Rule};
use crate::runner::{
    self, DebugCommand, Judged, JudgedSession, RunError, RunOptions, Stop, TraceFailure, Watcher, WriteError,
};
use crate::scenario::{self, Action, Expect, ExpectFindings, Scenario, Step, StepCame, Steps};

/// How many sessions shrinking may take.
const MOST_TRIALS: usize = 300;

/// How often a case is run whose step does not come: where that is chance, it comes in one of these sessions.
const MOST_TRIES: usize = 3;

/// What came of one session.
pub(super) struct SessionResult {
    pub(super) name: String,
    pub(super) judged: Judged,
    /// The rules that it is there for.
    pub(super) aims: Vec<&'static Rule>,
    /// How it is reproduced.
    pub(super) reproduce: String,
    /// How it is debugged.
    pub(super) debug: Option<DebugCommand>,
    /// Why it says nothing: the step that it is about did not come.
    pub(super) skipped: Option<String>,
    /// Why it did not come to its end.
    pub(super) broken_off: Option<String>,
}

impl SessionResult {
    /// How the session with the first instance ended; nothing when it was skipped.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let instance = self.judged.session().instance(HandlerId::FIRST).filter(|_| self.skipped.is_none());
        instance.map(Instance::outcome)
    }
}

/// Why nothing came of a session.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("the trace is not complete: {0}")]
    Trace(#[from] TraceFailure),
    #[error("the scenario cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the scenario: {0}")]
    Scenario(#[from] WriteError),
}

/// How the sessions of a suite are run.
pub(super) struct Sessions<'a> {
    handler: &'a Handler,
    name: String,
    options: &'a SuiteOptions,
    commands: &'a Commands,
    known: &'a Known,
    stop: &'a Stop,
}

impl<'a> Sessions<'a> {
    pub(super) fn new(
        handler: &'a Handler,
        options: &'a SuiteOptions,
        commands: &'a Commands,
        known: &'a Known,
        stop: &'a Stop,
    ) -> Self {
        Self { handler, name: handler.name(), options, commands, known, stop }
    }

    /// Runs one session.
    pub(super) fn run(&self, task: &Task, watcher: &mut dyn Watcher) -> Result<SessionResult, SessionError> {
        let trace = self.options.traces.as_ref().map(|folder| folder.join(format!("{}.jsonl", task.name)));
        let (mut judged, mut steps, mut left) = self.judge(&task.scenario, trace.clone(), watcher)?;
        let mut skipped = self.not_exercised(task, &judged, steps.as_ref());
        // In another session the handler's threads may take turns in another way. A script's do not.
        for again in 2..=MOST_TRIES {
            if skipped.is_none() || left || self.handler.is_scripted() {
                break;
            }
            (judged, steps, left) = self.judge(&task.scenario, trace.clone(), watcher)?;
            skipped = self.not_exercised(task, &judged, steps.as_ref());
            skipped = skipped.map(|why| format!("not exercised in {again} sessions: {why}"));
        }
        let fails = self.failing(task, &judged).next().is_some();
        let file =
            self.options.scenarios.as_ref().filter(|_| fails).map(|folder| folder.join(format!("{}.json", task.name)));
        let reproduce = match &file {
            Some(file) => {
                let scenario = if task.random { self.shrunk(task, &judged, watcher) } else { task.scenario.clone() };
                write_scenario(scenario, file)?;
                Reproduce::Scenario(file)
            }
            None if task.random => Reproduce::Random(task.scenario.seed),
            None => Reproduce::Case(&task.name),
        };
        let (reproduce, debug) = ((self.commands.reproduce)(reproduce), (self.commands.debug)(reproduce));
        let broken_off = left.then(|| "the session was ended early".to_owned());
        Ok(SessionResult {
            name: task.name.clone(),
            judged,
            aims: task.rules.clone(),
            reproduce,
            debug,
            skipped,
            broken_off,
        })
    }

    /// Why the case says nothing: what it is about was not done.
    fn not_exercised(&self, task: &Task, judged: &Judged, steps: Option<&Steps>) -> Option<String> {
        // A random session has steps that do not come; they are no matter. Nor is what only helps another step.
        if task.random || !judged.found().is_empty() {
            return None;
        }
        let missed = |(step, came, _): &(Step, StepCame, String)| {
            *came != StepCame::Taken && !matches!(step.action, Action::Hold(_))
        };
        let (step, _, why) = steps?.came(&judged.items()).into_iter().find(missed)?;
        Some(format!("`{}`: {why}", step.action))
    }

    fn judge(
        &self,
        scenario: &Scenario,
        trace: Option<PathBuf>,
        watcher: &mut dyn Watcher,
    ) -> Result<(Judged, Option<Steps>, bool), SessionError> {
        let terms = self.options.terms(Terms::scenario(scenario.clone()));
        let break_on = self.options.break_on.clone();
        let (isolation, trace_limit) = (self.options.isolation.clone(), self.options.trace_limit);
        let options = RunOptions { isolation, trace, trace_limit, break_on };
        let session = runner::run(self.handler, &terms, &options, watcher)?;
        let JudgedSession { mut judged, left, exhausted, steps, trace_failure, .. } = session;
        // That the handler is released without its retry is what such a session is for.
        judged.acquit(ERRS_08);
        match trace_failure.filter(|failure| !failure.at_limit) {
            Some(failure) => Err(failure.into()),
            None => Ok((judged, steps, left || exhausted)),
        }
    }

    /// What makes the session fail.
    fn failing<'b>(&'b self, task: &'b Task, judged: &'b Judged) -> impl Iterator<Item = &'b Finding> {
        let filter = &self.options.filter;
        judged.found().iter().map(|found| &found.finding).filter(move |finding| {
            finding.consequence_of.is_none()
                && filter.keeps(finding.rule)
                && filter.fails(finding.level)
                && !filter.baseline.accepts(&self.name, &task.name, finding)
        })
    }

    /// The shortest scenario that breaks the same rule.
    fn shrunk(&self, task: &Task, judged: &Judged, watcher: &mut dyn Watcher) -> Scenario {
        let scenario = &task.scenario;
        let Some(rule) = self.failing(task, judged).map(|finding| finding.rule).next() else { return scenario.clone() };
        let mut fails = |candidate: &Scenario| {
            if self.stop.is_stopped() {
                return false;
            }
            let judged = self.judge(candidate, None, watcher);
            judged.is_ok_and(|(judged, ..)| self.failing(task, &judged).any(|finding| finding.rule == rule))
        };
        let shrunk = shrink(scenario, self.known, MOST_TRIALS, &mut fails);
        let title = format!("The shortest session that breaks {}, of {}", rule.code, scenario.title);
        Scenario { title, ..shrunk.scenario }
    }
}

/// Writes a scenario that expects that nothing is found.
fn write_scenario(scenario: Scenario, file: &Path) -> Result<(), SessionError> {
    let expect = Expect { findings: Some(ExpectFindings::Exactly(Vec::new())), ..Expect::default() };
    let text = scenario::to_text(&Scenario { expect, ..scenario })?;
    files::write_whole(file, text.as_bytes()).map_err(|error| WriteError::new(file, &error))?;
    Ok(())
}
