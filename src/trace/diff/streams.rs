//! Where streams part. Both traces are read side by side, and of each stream only that is kept by which one trace is ahead of the
//! other: so the comparison takes as much memory as there are streams, however long they are.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::difference::Subject;
use super::reading::{Moment, Part, Slot, Survey};
use crate::protocol::{GUID_NULL, HandlerId, Text};

/// The instance of A, and that of B.
pub(super) type Pair = [Option<Part>; 2];

/// Instances that are each other's: by name and order of creation, and then what is left in order.
pub(super) fn matched([a, b]: &[Survey; 2]) -> Vec<Pair> {
    let mut of_b: HashMap<Option<&Text>, Vec<&Part>> = HashMap::new();
    for part in b.instances.iter().rev() {
        of_b.entry(part.name.as_ref()).or_default().push(part);
    }
    let mut matched: Vec<Pair> = Vec::new();
    for part in &a.instances {
        matched.push([Some(part.clone()), of_b.get_mut(&part.name.as_ref()).and_then(Vec::pop).cloned()]);
    }
    let left: HashSet<_> = of_b.into_values().flatten().map(|part| part.handler).collect();
    let mut left = b.instances.iter().filter(|part| left.contains(&part.handler));
    for pair in &mut matched {
        if pair[1].is_none() {
            pair[1] = left.next().cloned();
        }
    }
    matched.extend(left.map(|part| [None, Some(part.clone())]));
    matched
}

/// The pair of each instance, for one of the traces.
pub(super) fn by_handler(pairs: &[Pair], side: usize) -> HashMap<HandlerId, usize> {
    let of_side = |(at, pair): (usize, &Pair)| Some((pair[side].as_ref()?.handler, at));
    pairs.iter().enumerate().filter_map(of_side).collect()
}

/// A stream that differs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parting {
    pub pair: usize,
    pub subject: Subject,
    /// How many moments are the same.
    pub at: usize,
}

/// How far a stream is the same.
#[derive(Clone, Debug, Default)]
struct Track {
    same: usize,
    /// What one trace has and the other does not yet, as hashes of the meanings.
    ahead: VecDeque<u64>,
    /// Which trace that is.
    side: usize,
    parted: bool,
}

impl Track {
    fn push(&mut self, side: usize, meaning: u64) {
        if self.parted {
            return;
        }
        if self.ahead.is_empty() || self.side == side {
            self.side = side;
            self.ahead.push_back(meaning);
        } else if self.ahead.front() == Some(&meaning) {
            self.ahead.pop_front();
            self.same += 1;
        } else {
            self.parted = true;
            self.ahead = VecDeque::new();
        }
    }
}

/// The streams of a pair.
struct Tracks {
    streams: BTreeMap<Subject, Track>,
    /// As the stream of an item begins, and that of its SetItemStatus, of which nothing was said yet.
    item: Track,
    status: Track,
    /// There is no other instance: every stream that has a moment differs.
    lonely: bool,
}

impl Tracks {
    fn of(pair: &Pair) -> Self {
        let always = [Subject::Session, Subject::Dialogs, Subject::Connections, Subject::ErrorLog];
        Self {
            streams: always.map(|subject| (subject, Track::default())).into(),
            item: Track::default(),
            status: Track::default(),
            lonely: pair.iter().any(Option::is_none),
        }
    }

    fn put(&mut self, side: usize, slot: Slot, meaning: u64) {
        let lonely = self.lonely;
        let push = |track: &mut Track| {
            track.parted |= lonely;
            track.push(side, meaning);
        };
        for subject in slot.own() {
            let as_it_begins = if matches!(subject, Subject::SetItemStatus(_)) { &self.status } else { &self.item };
            push(self.streams.entry(subject).or_insert_with(|| as_it_begins.clone()));
        }
        match slot {
            Slot::Of(_) | Slot::OfBoth(..) => return,
            Slot::Session { query: true, turning: false } => return push(self.stream(Subject::Session)),
            Slot::Session { .. } | Slot::Wipe | Slot::Closing => {}
        }
        self.streams.iter_mut().filter(|(subject, _)| slot.concerns(**subject)).for_each(|(_, track)| push(track));
        if slot.concerns(Subject::Item(GUID_NULL)) {
            push(&mut self.item);
        }
        if slot.concerns(Subject::SetItemStatus(GUID_NULL)) {
            push(&mut self.status);
        }
    }

    fn stream(&mut self, subject: Subject) -> &mut Track {
        self.streams.entry(subject).or_default()
    }
}

/// Compares the streams of both traces.
pub(super) struct Streams {
    tracks: Vec<Tracks>,
    by_handler: [HashMap<HandlerId, usize>; 2],
    has: Vec<[bool; 2]>,
    hashes: BuildHasherDefault<DefaultHasher>,
}

impl Streams {
    pub fn of(pairs: &[Pair]) -> Self {
        Self {
            tracks: pairs.iter().map(Tracks::of).collect(),
            by_handler: [by_handler(pairs, 0), by_handler(pairs, 1)],
            has: pairs.iter().map(|pair| [pair[0].is_some(), pair[1].is_some()]).collect(),
            hashes: BuildHasherDefault::default(),
        }
    }

    /// Takes the next moment of a trace.
    pub fn put(&mut self, side: usize, moment: &Moment) {
        let meaning = self.hashes.hash_one(&moment.meaning);
        if matches!(moment.slot, Slot::Closing) {
            let of_side = self.tracks.iter_mut().zip(&self.has).filter(|(_, has)| has[side]);
            of_side.for_each(|(tracks, _)| tracks.put(side, moment.slot, meaning));
        } else if let Some(pair) = self.by_handler[side].get(&moment.event.handler) {
            self.tracks[*pair].put(side, moment.slot, meaning);
        }
    }

    /// The streams that differ, in the order of the pairs and their subjects. Both traces are at their ends.
    pub fn partings(&self) -> Vec<Parting> {
        let streams = self
            .tracks
            .iter()
            .enumerate()
            .flat_map(|(pair, tracks)| tracks.streams.iter().map(move |(subject, track)| (pair, *subject, track)));
        let differ = streams.filter(|(.., track)| track.parted || !track.ahead.is_empty());
        differ.map(|(pair, subject, track)| Parting { pair, subject, at: track.same }).collect()
    }
}
