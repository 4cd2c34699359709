//! What a session runs for, and under which conditions.

use serde::{Deserialize, Serialize};

use super::{Handler, HandlerSpec};
use crate::handler::ServerCall;
use crate::host::{Connection, Order, Selection, longest_opening_ns};
use crate::protocol::{
    Guid, Initialize, Limits, Note, PreferencesStored, Profile, RegisterFlags, SyncEvent, SyncFlags, UpdateItems,
};
use crate::rules::Conditions;
use crate::scenario::{Apartment as ScenarioApartment, Scenario};
use crate::time::wall_clock;
use crate::trace::{Clock, Header, VIRTUAL_START};

/// An hour.
const SESSION_NS: u64 = 3_600_000_000_000;

/// Everything about a session but its handler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What the manager and the user do.
    pub conduct: Conduct,
    /// The Windows version that the manager emulates.
    pub profile: Profile,
    /// Seed for the order of a scripted handler's threads.
    pub seed: u64,
    /// The time limits, and what else rules count.
    pub limits: Limits,
    /// How long the whole session may take in real time, in nanoseconds. Then it ends, whatever the handler still reports.
    #[serde(default)]
    pub session_ns: Option<u64>,
    /// The callback is bound to the manager's apartment: one from another thread waits while the manager is inside a call to a
    /// handler. For handlers in real time.
    #[serde(default)]
    pub strict: bool,
    /// In which order callbacks are let in. For handlers in real time.
    #[serde(default)]
    pub order: Option<Order>,
    /// A user is at the screen, and may act while the session runs and when its results are there.
    #[serde(default)]
    pub attended: bool,
    /// Write down what the manager and the user did, as steps of a scenario.
    pub record: bool,
    /// The handlers that are registered with the manager; without it, those of the session, for no event.
    #[serde(default)]
    pub registered: Option<Vec<(Guid, RegisterFlags)>>,
    /// The network whose connections handlers can open.
    #[serde(default)]
    pub network: Vec<Connection>,
}

/// What the manager and the user do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conduct {
    /// What is ordinary.
    Standard(Standard),
    /// What is ordinary, with each of several handlers.
    Several(Vec<Standard>),
    /// What a scenario says.
    Scenario(Box<Scenario>),
}

/// The settings of an ordinary session: those of [`StandardPlan`](crate::host::StandardPlan).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standard {
    /// The arguments of `Initialize`.
    pub initialize: Initialize,
    /// Which items the user chooses.
    pub selection: Selection,
    /// How many rounds of showing errors, and so of retries, the user goes for.
    pub retries: u32,
    /// What stands in the trace before the first call.
    #[serde(default)]
    pub opening: Vec<Opening>,
    /// What the library is told before the instance is created.
    #[serde(default)]
    pub server: Vec<ServerCall>,
}

/// What the manager notes before the first call of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    /// Another program has started the session.
    UpdateItems(UpdateItems),
    /// For which items it has stored preferences.
    PreferencesStored(PreferencesStored),
}

impl From<Opening> for Note {
    fn from(opening: Opening) -> Self {
        match opening {
            Opening::UpdateItems(args) => Self::UpdateItems(args),
            Opening::PreferencesStored(args) => Self::PreferencesStored(args),
        }
    }
}

/// A manual session with a user at the screen, of the items that the handler preselects, with one round of retries.
impl Default for Standard {
    fn default() -> Self {
        let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
        Self {
            initialize: Initialize::new(flags),
            selection: Selection::default(),
            retries: 1,
            opening: Vec::new(),
            server: Vec::new(),
        }
    }
}

/// Those of an ordinary session: see [`Standard::default`].
impl Default for Terms {
    fn default() -> Self {
        Self::standard(Standard::default())
    }
}

impl Terms {
    /// An ordinary session under the usual limits.
    pub fn standard(standard: Standard) -> Self {
        let conduct = Conduct::Standard(standard);
        Self {
            conduct,
            profile: Profile::default(),
            seed: 0,
            limits: Limits::default(),
            session_ns: None,
            strict: false,
            order: None,
            attended: false,
            record: false,
            registered: None,
            network: Vec::new(),
        }
    }

    /// What a scenario says.
    pub fn scenario(scenario: Scenario) -> Self {
        Self {
            profile: scenario.profile,
            seed: scenario.seed,
            limits: scenario.limits(),
            strict: scenario.apartment == ScenarioApartment::Strict,
            order: scenario.order.clone(),
            network: scenario.network.clone(),
            conduct: Conduct::Scenario(Box::new(scenario)),
            session_ns: None,
            attended: false,
            record: false,
            registered: None,
        }
    }

    /// How long a session with the handler may take in real time unless it is said otherwise, in nanoseconds. Whoever reports for
    /// so long does so for ever; but how long `filesync` copies, the folders say.
    pub fn usual_session_ns(handler: &Handler) -> Option<u64> {
        let is_filesync = |one: &Handler| matches!(one.spec(), Some(HandlerSpec::Filesync { .. }));
        (!handler.members().iter().any(is_filesync)).then_some(SESSION_NS)
    }

    /// The arguments of `Initialize`; of several handlers, those of the first.
    pub fn initialize(&self) -> Initialize {
        match &self.conduct {
            Conduct::Standard(standard) => standard.initialize.clone(),
            Conduct::Several(each) => each.first().cloned().unwrap_or_default().initialize,
            Conduct::Scenario(scenario) => scenario.initialize(),
        }
    }

    /// Which items the user chooses; of several handlers, those of the first.
    pub fn selection(&self) -> Selection {
        match &self.conduct {
            Conduct::Standard(standard) => standard.selection.clone(),
            Conduct::Several(each) => each.first().cloned().unwrap_or_default().selection,
            Conduct::Scenario(scenario) => (&scenario.choose).into(),
        }
    }

    /// For how long the manager may hold a reply at most, as far as the scenario and the network say, in nanoseconds: meanwhile
    /// nothing may happen.
    pub(super) fn longest_hold_ns(&self) -> u64 {
        let scenario_ns = match &self.conduct {
            Conduct::Standard(_) | Conduct::Several(_) => 0,
            Conduct::Scenario(scenario) => scenario.longest_hold_ns(),
        };
        scenario_ns.max(longest_opening_ns(&self.network))
    }

    /// Whether native handlers are asked what no session asks.
    pub(super) fn probes(&self) -> bool {
        matches!(&self.conduct, Conduct::Scenario(scenario) if scenario.probes)
    }

    /// The header of a trace of such a session with this handler, which begins now.
    pub fn header(&self, handler: &Handler) -> Header {
        let (clock, started, seed) = match handler.is_scripted() {
            true => (Clock::Virtual, VIRTUAL_START, Some(self.seed)),
            false => (Clock::Real, wall_clock(), None),
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
}

impl From<&Header> for Conditions {
    /// What the session of this trace is judged by.
    fn from(header: &Header) -> Self {
        Self { profile: header.profile, limits: header.limits, started: header.started }
    }
}
