//! Tells apart where a session stands, by what led there: two beginnings that differ only in the order of independent steps
//! lead to the same place, and have the same number.

use std::collections::HashMap;

use crate::time::{APARTMENT, Access};

/// What has happened so far, as numbers that are equal for equivalent orders.
#[derive(Default)]
pub(super) struct Place {
    /// Of everything together.
    total: u64,
    /// The last step that changed everything, and what was done since by steps that see such changes.
    barrier: u64,
    since: u64,
    /// Of each thing, its last change and who has seen that.
    things: HashMap<u64, (u64, u64)>,
    /// The last step of each thread.
    threads: HashMap<u64, u64>,
}

/// Mixes numbers (the finalizer of SplitMix64).
const fn mix(a: u64, b: u64) -> u64 {
    let mut mixed = a.rotate_left(23) ^ b.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Place {
    /// Nothing has happened.
    pub(super) fn clear(&mut self) {
        (self.total, self.barrier, self.since) = (0, 0, 0);
        self.things.clear();
        self.threads.clear();
    }

    /// The thread of that number has made a step, which shared this with others.
    pub(super) fn step(&mut self, thread: u64, touched: &[Access]) {
        let before = self.threads.get(&thread).copied().unwrap_or_else(|| mix(thread, 1));
        let step = if touched.contains(&Access::Everything) {
            let step = mix(mix(before, self.barrier), self.since);
            (self.barrier, self.since) = (step, 0);
            self.things.clear();
            step
        } else if touched.is_empty() {
            mix(before, 2)
        } else {
            let mut step = mix(mix(before, self.barrier), 3);
            for access in touched {
                match access {
                    Access::Changes(thing) => {
                        let (change, seen) = self.things.get(thing).copied().unwrap_or_default();
                        step = mix(mix(mix(step, *thing), change), seen);
                    }
                    Access::Sees(thing) => {
                        let (change, _) = self.things.get(thing).copied().unwrap_or_default();
                        step = mix(mix(step, *thing), change);
                    }
                    Access::Everything | Access::Session => {}
                }
            }
            for access in touched {
                match access {
                    Access::Changes(thing) => drop(self.things.insert(*thing, (step, 0))),
                    Access::Sees(thing) => {
                        let (_, seen) = self.things.entry(*thing).or_default();
                        *seen = seen.wrapping_add(step);
                    }
                    Access::Everything | Access::Session => {}
                }
            }
            self.since = self.since.wrapping_add(step);
            step
        };
        self.total = self.total.wrapping_add(step);
        self.threads.insert(thread, step);
    }

    /// The user has done the thing of that number in a list that is the same at the same place.
    pub(super) fn user_did(&mut self, which: usize) {
        let did = mix(self.total, which as u64 ^ 0x5EED);
        self.threads.insert(APARTMENT, did);
        self.barrier = mix(self.barrier, did);
        self.total = self.total.wrapping_add(did);
    }

    /// The number of the place.
    pub(super) fn number(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[(u64, &[Access])]) -> u64 {
        let mut place = Place::default();
        steps.iter().for_each(|(thread, touched)| place.step(*thread, touched));
        place.number()
    }

    #[test]
    fn the_order_of_independent_steps_makes_no_difference_and_that_of_others_does() {
        use Access::{Changes, Everything, Sees, Session};
        let differs: [(&[Access], &[Access]); 5] = [
            (&[Changes(1)], &[Changes(1)]),
            (&[Changes(1)], &[Sees(1)]),
            (&[Everything], &[Session]),
            (&[Everything], &[Everything]),
            (&[Changes(7)], &[Everything]),
        ];
        for (a, b) in differs {
            assert_ne!(after(&[(1, a), (2, b)]), after(&[(2, b), (1, a)]), "{a:?} {b:?}");
        }
        let same: [(&[Access], &[Access]); 5] = [
            (&[Changes(1)], &[Changes(2)]),
            (&[Sees(1)], &[Sees(1)]),
            (&[], &[Everything]),
            (&[Session], &[Changes(3)]),
            (&[], &[]),
        ];
        for (a, b) in same {
            assert_eq!(after(&[(1, a), (2, b)]), after(&[(2, b), (1, a)]), "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_was_seen_before_a_change_is_told_from_what_was_seen_after_it() {
        use Access::{Changes, Sees};
        let early = after(&[(1, &[Sees(1)]), (2, &[Changes(1)]), (3, &[Sees(1)])]);
        let late = after(&[(2, &[Changes(1)]), (1, &[Sees(1)]), (3, &[Sees(1)])]);
        let same = after(&[(2, &[Changes(1)]), (3, &[Sees(1)]), (1, &[Sees(1)])]);
        assert_ne!(early, late);
        assert_eq!(late, same);
    }
}
