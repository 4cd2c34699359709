//! What is asked of the manager stands in traces, and is judged: registration, invocation and preferences (REGI-01 to REGI-04).

#[allow(dead_code, reason = "several tests share it, and each uses a part of it")]
#[path = "common/place.rs"]
mod place;

use std::fs;

use place::{Place, sample, script};

/// The lines of a trace that are notes of that name.
fn notes(place: &Place, trace: &str, name: &str) -> Vec<String> {
    let text = fs::read_to_string(place.path(trace)).expect("the trace is there");
    text.lines().filter(|line| line.contains(&format!("\"{name}\""))).map(str::to_owned).collect()
}

/// The rule held in the trace, and nothing was broken.
#[track_caller]
fn held(place: &Place, trace: &str, rule: &str) {
    let report = place.done(&["check", trace, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
    let rules = report["rules"].as_array().expect("a list");
    let verdict = rules.iter().find(|row| row["rule"] == rule).map(|row| row["verdict"].clone());
    assert_eq!(verdict, Some("held".into()), "{rule} in {trace}");
}

#[test]
fn registering_and_unregistering_write_what_was_asked_and_answered() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["register", "mine.json", "--event", "idle", "--trace", "in.jsonl"]);
    held(&place, "in.jsonl", "REGI-01");
    assert!(notes(&place, "in.jsonl", "RegisterSyncMgrHandler")[0].contains("\"IDLE\""));
    assert_eq!(notes(&place, "in.jsonl", "GetHandlerRegistrationInfo").len(), 1);
    place.done(&["unregister", "Mine", "--trace", "out.jsonl"]);
    held(&place, "out.jsonl", "REGI-01");
    assert!(notes(&place, "out.jsonl", "GetHandlerRegistrationInfo")[0].contains("S_FALSE"));
    place.refused(&["unregister", "Mine", "--trace", "/nowhere/out.jsonl"], "--trace /nowhere/out.jsonl");
}

#[test]
fn a_session_is_traced_with_the_invocation_that_starts_it_and_the_preferences_around_it() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["prefs", "set", "Mine", "checked", "--item", "A", "--item", "B"]);
    script(&place, &[("A", "Photos", "0")], "S_SYNCMGR_MISSINGITEMS");
    place.done(&["sync", "--quiet", "--trace", "missing.jsonl"]);
    held(&place, "missing.jsonl", "REGI-04");
    let stored = notes(&place, "missing.jsonl", "PreferencesStored");
    assert_eq!(stored.len(), 2, "before the session, and after it");
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["update", "--handler", "Mine", "--cookie", "00ff", "--start", "--trace", "gone.jsonl"]);
    held(&place, "gone.jsonl", "REGI-02");
    held(&place, "gone.jsonl", "REGI-04");
    let text = fs::read_to_string(place.path("gone.jsonl")).expect("it is there");
    assert!(text.contains("\"cookie\":\"00ff\""), "{text}");
    // A manager that changes the cookie, or does not drop what is gone, is seen to do so.
    let at = text.find("\"Initialize\"").expect("it is called");
    let changed = format!("{}{}", &text[..at], text[at..].replacen("00ff", "00fe", 1));
    fs::write(place.path("changed.jsonl"), changed).expect("it can be written");
    let (code, report, _) = place.mobsync(&["check", "changed.jsonl"]);
    assert!(code == Some(1) && report.contains("REGI-02"), "{report}");
}

#[test]
fn several_handlers_have_each_their_own_preferences_in_one_trace() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["register", "mine.json"]);
    place.done(&["register", &sample("office.json")]);
    place.done(&["prefs", "set", "Mine", "unchecked", "--item", "A"]);
    place.done(&["sync", "--quiet", "--trace", "both.jsonl"]);
    let stored = notes(&place, "both.jsonl", "PreferencesStored");
    let of = |handler: u32| stored.iter().filter(|line| line.contains(&format!("\"handler\":{handler}"))).count();
    assert_eq!((of(1), of(2)), (2, 2), "{stored:?}");
    place.done(&["update", "--all", "--trace", "all.jsonl"]);
    held(&place, "all.jsonl", "REGI-03");
}
