//! Twenty native handlers in one session (`fixtures/handlers/cpp/crowd.cpp`), each in a worker of its own: one crashes, one hangs,
//! and half of them insist on a dialog at the same time.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::Command;
use mobsync::protocol::{
    CallId, Callback, CallbackMethod, EnableModeless, Event, EventKind, HResult, HandlerId, Note, Session,
};
use native::library;
use serde_json::{Value, json};

const GOOD: char = '0';
const CRASHES: char = '1';
const HANGS: char = '2';
const INSISTS: char = '3';

/// Replays a session of handlers of these kinds, with what each comes to, and gives its report and its events.
fn replay(folder: &Path, kinds: &str, findings: &[&str]) -> (Value, Vec<Event>) {
    let built = library("fixtures/handlers/cpp/crowd.cpp", &[]);
    let member = |kind: char| {
        let outcome = match kind {
            CRASHES => "crashed",
            HANGS => "Synchronize never returned",
            _ => "completed with S_OK",
        };
        let clsid = format!("{{6D6F6273-796E-4E6F-8001-0000000000C{kind}}}");
        json!({ "handler": built, "clsid": clsid, "expect": { "outcome": outcome } })
    };
    let scenario = json!({
        "format": "mobsync-scenario", "version": 1, "title": "A crowd", "timeout": "6s", "blocking": "60s",
        "handlers": kinds.chars().map(member).collect::<Vec<_>>(),
        "expect": { "findings": findings },
    });
    let (file, trace) = (folder.join("crowd.json"), folder.join("crowd.jsonl"));
    std::fs::write(&file, scenario.to_string()).expect("it can be written");
    let mut command = Command::cargo_bin("mobsync").expect("it is built");
    command.arg("replay").arg(&file).arg("--trace").arg(&trace).args(["--format", "json"]);
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let events = mobsync::trace::read_file(&trace).expect("it is a trace").events;
    (serde_json::from_slice(&output.stdout).expect("a report is JSON"), events)
}

/// Whether the callback asks for a dialog.
fn asks(event: &Event) -> Option<CallId> {
    match &event.kind {
        EventKind::Callback { call, what: Callback::EnableModeless(EnableModeless { enable: true }) } => Some(*call),
        _ => None,
    }
}

#[test]
fn a_crash_a_hang_and_a_war_of_dialogs_leave_the_others_alone() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let kinds: String = (0..20)
        .map(|at| match at {
            3 => CRASHES,
            7 => HANGS,
            at if at % 2 == 0 => INSISTS,
            _ => GOOD,
        })
        .collect();
    let (_, events) = replay(folder.path(), &kinds, &["LIFE-02", "LIFE-03"]);
    // One trace: numbered without a gap, in the order of time, each call with a number of its own.
    let mut calls = BTreeSet::new();
    let (mut seq, mut at_ns) = (0, 0);
    let mut session = Session::default();
    for event in &events {
        assert_eq!(event.seq, seq + 1);
        assert!(event.at_ns >= at_ns, "{event:?}");
        (seq, at_ns) = (event.seq, event.at_ns);
        if let EventKind::Call { call, .. } | EventKind::Callback { call, .. } = &event.kind {
            assert!(calls.insert(*call), "{event:?}");
        }
        session.apply(event);
    }
    let created = events
        .iter()
        .filter(|event| matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::Created(_))));
    assert_eq!(created.map(|event| event.handler).collect::<BTreeSet<_>>(), (1..=20).map(HandlerId).collect());
    // Whoever insists had a dialog, and nobody while another had one (MODE-04 would say so).
    let granted = |event: &&Event| {
        let EventKind::Reply { call, method: CallbackMethod::EnableModeless, hr: HResult::S_OK } = &event.kind else {
            return false;
        };
        events.iter().any(|asking| asking.handler == event.handler && asks(asking) == Some(*call))
    };
    let granted: Vec<HandlerId> = events.iter().filter(granted).map(|event| event.handler).collect();
    assert_eq!(granted.len(), 10, "{granted:?}");
    assert_eq!(granted.iter().collect::<BTreeSet<_>>().len(), 10, "{granted:?}");
    // They are prepared in order, and nobody synchronizes before all have prepared.
    let of = |name: &str, kind: &str| -> Vec<&Event> {
        let is = |event: &&Event| {
            event.method_name() == name
                && match kind {
                    "call" => matches!(event.kind, EventKind::Call { .. }),
                    _ => matches!(event.kind, EventKind::Callback { .. }),
                }
        };
        events.iter().filter(is).collect()
    };
    let prepared: Vec<u32> = of("PrepareForSync", "call").iter().map(|event| event.handler.0).collect();
    assert_eq!(prepared, (1..=20).collect::<Vec<_>>());
    let last = of("PrepareForSyncCompleted", "callback").last().expect("all prepare").seq;
    assert!(of("Synchronize", "call").iter().all(|event| event.seq > last));
}
