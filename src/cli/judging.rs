//! What the options of the commands that judge come to.

use std::path::Path;

use super::args::{JudgeArgs, OutputArgs};
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

/// Where the reports go; they overwrite none of the files that are read, each with what it is.
pub(super) fn output<'a>(
    args: &'a JudgeArgs,
    read: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Result<Output, Failure> {
    let baseline = args.baseline.as_deref().map(|file| ("the file of --baseline", file));
    Ok(outputs(&args.to, read.into_iter().chain(baseline))?.quiet(args.quiet))
}

/// Where the reports go that these options name; they overwrite none of the files that are read, and not each other.
pub(super) fn outputs<'a>(
    to: &OutputArgs,
    read: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Result<Output, Failure> {
    for (what, file) in read {
        for (option, path) in to.written() {
            keep_apart((option, Some(path)), (what, Some(file)))?;
        }
    }
    for (at, (option, path)) in to.written().enumerate() {
        for (before, other) in to.written().take(at) {
            keep_apart((option, Some(path)), (&format!("the file of {before}"), Some(other)))?;
        }
    }
    Output::open(to)
}
