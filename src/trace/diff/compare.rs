//! The comparison itself.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::hash::Hash;

use super::align::{AlignStep, Edit, edit};
use super::fields::differing;
use super::gather::{BEFORE, Gathered};
use super::lines::Lines;
use super::reading::{Moment, Part, Reader, Survey};
use super::streams::{Pair, Parting, Streams, matched};
use super::{Difference, Field, Row, Stream, Subject, What};
use crate::protocol::{Event, EventKind};

/// How many rows are shown from the difference on.
const FROM: usize = 4;

/// The events of a trace, from the beginning.
pub type Events<'a, E> = Box<dyn Iterator<Item = Result<Event, E>> + 'a>;

/// What came of a comparison.
#[derive(Debug)]
pub struct Compared {
    /// Where the traces first differ in meaning; `None` when they are equal.
    pub difference: Option<Difference>,
    /// How many events A has, and B.
    pub events: [usize; 2],
}

/// Where two traces first differ in meaning; `None` when they are equal. [The module](super) says what that means.
///
/// ```
/// use mobsync::trace::{diff::diff, notation};
/// let events = |text| notation::parse(text, "an example").unwrap().events;
/// let a = events("opening synchronizing\nhandler Progress A SUCCEEDED @left\nhandler Progress B SUCCEEDED @right");
/// let b = events("opening synchronizing\nhandler Progress B SUCCEEDED +5ms\nhandler Progress A SUCCEEDED");
/// assert_eq!(diff(&a, &b), None);
/// let c = events("opening synchronizing\nhandler Progress A FAILED\nhandler Progress B SUCCEEDED");
/// let difference = diff(&a, &c).unwrap();
/// assert_eq!(difference.a, difference.b);
/// assert!(difference.to_string().ends_with("differs in info.status: SUCCEEDED / FAILED"));
/// ```
pub fn diff(a: &[Event], b: &[Event]) -> Option<Difference> {
    let read = |side: usize| {
        let events = if side == 0 { a } else { b };
        Ok::<_, Infallible>(Box::new(events.iter().cloned().map(Ok)) as Events<'_, _>)
    };
    match diff_read(read) {
        Ok(compared) => compared.difference,
        Err(never) => match never {},
    }
}

/// As [`diff`], of traces that need not be in memory. `read` begins to read A (0) or B (1); it is called up to three times for each.
///
/// # Errors
/// When a trace cannot be read.
pub fn diff_read<'a, E>(read: impl Fn(usize) -> Result<Events<'a, E>, E>) -> Result<Compared, E> {
    let mut surveys = [Survey::default(), Survey::default()];
    for (side, survey) in surveys.iter_mut().enumerate() {
        for event in read(side)? {
            survey.take(&event?);
        }
    }
    let events = [surveys[0].events, surveys[1].events];
    let pairs = matched(&surveys);
    let partings = partings(&pairs, [read(0)?, read(1)?])?;
    if partings.is_empty() {
        return Ok(Compared { difference: None, events });
    }
    let [a, b] = [0, 1].map(|side| Gathered::new(&pairs, side, &partings));
    let (a, b) = (gathered(a, read(0)?)?, gathered(b, read(1)?)?);
    Ok(Compared { difference: Comparison::of(&pairs, &partings, &a, &b).first(), events })
}

/// The streams that differ.
fn partings<E>(pairs: &[Pair], mut traces: [Events<'_, E>; 2]) -> Result<Vec<Parting>, E> {
    let mut streams = Streams::of(pairs);
    let mut readers = [Reader::default(), Reader::default()];
    let mut ended = [false, false];
    while ended != [true, true] {
        for side in [0, 1] {
            match traces[side].next() {
                _ if ended[side] => {}
                Some(event) => readers[side].read(event?),
                None => {
                    ended[side] = true;
                    readers[side].finish();
                }
            }
            while let Some(moment) = readers[side].take() {
                streams.put(side, &moment);
            }
        }
    }
    Ok(streams.partings())
}

/// What stands around the partings in a trace.
fn gathered<E>(mut gathered: Gathered, trace: Events<'_, E>) -> Result<Gathered, E> {
    let mut reader = Reader::default();
    for event in trace {
        reader.read(event?);
        while let Some(moment) = reader.take() {
            gathered.put(moment);
        }
    }
    reader.finish();
    while let Some(moment) = reader.take() {
        gathered.put(moment);
    }
    gathered.session = reader.session;
    Ok(gathered)
}

/// Both traces around their partings, with a number for each meaning.
struct Comparison<'a> {
    pairs: &'a [Pair],
    partings: &'a [Parting],
    a: &'a Gathered,
    b: &'a Gathered,
    steps_a: HashMap<usize, AlignStep>,
    steps_b: HashMap<usize, AlignStep>,
}

/// A stream that differs, and where.
#[derive(Clone, Copy)]
struct Clash<'a> {
    pair: &'a Pair,
    subject: Subject,
    /// The moments of the stream in each trace, from a few before the parting on.
    window_a: &'a [usize],
    window_b: &'a [usize],
    /// How many moments in them are the same.
    at: usize,
    /// The moments that follow.
    a: Option<usize>,
    b: Option<usize>,
}

impl<'a> Clash<'a> {
    fn instance_a(&self) -> Option<&'a Part> {
        self.pair[0].as_ref()
    }

    fn instance_b(&self) -> Option<&'a Part> {
        self.pair[1].as_ref()
    }
}

/// A stream that differs, and how.
struct Found<'a> {
    clash: Clash<'a>,
    edit: Edit,
    /// The position of its event in the traces; of equals, an event of A goes first.
    rank: (usize, bool, usize),
}

impl<'a> Comparison<'a> {
    fn of(pairs: &'a [Pair], partings: &'a [Parting], a: &'a Gathered, b: &'a Gathered) -> Self {
        let (mut meanings, mut kinds) = (HashMap::new(), HashMap::new());
        let mut step = |(number, moment): (usize, &'a Moment)| {
            let meaning = numbered(&mut meanings, &moment.meaning);
            (number, AlignStep { meaning, unanswered: numbered(&mut kinds, &moment.meaning.kind) })
        };
        let steps_a = a.moments().map(&mut step).collect();
        let steps_b = b.moments().map(&mut step).collect();
        Self { pairs, partings, a, b, steps_a, steps_b }
    }

    fn first(&self) -> Option<Difference> {
        let mut clashes: Vec<Clash<'a>> = Vec::new();
        for (nth, parting) in self.partings.iter().enumerate() {
            let (window_a, window_b) = (&*self.a.windows[nth], &*self.b.windows[nth]);
            let at = parting.at.min(BEFORE);
            let (a, b) = (window_a.get(at).copied(), window_b.get(at).copied());
            let pair = &self.pairs[parting.pair];
            clashes.push(Clash { pair, subject: parting.subject, window_a, window_b, at, a, b });
        }
        clashes.sort_by_key(|clash| self.position(clash).0);
        let mut best: Option<Found<'a>> = None;
        // A turning point that differs does so in many streams.
        let mut seen = HashSet::new();
        for clash in &clashes {
            if best.as_ref().is_some_and(|best| best.rank.0 < self.position(clash).0) {
                break;
            }
            if seen.insert((clash.a, clash.b)) {
                let found = self.explain(*clash);
                if best.as_ref().is_none_or(|best| found.rank < best.rank) {
                    best = Some(found);
                }
            }
        }
        best.map(|best| self.tell(&best, &clashes))
    }

    /// The smallest position of the moments at which a stream parts, and B's.
    fn position(&self, clash: &Clash<'_>) -> (usize, usize) {
        let a = clash.a.map_or(usize::MAX, |moment| self.a.moment(moment).position);
        let b = clash.b.map_or(usize::MAX, |moment| self.b.moment(moment).position);
        (a.min(b), b)
    }

    fn explain(&self, clash: Clash<'a>) -> Found<'a> {
        let rest = |window: &[usize], steps: &HashMap<usize, AlignStep>| -> Vec<AlignStep> {
            window.iter().skip(clash.at).map(|moment| steps[moment]).collect()
        };
        let (a, b) = (rest(clash.window_a, &self.steps_a), rest(clash.window_b, &self.steps_b));
        let alike = match (clash.a, clash.b) {
            (Some(a), Some(b)) => self.a.moment(a).meaning.is_like(&self.b.moment(b).meaning),
            _ => false,
        };
        let edit = edit(&a, &b, alike);
        let (smallest, in_b) = self.position(&clash);
        let rank = match edit {
            Edit::Missing => (clash.a.map_or(usize::MAX, |moment| self.a.moment(moment).position), false, usize::MAX),
            Edit::Extra => (in_b, true, in_b),
            Edit::Instead | Edit::Order => (smallest, false, in_b),
        };
        Found { clash, edit, rank }
    }

    /// An event that is missing in one stream and stands in another one of B with one field changed, such as its item.
    fn moved(&self, best: &Found<'_>, clashes: &[Clash<'a>]) -> Option<(usize, Vec<Field>)> {
        let missing = best.clash.a.filter(|_| best.edit == Edit::Missing)?;
        let meaning = &self.a.moment(missing).meaning;
        let mut there: Vec<&Clash<'a>> = clashes.iter().filter(|clash| clash.subject != best.clash.subject).collect();
        there.sort_by_key(|clash| self.position(clash).1);
        let same_place = |a: Option<&Part>, b: Option<&Part>| a.map(|part| part.handler) == b.map(|part| part.handler);
        for clash in there {
            let Some(moment) = clash.b else { continue };
            let other = &self.b.moment(moment).meaning;
            if !same_place(clash.instance_b(), best.clash.instance_b()) || !meaning.is_like(other) {
                continue;
            }
            let fields = differing(meaning, other);
            if fields.len() == 1 && self.explain(*clash).edit == Edit::Extra {
                return Some((moment, fields));
            }
        }
        None
    }

    /// The difference in words and lines.
    fn tell(&self, best: &Found<'a>, clashes: &[Clash<'a>]) -> Difference {
        let Clash { a, b, .. } = best.clash;
        let mut seq_a = a.map(|moment| seq(self.a, moment));
        let mut seq_b = b.map(|moment| seq(self.b, moment));
        let name = |trace: &Gathered, moment: Option<usize>| {
            moment.map(|moment| in_words(&trace.moment(moment).meaning.kind)).unwrap_or_default()
        };
        let (name_a, name_b) = (name(self.a, a), name(self.b, b));
        let mut pair = (a, b);
        let what = match best.edit {
            Edit::Missing => match self.moved(best, clashes) {
                Some((moment, fields)) => {
                    seq_b = Some(seq(self.b, moment));
                    pair.1 = Some(moment);
                    What::Changed { event: name_a, fields }
                }
                None => {
                    seq_b = None;
                    pair.1 = None;
                    What::MissingInB { event: name_a }
                }
            },
            Edit::Extra => {
                seq_a = None;
                pair.0 = None;
                What::OnlyInB { event: name_b }
            }
            Edit::Order => What::Order { a: name_a, b: name_b },
            Edit::Instead => match (a, b) {
                (Some(a), Some(b)) if self.a.moment(a).meaning.is_like(&self.b.moment(b).meaning) => {
                    let what;
                    (seq_a, seq_b, what) = self.changed(a, b);
                    what
                }
                _ => What::Instead { a: name_a, b: name_b },
            },
        };
        let (rows, aliases) = self.rows(best, pair);
        Difference { a: seq_a, b: seq_b, stream: self.name(&best.clash), what, rows, aliases }
    }

    /// Two crossings of one method that differ. When it is their replies alone, those are the events that differ.
    fn changed(&self, a: usize, b: usize) -> (Option<u64>, Option<u64>, What) {
        let (in_a, in_b) = (&self.a.moment(a).meaning, &self.b.moment(b).meaning);
        let fields = differing(in_a, in_b);
        let event = in_words(&in_a.kind);
        if in_a.kind != in_b.kind || in_a.reply == in_b.reply {
            return (Some(seq(self.a, a)), Some(seq(self.b, b)), What::Changed { event, fields });
        }
        let reply = |trace: &Gathered, moment: usize| trace.moment(moment).reply.as_ref().map(|reply| reply.seq);
        let event = format!("the reply to {event}");
        match (reply(self.a, a), reply(self.b, b)) {
            (a, None) => (a, None, What::MissingInB { event }),
            (None, b) => (None, b, What::OnlyInB { event }),
            (a, b) => (a, b, What::Changed { event, fields }),
        }
    }

    fn name(&self, clash: &Clash<'_>) -> Stream {
        let parts = || clash.pair.iter().flatten();
        let item = clash.subject.item();
        Stream {
            subject: clash.subject,
            item: item.and_then(|id| self.a.name_of(id).or_else(|| self.b.name_of(id))).cloned(),
            handler: parts().find_map(|part| part.name.clone()),
            instance_a: clash.instance_a().map(|part| part.handler),
            instance_b: clash.instance_b().map(|part| part.handler),
            several: [0, 1].iter().any(|side| self.pairs.iter().filter(|pair| pair[*side].is_some()).count() > 1),
        }
    }

    /// The stream around the difference, and the names in it. `pair` is what stands in the row of the difference.
    fn rows(&self, best: &Found<'_>, pair: (Option<usize>, Option<usize>)) -> (Vec<Row>, Vec<String>) {
        let clash = &best.clash;
        let (before_a, before_b) = (clash.window_a, clash.window_b);
        let mut lines = Lines::new();
        let mut rows = Vec::new();
        for at in 0..clash.at {
            rows.push(lines.row((self.a, Some(before_a[at])), (self.b, Some(before_b[at])), false));
        }
        rows.push(lines.row((self.a, pair.0), (self.b, pair.1), true));
        let used = |edit: Edit| usize::from(best.edit != edit);
        let (from_a, from_b) = (clash.at + used(Edit::Extra), clash.at + used(Edit::Missing));
        for at in 0..FROM - 1 {
            let (a, b) = (before_a.get(from_a + at).copied(), before_b.get(from_b + at).copied());
            if a.is_some() || b.is_some() {
                let same = a.map(|moment| self.steps_a[&moment]) == b.map(|moment| self.steps_b[&moment]);
                rows.push(lines.row((self.a, a), (self.b, b), !same));
            }
        }
        (rows, lines.aliases())
    }
}

/// A number for each thing that is not equal to another.
fn numbered<'a, T: Eq + Hash>(numbers: &mut HashMap<&'a T, u32>, thing: &'a T) -> u32 {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(thing).or_insert(next)
}

fn seq(trace: &Gathered, moment: usize) -> u64 {
    trace.moment(moment).event.seq
}

/// `the return of Synchronize`
fn in_words(kind: &EventKind) -> String {
    match kind {
        EventKind::Call { what, .. } => format!("the call of {}", what.method()),
        EventKind::Return { what, .. } => format!("the return of {}", what.method),
        EventKind::Callback { what, .. } => what.method().to_string(),
        EventKind::Reply { method, .. } => format!("a reply to {method} that answers no callback"),
        EventKind::Note(note) => format!("the note {}", note.method()),
    }
}
