//! The report as workflow commands of GitHub Actions.

use std::fmt::Write;

use super::causes::CauseRows;
use super::human::verdict_line;
use super::render::{SourcePlace, Style, cut};
use super::{Case, CaseOutcome, Report, plain};
use crate::protocol::plain_lines;
use crate::rules::Level;

/// How many characters a title may have; the page shows no more of it.
const TITLE: usize = 200;
/// How many characters a message may have.
const MESSAGE: usize = 4000;
/// How many cases one annotation names.
const NAMED: usize = 3;

/// One annotation.
struct Annotation {
    level: Level,
    place: Option<SourcePlace>,
    title: String,
    message: String,
}

/// An annotation a line, the worst first: of one step only the first ten of a level are shown, so what is the same in many cases
/// is said once. Then the verdict.
pub(super) fn github(report: &Report, style: Style<'_>) -> String {
    let mut annotations: Vec<Annotation> =
        report.all_causes().iter().map(|cause| of_cause(report, cause, style)).collect();
    annotations.extend(report.cases.iter().flat_map(of_case));
    annotations.extend(report.unfinished.iter().map(|why| Annotation {
        level: Level::Error,
        place: None,
        title: "not everything was judged".to_owned(),
        message: plain(why).into_owned(),
    }));
    annotations.extend(report.stale().map(|row| Annotation {
        level: if report.strict { Level::Error } else { Level::Warning },
        place: Some(SourcePlace::in_file(&row.file, u64::try_from(row.line).ok(), style)),
        title: format!("stale baseline entry: {}", row.rule),
        message: format!("{}: {}", row.path, row.complaint()),
    }));
    annotations.sort_by_key(|annotation| std::cmp::Reverse(annotation.level));
    let mut text: String = annotations.iter().map(command).collect();
    if !style.beside_text {
        text.push_str(&plain_lines(&verdict_line(report)));
    }
    text
}

fn of_cause(report: &Report, cause: &CauseRows, style: Style<'_>) -> Annotation {
    let example = &report.findings[cause.example];
    let mut message = cut(&plain(&example.message), MESSAGE / 2);
    if cause.count() > 1 {
        let _ = write!(message, "\n{}", cases(report, cause));
    }
    let place = SourcePlace::of(report, example, style);
    let elsewhere = elsewhere(report, cause, place.as_ref(), style);
    if !elsewhere.is_empty() {
        let _ = write!(message, "\nAlso at {elsewhere}");
    }
    let also = cause.consequence_codes();
    if !also.is_empty() {
        let _ = write!(message, "\nBecause of it, also broken: {}", also.join(", "));
    }
    let mut word = "";
    if let Some(reason) = &cause.accepted {
        word = "accepted: ";
        let _ = write!(message, "\nAccepted: {}", plain(reason));
    }
    let rule = cause.rule;
    let _ = write!(message, "\n{} (mobsync rules {})", rule.summary, rule.code);
    for (what, command) in [("Reproduce with", &example.replay), ("Debug with", &example.debug)] {
        if let Some(command) = command {
            let _ = write!(message, "\n{what}: {}", plain(command));
        }
    }
    Annotation {
        level: if cause.accepted.is_some() { Level::Note } else { cause.level },
        place,
        title: format!("{word}{} {}", rule.code, rule.name),
        message,
    }
}

/// The other lines from which the handler calls its own function in which the rule is broken.
fn elsewhere(report: &Report, cause: &CauseRows, shown: Option<&SourcePlace>, style: Style<'_>) -> String {
    let rows = cause.findings.iter().map(|at| &report.findings[*at]);
    let called = rows.filter(|row| row.rule == cause.rule.code && report.site_of(row).is_some());
    let mut places: Vec<SourcePlace> = Vec::new();
    for place in called.filter_map(|row| SourcePlace::of(report, row, style)) {
        if Some(&place) != shown && !places.contains(&place) {
            places.push(place);
        }
    }
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = places.iter().take(NAMED).map(|SourcePlace { file, line }| {
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}", plain(file))
    });
    match named.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        named => named + &more,
    }
}

/// How often it was found and where: of many cases the first few.
fn cases(report: &Report, cause: &CauseRows) -> String {
    let names = report.names_of(cause);
    let shown: Vec<String> = names.take(NAMED).map(|case| cut(&plain(case), TITLE)).collect();
    let shown = shown.join(", ");
    let more = match cause.cases.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let judged = report.judged();
    match (cause.count(), cause.cases.len()) {
        (times, 1) => format!("Found {times} times in {shown}"),
        (times, cases) if times == cases => format!("Found in {cases} of {judged} cases: {shown}{more}"),
        (times, cases) => format!("Found {times} times in {cases} of {judged} cases: {shown}{more}"),
    }
}

/// What is to be said of the case itself.
fn of_case(case: &Case) -> Vec<Annotation> {
    let name = plain(&case.name);
    let mut annotations = Vec::new();
    if let (Some(why), true) = (&case.error, case.outcome != CaseOutcome::Skipped) {
        let title = format!("{name}: {}", case.outcome.words());
        annotations.push(Annotation { level: Level::Error, place: None, title, message: plain(why).into_owned() });
    }
    for unmet in case.expectations.iter().flatten().filter(|held| !held.held) {
        let message = format!("{}: {}", plain(&unmet.what), plain(&unmet.difference));
        let title = format!("{name}: expectation not met");
        annotations.push(Annotation { level: Level::Error, place: None, title, message });
    }
    annotations
}

fn command(annotation: &Annotation) -> String {
    let word = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = String::new();
    if let Some(SourcePlace { file, line }) = &annotation.place {
        let _ = write!(properties, "file={},", property(&plain(file)));
        if let Some(line) = line {
            let _ = write!(properties, "line={line},");
        }
    }
    let title = property(&plain(&cut(&annotation.title, TITLE)));
    format!("::{word} {properties}title={title}::{}\n", data(&plain_lines(&cut(&annotation.message, MESSAGE))))
}

/// The message of a command: what would end the line is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: what would end it is escaped as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
