//! The report as data: `--format json` writes it as it is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::Filter;
use crate::protocol::{
    CallMethod, Callback, Event, Guid, HandlerId, Item, Kind, LogLevel, Profile, Session, Status, Text,
};
use crate::rules::{Finding, Level, Monitor, RULES, Rule, Subject, Verdict, rule};
use crate::scenario::Held;

/// What the first field of a report says.
pub const FORMAT: &str = "mobsync-report";
/// The version of the report's form.
pub const VERSION: u32 = 1;

/// What came of one command.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// `mobsync-report`.
    pub format: &'static str,
    /// 1.
    pub version: u32,
    /// The handler that was driven, or the traces that were judged.
    pub handler: String,
    /// Which Windows the manager played.
    pub profile: Profile,
    /// The seed of the deterministic scheduler.
    pub seed: Option<u64>,
    /// Counts.
    pub summary: Summary,
    /// What was found, in the order of the events.
    pub findings: Vec<FindingRow>,
    /// Findings that were only counted, because there were so many of their rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<OmittedRow>,
    /// Sessions or traces.
    pub cases: Vec<Case>,
    /// Every rule, and what is known of it.
    pub rules: Vec<RuleRow>,
    /// What became of each item of the session; for `run`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemRow>,
    /// What was logged about no item of `items` and not deleted; for `run`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// How the session ended; for `run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Findings of level error.
    pub errors: usize,
    /// Findings of level warning.
    pub warnings: usize,
    /// Findings of level note.
    pub notes: usize,
    /// Cases.
    pub cases: usize,
    /// Cases without an error.
    pub passed: usize,
    /// Cases with an error, crashed and timed out ones among them. A case that could not be judged to its end and has none is
    /// in neither number.
    pub failed: usize,
    /// Cases that do not apply to the handler.
    #[serde(skip_serializing_if = "is_none")]
    pub skipped: usize,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// A broken rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingRow {
    /// The rule's code.
    pub rule: &'static str,
    /// The rule's name.
    pub name: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Who broke it.
    pub subject: Subject,
    /// The handler instance's number in its trace.
    pub handler: u32,
    /// The case in which it was found.
    pub case: String,
    /// What happened.
    pub message: String,
    /// The sequence numbers of the events that show it.
    pub events: Vec<u64>,
    /// When it was seen, in nanoseconds since the trace began.
    pub at_ns: u64,
    /// The thread on which it was seen.
    pub thread: String,
    /// The trace file in which it stands, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The line of the trace file at which it was seen, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The handler's stack at that moment, where one was taken.
    pub backtrace: Option<Vec<String>>,
    /// A command that shows it again.
    pub replay: Option<String>,
    /// The events that show it, and those around the last of them, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ContextLine>,
}

/// A crossing near a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContextLine {
    /// The sequence number of its event, the first one of a call and its return; none where the line declares a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// The event in the compact notation.
    pub line: String,
    /// It is one of those that show the finding.
    pub shows: bool,
}

/// One session or trace.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What came of it.
    pub outcome: CaseOutcome,
    /// How long it took, by its own clock, in seconds.
    pub seconds: f64,
    /// How many findings it brought.
    pub findings: usize,
    /// Why it could not be judged to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What its scenario expected, and what of it came; for `replay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expectations: Option<Vec<Held>>,
}

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// No error was found (with --strict: no warning either).
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleRow {
    /// The code.
    pub rule: &'static str,
    /// What is known of it.
    pub verdict: Verdict,
}

/// What became of an item.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

fn status_name<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    match status {
        Some(status) => serializer.collect_str(status),
        None => serializer.serialize_none(),
    }
}

impl Summary {
    fn add(&mut self, level: Level, count: usize) {
        match level {
            Level::Error => self.errors += count,
            Level::Warning => self.warnings += count,
            Level::Note => self.notes += count,
        }
    }
}

/// Findings that were counted and not kept: so many of one rule say no more than the first ones.
#[derive(Debug, Clone, Default)]
pub struct Omitted(Vec<(&'static Rule, Level, usize)>);

impl Omitted {
    /// Counts a finding.
    pub fn count(&mut self, finding: &Finding) {
        match self.0.iter_mut().find(|(rule, level, _)| *rule == finding.rule && *level == finding.level) {
            Some((.., count)) => *count += 1,
            None => self.0.push((finding.rule, finding.level, 1)),
        }
    }

    /// Forgets those of the rules that are not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        self.0.retain(|(rule, ..)| keep(rule));
    }
}

/// Findings of one rule that were only counted.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OmittedRow {
    /// The rule's code.
    pub rule: &'static str,
    /// The case.
    pub case: String,
    /// How many more there are than stand in `findings`.
    pub count: usize,
}

impl Report {
    /// Without cases. Rules that the filter leaves out are not spoken of.
    pub fn new(handler: impl Into<String>, profile: Profile, seed: Option<u64>, filter: &Filter) -> Self {
        Self {
            format: FORMAT,
            version: VERSION,
            handler: handler.into(),
            profile,
            seed,
            summary: Summary::default(),
            findings: Vec::new(),
            omitted: Vec::new(),
            cases: Vec::new(),
            rules: RULES
                .iter()
                .filter(|rule| filter.keeps(rule))
                .map(|rule| RuleRow { rule: rule.code, verdict: Verdict::NotExercised })
                .collect(),
            items: Vec::new(),
            errors: Vec::new(),
            outcome: None,
        }
    }

    /// Adds a judged case.
    pub fn add_case(&mut self, mut case: CaseRecord, monitor: &Monitor, filter: &Filter) {
        let mut failed = false;
        let mut findings = 0;
        let mut ended = CaseOutcome::Failed;
        for (rule, level, count) in case.omitted.0.iter().filter(|(rule, ..)| filter.keeps(rule)) {
            self.summary.add(*level, *count);
            failed |= filter.fails(*level);
            findings += *count;
            self.omitted.push(OmittedRow { rule: rule.code, case: case.name.clone(), count: *count });
        }
        for found in std::mem::take(&mut case.found).into_iter().filter(|found| filter.keeps(found.finding.rule)) {
            self.summary.add(found.finding.level, 1);
            let fails = filter.fails(found.finding.level);
            failed |= fails;
            if fails {
                ended = match found.finding.rule.code {
                    "LIFE-02" => CaseOutcome::Crashed,
                    "LIFE-03" if ended != CaseOutcome::Crashed => CaseOutcome::TimedOut,
                    _ => ended,
                };
            }
            findings += 1;
            self.findings.push(found.into_row(&case.name, case.trace.as_deref(), case.replay.as_deref()));
        }
        let seconds = case.nanos as f64 / 1e9;
        if let Some(expectations) = &case.expectations {
            // What is expected of findings is among the expectations.
            let expects_findings = expectations.iter().any(|held| held.findings);
            failed = expectations.iter().any(|held| !held.held) || (failed && !expects_findings);
        }
        let CaseRecord { name, error, expectations, .. } = case;
        self.push_case(Case { name, outcome: ended, seconds, findings, error, expectations }, failed);
        for row in &mut self.rules {
            let Some(rule) = rule(row.rule) else { continue };
            row.verdict = match (row.verdict, monitor.verdict(rule)) {
                (Verdict::Violated, _) | (_, Verdict::Violated) => Verdict::Violated,
                (Verdict::Held, _) | (_, Verdict::Held) => Verdict::Held,
                _ => Verdict::NotExercised,
            };
        }
    }

    /// Adds a case of which nothing could be read.
    pub fn add_unread(&mut self, name: &str, error: String) {
        let case = Case {
            name: name.to_owned(),
            outcome: CaseOutcome::Incomplete,
            seconds: 0.0,
            findings: 0,
            error: Some(error),
            expectations: None,
        };
        self.push_case(case, false);
    }

    /// Adds a case that does not apply to the handler.
    pub fn add_skipped(&mut self, name: &str, because: String) {
        self.summary.cases += 1;
        self.summary.skipped += 1;
        self.cases.push(Case {
            name: name.to_owned(),
            outcome: CaseOutcome::Skipped,
            seconds: 0.0,
            findings: 0,
            error: Some(because),
            expectations: None,
        });
    }

    fn push_case(&mut self, mut case: Case, failed: bool) {
        self.summary.cases += 1;
        case.outcome = match (failed, &case.error) {
            (true, _) => {
                self.summary.failed += 1;
                case.outcome
            }
            (false, None) => {
                self.summary.passed += 1;
                CaseOutcome::Passed
            }
            (false, Some(_)) => CaseOutcome::Incomplete,
        };
        self.cases.push(case);
    }

    /// Takes a case of this handler with this seed among the others.
    pub fn agree_with(&mut self, handler: &str, seed: Option<u64>) {
        if self.handler != handler {
            self.handler = "several handlers".to_owned();
        }
        if self.seed != seed {
            self.seed = None;
        }
    }

    /// Whether there is something to complain of.
    pub fn failed(&self) -> bool {
        self.summary.failed > 0
    }

    /// Adds the items of a session.
    pub fn add_items(&mut self, items: &[Item], session: &Session, earlier: &EarlierRounds, errors: &LiveErrors) {
        let Some(instance) = session.instances().next() else { return };
        self.outcome = Some(instance.outcome().to_string());
        let mut errors = errors.by_item();
        // An item that a later enumeration does not show any more was only a passing thing, unless something was done to it.
        let rows = items.iter().filter_map(|item| {
            let known = instance.item(item.id);
            let now = known.filter(|known| known.prepared).map(|known| known.status);
            let last = now.or_else(|| earlier.0.get(&item.id).copied());
            (last.is_some() || known.is_some_and(|known| known.listed)).then(|| ItemRow {
                id: item.id,
                name: item.name.clone(),
                status: last.flatten().or(known.and_then(|known| known.status)),
                prepared: last.is_some(),
                errors: errors.remove(&Some(item.id)).unwrap_or_default(),
            })
        });
        self.items = rows.collect();
        // What is left is of no item, or of one that nobody knows.
        self.errors = errors.into_values().flatten().collect();
    }
}

/// A judged case, as it goes into a report.
#[derive(Debug)]
pub struct CaseRecord {
    /// Its name.
    pub name: String,
    /// The trace file, where there is one.
    pub trace: Option<String>,
    /// What was found.
    pub found: Vec<Found>,
    /// What was found and only counted.
    pub omitted: Omitted,
    /// How long it took, by its own clock, in nanoseconds.
    pub nanos: u64,
    /// A command that shows it again.
    pub replay: Option<String>,
    /// Why it could not be judged to its end.
    pub error: Option<String>,
    /// What its scenario expected, and what of it came.
    pub expectations: Option<Vec<Held>>,
}

/// A finding and its place.
#[derive(Debug)]
pub struct Found {
    /// The finding.
    pub finding: Finding,
    /// When it was seen, in nanoseconds since the trace began.
    pub at_ns: u64,
    /// The line of the trace file at which it was seen.
    pub line: Option<u64>,
    /// The events around it.
    pub context: Vec<ContextLine>,
    /// The handler's stack at that moment, where one was taken.
    pub backtrace: Option<Vec<String>>,
}

impl Found {
    fn into_row(self, case: &str, trace: Option<&str>, replay: Option<&str>) -> FindingRow {
        let HandlerId(handler) = self.finding.handler;
        FindingRow {
            rule: self.finding.rule.code,
            name: self.finding.rule.name,
            level: self.finding.level,
            subject: self.finding.rule.subject,
            handler,
            case: case.to_owned(),
            message: self.finding.message,
            events: self.finding.events,
            at_ns: self.at_ns,
            thread: self.finding.thread.to_string(),
            trace: trace.map(str::to_owned),
            line: self.line,
            backtrace: self.backtrace,
            replay: replay.map(str::to_owned),
            context: self.context,
        }
    }
}

/// How the items of earlier rounds ended: a retry prepares some of them anew, and the machine forgets the others.
#[derive(Debug, Clone, Default)]
pub struct EarlierRounds(BTreeMap<Guid, Option<Status>>);

impl EarlierRounds {
    /// Takes an event; `session` is the session before it.
    pub fn observe(&mut self, event: &Event, session: &Session) {
        if let Kind::Call { what, .. } = &event.kind
            && what.method() == CallMethod::PrepareForSync
            && let Some(instance) = session.instance(event.handler)
        {
            self.0.extend(instance.prepared().map(|(id, item)| (id, item.status)));
        }
    }
}

/// What was logged in a session and not deleted, by item.
#[derive(Debug, Clone, Default)]
pub struct LiveErrors {
    /// In the order in which they were logged.
    logged: BTreeMap<u64, LiveError>,
    /// Where those that have an ErrorID stand.
    by_id: BTreeMap<Guid, u64>,
}

#[derive(Debug, Clone)]
struct LiveError {
    item: Option<Guid>,
    level: LogLevel,
    text: String,
}

impl LiveErrors {
    /// Takes an event.
    pub fn observe(&mut self, event: &Event) {
        let Kind::Callback { what, .. } = &event.kind else { return };
        match what {
            Callback::LogError(args) => {
                let info = args.info.as_deref();
                let item = info.and_then(crate::protocol::LogErrorInfo::given_item);
                let text = args.text.as_ref().map(ToString::to_string).unwrap_or_default();
                if let Some(error) = info.and_then(crate::protocol::LogErrorInfo::given_error) {
                    self.delete(error);
                    self.by_id.insert(error, event.seq);
                }
                self.logged.insert(event.seq, LiveError { item, level: args.level, text });
            }
            Callback::DeleteLogError(args) if args.error.is_null() => *self = Self::default(),
            Callback::DeleteLogError(args) => self.delete(args.error),
            _ => {}
        }
    }

    fn delete(&mut self, error: Guid) {
        if let Some(seq) = self.by_id.remove(&error) {
            self.logged.remove(&seq);
        }
    }

    /// What is logged, by item; `None` for what is logged of no item.
    pub fn by_item(&self) -> BTreeMap<Option<Guid>, Vec<String>> {
        let mut by_item: BTreeMap<Option<Guid>, Vec<String>> = BTreeMap::new();
        for error in self.logged.values() {
            by_item.entry(error.item).or_default().push(format!("{}: {}", error.level, error.text));
        }
        by_item
    }
}

/// The JSON Schema of reports.
pub fn schema() -> serde_json::Value {
    // As it is written: what is left out when there is nothing to say is not required.
    let settings = schemars::generate::SchemaSettings::default().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>().to_value()
}
