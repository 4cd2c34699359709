//! Several instances side by side: for which others the manager waits before it calls one of them.

use super::{Instance, Session};
use crate::protocol::{CallMethod, HandlerId, Profile};

/// How far an instance is with its prepare phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preparing {
    /// `PrepareForSync` was called, or will not be called any more.
    pub begun: bool,
    /// The phase is over, or will not come any more.
    pub finished: bool,
}

impl Preparing {
    /// Nobody waits for this one.
    pub const OVER: Self = Self { begun: true, finished: true };
}

impl Profile {
    /// Whether the manager of this Windows waits for others before it calls the method of the instance at `own`. `all` are the
    /// instances in their order.
    ///
    /// `PrepareForSync` is called on each in order. On Windows XP `Synchronize` begins when every instance has prepared; that of
    /// Windows Vista begins as soon as the instance itself has (`nf-syncmgr-isyncmgrhandler-synchronize`).
    pub fn waits_for_others(self, method: CallMethod, own: usize, all: &[Preparing]) -> bool {
        match method {
            CallMethod::PrepareForSync => all.iter().take(own).any(|other| !other.begun),
            CallMethod::Synchronize if self == Self::Xp => {
                all.iter().enumerate().any(|(at, other)| at != own && !other.finished)
            }
            _ => false,
        }
    }
}

impl Instance {
    /// How far it is with its prepare phase.
    pub fn preparing(&self) -> Preparing {
        Preparing { begun: self.has_begun_preparing(), finished: self.has_finished_preparing() }
    }
}

impl Session {
    /// As [`Profile::waits_for_others`], for an instance of this session.
    pub fn waits_for_others(&self, profile: Profile, method: CallMethod, handler: HandlerId) -> bool {
        if !matches!(method, CallMethod::PrepareForSync | CallMethod::Synchronize) {
            return false;
        }
        let all: Vec<Preparing> = self.instances().map(Instance::preparing).collect();
        let own = self.instances().position(|instance| instance.id() == handler);
        own.is_some_and(|own| profile.waits_for_others(method, own, &all))
    }
}
