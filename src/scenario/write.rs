//! Scenarios as files that people read.

use std::fmt::Write;

use serde_json::Value;

use super::file::Scenario;
use crate::json::{quoted, to_string};

/// The scenario as it is written by hand: a member a line, a step a line.
///
/// # Errors
/// When it cannot be written as JSON, which does not happen to one that was read.
pub fn to_text(scenario: &Scenario) -> serde_json::Result<String> {
    let value = serde_json::to_value(scenario)?;
    Ok(format!("{}\n", object(&value, 0)))
}

/// An object with a member a line, of which those of `expect` have their own lines too.
fn object(value: &Value, indent: usize) -> String {
    let Value::Object(members) = value else { return member(value, indent) };
    let inner = indent + 2;
    let members = members.iter().map(|(name, value)| {
        let written = if name == "expect" { object(value, inner) } else { member(value, inner) };
        format!("{:inner$}{}: {written}", "", quoted(name))
    });
    format!("{{\n{}\n{:indent$}}}", members.collect::<Vec<_>>().join(",\n"), "")
}

/// The value of a member that stands `indent` spaces to the right: on one line, but each object of a list on its own.
pub(crate) fn member(value: &Value, indent: usize) -> String {
    match value {
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            let inner = indent + 2;
            let lines: Vec<String> = entries.iter().map(|entry| format!("{:inner$}{}", "", line(entry))).collect();
            format!("[\n{}\n{:indent$}]", lines.join(",\n"), "")
        }
        value => line(value),
    }
}

/// JSON on one line, with the spaces that people put there.
fn line(value: &Value) -> String {
    match value {
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(line).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let mut text = "{ ".to_owned();
            for (at, (name, value)) in members.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                // Writing to a String cannot fail.
                let _ = write!(text, "{comma}{}: {}", quoted(name), line(value));
            }
            text + " }"
        }
        value => to_string(value).unwrap_or_default(),
    }
}
