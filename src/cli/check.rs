//! `mobsync check`.

use std::io::BufRead;
use std::path::Path;

use super::args::CheckArgs;
use super::ended::{Ended, Failure};
use super::input::{is_stdin, stdin};
use super::judging;
use super::reproduce;
use crate::protocol::Profile;
use crate::report::{CaseRecord, Report, Scope};
use crate::runner::{JudgedTrace, judge_and_keep, judge_trace};
use crate::trace::{self, TraceError, TraceReader};

pub(super) fn check(args: &CheckArgs) -> Result<Ended, Failure> {
    let filter = judging::filter(&args.judge)?;
    if args.traces.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure("standard input (-) can be read only once".to_owned()));
    }
    let files = args.traces.iter().filter(|path| !is_stdin(path));
    let output = judging::output(&args.judge, files.map(|file| ("a trace to check", file.as_path())))?;
    let Some(format) = args.format.of_report() else {
        if !args.judge.to.report.is_empty() {
            let why =
                "--report cannot go with --format notation, which prints the traces themselves; leave one of them out";
            return Err(Failure(why.to_owned()));
        }
        return super::notation::check(args, &filter, output);
    };

    // One trace that cannot be read does not keep the others from being judged.
    let mut report: Option<Report> = None;
    let mut unread = Vec::new();
    let mut failures = Vec::new();
    for path in &args.traces {
        let case = path.display().to_string();
        let mut read = match judge(args, path) {
            Ok(read) => read,
            Err(error) => {
                failures.push(error.to_string());
                unread.push((case, error));
                continue;
            }
        };
        let error = read.incomplete(&case);
        failures.extend(error.clone());
        let JudgedTrace { header, judged, .. } = &mut read;
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

/// The events are kept for a page that draws them.
fn judged<R: BufRead>(
    reader: TraceReader<R>,
    profile: Option<Profile>,
    file: Option<&Path>,
    draws: bool,
) -> JudgedTrace {
    if draws { judge_and_keep(reader, profile, file) } else { judge_trace(reader, profile, file) }
}

fn judge(args: &CheckArgs, path: &Path) -> Result<JudgedTrace, TraceError> {
    let profile = args.profile.map(Into::into);
    let draws = args.judge.to.draws(args.format.of_report());
    if is_stdin(path) {
        return Ok(judged(stdin()?, profile, None, draws));
    }
    Ok(judged(trace::open_file(path)?, profile, Some(path), draws))
}
