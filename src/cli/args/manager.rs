//! The commands around the store: which handlers are registered, and what the user prefers.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::handler::HandlerArgs;
use super::words::{EventName, ReportFormat};
use crate::protocol::{Guid, RegisterFlags};

#[derive(Debug, Args)]
pub(in crate::cli) struct RegisterArgs {
    #[command(flatten)]
    pub(in crate::cli) handler: HandlerArgs,

    /// The name under which it is registered [default: the name that the handler gives itself]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) description: Option<String>,

    /// Register it for this event too (repeatable)
    #[arg(long, value_enum, value_name = "EVENT", value_delimiter = ',')]
    pub(in crate::cli) event: Vec<RegisterEvent>,

    /// The CLSID of a handler that is no native library [default: one that is made from its file, command or folders]
    #[arg(long, value_name = "{GUID}", conflicts_with = "clsid")]
    pub(in crate::cli) register_as: Option<Guid>,

    /// Register it without starting it first
    #[arg(long)]
    pub(in crate::cli) no_check: bool,

    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

/// An event for which handlers are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RegisterEvent {
    /// A network connection was opened
    Connect,
    /// A network connection is about to be closed
    PendingDisconnect,
    /// The machine is idle
    Idle,
}

impl From<RegisterEvent> for RegisterFlags {
    fn from(event: RegisterEvent) -> Self {
        match event {
            RegisterEvent::Connect => RegisterFlags::CONNECT,
            RegisterEvent::PendingDisconnect => RegisterFlags::PENDINGDISCONNECT,
            RegisterEvent::Idle => RegisterFlags::IDLE,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UnregisterArgs {
    /// The name or CLSID of a registered handler
    #[arg(value_name = "HANDLER", required = true)]
    pub(in crate::cli) handlers: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HandlersArgs {
    /// Show only these: names or CLSIDs
    #[arg(value_name = "HANDLER")]
    pub(in crate::cli) handlers: Vec<String>,

    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PrefsArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: PrefsCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PrefsCommand {
    /// Show the preferences for a registered handler
    Show(PrefsShowArgs),
    /// Set a preference: for an item, an event, a connection, or several of them
    ///
    /// The preference that says most precisely what it is about decides: one for the item outweighs one for the event, and that
    /// one for the connection. Without any, the handler's own preselection counts.
    Set(PrefsSetArgs),
    /// Write preferences to a file, for another store
    Export(PrefsExportArgs),
    /// Read preferences from a file that `export` wrote
    Import(PrefsImportArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PrefsShowArgs {
    /// The name or CLSID of a registered handler
    #[arg(value_name = "HANDLER")]
    pub(in crate::cli) handler: String,

    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PrefsSetArgs {
    /// The name or CLSID of a registered handler
    #[arg(value_name = "HANDLER")]
    pub(in crate::cli) handler: String,

    /// What the user prefers
    #[arg(value_enum, value_name = "PREFERENCE")]
    pub(in crate::cli) preference: PreferenceName,

    /// For this item (repeatable) [default: every item]
    #[arg(long, value_name = "ID|NAME")]
    pub(in crate::cli) item: Vec<String>,

    /// For this event [default: every event]
    #[arg(long, value_enum)]
    pub(in crate::cli) event: Option<EventName>,

    /// For this network connection [default: every connection]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) connection: Option<String>,
}

/// What the user prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PreferenceName {
    /// Synchronize it
    Checked,
    /// Do not synchronize it
    Unchecked,
    /// Remove the preference
    Default,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PrefsExportArgs {
    /// Names or CLSIDs of registered handlers [default: all]
    #[arg(value_name = "HANDLER")]
    pub(in crate::cli) handlers: Vec<String>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PrefsImportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,

    /// Remove the preferences that the handlers of the file have now
    #[arg(long)]
    pub(in crate::cli) replace: bool,
}
