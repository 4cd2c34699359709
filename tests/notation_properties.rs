//! What holds for every session: printed and read again it is the same. And for every text: it is an error at worst.

mod common;

use std::collections::HashMap;

use common::strategies::{call, callback, events, header, hresult, note, out, thread};
use mobsync::protocol::*;
use mobsync::trace::Header;
use mobsync::trace::notation::{Printer, parse, print};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One step of a session, before it is known which crossings are open.
#[derive(Clone, Debug)]
enum Step {
    Call(Call),
    /// The newest open call of a method returns: the method is chosen among those that are open.
    Return(Index, HResult, Vec<Out>),
    Callback(Callback),
    Reply(Index, HResult),
    Note(Note),
    /// Both in one breath.
    Called(Call, HResult, Vec<Out>),
    Answered(Callback, HResult),
}

/// An `Out` for each method.
fn outs() -> BoxedStrategy<Vec<Out>> {
    CallMethod::ALL.iter().map(|method| out(*method)).collect::<Vec<_>>().boxed()
}

fn pick(outs: &[Out], method: CallMethod) -> Out {
    outs[CallMethod::ALL.iter().position(|m| *m == method).unwrap()].clone()
}

fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        2 => call().prop_map(Step::Call),
        3 => (any::<Index>(), hresult(), outs()).prop_map(|(which, hr, outs)| Step::Return(which, hr, outs)),
        2 => callback().prop_map(Step::Callback),
        3 => (any::<Index>(), hresult()).prop_map(|(which, hr)| Step::Reply(which, hr)),
        1 => note().prop_map(Step::Note),
        2 => (call(), hresult(), outs()).prop_map(|(call, hr, outs)| Step::Called(call, hr, outs)),
        2 => (callback(), hresult()).prop_map(|(callback, hr)| Step::Answered(callback, hr)),
    ]
    .boxed()
}

/// A session in which each return and reply belongs to the newest open crossing of its method. Numbers have gaps.
fn session() -> impl Strategy<Value = Vec<Event>> {
    let wait = prop_oneof![3 => Just(0), 2 => 1..5_000_000_000_u64, 1 => 0..u64::MAX / 32];
    let handler = prop_oneof![4 => Just(1_u32), 1 => 0..3_u32, 1 => any::<u32>()].prop_map(HandlerId);
    let place = (handler, thread(), wait, 1..3_u64);
    vec((place, step()), 0..20).prop_map(|steps| {
        let mut maker = Maker::default();
        for ((handler, thread, wait, gap), step) in steps {
            maker.now += wait;
            maker.step(handler, &thread, gap, step);
        }
        maker.events
    })
}

#[derive(Default)]
struct Maker {
    events: Vec<Event>,
    now: u64,
    seq: u64,
    calls: u64,
    open_calls: Vec<(HandlerId, CallMethod, CallId)>,
    open_callbacks: Vec<(HandlerId, Thread, CallbackMethod, CallId)>,
}

impl Maker {
    fn push(&mut self, handler: HandlerId, thread: &Thread, gap: u64, kind: EventKind) {
        self.seq += gap;
        self.events.push(Event { seq: self.seq, at_ns: self.now, thread: thread.clone(), handler, kind });
    }

    fn id(&mut self, gap: u64) -> CallId {
        self.calls += gap;
        CallId(self.calls)
    }

    fn step(&mut self, handler: HandlerId, thread: &Thread, gap: u64, step: Step) {
        match step {
            Step::Call(what) => {
                let call = self.id(gap);
                self.open_calls.push((handler, what.method(), call));
                self.push(handler, thread, gap, EventKind::Call { call, what: Box::new(what) });
            }
            Step::Return(which, hr, outs) => {
                if self.open_calls.is_empty() {
                    return;
                }
                let (handler, method, _) = self.open_calls[which.index(self.open_calls.len())];
                let newest = self.open_calls.iter().rposition(|(h, m, _)| *h == handler && *m == method).unwrap();
                let (_, _, call) = self.open_calls.remove(newest);
                let what = Return { method, hr, out: pick(&outs, method) };
                self.push(handler, thread, gap, EventKind::Return { call, what: Box::new(what) });
            }
            Step::Callback(what) => {
                let call = self.id(gap);
                self.open_callbacks.push((handler, thread.clone(), what.method(), call));
                self.push(handler, thread, gap, EventKind::Callback { call, what });
            }
            Step::Reply(which, hr) => {
                if self.open_callbacks.is_empty() {
                    return;
                }
                let (handler, thread, method, _) = self.open_callbacks[which.index(self.open_callbacks.len())].clone();
                let is_same = |open: &(HandlerId, Thread, CallbackMethod, CallId)| {
                    open.0 == handler && open.1 == thread && open.2 == method
                };
                let newest = self.open_callbacks.iter().rposition(is_same).unwrap();
                let call = self.open_callbacks.remove(newest).3;
                self.push(handler, &thread, gap, EventKind::Reply { call, method, hr });
            }
            Step::Note(note) => self.push(handler, thread, gap, EventKind::Note(Box::new(note))),
            Step::Called(what, hr, outs) => {
                let (call, method) = (self.id(gap), what.method());
                self.push(handler, thread, gap, EventKind::Call { call, what: Box::new(what) });
                let what = Return { method, hr, out: pick(&outs, method) };
                self.push(handler, thread, gap, EventKind::Return { call, what: Box::new(what) });
            }
            Step::Answered(what, hr) => {
                let (call, method) = (self.id(gap), what.method());
                self.push(handler, thread, gap, EventKind::Callback { call, what });
                self.push(handler, thread, gap, EventKind::Reply { call, method, hr });
            }
        }
    }
}

/// The events with their numbers and the numbers of calls counted from 1, in the order in which they come.
fn renumbered(events: &[Event]) -> Vec<Event> {
    let mut calls: HashMap<CallId, CallId> = HashMap::new();
    let mut renumber = |id: &mut CallId| {
        let next = CallId(calls.len() as u64 + 1);
        *id = *calls.entry(*id).or_insert(next);
    };
    let mut events = events.to_vec();
    for (event, seq) in events.iter_mut().zip(1..) {
        event.seq = seq;
        match &mut event.kind {
            EventKind::Call { call, .. }
            | EventKind::Return { call, .. }
            | EventKind::Callback { call, .. }
            | EventKind::Reply { call, .. } => renumber(call),
            EventKind::Note(_) => {}
        }
    }
    events
}

fn opening() -> impl Strategy<Value = String> {
    const STATES: [&str; 10] = [
        "created",
        "initialized",
        "enumerated",
        "ready",
        "preparing",
        "prepared",
        "synchronizing",
        "synchronized",
        "closed",
        "released",
    ];
    (select(&STATES[..]), vec(select(&["A", "B", "Z"][..]), 0..40), any::<bool>()).prop_map(|(state, items, second)| {
        format!("opening{} {state} {}", if second { "/2" } else { "" }, items.join(" "))
    })
}

/// Text that is nearly the notation.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = [
        "manager",
        "handler",
        "note",
        "opening",
        "alias",
        "profile",
        "started",
        "timeout",
        "tolerance",
        "/2",
        " ",
        "\n",
        "Initialize",
        "PrepareForSync",
        "Progress",
        "LogError",
        "Next",
        "Created",
        "TimedOut",
        "GetHandlerInfo",
        "returns",
        "answered",
        "->",
        "?",
        "S_OK",
        "0x",
        "-1",
        "1/3",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "@",
        "+5ms",
        "+",
        "!!",
        "SYNC-04",
        "\"a\"",
        "\"",
        "\\",
        "#",
        "A",
        "E1",
        "info",
        "NULL",
        "{6D6F6273-796E-6300-0000-000000000041}",
        "{6D6F-",
        "items",
        "ü",
        "\u{feff}",
        "\r",
        "\t",
        "99999999999999999999",
        "probe",
        "MANUAL|",
        "vista",
        "ready",
    ];
    vec(prop_oneof![9 => select(pieces.to_vec()).prop_map(str::to_owned), 1 => any::<String>()], 0..40)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(header in header(), events in session()) {
        let text = print(&header, &events);
        let read = parse(&text, "t").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read.events, renumbered(&events), "{}", text);
        prop_assert_eq!(read.header.profile, header.profile);
        prop_assert_eq!(read.header.started, header.started);
        prop_assert_eq!(read.header.limits, header.limits);
        // Each event has its line, and the lines are in order.
        let seqs: Vec<u64> = read.lines.iter().flat_map(|line| line.seqs.clone()).collect();
        prop_assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
        prop_assert!(!text.contains("  # "), "{}", text);
    }

    #[test]
    fn printing_again_gives_the_same_text(events in session()) {
        let text = print(&Header::default(), &events);
        let read = parse(&text, "t").unwrap();
        prop_assert_eq!(print(&read.header, &read.events), text);
    }

    #[test]
    fn any_trace_can_be_printed_each_event_once(events in events(0..12)) {
        let text = print(&Header::default(), &events);
        for event in &events {
            prop_assert!(text.contains(event.method_name()));
        }
        let crossings = text.lines().filter(|line| !line.starts_with("alias ") && !line.starts_with("started ")).count();
        prop_assert!(crossings <= events.len() && crossings * 2 >= events.len());
    }

    #[test]
    fn an_interrupted_printer_says_the_same(events in session(), stops in vec(any::<bool>(), 40)) {
        let (mut printer, mut text) = (Printer::new(), String::new());
        for (event, stop) in events.iter().zip(stops) {
            printer.event(event, &mut text);
            if stop {
                printer.finish(&mut text);
            }
        }
        printer.finish(&mut text);
        prop_assert_eq!(parse(&text, "t").map(|read| read.events).map_err(|e| e.to_string()), Ok(renumbered(&events)));
    }

    #[test]
    fn an_opening_is_what_it_stands_for(openings in vec(opening(), 1..3)) {
        let read = parse(&openings.join("\n"), "t").unwrap();
        let spelled_out = parse(&print(&read.header, &read.events), "t").unwrap();
        prop_assert_eq!(spelled_out.events, read.events);
    }

    #[test]
    fn any_text_is_an_error_at_worst(text in prop_oneof![nearly(), any::<String>()]) {
        if let Err(error) = parse(&text, "t") {
            let line = text.trim_start_matches('\u{feff}').lines().nth(error.line - 1).unwrap_or_default();
            prop_assert_eq!(&error.source_line, line);
            prop_assert!((1..=line.chars().count() + 1).contains(&error.column), "{:?}", error);
            prop_assert_eq!(error.to_string().lines().count(), 4, "{}", error);
        }
    }

    #[test]
    fn a_damaged_document_is_an_error_at_worst(
        events in session(),
        damage in vec((any::<Index>(), any::<Index>(), nearly()), 1..3),
    ) {
        let mut text = print(&Header::default(), &events);
        for (from, to, piece) in damage {
            // At most 20 characters go, so that most of the document is left.
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let start = from.index(boundaries.len());
            let end = start + to.index((boundaries.len() - start).min(20));
            text.replace_range(boundaries[start]..boundaries[end], &piece);
        }
        if let Err(error) = parse(&text, "t") {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
