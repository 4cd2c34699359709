//! The rule catalogue, and the monitor that judges events by it.

mod catalogue;
mod checks;
mod finding;
mod judge;
mod monitor;
mod rule;
mod violation;
mod watch;

pub use catalogue::{FAMILIES, Family, RULES, UnknownRule, codes, index_markdown, rule, select};
pub use finding::{Finding, Occasion};
pub use judge::Verdict;
pub use monitor::{Conditions, Monitor};
pub use rule::{Basis, Checked, Level, Rule, Subject, Wording};
pub use violation::*;
