//! Runs a session of a script in every order of its threads within bounds, and judges each in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::run::RunError;
use crate::host::Outlet;
use crate::host::explore::{Bound, Bounds, Deviation, Explorer};
use crate::job::{self, Conduct, Handler, Terms};
use crate::protocol::{Event, EventKind, HResult, Method};
use crate::rules::codes::ERRS_08;
use crate::rules::{Conditions, Finding, Monitor, Rule};
use crate::scenario::{Action, Scenario, Trigger};

/// How far orders are explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExploreOptions {
    /// So many times at most a thread is interrupted that could have gone on. Without it, any number of times.
    pub preemptions: Option<u32>,
    /// So many things the user does, at most, beside what the scenario says.
    pub actions: u32,
    /// How many sessions are run at most, and how many more to look for a shorter schedule of each cause (at most 20,000).
    pub schedules: u64,
    /// How long it may take. A fifth of it is for shorter schedules.
    pub time: Option<Duration>,
    /// Leave out what differs from another order only in the order of independent steps.
    pub reduce: bool,
    /// Look for the shortest schedule of each cause. Otherwise the shortest of those that were run is kept.
    pub shorten: bool,
}

impl Default for ExploreOptions {
    fn default() -> Self {
        Self { preemptions: Some(2), actions: 0, schedules: 100_000, time: None, reduce: true, shorten: true }
    }
}

/// How many sessions may be run to make the schedule of one cause shorter.
const MOST_SHORTENING: u64 = 20_000;

/// Of the time that exploring may take, so much is left for making schedules shorter.
const FOR_SHORTENING: u32 = 5;

/// What came of exploring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// The orders that were run to their end.
    pub schedules: u64,
    /// The sessions that were given up, because they came to where another one had been.
    pub given_up: u64,
    /// All orders within the bounds were run.
    pub all: bool,
    /// What was found, each with the schedule that shows it.
    pub causes: Vec<FoundInSchedule>,
}

/// A cause, and the shortest schedule that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundInSchedule {
    /// The rule.
    pub rule: &'static Rule,
    /// The method where it was seen.
    pub method: Option<Method>,
    /// The schedule: what differs from the usual order. Empty: the usual order shows it.
    pub schedule: Vec<Deviation>,
    /// No schedule with fewer deviations shows it: all were tried.
    pub shortest: bool,
    /// In how many of the schedules it was found.
    pub seen: u64,
}

/// What findings have in common that are one cause.
type Key = (&'static str, Option<Method>);

/// Runs the scenario with the script in every order within the options' bounds. `stop` is asked between two sessions.
///
/// # Errors
/// When the handler is no script, or cannot be created.
pub fn explore(
    handler: &Handler,
    scenario: &Scenario,
    options: &ExploreOptions,
    stop: &dyn Fn() -> bool,
) -> Result<Explored, ExploreError> {
    if !handler.is_scripted() {
        return Err(ExploreError::NotAScript);
    }
    let sessions = Sessions::of(handler, scenario, options);
    let bound = options.preemptions.map_or(Bound::None, Bound::Preemptions);
    let explorer = Explorer::new(sessions.bounds(bound, options.reduce));
    let began = Instant::now();
    let mut causes: BTreeMap<Key, FoundInSchedule> = BTreeMap::new();
    let (mut schedules, mut given_up, mut all) = (0, 0, false);
    loop {
        match sessions.run(&explorer)? {
            Some(findings) => {
                schedules += 1;
                for (key, rule) in findings {
                    let found = causes.entry(key).or_insert_with(|| FoundInSchedule {
                        rule,
                        method: key.1,
                        schedule: explorer.schedule(),
                        shortest: false,
                        seen: 0,
                    });
                    found.seen += 1;
                    if explorer.deviations() < found.schedule.len() {
                        found.schedule = explorer.schedule();
                    }
                }
            }
            None => given_up += 1,
        }
        if !explorer.go_on() {
            all = true;
            break;
        }
        let spent = |time: Duration| began.elapsed() >= time - time / FOR_SHORTENING;
        let over = schedules + given_up >= options.schedules || options.time.is_some_and(spent);
        if over || stop() {
            break;
        }
    }
    let mut causes: Vec<FoundInSchedule> = causes.into_values().collect();
    let over = || stop() || options.time.is_some_and(|time| began.elapsed() >= time);
    for cause in &mut causes {
        if options.shorten && !over() {
            sessions.shorten(cause, MOST_SHORTENING.min(options.schedules), &over)?;
        }
    }
    Ok(Explored { schedules, given_up, all, causes })
}

/// Why nothing was explored.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    /// Its threads are real ones.
    #[error("only a script's threads can be explored: those of this handler are real ones, whose order nobody chooses")]
    NotAScript,
    /// The session cannot begin.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The sessions of one exploration.
struct Sessions<'a> {
    handler: &'a Handler,
    terms: Terms,
    conditions: Conditions,
    actions: u32,
    counts_callbacks: bool,
}

impl<'a> Sessions<'a> {
    fn of(handler: &'a Handler, scenario: &Scenario, options: &ExploreOptions) -> Self {
        let terms = Terms::scenario(Scenario { schedule: None, ..scenario.clone() });
        let conditions = Conditions::from(&terms.header(handler));
        let counts_callbacks = match &terms.conduct {
            Conduct::Scenario(scenario) => counts_callbacks(scenario),
            Conduct::Standard(_) | Conduct::Several(_) => false,
        };
        Self { handler, terms, conditions, actions: options.actions, counts_callbacks }
    }

    fn bounds(&self, bound: Bound, reduce: bool) -> Bounds {
        Bounds { bound, actions: self.actions, reduce, counts_callbacks: self.counts_callbacks }
    }

    /// Runs the next session: what is found in it; nothing if it was given up, or shows nothing new.
    fn run(&self, explorer: &Explorer) -> Result<Option<BTreeMap<Key, &'static Rule>>, RunError> {
        explorer.begin();
        let monitor = Arc::new(Mutex::new(Monitor::new(self.conditions)));
        job::in_order_of(self.handler, &self.terms, explorer, Box::new(Judge(Arc::clone(&monitor))))?;
        if !explorer.ended() {
            return Ok(None);
        }
        let mut monitor = monitor.lock();
        monitor.finish();
        // That the handler is released without its retry is a thing that the user does.
        let counts = |finding: &&Finding| finding.consequence_of.is_none() && finding.rule != ERRS_08;
        let found = monitor.findings().iter().filter(counts);
        Ok(Some(found.map(|finding| ((finding.rule.code, finding.method), finding.rule)).collect()))
    }

    /// Finds the shortest schedule that shows the cause, in so many sessions, and until `over` says so.
    fn shorten(&self, cause: &mut FoundInSchedule, most: u64, over: &dyn Fn() -> bool) -> Result<(), RunError> {
        let key = (cause.rule.code, cause.method);
        let mut left = most;
        for most in 0..cause.schedule.len() {
            let deviations = Bound::Deviations(u32::try_from(most).unwrap_or(u32::MAX));
            let explorer = Explorer::new(self.bounds(deviations, true));
            loop {
                if let Some(found) = self.run(&explorer)?
                    && found.contains_key(&key)
                {
                    cause.schedule = explorer.schedule();
                    cause.shortest = true;
                    return Ok(());
                }
                if left == 0 || over() {
                    return Ok(());
                }
                left -= 1;
                if !explorer.go_on() {
                    break;
                }
            }
        }
        cause.shortest = true;
        Ok(())
    }
}

/// Judges events as they are recorded.
struct Judge(Arc<Mutex<Monitor>>);

impl Outlet for Judge {
    fn record(&mut self, event: &Event, answer: Option<HResult>) {
        let mut monitor = self.0.lock();
        monitor.observe(event);
        if let (Some(hr), EventKind::Callback { call, what }) = (answer, &event.kind) {
            let kind = EventKind::Reply { call: *call, method: what.method(), hr };
            monitor.observe(&Event { seq: event.seq + 1, thread: event.thread.clone(), kind, ..*event });
        }
    }
}

/// Whether the plan of the scenario counts callbacks: then it matters in which order they come, whatever they are about.
fn counts_callbacks(scenario: &Scenario) -> bool {
    let another = scenario.another.iter().flat_map(|another| &another.steps);
    let members = scenario.handlers.iter().flat_map(|member| &member.steps);
    let mut steps = scenario.steps.iter().chain(another).chain(members);
    steps.any(|step| matches!(step.when, Trigger::Callback(_)) || matches!(step.action, Action::Hold(_)))
}
