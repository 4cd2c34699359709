//! The JSON Schema of a trace's lines.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{FORMAT, Header, VERSION};
use crate::protocol::{CallId, CallMethod, CallbackMethod, HResult, HandlerId, NoteName, Out};

/// The JSON Schema (draft 2020-12) that every line of a trace keeps: the header, or an event of one kind and method.
///
/// Keys beyond those named are allowed: a newer minor version may write more. What a schema of lines cannot say: that the
/// header comes first and once, and that sequence numbers rise.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(limit));
    let mut schemas = settings.into_generator();
    let mut lines = vec![header(&mut schemas)];
    for method in CallMethod::ALL {
        let args = method.args_schema(&mut schemas);
        lines.push(line(&mut schemas, "call", json!({ "const": method.name() }), args, false));
    }
    let args = schemas.subschema_for::<Out>();
    let methods = names(CallMethod::ALL.iter().map(|method| method.name()));
    lines.push(line(&mut schemas, "return", methods, Some(args), true));
    for method in CallbackMethod::ALL {
        let args = method.args_schema(&mut schemas);
        lines.push(line(&mut schemas, "callback", json!({ "const": method.name() }), args, false));
    }
    let methods = names(CallbackMethod::ALL.iter().map(|method| method.name()));
    lines.push(line(&mut schemas, "reply", methods, None, true));
    for name in NoteName::ALL {
        let args = name.args_schema(&mut schemas);
        lines.push(line(&mut schemas, "note", json!({ "const": name.name() }), args, false));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a mobsync trace",
        "oneOf": lines,
        "$defs": schemas.take_definitions(true),
    })
}

/// Says what a number's format implies: validators do not look at formats.
fn limit(schema: &mut Schema) {
    let range = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (json!(0), json!(u32::MAX)),
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("uint64") => (json!(0), json!(u64::MAX)),
        _ => return,
    };
    schema.insert("minimum".into(), range.0);
    schema.insert("maximum".into(), range.1);
}

/// The first line.
fn header(schemas: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "title": "header",
        "type": "object",
        "properties": { "format": { "const": FORMAT }, "version": { "const": VERSION } },
        "required": ["format", "version"],
        "allOf": [schemas.subschema_for::<Header>()],
    })
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    json!({ "enum": names.collect::<Vec<_>>() })
}

/// An event of one kind and the given methods.
fn line(schemas: &mut SchemaGenerator, kind: &str, method: Value, args: Option<Schema>, hr: bool) -> Schema {
    let title = match method.get("const").and_then(Value::as_str) {
        Some(method) => format!("{kind} {method}"),
        None => kind.to_owned(),
    };
    let mut required = vec!["seq", "at_ns", "thread", "handler", "kind", "method"];
    let mut properties = json!({
        "seq": { "type": "integer", "minimum": 1, "maximum": u64::MAX },
        "at_ns": { "type": "integer", "minimum": 0, "maximum": u64::MAX },
        "thread": { "type": "string" },
        "handler": schemas.subschema_for::<HandlerId>(),
        "kind": { "const": kind },
        "method": method,
    });
    if kind != "note" {
        required.push("call");
        properties["call"] = schemas.subschema_for::<CallId>().to_value();
    }
    if let Some(args) = args {
        // Left out where nothing would stand in it, so needed only where something must.
        if needs_something(schemas, &args) {
            required.push("args");
        }
        properties["args"] = args.to_value();
    }
    if hr {
        required.push("hr");
        properties["hr"] = schemas.subschema_for::<HResult>().to_value();
    }
    json_schema!({ "title": title, "type": "object", "properties": properties, "required": required })
}

/// Whether the schema, a reference to a definition, has required properties.
fn needs_something(schemas: &SchemaGenerator, args: &Schema) -> bool {
    let definition = args.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    definition
        .and_then(|name| schemas.definitions().get(name))
        .and_then(|definition| definition.get("required"))
        .is_some()
}
