//! What stands around the places at which streams part: all that is needed to explain the difference.

use std::collections::{BTreeMap, HashMap};

use super::difference::Subject;
use super::reading::{Moment, Slot};
use super::streams::{Pair, Parting, by_handler};
use crate::protocol::{Guid, HandlerId, Session, Text};

/// How many moments that are the same are kept before a parting.
pub(super) const BEFORE: usize = 3;

/// How many moments are kept from a parting on. An explanation looks at fewer (`align`).
const FROM: usize = 128;

/// The moments of one trace that are kept.
pub(super) struct Gathered {
    moments: BTreeMap<usize, Moment>,
    /// Of each parting, the numbers of the moments of its stream.
    pub windows: Vec<Vec<usize>>,
    /// The session at the end of the trace.
    pub session: Session,
    /// How many moments there were.
    next: usize,
    /// How far each stream has come.
    come: Vec<usize>,
    partings: Vec<Parting>,
    of_pair: HashMap<usize, Vec<usize>>,
    of_subject: HashMap<(usize, Subject), usize>,
    by_handler: HashMap<HandlerId, usize>,
    has: Vec<bool>,
}

impl Gathered {
    pub fn new(pairs: &[Pair], side: usize, partings: &[Parting]) -> Self {
        let mut of_pair: HashMap<usize, Vec<usize>> = HashMap::new();
        for (nth, parting) in partings.iter().enumerate() {
            of_pair.entry(parting.pair).or_default().push(nth);
        }
        let of_subject = partings.iter().enumerate().map(|(nth, parting)| ((parting.pair, parting.subject), nth));
        Self {
            moments: BTreeMap::new(),
            windows: vec![Vec::new(); partings.len()],
            session: Session::default(),
            next: 0,
            come: vec![0; partings.len()],
            partings: partings.to_vec(),
            of_pair,
            of_subject: of_subject.collect(),
            by_handler: by_handler(pairs, side),
            has: pairs.iter().map(|pair| pair[side].is_some()).collect(),
        }
    }

    /// Takes the next moment.
    pub fn put(&mut self, moment: Moment) {
        let number = self.next;
        self.next += 1;
        let streams = self.streams(&moment);
        let mut is_kept = false;
        for nth in streams {
            let (at, come) = (self.partings[nth].at, &mut self.come[nth]);
            if (at.saturating_sub(BEFORE)..at.saturating_add(FROM)).contains(come) {
                self.windows[nth].push(number);
                is_kept = true;
            }
            *come += 1;
        }
        if is_kept {
            self.moments.insert(number, moment);
        }
    }

    /// The streams that part, and to which the moment belongs.
    fn streams(&self, moment: &Moment) -> Vec<usize> {
        let slot = moment.slot;
        let concerned = |nth: &usize| slot.concerns(self.partings[*nth].subject);
        if matches!(slot, Slot::Closing) {
            let of_side = |nth: &usize| self.has[self.partings[*nth].pair];
            return (0..self.partings.len()).filter(|nth| of_side(nth) && concerned(nth)).collect();
        }
        let Some(pair) = self.by_handler.get(&moment.event.handler) else { return Vec::new() };
        match slot {
            Slot::Of(_) | Slot::OfBoth(..) => {
                slot.own().filter_map(|subject| self.of_subject.get(&(*pair, subject)).copied()).collect()
            }
            _ => self.of_pair.get(pair).into_iter().flatten().copied().filter(concerned).collect(),
        }
    }

    pub fn moment(&self, number: usize) -> &Moment {
        &self.moments[&number]
    }

    /// The moments that are kept, with their numbers.
    pub fn moments(&self) -> impl Iterator<Item = (usize, &Moment)> {
        self.moments.iter().map(|(number, moment)| (*number, moment))
    }

    /// The name of an item, as any instance enumerated it.
    pub fn name_of(&self, item: Guid) -> Option<&Text> {
        self.session.instances().find_map(|instance| instance.items().get(item)).map(|item| &item.name)
    }
}
