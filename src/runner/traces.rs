//! Judges recorded traces.

use std::io::BufRead;
use std::path::Path;

use super::Judged;
use crate::protocol::{Event, Instance, Profile, Session, plain};
use crate::rules::Conditions;
use crate::trace::{Header, TraceError, TraceReader};

/// A trace that was judged as far as it could be read.
pub struct JudgedTrace {
    /// Its header.
    pub header: Header,
    /// What was found.
    pub judged: Judged,
    /// Why it could not be read to its end.
    pub broken: Option<TraceError>,
}

/// What a trace is judged by: its own header, but for the profile, if another one is given.
pub fn conditions_of(header: &Header, profile: Option<Profile>) -> Conditions {
    Conditions { profile: profile.unwrap_or(header.profile), limits: header.limits, started: header.started }
}

/// How many events are read before they are judged. What reads an event and what judges it do not fit together into the
/// processor's cache for code; one after the other, for many events, they do.
const BATCH: usize = 64;

/// A line of so many bytes ends a batch: a batch must not hold much more than one long line.
const LONG_LINE: usize = 64 * 1024;

/// Reads the next events, each with the line in which it stands; none at the end.
fn read_batch<R: BufRead>(reader: &mut TraceReader<R>, batch: &mut Vec<(Event, u64)>) -> Result<(), TraceError> {
    while batch.len() < BATCH
        && let Some(event) = reader.next()
    {
        batch.push((event?, reader.line()));
        if reader.line_length() > LONG_LINE {
            break;
        }
    }
    Ok(())
}

/// Judges a trace; `file` is where it stands, for reports.
pub fn judge_trace<R: BufRead>(reader: TraceReader<R>, profile: Option<Profile>, file: Option<&Path>) -> JudgedTrace {
    judge(reader, profile, file, false)
}

/// As [`judge_trace`], and the events are kept, for pictures of the session.
pub fn judge_and_keep<R: BufRead>(
    reader: TraceReader<R>,
    profile: Option<Profile>,
    file: Option<&Path>,
) -> JudgedTrace {
    judge(reader, profile, file, true)
}

fn judge<R: BufRead>(
    mut reader: TraceReader<R>,
    profile: Option<Profile>,
    file: Option<&Path>,
    keeping: bool,
) -> JudgedTrace {
    let header = reader.header().clone();
    let judged = Judged::new(conditions_of(&header, profile)).of_file(file.map(Path::to_owned));
    let mut judged = judged.keeping_events(keeping);
    let mut broken = None;
    let mut batch = Vec::with_capacity(BATCH);
    while broken.is_none() {
        broken = read_batch(&mut reader, &mut batch).err();
        if batch.is_empty() {
            break;
        }
        batch.drain(..).for_each(|(event, line)| judged.observe(event, line));
    }
    // What would have come after a break is not known, so the rules of the end do not apply.
    if broken.is_some() {
        judged.cut()
    } else {
        judged.finish()
    }
    JudgedTrace { header, judged, broken }
}

impl JudgedTrace {
    /// Why the trace does not hold the whole session: it cannot be read to its end, or whoever recorded it was ended, or left the
    /// session. `name` is what the trace is called.
    pub fn incomplete(&self, name: &str) -> Option<String> {
        match &self.broken {
            Some(error) => Some(error.to_string()),
            None => ends_too_early(self.judged.session(), name),
        }
    }
}

/// Why a trace that can be read to its end does not hold the whole session, if it does not. `name` is what the trace is called.
pub fn ends_too_early(session: &Session, name: &str) -> Option<String> {
    let missing = |instance: &Instance| match (instance.open_call(), instance.awaiting()) {
        _ if instance.state().is_end() => None,
        (Some(method), _) => Some(format!("{method} has returned")),
        (None, Some(method)) => Some(format!("{method} is completed")),
        (None, None) => Some("the handler is released".to_owned()),
    };
    let is_empty = session.instances().next().is_none() && !session.is_manager_asked();
    let nobody = || is_empty.then(|| "a handler is created".to_owned());
    let what = session.instances().find_map(missing).or_else(nobody)?;
    let name = plain(name);
    Some(format!("{name}: the trace ends before {what}: it was cut off, or the session was ended early"))
}
