//! Options that several commands have.

use std::path::PathBuf;

use clap::Args;

use super::words::{EventName, ProfileName, seconds};
use crate::protocol::Cookie;

/// How often `run` looks at errors, and so retries, when nothing is said.
pub(in crate::cli) const RETRIES: u32 = 1;

/// Options of the commands that run a handler.
#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub(in crate::cli) struct SessionArgs {
    /// Why the session takes place
    #[arg(long, value_enum, default_value_t = EventName::Manual)]
    pub(in crate::cli) event: EventName,

    /// A session for configuration: shows properties, never synchronizes
    #[arg(long)]
    pub(in crate::cli) settings: bool,

    /// The handler may not show UI (no MAYBOTHERUSER)
    #[arg(long)]
    pub(in crate::cli) no_user: bool,

    /// Choose this item (repeatable); default: those that the handler preselects
    #[arg(long, value_name = "ID|NAME")]
    pub(in crate::cli) item: Vec<String>,

    /// The cookie, with --event invoke
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) cookie: Option<Cookie>,

    /// Which Windows the manager plays
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// How long a call may take, and how long a handler that owes a completion may be silent [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// How long an asynchronous method may take to return [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(in crate::cli) blocking_limit: Option<u64>,

    /// How many rounds of showing errors, and so of retries, the user goes for
    #[arg(long, value_name = "N", default_value_t = RETRIES)]
    pub(in crate::cli) retries: u32,

    /// Decides the order of a scripted handler's threads; default: 0
    #[arg(long, value_name = "N")]
    pub(in crate::cli) seed: Option<u64>,

    /// Write the trace to this file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Run a native handler in this process, and not in a worker: for debuggers
    #[arg(long)]
    pub(in crate::cli) in_process: bool,

    /// Raise the debugger's trap (SIGTRAP) in the thread that breaks one of these rules: codes, families or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) break_on: Vec<String>,
}

/// Options of the commands that judge.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(in crate::cli) struct JudgeArgs {
    /// Report to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Speak of these rules only: codes, families (SYNC) or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) select: Vec<String>,

    /// Do not speak of these rules
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) ignore: Vec<String>,

    /// What is accepted, each with its reason: such findings are reported, and fail nothing (docs/ci.md)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: Option<PathBuf>,

    /// Warnings fail too
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}
