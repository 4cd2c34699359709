//! One session after another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use super::console::Console;
use super::debugger::{After, Debugger, Leave};
use super::in_worker;
use super::interrupted;
use super::observer::{DebugObserver, Shared, lock};
use super::performed::Performed;
use crate::cli::args::DebugArgs;
use crate::cli::ended::{Ended, Failure};
use crate::cli::sessions;
use crate::cli::{break_on, conform};
use crate::conform::{Suite, SuiteOptions};
use crate::host::{Controls, Observer, Selection};
use crate::job::{Handler, Terms};
use crate::protocol::{Delay, Limits, plain_path};
use crate::rules::{Conditions, Finding, Level, Rule};
use crate::runner::{self, Additions, JudgedSession, NoSuchItem, Recorded, RunError, RunOptions, Watcher};
use crate::scenario::{self, Recording, Scenario, StepCame};
use crate::trace::Header;

/// A person thinks for as long as it takes: a hundred years, which is no limit, and still far from the end of a u64.
const NO_LIMIT_NS: u64 = 3_155_760_000_000_000_000;

/// How often it is looked whether something happens in a session.
const LOOK: Duration = Duration::from_millis(50);

/// As much as a program's first thread has: steps of a script may nest.
const SCRIPT_STACK: usize = 8 << 20;

pub(in crate::cli) fn debug(args: &DebugArgs) -> Result<Ended, Failure> {
    let interrupted = interrupted::listen();
    let given = match (&args.scenario, &args.case) {
        (Some(file), _) => Some(scenario::load(file)?),
        (None, Some(name)) => Some(of_case(args, name)?),
        (None, None) => None,
    };
    if let (Some(file), Some(scenario)) = (&args.scenario, &given)
        && !scenario.handlers.is_empty()
    {
        let file = plain_path(file);
        return Err(Failure(format!(
            "--scenario {file}: it has several handlers (`handlers`), and debug steps through one"
        )));
    }
    if let (Some(name), Some(scenario)) = (&args.case, &given)
        && scenario.has_world()
    {
        return Err(Failure(format!(
            "--case {name}: it has several sessions; `mobsync conform --case {name} --trace FOLDER` writes their trace, and \
             `mobsync check` shows it"
        )));
    }
    // What cannot be started is said before the first prompt.
    let mut next = Some(Prepared::new(args, given.as_ref())?);
    let debugger = Arc::new(Mutex::new(Debugger::new(Console::new(), interrupted)));
    for word in &args.breaks {
        lock(&debugger).set_breakpoint(word).map_err(|why| Failure(format!("--break {why}")))?;
    }
    if let Some(prepared) = &next {
        let name = prepared.handler.name();
        lock(&debugger).tell(&format!("{name}: step, next or continue starts the session; help lists the commands."));
    }
    loop {
        let after = lock(&debugger).before();
        match after {
            After::Quit => return Ok(ended(&debugger, args.strict)),
            After::Restart => continue,
            After::Go => {}
        }
        let prepared = match next.take().map_or_else(|| Prepared::new(args, given.as_ref()), Ok) {
            Ok(prepared) => prepared,
            Err(failure) => {
                lock(&debugger).tell(&format!("{failure}"));
                continue;
            }
        };
        let more = prepared.run(args, &debugger)?;
        let after = lock(&debugger).over(&more);
        if after == After::Quit {
            return Ok(ended(&debugger, args.strict));
        }
        lock(&debugger).tell("A new session: step, next or continue starts it.");
    }
}

fn ended(debugger: &Mutex<Debugger>, strict: bool) -> Ended {
    let debugger = lock(debugger);
    let found = debugger.performed().map_or(&[][..], |performed| performed.judged.found());
    let least = if strict { Level::Warning } else { Level::Error };
    let counts = |finding: &Finding| finding.level >= least && finding.consequence_of.is_none();
    if found.iter().any(|found| counts(&found.finding)) { Ended::Findings } else { Ended::Well }
}

/// The scenario of a case of the suite.
fn of_case(args: &DebugArgs, name: &str) -> Result<Scenario, Failure> {
    let options = SuiteOptions {
        profile: args.session.profile.map(Into::into).unwrap_or_default(),
        isolation: sessions::isolation(false)?,
        ..SuiteOptions::default()
    };
    let suite = Suite::of(args.handler.given().find()?).with(options);
    suite.scenario(name).map_err(conform::failure)
}

/// A session that can begin.
struct Prepared {
    handler: Handler,
    terms: Terms,
    header: Header,
    scenario: Scenario,
    break_on: Vec<&'static Rule>,
}

impl Prepared {
    fn new(args: &DebugArgs, given: Option<&Scenario>) -> Result<Self, Failure> {
        let break_on = break_on::rules(&args.session.break_on)?;
        let handler = args.handler.given().find()?;
        if handler.needs_wine() && (args.session.in_process || !break_on.is_empty()) {
            return Err(sessions::run_failure(RunError::InProcessUnderWine));
        }
        let (mut terms, scenario) = match given {
            Some(scenario) => {
                let mut terms = Terms::scenario(scenario.clone());
                terms.strict |= sessions::strict();
                (terms, scenario.clone())
            }
            None => {
                let terms = sessions::terms(&args.session)?;
                let scenario = sessions::ordinary(&args.session, &terms, "Recorded in a debugger session");
                (terms, scenario)
            }
        };
        let by_scenario = given.map(|given| (given.timeout, given.blocking, given.progress)).unwrap_or_default();
        let usual = match handler.is_scripted() {
            false => Limits {
                timeout_ns: NO_LIMIT_NS,
                blocking_ns: NO_LIMIT_NS,
                progress_ns: NO_LIMIT_NS,
                ..scenario.limits()
            },
            true => scenario.limits(),
        };
        let limit = |given: Option<u64>, scenario: Option<Delay>, usual: u64| {
            given.or(scenario.map(|delay| delay.0)).unwrap_or(usual)
        };
        terms.limits.timeout_ns = limit(args.session.timeout, by_scenario.0, usual.timeout_ns);
        terms.limits.blocking_ns = limit(args.session.blocking_limit, by_scenario.1, usual.blocking_ns);
        terms.limits.progress_ns = limit(args.session.progress_limit, by_scenario.2, usual.progress_ns);
        terms.session_ns = args.session.session_limit;
        let header = terms.header(&handler);
        Ok(Self { handler, terms, header, scenario, break_on })
    }

    /// Runs it to its end, or until it is left. Returns what there is to say beside what the debugger saw.
    fn run(self, args: &DebugArgs, debugger: &Shared) -> Result<Vec<String>, Failure> {
        let Self { handler, terms, header, scenario, break_on } = self;
        let conditions = Conditions::from(&header);
        let selection = terms.selection();
        let number = lock(debugger).next_number();
        let terms = Terms { record: true, ..terms };
        let given = args.handler.given();
        let debugging = Arc::clone(debugger);
        let begin = move |recording: Recording| {
            lock(&debugging).begin(Performed::new(conditions), Recorded { recording, handler: given, scenario });
            debugging
        };
        let trace_limit = sessions::trace_limit(args.session.trace_limit);
        let trace = args.session.trace.clone();
        let options = RunOptions { break_on, trace, trace_limit, ..RunOptions::default() };
        if handler.is_native() && !args.session.in_process && options.break_on.is_empty() {
            begin(Recording::default());
            let ran = in_worker::run(&handler, &terms, &options, debugger, number)?;
            return Ok(more_of(Some(ran), debugger, &selection));
        }
        let observers = move |recording: Option<Recording>| {
            let debug: Box<dyn Observer> = Box::new(DebugObserver::new(begin(recording.unwrap_or_default()), number));
            vec![debug]
        };
        let ran = if handler.is_scripted() {
            run_script(handler, terms, options, observers, debugger)?
        } else {
            let mut leaving = Leaving(debugger);
            let additions = Additions { observers: Some(Box::new(observers)), ..Additions::default() };
            let over = AtomicBool::new(false);
            let ran = std::thread::scope(|scope| {
                // Without this thread nothing is said of a session in which nothing happens.
                let watch = std::thread::Builder::new().name("watch".to_owned());
                drop(watch.spawn_scoped(scope, || {
                    while !over.load(Ordering::SeqCst) {
                        std::thread::sleep(LOOK);
                        lock(debugger).is_idle(number);
                    }
                }));
                let ran = runner::run_with(&handler, &terms, &options, additions, &mut leaving);
                over.store(true, Ordering::SeqCst);
                ran
            });
            Some(ran.map_err(sessions::run_failure)?)
        };
        Ok(more_of(ran, debugger, &selection))
    }
}

/// What there is to say of a session beside what the debugger saw.
fn more_of(ran: Option<JudgedSession>, debugger: &Shared, selection: &Selection) -> Vec<String> {
    let (steps, failure) = ran.map(|ran| (ran.steps, ran.trace_failure)).unwrap_or_default();
    let mut more: Vec<String> =
        failure.iter().map(|failure| format!("The trace is not complete: {failure}.")).collect();
    let debugger = lock(debugger);
    let items = debugger.performed().map(|performed| performed.judged.items()).unwrap_or_default();
    more.extend(NoSuchItem::find(selection, &items).map(|missing| format!("--item {missing}")));
    for (step, came, why) in steps.first().map(|steps| steps.came(&items)).unwrap_or_default() {
        if came != StepCame::Taken {
            more.push(format!("The scenario's step `{}` was not taken: {why}.", step.action));
        }
    }
    more
}

/// Lets a session in real time be left.
struct Leaving<'a>(&'a Shared);

impl Watcher for Leaving<'_> {
    fn started(&mut self, controls: Controls) {
        lock(self.0).set_leave(Leave::Real(controls));
    }
}

/// What comes of a script's session.
enum ScriptEnd {
    Ended(Box<Result<JudgedSession, RunError>>),
    Left,
}

/// Runs a script's session on a thread of its own, so that it can be left behind: nothing else can stop a script that
/// never ends. Nothing is known of one that was left.
fn run_script(
    handler: Handler,
    terms: Terms,
    options: RunOptions,
    observers: impl FnOnce(Option<Recording>) -> Vec<Box<dyn Observer>> + Send + 'static,
    debugger: &Shared,
) -> Result<Option<JudgedSession>, Failure> {
    let (tell, told) = mpsc::channel();
    let left = tell.clone();
    lock(debugger).set_leave(Leave::Halt(Box::new(move || drop(left.send(ScriptEnd::Left)))));
    std::thread::Builder::new().name("script".to_owned()).stack_size(SCRIPT_STACK).spawn(move || {
        let additions = Additions { observers: Some(Box::new(observers)), ..Additions::default() };
        let ran = runner::run_with(&handler, &terms, &options, additions, &mut ());
        // Whoever waits for it waits until it comes.
        drop(tell.send(ScriptEnd::Ended(Box::new(ran))));
    })?;
    match told.recv() {
        Ok(ScriptEnd::Ended(ended)) => Ok(Some((*ended).map_err(sessions::run_failure)?)),
        Ok(ScriptEnd::Left) => Ok(None),
        Err(mpsc::RecvError) => Err(Failure("the session's thread ended before the session".to_owned())),
    }
}
