//! The command line's words.

mod commands;
mod explore;
mod handler;
mod manager;
mod options;
mod words;

pub use commands::command;
pub(super) use commands::{
    BaselineArgs, BaselineCommand, BaselineWriteArgs, CheckArgs, Cli, Command, CompletionsArgs, ConfigArgs,
    ConformArgs, DebugArgs, DiffArgs, ExportArgs, InitArgs, ManArgs, MergeArgs, ReplayArgs, ReportArgs, ReportCommand,
    RulesArgs, RunArgs, SchemaArgs, ShowArgs, TimelineArgs, TraceArgs, TraceCommand,
};
pub(super) use explore::{ACTIONS, ExploreArgs, PREEMPTIONS};
pub(super) use handler::HandlerArgs;
pub(super) use manager::{
    DaemonArgs, HandlersArgs, PreferenceName, PrefsArgs, PrefsCommand, PrefsExportArgs, PrefsImportArgs, PrefsSetArgs,
    PrefsShowArgs, RegisterArgs, ResultsArgs, SyncArgs, UnregisterArgs, UpdateArgs,
};
pub(super) use options::{ApartmentName, JudgeArgs, LogArgs, LogFormat, OutputArgs, RETRIES, SessionArgs, WindowsArgs};
pub(super) use words::{
    CiName, ColourName, EventName, IgnoreName, JudgeFormat, OtherReport, ProfileName, ReportFormat, SchemaName,
    other_report,
};
