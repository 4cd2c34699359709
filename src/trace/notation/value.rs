//! Values of arguments: read as they stand, then turned into JSON by the key that they belong to.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::error::{NotationError, Problem};
use super::lexer::Lexeme;
use super::line::Line;
use super::shape::{Shape, Sort, sort};
use crate::protocol::{Guid, UnknownName, nearest};

/// How deep lists and objects may stand inside each other: no argument needs more than three.
const MAX_DEPTH: usize = 8;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub what: Form<'a>,
    pub span: Range<usize>,
}

/// A value as it stands in the line.
#[derive(Clone, Debug)]
pub(super) enum Form<'a> {
    Word(&'a str),
    Text(String),
    Guid(Guid),
    List(Vec<Node<'a>>),
    Object(Vec<Entry<'a>>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    pub key: &'a str,
    pub place: Range<usize>,
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// Reads a value.
    pub fn read(line: &mut Line<'a>) -> Result<Self, NotationError> {
        Self::read_inside(line, 0)
    }

    fn read_inside(line: &mut Line<'a>, depth: usize) -> Result<Self, NotationError> {
        const EXPECTED: &str = "a value: a name, a number, \"text\", {GUID}, [a list] or {key:value}";
        if depth > MAX_DEPTH {
            return Err(line.error(line.here(), Problem::TooDeep { limit: MAX_DEPTH }));
        }
        let is_value = match line.peek() {
            Some(Lexeme::Word(_) | Lexeme::Text(_) | Lexeme::Guid(_)) => true,
            Some(Lexeme::Mark(mark)) => matches!(mark, '[' | '{'),
            _ => false,
        };
        let Some(token) = is_value.then(|| line.next()).flatten() else { return Err(line.unexpected(EXPECTED)) };
        let what = match token.what {
            Lexeme::Word(word) => Form::Word(word),
            Lexeme::Text(text) => Form::Text(text),
            Lexeme::Guid(guid) => Form::Guid(guid),
            Lexeme::Mark('[') => Form::List(series(line, ']', |line| Self::read_inside(line, depth + 1))?),
            _ => Form::Object(series(line, '}', |line| entry(line, depth + 1))?),
        };
        Ok(Self { what, span: token.span.start..line.behind() })
    }

    /// The node that a JSON path leads to, as far as it leads.
    pub fn follow<'n>(&'n self, path: impl Iterator<Item = &'n serde_path_to_error::Segment>) -> &'n Self {
        let mut node = self;
        for segment in path {
            let next = match (&node.what, segment) {
                (Form::List(nodes), serde_path_to_error::Segment::Seq { index }) => nodes.get(*index),
                (Form::Object(entries), serde_path_to_error::Segment::Map { key }) => {
                    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
                }
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }
}

/// Values with commas between them, up to the closing mark.
fn series<'a, T>(
    line: &mut Line<'a>,
    close: char,
    mut read: impl FnMut(&mut Line<'a>) -> Result<T, NotationError>,
) -> Result<Vec<T>, NotationError> {
    let mut all = Vec::new();
    if line.take(&Lexeme::Mark(close)) {
        return Ok(all);
    }
    loop {
        all.push(read(line)?);
        if line.take(&Lexeme::Mark(close)) {
            return Ok(all);
        }
        if !line.take(&Lexeme::Mark(',')) {
            return Err(line.unexpected(&format!("`,` or `{close}`")));
        }
    }
}

fn entry<'a>(line: &mut Line<'a>, depth: usize) -> Result<Entry<'a>, NotationError> {
    let (key, place) = line.word("a key")?;
    if !line.take(&Lexeme::Mark(':')) {
        return Err(line.unexpected("`:`"));
    }
    Ok(Entry { key, place, value: Node::read_inside(line, depth)? })
}

/// The GUIDs that a document has named.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases(HashMap<String, Guid>);

impl Aliases {
    /// What a name means: of the fixed ones, or of the declared ones.
    pub fn get(&self, name: &str) -> Option<Guid> {
        Guid::from_alias(name).or_else(|| self.0.get(name).copied())
    }

    /// Declares a name. Gives what it means already if that is something else.
    pub fn declare(&mut self, name: &str, guid: Guid) -> Result<(), Guid> {
        match self.get(name) {
            Some(other) if other != guid => Err(other),
            _ => {
                self.0.insert(name.to_owned(), guid);
                Ok(())
            }
        }
    }

    fn unknown(&self, given: &str) -> UnknownName {
        let near = nearest(given, self.0.keys().map(String::as_str));
        UnknownName {
            given: given.to_owned(),
            what: "an alias",
            expected: match near {
                Some(near) => format!("a name such as {near}"),
                None => "A to Z, E1 to E99, GUID_NULL, one that an `alias` line declares, or {GUID}".to_owned(),
            },
        }
    }

    /// The GUID that a value in the place of one is.
    pub fn resolve(&self, line: &Line<'_>, node: &Node<'_>) -> Result<Guid, NotationError> {
        match &node.what {
            Form::Guid(guid) => Ok(*guid),
            Form::Word(word) => {
                self.get(word).ok_or_else(|| line.error(node.span.clone(), Problem::Unknown(self.unknown(word))))
            }
            _ => {
                let found = line.source.text.get(node.span.clone()).unwrap_or_default().to_owned();
                let expected = "a GUID or its alias".to_owned();
                Err(line.error(node.span.clone(), Problem::Unexpected { found, expected }))
            }
        }
    }

    /// The JSON value of an item, which an alias alone stands for: the alias is the item's name too.
    pub fn item_to_json(&self, line: &Line<'_>, shape: &Shape, node: &Node<'_>) -> Result<Value, NotationError> {
        let Form::Word(name) = &node.what else { return self.to_json(line, shape, "items", node) };
        let id = self.resolve(line, node)?.to_string();
        Ok(serde_json::json!({ "id": id, "name": name }))
    }

    /// The JSON value of `node`, which is the value of `key` in a line of the given shape.
    pub fn to_json(&self, line: &Line<'_>, shape: &Shape, key: &str, node: &Node<'_>) -> Result<Value, NotationError> {
        Ok(match &node.what {
            Form::Word(word) => match sort(key) {
                Sort::Guid => self.resolve(line, node)?.to_string().into(),
                Sort::Cookie => Value::from(*word),
                Sort::Text | Sort::Plain => plain(word),
            },
            Form::Text(text) => Value::from(text.as_str()),
            Form::Guid(guid) => guid.to_string().into(),
            Form::List(nodes) => {
                nodes.iter().map(|node| self.to_json(line, shape, key, node)).collect::<Result<_, _>>()?
            }
            Form::Object(entries) => {
                let mut object = Map::new();
                for entry in entries {
                    known_key(line, shape.inside(key), entry)?;
                    let value = self.to_json(line, shape, entry.key, &entry.value)?;
                    if object.insert(entry.key.to_owned(), value).is_some() {
                        let problem = Problem::Twice { key: entry.key.to_owned() };
                        return Err(line.error(entry.place.clone(), problem));
                    }
                }
                Value::Object(object)
            }
        })
    }
}

/// The types ignore keys that they do not know; a person who wrote one wants to be told.
fn known_key(line: &Line<'_>, known: Option<&[&str]>, entry: &Entry<'_>) -> Result<(), NotationError> {
    match known {
        Some(known) if !known.contains(&entry.key) => {
            let problem = unknown_key(entry.key, known.iter().copied());
            Err(line.error(entry.place.clone(), problem))
        }
        _ => Ok(()),
    }
}

/// A key that nothing has here.
pub(super) fn unknown_key<'a>(given: &str, known: impl Iterator<Item = &'a str> + Clone) -> UnknownName {
    UnknownName {
        given: given.to_owned(),
        what: "a key here",
        expected: match nearest(given, known.clone()) {
            Some(near) => near.to_owned(),
            None => match known.collect::<Vec<_>>() {
                keys if keys.is_empty() => "none".to_owned(),
                keys => format!("one of {}", keys.join(", ")),
            },
        },
    }
}

/// A bare word: a number, a truth value, NULL, or a name.
fn plain(word: &str) -> Value {
    match word {
        "TRUE" | "true" => true.into(),
        "FALSE" | "false" => false.into(),
        "NULL" | "null" => Value::Null,
        _ => number(word).unwrap_or_else(|| word.into()),
    }
}

/// Decimal with or without a minus, or `0x…`; what does not fit 64 bits stays a word and is refused by its type.
pub(super) fn number(word: &str) -> Option<Value> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_hex { u64::from_str_radix(hex, 16).ok().map(Value::from) } else { None };
    }
    if digits(word) {
        return word.parse::<u64>().ok().map(Value::from);
    }
    word.strip_prefix('-').filter(|rest| digits(rest)).and_then(|_| word.parse::<i64>().ok()).map(Value::from)
}
