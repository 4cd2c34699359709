//! The report for people.

use std::fmt::Write;

use super::{FindingRow, Report};
use crate::protocol::Status;
use crate::rules::{Level, Verdict, rule};

/// ANSI codes, where colour is wanted.
struct Paint(bool);

impl Paint {
    fn wrap(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn level(&self, level: Level) -> String {
        let code = match level {
            Level::Error => "1;31",
            Level::Warning => "1;33",
            Level::Note => "1;36",
        };
        self.wrap(code, &level.to_string())
    }

    fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.wrap("2", text)
    }
}

/// The whole report as text.
pub fn human(report: &Report, colour: bool) -> String {
    let paint = Paint(colour);
    let mut text = String::new();
    if report.outcome.is_some() {
        items(&mut text, report, &paint);
    }
    let mut seen: Vec<&str> = Vec::new();
    for finding in &report.findings {
        if !seen.contains(&finding.rule) {
            seen.push(finding.rule);
            group(&mut text, report, finding, &paint);
        }
    }
    if report.outcome.is_none() {
        for case in &report.cases {
            let verdict = if case.outcome == super::CaseOutcome::Passed { "passed" } else { "FAILED" };
            let _ = writeln!(text, "{}: {verdict}, {}", case.name, counted(case.findings, "finding"));
        }
    }
    verdict(&mut text, report, &paint);
    text
}

fn items(text: &mut String, report: &Report, paint: &Paint) {
    let width = report.items.iter().map(|item| item.name.to_string().chars().count()).max().unwrap_or(0);
    for item in &report.items {
        let status = match item.status {
            Some(status) if item.prepared => status.to_string(),
            None if item.prepared => "no status".to_owned(),
            _ => "not chosen".to_owned(),
        };
        let code = match item.status {
            Some(Status::SUCCEEDED) => "32",
            Some(Status::FAILED) => "31",
            Some(_) if item.prepared => "33",
            _ => "2",
        };
        let _ = writeln!(text, "  {:<width$}  {}", item.name.to_string(), paint.wrap(code, &status));
        for error in &item.errors {
            let _ = writeln!(text, "    {error}");
        }
    }
    let outcome = report.outcome.as_deref().unwrap_or_default();
    let _ = writeln!(text, "{}: {outcome}", paint.bold(&report.handler));
}

/// All findings of one rule.
fn group(text: &mut String, report: &Report, first: &FindingRow, paint: &Paint) {
    let of_rule: Vec<&FindingRow> = report.findings.iter().filter(|finding| finding.rule == first.rule).collect();
    let _ = writeln!(text);
    let heading = format!("{} {}", first.rule, first.name);
    let _ = writeln!(text, "{}: {}", paint.level(first.level), paint.bold(&heading));
    /// How many findings of one rule are shown in full.
    const SHOWN: usize = 5;
    for finding in of_rule.iter().take(SHOWN) {
        text.push_str(&finding_text(finding));
    }
    if of_rule.len() > SHOWN {
        let _ = writeln!(text, "  … and {} more of this rule", of_rule.len() - SHOWN);
    }
    if let Some(rule) = rule(first.rule) {
        let _ = writeln!(text, "  {} {}", paint.dim("asked:"), rule.summary);
        let _ = writeln!(text, "  {} {} ({})", paint.dim("source:"), rule.source.join(", "), rule.basis);
        let _ = writeln!(text, "  {} mobsync rules {}", paint.dim("explained:"), rule.code);
    }
}

/// One finding: what happened, where, and the events around it.
pub fn finding_text(finding: &FindingRow) -> String {
    let mut text = String::new();
    let events: Vec<String> = finding.events.iter().map(|seq| format!("#{seq}")).collect();
    let _ = writeln!(text, "  {}", finding.message);
    let of = if finding.handler == 1 { String::new() } else { format!(", handler {}", finding.handler) };
    let _ = writeln!(text, "    at {} event {} on thread {}{of}", finding.case, events.join(", "), finding.thread);
    for line in &finding.context {
        let _ = writeln!(text, "      | {line}");
    }
    text
}

fn verdict(text: &mut String, report: &Report, paint: &Paint) {
    let summary = &report.summary;
    let count = |verdict| report.rules.iter().filter(|row| row.verdict == verdict).count();
    let (held, idle) = (count(Verdict::Held), count(Verdict::NotExercised));
    let found = if summary.errors + summary.warnings + summary.notes == 0 {
        "no findings".to_owned()
    } else {
        [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| counted(number, what))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let word = if report.failed() { paint.wrap("1;31", "FAILED") } else { paint.wrap("1;32", "passed") };
    let _ = writeln!(text, "{word}: {found}; {held} rules held, {idle} had no occasion (profile {})", report.profile);
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
