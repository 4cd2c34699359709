//! A worker's session, as its parent receives it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use super::assemble::Outcomes;
use super::channel::{BATCHES, Channel, RecordKind};
use super::process::{signal_of, was_aborted};
use super::steer::read_refused;
use super::worker::{Done, PlanNews};
use super::{Handler, JobEnd, Terms, stack};
use crate::handler::CreateError;
use crate::handler::com::{Crash, crash};
use crate::host::{self, Drain, Ran};
use crate::protocol::{
    Call, CallMethod, Crashed, Created, Event, EventKind, HandlerId, Instance, Note, Refusal, Session, Stack, Text,
    Thread, TimedOut, Unloaded, WaitingFor,
};
use crate::scenario::Recording;

/// Why a worker was ended before it was done.
#[derive(Clone, Copy, Debug)]
pub(super) enum GivenUp {
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
    pub(super) done: Option<Done>,
    /// The stop at which a steered session stands still.
    pub(super) stop: Option<u64>,
    /// What the user of a steered session wanted in vain.
    pub(super) refused: Vec<(Call, Refusal)>,
    /// The worker's program, where it ran under Wine.
    exe: Option<&'static Path>,
    /// What a sanitizer has found.
    pub(super) reported: Option<String>,
    /// The worker said that an exception came out of a method.
    pub(super) let_exception_out: bool,
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
            stop: None,
            refused: Vec::new(),
            exe,
            reported: None,
            let_exception_out: false,
            called_back: BTreeMap::new(),
        }
    }

    /// What the user does in the session, where the terms ask for it.
    pub(super) fn recording(&self) -> Option<Recording> {
        self.outcomes.recording.clone()
    }

    /// Takes all that has come; false when that is nothing. An error when it makes no sense.
    pub(super) fn receive(
        &mut self,
        channel: &Channel,
        drain: &mut dyn Drain,
    ) -> Result<bool, super::channel::Corrupt> {
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
    #[cfg(unix)]
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
            RecordKind::Stop => self.stop = bytes.try_into().ok().map(u64::from_le_bytes),
            RecordKind::Refused => self.refused.extend(read_refused(&bytes)),
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
            if let Some(steps) = self.outcomes.steps.first().filter(|_| event.handler == HandlerId::FIRST) {
                steps.remember(event, &self.session);
            }
        }
        drain.events(events, &self.session);
    }

    fn take(&self, news: PlanNews) {
        if let (Some(steps), Some(news)) = (self.outcomes.steps.first(), news.steps) {
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
    pub(super) fn is_owed_something(&self) -> bool {
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
    pub(super) fn ended_early(
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
    pub(super) fn runs_destructors(&self) -> bool {
        self.done.as_ref().is_some_and(|done| done.runs_destructors)
    }

    /// The worker has gone to its end with the library's destructors, or they kept it from that. That all was well is said only
    /// where it is asked for.
    pub(super) fn unloaded(
        &mut self,
        channel: &Channel,
        status: Option<&ExitStatus>,
        given_up: Option<GivenUp>,
        asked: bool,
        drain: &mut dyn Drain,
    ) {
        let (memory, at) = channel.crash_place();
        let written = crash(memory, at);
        let crashed = match given_up {
            Some(GivenUp::Silent(_)) => Some("stopped by mobsync at the time limit".to_owned()),
            Some(GivenUp::Endless(_) | GivenUp::Corrupt) => None,
            // On Windows the status of a process does not say it.
            None if self.exe.is_some() => written.as_ref().and_then(|crash| crash.words.clone()),
            None => status.and_then(signal_of),
        };
        if let Some(crash) = written.filter(|_| crashed.is_some() && given_up.is_none()) {
            let frames = self.frames(&crash);
            self.note(Note::Stack(Stack { event: 0, frames, site: None }), drain);
        }
        if crashed.is_some() || asked {
            let crashed = crashed.map(|how| Text::from(how.as_str()));
            self.note(Note::Unloaded(Unloaded { threads: 0, crashed }), drain);
        }
    }

    /// The functions on the stack of a crash.
    fn frames(&self, crash: &Crash) -> Vec<Text> {
        match self.exe {
            None => stack::of_maps(&crash.addresses, &crash.maps, std::env::current_exe().ok().as_deref()),
            Some(exe) => stack::of_maps(&crash.addresses, &stack::maps_of_wine(&crash.maps), Some(exe)),
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
        let aborted = status.is_some_and(was_aborted);
        // Under Wine the place of an exception of C++ is written down when it is thrown; it matters if nobody caught it.
        let is_crash = |crash: &Crash| self.exe.is_none() || crash.words.is_some() || self.let_exception_out;
        if let Some(crash) = crash(memory, at).filter(is_crash) {
            let frames = self.frames(&crash);
            let is_foreign = match self.exe {
                None => aborted && stack::has_foreign_exception(&crash.addresses, &crash.maps),
                Some(_) => self.let_exception_out,
            };
            words = crash.words;
            // The apartment thread has its name from the beginning, and the others when they call back.
            thread = crash.thread.unwrap_or(Thread::SILENT);
            if is_foreign {
                how = ": an exception escaped from a method";
            }
            if !frames.is_empty() {
                let handler = self.instance_of(&thread);
                self.note_on(thread.clone(), handler, Note::Stack(Stack { event: 0, frames, site: None }), drain);
            }
        }
        let what = match status {
            _ if words.is_some() => words.unwrap_or_default(),
            _ if self.let_exception_out => "the process was aborted".to_owned(),
            Some(status) => match (signal_of(status), status.code()) {
                (Some(signal), _) => signal,
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

    pub(super) fn into_end(
        self,
        output: Option<String>,
        error: impl Fn(String) -> CreateError,
    ) -> Result<JobEnd, CreateError> {
        let done = self.done.unwrap_or_default();
        if let Some((_, why)) = done.not_created {
            // The library has another path under Wine.
            return Err(error(if self.exe.is_some() { why.replace("Z:/", "/") } else { why }));
        }
        let Outcomes { steps, recording } = self.outcomes;
        let ran =
            Ran { session: self.session, left: done.left, exhausted: done.exhausted, output, not_created: Vec::new() };
        Ok(JobEnd { ran, steps, recording })
    }
}
