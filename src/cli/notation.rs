//! `mobsync check --format notation`: the traces themselves, one crossing a line, findings marked.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use super::args::CheckArgs;
use super::ended::{Ended, Failure};
use super::input::{is_stdin, stdin};
use super::output::Output;
use crate::protocol::{Profile, plain_path};
use crate::report::{CaseRecord, Filter, Found, Omitted, Report, Scope, plain};
use crate::rules::{Finding, MOST_OF_A_RULE, Monitor, link_consequences};
use crate::runner::{conditions_of, ends_too_early};
use crate::trace::notation::Printer;
use crate::trace::{self, Header, TraceReader};

pub(super) fn check(args: &CheckArgs, filter: &Filter, output: Output) -> Result<Ended, Failure> {
    let mut out = output.stream()?;
    let mut failed = false;
    let mut failures = Vec::new();
    // Only what is accepted needs one.
    let mut report = args.judge.baseline.as_ref().map(|_| Report::new("", Profile::default(), None, filter));
    for path in &args.traces {
        if args.traces.len() > 1 {
            put(&mut out, &format!("# {}\n", plain_path(path)))?;
        }
        let case = path.display().to_string();
        let marker = |header: &Header| Marker::new(filter, case.clone(), header);
        let printed = if is_stdin(path) {
            stdin().map_err(Failure::from).and_then(|reader| print(args, marker, reader, &mut out))
        } else {
            trace::open_file(path as &Path)
                .map_err(Failure::from)
                .and_then(|reader| print(args, marker, reader, &mut out))
        };
        let broken = match printed {
            Ok(Printed { mut marker, monitor, broken }) => {
                failed |= marker.fails();
                if let Some(report) = &mut report {
                    report.add_case(marker.into_record(broken.clone()), &monitor, filter);
                }
                broken
            }
            Err(Failure(why)) => {
                report.iter_mut().for_each(|report| report.add_unread(&case, why.clone()));
                Some(why)
            }
        };
        failures.extend(broken);
    }
    if let Some(mut report) = report {
        report.judge_baseline(Scope::Sample);
        failed |= report.failed();
        put(&mut out, &remarks(&report))?;
    }
    if let Err(Failure(why)) = out.finish() {
        failures.push(why);
    }
    Ended::after(&failures, failed)
}

/// Accepted findings and stale entries of the baseline, as comments.
fn remarks(report: &Report) -> String {
    let accepted = report.findings.iter().filter_map(|finding| {
        let reason = finding.accepted.as_deref()?;
        Some(format!("# accepted: {}: {}\n", finding.rule, plain(reason)))
    });
    let mut lines: Vec<String> = accepted.collect();
    lines.sort();
    lines.dedup();
    lines.extend(report.stale().map(|row| format!("# {}: {}\n", row.place(), row.complaint())));
    lines.concat()
}

/// What came of printing a trace.
struct Printed<'a> {
    marker: Marker<'a>,
    monitor: Monitor,
    /// Why it could not be read to its end.
    broken: Option<String>,
}

fn print<'a, R: BufRead>(
    args: &CheckArgs,
    marker: impl FnOnce(&Header) -> Marker<'a>,
    reader: TraceReader<R>,
    out: &mut dyn Write,
) -> Result<Printed<'a>, Failure> {
    let mut monitor = Monitor::new(conditions_of(reader.header(), args.profile.map(Into::into)));
    let mut marker = marker(reader.header());
    let mut printer = Printer::new();
    let mut text = String::new();
    let mut broken = None;
    let mut header = reader.header().clone();
    header.profile = args.profile.map_or(header.profile, Into::into);
    Printer::header(&header, &mut text);
    for event in reader {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        };
        monitor.observe(&event);
        let marks = marker.marks(monitor.take_findings());
        printer.marked_event(&event, &marks, &mut text);
        put(out, &text)?;
        text.clear();
    }
    printer.finish(&mut text);
    if broken.is_some() {
        text.push_str("# the trace is cut off here\n");
    } else {
        monitor.finish();
        let marks = marker.marks(monitor.take_findings());
        if !marks.is_empty() {
            text.push_str(&format!("# at the end: {}\n", marks.join(", ")));
        }
        broken = ends_too_early(monitor.session(), &marker.case);
        if broken.is_some() {
            text.push_str("# the trace ends before the session does\n");
        }
    }
    put(out, &text)?;
    Ok(Printed { marker, monitor, broken })
}

/// What is marked in a trace.
struct Marker<'a> {
    filter: &'a Filter,
    case: String,
    handler: String,
    /// What was found: of each rule the first ones.
    found: Vec<Finding>,
    /// How many of each rule.
    kept: BTreeMap<&'static str, usize>,
}

impl<'a> Marker<'a> {
    fn new(filter: &'a Filter, case: String, header: &Header) -> Self {
        let handler = header.handler.to_string();
        Self { filter, case, handler, found: Vec::new(), kept: BTreeMap::new() }
    }

    /// The codes of the findings that are spoken of, each once.
    fn marks(&mut self, findings: Vec<Finding>) -> Vec<&'static str> {
        let mut codes: Vec<&'static str> = Vec::new();
        for finding in findings.into_iter().filter(|finding| self.filter.keeps(finding.rule)) {
            let code = finding.rule.code;
            if !codes.contains(&code) {
                codes.push(code);
            }
            let kept = self.kept.entry(code).or_default();
            if *kept < MOST_OF_A_RULE {
                *kept += 1;
                self.found.push(finding);
            }
        }
        codes
    }

    /// Whether something was found that is not accepted and does not only follow from something else.
    fn fails(&mut self) -> bool {
        link_consequences(&mut self.found);
        let counts = |finding: &Finding| finding.consequence_of.is_none() && self.filter.fails(finding.level);
        let is_accepted = |finding: &Finding| self.filter.baseline.accepts(&self.handler, &self.case, finding);
        self.found.iter().any(|finding| counts(finding) && !is_accepted(finding))
    }

    fn into_record(self, error: Option<String>) -> CaseRecord {
        CaseRecord {
            instances: std::collections::BTreeMap::new(),
            name: self.case,
            handler: Some(self.handler),
            trace: None,
            found: self.found.into_iter().map(found).collect(),
            omitted: Omitted::default(),
            nanos: 0,
            replay: None,
            debug: None,
            aims: Vec::new(),
            error,
            expectations: None,
            output: None,
            repeats: None,
            events: None,
        }
    }
}

/// The finding alone: its place is where it is marked.
fn found(finding: Finding) -> Found {
    Found { finding, at_ns: 0, line: None, context: Vec::new(), backtrace: None, site: None }
}

fn put(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).map_err(|error| Failure(format!("the output: {error}")))
}
