//! Reads scenarios, and says what is wrong with one.

use std::path::Path;

use super::file::Scenario;
use crate::json::{self, FileError};

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
    json::from_json(text, file)
}
