//! Wrong scenario files: each is refused with its place, and the nearest name where there is one. The JSON Schema agrees.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use mobsync::scenario::{self, ScenarioError};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A scenario with one field more, at line 8.
fn field(text: &str) -> String {
    format!(
        "{{\n  \"format\": \"mobsync-scenario\",\n  \"version\": 1,\n  \"title\": \"t\",\n  \"steps\": [\n  ],\n  \
         \"seed\": 1,\n  {text}\n}}\n"
    )
}

/// A scenario with one step, at line 6.
fn step(text: &str) -> String {
    field("\"settings\": false").replace("[\n", &format!("[\n    {text}\n"))
}

fn when(trigger: &str) -> String {
    step(&format!(r#"{{ "when": {trigger}, "do": "release" }}"#))
}

fn action(action: &str) -> String {
    step(&format!(r#"{{ "when": {{ "callback": "Progress" }}, "do": {action} }}"#))
}

fn expect(text: &str) -> String {
    field(&format!("\"expect\": {{ {text} }}"))
}

fn error(text: &str) -> ScenarioError {
    match scenario::parse(text, Path::new("wrong.json")) {
        Ok(read) => panic!("it is read: {read:?}\n{text}"),
        Err(error) => error,
    }
}

/// The text, the path in the document, and how the message goes on, to its end.
#[track_caller]
fn refused(text: &str, line: usize, path: &str, why: &str) {
    let error = error(text);
    let ScenarioError::Invalid { file, line: found_line, column, path: found_path, why: found_why } = &error else {
        panic!("{error}")
    };
    assert_eq!((file.as_path(), *found_line, found_path.as_str()), (Path::new("wrong.json"), line, path), "{error}");
    assert!(found_why.contains(why), "{error}\n lacks: {why}");
    let length = text.lines().nth(line - 1).map_or(0, str::len);
    assert!((1..=length.max(1)).contains(column), "{error}");
    assert_eq!(error.to_string(), format!("wrong.json:{line}:{column}: {path}: {found_why}"));
}

#[test]
fn a_list_is_no_object() {
    refused(&field(r#""expect": []"#), 8, "expect", "found a list");
    refused(&expect(r#""findings": [[]]"#), 8, "expect.findings[0]", "found a list");
    refused(&when("[]"), 6, "steps[0].when", "found a list");
    let ScenarioError::Invalid { line, why, .. } = error(r#"["mobsync-scenario", 1, "t"]"#) else {
        panic!("it is read")
    };
    assert_eq!(line, 1);
    assert!(why.contains("found a list"), "{why}");
}

#[test]
fn unknown_fields_and_words() {
    refused(&field(r#""chose": "all""#), 8, "chose", "did you mean `choose`?");
    refused(&field(r#""choose": "al""#), 8, "choose", "did you mean `all`?");
    refused(&field(r#""profile": "vist""#), 8, "profile", "did you mean `vista`?");
    refused(&field(r#""event": "schedule""#), 8, "event", "did you mean `scheduled`?");
    refused(&field(r#""cookie": "xyz""#), 8, "cookie", "expected an even number of hexadecimal digits");
    refused(&field(r#""timeout": "10""#), 8, "timeout", "expected a number with its unit, such as 5ms");
    refused(&action(r#"{ "skp": "A" }"#), 6, "steps[0].do", "did you mean `skip`?");
    refused(&action(r#""relase""#), 6, "steps[0].do", "did you mean `release`?");
    refused(&action(r#"{ "reply": "cancel-itm" }"#), 6, "steps[0].do.reply", "did you mean `cancel-item`?");
    refused(&action(r#"{ "wait": "5" }"#), 6, "steps[0].do.wait", "`5` is not a duration");
    let expects = r#"{ "when": { "state": "prepared" }, "do": "release", "expect": "ilegal" }"#;
    refused(&step(expects), 6, "steps[0].expect", "did you mean `illegal`?");
}

#[test]
fn impossible_triggers() {
    let path = "steps[0].when";
    refused(&when(r#"{ "callback": "Progres" }"#), 6, "steps[0].when.callback", "a name such as Progress");
    refused(&when(r#"{ "state": "prepard" }"#), 6, "steps[0].when.state", "a state such as prepared");
    refused(&when(r#"{ "state": "xxxxxxxxxx" }"#), 6, "steps[0].when.state", "one of created, declined, initialized");
    let status = r#"{ "callback": "EnableModeless", "status": "UPDATING" }"#;
    refused(&when(status), 6, path, "EnableModeless has no status; `status` is allowed only with Progress");
    let item = r#"{ "callback": "EnableModeless", "item": "A" }"#;
    refused(&when(item), 6, path, "EnableModeless has no item; `item` is allowed only with Progress and LogError");
    refused(&when(r#"{ "callback": "Progress", "nth": 0 }"#), 6, path, "`nth` counts from 1");
    let two = r#"{ "callback": "Progress", "state": "prepared" }"#;
    refused(&when(two), 6, path, "a trigger needs exactly one of `state`, `callback` and `time`");
    refused(&when("{}"), 6, path, "a trigger needs exactly one of `state`, `callback` and `time`");
    let narrowed = r#"{ "state": "prepared", "item": "A" }"#;
    refused(&when(narrowed), 6, path, "`item`, `status` and `thread` are allowed only with `callback`");
    refused(&when(r#"{ "time": "5ms", "nth": 2 }"#), 6, path, "`time`, which occurs only once");
}

#[test]
fn a_reply_answers_the_callback_that_is_waited_for() {
    let other = action(r#"{ "reply": "refuse-dialog" }"#);
    let why = "the reply `refuse-dialog` answers EnableModeless, but this step waits for Progress";
    refused(&other, 6, "steps[0]", why);
    let none = step(r#"{ "when": { "state": "prepared" }, "do": { "reply": "cancel-all" } }"#);
    refused(&none, 6, "steps[0]", r#"its trigger must be {"callback": "Progress", …}"#);
}

#[test]
fn only_a_session_for_configuration_does_without_an_event() {
    let why = "only a session for configuration can do without an event: add `\"settings\": true`";
    for (text, path, column) in
        [(r#""event": "none""#, "event", 12), (r#""another": { "event": "none" }"#, "another.event", 25)]
    {
        let error = error(&field(text)).to_string();
        assert!(error.starts_with(&format!("wrong.json:8:{column}: {path}: {why}")), "{error}");
    }
    let both = field(r#""event": "none", "settings": true"#);
    assert!(scenario::parse(&both, "test.json".as_ref()).is_ok());
}

#[test]
fn wrong_ids() {
    refused(&action(r#"{ "show_error": "E100" }"#), 6, "steps[0].do.show_error", "`E100` is not an ID");
    refused(&action(r#"{ "skip": "{6D6F}" }"#), 6, "steps[0].do.skip", "`{6D6F}` is not a GUID");
    let item = r#"{ "callback": "Progress", "item": "{6D6F6273-796E-6300-0000}" }"#;
    refused(&when(item), 6, "steps[0].when.item", "is not a GUID");
    refused(&field(r#""choose": ["A", "{1}"]"#), 8, "choose[1]", "`{1}` is not a GUID");
    let event = r#""events": [{ "callback": "LogError", "error": "{1}" }]"#;
    refused(&expect(event), 8, "expect.events[0].error", "`{1}` is not an ID");
}

#[test]
fn wrong_expectations() {
    let outcome = |words: &str| expect(&format!("\"outcome\": \"{words}\""));
    refused(&outcome("complete with S_OK"), 8, "expect.outcome", "such as `completed with S_OK`");
    refused(&outcome("Synchronize was not completed"), 8, "expect.outcome", "`Synchronize was never completed`");
    refused(
        &outcome("completed with S_OKAY"),
        8,
        "expect.outcome",
        "`S_OKAY` is not an HRESULT; expected a name such as S_OK",
    );
    refused(&outcome("fine"), 8, "expect.outcome", "`completed with HRESULT`, `declined with HRESULT`");
    let status = expect(r#""items": { "A": "SUCEEDED" }"#);
    refused(&status, 8, "expect.items.A", "`SUCEEDED` is not a SYNCMGRSTATUS; expected a name such as SUCCEEDED");
    refused(
        &expect(r#""findings": ["SYNC-40"]"#),
        8,
        "expect.findings",
        "`SYNC-40` is not the code of a rule; did you mean SYNC-",
    );
    refused(&expect(r#""findings": { "atleast": [] }"#), 8, "expect.findings", "did you mean `at_least`?");
    refused(&expect(r#""findings": { "at_least": ["X"] }"#), 8, "expect.findings", "`X` is not the code of a rule");
    let count = expect(r#""counts": { "Sychronize": 1 }"#);
    refused(&count, 8, "expect.counts", "`Sychronize` is not a method, callback or note; did you mean `Synchronize`?");
    let event = |text: &str| expect(&format!("\"events\": [{text}]"));
    let path = "expect.events[0]";
    refused(&event(r#"{ "call": "Sychronize" }"#), 8, path, "expected a name such as Synchronize");
    refused(&event(r#"{ "note": "Crash" }"#), 8, path, "expected a name such as Crashed");
    refused(&event(r#"{ "call": "Release", "note": "Crashed" }"#), 8, path, "exactly one of `call`, `return`");
    refused(&event(r#"{ "call": "Release", "reply": "S_OK" }"#), 8, path, "`reply` is allowed only with `callback`");
    let item = "`item` is not allowed with the call Synchronize, which has no such field";
    refused(&event(r#"{ "call": "Synchronize", "item": "A" }"#), 8, path, item);
    refused(&event(r#"{ "note": "Crashed", "hr": "S_OK" }"#), 8, path, "`hr` is not allowed with the note Crashed");
    refused(
        &event(r#"{ "callback": "LogError", "status": "FAILED" }"#),
        8,
        path,
        "`status` is not allowed with the callback",
    );
    refused(
        &event(r#"{ "return": "ShowError", "error": "E1" }"#),
        8,
        path,
        "`error` is not allowed with the return of",
    );
    let result = event(r#"{ "return": "Synchronize", "hr": "S_OKAY" }"#);
    refused(&result, 8, "expect.events[0].hr", "`S_OKAY` is not an HRESULT; expected a name such as S_OK");
}

#[test]
fn another_version_or_format_and_no_scenario_at_all() {
    let right = field("\"settings\": false");
    assert!(scenario::parse(&right, Path::new("right.json")).is_ok());
    for found in [0, 2] {
        let error = error(&right.replace("\"version\": 1", &format!("\"version\": {found}")));
        assert!(matches!(error, ScenarioError::Version { line: 3, found: of, .. } if of == found), "{error:?}");
        let message = format!("version: the file has format version {found}; this program reads version 1");
        assert!(error.to_string().starts_with("wrong.json:3:") && error.to_string().ends_with(&message), "{error}");
    }
    let trace = right.replace("mobsync-scenario", "mobsync-trace");
    refused(&trace, 2, "format", "the format is `mobsync-trace`; expected `mobsync-scenario`");
    let cut = &right[..right.find("\"title\"").expect("it has a title") + 8];
    refused(cut, 4, "title", "not JSON: the file ends in the middle of a value");
    refused("", 1, "the document", "the file is empty");
    refused("PK\u{3}\u{4}\u{0}\u{1}", 1, "the document", "expected value");
    refused(&(right.clone() + "x"), 10, "the document", "trailing characters");
    let untitled = right.replace("  \"title\": \"t\",\n", "");
    refused(&untitled, 1, "the document", "the field `title` is missing");
}

#[test]
fn a_file_that_is_not_text_or_not_there() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let binary = folder.path().join("binary.json");
    std::fs::write(&binary, [0xff, 0xfe, 0, 1]).expect("it can be written");
    let error = scenario::load(&binary).expect_err("it is no text");
    assert_eq!(error, ScenarioError::NotUtf8 { file: binary, line: 1, column: 1 });
    let missing = folder.path().join("missing.json");
    let error = scenario::load(&missing).expect_err("it cannot be read");
    assert!(matches!(&error, ScenarioError::Unreadable { file: named, .. } if *named == missing), "{error}");
    assert!(error.to_string().starts_with(&format!("{}: ", missing.display())), "{error}");
}

fn library() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let files =
        std::fs::read_dir(folder).expect("the library is there").map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.sort();
    let read = |file: PathBuf| (file.clone(), std::fs::read_to_string(file).expect("it is text"));
    files.into_iter().map(read).collect()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&scenario::schema()).expect("the schema is a schema")
}

#[test]
fn the_schema_takes_the_library_also_as_it_is_written_back() {
    let schema = validator();
    let library = library();
    assert!(library.len() >= 34, "{}", library.len());
    for (file, text) in library {
        let read = scenario::parse(&text, &file).unwrap_or_else(|error| panic!("{error}"));
        let written = serde_json::to_value(&read).expect("a scenario can be written");
        for value in [serde_json::from_str(&text).expect("it is JSON"), written] {
            let complaints: Vec<String> =
                schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path)).collect();
            assert!(complaints.is_empty(), "{}:\n{}", file.display(), complaints.join("\n"));
        }
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = validator();
    for text in [
        field(r#""chose": "all""#),
        field(r#""choose": "al""#),
        field(r#""profile": "vist""#),
        field(r#""event": "schedule""#),
        field(r#""timeout": "10""#),
        field(r#""user": "yes""#),
        when("{}"),
        when(r#"{ "callback": "Progres" }"#),
        when(r#"{ "callback": "Progress", "nth": 0 }"#),
        when(r#"{ "callback": "Progress", "state": "prepared" }"#),
        when(r#"{ "callback": "EnableModeless", "status": "UPDATING" }"#),
        when(r#"{ "callback": "EnableModeless", "item": "A" }"#),
        when(r#"{ "callback": "LogError", "status": "UPDATING" }"#),
        when(r#"{ "state": "prepard" }"#),
        when(r#"{ "state": "prepared", "item": "A" }"#),
        when(r#"{ "time": "5ms", "nth": 2 }"#),
        action(r#""relase""#),
        action(r#"{ "skp": "A" }"#),
        action(r#"{ "reply": "cancel" }"#),
        action(r#"{ "skip": "A", "wait": "5ms" }"#),
        step(r#"{ "when": { "state": "prepared" }, "do": "release", "expect": "ilegal" }"#),
        expect(r#""findings": ["SYNC-40"]"#),
        expect(r#""findings": { "atleast": [] }"#),
        expect(r#""counts": { "Sychronize": 1 }"#),
        expect(r#""counts": { "Synchronize": -1 }"#),
        expect(r#""events": [{ "call": "Sychronize" }]"#),
        expect(r#""events": [{ "callback": "Sychronize" }]"#),
        expect(r#""events": [{ "note": "Crash" }]"#),
        field(r#""user": true"#).replace("\"version\": 1", "\"version\": 2"),
        field(r#""user": true"#).replace("mobsync-scenario", "mobsync-trace"),
        field(r#""user": true"#).replace("\"title\"", "\"follows\""),
    ] {
        error(&text);
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        assert!(!schema.is_valid(&value), "{text}");
    }
    assert!(schema.is_valid(&json!({ "format": "mobsync-scenario", "version": 1, "title": "t" })));
    assert!(!schema.is_valid(&json!([])));
}

/// Changes the text at one place.
fn mutated(text: &str, at: usize, kind: u8, byte: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    match kind {
        0 => bytes[at] = byte,
        1 => bytes.truncate(at),
        2 => bytes.insert(at, byte),
        3 => drop(bytes.remove(at)),
        _ => {
            let end = (at + usize::from(byte)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_mutated_scenario_is_read_or_refused_with_its_file_and_never_panics() {
    let library = library();
    let change = (any::<usize>(), 0..5_u8, any::<u8>());
    let changes = prop::collection::vec(change, 1..4);
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(which in 0..library.len(), changes in changes)| {
        let mut text = library[which].1.clone();
        for (at, kind, byte) in changes {
            if !text.is_empty() {
                text = mutated(&text, at, kind, byte);
            }
        }
        match scenario::parse(&text, Path::new("mutated.json")) {
            Ok(read) => {
                let written = serde_json::to_string(&read).expect("what was read can be written");
                prop_assert_eq!(scenario::parse(&written, Path::new("again.json")), Ok(read));
            }
            Err(error) => prop_assert!(error.to_string().starts_with("mutated.json:"), "{}", error),
        }
    });
}
