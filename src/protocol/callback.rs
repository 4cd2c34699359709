//! Calls of a handler to the manager (`ISyncMgrSynchronizeCallback`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{crossings, is_zero};
use super::{CallMethod, Guid, HResult, LogErrorInfo, LogLevel, ProgressItem, Text};

crossings! {
    /// A call of a handler to the manager.
    pub enum Callback;
    /// The methods of `ISyncMgrSynchronizeCallback`.
    pub enum CallbackMethod ("a method of ISyncMgrSynchronizeCallback") {
        /// `nf-mobsync-isyncmgrsynchronizecallback-showpropertiescompleted`.
        ShowPropertiesCompleted(Completed),
        /// `nf-mobsync-isyncmgrsynchronizecallback-prepareforsynccompleted`.
        PrepareForSyncCompleted(Completed),
        /// `nf-mobsync-isyncmgrsynchronizecallback-synchronizecompleted`.
        SynchronizeCompleted(Completed),
        /// `nf-mobsync-isyncmgrsynchronizecallback-showerrorcompleted`.
        ShowErrorCompleted(ShowErrorCompleted),
        /// `nf-mobsync-isyncmgrsynchronizecallback-enablemodeless`.
        EnableModeless(EnableModeless),
        /// `nf-mobsync-isyncmgrsynchronizecallback-progress`.
        Progress(Progress),
        /// `nf-mobsync-isyncmgrsynchronizecallback-logerror`.
        LogError(LogError),
        /// `nf-mobsync-isyncmgrsynchronizecallback-deletelogerror`.
        DeleteLogError(DeleteLogError),
        /// `nf-mobsync-isyncmgrsynchronizecallback-establishconnection`.
        EstablishConnection(EstablishConnection),
    }
}

impl CallbackMethod {
    /// The method whose completion this is.
    pub const fn completes(self) -> Option<CallMethod> {
        match self {
            CallbackMethod::ShowPropertiesCompleted => Some(CallMethod::ShowProperties),
            CallbackMethod::PrepareForSyncCompleted => Some(CallMethod::PrepareForSync),
            CallbackMethod::SynchronizeCompleted => Some(CallMethod::Synchronize),
            CallbackMethod::ShowErrorCompleted => Some(CallMethod::ShowError),
            _ => None,
        }
    }
}

/// Arguments of the completions that carry a result only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Completed {
    /// `hrResult`.
    pub hr: HResult,
}

/// Arguments of `ShowErrorCompleted`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ShowErrorCompleted {
    /// `hrResult`; S_SYNCMGR_RETRYSYNC asks for the items to be synchronized again.
    pub hr: HResult,
    /// `cItems` ItemIDs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Guid>,
}

/// Arguments of `EnableModeless`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EnableModeless {
    /// TRUE asks to show a dialog, FALSE says that it is gone.
    pub enable: bool,
}

/// Arguments of `Progress`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// `ItemID`.
    pub item: Guid,
    /// The structure; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<ProgressItem>,
}

/// Arguments of `LogError`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LogError {
    /// `dwErrorLevel`.
    pub level: LogLevel,
    /// `lpcErrorText`; `None` is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The structure; `None` is NULL, which is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Box<LogErrorInfo>>,
}

/// Arguments of `DeleteLogError`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct DeleteLogError {
    /// `ErrorID`; GUID_NULL deletes all that the instance logged.
    pub error: Guid,
    /// `dwReserved`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserved: u32,
}

/// Arguments of `EstablishConnection`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EstablishConnection {
    /// `lpwszConnection`; `None` is the default connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// `dwReserved`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserved: u32,
}

impl Callback {
    /// `PrepareForSyncCompleted(hr)`.
    pub const fn prepare_completed(hr: HResult) -> Self {
        Self::PrepareForSyncCompleted(Completed { hr })
    }

    /// `SynchronizeCompleted(hr)`.
    pub const fn synchronize_completed(hr: HResult) -> Self {
        Self::SynchronizeCompleted(Completed { hr })
    }

    /// `Progress(item, info)`.
    pub const fn progress(item: Guid, info: ProgressItem) -> Self {
        Self::Progress(Progress { item, info: Some(info) })
    }

    /// The result that a completion carries.
    pub fn completion(&self) -> Option<HResult> {
        match self {
            Self::ShowPropertiesCompleted(args)
            | Self::PrepareForSyncCompleted(args)
            | Self::SynchronizeCompleted(args) => Some(args.hr),
            Self::ShowErrorCompleted(args) => Some(args.hr),
            _ => None,
        }
    }
}
