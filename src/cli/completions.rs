//! `mobsync completions` and `mobsync man`.

use super::args::{CompletionsArgs, ManArgs, command};
use super::ended::{Ended, Failure};
use super::output::make_folder;
use crate::runner::WriteError;

pub(super) fn completions(args: &CompletionsArgs) -> Result<Ended, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mobsync", &mut text);
    super::output::print(&text)?;
    Ok(Ended::Well)
}

/// One page for the program and one for each command.
pub(super) fn man(args: &ManArgs) -> Result<Ended, Failure> {
    make_folder("FOLDER", &args.folder)?;
    clap_mangen::generate_to(command(), &args.folder)
        .map_err(|error| Failure(WriteError::new(&args.folder, &error).to_string()))?;
    Ok(Ended::Well)
}
