//! What holds for every trace: it reads back as it was written, and no damage does worse than an error.

mod common;

use common::strategies::{event, events, header};
use mobsync::protocol::Event;
use mobsync::trace::{Header, Reader, TraceError, Writer};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value};

fn written(header: &Header, events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), header).unwrap();
    for event in events {
        writer.write(event).unwrap();
    }
    writer.into_inner()
}

/// The events before the first error, and the error.
fn read(file: &[u8]) -> (Vec<Event>, Option<TraceError>) {
    let mut events = Vec::new();
    let reader = match Reader::new(file, "t.jsonl") {
        Ok(reader) => reader,
        Err(error) => return (events, Some(error)),
    };
    for event in reader {
        match event {
            Ok(event) => events.push(event),
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}

/// One kind of damage to a file.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
    Delete(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..40),
        "[\\[\\]{}\",:0-9a-z\\\\\n]{1,40}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        any::<(Index, Index)>().prop_map(|(a, b)| Damage::Repeat(a, b)),
        any::<(Index, Index)>().prop_map(|(a, b)| Damage::Delete(a, b)),
    ]
}

/// Damages the file and says from which byte on it may differ.
fn apply(damage: &Damage, file: &mut Vec<u8>) -> usize {
    if file.is_empty() {
        return 0;
    }
    let range = |a: &Index, b: &Index| {
        let (a, b) = (a.index(file.len()), b.index(file.len()));
        a.min(b)..a.max(b)
    };
    match damage {
        Damage::Flip(at, bits) => {
            let at = at.index(file.len());
            file[at] ^= bits;
            at
        }
        Damage::Cut(at) => {
            let at = at.index(file.len());
            file.truncate(at);
            at
        }
        Damage::Insert(at, bytes) => {
            let at = at.index(file.len());
            file.splice(at..at, bytes.iter().copied());
            at
        }
        Damage::Repeat(a, b) => {
            let range = range(a, b);
            let chunk = file[range.clone()].to_vec();
            file.splice(range.end..range.end, chunk);
            range.end
        }
        Damage::Delete(a, b) => {
            let range = range(a, b);
            file.drain(range.clone());
            range.start
        }
    }
}

proptest! {
    #[test]
    fn a_trace_reads_back_as_it_was_written(header in header(), events in events(0..12)) {
        let file = written(&header, &events);
        let reader = Reader::new(file.as_slice(), "t.jsonl").unwrap();
        prop_assert_eq!(reader.header(), &header);
        prop_assert_eq!(reader.collect::<Result<Vec<_>, _>>(), Ok(events));
    }

    #[test]
    fn nothing_is_written_for_arguments_that_say_nothing(event in event()) {
        let line = serde_json::to_string(&event).unwrap();
        prop_assert!(!line.contains(r#""args":{}"#), "{}", line);
    }

    #[test]
    fn the_order_of_keys_does_not_matter(event in event(), order in any::<[u8; 16]>()) {
        let line = serde_json::to_value(&event).unwrap();
        let mut keys: Vec<(usize, (&String, &Value))> = line.as_object().unwrap().iter().enumerate().collect();
        keys.sort_by_key(|(at, _)| order[*at]);
        let shuffled: Map<String, Value> = keys.into_iter().map(|(_, (k, v))| (k.clone(), v.clone())).collect();
        let text = serde_json::to_string(&shuffled).unwrap();
        prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{}", text);
    }

    #[test]
    fn damage_is_an_error_at_worst_and_leaves_what_came_before(
        header in header(),
        events in events(1..6),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let mut file = written(&header, &events);
        let whole = file.clone();
        let sound = damages.iter().map(|damage| apply(damage, &mut file)).min().unwrap();
        let lines = whole[..sound].iter().filter(|byte| **byte == b'\n').count();
        let (read, _) = read(&file);
        let expected = &events[..lines.saturating_sub(1)];
        prop_assert!(read.len() >= expected.len());
        prop_assert_eq!(&read[..expected.len()], expected);
    }

    #[test]
    fn any_bytes_at_all_are_an_error_at_worst(file in prop::collection::vec(any::<u8>(), 0..200)) {
        // That such bytes are a trace by chance is out of the question.
        prop_assert!(read(&file).1.is_some());
    }

    #[test]
    fn a_file_cut_anywhere_says_so(header in header(), events in events(1..4), cut in any::<Index>()) {
        let file = written(&header, &events);
        let cut = cut.index(file.len());
        let lines = file[..cut].iter().filter(|byte| **byte == b'\n').count();
        let rest = file[..cut].iter().rev().take_while(|byte| **byte != b'\n').count();
        let whole_line = file[cut] == b'\n';
        let (read, error) = read(&file[..cut]);
        if cut == 0 {
            prop_assert_eq!(error, Some(TraceError::Empty { file: "t.jsonl".into() }));
        } else if rest == 0 || whole_line {
            // Between two lines, or with nothing but the line's end missing, there is nothing to miss.
            prop_assert_eq!(error, None);
            prop_assert_eq!(read.len() + 1, lines + usize::from(whole_line));
        } else {
            let length = String::from_utf8_lossy(&file[cut - rest..cut]).chars().count() as u64;
            let before = lines.saturating_sub(1) as u64;
            let line = lines as u64 + 1;
            prop_assert_eq!(
                error,
                Some(TraceError::Truncated { file: "t.jsonl".into(), line, length, events: before })
            );
        }
    }
}
