//! Runs sessions, judges them, and keeps what reports need of them; many at a time.

mod acceptance;
mod context;
mod ending;
mod enumeration;
mod explore;
mod files;
mod found;
mod journal;
mod judged;
mod kept;
mod parallel;
mod problems;
mod record;
mod recorded;
mod replay;
mod run;
mod scenarios;
mod survey;
mod traces;

pub use crate::host::Controls;
pub use crate::job::Additions;
pub use acceptance::Acceptance;
pub use ending::{Ending, ItemEnding};
pub use enumeration::Enumeration;
pub use explore::{ExploreError, ExploreOptions, Explored, FoundInSchedule, explore};
pub use files::{MakeFolderError, WriteError, make_folder};
pub use found::{CaseRecord, ContextLine, DebugCommand, Found, Omitted, Repeats};
pub use journal::Journal;
pub use judged::Judged;
pub use kept::{KEPT_AT_EACH_END, KeptEvents};
pub use parallel::{Stop, in_order, interrupted, side_by_side};
pub use problems::{Endless, NoSuchItem, SessionFailure};
pub use recorded::{RecordError, Recorded, naming};
pub use replay::{
    Came, ExpectedEvents, ReplayError, ReplayOptions, Replayed, handler_name, handler_of, replay, replay_loaded,
};
#[cfg(any(unix, windows))]
pub use run::run_steered;
pub use run::{Isolation, JudgedSession, RunError, RunOptions, TraceFailure, Watcher, run, run_with};
pub use scenarios::{FindScenariosError, TracePlacesError, find_scenarios, trace_places};
pub use survey::{Survey, survey};
pub use traces::{JudgedTrace, conditions_of, ends_too_early, judge_and_keep, judge_trace};
