//! What a handler reports while it works.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ErrorFlags, Guid, LogMask, ProgressMask, Status, Text};

/// `SYNCMGRPROGRESSITEM` (`ns-mobsync-syncmgrprogressitem`). A field counts only when its bit is in the mask.
///
/// In JSON the mask is left out when it follows from the fields that are given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "ProgressWire", into = "ProgressWire")]
#[schemars(with = "ProgressWire")]
pub struct ProgressItem {
    /// Which fields are given.
    pub mask: ProgressMask,
    /// `lpcStatusText`; `None` is NULL.
    pub text: Option<Text>,
    /// `dwStatusType`.
    pub status: Status,
    /// `iProgValue`.
    pub value: i32,
    /// `iMaxValue`.
    pub max: i32,
    /// `cbSize` of a native handler's structure, if it is wrong.
    pub size: Option<u32>,
}

impl ProgressItem {
    /// A status alone.
    pub fn status(status: Status) -> Self {
        Self { mask: ProgressMask::STATUSTYPE, status, ..Self::default() }
    }

    /// Adds a value and its maximum.
    #[must_use]
    pub fn at(mut self, value: i32, max: i32) -> Self {
        self.mask.0 |= ProgressMask::PROGVALUE.0 | ProgressMask::MAXVALUE.0;
        self.value = value;
        self.max = max;
        self
    }

    /// Adds a status text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Text>) -> Self {
        self.mask.0 |= ProgressMask::STATUSTEXT.0;
        self.text = Some(text.into());
        self
    }

    /// The status, if the mask says that it is given.
    pub fn given_status(&self) -> Option<Status> {
        self.mask.has(ProgressMask::STATUSTYPE).then_some(self.status)
    }

    /// The value, if the mask says that it is given.
    pub fn given_value(&self) -> Option<i32> {
        self.mask.has(ProgressMask::PROGVALUE).then_some(self.value)
    }

    /// The maximum, if the mask says that it is given.
    pub fn given_max(&self) -> Option<i32> {
        self.mask.has(ProgressMask::MAXVALUE).then_some(self.max)
    }
}

/// The fields of a progress report as they stand in files.
#[derive(Serialize, Deserialize, JsonSchema)]
struct ProgressWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<ProgressMask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
}

impl ProgressWire {
    /// The mask that the given fields amount to.
    fn implied(&self) -> ProgressMask {
        let bit = |given: bool, bit: ProgressMask| if given { bit.0 } else { 0 };
        ProgressMask(
            bit(self.text.is_some(), ProgressMask::STATUSTEXT)
                | bit(self.status.is_some(), ProgressMask::STATUSTYPE)
                | bit(self.value.is_some(), ProgressMask::PROGVALUE)
                | bit(self.max.is_some(), ProgressMask::MAXVALUE),
        )
    }
}

impl From<ProgressWire> for ProgressItem {
    fn from(wire: ProgressWire) -> Self {
        Self {
            mask: wire.mask.unwrap_or_else(|| wire.implied()),
            text: wire.text,
            status: wire.status.unwrap_or_default(),
            value: wire.value.unwrap_or_default(),
            max: wire.max.unwrap_or_default(),
            size: wire.size,
        }
    }
}

impl From<ProgressItem> for ProgressWire {
    fn from(item: ProgressItem) -> Self {
        // A field outside the mask is kept when it says something, so that a trace reads back equal.
        let keep = |bit, value: i32| (item.mask.has(bit) || value != 0).then_some(value);
        let mut wire = Self {
            mask: None,
            status: (item.mask.has(ProgressMask::STATUSTYPE) || item.status.0 != 0).then_some(item.status),
            value: keep(ProgressMask::PROGVALUE, item.value),
            max: keep(ProgressMask::MAXVALUE, item.max),
            text: item.text,
            size: item.size,
        };
        wire.mask = (wire.implied() != item.mask).then_some(item.mask);
        wire
    }
}

/// `SYNCMGRLOGERRORINFO` (`ns-mobsync-syncmgrlogerrorinfo`). A field counts only when its bit is in the mask.
///
/// In JSON the mask is left out when it follows from the fields that are given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "LogErrorWire", into = "LogErrorWire")]
#[schemars(with = "LogErrorWire")]
pub struct LogErrorInfo {
    /// Which fields are given.
    pub mask: LogMask,
    /// `dwSyncMgrErrorFlags`.
    pub flags: ErrorFlags,
    /// `ErrorID`.
    pub error: Guid,
    /// `ItemID`.
    pub item: Guid,
    /// `cbSize` of a native handler's structure, if it is wrong.
    pub size: Option<u32>,
}

impl LogErrorInfo {
    /// The flags, if the mask says that they are given; else none.
    pub fn given_flags(&self) -> ErrorFlags {
        if self.mask.has(LogMask::ERRORFLAGS) { self.flags } else { ErrorFlags(0) }
    }

    /// The ErrorID, if the mask says that it is given.
    pub fn given_error(&self) -> Option<Guid> {
        self.mask.has(LogMask::ERRORID).then_some(self.error)
    }

    /// The ErrorID by which the error can be shown and deleted, if there is one: GUID_NULL names no error.
    pub fn error_id(&self) -> Option<Guid> {
        self.given_error().filter(|error| !error.is_null())
    }

    /// Whether the user can ask to see the error (ENABLEJUMPTEXT).
    pub fn has_jump_text(&self) -> bool {
        self.given_flags().has(ErrorFlags::ENABLEJUMPTEXT)
    }

    /// The ItemID, if the mask says that it is given.
    pub fn given_item(&self) -> Option<Guid> {
        self.mask.has(LogMask::ITEMID).then_some(self.item)
    }

    /// An error that can be shown and retried: ErrorID, ENABLEJUMPTEXT, and the item it concerns.
    pub fn jump(error: Guid, item: Option<Guid>) -> Self {
        let mask = LogMask::ERRORFLAGS.0 | LogMask::ERRORID.0;
        Self {
            mask: LogMask(mask | if item.is_some() { LogMask::ITEMID.0 } else { 0 }),
            flags: ErrorFlags::ENABLEJUMPTEXT,
            error,
            item: item.unwrap_or_default(),
            size: None,
        }
    }
}

/// The fields of a log error as they stand in files.
#[derive(Serialize, Deserialize, JsonSchema)]
struct LogErrorWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<LogMask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<ErrorFlags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
}

impl LogErrorWire {
    /// The mask that the given fields amount to.
    fn implied(&self) -> LogMask {
        let bit = |given: bool, bit: LogMask| if given { bit.0 } else { 0 };
        LogMask(
            bit(self.flags.is_some(), LogMask::ERRORFLAGS)
                | bit(self.error.is_some(), LogMask::ERRORID)
                | bit(self.item.is_some(), LogMask::ITEMID),
        )
    }
}

impl From<LogErrorWire> for LogErrorInfo {
    fn from(wire: LogErrorWire) -> Self {
        Self {
            mask: wire.mask.unwrap_or_else(|| wire.implied()),
            flags: wire.flags.unwrap_or_default(),
            error: wire.error.unwrap_or_default(),
            item: wire.item.unwrap_or_default(),
            size: wire.size,
        }
    }
}

impl From<LogErrorInfo> for LogErrorWire {
    fn from(info: LogErrorInfo) -> Self {
        let keep = |bit, guid: Guid| (info.mask.has(bit) || !guid.is_null()).then_some(guid);
        let mut wire = Self {
            mask: None,
            flags: (info.mask.has(LogMask::ERRORFLAGS) || info.flags.0 != 0).then_some(info.flags),
            error: keep(LogMask::ERRORID, info.error),
            item: keep(LogMask::ITEMID, info.item),
            size: info.size,
        };
        wire.mask = (wire.implied() != info.mask).then_some(info.mask);
        wire
    }
}
