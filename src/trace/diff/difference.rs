//! What a comparison finds.

use std::fmt;

use serde_json::Value;

use crate::protocol::{Guid, HandlerId, Text};

/// The first difference in meaning between two traces, A and B.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The sequence number of the event of A that is missing, other, or in another place in B.
    pub a: Option<u64>,
    /// The sequence number of the event of B that is missing, other, or in another place in A.
    pub b: Option<u64>,
    /// In what they differ.
    pub stream: Stream,
    /// How they differ.
    pub what: What,
    /// The stream around the difference, side by side.
    pub rows: Vec<Row>,
    /// What the names in the lines stand for, as lines of the notation (`alias item1 {…}`).
    pub aliases: Vec<String>,
}

/// A sequence of events in which every order means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Whose events.
    pub subject: Subject,
    /// The item's name, where the stream is one of an item and a trace names it.
    pub item: Option<Text>,
    /// The handler's name, if a trace gives it.
    pub handler: Option<Text>,
    /// The number of the instance in A.
    pub instance_a: Option<HandlerId>,
    /// The number of the instance in B.
    pub instance_b: Option<HandlerId>,
    /// Whether a trace has several instances.
    pub several: bool,
}

/// What a stream is about. See [the module](super) for what belongs to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The manager's calls, their returns, and completions.
    Session,
    /// One item: its progress, its errors, and being told to skip it.
    Item(Guid),
    /// The manager's calls of SetItemStatus for one item, and their place in the session.
    SetItemStatus(Guid),
    /// EnableModeless.
    Dialogs,
    /// EstablishConnection, and what became of the connections.
    Connections,
    /// Logged errors that concern no item.
    ErrorLog,
}

/// How two traces differ.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The same event says something else.
    Changed {
        /// The event, in words.
        event: String,
        /// What it says in A and in B.
        fields: Vec<Field>,
    },
    /// An event of A is not in B.
    MissingInB {
        /// The event, in words.
        event: String,
    },
    /// An event of B is not in A.
    OnlyInB {
        /// The event, in words.
        event: String,
    },
    /// Both have the events, in another order.
    Order {
        /// What comes first in A.
        a: String,
        /// What comes first in B.
        b: String,
    },
    /// Each goes on with an event of its own.
    Instead {
        /// How A goes on.
        a: String,
        /// How B goes on.
        b: String,
    },
}

/// A field of an event, and what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its path in the trace file below `args`, e.g. `info.status`; `hr` is the result, `reply` that of the reply.
    pub name: String,
    /// What A has, if anything.
    pub a: Option<Value>,
    /// What B has, if anything.
    pub b: Option<Value>,
}

/// One line of the stream in each trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A's, if it has one here.
    pub a: Option<DiffLine>,
    /// B's, if it has one here.
    pub b: Option<DiffLine>,
    /// Whether they differ.
    pub differs: bool,
}

/// An event in the notation, without its thread and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Its sequence number.
    pub seq: u64,
    /// The line.
    pub text: String,
}

impl What {
    /// The word for it in files: `changed`, `missing-in-b`, `only-in-b`, `order` or `instead`.
    pub const fn name(&self) -> &'static str {
        match self {
            What::Changed { .. } => "changed",
            What::MissingInB { .. } => "missing-in-b",
            What::OnlyInB { .. } => "only-in-b",
            What::Order { .. } => "order",
            What::Instead { .. } => "instead",
        }
    }

    /// The fields that differ, if the event is changed.
    pub fn fields(&self) -> &[Field] {
        match self {
            What::Changed { fields, .. } => fields,
            _ => &[],
        }
    }
}

impl Subject {
    /// The word for it in files.
    pub const fn name(self) -> &'static str {
        match self {
            Subject::Session => "session",
            Subject::Item(_) => "item",
            Subject::SetItemStatus(_) => "set-item-status",
            Subject::Dialogs => "dialogs",
            Subject::Connections => "connections",
            Subject::ErrorLog => "error-log",
        }
    }

    /// The item, if it is about one.
    pub const fn item(self) -> Option<Guid> {
        match self {
            Subject::Item(item) | Subject::SetItemStatus(item) => Some(item),
            _ => None,
        }
    }
}

/// `what happens to item "Left" (A), handler "Files"`
impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Session => f.write_str("the session")?,
            Subject::Item(_) => f.write_str("what happens to ")?,
            Subject::SetItemStatus(_) => f.write_str("SetItemStatus of ")?,
            Subject::Dialogs => f.write_str("the dialogs")?,
            Subject::Connections => f.write_str("the connections")?,
            Subject::ErrorLog => f.write_str("the error log")?,
        }
        if let Some(id) = self.subject.item() {
            let id = id.alias().unwrap_or_else(|| id.to_string());
            match self.item.as_ref().filter(|name| !name.is_empty() && name.as_str() != Some(&id)) {
                Some(name) => write!(f, "item {} ({id})", quoted(name))?,
                None => write!(f, "item {id}")?,
            }
        }
        let Some(handler) = &self.handler else { return Ok(()) };
        write!(f, ", handler {}", quoted(handler))?;
        match (self.instance_a, self.instance_b) {
            _ if !self.several => Ok(()),
            (Some(a), Some(b)) if a == b => write!(f, " (instance {a})"),
            (Some(a), Some(b)) => write!(f, " (instance {a} of A, {b} of B)"),
            (Some(a), None) => write!(f, " (instance {a} of A)"),
            (None, Some(b)) => write!(f, " (instance {b} of B)"),
            (None, None) => Ok(()),
        }
    }
}

/// One sentence: the event, where it is, and what differs.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = (self.a.unwrap_or_default(), self.b.unwrap_or_default());
        match &self.what {
            What::Changed { event, fields } => {
                write!(f, "{event} (#{a} in A, #{b} in B) differs in ")?;
                for (at, field) in fields.iter().enumerate() {
                    write!(f, "{}{field}", if at > 0 { "; " } else { "" })?;
                }
                Ok(())
            }
            What::MissingInB { event } => write!(f, "{event} (#{a} in A) is missing in B"),
            What::OnlyInB { event } => write!(f, "{event} (#{b} in B) is only in B"),
            What::Order { a: first_a, b: first_b } => {
                write!(f, "a different order: {first_a} (#{a}) comes first in A, {first_b} (#{b}) in B")
            }
            What::Instead { a: in_a, b: in_b } => write!(f, "A continues with {in_a} (#{a}), B with {in_b} (#{b})"),
        }
    }
}

/// `info.status: UPDATING / SUCCEEDED`
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.name.rsplit(['.', '[']).next().unwrap_or_default();
        let side = |value: &Option<Value>| match value {
            None if last == "hwnd" => "NULL".to_owned(),
            None => "none".to_owned(),
            Some(value) => shortened(shown(last, value)),
        };
        write!(f, "{}: {} / {}", self.name, side(&self.a), side(&self.b))
    }
}

/// A value as the notation has it.
fn shown(key: &str, value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(_) if matches!(key, "name" | "text" | "what") => value.to_string(),
        Value::String(text) => text.parse::<Guid>().ok().and_then(Guid::alias).unwrap_or_else(|| text.clone()),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(|value| shown(key, value)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}:{}", shown(key, value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A value that is too long for a sentence, cut.
fn shortened(mut text: String) -> String {
    const LONGEST: usize = 200;
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// Text in quotes, with what could disturb a terminal written out.
fn quoted(text: &Text) -> String {
    crate::json::quoted(&text.to_string())
}
