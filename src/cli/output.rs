//! Where data goes.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::exit::Failure;

/// Writes to standard output. A reader that has gone away (`mobsync … | head`) is no failure.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes to the file of `--output`, or to standard output.
pub(super) fn deliver(text: &str, output: Option<&Path>) -> Result<(), Failure> {
    match output {
        None => print(text.as_bytes()),
        Some(path) => std::fs::write(path, text).map_err(|error| {
            Failure(format!("{}: {error}; --output names a file in a folder that exists", path.display()))
        }),
    }
}

/// Whether standard output takes colour.
pub(super) fn colour(output: Option<&Path>) -> bool {
    output.is_none() && std::io::stdout().is_terminal() && wants_colour()
}

/// Whether the user has nothing against colour (`NO_COLOR`).
pub(super) fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
