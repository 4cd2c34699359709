//! The suite is itself tested with native handlers: it finds what only they can do wrong, says of each just what is wrong with
//! it, and accuses none that only looks wrong. Each is a switch in `fixtures/handlers/cpp/notebook.cpp`.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
#[path = "common/native_mutants.rs"]
mod native_mutants;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;

use mobsync::rules::{RULES, Subject};
use mobsync::runner::side_by_side;
use native::{NOTEBOOK_CPP, library};
use native_mutants::{MUTANTS, Mutants, options};
use serde_json::Value;

/// What the whole suite finds of the notebook with this switch.
struct Found {
    code: Option<i32>,
    /// The causes, each in a line.
    causes: Vec<String>,
    /// The rules of those that are worth more than a note.
    rules: Vec<String>,
    /// The first case that finds the first of them, and how many findings of the rule are in it.
    case: String,
    findings: usize,
}

fn found(switch: &str) -> Found {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_BUG=\"{switch}\"")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("conform").arg(built).args(["--clsid", NOTEBOOK_CPP]).args(options(switch));
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{switch}: {error}\n{said}{}", String::from_utf8_lossy(&output.stderr)));
    let causes = || report["causes"].as_array().into_iter().flatten();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let weighty = || causes().filter(|cause| cause["level"] != "note");
    let rules: Vec<String> = weighty().map(|cause| word(&cause["rule"])).collect();
    let findings = report["findings"].as_array().into_iter().flatten();
    for finding in findings.clone() {
        let debug = finding["debug"].as_str().unwrap_or_else(|| panic!("{finding:#}"));
        assert!(debug.contains(" mobsync conform ") && debug.contains(" --in-process --break-on "), "{debug}");
        let step = finding["step"].as_str().unwrap_or_else(|| panic!("{finding:#}"));
        assert!(
            step.starts_with("mobsync debug ") && step.contains(" --case ") && step.contains(" --break "),
            "{step}"
        );
    }
    let own = || findings.clone().filter(|finding| Some(&word(&finding["rule"])) == rules.first());
    let case = own().next().map(|finding| word(&finding["case"])).unwrap_or_default();
    let in_case = own().filter(|finding| finding["case"] == case.as_str()).count();
    Found {
        code: output.status.code(),
        causes: causes().map(Value::to_string).collect(),
        case,
        findings: in_case,
        rules,
    }
}

/// How many suites run at a time: those of handlers that wait take no processor time.
const AT_A_TIME: NonZero<u16> = NonZero::new(4).unwrap();

/// What is found of each of these, in their order.
fn found_of_all(switches: &[String]) -> impl Iterator<Item = Found> {
    side_by_side(Some(AT_A_TIME), switches.len(), |at| found(&switches[at])).into_iter()
}

#[test]
fn every_native_bug_is_found_and_nothing_else_is() {
    let (mut wrong, mut table) = (Vec::new(), String::new());
    let switches: Vec<String> = MUTANTS.iter().flat_map(Mutants::switches).collect();
    let mut all_found = found_of_all(&switches);
    for Mutants { rule, bugs, near } in MUTANTS {
        for ((nth, bug), found) in (1..).zip(bugs).zip(&mut all_found) {
            let Found { code, causes, rules, case, findings } = found;
            if code != Some(1) || rules != [rule] {
                wrong.push(format!("{rule} {nth}: {code:?}\n    {}", causes.join("\n    ")));
            }
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {rule} {nth}: {bug} | `{case}` | {} | {findings} |", causes.len());
        }
        let _ = writeln!(table, "| {rule} nearly: {near} | nothing (correct) | 0 | 0 |");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    coverage(&table);
}

#[test]
fn what_looks_like_a_native_bug_and_is_none_passes_the_whole_suite() {
    let mut wrong = Vec::new();
    let switches: Vec<String> = MUTANTS.iter().map(Mutants::near_switch).collect();
    for (Mutants { rule, near, .. }, found) in MUTANTS.into_iter().zip(found_of_all(&switches)) {
        let Found { code, causes, .. } = found;
        if code != Some(0) || !causes.is_empty() {
            wrong.push(format!("{rule} nearly ({near}): {code:?}\n    {}", causes.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_for_native_handlers_alone_has_mutants() {
    let covered: BTreeSet<&str> = MUTANTS.iter().filter(|of| of.bugs.len() >= 2).map(|of| of.rule).collect();
    let wanted = RULES.iter().filter(|rule| rule.subject == Subject::Handler && rule.native);
    let missing: Vec<&str> = wanted.map(|rule| rule.code).filter(|code| !covered.contains(*code)).collect();
    assert_eq!(missing, [""; 0]);
}

/// `docs/coverage-native.md` says what was found.
fn coverage(table: &str) {
    let mutants: usize = MUTANTS.iter().map(|of| of.bugs.len()).sum();
    let text = format!(
        "# What the suite finds of native handlers\n\nGenerated by `MOBSYNC_BLESS=1 cargo test --test native_mutants`. A *mutant* is\n\
         `fixtures/handlers/cpp/notebook.cpp`, compiled with one of its switches (`BUG(COM_04_1)` is the first of COM-04). *Found \
         by*\nis the first case that finds the fault, with so many *findings* there when the page was written; *causes* are those of the whole suite.\n\nThe suite finds {mutants} \
         of {mutants} mutants, each as one cause of its own rule, and accuses none of {} that only look wrong.\n[coverage.md](coverage.md) has the rules for handlers of any kind.\n\n\
         | rule and fault | found by | causes | findings |\n| --- | --- | --- | --- |\n{table}",
        MUTANTS.len(),
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage-native.md");
    if std::env::var_os("MOBSYNC_BLESS").is_some() {
        std::fs::write(&file, &text).expect("docs/coverage-native.md can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        certain(&there) == certain(&text),
        "docs/coverage-native.md is stale; write it anew with `MOBSYNC_BLESS=1 cargo test --test native_mutants`"
    );
}

/// The page without the numbers of findings: how often threads that run freely show their fault in one session is for the machine
/// to say.
fn certain(page: &str) -> Vec<&str> {
    page.lines()
        .map(|line| line.strip_suffix(" |").and_then(|row| row.rsplit_once(" | ")).map_or(line, |(row, _)| row))
        .collect()
}
