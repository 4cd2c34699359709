//! Replays one scenario.

use std::path::{Path, PathBuf};

use super::acceptance::Acceptance;
use super::run::{JudgedSession, RunError, RunOptions, TraceFailure, Watcher, run};
use super::{CaseRecord, DebugCommand, Found, Judged};
use crate::host::Controls;
use crate::host::Order;
use crate::job::{self, Handler, HandlerError, HandlerName, Terms};
use crate::protocol::{Event, HandlerId, Note, Session, plain_path};
use crate::rules::{self, Finding, Rule};
use crate::scenario::{
    self, Counts, EventPattern, Expect, ExpectFindings, ExpectationResult, Observed, Scenario, ScenarioError,
    StepOutcomes,
};
use crate::trace::Header;

/// How scenarios are replayed.
pub struct ReplayOptions<'a> {
    /// The handler to use in place of the one that a scenario names.
    pub handler: Option<HandlerName>,
    /// How their sessions are run. The trace is that of each scenario: see [`replay`].
    pub run: RunOptions,
    /// How long a call may take, and how long a handler that owes a completion may be silent, in nanoseconds; without it the
    /// scenario says.
    pub timeout_ns: Option<u64>,
    /// How long an asynchronous method may take to return, in nanoseconds; without it the scenario says.
    pub blocking_ns: Option<u64>,
    /// How long an item's reports may repeat the same value, in nanoseconds; without it the scenario says.
    pub progress_ns: Option<u64>,
    /// The callback is bound to the manager's apartment, whatever the scenario says ([`Terms::strict`]).
    pub strict: bool,
    /// In which order callbacks are let in, in place of what the scenario says.
    pub order: Option<Order>,
    /// How long a session may take in real time, in nanoseconds; without it [`Terms::usual_session_ns`].
    pub session_ns: Option<u64>,
    /// Also say what the scenario would have to expect, so that everything is met.
    pub bless: bool,
    /// Which findings count.
    pub acceptance: &'a dyn Acceptance,
}

/// A scenario that was replayed.
pub struct Replayed {
    /// Its file.
    pub file: PathBuf,
    /// The scenario. It expects nothing of rules that are not reported.
    pub scenario: Scenario,
    /// The header of the trace.
    pub header: Header,
    /// The handler's name.
    pub handler: String,
    /// The session, and what was found in it.
    pub judged: Judged,
    /// What the scenario expects, and whether it was met.
    pub expectations: Vec<ExpectationResult>,
    /// With [`ReplayOptions::bless`]: the expectations that hold, and each change as a line.
    pub blessed: Option<(Expect, Vec<String>)>,
    /// Why it did not come to its end.
    pub broken_off: Option<String>,
    /// Why the trace file is not whole.
    pub trace_failure: Option<TraceFailure>,
}

/// Why a scenario was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The scenario cannot be read.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// There is no handler to replay it against.
    #[error(
        "{}: the scenario names no handler; choose one with --handler HANDLER or --exec 'COMMAND ARG…'",
        plain_path(file)
    )]
    NoHandler {
        /// The scenario.
        file: PathBuf,
    },
    /// The handler that the scenario names cannot be driven.
    #[error("{}: handler: {error}", plain_path(file))]
    HandlerOfScenario {
        /// The scenario.
        file: PathBuf,
        /// What is wrong with the handler.
        error: Box<HandlerError>,
    },
    /// A handler was given in place of the one that the scenario names, but it names several.
    #[error(
        "{}: the scenario has several handlers (`handlers`); --handler and --exec cannot replace them",
        plain_path(file)
    )]
    Several {
        /// The scenario.
        file: PathBuf,
    },
    /// The scenario has a world, in which there are several sessions.
    #[error("{}: world: only `mobsync replay` plays it (`manager::replay`)", plain_path(file))]
    World {
        /// The scenario.
        file: PathBuf,
    },
    /// What the world of a scenario needs cannot be had.
    #[error("{}: {what}: {why}", plain_path(file))]
    InWorld {
        /// The scenario.
        file: PathBuf,
        /// What is needed.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The scenario has a schedule, but the handler has threads of its own.
    #[error(
        "{}: schedule: only a script's threads can be scheduled; {handler} has real threads, whose order nobody chooses",
        plain_path(file)
    )]
    Schedule {
        /// The scenario.
        file: PathBuf,
        /// The handler.
        handler: String,
    },
    /// The handler that was given in its place cannot be driven.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The session cannot begin.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Replayed {
    /// Whether everything that was expected came.
    pub fn is_met(&self) -> bool {
        self.broken_off.is_none() && self.expectations.iter().all(|expectation| expectation.held)
    }

    /// Takes away what goes into a report; what the scenario expects to be found is not in it. `replay` is a command that
    /// reproduces it.
    pub fn take_record(&mut self, replay: Option<String>, debug: Option<DebugCommand>) -> CaseRecord {
        let mut case = self.judged.take_record(&self.file.display().to_string(), replay);
        let is_expected = |found: &Found| expects(&self.scenario, found.finding.rule);
        let expected: Vec<u64> =
            case.found.iter().filter(|found| is_expected(found)).map(|found| found.finding.number).collect();
        // What follows from it comes with it.
        let follows = |found: &Found| found.finding.consequence_of.is_some_and(|cause| expected.contains(&cause));
        case.found.retain(|found| !is_expected(found) && !follows(found));
        case.omitted.retain(|rule| !expects(&self.scenario, rule));
        case.debug = debug;
        case.handler = Some(self.handler.clone());
        case.error.clone_from(&self.broken_off);
        case.expectations = Some(self.expectations.clone());
        case
    }
}

/// Whether the scenario expects that the rule is broken.
fn expects(scenario: &Scenario, rule: &Rule) -> bool {
    let expected = scenario.expect.findings.as_ref().map_or(&[][..], ExpectFindings::codes);
    expected.iter().any(|code| code == rule.code)
}

/// Replays the scenario of a file, and writes the trace to `trace`, where one is wanted.
///
/// # Errors
/// When the scenario or the handler cannot be read, or the session cannot begin.
pub fn replay(
    file: &Path,
    options: &ReplayOptions<'_>,
    trace: Option<&Path>,
    watcher: &mut dyn Watcher,
) -> Result<Replayed, ReplayError> {
    replay_loaded(file, scenario::load(file)?, options, trace, watcher)
}

/// As [`replay`], of a scenario that was read from the file.
///
/// # Errors
/// As [`replay`].
pub fn replay_loaded(
    file: &Path,
    scenario: Scenario,
    options: &ReplayOptions<'_>,
    trace: Option<&Path>,
    watcher: &mut dyn Watcher,
) -> Result<Replayed, ReplayError> {
    if scenario.has_world() {
        return Err(ReplayError::World { file: file.to_owned() });
    }
    let handler = match &options.handler {
        Some(_) if !scenario.handlers.is_empty() => return Err(ReplayError::Several { file: file.to_owned() }),
        Some(given) => given.find()?,
        None => handler_of(file, &scenario)?,
    };
    if scenario.schedule.is_some() && !handler.is_scripted() {
        return Err(ReplayError::Schedule { file: file.to_owned(), handler: handler.name() });
    }
    let terms = options.terms(&scenario, Terms::usual_session_ns(&handler));
    let run_options = RunOptions { trace: trace.map(Path::to_owned), ..options.run.clone() };
    let mut kept = Kept { expected: ExpectedEvents::of(&scenario), watcher };
    let session = run(&handler, &terms, &run_options, &mut kept)?;
    let not_started = session.not_created.first().map(|(_, error)| error.to_string());
    let broken_off = if session.exhausted { Some("the script never ends".to_owned()) } else { session.broken_off() };
    let broken_off = broken_off.or(not_started);
    let JudgedSession { header, judged, steps, trace_failure, .. } = session;
    let own_steps = steps.first().filter(|_| scenario.handlers.is_empty()).cloned().unwrap_or_default();
    let expectations = scenario::check_members(&scenario.handlers, judged.session(), &steps);
    let came = Came { header, handler: handler.name(), judged, expectations, broken_off, trace_failure };
    Ok(came.compared(file, scenario, &kept.expected, &own_steps, options))
}

impl ReplayOptions<'_> {
    /// The terms of a session of the scenario. `session_ns` is how long it may usually take in real time.
    pub fn terms(&self, scenario: &Scenario, session_ns: Option<u64>) -> Terms {
        let mut terms = Terms::scenario(scenario.clone());
        terms.limits.timeout_ns = self.timeout_ns.unwrap_or(terms.limits.timeout_ns);
        terms.limits.blocking_ns = self.blocking_ns.unwrap_or(terms.limits.blocking_ns);
        terms.limits.progress_ns = self.progress_ns.unwrap_or(terms.limits.progress_ns);
        terms.strict |= self.strict;
        if let Some(order) = &self.order {
            terms.order = Some(order.clone());
        }
        terms.session_ns = self.session_ns.or(session_ns);
        terms
    }
}

/// What came of a scenario.
pub struct Came {
    /// The header of the trace.
    pub header: Header,
    /// The handler's name.
    pub handler: String,
    /// The events, and what was found in them.
    pub judged: Judged,
    /// What was expected beside `expect`, and whether it came.
    pub expectations: Vec<ExpectationResult>,
    /// Why it did not come to its end.
    pub broken_off: Option<String>,
    /// Why the trace file is not whole.
    pub trace_failure: Option<TraceFailure>,
}

impl Came {
    /// Compares it with what the scenario of the file expects. `came` are the events that it looks at.
    fn compared(
        self,
        file: &Path,
        mut scenario: Scenario,
        came: &ExpectedEvents,
        own_steps: &StepOutcomes,
        options: &ReplayOptions<'_>,
    ) -> Replayed {
        let Self { header, handler, judged, mut expectations, broken_off, trace_failure } = self;
        expect_only_what_is_reported(&mut scenario, options.acceptance);
        let findings = counted(file, &handler, &scenario, &judged, options.acceptance);
        let observed = observed(&judged, &came.events, &findings, own_steps);
        let blessed = options.bless.then(|| scenario::blessed_counted(&scenario, &observed, &came.counts));
        // What is rewritten holds from now on; a step that was not taken stays as it is, and is reported.
        let expect = blessed.as_ref().map_or(&scenario.expect, |(expect, _)| expect);
        expectations.extend(scenario::check_counted(expect, &observed, &came.counts));
        let file = file.to_owned();
        Replayed { file, scenario, header, handler, judged, expectations, blessed, broken_off, trace_failure }
    }

    /// Compares what came of several sessions with what the scenario of the file expects of them together.
    pub fn compared_with(
        self,
        file: &Path,
        scenario: Scenario,
        events: &ExpectedEvents,
        options: &ReplayOptions<'_>,
    ) -> Replayed {
        self.compared(file, scenario, events, &StepOutcomes::default(), options)
    }
}

/// The events that a scenario's expectations look at: kept or counted, for a trace may be longer than memory.
#[derive(Default)]
pub struct ExpectedEvents {
    patterns: Vec<EventPattern>,
    events: Vec<Event>,
    counts: Counts,
}

impl ExpectedEvents {
    /// Those of the scenario.
    pub fn of(scenario: &Scenario) -> Self {
        Self { patterns: scenario.expect.events.clone(), ..Self::default() }
    }

    /// The next event.
    pub fn see(&mut self, event: &Event) {
        self.counts.add(event);
        if scenario::may_look_at(&self.patterns, event) {
            self.events.push(event.clone());
        }
    }
}

/// Passes on what it sees, and keeps what expectations look at.
struct Kept<'a> {
    expected: ExpectedEvents,
    watcher: &'a mut dyn Watcher,
}

impl Watcher for Kept<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, session: &Session) {
        self.expected.see(event);
        self.watcher.event(event, session);
    }

    fn closing(&mut self, session: &Session) -> Vec<(HandlerId, Note)> {
        self.watcher.closing(session)
    }

    fn ended(&mut self) {
        self.watcher.ended();
    }
}

/// What came, as expectations look at it.
fn observed<'a>(
    judged: &'a Judged,
    events: &'a [Event],
    findings: &'a [Finding],
    steps: &'a StepOutcomes,
) -> Observed<'a> {
    Observed { events, session: judged.session(), findings, steps }
}

/// The handler that the scenario of a file names, as a user names it. Paths in a scenario are relative to its file.
pub fn handler_name(file: &Path, scenario: &Scenario) -> Option<HandlerName> {
    let word = scenario.handler.as_ref()?;
    let base = file.parent().unwrap_or(Path::new(""));
    let in_base = |word: &str| base.join(word).to_string_lossy().into_owned();
    let folders: Vec<String> = scenario
        .folders
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((left, right)) => format!("{}={}", in_base(left), in_base(right)),
            None => pair.clone(),
        })
        .collect();
    let is_path = word != "filesync" && (Path::new(&in_base(word)).exists() || job::registered(word).is_none());
    let word = if is_path { in_base(word) } else { word.clone() };
    Some(HandlerName::Word { word, folders, clsid: scenario.clsid, update: false })
}

/// The handler that the scenario of a file names, or the several handlers. Paths in a scenario are relative to its file.
///
/// # Errors
/// When it names none, or one cannot be driven, or they cannot be in one session.
pub fn handler_of(file: &Path, scenario: &Scenario) -> Result<Handler, ReplayError> {
    let wrong = |error: HandlerError| ReplayError::HandlerOfScenario { file: file.to_owned(), error: Box::new(error) };
    let find = |one: &Scenario| {
        let name = handler_name(file, one).ok_or_else(|| ReplayError::NoHandler { file: file.to_owned() })?;
        name.find().map_err(wrong)
    };
    let handlers = scenario.of_handlers().iter().map(find).collect::<Result<Vec<_>, _>>()?;
    Handler::several(handlers).map_err(wrong)
}

/// Nothing is expected of rules that are not reported.
fn expect_only_what_is_reported(scenario: &mut Scenario, acceptance: &dyn Acceptance) {
    let is_reported = |code: &String| rules::rule(code).is_none_or(|rule| acceptance.reports(rule));
    if let Some(ExpectFindings::Exactly(codes) | ExpectFindings::AtLeast { at_least: codes }) =
        &mut scenario.expect.findings
    {
        codes.retain(is_reported);
    }
}

/// The findings that expectations are compared with. One that is accepted is as if it had not come, but where the scenario
/// asks for it.
fn counted(
    file: &Path,
    handler: &str,
    scenario: &Scenario,
    judged: &Judged,
    acceptance: &dyn Acceptance,
) -> Vec<Finding> {
    let case = file.display().to_string();
    let counts = |finding: &&Finding| {
        acceptance.reports(finding.rule)
            && (expects(scenario, finding.rule) || !acceptance.accepts(finding, handler, &case))
    };
    judged.found().iter().map(|found| &found.finding).filter(counts).cloned().collect()
}
