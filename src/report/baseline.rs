//! Accepted findings: a file says which, and why.

use std::borrow::Cow;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::model::code;
use super::{Case, CaseOutcome, FindingRow, Report, plain};
use crate::json::{self, FileError};
use crate::protocol::{Guid, Method, Status, Text, nearest};
use crate::rules::{Finding, NamedItem, Occasion, RULES, Rule, Verdict, Violation, select};

/// What the first field of a baseline says.
pub const BASELINE_FORMAT: &str = "mobsync-baseline";
/// The version of the format that this program reads.
pub const BASELINE_VERSION: u32 = 1;

/// A baseline could not be read. The messages name file, line, column and the path in the document.
pub type BaselineError = FileError;

/// The file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Baseline")]
struct File {
    /// The schema that editors check the file against.
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    /// `mobsync-baseline`.
    #[serde(rename = "format", deserialize_with = "this_format")]
    #[schemars(schema_with = "format")]
    _format: String,
    /// The version of the format: 1.
    #[serde(rename = "version")]
    #[schemars(schema_with = "version")]
    _version: u32,
    /// The accepted findings. An entry accepts the findings that match all its keys.
    accepted: Vec<Accepted>,
}

/// Findings that are accepted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Accepted {
    /// The rule that is broken: its code or its name.
    #[serde(deserialize_with = "code_or_name")]
    #[schemars(schema_with = "rules")]
    rule: &'static Rule,
    /// Why it is accepted; reports show the reason.
    #[serde(deserialize_with = "some_text")]
    #[schemars(schema_with = "text")]
    reason: String,
    /// Only of this handler, by its name in reports.
    #[serde(default, deserialize_with = "maybe_text")]
    #[schemars(schema_with = "text")]
    handler: Option<String>,
    /// Only in this case: a case of `conform`, a scenario of `replay`, a trace of `check`, or `run`.
    #[serde(default, deserialize_with = "maybe_text")]
    #[schemars(schema_with = "text")]
    case: Option<String>,
    /// Only of this item: its name, its ItemID, or the ItemID's short name.
    #[serde(default, deserialize_with = "maybe_text")]
    #[schemars(schema_with = "text")]
    item: Option<String>,
    /// Only at this method or callback, by its name.
    #[serde(default)]
    method: Option<Method>,
    /// Only with this status.
    #[serde(default)]
    status: Option<Status>,
    /// Only if the manager had done this before.
    #[serde(default)]
    occasion: Option<Occasion>,
    /// Only if the message contains this text; a number in it matches any number. Prefer the other keys: a message
    /// may have other words in the next version of the program.
    #[serde(default, deserialize_with = "maybe_text")]
    #[schemars(schema_with = "text")]
    message: Option<String>,
}

fn this_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == BASELINE_FORMAT {
        return Ok(found);
    }
    Err(serde::de::Error::custom(format_args!("the format is `{found}`; expected `{BASELINE_FORMAT}`")))
}

fn code_or_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Rule, D::Error> {
    use serde::de::Error;
    let given = String::deserialize(deserializer)?;
    match select(&given).map_err(D::Error::custom)?.as_slice() {
        [rule] => Ok(rule),
        _ => Err(D::Error::custom(format_args!(
            "`{given}` is a family of rules; accept each rule by its code, with its own reason"
        ))),
    }
}

fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let given = String::deserialize(deserializer)?;
    if given.trim().is_empty() {
        return Err(serde::de::Error::custom("the text is empty; write a text, or remove the key if it is optional"));
    }
    Ok(given)
}

fn maybe_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    some_text(deserializer).map(Some)
}

fn format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": BASELINE_FORMAT })
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": BASELINE_VERSION })
}

fn rules(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = RULES.iter().flat_map(|rule| [rule.code, rule.name]).collect();
    json_schema!({ "enum": words })
}

fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "\\S" })
}

/// The JSON Schema of baselines.
pub fn baseline_schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}

/// Findings that are accepted beforehand.
#[derive(Debug, Clone, Default)]
pub struct Baseline(Vec<BaselineRow>);

/// An entry of a baseline, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineRow {
    /// The baseline's file.
    pub file: String,
    /// The line where the entry begins, from 1.
    pub line: usize,
    /// The column, in characters and from 1.
    pub column: usize,
    /// Where in the document it stands.
    pub path: String,
    /// The code of the rule that may be broken.
    #[serde(deserialize_with = "code")]
    pub rule: Code,
    /// Why.
    pub reason: String,
    /// By which handler only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// In which case only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Of which item only: its name, its ItemID, or the ItemID's short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// At which method only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// With which status only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// After what the manager had done only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<Occasion>,
    /// With which text in the message only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many findings it accepts.
    pub matched: usize,
    /// Whether it is still needed.
    pub state: BaselineState,
    /// The case whose name is nearest to one that there is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
}

/// As in the report's own rows.
type Code = &'static str;

/// Whether an entry is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineState {
    /// It accepts something.
    Matched,
    /// The rule that it accepts was exercised, and nothing was found.
    Stale,
    /// The whole suite was judged, and its case is not in it.
    NoSuchCase,
    /// Nothing is known of it: its rule, its handler or its case was not judged, or not all of it.
    NotJudged,
}

impl Baseline {
    /// Reads a baseline from a file.
    ///
    /// # Errors
    /// When the file cannot be read or is not a valid baseline.
    pub fn load(file: &Path) -> Result<Self, BaselineError> {
        Self::parse(&json::read(file)?, file)
    }

    /// Reads a baseline from text; `file` is named in errors and reports.
    ///
    /// # Errors
    /// When the text is not a valid baseline.
    pub fn parse(text: &str, file: &Path) -> Result<Self, BaselineError> {
        let text = json::without_mark(text);
        json::check_version(text, file)?;
        let read: File = json::from_json(text, file)?;
        let places = json::places_in_list(text, "accepted");
        let row = |(at, accepted): (usize, Accepted)| {
            let (line, column) = places.get(at).copied().unwrap_or((1, 1));
            BaselineRow {
                file: file.display().to_string(),
                line,
                column,
                path: format!("accepted[{at}]"),
                rule: accepted.rule.code,
                reason: accepted.reason,
                handler: accepted.handler,
                case: accepted.case,
                item: accepted.item,
                method: accepted.method,
                status: accepted.status,
                occasion: accepted.occasion,
                message: accepted.message,
                matched: 0,
                state: BaselineState::NotJudged,
                near: None,
            }
        };
        Ok(Self(read.accepted.into_iter().enumerate().map(row).collect()))
    }

    /// Its entries.
    pub fn rows(&self) -> &[BaselineRow] {
        &self.0
    }

    /// Whether it accepts a finding of this handler in this case.
    pub fn accepts(&self, handler: &str, case: &str, finding: &Finding) -> bool {
        let facts = Facts::from(finding);
        self.0.iter().any(|row| row.fits(finding.rule.code, handler, case, Some(&facts)))
    }
}

impl From<Vec<BaselineRow>> for Baseline {
    fn from(rows: Vec<BaselineRow>) -> Self {
        let fresh = |row| BaselineRow { matched: 0, state: BaselineState::NotJudged, near: None, ..row };
        Self(rows.into_iter().map(fresh).collect())
    }
}

/// What entries compare of a finding beside its rule.
pub(super) struct Facts<'a> {
    items: Vec<&'a NamedItem>,
    method: Option<Method>,
    status: Option<Status>,
    occasion: Occasion,
    message: Cow<'a, str>,
}

impl<'a> From<&'a Finding> for Facts<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            items: finding.items(),
            method: finding.method,
            status: finding.status(),
            occasion: finding.occasion,
            message: finding.message().into(),
        }
    }
}

impl<'a> From<&'a FindingRow> for Facts<'a> {
    fn from(row: &'a FindingRow) -> Self {
        let items = row.details.as_ref().map(Violation::items).unwrap_or_default();
        Self {
            items: if items.is_empty() { row.item.iter().collect() } else { items },
            method: row.method,
            status: row.status,
            occasion: row.occasion,
            message: row.message.as_str().into(),
        }
    }
}

impl Facts<'_> {
    fn has_item(&self, word: &str) -> bool {
        let id: Option<Guid> = Guid::from_alias(word).or_else(|| word.parse().ok());
        let is_meant = |item: &&NamedItem| {
            id == Some(item.id) || item.name.as_ref().and_then(Text::as_str).is_some_and(|name| name == word)
        };
        self.items.iter().any(is_meant)
    }
}

impl BaselineRow {
    /// Without facts the finding was only counted.
    fn fits(&self, rule: &str, handler: &str, case: &str, facts: Option<&Facts<'_>>) -> bool {
        self.rule == rule
            && self.handler.as_ref().is_none_or(|own| own == handler)
            && self.case.as_ref().is_none_or(|own| same_case(own, case))
            && match facts {
                Some(facts) => self.fits_facts(facts),
                None => !self.asks_for_facts(),
            }
    }

    fn fits_facts(&self, facts: &Facts<'_>) -> bool {
        self.item.as_ref().is_none_or(|own| facts.has_item(own))
            && self.method.is_none_or(|own| facts.method == Some(own))
            && self.status.is_none_or(|own| facts.status == Some(own))
            && self.occasion.is_none_or(|own| facts.occasion == own)
            && self.message.as_ref().is_none_or(|own| contains(&facts.message, own))
    }

    fn asks_for_facts(&self) -> bool {
        self.item.is_some()
            || self.method.is_some()
            || self.status.is_some()
            || self.occasion.is_some()
            || self.message.is_some()
    }

    /// Where it stands.
    pub fn place(&self) -> String {
        format!("{}:{}:{}: {}", plain(&self.file), self.line, self.column, self.path)
    }

    /// What is said of it when it accepts nothing.
    pub fn complaint(&self) -> String {
        if let (BaselineState::NoSuchCase, Some(case)) = (self.state, &self.case) {
            let (what, then) = match &self.near {
                Some(near) => ("case", format!("did you mean {}?", plain(near))),
                None if is_random(case) => ("session", "--sessions and --seed decide which there are".to_owned()),
                None => ("case", "`mobsync conform … --list` shows the cases".to_owned()),
            };
            return format!(
                "stale entry: {} is accepted in {}, but there is no such {what}; {then}",
                self.rule,
                plain(case)
            );
        }
        let case = self.case.as_ref().map_or(String::new(), |case| format!(" in {}", plain(case)));
        let mut narrowed = String::new();
        if let Some(item) = &self.item {
            narrowed += &format!(" of item {}", plain(item));
        }
        if let Some(method) = self.method {
            narrowed += &format!(" at {method}");
        }
        if let Some(status) = self.status {
            narrowed += &format!(" with {status}");
        }
        if let Some(occasion) = self.occasion {
            narrowed += &match occasion {
                Occasion::Ordinary => " in an ordinary session".to_owned(),
                occasion => format!(" {}", occasion.words()),
            };
        }
        if let Some(message) = &self.message {
            narrowed += &format!(" with \"{}\" in its message", plain(message));
        }
        format!("stale entry: {} is accepted{case}{narrowed}, but was not found; remove the entry", self.rule)
    }
}

/// A path is the same file on every system.
fn same_case(one: &str, other: &str) -> bool {
    one == other || one.replace('\\', "/") == other.replace('\\', "/")
}

/// Whether it is the name of a random session, which has its seed in it: one that is near is none that was meant.
fn is_random(case: &str) -> bool {
    case.strip_prefix("random-").is_some_and(|seed| !seed.is_empty() && seed.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the case is one of another command: a baseline may be shared by several.
fn is_elsewhere(case: &str) -> bool {
    case == "run" || case.contains(['/', '\\', '.'])
}

/// For how many entries whose case does not exist a similar name is looked for.
const MOST_NEAR: usize = 500;

/// How much of what there is to judge a command judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole suite: what it does not find is not there.
    Suite,
    /// A part of the suite, or some of its cases: what it does not find may be in another.
    Part,
    /// Sessions as they came: what is not found and had an occasion is not there.
    Sample,
}

impl Report {
    /// The reason for which a finding is accepted, or so many that were only counted; each entry that fits is needed.
    pub(super) fn accept(
        &mut self,
        rule: &str,
        handler: &str,
        case: &str,
        facts: Option<&Facts<'_>>,
        count: usize,
    ) -> Option<String> {
        let mut reason = None;
        for row in self.baseline.iter_mut().filter(|row| row.fits(rule, handler, case, facts)) {
            row.matched += count;
            reason = reason.or_else(|| Some(row.reason.clone()));
        }
        reason
    }

    /// Says of each entry of the baseline whether it is still needed, when all cases are in.
    pub fn judge_baseline(&mut self, scope: Scope) {
        let states: Vec<BaselineState> = self.baseline.iter().map(|row| self.state_of(row, scope)).collect();
        let names = || self.cases.iter().map(|case| case.name.as_str());
        let mut sought = 0;
        for (row, state) in self.baseline.iter_mut().zip(states) {
            row.state = state;
            let missed = row.case.as_ref().filter(|case| state == BaselineState::NoSuchCase && !is_random(case));
            sought += usize::from(missed.is_some());
            let missed = missed.filter(|_| sought <= MOST_NEAR);
            row.near = missed.and_then(|case| nearest(case, names())).map(str::to_owned);
        }
    }

    fn state_of(&self, row: &BaselineRow, scope: Scope) -> BaselineState {
        if row.matched > 0 {
            return BaselineState::Matched;
        }
        let verdict = self.rules.iter().find(|rule| rule.rule == row.rule).map(|rule| rule.verdict);
        let Some(verdict) = verdict else { return BaselineState::NotJudged };
        if row.handler.as_ref().is_some_and(|handler| !self.handlers.contains(handler)) {
            return BaselineState::NotJudged;
        }
        // What would have come after a crash, a hang or an interruption is not known.
        let ended =
            |case: &Case| case.broke_off.is_none() && matches!(case.outcome, CaseOutcome::Passed | CaseOutcome::Failed);
        let all_ended =
            || self.is_whole() && self.cases.iter().all(|case| case.outcome == CaseOutcome::Skipped || ended(case));
        // A handler of which nothing could be learnt has fewer cases than it would have.
        let knows_all = || scope == Scope::Suite && self.unfinished.is_empty() && self.cases.iter().any(ended);
        if let Some(name) = &row.case
            && !self.cases.iter().any(|case| same_case(&case.name, name))
            && !is_elsewhere(name)
            && knows_all()
        {
            return BaselineState::NoSuchCase;
        }
        let was_judged = match &row.case {
            Some(name) => self.cases.iter().any(|case| same_case(&case.name, name) && ended(case)),
            None => match scope {
                Scope::Suite => all_ended(),
                Scope::Sample => all_ended() && verdict != Verdict::NotExercised,
                Scope::Part => false,
            },
        };
        if was_judged { BaselineState::Stale } else { BaselineState::NotJudged }
    }

    /// The entries of the baseline that accept nothing, and could not.
    pub fn stale(&self) -> impl Iterator<Item = &BaselineRow> {
        self.baseline.iter().filter(|row| matches!(row.state, BaselineState::Stale | BaselineState::NoSuchCase))
    }
}

/// Whether the message contains the text of an entry, in which a number stands for any number: times, counts and threads differ
/// between runs of the same bug.
fn contains(message: &str, own: &str) -> bool {
    let without_numbers = |text: &str| {
        let mut words = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '0'..='9' if words.ends_with('#') => {}
                '0'..='9' => words.push('#'),
                c => words.push(c),
            }
        }
        words
    };
    without_numbers(message).contains(&without_numbers(own))
}
