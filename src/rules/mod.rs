//! The rule catalogue, and the monitor that judges events by it.

mod catalogue;
mod limits;
mod rule;

pub use catalogue::{FAMILIES, Family, RULES, UnknownRule, codes, index_markdown, rule, select};
pub use limits::Limits;
pub use rule::{Basis, Checked, Finding, Level, Rule, Subject};
