//! Moments as lines of the notation.

use super::gather::Gathered;
use super::{DiffLine, Row};
use crate::protocol::{CallId, Event, EventKind, Thread};
use crate::trace::notation::Printer;

/// Writes lines of both traces, in which the same GUID has the same name.
pub(super) struct Lines {
    printer: Printer,
    aliases: Vec<String>,
    next_call: u64,
}

impl Lines {
    pub fn new() -> Self {
        Self { printer: Printer::starting_at(0), aliases: Vec::new(), next_call: 1 }
    }

    pub fn row(
        &mut self,
        (a, in_a): (&Gathered, Option<usize>),
        (b, in_b): (&Gathered, Option<usize>),
        differs: bool,
    ) -> Row {
        Row { a: in_a.map(|moment| self.line(a, moment)), b: in_b.map(|moment| self.line(b, moment)), differs }
    }

    /// The lines that say what the names stand for.
    pub fn aliases(self) -> Vec<String> {
        self.aliases
    }

    fn line(&mut self, trace: &Gathered, moment: usize) -> DiffLine {
        let moment = trace.moment(moment);
        let event = &moment.event;
        // Lines are taken from here and there: what would tie them together is taken away, as are time and thread.
        let call = CallId(self.next_call);
        self.next_call += 1;
        let mut text = String::new();
        self.printer.event(&alone(event, call), &mut text);
        if let Some(reply) = &moment.reply {
            self.printer.event(&alone(reply, call), &mut text);
        }
        self.printer.finish(&mut text);
        let mut last = String::new();
        for line in text.lines() {
            if line.starts_with("alias ") {
                self.aliases.push(line.to_owned());
            } else {
                line.clone_into(&mut last);
            }
        }
        DiffLine { seq: event.seq, text: last }
    }
}

/// The event without its time, on the thread of which the notation does not speak.
fn alone(event: &Event, number: CallId) -> Event {
    let mut event = Event { at_ns: 0, ..event.clone() };
    event.thread = match &mut event.kind {
        EventKind::Callback { call, .. } | EventKind::Reply { call, .. } => {
            *call = number;
            Thread::from("worker")
        }
        EventKind::Call { call, .. } | EventKind::Return { call, .. } => {
            *call = number;
            Thread::APARTMENT
        }
        EventKind::Note(_) => Thread::APARTMENT,
    };
    event
}
