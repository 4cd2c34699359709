//! What a scripted handler was told, and what it holds: shared by its methods and its threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::file::Script;
use crate::handler::SyncCallback;
use crate::protocol::{Guid, HResult, Status, SyncFlags};

#[derive(Default)]
pub(super) struct Notified {
    pub(super) callback: Option<Arc<dyn SyncCallback>>,
    pub(super) flags: SyncFlags,
    pub(super) cookie: bool,
    /// The last reserved argument was not 0.
    pub(super) reserved: bool,
    /// How often items were prepared.
    pub(super) round: u32,
    pub(super) errors_shown: u32,
    pub(super) properties_shown: u32,
    pub(super) dialog_refused: bool,
    pub(super) connection_failed: bool,
    /// The prepared items, in the manager's order.
    pub(super) prepared: Vec<Guid>,
    /// The same, to be looked up.
    is_prepared: BTreeSet<Guid>,
    pub(super) skipped: BTreeSet<Guid>,
    pub(super) cancelled: BTreeSet<Guid>,
    pub(super) cancelled_all: bool,
    pub(super) released: bool,
    pub(super) dialog: bool,
    /// How many UPDATING reports were made for an item since it was told to stop.
    since_stop: BTreeMap<Guid, u32>,
    /// Items for which the end of a stop was reported.
    ended: BTreeSet<Guid>,
    /// Threads of each call (by its number) that have not come to their `complete_if_last` yet.
    pub(super) running: BTreeMap<u64, usize>,
    /// What the threads share.
    pub(super) variables: BTreeMap<String, i64>,
    /// The locks that are taken.
    pub(super) locked: BTreeSet<String>,
}

/// What becomes of a report about an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// It is made.
    Made,
    /// It is left out.
    LeftOut,
    /// It is left out: the item was stopped, and has ended.
    Over,
    /// This final status is reported instead.
    Instead(Status),
}

impl Notified {
    /// Begins a round with these items.
    pub(super) fn prepare(&mut self, items: &[Guid]) {
        self.round += 1;
        self.prepared = items.to_vec();
        self.is_prepared = items.iter().copied().collect();
        self.skipped.clear();
        self.cancelled.clear();
        self.cancelled_all = false;
        self.since_stop.clear();
        self.ended.clear();
    }

    /// What becomes of a report, given what the handler was told about the item.
    pub(super) fn report(&mut self, item: Guid, status: Option<Status>, script: &Script) -> Report {
        if !self.is_prepared.contains(&item) {
            return Report::LeftOut;
        }
        if self.is_over(item) {
            return Report::Over;
        }
        let Script { on_skip, on_cancel, on_cancel_all, .. } = script;
        let on_cancel_all = on_cancel_all.as_ref().unwrap_or(on_cancel);
        let told = [
            (self.skipped.contains(&item), on_skip),
            (self.cancelled.contains(&item), on_cancel),
            (self.cancelled_all, on_cancel_all),
        ];
        let Some((_, answer)) = told.into_iter().find(|(told, answer)| *told && !answer.ignore) else {
            return Report::Made;
        };
        let updating = status.is_none_or(Status::is_updating);
        let since = self.since_stop.entry(item).or_default();
        if updating && *since < answer.after {
            *since += 1;
            return Report::Made;
        }
        self.ended.insert(item);
        answer.ends.map_or(Report::LeftOut, Report::Instead)
    }

    /// Whether the item was stopped, and has ended.
    pub(super) fn is_over(&self, item: Guid) -> bool {
        self.ended.contains(&item)
    }

    /// The reply to a report.
    pub(super) fn replied(&mut self, item: Guid, hr: HResult) {
        match hr {
            HResult::S_SYNCMGR_CANCELALL => self.cancelled_all = true,
            HResult::S_SYNCMGR_CANCELITEM => {
                self.cancelled.insert(item);
            }
            _ => {}
        }
    }
}

/// A lock that a panicking script leaves usable.
pub(super) fn lock(told: &Mutex<Notified>) -> MutexGuard<'_, Notified> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
