//! The commands around the store: which handlers are registered, and what the user prefers.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::handler::HandlerArgs;
use super::words::{OccasionName, ProfileName, ReportFormat, time};
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

    /// Register it without starting it first, and without its DllRegisterServer
    #[arg(long)]
    pub(in crate::cli) no_check: bool,

    /// Write a trace of what was registered to this file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trace: Option<PathBuf>,

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

    /// Do not call the DllUnregisterServer of its library
    #[arg(long)]
    pub(in crate::cli) no_check: bool,

    /// Write a trace of what was unregistered to this file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trace: Option<PathBuf>,
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
    /// Set a preference: for an item, an event, a connection, or several of them; or whether the user is asked first at an event
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
    pub(in crate::cli) event: Option<OccasionName>,

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
    /// Ask the user before anything is synchronized at this event
    Ask,
    /// Do not ask
    DontAsk,
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

#[derive(Debug, Args)]
pub(in crate::cli) struct SyncArgs {
    /// Names or CLSIDs of registered handlers [default: all; for the events connect, pending-disconnect and idle, those that
    /// are registered for the event]
    #[arg(value_name = "HANDLER")]
    pub(in crate::cli) handlers: Vec<String>,

    /// Event that starts the sessions
    #[arg(long, value_enum, default_value_t = OccasionName::Manual)]
    pub(in crate::cli) event: OccasionName,

    /// Network connection, for preferences that are for one
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) connection: Option<String>,

    /// Choose this item of the one HANDLER (repeatable) [default: by the preferences, or else what the handler preselects]
    #[arg(long, value_name = "ID|NAME")]
    pub(in crate::cli) item: Vec<String>,

    /// Start at once: on a terminal, too, the items are chosen by the preferences, or else by what the handler preselects
    #[arg(long)]
    pub(in crate::cli) start: bool,

    /// Run without a user: the handlers must not show UI (no MAYBOTHERUSER)
    #[arg(long)]
    pub(in crate::cli) no_user: bool,

    /// Number of times the user opens the logged errors, and so of possible retries
    #[arg(long, value_name = "N", default_value_t = super::options::RETRIES)]
    pub(in crate::cli) retries: u32,

    /// Windows version that the manager emulates
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// Time limit of a call, and of silence while a completion is due [default: 10]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// Exit with 0 although a session failed or an item FAILED, if no rule was broken
    #[arg(long)]
    pub(in crate::cli) allow_failure: bool,

    /// Write the trace of the session to this file; scripts and other handlers, which run in two sessions, cannot share it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Show no progress
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,

    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ResultsArgs {
    /// Names or CLSIDs of registered handlers [default: all]
    #[arg(value_name = "HANDLER")]
    pub(in crate::cli) handlers: Vec<String>,

    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(in crate::cli) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["handler", "all", "event"]).required(true))]
pub(in crate::cli) struct UpdateArgs {
    /// Start a session of this registered handler (UpdateItems): a name or CLSID
    #[arg(long, value_name = "HANDLER")]
    pub(in crate::cli) handler: Option<String>,

    /// Start the sessions of all registered handlers (UpdateAll): this command ends at once, and another process runs them
    #[arg(long, conflicts_with_all = ["cookie", "minimized", "start", "connection", "allow_failure"])]
    pub(in crate::cli) all: bool,

    /// An event came: start the sessions of the handlers that are registered for it, with the preferences for it. If the user is to
    /// be asked first (`mobsync prefs set HANDLER ask --event …`), that needs a terminal
    #[arg(long, value_enum, conflicts_with_all = ["cookie", "start"])]
    pub(in crate::cli) event: Option<OccasionName>,

    /// Cookie for the handler's Initialize: hexadecimal digits, or the bytes of a file
    #[arg(long, value_name = "HEX|@FILE")]
    pub(in crate::cli) cookie: Option<String>,

    /// Show no progress (MINIMIZED)
    #[arg(long)]
    pub(in crate::cli) minimized: bool,

    /// Start at once (STARTSYNC); otherwise the user chooses the items first, which needs a terminal
    #[arg(long)]
    pub(in crate::cli) start: bool,

    /// Network connection, for preferences that are for one
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) connection: Option<String>,

    /// Windows version that the manager emulates
    #[arg(long, value_enum)]
    pub(in crate::cli) profile: Option<ProfileName>,

    /// Time limit of a call, and of silence while a completion is due [default: 10]
    #[arg(long, value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<u64>,

    /// Write the trace to this file: that of the session, or with --all that of the invocation
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trace: Option<PathBuf>,

    /// Exit with 0 although the session failed or an item FAILED, if no rule was broken
    #[arg(long)]
    pub(in crate::cli) allow_failure: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("daemon").args(["schedule", "state"]).required(true))]
pub(in crate::cli) struct DaemonArgs {
    /// The schedule: which events happen at which times
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) schedule: Option<PathBuf>,

    /// Play the schedule in virtual time and end; scripts are run, and the store stays as it is
    #[arg(long, requires = "schedule")]
    pub(in crate::cli) r#virtual: bool,

    /// With --virtual: when it begins
    #[arg(long, value_name = "TIME", requires = "virtual", default_value = "2026-01-05T00:00:00Z")]
    pub(in crate::cli) from: DateTime<Utc>,

    /// With --virtual: for how many days
    #[arg(long, value_name = "N", requires = "virtual", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub(in crate::cli) days: u32,

    /// With --virtual: write a trace of each session to this folder
    #[arg(long, value_name = "FOLDER", requires = "virtual")]
    pub(in crate::cli) traces: Option<PathBuf>,

    /// Show what the process does that runs on this store
    #[arg(long)]
    pub(in crate::cli) state: bool,

    /// With --state: output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, requires = "state")]
    pub(in crate::cli) format: ReportFormat,
}
