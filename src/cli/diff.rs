//! `mobsync diff`.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use super::args::{DiffArgs, IgnoreName, ReportFormat};
use super::ended::{Ended, Failure};
use super::input::is_stdin;
use super::output::Output;
use crate::json::files;
use crate::report::diff::{Compared, Layout, human, json};
use crate::trace::diff::{Events, Ignore, diff_read};
use crate::trace::{self, TraceError, TraceReader};

pub(super) fn diff(args: &DiffArgs) -> Result<Ended, Failure> {
    if is_stdin(&args.a) && is_stdin(&args.b) {
        return Err(Failure("only one of A and B can be standard input; name a file for the other".to_owned()));
    }
    let ignore =
        Ignore { names: args.ignore.contains(&IgnoreName::Names), times: args.ignore.contains(&IgnoreName::Times) };
    let traces = [Source::of(&args.a)?, Source::of(&args.b)?];
    let read = |side: usize| -> Result<Events<'_, TraceError>, TraceError> {
        Ok(Box::new(traces[side].events()?.map(move |event| event.map(|event| ignore.apply(event)))))
    };
    let compared = diff_read(read)?;
    let (difference, [events_a, events_b]) = (compared.difference, compared.events);
    let (name_a, name_b) = (name(&args.a), name(&args.b));
    let a = Compared { file: &name_a, events: events_a };
    let b = Compared { file: &name_b, events: events_b };
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

/// A trace, which is read more than once.
enum Source<'a> {
    File(&'a Path),
    /// Standard input, or the pipe of a shell (`<(…)`), as a file; and what it is called.
    Copied(File, String),
}

impl<'a> Source<'a> {
    fn of(path: &'a Path) -> Result<Self, Failure> {
        let copied = |from: &mut dyn Read| {
            let mut file = tempfile::tempfile()?;
            io::copy(from, &mut file)?;
            Ok(file)
        };
        let cannot =
            |error: io::Error| Failure(format!("{} cannot be copied to a temporary file: {error}", name(path)));
        if is_stdin(path) {
            return Ok(Self::Copied(copied(&mut io::stdin().lock()).map_err(cannot)?, name(path)));
        }
        match files::open(path) {
            Ok(mut pipe) if pipe.metadata().is_ok_and(|found| !found.is_file()) => {
                Ok(Self::Copied(copied(&mut pipe).map_err(cannot)?, name(path)))
            }
            // What is wrong with a file is said when it is read.
            _ => Ok(Self::File(path)),
        }
    }

    fn events(&self) -> Result<Events<'_, TraceError>, TraceError> {
        match self {
            Self::File(path) => Ok(Box::new(trace::open_file(path)?)),
            Self::Copied(file, name) => {
                let cannot = |error: io::Error| TraceError::Io {
                    file: name.clone(),
                    action: "read",
                    kind: error.kind(),
                    message: error.to_string(),
                };
                (&*file).rewind().map_err(cannot)?;
                Ok(Box::new(TraceReader::new(BufReader::new(file), name.as_str())?))
            }
        }
    }
}

/// As wide as the user says, or the terminal is. What is no terminal has no width to go by.
fn layout(width: Option<u16>) -> Layout {
    let terminal = || console::Term::stdout().size_checked().map(|(_, columns)| columns);
    match width.or_else(terminal) {
        Some(columns) => Layout::for_width(columns.into()),
        None => Layout::Stacked,
    }
}
