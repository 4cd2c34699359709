//! What went wrong: a variant for each way in which a rule is broken, with its data and its sentence.
//!
//! A check gives the data; the sentence is made from it, here and nowhere else. So reports, baselines and grouping compare
//! data, and a sentence can be written anew without any of them noticing. One file holds the variants of one subject.

mod com;
mod comparison;
mod completion;
mod dialogs;
mod enumeration;
mod errors;
mod info;
mod items;
mod life;
mod manager;
mod progress;
mod registration;
mod results;
mod stopping;

pub use com::ComViolation;
pub use comparison::ComparisonViolation;
pub use completion::CompletionViolation;
pub use dialogs::{ConnectionViolation, DialogViolation};
pub use enumeration::EnumerationViolation;
pub use errors::ErrorLogViolation;
pub use info::InfoViolation;
pub use items::ItemViolation;
pub use life::{CrashedThread, LifeViolation};
pub use manager::ManagerViolation;
pub use progress::ProgressViolation;
pub use registration::RegistrationViolation;
pub use results::ResultViolation;
pub use stopping::StopViolation;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{Guid, Item, Status, Text};

/// What went wrong, as data. Its text is the sentence that a report shows.
///
/// ```
/// use mobsync::protocol::{Guid, Status};
/// use mobsync::rules::{CompletionViolation, NamedItem, Violation};
/// let letters = NamedItem { id: Guid::from_alias("B").unwrap(), name: Some("Letters".into()) };
/// let violation: Violation = CompletionViolation::NotFinal { item: letters, status: Some(Status::UPDATING) }.into();
/// assert_eq!(violation.to_string(), "the last status of item B \"Letters\" is UPDATING, which is not final");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Violation {
    /// A call that the manager must not make, or not so.
    #[error(transparent)]
    Manager(#[from] ManagerViolation),
    /// A result, or the time that it took.
    #[error(transparent)]
    Result(#[from] ResultViolation),
    /// What a handler says of itself, and the objects of items.
    #[error(transparent)]
    Info(#[from] InfoViolation),
    /// The enumerator.
    #[error(transparent)]
    Enumeration(#[from] EnumerationViolation),
    /// An enumerated item.
    #[error(transparent)]
    Item(#[from] ItemViolation),
    /// A completion, and what must be true when it comes.
    #[error(transparent)]
    Completion(#[from] CompletionViolation),
    /// A report of progress.
    #[error(transparent)]
    Progress(#[from] ProgressViolation),
    /// What a handler does after it was asked to stop.
    #[error(transparent)]
    Stop(#[from] StopViolation),
    /// A dialog.
    #[error(transparent)]
    Dialog(#[from] DialogViolation),
    /// A connection.
    #[error(transparent)]
    Connection(#[from] ConnectionViolation),
    /// Registration, invocation, stored preferences.
    #[error(transparent)]
    Registration(#[from] RegistrationViolation),
    /// The error log.
    #[error(transparent)]
    ErrorLog(#[from] ErrorLogViolation),
    /// References, interfaces, class objects.
    #[error(transparent)]
    Com(#[from] ComViolation),
    /// A crash, a call that does not return, a session that does not work.
    #[error(transparent)]
    Life(#[from] LifeViolation),
    /// Two sessions that should be alike.
    #[error(transparent)]
    Comparison(#[from] ComparisonViolation),
    /// A message that is none of the wire protocol.
    #[error("{what}: {text}")]
    Message {
        /// What is wrong with it.
        what: Text,
        /// How the line begins.
        text: Text,
    },
}

impl Violation {
    /// The items that it concerns, the most important one first.
    pub fn items(&self) -> Vec<&NamedItem> {
        match self {
            Violation::Manager(violation) => violation.item().into_iter().collect(),
            Violation::Enumeration(violation) => violation.items(),
            Violation::Item(violation) => violation.items(),
            Violation::Completion(violation) => violation.item().into_iter().collect(),
            Violation::Progress(violation) => violation.item().into_iter().collect(),
            Violation::Stop(violation) => violation.item().into_iter().collect(),
            Violation::Registration(violation) => violation.item().into_iter().collect(),
            Violation::ErrorLog(violation) => violation.item().into_iter().collect(),
            Violation::Com(violation) => violation.item().into_iter().collect(),
            Violation::Result(_)
            | Violation::Info(_)
            | Violation::Dialog(_)
            | Violation::Connection(_)
            | Violation::Life(_)
            | Violation::Comparison(_)
            | Violation::Message { .. } => Vec::new(),
        }
    }

    /// Whether it is one only because something took long, so that a busy machine can look like it.
    pub fn is_about_time(&self) -> bool {
        matches!(
            self,
            Violation::Result(ResultViolation::Slow { .. })
                | Violation::Life(LifeViolation::Slow { .. })
                | Violation::Stop(
                    StopViolation::WaitedForCallback { .. }
                        | StopViolation::Finished { .. }
                        | StopViolation::FinishedInFull { .. }
                )
        )
    }

    /// The status that is wrong, where one is.
    pub fn status(&self) -> Option<Status> {
        match self {
            Violation::Completion(violation) => violation.status(),
            Violation::Progress(violation) => violation.status(),
            Violation::Stop(violation) => violation.status(),
            Violation::Com(violation) => violation.status(),
            _ => None,
        }
    }
}

/// The item that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct NamedItem {
    /// The ItemID.
    pub id: Guid,
    /// The item's name, where the handler enumerated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
}

impl From<&Item> for NamedItem {
    fn from(item: &Item) -> Self {
        Self { id: item.id, name: Some(item.name.clone()) }
    }
}

impl fmt::Display for NamedItem {
    /// The name, behind the short name of the ID if it has one; without a name the ID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id.alias(), self.name.as_ref().filter(|name| !name.is_empty())) {
            (Some(alias), Some(name)) => write!(f, "{alias} {name:?}"),
            (Some(alias), None) => f.write_str(&alias),
            (None, Some(name)) => write!(f, "{name:?}"),
            (None, None) => write!(f, "{}", self.id),
        }
    }
}

/// The ID as people read it: its short name, or the GUID.
fn short(id: &Guid) -> String {
    id.alias().unwrap_or_else(|| id.to_string())
}

/// `with` or `without`.
fn with(given: &bool) -> &'static str {
    if *given { "with" } else { "without" }
}

/// `an object` or `no object`.
fn object(given: &bool) -> &'static str {
    if *given { "an object" } else { "no object" }
}

/// What is wrong with a name: it is empty, or what it is.
fn unreadable(name: &Text) -> String {
    if name.is_empty() { "is empty".to_owned() } else { format!("is {name:?}, which is not well-formed UTF-16") }
}
