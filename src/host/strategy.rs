//! By what the next callback is chosen.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By what the next callback is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// By chance.
    Random,
    /// By priorities that chance gives to threads, and that change once: what needs two events in a certain order.
    #[serde(rename = "pct-2")]
    Pct2,
    /// As `pct-2`, with two changes: what needs three events in a certain order.
    #[serde(rename = "pct-3")]
    Pct3,
    /// One thread, which the seed chooses, goes on only when no other one can.
    Starve,
    /// What ends something (a final status, a completion, a dialog) waits until nothing else goes on; then the last that came goes
    /// first.
    LastFirst,
    /// The manager's own thread, inside a call, goes on only when no other one can: work is completed before the call returns.
    BeforeReturn,
    /// The user skips an item while its last report, or the completion, is on its way.
    SkipAtEnd,
}

impl Strategy {
    /// All, in the order in which documents list them.
    pub const ALL: [Self; 7] =
        [Self::Random, Self::Pct2, Self::Pct3, Self::Starve, Self::LastFirst, Self::BeforeReturn, Self::SkipAtEnd];

    /// Its name on command lines and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Pct2 => "pct-2",
            Self::Pct3 => "pct-3",
            Self::Starve => "starve",
            Self::LastFirst => "last-first",
            Self::BeforeReturn => "before-return",
            Self::SkipAtEnd => "skip-at-end",
        }
    }

    /// How often the priorities of threads change.
    pub(super) const fn changes(self) -> usize {
        match self {
            Self::Pct2 => 1,
            Self::Pct3 => 2,
            _ => 0,
        }
    }

    /// For how long the thread that should go on is waited for while it is silent.
    pub(super) const fn patience_ns(self) -> u64 {
        match self {
            Self::Random | Self::Pct2 | Self::Pct3 | Self::SkipAtEnd => 3_000_000,
            Self::Starve | Self::LastFirst | Self::BeforeReturn => 15_000_000,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|strategy| strategy.name() == name);
        found.ok_or_else(|| format!("there is no strategy `{name}`; there are {}", known()))
    }
}
