//! The commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::explore::{ExploreArgs, GivenOrder, Schedule};
use super::handler::{HandlerArgs, OtherHandlerArgs};
use super::manager::{
    DaemonArgs, HandlersArgs, PrefsArgs, RegisterArgs, ResultsArgs, SyncArgs, UnregisterArgs, UpdateArgs,
};
use super::options::{JudgeArgs, LogArgs, OutputArgs, SessionArgs, WatchArgs, WindowsArgs};
use super::words::{
    CheckFormat, CiName, ColourName, IgnoreName, JudgeFormat, ProfileName, ReportFormat, SchemaName, partition, time,
};
use crate::host::Strategy;
use crate::protocol::Guid;

/// What the exit codes mean; the same everywhere.
const EXIT_CODES: &str = "Exit codes: 0 success; 1 findings of level error (with --strict, also warnings), unmet expectations of a \
                          scenario, or (run, sync, update) a session that failed; 2 the request could not be carried out, was interrupted, \
                          or the handler could not be judged.";

/// What the exit codes of `daemon` mean.
const DAEMON_CODES: &str = "\
Exit codes:
  0  told to end; with --virtual: every session ended well
  1  with --virtual: a session failed, an item FAILED, a rule of level must was broken, or a session was not run
  2  the schedule or the store cannot be read, or another process runs on this store";

/// What the exit codes of the commands around the store mean.
const STORE_CODES: &str = "Exit codes: 0 done; 2 the store cannot be read or changed, or there is no such handler.";

const OF_RUN: &str = "Ctrl-C cancels every item through the protocol; a second Ctrl-C ends the session at once. Both exit with \
                      2. The trace and the report contain everything that happened until then.";

/// Runs Synchronization Manager handlers, records every call and callback, and reports which protocol rules are broken.
#[derive(Debug, Parser)]
#[command(name = "mobsync", version, about, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Cli {
    #[command(flatten)]
    pub(in crate::cli) log: LogArgs,

    #[command(flatten)]
    pub(in crate::cli) windows: WindowsArgs,

    /// Colour of what is printed [default: auto; NO_COLOR turns it off]
    #[arg(long, value_enum, value_name = "WHEN", global = true, help_heading = "General")]
    pub(in crate::cli) color: Option<ColourName>,

    /// Read the project's settings from this file [default: mobsync.toml in this folder or above]
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "no_config", help_heading = "General")]
    pub(in crate::cli) config: Option<PathBuf>,

    /// The folder with the registered handlers and preferences [default: what MOBSYNC_STORE names, or mobsync in the place for
    /// the user's data]
    #[arg(long, value_name = "FOLDER", global = true, help_heading = "General")]
    pub(in crate::cli) store: Option<PathBuf>,

    /// Read no mobsync.toml
    #[arg(long, global = true, help_heading = "General")]
    pub(in crate::cli) no_config: bool,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

/// The command line's definition, for completions and documents.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Run one session with a handler, and report its items, outcome and findings
    #[command(after_help = format!("{OF_RUN}\n\n{EXIT_CODES}"))]
    Run(RunArgs),
    /// Run the conformance suite: sessions that test every rule a handler can break
    #[command(after_help = EXIT_CODES)]
    Conform(ConformArgs),
    /// Replay scenarios against the handlers they name, or against another one
    #[command(after_help = EXIT_CODES)]
    Replay(ReplayArgs),
    /// Step through a session: its state, the legal calls, the last call on each thread
    Debug(DebugArgs),
    /// Check recorded traces against the rules
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// Combine and convert reports
    #[command(after_help = EXIT_CODES)]
    Report(ReportArgs),
    /// Find where two traces first differ in meaning
    ///
    /// Times, thread names and call numbers do not count, and the events of independent items may interleave in any way.
    /// docs/diff.md explains which differences and which order count.
    #[command(after_help = "Exit codes: 0 the traces mean the same; 1 they differ; 2 a trace cannot be read.")]
    Diff(DiffArgs),
    /// Draw a recorded session in the terminal: a row for each event, a column for the manager and for each thread
    #[command(after_help = "Exit codes: 0 the session was drawn, whatever it shows; 2 the trace cannot be read.")]
    Timeline(TimelineArgs),
    /// Convert recorded traces
    Trace(TraceArgs),
    /// List the rules, or explain one
    Rules(RulesArgs),
    /// Register a handler, so that its name or CLSID can be used as HANDLER
    #[command(after_help = STORE_CODES)]
    Register(RegisterArgs),
    /// Remove registered handlers and their preferences
    #[command(after_help = STORE_CODES)]
    Unregister(UnregisterArgs),
    /// List the registered handlers
    #[command(after_help = STORE_CODES)]
    Handlers(HandlersArgs),
    /// Show and change which items of a registered handler are synchronized, and when
    #[command(after_help = STORE_CODES)]
    Prefs(PrefsArgs),
    /// Synchronize registered handlers, by the user's preferences
    #[command(after_help = EXIT_CODES)]
    Sync(SyncArgs),
    /// Start sessions as another program does (ISyncMgrSynchronizeInvoke)
    #[command(after_help = EXIT_CODES)]
    Update(UpdateArgs),
    /// Show how the last sessions of registered handlers ended
    #[command(after_help = STORE_CODES)]
    Results(ResultsArgs),
    /// Start sessions of registered handlers by a schedule, or play the schedule in virtual time
    #[command(after_help = DAEMON_CODES)]
    Daemon(DaemonArgs),
    /// Write mobsync.toml and a job for a CI system; asks for everything, or with --handler or --exec only for what is needed
    Init(InitArgs),
    /// Show the settings of this project, and where each comes from
    Config(ConfigArgs),
    /// Accept what a report has found
    Baseline(BaselineArgs),
    /// Print the JSON Schema of a file format
    Schema(SchemaArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Prints the names of the registered handlers, for completions
    #[command(hide = true)]
    RegisteredNames,
    /// Write the manual pages to a folder
    Man(ManArgs),
    /// Runs a session for another process of this program; standard input says which
    #[command(hide = true)]
    Worker,
    /// Ends handler programs when the process that started them is gone; standard input says which
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
    pub(in crate::cli) watch: WatchArgs,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    #[command(flatten)]
    pub(in crate::cli) explore: ExploreArgs,

    /// With --explore: write a scenario for `replay` to this folder for each cause
    #[arg(long, value_name = "FOLDER", requires = "explore")]
    pub(in crate::cli) scenarios: Option<PathBuf>,

    /// Run a script in this order of its threads, as `--explore` finds it
    #[arg(long, value_name = "JSON", conflicts_with_all = ["seed", "explore"])]
    pub(in crate::cli) schedule: Option<Schedule>,

    /// Write what the manager and the user did to this file, as a scenario for `replay`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) record: Option<PathBuf>,

    /// Exit with 0 although the session failed or an item FAILED, if no rule was broken
    #[arg(long)]
    pub(in crate::cli) allow_failure: bool,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
#[command(
    after_help = "On a terminal, `debug` has history and completion; from a pipe or a file it reads one command per \
                        line. `help` lists the commands. Handlers on real threads have no time limits unless --timeout \
                        and --blocking-limit set them, because the time you spend at the prompt counts. A native \
                        handler runs in a process of its own, whose crash is a finding; `attach` says how to get into \
                        it with gdb or lldb, and --in-process keeps the handler in this one."
)]
pub(in crate::cli) struct DebugArgs {
    #[command(flatten)]
    pub(in crate::cli) handler: HandlerArgs,

    /// Follow this scenario, which also gives the event and the chosen items
    #[arg(long, value_name = "FILE", conflicts_with_all = ["event", "settings", "no_user", "item", "cookie", "profile", "retries", "seed"])]
    pub(in crate::cli) scenario: Option<PathBuf>,

    /// Follow this case of the conformance suite, or a random session such as random-7
    #[arg(long, value_name = "NAME", conflicts_with_all = ["scenario", "event", "settings", "no_user", "item", "cookie", "retries", "seed"])]
    pub(in crate::cli) case: Option<String>,

    /// Set a breakpoint at a method, a rule or a state (repeatable), as the command `break` does
    #[arg(long = "break", value_name = "WHERE")]
    pub(in crate::cli) breaks: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) session: SessionArgs,

    /// Fail on warnings too
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConformArgs {
    #[command(flatten)]
    pub(in crate::cli) handler: HandlerArgs,

    /// List the cases and their rules, and run nothing
    #[arg(long)]
    pub(in crate::cli) list: bool,

    /// Run only this case (repeatable): a name, or a pattern such as 'cancel-*'
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sessions", "partition"])]
    pub(in crate::cli) case: Vec<String>,

    /// Leave out this case (repeatable): a name, or a pattern; the report says that it was skipped
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) skip: Vec<String>,

    /// Run the cases first whose names stand in this file, and write the names of those that fail into it; for --watch
    #[arg(long, value_name = "FILE", hide = true)]
    pub(in crate::cli) failing: Option<PathBuf>,

    /// Run no more cases once one has failed, or could not be judged
    #[arg(long, conflicts_with = "max_fail")]
    pub(in crate::cli) fail_fast: bool,

    /// Run no more cases once N have failed, or could not be judged
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_fail: Option<std::num::NonZeroUsize>,

    /// Run each case N times; the report names the flaky ones, which fail in some runs only
    ///
    /// A script does the same in every run, so this is for handlers on real threads.
    #[arg(long, value_name = "N", conflicts_with = "explore")]
    pub(in crate::cli) repeat: Option<std::num::NonZeroU16>,

    /// Run this shell command before each session, with the case's name in MOBSYNC_CASE
    ///
    /// For a handler that keeps something from one session to the next. Sessions then run one after the other, unless you
    /// give --jobs.
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) before_case: Option<String>,

    /// Run this shell command after each session, with the case's name in MOBSYNC_CASE
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) after_case: Option<String>,

    /// Print every case on standard error as it ends (on a terminal, those that fail are always printed)
    #[arg(long, short, conflicts_with = "quiet")]
    pub(in crate::cli) verbose: bool,

    #[command(flatten)]
    pub(in crate::cli) explore: ExploreArgs,

    /// Number of random sessions to run after the fixed cases, at most 10000000 [default: 0]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) sessions: Option<u64>,

    /// Seed of the first random session; each further session adds 1
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,

    /// Choose in which order callbacks from several threads are taken in the random sessions (docs/interleavings.md); without
    /// --sessions, 20 are run
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) strategy: Option<Strategy>,

    /// Take callbacks in this order, as JSON, in the cases and sessions that have an order; a finding says which it was
    #[arg(long, value_name = "JSON")]
    pub(in crate::cli) order: Option<GivenOrder>,

    /// Run part I of N, for example 2/4; all parts together make up the suite
    #[arg(long, value_name = "I/N", value_parser = partition)]
    pub(in crate::cli) partition: Option<(usize, usize)>,

    /// Number of sessions to run in parallel [default: number of processors, or twice as many for a handler on real threads]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) jobs: Option<std::num::NonZeroU16>,

    /// Windows version that the manager emulates
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// Time limit of a call, and of silence while a completion is due [default: 10]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// Time within which an asynchronous method should return [default: 1]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) blocking_limit: Option<u64>,

    /// Time for which an item's reports may repeat the same value [default: 30]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) progress_limit: Option<u64>,

    /// Time limit of a whole session, also of one that goes on reporting [default: six times --timeout]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) session_limit: Option<u64>,

    /// Write a scenario for `replay` to this folder for each case and session that fails
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) scenarios: Option<PathBuf>,

    /// Write the trace of each session to this folder
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Stop writing a trace when it has this size in MiB; the session goes on
    #[arg(long, value_name = "MIB", requires = "trace")]
    pub(in crate::cli) trace_limit: Option<std::num::NonZeroU32>,

    /// Run a native handler in this process instead of in workers, for use with a debugger
    #[arg(long)]
    pub(in crate::cli) in_process: bool,

    /// Raise a debugger trap (SIGTRAP; on Windows a breakpoint) in the thread that breaks one of these rules (codes, families or names)
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) break_on: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) watch: WatchArgs,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArgs {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "SCENARIO")]
    pub(in crate::cli) scenarios: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) handler: OtherHandlerArgs,

    /// Update the expectations in the scenario files to what happens, and print the changes
    #[arg(long)]
    pub(in crate::cli) bless: bool,

    /// Number of scenarios to replay in parallel [default: number of processors]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) jobs: Option<std::num::NonZeroU16>,

    /// Also print the expectations that were met (always printed for a single scenario)
    #[arg(long, short)]
    pub(in crate::cli) verbose: bool,

    /// Choose in which order callbacks from several threads are taken, in place of the scenario's order
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) strategy: Option<Strategy>,

    /// Seed for --strategy
    #[arg(long, value_name = "N", default_value_t = 0, requires = "strategy")]
    pub(in crate::cli) seed: u64,

    /// Time limit of a call, and of silence while a completion is due [default: the scenario's]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// Time within which an asynchronous method should return [default: the scenario's]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) blocking_limit: Option<u64>,

    /// Time for which an item's reports may repeat the same value [default: the scenario's]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) progress_limit: Option<u64>,

    /// Time limit of a whole session, also of one that goes on reporting [default: 3600; filesync has none]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) session_limit: Option<u64>,

    /// Write the trace to this file; with several scenarios, the traces to this folder
    #[arg(long, value_name = "FILE|FOLDER")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Stop writing a trace when it has this size in MiB; the session goes on
    #[arg(long, value_name = "MIB", requires = "trace")]
    pub(in crate::cli) trace_limit: Option<std::num::NonZeroU32>,

    /// Run native handlers in this process instead of in workers, for use with a debugger
    #[arg(long)]
    pub(in crate::cli) in_process: bool,

    /// Raise a debugger trap (SIGTRAP; on Windows a breakpoint) in the thread that breaks one of these rules (codes, families or names)
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) break_on: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) watch: WatchArgs,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// Trace files (.jsonl, or in the notation); - reads standard input
    #[arg(required = true, value_name = "TRACE")]
    pub(in crate::cli) traces: Vec<PathBuf>,

    /// Use this profile instead of the trace's own
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// Format of the report; notation prints the traces themselves, one call or callback per line, findings marked
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
    /// Merge the reports of all parts of `conform --partition` into the report of the whole suite
    #[command(after_help = EXIT_CODES)]
    Merge(MergeArgs),
    /// Write a report that was written with --format json in other formats
    #[command(after_help = "Exit codes: 0 the report was written, whatever it says; 2 it cannot be read or written.")]
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// A report, written with --format json
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) to: OutputArgs,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// The reports of all parts, written with --format json, in any order
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) reports: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) judge: JudgeArgs,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = JudgeFormat::Human)]
    pub(in crate::cli) format: JudgeFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// A trace file (.jsonl); - reads standard input
    #[arg(value_name = "A")]
    pub(in crate::cli) a: PathBuf,

    /// The trace file to compare it with; - reads standard input
    #[arg(value_name = "B")]
    pub(in crate::cli) b: PathBuf,

    /// Also ignore the names of handlers and items, or the times at which items were last updated
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(in crate::cli) ignore: Vec<IgnoreName>,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,

    /// Width of the output: from 100 columns on, the traces are side by side [default: the terminal's width; without a
    /// terminal, one trace below the other]
    #[arg(long, value_name = "COLUMNS")]
    pub(in crate::cli) width: Option<u16>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TimelineArgs {
    /// A trace file (.jsonl, or in the notation); - reads standard input
    #[arg(value_name = "TRACE")]
    pub(in crate::cli) trace: PathBuf,

    /// Use this profile instead of the trace's own
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// Width of the picture [default: the terminal's width, or 120]
    #[arg(long, value_name = "COLUMNS")]
    pub(in crate::cli) width: Option<u16>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TraceArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: TraceCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TraceCommand {
    /// Write a trace for a viewer
    #[command(
        after_help = "Exit codes: 0 the file was written; 2 the trace cannot be read, or the file not be written."
    )]
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// A trace file (.jsonl, or in the notation); - reads standard input
    #[arg(value_name = "TRACE")]
    pub(in crate::cli) trace: PathBuf,

    /// Write Chrome's trace-event JSON to this file, for ui.perfetto.dev or chrome://tracing
    #[arg(long, value_name = "FILE", required = true)]
    pub(in crate::cli) perfetto: PathBuf,

    /// Use this profile instead of the trace's own
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArgs {
    /// Codes (SYNC-04), families (SYNC) or names of rules; without any, all rules are listed
    #[arg(value_name = "RULE")]
    pub(in crate::cli) rules: Vec<String>,

    /// List only the rules whose code, name or document has all these words, in any case
    #[arg(long, value_name = "WORDS")]
    pub(in crate::cli) search: Option<String>,

    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// The handler: `filesync`, a native library, or a .json handler file
    #[arg(long, value_name = "HANDLER", conflicts_with = "exec")]
    pub(in crate::cli) handler: Option<String>,

    /// The command of a program that speaks the wire protocol
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) exec: Option<String>,

    /// For a native library: the handler's class
    #[arg(long, value_name = "{GUID}")]
    pub(in crate::cli) clsid: Option<Guid>,

    /// Windows version that the manager emulates
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// The CI system for which to write a job
    #[arg(long, value_enum, value_name = "SYSTEM")]
    pub(in crate::cli) ci: Option<CiName>,

    /// Let warnings fail too, not only errors
    #[arg(long)]
    pub(in crate::cli) strict: bool,

    /// Whose GitHub repository `mobsync` has the releases that the job installs
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) owner: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BaselineCommand {
    /// Write the findings of a report into a baseline, each with its reason
    ///
    /// Entries that the file has stay as they are. Without --reason, each reason is asked for on standard input.
    Write(BaselineWriteArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineWriteArgs {
    /// A report, written with --format json
    #[arg(value_name = "REPORT")]
    pub(in crate::cli) report: PathBuf,

    /// The baseline to write or to add to
    #[arg(long, value_name = "FILE", default_value = "mobsync-baseline.json")]
    pub(in crate::cli) output: PathBuf,

    /// Why the findings are accepted: one reason for all
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// The folder, such as ~/.local/share/man/man1
    #[arg(value_name = "FOLDER")]
    pub(in crate::cli) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    /// File format
    #[arg(value_enum)]
    pub(in crate::cli) name: SchemaName,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}
