//! Which findings count.

use crate::rules::{Finding, Rule};

/// Says which findings count against a session.
pub trait Acceptance: Sync {
    /// Whether findings of the rule are reported at all.
    fn reports(&self, rule: &Rule) -> bool {
        let _ = rule;
        true
    }

    /// Whether a finding, with this handler and in this case, is accepted beforehand.
    fn accepts(&self, finding: &Finding, handler: &str, case: &str) -> bool {
        let _ = (finding, handler, case);
        false
    }
}

/// Every finding counts.
impl Acceptance for () {}
