//! Writing JSON: strings hold nothing that a terminal or a CI log would act on. Readers get the same value.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Result;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::protocol::plain;

/// As `serde_json::to_writer`.
pub(crate) fn to_writer(output: impl Write, value: &impl Serialize) -> Result<()> {
    value.serialize(&mut Serializer::with_formatter(output, Plain(CompactFormatter)))
}

/// As `serde_json::to_string`.
pub(crate) fn to_string(value: &impl Serialize) -> Result<String> {
    let mut text = Vec::new();
    to_writer(&mut text, value)?;
    Ok(in_utf8(text))
}

/// As `serde_json::to_string_pretty`.
pub(crate) fn to_string_pretty(value: &impl Serialize) -> Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Plain(PrettyFormatter::new())))?;
    Ok(in_utf8(text))
}

/// A string, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    // A string has a form in JSON, and a Vec takes it.
    to_string(&text).unwrap_or_default()
}

/// JSON is written as UTF-8.
fn in_utf8(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap_or_default()
}

/// Writes what [`plain`] escapes as `\uXXXX`, and the rest as the formatter inside does.
struct Plain<F>(F);

impl<F: Formatter> Formatter for Plain<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // `##` begins a command of some CI systems; a fragment ends where something is escaped anyway.
        let may_command = fragment.contains("##");
        // Most fragments hold nothing to look at.
        if !may_command && fragment.bytes().all(|byte| byte < 0x7f) {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            let mut buffer = [0; 4];
            let one = c.encode_utf8(&mut buffer);
            if (c == '#' && may_command) || matches!(plain(one), std::borrow::Cow::Owned(_)) && c != ':' {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                writer.write_all(one.as_bytes())?;
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_the_same_to_a_reader_and_nothing_to_a_terminal() {
        let text = "a\u{1b}[2J\u{7f}\u{9b}31m\u{202e}##[error]\n::error:: ü \u{e0041} 🙂";
        for written in [to_string(&[text]).unwrap(), to_string_pretty(&[text]).unwrap()] {
            assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
            assert!(!written.contains("##["), "{written}");
            assert!(written.lines().all(|line| crate::protocol::plain(line) == line), "{written}");
            assert!(written.contains("ü") && written.contains("🙂"), "{written}");
        }
    }
}
