//! `--break-on`.

use super::ended::Failure;
use crate::host::break_on;
use crate::rules::{Rule, UnknownRule, select};

/// The rules at whose violation `--break-on` wants the debugger's trap.
pub(super) fn asked(words: &[String], in_process: bool) -> Result<Vec<&'static Rule>, Failure> {
    if !words.is_empty() && !in_process {
        return Err(Failure(
            "--break-on needs --in-process: a debugger sees the handler only in the process that it runs".to_owned(),
        ));
    }
    rules(words)
}

/// The rules that the words of `--break-on` select.
pub(super) fn rules(words: &[String]) -> Result<Vec<&'static Rule>, Failure> {
    if !words.is_empty() {
        break_on::available()?;
    }
    let rules: Result<Vec<Vec<&'static Rule>>, UnknownRule> = words.iter().map(|word| select(word)).collect();
    Ok(rules?.concat())
}
