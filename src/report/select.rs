//! Which rules a report covers, and what makes it fail.

use super::Baseline;
use crate::rules::{Finding, Level, RULES, Rule, UnknownRule, select};
use crate::runner::Acceptance;

/// `--select`, `--ignore`, `--strict` and `--baseline`.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    keep: Option<Keep>,
    /// Warnings fail too.
    pub strict: bool,
    /// What is accepted.
    pub baseline: Baseline,
}

/// A set of rules.
pub type Keep = Vec<&'static Rule>;

/// A word of `--select` or `--ignore` that names no rule.
pub type SelectError = UnknownRule;

impl Filter {
    /// From the words of `--select` (none: all rules) and `--ignore`: codes, families or names.
    ///
    /// # Errors
    /// When a word names nothing.
    pub fn new(selected: &[String], ignored: &[String], strict: bool) -> Result<Self, SelectError> {
        let rules_of = |words: &[String]| -> Result<Keep, SelectError> {
            words.iter().map(|word| select(word)).collect::<Result<Vec<_>, _>>().map(|sets| sets.concat())
        };
        if selected.is_empty() && ignored.is_empty() {
            return Ok(Self { keep: None, strict, ..Self::default() });
        }
        let mut keep = if selected.is_empty() { RULES.iter().collect() } else { rules_of(selected)? };
        let drop = rules_of(ignored)?;
        keep.retain(|rule| !drop.contains(rule));
        Ok(Self { keep: Some(keep), strict, ..Self::default() })
    }

    /// With findings that are accepted.
    pub fn accepting(self, baseline: Baseline) -> Self {
        Self { baseline, ..self }
    }

    /// Whether the report covers the rule.
    pub fn keeps(&self, rule: &Rule) -> bool {
        self.keep.as_ref().is_none_or(|keep| keep.contains(&rule))
    }

    /// Whether a finding of that level is something to complain of.
    pub fn fails(&self, level: Level) -> bool {
        level == Level::Error || (self.strict && level == Level::Warning)
    }
}

impl Acceptance for Filter {
    fn reports(&self, rule: &Rule) -> bool {
        self.keeps(rule)
    }

    fn accepts(&self, finding: &Finding, handler: &str, case: &str) -> bool {
        self.baseline.accepts(handler, case, finding)
    }
}
