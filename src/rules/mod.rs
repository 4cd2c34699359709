//! The rule catalogue, and the monitor that judges events by it.

mod catalogue;
mod checks;
mod consequence;
mod course;
mod finding;
mod judge;
mod limit;
mod monitor;
mod rule;
mod violation;
mod watch;

pub use catalogue::{FAMILIES, Family, RULES, UnknownRule, codes, index_markdown, rule, select};
pub use consequence::{is_stronger, link_consequences};
pub use finding::{Finding, MOST_OF_A_RULE, Occasion};
pub use judge::Verdict;
pub use limit::TimeLimit;
pub use monitor::{Conditions, Monitor};
pub use rule::{Basis, Checked, Level, Rule, Subject, Wording};
pub use violation::*;
