//! What the options of the commands that judge come to.

use std::path::Path;

use super::args::JudgeArgs;
use super::ended::Failure;
use super::output::{Output, keep_apart};
use crate::report::{Baseline, Filter};

/// Which rules are spoken of, what is accepted, and what fails.
pub(super) fn filter(args: &JudgeArgs) -> Result<Filter, Failure> {
    let filter = Filter::new(&args.select, &args.ignore, args.strict)?;
    let Some(file) = &args.baseline else { return Ok(filter) };
    let baseline = Baseline::load(file).map_err(|error| Failure(format!("--baseline {error}")))?;
    Ok(filter.accepting(baseline))
}

/// Where the report goes; it overwrites none of the files that are read, each with what it is.
pub(super) fn output<'a>(
    args: &JudgeArgs,
    read: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Result<Output, Failure> {
    let to = args.output.as_deref();
    keep_apart(("--output", to), ("the file of --baseline", args.baseline.as_deref()))?;
    for (what, file) in read {
        keep_apart(("--output", to), (what, Some(file)))?;
    }
    Output::open(to)
}
