//! Values of options, and how they are read.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::host::Order;
use crate::host::explore::Deviation;
use crate::json::reworded;
use crate::protocol::{Occasion, Profile, SyncEvent};
use crate::report::Format;

/// A part of the suite: `I/N`.
pub(super) fn partition(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    parts.filter(|(i, n)| (1..=*n).contains(i)).ok_or_else(|| "expected I/N with I from 1 to N, such as 2/4".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SchemaName {
    /// A trace, line by line
    Trace,
    /// A scripted handler
    Script,
    /// A scenario
    Scenario,
    /// A report
    Report,
    /// Accepted findings
    Baseline,
    /// The settings of a project (mobsync.toml)
    Config,
    /// A registered handler, in the store
    Registration,
    /// What the user prefers for a handler, in the store
    Preferences,
    /// How the last session of a registered handler ended, in the store
    Results,
    /// The schedule of mobsync daemon
    Schedule,
    /// What mobsync daemon does, in the store
    Daemon,
    /// Preferences that are taken from one store to another
    PreferencesExport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CheckFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// JUnit XML, for CI systems
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A page for a browser, with a timeline of each session
    Html,
    /// The traces themselves, in the compact notation
    Notation,
}

impl CheckFormat {
    /// The form of the report; none where the traces themselves are printed.
    pub(in crate::cli) fn of_report(self) -> Option<Format> {
        Some(match self {
            CheckFormat::Human => Format::Human,
            CheckFormat::Json => Format::Json,
            CheckFormat::Junit => Format::Junit,
            CheckFormat::Sarif => Format::Sarif,
            CheckFormat::Github => Format::Github,
            CheckFormat::Html => Format::Html,
            CheckFormat::Notation => return None,
        })
    }
}

/// What `diff` leaves out on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum IgnoreName {
    /// The names of handlers and items
    Names,
    /// The times at which items were last updated
    Times,
}

/// A CI system for which `init` writes a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CiName {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// No job
    None,
}

/// When what is printed has colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColourName {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The formats of the commands that run sessions and judge them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum JudgeFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// JUnit XML, for CI systems
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A page for a browser, with a timeline of each session
    Html,
}

impl From<JudgeFormat> for Format {
    fn from(format: JudgeFormat) -> Self {
        match format {
            JudgeFormat::Human => Format::Human,
            JudgeFormat::Json => Format::Json,
            JudgeFormat::Junit => Format::Junit,
            JudgeFormat::Sarif => Format::Sarif,
            JudgeFormat::Github => Format::Github,
            JudgeFormat::Html => Format::Html,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ProfileName {
    /// Windows 2000 and XP
    Xp,
    /// Windows Vista and later
    Vista,
}

impl From<Profile> for ProfileName {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Xp => ProfileName::Xp,
            Profile::Vista => ProfileName::Vista,
        }
    }
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
pub(in crate::cli) enum EventName {
    /// The user started it
    Manual,
    /// A network connection was opened
    Connect,
    /// A network connection is about to be closed
    PendingDisconnect,
    /// The machine is idle
    Idle,
    /// A program started it
    Invoke,
    /// A schedule is due
    Scheduled,
    /// No event; goes with --settings
    None,
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
            EventName::None => SyncEvent(0),
        }
    }
}

/// What starts a session, as the user's settings know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OccasionName {
    /// The user started it
    Manual,
    /// A network connection was opened
    Connect,
    /// A network connection is about to be closed
    PendingDisconnect,
    /// The machine is idle
    Idle,
    /// A program started it
    Invoke,
    /// A schedule is due
    Scheduled,
    /// The user logs on; handlers see CONNECT
    Logon,
    /// The user logs off; handlers see PENDINGDISCONNECT
    Logoff,
}

impl From<OccasionName> for Occasion {
    fn from(name: OccasionName) -> Self {
        match name {
            OccasionName::Manual => Self::MANUAL,
            OccasionName::Connect => Self::CONNECT,
            OccasionName::PendingDisconnect => Self::PENDINGDISCONNECT,
            OccasionName::Idle => Self::IDLE,
            OccasionName::Invoke => Self::INVOKE,
            OccasionName::Scheduled => Self::SCHEDULED,
            OccasionName::Logon => Self::LOGON,
            OccasionName::Logoff => Self::LOGOFF,
        }
    }
}

/// A time as nanoseconds: with a unit, or a number of seconds.
pub(super) fn time(text: &str) -> Result<u64, String> {
    let delay: Result<crate::protocol::Delay, _> = match text.ends_with(|last: char| last.is_ascii_alphabetic()) {
        true => text.parse(),
        false => format!("{text}s").parse(),
    };
    match delay {
        Ok(delay) if delay.0 > 0 => Ok(delay.0),
        _ => Err("expected a time above 0, such as 2s, 500ms, 5m, 1h, or 10 for ten seconds".to_owned()),
    }
}

/// A report beside the one that `--format` and `--output` name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct OtherReport {
    pub(in crate::cli) format: JudgeFormat,
    /// Standard output gets it where no file is named.
    pub(in crate::cli) file: Option<PathBuf>,
}

/// `FORMAT` or `FORMAT=FILE`.
pub(in crate::cli) fn other_report(text: &str) -> Result<OtherReport, String> {
    let (format, file) = match text.split_once('=') {
        Some((_, "")) => return Err("name a file after the =, or leave it out for standard output".to_owned()),
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = JudgeFormat::from_str(format, false).map_err(|_| {
        let all: Vec<_> = JudgeFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
        let all: Vec<_> = all.iter().map(clap::builder::PossibleValue::get_name).collect();
        format!("expected FORMAT or FORMAT=FILE, where FORMAT is one of {}", all.join(", "))
    })?;
    Ok(OtherReport { format, file })
}

/// A schedule, as it stands in scenarios.
pub(super) fn schedule(text: &str) -> Result<Vec<Deviation>, String> {
    serde_json::from_str(text).map_err(|error| {
        let why = reworded(&error.to_string());
        format!(r#"{why}; expected a schedule such as [{{"turn": 12, "thread": "worker"}}]"#)
    })
}

/// An order of callbacks, as it stands in scenarios.
pub(super) fn order(text: &str) -> Result<Order, String> {
    serde_json::from_str(text).map_err(|error| {
        let why = reworded(&error.to_string());
        format!(r#"{why}; expected an order such as {{"strategy": "random", "seed": 1}}"#)
    })
}
