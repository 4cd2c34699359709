//! The files of /proc, in which a system says what its processes do.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads such a file. It says of itself that it is empty; whoever trusts that reads it in many small pieces, each a call of the system.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    /// Most are smaller.
    const ORDINARY: usize = 1 << 14;
    let mut text = String::with_capacity(ORDINARY);
    File::open(path)?.take(u64::MAX).read_to_string(&mut text)?;
    Ok(text)
}
