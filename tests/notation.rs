//! The notation, construct by construct, against the trace lines that it stands for.

use mobsync::protocol::Limits;
use mobsync::protocol::*;
use mobsync::trace::notation::{Notation, parse, print};
use serde_json::{Value, json};

fn read(text: &str) -> Notation {
    parse(text, "t").unwrap_or_else(|error| panic!("{error}"))
}

/// The events of one line as trace lines, with what every line has left out.
fn json_of(line: &str) -> Vec<Value> {
    let read = read(&format!("alias left {{00000000-0000-0000-0000-00000000000A}}\n{line}"));
    let strip = |event: &Event| {
        let mut value = serde_json::to_value(event).unwrap();
        let fields = value.as_object_mut().unwrap();
        for (key, usual) in [("seq", None), ("call", None), ("at_ns", Some(0)), ("handler", Some(1))] {
            if usual.is_none() || fields.get(key) == Some(&json!(usual)) {
                fields.shift_remove(key);
            }
        }
        value
    };
    read.events.iter().map(strip).collect()
}

const A: &str = "{6D6F6273-796E-6300-0000-000000000041}";
const B: &str = "{6D6F6273-796E-6300-0000-000000000042}";
const E1: &str = "{6D6F6273-796E-6300-0001-000000000001}";

/// `line` is a call of `method` with `args`, and prints as itself.
#[track_caller]
fn call(line: &str, method: &str, args: Value) {
    crossing(line, "call", "apartment", method, args);
}

#[track_caller]
fn callback(line: &str, method: &str, args: Value) {
    crossing(&format!("{line} -> ?"), "callback", "worker", method, args);
}

#[track_caller]
fn note(line: &str, method: &str, args: Value) {
    crossing(line, "note", "apartment", method, args);
}

#[track_caller]
fn crossing(line: &str, kind: &str, thread: &str, method: &str, args: Value) {
    let mut expected = json!({ "thread": thread, "kind": kind, "method": method, "args": args });
    if args == json!({}) {
        expected.as_object_mut().unwrap().shift_remove("args");
    }
    assert_eq!(json_of(line), [expected], "{line}");
    let printed = print(&Default::default(), &read(line).events);
    assert_eq!(printed.lines().last().unwrap(), line);
}

/// `outs` behind a result of `method` are `out`, and print as themselves.
#[track_caller]
fn outs(method: &str, outs: &str, out: Value) {
    let call = match method {
        "Next" => "Next 1 16",
        "Clone" => "Clone 1",
        "GetItemObject" => "GetItemObject A {00000000-0000-0000-C000-000000000046}",
        other => other,
    };
    let line = format!("manager {call} -> S_OK{outs}");
    let json = json_of(&line);
    assert_eq!(json.len(), 2);
    assert_eq!(json[1].get("args").cloned().unwrap_or(json!({})), out, "{line}");
    assert_eq!(json[1]["hr"], "S_OK");
    assert_eq!(print(&Default::default(), &read(&line).events).lines().last().unwrap(), line);
}

#[test]
fn calls() {
    call("manager Initialize MANUAL|MAYBOTHERUSER", "Initialize", json!({ "flags": "MANUAL|MAYBOTHERUSER" }));
    call("manager Initialize SETTINGS", "Initialize", json!({ "flags": "SETTINGS" }));
    call("manager Initialize SETTINGS|MAYBOTHERUSER", "Initialize", json!({ "flags": "SETTINGS|MAYBOTHERUSER" }));
    assert_eq!(json_of("manager Initialize 0|SETTINGS"), json_of("manager Initialize SETTINGS"));
    call(
        "manager Initialize 0x2a|SETTINGS|0x400 reserved=7 cookie=00ff probe",
        "Initialize",
        json!({ "flags": "0x2a|SETTINGS|0x400", "reserved": 7, "cookie": "00ff", "probe": true }),
    );
    call("manager Initialize INVOKE cookie=12", "Initialize", json!({ "flags": "INVOKE", "cookie": "12" }));
    call("manager Initialize INVOKE cookie=\"\"", "Initialize", json!({ "flags": "INVOKE", "cookie": "" }));
    call("manager GetHandlerInfo", "GetHandlerInfo", json!({}));
    call("manager EnumSyncMgrItems", "EnumSyncMgrItems", json!({}));
    let iid = "{6295DF40-35EE-11D1-8707-00C04FD93327}";
    call(&format!("manager GetItemObject A {iid}"), "GetItemObject", json!({ "item": A, "iid": iid }));
    call("manager ShowProperties GUID_NULL", "ShowProperties", json!({ "item": GUID_NULL.to_string() }));
    call(
        "manager ShowProperties A hwnd=18446744073709551615",
        "ShowProperties",
        json!({ "item": A, "hwnd": u64::MAX }),
    );
    call("manager SetProgressCallback 1", "SetProgressCallback", json!({ "callback": 1 }));
    call("manager SetProgressCallback NULL", "SetProgressCallback", json!({ "callback": null }));
    call("manager PrepareForSync [A, B]", "PrepareForSync", json!({ "items": [A, B] }));
    call(
        "manager PrepareForSync [] hwnd=1 reserved=2",
        "PrepareForSync",
        json!({ "items": [], "hwnd": 1, "reserved": 2 }),
    );
    call("manager Synchronize", "Synchronize", json!({}));
    call("manager Synchronize hwnd=16", "Synchronize", json!({ "hwnd": 16 }));
    call("manager SetItemStatus A SKIPPED", "SetItemStatus", json!({ "item": A, "status": "SKIPPED" }));
    call("manager ShowError E1", "ShowError", json!({ "error": E1 }));
    call("manager Next 1 16", "Next", json!({ "enumerator": 1, "celt": 16 }));
    call("manager Skip 2 1", "Skip", json!({ "enumerator": 2, "celt": 1 }));
    call("manager Reset 1", "Reset", json!({ "enumerator": 1 }));
    call("manager Clone 1", "Clone", json!({ "enumerator": 1 }));
    call("manager Release", "Release", json!({}));
}

#[test]
fn what_calls_bring() {
    outs("GetHandlerInfo", "", json!({}));
    outs("GetHandlerInfo", " \"x\"", json!({ "info": { "name": "x" } }));
    outs(
        "GetHandlerInfo",
        " \"x\" HASPROPERTIES|0x40",
        json!({ "info": { "flags": "HASPROPERTIES|0x40", "name": "x" } }),
    );
    outs("GetHandlerInfo", " {utf16:[55296]}", json!({ "info": { "name": { "utf16": [0xD800] } } }));
    outs("EnumSyncMgrItems", " enumerator=1", json!({ "enumerator": 1 }));
    outs("Clone", " enumerator=2", json!({ "enumerator": 2 }));
    outs("Next", " fetched=0", json!({ "fetched": 0 }));
    outs(
        "Next",
        " fetched=2 items=[{id:A,name:\"Left\"}, {id:B,name:\"\",flags:TEMPORARY,state:UNCHECKED,last_update:\"2026-01-02T03:04:05Z\"}]",
        json!({ "fetched": 2, "items": [
            { "id": A, "name": "Left" },
            { "id": B, "name": "", "flags": "TEMPORARY", "state": "UNCHECKED", "last_update": "2026-01-02T03:04:05Z" },
        ] }),
    );
    outs("GetItemObject", " object=true", json!({ "object": true }));
    outs("Release", " refs=1", json!({ "refs": 1 }));
    // What another method brings is no different.
    outs("Synchronize", " info={name:\"x\"} refs=1", json!({ "info": { "name": "x" }, "refs": 1 }));
}

#[test]
fn callbacks() {
    for method in ["ShowPropertiesCompleted", "PrepareForSyncCompleted", "SynchronizeCompleted"] {
        callback(&format!("handler {method} S_OK"), method, json!({ "hr": "S_OK" }));
    }
    callback("handler SynchronizeCompleted 0x80001234", "SynchronizeCompleted", json!({ "hr": "0x80001234" }));
    callback("handler ShowErrorCompleted E_FAIL", "ShowErrorCompleted", json!({ "hr": "E_FAIL" }));
    callback(
        "handler ShowErrorCompleted S_SYNCMGR_RETRYSYNC [A]",
        "ShowErrorCompleted",
        json!({ "hr": "S_SYNCMGR_RETRYSYNC", "items": [A] }),
    );
    callback("handler EnableModeless TRUE", "EnableModeless", json!({ "enable": true }));
    callback("handler EnableModeless FALSE", "EnableModeless", json!({ "enable": false }));
    callback("handler DeleteLogError E1", "DeleteLogError", json!({ "error": E1 }));
    callback(
        "handler DeleteLogError GUID_NULL reserved=1",
        "DeleteLogError",
        json!({ "error": GUID_NULL.to_string(), "reserved": 1 }),
    );
    callback("handler EstablishConnection", "EstablishConnection", json!({}));
    callback(
        "handler EstablishConnection \"isdn\" reserved=1",
        "EstablishConnection",
        json!({ "name": "isdn", "reserved": 1 }),
    );
}

#[test]
fn progress() {
    let progress = |rest: &str, info: Value| {
        let mut args = json!({ "item": A });
        if !info.is_null() {
            args["info"] = info;
        }
        callback(&format!("handler Progress A{rest}"), "Progress", args);
    };
    progress(" UPDATING", json!({ "status": "UPDATING" }));
    progress(" UPDATING 1/3", json!({ "status": "UPDATING", "value": 1, "max": 3 }));
    progress(" UPDATING 1/3 \"left.txt\"", json!({ "status": "UPDATING", "value": 1, "max": 3, "text": "left.txt" }));
    progress(" -1/-2147483648", json!({ "value": -1, "max": i32::MIN }));
    progress(" \"only text # and \\\"quotes\\\"\"", json!({ "text": "only text # and \"quotes\"" }));
    progress(" UPDATING {utf16:[55296, 65]}", json!({ "status": "UPDATING", "text": { "utf16": [0xD800, 65] } }));
    progress(" SUCCEEDED value=3", json!({ "status": "SUCCEEDED", "value": 3 }));
    progress(" max=3", json!({ "max": 3 }));
    progress(" 0x63 mask=STATUSTYPE|0x40", json!({ "mask": "STATUSTYPE|0x40", "status": "0x63" }));
    progress(" mask=STATUSTEXT", json!({ "mask": "STATUSTEXT" }));
    progress("", json!({}));
    progress(" info=NULL", Value::Null);
    // The same in other words.
    let same = [
        "handler Progress A UPDATING 1/3 \"t\"",
        "handler Progress item=A text=\"t\" max=3 value=1 status=UPDATING",
        "handler Progress A info={status:UPDATING, value:1, max:3, text:\"t\"}",
        "handler  Progress\tA UPDATING 1/3 text = \"t\"# the end",
    ];
    for other in same {
        assert_eq!(read(other).events, read(same[0]).events, "{other}");
    }
}

#[test]
fn log_error() {
    let log = |rest: &str, args: Value| callback(&format!("handler LogError {rest}"), "LogError", args);
    log("ERROR \"disk full\"", json!({ "level": "ERROR", "text": "disk full" }));
    log("WARNING text=NULL", json!({ "level": "WARNING" }));
    log("0x9 \"\" info={}", json!({ "level": "0x9", "text": "", "info": {} }));
    log(
        "ERROR \"t\" flags=ENABLEJUMPTEXT error=E1 item=A",
        json!({ "level": "ERROR", "text": "t", "info": { "flags": "ENABLEJUMPTEXT", "error": E1, "item": A } }),
    );
    log("ERROR text=NULL mask=0x8", json!({ "level": "ERROR", "info": { "mask": "0x8" } }));
    assert_eq!(read("handler LogError ERROR \"t\" info=NULL").events, read("handler LogError ERROR \"t\"").events);
}

#[test]
fn notes() {
    note("note Created \"filesync\"", "Created", json!({ "name": "filesync" }));
    note("note Crashed \"SIGSEGV\"", "Crashed", json!({ "what": "SIGSEGV" }));
    note("note TimedOut Synchronize return", "TimedOut", json!({ "method": "Synchronize", "waiting_for": "return" }));
    note("note TimedOut Release completion", "TimedOut", json!({ "method": "Release", "waiting_for": "completion" }));
    note("note ConnectionClosed \"isdn\"", "ConnectionClosed", json!({ "name": "isdn" }));
    note("note ConnectionClosed", "ConnectionClosed", json!({}));
    note("note ConnectionLost \"isdn\"", "ConnectionLost", json!({ "name": "isdn" }));
    note("note ConnectionLost", "ConnectionLost", json!({}));
}

#[test]
fn who_answers_whom() {
    let read = read(concat!(
        "manager Next 1 1\n",
        "manager Next 2 2\n",
        "manager/2 Next 3 3\n",
        "manager Next returns S_FALSE fetched=0\n",
        "manager Next returns S_OK\n",
        "manager/2 Next returns E_FAIL @other\n",
        "handler EnableModeless TRUE -> ?\n",
        "handler EnableModeless FALSE -> ?\n",
        "handler EnableModeless TRUE -> ? @two\n",
        "handler EnableModeless answered S_OK\n",
        "handler EnableModeless answered E_FAIL @two\n",
        "handler EnableModeless answered S_FALSE\n",
    ));
    let number = |event: &Event| match event.kind {
        EventKind::Call { call, .. }
        | EventKind::Return { call, .. }
        | EventKind::Callback { call, .. }
        | EventKind::Reply { call, .. } => call.0,
        EventKind::Note(_) => 0,
    };
    let numbers: Vec<u64> = read.events.iter().map(number).collect();
    assert_eq!(numbers, [1, 2, 3, 2, 1, 3, 4, 5, 6, 5, 6, 4]);
    assert_eq!(read.events[5].thread, Thread::from("other"));
    assert_eq!(read.events[5].handler, HandlerId(2));
}

#[test]
fn threads_delays_and_marks() {
    let read = read(concat!(
        "# a comment\n",
        "\n",
        "opening created !! INIT-04\n",
        "manager Initialize IDLE -> S_OK @main +1.5s !! INIT-01, INIT-02 # both\n",
        "handler Progress A -> S_OK @\"thread 1 # \\\"x\\\"\" +7ns\n",
        "manager Release +200us\r\n",
    ));
    let lines: Vec<_> = read.lines.iter().map(|line| (line.line, line.seqs.clone(), line.marks.join(" "))).collect();
    assert_eq!(
        lines,
        [
            (3, 1..=1, "INIT-04".to_owned()),
            (4, 2..=3, "INIT-01 INIT-02".to_owned()),
            (5, 4..=5, String::new()),
            (6, 6..=6, String::new()),
        ]
    );
    let times: Vec<u64> = read.events.iter().map(|event| event.at_ns).collect();
    assert_eq!(times, [0, 1_500_000_000, 1_500_000_000, 1_500_000_007, 1_500_000_007, 1_500_200_007]);
    let threads: Vec<_> = read.events.iter().map(|event| event.thread.0.as_str()).collect();
    let odd = "thread 1 # \"x\"";
    assert_eq!(threads, ["apartment", "main", "main", odd, odd, "apartment"]);
}

#[test]
fn byte_order_marks_in_front_are_no_part_of_the_text() {
    for marks in ["\u{feff}", "\u{feff}\u{feff}"] {
        assert_eq!(read(&format!("{marks}profile vista\n")).header.profile, Profile::Vista);
        let error = parse(&format!("{marks}?"), "t").unwrap_err();
        assert_eq!((error.line, error.column, &*error.source_line), (1, 1, "?"), "{error}");
    }
}

#[test]
fn directives() {
    let plain = read("note Created \"x\"").header;
    assert_eq!(plain.started.to_string(), "2026-01-01T00:00:00Z");
    assert_eq!((plain.profile, plain.limits), (Profile::Xp, Limits::default()));
    let header = read(concat!(
        "\u{feff}profile vista # a comment\n",
        "started 2025-12-24T18:00:00.5Z # another\n",
        "timeout 2s\n",
        "blocking 300ms\n",
        "progress 3600s\n",
        "tolerance 0\n",
    ))
    .header;
    assert_eq!(header.profile, Profile::Vista);
    assert_eq!(header.started.to_string(), "2025-12-24T18:00:00.5Z");
    assert_eq!(
        header.limits,
        Limits {
            timeout_ns: 2_000_000_000,
            blocking_ns: 300_000_000,
            progress_ns: 3_600_000_000_000,
            stop_tolerance: 0
        }
    );
    assert_eq!(
        print(&header, []),
        "profile vista\nstarted 2025-12-24T18:00:00.5Z\ntimeout 2s\nblocking 300ms\nprogress 3600s\ntolerance 0\n"
    );
}

#[test]
fn aliases() {
    let declared = read(concat!(
        "alias photos {0F0E0D0C-0B0A-0908-0706-050403020100}\n",
        "alias same photos\n",
        "manager PrepareForSync [photos, A, {0f0e0d0c-0b0a-0908-0706-050403020100}, same]\n",
        "alias broken {0F0E0D0C-0B0A-0908-0706-050403020101}\n",
        "handler LogError ERROR \"x\" error=broken item=photos -> S_OK\n",
    ));
    let text = print(&declared.header, &declared.events);
    assert_eq!(
        text,
        concat!(
            "alias item1 {0F0E0D0C-0B0A-0908-0706-050403020100}\n",
            "manager PrepareForSync [item1, A, item1, item1]\n",
            "alias err1 {0F0E0D0C-0B0A-0908-0706-050403020101}\n",
            "handler LogError ERROR \"x\" error=err1 item=item1 -> S_OK\n",
        )
    );
    assert_eq!(read(&text).events, declared.events);
    // Only where a GUID belongs is a name an alias.
    let shadow = read("alias UPDATING {0F0E0D0C-0B0A-0908-0706-050403020100}\nhandler Progress UPDATING UPDATING");
    assert!(matches!(
        &shadow.events[0].kind,
        EventKind::Callback { what: Callback::Progress(args), .. }
            if args.info.as_ref().and_then(ProgressItem::given_status) == Some(Status::UPDATING)
    ));
}

#[test]
fn items_may_be_given_by_their_aliases_alone() {
    let short = read("manager Next 1 16 -> S_FALSE fetched=2 items=[A, {id:B,name:\"Right\"}]");
    let long = read("manager Next 1 16 -> S_FALSE fetched=2 items=[{id:A,name:\"A\"}, {id:B,name:\"Right\"}]");
    assert_eq!(short.events, long.events);
}

#[test]
fn the_reply_that_is_not_given_is_the_session_machines() {
    let replies = |text: &str| -> Vec<HResult> {
        let reply = |event: &Event| match event.kind {
            EventKind::Reply { hr, .. } => Some(hr),
            _ => None,
        };
        read(text).events.iter().filter_map(reply).collect()
    };
    assert_eq!(replies("handler Progress A UPDATING"), [HResult::E_UNEXPECTED]);
    assert_eq!(
        replies(concat!(
            "opening synchronizing\n",
            "handler Progress A UPDATING 1/3 -> S_SYNCMGR_CANCELITEM\n",
            "handler Progress A UPDATING 2/3\n",
            "handler Progress B UPDATING 1/3\n",
            "handler Progress C UPDATING\n",
            "handler SynchronizeCompleted S_OK\n",
            "handler SynchronizeCompleted S_OK\n",
        ))[1..],
        [
            HResult::S_SYNCMGR_CANCELITEM,
            HResult::S_SYNCMGR_CANCELITEM,
            HResult::S_OK,
            HResult::E_INVALIDARG,
            HResult::S_OK,
            HResult::E_UNEXPECTED,
        ]
    );
}

#[test]
fn the_longest_opening_spelled_out() {
    let read = read("opening released\n");
    insta::assert_snapshot!(print(&read.header, &read.events), @r#"
    note Created "handler"
    manager Initialize MANUAL|MAYBOTHERUSER -> S_OK
    manager GetHandlerInfo -> S_OK "Handler" HASPROPERTIES|MAYESTABLISHCONNECTION
    manager EnumSyncMgrItems -> S_OK enumerator=1
    manager Next 1 16 -> S_FALSE fetched=2 items=[{id:A,name:"A",flags:HASPROPERTIES}, {id:B,name:"B",flags:HASPROPERTIES}]
    manager SetProgressCallback 1 -> S_OK
    manager PrepareForSync [A, B] -> S_OK
    handler PrepareForSyncCompleted S_OK -> S_OK
    manager Synchronize -> S_OK
    handler Progress A UPDATING 1/1 -> S_OK
    handler Progress A SUCCEEDED -> S_OK
    handler Progress B UPDATING 1/1 -> S_OK
    handler Progress B SUCCEEDED -> S_OK
    handler SynchronizeCompleted S_OK -> S_OK
    manager SetProgressCallback NULL -> S_OK
    manager Release -> S_OK refs=0
    "#);
    assert_eq!((read.lines.len(), read.lines[0].seqs.clone().count()), (1, read.events.len()));
    // Each state is the beginning of the next.
    let states = [
        "created",
        "initialized",
        "enumerated",
        "ready",
        "preparing",
        "prepared",
        "synchronizing",
        "synchronized",
        "closed",
        "released",
    ];
    let mut before = 0;
    for state in states {
        let part = parse(&format!("opening {state}"), "t").unwrap().events;
        assert!(part.len() > before, "{state}");
        assert_eq!(part, read.events[..part.len()], "{state}");
        before = part.len();
    }
    assert_eq!(before, read.events.len());
}

#[test]
fn an_opening_with_everything_chosen() {
    let read = read(
        "alias photos {0F0E0D0C-0B0A-0908-0706-050403020100}\nopening/2 preparing C photos flags=IDLE|SETTINGS handler=0 items=TEMPORARY|0x40 name=\"other\"",
    );
    insta::assert_snapshot!(print(&read.header, &read.events), @r#"
    note/2 Created "other"
    manager/2 Initialize IDLE|SETTINGS -> S_OK
    manager/2 GetHandlerInfo -> S_OK "Handler"
    manager/2 EnumSyncMgrItems -> S_OK enumerator=1
    alias item1 {0F0E0D0C-0B0A-0908-0706-050403020100}
    manager/2 Next 1 16 -> S_FALSE fetched=2 items=[{id:C,name:"C",flags:TEMPORARY|0x40}, {id:item1,name:"photos",flags:TEMPORARY|0x40}]
    manager/2 SetProgressCallback 1 -> S_OK
    manager/2 PrepareForSync [C, item1] -> S_OK
    "#);
}

#[test]
fn an_opening_enumerates_as_many_items_as_there_are() {
    let count = |items: usize| {
        let names: Vec<String> = (0..items).map(|n| char::from(b'A' + n as u8).to_string()).collect();
        let read = read(&format!("opening enumerated {}", names.join(" ")));
        let next: Vec<(HResult, Option<u32>, usize)> = read
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Return { what, .. } if what.method == CallMethod::Next => {
                    Some((what.hr, what.out.fetched, what.out.items.len()))
                }
                _ => None,
            })
            .collect();
        next
    };
    assert_eq!(count(15), [(HResult::S_FALSE, Some(15), 15)]);
    assert_eq!(count(16), [(HResult::S_OK, Some(16), 16), (HResult::S_FALSE, Some(0), 0)]);
    assert_eq!(count(20), [(HResult::S_OK, Some(16), 16), (HResult::S_FALSE, Some(4), 4)]);
}

#[test]
fn what_the_notation_cannot_say_is_said_in_a_comment() {
    let event = |seq, at_ns, kind| Event { seq, at_ns, thread: "apartment".into(), handler: HandlerId::FIRST, kind };
    let returns =
        |call| EventKind::Return { call: CallId(call), what: Box::new(Return::new(CallMethod::Reset, HResult::S_OK)) };
    let reset =
        |call| EventKind::Call { call: CallId(call), what: Box::new(Call::Reset(Enumerator { enumerator: 1 })) };
    let reply = EventKind::Reply { call: CallId(9), method: CallbackMethod::Progress, hr: HResult::S_OK };
    let events = [
        event(1, 5_000_000, reset(1)),
        event(2, 2_000_000, reset(2)),
        event(3, 5_000_000, returns(1)),
        event(4, 5_000_000, returns(2)),
        event(5, 5_000_000, returns(7)),
        event(6, 6_000_000, reply),
    ];
    insta::assert_snapshot!(print(&Default::default(), &events), @r#"
    started 1601-01-01T00:00:00Z
    manager Reset 1 +5ms
    manager Reset 1  # 3ms earlier than the line before
    manager Reset returns S_OK  # returns from call 1, not the newest
    manager Reset returns S_OK
    manager Reset returns S_OK  # returns from call 7, which is not open
    handler Progress answered S_OK @apartment +1ms  # answers callback 9, which is not open
    "#);
}
