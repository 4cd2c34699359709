//! `--break-on`.

use super::args::SessionArgs;
use super::exit::Failure;
use crate::host::{Plan, break_on};
use crate::rules::{Conditions, Rule, UnknownRule, select};

/// The plan, raising the debugger's trap where `--break-on` wants it; the plan itself without that option.
pub(super) fn wrap(plan: Box<dyn Plan>, args: &SessionArgs, conditions: Conditions) -> Result<Box<dyn Plan>, Failure> {
    if !args.break_on.is_empty() && !args.in_process {
        return Err(Failure(
            "--break-on goes with --in-process: a debugger that runs mobsync sees the handler only in the same process"
                .to_owned(),
        ));
    }
    let rules = rules(&args.break_on)?;
    if rules.is_empty() { Ok(plan) } else { Ok(break_on::wrap(plan, rules, conditions)?) }
}

/// The rules that the words of `--break-on` select.
pub(super) fn rules(words: &[String]) -> Result<Vec<&'static Rule>, Failure> {
    if !words.is_empty() {
        break_on::available()?;
    }
    let rules: Result<Vec<Vec<&'static Rule>>, UnknownRule> = words.iter().map(|word| select(word)).collect();
    Ok(rules?.concat())
}
