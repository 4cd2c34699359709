//! Where recorded events wait until they are taken away: as bytes, one after the other.
//!
//! The thread that calls back writes them and another one reads them, so every byte goes from the cache of one processor
//! to that of another. Reports of progress are what a session has most of; one with its reply takes a quarter here of what
//! the two events take in memory, and no allocation.

use zerocopy::byteorder::native_endian::{I32, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::{
    CallId, Callback, CallbackMethod, Event, EventKind, Guid, HResult, HandlerId, Progress, ProgressItem, ProgressMask,
    Status, Text, Thread,
};

/// Events in the order in which they were recorded.
#[derive(Default)]
pub(super) struct Tape {
    /// Room for what is recorded; it is filled as far as `end`.
    bytes: Vec<u8>,
    end: usize,
    /// What is kept as it is.
    whole: Vec<Record>,
    /// The place in the trace of the first event.
    first_seq: u64,
    records: usize,
}

/// An event as it was recorded.
struct Record {
    event: Event,
    /// What a callback was answered: the reply is an event too, the next one, at the same time and on the same thread.
    answer: Option<HResult>,
}

/// A report of progress that was answered, as it stands in the bytes; the thread's name and the text follow.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Written {
    tag: u8,
    thread_len: u8,
    text_len: u8,
    mask: u8,
    answer: U32,
    at_ns: U64,
    item: [u8; 16],
    value: I32,
    max: I32,
    /// How far the callback's number is behind the event's place in the trace.
    behind: U32,
    status: U16,
    handler: U16,
}

/// The first byte of a record that is kept whole.
const WHOLE: u8 = 0;
/// The first byte of one that is [`Written`].
const WRITTEN: u8 = 1;

/// The length of a text that is not given.
const NO_TEXT: u8 = u8::MAX;

/// How much room a tape begins with, in bytes.
const ROOM: usize = 64 << 10;

/// How far ahead room is asked for, in bytes: the size of most records, and of a line of the processor's cache.
const AHEAD: usize = 64;

/// How many records are made into events at once: few enough to be in the processor's cache still when they are used.
const PORTION: usize = 128;

impl Tape {
    /// Something will be recorded soon. The memory for it, which another processor has read the last time, is asked for
    /// now: until it is written it will have come.
    pub(super) fn expect(&mut self) {
        for at in [self.end, self.end + AHEAD] {
            if let Some(byte) = self.bytes.get_mut(at) {
                *byte = WHOLE;
            }
        }
    }

    /// Records an event, and of a callback what it was answered. Called under the session's lock.
    pub(super) fn record(&mut self, event: &Event, answer: Option<HResult>) {
        if self.records == 0 {
            self.first_seq = event.seq;
        }
        self.records += 1;
        if self.write(event, answer).is_none() {
            self.room(1)[0] = WHOLE;
            self.end += 1;
            self.whole.push(Record { event: event.clone(), answer });
        }
    }

    /// The next so many bytes.
    fn room(&mut self, size: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < size {
            self.grow(size);
        }
        &mut self.bytes[self.end..self.end + size]
    }

    #[cold]
    fn grow(&mut self, size: usize) {
        self.bytes.resize((2 * self.bytes.len()).max(self.end + size).max(ROOM), 0);
    }

    /// Writes a report of progress that was answered; nothing of anything else.
    fn write(&mut self, event: &Event, answer: Option<HResult>) -> Option<()> {
        let (written, thread, text) = written(event, answer)?;
        let size = size_of::<Written>() + thread.len() + text.len();
        let (head, rest) = Written::mut_from_prefix(self.room(size)).ok()?;
        *head = written;
        let (thread_room, text_room) = rest.split_at_mut(thread.len());
        copy_short(thread_room, thread);
        copy_short(text_room, text);
        self.end += size;
        Some(())
    }

    /// How often something was recorded.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// Makes events of what was recorded, some at a time, and empties the tape.
    pub(super) fn unwind(&mut self, mut take: impl FnMut(Vec<Event>)) {
        let mut reader = Reader {
            left: &self.bytes[..self.end],
            whole: self.whole.drain(..),
            seq: self.first_seq,
            thread: Thread::APARTMENT,
            text: Text::default(),
        };
        loop {
            let mut events = Vec::with_capacity(2 * PORTION.min(self.records));
            for _ in 0..PORTION {
                if reader.next(&mut events).is_none() {
                    break;
                }
            }
            if events.is_empty() {
                break;
            }
            take(events);
        }
        drop(reader);
        self.end = 0;
        self.records = 0;
    }
}

/// How a report of progress that was answered is written, with the thread's name and the text that follow; nothing of
/// anything else, nor of one with a number or a text that is too large for its place.
fn written(event: &Event, answer: Option<HResult>) -> Option<(Written, &[u8], &[u8])> {
    let EventKind::Callback { call, what: Callback::Progress(Progress { item, info: Some(info) }) } = &event.kind
    else {
        return None;
    };
    if info.size.is_some() {
        return None;
    }
    let thread = event.thread.0.as_bytes();
    let (text, text_len) = match &info.text {
        None => ("", NO_TEXT),
        Some(text) => {
            let text = text.as_str()?;
            (text, u8::try_from(text.len()).ok().filter(|len| *len != NO_TEXT)?)
        }
    };
    let written = Written {
        tag: WRITTEN,
        thread_len: u8::try_from(thread.len()).ok()?,
        text_len,
        mask: u8::try_from(info.mask.0).ok()?,
        answer: answer?.0.into(),
        at_ns: event.at_ns.into(),
        item: *item.0.as_bytes(),
        value: info.value.into(),
        max: info.max.into(),
        behind: u32::try_from(event.seq.checked_sub(call.0)?).ok()?.into(),
        status: u16::try_from(info.status.0).ok()?.into(),
        handler: u16::try_from(event.handler.0).ok()?.into(),
    };
    Some((written, thread, text.as_bytes()))
}

/// Writes an event, and of a callback what it was answered, for another process.
pub(crate) fn pack(event: &Event, answer: Option<HResult>, into: &mut Vec<u8>) {
    if let Some((written, thread, text)) = written(event, answer) {
        into.extend_from_slice(written.as_bytes());
        into.extend_from_slice(thread);
        into.extend_from_slice(text);
        return;
    }
    into.push(WHOLE);
    into.push(u8::from(answer.is_some()));
    into.extend_from_slice(&answer.unwrap_or(HResult::S_OK).0.to_ne_bytes());
    // An event can always be written as JSON, and a Vec takes everything.
    let _ = serde_json::to_writer(into, event);
}

/// Reads what [`pack`] wrote: the event, and the reply where it was answered. `seq` is the event's place in the trace.
/// Nothing of what makes no sense.
pub(crate) fn unpack(bytes: &[u8], seq: u64) -> Option<Vec<Event>> {
    let mut events = Vec::with_capacity(2);
    if *bytes.first()? == WRITTEN {
        let mut reader =
            Reader { left: bytes, whole: std::iter::empty(), seq, thread: Thread::APARTMENT, text: Text::default() };
        reader.next(&mut events)?;
        return reader.left.is_empty().then_some(events);
    }
    let (answered, rest) = bytes.get(1..)?.split_first()?;
    let (hr, json) = rest.split_first_chunk()?;
    let event: Event = serde_json::from_slice(json).ok().filter(|event: &Event| event.seq == seq)?;
    let reply = (*answered != 0).then(|| reply(&event, HResult(u32::from_ne_bytes(*hr))));
    events.push(event);
    if let Some(reply) = reply {
        events.push(reply?);
    }
    Some(events)
}

/// Copies a few bytes between slices of the same length. Most are shorter than what a call to copy them costs.
fn copy_short(to: &mut [u8], from: &[u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>())
        && from.len() <= 16
        && let Some(to_first) = to.first_chunk_mut()
    {
        *to_first = *first;
        if let Some(to_last) = to.last_chunk_mut() {
            *to_last = *last;
        }
    } else if from.len() < 8 {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    } else {
        to.copy_from_slice(from);
    }
}

/// Makes events of records, one after the other.
struct Reader<'a, I> {
    left: &'a [u8],
    whole: I,
    /// The place of the next event in the trace.
    seq: u64,
    /// Thread and text of the last record: often those of the next one as well, and then quicker copied than made.
    thread: Thread,
    text: Text,
}

impl<I: Iterator<Item = Record>> Reader<'_, I> {
    /// Makes the event, or both events, of the next record.
    fn next(&mut self, events: &mut Vec<Event>) -> Option<()> {
        let (tag, rest) = self.left.split_first()?;
        if *tag == WHOLE {
            self.left = rest;
            let Record { event, answer } = self.whole.next()?;
            let reply = answer.and_then(|hr| reply(&event, hr));
            self.seq = event.seq + 1 + u64::from(reply.is_some());
            events.push(event);
            events.extend(reply);
            return Some(());
        }
        let (written, rest) = Written::ref_from_prefix(self.left).ok()?;
        let (thread, rest) = rest.split_at_checked(written.thread_len.into())?;
        if thread != self.thread.0.as_bytes() {
            self.thread = Thread::from(std::str::from_utf8(thread).ok()?);
        }
        let has_text = written.text_len != NO_TEXT;
        let (text, rest) = rest.split_at_checked(if has_text { written.text_len.into() } else { 0 })?;
        if has_text && self.text.as_str().map(str::as_bytes) != Some(text) {
            self.text = Text::from(std::str::from_utf8(text).ok()?);
        }
        self.left = rest;
        let (seq, at_ns, handler) = (self.seq, written.at_ns.get(), HandlerId(written.handler.get().into()));
        self.seq += 2;
        let call = CallId(seq.checked_sub(written.behind.get().into())?);
        let progress = Progress { item: Guid(uuid::Uuid::from_bytes(written.item)), info: None };
        let kind = EventKind::Callback { call, what: Callback::Progress(progress) };
        events.push(Event { seq, at_ns, thread: Thread::APARTMENT, handler, kind });
        // Filled in where it stays: a value that was written a moment ago is slow to copy.
        if let Some(Event { thread, kind: EventKind::Callback { what: Callback::Progress(progress), .. }, .. }) =
            events.last_mut()
        {
            *thread = self.thread.clone();
            let info = progress.info.insert(ProgressItem::default());
            info.mask = ProgressMask(written.mask.into());
            info.status = Status(written.status.get().into());
            (info.value, info.max) = (written.value.get(), written.max.get());
            if has_text {
                info.text = Some(self.text.clone());
            }
        }
        let (method, hr) = (CallbackMethod::Progress, HResult(written.answer.get()));
        let kind = EventKind::Reply { call, method, hr };
        events.push(Event { seq: seq + 1, at_ns, thread: self.thread.clone(), handler, kind });
        Some(())
    }
}

/// The reply to a callback.
fn reply(callback: &Event, hr: HResult) -> Option<Event> {
    let EventKind::Callback { call, what } = &callback.kind else { return None };
    let kind = EventKind::Reply { call: *call, method: what.method(), hr };
    Some(Event { seq: callback.seq + 1, thread: callback.thread.clone(), kind, ..*callback })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::{Completed, Note, OverReleased};

    fn event() -> impl Strategy<Value = (EventKind, Option<HResult>)> {
        let text = prop_oneof![
            Just(None),
            "[a-z ]{0,40}".prop_map(|text| Some(Text::from(text.as_str()))),
            Just(Some(Text::from("x".repeat(300).as_str()))),
            Just(Some(Text::from_utf16(&[0xD800, 0x41]))),
        ];
        let numbers = (any::<u32>(), any::<u32>(), any::<i32>(), any::<i32>(), prop::option::of(any::<u32>()));
        let small = (0..16_u32, 0..9_u32, 0..100_i32, 0..100_i32, Just(None));
        let info =
            (text, prop_oneof![1 => numbers, 4 => small]).prop_map(|(text, (mask, status, value, max, size))| {
                ProgressItem { mask: ProgressMask(mask), text, status: Status(status), value, max, size }
            });
        let progress =
            (any::<u128>(), prop::option::weighted(0.9, info), any::<u64>()).prop_map(|(item, info, call)| {
                (Callback::Progress(Progress { item: Guid::from_u128(item), info }), call % 99)
            });
        let other = Just((Callback::SynchronizeCompleted(Completed { hr: HResult::S_OK }), 3));
        let callback = (prop_oneof![4 => progress, 1 => other], any::<u32>())
            .prop_map(|((what, call), hr)| (EventKind::Callback { call: CallId(call), what }, Some(HResult(hr))));
        let note = Note::OverReleased(OverReleased { callback: 7 });
        prop_oneof![5 => callback, 1 => Just((EventKind::Note(Box::new(note)), None))]
    }

    proptest! {
        #[test]
        fn what_is_recorded_comes_out_as_it_went_in(
            recorded in prop::collection::vec((event(), 0..3_usize, any::<u64>(), 1..4_u32), 0..400),
            cut in any::<prop::sample::Index>(),
            first in 100..1000_u64,
        ) {
            let threads = ["apartment", "w", "a thread with a name that is longer than most"];
            let mut tape = Tape::default();
            // A tape that has been used is used again.
            for _ in 0..2 {
                let mut seq = first;
                let mut expected = Vec::new();
                for ((kind, answer), thread, at_ns, handler) in &recorded {
                    let handler = HandlerId(*handler);
                    let event = Event { seq, at_ns: *at_ns, thread: Thread::from(threads[*thread]), handler, kind: kind.clone() };
                    tape.expect();
                    tape.record(&event, *answer);
                    let reply = answer.and_then(|hr| reply(&event, hr));
                    seq += 1 + u64::from(reply.is_some());
                    expected.push(event);
                    expected.extend(reply);
                }
                prop_assert_eq!(tape.records(), recorded.len());
                let mut events = Vec::new();
                tape.unwind(|new| events.extend(new));
                prop_assert_eq!(&events, &expected);
                prop_assert_eq!(tape.records(), 0);
                let mut seq = first;
                let mut unpacked = Vec::new();
                for ((kind, answer), thread, at_ns, handler) in &recorded {
                    let (thread, handler) = (Thread::from(threads[*thread]), HandlerId(*handler));
                    let event = Event { seq, at_ns: *at_ns, thread, handler, kind: kind.clone() };
                    let mut bytes = Vec::new();
                    pack(&event, *answer, &mut bytes);
                    let new = unpack(&bytes, seq).expect("what was packed is unpacked");
                    // What is cut off is not read, or at least does no harm.
                    let _ = unpack(&bytes[..cut.index(bytes.len())], seq);
                    seq += new.len() as u64;
                    unpacked.extend(new);
                }
                prop_assert_eq!(&unpacked, &expected);
            }
        }
    }
}
