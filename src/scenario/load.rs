//! Reads scenarios, and says what is wrong with one.

use std::path::Path;

use super::file::{EventName, Scenario};
use crate::json::{self, FileError, JsonPath};

/// A scenario could not be read. The messages name file, line, column and the path in the document.
pub type ScenarioError = FileError;

/// Reads a scenario from a file.
///
/// # Errors
/// When the file cannot be read or is not a valid scenario.
pub fn load(file: &Path) -> Result<Scenario, ScenarioError> {
    parse(&json::read(file)?, file)
}

/// Reads a scenario from text; `file` is named in errors.
///
/// # Errors
/// When the text is not a valid scenario.
pub fn parse(text: &str, file: &Path) -> Result<Scenario, ScenarioError> {
    json::check_version(text, file)?;
    let scenario: Scenario = json::from_json(text, file)?;
    match nonsense(&scenario) {
        None => Ok(scenario),
        Some((path, why)) => Err(json::nonsense(text, file, &path, why)),
    }
}

/// Where a scenario makes no sense as a whole, and why.
fn nonsense(scenario: &Scenario) -> Option<(JsonPath, &'static str)> {
    const NO_EVENT: &str =
        "only a session for configuration can do without an event: add `\"settings\": true`, or name an event";
    let path = JsonPath::default();
    if !scenario.handlers.is_empty()
        && let Some(member) = beside_handlers(scenario)
    {
        const BESIDE: &str = "cannot be beside `handlers`: write it for each handler there, or leave it out";
        return Some((member.iter().fold(path, |path, key| path.key(*key)), BESIDE));
    }
    if scenario.settings {
        return None;
    }
    let of_another = scenario.another.as_ref().and_then(|another| another.event);
    if scenario.event == EventName::None {
        Some((path.key("event"), NO_EVENT))
    } else {
        (of_another == Some(EventName::None)).then(|| (path.key("another").key("event"), NO_EVENT))
    }
}

/// A member that says something of one handler, where a scenario has several.
fn beside_handlers(scenario: &Scenario) -> Option<&'static [&'static str]> {
    let Scenario { handler, folders, clsid, another, steps, expect, .. } = scenario;
    let beside: [(bool, &[&str]); 7] = [
        (handler.is_some(), &["handler"]),
        (!folders.is_empty(), &["folders"]),
        (clsid.is_some(), &["clsid"]),
        (another.is_some(), &["another"]),
        (!steps.is_empty(), &["steps"]),
        (expect.outcome.is_some(), &["expect", "outcome"]),
        (!expect.items.is_empty(), &["expect", "items"]),
    ];
    beside.into_iter().find(|(there, _)| *there).map(|(_, member)| member)
}
