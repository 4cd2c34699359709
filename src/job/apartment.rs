//! In which apartment of COM the handlers of Windows libraries live.

use std::sync::OnceLock;

/// An apartment of COM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apartment {
    /// A single-threaded one for each session, as in the real manager.
    SingleThreaded,
    /// The multi-threaded one.
    MultiThreaded,
    /// A single-threaded one. The sessions of every handler in real time are strict besides ([`Terms::strict`](super::Terms)).
    Strict,
}

/// The variable by which a worker is told.
pub(super) const VARIABLE: &str = "MOBSYNC_APARTMENT";

static USED: OnceLock<Apartment> = OnceLock::new();

/// From now on handlers live in this apartment. Only the first call has an effect. Without one it is a single-threaded one.
pub fn use_apartment(apartment: Apartment) {
    let _ = USED.set(apartment);
    #[cfg(windows)]
    crate::handler::com::use_apartment(apartment == Apartment::MultiThreaded);
}

/// The apartment that was asked for.
pub fn apartment_used() -> Option<Apartment> {
    USED.get().copied()
}

impl Apartment {
    /// Its name on command lines and in the worker's environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleThreaded => "sta",
            Self::MultiThreaded => "mta",
            Self::Strict => "strict",
        }
    }
}

/// A worker does what its parent was asked for.
#[cfg(windows)]
pub(super) fn as_parent_says() {
    if std::env::var_os(VARIABLE).is_some_and(|value| value == Apartment::MultiThreaded.name()) {
        use_apartment(Apartment::MultiThreaded);
    }
}

/// A handler lives where its ThreadingModel says, unless the parent was asked for an apartment.
#[cfg(windows)]
pub(super) fn unless_parent_says(multi_threaded: bool) {
    if multi_threaded && std::env::var_os(VARIABLE).is_none() {
        use_apartment(Apartment::MultiThreaded);
    }
}
