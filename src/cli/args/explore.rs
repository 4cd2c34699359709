//! Options of the commands that explore the orders of a script's threads.

use clap::Args;

use super::words::{order, schedule, time};
use crate::host::Order;
use crate::host::explore::Deviation;
use crate::runner::ExploreOptions;

/// What holds where neither the command line nor mobsync.toml says otherwise.
pub(in crate::cli) const PREEMPTIONS: u32 = 2;
pub(in crate::cli) const ACTIONS: u32 = 1;
/// For one session, and for each of the many of a suite: together they should end while somebody waits.
const SCHEDULES: u64 = 20_000;
const SCHEDULES_OF_CASE: u64 = 500;

/// How far the orders of a script's threads are explored.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Exploring (scripts only)")]
pub(in crate::cli) struct ExploreArgs {
    /// Run the session once for every order in which the script's threads can take turns, and show the shortest order of each
    /// cause
    #[arg(long)]
    pub(in crate::cli) explore: bool,

    /// Number of times at most that a thread is interrupted although it could go on [default: 2]
    #[arg(long, value_name = "N", requires = "explore")]
    pub(in crate::cli) preemptions: Option<u32>,

    /// Number of things at most that the user does at any legal point: skip, cancel, open an error or properties, leave
    /// [default: 1]
    #[arg(long, value_name = "N", requires = "explore")]
    pub(in crate::cli) actions: Option<u32>,

    /// Number of sessions to run at most, for each case [default: 20000, in `conform` 500]
    #[arg(long, value_name = "N", requires = "explore")]
    pub(in crate::cli) schedules: Option<u64>,

    /// Time to explore at most, for each case
    #[arg(long, value_name = "TIME", value_parser = time, requires = "explore")]
    pub(in crate::cli) explore_time: Option<u64>,
}

impl ExploreArgs {
    /// What they ask for, for one session.
    pub(in crate::cli) fn options(&self) -> Option<ExploreOptions> {
        self.with(SCHEDULES)
    }

    /// What they ask for, for each case of a suite.
    pub(in crate::cli) fn options_of_suite(&self) -> Option<ExploreOptions> {
        self.with(SCHEDULES_OF_CASE)
    }

    fn with(&self, usual: u64) -> Option<ExploreOptions> {
        self.explore.then(|| ExploreOptions {
            preemptions: Some(self.preemptions.unwrap_or(PREEMPTIONS)),
            actions: self.actions.unwrap_or(ACTIONS),
            schedules: self.schedules.unwrap_or(usual),
            time: self.explore_time.map(std::time::Duration::from_nanos),
            reduce: true,
            shorten: true,
        })
    }
}

/// A schedule on the command line.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Schedule(pub(in crate::cli) Vec<Deviation>);

impl std::str::FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        schedule(text).map(Self)
    }
}

/// An order of callbacks on the command line.
#[derive(Clone, Debug)]
pub(in crate::cli) struct GivenOrder(pub(in crate::cli) Order);

impl std::str::FromStr for GivenOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        order(text).map(Self)
    }
}
