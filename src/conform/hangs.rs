//! When no more sessions are run: a handler that hangs everywhere costs a few time limits, and not one for each case; and
//! somebody may want no more than a few failures.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};

use super::session::SessionResult;
use crate::protocol::{CallMethod, Outcome};
use crate::report::NOT_RUN;
use crate::rules::codes::LIFE_03;

/// How often the same time-out must come before no more sessions are run.
const ENOUGH: usize = 3;

/// Where a handler hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HangSite {
    /// Its library does not load, or its instance is not created.
    Creation,
    /// The method does not return.
    Inside(CallMethod),
    /// The method is not completed.
    After(CallMethod),
}

impl HangSite {
    fn of(result: &SessionResult) -> Option<Self> {
        match result.outcome()? {
            Outcome::Hung(method) => Some(Self::Inside(method)),
            Outcome::Overdue(method) => Some(Self::After(method)),
            Outcome::Unfinished => {
                let hangs = result.judged.found().iter().any(|found| found.finding.rule == LIFE_03);
                hangs.then_some(Self::Creation)
            }
            _ => None,
        }
    }

    fn why(self) -> String {
        match self {
            Self::Creation => format!("{NOT_RUN}hangs in the creation of the handler"),
            Self::Inside(method) => format!("{NOT_RUN}hangs in {method}"),
            Self::After(method) => format!("{NOT_RUN}hangs in {method}, which is never completed"),
        }
    }
}

/// What came of the sessions so far, in their order. Only what comes before a session decides whether it counts, so the same
/// sessions are left out whatever runs at the same time.
#[derive(Default)]
pub(super) struct Hangs {
    by_site: BTreeMap<HangSite, usize>,
    others: usize,
    /// Why no more sessions count.
    why: Option<String>,
}

impl Hangs {
    /// The next session has ended so.
    pub(super) fn add(&mut self, result: &SessionResult, enough: &Enough) {
        let Some(site) = HangSite::of(result) else {
            self.others += usize::from(result.skipped.is_none());
            return;
        };
        let many = self.by_site.entry(site).or_default();
        *many += 1;
        // A handler that hangs only after a cancel is judged in the other cases.
        if *many >= ENOUGH && *many > self.others {
            tracing::info!(?site, "no more sessions: the handler hangs everywhere");
            self.why.get_or_insert_with(|| site.why());
            enough.0.store(true, Ordering::Relaxed);
        }
    }

    /// Why the next session does not count.
    pub(super) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }
}

/// How many cases have failed, and how many may. As with [`Hangs`], only what comes before a session decides.
pub(super) struct Failures {
    most: Option<NonZero<usize>>,
    count: usize,
    why: Option<String>,
}

impl Failures {
    /// At most so many may fail.
    pub(super) fn of(most: Option<NonZero<usize>>) -> Self {
        Self { most, count: 0, why: None }
    }

    /// The next case has failed.
    pub(super) fn add(&mut self, enough: &Enough) {
        self.count += 1;
        if self.most.is_some_and(|most| self.count >= most.get()) {
            self.why = Some(match self.count {
                1 => format!("{NOT_RUN}a case had failed"),
                many => format!("{NOT_RUN}{many} cases had failed"),
            });
            enough.0.store(true, Ordering::Relaxed);
        }
    }

    /// Why the next session does not count.
    pub(super) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }
}

/// Whether another session need not begin: it would not count.
#[derive(Default)]
pub(super) struct Enough(AtomicBool);

impl Enough {
    pub(super) fn is_reached(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
