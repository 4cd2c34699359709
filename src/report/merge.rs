//! Makes one report of those of the parts of a suite.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::build::CaseRows;
use super::{Baseline, Case, CaseOutcome, Filter, FindingRow, OmittedRow, Partition, Report, RuleRow, Scope, plain};
use crate::protocol::plain_path;
use crate::rules::rule;

/// The report of a part, and its file.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file.
    pub file: PathBuf,
    /// What stands in it.
    pub report: Report,
}

/// Reports do not make one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("no report to merge")]
    Nothing,
    /// A report is of no part.
    #[error(
        "{file}: partition: the report is of no part of a suite; write one with \
         `mobsync conform … --partition 1/4 --format json --output FILE`",
        file = plain_path(file)
    )]
    NotAPart {
        /// Its file.
        file: PathBuf,
    },
    /// Two parts are not of the same run.
    #[error(
        "{other}: {what}: {theirs}, but {ours} in {file}; all parts must be of the same handler, with the same options",
        file = plain_path(file), other = plain_path(other)
    )]
    Differ {
        /// Where in the reports.
        what: &'static str,
        /// The first file.
        file: Box<Path>,
        /// What it says.
        ours: Box<str>,
        /// The other file.
        other: Box<Path>,
        /// What that says.
        theirs: Box<str>,
    },
    /// A part is given twice.
    #[error(
        "{other}: partition.part: part {part} is already in {file}; give each part once",
        file = plain_path(file), other = plain_path(other)
    )]
    SamePart {
        /// Which part.
        part: usize,
        /// The first file.
        file: PathBuf,
        /// The other file.
        other: PathBuf,
    },
    /// A case is in two parts.
    #[error(
        "{other}: cases: `{case}` is already in {file}; each case belongs to one part",
        file = plain_path(file), other = plain_path(other), case = plain(case)
    )]
    SameCase {
        /// The case.
        case: String,
        /// The first file.
        file: PathBuf,
        /// The other file.
        other: PathBuf,
    },
}

/// What all parts were judged with: to judge the whole with.
///
/// # Errors
/// When it is not the same in all parts.
pub fn common_baseline(parts: &[Part]) -> Result<Baseline, MergeError> {
    let baseline = |part: &Part| Baseline::from(part.report.baseline.clone());
    let Some(first) = parts.first() else { return Err(MergeError::Nothing) };
    let common = baseline(first);
    let words = |baseline: &Baseline| match baseline.rows() {
        [] => "none".to_owned(),
        [first, ..] => format!("one of {} entries, from {}", baseline.rows().len(), plain(&first.file)),
    };
    for part in &parts[1..] {
        let other = baseline(part);
        if other.rows() != common.rows() {
            return Err(differ("baseline", first, words(&common), part, words(&other)));
        }
    }
    Ok(common)
}

/// The report that the whole run would have given: the cases in its order, judged anew by the filter. Parts that are missing,
/// and what parts could not do, stand in `unfinished`.
///
/// # Errors
/// When the reports are not of different parts of the same run.
pub fn merge(mut parts: Vec<Part>, filter: &Filter) -> Result<Report, MergeError> {
    parts.sort_by_key(|part| part.report.partition.as_ref().map_or(0, |partition| partition.part));
    let whole = agreed(&parts)?;
    let mut report = Report::new(whole.handler, whole.report.profile, whole.report.seed, filter);
    report.handler_file.clone_from(&whole.report.handler_file);
    report.summary.synchronized = whole.report.summary.synchronized.map(|_| 0);
    report.rules = joined_rules(&parts, filter);
    let Partition { of, suite, .. } = whole.partition.clone();
    report.unfinished = unfinished(&parts, of);
    report.exploration = parts.iter().flat_map(|part| part.report.exploration.clone()).collect();

    let mut cases = cases(parts)?;
    let handler = report.handler.clone();
    let mut lost = 0;
    for name in &suite {
        let Some(Of { case, findings, omitted, .. }) = cases.remove(name) else {
            lost += 1;
            continue;
        };
        if case.outcome == CaseOutcome::Skipped {
            report.add_skipped(name, case.error.unwrap_or_default());
            continue;
        }
        let Case { name, seconds, synchronized, not_judged, error, expectations, output, repeats, .. } = case;
        report.add_rows(
            CaseRows {
                handler: &handler,
                name,
                seconds,
                findings,
                omitted,
                synchronized,
                not_judged,
                error,
                expectations,
                output,
                repeats,
            },
            filter,
        );
    }
    if lost > 0 && report.unfinished.is_empty() {
        report.unfinished.push(format!("{lost} of {} cases are in no part", suite.len()));
    }
    report.judge_baseline(Scope::Suite);
    Ok(report)
}

/// What is the same in all parts.
struct Whole<'a> {
    handler: &'a str,
    report: &'a Report,
    partition: &'a Partition,
}

fn differ(what: &'static str, one: &Part, ours: String, other: &Part, theirs: String) -> MergeError {
    MergeError::Differ {
        what,
        file: one.file.as_path().into(),
        ours: ours.into(),
        other: other.file.as_path().into(),
        theirs: theirs.into(),
    }
}

/// Looks whether the parts are of one run. They are in the order of their numbers.
fn agreed(parts: &[Part]) -> Result<Whole<'_>, MergeError> {
    let partition_of = |part: &Part| part.report.partition.is_some();
    if let Some(none) = parts.iter().find(|part| !partition_of(part)) {
        return Err(MergeError::NotAPart { file: none.file.clone() });
    }
    let partitions: Vec<(&Part, &Partition)> =
        parts.iter().filter_map(|part| Some((part, part.report.partition.as_ref()?))).collect();
    let Some((first, partition)) = partitions.first().copied() else { return Err(MergeError::Nothing) };
    let seed = |report: &Report| report.seed.map_or("none".to_owned(), |seed| seed.to_string());
    for (part, other) in &partitions[1..] {
        let (ours, theirs) = (&first.report, &part.report);
        for (what, ours, theirs) in [
            ("handler", plain(&ours.handler).into_owned(), plain(&theirs.handler).into_owned()),
            ("profile", ours.profile.to_string(), theirs.profile.to_string()),
            ("seed", seed(ours), seed(theirs)),
            ("partition.of", partition.of.to_string(), other.of.to_string()),
        ] {
            if ours != theirs {
                return Err(differ(what, first, ours, part, theirs));
            }
        }
        if partition.suite != other.suite {
            let at = partition.suite.iter().zip(&other.suite).take_while(|(ours, theirs)| ours == theirs).count();
            let words = |suite: &[String]| {
                let name = suite.get(at).map_or("the end".to_owned(), |name| plain(name).into_owned());
                format!("{} cases, with {name} at place {at}", suite.len())
            };
            return Err(differ("partition.suite", first, words(&partition.suite), part, words(&other.suite)));
        }
        let codes = |report: &Report| report.rules.iter().map(|row| row.rule).collect::<Vec<_>>();
        if codes(ours) != codes(theirs) {
            let words = |report: &Report| format!("{} rules", report.rules.len());
            return Err(differ("rules", first, words(ours), part, words(theirs)));
        }
    }
    for pair in partitions.windows(2) {
        if let [(one, partition), (other, same)] = pair
            && partition.part == same.part
        {
            let (file, other) = (one.file.clone(), other.file.clone());
            return Err(MergeError::SamePart { part: same.part, file, other });
        }
    }
    Ok(Whole { handler: &first.report.handler, report: &first.report, partition })
}

/// The rules that are spoken of, with what is known of them from all parts.
fn joined_rules(parts: &[Part], filter: &Filter) -> Vec<RuleRow> {
    let mut reports = parts.iter().map(|part| &part.report);
    let mut rules = reports.next().map(|report| report.rules.clone()).unwrap_or_default();
    for report in reports {
        rules.iter_mut().zip(&report.rules).for_each(|(row, other)| row.join(other.verdict));
    }
    rules.retain(|row| rule(row.rule).is_some_and(|rule| filter.keeps(rule)));
    rules
}

/// What parts could not do, and which are missing.
fn unfinished(parts: &[Part], of: usize) -> Vec<String> {
    /// How many missing parts are named.
    const NAMED: usize = 20;
    let numbers: BTreeMap<usize, &Part> =
        parts.iter().filter_map(|part| Some((part.report.partition.as_ref()?.part, part))).collect();
    let mut unfinished: Vec<String> = numbers
        .iter()
        .flat_map(|(number, part)| {
            part.report.unfinished.iter().map(move |why| format!("part {number} of {of}: {why}"))
        })
        .collect();
    let missing = (1..=of).filter(|number| !numbers.contains_key(number));
    unfinished.extend(missing.take(NAMED).map(|number| format!("part {number} of {of} is missing")));
    let missing = of.saturating_sub(numbers.len());
    if missing > NAMED {
        unfinished.push(format!("{} more parts of {of} are missing", missing - NAMED));
    }
    unfinished
}

/// A case with what is known of it.
struct Of {
    case: Case,
    findings: Vec<FindingRow>,
    omitted: Vec<OmittedRow>,
    file: PathBuf,
}

fn cases(parts: Vec<Part>) -> Result<HashMap<String, Of>, MergeError> {
    let mut cases: HashMap<String, Of> = HashMap::new();
    let there = |of: &Of, case: &str, other: &Path| MergeError::SameCase {
        case: case.to_owned(),
        file: of.file.clone(),
        other: other.to_owned(),
    };
    for Part { file, report } in parts {
        let names: Vec<String> = report.cases.iter().map(|case| case.name.clone()).collect();
        for case in report.cases {
            if let Some(of) = cases.get(&case.name) {
                return Err(there(of, &case.name, &file));
            }
            let name = case.name.clone();
            cases.insert(name, Of { case, findings: Vec::new(), omitted: Vec::new(), file: file.clone() });
        }
        // Where each finding stands in its case.
        let mut places = Vec::with_capacity(report.findings.len());
        for finding in report.findings {
            let Some(of) = cases.get_mut(&finding.case) else {
                places.push(None);
                continue;
            };
            places.push(Some(of.findings.len()));
            of.findings.push(finding);
        }
        let in_case = |cause: Option<usize>| cause.and_then(|cause| places.get(cause).copied().flatten());
        for name in &names {
            for finding in cases.get_mut(name).into_iter().flat_map(|of| &mut of.findings) {
                finding.consequence_of = in_case(finding.consequence_of);
            }
        }
        for row in report.omitted {
            let consequence_of = in_case(row.consequence_of);
            if let Some(of) = cases.get_mut(&row.case) {
                of.omitted.push(OmittedRow { consequence_of, ..row });
            }
        }
    }
    Ok(cases)
}
