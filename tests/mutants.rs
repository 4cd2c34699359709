//! The suite is itself tested: it finds every mutant of the good handler, says of each just what is wrong with it, and accuses
//! no handler that only looks wrong.

#[path = "common/mutants.rs"]
mod mutants;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use mobsync::conform::{Suite, SuiteOptions};
use mobsync::handler::script::Script;
use mobsync::job::{Handler, HandlerSpec};
use mobsync::protocol::Profile;
use mobsync::report::{Cause, Report};
use mobsync::rules::codes::{APT_01, CB_04, REGI_05, REGI_06, WIRE_01};
use mobsync::rules::{Level, RULES, Subject};
use mutants::Mutants;

fn handler(script: &Script) -> Handler {
    let text = serde_json::to_string(script).expect("a script can be written");
    HandlerSpec::Script { file: "mutant.json".into(), text }.open().unwrap_or_else(|error| panic!("{error}"))
}

/// What the whole suite finds.
fn suite(handler: &Handler, profile: Profile) -> Report {
    // The mutants run side by side already.
    let options = SuiteOptions { profile, jobs: NonZero::new(1), ..SuiteOptions::default() };
    let report = Suite::of(handler.clone()).with(options).run().unwrap_or_else(|error| panic!("{error}"));
    for finding in &report.findings {
        assert_eq!(finding.subject, Subject::Handler, "{}: {}", finding.case, finding.message);
    }
    report
}

/// What was found, in a line.
fn found(report: &Report) -> String {
    let cause = |cause: &Cause| {
        let also: Vec<&str> = cause.consequences.iter().map(|code| code.0).collect();
        let example = &report.findings[cause.example];
        format!(
            "{} {} at {} {:?} ({} times in {} cases, as in {}: {}; also {also:?})",
            cause.level, cause.rule, cause.place, cause.occasion, cause.count, cause.cases, example.case, cause.summary
        )
    };
    report.causes.iter().map(cause).collect::<Vec<_>>().join("\n        ")
}

/// What is expected of a script.
struct Expected {
    rule: String,
    nearly: bool,
    what: String,
    script: Script,
    profile: Profile,
    /// The other rules that are broken because of it.
    implies: BTreeSet<String>,
}

impl Expected {
    /// Whether that is what was found: one cause, of the rule, or none. What is worth a note only may come beside it.
    fn is(&self, report: &Report) -> bool {
        let is_own = |cause: &&Cause| cause.rule == self.rule;
        let own: Vec<&Cause> = report.causes.iter().filter(is_own).collect();
        let other = report.causes.iter().filter(|cause| !is_own(cause) && cause.level > Level::Note).count();
        let implied = |cause: &Cause| cause.consequences.iter().map(|code| code.0.to_owned()).collect::<BTreeSet<_>>();
        other == 0
            && match own.as_slice() {
                [] => self.nearly && report.causes.is_empty(),
                [cause] => !self.nearly && implied(cause) == self.implies,
                _ => false,
            }
    }
}

fn all() -> Vec<Expected> {
    let mut all = Vec::new();
    for mutants in Mutants::all() {
        for (nth, mutant) in mutants.mutants.iter().enumerate() {
            let implies = mutant.implies.iter().cloned().collect();
            let what = format!("{} {}: {}", mutants.rule, nth + 1, mutant.bug);
            let rule = mutants.rule.clone();
            all.push(Expected {
                rule,
                nearly: false,
                what,
                script: mutants.mutant(nth),
                profile: Profile::Xp,
                implies,
            });
        }
        let what = format!("{} nearly: {}", mutants.rule, mutants.near.why);
        let (rule, profile) = (mutants.rule.clone(), mutants.near.profile);
        all.push(Expected { rule, nearly: true, what, script: mutants.near(), profile, implies: BTreeSet::new() });
    }
    all
}

#[test]
fn every_mutant_is_found_and_nothing_else_is() {
    let work = Mutex::new(all());
    let many = work.lock().unwrap().len();
    let near = work.lock().unwrap().iter().filter(|expected| expected.nearly).count();
    let wrong = Mutex::new(Vec::new());
    let killed = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(expected) = { work.lock().unwrap().pop() } {
                    let report = suite(&handler(&expected.script), expected.profile);
                    let cause = report.causes.iter().find(|cause| cause.rule == expected.rule);
                    let killer = cause.map(|cause| {
                        let first = report.findings.iter().find(|finding| finding.rule == cause.rule);
                        let case = first.map_or(String::new(), |finding| finding.case.clone());
                        Killer { case, causes: report.causes.len(), findings: cause.count }
                    });
                    killed.lock().unwrap().insert(expected.what.clone(), killer);
                    if !expected.is(&report) {
                        let found = found(&report);
                        wrong.lock().unwrap().push(format!("{}\n    found {found}", expected.what));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {many} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    coverage(&killed.into_inner().unwrap(), many - near, near);
}

/// What found a mutant.
struct Killer {
    /// The first case that finds it.
    case: String,
    /// How many causes the whole suite finds.
    causes: usize,
    /// How many findings its cause has.
    findings: usize,
}

/// `docs/coverage.md` says what was found.
fn coverage(killed: &BTreeMap<String, Option<Killer>>, mutants: usize, near: usize) {
    let mut text = format!(
        "# What the suite finds\n\nGenerated by `MOBSYNC_BLESS=1 cargo test --test mutants`. A *mutant* is a script with one \
         fault.\n`fixtures/mutants` has each as its difference from `fixtures/handlers/good.json`. *Found by* is the first case \
         that\nfinds the fault; *causes* and *findings* are those of the whole suite.\n\nThe suite finds {mutants} of {mutants} \
         mutants, each as one cause of its own rule, and accuses none of {near} scripts that only look \
         wrong.\n[coverage-native.md](coverage-native.md) has the faults that only native handlers can have.\n\n\
         | rule and fault | found by | causes | findings |\n| --- | --- | --- | --- |\n"
    );
    for (what, case) in killed {
        let found = case.as_ref().map_or("nothing (correct) | 0 | 0".to_owned(), |killer| {
            let Killer { case, causes, findings } = killer;
            format!("`{case}` | {causes} | {findings}")
        });
        text += &format!("| {} | {found} |\n", what.replace('|', "\\|"));
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    if std::env::var_os("MOBSYNC_BLESS").is_some() {
        std::fs::write(&file, &text).expect("docs/coverage.md can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == text, "docs/coverage.md is stale; write it anew with `MOBSYNC_BLESS=1 cargo test --test mutants`");
}

#[test]
fn every_rule_for_handlers_of_any_kind_has_mutants() {
    let covered: BTreeSet<String> = Mutants::all().into_iter().map(|mutants| mutants.rule).collect();
    // A script speaks no wire, has neither a callback before it is given one nor references to it, and its threads hold no locks.
    let others = [WIRE_01, CB_04, APT_01, REGI_05, REGI_06];
    let wanted = RULES.iter().filter(|rule| rule.subject == Subject::Handler && !rule.native && !others.contains(rule));
    let missing: Vec<&str> = wanted.map(|rule| rule.code).filter(|code| !covered.contains(*code)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn good_handlers_pass_the_whole_suite_in_both_profiles() {
    for file in ["good", "minimal"] {
        let handler = Handler::find(&format!("fixtures/handlers/{file}.json"), &[], None).unwrap();
        for profile in [Profile::Xp, Profile::Vista] {
            let report = suite(&handler, profile);
            assert!(report.findings.is_empty(), "{file} {profile}: {}", found(&report));
        }
    }
}
