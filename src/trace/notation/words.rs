//! Writing the notation: what stands within a line.

use std::collections::HashMap;

use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use super::print::put;
use super::shape::{Bare, Shape, Sort, sort};
use crate::protocol::{Call, Callback, Guid, Item, Items, Note, Return};
use crate::trace::wire::{call_args, callback_args, note_args};

/// Writes arguments, and knows which GUIDs have been named.
#[derive(Debug, Default)]
pub(super) struct Words {
    aliases: HashMap<Guid, String>,
    items: u32,
    errors: u32,
    /// Names that no line has declared yet.
    new: Vec<(String, Guid)>,
    /// Items that are called by their own names.
    named: Items,
}

impl Words {
    /// Calls these items by their own names, in quotes.
    pub fn naming(named: Items) -> Self {
        Self { named, ..Self::default() }
    }

    /// Calls these items by their own names from now on.
    pub fn name_items(&mut self, named: Items) {
        self.named = named;
    }

    pub fn call(&mut self, call: &Call, line: &mut String) {
        let args = args(|map| call_args(call, map));
        self.arguments(&Shape::of_call(call.method()), args, line);
    }

    pub fn callback(&mut self, callback: &Callback, line: &mut String) {
        let args = args(|map| callback_args(callback, map));
        self.arguments(&Shape::of_callback(callback.method()), args, line);
    }

    pub fn note(&mut self, note: &Note, line: &mut String) {
        let args = args(|map| note_args(note, map));
        self.arguments(&Shape::of_note(note.method()), args, line);
    }

    /// What a call brought beside its result.
    pub fn out(&mut self, what: &Return, line: &mut String) {
        let args = args(|map| map.serialize_entry("args", &what.out));
        self.arguments(&Shape::of_return(what.method), args, line);
    }

    /// Writes the lines that declare the names used since the last time.
    pub fn declare_new(&mut self, out: &mut String) {
        for (alias, guid) in self.new.drain(..) {
            put(out, format_args!("alias {alias} {guid}\n"));
        }
    }

    fn arguments(&mut self, shape: &Shape, mut args: Map<String, Value>, line: &mut String) {
        let mut bare = None;
        if !shape.info.is_empty() {
            match (args.shift_remove("info"), shape.bare) {
                (Some(Value::Object(info)), Bare::Null) if info.is_empty() => bare = Some("info={}"),
                (Some(Value::Object(info)), _) => args.extend(info),
                (_, Bare::Empty) => bare = Some("info=NULL"),
                (_, Bare::Null) => {}
            }
        }
        for key in shape.positional {
            if let Some(value) = args.shift_remove(*key) {
                line.push(' ');
                self.value(key, &value, line);
            } else if *key == "text" {
                line.push_str(" text=NULL");
            }
        }
        if shape.bare == Bare::Empty {
            self.progress(&mut args, line);
        }
        for (key, value) in &args {
            match value {
                Value::Bool(true) if key == "probe" => line.push_str(" probe"),
                _ => {
                    put(line, format_args!(" {key}="));
                    self.value(key, value, line);
                }
            }
        }
        if let Some(bare) = bare {
            put(line, format_args!(" {bare}"));
        }
    }

    /// A status, a value with its maximum, a text: without their names where that can be.
    fn progress(&mut self, args: &mut Map<String, Value>, line: &mut String) {
        if let Some(status) = args.shift_remove("status") {
            line.push(' ');
            self.value("status", &status, line);
        }
        if let (Some(Value::Number(value)), Some(Value::Number(max))) = (args.get("value"), args.get("max")) {
            put(line, format_args!(" {value}/{max}"));
            args.shift_remove("value");
            args.shift_remove("max");
        }
        if let Some(text) = args.shift_remove("text") {
            line.push(' ');
            self.value("text", &text, line);
        }
    }

    fn value(&mut self, key: &str, value: &Value, line: &mut String) {
        match value {
            Value::Null => line.push_str("NULL"),
            Value::Bool(true) if key == "enable" => line.push_str("TRUE"),
            Value::Bool(false) if key == "enable" => line.push_str("FALSE"),
            Value::Bool(_) | Value::Number(_) => put(line, format_args!("{value}")),
            Value::String(text) => self.string(key, text, line),
            Value::Array(values) => {
                line.push('[');
                for (at, value) in values.iter().enumerate() {
                    line.push_str(if at > 0 { ", " } else { "" });
                    self.value(key, value, line);
                }
                line.push(']');
            }
            Value::Object(fields) => {
                line.push('{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    put(line, format_args!("{}{key}:", if at > 0 { "," } else { "" }));
                    self.value(key, value, line);
                }
                line.push('}');
            }
        }
    }

    fn string(&mut self, key: &str, text: &str, line: &mut String) {
        match (sort(key), text.parse()) {
            (Sort::Guid, Ok(guid)) => self.guid(key, guid, line),
            (Sort::Text, _) => quoted(text, line),
            _ => name(text, line),
        }
    }

    /// A GUID by its name. Items and errors get one where they have none; interfaces are known by their value.
    fn guid(&mut self, key: &str, guid: Guid, line: &mut String) {
        if let Some(alias) = guid.alias() {
            line.push_str(&alias);
        } else if key == "iid" {
            put(line, format_args!("{guid}"));
        } else if let Some(item) = self.named.get(guid).filter(|item| self.is_known_by_name(item)) {
            quoted(&item.name.to_string(), line);
        } else {
            let (errors, items, new) = (&mut self.errors, &mut self.items, &mut self.new);
            let alias = self.aliases.entry(guid).or_insert_with(|| {
                let (stem, count) = if key == "error" { ("err", errors) } else { ("item", items) };
                *count += 1;
                let alias = format!("{stem}{count}");
                new.push((alias.clone(), guid));
                alias
            });
            line.push_str(alias);
        }
    }
}

impl Words {
    /// Whether the name says which item is meant.
    fn is_known_by_name(&self, item: &Item) -> bool {
        let name = item.name.as_str().filter(|name| !name.is_empty());
        name.is_some_and(|name| self.named.named(name).nth(1).is_none())
    }
}

/// A word that needs no quotes, or else a string.
pub(super) fn name(text: &str, line: &mut String) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'|' | b'.' | b'-');
    if !text.is_empty() && text.bytes().all(plain) { line.push_str(text) } else { quoted(text, line) }
}

fn quoted(text: &str, line: &mut String) {
    line.push_str(&crate::json::quoted(text));
}

/// The arguments as JSON, empty where there are none.
fn args(
    write: impl FnOnce(&mut <serde_json::value::Serializer as Serializer>::SerializeMap) -> serde_json::Result<()>,
) -> Map<String, Value> {
    let mut map = serde_json::value::Serializer.serialize_map(None).expect("a map of values begins without fail");
    write(&mut map).expect("the protocol's types are values");
    match map.end() {
        Ok(Value::Object(mut whole)) => match whole.shift_remove("args") {
            Some(Value::Object(args)) => args,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}
