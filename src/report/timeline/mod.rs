//! A session as lanes: calls as bars, callbacks as marks. The page, the terminal and Perfetto draw it.

mod perfetto;
mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use perfetto::perfetto;
pub use text::timeline_text;

use crate::protocol::{
    CallId, CallMethod, CallbackMethod, Event, EventKind, HResult, HandlerId, Note, NoteName, Thread,
};
use crate::report::FindingRow;
use crate::runner::KeptEvents;
use crate::trace::notation::Printer;

/// One session as lanes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The case, scenario or trace.
    pub case: String,
    /// The names of the lanes: the manager's, and then one for each thread, in the order in which they appear.
    pub lanes: Vec<String>,
    /// The manager's calls, in their order.
    pub bars: Vec<Bar>,
    /// The handler's callbacks, in their order.
    pub marks: Vec<Mark>,
    /// For how long completions were waited for.
    pub waits: Vec<Wait>,
    /// What is no crossing: that the handler crashed, that something came too late, and the like.
    pub notes: Vec<NoteMark>,
    /// What was found in it.
    pub findings: Vec<FindingMark>,
    /// How many events there are.
    pub events: usize,
    /// How many events in the middle are not among them, because there are so many.
    pub left_out: u64,
}

/// A place on the timeline: the event's number, and its time in nanoseconds since the session began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The number of the event in its trace.
    pub seq: u64,
    /// When it was.
    pub ns: u64,
}

/// A call of the manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its method.
    pub method: CallMethod,
    /// The instance that was called.
    pub handler: HandlerId,
    /// The lane of the thread on which it was made.
    pub thread: usize,
    /// The call.
    pub from: At,
    /// The return; none where it never returned.
    pub to: Option<At>,
    /// Both in the notation.
    pub line: String,
}

/// A callback of the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its method.
    pub method: CallbackMethod,
    /// The instance that called back.
    pub handler: HandlerId,
    /// The lane of its thread.
    pub lane: usize,
    /// The callback.
    pub from: At,
    /// The reply; none where there was none.
    pub to: Option<At>,
    /// What the manager replied.
    pub reply: Option<HResult>,
    /// The manager held the reply.
    pub held: bool,
    /// Both in the notation.
    pub line: String,
}

impl Mark {
    /// Whether the reply tells the handler to stop.
    pub fn is_cancel(&self) -> bool {
        matches!(self.reply, Some(HResult::S_SYNCMGR_CANCELITEM | HResult::S_SYNCMGR_CANCELALL))
    }
}

/// A completion that is waited for, from the return of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The method that is to be completed.
    pub method: CallMethod,
    /// The instance.
    pub handler: HandlerId,
    /// The return.
    pub from: At,
    /// The completion; none where it never came.
    pub to: Option<At>,
}

/// A note about the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteMark {
    /// Which one.
    pub name: NoteName,
    /// The lane of its thread.
    pub lane: usize,
    /// Where it is.
    pub at: At,
    /// In the notation.
    pub line: String,
}

/// A finding in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingMark {
    /// The lane of its thread; the manager's where no event shows it.
    pub lane: usize,
    /// The last of the events that show it, or the last of all.
    pub at: At,
    /// The events that show it.
    pub events: Vec<u64>,
    /// Its place in the report.
    pub finding: usize,
}

/// The lane of the manager.
const MANAGER: usize = 0;

impl Timeline {
    /// Draws a session. `findings` are those of its case, each with its place in the report.
    pub fn new<'a>(case: &str, kept: &KeptEvents, findings: impl IntoIterator<Item = (usize, &'a FindingRow)>) -> Self {
        let mut builder = Builder::new(case, kept);
        kept.events().for_each(|event| builder.take(event));
        let mut timeline = builder.timeline;
        timeline.findings = findings.into_iter().map(|(at, row)| timeline.finding(at, row)).collect();
        timeline
    }

    fn finding(&self, finding: usize, row: &FindingRow) -> FindingMark {
        let seq = row.events.last().copied().unwrap_or(u64::MAX);
        let lane = self.lanes.iter().skip(1).position(|lane| *lane == row.thread).map_or(MANAGER, |at| at + 1);
        let is_call = self.bars.iter().any(|bar| bar.from.seq == seq || bar.to.is_some_and(|to| to.seq == seq));
        FindingMark {
            lane: if is_call { MANAGER } else { lane },
            at: At { seq: seq.min(self.last_seq()), ns: row.at_ns },
            events: row.events.clone(),
            finding,
        }
    }

    fn last_seq(&self) -> u64 {
        let bars = self.bars.iter().map(|bar| bar.to.unwrap_or(bar.from).seq);
        let marks = self.marks.iter().map(|mark| mark.to.unwrap_or(mark.from).seq);
        bars.chain(marks).chain(self.notes.iter().map(|note| note.at.seq)).max().unwrap_or_default()
    }
}

struct Builder {
    timeline: Timeline,
    lane_of: HashMap<Thread, usize>,
    printer: Printer,
    calls: HashMap<CallId, usize>,
    callbacks: HashMap<CallId, usize>,
    /// The waits that are not over, by what is waited for.
    waiting: BTreeMap<(HandlerId, &'static str), usize>,
    /// The methods that were completed before they returned.
    early: BTreeSet<(HandlerId, &'static str)>,
}

impl Builder {
    fn new(case: &str, kept: &KeptEvents) -> Self {
        let first = kept.events().next().map_or(0, |event| event.at_ns);
        let timeline = Timeline {
            case: case.to_owned(),
            lanes: vec!["manager".to_owned()],
            events: kept.len(),
            left_out: kept.left_out(),
            ..Timeline::default()
        };
        Self {
            timeline,
            lane_of: HashMap::new(),
            printer: Printer::excerpt(first, kept.items.clone()),
            calls: HashMap::new(),
            callbacks: HashMap::new(),
            waiting: BTreeMap::new(),
            early: BTreeSet::new(),
        }
    }

    fn lane(&mut self, thread: &Thread) -> usize {
        let lanes = &mut self.timeline.lanes;
        *self.lane_of.entry(thread.clone()).or_insert_with(|| {
            lanes.push(thread.to_string());
            lanes.len() - 1
        })
    }

    /// The event in the notation, without the lines that only declare names.
    fn line(&mut self, event: &Event) -> String {
        let mut text = String::new();
        self.printer.event(event, &mut text);
        self.printer.finish(&mut text);
        text.lines().rfind(|line| !line.starts_with("alias ")).unwrap_or_default().to_owned()
    }

    fn take(&mut self, event: &Event) {
        let (lane, line) = (self.lane(&event.thread), self.line(event));
        let (at, handler) = (At { seq: event.seq, ns: event.at_ns }, event.handler);
        let Timeline { bars, marks, waits, notes, .. } = &mut self.timeline;
        match &event.kind {
            EventKind::Call { call, what } => {
                self.early.remove(&(handler, what.method().name()));
                self.calls.insert(*call, bars.len());
                bars.push(Bar { method: what.method(), handler, thread: lane, from: at, to: None, line });
            }
            EventKind::Return { call, what } => {
                if let Some(bar) = self.calls.remove(call).and_then(|bar| bars.get_mut(bar)) {
                    bar.to = Some(at);
                    bar.line = format!("{}\n{line}", bar.line);
                }
                let came_early = self.early.remove(&(handler, what.method.name()));
                if what.method.brings_completion(what.hr) && !came_early {
                    self.waiting.insert((handler, what.method.name()), waits.len());
                    waits.push(Wait { method: what.method, handler, from: at, to: None });
                }
            }
            EventKind::Callback { call, what } => {
                if let Some(method) = what.method().completes() {
                    match self.waiting.remove(&(handler, method.name())).and_then(|at| waits.get_mut(at)) {
                        Some(wait) => wait.to = Some(at),
                        // It comes before the method returns, or is one too many: that one keeps nobody waiting either.
                        None => drop(self.early.insert((handler, method.name()))),
                    }
                }
                self.callbacks.insert(*call, marks.len());
                let method = what.method();
                marks.push(Mark { method, handler, lane, from: at, to: None, reply: None, held: false, line });
            }
            EventKind::Reply { call, hr, .. } => {
                if let Some(mark) = self.callbacks.remove(call).and_then(|mark| marks.get_mut(mark)) {
                    (mark.to, mark.reply) = (Some(at), Some(*hr));
                    mark.line = mark.line.replacen(" -> ?", &format!(" -> {hr}"), 1);
                }
            }
            EventKind::Note(note) => {
                if let Note::Held(held) = &**note {
                    let open = marks.iter_mut().rev();
                    let mut open =
                        open.filter(|mark| mark.lane == lane && mark.to.is_none() && mark.method == held.method);
                    if let Some(mark) = open.next() {
                        mark.held = true;
                    }
                }
                notes.push(NoteMark { name: note.method(), lane, at, line });
            }
        }
    }
}
