//! The suite is itself tested: it finds every mutant of the good handler, says of each just what is wrong with it, and accuses
//! no handler that only looks wrong.

#[path = "common/mutants.rs"]
mod mutants;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

use mobsync::conform::{self, Case, Known};
use mobsync::handler::script::Script;
use mobsync::launch::{self, Handler, HandlerSpec, Terms};
use mobsync::protocol::{Event, Profile, Session};
use mobsync::rules::{Conditions, Monitor, RULES, Subject};
use mobsync::scenario::Scenario;
use mutants::Mutants;

fn handler(script: &Script) -> Handler {
    let text = serde_json::to_string(script).expect("a script can be written");
    HandlerSpec::Script { file: "mutant.json".into(), text }.open().unwrap_or_else(|error| panic!("{error}"))
}

fn hold(handler: &Handler, scenario: &Scenario, mut see: impl FnMut(&Event, &Session)) {
    let mut session = Session::default();
    let mut drain = |events: Vec<Event>, _: &Session| {
        for event in &events {
            session.apply(event);
            see(event, &session);
        }
    };
    launch::in_process(handler, &Terms::scenario(scenario.clone()), |_| {}, &mut drain)
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Which rules the suite finds broken, each with the first case that finds it.
fn found(handler: &Handler, profile: Profile) -> BTreeMap<&'static str, String> {
    let mut known = Known::default();
    hold(handler, &conform::survey(profile), |event, session| known.observe(event, session));
    let mut found = BTreeMap::new();
    for Case { name, scenario, skipped, .. } in conform::cases(&known, profile, false) {
        if skipped.is_some() {
            continue;
        }
        let header = Terms::scenario(scenario.clone()).header(handler);
        let mut monitor = Monitor::new(Conditions::from(&header));
        hold(handler, &scenario, |event, _| {
            monitor.observe(event);
        });
        monitor.finish();
        for finding in monitor.findings() {
            assert_eq!(finding.rule.subject, Subject::Handler, "{name}: {}", finding.message);
            found.entry(finding.rule.code).or_insert_with(|| name.clone());
        }
    }
    found
}

/// What is expected of a script.
struct Expected {
    what: String,
    script: Script,
    profile: Profile,
    rules: BTreeSet<String>,
}

fn all() -> Vec<Expected> {
    let mut all = Vec::new();
    for mutants in Mutants::all() {
        for (nth, mutant) in mutants.mutants.iter().enumerate() {
            let rules = mutant.implies.iter().chain([&mutants.rule]).cloned().collect();
            let what = format!("{} {}: {}", mutants.rule, nth + 1, mutant.bug);
            all.push(Expected { what, script: mutants.mutant(nth), profile: Profile::Xp, rules });
        }
        let what = format!("{} nearly: {}", mutants.rule, mutants.near.why);
        all.push(Expected { what, script: mutants.near(), profile: mutants.near.profile, rules: BTreeSet::new() });
    }
    all
}

#[test]
fn every_mutant_is_found_and_nothing_else_is() {
    let work = Mutex::new(all());
    let many = work.lock().unwrap().len();
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(expected) = { work.lock().unwrap().pop() } {
                    let found = found(&handler(&expected.script), expected.profile);
                    let codes: BTreeSet<String> = found.keys().map(|code| (*code).to_owned()).collect();
                    if codes != expected.rules {
                        wrong.lock().unwrap().push(format!("{}\n    found {found:?}", expected.what));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {many} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_for_handlers_of_any_kind_has_mutants() {
    let covered: BTreeSet<String> = Mutants::all().into_iter().map(|mutants| mutants.rule).collect();
    let wanted = RULES.iter().filter(|rule| rule.subject == Subject::Handler && !rule.native && rule.code != "WIRE-01");
    let missing: Vec<&str> = wanted.map(|rule| rule.code).filter(|code| !covered.contains(*code)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn good_handlers_pass_the_whole_suite_in_both_profiles() {
    for file in ["good", "minimal"] {
        let handler = Handler::find(&format!("fixtures/handlers/{file}.json"), &[], None).unwrap();
        for profile in [Profile::Xp, Profile::Vista] {
            assert_eq!(found(&handler, profile), BTreeMap::new(), "{file} {profile}");
        }
    }
}
