//! The trace's JSON Schema, against what is written and against what is not a trace.

mod common;

use common::strategies::{event, header};
use jsonschema::Validator;
use mobsync::protocol::Event;
use mobsync::trace::{self, Reader, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

fn validator() -> Validator {
    jsonschema::draft202012::new(&trace::schema()).expect("the schema is a schema")
}

fn line(kind: &str, method: &str) -> Value {
    json!({ "seq": 1, "at_ns": 0, "thread": "t", "handler": 1, "kind": kind, "method": method })
}

fn with(mut line: Value, key: &str, value: Value) -> Value {
    line[key] = value;
    line
}

/// Whether the reader takes the line as an event.
fn reads(line: &Value) -> bool {
    serde_json::from_value::<Event>(line.clone()).is_ok()
}

#[test]
fn the_schema_is_one_of_draft_2020_12() {
    assert!(jsonschema::draft202012::meta::is_valid(&trace::schema()));
}

#[test]
fn every_written_line_keeps_the_schema() {
    let schema = validator();
    proptest!(ProptestConfig::with_cases(512), |(header in header(), event in event())| {
        let mut writer = Writer::new(Vec::new(), &header).unwrap();
        writer.write(&event).unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        for line in text.lines() {
            prop_assert!(schema.is_valid(&serde_json::from_str(line).unwrap()), "{}", line);
        }
    });
}

#[test]
fn a_wrong_line_is_refused_by_schema_and_reader_alike() {
    let schema = validator();
    let release = with(line("call", "Release"), "call", json!(1));
    let next = with(with(line("return", "Next"), "call", json!(1)), "hr", json!("S_OK"));
    let progress = with(line("callback", "Progress"), "call", json!(1));
    let reply = with(with(line("reply", "Progress"), "call", json!(1)), "hr", json!(0));
    let created = with(line("note", "Created"), "args", json!({ "name": "h" }));
    let a = "{6D6F6273-796E-6300-0000-000000000041}";
    for right in [
        release.clone(),
        next.clone(),
        with(next.clone(), "args", json!({ "fetched": 1, "items": [{ "id": a, "name": "A" }] })),
        with(progress.clone(), "args", json!({ "item": a })),
        reply.clone(),
        created.clone(),
        with(release.clone(), "new", json!([1])),
        with(line("note", "ConnectionClosed"), "args", json!({})),
        line("note", "ConnectionClosed"),
    ] {
        assert!(schema.is_valid(&right), "{right}");
        assert!(reads(&right), "{right}");
    }
    let mut wrong = vec![
        json!(1),
        json!({}),
        line("call", "Release"),
        with(line("call", "Progress"), "call", json!(1)),
        with(line("cal", "Release"), "call", json!(1)),
        with(line("call", "Initialize"), "call", json!(1)),
        with(release.clone(), "seq", json!("1")),
        with(release.clone(), "at_ns", json!(-1)),
        with(release.clone(), "handler", json!(u64::from(u32::MAX) + 1)),
        with(next.clone(), "args", json!({ "items": [{ "id": "A", "name": "A" }] })),
        with(next.clone(), "args", json!({ "fetched": true })),
        with(next, "hr", json!(null)),
        with(progress.clone(), "args", json!({})),
        progress,
        with(created, "args", json!({ "name": { "utf16": [70000] } })),
    ];
    for key in ["seq", "at_ns", "thread", "handler", "kind", "method", "call", "hr"] {
        let mut line = reply.clone();
        line.as_object_mut().unwrap().remove(key);
        wrong.push(line);
    }
    for wrong in wrong {
        assert!(!schema.is_valid(&wrong), "{wrong}");
        assert!(!reads(&wrong), "{wrong}");
    }
}

#[test]
fn a_wrong_header_is_refused_by_schema_and_reader_alike() {
    let schema = validator();
    let right = json!({ "format": "mobsync-trace", "version": 1, "started": "2026-01-01T00:00:00Z" });
    let reads = |header: &Value| Reader::new(header.to_string().as_bytes(), "t.jsonl").is_ok();
    assert!(schema.is_valid(&right) && reads(&right));
    for wrong in [
        with(right.clone(), "format", json!("mobsync-report")),
        with(right.clone(), "version", json!(2)),
        with(right.clone(), "started", json!(null)),
        with(right.clone(), "profile", json!("7")),
        with(right.clone(), "limits", json!({ "timeout_ns": "10s" })),
        json!({ "format": "mobsync-trace", "version": 1 }),
    ] {
        assert!(!schema.is_valid(&wrong), "{wrong}");
        assert!(!reads(&wrong), "{wrong}");
    }
}
