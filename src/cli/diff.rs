//! `mobsync diff`.

use std::path::Path;

use super::args::{DiffArgs, IgnoreName, ReportFormat};
use super::ended::{Ended, Failure};
use super::input::{is_stdin, stdin};
use super::output::Output;
use crate::protocol::Event;
use crate::report::diff::{Compared, Layout, human, json};
use crate::trace::diff::{Ignore, diff as compare};
use crate::trace::{self, TraceError};

pub(super) fn diff(args: &DiffArgs) -> Result<Ended, Failure> {
    if is_stdin(&args.a) && is_stdin(&args.b) {
        return Err(Failure("only one of A and B can be standard input; name a file for the other".to_owned()));
    }
    let ignore =
        Ignore { names: args.ignore.contains(&IgnoreName::Names), times: args.ignore.contains(&IgnoreName::Times) };
    let (events_a, events_b) = (read(&args.a, ignore)?, read(&args.b, ignore)?);
    let (name_a, name_b) = (name(&args.a), name(&args.b));
    let a = Compared { file: &name_a, events: events_a.len() };
    let b = Compared { file: &name_b, events: events_b.len() };
    let difference = compare(&events_a, &events_b);
    let output = Output::standard();
    let text = match args.format {
        ReportFormat::Json => format!("{}\n", json(a, b, difference.as_ref())?),
        ReportFormat::Human => human(a, b, difference.as_ref(), layout(args.width), output.colour()),
    };
    output.deliver(&text)?;
    Ok(if difference.is_some() { Ended::Findings } else { Ended::Well })
}

/// What the trace is called, also in the reader's errors.
fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn read(path: &Path, ignore: Ignore) -> Result<Vec<Event>, TraceError> {
    let apply = |event: Result<Event, TraceError>| event.map(|event| ignore.apply(event));
    if is_stdin(path) {
        return stdin()?.map(apply).collect();
    }
    trace::open_file(path)?.map(apply).collect()
}

/// As wide as the user says, or the terminal is. What is no terminal has no width to go by.
fn layout(width: Option<u16>) -> Layout {
    let terminal = || console::Term::stdout().size_checked().map(|(_, columns)| columns);
    match width.or_else(terminal) {
        Some(columns) => Layout::for_width(columns.into()),
        None => Layout::Stacked,
    }
}
