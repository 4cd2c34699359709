//! Reads reports back.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{FORMAT, Report};
use crate::json::{self, FileError, JsonPath};

/// A report could not be read. The messages name file, line, column and the path in the document.
pub type ReadError = FileError;

/// Reads a report (`--format json`) from a file.
///
/// # Errors
/// When the file cannot be read or is not a valid report.
pub fn read_report(file: &Path) -> Result<Report, ReadError> {
    parse_report(&json::read(file)?, file)
}

/// Reads a report from text; `file` is named in errors. What a newer program says beside is passed over.
///
/// # Errors
/// When the text is not a valid report.
pub fn parse_report(text: &str, file: &Path) -> Result<Report, ReadError> {
    let text = json::without_mark(text);
    if let Some((path, why)) = other_document(text) {
        return Err(json::nonsense(text, file, &path, &why));
    }
    json::check_version(text, file)?;
    let mut report: Report = json::from_json(text, file)?;
    match complaint(&report) {
        Some((path, why)) => Err(json::nonsense(text, file, &path, &why)),
        None => {
            report.find_causes();
            Ok(report)
        }
    }
}

/// What a document says of itself.
#[derive(Deserialize)]
struct Says {
    format: Option<Value>,
    kind: Option<Value>,
}

/// Where an object says that it is no report, and what it is. A field that other documents have too would be complained of first
/// otherwise, and as if it were one of a report.
fn other_document(text: &str) -> Option<(JsonPath, String)> {
    // Traces have more lines after the first.
    let says = Says::deserialize(&mut serde_json::Deserializer::from_str(text)).ok()?;
    let root = JsonPath::default();
    let (path, what) = match (&says.format, &says.kind) {
        (Some(Value::String(format)), _) if format == FORMAT => return None,
        (Some(Value::String(format)), _) => (root.key("format"), format!(", but a `{format}`")),
        (Some(_), _) => (root.key("format"), String::new()),
        (None, Some(Value::String(kind))) => (root.key("kind"), format!(", but a handler file of kind `{kind}`")),
        (None, _) => (root, ": the `format` is missing".to_owned()),
    };
    Some((path, format!("this is not a {FORMAT}{what}; write one with `--format json --output FILE`")))
}

/// No report counts more. Sums of such numbers are numbers, too.
const MOST: usize = u32::MAX as usize;

/// A number that no report has, and where.
fn wrong_count(report: &Report) -> Option<(JsonPath, String)> {
    let root = JsonPath::default();
    let summary = &report.summary;
    let in_summary = [
        ("errors", summary.errors),
        ("warnings", summary.warnings),
        ("notes", summary.notes),
        ("causes", summary.causes),
        ("accepted", summary.accepted),
        ("cases", summary.cases),
        ("passed", summary.passed),
        ("failed", summary.failed),
        ("skipped", summary.skipped),
        ("synchronized", summary.synchronized.unwrap_or(0)),
    ];
    let in_summary = in_summary.into_iter().map(|(key, count)| (root.key("summary").key(key), count));
    let of_cases = report.cases.iter().enumerate().flat_map(|(at, case)| {
        let path = JsonPath::default().key("cases").index(at);
        [(path.key("findings"), case.findings), (path.key("accepted"), case.accepted)]
    });
    let omitted = report.omitted.iter().enumerate();
    let of_omitted = omitted.map(|(at, row)| (JsonPath::default().key("omitted").index(at).key("count"), row.count));
    let parts = report.partition.iter().map(|partition| (root.key("partition").key("of"), partition.of));
    let too_many = in_summary.chain(of_cases).chain(of_omitted).chain(parts).find(|(_, count)| *count > MOST);
    if let Some((path, count)) = too_many {
        return Some((path, format!("{count} is more than any report counts")));
    }
    let judged = summary.passed + summary.failed + summary.skipped;
    (judged > summary.cases).then(|| {
        let why = format!("{judged} cases have passed, failed or were skipped, but there are {}", summary.cases);
        (root.key("summary").key("cases"), why)
    })
}

/// What does not go together, and where.
fn complaint(report: &Report) -> Option<(JsonPath, String)> {
    if let Some(wrong) = wrong_count(report) {
        return Some(wrong);
    }
    let root = JsonPath::default();
    let mut names = HashSet::new();
    for (at, case) in report.cases.iter().enumerate() {
        if !names.insert(case.name.as_str()) && report.partition.is_some() {
            let why = format!("a second case with the name `{}`", case.name);
            return Some((root.key("cases").index(at).key("name"), why));
        }
    }
    let of_findings = report.findings.iter().map(|row| &row.case).enumerate().map(|row| ("findings", row));
    let of_omitted = report.omitted.iter().map(|row| &row.case).enumerate().map(|row| ("omitted", row));
    for (list, (at, case)) in of_findings.chain(of_omitted) {
        if !names.contains(case.as_str()) {
            let why = format!("`{case}` is not among the `cases` of this report");
            return Some((root.key(list).index(at).key("case"), why));
        }
    }
    let partition = report.partition.as_ref()?;
    let place = root.key("partition");
    if !(1..=partition.of).contains(&partition.part) {
        let why = format!("expected a part from 1 to `of`, which is {}; found {}", partition.of, partition.part);
        return Some((place.key("part"), why));
    }
    let mut suite = HashSet::new();
    for (at, name) in partition.suite.iter().enumerate() {
        if !suite.insert(name.as_str()) {
            return Some((place.key("suite").index(at), format!("`{name}` occurs twice")));
        }
    }
    let at = report.cases.iter().position(|case| !suite.contains(case.name.as_str()))?;
    let why = format!("`{}` is not among the cases of `partition.suite`", report.cases[at].name);
    Some((root.key("cases").index(at).key("name"), why))
}
