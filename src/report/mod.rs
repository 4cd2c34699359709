//! Reports: what came of sessions and traces, for people and for programs. They read events and findings, nothing else.

pub mod diff;
mod human;
mod model;
mod select;

pub use human::{finding_text, human};
pub use model::{
    Case, CaseOutcome, EarlierRounds, FORMAT, FindingRow, ItemRow, LiveErrors, Omitted, OmittedRow, Report, RuleRow,
    Summary, VERSION, schema,
};
pub use select::{Filter, Keep, SelectError};
