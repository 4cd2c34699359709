//! `mobsync report`.

use super::args::{MergeArgs, ReportArgs, ReportCommand, ShowArgs};
use super::ended::{Ended, Failure};
use super::judging;
use crate::report::{Part, common_baseline, merge, read_report};

pub(super) fn report(args: &ReportArgs) -> Result<Ended, Failure> {
    match &args.command {
        ReportCommand::Merge(args) => merged(args),
        ReportCommand::Show(args) => show(args),
    }
}

fn merged(args: &MergeArgs) -> Result<Ended, Failure> {
    let mut filter = judging::filter(&args.judge)?;
    let parts: Vec<Part> = args
        .reports
        .iter()
        .map(|file| Ok(Part { file: file.clone(), report: read_report(file)? }))
        .collect::<Result<_, Failure>>()?;
    if args.judge.baseline.is_none() {
        filter.baseline = common_baseline(&parts)?;
    }
    let report = merge(parts, &filter)?;
    let read = args.reports.iter().map(|file| ("a report to merge", file.as_path()));
    let output = judging::output(&args.judge, read)?;
    let mut failures = report.incomplete();
    if let Err(Failure(why)) = output.deliver_report(&report, args.format.into()) {
        failures.push(why);
    }
    Ended::after(&failures, report.failed())
}

fn show(args: &ShowArgs) -> Result<Ended, Failure> {
    let read = [("the report to show", args.file.as_path())];
    let output = judging::outputs(&args.to, read)?;
    let report = read_report(&args.file)?;
    output.deliver_report(&report, args.format.into())?;
    Ok(Ended::Well)
}
