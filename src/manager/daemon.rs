//! The manager as a process that goes on: it starts sessions by a schedule, on the machine's clock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::agenda::{Agenda, Due};
use super::event::{EventEnd, How, lines, run_event};
use super::play::{begins, time_text, told_line};
use super::schedule::Schedule;
use super::session::Request;
use crate::host::Controls;
use crate::job::Handler;
use crate::json::{self, FileError};
use crate::protocol::{Event, ScheduledEvent, Session, plain_path};
use crate::runner::{Isolation, RunOptions, Watcher};
use crate::store::Store;

/// How long it sleeps at most: the clock may be set, and the machine may sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

/// The stack of the thread that runs sessions: steps of a script may nest.
const STACK: usize = 8 << 20;

/// What it does, in the store: a file that only its owner reads.
pub const STATE_FILE: &str = "daemon.json";

/// Locked by the process that runs.
const LOCK_FILE: &str = "daemon.lock";

/// What `mobsync daemon` does now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Daemon")]
pub struct DaemonState {
    /// `mobsync-daemon`.
    #[schemars(schema_with = "format")]
    pub format: String,
    /// The version of the format: 1.
    #[schemars(schema_with = "version")]
    pub version: u32,
    /// The number of its process.
    pub process: u32,
    /// The schedule that it follows.
    pub schedule: PathBuf,
    /// What it does.
    pub doing: Doing,
    /// What runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<DueEvent>,
    /// What is due and waits for its turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<DueEvent>,
    /// When something is due next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Until this time, all that was due has been taken care of.
    pub seen: String,
}

/// What the process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// It waits for the next event.
    Waiting,
    /// It runs the sessions of an event.
    Running,
    /// It was told to end, and the sessions that run are cancelled.
    Stopping,
    /// It has ended.
    Ended,
}

/// An event of the schedule, and when it was due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueEvent {
    /// What happens.
    pub event: ScheduledEvent,
    /// At which time it should.
    pub at: String,
}

impl From<&Due> for DueEvent {
    fn from(due: &Due) -> Self {
        Self { event: due.what.event, at: time_text(due.at) }
    }
}

fn format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": "mobsync-daemon" })
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": 1 })
}

/// The JSON Schema of the file that says what the process does.
pub fn daemon_schema() -> serde_json::Value {
    schemars::schema_for!(DaemonState).to_value()
}

/// It cannot run, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The schedule or the file with its state cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process runs by a schedule on this store.
    #[error("another `mobsync daemon` uses this store; `mobsync daemon --state` shows what it does")]
    Another,
    /// The system refuses something.
    #[error("{}: {doing}: {error}", plain_path(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What was to be done.
        doing: &'static str,
        /// The system's words.
        error: io::Error,
    },
    /// The system gives no timers or signals.
    #[error("cannot wait for times and signals: {0}")]
    System(io::Error),
}

fn io_error<'a>(path: &'a Path, doing: &'static str) -> impl FnOnce(io::Error) -> DaemonError + 'a {
    move |error| DaemonError::Io { path: path.to_owned(), doing, error }
}

/// What the process on this store does, and whether it runs; none if none ever ran.
///
/// # Errors
/// When its file is damaged.
pub fn daemon_state(store: &Store) -> Result<Option<(DaemonState, bool)>, DaemonError> {
    let path = store.folder().join(STATE_FILE);
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let text = json::read(&path)?;
    json::check_version(&text, &path)?;
    let state = json::from_json(&text, &path)?;
    let runs = match File::open(store.folder().join(LOCK_FILE)) {
        Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    };
    Ok(Some((state, runs)))
}

/// Reaches the sessions that run now.
#[derive(Clone, Default)]
struct Reach(Arc<Mutex<Reached>>);

#[derive(Default)]
struct Reached {
    controls: Option<Controls>,
    stopping: bool,
    leaving: bool,
}

impl Reach {
    /// The first time everything is cancelled through the protocol, and then the sessions are left.
    fn stop(&self) {
        let mut reached = self.0.lock();
        reached.leaving = reached.stopping;
        reached.stopping = true;
        reached.act();
    }
}

impl Reached {
    fn act(&self) {
        let Some(controls) = &self.controls else { return };
        if self.leaving {
            controls.leave();
        } else if self.stopping {
            controls.cancel_all();
        }
    }
}

impl Watcher for Reach {
    fn started(&mut self, controls: Controls) {
        let mut reached = self.0.lock();
        reached.controls = Some(controls);
        reached.act();
    }

    fn event(&mut self, _: &Event, _: &Session) {}

    fn ended(&mut self) {
        self.0.lock().controls = None;
    }
}

/// Runs by the schedule in this file until the process is told to end (SIGTERM, SIGINT): sessions that run are then cancelled
/// through the protocol, and left at the second signal. SIGHUP reads the schedule again. Events that are due while others run wait
/// for their turn. `say` gets each line and its time.
///
/// # Errors
/// When the schedule cannot be read, another process runs on this store, or the system refuses what is needed.
pub fn daemon(
    store: Store,
    schedule: &Path,
    isolation: Isolation,
    say: &mut dyn FnMut(DateTime<Utc>, &str),
) -> Result<(), DaemonError> {
    let loaded = Schedule::load(schedule)?;
    let _lock = lock(&store)?;
    let now = Utc::now();
    let before = daemon_state(&store)?.and_then(|(state, _)| state.seen.parse::<DateTime<Utc>>().ok());
    let mut running = Daemon {
        agenda: Agenda::new(loaded, before.unwrap_or(now).min(now)),
        store: Arc::new(store),
        schedule: std::path::absolute(schedule).unwrap_or_else(|_| schedule.to_owned()),
        isolation,
        reach: Reach::default(),
        running: None,
        stopping: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().thread_stack_size(STACK).build();
    runtime.map_err(DaemonError::System)?.block_on(running.serve(say))
}

/// Makes sure that no other process runs by a schedule on this store.
fn lock(store: &Store) -> Result<File, DaemonError> {
    let (folder, path) = (store.folder(), store.folder().join(LOCK_FILE));
    fs::create_dir_all(folder).map_err(io_error(folder, "cannot make this folder"))?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(io_error(&path, "cannot open this file"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DaemonError::Another),
        Err(TryLockError::Error(error)) => Err(io_error(&path, "cannot lock this file")(error)),
    }
}

struct Daemon {
    agenda: Agenda,
    store: Arc<Store>,
    schedule: PathBuf,
    isolation: Isolation,
    reach: Reach,
    running: Option<(Due, JoinHandle<Vec<EventEnd>>)>,
    stopping: bool,
}

impl Daemon {
    async fn serve(&mut self, say: &mut dyn FnMut(DateTime<Utc>, &str)) -> Result<(), DaemonError> {
        let mut signals = Signals::new().map_err(DaemonError::System)?;
        say(Utc::now(), "waiting for events; SIGTERM ends, SIGHUP reads the schedule again");
        loop {
            let now = Utc::now();
            if !self.stopping {
                self.agenda.advance(now).iter().for_each(|told| say(now, &told_line(told)));
            }
            if self.running.is_none() {
                if self.stopping {
                    break;
                }
                self.begin(now, say);
            }
            self.write_state(now, self.doing())?;
            let next = self.agenda.next().filter(|_| !self.stopping);
            let sleep = next.map_or(LONGEST_SLEEP, |next| until(next, now).min(LONGEST_SLEEP));
            tokio::select! {
                ended = ended(&mut self.running) => {
                    let now = Utc::now();
                    if let Some((due, _)) = self.running.take() {
                        lines(&due.what, &ended).iter().for_each(|line| say(now, line));
                    }
                }
                () = tokio::time::sleep(sleep) => {}
                signal = signals.next() => match signal {
                    Signal::Reload => self.reload(say),
                    Signal::Stop => {
                        let words = match (&self.running, self.stopping) {
                            (None, _) => "ending",
                            (Some(_), false) => "ending: every item of the sessions that run is cancelled",
                            (Some(_), true) => "ending: the sessions that run are left where they stand",
                        };
                        say(Utc::now(), words);
                        self.stopping = true;
                        self.reach.stop();
                    }
                },
            }
        }
        self.write_state(Utc::now(), Doing::Ended)
    }

    /// Starts the sessions of what is due first, on a thread of their own.
    fn begin(&mut self, now: DateTime<Utc>, say: &mut dyn FnMut(DateTime<Utc>, &str)) {
        let Some(due) = self.agenda.take() else { return };
        say(now, &begins(&due, now));
        let options = RunOptions { isolation: self.isolation.clone(), ..RunOptions::default() };
        let (store, what, mut reach) = (Arc::clone(&self.store), due.what.clone(), self.reach.clone());
        let sessions = tokio::task::spawn_blocking(move || {
            let request = Request::default();
            let how = How {
                options: &options,
                only_scripts: false,
                trace: None,
                request: &request,
                open: &Handler::of_registration,
            };
            run_event(&store, &what, &how, &mut reach)
        });
        self.running = Some((due, sessions));
    }

    fn reload(&mut self, say: &mut dyn FnMut(DateTime<Utc>, &str)) {
        match Schedule::load(&self.schedule) {
            Ok(schedule) => {
                self.agenda.replace(schedule);
                say(Utc::now(), "the schedule was read again");
            }
            Err(error) => say(Utc::now(), &format!("{error}; the schedule stays as it was")),
        }
    }

    fn doing(&self) -> Doing {
        match (&self.running, self.stopping) {
            (_, true) => Doing::Stopping,
            (Some(_), false) => Doing::Running,
            (None, false) => Doing::Waiting,
        }
    }

    /// Says what it does, in a file that only its owner reads.
    fn write_state(&self, now: DateTime<Utc>, doing: Doing) -> Result<(), DaemonError> {
        let state = DaemonState {
            format: "mobsync-daemon".to_owned(),
            version: 1,
            process: std::process::id(),
            schedule: self.schedule.clone(),
            doing,
            running: self.running.as_ref().map(|(due, _)| due.into()),
            waiting: self.agenda.waiting().map(DueEvent::from).collect(),
            next: self.agenda.next().map(time_text),
            seen: time_text(now),
        };
        let path = self.store.folder().join(STATE_FILE);
        let written = || {
            // Made with the permissions of a temporary file: 0600.
            let mut file = tempfile::NamedTempFile::new_in(self.store.folder())?;
            let text = json::to_string_pretty(&state).map_err(io::Error::other)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.persist(&path).map_err(|error| error.error)
        };
        written().map(drop).map_err(io_error(&path, "cannot write this file"))
    }
}

/// How long it is until then.
fn until(time: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (time - now).max(TimeDelta::zero()).to_std().unwrap_or_default()
}

/// Waits until the sessions that run have ended; for ever where none run.
async fn ended(running: &mut Option<(Due, JoinHandle<Vec<EventEnd>>)>) -> Vec<EventEnd> {
    match running {
        Some((_, sessions)) => sessions.await.unwrap_or_else(|error| {
            let why = format!("the sessions broke off: {error}");
            vec![EventEnd::failed(None, false, why)]
        }),
        None => std::future::pending().await,
    }
}

/// What another process wants.
enum Signal {
    #[cfg_attr(not(unix), allow(dead_code, reason = "only Ctrl-C is there"))]
    Reload,
    Stop,
}

#[cfg(unix)]
struct Signals {
    hangup: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
        }
    }
}

/// Here there is only Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}
