//! Places in a JSON text: a path, and the line and column where its value begins.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

/// Where in a document a value stands, e.g. `methods.Synchronize.do[2].progress`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    pub(crate) fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The path that begins here and goes on as `rest`.
    pub(crate) fn join(&self, rest: &Path) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    fn with(&self, segment: Segment) -> Self {
        let mut longer = self.clone();
        longer.0.push(segment);
        longer
    }

    /// The text of the value, a part of `text`. None when there is no such value, or the text is no JSON.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut value = text.trim_start();
        for segment in &self.0 {
            let inner: &RawValue = match segment {
                Segment::Key(key) => {
                    serde_json::from_str::<BTreeMap<String, &RawValue>>(value).ok()?.get(key).copied()?
                }
                Segment::Index(index) => serde_json::from_str::<Vec<&RawValue>>(value).ok()?.get(*index).copied()?,
            };
            value = inner.get();
        }
        Some(value)
    }

    /// Line and column of the value, from 1.
    pub(crate) fn place(&self, text: &str) -> Option<(usize, usize)> {
        let found = self.find(text)?;
        // Both begin in the same text.
        Some(place_of(text, (found.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?))
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Theirs;
        let segments = path.iter().filter_map(|segment| match segment {
            Theirs::Seq { index } => Some(Segment::Index(*index)),
            Theirs::Map { key } | Theirs::Enum { variant: key } => Some(Segment::Key(key.clone())),
            Theirs::Unknown => None,
        });
        Self(segments.collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the document");
        }
        for (at, segment) in self.0.iter().enumerate() {
            let is_word = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_$-".contains(c));
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if is_word(key) => write!(f, "{}{key}", if at > 0 { "." } else { "" })?,
                Segment::Key(key) => write!(f, "[{}]", serde_json::Value::from(key.as_str()))?,
            }
        }
        Ok(())
    }
}

/// Line and column, in characters and from 1, of a byte of the text.
pub(crate) fn place_of(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Line and column of each element of a list in the document. Empty when there is no such list.
pub(crate) fn places_in_list(text: &str, key: &str) -> Vec<(usize, usize)> {
    let elements = || serde_json::from_str::<Vec<&RawValue>>(Path::default().key(key).find(text)?).ok();
    // Each is counted from the one before: lists can be long.
    let (mut byte, mut place) = (0, (1, 1));
    let mut places = Vec::new();
    for element in elements().unwrap_or_default() {
        // Both begin in the same text.
        let at = (element.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let (line, column) = place_of(text.get(byte..).unwrap_or_default(), at.saturating_sub(byte));
        place = if line == 1 { (place.0, place.1 + column - 1) } else { (place.0 + line - 1, column) };
        byte = at;
        places.push(place);
    }
    places
}

/// The byte at which serde_json's line and column point: its columns count bytes, from 1, and point behind what was read.
pub(crate) fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let line_start = match line {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(at, _)| at + 1),
    };
    let mut byte = (line_start + column).min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use super::{Path, byte_of, place_of, places_in_list};

    #[test]
    fn a_path_leads_to_line_and_column_of_its_value() {
        let text = "{\n  \"ä\": [1, {\"b c\": true}]\n}";
        let path = Path::default().key("ä").index(1).key("b c");
        assert_eq!(path.find(text), Some("true"));
        assert_eq!(path.place(text), Some((2, 20)));
        assert_eq!(path.to_string(), "ä[1][\"b c\"]");
        assert_eq!(Path::default().key("x").place(text), None);
        assert_eq!(Path::default().place(text), Some((1, 1)));
    }

    #[test]
    fn the_places_of_a_list_are_those_of_its_elements() {
        let text = "{ \"l\": [1, \"ä\", [2,\n3],  4,\n  5] }";
        let each = (0..5).map(|at| Path::default().key("l").index(at).place(text).expect("it is there"));
        let each: Vec<_> = each.collect();
        assert_eq!(places_in_list(text, "l"), each);
        assert_eq!(each.last(), Some(&(3, 3)));
    }

    #[test]
    fn lines_and_columns_are_of_characters() {
        assert_eq!(place_of("ää\nöx", 7), (2, 2));
        assert_eq!(byte_of("ää\nöx", 2, 2), 7);
        assert_eq!(byte_of("a", 9, 9), 1);
    }
}
