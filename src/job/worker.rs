//! The worker: a process that runs one session, and sends its events to its parent.

use std::fs::File;
#[cfg(unix)]
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::assemble::{Assembled, Outcomes, assemble};
use super::channel::{Channel, RecordKind};
use super::late::{Before, Lasting};
use super::mark::Mark;
use super::member::Member;
use super::steer::{Steered, TellStacks, tell_stacks};
use super::{Handler, HandlerSpec, Terms, stack};
use crate::handler::CreateError;
use crate::handler::com::{
    AskableThread, all_can_unload_now, loaded_files, notice_forks, use_another_stack, write_crashes_to,
};
use crate::host::{self, ApartmentObserver, HandlerThreads, Instruction, Observer, Outlet, RealTimeOptions, View};
use crate::protocol::{
    Call, Callback, Event, HResult, HandlerId, Note, Refusal, Session, Stack, Text, Thread, Unloaded, Wish, plain,
};
use crate::scenario::{self, Recording, StepCame, StepOutcomes};

/// What a worker is to do.
#[derive(Serialize, Deserialize)]
pub(super) struct WorkerJob {
    pub(super) handler: HandlerSpec,
    pub(super) terms: Terms,
    /// The session stands still after every event, until the parent says how it goes on.
    #[serde(default)]
    pub(super) steered: bool,
    /// The handler is one of several in a session. When that began, by the wall clock, in nanoseconds since 1970.
    #[serde(default)]
    pub(super) member_since: Option<u64>,
}

/// What came of the plan so far.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanNews {
    pub(super) steps: Option<Vec<StepCame>>,
    pub(super) recording: Option<Vec<scenario::Step>>,
}

/// How the session ended.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) left: Option<host::Left>,
    pub(super) exhausted: bool,
    /// The instance could not be created: the handler, and why.
    pub(super) not_created: Option<(String, String)>,
    /// The worker goes on to its end, as a manager's process does, with the library's destructors.
    #[serde(default)]
    pub(super) runs_destructors: bool,
}

/// How long callbacks are heard when the session is over.
const LINGER: Duration = Duration::from_millis(20);

/// How long a hung thread may take to say what it does.
const ASK: Duration = Duration::from_millis(500);

/// Runs the session that standard input, a file that is shared with the parent, asks for. Never returns.
pub fn worker() -> ! {
    let parent = Mark::of_this_process().map(Mark::parent);
    // The worker goes on as a copy of this process, which is its guardian from now on.
    #[cfg(target_os = "linux")]
    let parent = super::guardian::split(parent);
    let code = match run(parent) {
        Ok(Leave::ByItsEnd) => crate::handler::com::end_process(),
        Ok(Leave::AtOnce) => 0,
        Err(why) => {
            eprintln!("mobsync worker: {}", plain(&why));
            2
        }
    };
    // Nothing of the handler runs any more: its library is still loaded, and its threads may still be there.
    crate::handler::com::leave_process(code)
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    /// Nothing of the handler runs any more.
    AtOnce,
    /// As the process of a manager does: the library's destructors run.
    ByItsEnd,
}

fn run(parent: Option<i32>) -> Result<Leave, String> {
    let file = shared_file()?;
    let channel: &'static Channel = Box::leak(Box::new(Channel::open(&file).map_err(|error| error.to_string())?));
    drop(file);
    #[cfg(unix)]
    channel.is_worker(std::process::id());
    end_with_parent(parent);
    #[cfg(windows)]
    super::apartment::as_parent_says();
    #[cfg(unix)]
    if let Ok(nothing) = File::open("/dev/null") {
        // A handler that reads standard input finds its end.
        let _ = nix::unistd::dup2_stdin(nothing);
    }
    let job: WorkerJob = serde_json::from_slice(&channel.job()).map_err(|error| format!("the job: {error}"))?;
    #[cfg(windows)]
    super::apartment::unless_parent_says(matches!(job.handler, HandlerSpec::Com { multi_threaded: true, .. }));
    let (memory, at) = channel.crash_place();
    notice_forks();
    write_crashes_to(memory, at, crate::time::name_of_crashed_thread);

    let _span = tracing::debug_span!("worker", pid = std::process::id()).entered();
    let handler = job.handler.clone().open().map_err(|error| error.to_string())?;
    let done = match run_session(&handler, &job, channel) {
        Ok((ran, leave)) => Done {
            left: ran.left,
            exhausted: ran.exhausted,
            not_created: None,
            runs_destructors: leave == Leave::ByItsEnd,
        },
        Err(CreateError { handler, why }) => {
            let not_created = Some((handler, why));
            Done { left: None, exhausted: false, not_created, runs_destructors: false }
        }
    };
    tell(channel, RecordKind::Done, &done);
    Ok(if done.runs_destructors { Leave::ByItsEnd } else { Leave::AtOnce })
}

/// The file that is shared with the parent.
#[cfg(unix)]
fn shared_file() -> Result<File, String> {
    std::io::stdin().as_fd().try_clone_to_owned().map(File::from).map_err(|error| error.to_string())
}

/// The file that is shared with the parent: a path, for Wine opens standard input for reading only.
#[cfg(windows)]
fn shared_file() -> Result<File, String> {
    let path = std::env::var_os(super::mark::CHANNEL)
        .ok_or_else(|| format!("{} is not set: only mobsync itself starts workers", super::mark::CHANNEL))?;
    let opened = File::options().read(true).write(true).open(&path);
    opened.map_err(|error| format!("{}: {error}", path.display()))
}

/// The process that is this one's parent: its guardian, where it has one.
static PARENT: OnceLock<Option<i32>> = OnceLock::new();

/// The parent's end is this process's end, also if it came before this was asked for.
fn end_with_parent(parent: Option<i32>) {
    PARENT.get_or_init(|| parent);
    #[cfg(target_os = "linux")]
    {
        let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    }
    if is_orphan() {
        crate::handler::com::leave_process(2);
    }
}

/// Whether nobody reads any more. The parent may be process 1, as in a container: what counts is whether it is another one.
#[cfg(unix)]
fn is_orphan() -> bool {
    let now = nix::unistd::getppid().as_raw();
    PARENT.get().copied().flatten().map_or(now == 1, |parent| parent != now)
}

/// Under Wine the guardian ends the worker, whatever it does.
#[cfg(windows)]
fn is_orphan() -> bool {
    false
}

fn tell<T: Serialize>(channel: &Channel, kind: RecordKind, what: &T) {
    // What is told can be written as JSON.
    let bytes = serde_json::to_vec(what).unwrap_or_default();
    channel.write(kind, &bytes, is_orphan);
}

fn run_session(
    handler: &Handler,
    job: &WorkerJob,
    channel: &'static Channel,
) -> Result<(host::Ran, Leave), CreateError> {
    let WorkerJob { terms, steered, member_since, .. } = job;
    let apartment = Arc::new(StackOfApartment {
        #[cfg(windows)]
        strict: terms.strict,
        #[cfg(windows)]
        native: handler.is_native(),
        ..StackOfApartment::default()
    });
    let asked = Arc::clone(&apartment);
    let stacks: TellStacks = Arc::new(move |calling| asked.of_all(calling));
    let member = member_since.map(|_| -> Box<dyn Observer> { Box::new(Member::new(channel, is_orphan)) });
    let steered = steered.then(|| Steered::new(channel, Arc::clone(&stacks), is_orphan));
    // The user's wishes come first, so that they are recorded.
    let observers = steered.clone().map(|steered| -> Box<dyn Observer> { Box::new(steered) });
    let Assembled { setup, scheduler, is_virtual, outcomes } =
        assemble(handler, terms, None, None, |_| observers.into_iter().chain(member).collect());
    let setup = if terms.attended { setup.attended(None) } else { setup };
    let setup = setup.observed_by(Box::new(Reporter { channel, outcomes, recorded: 0 }));
    let mut outlet = RingOutlet { channel, buffer: Vec::new(), steered };
    if is_virtual {
        let mut drain = |events: Vec<Event>, _: &Session| events.iter().for_each(|event| outlet.record(event, None));
        return host::run_virtual(setup, &scheduler, &mut drain).map(|ran| (ran, Leave::AtOnce));
    }
    let (observed, looked) = (Arc::clone(&apartment), Arc::clone(&apartment));
    let (tell_leave, leave) = std::sync::mpsc::channel();
    let left_behind = move || {
        let (notes, leave) = looked.left_behind();
        // Received below.
        let _ = tell_leave.send(leave);
        notes
    };
    let options = RealTimeOptions {
        outlet: Some(Box::new(outlet)),
        threads: Some(Arc::new(move || observed.handlers_threads())),
        apartment: Some(apartment),
        linger: LINGER,
        session_ns: terms.session_ns,
        in_between: Some(Box::new(heed_parent(channel, stacks))),
        started: member_since.and_then(super::member::since),
        left_behind: handler.is_native().then(|| Box::new(left_behind) as host::LookForLeft),
    };
    let ran = host::run_real_with(setup, options, |_| {}, &mut |_: Vec<Event>, _: &Session| {})?;
    Ok((ran, leave.try_recv().unwrap_or(Leave::AtOnce)))
}

/// Does what the parent wants of the session, each time that it is called.
fn heed_parent(channel: &'static Channel, stacks: TellStacks) -> impl FnMut(&host::Controls) {
    let (mut stopped, mut heeded) = (false, 0);
    move |controls| {
        for act in channel.acts_since(&mut heeded) {
            controls.act(HandlerId::FIRST, act);
        }
        let (stop, leave) = channel.wishes();
        if stop && !std::mem::replace(&mut stopped, true) {
            controls.cancel_all();
        }
        if leave {
            controls.leave();
        }
        tell_stacks(channel, &stacks, false);
    }
}

/// Writes events into the ring.
struct RingOutlet {
    channel: &'static Channel,
    buffer: Vec<u8>,
    steered: Option<Steered>,
}

impl Outlet for RingOutlet {
    fn record(&mut self, event: &Event, answer: Option<HResult>) {
        self.buffer.clear();
        host::pack(event, answer, &mut self.buffer);
        self.channel.write(RecordKind::Event, &self.buffer, is_orphan);
    }

    fn stand_still(&mut self) -> bool {
        self.steered.as_mut().is_some_and(Steered::stand_still)
    }
}

/// Reports to the parent what came of the plan, as it comes.
struct Reporter {
    channel: &'static Channel,
    outcomes: Outcomes,
    /// How many recorded steps were reported.
    recorded: usize,
}

impl Reporter {
    fn report(&mut self) {
        let steps = self.outcomes.steps.first().and_then(StepOutcomes::take_news);
        let recording = self.outcomes.recording.as_ref().filter(|recording| recording.len() != self.recorded);
        let recording = recording.map(Recording::steps);
        if let Some(recording) = &recording {
            self.recorded = recording.len();
        }
        if steps.is_some() || recording.is_some() {
            tell(self.channel, RecordKind::Plan, &PlanNews { steps, recording });
        }
    }
}

impl Observer for Reporter {
    fn decided(&mut self, _: View<'_>, _: &Instruction, _: bool) {
        self.report();
    }

    fn wish(&mut self, _: View<'_>, _: &Callback, wish: Wish) -> Wish {
        self.report();
        wish
    }

    fn event(&mut self, _: &Event, _: &Session, _: bool) -> bool {
        self.report();
        false
    }

    fn refused(&mut self, _: &Call, _: Refusal, _: bool) {
        self.report();
    }
}

/// Asks the apartment thread what it is doing.
#[derive(Default)]
struct StackOfApartment {
    thread: Mutex<Option<AskableThread>>,
    /// Where it shows whether the apartment thread takes care of messages inside a call, if somebody wants to know.
    #[cfg(windows)]
    door: OnceLock<Option<crate::handler::com::Door>>,
    /// Callbacks may have to wait for the apartment thread.
    #[cfg(windows)]
    strict: bool,
    /// The handler is a native one.
    #[cfg(windows)]
    native: bool,
    /// What the worker has of its own.
    before: OnceLock<Option<Before>>,
}

impl StackOfApartment {
    /// What the apartment thread and the handler's other threads do now. `calling` says that the calling thread is one of them.
    fn of_all(&self, calling: bool) -> Vec<Text> {
        let mut lines = vec![Text::from("apartment:")];
        lines.extend(self.stack());
        if calling && crate::time::name_of_crashed_thread() != Some(Thread::APARTMENT) {
            lines.push(Text::from("the thread that calls back:"));
            lines.extend(self.here());
        }
        lines.extend(self.stacks_of_threads());
        lines
    }

    /// What the handler has left that may call back.
    fn handlers_threads(&self) -> HandlerThreads {
        self.before.get().and_then(Option::as_ref).map_or(HandlerThreads::Some, Before::handlers_threads)
    }
}

impl StackOfApartment {
    /// Looks for threads of the handler that go on though its library may be unloaded: what there is to note, and how the process
    /// ends.
    fn left_behind(&self) -> (Vec<Note>, Leave) {
        let Some(before) = self.before.get().and_then(Option::as_ref) else { return (Vec::new(), Leave::AtOnce) };
        let may_unload = all_can_unload_now();
        if may_unload.is_some_and(|hr| hr != HResult::S_OK) {
            // It says that it is in use still.
            return (Vec::new(), Leave::AtOnce);
        }
        match before.lasting(&loaded_files()) {
            Lasting::None => (Vec::new(), Leave::ByItsEnd),
            Lasting::Handlers { threads, frames } if may_unload.is_some() => {
                let stack = Note::Stack(Stack { event: 0, frames, site: None });
                (vec![stack, Note::Unloaded(Unloaded { threads, crashed: None })], Leave::AtOnce)
            }
            // Nobody unloads a library that does not say that it may be, and what other threads do nobody knows.
            Lasting::Handlers { .. } | Lasting::Others => (Vec::new(), Leave::AtOnce),
        }
    }
}

impl ApartmentObserver for StackOfApartment {
    fn enter(&self) {
        use_another_stack();
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(AskableThread::current());
        // What the host starts itself is not the handler's.
        #[cfg(windows)]
        if self.native {
            crate::handler::com::prepare_apartment();
        }
        #[cfg(windows)]
        if self.strict {
            self.door.get_or_init(crate::handler::com::Door::of_this_thread);
        }
        // Nothing of the handler runs yet.
        self.before.get_or_init(Before::on_apartment);
    }

    fn sleeps(&self) -> bool {
        self.before.get().and_then(Option::as_ref).is_none_or(Before::apartment_sleeps)
    }

    #[cfg(windows)]
    fn knock(&self) -> Option<u64> {
        self.door.get().and_then(Option::as_ref).map(crate::handler::com::Door::knock)
    }

    #[cfg(windows)]
    fn has_answered(&self, knock: u64) -> bool {
        self.door.get().and_then(Option::as_ref).is_some_and(|door| door.has_answered(knock))
    }

    fn has_ended(&self) -> bool {
        self.before.get().and_then(Option::as_ref).is_some_and(Before::apartment_has_ended)
    }

    fn stack(&self) -> Vec<Text> {
        let thread = *self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.map(|thread| stack::of_this_process(&thread.frames(ASK))).unwrap_or_default()
    }

    fn stacks_of_threads(&self) -> Vec<Text> {
        let before = self.before.get().and_then(Option::as_ref);
        before.map(|before| before.stacks_of_threads(&loaded_files())).unwrap_or_default()
    }

    fn here(&self) -> Vec<Text> {
        stack::here()
    }
}
