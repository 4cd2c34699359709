//! Holds a session in a worker, and hears of it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use nix::sys::signal::kill;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

#[cfg(target_os = "linux")]
use super::HandlerSpec;
use super::assemble::Outcomes;
use super::channel::{BATCHES, Channel, RecordKind};
use super::mark::{CHANNEL, MARK};
use super::output::{Output, reported};
use super::wine_worker::{
    WineWorker, channel_of_wine, did_not_begin, is_for_wine, let_exception_out, spec_under_wine, wine_is_there,
};
use super::worker::{Done, PlanNews, WorkerJob};
use super::{Handler, Launched, Terms, logging, stack};
use crate::handler::CreateError;
use crate::handler::children;
#[cfg(target_os = "linux")]
use crate::handler::com::Sanitizer;
use crate::handler::com::{Crash, crash};
use crate::host::{self, Controller, Controls, Drain, Ran};
use crate::protocol::{
    CallMethod, Crashed, Created, Event, EventKind, HandlerId, Instance, Note, Session, Stack, Text, Thread, TimedOut,
    Unloaded, WaitingFor, plain_path,
};

/// How often the ring is emptied.
const TICK: Duration = Duration::from_millis(2);

/// How much longer than its own limits a worker is waited for.
const GRACE: Duration = Duration::from_secs(2);

/// How long a worker may take until it has begun: Wine may have to be started.
const BEGINNING: Duration = Duration::from_secs(60);

/// How long a guardian may take to end everything before it is ended itself.
#[cfg(target_os = "linux")]
const GUARDIAN_TIME: Duration = Duration::from_secs(8);

/// How workers are started.
#[derive(Clone, Debug)]
pub struct Workers {
    /// The program that becomes a worker when it is called with the argument `worker`.
    pub program: PathBuf,
}

impl Workers {
    /// This program.
    ///
    /// # Errors
    /// When the system does not say where it is.
    pub fn of_this_program() -> std::io::Result<Self> {
        std::env::current_exe().map(|program| Self { program })
    }
}

/// Reaches into a worker.
struct Reach(Arc<Channel>);

impl Controller for Reach {
    fn cancel_all(&self) {
        self.0.want_all_stopped();
    }

    fn leave(&self) {
        self.0.want_to_leave();
    }
}

/// As [`in_process`](super::in_process), in a worker: nothing of the handler is loaded into this process, and a handler that
/// crashes, hangs or ends its process is an event like another. When the session is over, the worker and all that it
/// started are gone.
///
/// # Errors
/// When the worker cannot be started, or the instance cannot be created.
pub fn isolated(
    workers: &Workers,
    handler: &Handler,
    terms: &Terms,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<Launched, CreateError> {
    let _span = tracing::debug_span!("job", handler = ?handler.name()).entered();
    let error = |why: String| CreateError { handler: handler.name(), why };
    let spec =
        handler.spec().ok_or_else(|| error("it is this program's own; only this process can drive it".to_owned()))?;
    let wine = is_for_wine(spec).then(WineWorker::prepare).transpose().map_err(error)?;
    let job = WorkerJob {
        handler: wine.as_ref().map_or_else(|| spec.clone(), |_| spec_under_wine(spec)),
        terms: terms.clone(),
    };
    let job = serde_json::to_vec(&job).map_err(|why| error(format!("cannot be sent to a worker: {why}")))?;
    let (channel, file) = Channel::new(&job)
        .map_err(|why| error(format!("cannot allocate memory to share with a worker: {}", no_memory(&why))))?;
    let channel = Arc::new(channel);
    let mark = mark();
    // Before there is a worker: whoever wants to hear signals hears those that come from now on.
    started(Controls::new(Arc::new(Reach(Arc::clone(&channel)))));
    let mut command = Command::new(&workers.program);
    // Wine opens the file by the path that the system has for it, as long as it is open here.
    let _open = match &wine {
        None => {
            command.arg("worker").stdin(file);
            None
        }
        Some(wine) => {
            command = wine.command(workers);
            command.env(CHANNEL, channel_of_wine(&file)).stdin(Stdio::null());
            Some(file)
        }
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.env(MARK, &mark);
    command.envs(logging::of_workers());
    #[cfg(target_os = "linux")]
    let started = if let HandlerSpec::Com { library, .. } = spec
        && let Some(sanitizer) = Sanitizer::of(library)
    {
        let environment = sanitizer.environment().map_err(|why| error(format!("{}: {why}", plain_path(library))))?;
        tracing::info!(%sanitizer, "the worker starts with the runtime of the library's sanitizer");
        command.envs(environment);
        sanitizer.starting(|| children::start(&mut command))
    } else {
        children::start(&mut command)
    };
    #[cfg(not(target_os = "linux"))]
    let started = children::start(&mut command);
    let mut child =
        started.map_err(|why| error(format!("cannot start a worker ({}): {why}", plain_path(&workers.program))))?;
    let worker = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
    let mut ending = None;
    let _worker = tracing::info_span!("worker", pid = child.id()).entered();
    tracing::info!("worker started");
    let output = Output::new();
    output.pass_on(child.stdout.take());
    output.pass_on(child.stderr.take());
    let (tell, told) = mpsc::channel();
    // It ends when the child does.
    let waits = std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
        let ended = child.wait();
        children::is_gone(child.id());
        drop(tell.send(ended));
    });
    if let Err(why) = waits {
        end(worker, &mark, &mut ending);
        return Err(error(format!("cannot start a thread to wait for a worker: {why}")));
    }

    let mut session = WorkerSession::new(handler, terms, wine.as_ref().map(WineWorker::exe));
    let longest_ns = terms.limits.timeout_ns.max(terms.limits.blocking_ns).max(terms.longest_hold_ns());
    let limit = Duration::from_nanos(longest_ns).saturating_add(GRACE);
    let begun = Instant::now();
    let mut heard = begun;
    // The worker keeps it itself, unless the handler keeps it from that.
    let session_limit = terms.session_ns.map(|limit| Duration::from_nanos(limit).saturating_add(2 * GRACE));
    let mut given_up = None;
    let status = loop {
        let ended = told.recv_timeout(TICK);
        match session.receive(&channel, drain) {
            Ok(true) => heard = Instant::now(),
            Ok(false) => {}
            Err(_) => {
                tracing::warn!("the ring is corrupt: something wrote into it");
                given_up = Some(GivenUp::Corrupt);
            }
        }
        match ended {
            Ok(status) => break status.ok(),
            Err(mpsc::RecvTimeoutError::Disconnected) => break None,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        let silent = heard.elapsed();
        if session.runs_destructors() {
            // A guardian that the handler stopped would not say how the worker ends.
            #[cfg(target_os = "linux")]
            let _ = kill(worker, Signal::SIGCONT);
        }
        let has_begun = channel.is_opened() || wine.is_none();
        let is_silent = match session.runs_destructors() {
            true => silent > Duration::from_nanos(terms.limits.timeout_ns).saturating_add(GRACE),
            false => silent > if has_begun { limit } else { BEGINNING } && session.is_owed_something(),
        };
        if given_up.is_none() && session_limit.is_some_and(|limit| begun.elapsed() > limit) {
            given_up = Some(GivenUp::Endless(begun.elapsed()));
        }
        let is_done = session.done.is_some() && !session.runs_destructors();
        if is_done || given_up.is_some() || is_silent {
            if !is_done && given_up.is_none() {
                tracing::info!(?silent, "time-out: the worker is silent, and is ended");
                given_up = Some(GivenUp::Silent(silent));
            }
            end(worker, &mark, &mut ending);
        }
    };
    // A guardian that was killed has not ended what the worker started.
    if cfg!(not(target_os = "linux")) || status.as_ref().is_none_or(|status| status.signal() == Some(9)) {
        let _ = killpg(worker, Signal::SIGKILL);
        end_marked(&mark, channel.worker());
        #[cfg(target_os = "linux")]
        children::end_adopted(GRACE);
    }
    tracing::info!(?status, "worker ended");
    if session.receive(&channel, drain).is_err() {
        given_up = Some(GivenUp::Corrupt);
    }
    let output = output.end();
    if wine.is_some() {
        wine_is_there();
        if !channel.is_opened() {
            return Err(error(did_not_begin(status.as_ref(), output)));
        }
    }
    if session.done.is_none() {
        session.reported = output.as_deref().and_then(reported);
        session.let_exception_out = wine.is_some() && let_exception_out(output.as_deref());
        session.ended_early(&channel, status.as_ref(), given_up, drain);
    } else if session.runs_destructors() {
        session.unloaded(&channel, status.as_ref(), given_up, terms.probes(), drain);
    }
    session.into_launched(output, error)
}

/// What keeps memory from being shared, and what to do.
fn no_memory(why: &std::io::Error) -> String {
    match why.kind() {
        ErrorKind::FileTooLarge => {
            format!("{why}; it counts as a file, and the limit of file sizes (ulimit -f) is below 17 MiB: raise it")
        }
        _ => why.to_string(),
    }
}

fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.to_string())
}

/// Something that no other session of any process is marked with.
fn mark() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Ends a worker and all that it started. Called until the worker is gone.
fn end(worker: Pid, mark: &str, first: &mut Option<Instant>) {
    let since = first.get_or_insert_with(Instant::now).elapsed();
    // Whoever is gone already is no error.
    #[cfg(target_os = "linux")]
    if since < GUARDIAN_TIME {
        // The guardian ends all; one that the handler stopped goes on.
        let _ = kill(worker, super::guardian::END);
        let _ = kill(worker, Signal::SIGCONT);
        return;
    }
    let _ = since;
    let _ = killpg(worker, Signal::SIGKILL);
    end_marked(mark, None);
}

/// Ends what bears the mark in its environment: a process of the handler's that left its group and its parents, where no
/// guardian is there to end it. Waits until all of them are gone, and the worker as well, which ends with its guardian.
fn end_marked(mark: &str, worker: Option<i32>) {
    #[cfg(target_os = "linux")]
    {
        let begun = Instant::now();
        let variable = format!("{MARK}={mark}");
        // One that is found may have started another one just before.
        let mut ending: Vec<i32> = worker.into_iter().collect();
        while begun.elapsed() < GRACE {
            let marked = super::processes::all().filter(|process| process.has_variable(&variable));
            let marked: Vec<i32> = marked.map(|process| process.pid).collect();
            ending.retain(|pid| !super::processes::has_ended(*pid));
            if marked.is_empty() && ending.is_empty() {
                break;
            }
            for pid in marked {
                tracing::info!(pid, "a process that the handler left behind is ended");
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                ending.push(pid);
            }
            std::thread::sleep(TICK);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (mark, worker);
}

/// Why a worker was ended before it was done.
#[derive(Clone, Copy, Debug)]
enum GivenUp {
    /// It owed something, and said nothing for so long.
    Silent(Duration),
    /// The session has used up its limit.
    Endless(Duration),
    /// What it shares with its parent makes no sense.
    Corrupt,
}

/// A worker's session, as its parent receives it.
pub(super) struct WorkerSession {
    name: String,
    native: bool,
    session: Session,
    outcomes: Outcomes,
    parts: Vec<u8>,
    next_seq: u64,
    at_ns: u64,
    done: Option<Done>,
    /// The worker's program, where it ran under Wine.
    exe: Option<&'static Path>,
    /// What a sanitizer has found.
    reported: Option<String>,
    /// The worker said that an exception came out of a method.
    let_exception_out: bool,
    /// For which instance each thread called back last.
    called_back: BTreeMap<Thread, HandlerId>,
}

impl WorkerSession {
    pub(super) fn new(handler: &Handler, terms: &Terms, exe: Option<&'static Path>) -> Self {
        let outcomes = Outcomes::of(terms);
        let (name, native) = (handler.name(), handler.is_native());
        Self {
            name,
            native,
            session: Session::default(),
            outcomes,
            parts: Vec::new(),
            next_seq: 1,
            at_ns: 0,
            done: None,
            exe,
            reported: None,
            let_exception_out: false,
            called_back: BTreeMap::new(),
        }
    }

    /// Takes all that has come; false when that is nothing. An error when it makes no sense.
    fn receive(&mut self, channel: &Channel, drain: &mut dyn Drain) -> Result<bool, super::channel::Corrupt> {
        let mut any = false;
        // As often as empties a full ring: whoever writes faster than this reads does not keep it here.
        for _ in 0..=BATCHES {
            if !self.receive_batch(channel, drain)? {
                break;
            }
            any = true;
        }
        Ok(any)
    }

    /// Takes what a worker that is gone has left, and says how it ended.
    pub(super) fn receive_last(&mut self, channel: &Channel, drain: &mut dyn Drain) {
        let corrupt = self.receive(channel, drain).is_err();
        if self.done.is_none() {
            self.ended_early(channel, None, corrupt.then_some(GivenUp::Corrupt), drain);
        }
    }

    /// As [`WorkerSession::receive`], a part of it: what is unpacked is several times as large, and must not be all there at once.
    fn receive_batch(&mut self, channel: &Channel, drain: &mut dyn Drain) -> Result<bool, super::channel::Corrupt> {
        let mut events = Vec::new();
        let mut sense = true;
        let (mut parts, mut next_seq) = (std::mem::take(&mut self.parts), self.next_seq);
        let any = channel.read(&mut parts, |kind, bytes| match kind {
            RecordKind::Event => match host::unpack(&bytes, next_seq) {
                Some(new) => {
                    next_seq += new.len() as u64;
                    events.extend(new);
                }
                None => sense = false,
            },
            RecordKind::Plan => match serde_json::from_slice(&bytes) {
                Ok(news) => self.take(news),
                Err(_) => sense = false,
            },
            RecordKind::Done => self.done = serde_json::from_slice(&bytes).ok(),
            RecordKind::Part => {}
        });
        (self.parts, self.next_seq) = (parts, next_seq);
        if !events.is_empty() {
            self.pass(events, drain);
        }
        if sense { any } else { Err(super::channel::Corrupt) }
    }

    fn pass(&mut self, events: Vec<Event>, drain: &mut dyn Drain) {
        for event in &events {
            self.session.apply(event);
            self.at_ns = event.at_ns;
            if matches!(event.kind, EventKind::Callback { .. }) {
                match self.called_back.get_mut(&event.thread) {
                    Some(handler) => *handler = event.handler,
                    None => drop(self.called_back.insert(event.thread.clone(), event.handler)),
                }
            }
            // What came of the steps is what the worker's plan knows, and reports; what nearly happened is in the events.
            if let Some(steps) = self.outcomes.steps.as_ref().filter(|_| event.handler == HandlerId::FIRST) {
                steps.remember(event, &self.session);
            }
        }
        drain.events(events, &self.session);
    }

    fn take(&self, news: PlanNews) {
        if let (Some(steps), Some(news)) = (&self.outcomes.steps, news.steps) {
            steps.take_over(news);
        }
        if let (Some(recording), Some(news)) = (&self.outcomes.recording, news.recording) {
            recording.take_over(news);
        }
    }

    /// The instance that owes a return or a completion.
    fn owing(&self) -> Option<&Instance> {
        let owes = |instance: &&Instance| instance.open_call().is_some() || instance.awaiting().is_some();
        self.session.instances().find(owes)
    }

    /// Whether the handler owes a return or a completion, so that its silence means something.
    fn is_owed_something(&self) -> bool {
        self.session.instances().next().is_none() || self.owing().is_some()
    }

    /// For which instance a thread was at work when it ended the process.
    fn instance_of(&self, thread: &Thread) -> HandlerId {
        let called = || self.session.instances().find(|instance| instance.open_call().is_some());
        let by_thread = match thread {
            thread if *thread == Thread::APARTMENT => called().map(Instance::id),
            thread => self.called_back.get(thread).copied(),
        };
        by_thread.or_else(|| self.owing().map(Instance::id)).unwrap_or(HandlerId::FIRST)
    }

    fn note(&mut self, note: Note, drain: &mut dyn Drain) {
        self.note_on(Thread::APARTMENT, HandlerId::FIRST, note, drain);
    }

    fn note_on(&mut self, thread: Thread, handler: HandlerId, note: Note, drain: &mut dyn Drain) {
        let kind = EventKind::Note(Box::new(note));
        let event = Event { seq: self.next_seq, at_ns: self.at_ns, thread, handler, kind };
        self.next_seq += 1;
        self.pass(vec![event], drain);
    }

    /// The worker is gone without a word: the handler ended it, or it was given up.
    fn ended_early(
        &mut self,
        channel: &Channel,
        status: Option<&ExitStatus>,
        given_up: Option<GivenUp>,
        drain: &mut dyn Drain,
    ) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        match given_up {
            Some(GivenUp::Silent(silent)) => self.at_ns = self.at_ns.saturating_add(nanos(silent)),
            Some(GivenUp::Endless(took)) => self.at_ns = self.at_ns.max(nanos(took)),
            Some(GivenUp::Corrupt) | None => {}
        }
        if self.session.instances().next().is_none() {
            // It did not come so far as to say that there is an instance.
            self.note(
                Note::Created(Created { name: self.name.as_str().into(), native: self.native, wire: false }),
                drain,
            );
        }
        self.say_how(channel, status, given_up, drain);
        for note in host::closing_notes(&self.session) {
            self.note(note, drain);
        }
    }

    /// The session is over, and the worker runs the library's destructors.
    fn runs_destructors(&self) -> bool {
        self.done.as_ref().is_some_and(|done| done.runs_destructors)
    }

    /// The worker has gone to its end with the library's destructors, or they kept it from that. That all was well is said only
    /// where it is asked for.
    fn unloaded(
        &mut self,
        channel: &Channel,
        status: Option<&ExitStatus>,
        given_up: Option<GivenUp>,
        asked: bool,
        drain: &mut dyn Drain,
    ) {
        let crashed = match (given_up, status.and_then(ExitStatusExt::signal)) {
            (Some(GivenUp::Silent(_)), _) => Some("stopped by mobsync at the time limit".to_owned()),
            (Some(GivenUp::Endless(_) | GivenUp::Corrupt), _) => None,
            (None, Some(number)) => Some(signal_name(number)),
            (None, None) => None,
        };
        let (memory, at) = channel.crash_place();
        if let Some(crash) = crash(memory, at).filter(|_| crashed.is_some() && given_up.is_none()) {
            let own = std::env::current_exe().ok();
            let frames = stack::of_maps(&crash.addresses, &crash.maps, own.as_deref());
            self.note(Note::Stack(Stack { event: 0, frames }), drain);
        }
        if crashed.is_some() || asked {
            let crashed = crashed.map(|how| Text::from(how.as_str()));
            self.note(Note::Unloaded(Unloaded { threads: 0, crashed }), drain);
        }
    }

    fn say_how(
        &mut self,
        channel: &Channel,
        status: Option<&ExitStatus>,
        given_up: Option<GivenUp>,
        drain: &mut dyn Drain,
    ) {
        match given_up {
            Some(GivenUp::Silent(_) | GivenUp::Endless(_)) => {
                let instance = self.owing();
                let handler = instance.map_or(HandlerId::FIRST, Instance::id);
                let open = instance.and_then(Instance::open_call).map(|method| (method, WaitingFor::Return));
                let due = instance.and_then(Instance::awaiting).map(|method| (method, WaitingFor::Completion));
                let (method, waiting_for) = open.or(due).unwrap_or((CallMethod::Initialize, WaitingFor::Creation));
                let note = Note::TimedOut(TimedOut { method, waiting_for });
                return self.note_on(Thread::APARTMENT, handler, note, drain);
            }
            Some(GivenUp::Corrupt) => {
                let what = "stopped by mobsync: the handler wrote into the memory that the worker shares with mobsync";
                let handler = self.instance_of(&Thread::UNKNOWN);
                return self.note_on(Thread::UNKNOWN, handler, Note::Crashed(Crashed { what: what.into() }), drain);
            }
            None => {}
        }
        let (memory, at) = channel.crash_place();
        // Nobody writes down who ends the process by `exit` or SIGKILL.
        let mut thread = Thread::UNKNOWN;
        let mut how = "";
        let mut words = None;
        // Nothing else ends with this signal; to look further takes long.
        let aborted = status.and_then(ExitStatus::signal) == Some(Signal::SIGABRT as i32);
        // Under Wine the place of an exception of C++ is written down when it is thrown; it matters if nobody caught it.
        let is_crash = |crash: &Crash| self.exe.is_none() || crash.words.is_some() || self.let_exception_out;
        if let Some(crash) = crash(memory, at).filter(is_crash) {
            let (frames, is_foreign) = match self.exe {
                None => {
                    let own = std::env::current_exe().ok();
                    let frames = stack::of_maps(&crash.addresses, &crash.maps, own.as_deref());
                    (frames, aborted && stack::has_foreign_exception(&crash.addresses, &crash.maps))
                }
                Some(exe) => {
                    let maps = stack::maps_of_wine(&crash.maps);
                    (stack::of_maps(&crash.addresses, &maps, Some(exe)), self.let_exception_out)
                }
            };
            words = crash.words;
            // The apartment thread has its name from the beginning, and the others when they call back.
            thread = crash.thread.unwrap_or(Thread::SILENT);
            if is_foreign {
                how = ": an exception escaped from a method";
            }
            if !frames.is_empty() {
                let handler = self.instance_of(&thread);
                self.note_on(thread.clone(), handler, Note::Stack(Stack { event: 0, frames }), drain);
            }
        }
        let what = match status {
            _ if words.is_some() => words.unwrap_or_default(),
            _ if self.let_exception_out => "the process was aborted".to_owned(),
            Some(status) => match (status.signal(), status.code()) {
                (Some(number), _) => signal_name(number),
                (None, Some(code)) => format!("the handler ended the process with exit code {code}"),
                (None, None) => "the process ended".to_owned(),
            },
            None => "the process ended".to_owned(),
        };
        let what = match &self.reported {
            Some(reported) => format!("{reported} ({what})"),
            None => format!("{what}{how}"),
        };
        let crashed = Crashed { what: what.as_str().into() };
        let handler = self.instance_of(&thread);
        self.note_on(thread, handler, Note::Crashed(crashed), drain);
    }

    fn into_launched(
        self,
        output: Option<String>,
        error: impl Fn(String) -> CreateError,
    ) -> Result<Launched, CreateError> {
        let done = self.done.unwrap_or_default();
        if let Some((_, why)) = done.not_created {
            // The library has another path under Wine.
            return Err(error(if self.exe.is_some() { why.replace("Z:/", "/") } else { why }));
        }
        let Outcomes { steps, recording } = self.outcomes;
        let ran = Ran { session: self.session, left: done.left, exhausted: done.exhausted, output };
        Ok(Launched { ran, steps, recording })
    }
}
