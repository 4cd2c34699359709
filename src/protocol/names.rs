//! Numbers that have names: one way to print them, to read them back, and to put them into JSON.
//!
//! Values come from handlers, so a value without a name is ordinary: it prints as `0x…` and reads back as the same number.

use std::fmt;

/// A name or number that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {what}; expected {expected}")]
pub struct UnknownName {
    /// What stood there.
    pub given: String,
    /// What it should have been, e.g. "an HRESULT".
    pub what: &'static str,
    /// The accepted forms, in words.
    pub expected: String,
}

/// Reads `0x…` or a decimal number.
pub(crate) fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The name in `names` that is nearest to `given`, when it is near enough to be what was meant.
///
/// ```
/// assert_eq!(mobsync::protocol::nearest("Sychronize", ["Initialize", "Synchronize"]), Some("Synchronize"));
/// assert_eq!(mobsync::protocol::nearest("xyz", ["Initialize", "Synchronize"]), None);
/// ```
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_ascii_lowercase();
    names
        .into_iter()
        .map(|name| (distance(&given, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The Levenshtein distance, capped in cost by reading at most 64 characters of each.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Writes set bits by name, joined with `|`; bits without a name follow as one `0x…`; nothing set is `0`.
pub(crate) fn write_flags(f: &mut fmt::Formatter<'_>, bits: u32, names: &[(&str, u32)]) -> fmt::Result {
    if bits == 0 {
        return f.write_str("0");
    }
    let mut rest = bits;
    let mut separator = "";
    for (name, bit) in names {
        if rest & bit == *bit {
            write!(f, "{separator}{name}")?;
            separator = "|";
            rest &= !bit;
        }
    }
    if rest != 0 {
        write!(f, "{separator}{rest:#x}")?;
    }
    Ok(())
}

/// Reads what [`write_flags`] writes.
pub(crate) fn read_flags(text: &str, names: &[(&'static str, u32)], what: &'static str) -> Result<u32, UnknownName> {
    let mut bits = 0;
    for part in text.split('|').map(str::trim) {
        let known = names.iter().find(|(name, _)| *name == part).map(|(_, bit)| *bit);
        bits |= known.or_else(|| number(part)).ok_or_else(|| unknown(part, names, what))?;
    }
    Ok(bits)
}

/// The error for a name that is not in the list, with the nearest one that is.
pub(crate) fn unknown(given: &str, names: &[(&'static str, u32)], what: &'static str) -> UnknownName {
    let expected = match nearest(given, names.iter().map(|(name, _)| *name)) {
        Some(near) => format!("a name such as {near}, or a number"),
        None => {
            let mut list: Vec<&str> = names.iter().map(|(name, _)| *name).take(12).collect();
            if names.len() > list.len() {
                list.push("…");
            }
            format!("one of {}, or a number", list.join(", "))
        }
    };
    UnknownName { given: given.to_owned(), what, expected }
}

/// Serde visitor for "a string that parses, or a number".
pub(crate) struct NamedVisitor<T> {
    pub(crate) what: &'static str,
    pub(crate) from_number: fn(u32) -> T,
}

impl<T: std::str::FromStr<Err = UnknownName>> serde::de::Visitor<'_> for NamedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (a name or a number)", self.what)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        u32::try_from(number)
            .map(self.from_number)
            .map_err(|_| E::custom(format_args!("{number} does not fit in 32 bits")))
    }
}

/// Declares a 32-bit value with named values (`one`) or named bits (`bits`), with Display, FromStr, serde and schema.
macro_rules! named {
    (@display one $f:ident $value:expr, $names:expr) => {
        match $names.iter().find(|(_, value)| *value == $value) {
            Some((name, _)) => $f.write_str(name),
            None => write!($f, "{:#x}", $value),
        }
    };
    (@display bits $f:ident $value:expr, $names:expr) => {
        $crate::protocol::names::write_flags($f, $value, $names)
    };
    (@parse one $text:ident, $names:expr, $what:expr) => {
        match $names.iter().find(|(name, _)| *name == $text) {
            Some((_, value)) => Ok(*value),
            None => $crate::protocol::names::number($text)
                .ok_or_else(|| $crate::protocol::names::unknown($text, $names, $what)),
        }
    };
    (@parse bits $text:ident, $names:expr, $what:expr) => {
        $crate::protocol::names::read_flags($text, $names, $what)
    };
    (
        $(#[$doc:meta])*
        pub $mode:ident $type:ident, $what:literal { $( $(#[$name_doc:meta])* $name:ident = $value:expr, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $type(
            /// The value as it crosses the boundary.
            pub u32,
        );

        impl $type {
            $( $(#[$name_doc])* pub const $name: Self = Self($value); )*

            /// Every name with its value, in the header's order.
            pub const NAMES: &'static [(&'static str, u32)] = &[$( (stringify!($name), $value) ),*];
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::protocol::names::named!(@display $mode f self.0, Self::NAMES)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::protocol::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::protocol::names::named!(@parse $mode text, Self::NAMES, $what).map(Self)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::protocol::names::NamedVisitor { what: $what, from_number: $type })
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
                schemars::json_schema!({
                    "description": format!("{}: {}, or a number", $what, names.join(", ")),
                    "type": ["string", "integer"],
                    "minimum": 0,
                    "maximum": u32::MAX,
                })
            }
        }
    };
}
pub(crate) use named;
