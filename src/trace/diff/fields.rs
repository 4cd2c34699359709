//! In which fields two events of one kind differ.

use serde_json::{Map, Value};

use super::difference::Field;
use super::meaning::Meaning;
use crate::protocol::{CallId, Event, EventKind, HandlerId, Thread};

/// The fields in which two meanings of one kind and method differ.
pub(super) fn differing(a: &Meaning, b: &Meaning) -> Vec<Field> {
    let mut fields = Vec::new();
    let (of_a, of_b) = (written(a), written(b));
    compare(String::new(), Some(&Value::Object(of_a)), Some(&Value::Object(of_b)), &mut fields);
    fields
}

/// The meaning as it stands in trace files: arguments, result, and what belongs to it besides.
fn written(meaning: &Meaning) -> Map<String, Value> {
    let event =
        Event { seq: 0, at_ns: 0, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind: meaning.kind.clone() };
    let Ok(Value::Object(mut event)) = serde_json::to_value(&event) else { return Map::new() };
    let mut fields = match event.shift_remove("args") {
        Some(Value::Object(args)) => args,
        _ => Map::new(),
    };
    let hr = event.shift_remove("hr");
    if let Some(hr) = hr {
        fields.insert("hr".to_owned(), hr);
    }
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if let Some(hr) = meaning.reply {
        put("reply", Value::from(hr.to_string()));
    }
    if let EventKind::Return { call: CallId(_), .. } = meaning.kind {
        put("returns from", Value::from(returns_from(meaning.overtaken_by)));
    }
    if meaning.inside_callback {
        put("made", Value::from("inside a callback"));
    }
    if meaning.another_holds_dialog {
        put("meanwhile", Value::from("another handler holds a dialog"));
    }
    if let Some(Value::Number(_)) = fields.get("hwnd") {
        fields.insert("hwnd".to_owned(), Value::from("not NULL"));
    }
    fields
}

fn returns_from(overtaken_by: Option<u32>) -> String {
    match overtaken_by {
        None => "no open call".to_owned(),
        Some(0) => "the newest call".to_owned(),
        Some(newer) => format!("a call with {newer} newer"),
    }
}

fn compare(path: String, a: Option<&Value>, b: Option<&Value>, out: &mut Vec<Field>) {
    match (a, b) {
        _ if a == b => {}
        (Some(Value::Object(x)), Some(Value::Object(y))) if !is_text(x) && !is_text(y) => {
            let only_b = y.keys().filter(|key| !x.contains_key(*key));
            for key in x.keys().chain(only_b) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(path, x.get(key), y.get(key), out);
            }
        }
        (Some(Value::Array(x)), Some(Value::Array(y))) if x.iter().chain(y).all(Value::is_object) => {
            structures(&path, x, y, out);
        }
        // A list of structures that is empty is left out where it stands in a trace.
        (Some(Value::Array(x)), None) if x.iter().all(Value::is_object) => structures(&path, x, &[], out),
        (None, Some(Value::Array(y))) if y.iter().all(Value::is_object) => structures(&path, &[], y, out),
        _ => out.push(Field { name: path, a: a.cloned(), b: b.cloned() }),
    }
}

/// Lists of structures: element by element, or what the one has more than the other.
fn structures(path: &str, x: &[Value], y: &[Value], out: &mut Vec<Field>) {
    let from = if x.len() == y.len() { 0 } else { x.iter().zip(y).take_while(|(x, y)| x == y).count() };
    let (x, y) = (&x[from..], &y[from..]);
    let behind = x.iter().rev().zip(y.iter().rev()).take_while(|(x, y)| x == y).count();
    let (x, y) = (&x[..x.len() - behind], &y[..y.len() - behind]);
    for at in 0..x.len().max(y.len()) {
        compare(format!("{path}[{}]", from + at), x.get(at), y.get(at), out);
    }
}

/// Text that is no UTF-16 is written as an object.
fn is_text(object: &Map<String, Value>) -> bool {
    object.contains_key("utf16")
}
