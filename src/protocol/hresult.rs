//! Results of calls and callbacks.

use super::names::named;

named! {
    /// A COM result: the sign bit says failure; several codes mean success.
    ///
    /// ```
    /// use mobsync::protocol::HResult;
    /// assert_eq!(HResult(0x0004_0204).to_string(), "S_SYNCMGR_CANCELALL");
    /// assert_eq!("E_FAIL".parse(), Ok(HResult::E_FAIL));
    /// assert_eq!("0x80070057".parse(), Ok(HResult::E_INVALIDARG));
    /// ```
    pub one HResult, "an HRESULT" {
        /// Success.
        S_OK = 0,
        /// Success that says no: not this event, fewer than asked for, do not show it.
        S_FALSE = 1,
        /// `EnumSyncMgrItems`: some items are missing from the enumeration for now.
        S_SYNCMGR_MISSINGITEMS = 0x0004_0201,
        /// `ShowErrorCompleted`: synchronize the given items again.
        S_SYNCMGR_RETRYSYNC = 0x0004_0202,
        /// `Progress`: stop this item.
        S_SYNCMGR_CANCELITEM = 0x0004_0203,
        /// `Progress`: stop every item.
        S_SYNCMGR_CANCELALL = 0x0004_0204,
        /// `ShowPropertiesCompleted`: the item was deleted by the user.
        S_SYNCMGR_ITEMDELETED = 0x0004_0210,
        /// `ShowPropertiesCompleted`: the items changed, enumerate them again.
        S_SYNCMGR_ENUMITEMS = 0x0004_0211,
        /// Not implemented.
        E_NOTIMPL = 0x8000_4001,
        /// The interface is not supported.
        E_NOINTERFACE = 0x8000_4002,
        /// A pointer was NULL that must not be.
        E_POINTER = 0x8000_4003,
        /// The operation was aborted.
        E_ABORT = 0x8000_4004,
        /// Unspecified failure.
        E_FAIL = 0x8000_4005,
        /// Not expected now: what an out-of-protocol callback is answered with.
        E_UNEXPECTED = 0x8000_FFFF,
        /// Access denied.
        E_ACCESSDENIED = 0x8007_0005,
        /// A handle was not valid.
        E_HANDLE = 0x8007_0006,
        /// Out of memory.
        E_OUTOFMEMORY = 0x8007_000E,
        /// An argument was not valid.
        E_INVALIDARG = 0x8007_0057,
        /// `CreateInstance`: the class cannot be aggregated.
        CLASS_E_NOAGGREGATION = 0x8004_0110,
        /// `DllGetClassObject`: the library does not serve this class.
        CLASS_E_CLASSNOTAVAILABLE = 0x8004_0111,
        /// The class is not registered.
        REGDB_E_CLASSNOTREG = 0x8004_0154,
    }
}

impl HResult {
    /// Whether the sign bit is clear.
    pub const fn is_success(self) -> bool {
        self.0 & 0x8000_0000 == 0
    }

    /// Whether the sign bit is set.
    pub const fn is_failure(self) -> bool {
        !self.is_success()
    }

    /// The code's name, if it has one here.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(_, value)| *value == self.0).map(|(name, _)| *name)
    }
}
