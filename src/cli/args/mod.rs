//! The command line's words.

mod commands;
mod handler;
mod options;
mod words;

pub use commands::command;
pub(super) use commands::{
    CheckArgs, Cli, Command, CompletionsArgs, ConformArgs, DebugArgs, DiffArgs, ExportArgs, MergeArgs, ReplayArgs,
    ReportArgs, ReportCommand, RulesArgs, RunArgs, SchemaArgs, ShowArgs, TimelineArgs, TraceArgs, TraceCommand,
};
pub(super) use options::{ApartmentName, JudgeArgs, LogArgs, LogFormat, OutputArgs, RETRIES, SessionArgs, WindowsArgs};
pub(super) use words::{
    ColourName, EventName, IgnoreName, JudgeFormat, OtherReport, ProfileName, ReportFormat, SchemaName,
};
