//! Reports: what came of sessions and traces, for people and for programs. They read events and findings, nothing else.

pub mod diff;
mod human;
mod model;
mod plain;
mod select;

pub(crate) use human::Paint;
pub use human::{finding_text, human};
pub use model::{
    Case, CaseOutcome, CaseRecord, ContextLine, EarlierRounds, FORMAT, FindingRow, Found, ItemRow, LiveErrors, Omitted,
    OmittedRow, Report, RuleRow, Summary, VERSION, schema,
};
pub use plain::plain;
pub use select::{Filter, Keep, SelectError};
