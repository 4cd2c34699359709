//! Traces as the command line names them: files, or `-` for standard input.

use std::io::{self, BufReader, StdinLock};
use std::path::Path;

use crate::trace::{TraceError, TraceReader};

/// Whether it stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The trace on standard input.
pub(super) fn stdin() -> Result<TraceReader<BufReader<StdinLock<'static>>>, TraceError> {
    TraceReader::new(BufReader::new(io::stdin().lock()), "standard input")
}
