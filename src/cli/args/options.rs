//! Options that several commands have.

use std::path::{Path, PathBuf};

use clap::Args;

use super::words::{EventName, OtherReport, ProfileName, other_report, time};
use crate::host::Strategy;
use crate::protocol::Cookie;
use crate::report::Format;

/// How often `run` shows errors, and so retries, by default.
pub(in crate::cli) const RETRIES: u32 = 1;

/// Options of the commands that run a handler.
#[derive(Debug, Args)]
#[command(next_help_heading = "Session")]
pub(in crate::cli) struct SessionArgs {
    /// Event that starts the session
    #[arg(long, value_enum, default_value_t = EventName::Manual)]
    pub(in crate::cli) event: EventName,

    /// Run a session for configuration: it shows properties and never synchronizes
    #[arg(long)]
    pub(in crate::cli) settings: bool,

    /// Run without a user: the handler must not show UI (no MAYBOTHERUSER)
    #[arg(long)]
    pub(in crate::cli) no_user: bool,

    /// Choose this item (repeatable) [default: the items that the handler preselects]
    #[arg(long, value_name = "ID|NAME")]
    pub(in crate::cli) item: Vec<String>,

    /// Cookie for --event invoke
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) cookie: Option<Cookie>,

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

    /// Time limit of a whole session, also of one that goes on reporting [default: 3600; filesync has none]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) session_limit: Option<u64>,

    /// Number of times the user opens the logged errors, and so of possible retries
    #[arg(long, value_name = "N", default_value_t = RETRIES)]
    pub(in crate::cli) retries: u32,

    /// Seed for the order of a scripted handler's threads, and for --strategy [default: 0]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) seed: Option<u64>,

    /// Choose in which order callbacks from several threads are taken (docs/interleavings.md)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) strategy: Option<Strategy>,

    /// Write the trace to this file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Stop writing a trace when it has this size in MiB; the session goes on
    #[arg(long, value_name = "MIB", requires = "trace")]
    pub(in crate::cli) trace_limit: Option<std::num::NonZeroU32>,

    /// Run a native handler in this process instead of in a worker, for use with a debugger
    #[arg(long)]
    pub(in crate::cli) in_process: bool,

    /// Raise a debugger trap (SIGTRAP; on Windows a breakpoint) in the thread that breaks one of these rules (codes, families or names)
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) break_on: Vec<String>,
}

/// Where reports go.
#[derive(Debug, Args)]
pub(in crate::cli) struct OutputArgs {
    /// Write the report to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Write another report too (repeatable), such as junit=FILE; without =FILE, to standard output after the first
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = other_report)]
    pub(in crate::cli) report: Vec<OtherReport>,
}

impl OutputArgs {
    /// The files that reports are written to, each with its option.
    pub(in crate::cli) fn written(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let others = self.report.iter().filter_map(|other| Some(("--report", other.file.as_deref()?)));
        self.output.as_deref().map(|to| ("--output", to)).into_iter().chain(others)
    }

    /// Whether one of the reports draws the sessions, so that their events are needed.
    pub(in crate::cli) fn draws(&self, format: Option<Format>) -> bool {
        let others = self.report.iter().map(|other| Format::from(other.format));
        others.chain(format).any(|format| format == Format::Html)
    }
}

/// Options of the commands that judge.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(in crate::cli) struct JudgeArgs {
    #[command(flatten)]
    pub(in crate::cli) to: OutputArgs,

    /// Report only these rules: codes, families (SYNC) or names
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) select: Vec<String>,

    /// Do not report these rules
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(in crate::cli) ignore: Vec<String>,

    /// File of accepted findings, each with a reason; they are reported but do not fail the run (docs/ci.md)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: Option<PathBuf>,

    /// Fail on warnings too
    #[arg(long)]
    pub(in crate::cli) strict: bool,

    /// Show no progress, and print no report for people unless there are errors or warnings; then without notes and skipped cases
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
}

/// Whether the command runs again by itself.
#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    /// Run again whenever the handler's file, a scenario or mobsync.toml changes
    #[arg(long)]
    pub(in crate::cli) watch: bool,
}

/// What mobsync logs about itself.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct LogArgs {
    /// Log what mobsync itself does, on standard error: a filter such as info, debug or mobsync::job=trace
    ///
    /// The variable MOBSYNC_LOG does the same.
    #[arg(long, value_name = "FILTER", global = true, help_heading = "Logging")]
    pub(in crate::cli) log: Option<String>,
    /// How log lines are written (default: human, or what MOBSYNC_LOG_FORMAT says)
    #[arg(long, value_name = "FORMAT", global = true, help_heading = "Logging")]
    pub(in crate::cli) log_format: Option<LogFormat>,
}

/// How libraries for Windows are run.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct WindowsArgs {
    /// Wine's program, for libraries for Windows (default: what MOBSYNC_WINE names, or the installed one)
    #[arg(long, value_name = "PROGRAM", global = true, help_heading = "Libraries for Windows")]
    pub(in crate::cli) wine: Option<PathBuf>,
    /// mobsync.exe (default: what MOBSYNC_EXE names, or the one beside mobsync)
    #[arg(long, value_name = "FILE", global = true, help_heading = "Libraries for Windows")]
    pub(in crate::cli) mobsync_exe: Option<PathBuf>,
    /// Use this Wine prefix as it is (default: one of mobsync's own)
    #[arg(long, value_name = "FOLDER", global = true, help_heading = "Libraries for Windows")]
    pub(in crate::cli) wine_prefix: Option<PathBuf>,
    /// Import this .reg file; handlers run in a copy of the Wine prefix, made for this command alone
    #[arg(long, value_name = "FILE", global = true, help_heading = "Libraries for Windows")]
    pub(in crate::cli) registry: Option<PathBuf>,
    /// How callbacks are bound to the manager's apartment (default: sta)
    #[arg(long, value_name = "KIND", global = true, help_heading = "Session")]
    pub(in crate::cli) apartment: Option<ApartmentName>,
}

/// An apartment of COM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum ApartmentName {
    /// Libraries for Windows live in a single-threaded apartment, as in the real manager
    Sta,
    /// Libraries for Windows live in the multi-threaded apartment
    Mta,
    /// As sta. For every handler in real time, a callback from another thread waits while the manager's thread is inside a call
    Strict,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum LogFormat {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}
