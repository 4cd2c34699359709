//! What a rule is.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::Profile;

/// One rule of the catalogue. Every other part of the program reads this declaration.
#[derive(Debug)]
pub struct Rule {
    /// Its place in the catalogue.
    pub index: usize,
    /// The stable code, e.g. `SYNC-04`.
    pub code: &'static str,
    /// A stable name in kebab case, e.g. `one-synchronize-completed`.
    pub name: &'static str,
    /// How bad breaking it is.
    pub level: Level,
    /// Who is judged.
    pub subject: Subject,
    /// Whether it holds for handlers with COM vtables only.
    pub native: bool,
    /// What the rule rests on.
    pub basis: Basis,
    /// How strongly its source words it.
    pub wording: Wording,
    /// Page stems of the public reference (`nf-mobsync-…`), or the COM rule.
    pub source: &'static [&'static str],
    /// The only profile that it holds for, if it is not both.
    pub profile: Option<Profile>,
    /// One sentence: what is asked.
    pub summary: &'static str,
    /// Who checks it today.
    pub checked: Checked,
    /// The text of `docs/rules/<CODE>.md`.
    pub doc: &'static str,
}

impl Rule {
    /// The part of the code before the dash.
    pub fn family(&self) -> &'static str {
        self.code.split_once('-').map_or(self.code, |(family, _)| family)
    }
}

/// How bad it is to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// The reference says should.
    Warning,
    /// The reference says must, cannot or not allowed.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        })
    }
}

/// Who is judged by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The handler.
    Handler,
    /// The manager: this emulator, or another host whose trace is checked.
    Manager,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Subject::Handler => "handler",
            Subject::Manager => "manager",
        })
    }
}

/// What a rule rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The public reference says it.
    Documented,
    /// A rule of COM.
    Com,
    /// The SDK's headers.
    Header,
    /// The reference is silent or vague; this is the project's reading.
    Choice,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Basis::Documented => "documented",
            Basis::Com => "com",
            Basis::Header => "header",
            Basis::Choice => "choice",
        })
    }
}

/// How strongly a rule's source words it: a page of the reference, a rule of COM, or the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wording {
    /// No page says it.
    Silent,
    /// "Should".
    Should,
    /// It says plainly what is, without "must" or "should": what a field holds, when a method is called.
    States,
    /// "Must", "cannot" or "not allowed".
    Must,
}

impl Wording {
    /// Whether words of this strength can carry a rule of that level.
    pub fn carries(self, level: Level) -> bool {
        match level {
            Level::Error => self >= Wording::States,
            Level::Warning | Level::Note => self >= Wording::Should,
        }
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Wording::Silent => "silent",
            Wording::Should => "should",
            Wording::States => "states",
            Wording::Must => "must",
        })
    }
}

/// Who checks a rule today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The monitor, from the events of any trace.
    Monitor,
    /// Nothing yet; the text says what it waits for.
    NotYet(&'static str),
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}
