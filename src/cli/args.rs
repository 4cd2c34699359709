//! The command line's words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::handler_args::{HandlerArgs, OtherHandlerArgs};
use crate::protocol::{Cookie, Profile, SyncEvent};
use crate::report::Format;

/// What the exit codes mean; the same everywhere.
const EXIT_CODES: &str = "Exit codes: 0 nothing to complain of; 1 findings of level error (with --strict: or warning); \
                          2 the request cannot be carried out, or was interrupted.";

const OF_RUN: &str = "Ctrl-C stops every item through the protocol, and a second Ctrl-C leaves the session at once; both \
                      exit with 2, and the trace and the report hold what happened until then.";

/// How often `run` looks at errors, and so retries, when nothing is said.
pub(super) const RETRIES: u32 = 1;

/// A host for Synchronization Manager handlers: drives them, records every crossing, and says which rules they break.
#[derive(Debug, Parser)]
#[command(name = "mobsync", version, about, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The command line's definition, for completions and documents.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) handler: HandlerArgs,

    #[command(flatten)]
    pub(super) session: SessionArgs,

    #[command(flatten)]
    pub(super) judge: JudgeArgs,

    /// Write what the manager and the user did to this file, as a scenario that `replay` takes
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(super) format: JudgeFormat,
}

/// Options of the commands that run a handler.
#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub(super) struct SessionArgs {
    /// Why the session takes place
    #[arg(long, value_enum, default_value_t = EventName::Manual)]
    pub(super) event: EventName,

    /// A session for configuration: shows properties, never synchronizes
    #[arg(long)]
    pub(super) settings: bool,

    /// The handler may not show UI (no MAYBOTHERUSER)
    #[arg(long)]
    pub(super) no_user: bool,

    /// Choose this item (repeatable); default: those that the handler preselects
    #[arg(long, value_name = "ID|NAME")]
    pub(super) item: Vec<String>,

    /// The cookie, with --event invoke
    #[arg(long, value_name = "HEX")]
    pub(super) cookie: Option<Cookie>,

    /// Which Windows the manager plays
    #[arg(long, value_enum)]
    pub(super) profile: Option<ProfileName>,

    /// How long a call may take, and how long a handler that owes a completion may be silent [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) timeout: Option<u64>,

    /// How long an asynchronous method may take to return [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) blocking_limit: Option<u64>,

    /// How many rounds of showing errors, and so of retries, the user goes for
    #[arg(long, value_name = "N", default_value_t = RETRIES)]
    pub(super) retries: u32,

    /// Decides the order of a scripted handler's threads; default: 0
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Write the trace to this file
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,

    /// Run a native handler in this process, and not in a worker: for debuggers
    #[arg(long)]
    pub(super) in_process: bool,

    /// Raise the debugger's trap (SIGTRAP) in the thread that breaks one of these rules: codes, families or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(super) break_on: Vec<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "On a terminal it has history and completion; from a pipe or a file it takes one command a line. \
                        `help` says which there are. Real handlers have no time limits unless --timeout and \
                        --blocking-limit give them: a person thinks longer."
)]
pub(super) struct DebugArgs {
    #[command(flatten)]
    pub(super) handler: HandlerArgs,

    /// Do what this scenario says; it also says why the session takes place, and which items are chosen
    #[arg(long, value_name = "FILE", conflicts_with_all = ["event", "settings", "no_user", "item", "cookie", "profile", "retries", "seed"])]
    pub(super) scenario: Option<PathBuf>,

    #[command(flatten)]
    pub(super) session: SessionArgs,

    /// Warnings fail too
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConformArgs {
    #[command(flatten)]
    pub(super) handler: HandlerArgs,

    /// List the cases and their rules; run none
    #[arg(long)]
    pub(super) list: bool,

    /// Run this case only (repeatable)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sessions", "partition"])]
    pub(super) case: Vec<String>,

    /// How many random sessions to hold beside the fixed cases
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) sessions: u64,

    /// The seed of the first random session; the next ones count up
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,

    /// Run one part of so many, e.g. 2/4: all parts together are the whole
    #[arg(long, value_name = "I/N", value_parser = partition)]
    pub(super) partition: Option<(usize, usize)>,

    /// How many sessions are held at a time [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroU16>,

    /// Which Windows the manager plays
    #[arg(long, value_enum)]
    pub(super) profile: Option<ProfileName>,

    /// How long a call may take, and how long a handler that owes a completion may be silent [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) timeout: Option<u64>,

    /// How long an asynchronous method may take to return [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) blocking_limit: Option<u64>,

    /// Write the scenario of each failing case and session into this folder, for `replay`
    #[arg(long, value_name = "FOLDER")]
    pub(super) scenarios: Option<PathBuf>,

    /// Write the trace of each session into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) trace: Option<PathBuf>,

    /// Run a native handler in this process, and not in workers: for debuggers
    #[arg(long)]
    pub(super) in_process: bool,

    #[command(flatten)]
    pub(super) judge: JudgeArgs,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(super) format: JudgeFormat,
}

/// One part of so many.
fn partition(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    parts.filter(|(i, n)| (1..=*n).contains(i)).ok_or_else(|| "expected I/N with I from 1 to N, such as 2/4".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Scenario files, and folders of them
    #[arg(required = true, value_name = "SCENARIO")]
    pub(super) scenarios: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) handler: OtherHandlerArgs,

    /// Rewrite what the scenarios expect from what happens, and say what is changed
    #[arg(long)]
    pub(super) bless: bool,

    /// How many scenarios are replayed at a time [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroU16>,

    /// Say also which expectations were met (a single scenario always does)
    #[arg(long, short)]
    pub(super) verbose: bool,

    /// How long a call may take, and how long a handler that owes a completion may be silent [default: the scenario's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) timeout: Option<u64>,

    /// How long an asynchronous method may take to return [default: the scenario's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) blocking_limit: Option<u64>,

    /// Write the trace to this file; of several scenarios, the traces into this folder
    #[arg(long, value_name = "FILE|FOLDER")]
    pub(super) trace: Option<PathBuf>,

    /// Run native handlers in this process, and not in workers: for debuggers
    #[arg(long)]
    pub(super) in_process: bool,

    /// Raise the debugger's trap (SIGTRAP) in the thread that breaks one of these rules: codes, families or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(super) break_on: Vec<String>,

    #[command(flatten)]
    pub(super) judge: JudgeArgs,

    /// How to report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(super) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Trace files (.jsonl); - is standard input
    #[arg(required = true, value_name = "TRACE")]
    pub(super) traces: Vec<PathBuf>,

    /// Judge by this profile instead of the one that the trace names
    #[arg(long, value_enum)]
    pub(super) profile: Option<ProfileName>,

    #[command(flatten)]
    pub(super) judge: JudgeArgs,

    /// How to report; notation prints the traces themselves, one crossing a line, findings marked
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(super) format: CheckFormat,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A trace file (.jsonl); - is standard input
    #[arg(value_name = "A")]
    pub(super) a: PathBuf,

    /// The trace file to compare it with; - is standard input
    #[arg(value_name = "B")]
    pub(super) b: PathBuf,

    /// How to report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(super) format: ReportFormat,

    /// The width of the page: side by side from 100 on, else one below the other [default: the terminal's; one below the
    /// other where there is none]
    #[arg(long, value_name = "COLUMNS")]
    pub(super) width: Option<u16>,
}

/// Options of the commands that judge.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(super) struct JudgeArgs {
    /// Report to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Speak of these rules only: codes, families (SYNC) or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(super) select: Vec<String>,

    /// Do not speak of these rules
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,

    /// Warnings fail too
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// A code (SYNC-04), a family (SYNC) or a rule's name; none: the whole catalogue
    pub(super) rule: Option<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(super) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which format
    #[arg(value_enum)]
    pub(super) name: SchemaName,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaName {
    /// A trace, line by line
    Trace,
    /// A scripted handler
    Script,
    /// A scenario
    Scenario,
    /// A report
    Report,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// JUnit's XML, for CI systems
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// The traces in the compact notation
    Notation,
}

impl CheckFormat {
    /// The form of the report; none where the traces themselves are printed.
    pub(super) fn of_report(self) -> Option<Format> {
        Some(match self {
            CheckFormat::Human => Format::Human,
            CheckFormat::Json => Format::Json,
            CheckFormat::Junit => Format::Junit,
            CheckFormat::Sarif => Format::Sarif,
            CheckFormat::Github => Format::Github,
            CheckFormat::Notation => return None,
        })
    }
}

/// The formats of the commands that hold sessions and judge them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum JudgeFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// JUnit's XML, for CI systems
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl From<JudgeFormat> for Format {
    fn from(format: JudgeFormat) -> Self {
        match format {
            JudgeFormat::Human => Format::Human,
            JudgeFormat::Json => Format::Json,
            JudgeFormat::Junit => Format::Junit,
            JudgeFormat::Sarif => Format::Sarif,
            JudgeFormat::Github => Format::Github,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileName {
    /// Windows 2000 and XP
    Xp,
    /// Windows Vista and later
    Vista,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Xp => Profile::Xp,
            ProfileName::Vista => Profile::Vista,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EventName {
    /// The user asked for it
    Manual,
    /// A network connection was made
    Connect,
    /// A network connection is about to be closed
    PendingDisconnect,
    /// The machine is idle
    Idle,
    /// A program asked for it
    Invoke,
    /// A schedule is due
    Scheduled,
}

impl From<EventName> for SyncEvent {
    fn from(name: EventName) -> Self {
        match name {
            EventName::Manual => SyncEvent::MANUAL,
            EventName::Connect => SyncEvent::CONNECT,
            EventName::PendingDisconnect => SyncEvent::PENDINGDISCONNECT,
            EventName::Idle => SyncEvent::IDLE,
            EventName::Invoke => SyncEvent::INVOKE,
            EventName::Scheduled => SyncEvent::SCHEDULED,
        }
    }
}

/// Seconds, also with a fraction, as nanoseconds.
fn seconds(text: &str) -> Result<u64, String> {
    let delay: Result<crate::protocol::Delay, _> = format!("{text}s").parse();
    match delay {
        Ok(delay) if delay.0 > 0 => Ok(delay.0),
        _ => Err("expected a number of seconds above 0, such as 10 or 0.5".to_owned()),
    }
}
