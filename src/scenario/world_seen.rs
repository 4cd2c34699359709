//! Whether what was expected of a scripted world came.

use super::expect::ExpectationResult;
use super::file::Scenario;
use super::world::{Happening, Happens, StoredExpect};
use crate::json::Id;
use crate::protocol::{Guid, HResult, RegisterFlags, Status};
use crate::store::{Preference, Preferences};

/// What came of the session of a handler that an event started.
#[derive(Clone, Debug)]
pub struct SessionSeen {
    /// The handler.
    pub handler: String,
    /// How the session ended; an error says why there was none, or none to its end.
    pub outcome: Result<String, String>,
    /// The items that the handler enumerated, with their names and the last status that was reported of each.
    pub items: Vec<(Guid, String, Option<Status>)>,
}

/// What is stored for a handler that is registered.
#[derive(Clone, Debug)]
pub struct StoredSeen {
    /// For which events it is registered.
    pub flags: RegisterFlags,
    /// What the user prefers.
    pub preferences: Preferences,
}

/// What was expected of the sessions that an event has started. That each could be run is expected in any case.
pub fn check_sessions(happens: &Happens, sessions: &[SessionSeen]) -> Vec<ExpectationResult> {
    let Happening::Event { expect, .. } = &happens.what else { return Vec::new() };
    let mut all = Vec::new();
    for SessionSeen { handler, outcome, .. } in sessions {
        if let Err(why) = outcome {
            let what = format!("{happens}: {handler}: its session is run");
            all.push(ExpectationResult::new(what, false, || why.clone()));
        }
    }
    for (handler, expect) in expect {
        let seen = sessions.iter().find(|one| one.handler == *handler);
        let (expect, seen) = match (expect, seen) {
            (None, seen) => {
                let what = format!("{happens}: {handler}: no session");
                all.push(ExpectationResult::new(what, seen.is_none(), || "it had one".to_owned()));
                continue;
            }
            (Some(_), None) => {
                let what = format!("{happens}: {handler}: a session");
                let why = || "it had none: it is not registered for this event".to_owned();
                all.push(ExpectationResult::new(what, false, why));
                continue;
            }
            (Some(expect), Some(seen)) => (expect, seen),
        };
        let Ok(actual) = &seen.outcome else { continue };
        if let Some(wanted) = expect.outcome {
            let what = format!("{happens}: {handler}: outcome: {wanted}");
            let held = *actual == wanted.to_string();
            all.push(ExpectationResult::new(what, held, || format!("the outcome is: {actual}")));
        }
        for (word, wanted) in &expect.items {
            let name = |status: Option<Status>| status.map_or("no status".to_owned(), |status| status.to_string());
            let id = Guid::from_alias(word).or_else(|| word.parse().ok());
            let mut meant = seen.items.iter().filter(|(of, item, _)| Some(*of) == id || item == word);
            let actual = meant.next().map(|(.., status)| *status);
            let what = format!("{happens}: {handler}: item {word}: {}", name(*wanted));
            all.push(ExpectationResult::new(what, actual == Some(*wanted), || match actual {
                Some(actual) => format!("item {word}: {}", name(actual)),
                None => {
                    let names: Vec<&str> = seen.items.iter().map(|(_, name, _)| name.as_str()).collect();
                    format!("no item {word}; the items are: {}", names.join(", "))
                }
            }));
        }
    }
    all
}

/// What was expected of a registration, or of the end of one. Nothing where something else happens.
pub fn check_registration(happens: &Happens, actual: HResult) -> Option<ExpectationResult> {
    let (Happening::Register { hr, .. } | Happening::Unregister { hr, .. } | Happening::Server { hr, .. }) =
        happens.what
    else {
        return None;
    };
    let difference = || format!("the result is {actual}");
    Some(ExpectationResult::new(format!("{happens}: {hr}"), actual == hr, difference))
}

/// What must be stored at the end. `stored` says what is, of a handler of that name.
pub fn check_store(
    scenario: &Scenario,
    stored: impl Fn(&str) -> Result<Option<StoredSeen>, String>,
) -> Vec<ExpectationResult> {
    let mut all = Vec::new();
    for (handler, wanted) in &scenario.expect.store {
        let mut add = |what: String, held: bool, difference: String| {
            all.push(ExpectationResult::new(format!("store: {handler}: {what}"), held, || difference));
        };
        let seen = match stored(handler) {
            Ok(seen) => seen,
            Err(why) => {
                add("it can be read".to_owned(), false, why);
                continue;
            }
        };
        let (StoredExpect { flags, preferences }, seen) = match (wanted, seen) {
            (None, seen) => {
                add("not registered".to_owned(), seen.is_none(), "it is registered".to_owned());
                continue;
            }
            (Some(_), None) => {
                add("registered".to_owned(), false, "it is not registered".to_owned());
                continue;
            }
            (Some(wanted), Some(seen)) => (wanted, seen),
        };
        if let Some(wanted) = flags {
            let difference = format!("it is registered for {}", for_events(seen.flags));
            add(format!("registered for {}", for_events(*wanted)), seen.flags == *wanted, difference);
        }
        if flags.is_none() && preferences.is_none() {
            add("registered".to_owned(), true, String::new());
        }
        if let Some(wanted) = preferences {
            let (wanted, actual) = (in_words(wanted), in_words(&seen.preferences));
            add(format!("preferences: {wanted}"), wanted == actual, format!("the preferences are: {actual}"));
        }
    }
    all
}

fn for_events(flags: RegisterFlags) -> String {
    if flags == RegisterFlags::default() { "no event".to_owned() } else { flags.to_string() }
}

/// What the preferences say, without what is beside them for people.
fn in_words(preferences: &Preferences) -> String {
    let one = |Preference { key, checked, .. }: &Preference| {
        let about = [
            key.item.map(|item| Id(item).to_string()),
            key.event.map(|event| event.to_string()),
            key.connection.as_ref().map(|connection| format!("on {connection}")),
        ];
        let about: Vec<String> = about.into_iter().flatten().collect();
        let about = if about.is_empty() { "all".to_owned() } else { about.join(" ") };
        format!("{about} {}", if *checked { "checked" } else { "not checked" })
    };
    let all: Vec<String> = preferences.iter().map(one).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
