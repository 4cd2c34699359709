//! What keeps a session from being what the user asked for.

use super::Judged;
use crate::host::Selection;
use crate::protocol::{Instance, Items, Session, Status, nearest, plain};
use crate::time::MOST_STEPS;

/// How many items are listed; nobody reads more.
const LISTED: usize = 20;

/// The user chose an item that the handler does not have, so nothing was chosen. The message lists the items that there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: no such item, so nothing was synchronized; {there_is}", words.join(", "))]
pub struct NoSuchItem {
    /// The words that name no item.
    pub words: Vec<String>,
    there_is: String,
}

impl NoSuchItem {
    /// What is wrong with the selection among these items, if anything is.
    pub fn find(selection: &Selection, items: &Items) -> Option<Self> {
        let words: Vec<String> = selection.unmatched(items).into_iter().map(str::to_owned).collect();
        if words.is_empty() {
            return None;
        }
        let names = items.iter().map(|item| format!("\"{}\" {}", plain(&item.name.to_string()), item.id));
        let mut names: Vec<String> = names.take(LISTED).collect();
        if items.len() > LISTED {
            names.push(format!("and {} more", items.len() - LISTED));
        }
        let there_is = if names.is_empty() {
            "the handler has no items".to_owned()
        } else {
            format!("the items are: {}", names.join(", "))
        };
        let known: Vec<String> = items.iter().map(|item| item.name.to_string()).collect();
        let near = words.iter().find_map(|word| nearest(word, known.iter().map(String::as_str)));
        let meant = near.map_or(String::new(), |near| format!("; did you mean {}?", plain(near)));
        Some(Self { words, there_is: format!("{there_is}{meant}") })
    }
}

/// A session failed, whatever rules were kept: the handler itself says so, or never came to an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}; --allow-failure accepts that")]
pub struct SessionFailure {
    why: String,
}

impl SessionFailure {
    /// Why the session failed, if it did: by an instance's outcome, by an enumeration that failed, or by an item whose last status is FAILED.
    pub fn find(session: &Session) -> Option<Self> {
        Self::find_in(session.instances().collect::<Vec<_>>().as_slice())
    }

    /// As [`find`](Self::find), of these instances of a session.
    pub fn find_in(instances: &[&Instance]) -> Option<Self> {
        let instances = || instances.iter().copied();
        let outcome = instances().map(Instance::outcome).find(|outcome| outcome.is_failure());
        let failed = instances().flat_map(Instance::known_items);
        let failed = failed.filter(|(_, known)| known.last_status == Some(Status::FAILED)).map(|(item, _)| item);
        let mut names: Vec<String> = failed.map(|item| plain(&item.name.to_string()).into_owned()).collect();
        let many = names.len();
        if many > LISTED {
            names.truncate(LISTED);
            names.push(format!("and {} more", many - LISTED));
        }
        let items = match many {
            0 => None,
            1 => Some(format!("item {} FAILED", names.concat())),
            _ => Some(format!("{many} items FAILED: {}", names.join(", "))),
        };
        let enumerated = instances().find_map(Instance::enumeration_failed);
        let enumerated = enumerated.map(|hr| format!("EnumSyncMgrItems returned {hr}"));
        let outcome = outcome.map(|outcome| outcome.to_string());
        let whys: Vec<String> = outcome.into_iter().chain(enumerated).chain(items).collect();
        (!whys.is_empty()).then(|| Self { why: whys.join("; ") })
    }
}

/// A script that did not come to an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stopped after {MOST_STEPS} steps{last}: the script never ends; look for a `repeat` that is too long, or for \
     one without a `wait`"
)]
pub struct Endless {
    last: String,
}

impl Endless {
    /// Of the session that was given up: [`JudgedSession::exhausted`](super::JudgedSession::exhausted).
    pub fn new(judged: &Judged) -> Self {
        let last = judged.last().map_or(String::new(), |event| {
            format!(", the last of them at event #{}, {}, on thread {}", event.seq, event.method_name(), event.thread)
        });
        Self { last: plain(&last).into_owned() }
    }
}
