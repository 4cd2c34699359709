//! What must come of a scenario.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::event_pattern::EventPattern;
use super::world::StoredExpect;
use crate::protocol::{Outcome, Status};

/// What must result from a session. Fields that are left out are not checked, except that without `findings` an error fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// How the session ends, e.g. `completed with S_OK`, `nothing to synchronize`, `declined with S_FALSE`.
    #[serde(with = "super::pattern::outcome", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub outcome: Option<Outcome>,
    /// The last status that was reported of items in any round, by ID or name; null: none was reported.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, Option<Status>>,
    /// Which rules are broken: a list (exactly these), or `{"at_least": […]}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::findings")]
    pub findings: Option<ExpectFindings>,
    /// Events that must occur in this order; others may come between them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventPattern>,
    /// How often methods are called, or notes recorded.
    #[serde(with = "super::pattern::counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::counts")]
    pub counts: BTreeMap<String, u64>,
    /// For a `world`: what must be stored for each handler at the end; null: it must not be registered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub store: BTreeMap<String, Option<StoredExpect>>,
}

/// What must come of one of several handlers. Fields that are left out are not checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemberExpect {
    /// How its session ends, e.g. `completed with S_OK`.
    #[serde(with = "super::pattern::outcome", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub outcome: Option<Outcome>,
    /// The last status that was reported of its items in any round, by ID or name; null: none was reported.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, Option<Status>>,
}

/// Which rules must be broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExpectFindings {
    /// These, each at least once, and no other.
    Exactly(Vec<String>),
    /// These, each at least once.
    AtLeast {
        /// The codes.
        at_least: Vec<String>,
    },
}

impl<'de> Deserialize<'de> for ExpectFindings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = ExpectFindings;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of codes, or {\"at_least\": [codes]}")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<ExpectFindings, A::Error> {
                let codes = Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))?;
                super::pattern::known_codes(&codes).map_err(serde::de::Error::custom)?;
                Ok(ExpectFindings::Exactly(codes))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<ExpectFindings, A::Error> {
                match map.next_key::<String>()?.as_deref() {
                    Some("at_least") => {}
                    Some(other) => return Err(serde::de::Error::unknown_field(other, &["at_least"])),
                    None => return Err(serde::de::Error::missing_field("at_least")),
                }
                let at_least: Vec<String> = map.next_value()?;
                super::pattern::known_codes(&at_least).map_err(serde::de::Error::custom)?;
                if let Some(other) = map.next_key::<String>()? {
                    return Err(serde::de::Error::unknown_field(&other, &["at_least"]));
                }
                Ok(ExpectFindings::AtLeast { at_least })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl ExpectFindings {
    /// The codes that are expected.
    pub fn codes(&self) -> &[String] {
        match self {
            ExpectFindings::Exactly(codes) | ExpectFindings::AtLeast { at_least: codes } => codes,
        }
    }
}
