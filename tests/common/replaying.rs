//! Replays scenarios against scripts, through the library.

use std::path::Path;

use mobsync::handler::script::{self, Script};
use mobsync::host::{Observer, Plan};
use mobsync::job::{Additions, Handler, MakeObservers, Terms};
use mobsync::protocol::*;
use mobsync::rules::Finding;
use mobsync::runner::{self, JudgedSession, RunOptions};
use mobsync::scenario::{self, ExpectationResult, Observed, Scenario, ScenarioPlan, StepOutcomes};
use mobsync::trace::{Header, Writer};

/// A session of a script.
pub struct Replayed {
    pub events: Vec<Event>,
    pub findings: Vec<Finding>,
    pub session: Session,
    pub header: Header,
}

impl Replayed {
    /// The trace as a file.
    pub fn trace(&self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), &self.header).expect("a Vec takes everything");
        self.events.iter().for_each(|event| writer.write(event).expect("a Vec takes everything"));
        writer.into_inner()
    }

    /// What came of the scenario's expectations.
    pub fn check(&self, scenario: &Scenario, steps: &StepOutcomes) -> Vec<ExpectationResult> {
        scenario::check(&scenario.expect, &self.came(steps))
    }

    /// What came, as expectations look at it.
    pub fn came<'a>(&'a self, steps: &'a StepOutcomes) -> Observed<'a> {
        Observed { events: &self.events, session: &self.session, findings: &self.findings, steps }
    }
}

/// The script that a scenario names, relative to it.
pub fn script_of(scenario: &Scenario, file: &Path) -> Script {
    let word = scenario.handler.as_ref().expect("a library scenario names its handler");
    let path = file.parent().expect("the scenario lies in a folder").join(word);
    script::load(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// Replays a scenario against a script.
pub fn replay(scenario: &Scenario, script: Script) -> (Replayed, StepOutcomes) {
    let steps = StepOutcomes::of(scenario);
    (run(scenario, script, ScenarioPlan::new(scenario, steps.clone()), None), steps)
}

/// Replays a scenario against the scripts that it names, relative to its file. There are steps for each of several handlers.
pub fn replay_of(scenario: &Scenario, file: &Path) -> (Replayed, Vec<StepOutcomes>) {
    if scenario.handlers.is_empty() {
        let (replayed, steps) = replay(scenario, script_of(scenario, file));
        return (replayed, vec![steps]);
    }
    let handler = runner::handler_of(file, scenario).unwrap_or_else(|error| panic!("{error}"));
    let (terms, mut events) = (Terms::scenario(scenario.clone()), Vec::new());
    let session = runner::run(&handler, &terms, &RunOptions::default(), &mut events);
    let JudgedSession { header, judged, steps, .. } = session.unwrap_or_else(|error| panic!("{error}"));
    let findings = judged.findings().cloned().collect();
    (Replayed { events, findings, session: judged.session().clone(), header }, steps)
}

/// Runs a script under the scenario's conditions with any plan, and an observer.
pub fn run(
    scenario: &Scenario,
    script: Script,
    plan: impl Plan + 'static,
    observer: Option<Box<dyn Observer>>,
) -> Replayed {
    let handler = Handler::from_script(script);
    let observers = observer.map(|observer| Box::new(|_| vec![observer]) as MakeObservers<'_>);
    let additions = Additions { plan: Some(Box::new(plan)), observers, ..Additions::default() };
    let (terms, options, mut events) = (Terms::scenario(scenario.clone()), RunOptions::default(), Vec::new());
    let session = runner::run_with(&handler, &terms, &options, additions, &mut events);
    let JudgedSession { header, judged, .. } = session.unwrap_or_else(|error| panic!("{error}"));
    Replayed { events, findings: judged.findings().cloned().collect(), session: judged.session().clone(), header }
}
