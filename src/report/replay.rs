//! The report of scenarios that are replayed.

use std::fmt::Write;

use super::causes::{InCase, in_cases};
use super::human::{MESSAGE, Paint, beside, message};
use super::{Filter, Report, Scope, finding_text, plain};
use crate::protocol::{cut_off, plain_lines};
use crate::runner::{DebugCommand, Replayed};

/// A report of replayed scenarios while they come in, and its text for people.
pub struct Replays<'a> {
    filter: &'a Filter,
    paint: Paint,
    all: bool,
    report: Option<Report>,
    unread: Vec<(String, String)>,
    text: String,
}

impl<'a> Replays<'a> {
    /// Without scenarios. With `all`, the text also says which expectations were met.
    pub fn new(filter: &'a Filter, colour: bool, all: bool) -> Self {
        Self { filter, paint: Paint::new(colour), all, report: None, unread: Vec::new(), text: String::new() }
    }

    /// Adds a scenario. `reproduce` is a command that replays it, and `debug` one that runs it in a debugger.
    pub fn add(&mut self, mut replayed: Replayed, reproduce: &str, debug: Option<DebugCommand>) {
        let header = &replayed.header;
        let new = || Report::new(&*replayed.handler, header.profile, header.seed, self.filter);
        let report = self.report.get_or_insert_with(new);
        report.agree_with(&replayed.handler, header.seed);
        let case = replayed.take_record(Some(reproduce.to_owned()), debug);
        let name = case.name.clone();
        report.add_case(case, replayed.judged.monitor(), self.filter);
        let causes = report.all_causes();
        let found = in_cases(report, &causes).remove(name.as_str()).unwrap_or_default();
        self.text += &scenario(&replayed, reproduce, report, &found, self.all, &self.paint);
    }

    /// Adds a scenario that was not replayed, and why.
    pub fn add_unread(&mut self, scenario: &str, why: String) {
        self.unread.push((scenario.to_owned(), why));
    }

    /// The report and its text; none when nothing was replayed. `interrupted` says what was left out, if anything was.
    pub fn end(self, interrupted: Option<String>) -> Option<(Report, String)> {
        let mut report = self.report?;
        report.unfinished.extend(interrupted);
        self.unread.into_iter().for_each(|(scenario, why)| report.add_unread(&scenario, why));
        report.judge_baseline(Scope::Sample);
        let text = self.text + &beside(&report, &self.paint) + &total(&report, &self.paint);
        let text = if self.paint.is_on() { text } else { plain_lines(&text).into_owned() };
        Some((report, text))
    }
}

/// One scenario: a line, and below it what was not met; with `all`, also what was.
fn scenario(
    replayed: &Replayed,
    reproduce: &str,
    report: &Report,
    found: &[InCase<'_>],
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
                let _ = writeln!(text, "    {}  {}", paint.good("met"), message(&expectation.what));
            }
        } else {
            let _ = writeln!(text, "    {}  {}", paint.bad("not met"), message(&expectation.what));
            let _ = writeln!(text, "             {}", message(&expectation.difference));
        }
    }
    for InCase { cause, finding, count, also } in found {
        let accepted = finding.accepted.is_some();
        let level = if accepted { paint.dim("accepted") } else { paint.level(cause.level) };
        let _ = writeln!(text, "    {level}: {} {}", cause.rule.code, cause.rule.name);
        for line in finding_text(report, finding).lines() {
            let _ = writeln!(text, "    {}", cut_off(line, MESSAGE));
        }
        if *count > 1 {
            let _ = writeln!(text, "        {count} times");
        }
        if !also.is_empty() {
            let also: Vec<&str> = also.iter().copied().collect();
            let _ = writeln!(text, "      {} {}", paint.dim("because of it, also broken:"), also.join(", "));
        }
        for (what, command) in [("debug with:", &finding.debug), ("step with:", &finding.step)] {
            if let Some(command) = command.as_ref().filter(|_| !accepted) {
                let _ = writeln!(text, "      {} {}", paint.dim(what), plain(command));
            }
        }
    }
    if !replayed.is_met() {
        let _ = writeln!(text, "    {} {reproduce}", paint.dim("reproduce with:"), reproduce = plain(reproduce));
    }
    text
}

/// How it came out on the whole.
fn total(report: &Report, paint: &Paint) -> String {
    let summary = &report.summary;
    let incomplete = summary.cases - summary.passed - summary.failed - summary.skipped;
    let mut text = format!("{} replayed: {} passed", summary.cases, summary.passed);
    if summary.failed > 0 {
        text += &format!(", {}", paint.bad(&format!("{} FAILED", summary.failed)));
    }
    if incomplete > 0 {
        text += &format!(", {}", paint.middling(&format!("{incomplete} incomplete")));
    }
    text + "\n"
}
