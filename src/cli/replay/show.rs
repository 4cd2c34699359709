//! What a person sees of a replay.

use std::fmt::Write;

use crate::report::{FindingRow, Paint, Report, finding_text, plain};
use crate::runner::Replayed;

/// One scenario: a line, and below it what was not met; with `all`, also what was.
pub(super) fn scenario(
    replayed: &Replayed,
    reproduce: &str,
    report: &Report,
    findings: &[FindingRow],
    all: bool,
    paint: &Paint,
) -> String {
    let mut text = String::new();
    let word = match (replayed.is_met(), &replayed.broken_off) {
        (true, _) => paint.good("ok"),
        (false, None) => paint.bad("FAILED"),
        (false, Some(_)) => paint.middling("broken off"),
    };
    let file = replayed.file.display().to_string();
    let _ = writeln!(text, "{word}  {}  {}", plain(&file), paint.dim(&plain(&replayed.scenario.title)));
    if let Some(why) = &replayed.broken_off {
        let _ = writeln!(text, "    {}", plain(why));
    }
    for expectation in &replayed.expectations {
        if expectation.held {
            if all {
                let _ = writeln!(text, "    {}  {}", paint.good("held"), plain(&expectation.what));
            }
        } else {
            let _ = writeln!(text, "    {}  {}", paint.bad("not met"), plain(&expectation.what));
            let _ = writeln!(text, "             {}", plain(&expectation.difference));
        }
    }
    for finding in findings {
        let accepted = finding.accepted.is_some();
        let level = if accepted { paint.dim("accepted") } else { paint.level(finding.level) };
        let _ = writeln!(text, "    {level}: {} {}", finding.rule, finding.name);
        for line in finding_text(report, finding).lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    if !replayed.is_met() {
        let _ = writeln!(text, "    {} {}", paint.dim("reproduce with:"), reproduce);
    }
    text
}

/// How it came out on the whole.
pub(super) fn total(report: &Report, paint: &Paint) -> String {
    let summary = &report.summary;
    let incomplete = summary.cases - summary.passed - summary.failed - summary.skipped;
    let mut text = format!("{} replayed: {} passed", summary.cases, summary.passed);
    if summary.failed > 0 {
        text += &format!(", {}", paint.bad(&format!("{} FAILED", summary.failed)));
    }
    if incomplete > 0 {
        text += &format!(", {}", paint.middling(&format!("{incomplete} not to their end")));
    }
    text + "\n"
}
