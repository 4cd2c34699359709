//! `mobsync check`, of traces that do not go to the end, and of very long lists of items.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use mobsync::protocol::*;
use mobsync::trace::{Header, Writer};

use tempfile::TempDir;

#[test]
fn a_trace_that_is_cut_at_any_line_is_incomplete_and_the_whole_one_passes() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let mobsync = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let path = trace.to_str().unwrap();
    let (code, said) = mobsync(&["run", "fixtures/handlers/good.json", "--trace", path]);
    assert_eq!(code, Some(0), "{said}");
    let whole = fs::read_to_string(&trace).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines.len() > 30);
    let mut missing = Vec::new();
    for end in 1..=lines.len() {
        fs::write(&trace, lines[..end].join("\n") + "\n").unwrap();
        let (code, said) = mobsync(&["check", path]);
        let Some((_, what)) = said.split_once("the trace ends before ") else {
            // The handler is released: what is missing now is the manager's to do, and is found.
            assert!(lines[..end].iter().any(|line| line.contains("\"return\"") && line.contains("\"Release\"")));
            assert_eq!((code, said.as_str()), (Some(i32::from(end < lines.len())), ""), "cut after line {end}");
            continue;
        };
        assert_eq!(code, Some(2), "cut after line {end}: {said}");
        missing.push(what.split_once(": it was cut off").map(|(what, _)| what.to_owned()).unwrap_or_default());
    }
    missing.dedup();
    let begin = ["a handler is created", "the handler is released", "Initialize has returned"];
    assert_eq!(missing[..3], begin, "{missing:?}");
    assert!(missing.contains(&"Synchronize is completed".to_owned()), "{missing:?}");
    assert_eq!(missing.last().map(String::as_str), Some("Release has returned"), "{missing:?}");
}

/// A session in which so many items are enumerated, prepared, cancelled, and prepared again for a retry.
fn session_with(many: u32) -> Vec<EventKind> {
    let items: Vec<Item> = (1..=many)
        .map(|number| {
            // Not in the order of their IDs.
            let id = Guid::from_u128(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
            Item { id, name: format!("Item {number}").as_str().into(), ..Item::default() }
        })
        .collect();
    let ids: Vec<Guid> = items.iter().map(|item| item.id).collect();
    let error = Guid::from_u128(7);
    let mut calls = 0;
    let mut events = vec![EventKind::Note(Box::new(Note::Created(Created::of("many"))))];
    let call =
        |events: &mut Vec<EventKind>, calls: &mut u64, what: Call, out: Out, inside: Vec<(Callback, HResult)>| {
            *calls += 1;
            let (call, method) = (CallId(*calls), what.method());
            events.push(EventKind::Call { call, what: Box::new(what) });
            for (what, hr) in inside {
                *calls += 1;
                let (call, method) = (CallId(*calls), what.method());
                events.push(EventKind::Callback { call, what });
                events.push(EventKind::Reply { call, method, hr });
            }
            events.push(EventKind::Return { call, what: Box::new(Return { method, hr: HResult::S_OK, out }) });
        };
    let mut made = |what, out, inside| call(&mut events, &mut calls, what, out, inside);
    let nothing = Out::default;
    let prepare = || Call::PrepareForSync(PrepareForSync { items: ids.clone(), hwnd: 0, reserved: 0 });
    let prepared = || vec![(Callback::prepare_completed(HResult::S_OK), HResult::S_OK)];
    let synchronized = || {
        let progress = ProgressItem::status(Status::SKIPPED);
        vec![
            (Callback::progress(ids[0], progress), HResult::S_SYNCMGR_CANCELALL),
            (Callback::synchronize_completed(HResult::S_OK), HResult::S_OK),
        ]
    };
    let retry = Callback::ShowErrorCompleted(ShowErrorCompleted {
        hr: HResult::S_SYNCMGR_RETRYSYNC,
        items: ids.iter().rev().copied().collect(),
    });
    let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
    let info = HandlerInfo { name: "many".into(), ..HandlerInfo::default() };
    made(Call::Initialize(Initialize::new(flags)), nothing(), vec![]);
    made(Call::GetHandlerInfo, Out { info: Some(info), ..nothing() }, vec![]);
    made(Call::EnumSyncMgrItems, Out { enumerator: Some(1), ..nothing() }, vec![]);
    made(Call::Next(Walk::new(1, many)), Out { fetched: Some(many), items, ..nothing() }, vec![]);
    made(Call::SetProgressCallback(SetProgressCallback { callback: Some(1) }), nothing(), vec![]);
    made(prepare(), nothing(), prepared());
    let log = LogError {
        level: LogLevel::ERROR,
        text: Some("x".into()),
        info: Some(Box::new(LogErrorInfo::jump(error, None))),
    };
    let mut first = vec![(Callback::LogError(log), HResult::S_OK)];
    first.extend(synchronized());
    made(Call::Synchronize(Synchronize::default()), nothing(), first);
    made(Call::ShowError(ShowError { error, hwnd: 0 }), nothing(), vec![(retry, HResult::S_OK)]);
    made(prepare(), nothing(), prepared());
    made(Call::Synchronize(Synchronize::default()), nothing(), synchronized());
    made(Call::SetProgressCallback(SetProgressCallback { callback: None }), nothing(), vec![]);
    made(Call::Release, Out { refs: Some(0), ..nothing() }, vec![]);
    events
}

/// What is done once for each item must not take longer for each the more there are: with the square of this number of items
/// it would take minutes.
#[test]
fn a_prepare_of_150_000_items_is_judged_in_no_time() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("many.jsonl");
    let mut writer = Writer::new(Vec::new(), &Header::default()).unwrap();
    for (kind, seq) in session_with(150_000).into_iter().zip(1..) {
        let event = Event { seq, at_ns: seq * 1000, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind };
        writer.write(&event).unwrap();
    }
    fs::write(&trace, writer.into_inner()).unwrap();
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).arg("check").arg(&trace).output().unwrap();
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(took < Duration::from_secs(120), "it took {took:?}");
}

/// Runs the program at the root of the repository.
fn mobsync(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_trace_in_the_notation_is_judged_as_its_json_lines_are() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (lines, notation, unnamed) = (place("a.jsonl"), place("a.trace"), place("bug-report.txt"));
    mobsync(&["run", "fixtures/handlers/completes-twice.json", "--trace", &lines]);
    let (_, text, _) = mobsync(&["check", "--format", "notation", &lines]);
    fs::write(&notation, &text).unwrap();
    // By its content: with a comment in front, and without the ending.
    fs::write(&unnamed, format!("\n# From a report.\n{text}")).unwrap();
    let findings = |file: &str| {
        let (code, report, errors) = mobsync(&["check", "--format", "json", file]);
        assert_eq!(code, Some(1), "{file}: {errors}");
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        assert!(!findings.is_empty());
        findings.iter().map(|finding| (finding["rule"].clone(), finding["message"].clone())).collect::<Vec<_>>()
    };
    let wanted = findings(&lines);
    assert_eq!(findings(&notation), wanted);
    assert_eq!(findings(&unnamed), wanted);
    let (code, report, _) = mobsync(&["check", "--format", "json", &notation]);
    assert_eq!(code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["handler"], "Completes twice");
    let at = report["findings"][0]["line"].as_u64().unwrap();
    let line = text.lines().nth(usize::try_from(at).unwrap() - 1).unwrap();
    assert!(line.contains("!! SYNC-04"), "the finding stands at its line: {at}: {line}");
    assert_eq!(mobsync(&["diff", &lines, &notation]).0, Some(0));
    assert_eq!(mobsync(&["diff", &notation, &unnamed]).0, Some(0));
}

#[test]
fn a_mistake_in_the_notation_is_shown_with_its_place() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.trace");
    fs::write(&file, "opening ready\nmanager Sychronize -> S_OK\n").unwrap();
    let (code, _, errors) = mobsync(&["check", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("a.trace:2:9: `Sychronize` is not a method"), "{errors}");
    assert!(errors.contains("^^^^^^^^^^"), "{errors}");
    fs::write(&file, "some words\n").unwrap();
    let (code, _, errors) = mobsync(&["check", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("not a trace"), "{errors}");
    fs::write(&file, b"manager Initialize MANUAL -> S_OK\nnote Created \"\xff\"\n").unwrap();
    let (code, _, errors) = mobsync(&["check", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("a.trace:2:15"), "{errors}");
}
