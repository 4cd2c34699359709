//! The trace file as its users see it: what stands in it, and what is said when something is wrong with it.

use std::io::{self, BufReader, Read, Write};

use mobsync::protocol::*;
use mobsync::trace::{
    Header, MAX_DEPTH, MAX_LINE, Reader, Trace, TraceError, Writer, create_file, open_file, read_file, write_file,
};

const HEADER: &str = r#"{"format":"mobsync-trace","version":1,"started":"2026-01-01T00:00:00Z"}"#;
const CREATED: &str =
    r#"{"seq":1,"at_ns":0,"thread":"apartment","handler":1,"kind":"note","method":"Created","args":{"name":"h"}}"#;
const INITIALIZE: &str = r#"{"seq":2,"at_ns":5,"thread":"apartment","handler":1,"kind":"call","call":1,"method":"Initialize","args":{"flags":"MANUAL|MAYBOTHERUSER"}}"#;

fn file(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

fn read(file: &str) -> Result<Vec<Event>, TraceError> {
    Reader::new(file.as_bytes(), "t.jsonl")?.collect()
}

/// What is said of a file whose second line is `line`.
fn complaint(line: &str) -> String {
    read(&file(&[HEADER, line])).unwrap_err().to_string()
}

fn event(seq: u64, kind: EventKind) -> Event {
    Event { seq, at_ns: 5, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind }
}

#[test]
fn every_kind_of_line_has_its_form() {
    let a = Guid::from_alias("A").unwrap();
    let call = CallId(7);
    let kinds = [
        EventKind::Call {
            call,
            what: Box::new(Call::PrepareForSync(PrepareForSync { items: vec![a], hwnd: 0, reserved: 0 })),
        },
        EventKind::Call { call, what: Box::new(Call::Synchronize(Synchronize { hwnd: 0 })) },
        EventKind::Return { call, what: Box::new(Return::new(CallMethod::Synchronize, HResult::S_OK)) },
        EventKind::Return {
            call,
            what: Box::new(Return {
                method: CallMethod::Next,
                hr: HResult::S_FALSE,
                out: Out { fetched: Some(0), ..Out::default() },
            }),
        },
        EventKind::Callback { call, what: Callback::progress(a, ProgressItem::status(Status::UPDATING).at(1, 3)) },
        EventKind::Reply { call, method: CallbackMethod::Progress, hr: HResult(0x8000_1234) },
        EventKind::Note(Box::new(Note::ConnectionClosed(ConnectionClosed { name: None }))),
        EventKind::Note(Box::new(Note::Crashed(Crashed { what: Text::from_utf16(&[0xD800]) }))),
    ];
    let mut writer = Writer::new(Vec::new(), &Header::default()).unwrap();
    for (kind, seq) in kinds.into_iter().zip(1..) {
        writer.write(&event(seq, kind)).unwrap();
    }
    let text = String::from_utf8(writer.into_inner()).unwrap();
    insta::assert_snapshot!(text, @r#"
    {"format":"mobsync-trace","version":1,"profile":"xp","clock":"real","started":"1601-01-01T00:00:00Z","limits":{"timeout_ns":10000000000,"blocking_ns":1000000000,"progress_ns":30000000000,"stop_tolerance":3}}
    {"seq":1,"at_ns":5,"thread":"apartment","handler":1,"kind":"call","call":7,"method":"PrepareForSync","args":{"items":["{6D6F6273-796E-6300-0000-000000000041}"]}}
    {"seq":2,"at_ns":5,"thread":"apartment","handler":1,"kind":"call","call":7,"method":"Synchronize"}
    {"seq":3,"at_ns":5,"thread":"apartment","handler":1,"kind":"return","call":7,"method":"Synchronize","hr":"S_OK"}
    {"seq":4,"at_ns":5,"thread":"apartment","handler":1,"kind":"return","call":7,"method":"Next","args":{"fetched":0},"hr":"S_FALSE"}
    {"seq":5,"at_ns":5,"thread":"apartment","handler":1,"kind":"callback","call":7,"method":"Progress","args":{"item":"{6D6F6273-796E-6300-0000-000000000041}","info":{"status":"UPDATING","value":1,"max":3}}}
    {"seq":6,"at_ns":5,"thread":"apartment","handler":1,"kind":"reply","call":7,"method":"Progress","hr":"0x80001234"}
    {"seq":7,"at_ns":5,"thread":"apartment","handler":1,"kind":"note","method":"ConnectionClosed"}
    {"seq":8,"at_ns":5,"thread":"apartment","handler":1,"kind":"note","method":"Crashed","args":{"what":{"utf16":[55296]}}}
    "#);
    assert_eq!(read(&text).unwrap().len(), 8);
}

#[test]
fn what_a_newer_minor_version_adds_is_ignored() {
    let newer = INITIALIZE
        .replace(r#""seq":2"#, r#""span":{"a":[1,2.5,"\u0041",null]},"seq":2"#)
        .replace(r#""flags""#, r#""mood":["x"],"flags""#);
    assert_ne!(newer, INITIALIZE);
    assert_eq!(read(&file(&[HEADER, CREATED, &newer])), read(&file(&[HEADER, CREATED, INITIALIZE])));
    // Arguments of a method that has none today.
    let release =
        r#"{"seq":1,"at_ns":0,"thread":"t","handler":1,"kind":"call","call":1,"method":"Release","args":{"why":1}}"#;
    let events = read(&file(&[HEADER, release])).unwrap();
    assert_eq!(events[0].kind, EventKind::Call { call: CallId(1), what: Box::new(Call::Release) });
}

#[test]
fn empty_lines_windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let odd = format!("\u{feff}{HEADER}\r\n\r\n{CREATED}\r\n\n  \n{INITIALIZE}");
    assert_eq!(read(&odd), read(&file(&[HEADER, CREATED, INITIALIZE])));
    assert_eq!(read(&odd).unwrap().len(), 2);
}

#[test]
fn a_file_that_is_no_trace_is_told_by_its_first_line() {
    let not = |first: &str| read(&format!("{first}\n")).unwrap_err().to_string();
    let expected = r#"expected {"format":"mobsync-trace","version":1,…}, or a line of the notation"#;
    assert_eq!(read(""), Err(TraceError::Empty { file: "t.jsonl".into() }));
    assert_eq!(not("manager Release"), format!("t.jsonl: not a trace: the first line is not JSON; {expected}"));
    assert_eq!(not("[1]"), format!("t.jsonl: not a trace: the first line is not a JSON object; {expected}"));
    assert_eq!(
        not(r#"{"format":"mobsync-report","version":1}"#),
        format!(r#"t.jsonl: not a trace: the first line is of format "mobsync-report"; {expected}"#)
    );
    assert_eq!(
        not(r#"{"version":1}"#),
        format!(r#"t.jsonl: not a trace: the first line is a JSON object without "format"; {expected}"#)
    );
    assert_eq!(
        not(CREATED),
        format!("t.jsonl: not a trace: the first line is an event; the header line is missing; {expected}")
    );
}

#[test]
fn another_version_is_a_clear_error() {
    let of = |version: &str| read(&HEADER.replace(":1,", &format!(":{version},"))).unwrap_err().to_string();
    assert_eq!(of("7"), "t.jsonl: the trace has format version 7; this program reads version 1");
    assert_eq!(of("1.5"), "t.jsonl: the trace has format version 1.5; this program reads version 1");
    assert_eq!(of("\"1\""), "t.jsonl: the trace has format version unknown; this program reads version 1");
}

#[test]
fn a_wrong_header_field_is_named() {
    let wrong = HEADER.replace("\"started\":\"2026", "\"limits\":{\"timeout_ns\":-1},\"started\":\"2026");
    assert_eq!(
        read(&file(&[&wrong])).unwrap_err().to_string(),
        "t.jsonl:1:63: limits.timeout_ns: invalid value: integer `-1`, expected u64"
    );
    let missing = r#"{"format":"mobsync-trace","version":1}"#;
    assert_eq!(read(&file(&[missing])).unwrap_err().to_string(), "t.jsonl:1:38: missing field `started`");
}

#[test]
fn a_wrong_line_is_told_by_line_column_path_and_what_was_expected() {
    assert_eq!(
        complaint(&INITIALIZE.replace("MANUAL|", "MANUL|")),
        "t.jsonl:2:134: args.flags: `MANUL` is not a SYNCMGRFLAG event; expected a name such as MANUAL, or a number"
    );
    assert_eq!(
        complaint(&INITIALIZE.replace("Initialize", "Initialise")),
        "t.jsonl:2:96: method: `Initialise` is not a method that the manager calls; expected a name such as Initialize"
    );
    assert_eq!(
        complaint(&INITIALIZE.replace("\"call\",", "\"cal\",")),
        "t.jsonl:2:64: kind: `cal` is not a kind of event; expected a name such as call"
    );
    assert_eq!(
        complaint(&INITIALIZE.replace("\"call\",", "\"xyz\",")),
        "t.jsonl:2:64: kind: `xyz` is not a kind of event; expected one of call, return, callback, reply, note"
    );
    assert_eq!(
        complaint(&INITIALIZE.replace("\"at_ns\":5", "\"at_ns\":\"5\"")),
        "t.jsonl:2:20: at_ns: invalid type: string \"5\", expected u64"
    );
    let next = r#"{"seq":1,"at_ns":0,"thread":"ü","handler":1,"kind":"return","call":1,"method":"Next","args":{"items":[{"id":"A","name":"x"}]},"hr":"S_OK"}"#;
    assert_eq!(
        complaint(next),
        "t.jsonl:2:111: args.items[0].id: `A` is not a GUID; expected {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"
    );
    assert_eq!(
        complaint("[]"),
        "t.jsonl:2:1: invalid type: sequence, expected an event, {\"seq\": …, \"at_ns\": …, \"thread\": …, \"handler\": …, \"kind\": …, …}"
    );
    assert_eq!(complaint(&format!("{CREATED}x")), "t.jsonl:2:106: not JSON: trailing characters");
    assert_eq!(complaint("nonsense"), "t.jsonl:2:2: not JSON: expected ident");
}

#[test]
fn the_same_is_said_whatever_the_order_of_keys() {
    let early = r#"{"args":{"flags":"MANUL"},"seq":2,"at_ns":5,"thread":"t","handler":1,"call":1,"method":"Initialize","kind":"call"}"#;
    assert_eq!(
        complaint(early),
        "t.jsonl:2:114: args: `MANUL` is not a SYNCMGRFLAG event; expected a name such as MANUAL, or a number"
    );
    let early = r#"{"method":"Initialise","seq":2,"at_ns":5,"thread":"t","handler":1,"call":1,"kind":"call"}"#;
    assert_eq!(
        complaint(early),
        "t.jsonl:2:89: `Initialise` is not a method that the manager calls; expected a name such as Initialize"
    );
}

#[test]
fn what_is_missing_or_given_twice_is_named() {
    for (part, missing) in [
        ("\"seq\":2,", "missing field `seq`"),
        ("\"at_ns\":5,", "missing field `at_ns`"),
        ("\"thread\":\"apartment\",", "missing field `thread`"),
        ("\"handler\":1,", "missing field `handler`"),
        ("\"kind\":\"call\",", "missing field `kind`"),
        ("\"call\":1,", "missing field `call`"),
        ("\"method\":\"Initialize\",", "missing field `method`"),
        (",\"args\":{\"flags\":\"MANUAL|MAYBOTHERUSER\"}", "no args: missing field `flags`"),
    ] {
        let line = INITIALIZE.replace(part, "");
        assert_eq!(complaint(&line), format!("t.jsonl:2:{}: {missing}", line.len()));
        let key = part.split('"').nth(1).unwrap();
        let part = part.trim_matches(',');
        let twice = INITIALIZE.replace(part, &format!("{part},{part}"));
        let message = complaint(&twice);
        assert!(message.ends_with(&format!("duplicate field `{key}`")), "{message}");
    }
    let reply = r#"{"seq":1,"at_ns":0,"thread":"t","handler":1,"kind":"reply","call":1,"method":"Progress"}"#;
    assert_eq!(complaint(reply), "t.jsonl:2:88: missing field `hr`");
}

#[test]
fn sequence_numbers_rise() {
    let again = read(&file(&[HEADER, CREATED, INITIALIZE, CREATED])).unwrap_err();
    assert_eq!(again, TraceError::Sequence { file: "t.jsonl".into(), line: 4, seq: 1, after: 2 });
    assert_eq!(
        again.to_string(),
        "t.jsonl:4: event 1 cannot follow event 2: sequence numbers must increase, starting at 1"
    );
    assert_eq!(
        read(&file(&[HEADER, INITIALIZE, INITIALIZE])),
        Err(TraceError::Sequence { file: "t.jsonl".into(), line: 3, seq: 2, after: 2 })
    );
    assert_eq!(
        read(&file(&[HEADER, &CREATED.replace("\"seq\":1", "\"seq\":0")])),
        Err(TraceError::Sequence { file: "t.jsonl".into(), line: 2, seq: 0, after: 0 })
    );
}

#[test]
fn a_file_that_breaks_off_says_so_and_what_came_before_is_there() {
    let cut = format!("{HEADER}\n{CREATED}\n{}", &INITIALIZE[..40]);
    let mut reader = Reader::new(cut.as_bytes(), "t.jsonl").unwrap();
    assert_eq!(reader.next().unwrap().unwrap().method_name(), "Created");
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error, TraceError::Truncated { file: "t.jsonl".into(), line: 3, length: 40, events: 1 });
    assert_eq!(
        error.to_string(),
        "t.jsonl:3: the last line is cut off after 40 characters, because the trace was not written to its end; the 1 events before it are complete"
    );
    assert_eq!(reader.next(), None);
    // A line that ends but is not whole was not cut off by a stop.
    let inside = format!("{HEADER}\n{}\n{CREATED}\n", &INITIALIZE[..40]);
    assert_eq!(read(&inside).unwrap_err().to_string(), "t.jsonl:2:40: not JSON: EOF while parsing a value");
}

#[test]
fn what_is_wrong_is_quoted_in_part_when_it_is_long() {
    let long = "x\\u0007".repeat(1_000_000);
    let message = complaint(&INITIALIZE.replace("Initialize", &long));
    assert!(message.starts_with("t.jsonl:2:7000086: method: `x\\u{7}x\\u{7}x"), "{message:.100}");
    assert!(message.contains(" … ") && message.chars().count() < 500);
    assert!(message.ends_with("Next, Skip, Reset, Clone, Release"));
    let key = complaint(&CREATED.replace("\"seq\"", &format!("\"{long}\":x,\"seq\"")));
    assert!(
        key.contains(" … ") && key.ends_with(": not JSON: expected value") && key.chars().count() < 500,
        "{key:.100}"
    );
    let format = read(&format!("{{\"format\":\"{long}\"}}\n")).unwrap_err().to_string();
    assert!(format.contains(" … ") && format.chars().count() < 700);
}

#[test]
fn bytes_that_are_no_utf8_are_an_error_with_their_place() {
    let mut bytes = file(&[HEADER, &CREATED.replace("apartment", "über?")]).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xFF;
    let error = Reader::new(bytes.as_slice(), "t.jsonl").unwrap().next().unwrap().unwrap_err();
    assert_eq!(error, TraceError::NotUtf8 { file: "t.jsonl".into(), line: 2, column: 34 });
}

#[test]
fn an_endless_line_is_an_error_and_not_memory() {
    /// Counts what is taken from it.
    struct Endless(u64);
    impl Read for &mut Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b' ');
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }
    let mut endless = Endless(0);
    let input = BufReader::new(file(&[HEADER, CREATED]).leak().as_bytes().chain(&mut endless));
    let mut reader = Reader::new(input, "t.jsonl").unwrap();
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error, TraceError::TooLong { file: "t.jsonl".into(), line: 3, limit: MAX_LINE });
    assert_eq!(reader.next(), None);
    drop(reader);
    assert!(endless.0 < MAX_LINE as u64 + 100_000);
    // The longest line that may stand there does.
    let longest = format!("{CREATED}{}", " ".repeat(MAX_LINE - CREATED.len()));
    assert_eq!(read(&file(&[HEADER, &longest])).map(|events| events.len()), Ok(1));
}

#[test]
fn deep_nesting_is_an_error_also_where_it_is_ignored() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let error =
        |line: u64, column: u64| Err(TraceError::TooDeep { file: "t.jsonl".into(), line, column, limit: MAX_DEPTH });
    let unknown = |levels| CREATED.replace("{\"seq\"", &format!("{{\"new\":{},\"seq\"", nested(levels)));
    assert!(read(&file(&[HEADER, &unknown(MAX_DEPTH - 1)])).is_ok());
    assert_eq!(read(&file(&[HEADER, &unknown(MAX_DEPTH)])), error(2, 7 + MAX_DEPTH as u64));
    assert_eq!(read(&file(&[HEADER, &unknown(100_000)])), error(2, 7 + MAX_DEPTH as u64));
    let header = HEADER.replace("{\"format\"", &format!("{{\"new\":{},\"format\"", nested(100_000)));
    assert_eq!(read(&file(&[&header])), error(1, 7 + MAX_DEPTH as u64));
    // Brackets in strings, and many that are not inside each other, are no depth.
    let shallow = CREATED
        .replace("\"h\"", &format!("\"\\\"{}\"", "[{".repeat(100)))
        .replace("{\"seq\"", &format!("{{\"new\":[{}],\"seq\"", vec!["[]"; 100].join(",")));
    assert_eq!(read(&file(&[HEADER, &shallow])).map(|events| events.len()), Ok(1));
}

#[test]
fn an_input_that_fails_is_told_with_its_name() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "the pipe is gone"))
        }
    }
    let lines = file(&[HEADER, CREATED]);
    let mut reader = Reader::new(BufReader::new(lines.as_bytes().chain(Failing)), "worker 1").unwrap();
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(
        error,
        TraceError::Io {
            file: "worker 1".into(),
            action: "read",
            kind: io::ErrorKind::ConnectionReset,
            message: "the pipe is gone".into()
        }
    );
    assert_eq!(error.to_string(), "worker 1: cannot be read: the pipe is gone");
    assert_eq!(reader.next(), None);
}

#[test]
fn files_are_written_and_read_by_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.jsonl");
    let trace = Trace {
        header: Header { handler: "filesync".into(), seed: Some(u64::MAX), ..Header::default() },
        events: read(&file(&[HEADER, CREATED, INITIALIZE])).unwrap(),
    };
    write_file(&path, &trace).unwrap();
    assert_eq!(read_file(&path), Ok(trace.clone()));
    let whole = std::fs::read(&path).unwrap();

    let streamed = directory.path().join("b.jsonl");
    let mut writer = create_file(&streamed, &trace.header).unwrap();
    for (event, before) in trace.events.iter().zip(0..) {
        // What was written stands in the file at once, nothing is flushed or closed.
        assert_eq!(open_file(&streamed).unwrap().count(), before);
        writer.write(event).unwrap();
    }
    assert_eq!(std::fs::read(&streamed).unwrap(), whole);

    let nowhere = directory.path().join("no/such.jsonl");
    let name = nowhere.display();
    assert!(read_file(&nowhere).unwrap_err().to_string().starts_with(&format!("{name}: cannot be read: ")));
    assert!(write_file(&nowhere, &trace).unwrap_err().to_string().starts_with(&format!("{name}: cannot be written: ")));
    let error = create_file(&nowhere, &trace.header).unwrap_err();
    assert!(matches!(error, TraceError::Io { kind: io::ErrorKind::NotFound, action: "written", .. }));
}

/// An output that keeps each write apart, and fails at the `limit`-th.
#[derive(Debug)]
struct Pieces {
    pieces: Vec<Vec<u8>>,
    limit: usize,
}

impl Write for Pieces {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.pieces.len() == self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.pieces.push(buffer.to_vec());
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_output_gets_whole_lines_only() {
    let events = read(&file(&[HEADER, CREATED, INITIALIZE])).unwrap();
    for capacity in [0, 1, 100, 150, 300, 1000] {
        let output = io::BufWriter::with_capacity(capacity, Pieces { pieces: Vec::new(), limit: usize::MAX });
        let mut writer = Writer::new(output, &Header::default()).unwrap();
        for seq in 1..50 {
            writer.write(&Event { seq, ..events[seq as usize % 2].clone() }).unwrap();
        }
        writer.flush().unwrap();
        let pieces = writer.into_inner().into_inner().unwrap().pieces;
        assert!(pieces.iter().all(|piece| piece.ends_with(b"\n")), "with a buffer of {capacity}");
        assert_eq!(pieces.concat().iter().filter(|byte| **byte == b'\n').count(), 50);
    }
}

#[test]
fn nothing_is_written_behind_a_line_that_failed() {
    let events = read(&file(&[HEADER, CREATED, INITIALIZE])).unwrap();
    let mut output = Pieces { pieces: Vec::new(), limit: 2 };
    let mut writer = Writer::new(&mut output, &Header::default()).unwrap();
    writer.write(&events[0]).unwrap();
    assert_eq!(writer.write(&events[1]).unwrap_err().kind(), io::ErrorKind::StorageFull);
    let later = writer.write(&events[1]).unwrap_err();
    assert_eq!(later.to_string(), "an earlier line of the trace could not be written");
    drop(writer);
    assert_eq!(output.pieces.len(), 2);
}
