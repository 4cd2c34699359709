//! Runs a session in a worker, and receives its events.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::channel::{Channel, SharedFile};
use super::mark::Mark;
use super::member;
use super::output::{Output, let_exception_out, reported};
use super::process::{Launch, Leash};
use super::received::{GivenUp, WorkerSession};
use super::steer::{Steer, SteeredWorker};
use super::worker::WorkerJob;
use super::{Handler, HandlerSpec, JobEnd, Terms};
use crate::handler::CreateError;
use crate::host::{Act, Controller, Controls, Drain};
use crate::protocol::HandlerId;

/// How often the ring is emptied.
pub(super) const TICK: Duration = Duration::from_millis(2);

/// The same for a session that stands still after every event.
const STEERED_TICK: Duration = Duration::from_micros(100);

/// How much longer than its own limits a worker is waited for.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How long a worker may take until it has begun: Wine may have to be started.
const BEGINNING: Duration = Duration::from_secs(60);

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
struct Reach(Arc<Channel>, Mutex<()>);

impl Controller for Reach {
    fn cancel_all(&self) {
        self.0.want_all_stopped();
    }

    fn leave(&self) {
        self.0.want_to_leave();
    }

    /// The worker has one instance that the user can see.
    fn act(&self, _: HandlerId, act: Act) {
        let _one_at_a_time = self.1.lock();
        self.0.act(act);
    }
}

/// As [`in_process`](super::in_process), in a worker: nothing of the handler is loaded into this process, and a handler that
/// crashes, hangs or ends its process is an event like another. When the session is over, the worker and all that it
/// started are gone.
///
/// With `steer`, the session stands still after every event until that says how it goes on.
///
/// # Errors
/// When the worker cannot be started, or the instance cannot be created.
pub fn isolated(
    workers: &Workers,
    handler: &Handler,
    terms: &Terms,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
    steer: Option<&mut dyn Steer>,
) -> Result<JobEnd, CreateError> {
    isolated_in(workers, handler, terms, started, drain, steer.map_or(Company::Alone, Company::Steered))
}

/// Whom a session in a worker has to do with, beside its handler.
pub(super) enum Company<'a> {
    /// Nobody.
    Alone,
    /// Somebody who says after every event how it goes on.
    Steered(&'a mut dyn Steer),
    /// The sessions of other handlers.
    Among(&'a mut dyn Membership),
}

/// A session that is one of several, each in a worker of its own.
pub(super) trait Membership {
    /// When the session of all began, by the wall clock, in nanoseconds since 1970.
    fn since(&self) -> u64;
    /// The worker is there.
    fn begins(&mut self, channel: &Arc<Channel>);
    /// Whether the handler may show a dialog now.
    fn may_show_dialog(&mut self) -> bool;
    /// What the worker had written at that time was received.
    fn looked(&mut self, at: Instant);
}

/// As [`isolated`], in this company.
pub(super) fn isolated_in(
    workers: &Workers,
    handler: &Handler,
    terms: &Terms,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
    mut company: Company<'_>,
) -> Result<JobEnd, CreateError> {
    let _span = tracing::debug_span!("job", handler = ?handler.name()).entered();
    let error = |why: String| CreateError { handler: handler.name(), why };
    let spec =
        handler.spec().ok_or_else(|| error("it is this program's own; only this process can drive it".to_owned()))?;
    let launch = Launch::prepare(workers, spec).map_err(error)?;
    let job = WorkerJob {
        handler: launch.spec_there(spec),
        terms: terms.clone(),
        steered: matches!(company, Company::Steered(_)),
        member_since: match &company {
            Company::Among(membership) => Some(membership.since()),
            Company::Alone | Company::Steered(_) => None,
        },
    };
    let job = serde_json::to_vec(&job).map_err(|why| error(format!("cannot be sent to a worker: {why}")))?;
    let (channel, file) = Channel::new(&job)
        .map_err(|why| error(format!("cannot allocate memory to share with a worker: {}", no_memory(&why))))?;
    let channel = Arc::new(channel);
    if let Company::Among(_) = &company {
        // Until the others have come so far.
        channel.forbid(member::ALL);
    }
    let mark = Mark::new();
    // Before there is a worker: whoever wants to hear signals hears those that come from now on.
    started(Controls::new(Arc::new(Reach(Arc::clone(&channel), Mutex::new(())))));
    let start = || {
        let worker = Running::start(&launch, spec, &file, mark)?;
        // Elsewhere the worker says it, and under Wine nobody does: there it has another number.
        #[cfg(windows)]
        channel.is_worker(worker.leash.pid());
        Ok(worker)
    };
    let mut worker = start().map_err(error)?;
    let _worker = tracing::info_span!("worker", pid = worker.leash.pid()).entered();
    tracing::info!("worker started");

    let mut session = WorkerSession::new(handler, terms, launch.exe());
    let steered = SteeredWorker(Arc::clone(&channel));
    match &mut company {
        Company::Alone => {}
        Company::Steered(steer) => steer.begins(steered.clone(), session.recording()),
        Company::Among(membership) => membership.begins(&channel),
    }
    let longest_ns = terms.limits.timeout_ns.max(terms.limits.blocking_ns).max(terms.longest_hold_ns());
    let limit = Duration::from_nanos(longest_ns).saturating_add(GRACE);
    let begun = Instant::now();
    let mut heard = begun;
    // Once something has come, what the memory says of the worker's beginning may be the handler's writing.
    let mut came = false;
    // The worker keeps it itself, unless the handler keeps it from that.
    let session_limit = terms.session_ns.map(|limit| Duration::from_nanos(limit).saturating_add(2 * GRACE));
    let tick = if let Company::Steered(_) = company { STEERED_TICK } else { TICK };
    let mut given_up = None;
    let mut tries = 1;
    let status = loop {
        let ended = worker.told.recv_timeout(tick);
        let looked = Instant::now();
        match session.receive(&channel, drain) {
            Ok(true) => (heard, came) = (Instant::now(), true),
            Ok(false) => {}
            Err(_) => {
                tracing::warn!("the ring is corrupt: something wrote into it");
                given_up = Some(GivenUp::Corrupt);
            }
        }
        match &mut company {
            Company::Alone => {}
            Company::Steered(steer) => {
                for (call, why) in session.refused.drain(..) {
                    steer.refused(&call, why);
                }
                match session.stop.take() {
                    Some(stop) => {
                        steered.go_on(stop, &steer.stands_still());
                        heard = Instant::now();
                    }
                    None => steer.idle(),
                }
            }
            Company::Among(membership) => {
                if let Some(question) = session.stop.take() {
                    steered.go_on(question, &member::answer(membership.may_show_dialog()));
                    heard = Instant::now();
                }
                membership.looked(looked);
            }
        }
        match ended {
            Ok(status) => {
                let never_began = launch.opens_path() && !came && !channel.is_opened() && !channel.is_refused();
                if !never_began || given_up.is_some() || tries == MOST_TRIES {
                    break status.ok();
                }
                // Nothing of the handler was there yet.
                tracing::warn!(tries, ?status, "the worker did not begin, and is started again");
                tries += 1;
                worker.leash.end_rest(status.as_ref().ok(), channel.worker());
                launch.again().map_err(error)?;
                worker = start().map_err(error)?;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break None,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        let silent = heard.elapsed();
        if session.runs_destructors() {
            worker.leash.wake();
        }
        let has_begun = channel.is_opened() || !launch.opens_path();
        let is_silent = match session.runs_destructors() {
            true => silent > Duration::from_nanos(terms.limits.timeout_ns).saturating_add(GRACE),
            // A worker that is to stop, and neither does nor says anything, is not waited for either.
            false => {
                silent > if has_begun { limit } else { BEGINNING }
                    && (session.is_owed_something() || channel.wishes() != (false, false))
            }
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
            worker.leash.end();
        }
    };
    worker.leash.end_rest(status.as_ref(), channel.worker());
    tracing::info!(?status, "worker ended");
    match session.receive(&channel, drain) {
        Ok(new) => came |= new,
        Err(_) => given_up = Some(GivenUp::Corrupt),
    }
    let may_not_have_begun = !came && given_up.is_none();
    let output = worker.output.end();
    launch.is_over();
    if may_not_have_begun && channel.is_refused() {
        return Err(error(launch.other_build(spec)));
    }
    if launch.opens_path() && !came && !channel.is_opened() {
        return Err(error(launch.did_not_begin(status.as_ref(), output)));
    }
    if session.done.is_none() {
        session.reported = output.as_deref().and_then(reported);
        session.let_exception_out = launch.exe().is_some() && output.as_deref().is_some_and(let_exception_out);
        session.ended_early(&channel, status.as_ref(), given_up, drain);
    } else if session.runs_destructors() {
        session.unloaded(&channel, status.as_ref(), given_up, terms.probes(), drain);
    }
    session.into_end(output, error)
}

/// How often a worker is started that ends before it has opened the shared file, as happens under Wine on a busy machine.
const MOST_TRIES: u32 = 3;

/// A worker that was started.
struct Running {
    leash: Leash,
    output: Output,
    /// How it ended.
    told: mpsc::Receiver<std::io::Result<ExitStatus>>,
}

impl Running {
    fn start(launch: &Launch<'_>, spec: &HandlerSpec, file: &SharedFile, mark: Mark) -> Result<Self, String> {
        let mut worker = launch.start(spec, file, mark)?;
        let mut leash = worker.leash(mark);
        let output = Output::new();
        worker.pass_on(&output);
        let (tell, told) = mpsc::channel();
        // It ends when the child does.
        let waits = move || drop(tell.send(worker.wait()));
        let waits = std::thread::Builder::new().name("worker".to_owned()).spawn(waits);
        if let Err(why) = waits {
            leash.end();
            return Err(format!("cannot start a thread to wait for a worker: {why}"));
        }
        Ok(Self { leash, output, told })
    }
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
