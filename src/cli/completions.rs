//! `mobsync completions`.

use super::args::{CompletionsArgs, command};
use super::ended::{Ended, Failure};

pub(super) fn completions(args: &CompletionsArgs) -> Result<Ended, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mobsync", &mut text);
    super::output::print(&text)?;
    Ok(Ended::Well)
}
