//! What happened in a session: judged, printed, and kept for looking back.

use std::collections::{BTreeMap, VecDeque};

use crate::protocol::{Callback, Event, EventKind, Guid, Instance, State, Thread};
use crate::report::plain;
use crate::rules::Conditions;
use crate::runner::Judged;
use crate::trace::notation::Printer;

/// How many lines are kept for `trace`.
const LINES_KEPT: usize = 100_000;

pub(super) struct Performed {
    pub(super) judged: Judged,
    printer: Printer,
    /// The crossings so far, newest last.
    pub(super) lines: VecDeque<String>,
    /// The last crossing of each thread. A note is none.
    pub(super) last: BTreeMap<Thread, String>,
    /// The last value, maximum and text that were reported of an item.
    pub(super) progress: BTreeMap<Guid, (Option<i32>, Option<i32>, String)>,
    state: State,
    /// The callback whose reply has not come with it: its number and its thread.
    unanswered: Option<(u64, Thread)>,
}

/// What an event brought.
pub(super) struct Seen {
    /// The line of the crossing; none for a callback, whose line comes with its reply.
    pub(super) line: Option<String>,
    /// The rules that it breaks.
    pub(super) codes: Vec<&'static str>,
    /// What is to be said of them.
    pub(super) findings: Vec<String>,
    /// The state that the session came to.
    pub(super) reached: Option<State>,
}

impl Performed {
    pub(super) fn new(conditions: Conditions) -> Self {
        Self {
            judged: Judged::new(conditions),
            printer: Printer::new(),
            lines: VecDeque::new(),
            last: BTreeMap::new(),
            progress: BTreeMap::new(),
            state: State::Created,
            unanswered: None,
        }
    }

    /// The instance, once it is created.
    pub(super) fn instance(&self) -> Option<&Instance> {
        self.judged.session().instances().next()
    }

    /// Takes the next event.
    pub(super) fn observe(&mut self, event: &Event) -> Seen {
        self.keep(event);
        let told = self.judged.found().len();
        self.judged.observe(event.clone(), 0);
        let new = || self.judged.found().get(told..).unwrap_or_default().iter().map(|found| &found.finding);
        let codes: Vec<&'static str> = new().map(|finding| finding.rule.code).collect();
        let findings = new().map(|finding| plain(&finding.to_string()).into_owned()).collect();
        let line = self.line(event, &codes);
        let state = self.instance().map_or(State::Created, Instance::state);
        let reached = (state != self.state).then_some(state);
        self.state = state;
        Seen { line, codes, findings, reached }
    }

    fn keep(&mut self, event: &Event) {
        if let EventKind::Callback { what: Callback::Progress(args), .. } = &event.kind
            && let Some(info) = &args.info
        {
            let known = self.progress.entry(args.item).or_default();
            known.0 = info.given_value().or(known.0);
            known.1 = info.given_max().or(known.1);
            if let Some(text) = &info.text {
                known.2 = text.to_string();
            }
        }
    }

    fn line(&mut self, event: &Event, codes: &[&'static str]) -> Option<String> {
        // The thread stands before the line; in the notation only an unusual one is said.
        let usual = match event.kind {
            EventKind::Callback { .. } | EventKind::Reply { .. } => Thread::from("worker"),
            _ => Thread::APARTMENT,
        };
        let mut text = String::new();
        if matches!(event.kind, EventKind::Return { .. }) {
            self.printer.name_items(self.judged.items());
        }
        self.printer.marked_event(&Event { thread: usual, ..event.clone() }, codes, &mut text);
        if matches!(event.kind, EventKind::Callback { .. }) {
            self.unanswered = Some((event.seq, event.thread.clone()));
            return None;
        }
        self.printer.finish(&mut text);
        let unanswered = self.unanswered.take();
        // A callback whose reply is held stands before what comes next; what has no number of its own declares a name.
        let line = |line: &str| match &unanswered {
            Some((number, thread)) if line.starts_with("handler ") => format!("#{number} {thread}: {line}\n"),
            _ => format!("{line}\n"),
        };
        let (declared, crossing) = match text.trim_end().rsplit_once('\n') {
            Some((declared, crossing)) => (declared.lines().map(line).collect(), crossing),
            None => (String::new(), text.trim_end()),
        };
        // A callback with its reply has the callback's number, as in findings and reports.
        let number = match (&event.kind, &unanswered) {
            (EventKind::Reply { .. }, Some((number, _))) => *number,
            _ => event.seq,
        };
        let line = format!("#{number} {}: {crossing}", event.thread);
        if !matches!(event.kind, EventKind::Note(_)) {
            self.last.insert(event.thread.clone(), line.clone());
        }
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{declared}{line}"));
        Some(format!("{declared}{line}"))
    }
}
