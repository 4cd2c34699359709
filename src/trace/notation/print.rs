//! Writing the notation: events as lines.

use std::collections::HashMap;
use std::fmt::{Display, Write};

use super::words::Words;
use crate::protocol::{
    CallId, CallMethod, CallbackMethod, Delay, Event, EventKind, HandlerId, Items, Limits, Profile, Return, Thread,
};
use crate::trace::{Header, VIRTUAL_START};

/// Writes a whole trace in the notation.
///
/// ```
/// use mobsync::trace::notation::{parse, print};
/// let read = parse("opening initialized flags=IDLE", "a.trace").unwrap();
/// assert_eq!(print(&read.header, &read.events), "\
/// note Created \"handler\"
/// manager Initialize IDLE -> S_OK
/// ");
/// ```
///
/// Reading it gives the same events, numbered from 1, for every trace in which a return or a reply belongs to the newest
/// open crossing of its method (and, for a reply, its thread), and in which time does not go back. Where that is not so a
/// comment says what stands in the trace. Of the header, profile, start and limits are kept.
pub fn print<'a>(header: &Header, events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut out = String::new();
    let mut printer = Printer::new();
    Printer::header(header, &mut out);
    for event in events {
        printer.event(event, &mut out);
    }
    printer.finish(&mut out);
    out
}

/// Writes the notation event by event. It holds one event back, because a call and its return can be one line.
#[derive(Debug, Default)]
pub struct Printer {
    words: Words,
    /// A call or a callback whose line is not written yet, with its marks.
    held: Option<(Event, Vec<&'static str>)>,
    /// The time at which a reader of the lines so far would be.
    now: u64,
    open_calls: HashMap<(HandlerId, CallMethod), Vec<CallId>>,
    open_callbacks: HashMap<(HandlerId, Thread, CallbackMethod), Vec<CallId>>,
    /// What was open before is not known, so nothing can be said about it.
    is_excerpt: bool,
}

impl Printer {
    /// A printer at the beginning of a trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// A printer for a part of a trace that begins at this time, in nanoseconds. It makes no comments: what ends here may
    /// have begun before.
    pub fn starting_at(now_ns: u64) -> Self {
        Self { now: now_ns, is_excerpt: true, ..Self::default() }
    }

    /// As [`Printer::starting_at`], for people only: an item whose ItemID has no short name is called by its own name, in quotes.
    pub fn excerpt(now_ns: u64, items: Items) -> Self {
        Self { words: Words::naming(items), ..Self::starting_at(now_ns) }
    }

    /// For people only: from now on an item of these whose ItemID has no short name is called by its own name, in quotes.
    pub fn name_items(&mut self, items: Items) {
        self.words.name_items(items);
    }

    /// Writes the directives that say what differs from the default.
    pub fn header(header: &Header, out: &mut String) {
        let mut directive = |name: &str, value: &dyn Display| put(out, format_args!("{name} {value}\n"));
        if header.profile != Profile::default() {
            directive("profile", &header.profile);
        }
        if header.started != VIRTUAL_START {
            directive("started", &header.started);
        }
        let (limits, usual) = (header.limits, Limits::default());
        if limits.timeout_ns != usual.timeout_ns {
            directive("timeout", &Delay(limits.timeout_ns));
        }
        if limits.blocking_ns != usual.blocking_ns {
            directive("blocking", &Delay(limits.blocking_ns));
        }
        if limits.progress_ns != usual.progress_ns {
            directive("progress", &Delay(limits.progress_ns));
        }
        if limits.stop_tolerance != usual.stop_tolerance {
            directive("tolerance", &limits.stop_tolerance);
        }
    }

    /// Takes the next event, and writes the lines that are complete now.
    pub fn event(&mut self, event: &Event, out: &mut String) {
        self.marked_event(event, &[], out);
    }

    /// As [`Printer::event`], with the codes of the rules that the event breaks: they stand behind `!!` on its line.
    pub fn marked_event(&mut self, event: &Event, marks: &[&'static str], out: &mut String) {
        if let Some((held, mut held_marks)) = self.held.take() {
            if over_at_once(&held, event) {
                held_marks.extend(marks);
                return self.line(&held, Some(event), &held_marks, out);
            }
            self.line(&held, None, &held_marks, out);
        }
        match event.kind {
            EventKind::Call { .. } | EventKind::Callback { .. } => self.held = Some((event.clone(), marks.to_vec())),
            _ => self.line(event, None, marks, out),
        }
    }

    /// Writes what was held back: at the end, or when nothing more is to be expected for a while.
    pub fn finish(&mut self, out: &mut String) {
        if let Some((held, marks)) = self.held.take() {
            self.line(&held, None, &marks, out);
        }
    }

    /// Writes the line of an event, and of the one that ends it.
    fn line(&mut self, event: &Event, end: Option<&Event>, marks: &[&str], out: &mut String) {
        let mut line = String::new();
        let mut comments = Vec::new();
        match &event.kind {
            EventKind::Call { call, what } => {
                self.who("manager", event, &mut line);
                self.words.call(what, &mut line);
                match end.map(|end| &end.kind) {
                    Some(EventKind::Return { what, .. }) => self.result(" ->", what, &mut line),
                    _ => self.open_calls.entry((event.handler, what.method())).or_default().push(*call),
                }
            }
            EventKind::Return { call, what } => {
                self.who("manager", event, &mut line);
                self.result(" returns", what, &mut line);
                let open = self.open_calls.get_mut(&(event.handler, what.method));
                comments.extend(close(open, *call).map(|why| format!("returns from call {}, {why}", call.0)));
            }
            EventKind::Callback { call, what } => {
                self.who("handler", event, &mut line);
                self.words.callback(what, &mut line);
                match end.map(|end| &end.kind) {
                    Some(EventKind::Reply { hr, .. }) => put(&mut line, format_args!(" -> {hr}")),
                    _ => {
                        line.push_str(" -> ?");
                        let key = (event.handler, event.thread.clone(), what.method());
                        self.open_callbacks.entry(key).or_default().push(*call);
                    }
                }
            }
            EventKind::Reply { call, method, hr } => {
                self.who("handler", event, &mut line);
                put(&mut line, format_args!(" answered {hr}"));
                let open = self.open_callbacks.get_mut(&(event.handler, event.thread.clone(), *method));
                comments.extend(close(open, *call).map(|why| format!("answers callback {}, {why}", call.0)));
            }
            EventKind::Note(note) => {
                self.who("note", event, &mut line);
                self.words.note(note, &mut line);
            }
        }
        let usual = if matches!(event.kind, EventKind::Callback { .. } | EventKind::Reply { .. }) {
            "worker"
        } else {
            "apartment"
        };
        if event.thread.0 != usual {
            line.push_str(" @");
            super::words::name(&event.thread.0, &mut line);
        }
        match event.at_ns.checked_sub(self.now) {
            Some(0) => {}
            Some(delay) => put(&mut line, format_args!(" +{}", Delay(delay))),
            None => comments.push(format!("{} earlier than the line before", Delay(self.now - event.at_ns))),
        }
        self.now = self.now.max(event.at_ns);
        self.words.declare_new(out);
        out.push_str(&line);
        if !marks.is_empty() {
            put(out, format_args!(" !! {}", marks.join(", ")));
        }
        if !comments.is_empty() && !self.is_excerpt {
            put(out, format_args!("  # {}", comments.join("; ")));
        }
        out.push('\n');
    }

    /// `manager Synchronize`, `handler/2 Progress`
    fn who(&self, who: &str, event: &Event, line: &mut String) {
        line.push_str(who);
        if event.handler != HandlerId::FIRST {
            put(line, format_args!("/{}", event.handler));
        }
        put(line, format_args!(" {}", event.method_name()));
    }

    fn result(&mut self, verb: &str, what: &Return, line: &mut String) {
        put(line, format_args!("{verb} {}", what.hr));
        self.words.out(what, line);
    }
}

/// Whether `end` ends `event` on the same thread at the same time, so that both are one line.
fn over_at_once(event: &Event, end: &Event) -> bool {
    let same_place = event.handler == end.handler && event.thread == end.thread && event.at_ns == end.at_ns;
    same_place
        && match (&event.kind, &end.kind) {
            (EventKind::Call { call, what }, EventKind::Return { call: of, what: end }) => {
                call == of && what.method() == end.method
            }
            (EventKind::Callback { call, what }, EventKind::Reply { call: of, method, .. }) => {
                call == of && what.method() == *method
            }
            _ => false,
        }
}

/// Takes a crossing from the open ones. Says so when a reader of the line would take another.
fn close(open: Option<&mut Vec<CallId>>, call: CallId) -> Option<&'static str> {
    let unknown = Some("which is not open");
    let Some(open) = open else { return unknown };
    match open.iter().rposition(|id| *id == call) {
        Some(at) => {
            open.remove(at);
            (at < open.len()).then_some("not the newest")
        }
        None => unknown,
    }
}

/// Writing into a string does not fail.
pub(super) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}
