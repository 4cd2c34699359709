//! The manager's own interfaces, `ISyncMgrRegister` and `ISyncMgrSynchronizeInvoke`: what a handler or another program asked of the
//! manager, with the manager's answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cookie, Delay, Guid, HResult, HandlerId, InvokeFlags, RegisterFlags, Text};

/// `ISyncMgrRegister::RegisterSyncMgrHandler` (`nf-mobsync-isyncmgrregister-registersyncmgrhandler`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RegisterSyncMgrHandler {
    /// The handler's class.
    pub clsid: Guid,
    /// Its description; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// The events for which it is registered.
    pub flags: RegisterFlags,
    /// The result.
    pub hr: HResult,
}

/// `ISyncMgrRegister::UnregisterSyncMgrHandler` (`nf-mobsync-isyncmgrregister-unregistersyncmgrhandler`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct UnregisterSyncMgrHandler {
    /// The handler's class.
    pub clsid: Guid,
    /// The result.
    pub hr: HResult,
}

/// `ISyncMgrRegister::GetHandlerRegistrationInfo` (`nf-mobsync-isyncmgrregister-gethandlerregistrationinfo`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct GetHandlerRegistrationInfo {
    /// The handler's class.
    pub clsid: Guid,
    /// The events that came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<RegisterFlags>,
    /// The result; S_FALSE when the handler is not registered.
    pub hr: HResult,
}

/// `ISyncMgrSynchronizeInvoke::UpdateItems` (`nf-mobsync-isyncmgrsynchronizeinvoke-updateitems`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct UpdateItems {
    /// The handler's class.
    pub clsid: Guid,
    /// How the session is started.
    pub flags: InvokeFlags,
    /// The cookie; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Cookie>,
    /// The instance whose session it starts, where that is in this trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<HandlerId>,
    /// The result.
    pub hr: HResult,
}

/// `ISyncMgrSynchronizeInvoke::UpdateAll` (`nf-mobsync-isyncmgrsynchronizeinvoke-updateall`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct UpdateAll {
    /// How long it took to return.
    pub took: Delay,
    /// The result.
    pub hr: HResult,
}

/// `DllRegisterServer`: the library was told to register its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct DllRegisterServer {
    /// The result.
    pub hr: HResult,
}

/// `DllUnregisterServer`: the library was told to remove what it registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct DllUnregisterServer {
    /// The result.
    pub hr: HResult,
}

/// What COM's registry says of a class (`HKEY_CLASSES_ROOT\\CLSID\\{…}\\InprocServer32`), where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ClassRegistered {
    /// The class.
    pub clsid: Guid,
    /// The library that is loaded for it, if there is a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Text>,
    /// `ThreadingModel`, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threading_model: Option<Text>,
}

/// For which of a handler's items the manager has stored preferences, at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PreferencesStored {
    /// The items.
    pub items: Vec<Guid>,
    /// Those among them that were TEMPORARY when they were last enumerated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub temporary: Vec<Guid>,
}
