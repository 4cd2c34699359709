//! What the derived JSON Schema of scenarios cannot know: names, and which fields go together.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::file::{FORMAT, VERSION};
use super::pattern::ItemRef;
use crate::protocol::{CallMethod, CallbackMethod, Delay, NoteName, Status};

/// The JSON Schema of scenarios.
pub fn schema() -> Value {
    schemars::schema_for!(super::Scenario).to_value()
}

pub(super) fn format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": FORMAT })
}

pub(super) fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": VERSION })
}

pub(super) fn choose(generator: &mut SchemaGenerator) -> Schema {
    let item = generator.subschema_for::<ItemRef>();
    json_schema!({ "anyOf": [{ "enum": ["checked", "all", "none"] }, { "type": "array", "items": item }] })
}

fn callback_names() -> Vec<&'static str> {
    CallbackMethod::ALL.iter().map(|method| method.name()).collect()
}

fn optional(names: Vec<&str>) -> Schema {
    let names: Vec<Option<&str>> = names.into_iter().map(Some).chain([None]).collect();
    json_schema!({ "enum": names })
}

pub(super) fn optional_call(_: &mut SchemaGenerator) -> Schema {
    optional(CallMethod::ALL.iter().map(|method| method.name()).collect())
}

pub(super) fn optional_callback(_: &mut SchemaGenerator) -> Schema {
    optional(callback_names())
}

pub(super) fn optional_state(_: &mut SchemaGenerator) -> Schema {
    let states: Vec<String> = crate::protocol::State::ALL.iter().map(ToString::to_string).collect();
    optional(states.iter().map(String::as_str).collect())
}

pub(super) fn optional_note(_: &mut SchemaGenerator) -> Schema {
    optional(NoteName::ALL.iter().map(|name| name.name()).collect())
}

pub(super) fn counts(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = super::pattern::method_names().collect();
    json_schema!({
        "type": "object",
        "propertyNames": { "enum": names },
        "additionalProperties": { "type": "integer", "minimum": 0 }
    })
}

/// An array of rule codes.
fn codes() -> Value {
    let codes: Vec<&str> = crate::rules::RULES.iter().map(|rule| rule.code).collect();
    json!({ "type": "array", "items": { "enum": codes } })
}

pub(super) fn findings(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "null" },
        codes(),
        {
            "type": "object",
            "properties": { "at_least": codes() },
            "required": ["at_least"],
            "additionalProperties": false
        },
    ] })
}

/// The three kinds of triggers, each with what goes with it.
pub(super) fn trigger(generator: &mut SchemaGenerator) -> Schema {
    let states: Vec<String> = crate::protocol::State::ALL.iter().map(ToString::to_string).collect();
    let nth = || json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX, "description": "which time, from 1" });
    let (item, status, time) =
        (generator.subschema_for::<ItemRef>(), generator.subschema_for::<Status>(), generator.subschema_for::<Delay>());
    let callback = |names: Vec<&str>, more: Value| {
        let mut properties = json!({ "callback": { "enum": names }, "nth": nth(), "thread": { "type": "string" } });
        if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
            properties.extend(more);
        }
        json!({ "properties": properties, "required": ["callback"], "type": "object", "additionalProperties": false })
    };
    let others = callback_names().into_iter().filter(|name| !["Progress", "LogError"].contains(name)).collect();
    json_schema!({ "oneOf": [
        {
            "description": "the session reaches this state",
            "type": "object",
            "properties": { "state": { "enum": states }, "nth": nth() },
            "required": ["state"],
            "additionalProperties": false
        },
        callback(vec!["Progress"], json!({ "item": item, "status": status })),
        callback(vec!["LogError"], json!({ "item": item })),
        callback(others, json!({})),
        {
            "description": "this long after the start of the session",
            "type": "object",
            "properties": { "time": time },
            "required": ["time"],
            "additionalProperties": false
        },
    ] })
}
