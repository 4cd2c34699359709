//! Calls of the manager to a handler, and what they return.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Guid, HResult, HandlerInfo, Item, Status, SyncFlags};

/// Declares an enum of crossings, its enum of method names, and the passage of its arguments to and from serde.
macro_rules! crossings {
    (
        $(#[$doc:meta])* pub enum $type:ident;
        $(#[$method_doc:meta])* pub enum $method:ident ($what:literal) {
            $( $(#[$variant_doc:meta])* $variant:ident $(($args:ty))?, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $( $(#[$variant_doc])* $variant $(($args))?, )*
        }

        $(#[$method_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $method {
            $( $(#[$variant_doc])* $variant, )*
        }

        impl $method {
            /// Every method, in the interface's order.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// The method's name.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => stringify!($variant), )* }
            }

            /// The method of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( stringify!($variant) => Some(Self::$variant), )* _ => None }
            }

            /// The schema of the method's arguments; `None` where it has none.
            pub(crate) fn args_schema(self, _schemas: &mut schemars::SchemaGenerator) -> Option<schemars::Schema> {
                match self { $( Self::$variant => crossings!(@schema _schemas $($args)?), )* }
            }
        }

        impl serde::Serialize for $method {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $method {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = compact_str::CompactString::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $method {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($method).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let names: Vec<&str> = Self::ALL.iter().map(|method| method.name()).collect();
                schemars::json_schema!({ "type": "string", "enum": names })
            }
        }

        impl std::fmt::Display for $method {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $method {
            type Err = $crate::protocol::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::from_name(name).ok_or_else(|| {
                    let all = Self::ALL.iter().map(|method| method.name());
                    $crate::protocol::UnknownName {
                        given: name.to_owned(),
                        what: $what,
                        expected: match $crate::protocol::nearest(name, all.clone()) {
                            Some(near) => format!("a name such as {near}"),
                            None => format!("one of {}", all.collect::<Vec<_>>().join(", ")),
                        },
                    }
                })
            }
        }

        impl $type {
            /// Which method this is.
            pub const fn method(&self) -> $method {
                match self { $( crossings!(@pattern $variant $($args)?) => $method::$variant, )* }
            }

            /// The arguments, if the method has any.
            pub(crate) fn serialize_args<S: serde::ser::SerializeMap>(&self, _map: &mut S) -> Result<(), S::Error> {
                match self { $( crossings!(@bind args $variant $($args)?) => crossings!(@serialize _map args $($args)?), )* }
            }

            /// Reads the arguments of `method`.
            pub(crate) fn deserialize_args<'de, D: serde::Deserializer<'de>>(
                method: $method,
                deserializer: D,
            ) -> Result<Self, D::Error> {
                match method { $(
                    $method::$variant => crossings!(@deserialize deserializer $variant $($args)?),
                )* }
            }
        }
    };
    (@schema $schemas:ident) => { None };
    (@schema $schemas:ident $args:ty) => { Some($schemas.subschema_for::<$args>()) };
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident $args:ty) => { Self::$variant(_) };
    (@bind $name:ident $variant:ident) => { Self::$variant };
    (@bind $name:ident $variant:ident $args:ty) => { Self::$variant($name) };
    (@serialize $map:ident $name:ident) => { Ok(()) };
    (@serialize $map:ident $name:ident $args:ty) => { $map.serialize_entry("args", $name) };
    (@deserialize $de:ident $variant:ident) => {{
        <serde::de::IgnoredAny as serde::Deserialize>::deserialize($de)?;
        Ok(Self::$variant)
    }};
    (@deserialize $de:ident $variant:ident $args:ty) => {
        Ok(Self::$variant(<$args as serde::Deserialize>::deserialize($de)?))
    };
}
pub(crate) use crossings;

crossings! {
    /// A call of the manager to a handler instance, or to one of its enumerators.
    pub enum Call;
    /// The methods that the manager calls.
    pub enum CallMethod ("a method that the manager calls") {
        /// `ISyncMgrSynchronize::Initialize` (`nf-mobsync-isyncmgrsynchronize-initialize`).
        Initialize(Initialize),
        /// `ISyncMgrSynchronize::GetHandlerInfo` (`nf-mobsync-isyncmgrsynchronize-gethandlerinfo`).
        GetHandlerInfo,
        /// `ISyncMgrSynchronize::EnumSyncMgrItems` (`nf-mobsync-isyncmgrsynchronize-enumsyncmgritems`).
        EnumSyncMgrItems,
        /// `ISyncMgrSynchronize::GetItemObject` (`nf-mobsync-isyncmgrsynchronize-getitemobject`).
        GetItemObject(GetItemObject),
        /// `ISyncMgrSynchronize::ShowProperties` (`nf-mobsync-isyncmgrsynchronize-showproperties`).
        ShowProperties(ShowProperties),
        /// `ISyncMgrSynchronize::SetProgressCallback` (`nf-mobsync-isyncmgrsynchronize-setprogresscallback`).
        SetProgressCallback(SetProgressCallback),
        /// `ISyncMgrSynchronize::PrepareForSync` (`nf-mobsync-isyncmgrsynchronize-prepareforsync`).
        PrepareForSync(PrepareForSync),
        /// `ISyncMgrSynchronize::Synchronize` (`nf-mobsync-isyncmgrsynchronize-synchronize`).
        Synchronize(Synchronize),
        /// `ISyncMgrSynchronize::SetItemStatus` (`nf-mobsync-isyncmgrsynchronize-setitemstatus`).
        SetItemStatus(SetItemStatus),
        /// `ISyncMgrSynchronize::ShowError` (`nf-mobsync-isyncmgrsynchronize-showerror`).
        ShowError(ShowError),
        /// `ISyncMgrEnumItems::Next` (`nf-mobsync-isyncmgrenumitems-next`).
        Next(Walk),
        /// `ISyncMgrEnumItems::Skip` (`nf-mobsync-isyncmgrenumitems-skip`).
        Skip(Walk),
        /// `ISyncMgrEnumItems::Reset` (`nf-mobsync-isyncmgrenumitems-reset`).
        Reset(Enumerator),
        /// `ISyncMgrEnumItems::Clone` (`nf-mobsync-isyncmgrenumitems-clone`).
        Clone(Enumerator),
        /// `IUnknown::Release` of the last reference to the instance.
        Release,
    }
}

impl Call {
    /// It is `SetProgressCallback` with NULL, by which the manager takes its callback back
    /// (`nf-mobsync-isyncmgrsynchronize-setprogresscallback`).
    pub const fn takes_callback_back(&self) -> bool {
        matches!(self, Call::SetProgressCallback(SetProgressCallback { callback: None }))
    }

    /// The manager leaves by it: it takes its callback back, or releases the handler.
    pub const fn leaves(&self) -> bool {
        self.takes_callback_back() || matches!(self, Call::Release)
    }
}

impl CallMethod {
    /// Whether the method ends with a completion callback of its own.
    pub const fn is_asynchronous(self) -> bool {
        matches!(
            self,
            CallMethod::PrepareForSync | CallMethod::Synchronize | CallMethod::ShowError | CallMethod::ShowProperties
        )
    }

    /// Whether the method, when it returns this result, is followed by its completion callback.
    ///
    /// PrepareForSync and Synchronize promise one with S_OK only, ShowError and ShowProperties with any success.
    pub const fn brings_completion(self, hr: HResult) -> bool {
        match self {
            CallMethod::PrepareForSync | CallMethod::Synchronize => hr.0 == HResult::S_OK.0,
            CallMethod::ShowError | CallMethod::ShowProperties => hr.is_success(),
            _ => false,
        }
    }

    /// Whether the method belongs to the enumerator.
    pub const fn is_enumerator(self) -> bool {
        matches!(self, CallMethod::Next | CallMethod::Skip | CallMethod::Reset | CallMethod::Clone)
    }
}

/// Arguments of `Initialize`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Initialize {
    /// `dwSyncMgrFlags`.
    pub flags: SyncFlags,
    /// `dwReserved`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserved: u32,
    /// `cbCookie` bytes at `lpCookie`; `None` is NULL and 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Cookie>,
    /// The call breaks INIT-02 on purpose, to see how the handler takes an unknown event (INIT-06).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
}

impl Initialize {
    /// With the given flags and nothing else.
    pub fn new(flags: SyncFlags) -> Self {
        Self { flags, reserved: 0, cookie: None, probe: false }
    }
}

/// Arguments of `GetItemObject`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct GetItemObject {
    /// `ItemID`.
    pub item: Guid,
    /// `riid`.
    pub iid: Guid,
}

/// Arguments of `ShowProperties`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ShowProperties {
    /// `ItemID`; GUID_NULL is the handler itself.
    pub item: Guid,
    /// `hWndParent`; 0 is NULL.
    #[serde(default, skip_serializing_if = "is_zero_u64")]
    pub hwnd: u64,
}

/// Arguments of `SetProgressCallback`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SetProgressCallback {
    /// Which callback object of the manager, numbered from 1; `None` is NULL.
    pub callback: Option<u32>,
}

/// Arguments of `PrepareForSync`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PrepareForSync {
    /// `cbNumItems` ItemIDs.
    pub items: Vec<Guid>,
    /// `hWndParent`; 0 is NULL.
    #[serde(default, skip_serializing_if = "is_zero_u64")]
    pub hwnd: u64,
    /// `dwReserved`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserved: u32,
}

/// Arguments of `Synchronize`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Synchronize {
    /// `hWndParent`; 0 is NULL.
    #[serde(default, skip_serializing_if = "is_zero_u64")]
    pub hwnd: u64,
}

/// Arguments of `SetItemStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SetItemStatus {
    /// `ItemID`.
    pub item: Guid,
    /// `dwSyncMgrStatus`: SKIPPED in a manager that keeps the protocol.
    pub status: Status,
}

/// Arguments of `ShowError`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ShowError {
    /// `ErrorID`.
    pub error: Guid,
    /// `hWndParent`; 0 is NULL.
    #[serde(default, skip_serializing_if = "is_zero_u64")]
    pub hwnd: u64,
}

/// Arguments of the enumerator's `Next` and `Skip`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Walk {
    /// Which enumerator of the instance, numbered from 1.
    pub enumerator: u32,
    /// `celt`.
    pub celt: u32,
    /// `Next` is given NULL for `pceltFetched`; allowed when `celt` is 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_count: bool,
}

impl Walk {
    /// So many items of that enumerator, counted.
    pub const fn new(enumerator: u32, celt: u32) -> Self {
        Self { enumerator, celt, no_count: false }
    }
}

/// Arguments of the enumerator's `Reset` and `Clone`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Enumerator {
    /// Which enumerator of the instance, numbered from 1.
    pub enumerator: u32,
}

/// What a call returned: its result, and what came out beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Return {
    /// The method that returned.
    pub method: CallMethod,
    /// Its result.
    pub hr: HResult,
    /// Its other outputs.
    pub out: Out,
}

impl Return {
    /// A result with nothing beside it.
    pub fn new(method: CallMethod, hr: HResult) -> Self {
        Self { method, hr, out: Out::default() }
    }
}

/// What came out of a call beside its result. Each method uses its own fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Out {
    /// `GetHandlerInfo`: the structure; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<HandlerInfo>,
    /// `EnumSyncMgrItems`, `Clone`: the enumerator, numbered from 1 within the instance; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enumerator: Option<u32>,
    /// `Next`: what `pceltFetched` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<u32>,
    /// `Next`: the items that were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// `GetItemObject`: whether an object came back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub object: bool,
    /// `Release`: the reference count that it returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refs: Option<u32>,
}

/// The cookie of an INVOKE session: bytes, written in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cookie(
    /// The bytes at `lpCookie`.
    pub Vec<u8>,
);

impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Cookie {
    type Err = super::UnknownName;

    fn from_str(text: &str) -> Result<Self, super::UnknownName> {
        let error = || super::UnknownName {
            given: text.to_owned(),
            what: "a cookie",
            expected: "an even number of hexadecimal digits".to_owned(),
        };
        if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(error());
        }
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| error()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Serialize for Cookie {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cookie {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Cookie {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cookie".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([0-9A-Fa-f]{2})*$" })
    }
}

pub(super) fn is_zero(number: &u32) -> bool {
    *number == 0
}

pub(super) fn is_zero_u64(number: &u64) -> bool {
    *number == 0
}
