//! The comparison itself.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::align::{AlignStep, Edit, edit};
use super::fields::differing;
use super::lines::Lines;
use super::meaning::Meaning;
use super::reading::{Part, Reading};
use super::{Difference, Field, Row, Stream, Subject, What};
use crate::protocol::{Event, EventKind, Text};

/// How many events that are the same are shown before a difference.
const BEFORE: usize = 3;
/// How many rows are shown from the difference on.
const FROM: usize = 4;

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
    Comparison::of(&Reading::of(a), &Reading::of(b)).first()
}

/// Both traces, with a number for each meaning.
struct Comparison<'a> {
    a: &'a Reading<'a>,
    b: &'a Reading<'a>,
    steps_a: Vec<AlignStep>,
    steps_b: Vec<AlignStep>,
}

/// A stream that differs, and where.
#[derive(Clone, Copy)]
struct Clash<'a> {
    instance_a: Option<&'a Part>,
    instance_b: Option<&'a Part>,
    subject: Subject,
    /// How many moments are the same.
    at: usize,
    /// The moments that follow.
    a: Option<usize>,
    b: Option<usize>,
}

/// A stream that differs, and how.
struct Found<'a> {
    clash: Clash<'a>,
    edit: Edit,
    /// The position of its event in the traces; of equals, an event of A goes first.
    rank: (usize, bool, usize),
}

impl<'a> Comparison<'a> {
    fn of(a: &'a Reading<'a>, b: &'a Reading<'a>) -> Self {
        let (mut meanings, mut kinds) = (HashMap::new(), HashMap::new());
        let mut step = |meaning: &'a Meaning| AlignStep {
            meaning: number(&mut meanings, meaning),
            unanswered: number(&mut kinds, &meaning.kind),
        };
        let steps_a = a.meanings.iter().map(&mut step).collect();
        let steps_b = b.meanings.iter().map(&mut step).collect();
        Self { a, b, steps_a, steps_b }
    }

    fn first(&self) -> Option<Difference> {
        let mut clashes: Vec<Clash<'a>> = Vec::new();
        for (instance_a, instance_b) in self.matched() {
            for subject in subjects(instance_a, instance_b) {
                let (a, b) = (stream(self.a, instance_a, subject), stream(self.b, instance_b, subject));
                let at = a.iter().zip(&b).take_while(|(a, b)| self.steps_a[**a] == self.steps_b[**b]).count();
                if at < a.len().max(b.len()) {
                    let (a, b) = (a.get(at).copied(), b.get(at).copied());
                    clashes.push(Clash { instance_a, instance_b, subject, at, a, b });
                }
            }
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

    /// Instances that are each other's: by name and order of creation, and then what is left in order.
    fn matched(&self) -> Vec<(Option<&'a Part>, Option<&'a Part>)> {
        let mut of_b: HashMap<Option<&Text>, Vec<&'a Part>> = HashMap::new();
        for part in self.b.instances.iter().rev() {
            of_b.entry(part.name.as_ref()).or_default().push(part);
        }
        let mut matched: Vec<(Option<&'a Part>, Option<&'a Part>)> = Vec::new();
        for part in &self.a.instances {
            matched.push((Some(part), of_b.get_mut(&part.name.as_ref()).and_then(Vec::pop)));
        }
        let left: HashSet<_> = of_b.into_values().flatten().map(|part| part.handler).collect();
        let mut left = self.b.instances.iter().filter(|part| left.contains(&part.handler));
        for pair in &mut matched {
            if pair.1.is_none() {
                pair.1 = left.next();
            }
        }
        matched.extend(left.map(|part| (None, Some(part))));
        matched
    }

    /// The smallest position of the moments at which a stream parts, and B's.
    fn position(&self, clash: &Clash<'_>) -> (usize, usize) {
        let a = clash.a.map_or(usize::MAX, |moment| self.a.moments[moment].event);
        let b = clash.b.map_or(usize::MAX, |moment| self.b.moments[moment].event);
        (a.min(b), b)
    }

    /// How the stream goes on in each trace.
    fn rests(&self, clash: &Clash<'_>) -> (Vec<usize>, Vec<usize>) {
        let mut a = stream(self.a, clash.instance_a, clash.subject);
        let mut b = stream(self.b, clash.instance_b, clash.subject);
        a.drain(..clash.at);
        b.drain(..clash.at);
        (a, b)
    }

    fn explain(&self, clash: Clash<'a>) -> Found<'a> {
        let (a, b) = self.rests(&clash);
        let a: Vec<AlignStep> = a.into_iter().map(|moment| self.steps_a[moment]).collect();
        let b: Vec<AlignStep> = b.into_iter().map(|moment| self.steps_b[moment]).collect();
        let alike = match (clash.a, clash.b) {
            (Some(a), Some(b)) => self.a.meanings[a].is_like(&self.b.meanings[b]),
            _ => false,
        };
        let edit = edit(&a, &b, alike);
        let (smallest, in_b) = self.position(&clash);
        let rank = match edit {
            Edit::Missing => (clash.a.map_or(usize::MAX, |moment| self.a.moments[moment].event), false, usize::MAX),
            Edit::Extra => (in_b, true, in_b),
            Edit::Instead | Edit::Order => (smallest, false, in_b),
        };
        Found { clash, edit, rank }
    }

    /// An event that is missing in one stream and stands in another one of B with one field changed, such as its item.
    fn moved(&self, best: &Found<'_>, clashes: &[Clash<'a>]) -> Option<(usize, Vec<Field>)> {
        let missing = best.clash.a.filter(|_| best.edit == Edit::Missing)?;
        let meaning = &self.a.meanings[missing];
        let mut there: Vec<&Clash<'a>> = clashes.iter().filter(|clash| clash.subject != best.clash.subject).collect();
        there.sort_by_key(|clash| self.position(clash).1);
        let same_place = |a: Option<&Part>, b: Option<&Part>| a.map(|part| part.handler) == b.map(|part| part.handler);
        for clash in there {
            let Some(moment) = clash.b else { continue };
            let other = &self.b.meanings[moment];
            if !same_place(clash.instance_b, best.clash.instance_b) || !meaning.is_like(other) {
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
        let name = |reading: &Reading<'_>, moment: Option<usize>| {
            moment.map(|moment| in_words(&reading.meanings[moment].kind)).unwrap_or_default()
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
                (Some(a), Some(b)) if self.a.meanings[a].is_like(&self.b.meanings[b]) => {
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
        let (in_a, in_b) = (&self.a.meanings[a], &self.b.meanings[b]);
        let fields = differing(in_a, in_b);
        let event = in_words(&in_a.kind);
        if in_a.kind != in_b.kind || in_a.reply == in_b.reply {
            return (Some(seq(self.a, a)), Some(seq(self.b, b)), What::Changed { event, fields });
        }
        let reply =
            |reading: &Reading<'_>, moment: usize| reading.moments[moment].reply.map(|at| reading.events[at].seq);
        let event = format!("the reply to {event}");
        match (reply(self.a, a), reply(self.b, b)) {
            (a, None) => (a, None, What::MissingInB { event }),
            (None, b) => (None, b, What::OnlyInB { event }),
            (a, b) => (a, b, What::Changed { event, fields }),
        }
    }

    fn name(&self, clash: &Clash<'_>) -> Stream {
        let parts = || clash.instance_a.into_iter().chain(clash.instance_b);
        let item = clash.subject.item();
        Stream {
            subject: clash.subject,
            item: item.and_then(|id| self.a.name_of(id).or_else(|| self.b.name_of(id))).cloned(),
            handler: parts().find_map(|part| part.name.clone()),
            instance_a: clash.instance_a.map(|part| part.handler),
            instance_b: clash.instance_b.map(|part| part.handler),
            several: self.a.instances.len().max(self.b.instances.len()) > 1,
        }
    }

    /// The stream around the difference, and the names in it. `pair` is what stands in the row of the difference.
    fn rows(&self, best: &Found<'_>, pair: (Option<usize>, Option<usize>)) -> (Vec<Row>, Vec<String>) {
        let clash = &best.clash;
        let (before_a, before_b) =
            (stream(self.a, clash.instance_a, clash.subject), stream(self.b, clash.instance_b, clash.subject));
        let mut lines = Lines::new();
        let mut rows = Vec::new();
        for at in clash.at.saturating_sub(BEFORE)..clash.at {
            rows.push(lines.row((self.a, Some(before_a[at])), (self.b, Some(before_b[at])), false));
        }
        rows.push(lines.row((self.a, pair.0), (self.b, pair.1), true));
        let used = |edit: Edit| usize::from(best.edit != edit);
        let (from_a, from_b) = (clash.at + used(Edit::Extra), clash.at + used(Edit::Missing));
        for at in 0..FROM - 1 {
            let (a, b) = (before_a.get(from_a + at).copied(), before_b.get(from_b + at).copied());
            if a.is_some() || b.is_some() {
                let same = a.map(|moment| self.steps_a[moment]) == b.map(|moment| self.steps_b[moment]);
                rows.push(lines.row((self.a, a), (self.b, b), !same));
            }
        }
        (rows, lines.aliases())
    }
}

/// A number for each thing that is not equal to another.
fn number<'a, T: Eq + Hash>(numbers: &mut HashMap<&'a T, u32>, thing: &'a T) -> u32 {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(thing).or_insert(next)
}

fn stream(reading: &Reading<'_>, part: Option<&Part>, subject: Subject) -> Vec<usize> {
    part.map(|part| reading.stream(part, subject)).unwrap_or_default()
}

/// Every subject that one of the instances has events of; the session first.
fn subjects(a: Option<&Part>, b: Option<&Part>) -> BTreeSet<Subject> {
    let always = [Subject::Session, Subject::Dialogs, Subject::Connections, Subject::ErrorLog];
    let own = a.into_iter().chain(b).flat_map(Part::subjects);
    own.chain(always).collect()
}

fn seq(reading: &Reading<'_>, moment: usize) -> u64 {
    reading.events[reading.moments[moment].event].seq
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
