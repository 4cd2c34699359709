//! The worker: a process that holds one session, and tells its parent what happens.

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::channel::{Channel, RecordKind};
use super::run::others;
use super::terms::Planned;
use super::violations::Violations;
use super::{Handler, HandlerSpec, Opened, Terms, stack};
use crate::handler::CreateError;
use crate::handler::com::{AskableThread, use_another_stack, write_crashes_to};
use crate::host::{self, ApartmentObserver, Instruction, Job, Outlet, Plan, RealTimeOptions, View};
use crate::protocol::{Call, Callback, Event, HResult, Note, Refusal, Session, Text, Thread, Wish};
use crate::rules::Conditions;
use crate::scenario::{self, Recording, StepCame, Steps};
use crate::time::{Scheduler, SeededChoice};

/// What a worker is to do.
#[derive(Serialize, Deserialize)]
pub(super) struct WorkerJob {
    pub(super) handler: HandlerSpec,
    pub(super) terms: Terms,
}

/// What came of the plan so far.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanNews {
    pub(super) steps: Option<Vec<StepCame>>,
    pub(super) recording: Option<Vec<scenario::Step>>,
}

/// How the session ended.
#[derive(Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) left: bool,
    pub(super) exhausted: bool,
    /// The instance could not be created: the handler, and why.
    pub(super) not_created: Option<(String, String)>,
}

/// How often a worker looks for what its parent wants.
const LOOK: Duration = Duration::from_millis(10);

/// How long callbacks are heard when the session is over.
const LINGER: Duration = Duration::from_millis(20);

/// How long a hung thread may take to say what it does.
const ASK: Duration = Duration::from_millis(500);

/// Runs the session that standard input, a file that is shared with the parent, asks for. Never returns.
pub fn worker() -> ! {
    let code = match run() {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("mobsync worker: {why}");
            2
        }
    };
    // Nothing of the handler runs any more: its library is still loaded, and its threads may still be there.
    crate::handler::com::leave_process(code)
}

fn run() -> Result<(), String> {
    let file = File::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string())?);
    let channel: &'static Channel = Box::leak(Box::new(Channel::open(&file).map_err(|error| error.to_string())?));
    drop(file);
    end_with_parent();
    if let Ok(nothing) = File::open("/dev/null") {
        // A handler that reads standard input finds its end.
        let _ = nix::unistd::dup2_stdin(nothing);
    }
    let job: WorkerJob = serde_json::from_slice(&channel.job()).map_err(|error| format!("the job: {error}"))?;
    let (memory, at) = channel.crash_place();
    write_crashes_to(memory, at, crate::time::name_of_crashed_thread);

    let handler = job.handler.open().map_err(|error| error.to_string())?;
    let ended = hold(&handler, &job.terms, channel);
    let done = match ended {
        Ok(ran) => Done { left: ran.left, exhausted: ran.exhausted, not_created: None },
        Err(CreateError { handler, why }) => Done { left: false, exhausted: false, not_created: Some((handler, why)) },
    };
    tell(channel, RecordKind::Done, &done);
    Ok(())
}

/// The parent's end is this process's end.
fn end_with_parent() {
    #[cfg(target_os = "linux")]
    {
        let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    }
}

/// Whether nobody reads any more.
fn is_orphan() -> bool {
    nix::unistd::getppid().as_raw() == 1
}

fn tell<T: Serialize>(channel: &Channel, kind: RecordKind, what: &T) {
    // What is told can be written as JSON.
    let bytes = serde_json::to_vec(what).unwrap_or_default();
    channel.write(kind, &bytes, is_orphan);
}

fn hold(handler: &Handler, terms: &Terms, channel: &'static Channel) -> Result<host::Ran, CreateError> {
    let Planned { plan, another, steps, recording } = terms.plan();
    let plan: Box<dyn Plan> = Box::new(Telling { inner: plan, channel, steps, recording, recorded: 0 });
    let plan = if handler.is_native() {
        Box::new(Violations::new(plan, Conditions::from(&terms.header(handler))))
    } else {
        plan
    };
    let scheduler = Scheduler::new(SeededChoice::new(terms.seed));
    let handler = handler.probed(terms.probes());
    let job = Job { factory: handler.factory(&scheduler), plan, limits: terms.limits };
    let (others, together) = others(&job, another);
    let mut outlet = RingOutlet { channel, buffer: Vec::new() };
    match handler.opened() {
        Opened::Real(_) => {
            let lookout = Arc::new(StackOfApartment::default());
            let beside = RealTimeOptions {
                outlet: Some(Box::new(outlet)),
                lookout: Some(lookout),
                linger: LINGER,
                others,
                together,
            };
            let heed = |controls| heed_parent(channel, controls);
            host::run_real_with(job, beside, heed, &mut |_: Vec<Event>, _: &Session| {})
        }
        Opened::Script(_) => {
            let mut drain =
                |events: Vec<Event>, _: &Session| events.iter().for_each(|event| outlet.record(event, None));
            host::run_virtual_with(job, others, together, &scheduler, &mut drain)
        }
    }
}

/// Does what the parent wants of the session, for as long as the process runs.
fn heed_parent(channel: &'static Channel, controls: host::Controls) {
    let heed = move || {
        let mut stopped = false;
        loop {
            let (stop, leave) = channel.wishes();
            if stop && !stopped {
                controls.cancel_all();
                stopped = true;
            }
            if leave {
                controls.leave();
                return;
            }
            std::thread::sleep(LOOK);
        }
    };
    // Without this thread the parent can still end the process.
    drop(std::thread::Builder::new().name("parent".to_owned()).spawn(heed));
}

/// Writes events into the ring.
struct RingOutlet {
    channel: &'static Channel,
    buffer: Vec<u8>,
}

impl Outlet for RingOutlet {
    fn record(&mut self, event: &Event, answer: Option<HResult>) {
        self.buffer.clear();
        host::pack(event, answer, &mut self.buffer);
        self.channel.write(RecordKind::Event, &self.buffer, is_orphan);
    }
}

/// Tells what comes of a plan, as it comes.
struct Telling {
    inner: Box<dyn Plan>,
    channel: &'static Channel,
    steps: Option<Steps>,
    recording: Option<Recording>,
    /// How many recorded steps were told.
    recorded: usize,
}

impl Telling {
    fn tell_news(&mut self) {
        let steps = self.steps.as_ref().and_then(Steps::take_news);
        let recording = self.recording.as_ref().filter(|recording| recording.len() != self.recorded);
        let recording = recording.map(Recording::steps);
        if let Some(recording) = &recording {
            self.recorded = recording.len();
        }
        if steps.is_some() || recording.is_some() {
            tell(self.channel, RecordKind::Plan, &PlanNews { steps, recording });
        }
    }
}

impl Plan for Telling {
    fn next(&mut self, view: View<'_>) -> Instruction {
        let next = self.inner.next(view);
        self.tell_news();
        next
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback) -> Wish {
        let wish = self.inner.wish(view, callback);
        self.tell_news();
        wish
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        let woken = self.inner.observe(event, session);
        self.tell_news();
        woken
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        self.inner.refused(call, why);
        self.tell_news();
    }

    fn has_notes(&self) -> bool {
        self.inner.has_notes()
    }

    fn take_notes(&mut self) -> Vec<(Thread, Note)> {
        self.inner.take_notes()
    }
}

/// Asks the apartment thread what it is doing.
#[derive(Default)]
struct StackOfApartment(Mutex<Option<AskableThread>>);

impl ApartmentObserver for StackOfApartment {
    fn enter(&self) {
        use_another_stack();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(AskableThread::current());
    }

    fn stack(&self) -> Vec<Text> {
        let thread = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        thread.map(|thread| stack::of_this_process(&thread.frames(ASK))).unwrap_or_default()
    }
}
