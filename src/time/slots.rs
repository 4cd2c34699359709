//! The logical threads of a session, in the order in which they were started, and which of them can run: found without looking at
//! all of them, of which there may be tens of thousands.

use std::collections::{BTreeMap, BTreeSet};

use super::scheduler::Task;
use crate::protocol::{HandlerId, Thread};

/// A logical thread.
pub(super) struct Slot {
    pub(super) name: Thread,
    /// The owner's mark, by which its tasks are stopped together.
    pub(super) owner: u64,
    /// The instance for which it was started.
    pub(super) instance: HandlerId,
    /// `None` while its step runs.
    pub(super) task: Option<Box<dyn Task>>,
    pub(super) wake: Wake,
}

impl Slot {
    /// Whether it has something to do by that time.
    pub(super) fn can_run(&self, until_ns: u64, happened: u64) -> bool {
        match self.wake {
            Wake::At(time) => time <= until_ns,
            Wake::After(seen) => seen < happened,
            Wake::AfterOrAt(seen, time) => seen < happened || time <= until_ns,
            Wake::Never => false,
        }
    }
}

/// When a logical thread can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    At(u64),
    /// Once `happened` is past this.
    After(u64),
    /// Once `happened` is past this, or at that time.
    AfterOrAt(u64, u64),
    Never,
}

impl Wake {
    fn time(self) -> Option<u64> {
        match self {
            Self::At(time) | Self::AfterOrAt(_, time) => Some(time),
            Self::After(_) | Self::Never => None,
        }
    }

    fn waits_for_what_happens(self) -> bool {
        matches!(self, Self::After(_) | Self::AfterOrAt(..))
    }
}

/// All logical threads, by numbers that rise in the order in which they were started.
#[derive(Default)]
pub(super) struct Slots {
    slots: BTreeMap<u64, Slot>,
    last: u64,
    /// Those that can run, in that order.
    ready: Vec<u64>,
    /// Those that wait for a time, the earliest first.
    timed: BTreeSet<(u64, u64)>,
    /// Those that wait for something to happen.
    blocked: BTreeSet<u64>,
    /// Those of each instance.
    of_instance: BTreeMap<HandlerId, BTreeSet<u64>>,
    /// What had happened when the blocked ones were looked at.
    happened: u64,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Those of an instance.
    pub(super) fn of(&self, instance: HandlerId) -> impl Iterator<Item = &Slot> {
        self.of_instance.get(&instance).into_iter().flatten().filter_map(|number| self.slots.get(number))
    }

    pub(super) fn push(&mut self, slot: Slot) {
        self.last += 1;
        let wake = slot.wake;
        self.of_instance.entry(slot.instance).or_default().insert(self.last);
        self.slots.insert(self.last, slot);
        self.wait(self.last, wake);
    }

    pub(super) fn get(&self, number: u64) -> Option<&Slot> {
        self.slots.get(&number)
    }

    /// Takes its task away, to run it: until [`Slots::give_back`] it cannot be chosen.
    pub(super) fn take(&mut self, number: u64) -> Option<Box<dyn Task>> {
        self.forget(number);
        self.slots.get_mut(&number)?.task.take()
    }

    /// The step has been run, and the next one waits for this.
    pub(super) fn give_back(&mut self, number: u64, task: Box<dyn Task>, wake: Wake) {
        if let Some(slot) = self.slots.get_mut(&number) {
            slot.task = Some(task);
            slot.wake = wake;
            self.wait(number, wake);
        }
    }

    /// Those that could run when it was looked for them, unless the step that comes next waits for something that is not there.
    /// Whoever waits for a reply, also until some time, is not among them.
    pub(super) fn ready_if_there(&self) -> Vec<u64> {
        let may_wait =
            |number: &&u64| !self.slots.get(number).is_some_and(|slot| matches!(slot.wake, Wake::AfterOrAt(..)));
        self.ready.iter().filter(may_wait).copied().collect()
    }

    /// Lends its task, to ask it something: it stays where it is among the others.
    pub(super) fn lend(&mut self, number: u64) -> Option<Box<dyn Task>> {
        self.slots.get_mut(&number)?.task.take()
    }

    /// Takes a lent task back.
    pub(super) fn put_back(&mut self, number: u64, task: Box<dyn Task>) {
        if let Some(slot) = self.slots.get_mut(&number) {
            slot.task = Some(task);
        }
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Slot> {
        self.forget(number);
        let removed = self.slots.remove(&number)?;
        if let Some(own) = self.of_instance.get_mut(&removed.instance) {
            own.remove(&number);
        }
        Some(removed)
    }

    /// Removes those of an owner that are between two steps.
    pub(super) fn remove_of(&mut self, owner: u64) -> Vec<Slot> {
        let those = self.slots.iter().filter(|(_, slot)| slot.owner == owner && slot.task.is_some());
        let those: Vec<u64> = those.map(|(number, _)| *number).collect();
        those.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Finds those that can run now.
    pub(super) fn refresh(&mut self, now_ns: u64, happened: u64) {
        while let Some((_, number)) = self.timed.first().copied().filter(|(time, _)| *time <= now_ns) {
            self.make_ready(number);
        }
        if self.happened < happened {
            self.happened = happened;
            let can_run = |number: &&u64| self.slots.get(number).is_some_and(|slot| slot.can_run(now_ns, happened));
            let those: Vec<u64> = self.blocked.iter().filter(can_run).copied().collect();
            those.into_iter().for_each(|number| self.make_ready(number));
        }
    }

    /// Those that could run when it was looked for them, in the order in which they were started.
    pub(super) fn ready(&self) -> &[u64] {
        &self.ready
    }

    /// Whether any can run by that time.
    pub(super) fn can_any_run(&self, until_ns: u64, happened: u64) -> bool {
        !self.ready.is_empty()
            || self.timed.first().is_some_and(|(time, _)| *time <= until_ns)
            || (self.happened < happened
                && self.blocked.iter().any(|number| self.slots[number].can_run(until_ns, happened)))
    }

    /// The earliest time for which one waits.
    pub(super) fn next_time(&self) -> Option<u64> {
        self.timed.first().map(|(time, _)| *time)
    }

    fn wait(&mut self, number: u64, wake: Wake) {
        if let Some(time) = wake.time() {
            self.timed.insert((time, number));
        }
        if wake.waits_for_what_happens() {
            self.blocked.insert(number);
        }
    }

    fn forget_waiting(&mut self, number: u64) {
        let Some(slot) = self.slots.get(&number) else { return };
        if let Some(time) = slot.wake.time() {
            self.timed.remove(&(time, number));
        }
        self.blocked.remove(&number);
    }

    fn forget(&mut self, number: u64) {
        self.forget_waiting(number);
        if let Ok(at) = self.ready.binary_search(&number) {
            self.ready.remove(at);
        }
    }

    fn make_ready(&mut self, number: u64) {
        self.forget_waiting(number);
        if let Err(at) = self.ready.binary_search(&number) {
            self.ready.insert(at, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Sequence;
    use crate::time::scheduler::Next;

    struct Nothing;

    impl Task for Nothing {
        fn step(&mut self) -> Next {
            Next::Done
        }
    }

    fn slot(wake: Wake) -> Slot {
        let (name, instance) = (Thread::from("t"), HandlerId::FIRST);
        Slot { name, owner: 1, instance, task: Some(Box::new(Nothing)), wake }
    }

    #[test]
    fn those_that_can_run_are_those_that_looking_at_all_finds() {
        let mut by = Sequence::new(3);
        let mut slots = Slots::default();
        let (mut now, mut happened, mut found) = (0, 0, 0);
        for _ in 0..3000 {
            let wake = match by.below(5) {
                0 => Wake::At(now + by.below(20) as u64),
                1 => Wake::After(happened),
                2 => Wake::AfterOrAt(happened, now + by.below(20) as u64),
                3 => Wake::At(0),
                _ => Wake::Never,
            };
            match by.below(6) {
                0 | 1 => slots.push(slot(wake)),
                2 => now += by.below(5) as u64,
                3 => happened += 1,
                4 => {
                    let some = slots.slots.keys().copied().collect::<Vec<_>>();
                    if let Some(number) = by.among(&some).copied() {
                        drop(slots.remove(number));
                    }
                }
                _ => {
                    slots.refresh(now, happened);
                    if let Some(number) = by.among(slots.ready()).copied() {
                        let task = slots.take(number).expect("it is there");
                        assert!(!slots.ready().contains(&number), "its step runs");
                        slots.give_back(number, task, wake);
                    }
                }
            }
            let can_run = |(number, slot): (&u64, &Slot)| slot.can_run(now, happened).then_some(*number);
            let expected: Vec<u64> = slots.slots.iter().filter_map(can_run).collect();
            assert_eq!(slots.can_any_run(now, happened), !expected.is_empty());
            slots.refresh(now, happened);
            assert_eq!(slots.ready(), expected);
            found = found.max(expected.len());
            if expected.is_empty() {
                let times = slots.of(HandlerId::FIRST).filter_map(|slot| slot.wake.time()).min();
                assert_eq!(slots.next_time(), times);
            }
        }
        assert!(found > 10, "there was something to find: {found}");
    }
}
