//! Which of the handler's threads may still come to the gate. One that has neither run nor called back for a while sleeps, or waits
//! for one that stands at the gate: it is waited for no longer until it has run again.

use super::gate::Waiting;
use super::settle::{HandlerThreads, OneThread};
use crate::protocol::Thread;

/// How long a silent handler is waited for where the system does not say what its threads do.
const UNKNOWN_NS: u64 = 4_000_000;

/// How soon threads are looked at again: one that ends is gone in a moment. Each time it is twice as late, and at last so late.
const FIRST_LOOK_NS: u64 = 100_000;
const LAST_LOOK_NS: u64 = 2_000_000;

/// Until when threads were seen to run.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// How often they were looked at since something came, or went on.
    looks: u32,
    each: Vec<Seen>,
    /// The manager's own, inside a call.
    manager_ns: u64,
    /// When the newest callback came, and which it is.
    came: (u64, u64),
}

#[derive(Debug)]
struct Seen {
    number: u64,
    so_far: u64,
    until_ns: u64,
}

impl Ran {
    /// When to look again, as a thread that is not at the gate may come to it: it has run within so much time. `inside` tells
    /// whether the manager's thread, which is inside a call, sleeps there.
    pub(super) fn may_come(
        &mut self,
        waiting: &[Waiting],
        now_ns: u64,
        patience_ns: u64,
        inside: Option<&dyn Fn() -> bool>,
        threads: HandlerThreads,
    ) -> Option<u64> {
        let newest = waiting.iter().map(|waiting| waiting.ticket).max().unwrap_or(0);
        if newest != self.came.1 {
            (self.came, self.looks) = ((now_ns, newest), 0);
        }
        let is_here = |name: &Thread| waiting.iter().any(|waiting| waiting.thread == *name);
        let is_recent = |ns: u64| now_ns.saturating_sub(ns) < patience_ns;
        let manager = inside.is_some_and(|sleeps| {
            if !sleeps() {
                self.manager_ns = now_ns;
            }
            // It has had its turn since the newest callback came, if it sleeps.
            !is_here(&Thread::APARTMENT) && is_recent(self.manager_ns.max(self.came.0))
        });
        let others = match threads {
            HandlerThreads::None => false,
            HandlerThreads::Some => now_ns.saturating_sub(self.came.0) < UNKNOWN_NS.max(patience_ns),
            HandlerThreads::Doing { each, .. } => {
                self.see(&each, now_ns);
                // Windows does not say which is which.
                let here = waiting.iter().filter(|waiting| waiting.thread != Thread::APARTMENT).count();
                let absent = |one: &OneThread| one.name.as_ref().is_none_or(|name| !is_here(name));
                let numbers: Vec<u64> = each.iter().filter(|one| absent(one)).map(|one| one.number).collect();
                each.len() > here
                    && self.each.iter().any(|seen| numbers.contains(&seen.number) && is_recent(seen.until_ns))
            }
        };
        let again_ns = (FIRST_LOOK_NS << self.looks.min(16)).min(LAST_LOOK_NS);
        self.looks += 1;
        (manager || others).then_some(again_ns)
    }

    /// A callback is let in.
    pub(super) fn goes_on(&mut self) {
        self.looks = 0;
    }

    fn see(&mut self, each: &[OneThread], now_ns: u64) {
        self.each.retain(|seen| each.iter().any(|one| one.number == seen.number));
        for one in each {
            match self.each.iter_mut().find(|seen| seen.number == one.number) {
                Some(seen) if one.runs || seen.so_far != one.so_far => {
                    (seen.so_far, seen.until_ns) = (one.so_far, now_ns);
                }
                Some(_) => {}
                None => self.each.push(Seen { number: one.number, so_far: one.so_far, until_ns: now_ns }),
            }
        }
    }
}
