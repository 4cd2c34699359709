//! What is asked of the manager outside a session, and several sessions one after the other: written as one trace and judged, as a
//! session is.

use std::path::Path;
use std::time::Instant;

use super::files::WriteError;
use super::judged::Judged;
use super::record::Record;
use super::replay::ExpectedEvents;
use super::run::{RunOptions, TraceFailure};
use crate::protocol::{CallId, Event, EventKind, HandlerId, Limits, Note, Session, Thread};
use crate::scenario::Scenario;
use crate::time::wall_clock;
use crate::trace::{Clock, Header};

/// A trace that is about more than one session.
pub struct Journal {
    time: Time,
    record: Record,
    /// What a scenario looks at.
    expected: ExpectedEvents,
    /// What the numbers in the events of the session that runs are counted from.
    base: Base,
    /// What they will be counted from in the next one.
    next: Base,
}

/// Where the time of a note comes from.
enum Time {
    /// The machine's clock, since then.
    Since(Instant),
    /// It is said, in nanoseconds.
    Said(u64),
}

/// What the numbers of a session are counted from.
#[derive(Clone, Copy, Default)]
struct Base {
    seq: u64,
    call: u64,
    handler: u32,
    ns: u64,
}

impl Journal {
    /// An empty one about a handler of this name, judged by these limits, which is written to `trace`, where one is wanted. Its times
    /// are those of the machine's clock.
    ///
    /// # Errors
    /// When the trace file cannot be created.
    pub fn begin(handler: String, limits: Limits, trace: Option<&Path>) -> Result<Self, WriteError> {
        let header = Header {
            generator: concat!("mobsync ", env!("CARGO_PKG_VERSION")).to_owned(),
            handler,
            clock: Clock::Real,
            started: wall_clock(),
            limits,
            ..Header::default()
        };
        let options = RunOptions { trace: trace.map(Path::to_owned), ..RunOptions::default() };
        Ok(Self { time: Time::Since(Instant::now()), ..Self::begin_at_zero(&header, &options)? })
    }

    /// An empty one with this header, whose time is [said](Self::set_time). The options say where the trace goes.
    ///
    /// # Errors
    /// When the trace file cannot be created.
    pub fn begin_at_zero(header: &Header, options: &RunOptions) -> Result<Self, WriteError> {
        let record = Record::begin(header, options)?;
        let (time, expected) = (Time::Said(0), ExpectedEvents::default());
        Ok(Self { time, record, expected, base: Base::default(), next: Base::default() })
    }

    /// Keeps what the scenario's expectations look at.
    #[must_use]
    pub fn expected_by(self, scenario: &Scenario) -> Self {
        Self { expected: ExpectedEvents::of(scenario), ..self }
    }

    /// It is this time, in nanoseconds from the beginning. Time does not go back.
    pub fn set_time(&mut self, ns: u64) {
        self.time = Time::Said(ns.max(self.now_ns()));
    }

    fn now_ns(&self) -> u64 {
        match self.time {
            Time::Since(begun) => u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Time::Said(ns) => ns,
        }
    }

    /// Adds a note.
    pub fn note(&mut self, note: Note) {
        let kind = EventKind::Note(Box::new(note));
        let (seq, at_ns) = (self.record.last.0 + 1, self.now_ns());
        let event = Event { seq, at_ns, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind };
        self.expected.see(&event);
        self.record.take(event, |_, _| {});
    }

    /// A session begins: its events come next, and have their places behind those that were before.
    pub fn begin_session(&mut self) {
        self.base = Base { seq: self.record.last.0, ns: self.now_ns(), ..self.next };
    }

    /// Adds an event of the session that has begun. `see` gets it as it stands here.
    pub fn event(&mut self, event: &Event, see: impl FnOnce(&Event, &Session)) {
        let Base { seq, call, handler, ns } = self.base;
        let mut event = event.clone();
        event.seq = seq.saturating_add(event.seq);
        event.at_ns = ns.saturating_add(event.at_ns);
        event.handler.0 = event.handler.0.saturating_add(handler);
        self.next.handler = self.next.handler.max(event.handler.0);
        match &mut event.kind {
            EventKind::Call { call: CallId(id), .. }
            | EventKind::Return { call: CallId(id), .. }
            | EventKind::Callback { call: CallId(id), .. }
            | EventKind::Reply { call: CallId(id), .. } => {
                *id = id.saturating_add(call);
                self.next.call = self.next.call.max(*id);
            }
            EventKind::Note(note) => match &mut **note {
                Note::Stack(stack) if stack.event > 0 => stack.event = stack.event.saturating_add(seq),
                Note::UpdateItems(args) => {
                    args.starts = args.starts.map(|HandlerId(starts)| HandlerId(starts.saturating_add(handler)));
                }
                _ => {}
            },
        }
        self.set_time(event.at_ns);
        self.expected.see(&event);
        self.record.take(event, see);
    }

    /// What was found.
    ///
    /// # Errors
    /// When the trace is not whole.
    pub fn end(self) -> Result<Judged, WriteError> {
        let (judged, failure, _) = self.end_whole_or_not();
        failure.map_or(Ok(judged), |failure| Err(failure.error))
    }

    /// What was found, why the trace is not whole, if it is not, and what the scenario looks at.
    pub fn end_whole_or_not(self) -> (Judged, Option<TraceFailure>, ExpectedEvents) {
        let Record { mut judged, trace_failure, .. } = self.record;
        judged.finish();
        (judged, trace_failure, self.expected)
    }
}
