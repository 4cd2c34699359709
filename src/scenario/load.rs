//! Reads scenarios, and says what is wrong with one.

use std::path::Path;

use super::file::{Scenario, VERSION};
use crate::handler::script::{ScriptError, from_json};

/// A scenario could not be read. The messages name file, line, column and the path in the document.
pub type ScenarioError = ScriptError;

/// Reads a scenario from a file.
///
/// # Errors
/// When the file cannot be read or is not a valid scenario.
pub fn load(file: &Path) -> Result<Scenario, ScenarioError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| ScenarioError::Unreadable { file: file.to_owned(), why: error.to_string() })?;
    parse(&text, file)
}

/// Reads a scenario from text; `file` is named in errors.
///
/// # Errors
/// When the text is not a valid scenario.
pub fn parse(text: &str, file: &Path) -> Result<Scenario, ScenarioError> {
    // The version first: what another version looks like inside is not for this one to judge.
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text)
        && let Some(version) = object.get("version").and_then(serde_json::Value::as_u64)
        && version != u64::from(VERSION)
    {
        return Err(ScenarioError::Version { file: file.to_owned(), found: version });
    }
    from_json(text, file)
}
