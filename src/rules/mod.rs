//! The rule catalogue, and the monitor that judges events by it.

mod catalogue;
mod checks;
mod judge;
mod monitor;
mod rule;
mod watch;

pub use catalogue::{FAMILIES, Family, RULES, UnknownRule, codes, index_markdown, rule, select};
pub use judge::Verdict;
pub use monitor::{Conditions, Monitor};
pub use rule::{Basis, Checked, Finding, Level, Rule, Subject};
