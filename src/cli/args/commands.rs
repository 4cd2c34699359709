//! The commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::handler::{HandlerArgs, OtherHandlerArgs};
use super::options::{JudgeArgs, SessionArgs};
use super::words::{CheckFormat, JudgeFormat, ProfileName, ReportFormat, SchemaName, partition, seconds};

/// What the exit codes mean; the same everywhere.
const EXIT_CODES: &str = "Exit codes: 0 nothing to complain of; 1 findings of level error (with --strict: or warning); \
                          2 the request cannot be carried out, or was interrupted.";

const OF_RUN: &str = "Ctrl-C stops every item through the protocol, and a second Ctrl-C leaves the session at once; both \
                      exit with 2, and the trace and the report hold what happened until then.";

/// A host for Synchronization Manager handlers: drives them, records every crossing, and says which rules they break.
#[derive(Debug, Parser)]
#[command(name = "mobsync", version, about, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Cli {
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

/// The command line's definition, for completions and documents.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// One session with live progress; then items, outcome, findings
    #[command(after_help = format!("{OF_RUN}\n\n{EXIT_CODES}"))]
    Run(RunArgs),
    /// The conformance suite: provokes every rule that can be broken
    #[command(after_help = EXIT_CODES)]
    Conform(ConformArgs),
    /// What scenarios say, against the handlers that they name or another one
    #[command(after_help = EXIT_CODES)]
    Replay(ReplayArgs),
    /// A session step by step: where it stands, what is legal now, what was called last on which thread
    Debug(DebugArgs),
    /// Judge recorded traces, whoever recorded them
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// What is done with reports
    #[command(after_help = EXIT_CODES)]
    Report(ReportArgs),
    /// Where two traces first differ in meaning
    ///
    /// Times, thread names and numbers of calls do not count, and the events of independent items may interleave in any way.
    /// What does count, and which order means something, is explained in docs/diff.md.
    #[command(after_help = "Exit codes: 0 the traces mean the same; 1 they differ; 2 one of them cannot be read.")]
    Diff(DiffArgs),
    /// The rule catalogue, or one rule explained
    Rules(RulesArgs),
    /// The JSON Schema of a file format
    Schema(SchemaArgs),
    /// Completions for a shell
    Completions(CompletionsArgs),
    /// Holds a session for another process of this program; standard input says which
    #[command(hide = true)]
    Worker,
    /// Ends the programs of another process of this program when that is gone; standard input says which
    #[command(hide = true)]
    Guard,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    pub(in crate::cli) handler: HandlerArgs,

    #[command(flatten)]
    pub(in crate::cli) session: SessionArgs,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// Write what the manager and the user did to this file, as a scenario that `replay` takes
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) record: Option<PathBuf>,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
#[command(
    after_help = "On a terminal it has history and completion; from a pipe or a file it takes one command a line. \
                        `help` says which there are. Real handlers have no time limits unless --timeout and \
                        --blocking-limit give them: a person thinks longer. A native handler is held in this process, \
                        so that a debugger can be used with it: a crash of the handler ends it."
)]
pub(in crate::cli) struct DebugArgs {
    #[command(flatten)]
    pub(in crate::cli) handler: HandlerArgs,

    /// Do what this scenario says; it also says why the session takes place, and which items are chosen
    #[arg(long, value_name = "FILE", conflicts_with_all = ["event", "settings", "no_user", "item", "cookie", "profile", "retries", "seed"])]
    pub(in crate::cli) scenario: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) session: SessionArgs,

    /// Warnings fail too
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConformArgs {
    #[command(flatten)]
    pub(in crate::cli) handler: HandlerArgs,

    /// List the cases and their rules; run none
    #[arg(long)]
    pub(in crate::cli) list: bool,

    /// Run this case only (repeatable)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sessions", "partition"])]
    pub(in crate::cli) case: Vec<String>,

    /// How many random sessions to hold beside the fixed cases
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) sessions: u64,

    /// The seed of the first random session; the next ones count up
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,

    /// Run one part of so many, e.g. 2/4: all parts together are the whole
    #[arg(long, value_name = "I/N", value_parser = partition)]
    pub(in crate::cli) partition: Option<(usize, usize)>,

    /// How many sessions are held at a time [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) jobs: Option<std::num::NonZeroU16>,

    /// Which Windows the manager plays
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// How long a call may take, and how long a handler that owes a completion may be silent [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// How long an asynchronous method may take to return [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(in crate::cli) blocking_limit: Option<u64>,

    /// Write the scenario of each failing case and session into this folder, for `replay`
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) scenarios: Option<PathBuf>,

    /// Write the trace of each session into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Run a native handler in this process, and not in workers: for debuggers
    #[arg(long)]
    pub(in crate::cli) in_process: bool,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArgs {
    /// Scenario files, and folders of them
    #[arg(required = true, value_name = "SCENARIO")]
    pub(in crate::cli) scenarios: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) handler: OtherHandlerArgs,

    /// Rewrite what the scenarios expect from what happens, and say what is changed
    #[arg(long)]
    pub(in crate::cli) bless: bool,

    /// How many scenarios are replayed at a time [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) jobs: Option<std::num::NonZeroU16>,

    /// Say also which expectations were met (a single scenario always does)
    #[arg(long, short)]
    pub(in crate::cli) verbose: bool,

    /// How long a call may take, and how long a handler that owes a completion may be silent [default: the scenario's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// How long an asynchronous method may take to return [default: the scenario's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(in crate::cli) blocking_limit: Option<u64>,

    /// Write the trace to this file; of several scenarios, the traces into this folder
    #[arg(long, value_name = "FILE|FOLDER")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Run native handlers in this process, and not in workers: for debuggers
    #[arg(long)]
    pub(in crate::cli) in_process: bool,

    /// Raise the debugger's trap (SIGTRAP) in the thread that breaks one of these rules: codes, families or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) break_on: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// Trace files (.jsonl); - is standard input
    #[arg(required = true, value_name = "TRACE")]
    pub(in crate::cli) traces: Vec<PathBuf>,

    /// Judge by this profile instead of the one that the trace names
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// How to report; notation prints the traces themselves, one crossing a line, findings marked
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(in crate::cli) format: CheckFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ReportCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReportCommand {
    /// One report of those of the parts of `conform --partition`, as if the suite had been run as a whole
    #[command(after_help = EXIT_CODES)]
    Merge(MergeArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// The reports of all parts, written with --format json, in any order
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) reports: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// A trace file (.jsonl); - is standard input
    #[arg(value_name = "A")]
    pub(in crate::cli) a: PathBuf,

    /// The trace file to compare it with; - is standard input
    #[arg(value_name = "B")]
    pub(in crate::cli) b: PathBuf,

    /// How to report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,

    /// The width of the page: side by side from 100 on, else one below the other [default: the terminal's; one below the
    /// other where there is none]
    #[arg(long, value_name = "COLUMNS")]
    pub(in crate::cli) width: Option<u16>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArgs {
    /// A code (SYNC-04), a family (SYNC) or a rule's name; none: the whole catalogue
    pub(in crate::cli) rule: Option<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    /// Which format
    #[arg(value_enum)]
    pub(in crate::cli) name: SchemaName,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}
