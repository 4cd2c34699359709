//! Sessions to compare.

use mobsync::handler::script;
use mobsync::host::{Plan, Selection, StandardPlan};
use mobsync::job::{Additions, Handler, Terms};
use mobsync::protocol::*;
use mobsync::runner::{self, RunOptions};
use mobsync::trace::diff::{Difference, diff};
use mobsync::trace::notation;
use serde_json::{Value, json};

/// A good handler of two items that uses what the interface has: a dialog, a connection, the error log, and a retry. Each
/// item has a thread of its own.
pub fn two_items() -> Value {
    json!({
        "kind": "script", "version": 1, "name": "two items",
        "flags": "HASPROPERTIES|MAYESTABLISHCONNECTION",
        "items": [{"id": "A", "name": "Left", "flags": "HASPROPERTIES"}, {"id": "B", "name": "Right"}],
        "methods": {
            "PrepareForSync": [
                {"do": [
                    {"dialog": true}, {"dialog": false}, {"connect": "vpn"},
                    {"log": {"level": "INFORMATION", "text": "preparing"}},
                    {"complete": "S_OK"},
                ]},
                {"do": [{"delete_log": "E1"}, {"complete": "S_OK"}]},
            ],
            "Synchronize": [
                {"threads": {
                    "left": [{"work": {"item": "A", "units": 4}}, {"complete_if_last": "E_FAIL"}],
                    "right": [
                        {"progress": {"item": "B", "status": "UPDATING", "value": 1, "max": 2, "text": "right.txt"}},
                        {"wait": "1ms"},
                        {"log": {"text": "right.txt is in use", "error": "E1", "item": "B", "jump": true}},
                        {"wait": "1ms"},
                        {"progress": {"item": "B", "status": "FAILED"}},
                        {"complete_if_last": "E_FAIL"},
                    ],
                }},
                {"threads": {
                    "left": [{"work": {"item": "A", "units": 2}}, {"complete_if_last": "S_OK"}],
                    "right": [{"work": {"item": "B", "units": 2}}, {"complete_if_last": "S_OK"}],
                }},
            ],
            "ShowError": {"then": [{"wait": "1ms"}, {"retry": ["A", "B"]}]},
        },
    })
}

/// The events of a session of the script.
pub fn record(script: &Value, plan: impl Plan + 'static, seed: u64) -> Vec<Event> {
    let script = script::parse(&script.to_string(), "base.json".as_ref()).expect("the script is valid");
    let (handler, terms) = (Handler::from_script(script), Terms { seed, ..Terms::default() });
    let additions = Additions { plan: Some(Box::new(plan)), ..Additions::default() };
    let mut events = Vec::new();
    runner::run_with(&handler, &terms, &RunOptions::default(), additions, &mut events)
        .expect("a script can be created");
    events
}

/// An INVOKE session with a cookie, of all items.
pub fn plan() -> StandardPlan {
    let mut initialize = Initialize::new(SyncFlags::new(SyncEvent::INVOKE, SyncFlags::MAYBOTHERUSER));
    initialize.cookie = Some(Cookie(vec![0x00, 0xFF, 0x10]));
    StandardPlan::new(initialize, Selection::All)
}

/// The session that mutations start from.
pub fn base() -> Vec<Event> {
    record(&two_items(), plan(), 7)
}

/// The events of a document in the notation.
pub fn events(text: &str) -> Vec<Event> {
    notation::parse(text, "a test").unwrap_or_else(|error| panic!("{error}")).events
}

/// The difference, which there must be, both ways.
#[track_caller]
pub fn difference(a: &[Event], b: &[Event]) -> Difference {
    assert!(diff(b, a).is_some(), "A differs from B, but B does not from A");
    diff(a, b).expect("they differ")
}

/// They are equal, both ways.
#[track_caller]
pub fn assert_equal(a: &[Event], b: &[Event]) {
    assert_eq!(diff(a, b), None);
    assert_eq!(diff(b, a), None);
}

/// Numbers the events anew.
pub fn numbered(mut events: Vec<Event>) -> Vec<Event> {
    (1..).zip(&mut events).for_each(|(seq, event)| event.seq = seq);
    events
}
