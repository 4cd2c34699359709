//! One line as tokens.

use std::ops::Range;

use super::error::Problem;
use crate::protocol::Guid;

/// A piece of a line. Ranges are bytes of the line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub what: Lexeme<'a>,
    pub span: Range<usize>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lexeme<'a> {
    /// A name, a number, flags, a delay: anything without spaces and special characters.
    Word(&'a str),
    /// A JSON string.
    Text(String),
    /// A GUID in braces.
    Guid(Guid),
    /// One of `[ ] { } , : = @`.
    Mark(char),
    /// `->`
    Arrow,
    /// `!!`
    Findings,
}

impl Lexeme<'_> {
    /// How errors name it.
    pub fn describe(&self) -> String {
        match self {
            Lexeme::Word(word) => format!("`{word}`"),
            Lexeme::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Lexeme::Guid(guid) => guid.to_string(),
            Lexeme::Mark(mark) => format!("`{mark}`"),
            Lexeme::Arrow => "`->`".to_owned(),
            Lexeme::Findings => "`!!`".to_owned(),
        }
    }
}

/// Something that is no token, and where.
pub(super) type Stray = (Range<usize>, Problem);

/// The line's tokens, without its comment.
pub(super) fn tokens(line: &str) -> Result<Vec<Token<'_>>, Stray> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = line[at..].chars().next() {
        let rest = &line[at..];
        let (what, length) = match first {
            '#' => break,
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' => text(rest).map_err(|(length, problem)| (at..at + length, problem))?,
            '{' => match braced_guid(rest) {
                Some(text) => {
                    let guid = text.parse().map_err(|error| (at..at + text.len(), Problem::Unknown(error)))?;
                    (Lexeme::Guid(guid), text.len())
                }
                None => (Lexeme::Mark('{'), 1),
            },
            '[' | ']' | '}' | ',' | ':' | '=' | '@' => (Lexeme::Mark(first), 1),
            _ if rest.starts_with("->") => (Lexeme::Arrow, 2),
            _ if rest.starts_with("!!") => (Lexeme::Findings, 2),
            _ => {
                let length = word_length(rest);
                (Lexeme::Word(&rest[..length]), length)
            }
        };
        tokens.push(Token { what, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

/// How many bytes at the beginning belong to a word; at least one character.
fn word_length(rest: &str) -> usize {
    let ends = |at: usize, c: char| {
        c.is_whitespace()
            || matches!(c, '[' | ']' | '{' | '}' | ',' | ':' | '=' | '"' | '#' | '@')
            || rest[at..].starts_with("->")
            || rest[at..].starts_with("!!")
    };
    rest.char_indices().skip(1).find(|(at, c)| ends(*at, *c)).map_or(rest.len(), |(at, _)| at)
}

/// A JSON string at the beginning, and how many bytes it has.
fn text<'a>(rest: &str) -> Result<(Lexeme<'a>, usize), (usize, Problem)> {
    let mut escaped = false;
    let end = rest.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(at + 1)
    });
    let Some(length) = end else {
        let found = "a string without an end".to_owned();
        return Err((rest.len(), Problem::Unexpected { found, expected: "`\"` at its end".to_owned() }));
    };
    match serde_json::from_str(&rest[..length]) {
        Ok(text) => Ok((Lexeme::Text(text), length)),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line").next().unwrap_or_default();
            let expected = "a JSON string (text that is not well-formed UTF-16 is written {utf16:[55296]})".to_owned();
            Err((length, Problem::Unexpected { found: format!("a string with {message}"), expected }))
        }
    }
}

/// `{…}` at the beginning, if it can be nothing but a GUID.
fn braced_guid(rest: &str) -> Option<&str> {
    let inside = rest.bytes().skip(1).take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-').count();
    let text = rest.get(..inside + 2)?;
    (text.ends_with('}') && text.contains('-')).then_some(text)
}
