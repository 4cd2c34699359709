//! `--break-on`.

use super::exit::Failure;
use crate::host::Observer;
use crate::host::break_on::{self, BreakOn};
use crate::rules::{Conditions, Rule, UnknownRule, select};

/// The rules at whose violation `--break-on` wants the debugger's trap.
pub(super) fn asked(words: &[String], in_process: bool) -> Result<Vec<&'static Rule>, Failure> {
    if !words.is_empty() && !in_process {
        return Err(Failure(
            "--break-on goes with --in-process: a debugger that runs mobsync sees the handler only in the same process"
                .to_owned(),
        ));
    }
    rules(words)
}

/// Raises the debugger's trap at the violation of these rules; nothing if there are none.
pub(super) fn observer(rules: Vec<&'static Rule>, conditions: Conditions) -> Option<Box<dyn Observer>> {
    (!rules.is_empty()).then(|| Box::new(BreakOn::trap(rules, conditions)) as Box<dyn Observer>)
}

/// The rules that the words of `--break-on` select.
pub(super) fn rules(words: &[String]) -> Result<Vec<&'static Rule>, Failure> {
    if !words.is_empty() {
        break_on::available()?;
    }
    let rules: Result<Vec<Vec<&'static Rule>>, UnknownRule> = words.iter().map(|word| select(word)).collect();
    Ok(rules?.concat())
}
