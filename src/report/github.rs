//! The report as workflow commands of GitHub Actions.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::human::verdict_line;
use super::render::{SourcePlace, Style, cut};
use super::{Case, CaseOutcome, FindingRow, Report, plain};
use crate::rules::{Level, rule};

/// How many characters a title may have; the page shows no more of it.
const TITLE: usize = 200;
/// How many characters a message may have.
const MESSAGE: usize = 4000;
/// How many cases, and how many different messages, one annotation has.
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
    let groups = groups(report, style);
    let mut annotations: Vec<Annotation> = groups.into_iter().map(of_group).collect();
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
        title: format!("{} is accepted in vain", row.rule),
        message: format!("{}: {}", row.path, row.complaint()),
    }));
    annotations.sort_by_key(|annotation| std::cmp::Reverse(annotation.level));
    let mut text: String = annotations.iter().map(command).collect();
    text.push_str(&verdict_line(report));
    text
}

/// Findings of one rule at one place that are equally bad and accepted for the same reason: they are one bug, most of the time.
struct Group<'a> {
    level: Level,
    place: Option<SourcePlace>,
    findings: Vec<&'a FindingRow>,
}

/// In the order in which the first of each came.
fn groups<'a>(report: &'a Report, style: Style<'_>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    for finding in &report.findings {
        let place = SourcePlace::of(report, finding, style);
        let level = if finding.accepted.is_some() { Level::Note } else { finding.level };
        let key = (finding.rule, level, finding.accepted.as_deref(), place.clone());
        let at = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { level, place, findings: vec![finding] }),
        }
    }
    groups
}

fn of_group(Group { level, place, findings }: Group<'_>) -> Annotation {
    let first = findings[0];
    let mut message = messages(&findings);
    if findings.len() > 1 {
        let _ = write!(message, "\n{}", cases(&findings));
    }
    let mut word = "";
    if let Some(reason) = &first.accepted {
        word = "accepted: ";
        let _ = write!(message, "\nAccepted: {}", plain(reason));
    }
    if let Some(rule) = rule(first.rule) {
        let _ = write!(message, "\n{} (mobsync rules {})", rule.summary, rule.code);
    }
    if let Some(replay) = findings.iter().find_map(|finding| finding.replay.as_ref()) {
        let _ = write!(message, "\nReproduce with: {}", plain(replay));
    }
    Annotation { level, place, title: format!("{word}{} {}", first.rule, first.name), message }
}

/// The messages that say different things: the same bug has other times and counts in another case.
fn messages(findings: &[&FindingRow]) -> String {
    let mut said = HashSet::new();
    let is_new = |finding: &&FindingRow| {
        let item = finding.item.as_ref().map(|item| item.id);
        said.insert((finding.kind(), item, finding.status, finding.method, finding.occasion))
    };
    let different: Vec<&FindingRow> = findings.iter().copied().filter(is_new).collect();
    // All of them are there, and how many more, however long one is.
    let longest = if different.len() > 1 { MESSAGE / 2 / NAMED } else { MESSAGE / 2 };
    let shown = different.iter().take(NAMED).map(|finding| cut(&plain(&finding.message), longest));
    let mut lines: Vec<String> = shown.collect();
    if different.len() > NAMED {
        lines.push(format!("… and {} other messages", different.len() - NAMED));
    }
    lines.join("\n")
}

/// How often it was found and where: of many cases the first few.
fn cases(findings: &[&FindingRow]) -> String {
    let mut known: HashSet<&str> = HashSet::new();
    let cases: Vec<&str> = findings.iter().map(|finding| &*finding.case).filter(|case| known.insert(case)).collect();
    let shown: Vec<String> = cases.iter().take(NAMED).map(|case| cut(&plain(case), TITLE)).collect();
    let shown = shown.join(", ");
    let more = match cases.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match (findings.len(), cases.len()) {
        (times, 1) => format!("Found {times} times in {shown}"),
        (times, cases) if times == cases => format!("Found in {cases} cases: {shown}{more}"),
        (times, cases) => format!("Found {times} times in {cases} cases: {shown}{more}"),
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
