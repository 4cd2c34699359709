//! Times of last update.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::names::UnknownName;

/// A Windows `FILETIME`: 100-nanosecond intervals since 1601-01-01 00:00 UTC.
///
/// In files it is an RFC 3339 time, or the bare count where it is no time of the years 1601 to 9999.
///
/// ```
/// use mobsync::protocol::FileTime;
/// let t: FileTime = "2026-01-02T03:04:05Z".parse().unwrap();
/// assert_eq!(t.to_string(), "2026-01-02T03:04:05Z");
/// assert_eq!(FileTime(0).to_string(), "1601-01-01T00:00:00Z");
/// assert_eq!(FileTime(u64::MAX).to_string(), "18446744073709551615");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileTime(
    /// 100-nanosecond intervals since 1601.
    pub u64,
);

/// Seconds from 1601 to 1970.
const UNIX_EPOCH_SECONDS: i128 = 11_644_473_600;

impl FileTime {
    /// From nanoseconds since 1970 (times before 1601 become 0, sub-100 ns parts are dropped).
    pub fn from_unix_nanos(nanos: i128) -> Self {
        Self(u64::try_from(nanos.div_euclid(100) + UNIX_EPOCH_SECONDS * 10_000_000).unwrap_or(0))
    }

    /// The time `nanos` later.
    pub fn plus_nanos(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos / 100))
    }

    fn to_date_time(self) -> Option<OffsetDateTime> {
        let nanos = (i128::from(self.0) - UNIX_EPOCH_SECONDS * 10_000_000) * 100;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
    }
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_date_time().and_then(|time| time.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for FileTime {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if let Ok(count) = text.parse() {
            return Ok(Self(count));
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| UnknownName {
            given: text.to_owned(),
            what: "a time",
            expected: "RFC 3339 such as 2026-01-02T03:04:05Z, or a FILETIME count".to_owned(),
        })?;
        Ok(Self::from_unix_nanos(time.unix_timestamp_nanos()))
    }
}

impl Serialize for FileTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to_date_time() {
            Some(_) => serializer.collect_str(self),
            None => serializer.serialize_u64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for FileTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = FileTime;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"2026-01-02T03:04:05Z\", or a FILETIME count")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<FileTime, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E>(self, count: u64) -> Result<FileTime, E> {
                Ok(FileTime(count))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for FileTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FileTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "RFC 3339, or a FILETIME count (100 ns since 1601)",
            "type": ["string", "integer"],
            "minimum": 0
        })
    }
}
