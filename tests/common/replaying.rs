//! Replays scenarios against scripts, through the library.

use std::path::Path;
use std::sync::Arc;

use mobsync::handler::script::{self, Script, ScriptFactory};
use mobsync::host::{self, Observer, Plan, SessionSetup};
use mobsync::protocol::*;
use mobsync::rules::{Conditions, Finding, Monitor};
use mobsync::scenario::{self, ExpectationResult, Observed, Scenario, ScenarioPlan, Steps};
use mobsync::time::Scheduler;
use mobsync::trace::{Clock, Header, Writer};

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
    pub fn check(&self, scenario: &Scenario, steps: &Steps) -> Vec<ExpectationResult> {
        scenario::check(&scenario.expect, &self.came(steps))
    }

    /// What came, as expectations look at it.
    pub fn came<'a>(&'a self, steps: &'a Steps) -> Observed<'a> {
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
pub fn replay(scenario: &Scenario, script: Script) -> (Replayed, Steps) {
    let steps = Steps::of(scenario);
    (run(scenario, script, ScenarioPlan::new(scenario, steps.clone()), None), steps)
}

/// Runs a script under the scenario's conditions with any plan, and an observer.
pub fn run(
    scenario: &Scenario,
    script: Script,
    plan: impl Plan + 'static,
    observer: Option<Box<dyn Observer>>,
) -> Replayed {
    let header = Header {
        clock: Clock::Virtual,
        seed: Some(scenario.seed),
        profile: scenario.profile,
        limits: scenario.limits(),
        started: mobsync::trace::VIRTUAL_START,
        ..Header::default()
    };
    let scheduler = Scheduler::seeded(scenario.seed);
    let factory = Arc::new(ScriptFactory::new(script, scheduler.clone()));
    let setup = SessionSetup::new(factory, Box::new(plan), header.limits);
    let setup = observer.into_iter().fold(setup, SessionSetup::observed_by);
    let mut events: Vec<Event> = Vec::new();
    let ran = host::run_virtual(setup, &scheduler, &mut |new: Vec<Event>, _: &Session| events.extend(new));
    let session = ran.unwrap_or_else(|error| panic!("{error}")).session;
    let conditions = Conditions { profile: header.profile, limits: header.limits, started: header.started };
    let mut monitor = Monitor::new(conditions);
    for event in &events {
        monitor.observe(event);
    }
    monitor.finish();
    Replayed { events, findings: monitor.take_findings(), session, header }
}
