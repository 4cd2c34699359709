//! IDs as documents write them.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::protocol::Guid;

/// A GUID in a document: `{…}`, or a short name (`A`…`Z` for items, `E1`…`E99` for errors, `GUID_NULL`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub Guid);

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.alias() {
            Some(alias) => serializer.serialize_str(&alias),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Guid::from_alias(&text).map_or_else(|| text.parse(), Ok).map(Self).map_err(|_: crate::protocol::UnknownName| {
            de::Error::custom(format_args!(
                "`{text}` is not an ID; expected {{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}}, or a short name: A to Z for \
                 items, E1 to E99 for errors"
            ))
        })
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a GUID {XXXXXXXX-…}, or a short name: A to Z for items, E1 to E99 for errors, GUID_NULL",
            "type": "string"
        })
    }
}

/// The short name, or the GUID, of an ID in messages.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.alias() {
            Some(alias) => f.write_str(&alias),
            None => self.0.fmt(f),
        }
    }
}
