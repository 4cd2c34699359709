//! What the session machine lets the manager call while a session goes on, and what it makes of the results.

use mobsync::protocol::*;
use mobsync::trace::notation;

/// The session after these lines of notation.
fn session(lines: &[&str]) -> Session {
    let read = notation::parse(&lines.join("\n"), "test").unwrap_or_else(|error| panic!("{error}"));
    let mut session = Session::default();
    read.events.iter().for_each(|event| session.apply(event));
    session
}

fn id(word: &str) -> Guid {
    Guid::from_alias(word).expect("it is a short name")
}

fn may(session: &Session, call: &Call) -> Result<(), Refusal> {
    session.may(HandlerId::FIRST, &Thread::APARTMENT, call)
}

fn instance(session: &Session) -> &Instance {
    session.instance(HandlerId::FIRST).expect("there is an instance")
}

fn show_error(error: &str) -> Call {
    Call::ShowError(ShowError { error: id(error), hwnd: 0 })
}

fn show_properties(item: &str) -> Call {
    Call::ShowProperties(ShowProperties { item: id(item), hwnd: 0 })
}

fn prepare(items: &[&str]) -> Call {
    Call::PrepareForSync(PrepareForSync { items: items.iter().map(|item| id(item)).collect(), hwnd: 0, reserved: 0 })
}

/// An item with properties, one without, and a handler with properties.
const CHOICE: &[&str] = &[
    "manager Initialize MANUAL|MAYBOTHERUSER -> S_OK",
    "manager GetHandlerInfo -> S_OK \"h\" flags=HASPROPERTIES",
    "manager EnumSyncMgrItems -> S_OK enumerator=1",
    "manager Next 1 16 -> S_FALSE fetched=2 items=[{id:A,name:\"a\",flags:HASPROPERTIES}, {id:B,name:\"b\"}]",
];
const GIVEN: &str = "manager SetProgressCallback 1 -> S_OK";
const PREPARING: &[&str] = &[GIVEN, "manager PrepareForSync [A, B] -> S_OK"];
const PREPARED: &str = "handler PrepareForSyncCompleted S_OK -> S_OK";
const SYNCHRONIZING: &str = "manager Synchronize -> S_OK";
const COMPLETED: &str = "handler SynchronizeCompleted S_OK -> S_OK";
const NULL: &str = "manager SetProgressCallback NULL -> S_OK";

fn log(error: &str) -> String {
    format!("handler LogError ERROR \"x\" error={error} flags=ENABLEJUMPTEXT -> S_OK")
}

/// The points of an ordinary session, each with the lines that lead there.
fn points() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lines = CHOICE.to_vec();
    let mut points = vec![("in the choice", lines.clone())];
    let steps: [(&str, &[&str]); 6] = [
        ("ready", &[GIVEN]),
        ("while preparing", &PREPARING[1..]),
        ("prepared", &[PREPARED]),
        ("while synchronizing", &[SYNCHRONIZING]),
        ("synchronized", &[COMPLETED]),
        ("closed", &[NULL]),
    ];
    for (name, more) in steps {
        lines.extend(more);
        points.push((name, lines.clone()));
    }
    points
}

#[test]
fn properties_are_shown_at_any_time_before_null() {
    for (name, lines) in points() {
        let session = session(&lines);
        let expected = if name == "closed" { Err(Refusal::Closed) } else { Ok(()) };
        for whose in ["A", "GUID_NULL"] {
            assert_eq!(may(&session, &show_properties(whose)), expected, "{name}: {whose}");
        }
        if expected.is_ok() {
            assert_eq!(may(&session, &show_properties("B")), Err(Refusal::NoProperties(id("B"))), "{name}");
        }
        let enumerate = may(&session, &Call::EnumSyncMgrItems);
        assert_eq!(enumerate, expected, "{name}: a new enumeration");
    }
}

#[test]
fn an_error_is_shown_at_any_time_between_its_log_and_null() {
    let log = log("E1");
    for (name, mut lines) in points() {
        if name == "in the choice" {
            continue;
        }
        // It is logged as early as it can be, and stays live.
        lines.insert(CHOICE.len() + 1, &log);
        let expected = if name == "closed" { Err(Refusal::Closed) } else { Ok(()) };
        assert_eq!(may(&session(&lines), &show_error("E1")), expected, "{name}");
        lines.push("handler DeleteLogError E1 -> S_OK");
        if name != "closed" {
            assert_eq!(may(&session(&lines), &show_error("E1")), Err(Refusal::NoSuchError(id("E1"))), "{name}");
        }
    }
}

#[test]
fn an_error_is_shown_after_a_failed_prepare_and_can_bring_a_retry() {
    for failed in ["handler PrepareForSyncCompleted E_FAIL -> S_OK", "manager PrepareForSync [A, B] -> E_FAIL"] {
        let log = log("E1");
        let mut lines = [CHOICE, &[GIVEN, &log]].concat();
        if failed.starts_with("handler") {
            lines.push(PREPARING[1]);
        }
        lines.push(failed);
        let prepared = session(&lines);
        assert_eq!(instance(&prepared).state(), State::PrepareFailed);
        assert_eq!(may(&prepared, &show_error("E1")), Ok(()), "{failed}");
        assert_eq!(may(&prepared, &prepare(&["A"])), Err(Refusal::NoRetryDue));
        lines.extend(["manager ShowError E1 -> S_OK", "handler ShowErrorCompleted S_SYNCMGR_RETRYSYNC [A] -> S_OK"]);
        let retry = session(&lines);
        assert_eq!(instance(&retry).state(), State::RetryDue, "{failed}");
        assert_eq!(may(&retry, &prepare(&["A"])), Ok(()));
        assert_eq!(may(&retry, &prepare(&["A", "B"])), Err(Refusal::NotTheRetryItems));
    }
}

#[test]
fn the_user_looks_at_one_thing_at_a_time() {
    let log = log("E1");
    let lines = [CHOICE, PREPARING, &[PREPARED, SYNCHRONIZING, &log]].concat();
    for shown in ["manager ShowError E1 -> S_OK", "manager ShowProperties A -> S_OK"] {
        let session = session(&[&lines[..], &[shown]].concat());
        assert_eq!(may(&session, &show_error("E1")), Err(Refusal::NotCompleted), "{shown}");
        assert_eq!(may(&session, &show_properties("A")), Err(Refusal::NotCompleted), "{shown}");
        // What else goes on goes on.
        let skip = Call::SetItemStatus(SetItemStatus { item: id("B"), status: Status::SKIPPED });
        assert_eq!(may(&session, &skip), Ok(()), "{shown}");
        let progress = Callback::progress(id("B"), ProgressItem::status(Status::UPDATING));
        assert_eq!(session.standing(HandlerId::FIRST, &progress), Standing::Expected, "{shown}");
        let completed = Callback::synchronize_completed(HResult::S_OK);
        assert_eq!(session.standing(HandlerId::FIRST, &completed), Standing::Expected, "{shown}");
    }
}

#[test]
fn a_retry_that_is_asked_for_while_synchronizing_waits_for_the_end_of_the_round() {
    let (one, other) = (log("E1"), log("E2"));
    let mut lines = [CHOICE, PREPARING, &[PREPARED, SYNCHRONIZING, &one, &other]].concat();
    lines.extend(["manager ShowError E1 -> S_OK", "handler ShowErrorCompleted S_SYNCMGR_RETRYSYNC [B, B] -> S_OK"]);
    let asked = session(&lines);
    assert_eq!(instance(&asked).state(), State::SynchronizeReturned);
    assert_eq!(instance(&asked).retry_due(), Some(&[id("B")][..]));
    assert_eq!(may(&asked, &prepare(&["B"])), Err(Refusal::NotCompleted));
    // Another error is looked at, and brings another item.
    lines.extend(["manager ShowError E2 -> S_OK", "handler ShowErrorCompleted S_SYNCMGR_RETRYSYNC [A, B] -> S_OK"]);
    lines.push(COMPLETED);
    let due = session(&lines);
    assert_eq!(instance(&due).state(), State::RetryDue);
    assert_eq!(instance(&due).retry_due(), Some(&[id("B"), id("A")][..]));
    assert_eq!(may(&due, &prepare(&["A", "B"])), Ok(()));
    lines.push("manager PrepareForSync [A, B] -> S_OK");
    assert_eq!(instance(&session(&lines)).retry_due(), None);
}

#[test]
fn a_handler_without_the_callback_is_done_with_its_properties_when_it_returns() {
    let lines = [CHOICE, &["manager ShowProperties A -> S_OK"]].concat();
    let without = session(&lines);
    assert_eq!(instance(&without).state(), State::Enumerated);
    assert_eq!(instance(&without).awaiting(), None);
    let with = session(&[CHOICE, &[GIVEN, "manager ShowProperties A -> S_OK"]].concat());
    assert_eq!(instance(&with).state(), State::ShowingProperties);
    assert_eq!(instance(&with).awaiting(), Some(CallMethod::ShowProperties));
}

#[test]
fn a_callback_that_the_handler_refuses_ends_the_session() {
    let mut lines = [CHOICE, &["manager SetProgressCallback 1 -> E_UNEXPECTED"]].concat();
    let refused = session(&lines);
    assert_eq!(instance(&refused).interface(), Interface::Refused(HResult::E_UNEXPECTED));
    assert_eq!(instance(&refused).state(), State::Closed);
    for call in [prepare(&["A"]), show_properties("A"), Call::EnumSyncMgrItems, Call::GetHandlerInfo] {
        assert_eq!(may(&refused, &call), Err(Refusal::CallbackRefused), "{call:?}");
    }
    let null = Call::SetProgressCallback(SetProgressCallback { callback: None });
    assert_eq!((may(&refused, &null), may(&refused, &Call::Release)), (Ok(()), Ok(())));
    let log = Callback::LogError(LogError { level: LogLevel::ERROR, text: Some("x".into()), info: None });
    assert_eq!(refused.standing(HandlerId::FIRST, &log), Standing::NoInterface);
    for more in [&["manager Release -> S_OK"][..], &[NULL, "manager Release -> S_OK"]] {
        let over = session(&[&lines[..], more].concat());
        assert_eq!(instance(&over).outcome(), Outcome::CallbackRefused(HResult::E_UNEXPECTED), "{more:?}");
    }
    // A success is no refusal, whatever it is.
    lines[CHOICE.len()] = "manager SetProgressCallback 1 -> S_FALSE";
    assert_eq!(instance(&session(&lines)).interface(), Interface::Given(1));
}

#[test]
fn the_time_in_which_a_callback_waits_for_its_reply_is_not_the_handlers() {
    let thread = Thread("worker".into());
    let progress = |item: &str| {
        Callback::Progress(Progress { item: id(item), info: Some(ProgressItem::status(Status::UPDATING)) })
    };
    let mut session = session(&[CHOICE, PREPARING, &[PREPARED, SYNCHRONIZING]].concat());
    let mut seq = 1_000;
    let mut apply = |session: &mut Session, at_ns, handler, kind| {
        seq += 1;
        session.apply(&Event { seq, at_ns, thread: thread.clone(), handler: HandlerId(handler), kind });
    };
    let ask = |call, item| EventKind::Callback { call: CallId(call), what: progress(item) };
    let reply = |call| EventKind::Reply { call: CallId(call), method: CallbackMethod::Progress, hr: HResult::S_OK };
    let before_ns = session.own_ns(1_000);

    // Two callbacks that overlap count once, from the first to the last reply.
    apply(&mut session, 1_000, 1, ask(900, "A"));
    apply(&mut session, 1_400, 1, ask(901, "B"));
    apply(&mut session, 1_500, 1, reply(900));
    assert_eq!(session.own_ns(1_700), before_ns, "one still waits");
    apply(&mut session, 2_000, 1, reply(901));
    assert_eq!(session.own_ns(2_500), before_ns + 500);

    // What another instance waits for can keep this one waiting; nobody waits in an instance that crashed.
    apply(&mut session, 3_000, 2, EventKind::Note(Box::new(Note::Created(Created::of("h")))));
    apply(&mut session, 3_000, 2, ask(902, "A"));
    assert_eq!(session.own_ns(4_000), before_ns + 1_000);
    let crashed = Note::Crashed(Crashed { what: "SIGSEGV".into() });
    apply(&mut session, 4_000, 2, EventKind::Note(Box::new(crashed)));
    assert_eq!(session.own_ns(4_100), before_ns + 1_100);
    apply(&mut session, 4_200, 2, reply(902));
    assert_eq!(session.own_ns(5_000), before_ns + 2_000, "a reply that comes too late takes nothing back");
}
