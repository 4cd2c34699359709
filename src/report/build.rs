//! How judged cases become a report.

use std::collections::HashMap;

use super::baseline::Facts;
use super::causes::{Groups, OfCase};
use super::{Case, CaseOutcome, Code, Filter, FindingRow, OmittedRow, Report, RuleRow, Summary, Timeline};
use super::{FORMAT, VERSION};
use crate::protocol::{HandlerId, Profile};
use crate::rules::codes::{LIFE_01, LIFE_02, LIFE_03, SYNC_01};
use crate::rules::{Level, Monitor, RULES, Verdict, rule};
use crate::runner::{CaseRecord, Found, KEPT_AT_EACH_END, KeptEvents, Repeats};
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

/// How much output of handlers a report holds before less is kept of each case, in bytes.
const OUTPUT: usize = 16 << 20;
/// How much is kept then.
const OUTPUT_OF_MANY: usize = 1 << 10;
/// How much is kept of a case that has passed.
const OUTPUT_OF_PASSED: usize = 4 << 10;

/// How many events of all sessions together are drawn.
const DRAWN: usize = 2 * KEPT_AT_EACH_END;

/// What goes into a report of a case that was judged, as rows.
pub(super) struct CaseRows<'a> {
    /// Whose case it is.
    pub(super) handler: &'a str,
    pub(super) name: String,
    pub(super) seconds: f64,
    pub(super) findings: Vec<FindingRow>,
    pub(super) omitted: Vec<OmittedRow>,
    pub(super) synchronized: bool,
    pub(super) not_judged: Vec<Code>,
    pub(super) error: Option<String>,
    pub(super) expectations: Option<Vec<ExpectationResult>>,
    pub(super) output: Option<String>,
    pub(super) repeats: Option<Repeats>,
}

impl CaseRows<'_> {
    /// Keeps the findings of some rules only. What follows from one that is not kept stands for itself.
    fn keep(&mut self, keeps: impl Fn(&str) -> bool) {
        let mut places = Vec::with_capacity(self.findings.len());
        let mut next = 0;
        for row in &self.findings {
            let keep = keeps(row.rule);
            places.push(keep.then_some(next));
            next += usize::from(keep);
        }
        let place = |cause: Option<usize>| cause.and_then(|cause| places.get(cause).copied().flatten());
        self.findings.retain(|row| keeps(row.rule));
        self.omitted.retain(|row| keeps(row.rule));
        self.not_judged.retain(|Code(rule)| keeps(rule));
        self.findings.iter_mut().for_each(|row| row.consequence_of = place(row.consequence_of));
        self.omitted.iter_mut().for_each(|row| row.consequence_of = place(row.consequence_of));
    }
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
            causes: Vec::new(),
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
            failure: None,
            exploration: Vec::new(),
            elapsed: None,
            timelines: Vec::new(),
            strict: filter.strict,
            groups: Groups::default(),
            handlers: std::collections::BTreeSet::new(),
            output_bytes: 0,
        }
    }

    /// Adds a judged case.
    pub fn add_case(&mut self, case: CaseRecord, monitor: &Monitor, filter: &Filter) {
        let CaseRecord {
            name,
            handler,
            trace,
            found,
            omitted,
            nanos,
            replay,
            debug,
            aims,
            error,
            expectations,
            output,
            repeats,
            events,
            instances,
        } = case;
        // Findings are numbered in their trace, and rows know each other by their places.
        let at: HashMap<u64, usize> = found.iter().enumerate().map(|(at, found)| (found.finding.number, at)).collect();
        let row = |found: Found| {
            let cause = found.finding.consequence_of.and_then(|number| at.get(&number).copied());
            let rule = found.finding.rule;
            let step = debug.as_ref().and_then(|debug| debug.steps_to(rule));
            let debug = debug.as_ref().map(|debug| debug.at(rule));
            let handler_name = instances.get(&found.finding.handler).cloned();
            let row = FindingRow::new(found, &name, trace.as_deref(), replay.as_deref());
            FindingRow { consequence_of: cause, debug, step, handler_name, ..row }
        };
        let findings: Vec<FindingRow> = found.into_iter().map(row).collect();
        let omitted = omitted.rows().iter().map(|(rule, level, count)| {
            // So many are alike: what the last one follows from, the others do.
            let alike = findings.iter().rev().find(|row| row.rule == rule.code && row.level == *level);
            OmittedRow {
                rule: rule.code,
                level: *level,
                accepted: None,
                case: name.clone(),
                count: *count,
                consequence_of: alike.and_then(|row| row.consequence_of),
            }
        });
        let omitted = omitted.collect();
        let handler = handler.unwrap_or_else(|| self.handler.clone());
        let seconds = nanos as f64 / 1e9;
        // The rule is about every call of Synchronize.
        let synchronized = monitor.verdict(SYNC_01) != Verdict::NotExercised;
        let not_judged = monitor.not_judged(&aims, error.is_some()).into_iter().map(|rule| Code(rule.code)).collect();
        let rows = CaseRows {
            handler: &handler,
            seconds,
            findings,
            omitted,
            name,
            synchronized,
            not_judged,
            error,
            expectations,
            output,
            repeats,
        };
        let (name, first) = (rows.name.clone(), self.findings.len());
        self.add_rows(rows, filter);
        if let Some(events) = events {
            self.draw(&name, &events, first);
        }
        for row in &mut self.rules {
            if let Some(rule) = rule(row.rule) {
                row.join(monitor.verdict(rule));
            }
        }
    }

    /// Draws a session, whose findings begin at `first`. Of many sessions those come first in which something was found.
    fn draw(&mut self, case: &str, events: &KeptEvents, first: usize) {
        let found = self.findings.len() > first;
        let drawn = |found: bool| {
            let alike = self.timelines.iter().filter(|drawn| drawn.findings.is_empty() != found);
            alike.map(|drawn| drawn.events).sum::<usize>()
        };
        let others = if found { 0 } else { drawn(true) };
        if drawn(found) + others + events.len() <= DRAWN || self.timelines.is_empty() {
            let findings = self.findings.iter().enumerate().skip(first);
            self.timelines.push(Timeline::new(case, events, findings));
        }
    }

    /// Adds a case as rows, which know each other by their places in the case: says what is accepted of it, and what came of it.
    pub(super) fn add_rows(&mut self, mut case: CaseRows<'_>, filter: &Filter) {
        case.keep(|code| rule(code).is_none_or(|rule| filter.keeps(rule)));
        let (mut failed, mut findings, mut accepted) = (false, 0, 0);
        let (mut ended, mut broke_off) = (CaseOutcome::Failed, None);
        for row in &mut case.findings {
            row.accepted = self.accept(row.rule, case.handler, &case.name, Some(&Facts::from(&*row)), 1);
        }
        for row in &mut case.omitted {
            row.accepted = self.accept(row.rule, case.handler, &case.name, None, row.count);
        }
        // What is accepted is accepted with what follows from it.
        let reasons: Vec<Option<String>> = case.findings.iter().map(|row| row.accepted.clone()).collect();
        let of_cause = |cause: Option<usize>| cause.and_then(|cause| reasons.get(cause)?.clone());
        for row in &mut case.findings {
            row.accepted = row.accepted.take().or_else(|| of_cause(row.consequence_of));
        }
        for row in &mut case.omitted {
            row.accepted = row.accepted.take().or_else(|| of_cause(row.consequence_of));
        }
        for row in case.omitted.iter().filter(|row| row.consequence_of.is_none()) {
            self.summary.add(row.level, row.accepted.is_some(), row.count);
            findings += row.count;
            match row.accepted {
                Some(_) => accepted += row.count,
                None => failed |= filter.fails(row.level),
            }
        }
        for row in &case.findings {
            let cause = row.consequence_of.and_then(|cause| case.findings.get(cause)).unwrap_or(row);
            let is_open = cause.accepted.is_none() && filter.fails(cause.level);
            if row.consequence_of.is_none() {
                self.summary.add(row.level, row.accepted.is_some(), 1);
                findings += 1;
                accepted += usize::from(row.accepted.is_some());
                failed |= is_open;
            }
            // A hang that is a warning only, or that is accepted, has broken the case off all the same.
            let end = CaseOutcome::of_rule(row.rule);
            if is_open {
                ended = CaseOutcome::worse(Some(ended), end).unwrap_or(ended);
            } else {
                broke_off = CaseOutcome::worse(broke_off, end);
            }
        }
        if let Some(expectations) = &case.expectations {
            // What is expected of findings is among the expectations.
            let expects_findings = expectations.iter().any(|held| held.findings);
            failed = expectations.iter().any(|held| !held.held) || (failed && !expects_findings);
        }
        let (first, first_omitted) = (self.findings.len(), self.omitted.len());
        let in_report = |cause: Option<usize>| cause.map(|cause| first + cause);
        let findings_of_case = case.findings.into_iter();
        self.findings
            .extend(findings_of_case.map(|row| FindingRow { consequence_of: in_report(row.consequence_of), ..row }));
        self.omitted.extend(
            case.omitted.into_iter().map(|row| OmittedRow { consequence_of: in_report(row.consequence_of), ..row }),
        );
        let of_case = OfCase {
            case: self.cases.len(),
            findings: (first..self.findings.len()).collect(),
            omitted: (first_omitted..self.omitted.len()).collect(),
        };
        self.take_causes(&of_case, case.handler);
        self.handlers.insert(case.handler.to_owned());
        self.summary.cases += 1;
        if let Some(synchronized) = &mut self.summary.synchronized {
            *synchronized += usize::from(case.synchronized);
        }
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
        let CaseRows { name, seconds, synchronized, not_judged, error, expectations, output, repeats, .. } = case;
        let output = output.map(|output| self.keep_output(output, outcome == CaseOutcome::Passed));
        self.cases.push(Case {
            name,
            outcome,
            broke_off,
            seconds,
            findings,
            accepted,
            synchronized,
            not_judged,
            error,
            expectations,
            output,
            repeats,
        });
    }

    /// What is kept of a case's output: little where the case has passed, or where the others have written much already.
    fn keep_output(&mut self, output: String, passed: bool) -> String {
        let most = match () {
            () if passed => OUTPUT_OF_PASSED,
            () if self.output_bytes > OUTPUT => OUTPUT_OF_MANY,
            () => return self.count_output(output),
        };
        let Some(cut) = output.len().checked_sub(most).filter(|cut| *cut > 0) else { return self.count_output(output) };
        let cut = (cut..=output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
        self.count_output(format!("… (the first {cut} of {} bytes are left out)\n{}", output.len(), &output[cut..]))
    }

    fn count_output(&mut self, output: String) -> String {
        self.output_bytes += output.len();
        output
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
        self.summary.failed > 0 || self.failure.is_some() || (self.strict && self.stale().next().is_some())
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

/// With this begins the reason of a case that applies to the handler, and was left out all the same.
pub(crate) const NOT_RUN: &str = "not run: ";

impl Case {
    /// Why it was left out although it applies to the handler.
    pub(super) fn not_run(&self) -> Option<&str> {
        self.error.as_deref().filter(|_| self.outcome == CaseOutcome::Skipped)?.strip_prefix(NOT_RUN)
    }

    /// Whether its runs differ, where there were several.
    pub fn is_flaky(&self) -> bool {
        self.repeats.as_ref().is_some_and(Repeats::is_flaky)
    }

    /// The codes of rules that it could no longer exercise.
    pub(super) fn codes_not_judged(&self) -> impl Iterator<Item = &'static str> {
        self.not_judged.iter().map(|Code(code)| *code)
    }

    fn without_findings(name: &str, outcome: CaseOutcome, why: String) -> Self {
        Self {
            name: name.to_owned(),
            outcome,
            broke_off: None,
            seconds: 0.0,
            findings: 0,
            accepted: 0,
            synchronized: false,
            not_judged: Vec::new(),
            error: Some(why),
            expectations: None,
            output: None,
            repeats: None,
        }
    }
}

impl CaseOutcome {
    /// How a session ends that breaks the rule.
    pub(super) fn of_rule(code: &str) -> Option<Self> {
        // LIFE-01 is broken by a hang in Release.
        let ends =
            [(LIFE_02, CaseOutcome::Crashed), (LIFE_03, CaseOutcome::TimedOut), (LIFE_01, CaseOutcome::TimedOut)];
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
        let Found { finding, at_ns, line, context, backtrace, site } = found;
        let HandlerId(handler) = finding.handler;
        Self {
            rule: finding.rule.code,
            name: finding.rule.name,
            level: finding.level,
            accepted: None,
            subject: finding.rule.subject,
            handler,
            handler_name: None,
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
            site,
            replay: replay.map(str::to_owned),
            reproduce: replay.map(str::to_owned),
            order: None,
            debug: None,
            step: None,
            consequence_of: None,
            context,
        }
    }
}
