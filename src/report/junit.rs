//! The report as JUnit's XML.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::causes::{CauseRows, InCase, in_cases};
use super::human::flaky;
use super::render::cut;
use super::{Case, CaseOutcome, FindingRow, Report, finding_text, plain};
use crate::protocol::plain_lines;
use crate::rules::{Level, rule};

/// How many characters the message in the list of tests has; the whole text is below it.
const MESSAGE: usize = 500;

/// One suite, and a test for each case. Findings fail a test; a crash, a hang and a case that has no end are errors, each with
/// its own type.
pub(super) fn junit(report: &Report) -> Result<String, SerializeError> {
    let causes = report.all_causes();
    let of_case = in_cases(report, &causes);
    let mut suite = TestSuite::new(&*plain(&report.handler));
    suite.add_property(("mobsync.version", env!("CARGO_PKG_VERSION")));
    suite.add_property(("mobsync.profile", report.profile.to_string().as_str()));
    if let Some(seed) = report.seed {
        suite.add_property(("mobsync.seed", seed.to_string().as_str()));
    }
    // Dots would be read as packages.
    let class = format!("mobsync.{}", plain(&report.handler).replace('.', "_"));
    for case in &report.cases {
        let found = of_case.get(case.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        suite.add_test_case(test(report, case, found, &class));
    }
    warnings(report, &causes, &class).into_iter().chain(of_no_case(report)).for_each(|test| {
        suite.add_test_case(test);
    });
    suite.set_time(duration(report.cases.iter().map(|case| case.seconds).sum()));
    let mut whole = quick_junit::Report::new("mobsync");
    whole.set_time(duration(report.cases.iter().map(|case| case.seconds).sum()));
    whole.add_test_suite(suite);
    let xml = whole.to_string()?;
    // The schema of Jenkins has this attribute on suites only, and refuses a file that has it on their root.
    let xml = xml.replacen(&format!(" skipped=\"{}\"", whole.skipped), "", 1);
    // These two are no characters of XML, however they are written.
    let xml = xml.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    // Texts of several lines are elements of their own: a line of them can begin like a command.
    Ok(plain_lines(&xml).into_owned())
}

/// Warnings fail nothing, and what a test that has passed says is seen by nobody: each is a test of its own that was skipped, as
/// the nearest that this format has. With `--strict` they fail their cases.
fn warnings(report: &Report, causes: &[CauseRows], class: &str) -> Vec<TestCase> {
    let open = |cause: &&CauseRows| cause.level == Level::Warning && cause.accepted.is_none() && !report.strict;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let test = |cause: &CauseRows| {
        // Test reports tell tests apart by their names.
        let nth = seen.entry(cause.rule.code).and_modify(|nth| *nth += 1).or_insert(1);
        let number = if *nth > 1 { format!(" ({nth})") } else { String::new() };
        let (rule, example) = (cause.rule, &report.findings[cause.example]);
        let cases = cause.cases.len();
        let mut status = TestCaseStatus::skipped();
        let message = format!("warning in {cases} of {} cases: {}", report.judged(), plain(&example.message));
        status.set_type("warning").set_message(cut(&message, MESSAGE));
        let mut test = TestCase::new(format!("warning {} {}{number}", rule.code, rule.name), status);
        test.set_classname(format!("{class}.warnings")).set_time(Duration::ZERO);
        test.set_system_out(format!("{}\nseen in the case {}\n", rule.summary, plain(&example.case)));
        test
    };
    causes.iter().filter(open).map(test).collect()
}

/// What belongs to no case is a test of its own, or nobody would see it.
fn of_no_case(report: &Report) -> Vec<TestCase> {
    let mut tests = Vec::new();
    let mut test = |name: &str, status: TestCaseStatus| {
        let mut test = TestCase::new(name, status);
        test.set_classname("mobsync").set_time(Duration::ZERO);
        tests.push(test);
    };
    if let Some(first) = report.unfinished.first() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("incomplete").set_message(cut(&plain(first), MESSAGE));
        status.set_description(report.unfinished.iter().map(|why| plain(why) + "\n").collect::<String>());
        test("everything was judged", status);
    }
    let stale: Vec<String> = report.stale().map(|row| format!("{}: {}", row.place(), row.complaint())).collect();
    if let Some(first) = stale.first() {
        let mut status = TestCaseStatus::success();
        if report.strict {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("baseline").set_message(cut(first, MESSAGE)).set_description(stale.join("\n"));
        }
        test("every entry of the baseline is needed", status);
        if let Some(test) = tests.last_mut() {
            test.set_system_out(stale.join("\n"));
        }
    }
    tests
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn test(report: &Report, case: &Case, found: &[InCase<'_>], class: &str) -> TestCase {
    let text = text(report, case, found);
    let mut status = match case.outcome {
        CaseOutcome::Passed => TestCaseStatus::success(),
        CaseOutcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CaseOutcome::Skipped => TestCaseStatus::skipped(),
        CaseOutcome::Crashed | CaseOutcome::TimedOut | CaseOutcome::Incomplete => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    // A stable sort: the first of the worst.
    let mut worst: Vec<&FindingRow> =
        found.iter().map(|found| found.finding).filter(|finding| finding.accepted.is_none()).collect();
    worst.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let unmet = case.expectations.iter().flatten().find(|held| !held.held);
    let (kind, message) = match (case.outcome, unmet, worst.first()) {
        (CaseOutcome::Failed, Some(unmet), _) => ("expectation", format!("{}: {}", unmet.what, unmet.difference)),
        (CaseOutcome::Failed, None, Some(first)) => (first.rule, format!("{} {}", first.rule, first.message)),
        (outcome @ (CaseOutcome::Crashed | CaseOutcome::TimedOut), _, Some(first)) => {
            (outcome.words(), format!("{} {}", first.rule, first.message))
        }
        (CaseOutcome::Skipped, ..) if case.not_run().is_some() => ("skipped", case.error.clone().unwrap_or_default()),
        (CaseOutcome::Skipped, ..) => ("skipped", format!("because {}", case.error.as_deref().unwrap_or_default())),
        (outcome, ..) => (outcome.words(), case.error.clone().unwrap_or_default()),
    };
    let passed = case.outcome == CaseOutcome::Passed;
    status.set_type(kind).set_message(cut(&plain(&message), MESSAGE));
    if !passed && case.outcome != CaseOutcome::Skipped && !text.is_empty() {
        status.set_description(text.as_str());
    }
    let mut test = TestCase::new(&*plain(&case.name), status);
    test.set_classname(class).set_time(duration(case.seconds));
    let mut commands: Vec<(&str, &str)> = Vec::new();
    for InCase { finding, .. } in found {
        let known = [("reproduce with", &finding.replay), ("debug with", &finding.debug)];
        for (what, command) in known {
            commands.extend(command.as_deref().map(|command| (what, command)));
        }
    }
    commands.sort_by_key(|(what, _)| *what == "debug with");
    commands.dedup();
    let again: String = commands.iter().map(|(what, command)| format!("{what}: {}\n", plain(command))).collect();
    // What does not fail is told as well.
    let out = if passed { text + &again } else { again };
    if !out.is_empty() {
        test.set_system_out(out);
    }
    if let Some(output) = &case.output {
        test.set_system_err(output.as_str());
    }
    test
}

/// Everything that is known of the case.
fn text(report: &Report, case: &Case, found: &[InCase<'_>]) -> String {
    let mut text = String::new();
    if let Some(error) = &case.error {
        text += &format!("{}: {}\n", case.outcome.words(), plain(error));
    }
    if let Some(broke_off) = case.broke_off {
        text += &format!("{}, which is accepted; the rest of the case was not judged\n", broke_off.words());
    }
    if !case.not_judged.is_empty() {
        let codes: Vec<&str> = case.codes_not_judged().collect();
        text += &format!("not judged, because the session broke off: {}\n", codes.join(", "));
    }
    if let Some(flaky) = flaky(case) {
        text += &format!("{flaky}\n");
    }
    for unmet in case.expectations.iter().flatten().filter(|held| !held.held) {
        text += &format!("expectation not met: {}: {}\n", plain(&unmet.what), plain(&unmet.difference));
    }
    for InCase { cause, finding, count, also } in found {
        let rule = rule(finding.rule);
        let summary = rule.map_or("", |rule| rule.summary);
        let accepted = if finding.accepted.is_some() { "accepted " } else { "" };
        let FindingRow { rule: code, name, level, .. } = finding;
        text += &format!("{accepted}{level}: {code} {name}: {summary}\n{}", finding_text(report, finding));
        if *count > 1 {
            text += &format!("  {count} times in this case\n");
        }
        if cause.rule.code != *code {
            text += &format!("  the same mistake as {} {}\n", cause.rule.code, cause.rule.name);
        }
        if !also.is_empty() {
            let also: Vec<&str> = also.iter().copied().collect();
            text += &format!("  because of it, also broken: {}\n", also.join(", "));
        }
        if let Some(rule) = rule {
            text += &format!("  source: {} ({})\n", rule.source.join(", "), rule.basis);
            text += &format!("  why, and what to check: mobsync rules {}\n", rule.code);
        }
    }
    for omitted in report.omitted.iter().filter(|row| row.case == case.name && row.consequence_of.is_none()) {
        let accepted = omitted.accepted.as_ref().map_or(String::new(), |why| format!(", accepted: {}", plain(why)));
        text += &format!("… and {} more of {}{accepted}\n", omitted.count, omitted.rule);
    }
    text
}
