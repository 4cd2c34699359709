//! `mobsync check`.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::args::CheckArgs;
use super::exit::{Ended, Failure};
use super::judging;
use super::reproduce;
use crate::protocol::Instance;
use crate::report::{CaseRecord, Report, Scope};
use crate::rules::Conditions;
use crate::runner::Judged;
use crate::trace::{self, Header, Reader, TraceError};

pub(super) fn check(args: &CheckArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    if args.traces.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure("- stands for standard input, which can be read once only".to_owned()));
    }
    let files = args.traces.iter().filter(|path| !is_stdin(path));
    let output = judging::output(&args.judge, files.map(|file| ("a trace that is to be judged", file.as_path())))?;
    let Some(format) = args.format.of_report() else {
        return super::notation::check(args, &filter, output);
    };

    // One trace that cannot be read does not keep the others from being judged.
    let mut report: Option<Report> = None;
    let mut unread = Vec::new();
    let mut failures = Vec::new();
    for path in &args.traces {
        let case = path.display().to_string();
        let Read { header, mut judged, broken } = match judge(args, path) {
            Ok(read) => read,
            Err(error) => {
                failures.push(error.to_string());
                unread.push((case, error));
                continue;
            }
        };
        let error = broken.map(|error| error.to_string()).or_else(|| unended(&case, &judged));
        failures.extend(error.clone());
        let profile = args.profile.map_or(header.profile, Into::into);
        let report = report.get_or_insert_with(|| Report::new(&*header.handler, profile, header.seed, &filter));
        report.agree_with(&header.handler, header.seed);
        let record = judged.take_record(&case, reproduce::of_check(path, args));
        let record = CaseRecord { error, handler: Some(header.handler.to_string()), ..record };
        report.add_case(record, judged.monitor(), &filter);
    }
    let mut failed = false;
    if let Some(mut report) = report {
        unread.into_iter().for_each(|(case, error)| report.add_unread(&case, error.to_string()));
        report.judge_baseline(Scope::Sample);
        failed = report.failed();
        if let Err(Failure(why)) = output.deliver_report(&report, format) {
            failures.push(why);
        }
    }
    Ended::after(&failures, failed)
}

/// A trace that was judged as far as it could be read.
struct Read {
    header: Header,
    judged: Judged,
    /// Why it could not be read to its end.
    broken: Option<TraceError>,
}

fn judge(args: &CheckArgs, path: &Path) -> Result<Read, TraceError> {
    if is_stdin(path) {
        return Ok(judge_all(args, stdin()?, None));
    }
    Ok(judge_all(args, trace::open_file(path)?, Some(path)))
}

fn judge_all<R: BufRead>(args: &CheckArgs, mut reader: Reader<R>, file: Option<&Path>) -> Read {
    let header = reader.header().clone();
    let mut judged = Judged::new(conditions(args, &header)).of_file(file.map(Path::to_owned));
    let mut broken = None;
    while let Some(event) = reader.next() {
        match event {
            Ok(event) => judged.observe(event, reader.line()),
            Err(error) => broken = Some(error),
        }
    }
    // What would have come after a break is not known, so the rules of the end do not apply.
    if broken.is_some() {
        judged.cut()
    } else {
        judged.finish()
    }
    Read { header, judged, broken }
}

/// What is missing at the end of a trace: whoever recorded it was ended, or left the session.
fn unended(trace: &str, judged: &Judged) -> Option<String> {
    let session = judged.monitor().session();
    let missing = |instance: &Instance| match (instance.open_call(), instance.awaiting()) {
        _ if instance.state().is_end() => None,
        (Some(method), _) => Some(format!("{method} has returned")),
        (None, Some(method)) => Some(format!("{method} is completed")),
        (None, None) => Some("the handler is released".to_owned()),
    };
    let nobody = || session.instances().next().is_none().then(|| "a handler is created".to_owned());
    let what = session.instances().find_map(missing).or_else(nobody)?;
    Some(format!("{trace}: the trace ends before {what}: it was cut off, or the session was left"))
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub(super) fn stdin() -> Result<Reader<BufReader<io::StdinLock<'static>>>, TraceError> {
    Reader::new(BufReader::new(io::stdin().lock()), "standard input")
}

/// What a trace is judged by: its own header, and what the command line says instead.
pub(super) fn conditions(args: &CheckArgs, header: &Header) -> Conditions {
    let profile = args.profile.map_or(header.profile, Into::into);
    Conditions { profile, limits: header.limits, started: header.started }
}
