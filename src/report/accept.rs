//! Makes a baseline of what a report has found.

use serde_json::{Map, Value, json};

use super::{BASELINE_FORMAT, BASELINE_VERSION, Report};
use crate::json::without_mark;
use crate::protocol::Method;
use crate::rules::{Rule, rule};
use crate::scenario::member;

/// An entry that would accept findings of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// The method at which it is, where it is always the same.
    pub method: Option<Method>,
    /// What happens, in the words of one finding.
    pub message: String,
}

/// The entries that accept everything that the report has found and that is not accepted yet: one for each rule and method,
/// those of one mistake together.
pub fn new_entries(report: &Report) -> Vec<NewEntry> {
    let mut entries: Vec<NewEntry> = Vec::new();
    for cause in report.all_causes().iter().filter(|cause| cause.accepted.is_none()) {
        for finding in cause.findings.iter().filter_map(|at| report.findings.get(*at)) {
            let Some(rule) = rule(finding.rule) else { continue };
            // Findings that were only counted have no method.
            let counted = report.omitted.iter().any(|row| row.rule == finding.rule);
            let method = finding.method.filter(|_| !counted);
            if entries.iter().all(|entry| (entry.rule, entry.method) != (rule, method)) {
                entries.push(NewEntry { rule, method, message: finding.message.clone() });
            }
        }
    }
    // What is accepted wherever it is needs no entry for one place.
    let anywhere: Vec<&Rule> = entries.iter().filter(|entry| entry.method.is_none()).map(|entry| entry.rule).collect();
    entries.retain(|entry| entry.method.is_none() || !anywhere.contains(&entry.rule));
    entries
}

/// The file, with these entries and their reasons behind those that it has.
///
/// # Errors
/// When `before` is no JSON.
pub fn written_baseline(before: Option<&str>, entries: &[(NewEntry, String)]) -> serde_json::Result<String> {
    let mut file = match before {
        Some(text) => serde_json::from_str(without_mark(text))?,
        None => json!({ "format": BASELINE_FORMAT, "version": BASELINE_VERSION, "accepted": [] }),
    };
    let new = entries.iter().map(|(entry, reason)| {
        let mut written = Map::new();
        written.insert("rule".to_owned(), json!(entry.rule.code));
        written.insert("reason".to_owned(), json!(reason));
        if let Some(method) = entry.method {
            written.insert("method".to_owned(), json!(method));
        }
        Value::Object(written)
    });
    if let Some(accepted) = file.get_mut("accepted").and_then(Value::as_array_mut) {
        accepted.extend(new);
    }
    let members = file.as_object().into_iter().flatten();
    let members: Vec<String> =
        members.map(|(name, value)| format!("  {}: {}", crate::json::quoted(name), member(value, 2))).collect();
    Ok(format!("{{\n{}\n}}\n", members.join(",\n")))
}
