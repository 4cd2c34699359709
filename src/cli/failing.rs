//! The cases that failed in the last run of `conform --watch`.

use std::path::Path;

use super::ended::Failure;
use crate::json::{files, to_string_pretty};
use crate::report::Report;
use crate::runner::WriteError;

/// The names in the file; none where nothing was written yet.
pub(super) fn read(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Writes the names of the cases that failed or could not be judged.
pub(super) fn write(file: &Path, report: &Report) -> Result<(), Failure> {
    let bad = report.cases.iter().filter(|case| case.outcome.is_bad());
    let names: Vec<&str> = bad.map(|case| case.name.as_str()).collect();
    let text = to_string_pretty(&names)?;
    files::write_whole(file, text.as_bytes()).map_err(|error| Failure(WriteError::new(file, &error).to_string()))
}
