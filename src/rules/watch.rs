//! What the monitor remembers of an instance beyond the session machine: what rules need and the protocol does not.

use std::collections::{BTreeMap, BTreeSet};

use super::{NamedItem, Occasion};
use crate::protocol::{
    Call, CallId, CallMethod, Guid, HResult, Initialize, Instance, Item, KnownItem, PrepareForSync, Status, Text,
    Thread,
};

/// One instance, as the rules see it.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) name: Option<Text>,
    /// The call that has not returned.
    pub(super) open: Option<OpenCall>,
    pub(super) info_known: bool,
    pub(super) initialize: Option<Initialize>,
    pub(super) initialized: Option<HResult>,
    /// The newest enumeration, and those before it.
    pub(super) enumerations: Vec<Enumeration>,
    pub(super) walkers: BTreeMap<u32, Walker>,
    /// Enumerations were seen to differ: no enumeration tells what the next one shows.
    pub(super) enumerations_differ: bool,
    /// `Reset` was seen to fail, or to stay at the end.
    pub(super) reset_broken: bool,
    /// Nothing came after `Reset`: whether that is a mistake, a new enumeration can show.
    pub(super) nothing_after_reset: Option<NothingAfterReset>,
    /// Items by the round's reports.
    pub(super) items: BTreeMap<Guid, ItemWatch>,
    /// The items of which an error was logged with each ErrorID in this round.
    pub(super) items_of_errors: BTreeMap<Guid, BTreeSet<Guid>>,
    pub(super) prepare: Option<PrepareForSync>,
    pub(super) prepared: Option<HResult>,
    /// The first completion of `PrepareForSync`.
    pub(super) prepare_completed: Option<HResult>,
    /// The first round's completion.
    pub(super) completed: Option<HResult>,
    /// When an asynchronous method returned and its completion became due.
    pub(super) due_since_ns: Option<u64>,
    /// The sequence number of each asynchronous method's last completion, for "second" findings.
    pub(super) completions: BTreeMap<CallMethod, u64>,
    /// The user stepped in (a cancel, a skip, a refusal): outcomes are not comparable.
    pub(super) disturbed: bool,
    /// What the user did first in this round.
    pub(super) stepped_in: Option<Occasion>,
    /// The ErrorIDs that the last DeleteLogError(GUID_NULL) deleted, and that were not logged since.
    pub(super) deleted_by_all: BTreeSet<Guid>,
    /// The dialog that was granted last, and not given back.
    pub(super) dialog: Option<Dialog>,
    /// When each thread was last inside a callback in this round.
    pub(super) called_back: CalledBack,
    /// When `Synchronize` was called in this round.
    pub(super) synchronize_ns: u64,
    /// How many callbacks each thread made after the callback was taken back in the middle of work.
    pub(super) late: BTreeMap<Thread, u32>,
    /// The manager began to leave, by NULL or `Release`, while the session was not over.
    pub(super) left_early: bool,
    /// The event with which it did so.
    pub(super) left_seq: Option<u64>,
    /// When the handler was last heard, or had its last reply.
    pub(super) heard_ns: u64,
    /// All items of the round were told to stop.
    pub(super) told_all: bool,
    /// What another instance was told, with which this one stopped (COM-08).
    pub(super) stopped_with: Option<u64>,
    /// What is known of its stored preferences.
    pub(super) preferences: super::checks::registration::PreferencesWatch,
    /// What is known of it as a native handler.
    pub(super) native: super::checks::native::NativeWatch,
    /// It is a program of its own.
    pub(super) wire: bool,
}

/// A call of the manager that has not returned.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) id: CallId,
    pub(super) seq: u64,
    pub(super) at_ns: u64,
    /// When it began, in the handler's own time.
    pub(super) own_ns: u64,
    pub(super) call: Call,
    /// Whether the session machine found it legal.
    pub(super) legal: bool,
    /// Callbacks that the manager had not answered when it made the call.
    pub(super) unanswered: Vec<CallId>,
    /// One of them was answered while the call was open.
    pub(super) answered_within: bool,
}

/// When each thread was last inside a callback.
#[derive(Debug, Default)]
pub(super) struct CalledBack {
    /// The last one: mostly it calls back again next.
    last: Option<(Thread, u64)>,
    others_ns: BTreeMap<Thread, u64>,
}

impl CalledBack {
    /// A thread is inside a callback.
    pub(super) fn now(&mut self, thread: &Thread, now_ns: u64) {
        match &mut self.last {
            Some((last, at_ns)) if last == thread => *at_ns = now_ns,
            last => {
                if let Some((before, at_ns)) = last.replace((thread.clone(), now_ns)) {
                    self.others_ns.insert(before, at_ns);
                }
            }
        }
    }

    /// When that thread was, if it ever was.
    pub(super) fn last_ns(&self, thread: &Thread) -> Option<u64> {
        let last = self.last.as_ref().filter(|(last, _)| last == thread).map(|(_, at_ns)| *at_ns);
        last.or_else(|| self.others_ns.get(thread).copied())
    }
}

/// The items of one `EnumSyncMgrItems`, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Enumeration {
    items: Vec<Item>,
    /// Where the item of each ID stands: the first one, if there are several.
    at: BTreeMap<Guid, usize>,
    /// The item of each name, where only one has it.
    named: BTreeMap<Text, Option<Guid>>,
    /// Whether some enumerator came to the end, so that there are no more.
    pub(super) complete: bool,
    /// It is what the enumeration before showed, and only expected of this one.
    pub(super) expected: bool,
    /// It is what an enumerator gives after `Reset`, which may be other items in another order.
    pub(super) after_reset: bool,
}

impl Enumeration {
    /// What a new enumeration is expected to show.
    pub(super) fn like(before: Option<&Self>) -> Self {
        match before {
            Some(before) if before.complete => Self {
                items: before.items.clone(),
                at: before.at.clone(),
                named: before.named.clone(),
                complete: true,
                expected: true,
                after_reset: false,
            },
            _ => Self::default(),
        }
    }

    /// Its items, in their order.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether it has shown the item of that ID.
    pub(super) fn knows(&self, id: Guid) -> bool {
        self.at.contains_key(&id)
    }

    /// It shows one more item. Returns the item that had its ID before.
    pub(super) fn push(&mut self, item: Item) -> Option<NamedItem> {
        let first = self.at.get(&item.id).and_then(|at| self.items.get(*at)).map(NamedItem::from);
        self.at.entry(item.id).or_insert(self.items.len());
        self.name(&item);
        self.items.push(item);
        first
    }

    /// The item with this name, if it is the only one.
    pub(super) fn only_named(&self, name: &Text) -> Option<Guid> {
        self.named.get(name).copied().flatten()
    }

    fn name(&mut self, item: &Item) {
        match self.named.get_mut(&item.name) {
            Some(only) => *only = None,
            None => drop(self.named.insert(item.name.clone(), Some(item.id))),
        }
    }

    /// It shows something else from `at` on: handlers may have other items by now.
    pub(super) fn differs_from(&mut self, at: usize) {
        self.items.truncate(at);
        self.at.retain(|_, first| *first < at);
        self.named.clear();
        for item in std::mem::take(&mut self.items) {
            self.name(&item);
            self.items.push(item);
        }
        self.complete = false;
        self.expected = false;
    }
}

/// An enumerator, and where it should stand.
#[derive(Debug)]
pub(super) struct Walker {
    pub(super) enumeration: usize,
    pub(super) at: usize,
    /// It answered S_FALSE: it is past the end.
    pub(super) ended: bool,
    /// The last thing that was done to it but `Next`.
    pub(super) after: Moved,
    /// It went astray, and was reported: where it stands is not known.
    pub(super) lost: bool,
    /// It broke a rule: nothing more can be said of where it ought to stand, not even after `Reset`.
    pub(super) distrusted: bool,
    /// What has come since `Reset`, while that shows whether it went back to the beginning.
    pub(super) pass: Option<Pass>,
}

impl Walker {
    /// At the beginning of an enumeration.
    pub(super) fn of(enumeration: usize) -> Self {
        Self { enumeration, at: 0, ended: false, after: Moved::Nothing, lost: false, distrusted: false, pass: None }
    }
}

/// What an enumerator gives between `Reset` and the end. `Reset` guarantees neither the same items nor their order, so what
/// comes is compared only with what a `Reset` that does nothing would give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// The enumeration that the enumerator walked before its first `Reset`.
    pub(super) before: usize,
    /// Where in it the enumerator stood at `Reset`, if that is known.
    pub(super) from: Option<usize>,
    /// How many items have come.
    pub(super) given: usize,
    /// They are the first items of that enumeration.
    pub(super) repeats_all: bool,
    /// They are the first of those that were left.
    pub(super) repeats_rest: bool,
}

impl Pass {
    /// Nothing has come yet.
    fn new(before: usize, from: Option<usize>) -> Self {
        Self { before, from, given: 0, repeats_all: true, repeats_rest: true }
    }

    /// One more item has come.
    pub(super) fn take(&mut self, id: Guid, before: &Enumeration) {
        let is = |at: usize| before.items.get(at).is_some_and(|known| known.id == id);
        self.repeats_all &= is(self.given);
        self.repeats_rest &= self.from.is_some_and(|from| is(from.saturating_add(self.given)));
        self.given = self.given.saturating_add(1);
    }
}

/// Nothing came after `Reset`.
#[derive(Clone, Copy, Debug)]
pub(super) struct NothingAfterReset {
    /// The event by which that was known.
    pub(super) seq: u64,
    /// How many items had come before.
    pub(super) before: usize,
    /// The first enumerator that was given out since.
    pub(super) since: Option<u32>,
}

/// What moved an enumerator to where it stands, so that it tells where that should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// `Next`, or `Reset`, after which anything may come.
    Nothing,
    Skip,
    /// It is a clone, or was cloned.
    Clone,
}

/// A dialog that was granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialog {
    /// The event that granted it.
    pub(super) granted: u64,
    /// The asynchronous method that was under way, if one was.
    pub(super) phase: Option<CallMethod>,
    /// The event that ended that phase, while the dialog was held.
    pub(super) outlasted: Option<u64>,
}

/// An item was told to stop: by a reply, or by `SetItemStatus`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped {
    /// How much was to do.
    pub(super) left: Left,
    /// When, in the handler's own time.
    pub(super) at_ns: u64,
}

/// How much of an item's work was left when its handler was told to stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// At least half, by the item's value and maximum.
    Half,
    /// Less than half.
    Less,
    /// The item has no maximum; so many reports of work had come.
    Unknown {
        /// The reports before.
        reports: u32,
    },
}

/// A value that an item's reports repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standstill {
    pub(super) value: i32,
    pub(super) max: Option<i32>,
    /// The event that reported it first, and when in the handler's own time.
    pub(super) seq: u64,
    pub(super) since_ns: u64,
    /// It has lasted too long, and that was said.
    pub(super) said: bool,
}

/// What was logged of an item in its round.
#[derive(Debug, Default)]
pub(super) struct ItemErrors {
    /// The events that logged a level of ERROR.
    pub(super) logged: Vec<u64>,
    /// One of them was deleted.
    pub(super) deleted: bool,
}

/// An item in its round.
#[derive(Debug, Default)]
pub(super) struct ItemWatch {
    pub(super) reported: bool,
    /// The final status, and the event that reported it.
    pub(super) ended: Option<(Status, u64)>,
    pub(super) last_status: Option<Status>,
    pub(super) value: Option<i32>,
    pub(super) max: Option<i32>,
    /// The event by which the handler was told to stop it.
    pub(super) told: Option<u64>,
    /// Its work was complete (value = maximum), or it had ended, when the handler was told.
    pub(super) told_too_late: bool,
    /// Whoever works on it knows: it was told by the reply to a report of the item, or before any work began. Otherwise its next
    /// report may have crossed with what the handler was told.
    pub(super) told_surely: bool,
    /// Reports of work since then.
    pub(super) work_since: u32,
    /// Reports of work in all.
    pub(super) work: u32,
    /// The cancel of which whoever works on it surely knew first.
    pub(super) cancelled: Option<Stopped>,
    /// When `SetItemStatus` had skipped it, and how much was to do then.
    pub(super) skipped: Option<Stopped>,
    /// The value that was reported last.
    pub(super) standstill: Option<Standstill>,
    pub(super) errors: ItemErrors,
}

impl ItemWatch {
    /// The handler is told, by the event `seq`, to stop the item.
    pub(super) fn tell(&mut self, seq: u64) {
        if self.told.is_none() {
            self.told = Some(seq);
            let finished = self.value.is_some() && self.value == self.max;
            self.told_too_late = self.ended.is_some() || finished;
        }
    }

    /// Whoever works on it has surely been told, by a reply to `Progress`, to stop it.
    pub(super) fn cancel(&mut self, now_ns: u64) {
        self.told_surely = true;
        self.cancelled = self.cancelled.or(Some(self.stopped(now_ns)));
    }

    /// `SetItemStatus` has skipped it.
    pub(super) fn skip(&mut self, now_ns: u64) {
        self.skipped = self.skipped.or(Some(self.stopped(now_ns)));
    }

    fn stopped(&self, now_ns: u64) -> Stopped {
        let left = match self.max {
            Some(max) if max > 0 => {
                let to_do = i64::from(max) - i64::from(self.value.unwrap_or(0));
                if 2 * to_do >= i64::from(max) { Left::Half } else { Left::Less }
            }
            _ => Left::Unknown { reports: self.work },
        };
        Stopped { left, at_ns: now_ns }
    }
}

impl Watch {
    /// Begins a round.
    pub(super) fn begin_round(&mut self) {
        self.items.clear();
        self.items_of_errors.clear();
        self.called_back = CalledBack::default();
        self.completions.clear();
        self.stepped_in = None;
        self.told_all = false;
    }

    /// The error is deleted; GUID_NULL is all errors.
    pub(super) fn error_deleted(&mut self, error: Guid) {
        if error.is_null() {
            self.items.values_mut().for_each(|item| item.errors.deleted = true);
        }
        for item in self.items_of_errors.get(&error).into_iter().flatten() {
            self.items.entry(*item).or_default().errors.deleted = true;
        }
    }

    /// Whether a second completion of the method may have crossed with the manager's leave in the middle of work: the first one came
    /// no earlier.
    pub(super) fn crosses_leave(&self, method: CallMethod) -> bool {
        let first = self.completions.get(&method);
        self.left_early && first.zip(self.left_seq).is_none_or(|(first, left)| *first >= left)
    }

    /// The user steps in.
    pub(super) fn step_in(&mut self, how: Occasion) {
        self.disturbed = true;
        self.stepped_in.get_or_insert(how);
    }

    /// What the manager has done, as far as it can matter to the item, or to what is of no item.
    pub(super) fn occasion(&self, instance: Option<&Instance>, item: Option<&KnownItem>) -> Occasion {
        let is_showing =
            |instance: &Instance| matches!(instance.active(), Some(CallMethod::ShowError | CallMethod::ShowProperties));
        if self.left_early {
            return Occasion::ReleasedEarly;
        }
        if self.initialize.as_ref().is_some_and(|args| args.probe) {
            return Occasion::UnknownEvent;
        }
        let Some(instance) = instance else { return Occasion::Ordinary };
        match item {
            _ if instance.flags().settings() => Occasion::Settings,
            Some(item) if item.skipped => Occasion::Skipped,
            Some(item) if item.cancelled => Occasion::CancelledItem,
            Some(_) if instance.cancelled_all() => Occasion::CancelledAll,
            None if is_showing(instance) => Occasion::Showing,
            None if self.stepped_in.is_some() => self.stepped_in.unwrap_or_default(),
            _ if instance.round() > 1 => Occasion::Retry,
            _ => Occasion::Ordinary,
        }
    }

    /// What each `EnumSyncMgrItems` showed, the newest last.
    pub(super) fn enumerations(&self) -> impl DoubleEndedIterator<Item = &Enumeration> {
        self.enumerations.iter().filter(|enumeration| !enumeration.after_reset)
    }

    /// The newest enumeration.
    pub(super) fn enumeration(&self) -> Option<&Enumeration> {
        self.enumerations().next_back()
    }

    /// An enumerator was reset, and may show anything from now on.
    pub(super) fn reset(&mut self, number: u32) {
        let Some(walker) = self.walkers.get(&number) else { return };
        let own = walker.enumeration;
        let len = |enumeration: usize| self.enumerations.get(enumeration).map_or(0, |known| known.items.len());
        let pass = match walker.pass {
            _ if walker.lost => None,
            Some(Pass { before, given, repeats_all: true, .. }) => Some(Pass::new(before, Some(given))),
            Some(Pass { before, .. }) => Some(Pass::new(before, walker.ended.then(|| len(before)))),
            None if self.enumerations.get(own).is_some_and(|own| !own.after_reset) => {
                Some(Pass::new(own, Some(walker.at)))
            }
            None => None,
        };
        // What it showed after an earlier `Reset` is forgotten, unless a clone is still compared with it.
        let is_shared = self.walkers.values().filter(|walker| walker.enumeration == own).nth(1).is_some();
        let fresh = Enumeration { after_reset: true, ..Enumeration::default() };
        let enumeration = match self.enumerations.get_mut(own) {
            Some(old) if old.after_reset && !is_shared => {
                *old = fresh;
                own
            }
            _ => {
                self.enumerations.push(fresh);
                self.enumerations.len() - 1
            }
        };
        self.walkers.insert(number, Walker { pass, ..Walker::of(enumeration) });
    }
}
