//! `docs/scenarios.md` quotes the library as it is, and names what there is: no more and no less.

use std::collections::BTreeSet;
use std::path::Path;

use mobsync::protocol::{CallMethod, HResult, Outcome, State};
use mobsync::scenario;
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("../docs/scenarios.md");

/// The first cells of the table under a heading, without their backquotes.
fn table(heading: &str) -> Vec<String> {
    let (_, section) = DOCUMENT.split_once(&format!("\n### {heading}\n")).expect("the heading is there");
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2).map(|row| row.split('`').nth(1).expect("the first cell is code").to_owned()).collect()
}

fn parse(json: &Value) -> Result<scenario::Scenario, scenario::ScenarioError> {
    let mut document = json!({ "format": "mobsync-scenario", "version": 1, "title": "t" });
    let fields = json.as_object().expect("it is an object").clone();
    document.as_object_mut().expect("it is an object").extend(fields);
    scenario::parse(&document.to_string(), Path::new("docs/scenarios.md"))
}

#[test]
fn what_is_quoted_is_what_the_files_say() {
    let mut quoted = 0;
    for part in DOCUMENT.split("```json\n").collect::<Vec<_>>().windows(2) {
        let path = part[0].trim_end().rsplit('`').nth(1).expect("the file is named before its text");
        let (text, _) = part[1].split_once("```").expect("the block ends");
        let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        assert_eq!(text, file.unwrap_or_else(|error| panic!("{path}: {error}")), "{path}");
        quoted += 1;
    }
    assert_eq!(quoted, 4);
}

#[test]
fn the_states_are_those_of_the_code() {
    let states: Vec<String> = State::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(table("States"), states);
}

#[test]
fn the_outcomes_are_those_of_the_code() {
    let outcomes = [
        Outcome::Completed(HResult::S_OK),
        Outcome::Declined(HResult::S_FALSE),
        Outcome::PrepareFailed(HResult::E_FAIL),
        Outcome::SynchronizeFailed(HResult::E_FAIL),
        Outcome::CallbackRefused(HResult::E_FAIL),
        Outcome::NothingPrepared,
        Outcome::Abandoned,
        Outcome::Overdue(CallMethod::PrepareForSync),
        Outcome::Overdue(CallMethod::Synchronize),
        Outcome::Hung(CallMethod::Synchronize),
        Outcome::Crashed,
        Outcome::Unfinished,
    ];
    // A new outcome does not compile here before it has a place above.
    let known = |outcome: &Outcome| match outcome {
        Outcome::Completed(_) | Outcome::Declined(_) | Outcome::PrepareFailed(_) | Outcome::SynchronizeFailed(_) => {
            true
        }
        Outcome::NothingPrepared | Outcome::Abandoned | Outcome::Crashed | Outcome::Unfinished => true,
        Outcome::Overdue(_) | Outcome::Hung(_) | Outcome::CallbackRefused(_) => true,
    };
    assert!(outcomes.iter().all(known));
    assert_eq!(table("Outcomes"), outcomes.iter().map(ToString::to_string).collect::<Vec<_>>());
    for outcome in outcomes {
        let read = parse(&json!({ "expect": { "outcome": outcome.to_string() } })).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.expect.outcome, Some(outcome));
    }
}

#[test]
fn every_action_is_in_the_table_and_is_read() {
    let actions = table("Actions");
    for action in &actions {
        let text = action.replace("ITEM", "\"A\"").replace("ERROR", "\"first\"").replace("TIME", "\"5ms\"");
        let text = text.replace("EVENT", "{\"return\": \"SetItemStatus\"}");
        let action: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let callback = match action["reply"].as_str() {
            Some("refuse-dialog") => "EnableModeless",
            Some("fail-connection") => "EstablishConnection",
            _ => "Progress",
        };
        let step = json!({ "when": { "callback": callback }, "do": action });
        parse(&json!({ "steps": [step] })).unwrap_or_else(|error| panic!("{error}"));
    }
    // What the reader names when it meets an unknown one is all that there is.
    for (wrong, step) in [
        ("actions", json!({ "when": { "callback": "Progress" }, "do": "?" })),
        ("replies", json!({ "when": { "callback": "Progress" }, "do": { "reply": "?" } })),
    ] {
        let error = parse(&json!({ "steps": [step] })).expect_err("it is unknown").to_string();
        let names: BTreeSet<&str> = known(&error).collect();
        assert!(names.len() >= 4, "{wrong}: {error}");
        for name in names {
            assert!(actions.iter().any(|action| action.contains(&format!("\"{name}\""))), "{wrong}: {name}");
        }
    }
}

/// The names that an error about an unknown one gives.
fn known(error: &str) -> impl Iterator<Item = &str> {
    error.split_once("xpected one of: ").map_or("", |(_, names)| names).split(", ")
}

#[test]
fn what_ends_a_hold_is_in_the_table_and_is_read() {
    let table = table("Held replies");
    for until in &table {
        let method = if until.contains("\"callback\"") { "\"LogError\"" } else { "\"SetItemStatus\"" };
        let text = until.replace("METHOD", method).replace("NAME", "\"Crashed\"").replace("STATE", "\"synchronized\"");
        let until: Value =
            serde_json::from_str(&text.replace("TIME", "\"5ms\"")).unwrap_or_else(|e| panic!("{text}: {e}"));
        let step = json!({ "when": { "callback": "Progress" }, "do": { "hold": { "until": until } } });
        parse(&json!({ "steps": [step] })).unwrap_or_else(|error| panic!("{error}"));
    }
    let step = json!({ "when": { "callback": "Progress" }, "do": { "hold": { "until": {} } } });
    let error = parse(&json!({ "steps": [step] })).expect_err("it says nothing").to_string();
    for name in ["return", "call", "callback", "note", "state", "time"] {
        assert!(error.contains(&format!("`{name}`")), "{error}");
        assert!(table.iter().any(|until| until.contains(&format!("{{\"{name}\":"))), "{name}");
    }
}

#[test]
fn every_field_is_in_the_document() {
    for value in [json!({ "?": 1 }), json!({ "expect": { "?": 1 } }), json!({ "expect": { "events": [{ "?": 1 }] } })] {
        let error = parse(&value).expect_err("it is unknown").to_string();
        let names: Vec<&str> = known(&error).filter(|name| *name != "$schema").collect();
        assert!(names.len() >= 5, "{error}");
        for name in names {
            let named = DOCUMENT.contains(&format!("`{name}`")) || DOCUMENT.contains(&format!("{{\"{name}\":"));
            assert!(named, "{name}");
        }
    }
    let of_handler = json!({ "handlers": [{ "?": 1 }] });
    let of_network = json!({ "network": [{ "?": 1 }] });
    let of_world = json!({ "world": [{ "?": 1 }] });
    let of_store = json!({ "expect": { "store": { "a": { "?": 1 } } } });
    for (value, least) in [(of_handler, 8), (of_network, 5), (of_world, 12), (of_store, 2)] {
        let error = parse(&value).expect_err("it is unknown").to_string();
        let names: Vec<&str> = known(&error).filter(|name| *name != "comment").collect();
        assert!(names.len() >= least, "{error}");
        for name in names {
            let named = DOCUMENT.contains(&format!("`{name}`")) || DOCUMENT.contains(&format!("{{\"{name}\":"));
            assert!(named, "{name}");
        }
    }
    let mut expected = table("What may be expected of a step");
    expected.sort();
    assert_eq!(expected, ["\"illegal\"", "\"never\"", "\"taken\""]);
}

#[test]
fn every_trigger_is_read() {
    for trigger in table("Triggers") {
        let text = trigger.replace("STATE", "\"prepared\"").replace(": N,", ": 2,").replace(": N}", ": 2}");
        let text = text.replace("METHOD", "\"Progress\"").replace("NAME", "\"t\"").replace("ITEM", "\"A\"");
        let text = text.replace("STATUS", "\"FAILED\"").replace("TIME", "\"5ms\"").replace(", …", "");
        let when: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        parse(&json!({ "steps": [{ "when": when, "do": "release" }] })).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn everything_that_can_happen_in_a_world_is_read() {
    let table = |first: &str| {
        let rows =
            DOCUMENT.lines().skip_while(|line| !line.starts_with(first)).take_while(|line| line.starts_with('|'));
        rows.skip(2).map(|row| row.split('`').nth(1).expect("the first cell is code").to_owned()).collect::<Vec<_>>()
    };
    let happening = table("| what |");
    assert_eq!(happening.len(), 7);
    for text in happening {
        let text = text.replace("EVENT", "\"idle\"").replace("HANDLER", "\"Mail\"");
        let text = text.replace("PREFERENCE", r#"{ "item": "A", "checked": true }"#);
        let text = text.replace("CONNECTION", r#"{ "connection": "Office" }"#);
        let mut what: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        what["at"] = json!("1h");
        let handlers = json!([{ "handler": "mail.json", "name": "Mail" }]);
        let read = parse(&json!({ "handlers": handlers, "world": [what] })).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.world.len(), 1);
    }
    let error = parse(&json!({ "world": [{ "at": "1h", "event": "?" }] })).expect_err("it is unknown").to_string();
    let events: Vec<&str> = known(&error).map(|event| event.split(['\n', ' ']).next().unwrap_or(event)).collect();
    assert!(events.len() >= 6, "{error}");
    for event in events {
        assert!(DOCUMENT.contains(&format!("`{}`", event.trim_matches('`'))), "{event}: {error}");
    }
}
