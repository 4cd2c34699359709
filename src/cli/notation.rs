//! `mobsync check --format notation`: the traces themselves, one crossing a line, findings marked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use super::args::CheckArgs;
use super::check::conditions;
use super::exit::{Ended, Failure};
use crate::report::Filter;
use crate::rules::{Finding, Monitor};
use crate::trace::notation::Printer;
use crate::trace::{self, Reader};

pub(super) fn check(args: &CheckArgs, filter: &Filter) -> Result<Ended, Failure> {
    let mut out: Box<dyn Write> = match &args.judge.output {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(path) => {
            let file = File::create(path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
            Box::new(BufWriter::new(file))
        }
    };
    let mut failed = false;
    for path in &args.traces {
        let written = if path.as_os_str() == "-" {
            print(args, filter, Reader::new(BufReader::new(io::stdin().lock()), "standard input")?, &mut out)
        } else {
            if args.traces.len() > 1 {
                put(&mut out, &format!("# {}\n", path.display()))?;
            }
            print(args, filter, trace::open_file(path)?, &mut out)
        };
        failed |= written?;
    }
    put(&mut out, "")?;
    Ok(if failed { Ended::Findings } else { Ended::Well })
}

/// Prints one trace; whether it has findings that fail.
fn print<R: BufRead>(
    args: &CheckArgs,
    filter: &Filter,
    reader: Reader<R>,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let mut monitor = Monitor::new(conditions(args, reader.header()));
    let mut printer = Printer::new();
    let mut text = String::new();
    let mut failed = false;
    let mut header = reader.header().clone();
    header.profile = args.profile.map_or(header.profile, Into::into);
    Printer::header(&header, &mut text);
    for event in reader {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                // What was readable is shown before the error is told.
                printer.finish(&mut text);
                put(out, &text)?;
                return Err(error.into());
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
    monitor.finish();
    let (marks, fails) = kept(monitor.take_findings(), filter);
    if !marks.is_empty() {
        text.push_str(&format!("# at the end: {}\n", marks.join(", ")));
    }
    put(out, &text)?;
    out.flush().map_err(|error| Failure(error.to_string()))?;
    Ok(failed || fails)
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

/// A reader of standard output that has gone away has seen enough.
fn put(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    match out.write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure(format!("the output: {error}"))),
        Ok(()) => Ok(()),
    }
}
