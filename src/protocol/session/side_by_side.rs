//! Several instances side by side: for which others the manager waits before it calls one of them.

use std::collections::BTreeSet;

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

/// How far the instances of a session are with their prepare phases: who is called next is found without looking at all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Preparations {
    /// The places of those whose `PrepareForSync` is still to be called.
    not_begun: BTreeSet<usize>,
    /// The places of those whose prepare phase is not over.
    not_finished: BTreeSet<usize>,
}

impl Preparations {
    /// The instance at this place has come so far.
    pub fn set(&mut self, at: usize, preparing: Preparing) {
        let put = |places: &mut BTreeSet<usize>, there: bool| {
            if there {
                places.insert(at);
            } else {
                places.remove(&at);
            }
        };
        put(&mut self.not_begun, !preparing.begun);
        put(&mut self.not_finished, !preparing.finished);
    }

    /// Whether the manager of this Windows waits for others before it calls the method of the instance at `own`.
    ///
    /// `PrepareForSync` is called on each in order. On Windows XP `Synchronize` begins when every instance has prepared; that of
    /// Windows Vista begins as soon as the instance itself has (`nf-syncmgr-isyncmgrhandler-synchronize`).
    pub fn wait_for_others(&self, profile: Profile, method: CallMethod, own: usize) -> bool {
        match method {
            CallMethod::PrepareForSync => self.not_begun.first().is_some_and(|first| *first < own),
            CallMethod::Synchronize if profile == Profile::Xp => {
                self.not_finished.len() > usize::from(self.not_finished.contains(&own))
            }
            _ => false,
        }
    }
}

impl FromIterator<Preparing> for Preparations {
    /// Of instances in their order.
    fn from_iter<T: IntoIterator<Item = Preparing>>(all: T) -> Self {
        let mut preparations = Self::default();
        all.into_iter().enumerate().for_each(|(at, preparing)| preparations.set(at, preparing));
        preparations
    }
}

impl Instance {
    /// How far it is with its prepare phase.
    pub fn preparing(&self) -> Preparing {
        Preparing { begun: self.has_begun_preparing(), finished: self.has_finished_preparing() }
    }
}

impl Session {
    /// As [`Preparations::wait_for_others`], for an instance of this session.
    pub fn waits_for_others(&self, profile: Profile, method: CallMethod, handler: HandlerId) -> bool {
        self.place_of(handler).is_some_and(|own| self.preparations.wait_for_others(profile, method, own))
    }
}
