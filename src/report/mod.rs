//! Reports: what came of sessions and traces, for people and for programs. They read events and findings, nothing else.

pub mod diff;
mod github;
mod human;
mod junit;
mod model;
mod plain;
mod render;
mod sarif;
mod select;

pub(crate) use human::Paint;
pub use human::{finding_text, human};
pub use model::{
    Case, CaseOutcome, CaseRecord, ContextLine, EarlierRounds, FORMAT, FindingRow, Found, ItemRow, LiveErrors, Omitted,
    OmittedRow, Report, RuleRow, Summary, VERSION, schema,
};
pub use plain::plain;
pub use render::{Format, RenderError, Style, render};
pub use select::{Filter, Keep, SelectError};
