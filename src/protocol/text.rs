//! Text as the protocol carries it: UTF-16 that a handler may have got wrong.

use std::fmt;

use compact_str::CompactString;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string of UTF-16 units. Well-formed text is kept as UTF-8; ill-formed units (an unpaired surrogate) are kept as they came.
///
/// In JSON it is a string, or `{"utf16": [units]}` when it is ill-formed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Repr);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    WellFormed(CompactString),
    IllFormed(Box<[u16]>),
}

impl Text {
    /// From UTF-16 units, without a terminator.
    pub fn from_utf16(units: &[u16]) -> Self {
        // Most texts are short and have ASCII only. Such a one needs no memory of its own.
        let mut ascii = [0_u8; 64];
        if let Some(ascii) = ascii.get_mut(..units.len()) {
            let mut all = 0;
            for (to, unit) in ascii.iter_mut().zip(units) {
                all |= unit;
                *to = unit.to_le_bytes()[0];
            }
            if all < 0x80
                && let Ok(text) = std::str::from_utf8(ascii)
            {
                return Self(Repr::WellFormed(text.into()));
            }
        }
        match String::from_utf16(units) {
            Ok(text) => Self(Repr::WellFormed(text.into())),
            Err(_) => Self(Repr::IllFormed(units.into())),
        }
    }

    /// The text, if it is well-formed UTF-16.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::WellFormed(text) => Some(text),
            Repr::IllFormed(_) => None,
        }
    }

    /// Whether every surrogate is paired.
    pub fn is_well_formed(&self) -> bool {
        matches!(self.0, Repr::WellFormed(_))
    }

    /// Whether there is no unit at all.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::WellFormed(text) => text.is_empty(),
            Repr::IllFormed(units) => units.is_empty(),
        }
    }

    /// How much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        match &self.0 {
            Repr::WellFormed(text) => text.len(),
            Repr::IllFormed(units) => size_of_val(&**units),
        }
    }

    /// The UTF-16 units, without a terminator.
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Repr::WellFormed(text) => text.encode_utf16().collect(),
            Repr::IllFormed(units) => units.to_vec(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Repr::WellFormed(CompactString::const_new("")))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Repr::WellFormed(text.into()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Repr::WellFormed(text.into()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::WellFormed(text) => f.pad(text),
            Repr::IllFormed(units) => f.pad(&String::from_utf16_lossy(units)),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::WellFormed(text) => fmt::Debug::fmt(text.as_str(), f),
            Repr::IllFormed(units) => write!(f, "utf16{units:?}"),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::WellFormed(text) => serializer.serialize_str(text),
            Repr::IllFormed(units) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("utf16", units)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, or {\"utf16\": [units]}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(text.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                match map.next_key::<CompactString>()?.as_deref() {
                    Some("utf16") => {}
                    Some(other) => return Err(de::Error::unknown_field(other, &["utf16"])),
                    None => return Err(de::Error::missing_field("utf16")),
                }
                let units: Vec<u16> = map.next_value()?;
                if let Some(other) = map.next_key::<CompactString>()? {
                    return Err(de::Error::unknown_field(&other, &["utf16"]));
                }
                Ok(Text::from_utf16(&units))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "text; ill-formed UTF-16 is given as its units",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "utf16": { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 65535 } } },
                    "required": ["utf16"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
