//! Rules that are broken only when a time is over: where there is no limit, as for whoever steps through a session, nobody
//! breaks them.

use super::Rule;
use super::codes::{ERRS_02, ERRS_07, LIFE_03, PREP_02, PREP_05, PROG_11, PROP_02, STOP_04, SYNC_03, SYNC_06};

/// A limit by which rules are judged; see [`Limits`](crate::protocol::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// How long an asynchronous method may take.
    Blocking,
    /// How long the handler may be silent, or take for any other method.
    Silence,
    /// How long the value of an item may stand still.
    Progress,
}

impl Rule {
    /// The limit without which the rule cannot be broken.
    pub fn time_limit(&self) -> Option<TimeLimit> {
        let among = |rules: &[&Rule]| rules.contains(&self);
        if among(&[ERRS_07, PREP_05, STOP_04, SYNC_06]) {
            Some(TimeLimit::Blocking)
        } else if among(&[ERRS_02, LIFE_03, PREP_02, PROP_02, SYNC_03]) {
            Some(TimeLimit::Silence)
        } else if among(&[PROG_11]) {
            Some(TimeLimit::Progress)
        } else {
            None
        }
    }
}
