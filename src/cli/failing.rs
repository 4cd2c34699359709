//! The cases that failed in the last run of `conform --watch`.

use std::io::Read;
use std::path::Path;

use super::ended::Failure;
use crate::json::{files, to_string_pretty};
use crate::report::Report;
use crate::runner::WriteError;

/// The names in the file; none where nothing was written yet.
pub(super) fn read(file: &Path) -> Vec<String> {
    let mut text = String::new();
    let read = files::open(file).and_then(|mut file| file.read_to_string(&mut text));
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Refuses what cannot be written, before the suite runs.
pub(super) fn check(file: &Path) -> Result<(), Failure> {
    files::may_write(file).map_err(|error| Failure(WriteError::new(file, &error).to_string()))
}

/// Writes the names of the cases that failed or could not be judged.
pub(super) fn write(file: &Path, report: &Report) -> Result<(), Failure> {
    let bad = report.cases.iter().filter(|case| case.outcome.is_bad());
    let names: Vec<&str> = bad.map(|case| case.name.as_str()).collect();
    let text = to_string_pretty(&names)?;
    files::write_whole(file, text.as_bytes()).map_err(|error| Failure(WriteError::new(file, &error).to_string()))
}
