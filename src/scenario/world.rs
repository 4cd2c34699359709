//! The scripted world around several handlers: what is registered and preferred, and what happens over time.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expectation::MemberExpect;
use super::file::{Member, Scenario};
use crate::handler::ServerCall;
use crate::host::Connection;
use crate::protocol::{Delay, Guid, HResult, RegisterFlags, ScheduledEvent};
use crate::store::Preferences;

/// Something that happens in the world, at its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "HappensWire", into = "HappensWire")]
#[schemars(with = "HappensWire")]
pub struct Happens {
    /// When, from the beginning of the world. What runs then ends first.
    pub at: Delay,
    /// What.
    pub what: Happening,
    /// For whoever reads the file.
    pub comment: String,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// An event starts sessions.
    Event {
        /// The event.
        event: ScheduledEvent,
        /// Of these handlers; without any, of all that are registered for it.
        handlers: Vec<String>,
        /// The network connection, by which preferences are chosen.
        connection: Option<String>,
        /// What must come of each handler's session; nothing: none is started.
        expect: BTreeMap<String, Option<MemberExpect>>,
    },
    /// `RegisterSyncMgrHandler`, also of one that is registered already.
    Register {
        /// The handler.
        handler: String,
        /// For which events.
        flags: RegisterFlags,
        /// The result.
        hr: HResult,
    },
    /// `UnregisterSyncMgrHandler`.
    Unregister {
        /// The handler.
        handler: String,
        /// The result.
        hr: HResult,
    },
    /// `DllRegisterServer` or `DllUnregisterServer` of the handler's library.
    Server {
        /// The handler.
        handler: String,
        /// Which.
        call: ServerCall,
        /// The result.
        hr: HResult,
    },
    /// The user changes preferences.
    Prefer {
        /// Those for this handler.
        handler: String,
        /// What the user prefers from now on. Each replaces the one about the same.
        preferences: Preferences,
    },
    /// The network is another one from now on.
    Network(Vec<Connection>),
}

impl fmt::Display for Happens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: Delay(at), what, .. } = self;
        // Hours are easier to read than tens of thousands of seconds.
        const MINUTE: u64 = 60_000_000_000;
        let at = match at {
            0 => Delay(0).to_string(),
            hours if hours % (60 * MINUTE) == 0 => format!("{}h", hours / (60 * MINUTE)),
            minutes if minutes % MINUTE == 0 => format!("{}m", minutes / MINUTE),
            other => Delay(*other).to_string(),
        };
        match what {
            Happening::Event { event, .. } => write!(f, "at {at}, {}", event.name()),
            Happening::Register { handler, .. } => write!(f, "at {at}, register {handler}"),
            Happening::Unregister { handler, .. } => write!(f, "at {at}, unregister {handler}"),
            Happening::Server { handler, call: ServerCall::Register, .. } => {
                write!(f, "at {at}, DllRegisterServer of {handler}")
            }
            Happening::Server { handler, call: ServerCall::Unregister, .. } => {
                write!(f, "at {at}, DllUnregisterServer of {handler}")
            }
            Happening::Prefer { handler, .. } => write!(f, "at {at}, preferences for {handler}"),
            Happening::Network(_) => write!(f, "at {at}, another network"),
        }
    }
}

/// What happens, as it stands in the file: `at`, and exactly one of `event`, `register`, `unregister`,
/// `register_server`, `unregister_server`, `prefer` and `network`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct HappensWire {
    /// When, from the beginning of the world. What runs then ends first.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Delay>,
    /// This event starts the sessions of the handlers that are registered for it, with their preferences for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<ScheduledEvent>,
    /// With `event`: of these handlers, whatever they are registered for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handlers: Vec<String>,
    /// With `event`: the network connection, for preferences that are for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// With `event`: what must come of each handler's session; null: it has none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    expect: BTreeMap<String, Option<MemberExpect>>,
    /// This handler is registered, or its registration is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    register: Option<String>,
    /// With `register`: the events for which it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<RegisterFlags>,
    /// This handler is unregistered.
    #[serde(skip_serializing_if = "Option::is_none")]
    unregister: Option<String>,
    /// The library of this handler registers its classes: `DllRegisterServer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    register_server: Option<String>,
    /// The library of this handler removes what it registered: `DllUnregisterServer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    unregister_server: Option<String>,
    /// With what registers and unregisters: the result that it must have. Default: S_OK.
    #[serde(skip_serializing_if = "Option::is_none")]
    hr: Option<HResult>,
    /// The user changes the preferences for this handler.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefer: Option<String>,
    /// With `prefer`: what the user prefers. Each replaces the one about the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    preferences: Option<Preferences>,
    /// From now on, this is the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Vec<Connection>>,
    /// For whoever reads the file.
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
}

impl TryFrom<HappensWire> for Happens {
    type Error = String;

    fn try_from(wire: HappensWire) -> Result<Self, String> {
        let HappensWire { event, register, unregister, prefer, network, .. } = &wire;
        let of_server = wire.register_server.is_some() || wire.unregister_server.is_some();
        let given = [
            event.is_some(),
            register.is_some(),
            unregister.is_some(),
            prefer.is_some(),
            network.is_some(),
            wire.register_server.is_some(),
            wire.unregister_server.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let why = "needs exactly one of `event`, `register`, `unregister`, `register_server`, `unregister_server`, \
                       `prefer` and `network`";
            return Err(format!("what happens {why}"));
        }
        let [is_event, is_register, is_unregister, is_prefer, ..] = given;
        let goes_with = [
            (!wire.handlers.is_empty(), "handlers", is_event, "`event`"),
            (wire.connection.is_some(), "connection", is_event, "`event`"),
            (!wire.expect.is_empty(), "expect", is_event, "`event`"),
            (wire.flags.is_some(), "flags", is_register, "`register`"),
            (wire.hr.is_some(), "hr", is_register || is_unregister || of_server, "what registers and unregisters"),
            (wire.preferences.is_some(), "preferences", is_prefer, "`prefer`"),
        ];
        if let Some((.., name, _, with)) = goes_with.iter().find(|(there, _, fits, _)| *there && !fits) {
            return Err(format!("`{name}` can only stand beside {with}"));
        }
        let HappensWire { at, event, handlers, connection, expect, register, flags, unregister, hr, .. } = wire;
        let server = [(wire.register_server, ServerCall::Register), (wire.unregister_server, ServerCall::Unregister)];
        let server = server.into_iter().find_map(|(handler, call)| Some((handler?, call)));
        let hr = hr.unwrap_or(HResult::S_OK);
        let at = at.ok_or("missing field `at`")?;
        let what = match (event, register, unregister, wire.prefer) {
            (Some(event), ..) => Happening::Event { event, handlers, connection, expect },
            (_, Some(handler), ..) => Happening::Register { handler, flags: flags.unwrap_or_default(), hr },
            (_, _, Some(handler), _) => Happening::Unregister { handler, hr },
            (.., Some(handler)) => {
                let preferences = wire.preferences.ok_or("missing field `preferences`, which goes with `prefer`")?;
                Happening::Prefer { handler, preferences }
            }
            (None, None, None, None) => match server {
                Some((handler, call)) => Happening::Server { handler, call, hr },
                None => Happening::Network(wire.network.unwrap_or_default()),
            },
        };
        Ok(Self { at, what, comment: wire.comment })
    }
}

impl From<Happens> for HappensWire {
    fn from(Happens { at, what, comment }: Happens) -> Self {
        let wire = Self { at: Some(at), comment, ..Self::default() };
        let other = |hr: HResult| Some(hr).filter(|hr| *hr != HResult::S_OK);
        match what {
            Happening::Event { event, handlers, connection, expect } => {
                Self { event: Some(event), handlers, connection, expect, ..wire }
            }
            Happening::Register { handler, flags, hr } => {
                Self { register: Some(handler), flags: Some(flags), hr: other(hr), ..wire }
            }
            Happening::Unregister { handler, hr } => Self { unregister: Some(handler), hr: other(hr), ..wire },
            Happening::Server { handler, call: ServerCall::Register, hr } => {
                Self { register_server: Some(handler), hr: other(hr), ..wire }
            }
            Happening::Server { handler, call: ServerCall::Unregister, hr } => {
                Self { unregister_server: Some(handler), hr: other(hr), ..wire }
            }
            Happening::Prefer { handler, preferences } => {
                Self { prefer: Some(handler), preferences: Some(preferences), ..wire }
            }
            Happening::Network(network) => Self { network: Some(network), ..wire },
        }
    }
}

impl Happening {
    /// The handlers that it names.
    pub fn handlers(&self) -> Vec<&str> {
        match self {
            Self::Event { handlers, expect, .. } => {
                handlers.iter().map(String::as_str).chain(expect.keys().map(String::as_str)).collect()
            }
            Self::Register { handler, .. }
            | Self::Unregister { handler, .. }
            | Self::Server { handler, .. }
            | Self::Prefer { handler, .. } => vec![handler],
            Self::Network(_) => Vec::new(),
        }
    }
}

/// What must be stored for a handler at the end. What is left out is not checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoredExpect {
    /// For which events it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<RegisterFlags>,
    /// What the user prefers: exactly this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferences: Option<Preferences>,
}

impl Member {
    /// What the world calls it: its `name`, or the name of its file without the extension.
    pub fn world_name(&self) -> String {
        let of_file = || std::path::Path::new(&self.handler).file_stem().unwrap_or_default().to_string_lossy();
        self.name.clone().unwrap_or_else(|| of_file().into_owned())
    }
}

impl Scenario {
    /// Whether something happens over time, so that there is more than one session.
    pub fn has_world(&self) -> bool {
        !self.world.is_empty()
    }

    /// The CLSID under which the handler at this place is registered that has none of its own: the same on every machine.
    pub fn clsid_of_handler(at: usize) -> Guid {
        /// Only the last digits differ.
        const BASE: u128 = 0x6d6f_6273_796e_4e6f_8005_0000_0000_0000;
        Guid::from_u128(BASE + 1 + at as u128)
    }
}
