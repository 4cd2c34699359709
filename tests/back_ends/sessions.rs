//! One session of a scenario with any handler, in this process or in a worker, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use mobsync::job::{self, Handler, Launched, Terms, Workers};
use mobsync::protocol::*;
use mobsync::rules::{Conditions, Finding, Monitor};
use mobsync::scenario::{self, Scenario, Steps};

/// Where a session takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In this process.
    Here,
    /// In a process of its own.
    Worker,
}

/// What came of a session.
pub struct Came {
    pub events: Vec<Event>,
    findings: Vec<Finding>,
    session: Session,
    steps: Steps,
}

/// What is said of a session in the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    outcome: Option<String>,
    items: BTreeMap<String, Option<Status>>,
    findings: Vec<(&'static str, String)>,
    /// The steps, and what came of them.
    steps: Vec<String>,
}

/// Holds the session.
pub fn hold(handler: &Handler, scenario: &Scenario, place: Where) -> Came {
    let terms = Terms::scenario(scenario.clone());
    let mut events = Vec::new();
    let mut drain = |new: Vec<Event>, _: &Session| events.extend(new);
    let launched = match place {
        Where::Here => job::in_process(handler, &terms, |_| {}, &mut drain),
        Where::Worker => {
            let workers = Workers { program: env!("CARGO_BIN_EXE_mobsync").into() };
            job::isolated(&workers, handler, &terms, |_| {}, &mut drain)
        }
    };
    let Launched { ran, steps, .. } = launched.unwrap_or_else(|error| panic!("{}: {error}", scenario.title));
    let mut monitor = Monitor::new(Conditions::from(&terms.header(handler)));
    for event in &events {
        monitor.observe(event);
    }
    monitor.finish();
    let steps = steps.expect("a scenario has steps, if none");
    Came { events, findings: monitor.take_findings(), session: ran.session, steps }
}

impl Came {
    pub fn verdict(&self) -> Verdict {
        let came = scenario::Observed {
            events: &self.events,
            session: &self.session,
            findings: &self.findings,
            steps: &self.steps,
        };
        let expect = scenario::observed(&came);
        let steps = self.steps.came(&self.session.items()).into_iter().map(|(_, came, _)| format!("{came:?}"));
        Verdict {
            outcome: expect.outcome.map(|outcome| outcome.to_string()),
            items: expect.items,
            findings: self.findings.iter().map(|finding| (finding.rule.code, finding.message())).collect(),
            steps: steps.collect(),
        }
    }

    /// The items that were enumerated.
    pub fn items(&self) -> Vec<Item> {
        self.session.items().iter().cloned().collect()
    }

    /// The rounds, from 0, in which SynchronizeCompleted came before Synchronize had returned: which of them is first is
    /// up to the machine where others than the manager's thread do the work.
    pub fn rounds_completed_before_the_return(&self) -> BTreeSet<usize> {
        let mut rounds = BTreeSet::new();
        let (mut round, mut completed) = (0, false);
        for event in &self.events {
            match &event.kind {
                EventKind::Callback { what: Callback::SynchronizeCompleted(_), .. } => completed = true,
                EventKind::Return { what, .. } if what.method == CallMethod::Synchronize => {
                    if completed {
                        rounds.insert(round);
                    }
                    round += 1;
                }
                EventKind::Call { what, .. } if what.method() == CallMethod::Synchronize => completed = false,
                _ => {}
            }
        }
        rounds
    }
}
