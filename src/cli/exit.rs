//! Parses, dispatches, and turns what came of it into an exit code.

use std::fmt;
use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command, LogArgs};

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing to complain of.
    Well,
    /// Findings, or an expectation not met.
    Findings,
}

impl Ended {
    /// How a command ends that has reported what it could: by what could not be carried out, else by what was found.
    pub(super) fn after(failures: &[String], found: bool) -> Result<Self, Failure> {
        match failures.is_empty() {
            false => Err(Failure(failures.join("\nmobsync: "))),
            true if found => Ok(Self::Findings),
            true => Ok(Self::Well),
        }
    }
}

/// The request cannot be carried out. The message says what, where, and what to do.
#[derive(Debug)]
pub(super) struct Failure(pub(super) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some libraries put the cause into their own words already.
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self(text)
    }
}

/// Runs the command that the program's arguments ask for.
///
/// Exit codes: 0 nothing to complain of, 1 findings, 2 the request cannot be carried out.
pub fn main() -> ExitCode {
    // A worker is started for each session: it does not wait for the whole command line to be described first.
    #[cfg(unix)]
    if std::env::args_os().skip(1).eq(["worker"]) {
        if let Err(failure) = super::log::start(&LogArgs::default()) {
            super::output::tell(format_args!("mobsync worker: {failure}"));
        }
        crate::job::worker();
    }
    #[cfg(unix)]
    crate::handler::com::survive_size_limits();
    // clap exits with 2 on a wrong command line, and with 0 after --help and --version.
    let cli = Cli::parse();
    if let Err(failure) = super::log::start(&cli.log) {
        super::output::tell(format_args!("mobsync: {failure}"));
        return ExitCode::from(2);
    }
    #[cfg(unix)]
    if let Ok(program) = std::env::current_exe() {
        crate::handler::exec::guard_by(program);
    }
    let ended = match cli.command {
        Command::Run(args) => super::run::run(&args),
        Command::Conform(args) => super::conform::conform(&args),
        Command::Replay(args) => super::replay::replay(&args),
        Command::Debug(args) => super::debug::debug(&args),
        Command::Check(args) => super::check::check(&args),
        Command::Report(args) => super::report::report(&args),
        Command::Diff(args) => super::diff::diff(&args),
        Command::Rules(args) => super::rules::rules(&args),
        Command::Schema(args) => super::schema::schema(&args),
        #[cfg(unix)]
        Command::Worker => crate::job::worker(),
        #[cfg(not(unix))]
        Command::Worker => Err(Failure("there are no workers on this system".to_owned())),
        #[cfg(unix)]
        Command::Guard => {
            crate::handler::exec::guard();
            Ok(Ended::Well)
        }
        #[cfg(not(unix))]
        Command::Guard => Err(Failure("there are no guards on this system".to_owned())),
        Command::Completions(args) => super::completions::completions(&args),
    };
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Findings) => ExitCode::from(1),
        Err(failure) => {
            super::output::tell(format_args!("mobsync: {failure}"));
            ExitCode::from(2)
        }
    }
}
