//! The schedule of `mobsync daemon`: a file that says at which times which events happen.

use std::path::Path;

use chrono::{DateTime, Local, Utc};
use croner::Cron;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{self, FileError, JsonPath};
use crate::protocol::ScheduledEvent;

/// What the first field of the file says.
const FORMAT: &str = "mobsync-schedule";
/// The version of the format.
const VERSION: u32 = 1;

/// At which times which events happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The schema that editors check the file against.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `mobsync-schedule`.
    #[serde(deserialize_with = "this_format")]
    #[schemars(schema_with = "format")]
    pub format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "version")]
    pub version: u32,
    /// The time zone of the patterns.
    #[serde(default)]
    pub zone: Zone,
    /// The events, each at the times of its pattern.
    pub events: Vec<Scheduled>,
}

/// The time zone in which a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// That of the machine. `--virtual` reads it as UTC, so that a trace is the same everywhere.
    #[default]
    Local,
    /// Universal time.
    Utc,
}

/// An event that happens at the times of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// When: a cron pattern of minute, hour, day of the month, month, and day of the week, such as `30 8 * * MON-FRI`, or
    /// `@hourly`, `@daily`, `@weekly`, `@monthly`. With six fields, the first one is the second.
    pub at: String,
    /// What happens.
    #[serde(default)]
    pub event: ScheduledEvent,
    /// The handlers whose sessions start, by name or CLSID. Default: all that are registered for the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<String>,
    /// The network connection, for preferences that are for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What follows when the time passed while nothing could be started.
    #[serde(default)]
    pub missed: Missed,
}

/// What follows when a time passed while nothing could be started: `mobsync daemon` did not run, or the machine slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// The event happens once, as soon as it can, however often it was missed.
    #[default]
    Run,
    /// It is only said.
    Tell,
}

impl Scheduled {
    /// The pattern. Loading has made sure that it is one.
    fn pattern(&self) -> Option<Cron> {
        self.at.parse().ok()
    }
}

impl Zone {
    /// The first time of the pattern after this one.
    fn next(self, pattern: &Cron, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Utc => pattern.find_next_occurrence(&after, false).ok(),
            Self::Local => {
                let next = pattern.find_next_occurrence(&after.with_timezone(&Local), false);
                next.ok().map(|next| next.to_utc())
            }
        }
    }
}

/// The patterns of a schedule.
#[derive(Clone, Debug)]
pub(super) struct Patterns {
    zone: Zone,
    all: Vec<Option<Cron>>,
}

impl Patterns {
    pub(super) fn of(schedule: &Schedule) -> Self {
        Self { zone: schedule.zone, all: schedule.events.iter().map(Scheduled::pattern).collect() }
    }

    /// The first time after this one at which the event at that place happens.
    pub(super) fn next(&self, at: usize, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.zone.next(self.all.get(at)?.as_ref()?, after)
    }
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == FORMAT {
        return Ok(found);
    }
    Err(serde::de::Error::custom(format_args!("the format is `{found}`; expected `{FORMAT}`")))
}

fn format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": FORMAT })
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": VERSION })
}

/// The JSON Schema of the file.
pub fn schedule_schema() -> serde_json::Value {
    schemars::schema_for!(Schedule).to_value()
}

impl Schedule {
    /// Reads a schedule from a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no schedule. The message names the place.
    pub fn load(file: &Path) -> Result<Self, FileError> {
        Self::parse(&json::read(file)?, file)
    }

    /// Reads a schedule from text; `file` is named in errors.
    ///
    /// # Errors
    /// When the text is no schedule.
    pub fn parse(text: &str, file: &Path) -> Result<Self, FileError> {
        json::check_version(text, file)?;
        let schedule: Self = json::from_json(text, file)?;
        for (at, event) in schedule.events.iter().enumerate() {
            if let Err(error) = event.at.parse::<Cron>() {
                let place = JsonPath::default().key("events").index(at).key("at");
                let why = format!("`{}` is no cron pattern: {error}; `30 8 * * MON-FRI` is one", event.at);
                return Err(json::nonsense(text, file, &place, &why));
            }
        }
        Ok(schedule)
    }
}
