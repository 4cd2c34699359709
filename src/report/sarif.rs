//! The report as SARIF 2.1.0.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::causes::CauseRows;
use super::render::{SourcePlace, Style};
use super::{BaselineRow, CaseOutcome, Report, plain};
use crate::rules::{Level, Rule, rule};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The pages that rules name are below this address.
const REFERENCE: &str = "https://learn.microsoft.com/windows/win32/api";

/// One run of the tool, with every rule that the report covers.
pub(super) fn sarif(report: &Report, style: Style<'_>) -> Value {
    let known: Vec<&Rule> = report.rules.iter().filter_map(|row| rule(row.rule)).collect();
    let index: HashMap<&str, usize> = known.iter().enumerate().map(|(at, rule)| (rule.code, at)).collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let results: Vec<Value> =
        report.all_causes().iter().map(|cause| result(report, cause, style, &index, &mut seen)).collect();
    let notifications = notifications(report, style);
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mobsync",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": known.into_iter().map(descriptor).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("mobsync/{}/", plain(&report.handler)) },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": report.is_whole(), "toolExecutionNotifications": notifications }],
            "results": results,
            "properties": {
                "handler": report.handler,
                "profile": report.profile,
                "seed": report.seed,
            },
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    let mut descriptor = json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": section(rule.doc, "Why").unwrap_or_else(|| rule.summary.to_owned()) },
        "help": {
            "text": section(rule.doc, "If this fails, check…").unwrap_or_else(|| rule.summary.to_owned()),
            "markdown": rule.doc,
        },
        "defaultConfiguration": { "level": level(rule.level) },
        "properties": { "tags": [rule.family(), rule.subject.to_string(), rule.basis.to_string()] },
    });
    if let Some(page) = rule.source.iter().find_map(|source| page(source)) {
        descriptor["helpUri"] = Value::String(page);
    }
    descriptor
}

/// The text below a heading of the rule's document.
fn section(doc: &str, heading: &str) -> Option<String> {
    let (_, after) = doc.split_once(&format!("\n## {heading}\n"))?;
    let text = after.split("\n## ").next()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The address of a page of the reference, such as `nf-mobsync-…`; other sources have none.
fn page(source: &str) -> Option<String> {
    let stem = source.split_whitespace().next()?;
    let (kind, rest) = stem.split_once('-')?;
    let (header, _) = rest.split_once('-')?;
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_()".contains(&byte));
    let is_page = matches!(kind, "nf" | "ns" | "ne" | "nn") && is_word(rest);
    is_page.then(|| format!("{REFERENCE}/{header}/{stem}"))
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// One mistake, with the finding that shows it best.
fn result(
    report: &Report,
    cause: &CauseRows,
    style: Style<'_>,
    index: &HashMap<&str, usize>,
    seen: &mut HashMap<String, usize>,
) -> Value {
    let finding = &report.findings[cause.example];
    let mut text = plain(&finding.message).into_owned();
    if let Some(extent) = report.extent(cause) {
        text += &format!(" ({extent})");
    }
    let cases: Vec<&str> = report.names_of(cause).collect();
    let mut result = json!({
        "ruleId": cause.rule.code,
        "level": level(cause.level),
        "message": { "text": text },
        "occurrenceCount": cause.count(),
        "partialFingerprints": { "mobsyncCause/v1": fingerprint(report, cause, seen) },
        "properties": {
            "case": finding.case,
            "cases": cases,
            "handler": finding.handler,
            "events": finding.events,
            "atNs": finding.at_ns,
            "thread": finding.thread,
            "consequences": cause.consequence_codes(),
            "replay": finding.replay,
            "debug": finding.debug,
        },
    });
    if let Some(SourcePlace { file, line }) = SourcePlace::of(report, finding, style) {
        let mut physical = json!({ "artifactLocation": { "uri": uri(&file) } });
        if let Some(line) = line {
            physical["region"] = json!({ "startLine": line });
        }
        let logical = json!([{ "name": finding.case, "kind": "case" }]);
        result["locations"] = json!([{ "physicalLocation": physical, "logicalLocations": logical }]);
    }
    // Either all results of a run say whether they are suppressed, or none does.
    if !report.baseline.is_empty() {
        let suppression =
            |reason: &String| json!({ "kind": "external", "status": "accepted", "justification": reason });
        result["suppressions"] = cause.accepted.iter().map(suppression).collect();
    }
    if let Some(at) = index.get(cause.rule.code) {
        result["ruleIndex"] = json!(at);
    }
    if let Some(frames) = finding.backtrace.as_deref().filter(|frames| !frames.is_empty()) {
        let frame = |frame: &String| json!({ "location": { "message": { "text": plain(frame) } } });
        let frames: Vec<Value> = frames.iter().map(frame).collect();
        result["stacks"] = json!([{ "message": { "text": "the handler's stack" }, "frames": frames }]);
    }
    result
}

/// What makes the cause the same one in another run: its rule, its place and its occasion; and its number among equal ones. In
/// which cases it was found, how often, and with which values, is not among it.
fn fingerprint(report: &Report, cause: &CauseRows, seen: &mut HashMap<String, usize>) -> String {
    let key = json!([cause.rule.code, report.stable_place(cause), cause.occasion().kind()]).to_string();
    let nth = seen.entry(key.clone()).and_modify(|nth| *nth += 1).or_insert(0);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("mobsync:{nth}:{key}").as_bytes()).to_string()
}

/// Cases that could not be judged, expectations that were not met, and stale entries of the baseline.
fn notifications(report: &Report, style: Style<'_>) -> Vec<Value> {
    let notification = |case: &str, text: String, level: Level| json!({ "level": self::level(level), "message": { "text": format!("{}: {text}", plain(case)) } });
    let mut notifications = Vec::new();
    for case in &report.cases {
        if let Some(error) = &case.error {
            let level = if case.outcome == CaseOutcome::Skipped { Level::Note } else { Level::Error };
            notifications.push(notification(&case.name, format!("{}: {}", case.outcome.words(), plain(error)), level));
        }
        for unmet in case.expectations.iter().flatten().filter(|held| !held.held) {
            let text = format!("expectation not met: {}: {}", plain(&unmet.what), plain(&unmet.difference));
            notifications.push(notification(&case.name, text, Level::Error));
        }
    }
    let unfinished = |why: &String| json!({ "level": "error", "message": { "text": plain(why) } });
    notifications.extend(report.unfinished.iter().map(unfinished));
    notifications.extend(report.stale().map(|row| stale(report, row, style)));
    notifications
}

fn stale(report: &Report, row: &BaselineRow, style: Style<'_>) -> Value {
    let SourcePlace { file, .. } = SourcePlace::in_file(&row.file, None, style);
    let level = if report.strict { Level::Error } else { Level::Warning };
    json!({
        "level": self::level(level),
        "message": { "text": format!("{}: {}", row.path, row.complaint()) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&file) },
            "region": { "startLine": row.line, "startColumn": row.column },
        } }],
    })
}

/// The path as the URI of a file: relative where it is, percent-encoded.
fn uri(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len() + 8);
    // `C:/…` and `/…` are absolute.
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if path.starts_with('/') {
        encoded.push_str("file://");
    } else if drive {
        encoded.push_str("file:///");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
