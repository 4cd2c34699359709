//! What a session is held for, and under which conditions.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Handler;
use crate::host::{Plan, Selection, StandardPlan};
use crate::protocol::{FileTime, Initialize, Limits, Profile};
use crate::rules::Conditions;
use crate::scenario::{Recorder, Recording, Scenario, ScenarioPlan, Steps};
use crate::trace::{Clock, Header, VIRTUAL_START};

/// Everything about a session but its handler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What the manager and the user do.
    pub doing: Doing,
    /// Which Windows the manager plays.
    pub profile: Profile,
    /// Decides the order of a scripted handler's threads.
    pub seed: u64,
    /// The time limits, and what else rules count.
    pub limits: Limits,
    /// Write down what the manager and the user did, as steps of a scenario.
    pub record: bool,
}

/// What the manager and the user do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// What is ordinary.
    Standard(Standard),
    /// What a scenario says.
    Scenario(Box<Scenario>),
}

/// The settings of an ordinary session: those of [`StandardPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standard {
    /// The arguments of `Initialize`.
    pub initialize: Initialize,
    /// Which items the user chooses.
    pub selection: Selection,
    /// How many rounds of showing errors, and so of retries, the user goes for.
    pub retries: u32,
}

/// A plan, and what can be asked about it when the session is over.
pub(super) struct Planned {
    pub(super) plan: Box<dyn Plan>,
    /// What is done with another instance, and whether that is done at the same time.
    pub(super) another: Option<(Box<dyn Plan>, bool)>,
    pub(super) steps: Option<Steps>,
    pub(super) recording: Option<Recording>,
}

impl Terms {
    /// An ordinary session under the usual limits.
    pub fn standard(standard: Standard) -> Self {
        let doing = Doing::Standard(standard);
        Self { doing, profile: Profile::default(), seed: 0, limits: Limits::default(), record: false }
    }

    /// What a scenario says.
    pub fn scenario(scenario: Scenario) -> Self {
        Self {
            profile: scenario.profile,
            seed: scenario.seed,
            limits: scenario.limits(),
            doing: Doing::Scenario(Box::new(scenario)),
            record: false,
        }
    }

    /// The arguments of `Initialize`.
    pub fn initialize(&self) -> Initialize {
        match &self.doing {
            Doing::Standard(standard) => standard.initialize.clone(),
            Doing::Scenario(scenario) => scenario.initialize(),
        }
    }

    /// Which items the user chooses.
    pub fn selection(&self) -> Selection {
        match &self.doing {
            Doing::Standard(standard) => standard.selection.clone(),
            Doing::Scenario(scenario) => (&scenario.choose).into(),
        }
    }

    /// Whether native handlers are asked what no session asks.
    pub(super) fn probes(&self) -> bool {
        matches!(&self.doing, Doing::Scenario(scenario) if scenario.probes)
    }

    /// The header of a trace of such a session with this handler, which begins now.
    pub fn header(&self, handler: &Handler) -> Header {
        let (clock, started, seed) = match handler.is_scripted() {
            true => (Clock::Virtual, VIRTUAL_START, Some(self.seed)),
            false => (Clock::Real, now(), None),
        };
        Header {
            generator: concat!("mobsync ", env!("CARGO_PKG_VERSION")).to_owned(),
            handler: handler.name(),
            profile: self.profile,
            clock,
            started,
            seed,
            limits: self.limits,
        }
    }

    pub(super) fn plan(&self) -> Planned {
        let (plan, steps): (Box<dyn Plan>, _) = match &self.doing {
            Doing::Standard(standard) => {
                let mut plan = StandardPlan::new(standard.initialize.clone(), standard.selection.clone());
                plan.retries = standard.retries;
                (Box::new(plan), None)
            }
            Doing::Scenario(scenario) => {
                let (plan, steps) = ScenarioPlan::new(scenario);
                (Box::new(plan), Some(steps))
            }
        };
        let another = match &self.doing {
            Doing::Scenario(scenario) => scenario.of_another().map(|another| {
                let together = scenario.another.as_ref().is_some_and(|another| another.together);
                let plan: Box<dyn Plan> = Box::new(ScenarioPlan::new(&another).0);
                (plan, together)
            }),
            Doing::Standard(_) => None,
        };
        if !self.record {
            return Planned { plan, another, steps, recording: None };
        }
        let (plan, recording) = Recorder::new(plan, self.initialize(), self.selection());
        Planned { plan: Box::new(plan), another, steps, recording: Some(recording) }
    }
}

impl From<&Header> for Conditions {
    /// What the session of this trace is judged by.
    fn from(header: &Header) -> Self {
        Self { profile: header.profile, limits: header.limits, started: header.started }
    }
}

fn now() -> FileTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    FileTime::from_unix_nanos(i128::try_from(since.as_nanos()).unwrap_or(i128::MAX))
}
