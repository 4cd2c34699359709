//! GUIDs: items, errors, classes and interfaces.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::names::UnknownName;

/// A GUID, written `{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}`.
///
/// ```
/// use mobsync::protocol::{CLSID_SYNC_MGR, Guid};
/// let text = "{6295DF27-35EE-11D1-8707-00C04FD93327}";
/// assert_eq!(text.parse(), Ok(CLSID_SYNC_MGR));
/// assert_eq!(CLSID_SYNC_MGR.to_string(), text);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Guid(pub Uuid);

impl Ord for Guid {
    /// By their bytes, compared as one number: items are looked up by their IDs in every callback.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_u128().cmp(&other.0.as_u128())
    }
}

impl PartialOrd for Guid {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// `GUID_NULL`: all zero.
pub const GUID_NULL: Guid = Guid(Uuid::nil());
/// The manager's class.
pub const CLSID_SYNC_MGR: Guid = Guid::from_u128(0x6295DF27_35EE_11D1_8707_00C04FD93327);
/// `ISyncMgrSynchronize`.
pub const IID_ISYNC_MGR_SYNCHRONIZE: Guid = Guid::from_u128(0x6295DF40_35EE_11D1_8707_00C04FD93327);
/// `ISyncMgrSynchronizeCallback`.
pub const IID_ISYNC_MGR_SYNCHRONIZE_CALLBACK: Guid = Guid::from_u128(0x6295DF41_35EE_11D1_8707_00C04FD93327);
/// `ISyncMgrRegister`.
pub const IID_ISYNC_MGR_REGISTER: Guid = Guid::from_u128(0x6295DF42_35EE_11D1_8707_00C04FD93327);
/// `ISyncMgrEnumItems`.
pub const IID_ISYNC_MGR_ENUM_ITEMS: Guid = Guid::from_u128(0x6295DF2A_35EE_11D1_8707_00C04FD93327);
/// `ISyncMgrSynchronizeInvoke`.
pub const IID_ISYNC_MGR_SYNCHRONIZE_INVOKE: Guid = Guid::from_u128(0x6295DF2C_35EE_11D1_8707_00C04FD93327);
/// `IUnknown`.
pub const IID_IUNKNOWN: Guid = Guid::from_u128(0x00000000_0000_0000_C000_000000000046);

impl Guid {
    /// From the number whose hexadecimal digits are the GUID's text.
    pub const fn from_u128(value: u128) -> Self {
        Self(Uuid::from_u128(value))
    }

    /// The number whose hexadecimal digits are the GUID's text.
    pub const fn as_u128(self) -> u128 {
        self.0.as_u128()
    }

    /// Whether this is `GUID_NULL`.
    pub const fn is_null(self) -> bool {
        self.0.is_nil()
    }

    /// The form written into files: braces, upper case.
    fn write(self, buffer: &mut [u8; uuid::fmt::Braced::LENGTH]) -> &str {
        self.0.braced().encode_upper(buffer)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.write(&mut [0; uuid::fmt::Braced::LENGTH]))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Uuid::try_parse(text).map(Self).map_err(|_| UnknownName {
            given: text.to_owned(),
            what: "a GUID",
            expected: "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}".to_owned(),
        })
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.write(&mut [0; uuid::fmt::Braced::LENGTH]))
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Guid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a GUID, {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Guid, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl schemars::JsonSchema for Guid {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Guid".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a GUID",
            "type": "string",
            "pattern": r"^\{?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\}?$",
        })
    }
}

/// Where the short names of GUIDs lie: "mobsync" in ASCII.
const ALIAS_BASE: u128 = 0x6D6F6273_796E_6300_0000_000000000000;
/// What sets the short names of errors apart.
const ALIAS_ERRORS: u128 = 1 << 48;

impl Guid {
    /// The GUID of a short name: `A` to `Z` for items, `E1` to `E99` for errors.
    ///
    /// Scripts, scenarios and the notation use short names where the value of a GUID does not matter.
    ///
    /// ```
    /// use mobsync::protocol::Guid;
    /// let a = Guid::from_alias("A").unwrap();
    /// assert_eq!(a.to_string(), "{6D6F6273-796E-6300-0000-000000000041}");
    /// assert_eq!(a.alias().as_deref(), Some("A"));
    /// ```
    pub fn from_alias(name: &str) -> Option<Self> {
        if name == "GUID_NULL" {
            return Some(GUID_NULL);
        }
        match name.as_bytes() {
            [letter @ b'A'..=b'Z'] => Some(Self::from_u128(ALIAS_BASE + u128::from(*letter))),
            [b'E', b'1'..=b'9'] | [b'E', b'1'..=b'9', b'0'..=b'9'] => {
                let number: u128 = name[1..].parse().ok()?;
                Some(Self::from_u128(ALIAS_BASE + ALIAS_ERRORS + number))
            }
            _ => None,
        }
    }

    /// The short name, if this is the GUID of one.
    pub fn alias(self) -> Option<String> {
        if self.is_null() {
            return Some("GUID_NULL".to_owned());
        }
        let offset = self.as_u128().checked_sub(ALIAS_BASE)?;
        match (offset & ALIAS_ERRORS != 0, offset & !ALIAS_ERRORS) {
            (false, letter @ 0x41..=0x5A) => Some(char::from(letter as u8).to_string()),
            (true, number @ 1..=99) => Some(format!("E{number}")),
            _ => None,
        }
    }
}
