//! The report as data: `--format json` writes it as it is, and `report merge` reads it back.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::baseline::BaselineRow;
use super::causes::Groups;
use super::{Cause, Code, Exploration, Timeline};
use crate::host::Order;
use crate::protocol::{Guid, Method, Profile, Status, Text, nearest};
use crate::rules::{Level, NamedItem, Occasion, RULES, Subject, UnknownRule, Verdict, Violation, rule};
use crate::runner::{ContextLine, Repeats};
use crate::scenario::ExpectationResult;

/// What the first field of a report says.
pub const FORMAT: &str = "mobsync-report";
/// The version of the report's form.
pub const VERSION: u32 = 1;

/// A text of the program itself. (serde takes a reference that is spelt out for one into what is read.)
type Word = &'static str;

/// The result of one command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `mobsync-report`.
    #[serde(deserialize_with = "this_format")]
    pub format: Word,
    /// 1.
    pub version: u32,
    /// The handler that was driven, or the traces that were judged.
    pub handler: String,
    /// The handler's file, as the command line names it; findings without a place of their own are shown there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_file: Option<String>,
    /// The Windows version that the manager emulates.
    pub profile: Profile,
    /// The seed of the deterministic scheduler.
    pub seed: Option<u64>,
    /// Which part of the suite this is; for `conform --partition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// Counts.
    pub summary: Summary,
    /// What was found, in the order of the events.
    pub findings: Vec<FindingRow>,
    /// The mistakes behind the findings that are not accepted, the weightiest first.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Findings that were only counted, because there were so many of their rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<OmittedRow>,
    /// Sessions or traces.
    pub cases: Vec<Case>,
    /// Every rule that the report covers, with its verdict.
    pub rules: Vec<RuleRow>,
    /// What was accepted beforehand, and what came of it; for `--baseline`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<BaselineRow>,
    /// Why the report does not say everything: what was left out, and what kept it from being done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<String>,
    /// What became of each item of the session; for `run`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemRow>,
    /// What was logged about no item of `items` and not deleted; for `run`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// How the session ended; for `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why the session failed, whatever rules were kept: the handler itself says so; for `run`, unless `--allow-failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The orders of scripts' threads that were explored; for `--explore`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exploration: Vec<Exploration>,
    /// How long it took in real time, where it is known; it differs each time, so the report as data does not have it.
    #[serde(skip)]
    pub elapsed: Option<Duration>,
    /// Sessions as pictures, where their events were kept; the report as data does not have them.
    #[serde(skip)]
    pub timelines: Vec<Timeline>,
    /// Warnings fail too.
    #[serde(skip)]
    pub(super) strict: bool,
    /// The findings by their causes.
    #[serde(skip)]
    pub(super) groups: Groups,
    /// Every handler whose cases are in here: `handler` names one only.
    #[serde(skip)]
    pub(super) handlers: BTreeSet<String>,
    /// How much output of handlers it has.
    #[serde(skip)]
    pub(super) output_bytes: usize,
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == FORMAT {
        return Ok(FORMAT);
    }
    Err(serde::de::Error::custom(format_args!("the format is `{found}`; expected `{FORMAT}`")))
}

/// A part of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Partition {
    /// Which part, from 1.
    pub part: usize,
    /// Of how many.
    pub of: usize,
    /// The names of all cases of the suite, whichever part holds them, in the order in which a report of the whole has them.
    pub suite: Vec<String>,
}

/// The numbers of findings, causes and cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Findings of level error that are not accepted. What follows from another finding is not counted, here and below.
    pub errors: usize,
    /// Findings of level warning that are not accepted.
    pub warnings: usize,
    /// Findings of level note that are not accepted.
    pub notes: usize,
    /// Mistakes behind these findings: how many `causes` there are.
    #[serde(default)]
    pub causes: usize,
    /// Findings of any level that are accepted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub accepted: usize,
    /// Cases.
    pub cases: usize,
    /// Cases without an error.
    pub passed: usize,
    /// Cases with an error, crashed and timed out ones among them. A case that could not be judged to its end and has none is
    /// in neither number.
    pub failed: usize,
    /// Cases that do not apply to the handler.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: usize,
    /// Cases whose session came as far as Synchronize; for `conform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synchronized: Option<usize>,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// A broken rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FindingRow {
    /// The rule's code.
    #[serde(deserialize_with = "code")]
    pub rule: Word,
    /// The rule's name.
    #[serde(deserialize_with = "name")]
    pub name: Word,
    /// How bad it is.
    pub level: Level,
    /// Why it is accepted, where it is: then it fails nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// Who broke it.
    pub subject: Subject,
    /// The handler instance's number in its trace.
    pub handler: u32,
    /// The handler's name, where the session has different handlers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler_name: Option<String>,
    /// The case in which it was found.
    pub case: String,
    /// The item that it concerns, where it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<NamedItem>,
    /// The status that is wrong, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The method at whose call, return, callback or reply it was seen. At a crash or a time-out: the method that had not
    /// returned or was not completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// What the manager had done before.
    #[serde(default, skip_serializing_if = "is_ordinary")]
    pub occasion: Occasion,
    /// What happened.
    pub message: String,
    /// What happened, as data: the message is made from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Violation>,
    /// The sequence numbers of the events that show it.
    pub events: Vec<u64>,
    /// When it was seen, in nanoseconds since the trace began.
    pub at_ns: u64,
    /// The thread on which it was seen.
    pub thread: String,
    /// The trace file in which it stands, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The line of the trace file at which it was seen, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The handler's stack at that moment, where one was taken.
    pub backtrace: Option<Vec<String>>,
    /// Which frame of `backtrace` to look at, from 0, where it is known: in those before it the handler only passes on what it reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<usize>,
    /// A command that reproduces it.
    pub replay: Option<String>,
    /// The same command as `replay`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// The order of callbacks that shows it, up to its last event, and in how many sessions with this order the rule was broken; of
    /// the finding that shows the cause best, where the cause shows in orders that mobsync chose, and not in most other cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// A command that stops in a debugger where it is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<String>,
    /// For a native handler beside `debug`: a command that steps through the session, and stops there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The finding from which this one follows, by its place in `findings`: both are one mistake, and this one is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequence_of: Option<usize>,
    /// The events that show it, and those around the last of them, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ContextLine>,
}

fn is_ordinary(occasion: &Occasion) -> bool {
    *occasion == Occasion::Ordinary
}

/// The code of a rule of the catalogue.
pub(super) fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let given = String::deserialize(deserializer)?;
    rule(&given).map(|rule| rule.code).ok_or_else(|| {
        let nearest = nearest(&given, RULES.iter().map(|rule| rule.code));
        serde::de::Error::custom(UnknownRule { given, nearest })
    })
}

/// The name of a rule of the catalogue.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let given = String::deserialize(deserializer)?;
    RULES.iter().map(|rule| rule.name).find(|name| *name == given).ok_or_else(|| {
        let nearest = nearest(&given, RULES.iter().map(|rule| rule.name));
        serde::de::Error::custom(UnknownRule { given, nearest })
    })
}

/// One session or trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Its result.
    pub outcome: CaseOutcome,
    /// How it broke off, where that is accepted: what would have come afterwards is not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_off: Option<CaseOutcome>,
    /// How long it took, by its own clock, in seconds.
    pub seconds: f64,
    /// How many findings it brought. What follows from another finding is not counted.
    pub findings: usize,
    /// How many of them are accepted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub accepted: usize,
    /// Whether its session came as far as Synchronize.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synchronized: bool,
    /// The codes of rules that it could no longer exercise, because its session broke off: those that every session exercises,
    /// and those that the case is there for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<Code>,
    /// Why it could not be judged to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What its scenario expected, and what of it came; for `replay`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectations: Option<Vec<ExpectationResult>>,
    /// What the handler's process wrote to its standard output and standard error, where it has a process of its own. Of a long
    /// text the end is kept, and how much is left out stands before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What came of its runs, where it was run several times; everything else is of the run that shows the most; for `conform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

/// The result of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// No error was found (with --strict: no warning either), or accepted ones only.
    Passed,
    /// An error was found.
    Failed,
    /// The handler crashed, or ended its process.
    Crashed,
    /// The handler hung.
    TimedOut,
    /// It does not apply to the handler; `error` says why.
    Skipped,
    /// It could not be judged to its end, and brought no error until then.
    Incomplete,
}

impl CaseOutcome {
    /// Whether an error was found, or the case could not be judged to its end.
    pub fn is_bad(self) -> bool {
        !matches!(self, CaseOutcome::Passed | CaseOutcome::Skipped)
    }

    /// As reports say it.
    pub fn words(self) -> &'static str {
        match self {
            CaseOutcome::Passed => "passed",
            CaseOutcome::Failed => "failed",
            CaseOutcome::Crashed => "crashed",
            CaseOutcome::TimedOut => "timed out",
            CaseOutcome::Skipped => "skipped",
            CaseOutcome::Incomplete => "incomplete",
        }
    }
}

/// A rule and its verdict.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RuleRow {
    /// The code.
    #[serde(deserialize_with = "code")]
    pub rule: Word,
    /// What is known of it.
    pub verdict: Verdict,
}

/// Findings of one rule that were only counted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OmittedRow {
    /// The rule's code.
    #[serde(deserialize_with = "code")]
    pub rule: Word,
    /// How bad they are.
    pub level: Level,
    /// Why they are accepted, where they are. Their messages are not kept, so an entry that asks for one does not accept them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// The case.
    pub case: String,
    /// How many more there are than stand in `findings`.
    pub count: usize,
    /// The finding from which they follow, by its place in `findings`; then they are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequence_of: Option<usize>,
}

/// What became of an item.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ItemRow {
    /// The ItemID.
    pub id: Guid,
    /// Its name.
    pub name: Text,
    /// Its last status, if any was reported.
    #[serde(serialize_with = "status_name")]
    #[schemars(with = "Option<String>")]
    pub status: Option<Status>,
    /// Whether it was prepared, in any round.
    pub prepared: bool,
    /// What was logged about it and not deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

fn status_name<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    match status {
        Some(status) => serializer.collect_str(status),
        None => serializer.serialize_none(),
    }
}

/// The JSON Schema of reports.
pub fn schema() -> serde_json::Value {
    // As it is written: what is left out when there is nothing to say is not required.
    let settings = schemars::generate::SchemaSettings::default().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>().to_value()
}
