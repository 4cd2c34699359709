//! Reports of progress: what they change, and what they are replied to.
//!
//! A session has more of these than of anything else, so the item is looked up once for a report and its reply.

use super::{Instance, Wish};
use crate::protocol::{Guid, HResult, Progress};

impl Instance {
    /// Applies a report that is in the protocol, and its reply.
    pub(super) fn answer_progress(&mut self, report: &Progress, wish: Wish) -> HResult {
        let at = self.items.position(report.item);
        let hr = self.progress_reply(at, report, wish);
        self.reported(at, report);
        self.notified(at, hr);
        hr
    }

    /// The reply to a report of the item at this position; without one the item is not known.
    pub(super) fn progress_reply(&self, at: Option<usize>, report: &Progress, wish: Wish) -> HResult {
        match at.map(|at| &self.known[at]) {
            Some(item) if report.info.is_some() => {
                if wish == Wish::CancelAll || self.cancelled_all {
                    HResult::S_SYNCMGR_CANCELALL
                } else if wish == Wish::CancelItem || item.cancelled {
                    HResult::S_SYNCMGR_CANCELITEM
                } else {
                    HResult::S_OK
                }
            }
            _ => HResult::E_INVALIDARG,
        }
    }

    /// The item at this position was reported.
    pub(super) fn reported(&mut self, at: Option<usize>, report: &Progress) {
        if let Some(at) = at
            && let Some(status) = report.info.as_ref().and_then(|info| info.given_status())
        {
            let item = &mut self.known[at];
            (item.status, item.last_status) = (Some(status), Some(status));
        }
    }

    /// A report of this item was replied to.
    pub(super) fn progress_replied(&mut self, item: Guid, hr: HResult) {
        if hr != HResult::S_OK {
            self.notified(self.items.position(item), hr);
        }
    }

    /// The handler was told, in reply to a report of the item at this position, to stop or to go on.
    fn notified(&mut self, at: Option<usize>, hr: HResult) {
        match hr {
            HResult::S_SYNCMGR_CANCELALL => self.cancelled_all = true,
            HResult::S_SYNCMGR_CANCELITEM => {
                if let Some(at) = at {
                    self.known[at].cancelled = true;
                }
            }
            _ => {}
        }
    }
}
