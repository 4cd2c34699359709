//! The arguments of a line, read by the types of the trace.

use std::ops::Range;

use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment, Track};

use super::error::{NotationError, Problem};
use super::lexer::Lexeme;
use super::line::Line;
use super::shape::{Bare, Shape};
use super::value::{Aliases, Form, Node, number, unknown_key};

/// Arguments as they stand in a line, each with its key.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    method: &'static str,
    shape: Shape,
    given: Vec<(&'static str, Node<'a>)>,
    /// Where the next one would stand.
    end: Range<usize>,
}

impl<'a> Arguments<'a> {
    /// Reads arguments up to what follows them in a line.
    pub fn read(line: &mut Line<'a>, method: &'static str, shape: Shape) -> Result<Self, NotationError> {
        let mut arguments = Self { method, shape, given: Vec::new(), end: 0..0 };
        let mut keyed = false;
        loop {
            match line.peek() {
                None | Some(Lexeme::Arrow | Lexeme::Findings | Lexeme::Mark('@')) => break,
                Some(Lexeme::Word(word)) if word.starts_with('+') => break,
                Some(Lexeme::Word(_)) if line.peek_second() == Some(&Lexeme::Mark('=')) => {
                    arguments.keyed(line)?;
                    keyed = true;
                }
                // The one flag that stands for itself.
                Some(Lexeme::Word("probe")) if shape.keys.contains(&"probe") => {
                    let (_, span) = line.word("probe")?;
                    arguments.give(line, "probe", span.clone(), Node { what: Form::Word("TRUE"), span })?;
                    keyed = true;
                }
                Some(Lexeme::Word("returns" | "answered")) => {
                    let expected = format!("this word directly after {method}, without arguments");
                    return Err(line.unexpected(&expected));
                }
                Some(_) if keyed => return Err(line.unexpected("key=value, or the end of the arguments")),
                Some(_) => arguments.positional(line)?,
            }
        }
        arguments.end = line.behind()..line.behind();
        Ok(arguments)
    }

    fn has(&self, key: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == key)
    }

    /// Takes an argument; `place` is where an error about it points.
    fn give(
        &mut self,
        line: &Line<'a>,
        key: &'static str,
        place: Range<usize>,
        node: Node<'a>,
    ) -> Result<(), NotationError> {
        if self.has(key) {
            return Err(line.error(place, Problem::Twice { key: key.to_owned() }));
        }
        self.given.push((key, node));
        Ok(())
    }

    fn keyed(&mut self, line: &mut Line<'a>) -> Result<(), NotationError> {
        let (name, place) = line.word("a key")?;
        let Some(key) = self.shape.all_keys().find(|key| *key == name) else {
            let keys: Vec<&str> = self.shape.all_keys().collect();
            return Err(line.error(place, unknown_key(name, keys.into_iter())));
        };
        line.take(&Lexeme::Mark('='));
        let node = Node::read(line)?;
        self.give(line, key, place, node)
    }

    fn positional(&mut self, line: &mut Line<'a>) -> Result<(), NotationError> {
        let next = self.shape.positional.iter().find(|key| !self.has(key));
        if let Some(key) = next {
            let node = Node::read(line)?;
            return self.give(line, key, node.span.clone(), node);
        }
        if self.shape.bare == Bare::Empty {
            return self.progress(line);
        }
        let expected = match self.shape.positional {
            [] => format!("the end of the line: {} has no positional arguments", self.method),
            all => format!("the end of the arguments after {}", all.join(", ")),
        };
        Err(line.unexpected(&expected))
    }

    /// A status, a value with its maximum, a text: each can be left out.
    fn progress(&mut self, line: &mut Line<'a>) -> Result<(), NotationError> {
        let node = Node::read(line)?;
        let after = |keys: &[&str]| keys.iter().any(|key| self.has(key));
        let order = |found: String| {
            let expected = "a status, then value/maximum, then \"text\", in this order".to_owned();
            line.error(node.span.clone(), Problem::Unexpected { found, expected })
        };
        match &node.what {
            Form::Word(word) if word.contains('/') => {
                if after(&["value", "max", "text"]) {
                    return Err(order(format!("`{word}`")));
                }
                let (value, max) = word.split_once('/').unwrap_or((word, ""));
                if number(value).is_none() || number(max).is_none() {
                    let problem =
                        Problem::Unexpected { found: format!("`{word}`"), expected: "value/maximum, as in 1/3".into() };
                    return Err(line.error(node.span, problem));
                }
                let at = node.span.start + value.len();
                let part = |word, span| Node { what: Form::Word(word), span };
                self.give(line, "value", node.span.clone(), part(value, node.span.start..at))?;
                self.give(line, "max", node.span.clone(), part(max, at + 1..node.span.end))
            }
            Form::Word(word) => {
                if after(&["status", "value", "max", "text"]) {
                    return Err(order(format!("`{word}`")));
                }
                self.give(line, "status", node.span.clone(), node)
            }
            Form::Text(_) | Form::Object(_) => self.give(line, "text", node.span.clone(), node),
            Form::Guid(_) => Err(order("a GUID".to_owned())),
            Form::List(_) => Err(order("a list".to_owned())),
        }
    }

    /// Reads the arguments with the trace's own types.
    pub fn interpret<T>(
        &self,
        line: &Line<'a>,
        aliases: &Aliases,
        read: impl FnOnce(serde_path_to_error::Deserializer<'_, '_, Value>) -> Result<T, serde_json::Error>,
    ) -> Result<T, NotationError> {
        let json = self.to_json(line, aliases)?;
        if let Some(key) = self.shape.positional.iter().take(self.shape.required).find(|key| !self.has(key)) {
            return Err(line.error(self.end.clone(), Problem::Missing { method: self.method, key }));
        }
        let mut track = Track::new();
        let deserializer = serde_path_to_error::Deserializer::new(json, &mut track);
        read(deserializer).map_err(|error| {
            let span = self.locate(&track.path());
            let found = line.source.text.get(span.clone()).unwrap_or_default();
            line.error(span, explain(&error.to_string(), found))
        })
    }

    fn to_json(&self, line: &Line<'a>, aliases: &Aliases) -> Result<Value, NotationError> {
        let (mut args, mut info) = (Map::new(), Map::new());
        for (key, node) in &self.given {
            // With its count, what Next delivers may be given by aliases alone.
            let is_short = *key == "items" && self.has("fetched");
            let value = match &node.what {
                Form::List(nodes) if is_short => {
                    let item = |node| aliases.item_to_json(line, &self.shape, node);
                    nodes.iter().map(item).collect::<Result<_, _>>()?
                }
                _ => aliases.to_json(line, &self.shape, key, node)?,
            };
            let map = if self.shape.info.contains(key) { &mut info } else { &mut args };
            map.insert((*key).to_owned(), value);
        }
        if self.shape.info.is_empty() {
            return Ok(args.into());
        }
        if !info.is_empty() {
            if let Some((_, node)) = self.given.iter().find(|(key, _)| *key == "info") {
                let (found, expected) = ("both `info` and a field of it".to_owned(), "one of them".to_owned());
                return Err(line.error(node.span.clone(), Problem::Unexpected { found, expected }));
            }
            args.insert("info".to_owned(), info.into());
        } else if !args.contains_key("info") && self.shape.bare == Bare::Empty {
            args.insert("info".to_owned(), info.into());
        }
        Ok(args.into())
    }

    /// Where the value stands that a JSON path of the arguments means.
    fn locate(&self, path: &Path) -> Range<usize> {
        let mut segments = path.iter().peekable();
        let name = |segment: &Segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            _ => None,
        };
        let node_of = |key: &str| self.given.iter().find(|(given, _)| *given == key).map(|(_, node)| node);
        let mut node = segments.next().and_then(name).and_then(|key| match node_of(&key) {
            Some(node) => Some(node),
            None if key == "info" => segments.next().and_then(name).and_then(|key| node_of(&key)),
            None => None,
        });
        node = node.map(|node| node.follow(segments));
        node.map_or_else(|| self.end.clone(), |node| node.span.clone())
    }
}

/// What a type says of a value, in the words of the notation.
fn explain(message: &str, found: &str) -> Problem {
    let about_type = ["invalid type: ", "invalid value: ", "unknown variant "];
    match message.rsplit_once(", expected ") {
        Some((what, expected)) if about_type.iter().any(|start| what.starts_with(start)) => {
            let expected = match expected {
                "u16" => "a number from 0 to 65535",
                "u32" => "a number from 0 to 4294967295",
                "u64" => "a number from 0 to 18446744073709551615",
                "i32" => "a number from -2147483648 to 2147483647",
                "a boolean" => "TRUE or FALSE",
                "a sequence" => "a list, such as [A, B]",
                "struct Item" => "an item, such as {id:A,name:\"Left\"}",
                other => other,
            };
            Problem::Unexpected { found: format!("`{found}`"), expected: expected.to_owned() }
        }
        _ => Problem::Value { message: message.to_owned() },
    }
}
