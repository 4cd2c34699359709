//! Runs one session: in this process or in a worker, with its trace written and judged as it happens.

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::Judged;
use super::files::WriteError;
use super::record::Record;
use crate::handler::CreateError;
use crate::host::break_on::BreakOn;
use crate::host::{AskUser, Controls, Left};
use crate::job::{self, Additions, Handler, JobEnd, MakeObservers, Terms};
use crate::protocol::{Event, EventKind, HandlerId, Note, Session, Thread};
use crate::rules::{Conditions, Rule};
use crate::scenario::{Recording, StepOutcomes};
use crate::trace::{self, Header, TraceError, Writer};

/// How a session is run: what does not change what happens in it.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// In which process.
    pub isolation: Isolation,
    /// Raise the debugger's trap in the thread that breaks one of these rules. Needs a session in this process.
    pub break_on: Vec<&'static Rule>,
    /// Write the trace to this file.
    pub trace: Option<PathBuf>,
    /// Write no more of the trace when it has so many bytes. The session goes on.
    pub trace_limit: Option<u64>,
    /// Asks the user of an [attended](Terms::attended) session in virtual time what they do with its results.
    pub user: Option<AskUser>,
    /// Keep the events, for a picture of the session.
    pub keep_events: bool,
}

/// In which process a session runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// In this one. A native handler that crashes ends it.
    #[default]
    None,
    /// A native handler's session runs in a worker process, which is this program, started with the argument `worker`; it
    /// must call [`worker`](crate::job::worker) then. `mobsync` does. On systems without workers, sessions run in this
    /// process.
    Native(PathBuf),
    /// As [`Native`](Self::Native), for handlers of every kind.
    All(PathBuf),
}

/// Sees a session while it runs.
pub trait Watcher {
    /// The session begins; in real time it can be reached by these controls.
    fn started(&mut self, controls: Controls) {
        let _ = controls;
    }

    /// The next event, and the session after it.
    fn event(&mut self, event: &Event, session: &Session) {
        let _ = (event, session);
    }

    /// The session is over. What is returned stands at the end of its trace, each note for the instance that it is about, and is
    /// judged with it.
    fn closing(&mut self, session: &Session) -> Vec<(HandlerId, Note)> {
        let _ = session;
        Vec::new()
    }

    /// There are no more events.
    fn ended(&mut self) {}

    /// Whether everything was stopped, so that nothing more need be begun.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Nobody watches.
impl Watcher for () {}

/// Keeps the events.
impl Watcher for Vec<Event> {
    fn event(&mut self, event: &Event, _: &Session) {
        self.push(event.clone());
    }
}

/// A session that was run and judged.
pub struct JudgedSession {
    /// The header of its trace.
    pub header: Header,
    /// What was found, and the session itself.
    pub judged: Judged,
    /// Why it was left before its end, if it was.
    pub left: Option<Left>,
    /// The script's threads did not come to an end, and were given up.
    pub exhausted: bool,
    /// What came of the scenario's steps, for each handler in turn, where there is a scenario.
    pub steps: Vec<StepOutcomes>,
    /// The handlers of a session with several that could not be started. The others ran.
    pub not_created: Vec<(HandlerId, CreateError)>,
    /// What the manager and the user did, where [`Terms::record`] asked for it.
    pub recording: Option<Recording>,
    /// Why the trace file is not whole, where one was wanted.
    pub trace_failure: Option<TraceFailure>,
}

impl JudgedSession {
    /// Why it broke off, if it did.
    pub fn broken_off(&self) -> Option<String> {
        let exhausted = self.exhausted.then_some(Left::ByUser);
        self.left.or(exhausted).map(|left| left.to_string())
    }
}

/// Why a session was not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The trace file cannot be created.
    #[error(transparent)]
    Trace(#[from] WriteError),
    /// There is no worker, or no instance of the handler.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// [`RunOptions::break_on`] with a worker.
    #[error("a debugger trap needs the handler in this process, but it runs in a worker")]
    BreakOnInWorker,
    /// [`Isolation::None`] with a library for Windows on another system.
    #[error("a library for Windows cannot be loaded into this process: its sessions need a worker, under Wine")]
    InProcessUnderWine,
}

/// Why a trace file is not whole. The session itself went on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}; the trace ends before event #{next}")]
pub struct TraceFailure {
    /// What stood in the way.
    pub error: WriteError,
    /// The number of the first event that is not in it.
    pub next: u64,
    /// It has the size that [`RunOptions::trace_limit`] allows: this was wanted.
    pub at_limit: bool,
}

/// Runs a session of the handler to its end, and judges it.
///
/// # Errors
/// When the session cannot begin. What goes wrong later is in what is returned, with all that happened until then.
pub fn run(
    handler: &Handler,
    terms: &Terms,
    options: &RunOptions,
    watcher: &mut dyn Watcher,
) -> Result<JudgedSession, RunError> {
    let Some(program) = options.isolation.worker_of(handler) else {
        if handler.needs_wine() {
            return Err(RunError::InProcessUnderWine);
        }
        let additions = Additions { ask: options.user.clone(), ..Additions::default() };
        return run_with(handler, terms, options, additions, watcher);
    };
    if !options.break_on.is_empty() {
        return Err(RunError::BreakOnInWorker);
    }
    in_worker(program, handler, terms, options, None, watcher)
}

/// As [`run`], always in this process, with a plan or observers of the caller's own.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    handler: &Handler,
    terms: &Terms,
    options: &RunOptions,
    additions: Additions<'_>,
    watcher: &mut dyn Watcher,
) -> Result<JudgedSession, RunError> {
    let header = terms.header(handler);
    let conditions = Conditions::from(&header);
    let Additions { plan, observers, explorer, ask } = additions;
    let observers: MakeObservers<'_> = Box::new(|recording| {
        let mut all = observers.map(|make| make(recording)).unwrap_or_default();
        if !options.break_on.is_empty() {
            all.push(Box::new(BreakOn::trap(options.break_on.clone(), conditions)));
        }
        all
    });
    let additions = Additions { plan, observers: Some(observers), explorer, ask };
    let watched = Watched::new(header, options, watcher)?;
    let started = |controls| watched.borrow_mut().watcher.started(controls);
    let mut drain = |events: Vec<Event>, _: &Session| watched.borrow_mut().take(events);
    let end = job::in_process_with(handler, terms, additions, started, &mut drain)?;
    Ok(watched.into_inner().end(end))
}

#[cfg(any(unix, windows))]
fn in_worker(
    program: &Path,
    handler: &Handler,
    terms: &Terms,
    options: &RunOptions,
    steer: Option<&mut dyn job::Steer>,
    watcher: &mut dyn Watcher,
) -> Result<JudgedSession, RunError> {
    let workers = job::Workers { program: program.to_owned() };
    let watched = Watched::new(terms.header(handler), options, watcher)?;
    let started = |controls| watched.borrow_mut().watcher.started(controls);
    let mut drain = |events: Vec<Event>, _: &Session| watched.borrow_mut().take(events);
    let end = match handler.members() {
        [_] => job::isolated(&workers, handler, terms, started, &mut drain, steer)?,
        _ => job::in_workers(&workers, handler, terms, started, &mut drain)?,
    };
    Ok(watched.into_inner().end(end))
}

/// As [`run`], always in a worker, whose session stands still after every event until `steer` says how it goes on.
///
/// # Errors
/// As [`run`].
#[cfg(any(unix, windows))]
pub fn run_steered(
    program: &Path,
    handler: &Handler,
    terms: &Terms,
    options: &RunOptions,
    steer: &mut dyn job::Steer,
    watcher: &mut dyn Watcher,
) -> Result<JudgedSession, RunError> {
    in_worker(program, handler, terms, options, Some(steer), watcher)
}

/// There are no workers on this system: [`Isolation::worker_of`] names none.
#[cfg(not(any(unix, windows)))]
fn in_worker(
    _: &Path,
    handler: &Handler,
    terms: &Terms,
    options: &RunOptions,
    _: Option<&mut dyn job::Steer>,
    watcher: &mut dyn Watcher,
) -> Result<JudgedSession, RunError> {
    run_with(handler, terms, options, Additions::default(), watcher)
}

impl Isolation {
    /// The program that runs the handler's sessions, if that is another process.
    fn worker_of(&self, handler: &Handler) -> Option<&Path> {
        match self {
            _ if cfg!(not(any(unix, windows))) => None,
            // Several scripts share a virtual clock, so they share a process.
            Self::All(_) if handler.members().len() > 1 && handler.is_scripted() => None,
            Self::Native(program) if handler.is_native() => Some(program),
            Self::All(program) => Some(program),
            _ => None,
        }
    }
}

/// A session that runs: its trace is written, it is judged, and it is watched.
struct Watched<'a> {
    header: Header,
    record: Record,
    watcher: &'a mut dyn Watcher,
}

impl<'a> Watched<'a> {
    fn new(header: Header, options: &RunOptions, watcher: &'a mut dyn Watcher) -> Result<RefCell<Self>, WriteError> {
        let record = Record::begin(&header, options)?;
        Ok(RefCell::new(Self { header, record, watcher }))
    }

    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            self.record.take(event, |event, session| self.watcher.event(event, session));
        }
    }

    fn end(mut self, JobEnd { ran, steps, recording }: JobEnd) -> JudgedSession {
        let (seq, at_ns) = self.record.last;
        let closing = self.watcher.closing(self.record.judged.session()).into_iter().zip(seq + 1..);
        let closing = closing.map(|((handler, note), seq)| {
            let kind = EventKind::Note(Box::new(note));
            Event { seq, at_ns, thread: Thread::APARTMENT, handler, kind }
        });
        self.take(closing.collect());
        let Self { header, record: Record { mut judged, trace_failure, .. }, watcher } = self;
        watcher.ended();
        judged.finish();
        judged.set_output(ran.output);
        JudgedSession {
            header,
            judged,
            left: ran.left,
            exhausted: ran.exhausted,
            steps,
            not_created: ran.not_created,
            recording,
            trace_failure,
        }
    }
}

pub(super) fn create_trace(path: &Path, header: &Header) -> Result<Writer<File>, WriteError> {
    trace::create_file(path, header).map_err(|error| match error {
        TraceError::Io { kind, message, .. } => WriteError::of_kind(path, kind, message),
        error => WriteError { path: path.to_owned(), why: error.to_string() },
    })
}
