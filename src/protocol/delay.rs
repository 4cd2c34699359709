//! Spans of time in files and options: `5ms`, `1.5s`, `2m`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::UnknownName;

/// A span of time in nanoseconds, written with its unit: `7ns`, `200us`, `5ms`, `1.5s`. Read are also `2m` and `1h`.
///
/// ```
/// use mobsync::protocol::Delay;
/// assert_eq!("1.5s".parse(), Ok(Delay(1_500_000_000)));
/// assert_eq!(Delay(5_000_000).to_string(), "5ms");
/// assert_eq!("1.5m".parse(), Ok(Delay(90_000_000_000)));
/// assert!("5 minutes".parse::<Delay>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Delay(
    /// Nanoseconds.
    pub u64,
);

/// The units in which spans are written, with their powers of ten.
const UNITS: [(&str, u32); 4] = [("ns", 0), ("us", 3), ("ms", 6), ("s", 9)];

/// The units that are read, in nanoseconds.
const READ: [(&str, u64); 6] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", SECOND), ("m", 60 * SECOND), ("h", 3600 * SECOND)];

const SECOND: u64 = 1_000_000_000;

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, digits) =
            UNITS.into_iter().rev().find(|(_, digits)| self.0 >= 10_u64.pow(*digits)).unwrap_or(UNITS[2]);
        let size = 10_u64.pow(digits);
        let fraction = self.0 % size;
        if fraction == 0 {
            write!(f, "{}{unit}", self.0 / size)
        } else {
            let decimals = format!("{fraction:0width$}", width = digits as usize);
            write!(f, "{}.{}{unit}", self.0 / size, decimals.trim_end_matches('0'))
        }
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Delay {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        parse(text).map(Self).ok_or_else(|| UnknownName {
            given: text.to_owned(),
            what: "a duration",
            expected: "a number with its unit, such as 5ms, 1.5s, 2m, 1h, 200us or 7ns".to_owned(),
        })
    }
}

/// Exact in integers: no float decides about a nanosecond.
fn parse(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let size = READ.into_iter().find(|(name, _)| *name == unit)?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(size)?;
    let part: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    // A fraction so long that this overflows is finer than any unit.
    let parts = 10_u64.checked_pow(fraction.len() as u32)?;
    let nanos = u128::from(part) * u128::from(size);
    let is_exact = nanos % u128::from(parts) == 0;
    whole.checked_add(u64::try_from(nanos / u128::from(parts)).ok().filter(|_| is_exact)?)
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = compact_str::CompactString::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Delay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a duration with its unit: 5ms, 1.5s, 2m, 1h, 200us, 7ns",
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h)$"
        })
    }
}
