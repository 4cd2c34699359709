//! The rule catalogue, and the monitor that judges events by it.

mod limits;
mod rule;

pub use limits::Limits;
pub use rule::{Basis, Checked, Finding, Level, Rule, Subject};
