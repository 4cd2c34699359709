//! Reads scripts, and says what is wrong with one.

use std::path::Path;

use super::file::Script;
use super::validate;
use crate::json::{self, FileError};

/// Reads a script from a file.
///
/// # Errors
/// When the file cannot be read or is not a valid script.
pub fn load(file: &Path) -> Result<Script, FileError> {
    parse(&json::read(file)?, file)
}

/// Reads a script from text; `file` is named in errors.
///
/// # Errors
/// When the text is not a valid script.
pub fn parse(text: &str, file: &Path) -> Result<Script, FileError> {
    let text = json::without_mark(text);
    json::check_version(text, file)?;
    let script: Script = json::from_json(text, file)?;
    match validate::complaint(&script, text) {
        None => Ok(script),
        Some((path, why)) => Err(json::nonsense(text, file, &path, &why)),
    }
}

/// The JSON Schema of scripts.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Script).to_value()
}
