//! One event is changed, and it is that event which is named.

use mobsync::protocol::*;
use mobsync::trace::diff::{Difference, diff};

use crate::base::{base, difference, numbered};

/// What is expected: the sequence numbers in A and B, the kind of difference, and a part of what is said.
type Expected = (Option<usize>, Option<usize>, &'static str, &'static str);

/// The place of the nth event that is wanted, from 0.
#[track_caller]
fn nth(events: &[Event], n: usize, wanted: impl Fn(&EventKind) -> bool) -> usize {
    let mut found = events.iter().enumerate().filter(|(_, event)| wanted(&event.kind)).map(|(at, _)| at);
    found.nth(n).expect("the base session has such an event")
}

fn call(method: CallMethod) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::Call { what, .. } if what.method() == method)
}

fn returned(method: CallMethod) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::Return { what, .. } if what.method == method)
}

fn callback(method: CallbackMethod) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::Callback { what, .. } if what.method() == method)
}

fn note(name: NoteName) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::Note(note) if note.method() == name)
}

/// A report of progress of an item.
fn progress(alias: &str) -> impl Fn(&EventKind) -> bool {
    let wanted = id(alias);
    move |kind| matches!(kind, EventKind::Callback { what: Callback::Progress(args), .. } if args.item == wanted)
}

fn id(alias: &str) -> Guid {
    Guid::from_alias(alias).expect("an alias")
}

fn args_of_call(event: &mut Event) -> &mut Call {
    match &mut event.kind {
        EventKind::Call { what, .. } => what,
        other => panic!("not a call: {other:?}"),
    }
}

fn args_of_callback(event: &mut Event) -> &mut Callback {
    match &mut event.kind {
        EventKind::Callback { what, .. } => what,
        other => panic!("not a callback: {other:?}"),
    }
}

fn info(event: &mut Event) -> &mut ProgressItem {
    match args_of_callback(event) {
        Callback::Progress(args) => args.info.as_mut().expect("a structure"),
        other => panic!("not Progress: {other:?}"),
    }
}

fn log(event: &mut Event) -> &mut LogError {
    match args_of_callback(event) {
        Callback::LogError(args) => args,
        other => panic!("not LogError: {other:?}"),
    }
}

fn output(event: &mut Event) -> &mut Return {
    match &mut event.kind {
        EventKind::Return { what, .. } => what,
        other => panic!("not a return: {other:?}"),
    }
}

fn hr_of_reply(event: &mut Event) -> &mut HResult {
    match &mut event.kind {
        EventKind::Reply { hr, .. } => hr,
        other => panic!("not a reply: {other:?}"),
    }
}

/// Changes one event of the base session.
#[track_caller]
fn check(change: impl FnOnce(&mut Vec<Event>) -> Expected) -> Difference {
    let a = base();
    let mut b = a.clone();
    let (at_a, at_b, what, said) = change(&mut b);
    let b = numbered(b);
    let found = difference(&a, &b);
    let seq = |events: &[Event], at: Option<usize>| at.map(|at| events[at].seq);
    assert_eq!((found.a, found.b), (seq(&a, at_a), seq(&b, at_b)), "{found}");
    assert_eq!(found.what.name(), what, "{found}");
    assert!(found.to_string().contains(said), "{found}");
    // The other way round it is the same pair of events.
    let back = diff(&b, &a).expect("they differ");
    assert_eq!((back.a, back.b), (found.b, found.a), "{back}");
    found
}

/// An event that stays where it is, and says something else.
#[track_caller]
fn changed(said: &'static str, n: usize, wanted: impl Fn(&EventKind) -> bool, change: impl FnOnce(&mut Event)) {
    check(|events| {
        let at = nth(events, n, wanted);
        change(&mut events[at]);
        (Some(at), Some(at), "changed", said)
    });
}

/// A crossing behind the event at that place, on its thread.
fn insert(events: &mut Vec<Event>, behind: usize, what: Callback) -> usize {
    let id = CallId(900);
    let like = events[behind].clone();
    let method = what.method();
    events.insert(behind + 1, Event { kind: EventKind::Callback { call: id, what }, ..like.clone() });
    events.insert(behind + 2, Event { kind: EventKind::Reply { call: id, method, hr: HResult::S_OK }, ..like });
    behind + 1
}

#[test]
fn a_dropped_callback() {
    check(|events| {
        let at = nth(events, 2, progress("A"));
        events.drain(at..at + 2);
        (Some(at), None, "missing-in-b", "Progress")
    });
}

#[test]
fn a_changed_reply() {
    check(|events| {
        let at = nth(events, 2, progress("A")) + 1;
        *hr_of_reply(&mut events[at]) = HResult::S_SYNCMGR_CANCELITEM;
        (Some(at), Some(at), "changed", "differs in reply: S_OK / S_SYNCMGR_CANCELITEM")
    });
}

#[test]
fn another_status() {
    changed("info.status: UPDATING / PAUSED", 1, progress("A"), |event| info(event).status = Status::PAUSED);
    changed("info.status: FAILED / STOPPED", 1, progress("B"), |event| info(event).status = Status::STOPPED);
}

#[test]
fn another_value() {
    changed("info.value: 1 / 3", 1, progress("A"), |event| info(event).value = 3);
    changed("info.max: 4 / 5", 1, progress("A"), |event| info(event).max = 5);
}

#[test]
fn another_status_text() {
    let said = "info.text: \"right.txt\" / \"left.txt\"";
    changed(said, 0, progress("B"), |event| info(event).text = Some("left.txt".into()));
    changed("info.text: \"right.txt\" / none", 0, progress("B"), |event| info(event).mask.0 &= !1);
}

#[test]
fn another_result_of_a_return() {
    let method = CallMethod::Synchronize;
    changed("hr: S_OK / E_FAIL", 0, returned(method), |event| output(event).hr = HResult::E_FAIL);
    let method = CallMethod::GetHandlerInfo;
    changed("hr: S_OK / S_FALSE", 0, returned(method), |event| output(event).hr = HResult::S_FALSE);
}

#[test]
fn a_swapped_pair_within_an_item() {
    check(|events| {
        let (one, other) = (nth(events, 1, progress("A")), nth(events, 2, progress("A")));
        events.swap(one, other);
        let (EventKind::Callback { call: first, .. }, EventKind::Callback { call: second, .. }) =
            (events[one].kind.clone(), events[other].kind.clone())
        else {
            panic!("callbacks")
        };
        // The replies are the same, and go with their callbacks.
        for event in events.iter_mut() {
            if let EventKind::Reply { call, .. } = &mut event.kind {
                *call = match *call {
                    call if call == first => second,
                    call if call == second => first,
                    call => call,
                };
            }
        }
        (Some(one), Some(one), "order", "a different order: Progress")
    });
}

#[test]
fn a_completion_behind_its_return() {
    check(|events| {
        let completed = nth(events, 0, callback(CallbackMethod::PrepareForSyncCompleted));
        let end = nth(events, 0, returned(CallMethod::PrepareForSync));
        assert_eq!(end, completed + 2);
        events[completed..=end].rotate_right(1);
        (Some(completed), Some(completed), "order", "a different order: PrepareForSyncCompleted")
    });
}

#[test]
fn a_completion_before_its_return() {
    check(|events| {
        let completed = nth(events, 0, callback(CallbackMethod::SynchronizeCompleted));
        let end = nth(events, 0, returned(CallMethod::Synchronize));
        assert!(end < completed);
        events[end..completed + 2].rotate_right(2);
        (Some(end), Some(end), "order", "the return of Synchronize")
    });
}

#[test]
fn a_second_completion() {
    check(|events| {
        let at = nth(events, 0, callback(CallbackMethod::SynchronizeCompleted));
        let at = insert(events, at + 1, Callback::synchronize_completed(HResult::E_FAIL));
        (None, Some(at), "only-in-b", "SynchronizeCompleted")
    });
}

#[test]
fn a_missing_completion() {
    check(|events| {
        let at = nth(events, 0, callback(CallbackMethod::SynchronizeCompleted));
        events.drain(at..at + 2);
        (Some(at), None, "missing-in-b", "SynchronizeCompleted")
    });
}

#[test]
fn another_item() {
    changed("differs in item: A / B", 2, progress("A"), |event| {
        if let Callback::Progress(args) = args_of_callback(event) {
            args.item = id("B");
        }
    });
    changed("differs in item: A / Z", 1, progress("A"), |event| {
        if let Callback::Progress(args) = args_of_callback(event) {
            args.item = id("Z");
        }
    });
    changed("differs in info.item: B / A", 1, callback(CallbackMethod::LogError), |event| {
        log(event).info.as_mut().expect("a structure").item = id("A");
    });
}

#[test]
fn a_changed_flag_of_initialize() {
    let method = CallMethod::Initialize;
    changed("flags: INVOKE|MAYBOTHERUSER / INVOKE", 0, call(method), |event| {
        if let Call::Initialize(args) = args_of_call(event) {
            args.flags = SyncFlags::new(SyncEvent::INVOKE, 0);
        }
    });
}

#[test]
fn another_cookie() {
    let method = CallMethod::Initialize;
    changed("cookie: 00ff10 / 00ff11", 0, call(method), |event| {
        if let Call::Initialize(args) = args_of_call(event) {
            args.cookie = Some(Cookie(vec![0x00, 0xFF, 0x11]));
        }
    });
    changed("cookie: 00ff10 / none", 0, call(method), |event| {
        if let Call::Initialize(args) = args_of_call(event) {
            args.cookie = None;
        }
    });
}

#[test]
fn a_missing_enumerated_item() {
    let method = CallMethod::Next;
    changed("items[1]: {id:B,name:\"Right\"} / none", 0, returned(method), |event| {
        output(event).out.items.pop();
    });
    changed("items[0]: {id:A,name:\"Left\",flags:HASPROPERTIES} / none", 0, returned(method), |event| {
        output(event).out.items.remove(0);
    });
    changed("items[1].name: \"Right\" / \"Rigth\"", 0, returned(method), |event| {
        output(event).out.items[1].name = "Rigth".into();
    });
    changed("items[0]: {id:A,name:\"Left\",flags:HASPROPERTIES} / none; items[1]", 0, returned(method), |event| {
        output(event).out.items.clear();
    });
}

#[test]
fn an_added_set_item_status() {
    check(|events| {
        let behind = nth(events, 2, progress("A")) + 1;
        let like = Event { thread: Thread::APARTMENT, ..events[behind].clone() };
        let what = Box::new(Call::SetItemStatus(SetItemStatus { item: id("A"), status: Status::SKIPPED }));
        let end = Box::new(Return::new(CallMethod::SetItemStatus, HResult::S_OK));
        events.insert(behind + 1, Event { kind: EventKind::Call { call: CallId(900), what }, ..like.clone() });
        events.insert(behind + 2, Event { kind: EventKind::Return { call: CallId(900), what: end }, ..like });
        (None, Some(behind + 1), "only-in-b", "the call of SetItemStatus")
    });
}

#[test]
fn a_late_progress() {
    check(|events| {
        let completed = nth(events, 0, callback(CallbackMethod::SynchronizeCompleted));
        let info = ProgressItem::status(Status::UPDATING).at(4, 4);
        let at = insert(events, completed + 1, Callback::progress(id("A"), info));
        (None, Some(at), "only-in-b", "Progress")
    });
}

#[test]
fn the_last_progress_behind_the_completion() {
    check(|events| {
        let completed = nth(events, 0, callback(CallbackMethod::SynchronizeCompleted));
        let last = nth(events, 5, progress("A"));
        assert_eq!(last, completed - 2);
        events[last..completed + 2].rotate_left(2);
        (Some(last), Some(last), "order", "a different order: Progress")
    });
}

#[test]
fn another_log_text() {
    let said = "text: \"right.txt is in use\" / \"right.txt is locked\"";
    changed(said, 1, callback(CallbackMethod::LogError), |event| log(event).text = Some("right.txt is locked".into()));
    changed("level: INFORMATION / WARNING", 0, callback(CallbackMethod::LogError), |event| {
        log(event).level = LogLevel::WARNING;
    });
}

#[test]
fn a_refused_dialog() {
    check(|events| {
        let at = nth(events, 0, callback(CallbackMethod::EnableModeless)) + 1;
        *hr_of_reply(&mut events[at]) = HResult::S_FALSE;
        (Some(at), Some(at), "changed", "differs in reply: S_OK / S_FALSE")
    });
}

#[test]
fn another_connection() {
    changed("name: \"vpn\" / \"modem\"", 0, callback(CallbackMethod::EstablishConnection), |event| {
        if let Callback::EstablishConnection(args) = args_of_callback(event) {
            args.name = Some("modem".into());
        }
    });
}

#[test]
fn a_connection_that_is_not_closed() {
    check(|events| {
        let at = nth(events, 0, note(NoteName::ConnectionClosed));
        events.remove(at);
        (Some(at), None, "missing-in-b", "the note ConnectionClosed")
    });
}

#[test]
fn a_crash() {
    check(|events| {
        let at = nth(events, 2, progress("A")) + 1;
        let kind = EventKind::Note(Box::new(Note::Crashed(Crashed { what: "SIGSEGV".into() })));
        let crash = Event { kind, ..events[at].clone() };
        events.insert(at + 1, crash);
        (None, Some(at + 1), "only-in-b", "the note Crashed")
    });
}

#[test]
fn another_order_of_the_prepared_items() {
    let method = CallMethod::PrepareForSync;
    changed("items: [A, B] / [B, A]", 0, call(method), |event| {
        if let Call::PrepareForSync(args) = args_of_call(event) {
            args.items.reverse();
        }
    });
}

#[test]
fn other_items_of_a_retry() {
    changed("items: [A, B] / [B]", 0, callback(CallbackMethod::ShowErrorCompleted), |event| {
        if let Callback::ShowErrorCompleted(args) = args_of_callback(event) {
            args.items.remove(0);
        }
    });
}

#[test]
fn a_reply_that_never_comes() {
    check(|events| {
        let at = nth(events, 2, progress("A")) + 1;
        events.remove(at);
        (Some(at), None, "missing-in-b", "the reply to Progress")
    });
}

#[test]
fn a_call_that_never_returns() {
    check(|events| {
        let at = nth(events, 0, returned(CallMethod::Release));
        events.remove(at);
        (Some(at), None, "missing-in-b", "the return of Release")
    });
}

#[test]
fn another_name_another_reference_count() {
    changed("name: \"two items\" / \"2 items\"", 0, note(NoteName::Created), |event| {
        event.kind = EventKind::Note(Box::new(Note::Created(Created::of("2 items"))));
    });
    changed("refs: 0 / 1", 0, returned(CallMethod::Release), |event| output(event).out.refs = Some(1));
    changed("info.name: \"two items\" / \"\"", 0, returned(CallMethod::GetHandlerInfo), |event| {
        output(event).out.info.as_mut().expect("a structure").name = Text::default();
    });
}

#[test]
fn every_single_event_that_is_dropped_is_named() {
    let a = base();
    for at in 0..a.len() {
        let mut b = a.clone();
        let dropped = b.remove(at);
        let found = difference(&a, &numbered(b));
        assert_eq!(found.a, Some(dropped.seq), "{found}");
    }
}

#[test]
fn every_crossing_that_is_made_twice_is_named() {
    let a = base();
    for at in 0..a.len() - 1 {
        let EventKind::Callback { what, .. } = &a[at].kind else { continue };
        let mut b = a.clone();
        let what = what.clone();
        let hr = a[at + 1].kind.clone();
        let second = insert(&mut b, at + 1, what);
        if let (EventKind::Reply { hr, .. }, EventKind::Reply { hr: of_second, .. }) = (hr, &mut b[second + 1].kind) {
            *of_second = hr;
        }
        let b = numbered(b);
        let found = difference(&a, &b);
        assert_eq!((found.a, found.b), (None, Some(b[second].seq)), "{found}");
    }
}
