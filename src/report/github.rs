//! The report as workflow commands of GitHub Actions.

use std::fmt::Write;

use super::human::verdict_line;
use super::render::{Place, Style, cut};
use super::{Case, CaseOutcome, Report, plain};
use crate::rules::{Level, rule};

/// How many characters a title may have; the page shows no more of it.
const TITLE: usize = 200;
/// How many characters a message may have.
const MESSAGE: usize = 4000;

/// One annotation.
struct Annotation {
    level: Level,
    place: Option<Place>,
    title: String,
    message: String,
}

/// An annotation a line, the worst first: of one step only the first ten of a level are shown. Then the verdict.
pub(super) fn github(report: &Report, style: Style<'_>) -> String {
    let mut annotations: Vec<Annotation> = Vec::new();
    for finding in &report.findings {
        let mut message = plain(&finding.message).into_owned();
        let mut word = "";
        if let Some(reason) = &finding.accepted {
            word = "accepted: ";
            let _ = write!(message, "\nAccepted: {}", plain(reason));
        }
        if let Some(rule) = rule(finding.rule) {
            let _ = write!(message, "\n{} (mobsync rules {})", rule.summary, rule.code);
        }
        if let Some(replay) = &finding.replay {
            let _ = write!(message, "\nTo see it again: {}", plain(replay));
        }
        annotations.push(Annotation {
            level: if finding.accepted.is_some() { Level::Note } else { finding.level },
            place: Place::of(report, finding, style),
            title: format!("{word}{} {}", finding.rule, finding.name),
            message,
        });
    }
    annotations.extend(report.cases.iter().flat_map(of_case));
    annotations.extend(report.unfinished.iter().map(|why| Annotation {
        level: Level::Error,
        place: None,
        title: "not everything was judged".to_owned(),
        message: plain(why).into_owned(),
    }));
    annotations.extend(report.stale().map(|row| Annotation {
        level: if report.strict { Level::Error } else { Level::Warning },
        place: Some(Place::in_file(&row.file, u64::try_from(row.line).ok(), style)),
        title: format!("{} is accepted in vain", row.rule),
        message: format!("{}: {}", row.path, row.complaint()),
    }));
    annotations.sort_by_key(|annotation| std::cmp::Reverse(annotation.level));
    let mut text: String = annotations.iter().map(command).collect();
    text.push_str(&verdict_line(report));
    text
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
    if let Some(Place { file, line }) = &annotation.place {
        let _ = write!(properties, "file={},", property(file));
        if let Some(line) = line {
            let _ = write!(properties, "line={line},");
        }
    }
    let title = property(&cut(&annotation.title, TITLE));
    format!("::{word} {properties}title={title}::{}\n", data(&cut(&annotation.message, MESSAGE)))
}

/// The message of a command: what would end the line is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: what would end it is escaped as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
