//! `mobsync check`.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::args::{CheckArgs, CheckFormat};
use super::exit::{Ended, Failure};
use super::judged::Judged;
use super::output;
use crate::report::{Filter, Report, human};
use crate::rules::Conditions;
use crate::trace::{self, Header, Reader};

pub(super) fn check(args: &CheckArgs) -> Result<Ended, Failure> {
    let filter = Filter::new(&args.judge.select, &args.judge.ignore, args.judge.strict)?;
    if args.format == CheckFormat::Notation {
        return super::notation::check(args, &filter);
    }
    let mut report: Option<Report> = None;
    for path in &args.traces {
        let case = path.display().to_string();
        let (header, judged) = judge(args, path)?;
        let profile = args.profile.map_or(header.profile, Into::into);
        let report = report.get_or_insert_with(|| Report::new(&*header.handler, profile, header.seed));
        if report.handler != header.handler {
            report.handler = "several handlers".to_owned();
        }
        judged.add_to(report, &case, &filter);
    }
    // clap asks for at least one trace.
    let Some(report) = report else { return Ok(Ended::Well) };
    let text = match args.format {
        CheckFormat::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
        _ => human(&report, output::colour(args.judge.output.as_deref())),
    };
    output::deliver(&text, args.judge.output.as_deref())?;
    Ok(if report.failed() { Ended::Findings } else { Ended::Well })
}

fn judge(args: &CheckArgs, path: &Path) -> Result<(Header, Judged), Failure> {
    if path.as_os_str() == "-" {
        return judge_all(args, Reader::new(BufReader::new(io::stdin().lock()), "standard input")?);
    }
    judge_all(args, trace::open_file(path)?)
}

fn judge_all<R: BufRead>(args: &CheckArgs, reader: Reader<R>) -> Result<(Header, Judged), Failure> {
    let header = reader.header().clone();
    let mut judged = Judged::new(conditions(args, &header));
    for event in reader {
        judged.observe(event?);
    }
    judged.finish();
    Ok((header, judged))
}

/// What a trace is judged by: its own header, and what the command line says instead.
pub(super) fn conditions(args: &CheckArgs, header: &Header) -> Conditions {
    let profile = args.profile.map_or(header.profile, Into::into);
    Conditions { profile, limits: header.limits, started: header.started }
}
