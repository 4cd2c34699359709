//! Plays a schedule in virtual time: what it would bring about in a week, in a moment.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::agenda::{Agenda, Due, Told};
use super::event::{How, is_for, lines, run_event};
use super::schedule::{Schedule, Zone};
use super::session::{Request, Synchronized};
use crate::host::Controls;
use crate::job::Handler;
use crate::protocol::{Event, Session, plain, plain_path};
use crate::runner::{RunOptions, Watcher};
use crate::store::{Registration, Store, StoreError};

/// What is played.
#[derive(Clone, Debug)]
pub struct Play {
    /// The schedule. Its patterns are read in UTC.
    pub schedule: Schedule,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// For how long.
    pub length: TimeDelta,
    /// The folder that gets a trace of each session, if they are wanted.
    pub traces: Option<PathBuf>,
}

/// A schedule cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// There is no place for a copy of the store.
    #[error("cannot copy the store to a temporary folder: {0}")]
    Scratch(io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schedule starts sessions of handlers that are no scripts.
    #[error(
        "only scripts have virtual time, and the schedule also starts {}; name the handlers to play in each event (`handlers`), or run \
         `mobsync daemon` without --virtual",
        names.join(", ")
    )]
    RealTime {
        /// Their names.
        names: Vec<String>,
    },
    /// The folder for the traces cannot be made.
    #[error("{}: cannot make this folder: {error}", plain_path(folder))]
    Traces {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        error: io::Error,
    },
}

/// Plays the schedule: sessions of scripts are run, each in its own virtual time, which is added to that of the schedule. The store
/// stays as it is: what the sessions would change is changed in a copy of it. The same schedule, store and scripts give the same
/// lines and the same traces every time. `say` gets each line and its time. False if a session failed or could not be run.
///
/// # Errors
/// When the store cannot be copied, or a handler that the schedule starts is no script.
pub fn play(store: &Store, play: &Play, say: &mut dyn FnMut(DateTime<Utc>, &str)) -> Result<bool, PlayError> {
    let folder = tempfile::tempdir().map_err(PlayError::Scratch)?;
    let store = store.scratch_copy(folder.path())?;
    let names = in_real_time(&store, &play.schedule)?;
    if !names.is_empty() {
        return Err(PlayError::RealTime { names });
    }
    if let Some(folder) = &play.traces {
        let failed = |error| PlayError::Traces { folder: folder.clone(), error };
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let until = play.from.checked_add_signed(play.length).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let schedule = Schedule { zone: Zone::Utc, ..play.schedule.clone() };
    // What is due when it begins is played, too.
    let mut agenda = Agenda::new(schedule, play.from - TimeDelta::nanoseconds(1));
    let (mut now, mut number, mut well) = (play.from, 0_u32, true);
    let next = |agenda: &Agenda| agenda.next().filter(|time| *time < until);
    loop {
        let Some(due) = agenda.take() else {
            let Some(time) = next(&agenda) else { return Ok(well) };
            now = now.max(time);
            agenda.advance(now).iter().for_each(|told| say(now, &told_line(told)));
            continue;
        };
        number += 1;
        say(now, &begins(&due, now));
        let trace = play.traces.as_ref().map(|folder| trace_file(folder, number, &due));
        let mut ended = Ended::default();
        let options = RunOptions::default();
        let request = Request::default();
        let how = How {
            options: &options,
            only_scripts: true,
            trace: trace.as_deref(),
            request: &request,
            open: &Handler::of_registration,
        };
        let ends = run_event(&store, &due.what, &how, &mut ended);
        let end = now + TimeDelta::nanoseconds(i64::try_from(ended.at_ns).unwrap_or(i64::MAX));
        // What is due meanwhile waits.
        while let Some(time) = next(&agenda).filter(|time| *time <= end) {
            let time = time.max(now);
            agenda.advance(time).iter().for_each(|told| say(time, &told_line(told)));
        }
        now = end;
        let is_well = |end: &Synchronized| !end.has_errors && !end.results.failed && end.broke_off.is_none();
        well &= ends.iter().all(|ended| ended.end.as_ref().is_ok_and(is_well));
        lines(&due.what, &ends).iter().for_each(|line| say(now, line));
    }
}

/// The handlers that the schedule starts and that are no scripts, by name. What cannot be started is said when it is due.
fn in_real_time(store: &Store, schedule: &Schedule) -> Result<Vec<String>, StoreError> {
    let is_started = |one: &Registration| {
        let names_it = |word: &String| one.description.as_ref() == Some(word) || word.parse() == Ok(one.clsid);
        schedule.events.iter().any(|due| match due.handlers.as_slice() {
            [] => is_for(one, due.event.sync_event()),
            words => words.iter().any(names_it),
        })
    };
    let is_real = |one: &Registration| Handler::of_registration(one).is_ok_and(|handler| !handler.is_scripted());
    let handlers = store.handlers()?.handlers;
    Ok(handlers
        .iter()
        .filter(|one| is_started(one) && is_real(one))
        .map(|one| plain(&one.name()).into_owned())
        .collect())
}

/// The file for the trace of a session.
fn trace_file(folder: &Path, number: u32, due: &Due) -> PathBuf {
    folder.join(format!("{number:04}-{}.jsonl", due.what.event.name()))
}

/// That the sessions of an event begin.
pub(super) fn begins(due: &Due, now: DateTime<Utc>) -> String {
    let name = due.what.event.name();
    let waited = now - due.at;
    if waited < TimeDelta::milliseconds(1) {
        format!("{name}: begins")
    } else {
        format!("{name}: begins; it was due at {}", time_text(due.at))
    }
}

/// What there is to say of a schedule.
pub(super) fn told_line(told: &Told) -> String {
    match told {
        Told::Waits(due) => {
            format!("{}: due again while it still waits for its turn; it runs once", due.what.event.name())
        }
        Told::Missed { due, times } => {
            let follows = match due.what.missed {
                super::Missed::Run => "it runs now",
                super::Missed::Tell => "it does not run",
            };
            let often = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            format!("{}: missed {often}, last at {}; {follows}", due.what.event.name(), time_text(due.at))
        }
    }
}

/// A time, as it is written.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Sees when the sessions of an event, which run one after the other, ended in their own time.
#[derive(Default)]
struct Ended {
    before_ns: u64,
    at_ns: u64,
}

impl Watcher for Ended {
    fn started(&mut self, _: Controls) {}

    fn event(&mut self, event: &Event, _: &Session) {
        self.at_ns = self.at_ns.max(self.before_ns.saturating_add(event.at_ns));
    }

    fn ended(&mut self) {
        self.before_ns = self.at_ns;
    }
}
