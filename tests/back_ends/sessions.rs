//! One session of a scenario with any handler, in this process or in a worker, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use mobsync::job::{Handler, Terms};
use mobsync::protocol::*;
use mobsync::rules::Finding;
use mobsync::runner::{self, Isolation, JudgedSession, RunOptions};
use mobsync::scenario::{self, Scenario, StepOutcomes};

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
    steps: StepOutcomes,
}

/// What is said of a session in the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    outcome: Option<String>,
    items: BTreeMap<String, Option<Status>>,
    findings: Vec<(&'static str, String)>,
    /// The steps, and what came of them.
    steps: Vec<String>,
    /// Replies that were held, and why each was let go.
    pub held: Vec<String>,
}

/// Holds the session.
pub fn hold(handler: &Handler, scenario: &Scenario, place: Where) -> Came {
    let isolation = match place {
        Where::Here => Isolation::None,
        Where::Worker => Isolation::All(env!("CARGO_BIN_EXE_mobsync").into()),
    };
    let options = RunOptions { isolation, ..RunOptions::default() };
    let mut events = Vec::new();
    let session = runner::run(handler, &Terms::scenario(scenario.clone()), &options, &mut events);
    let JudgedSession { judged, steps, .. } = session.unwrap_or_else(|error| panic!("{}: {error}", scenario.title));
    let steps = steps.into_iter().next().expect("a scenario has steps, if none");
    Came { events, findings: judged.findings().cloned().collect(), session: judged.session().clone(), steps }
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
            held: self.held(),
        }
    }

    fn held(&self) -> Vec<String> {
        let note = |event: &Event| match &event.kind {
            EventKind::Note(note) => match &**note {
                Note::Held(held) => Some(format!("{} until {}", held.method, held.until)),
                Note::LetGo(let_go) => Some(format!("{} {:?}", let_go.method, let_go.why)),
                _ => None,
            },
            _ => None,
        };
        self.events.iter().filter_map(note).collect()
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
