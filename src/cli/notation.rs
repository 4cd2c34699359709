//! `mobsync check --format notation`: the traces themselves, one crossing a line, findings marked.

use std::io::{BufRead, Write};
use std::path::Path;

use super::args::CheckArgs;
use super::check::{conditions, is_stdin, stdin};
use super::exit::{Ended, Failure};
use super::output::Output;
use crate::report::Filter;
use crate::rules::{Finding, Monitor};
use crate::trace::notation::Printer;
use crate::trace::{self, Reader};

pub(super) fn check(args: &CheckArgs, filter: &Filter, output: Output) -> Result<Ended, Failure> {
    let mut out = output.stream()?;
    let mut failed = false;
    let mut failures = Vec::new();
    for path in &args.traces {
        if args.traces.len() > 1 {
            put(&mut out, &format!("# {}\n", path.display()))?;
        }
        let printed = if is_stdin(path) {
            stdin().map_err(Failure::from).and_then(|reader| print(args, filter, reader, &mut out))
        } else {
            trace::open_file(path as &Path)
                .map_err(Failure::from)
                .and_then(|reader| print(args, filter, reader, &mut out))
        };
        match printed {
            Ok(Printed { fails, broken }) => {
                failed |= fails;
                failures.extend(broken);
            }
            Err(Failure(why)) => failures.push(why),
        }
    }
    if let Err(error) = out.flush() {
        failures.push(format!("the output: {error}"));
    }
    match failures.is_empty() {
        false => Err(Failure(failures.join("\nmobsync: "))),
        true if failed => Ok(Ended::Findings),
        true => Ok(Ended::Well),
    }
}

/// What came of printing a trace.
struct Printed {
    /// It has findings that fail.
    fails: bool,
    /// Why it could not be read to its end.
    broken: Option<String>,
}

fn print<R: BufRead>(
    args: &CheckArgs,
    filter: &Filter,
    reader: Reader<R>,
    out: &mut dyn Write,
) -> Result<Printed, Failure> {
    let mut monitor = Monitor::new(conditions(args, reader.header()));
    let mut printer = Printer::new();
    let mut text = String::new();
    let mut failed = false;
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
        let (marks, fails) = kept(monitor.take_findings(), filter);
        failed |= fails;
        printer.marked_event(&event, &marks, &mut text);
        put(out, &text)?;
        text.clear();
    }
    printer.finish(&mut text);
    if broken.is_some() {
        text.push_str("# the trace breaks off here\n");
    } else {
        monitor.finish();
        let (marks, fails) = kept(monitor.take_findings(), filter);
        failed |= fails;
        if !marks.is_empty() {
            text.push_str(&format!("# at the end: {}\n", marks.join(", ")));
        }
    }
    put(out, &text)?;
    Ok(Printed { fails: failed, broken })
}

/// The codes of the findings that the filter keeps, each once, and whether one of them fails.
fn kept(findings: Vec<Finding>, filter: &Filter) -> (Vec<&'static str>, bool) {
    let mut codes: Vec<&'static str> = Vec::new();
    let mut fails = false;
    for finding in findings.iter().filter(|finding| filter.keeps(finding.rule)) {
        fails |= filter.fails(finding.level);
        if !codes.contains(&finding.rule.code) {
            codes.push(finding.rule.code);
        }
    }
    (codes, fails)
}

fn put(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).map_err(|error| Failure(format!("the output: {error}")))
}
