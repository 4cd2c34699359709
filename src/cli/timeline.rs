//! `mobsync timeline` and `mobsync trace export`: pictures of a recorded session.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use super::args::{ExportArgs, TimelineArgs, TraceArgs, TraceCommand};
use super::ended::{Ended, Failure};
use super::input::{is_stdin, stdin};
use super::output::{keep_apart, print, wants_colour};
use crate::json::{self, files};
use crate::report::{Filter, Report, perfetto, timeline_text};
use crate::runner::{JudgedTrace, WriteError, judge_and_keep};
use crate::trace;

/// How wide the picture is where there is no terminal.
const WIDTH: u16 = 120;

pub(super) fn timeline(args: &TimelineArgs) -> Result<Ended, Failure> {
    let (report, broken) = drawn(&args.trace, args.profile.map(Into::into))?;
    let terminal = || console::Term::stdout().size_checked().map(|(_, columns)| columns);
    let width = args.width.or_else(terminal).unwrap_or(WIDTH);
    let colour = wants_colour(stdout().is_terminal());
    for timeline in &report.timelines {
        print(timeline_text(timeline, &report.findings, width.into(), colour).as_bytes())?;
    }
    Ended::after(&broken, false)
}

pub(super) fn trace(args: &TraceArgs) -> Result<Ended, Failure> {
    match &args.command {
        TraceCommand::Export(args) => export(args),
    }
}

fn export(args: &ExportArgs) -> Result<Ended, Failure> {
    let to = args.perfetto.as_path();
    keep_apart(("--perfetto", Some(to)), ("the trace to export", Some(&args.trace)))?;
    files::may_write(to).map_err(|error| Failure(format!("--perfetto {}", WriteError::new(to, &error))))?;
    let (report, broken) = drawn(&args.trace, args.profile.map(Into::into))?;
    for timeline in &report.timelines {
        let text = json::to_string_pretty(&perfetto(timeline, &report.findings))?;
        files::write_whole(to, format!("{text}\n").as_bytes())
            .map_err(|error| Failure(format!("--perfetto {}", WriteError::new(to, &error))))?;
    }
    Ended::after(&broken, false)
}

/// A report of the trace with its picture, and why the trace does not hold the whole session.
fn drawn(file: &Path, profile: Option<crate::protocol::Profile>) -> Result<(Report, Vec<String>), Failure> {
    let mut read = match is_stdin(file) {
        true => judge_and_keep(stdin()?, profile, None),
        false => judge_and_keep(trace::open_file(file)?, profile, Some(file)),
    };
    let (case, filter) = (file.display().to_string(), Filter::default());
    let broken: Vec<String> = read.broken.iter().map(ToString::to_string).collect();
    let JudgedTrace { header, judged, .. } = &mut read;
    let mut report = Report::new(&*header.handler, profile.unwrap_or(header.profile), header.seed, &filter);
    let record = judged.take_record(&case, None);
    report.add_case(record, judged.monitor(), &filter);
    Ok((report, broken))
}
