//! The suite: which sessions are run, and the report of them all.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cases::{NO_VTABLES, NOT_SELF_REGISTERED};
use super::hangs::{Enough, Failures, Hangs};
use super::hooks::{HookError, Hooks};
use super::orders::SeenOrders;
use super::session::{SessionResult, Sessions};
use super::tasks::{Chosen, NoSuchCase, choose, scenario_of};
use super::{Case, Known, cases, survey};
use crate::handler::{HandlerFactory, ServerCall};
use crate::host::{Order, Strategy};
use crate::job::{Handler, HandlerError, HandlerName, HandlerSpec, Terms};
use crate::manager;
use crate::protocol::{Event, Guid, Limits, Note, Profile, Session};
use crate::report::{Case as CaseOfReport, Filter, FindingRow, Report, Scope};
use crate::rules::Rule;
use crate::runner::{
    self, Controls, DebugCommand, ExploreOptions, Isolation, MakeFolderError, RunError, RunOptions, Stop, Watcher,
    in_order, interrupted, make_folder,
};
use crate::scenario::Scenario;
use crate::store::Store;

/// What `MOBSYNC_CASE` says for the session that shows what there is to test.
const SURVEY: &str = "survey";

/// What the suite runs, and how.
#[derive(Clone, Debug, Default)]
pub struct SuiteOptions {
    /// The Windows version that the manager emulates.
    pub profile: Profile,
    /// The cases to run, all when there is none: names, or patterns with `*`, `?` and `[…]`.
    pub cases: Vec<String>,
    /// The cases to leave out, by names or patterns. The report says that they were skipped.
    pub skip: Vec<String>,
    /// The names of cases to run before the others, where there are such cases.
    pub first: Vec<String>,
    /// Run no more when so many cases have failed or could not be judged.
    pub max_fail: Option<NonZero<usize>>,
    /// Run each case and random session so many times; once without it.
    pub repeat: Option<NonZero<u16>>,
    /// Commands that run before and after each session. Sessions then run one after the other, unless `jobs` says otherwise.
    pub hooks: Hooks,
    /// How many random sessions to run beside the cases.
    pub sessions: u64,
    /// The seed of the first random session; the next ones count up.
    pub seed: u64,
    /// Run one part of so many, from 1: all parts together are the whole.
    pub partition: Option<(usize, usize)>,
    /// How many sessions run at the same time. Without it one for each processor, or two where sessions are in real time: these wait
    /// more than they compute.
    pub jobs: Option<NonZero<u16>>,
    /// How long a call may take, and how long a handler that owes a completion may be silent, in nanoseconds.
    pub timeout_ns: Option<u64>,
    /// How long an asynchronous method may take to return, in nanoseconds.
    pub blocking_ns: Option<u64>,
    /// How long an item's reports may repeat the same value, in nanoseconds.
    pub progress_ns: Option<u64>,
    /// The callback is bound to the manager's apartment in every session ([`Terms::strict`]).
    pub strict: bool,
    /// In which order callbacks are let in in random sessions; without it the machine decides.
    pub strategy: Option<Strategy>,
    /// The order in which callbacks are taken, in place of each case's and random session's own; those without an order have none.
    pub order: Option<Order>,
    /// In which process sessions run.
    pub isolation: Isolation,
    /// Write the scenario of each session that fails into this folder; that of a random session is made as short as it can
    /// be.
    pub scenarios: Option<PathBuf>,
    /// How these scenarios name the handler.
    pub handler: Option<HandlerName>,
    /// Write the trace of each session into this folder.
    pub traces: Option<PathBuf>,
    /// Write no more of a trace when it has so many bytes.
    pub trace_limit: Option<u64>,
    /// How long a session may take in real time, in nanoseconds; six times the time limit of a call without it.
    pub session_ns: Option<u64>,
    /// Raise a trap for a debugger where one of these rules is broken; for sessions in this process.
    pub break_on: Vec<&'static Rule>,
    /// Keep what a report needs to draw the sessions.
    pub draw: bool,
    /// Run each session of a script in every order of its threads within these bounds.
    pub explore: Option<ExploreOptions>,
    /// Which rules are reported, what is accepted, and what fails.
    pub filter: Filter,
}

/// What reproduces a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reproduce<'a> {
    /// The case of that name.
    Case(&'a str),
    /// The random session with that seed.
    Random(u64),
    /// The scenario in that file.
    Scenario(&'a Path),
    /// The orders of the threads in the case of that name, or in the random session with that seed.
    Orders(&'a str, Option<u64>),
    /// The case of that name, or the random session with that seed, with callbacks in this order.
    InOrder(&'a str, Option<u64>, &'a Order),
}

/// Says how a finding is reproduced, and how it is debugged.
#[derive(Clone)]
pub(super) struct Commands {
    pub(super) reproduce: Arc<dyn Fn(Reproduce<'_>) -> String + Send + Sync>,
    pub(super) debug: Arc<dyn Fn(Reproduce<'_>) -> Option<DebugCommand> + Send + Sync>,
}

/// Watches the suite. The sessions run on several threads.
pub trait SuiteWatcher: Sync {
    /// So many sessions will be run.
    fn begins(&self, sessions: usize) {
        let _ = sessions;
    }

    /// The case or random session of that name was run, or left out because everything was stopped.
    fn session_ended(&self, name: &str) {
        let _ = name;
    }

    /// What came of the next case, in the order of the report, and what was found in it.
    fn case_judged(&self, case: &CaseOfReport, findings: &[FindingRow]) {
        let _ = (case, findings);
    }
}

/// Nobody watches.
impl SuiteWatcher for () {}

/// Why the suite was not run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The session that shows what there is to test cannot begin.
    #[error(transparent)]
    Survey(#[from] RunError),
    /// A case was asked for that there is not.
    #[error(transparent)]
    NoSuchCase(NoSuchCase),
    /// A case was to be left out that there is not.
    #[error(transparent)]
    NoSuchCaseToSkip(NoSuchCase),
    /// A command around the session that shows what there is to test failed.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// A folder for scenarios or traces cannot be made.
    #[error(transparent)]
    Folder(#[from] MakeFolderError),
}

/// The conformance suite, for one handler: sessions that together provoke what a manager and a user can provoke. Every session
/// is judged by all rules.
///
/// ```
/// # use mobsync::conform::Suite;
/// # use mobsync::job::Handler;
/// # use mobsync::report::human;
/// # let handler = Handler::find("fixtures/handlers/minimal.json", &[], None)?;
/// let report = Suite::of(handler).sessions(20).run()?;
/// assert!(!report.failed(), "{}", human(&report, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Suite {
    handler: Handler,
    options: SuiteOptions,
    commands: Commands,
}

impl Suite {
    /// For a handler of this program's own. Its sessions run in this process, on threads of their own.
    pub fn new(factory: impl HandlerFactory + 'static) -> Self {
        Self::of(Handler::from_factory(Arc::new(factory)))
    }

    /// For the class of a native library.
    ///
    /// The library is loaded into this process, and sessions run one after the other: a handler that crashes ends the
    /// process. With [`isolated`](Self::isolated) every session runs in a process of its own.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn of_library(library: impl AsRef<Path>, clsid: Guid) -> Result<Self, HandlerError> {
        Handler::of_library(library.as_ref(), clsid).map(Self::of)
    }

    /// For any handler.
    pub fn of(handler: Handler) -> Self {
        let reproduce = Arc::new(|reproduce: Reproduce<'_>| match reproduce {
            Reproduce::Case(name) => format!("Suite::new(…).case({name:?}).run()"),
            Reproduce::Random(seed) => format!("Suite::new(…).sessions(1).seed({seed}).run()"),
            Reproduce::Scenario(file) => format!("mobsync replay {}", file.display()),
            Reproduce::InOrder(name, None, _) => format!("Suite::new(…).case({name:?}).run()"),
            Reproduce::InOrder(_, Some(seed), _) => format!("Suite::new(…).sessions(1).seed({seed}).run()"),
            Reproduce::Orders(name, _) => format!("Suite::new(…).case({name:?}).explore(…).run()"),
        });
        let commands = Commands { reproduce, debug: Arc::new(|_| None) };
        Self { handler, options: SuiteOptions::default(), commands }
    }

    /// With these options instead of the ones so far.
    #[must_use]
    pub fn with(self, options: SuiteOptions) -> Self {
        Self { options, ..self }
    }

    /// Says how findings are reproduced, as reports show it: with a command, for example.
    #[must_use]
    pub fn reproduced_by(self, reproducer: impl Fn(Reproduce<'_>) -> String + Send + Sync + 'static) -> Self {
        let commands = Commands { reproduce: Arc::new(reproducer), ..self.commands };
        Self { commands, ..self }
    }

    /// Says how findings are debugged, as reports show it.
    #[must_use]
    pub fn debugged_by(self, debug: impl Fn(Reproduce<'_>) -> Option<DebugCommand> + Send + Sync + 'static) -> Self {
        let commands = Commands { debug: Arc::new(debug), ..self.commands };
        Self { commands, ..self }
    }

    /// The Windows version that the manager emulates.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.options.profile = profile;
        self
    }

    /// Runs this case; with several calls, these cases. Without any, all are run.
    #[must_use]
    pub fn case(mut self, name: impl Into<String>) -> Self {
        self.options.cases.push(name.into());
        self
    }

    /// Runs each session of a script in every order of its threads within these bounds.
    #[must_use]
    pub fn explore(mut self, explore: ExploreOptions) -> Self {
        self.options.explore = Some(explore);
        self
    }

    /// Runs so many random sessions beside the cases.
    #[must_use]
    pub fn sessions(mut self, sessions: u64) -> Self {
        self.options.sessions = sessions;
        self
    }

    /// The seed of the first random session; the next ones count up.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// How long a call may take, and how long a handler that owes a completion may be silent (10 s without it).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout_ns = Some(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        self
    }

    /// Runs the sessions of a native handler in processes of their own: `mobsync` is the path of the program `mobsync`, or
    /// of another that calls [`worker`](crate::job::worker) when its only argument is `worker`.
    #[must_use]
    pub fn isolated(mut self, mobsync: impl Into<PathBuf>) -> Self {
        self.options.isolation = Isolation::Native(mobsync.into());
        self
    }

    /// The cases for this handler, those that do not apply to it among them. One session is run to see what they are.
    ///
    /// # Errors
    /// When that session cannot begin.
    pub fn cases(&self) -> Result<Vec<Case>, SuiteError> {
        let known = self.survey(&Stop::default(), &mut ())?;
        Ok(self.cases_of(&known))
    }

    /// The scenario of a case, or of a random session: `random-7` is the one with the seed 7. One session is run to see what the
    /// handler has.
    ///
    /// # Errors
    /// When that session cannot begin, or there is no such case.
    pub fn scenario(&self, name: &str) -> Result<Scenario, SuiteError> {
        let known = self.survey(&Stop::default(), &mut ())?;
        scenario_of(name, self.options.profile, &known, self.cases_of(&known)).map_err(SuiteError::NoSuchCase)
    }

    /// As [`cases`](Self::cases); nothing when everything was stopped meanwhile.
    ///
    /// # Errors
    /// As [`cases`](Self::cases).
    pub fn cases_unless_stopped(&self, stop: &Stop) -> Result<Option<Vec<Case>>, SuiteError> {
        Ok(self.survey_unless_stopped(stop)?.map(|known| self.cases_of(&known)))
    }

    /// Runs the suite.
    ///
    /// # Errors
    /// When the handler cannot be created, there is no such case, or a folder cannot be made.
    pub fn run(&self) -> Result<Report, SuiteError> {
        self.run_watched(&Stop::default(), &())
    }

    /// Runs the suite until it is done or stopped. A report of a suite that was stopped says what was not run.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_watched(&self, stop: &Stop, watcher: &dyn SuiteWatcher) -> Result<Report, SuiteError> {
        let (options, began) = (&self.options, Instant::now());
        for folder in options.scenarios.iter().chain(&options.traces) {
            make_folder(folder)?;
        }
        let known = self.survey_unless_stopped(stop)?;
        let Chosen { tasks, skipped, partition } = match &known {
            Some(known) => choose(options, self.cases_of(known))?,
            None => Chosen::default(),
        };
        watcher.begins(tasks.len());
        let mut report = self.empty_report();
        report.partition = partition;
        report.summary.synchronized = Some(0);
        let (mut not_begun, mut broken_off) = (0, 0);
        let mut outcomes = Vec::new();
        let (mut hangs, mut failures, mut not_run) = (Hangs::default(), Failures::of(options.max_fail), 0);
        if let Some(known) = &known {
            let sessions = Sessions::new(&self.handler, options, &self.commands, known, stop);
            let enough = Enough::default();
            let mut seen = SeenOrders::default();
            let one = |at| {
                // What is not run is not made: of many random sessions that takes long.
                let run =
                    || stop.unless_stopped(|watcher| sessions.run(&tasks.get(at, options.profile, known), watcher));
                let result = if enough.is_reached() { None } else { run() };
                let name = tasks.name(at);
                watcher.session_ended(&name);
                (name, result)
            };
            in_order(self.jobs(), tasks.len(), one, |at, (name, result)| {
                let first = report.findings.len();
                match result {
                    _ if let Some(why) = hangs.why().or(failures.why()) => {
                        not_run += 1;
                        report.add_skipped(&name, why.to_owned());
                        return;
                    }
                    Some(Ok(result)) => {
                        // In virtual time nobody waits for a time limit.
                        if !self.handler.is_scripted() {
                            hangs.add(&result, &enough);
                        }
                        broken_off += usize::from(result.broken_off.is_some());
                        outcomes.extend(result.outcome());
                        seen.add(&result, || tasks.get(at, options.profile, known));
                        add(&mut report, result, &options.filter);
                    }
                    Some(Err(error)) => report.add_unread(&name, error.to_string()),
                    None => {
                        not_begun += 1;
                        return;
                    }
                }
                if let Some(case) = report.cases.last() {
                    watcher.case_judged(case, &report.findings[first..]);
                    if case.outcome.is_bad() {
                        failures.add(&enough);
                    }
                }
            });
            seen.show_again(&sessions, self.jobs(), &mut report);
            report.unfinished.extend(sessions.into_hook_failures());
        }
        let doubt = known.as_ref().and_then(Known::doubt);
        for Case { name, skipped, .. } in skipped {
            let why = skipped.unwrap_or_default();
            // What the handler's kind says is sure, whatever a session shows.
            let doubt = doubt.filter(|_| why != NO_VTABLES && why != NOT_SELF_REGISTERED);
            report.add_skipped(&name, doubt.map_or(why.clone(), |doubt| format!("{why} ({doubt})")));
        }
        if known.is_none() {
            let why = "interrupted: the session that finds the cases was not finished, and no other session ran";
            report.unfinished.push(why.to_owned());
        } else if stop.is_stopped() {
            report.unfinished.push(interrupted(("session", "run"), tasks.len(), not_begun, broken_off));
        } else if let Some(why) = hangs.why().filter(|_| !report.failed()) {
            report.unfinished.push(format!("{not_run} of {} sessions were {why}", tasks.len()));
        } else if let Some(known) = known.as_ref().filter(|_| !report.failed())
            && let Some(why) = known.unjudged(report.summary.synchronized.unwrap_or(0), &outcomes)
        {
            report.unfinished.push(why);
        }
        let all = options.cases.is_empty() && options.skip.is_empty() && options.partition.is_none();
        let is_whole = all && known.is_some() && failures.why().is_none();
        report.elapsed = Some(began.elapsed());
        report.judge_baseline(if is_whole { Scope::Suite } else { Scope::Part });
        Ok(report)
    }

    fn empty_report(&self) -> Report {
        let SuiteOptions { profile, sessions, seed, filter, .. } = &self.options;
        Report::new(self.handler.name(), *profile, (*sessions > 0).then_some(*seed), filter)
    }

    fn cases_of(&self, known: &Known) -> Vec<Case> {
        cases(known, self.options.profile, self.handler.is_native())
    }

    fn survey_unless_stopped(&self, stop: &Stop) -> Result<Option<Known>, SuiteError> {
        let known = stop.unless_stopped(|watcher| self.survey(stop, watcher)).transpose()?;
        // What a session showed that was left is not all that there is.
        Ok(known.filter(|_| !stop.is_stopped()))
    }

    /// Learns what there is to know of the handler.
    fn survey(&self, stop: &Stop, watcher: &mut dyn Watcher) -> Result<Known, SuiteError> {
        let mut seen = Surveyed { watcher, known: Known::default() };
        let terms = self.options.terms(Terms::scenario(survey(self.options.profile)));
        let options = RunOptions { isolation: self.options.isolation.clone(), ..RunOptions::default() };
        self.options.hooks.before(SURVEY, stop)?;
        runner::run(&self.handler, &terms, &options, &mut seen)?;
        self.options.hooks.after(SURVEY, stop)?;
        let registers_itself = self.registers_itself(&options);
        Ok(Known { real_time: !self.handler.is_scripted(), registers_itself, ..seen.known })
    }

    /// Whether `DllRegisterServer` of the handler's library registers it. One that crashes there does so in no case. On Windows itself
    /// it is not called.
    fn registers_itself(&self, options: &RunOptions) -> bool {
        if cfg!(windows) {
            // The handler may be installed here, and a test must not end that.
            return false;
        }
        let Some(HandlerSpec::Com { library, clsid, .. }) = self.handler.spec() else { return false };
        let Ok(folder) = tempfile::tempdir() else { return false };
        let store = Store::scratch(folder.path());
        let called = manager::call_server(&store, library, ServerCall::Register, options);
        // What is refused was to be registered all the same.
        let is_own = |note: &Note| matches!(note, Note::RegisterSyncMgrHandler(args) if args.clsid == *clsid);
        called.is_ok_and(|called| called.hr.is_some() && called.notes.iter().any(is_own))
    }

    /// A library that is loaded once for all sessions cannot tell them apart: whether it is in use, it says of all.
    fn jobs(&self) -> Option<NonZero<u16>> {
        match self.options.isolation {
            Isolation::None if self.handler.is_native() => Some(NonZero::<u16>::MIN),
            // What the commands clean is the same for all.
            _ if self.options.jobs.is_none() && !self.options.hooks.is_empty() => Some(NonZero::<u16>::MIN),
            // A session of a handler in real time waits more than it computes: for the handler, and whether something still comes.
            _ if self.options.jobs.is_none() && !self.handler.is_scripted() && !self.handler.needs_wine() => {
                let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
                u16::try_from(2 * processors).ok().and_then(NonZero::new)
            }
            _ => self.options.jobs,
        }
    }
}

impl SuiteOptions {
    /// The terms of a session, with the options' limits.
    pub(super) fn terms(&self, terms: Terms) -> Terms {
        let limits = Limits {
            timeout_ns: self.timeout_ns.unwrap_or(terms.limits.timeout_ns),
            blocking_ns: self.blocking_ns.unwrap_or(terms.limits.blocking_ns),
            progress_ns: self.progress_ns.unwrap_or(terms.limits.progress_ns),
            ..terms.limits
        };
        // The sessions of the suite are short: a handler that reports for ever costs no more than a few that hang.
        let session_ns = Some(self.session_ns.unwrap_or(limits.timeout_ns.saturating_mul(6)));
        Terms { limits, session_ns, strict: terms.strict || self.strict, ..terms }
    }
}

/// Learns of the handler what its first session shows.
struct Surveyed<'a> {
    watcher: &'a mut dyn Watcher,
    known: Known,
}

impl Watcher for Surveyed<'_> {
    fn started(&mut self, controls: Controls) {
        self.watcher.started(controls);
    }

    fn event(&mut self, event: &Event, session: &Session) {
        self.known.observe(event, session);
    }
}

fn add(report: &mut Report, mut result: SessionResult, filter: &Filter) {
    report.exploration.extend(result.exploration.take());
    let in_other_orders = std::mem::take(&mut result.in_other_orders);
    add_session(report, result, filter);
    in_other_orders.into_iter().for_each(|result| add_session(report, result, filter));
}

fn add_session(report: &mut Report, mut result: SessionResult, filter: &Filter) {
    if let Some(why) = result.skipped {
        return report.add_skipped(&result.name, why);
    }
    let mut record = result.judged.take_record(&result.name, Some(result.reproduce));
    record.debug = result.debug;
    record.aims = result.aims;
    record.repeats = result.repeats;
    record.error = result.broken_off;
    report.add_case(record, result.judged.monitor(), filter);
}
