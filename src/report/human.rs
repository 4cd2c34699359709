//! The report for people.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use super::causes::CauseRows;
use super::render::Style;
use super::{Case, CaseOutcome, FindingRow, ItemRow, Report, plain};
use crate::protocol::{Delay, Stack, Status, Thread, column_width, cut_off, padded, plain_lines};
use crate::rules::{Level, Occasion, Verdict};
use crate::runner::Repeats;

/// How many accepted findings of one rule are shown, and how many cases that were not run.
const SHOWN: usize = 3;

/// How many logged errors of an item are shown.
const ERRORS: usize = 20;

/// Of so many cases each is shown.
const FEW_CASES: usize = 12;

/// How many functions of a stack are shown.
const FRAMES: usize = 8;

/// How many characters of an item's name are shown.
const NAME: usize = 200;

/// How many characters of a message are shown; the report as data has all of it.
pub(super) const MESSAGE: usize = 2000;

/// What helps in a debugger of native code.
const IN_DEBUGGER: &str = "in the debugger: `bt` shows the handler's own functions below those of mobsync, in which the trap is;\n\
                           with --timeout 1h --blocking-limit 1h the time limits leave time to look around";

/// How many lines of a handler's output are shown; JSON and JUnit have more.
const LAST_WORDS: usize = 8;

/// How many characters of an event are shown.
const WIDEST: usize = 160;

/// ANSI codes, where colour is wanted.
pub(super) struct Paint(bool);

impl Paint {
    pub(super) const fn new(colour: bool) -> Self {
        Self(colour)
    }

    pub(super) const fn is_on(&self) -> bool {
        self.0
    }

    pub(super) fn good(&self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    pub(super) fn middling(&self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    pub(super) fn bad(&self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn level(&self, level: Level) -> String {
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

    pub(super) fn dim(&self, text: &str) -> String {
        self.wrap("2", text)
    }
}

/// The whole report as text: items and outcome, findings (the worst rules first), and the verdict last, where a terminal
/// stands when the program has ended.
pub fn human(report: &Report, colour: bool) -> String {
    styled(report, Style { colour, ..Style::default() })
}

/// As [`human`], in this style.
pub(super) fn styled(report: &Report, style: Style<'_>) -> String {
    let colour = style.colour;
    let paint = Paint(colour);
    let mut text = String::new();
    if report.outcome.is_some() {
        items(&mut text, report, &paint);
    }
    let says = |cause: &&CauseRows| cause.accepted.is_none() && !(style.quiet && cause.level == Level::Note);
    for cause in report.all_causes().iter().filter(says) {
        write_cause(&mut text, report, cause, &paint);
    }
    if report.findings.iter().any(|finding| finding.step.is_some()) {
        let _ = writeln!(text, "\n{}", paint.dim(IN_DEBUGGER));
    }
    accepted(&mut text, report, &paint);
    if !text.is_empty() && !report.findings.is_empty() {
        text.push('\n');
    }
    if report.outcome.is_none() {
        // Of many cases, those that passed say no more than their number.
        let many = report.cases.len() > FEW_CASES;
        let says_more = |case: &&Case| case.outcome != CaseOutcome::Passed || case.broke_off.is_some();
        let is_of_many = |case: &&Case| case.not_run().is_some_and(|why| not_run(report, why).count() > SHOWN);
        let is_told = |case: &&Case| match case.outcome {
            CaseOutcome::Skipped => style.quiet && case.not_run().is_none(),
            _ => style.listed && many,
        };
        let shown =
            report.cases.iter().filter(|case| (!many || says_more(case)) && !is_of_many(case) && !is_told(case));
        shown.for_each(|case| write_case(&mut text, case, &paint));
        write_not_run(&mut text, report, &paint);
    }
    text.push_str(&beside(report, &paint));
    verdict(&mut text, report, &paint);
    if report.summary.synchronized.is_some() {
        run_line(&mut text, report, &paint);
    }
    // Colour cannot be told from a handler's text here; without it nothing passes.
    if colour { text } else { plain_lines(&text).into_owned() }
}

fn items(text: &mut String, report: &Report, paint: &Paint) {
    let name = |item: &ItemRow| cut_off(&plain(&item.name.to_string()), NAME).into_owned();
    let names: Vec<String> = report.items.iter().map(name).collect();
    let width = column_width(names.iter().map(String::as_str));
    for (item, name) in report.items.iter().zip(&names) {
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
        let _ = writeln!(text, "  {}  {}", padded(name, width), paint.wrap(code, &status));
        errors(text, "    ", &item.errors);
    }
    errors(text, "  ", &report.errors);
    let outcome = report.outcome.as_deref().unwrap_or_default();
    let prepared = report.items.iter().filter(|item| item.prepared).count();
    let failed = report.items.iter().filter(|item| item.prepared && item.status == Some(Status::FAILED)).count();
    let of_items = match failed {
        0 => String::new(),
        _ => format!("; {}", paint.wrap("31", &format!("{failed} of {} FAILED", counted(prepared, "item")))),
    };
    let _ = writeln!(text, "{}: {}{of_items}", paint.bold(&cut_off(&plain(&report.handler), NAME)), plain(outcome));
}

fn errors(text: &mut String, indent: &str, errors: &[String]) {
    for error in errors.iter().take(ERRORS) {
        let _ = writeln!(text, "{indent}{}", message(error));
    }
    if errors.len() > ERRORS {
        let _ = writeln!(text, "{indent}… and {} more", errors.len() - ERRORS);
    }
}

/// What is accepted, by rule and reason.
fn accepted(text: &mut String, report: &Report, paint: &Paint) {
    let mut groups: Vec<(&str, &str, &str, Vec<&FindingRow>)> = Vec::new();
    for finding in report.findings.iter().filter(|finding| finding.consequence_of.is_none()) {
        let Some(reason) = finding.accepted.as_deref() else { continue };
        match groups.iter_mut().find(|(rule, why, ..)| (*rule, *why) == (finding.rule, reason)) {
            Some((.., findings)) => findings.push(finding),
            None => groups.push((finding.rule, reason, finding.name, vec![finding])),
        }
    }
    if !text.is_empty() && !groups.is_empty() {
        text.push('\n');
    }
    for (rule, reason, name, findings) in groups {
        let _ =
            writeln!(text, "{}: {}: {}", paint.dim("accepted"), paint.bold(&format!("{rule} {name}")), plain(reason));
        for finding in findings.iter().take(SHOWN) {
            let case = if report.cases.len() > 1 { format!("{}: ", plain(&finding.case)) } else { String::new() };
            let _ = writeln!(text, "  {case}{}", message(&finding.message));
        }
        let same = |row: &&super::OmittedRow| {
            row.rule == rule && row.accepted.as_deref() == Some(reason) && row.consequence_of.is_none()
        };
        let counted_only: usize = report.omitted.iter().filter(same).map(|row| row.count).sum();
        let more = findings.len().saturating_sub(SHOWN) + counted_only;
        if more > 0 {
            let _ = writeln!(text, "  … and {more} more");
        }
    }
}

/// What belongs to no case: what was not judged, and stale entries of the baseline.
pub(super) fn beside(report: &Report, paint: &Paint) -> String {
    let mut text = String::new();
    for exploration in &report.exploration {
        if report.exploration.len() > 1 {
            let _ = write!(text, "{}: ", plain(&exploration.case));
        }
        text.push_str(&exploration.text());
    }
    not_judged(&mut text, report, paint);
    for why in &report.unfinished {
        let _ = writeln!(text, "{}: {}", paint.wrap("1;33", "incomplete"), message(why));
    }
    // A broken rule says more.
    if let Some(why) = report.failure.as_ref().filter(|_| report.summary.failed == 0) {
        let _ = writeln!(text, "{}: {}", paint.wrap("1;31", "the session failed"), message(why));
    }
    let level = if report.strict { Level::Error } else { Level::Warning };
    for row in report.stale() {
        let _ = writeln!(text, "{}: {}: {}", paint.level(level), row.place(), plain(&row.complaint()));
    }
    text
}

/// What the cases could no longer exercise that broke off, in one line without colour.
pub(super) fn not_judged_line(report: &Report) -> String {
    let mut text = String::new();
    not_judged(&mut text, report, &Paint(false));
    text
}

/// What the cases could no longer exercise that broke off.
fn not_judged(text: &mut String, report: &Report, paint: &Paint) {
    let cases: Vec<&Case> = report.cases.iter().filter(|case| !case.not_judged.is_empty()).collect();
    let codes: BTreeSet<&str> = cases.iter().flat_map(|case| case.codes_not_judged()).collect();
    let extent = match cases.as_slice() {
        [] => return,
        [only] if report.cases.len() > 1 => format!("in {}, which broke off", plain(&only.name)),
        [_] => "because the session broke off".to_owned(),
        many => format!("in {} of {} cases, which broke off", many.len(), report.judged()),
    };
    let codes: Vec<&str> = codes.into_iter().collect();
    let _ = writeln!(text, "{} {extent}: {}", paint.wrap("1;33", "not judged"), codes.join(", "));
}

/// One mistake: what is asked, the finding that shows it best, and how to see it.
fn write_cause(text: &mut String, report: &Report, cause: &CauseRows, paint: &Paint) {
    let rule = cause.rule;
    let example = &report.findings[cause.example];
    let heading = paint.bold(&format!("{} {}", rule.code, rule.name));
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}: {heading}: {}", paint.level(cause.level), rule.summary);
    let _ = writeln!(text, "  {}", paint.bold(&message(&example.message)));
    if let Some(extent) = report.extent(cause) {
        let _ = writeln!(text, "    {extent}");
    }
    write_place(text, report, example, paint);
    if CaseOutcome::of_rule(rule.code).is_some() {
        last_words(text, report, &example.case, paint);
    }
    let also = cause.consequence_codes();
    if !also.is_empty() {
        let _ = writeln!(text, "  {} {}", paint.dim("because of it, also broken:"), also.join(", "));
    }
    if let Some(order) = super::order::order_text(example) {
        let _ = writeln!(text, "  {} {order}", paint.dim("order:"));
    }
    let commands =
        [("reproduce with:", &example.replay), ("debug with:", &example.debug), ("step with:", &example.step)];
    for (what, command) in commands {
        if let Some(command) = command {
            let _ = writeln!(text, "  {} {}", paint.dim(what), plain(command));
        }
    }
    let _ = writeln!(text, "  {} {} ({})", paint.dim("source:"), rule.source.join(", "), rule.basis);
    let _ = writeln!(text, "  {} mobsync rules {}", paint.dim("why, and what to check:"), rule.code);
}

/// What the handler's process wrote last, before it crashed or was ended.
fn last_words(text: &mut String, report: &Report, case: &str, paint: &Paint) {
    let case = report.cases.iter().find(|of| of.name == case);
    let Some(output) = case.and_then(|case| case.output.as_deref()) else { return };
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let _ = writeln!(text, "  {}", paint.dim("the handler's output ends with:"));
    for line in &lines[lines.len().saturating_sub(LAST_WORDS)..] {
        let _ = writeln!(text, "    | {}", cut_off(&plain(line), WIDEST));
    }
}

/// A message of any length and origin, as a terminal can show it: nothing in it acts, and of a very long one the beginning.
pub fn message(text: &str) -> String {
    cut_off(&plain(text), MESSAGE).into_owned()
}

/// One finding without colour: what happened, where, and the events around it.
pub fn finding_text(report: &Report, finding: &FindingRow) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "  {}", plain(&finding.message));
    write_place(&mut text, report, finding, &Paint(false));
    text
}

/// Where the finding was seen, and the events around it.
fn write_place(text: &mut String, report: &Report, finding: &FindingRow, paint: &Paint) {
    let place = match (&finding.trace, finding.line) {
        (Some(trace), Some(line)) => format!("{}:{line}: ", plain(trace)),
        _ if report.cases.len() > 1 => format!("{}: ", plain(&finding.case)),
        _ => String::new(),
    };
    if let Some(reason) = &finding.accepted {
        let _ = writeln!(text, "    {} {}", paint.dim("accepted:"), plain(reason));
    }
    let of = match &finding.handler_name {
        Some(name) => format!(" of {}", plain(name)),
        None if finding.handler == 1 => String::new(),
        None => format!(" of handler {}", finding.handler),
    };
    let event = finding.events.last().map_or(String::new(), |seq| format!("event #{seq}{of}, "));
    let at = Delay(finding.at_ns);
    let thread = if finding.thread == Thread::UNKNOWN.0.as_str() {
        String::new()
    } else {
        format!(", on thread {}", plain(&finding.thread))
    };
    let _ = writeln!(text, "    {} {place}{event}after {at}{thread}", paint.dim("at"));
    let frames = finding.backtrace.as_deref().unwrap_or_default();
    let mut shown = 0;
    for frame in frames {
        // Each thread has as much room.
        let heads = Stack::is_heading(frame);
        shown = if heads { 0 } else { shown + 1 };
        if heads {
            let _ = writeln!(text, "      {}", paint.dim(&plain(frame)));
        } else if shown <= FRAMES {
            let _ = writeln!(text, "      {} {}", paint.dim("in"), plain(frame));
        }
    }
    let width = finding.context.iter().filter_map(|line| line.event).max().map_or(0, |seq| seq.to_string().len());
    let mut before: Option<&super::ContextLine> = None;
    for line in &finding.context {
        if before.is_some_and(|before| !follows(before, line)) {
            let _ = writeln!(text, "      {:>width$}", "…", width = width + 1);
        }
        let number = line.event.map_or(String::new(), |seq| format!("#{seq}"));
        let mark = if line.shows { paint.wrap("1;31", ">") } else { " ".to_owned() };
        let words = plain(&line.line);
        let words = match words.char_indices().nth(WIDEST) {
            Some((at, _)) => format!("{}…", &words[..at]),
            None => words.into_owned(),
        };
        let words = if line.shows { words } else { paint.dim(&words) };
        let _ = writeln!(text, "    {mark} {number:>width$}  {words}", width = width + 1);
        before = Some(line);
    }
}

/// Whether nothing was left out between two lines. A line is one event or two.
fn follows(before: &super::ContextLine, line: &super::ContextLine) -> bool {
    match (before.event, line.event) {
        (Some(before), Some(after)) => after <= before + 2,
        _ => true,
    }
}

fn write_case(text: &mut String, case: &Case, paint: &Paint) {
    let word = match case.outcome {
        CaseOutcome::Passed => paint.wrap("32", "passed"),
        CaseOutcome::Failed => paint.wrap("31", "FAILED"),
        CaseOutcome::Crashed => paint.wrap("31", "CRASHED"),
        CaseOutcome::TimedOut => paint.wrap("31", "TIMED OUT"),
        CaseOutcome::Skipped => {
            let why = case.error.as_deref().unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = match case.not_run() {
                Some(why) => writeln!(text, "{}: {}: {}", plain(&case.name), paint.dim("not run"), plain(why)),
                None => writeln!(text, "{}: {} because {}", plain(&case.name), paint.dim("skipped"), plain(why)),
            };
            return;
        }
        CaseOutcome::Incomplete => paint.wrap("33", "incomplete"),
    };
    let accepted = match (case.accepted, case.broke_off) {
        (0, _) => String::new(),
        (accepted, None) => format!(", {accepted} accepted"),
        (accepted, Some(how)) => format!(", {accepted} accepted; it {} before its end", how.words()),
    };
    let flaky = flaky(case).map_or(String::new(), |flaky| format!("; {}", paint.wrap("1;33", &flaky)));
    let _ = writeln!(text, "{}: {word}, {}{accepted}{flaky}", plain(&case.name), counted(case.findings, "finding"));
}

/// The verdict in one line, without colour.
pub(super) fn verdict_line(report: &Report) -> String {
    let mut text = String::new();
    verdict(&mut text, report, &Paint(false));
    text
}

fn verdict(text: &mut String, report: &Report, paint: &Paint) {
    let summary = &report.summary;
    let count = |verdict| report.rules.iter().filter(|row| row.verdict == verdict).count();
    let (held, idle) = (count(Verdict::Held), count(Verdict::NotExercised));
    let mut found: Vec<String> = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| counted(number, what))
        .collect();
    if summary.accepted > 0 {
        found.push(format!("{} accepted", summary.accepted));
    }
    let mut found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
    if report.failure.is_some() && summary.failed == 0 {
        found += ", but the session failed";
        found += &failures(report);
    }
    let open = summary.errors + summary.warnings + summary.notes;
    if open > summary.causes {
        let _ = write!(found, " from {}", counted(summary.causes, "cause"));
    }
    let word = match (report.failed(), report.is_whole()) {
        (true, _) => paint.wrap("1;31", "FAILED"),
        (false, true) => paint.wrap("1;32", "passed"),
        (false, false) => paint.wrap("1;33", "incomplete"),
    };
    let seed = report.seed.map_or(String::new(), |seed| format!(", seed {seed}"));
    let held = counted(held, "rule");
    let reached = summary.synchronized.map_or(String::new(), |synchronized| {
        let cases = summary.cases.saturating_sub(summary.skipped);
        format!("; {synchronized} of {} reached Synchronize", counted(cases, "case"))
    });
    let profile = report.profile;
    let _ = writeln!(text, "{word}: {found}; {held} held, {idle} not exercised{reached} (profile {profile}{seed})");
}

/// What became of the cases, in one line without colour.
pub(super) fn run_summary(report: &Report) -> String {
    let mut text = String::new();
    run_line(&mut text, report, &Paint(false));
    text
}

/// The last line of a suite, as test runners have it: what became of its cases, how long it took, and how many cases came as
/// far as Synchronize.
fn run_line(text: &mut String, report: &Report, paint: &Paint) {
    let many = |outcome| report.cases.iter().filter(|case| case.outcome == outcome).count();
    let not_run = report.cases.iter().filter(|case| case.not_run().is_some()).count();
    let mut failed = format!("{} failed", report.summary.failed);
    let ways = [(many(CaseOutcome::Crashed), "crashed"), (many(CaseOutcome::TimedOut), "timed out")];
    let ways: Vec<String> =
        ways.iter().filter(|(many, _)| *many > 0).map(|(many, how)| format!("{many} {how}")).collect();
    if !ways.is_empty() {
        failed += &format!(" ({})", ways.join(", "));
    }
    let skipped = many(CaseOutcome::Skipped) - not_run;
    let counts = [
        (report.summary.passed, format!("{} passed", report.summary.passed)),
        (report.summary.failed, failed),
        (many(CaseOutcome::Incomplete), format!("{} incomplete", many(CaseOutcome::Incomplete))),
        (skipped, format!("{skipped} skipped")),
        (not_run, format!("{not_run} not run")),
    ];
    let counts: Vec<String> = counts.into_iter().filter(|(many, _)| *many > 0).map(|(_, words)| words).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    let took = report.elapsed.map_or(String::new(), |took| format!(" in {}", real_time(took)));
    let causes = match report.summary.causes {
        0 => String::new(),
        many => format!("; {}", counted(many, "cause")),
    };
    let flaky = report.cases.iter().filter(|case| case.is_flaky()).count();
    let flaky = if flaky > 0 { format!("; {flaky} flaky") } else { String::new() };
    let reached = report.summary.synchronized.map_or(String::new(), |many| format!("; {many} reached Synchronize"));
    let cases = paint.bold(&counted(report.cases.len(), "case"));
    let _ = writeln!(text, "{cases}{counts}{took}{reached}{causes}{flaky}");
}

/// A time of the clock on the wall, as exact as somebody wants to know it.
fn real_time(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0 => format!("{} ms", took.as_millis()),
        1..60 => format!("{:.1} s", took.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The cases that were not run for that reason.
fn not_run<'a>(report: &'a Report, why: &'a str) -> impl Iterator<Item = &'a Case> {
    report.cases.iter().filter(move |case| case.not_run() == Some(why))
}

/// The cases of which so many were not run that a line for each would hide the others: a line for each reason.
fn write_not_run(text: &mut String, report: &Report, paint: &Paint) {
    let reasons: BTreeSet<&str> = report.cases.iter().filter_map(Case::not_run).collect();
    for why in reasons.into_iter().filter(|why| not_run(report, why).count() > SHOWN) {
        let names: Vec<_> = not_run(report, why).take(SHOWN).map(|case| plain(&case.name)).collect();
        let more = not_run(report, why).count() - SHOWN;
        let _ = writeln!(text, "{} and {more} more: {}: {}", names.join(", "), paint.dim("not run"), plain(why));
    }
}

/// How many runs of a flaky case failed, and by which rules.
pub(super) fn flaky(case: &Case) -> Option<String> {
    let Repeats { runs, failed, rules } = case.repeats.as_ref().filter(|repeats| repeats.is_flaky())?;
    let rules: Vec<String> = rules.iter().map(|(code, runs)| format!("{} in {runs}", plain(code))).collect();
    Some(format!("flaky: failed in {failed} of {runs} runs ({})", rules.join(", ")))
}

/// What was logged of the items that failed: the first of it.
fn failures(report: &Report) -> String {
    let failed = report.items.iter().filter(|item| item.prepared && item.status == Some(Status::FAILED));
    let errors: Vec<&str> = failed.flat_map(|item| item.errors.iter().map(String::as_str)).collect();
    let shown = errors.iter().take(SHOWN).map(|error| cut_off(&plain(error), WIDEST).into_owned());
    let mut text: String = shown.map(|error| format!(" ({error})")).collect();
    if errors.len() > SHOWN {
        text += &format!(" (and {} more)", errors.len() - SHOWN);
    }
    text
}

impl Report {
    /// How many cases applied to the handler.
    pub(super) fn judged(&self) -> usize {
        self.cases.iter().filter(|case| case.outcome != CaseOutcome::Skipped).count()
    }

    /// In how many cases and how often the cause was found, and what the manager must have done before; nothing where there is
    /// one finding in one case.
    pub(super) fn extent(&self, cause: &CauseRows) -> Option<String> {
        let judged = self.judged();
        let mut words = Vec::new();
        if judged > 1 {
            words.push(format!("in {} of {judged} cases", cause.cases.len()));
        }
        if cause.count() > cause.cases.len() {
            words.push(format!("{} times", cause.count()));
        }
        let occasions: Vec<&str> = cause.occasions().map(Occasion::words).filter(|words| !words.is_empty()).collect();
        if !occasions.is_empty() {
            words.push(format!("only {}", either(&occasions)));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// `a`, `a or b`, `a, b or c`.
fn either(words: &[&str]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => words.concat(),
    }
}

pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
