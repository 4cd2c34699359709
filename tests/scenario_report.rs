//! What is said of expectations that are not met, and what blessing makes of them.

#[path = "common/replaying.rs"]
#[allow(dead_code, reason = "other tests also write the traces of what they replay")]
mod replaying;

use std::path::Path;

use mobsync::handler::script::{self, Script};
use mobsync::scenario::{self, ExpectFindings, ExpectationResult, Scenario, StepOutcomes};
use replaying::{Replayed, replay};
use serde_json::{Value, json};

/// A handler of the library.
fn handler(name: &str) -> Script {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/scenarios/handlers/{name}.json"));
    script::load(&file).unwrap_or_else(|error| panic!("{error}"))
}

fn scenario(steps: &Value, expect: &Value) -> Scenario {
    let json = json!({
        "format": "mobsync-scenario", "version": 1, "title": "t", "timeout": "2s", "steps": steps, "expect": expect,
    });
    scenario::parse(&json.to_string(), Path::new("t.json")).unwrap_or_else(|error| panic!("{error}"))
}

fn played(scenario: &Scenario, name: &str) -> (Replayed, StepOutcomes) {
    replay(scenario, handler(name))
}

/// The expectations that were not met: what was expected, and the difference.
fn unmet(name: &str, steps: &Value, expect: &Value) -> Vec<(String, String)> {
    let scenario = scenario(steps, expect);
    let (replayed, steps) = played(&scenario, name);
    let not_held = |held: ExpectationResult| (!held.held).then_some((held.what, held.difference));
    replayed.check(&scenario, &steps).into_iter().filter_map(not_held).collect()
}

/// One expectation is not met, and this is said of it.
#[track_caller]
fn one(name: &str, expect: &Value, what: &str, difference: &str) {
    assert_eq!(unmet(name, &json!([]), expect), [(what.to_owned(), difference.to_owned())]);
}

/// One step does not come out as expected, and this is said of it.
#[track_caller]
fn one_step(name: &str, step: &Value, what: &str, difference: &str) {
    assert_eq!(unmet(name, &json!([step]), &json!({})), [(what.to_owned(), difference.to_owned())]);
}

#[test]
fn what_holds_is_told_without_a_difference() {
    let step = json!([{ "when": { "state": "synchronize-returned" }, "do": { "skip": "B" } }]);
    let scenario = scenario(&step, &json!({ "outcome": "completed with S_OK", "counts": { "Release": 1 } }));
    let (replayed, steps) = played(&scenario, "two-items");
    let held = replayed.check(&scenario, &steps);
    let whats: Vec<&str> = held.iter().map(|held| held.what.as_str()).collect();
    assert_eq!(whats, ["step 1: skip B", "outcome: completed with S_OK", "Release: once"]);
    assert!(held.iter().all(|held| held.held && held.difference.is_empty()), "{held:?}");
}

#[test]
fn a_wrong_outcome_and_a_wrong_status() {
    let outcome = json!({ "outcome": "completed with E_FAIL" });
    one("two-items", &outcome, "outcome: completed with E_FAIL", "the outcome is: completed with S_OK");
    let status = json!({ "items": { "Pictures": "SKIPPED", "A": "SUCCEEDED" } });
    one("two-items", &status, "item Pictures: SKIPPED", "item Pictures: SUCCEEDED");
    let none = json!({ "items": { "A": "SUCCEEDED" }, "outcome": "prepare failed with E_FAIL" });
    one("prepare-completed-with-a-failure", &none, "item A: SUCCEEDED", "item A: no status");
    let unknown = json!({ "items": { "Musik": null } });
    one("two-items", &unknown, "item Musik: no status", "no item Musik; the items are: A, B");
}

#[test]
fn findings_that_are_missing_or_unexpected() {
    one("two-items", &json!({ "findings": ["SYNC-04"] }), "findings: SYNC-04", "not found: SYNC-04");
    let second = "PREP-03 (PrepareForSync is completed a second time)";
    one("prepared-twice", &json!({ "findings": [] }), "findings: none", &format!("not expected: {second}"));
    let both = json!({ "findings": ["SYNC-04"] });
    one("prepared-twice", &both, "findings: SYNC-04", &format!("not found: SYNC-04; not expected: {second}"));
    let at_least = json!({ "findings": { "at_least": ["SYNC-04"] } });
    one("prepared-twice", &at_least, "findings: at least SYNC-04", "not found: SYNC-04");
    one("prepared-twice", &json!({}), "no errors", "found: PREP-03");
    assert_eq!(unmet("prepare-fails-twice-over", &json!([]), &json!({})), [], "a warning is no error");
}

#[test]
fn a_broken_sequence_names_the_nearest_event() {
    let events = |events: Value| json!({ "events": events });
    let before = events(json!([{ "call": "Synchronize" }, { "call": "PrepareForSync" }]));
    let difference = "number 2 does not occur after event #16: {\"call\":\"PrepareForSync\"}; it occurs before that, as \
                      event #12";
    one("two-items", &before, "2 events in order", difference);
    let near = events(json!([{ "return": "Synchronize", "hr": "E_FAIL" }]));
    let difference = "number 1 does not occur: {\"return\":\"Synchronize\",\"hr\":\"E_FAIL\"}; the nearest is event #17: \
                      {\"return\":\"Synchronize\",\"hr\":\"S_OK\"}";
    one("two-items", &near, "1 event in order", difference);
    let item = events(json!([{ "callback": "Progress", "item": "B", "status": "FAILED", "reply": "S_OK" }]));
    let unmet = unmet("two-items", &json!([]), &item);
    let [(_, difference)] = unmet.as_slice() else { panic!("{unmet:?}") };
    let nearest = "{\"callback\":\"Progress\",\"item\":\"B\",\"status\":\"UPDATING\",\"reply\":\"S_OK\"}";
    assert!(difference.ends_with(nearest), "{difference}");
    let never = events(json!([{ "note": "Crashed" }]));
    one(
        "two-items",
        &never,
        "1 event in order",
        "number 1 does not occur: {\"note\":\"Crashed\"}; it does not occur at all",
    );
}

#[test]
fn a_wrong_count() {
    one("two-items", &json!({ "counts": { "Progress": 7 } }), "Progress: 7 times", "10 times");
    one("two-items", &json!({ "counts": { "Release": 0 } }), "Release: never", "once");
    one("two-items", &json!({ "counts": { "ShowError": 1 } }), "ShowError: once", "never");
}

#[test]
fn a_step_whose_trigger_never_came_names_the_nearest_thing_that_did_happen() {
    let step = |when: Value| json!({ "when": when, "do": "release" });
    let state = step(json!({ "state": "prepare-failed" }));
    let reached = "prepare-failed was never reached; the session was: created, initialized, enumerated, ready, preparing, prepared, \
                   synchronizing, synchronize-returned, synchronized, closed, released";
    one_step("two-items", &state, "step 1: release", reached);
    let again = step(json!({ "state": "prepared", "nth": 2 }));
    one_step("two-items", &again, "step 1: release", "prepared was reached once, not 2 times");
    let absent = step(json!({ "callback": "LogError" }));
    one_step("two-items", &absent, "step 1: release", "LogError was never called");
    let number = step(json!({ "callback": "Progress", "item": "A", "nth": 9 }));
    one_step("two-items", &number, "step 1: release", "Progress of A came 5 times, not 9 times");
    let status = step(json!({ "callback": "Progress", "item": "A", "status": "FAILED" }));
    let nearest = "none of the 10 calls of Progress fits; the nearest was of A with SUCCEEDED on thread sync-A";
    one_step("two-items", &status, "step 1: release", nearest);
    let time = step(json!({ "time": "1s" }));
    one_step("two-items", &time, "step 1: release", "the session ended before 1s");
}

#[test]
fn a_step_that_was_not_legal_says_why() {
    let skip = json!({ "when": { "callback": "PrepareForSyncCompleted" }, "do": { "skip": "B" } });
    let no_window = "its trigger came, but the action was not legal: SetItemStatus may be called only between a method's return \
                     and its completion";
    one_step("two-items", &skip, "step 1: skip B", no_window);
    let show = json!({ "when": { "state": "synchronized" }, "do": { "show_error": "E1" } });
    let no_error = "its trigger came, but the action was not legal: no live error \
                    {6D6F6273-796E-6300-0001-000000000001} with ENABLEJUMPTEXT";
    one_step("two-items", &show, "step 1: show error E1", no_error);
    let unknown = json!({ "when": { "state": "synchronize-returned" }, "do": { "skip": "Musik" } });
    let no_item = "its trigger came, but the action was not legal: there is no item Musik";
    one_step("two-items", &unknown, "step 1: skip Musik", no_item);
    let after = json!({
        "when": { "callback": "Progress", "item": "B", "status": "SUCCEEDED", "nth": 1 },
        "do": { "reply": "cancel-item" },
    });
    let refused = "its trigger came, but the action was not legal: the callback is out of the protocol, and refused";
    let unmet = unmet(
        "synchronized-twice",
        &json!([after, { "when": { "callback": "SynchronizeCompleted" }, "do": { "wait": "1s" } }]),
        &json!({ "findings": { "at_least": [] } }),
    );
    assert_eq!(unmet, [("step 1: reply cancel-item".to_owned(), refused.to_owned())]);
}

#[test]
fn a_step_that_was_expected_not_to_be_taken() {
    let skip = json!({ "when": { "state": "synchronize-returned" }, "do": { "skip": "B" }, "expect": "illegal" });
    one_step("two-items", &skip, "step 1: skip B (expected: not legal then)", "it was taken");
    let never = json!({ "when": { "state": "synchronize-returned" }, "do": { "skip": "B" }, "expect": "never" });
    one_step("two-items", &never, "step 1: skip B (expected: its trigger never comes)", "it was taken");
    let illegal = json!({ "when": { "state": "retry-due" }, "do": "next_round", "expect": "illegal" });
    let unmet = unmet("two-items", &json!([illegal]), &json!({}));
    assert!(matches!(unmet.as_slice(), [(_, why)] if why.starts_with("retry-due was never reached")), "{unmet:?}");
}

/// Blesses once, checks that the result holds and that blessing again changes nothing, and gives the changes.
#[track_caller]
fn blessed(name: &str, expect: &Value) -> (Scenario, Vec<String>) {
    let before = scenario(&json!([]), expect);
    let (replayed, steps) = played(&before, name);
    let (expect, changes) = scenario::blessed(&before, &replayed.came(&steps));
    let after = Scenario { expect, ..before };
    let unmet: Vec<ExpectationResult> = replayed.check(&after, &steps).into_iter().filter(|held| !held.held).collect();
    assert!(unmet.is_empty(), "{unmet:?}");
    let (again, more) = scenario::blessed(&after, &replayed.came(&steps));
    assert_eq!((again, more), (after.expect.clone(), Vec::new()));
    (after, changes)
}

#[test]
fn blessing_changes_exactly_what_differs_and_says_so() {
    let (after, changes) = blessed(
        "synchronized-twice",
        &json!({
            "outcome": "completed with E_FAIL",
            "items": { "Documents": "SUCCEEDED", "B": "SUCCEEDED", "Musik": null },
            "findings": ["SYNC-04", "PREP-03"],
            "events": [
                { "call": "Synchronize" },
                { "call": "ShowError" },
                { "callback": "SynchronizeCompleted", "hr": "S_OK" },
                { "call": "PrepareForSync" },
            ],
            "counts": { "Release": 1, "Progress": 1000 },
        }),
    );
    let written = serde_json::to_value(&after.expect).expect("it can be written");
    assert_eq!(written["outcome"], "completed with S_OK");
    assert_eq!(written["items"], json!({ "B": "UPDATING", "Documents": "SUCCEEDED" }));
    assert_eq!(written["findings"], json!(["SYNC-04"]));
    let kept = json!([{ "call": "Synchronize" }, { "callback": "SynchronizeCompleted", "hr": "S_OK" }]);
    assert_eq!(written["events"], kept);
    assert_eq!(written["counts"]["Release"], 1);
    let progress = &written["counts"]["Progress"];
    assert_eq!(
        changes,
        [
            "outcome: completed with E_FAIL -> completed with S_OK".to_owned(),
            "items.Musik: removed, no such item".to_owned(),
            "items.B: SUCCEEDED -> UPDATING".to_owned(),
            "findings: [SYNC-04, PREP-03] -> [SYNC-04]".to_owned(),
            format!("counts.Progress: 1000 -> {progress}"),
            "events: removed {\"call\":\"ShowError\"}".to_owned(),
            "events: removed {\"call\":\"PrepareForSync\"}".to_owned(),
        ]
    );
}

#[test]
fn blessing_leaves_alone_what_holds() {
    let expect = json!({ "outcome": "completed with S_OK", "findings": { "at_least": ["PREP-03"] } });
    let (after, changes) = blessed("prepared-twice", &expect);
    assert_eq!((serde_json::to_value(&after.expect).expect("it can be written"), changes), (expect, Vec::new()));
    // A warning that nobody spoke of is no difference either.
    let (_, changes) = blessed("prepare-fails-twice-over", &json!({ "counts": { "Synchronize": 0 } }));
    assert_eq!(changes, Vec::<String>::new());
    let (after, changes) = blessed("prepared-twice", &json!({ "findings": { "at_least": ["PREP-03", "SYNC-04"] } }));
    assert_eq!(changes, ["findings: [PREP-03, SYNC-04] -> [PREP-03]"]);
    assert_eq!(after.expect.findings, Some(ExpectFindings::AtLeast { at_least: vec!["PREP-03".to_owned()] }));
    let (after, changes) = blessed("prepared-twice", &json!({ "counts": { "Synchronize": 1 } }));
    assert_eq!(changes, ["findings: [] -> [PREP-03]"], "an error that nobody spoke of");
    assert_eq!(after.expect.findings, Some(ExpectFindings::Exactly(vec!["PREP-03".to_owned()])));
}

#[test]
fn blessing_a_scenario_without_expectations_writes_them_all() {
    let (after, changes) = blessed("prepared-twice", &json!({}));
    assert_eq!(changes, ["expectations were written: outcome, items, findings"]);
    let wanted = json!({
        "outcome": "completed with S_OK",
        "items": { "A": "SUCCEEDED", "B": "SUCCEEDED" },
        "findings": ["PREP-03"],
    });
    assert_eq!(serde_json::to_value(&after.expect).expect("it can be written"), wanted);
}
