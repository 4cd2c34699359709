//! The flags, states and levels of `mobsync.h`, and the two profiles that differ about them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::named;

/// The Windows version that the manager emulates; flags and a few rules differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Windows 2000 and XP.
    #[default]
    Xp,
    /// Windows Vista and later.
    Vista,
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Profile::Xp => "xp",
            Profile::Vista => "vista",
        })
    }
}

named! {
    /// Why a session takes place (`ne-mobsync-syncmgrflag`, the part under the event mask).
    pub one SyncEvent, "a SYNCMGRFLAG event" {
        /// A network connection was opened.
        CONNECT = 1,
        /// A network connection is about to be closed.
        PENDINGDISCONNECT = 2,
        /// The user started it.
        MANUAL = 3,
        /// The machine is idle.
        IDLE = 4,
        /// A program asked through `ISyncMgrSynchronizeInvoke`; the only event with a cookie.
        INVOKE = 5,
        /// A schedule is due.
        SCHEDULED = 6,
    }
}

impl SyncEvent {
    /// Whether the value is one that the header names.
    pub fn is_known(self) -> bool {
        (1..=6).contains(&self.0)
    }
}

named! {
    /// What starts a session, as the user's settings know it: an event of SYNCMGRFLAG with its value, and what Windows shows as an
    /// event and has no value for.
    pub one Occasion, "an event" {
        /// A network connection was opened.
        CONNECT = 1,
        /// A network connection is about to be closed.
        PENDINGDISCONNECT = 2,
        /// The user started it.
        MANUAL = 3,
        /// The machine is idle.
        IDLE = 4,
        /// A program asked through `ISyncMgrSynchronizeInvoke`.
        INVOKE = 5,
        /// A schedule is due.
        SCHEDULED = 6,
        /// The user logs on. Handlers see CONNECT.
        LOGON = 0x101,
        /// The user logs off. Handlers see PENDINGDISCONNECT.
        LOGOFF = 0x102,
    }
}

impl Occasion {
    /// What handlers see in `Initialize`. With a logon the network is there; with a logoff it is about to go.
    pub fn event(self) -> SyncEvent {
        SyncEvent(self.0 & SyncFlags::EVENT_MASK)
    }

    /// Whether it is the event itself, and not one of those that handlers see as it.
    pub fn is_event(self) -> bool {
        self.0 == self.event().0
    }

    /// Whether what is said of `other` is said of this, too: of logon, what is said of CONNECT.
    pub fn is_one_of(self, other: Self) -> bool {
        self == other || other == self.event().into()
    }
}

impl From<SyncEvent> for Occasion {
    fn from(event: SyncEvent) -> Self {
        Self(event.0)
    }
}

/// `dwSyncMgrFlags` of `Initialize` (`ne-mobsync-syncmgrflag`): one event under the mask, and flags.
///
/// Written `MANUAL|MAYBOTHERUSER`: the event first. Without an event the flags stand alone: `SETTINGS|MAYBOTHERUSER`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SyncFlags(
    /// The value as it crosses the boundary.
    pub u32,
);

impl SyncFlags {
    /// `SYNCMGRFLAG_EVENTMASK`.
    pub const EVENT_MASK: u32 = 0xff;
    /// The session is for configuration: no synchronization.
    pub const SETTINGS: u32 = 0x100;
    /// The handler may show UI.
    pub const MAYBOTHERUSER: u32 = 0x200;

    const FLAGS: &'static [(&'static str, u32)] =
        &[("SETTINGS", Self::SETTINGS), ("MAYBOTHERUSER", Self::MAYBOTHERUSER)];

    /// From an event and its flags.
    pub const fn new(event: SyncEvent, flags: u32) -> Self {
        Self(event.0 | flags)
    }

    /// The event under the mask.
    pub const fn event(self) -> SyncEvent {
        SyncEvent(self.0 & Self::EVENT_MASK)
    }

    /// Whether this is a configuration session.
    pub const fn settings(self) -> bool {
        self.0 & Self::SETTINGS != 0
    }

    /// Whether the handler may show UI.
    pub const fn may_bother_user(self) -> bool {
        self.0 & Self::MAYBOTHERUSER != 0
    }

    /// Exactly one known event, and no bits beyond the two flags (INIT-02). SETTINGS may stand without an event: no page
    /// speaks of that.
    pub fn is_legal(self) -> bool {
        (self.event().is_known() || self.lacks_event_of_settings())
            && self.0 & !(Self::EVENT_MASK | Self::SETTINGS | Self::MAYBOTHERUSER) == 0
    }

    /// SETTINGS without an event (INIT-07).
    pub const fn lacks_event_of_settings(self) -> bool {
        self.settings() && self.event().0 == 0
    }
}

impl std::fmt::Display for SyncFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (event, rest) = (self.event(), self.0 & !Self::EVENT_MASK);
        if event.0 != 0 || rest == 0 {
            write!(f, "{event}")?;
        }
        if rest != 0 {
            f.write_str(if event.0 != 0 { "|" } else { "" })?;
            super::names::write_flags(f, rest, Self::FLAGS)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for SyncFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for SyncFlags {
    type Err = super::UnknownName;

    fn from_str(text: &str) -> Result<Self, super::UnknownName> {
        let (first, _) = text.split_once('|').unwrap_or((text, ""));
        if Self::FLAGS.iter().any(|(flag, _)| *flag == first.trim()) {
            return Ok(Self(super::names::read_flags(text, Self::FLAGS, "a SYNCMGRFLAG flag")?));
        }
        let (event, rest) = text.split_once('|').unwrap_or((text, "0"));
        let event: SyncEvent = event.trim().parse()?;
        Ok(Self(event.0 | super::names::read_flags(rest, Self::FLAGS, "a SYNCMGRFLAG flag")?))
    }
}

impl Serialize for SyncFlags {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SyncFlags {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(super::names::NamedVisitor { what: "SYNCMGRFLAG flags", from_number: SyncFlags })
    }
}

impl JsonSchema for SyncFlags {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SyncFlags".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "an event (MANUAL, CONNECT, PENDINGDISCONNECT, IDLE, INVOKE, SCHEDULED), then |SETTINGS, |MAYBOTHERUSER; or the flags without an event",
            "type": ["string", "integer"]
        })
    }
}

named! {
    /// `SYNCMGRHANDLERFLAGS` (`ne-mobsync-syncmgrhandlerflags`).
    pub bits HandlerFlags, "SYNCMGRHANDLERFLAGS" {
        /// `ShowProperties` works for the handler itself.
        HASPROPERTIES = 1,
        /// The handler may call `EstablishConnection`.
        MAYESTABLISHCONNECTION = 2,
        /// List the handler even without items.
        ALWAYSLISTHANDLER = 4,
        /// Do not list the handler (Vista).
        HIDDEN = 8,
    }
}

impl HandlerFlags {
    /// The mask of valid flags in the header of today's SDK (0x7 before Windows Vista, which added HIDDEN).
    pub const MASK: u32 = 0xf;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: HandlerFlags) -> bool {
        self.0 & bits.0 == bits.0
    }
}

named! {
    /// `SYNCMGRITEMFLAGS` (`ne-mobsync-syncmgritemflags`).
    pub bits ItemFlags, "SYNCMGRITEMFLAGS" {
        /// `ShowProperties` works for the item.
        HASPROPERTIES = 1,
        /// The item's preferences need not be kept.
        TEMPORARY = 2,
        /// The item's preferences roam with the user.
        ROAMINGUSER = 4,
        /// `ftLastUpdate` is given.
        LASTUPDATETIME = 8,
        /// The user may delete the item.
        MAYDELETEITEM = 0x10,
        /// Do not list the item (Vista).
        HIDDEN = 0x20,
    }
}

impl ItemFlags {
    /// The mask of valid flags in the header of today's SDK (0x1f before Windows Vista, which added HIDDEN).
    pub const MASK: u32 = 0x7f;
    /// The bit that this mask holds, and that no flag has.
    pub const UNNAMED: u32 = 0x40;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: ItemFlags) -> bool {
        self.0 & bits.0 == bits.0
    }
}

named! {
    /// `SYNCMGRITEMSTATE`: what the user sees preselected (`ne-mobsync-syncmgritemstate`).
    pub one ItemState, "a SYNCMGRITEMSTATE" {
        /// Not preselected.
        UNCHECKED = 0,
        /// Preselected.
        CHECKED = 1,
    }
}

named! {
    /// `SYNCMGRSTATUS` (`ne-mobsync-syncmgrstatus`).
    pub one Status, "a SYNCMGRSTATUS" {
        /// The item's synchronization was stopped.
        STOPPED = 0,
        /// The item was skipped.
        SKIPPED = 1,
        /// The item waits for its turn.
        PENDING = 2,
        /// The item is being synchronized.
        UPDATING = 3,
        /// The item was synchronized.
        SUCCEEDED = 4,
        /// The item failed.
        FAILED = 5,
        /// The item is paused.
        PAUSED = 6,
        /// The item goes on after a pause.
        RESUMING = 7,
        /// The item is being synchronized, how far is not known (Vista).
        UPDATING_INDETERMINATE = 8,
        /// The item was deleted (deprecated in Vista).
        DELETED = 0x100,
    }
}

impl Status {
    /// STOPPED, SKIPPED, SUCCEEDED, FAILED or DELETED: nothing more is expected of the item in this round.
    pub const fn is_final(self) -> bool {
        matches!(self, Status::STOPPED | Status::SKIPPED | Status::SUCCEEDED | Status::FAILED | Status::DELETED)
    }

    /// UPDATING in either form: work is being done.
    pub const fn is_updating(self) -> bool {
        matches!(self, Status::UPDATING | Status::UPDATING_INDETERMINATE)
    }

    /// Whether the profile knows the value.
    pub const fn is_known(self, profile: Profile) -> bool {
        match profile {
            Profile::Xp => self.0 <= 7 || self.0 == 0x100,
            Profile::Vista => self.0 <= 8 || self.0 == 0x100,
        }
    }
}

named! {
    /// Which fields of a `SYNCMGRPROGRESSITEM` are given (the header's `SYNCMGRPROGRESSITEM_*` bits).
    pub bits ProgressMask, "SYNCMGRPROGRESSITEM mask bits" {
        /// The status text.
        STATUSTEXT = 1,
        /// The status.
        STATUSTYPE = 2,
        /// The value.
        PROGVALUE = 4,
        /// The maximum.
        MAXVALUE = 8,
    }
}

impl ProgressMask {
    /// Whether all of `bits` are set.
    pub const fn has(self, bits: ProgressMask) -> bool {
        self.0 & bits.0 == bits.0
    }
}

named! {
    /// `SYNCMGRLOGLEVEL` (`ne-mobsync-syncmgrloglevel`).
    pub one LogLevel, "a SYNCMGRLOGLEVEL" {
        /// For information.
        INFORMATION = 1,
        /// A warning.
        WARNING = 2,
        /// An error.
        ERROR = 3,
    }
}

named! {
    /// Which fields of a `SYNCMGRLOGERRORINFO` are given (`SYNCMGRLOGERROR_*`).
    pub bits LogMask, "SYNCMGRLOGERROR mask bits" {
        /// The error flags.
        ERRORFLAGS = 1,
        /// The ErrorID.
        ERRORID = 2,
        /// The ItemID.
        ITEMID = 4,
    }
}

impl LogMask {
    /// Whether all of `bits` are set.
    pub const fn has(self, bits: LogMask) -> bool {
        self.0 & bits.0 == bits.0
    }
}

named! {
    /// `SYNCMGRERRORFLAGS`.
    pub bits ErrorFlags, "SYNCMGRERRORFLAGS" {
        /// The error's text can be followed: `ShowError` works for it.
        ENABLEJUMPTEXT = 1,
    }
}

impl ErrorFlags {
    /// Whether all of `bits` are set.
    pub const fn has(self, bits: ErrorFlags) -> bool {
        self.0 & bits.0 == bits.0
    }
}

named! {
    /// `SYNCMGRREGISTERFLAGS`: the events for which a handler is registered (`ne-mobsync-syncmgrregisterflags`).
    pub bits RegisterFlags, "SYNCMGRREGISTERFLAGS" {
        /// A network connection was opened.
        CONNECT = 1,
        /// A network connection is about to be closed.
        PENDINGDISCONNECT = 2,
        /// The machine is idle.
        IDLE = 4,
    }
}

impl RegisterFlags {
    /// `SYNCMGRREGISTERFLAGS_MASK`: the valid flags.
    pub const MASK: u32 = 0x7;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: RegisterFlags) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// Whether there are no bits beyond the mask.
    pub const fn is_valid(self) -> bool {
        self.0 & !Self::MASK == 0
    }
}

named! {
    /// `SYNCMGRINVOKEFLAGS`: how `UpdateItems` starts a session (`ne-mobsync-syncmgrinvokeflags`).
    pub bits InvokeFlags, "SYNCMGRINVOKEFLAGS" {
        /// Start at once: the user does not choose first.
        STARTSYNC = 2,
        /// The dialog in which the user chooses is minimized.
        MINIMIZED = 4,
    }
}

impl InvokeFlags {
    /// Whether all of `bits` are set.
    pub const fn has(self, bits: InvokeFlags) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// Whether there are no bits beyond the two flags.
    pub const fn is_valid(self) -> bool {
        self.0 & !(Self::STARTSYNC.0 | Self::MINIMIZED.0) == 0
    }
}
