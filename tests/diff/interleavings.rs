//! What does not count, and which order does.

use std::collections::BTreeSet;

use mobsync::protocol::*;
use mobsync::trace::diff::diff;

use crate::base::{assert_equal, base, difference, events, plan, record, two_items};

const SEEDS: u64 = 40;

#[test]
fn a_good_handler_of_two_items_is_equal_under_all_seeds() {
    let recorded: Vec<Vec<Event>> = (0..SEEDS).map(|seed| record(&two_items(), plan(), seed)).collect();
    let orders: BTreeSet<Vec<String>> = recorded
        .iter()
        .map(|events| events.iter().map(|event| format!("{} {}", event.thread, event.method_name())).collect())
        .collect();
    assert!(orders.len() > 10, "{SEEDS} seeds gave only {} orders", orders.len());
    for a in &recorded {
        for b in &recorded {
            assert_eq!(diff(a, b), None);
        }
    }
}

#[test]
fn the_fixtures_that_are_good_are_equal_under_all_seeds() {
    for file in ["minimal", "office"] {
        let path = format!("{}/fixtures/handlers/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let script = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let first = record(&script, plan(), 0);
        for seed in 1..SEEDS {
            assert_eq!(diff(&first, &record(&script, plan(), seed)), None, "{file} {seed}");
        }
    }
}

#[test]
fn times_threads_and_numbers_do_not_count() {
    let a = base();
    let mut b = a.clone();
    for event in &mut b {
        event.seq = event.seq * 3 + 100;
        event.at_ns = event.at_ns * 7 + 1_000_000;
        event.thread = Thread::from(format!("thread {}", event.thread).as_str());
        event.handler = HandlerId(9);
        match &mut event.kind {
            EventKind::Call { call, what } => {
                call.0 += 1_000;
                match &mut **what {
                    Call::SetProgressCallback(args) => args.callback = args.callback.map(|number| number + 5),
                    Call::Next(walk) => walk.enumerator += 5,
                    Call::PrepareForSync(args) => args.hwnd = 0,
                    _ => {}
                }
            }
            EventKind::Return { call, what } => {
                call.0 += 1_000;
                what.out.enumerator = what.out.enumerator.map(|number| number + 5);
            }
            EventKind::Callback { call, .. } | EventKind::Reply { call, .. } => call.0 += 1_000,
            EventKind::Note(_) => {}
        }
    }
    assert_ne!(a, b);
    assert_equal(&a, &b);
}

/// Two lines behind an opening, in either order.
#[track_caller]
fn either_order(opening: &str, one: &str, other: &str) -> (Vec<Event>, Vec<Event>) {
    (events(&format!("{opening}\n{one}\n{other}")), events(&format!("{opening}\n{other}\n{one}")))
}

#[track_caller]
fn free(opening: &str, one: &str, other: &str) {
    let (a, b) = either_order(opening, one, other);
    assert_equal(&a, &b);
}

#[track_caller]
fn bound(opening: &str, one: &str, other: &str) {
    let (a, b) = either_order(opening, one, other);
    let difference = difference(&a, &b);
    assert_eq!(difference.what.name(), "order", "{difference}");
}

const OPEN: &str = "opening prepared\nmanager Synchronize";
const SYNCHRONIZING: &str = "opening synchronizing";
const RETURN: &str = "manager Synchronize returns S_OK";
const DONE: &str = "handler SynchronizeCompleted S_OK -> S_OK";
const A: &str = "handler Progress A UPDATING 1/3 -> S_OK";
const B: &str = "handler Progress B UPDATING 1/3 -> S_OK";
const SKIP_A: &str = "manager SetItemStatus A SKIPPED -> S_OK";
const SKIP_B: &str = "manager SetItemStatus B SKIPPED -> S_OK";

#[test]
fn events_of_two_items_are_free() {
    free(SYNCHRONIZING, A, B);
    free(SYNCHRONIZING, A, "handler LogError ERROR \"x\" item=B -> S_OK");
    free(SYNCHRONIZING, A, SKIP_B);
    free(SYNCHRONIZING, SKIP_A, SKIP_B);
}

#[test]
fn within_an_item_every_order_counts() {
    bound(SYNCHRONIZING, A, "handler Progress A UPDATING 2/3 -> S_OK");
    bound(SYNCHRONIZING, A, "handler LogError ERROR \"x\" item=A -> S_OK");
    bound(SYNCHRONIZING, A, SKIP_A);
    bound(
        "opening synchronizing\nhandler LogError ERROR \"x\" item=A error=E1 -> S_OK",
        A,
        "handler DeleteLogError E1 -> S_OK",
    );
    bound(SYNCHRONIZING, A, "handler DeleteLogError GUID_NULL -> S_OK");
}

#[test]
fn two_items_that_use_one_error_id_have_an_order() {
    let log = |item: &str, error: &str| format!("handler LogError ERROR \"x\" item={item} error={error} -> S_OK");
    free(SYNCHRONIZING, &log("A", "E1"), &log("B", "E2"));
    let (a, b) = either_order(SYNCHRONIZING, &log("A", "E1"), &log("B", "E1"));
    assert!(diff(&a, &b).is_some(), "the error that is left is another one");
    let logged = format!("{SYNCHRONIZING}\n{}", log("A", "E1"));
    let (a, b) = either_order(&logged, "handler DeleteLogError E1 -> S_OK", &log("B", "E1"));
    assert!(diff(&a, &b).is_some(), "one order deletes the error of A, the other that of B");
}

#[test]
fn a_worker_races_with_the_return_but_not_with_the_completion() {
    free(OPEN, RETURN, A);
    bound(OPEN, RETURN, DONE);
    bound(SYNCHRONIZING, A, DONE);
    bound("opening prepared", A, "manager Synchronize");
    bound("opening preparing", A, "handler PrepareForSyncCompleted S_OK -> S_OK");
}

#[test]
fn a_return_that_ends_its_method_is_a_turning_point() {
    // The completion was held until the return: what comes behind the return is late.
    bound(&format!("{OPEN}\n{DONE}"), RETURN, A);
    bound(OPEN, "manager Synchronize returns E_FAIL", A);
    // With SetProgressCallback(NULL) it is the return that takes the interface back.
    bound("opening synchronized\nmanager SetProgressCallback NULL", "manager SetProgressCallback returns S_OK", A);
    free("opening synchronizing\nmanager SetProgressCallback 2", "manager SetProgressCallback returns S_OK", A);
}

#[test]
fn set_item_status_has_its_place_in_the_session() {
    bound(OPEN, RETURN, SKIP_A);
    bound(SYNCHRONIZING, DONE, SKIP_A);
    free(SYNCHRONIZING, "manager GetHandlerInfo -> S_OK \"x\"", SKIP_A);
    // Its own return is waited for by nobody.
    free("opening synchronizing\nmanager SetItemStatus A SKIPPED", "manager SetItemStatus returns S_OK", A);
}

#[test]
fn queries_do_not_order_items() {
    free(SYNCHRONIZING, "manager GetHandlerInfo -> S_OK \"x\"", A);
    bound(SYNCHRONIZING, "manager GetHandlerInfo -> S_OK \"x\"", "manager EnumSyncMgrItems -> S_OK enumerator=2");
}

#[test]
fn dialogs_connections_and_the_log_have_orders_of_their_own() {
    let dialog = "handler EnableModeless TRUE -> S_OK";
    let (vpn, modem) = ("handler EstablishConnection \"vpn\" -> S_OK", "handler EstablishConnection \"modem\" -> S_OK");
    let (log, other) = (
        "handler LogError WARNING \"x\" -> S_OK",
        "handler LogError ERROR \"y\" error=E1 flags=ENABLEJUMPTEXT -> S_OK",
    );
    for (one, another) in [(dialog, vpn), (dialog, log), (vpn, log), (dialog, A), (vpn, A), (log, A)] {
        free(SYNCHRONIZING, one, another);
    }
    for (one, another) in [(dialog, "handler EnableModeless FALSE -> S_OK"), (vpn, modem), (log, other)] {
        bound(SYNCHRONIZING, one, another);
    }
    for one in [dialog, vpn, log] {
        bound(SYNCHRONIZING, one, DONE);
        free(OPEN, one, RETURN);
    }
    bound(SYNCHRONIZING, log, "handler DeleteLogError GUID_NULL -> S_OK");
    bound(
        "opening synchronized\nhandler EstablishConnection -> S_OK",
        "note ConnectionClosed",
        "manager Release -> S_OK",
    );
}

#[test]
fn when_the_manager_replies_is_time_but_what_it_replies_is_not() {
    let asked = "opening synchronizing\nhandler Progress A UPDATING 1/3 -> ?";
    free(asked, "handler Progress answered S_OK", B);
    free(asked, "handler Progress answered S_OK", SKIP_A);
    let a = events(&format!("{asked}\nhandler Progress answered S_OK"));
    let b = events(&format!("{asked}\nhandler Progress answered S_SYNCMGR_CANCELALL"));
    let found = difference(&a, &b);
    assert_eq!((found.a, found.b), (a.last().map(|e| e.seq), b.last().map(|e| e.seq)));
    assert!(found.to_string().contains("the reply to Progress"), "{found}");
}

#[test]
fn a_call_from_inside_a_callback_is_another_call() {
    let inside = events("opening prepared\nhandler LogError ERROR \"x\" -> ? @apartment\nmanager Synchronize");
    let beside = events("opening prepared\nhandler LogError ERROR \"x\" -> ? @worker\nmanager Synchronize");
    let found = difference(&inside, &beside);
    assert_eq!(
        found.to_string(),
        "the call of Synchronize (#17 in A, #17 in B) differs in made: inside a callback / none"
    );
}

#[test]
fn which_of_two_open_calls_returns_counts() {
    let open = "opening synchronizing\nmanager SetItemStatus A SKIPPED\nmanager SetItemStatus A SKIPPED";
    let newest = events(&format!("{open}\nmanager SetItemStatus returns S_OK"));
    let mut oldest = newest.clone();
    let EventKind::Call { call: first, .. } = oldest[oldest.len() - 3].kind else { panic!("a call") };
    if let Some(Event { kind: EventKind::Return { call, .. }, .. }) = oldest.last_mut() {
        *call = first;
    }
    let found = difference(&newest, &oldest);
    assert_eq!((found.a, found.b), (Some(newest.len() as u64), Some(newest.len() as u64)));
    assert!(found.to_string().ends_with("returns from: the newest call / a call with 1 newer"), "{found}");
}

#[test]
fn what_the_mask_leaves_out_does_not_count() {
    let progress = |text: &str| events(&format!("opening synchronizing\nhandler Progress A {text} -> S_OK"));
    assert_equal(&progress("UPDATING 1/3 mask=STATUSTYPE"), &progress("UPDATING 2/3 \"x\" mask=STATUSTYPE"));
    difference(&progress("UPDATING 1/3 mask=STATUSTYPE"), &progress("UPDATING 1/3"));
    let log = |text: &str| events(&format!("opening synchronizing\nhandler LogError ERROR \"x\" {text} -> S_OK"));
    assert_equal(&log("item=A mask=0"), &log("error=E1 mask=0"));
    difference(&log("item=A mask=0"), &log(""));
}

#[test]
fn the_last_update_counts_with_its_flag_only() {
    let item = |fields: &str| {
        let next = format!("manager Next 1 16 -> S_FALSE fetched=1 items=[{{id:A,name:\"Left\",{fields}}}]");
        events(&format!("opening initialized\nmanager EnumSyncMgrItems -> S_OK enumerator=1\n{next}"))
    };
    let (early, late) = ("last_update:\"2026-01-01T00:00:00Z\"", "last_update:\"2027-01-01T00:00:00Z\"");
    assert_equal(&item(early), &item(late));
    let (a, b) = (item(&format!("flags:LASTUPDATETIME,{early}")), item(&format!("flags:LASTUPDATETIME,{late}")));
    let found = difference(&a, &b);
    assert!(found.to_string().contains("items[0].last_update: 2026-01-01T00:00:00Z / 2027-"), "{found}");
}

#[test]
fn a_window_is_given_or_not() {
    let synchronize = |hwnd: &str| events(&format!("opening prepared\nmanager Synchronize {hwnd} -> S_OK"));
    assert_equal(&synchronize("hwnd=0x1f00"), &synchronize("hwnd=7"));
    let found = difference(&synchronize(""), &synchronize("hwnd=7"));
    assert!(found.to_string().ends_with("differs in hwnd: NULL / not NULL"), "{found}");
}

#[test]
fn callback_objects_count_by_their_order() {
    let given = |numbers: [u32; 3]| {
        let set = numbers.map(|number| format!("manager SetProgressCallback {number} -> S_OK")).join("\n");
        events(&format!("opening enumerated\n{set}"))
    };
    assert_equal(&given([1, 2, 1]), &given([8, 4, 8]));
    let found = difference(&given([1, 2, 1]), &given([1, 2, 2]));
    assert!(found.to_string().ends_with("differs in callback: 1 / 2"), "{found}");
}

#[test]
fn instances_are_matched_by_name_and_order() {
    let one = |n: u32, name: &str| format!("opening/{n} synchronizing A name=\"{name}\"");
    let ended = |n: u32, status: &str| format!("handler/{n} Progress A {status} -> S_OK");
    let a = events(&[one(1, "x"), one(2, "y"), ended(1, "SUCCEEDED"), ended(2, "FAILED")].join("\n"));
    let b = events(&[one(1, "y"), one(2, "x"), ended(1, "FAILED"), ended(2, "SUCCEEDED")].join("\n"));
    assert_equal(&a, &b);
    let c = events(&[one(1, "x"), one(2, "x"), ended(1, "SUCCEEDED"), ended(2, "FAILED")].join("\n"));
    let d = events(&[one(1, "x"), one(2, "x"), ended(1, "FAILED"), ended(2, "SUCCEEDED")].join("\n"));
    let found = difference(&c, &d);
    assert!(found.stream.to_string().ends_with("handler \"x\" (instance 1)"), "{}", found.stream);
    // What has no counterpart by name is compared all the same: the name is what differs first.
    let found = difference(&events(&one(1, "x")), &events(&one(1, "z")));
    assert_eq!(found.to_string(), "the note Created (#1 in A, #1 in B) differs in name: \"x\" / \"z\"");
    let found = difference(&events(&one(1, "x")), &a);
    assert_eq!(found.what.name(), "only-in-b");
    assert_eq!(found.stream.to_string(), "the session, handler \"y\" (instance 2 of B)");
}

#[test]
fn a_dialog_that_is_granted_while_another_holds_one_is_another_dialog() {
    let both = "opening/1 synchronizing A name=\"x\"\nopening/2 synchronizing B name=\"y\"";
    let (one, other) = ("handler/1 EnableModeless TRUE -> S_OK", "handler/2 EnableModeless TRUE -> S_OK");
    let back = "handler/1 EnableModeless FALSE -> S_OK";
    let after = events(&[both, one, back, other].join("\n"));
    let before = events(&[both, other, one, back].join("\n"));
    let meanwhile = events(&[both, one, other, back].join("\n"));
    let found = difference(&after, &meanwhile);
    assert!(found.to_string().ends_with("differs in meanwhile: none / another handler holds a dialog"), "{found}");
    difference(&before, &after);
}

#[test]
fn no_events_at_all_are_equal() {
    assert_equal(&[], &[]);
    let found = difference(&[], &base());
    assert_eq!((found.a, found.b), (None, Some(1)));
}
