//! How judged cases become a report.

use super::baseline::Facts;
use super::{Case, CaseOutcome, Filter, FindingRow, OmittedRow, Report, RuleRow, Summary};
use super::{FORMAT, VERSION};
use crate::protocol::{HandlerId, Profile};
use crate::rules::codes::{LIFE_02, LIFE_03};
use crate::rules::{Level, Monitor, RULES, Verdict, rule};
use crate::runner::{CaseRecord, Found};
use crate::scenario::ExpectationResult;

impl Summary {
    fn add(&mut self, level: Level, accepted: bool, count: usize) {
        match level {
            _ if accepted => self.accepted += count,
            Level::Error => self.errors += count,
            Level::Warning => self.warnings += count,
            Level::Note => self.notes += count,
        }
    }
}

/// What goes into a report of a case that was judged, as rows.
pub(super) struct CaseRows<'a> {
    /// Whose case it is.
    pub(super) handler: &'a str,
    pub(super) name: String,
    pub(super) seconds: f64,
    pub(super) findings: Vec<FindingRow>,
    pub(super) omitted: Vec<OmittedRow>,
    pub(super) error: Option<String>,
    pub(super) expectations: Option<Vec<ExpectationResult>>,
}

impl Report {
    /// Without cases. Rules that the filter leaves out are not spoken of.
    pub fn new(handler: impl Into<String>, profile: Profile, seed: Option<u64>, filter: &Filter) -> Self {
        Self {
            format: FORMAT,
            version: VERSION,
            handler: handler.into(),
            handler_file: None,
            profile,
            seed,
            partition: None,
            summary: Summary::default(),
            findings: Vec::new(),
            omitted: Vec::new(),
            cases: Vec::new(),
            rules: RULES
                .iter()
                .filter(|rule| filter.keeps(rule))
                .map(|rule| RuleRow { rule: rule.code, verdict: Verdict::NotExercised })
                .collect(),
            baseline: filter.baseline.rows().to_vec(),
            unfinished: Vec::new(),
            items: Vec::new(),
            errors: Vec::new(),
            outcome: None,
            strict: filter.strict,
            handlers: std::collections::BTreeSet::new(),
        }
    }

    /// Adds a judged case.
    pub fn add_case(&mut self, case: CaseRecord, monitor: &Monitor, filter: &Filter) {
        let omitted = case.omitted.rows().iter().filter(|(rule, ..)| filter.keeps(rule));
        let omitted = omitted.map(|(rule, level, count)| OmittedRow {
            rule: rule.code,
            level: *level,
            accepted: None,
            case: case.name.clone(),
            count: *count,
        });
        let found = case.found.into_iter().filter(|found| filter.keeps(found.finding.rule));
        let findings =
            found.map(|found| FindingRow::new(found, &case.name, case.trace.as_deref(), case.replay.as_deref()));
        let handler = case.handler.unwrap_or_else(|| self.handler.clone());
        let rows = CaseRows {
            handler: &handler,
            seconds: case.nanos as f64 / 1e9,
            findings: findings.collect(),
            omitted: omitted.collect(),
            name: case.name,
            error: case.error,
            expectations: case.expectations,
        };
        self.add_rows(rows, filter);
        for row in &mut self.rules {
            if let Some(rule) = rule(row.rule) {
                row.join(monitor.verdict(rule));
            }
        }
    }

    /// Adds a case as rows: says what is accepted of it, and what came of it.
    pub(super) fn add_rows(&mut self, mut case: CaseRows<'_>, filter: &Filter) {
        let (mut failed, mut findings, mut accepted) = (false, 0, 0);
        let (mut ended, mut broke_off) = (CaseOutcome::Failed, None);
        for row in &mut case.omitted {
            row.accepted = self.accept(row.rule, case.handler, &case.name, None, row.count);
            self.summary.add(row.level, row.accepted.is_some(), row.count);
            findings += row.count;
            match row.accepted {
                Some(_) => accepted += row.count,
                None => failed |= filter.fails(row.level),
            }
        }
        for row in &mut case.findings {
            row.accepted = self.accept(row.rule, case.handler, &case.name, Some(&Facts::from(&*row)), 1);
            self.summary.add(row.level, row.accepted.is_some(), 1);
            findings += 1;
            let fails = filter.fails(row.level);
            let end = Some(row.rule).filter(|_| fails).and_then(CaseOutcome::of_rule);
            if row.accepted.is_some() {
                accepted += 1;
                broke_off = CaseOutcome::worse(broke_off, end);
            } else {
                failed |= fails;
                ended = CaseOutcome::worse(Some(ended), end).unwrap_or(ended);
            }
        }
        if let Some(expectations) = &case.expectations {
            // What is expected of findings is among the expectations.
            let expects_findings = expectations.iter().any(|held| held.findings);
            failed = expectations.iter().any(|held| !held.held) || (failed && !expects_findings);
        }
        self.findings.extend(case.findings);
        self.omitted.extend(case.omitted);
        self.handlers.insert(case.handler.to_owned());
        self.summary.cases += 1;
        let outcome = match (failed, &case.error) {
            (true, _) => {
                self.summary.failed += 1;
                ended
            }
            (false, None) => {
                self.summary.passed += 1;
                CaseOutcome::Passed
            }
            (false, Some(_)) => CaseOutcome::Incomplete,
        };
        let CaseRows { name, seconds, error, expectations, .. } = case;
        self.cases.push(Case { name, outcome, broke_off, seconds, findings, accepted, error, expectations });
    }

    /// Adds a case of which nothing could be read.
    pub fn add_unread(&mut self, name: &str, error: String) {
        self.summary.cases += 1;
        self.cases.push(Case::without_findings(name, CaseOutcome::Incomplete, error));
    }

    /// Adds a case that does not apply to the handler.
    pub fn add_skipped(&mut self, name: &str, because: String) {
        self.summary.cases += 1;
        self.summary.skipped += 1;
        self.cases.push(Case::without_findings(name, CaseOutcome::Skipped, because));
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
        self.summary.failed > 0 || (self.strict && self.stale().next().is_some())
    }

    /// Why the report does not say everything: what was left out, and the cases that were not judged to their end.
    pub fn incomplete(&self) -> Vec<String> {
        let incomplete = self.cases.iter().filter(|case| case.outcome == CaseOutcome::Incomplete);
        let of_case = incomplete.map(|case| format!("{}: {}", case.name, case.error.as_deref().unwrap_or_default()));
        self.unfinished.iter().cloned().chain(of_case).collect()
    }

    /// Whether everything that was asked for was done, and judged to its end.
    pub fn is_whole(&self) -> bool {
        self.unfinished.is_empty() && self.cases.iter().all(|case| case.outcome != CaseOutcome::Incomplete)
    }
}

impl Case {
    fn without_findings(name: &str, outcome: CaseOutcome, why: String) -> Self {
        Self {
            name: name.to_owned(),
            outcome,
            broke_off: None,
            seconds: 0.0,
            findings: 0,
            accepted: 0,
            error: Some(why),
            expectations: None,
        }
    }
}

impl CaseOutcome {
    /// How a session ends that breaks the rule.
    fn of_rule(code: &str) -> Option<Self> {
        let ends = [(LIFE_02, CaseOutcome::Crashed), (LIFE_03, CaseOutcome::TimedOut)];
        ends.into_iter().find(|(rule, _)| rule.code == code).map(|(_, outcome)| outcome)
    }

    /// The one that says more: a crash more than a hang, and a hang more than anything else.
    fn worse(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(CaseOutcome::Crashed), _) | (_, Some(CaseOutcome::Crashed)) => Some(CaseOutcome::Crashed),
            (one, other) => other.or(one),
        }
    }
}

impl RuleRow {
    /// Takes what else is known of the rule.
    pub(super) fn join(&mut self, other: Verdict) {
        self.verdict = match (self.verdict, other) {
            (Verdict::Violated, _) | (_, Verdict::Violated) => Verdict::Violated,
            (Verdict::Held, _) | (_, Verdict::Held) => Verdict::Held,
            _ => Verdict::NotExercised,
        };
    }
}

impl FindingRow {
    fn new(found: Found, case: &str, trace: Option<&str>, replay: Option<&str>) -> Self {
        let Found { finding, at_ns, line, context, backtrace } = found;
        let HandlerId(handler) = finding.handler;
        Self {
            rule: finding.rule.code,
            name: finding.rule.name,
            level: finding.level,
            accepted: None,
            subject: finding.rule.subject,
            handler,
            case: case.to_owned(),
            item: finding.items().first().map(|item| (*item).clone()),
            status: finding.status(),
            method: finding.method,
            occasion: finding.occasion,
            message: finding.message(),
            details: Some(finding.violation),
            events: finding.events,
            at_ns,
            thread: finding.thread.to_string(),
            trace: trace.map(str::to_owned),
            line,
            backtrace,
            replay: replay.map(str::to_owned),
            context,
        }
    }
}
