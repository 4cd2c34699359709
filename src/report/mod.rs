//! Reports: what came of sessions and traces, for people and for programs. They read events and findings, nothing else.

mod accept;
mod baseline;
mod build;
mod causes;
pub mod diff;
mod exploration;
mod github;
mod html;
mod human;
mod junit;
mod merge;
mod model;
mod order;
mod read;
mod render;
mod replay;
mod sarif;
mod select;
mod session;
mod timeline;

pub use accept::{NewEntry, new_entries, written_baseline};
pub use baseline::{
    BASELINE_FORMAT, BASELINE_VERSION, Baseline, BaselineError, BaselineRow, BaselineState, Scope, baseline_schema,
};
pub(crate) use build::NOT_RUN;
pub use causes::{Cause, Code};
pub use exploration::{Exploration, ExploredCause};
pub use human::{finding_text, human, message};
pub use merge::{MergeError, Part, common_baseline, merge};
pub use model::{
    Case, CaseOutcome, FORMAT, FindingRow, ItemRow, OmittedRow, Partition, Report, RuleRow, Summary, VERSION, schema,
};
pub use read::{ReadError, parse_report, read_report};
pub use render::{Format, RenderError, Style, render};
pub use replay::Replays;
pub use select::{Filter, Keep, SelectError};

pub use timeline::{At, Bar, FindingMark, Mark, NoteMark, Timeline, Wait, perfetto, timeline_text};

pub use crate::protocol::plain;
pub use crate::runner::{CaseRecord, ContextLine, Found, Omitted};
