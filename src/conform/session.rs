//! Runs the sessions of the suite, and judges each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::hooks::HookError;
use super::suite::{Commands, Reproduce};
use super::tasks::Task;
use super::{Known, SuiteOptions, shrink};
use crate::host::{EntryLog, Order, Strategy};
use crate::job::{Handler, Terms};
use crate::json::files;
use crate::manager;
use crate::protocol::{CallMethod, Event, HandlerId, Instance, Outcome, Session};
use crate::report::Exploration;
use crate::rules::codes::{ERRS_08, LIFE_05};
use crate::rules::{self, Finding, LifeViolation, Rule, Violation};
use crate::runner::{
    self, Came, Controls, DebugCommand, ExploreError, Judged, JudgedSession, Repeats, RunError, RunOptions, Stop,
    TraceFailure, Watcher, WriteError, explore,
};
use crate::scenario::{self, Action, Expect, ExpectFindings, Scenario, Step, StepCame, StepOutcomes};

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
    /// What came of its runs, where there were several.
    pub(super) repeats: Option<Repeats>,
    /// What came of the orders of its threads, where they were explored.
    pub(super) exploration: Option<Exploration>,
    /// In which order callbacks were taken, where the scenario says in which.
    pub(super) entries: Option<EntryLog>,
    /// The same session in other orders, each of which shows a cause that this one does not.
    pub(super) in_other_orders: Vec<SessionResult>,
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
    #[error(transparent)]
    World(#[from] manager::WorldError),
    #[error("the trace is not complete: {0}")]
    Trace(#[from] TraceFailure),
    #[error("the scenario cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the scenario: {0}")]
    Scenario(#[from] WriteError),
    #[error(transparent)]
    Hook(#[from] HookError),
}

/// How the sessions of a suite are run.
pub(super) struct Sessions<'a> {
    handler: &'a Handler,
    name: String,
    options: &'a SuiteOptions,
    commands: &'a Commands,
    known: &'a Known,
    stop: &'a Stop,
    /// The commands after sessions that failed.
    hook_failures: Mutex<Vec<String>>,
    /// The rules about time that two sessions of a case broke: the handler itself takes long.
    confirmed: Mutex<BTreeSet<&'static str>>,
}

impl<'a> Sessions<'a> {
    pub(super) fn new(
        handler: &'a Handler,
        options: &'a SuiteOptions,
        commands: &'a Commands,
        known: &'a Known,
        stop: &'a Stop,
    ) -> Self {
        Self {
            handler,
            name: handler.name(),
            options,
            commands,
            known,
            stop,
            hook_failures: Mutex::default(),
            confirmed: Mutex::default(),
        }
    }

    /// The commands after sessions that failed, each with its case.
    pub(super) fn into_hook_failures(self) -> Vec<String> {
        let mut failures = self.hook_failures.into_inner();
        failures.sort();
        failures.dedup();
        failures
    }

    /// Runs one session, as often as the options say. Of several runs, the one that shows the most is kept.
    pub(super) fn run(&self, task: &Task, watcher: &mut dyn Watcher) -> Result<SessionResult, SessionError> {
        let runs = self.options.repeat.map_or(1, |repeat| repeat.get().into());
        if runs == 1 {
            let mut result = self.run_once(task, 1, watcher)?;
            self.explore(task, &mut result, watcher)?;
            return Ok(result);
        }
        let mut repeats = Repeats { runs: 0, failed: 0, rules: BTreeMap::new() };
        let mut best: Option<(usize, SessionResult)> = None;
        for run in 1..=runs {
            if self.stop.is_stopped() && best.is_some() {
                break;
            }
            let result = self.run_once(task, run, watcher)?;
            let broken: BTreeSet<&str> = self.failing(task, &result.judged).map(|found| found.rule.code).collect();
            repeats.runs += 1;
            repeats.failed += usize::from(!broken.is_empty());
            for code in &broken {
                *repeats.rules.entry((*code).to_owned()).or_default() += 1;
            }
            // A run that says nothing, and one that has no end, show less than any other that finds as much.
            let shows =
                3 * broken.len() + usize::from(result.skipped.is_none()) + usize::from(result.broken_off.is_none());
            if best.as_ref().is_none_or(|(most, _)| shows > *most) {
                best = Some((shows, result));
            }
        }
        match best {
            Some((_, result)) => Ok(SessionResult { repeats: Some(repeats), ..result }),
            None => self.run_once(task, 1, watcher),
        }
    }

    /// Runs one session for the `nth` time.
    fn run_once(&self, task: &Task, nth: usize, watcher: &mut dyn Watcher) -> Result<SessionResult, SessionError> {
        let name = match nth {
            1 => format!("{}.jsonl", task.name),
            nth => format!("{}.run-{nth}.jsonl", task.name),
        };
        let trace = self.options.traces.as_ref().map(|folder| folder.join(name));
        let mut ran = self.judge(task, &task.scenario, trace.clone(), watcher)?;
        let mut skipped = self.not_exercised(task, &ran);
        // In another session the handler's threads may take turns in another way. A script's do not.
        for again in 2..=MOST_TRIES {
            if skipped.is_none() || ran.broken_off.is_some() || self.handler.is_scripted() {
                break;
            }
            ran = self.judge(task, &task.scenario, trace.clone(), watcher)?;
            skipped = self.not_exercised(task, &ran);
            skipped = skipped.map(|why| format!("not exercised in {again} sessions: {why}"));
        }
        self.confirm(task, &mut ran, watcher)?;
        let Ran { judged, broken_off, entries, .. } = ran;
        let fails = self.failing(task, &judged).next().is_some();
        let file = self.scenario_file(task).filter(|_| fails);
        let reproduce = match &file {
            Some(file) => {
                let scenario = if task.random { self.shrunk(task, &judged, watcher) } else { task.scenario.clone() };
                self.write_scenario(scenario, file)?;
                Reproduce::Scenario(file)
            }
            None if let Some(name) = &task.order_of => {
                Reproduce::Orders(name, task.random.then_some(task.scenario.seed))
            }
            None if task.random => Reproduce::Random(task.scenario.seed),
            None => Reproduce::Case(&task.name),
        };
        let (reproduce, debug) = self.commands(reproduce);
        Ok(SessionResult {
            name: task.name.clone(),
            judged,
            aims: task.rules.clone(),
            reproduce,
            debug,
            skipped,
            broken_off,
            repeats: None,
            exploration: None,
            entries,
            in_other_orders: Vec::new(),
        })
    }

    /// Takes back what a busy machine can look like, unless another session of the case shows it too: a handler that takes long takes
    /// long again. What is confirmed once needs no more sessions.
    fn confirm(&self, task: &Task, ran: &mut Ran, watcher: &mut dyn Watcher) -> Result<(), SessionError> {
        let slow = |judged: &Judged| -> BTreeSet<&'static str> {
            judged.findings().filter(|found| found.violation.is_about_time()).map(|found| found.rule.code).collect()
        };
        let doubtful = &slow(&ran.judged) - &self.confirmed.lock();
        // Whoever asks for several runs of a case wants to see how they differ.
        let is_repeated = self.options.repeat.is_some_and(|runs| runs.get() > 1);
        if doubtful.is_empty() || is_repeated || ran.broken_off.is_some() || self.handler.is_scripted() {
            return Ok(());
        }
        if !self.may_run_again() {
            return Ok(());
        }
        let again = slow(&self.judge(task, &task.scenario, None, watcher)?.judged);
        for rule in doubtful.iter().filter_map(|code| rules::rule(code)) {
            if again.contains(rule.code) {
                self.confirmed.lock().insert(rule.code);
            } else {
                ran.judged.acquit_of(rule, Violation::is_about_time);
            }
        }
        Ok(())
    }

    /// Where the scenario of the task is written, if it fails.
    pub(super) fn scenario_file(&self, task: &Task) -> Option<PathBuf> {
        self.options.scenarios.as_ref().map(|folder| folder.join(format!("{}.json", task.name)))
    }

    /// Writes the scenario of a session that failed.
    pub(super) fn write_scenario(&self, scenario: Scenario, file: &Path) -> Result<(), SessionError> {
        let named = match &self.options.handler {
            Some(handler) => runner::naming(scenario, handler, file),
            None => scenario,
        };
        write_scenario(named, file)
    }

    /// The commands that reproduce and debug a finding.
    pub(super) fn commands(&self, found: Reproduce<'_>) -> (String, Option<DebugCommand>) {
        ((self.commands.reproduce)(found), (self.commands.debug)(found))
    }

    /// Whether a session of the task in this order breaks the rule; nothing where it cannot be run any more.
    pub(super) fn breaks(&self, task: &Task, order: &Order, rule: &Rule) -> Option<bool> {
        let scenario = Scenario { order: Some(order.clone()), ..task.scenario.clone() };
        let ran = self.stop.unless_stopped(|watcher| self.judge(task, &scenario, None, watcher))?.ok()?;
        let breaks = |found: &&runner::Found| found.finding.rule == rule && found.finding.consequence_of.is_none();
        Some(ran.judged.found().iter().any(|found| breaks(&found)))
    }

    /// Whether a session may be run again for what it shows: not one that somebody looks at in a debugger.
    pub(super) fn may_run_again(&self) -> bool {
        let in_process = self.handler.is_native() && self.options.isolation == runner::Isolation::None;
        !in_process && self.options.break_on.is_empty() && self.options.order.is_none()
    }

    /// Explores the orders of the session's threads, where the options ask for it and it is a script's.
    fn explore(&self, task: &Task, result: &mut SessionResult, watcher: &mut dyn Watcher) -> Result<(), SessionError> {
        let explorable = self.handler.is_scripted() && !task.scenario.has_world();
        let Some(options) = self.options.explore.filter(|_| explorable) else { return Ok(()) };
        let stop = || self.stop.is_stopped();
        let mut explored = match explore(self.handler, &task.scenario, &options, &stop) {
            Ok(explored) => explored,
            Err(ExploreError::Run(error)) => return Err(error.into()),
            Err(ExploreError::NotAScript) => return Ok(()),
        };
        explored.causes.retain(|cause| self.options.filter.keeps(cause.rule));
        let mut shown: BTreeSet<&str> = result.judged.findings().map(|finding| finding.rule.code).collect();
        let mut others: Vec<SessionResult> = Vec::new();
        for cause in &explored.causes {
            if shown.contains(cause.rule.code) || self.stop.is_stopped() {
                continue;
            }
            let scenario = Scenario { schedule: Some(cause.schedule.clone()), ..task.scenario.clone() };
            let name = format!("{}.order-{}", task.name, others.len() + 1);
            let in_order = Task { name, scenario, rules: Vec::new(), order_of: Some(task.name.clone()), ..*task };
            let other = self.run_once(&in_order, 1, watcher)?;
            shown.extend(other.judged.findings().map(|finding| finding.rule.code));
            others.push(other);
        }
        drop(shown);
        result.exploration = Some(Exploration::new(task.name.clone(), &options, &explored));
        result.in_other_orders = others;
        Ok(())
    }

    /// Why the case says nothing: what it is about was not done.
    fn not_exercised(&self, task: &Task, Ran { judged, steps, .. }: &Ran) -> Option<String> {
        // A random session has steps that do not come; they are no matter. Nor is what only helps another step.
        if task.random || task.order_of.is_some() || !judged.found().is_empty() {
            return None;
        }
        let missed = |(step, came, _): &(Step, StepCame, String)| {
            *came != StepCame::Taken && !matches!(step.action, Action::Hold(_))
        };
        let (step, _, why) = steps.as_ref()?.came(&judged.items()).into_iter().find(missed)?;
        Some(format!("`{}`: {why}", step.action))
    }

    fn judge(
        &self,
        task: &Task,
        scenario: &Scenario,
        trace: Option<PathBuf>,
        watcher: &mut dyn Watcher,
    ) -> Result<Ran, SessionError> {
        let terms = self.options.terms(Terms::scenario(scenario.clone()));
        let break_on = self.options.break_on.clone();
        let (isolation, trace_limit) = (self.options.isolation.clone(), self.options.trace_limit);
        let keep_events = self.options.draw;
        let options = RunOptions { isolation, trace, trace_limit, break_on, user: None, keep_events };
        self.options.hooks.before(&task.name, self.stop)?;
        if scenario.has_world() {
            return self.judge_world(task, scenario, &terms, &options, watcher);
        }
        let by = scenario.order.as_ref().map(|order| order.strategy);
        let mut logged = Logged { watcher, entries: by.map(|by| EntryLog::new(by == Strategy::SkipAtEnd)) };
        let session = runner::run(self.handler, &terms, &options, &mut logged);
        let entries = logged.entries;
        // What the session showed is reported all the same.
        if let Err(error) = self.options.hooks.after(&task.name, self.stop) {
            self.hook_failures.lock().push(format!("{}: {error}", task.name));
        }
        let session = session?;
        let early = session.broken_off();
        let JudgedSession { mut judged, steps, trace_failure, .. } = session;
        // That the handler is released without its retry is what such a session is for.
        judged.acquit(ERRS_08);
        if self.known.enumeration_failed.is_some() {
            // It fails in every session, not in those for configuration alone.
            let enumerates = |violation: &Violation| {
                matches!(
                    violation,
                    Violation::Life(LifeViolation::FailedInSettings { method: CallMethod::EnumSyncMgrItems, .. })
                )
            };
            judged.acquit_of(LIFE_05, enumerates);
        }
        match trace_failure.filter(|failure| !failure.at_limit) {
            Some(failure) => Err(failure.into()),
            None => Ok(Ran { judged, steps: steps.into_iter().next(), broken_off: early, entries }),
        }
    }

    /// A case of several sessions, and of what is asked of the manager between them.
    fn judge_world(
        &self,
        task: &Task,
        scenario: &Scenario,
        terms: &Terms,
        options: &RunOptions,
        watcher: &mut dyn Watcher,
    ) -> Result<Ran, SessionError> {
        let came = manager::play_world_of(self.handler, scenario, terms, options, watcher);
        if let Err(error) = self.options.hooks.after(&task.name, self.stop) {
            self.hook_failures.lock().push(format!("{}: {error}", task.name));
        }
        let Came { judged, expectations, broken_off, trace_failure, .. } = came?;
        // What nobody could do says nothing of the handler.
        let unmet = expectations.into_iter().find(|expectation| !expectation.held);
        let unmet = unmet.map(|unmet| format!("{}: {}", unmet.what, unmet.difference));
        match trace_failure.filter(|failure| !failure.at_limit) {
            Some(failure) => Err(failure.into()),
            None => Ok(Ran { judged, steps: None, broken_off: broken_off.or(unmet), entries: None }),
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
            let judged = self.judge(task, candidate, None, watcher);
            judged.is_ok_and(|ran| self.failing(task, &ran.judged).any(|finding| finding.rule == rule))
        };
        let shrunk = shrink(scenario, self.known, MOST_TRIALS, &mut fails);
        let title = format!("The shortest session that breaks {}, of {}", rule.code, scenario.title);
        Scenario { title, ..shrunk.scenario }
    }
}

/// A session that was run.
struct Ran {
    judged: Judged,
    steps: Option<StepOutcomes>,
    /// Why it did not come to its end.
    broken_off: Option<String>,
    entries: Option<EntryLog>,
}

/// Writes down the order of callbacks for whoever watches.
struct Logged<'a> {
    watcher: &'a mut dyn Watcher,
    entries: Option<EntryLog>,
}

impl Watcher for Logged<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, session: &Session) {
        if let Some(entries) = &mut self.entries {
            entries.take(event, session);
        }
        self.watcher.event(event, session);
    }

    fn ended(&mut self) {
        self.watcher.ended();
    }
}

/// Writes a scenario that expects that nothing is found.
fn write_scenario(scenario: Scenario, file: &Path) -> Result<(), SessionError> {
    let expect = Expect { findings: Some(ExpectFindings::Exactly(Vec::new())), ..Expect::default() };
    let text = scenario::to_text(&Scenario { expect, ..scenario })?;
    files::write_whole(file, text.as_bytes()).map_err(|error| WriteError::new(file, &error))?;
    Ok(())
}
