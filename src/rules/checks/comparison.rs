//! What takes two looks at one handler: the same items again, the same outcome again, reserved values and unknown events
//! that make no difference (ITEM-09, LIFE-04, INIT-06, PREP-07).

use crate::protocol::{Call, CallMethod, Callback, Guid, HResult, Note, Return, Standing, SyncEvent, SyncFlags};
use crate::rules::ComparisonViolation;
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::{Enumeration, Watch};
use crate::rules::{ItemViolation, NamedItem};

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    if let Note::Created(args) = note {
        cx.watch().name = Some(args.name.clone());
    }
}

pub(crate) fn call(cx: &mut Context<'_>, call: &Call) {
    match call {
        Call::Initialize(args) => cx.watch().initialize = Some(args.clone()),
        Call::PrepareForSync(args) if cx.watch().prepare.is_none() => cx.watch().prepare = Some(args.clone()),
        _ => {}
    }
}

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return) {
    match what.method {
        CallMethod::Initialize => {
            cx.watch().initialized = Some(what.hr);
            compare_results(cx, |watch| watch.initialized, CallMethod::Initialize, false);
        }
        CallMethod::PrepareForSync if cx.watch().prepared.is_none() => {
            cx.watch().prepared = Some(what.hr);
            reserved_is_ignored(cx, what.hr, |watch| watch.prepared, false);
        }
        CallMethod::Next if what.hr.is_success() => same_items(cx, what),
        _ => {}
    }
}

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback, standing: Standing) {
    if let Callback::PrepareForSyncCompleted(args) = callback
        && standing.is_expected()
        && cx.watch().prepare_completed.is_none()
    {
        cx.watch().prepare_completed = Some(args.hr);
        compare_results(cx, |watch| watch.prepare_completed, CallMethod::PrepareForSync, true);
        reserved_is_ignored(cx, args.hr, |watch| watch.prepare_completed, true);
    }
    if let Callback::SynchronizeCompleted(args) = callback
        && standing.is_expected()
        && cx.watch().completed.is_none()
    {
        cx.watch().completed = Some(args.hr);
        compare_results(cx, |watch| watch.completed, CallMethod::Synchronize, true);
    }
}

/// With how many enumerations before it one is compared: a handler that enumerates again and again is compared with itself
/// each time.
const MOST_COMPARED: usize = 64;

/// INIT-06 for a probe, LIFE-04 for an ordinary second instance.
fn compare_results(
    cx: &mut Context<'_>,
    result: impl Fn(&Watch) -> Option<HResult>,
    method: CallMethod,
    completed: bool,
) {
    let place = cx.place();
    let Some((is_probe, hr, before)) = compared(cx, result) else { return };
    let rule = if is_probe { INIT_06 } else { LIFE_04 };
    let event = event(cx.watch());
    cx.judge.check(place, rule, hr == before, || match is_probe {
        true => ComparisonViolation::OtherResultThanManual { event, method, completed, hr, manual: before },
        false => ComparisonViolation::OtherResult { method, completed, hr, before },
    });
}

fn event(watch: &Watch) -> SyncEvent {
    watch.initialize.as_ref().map_or(SyncEvent::default(), |args| args.flags.event())
}

/// Whether this is a probe, its result, and the result of the first instance that it can be compared with.
fn compared(cx: &Context<'_>, result: impl Fn(&Watch) -> Option<HResult>) -> Option<(bool, HResult, HResult)> {
    let (own, mut earlier) = cx.with_earlier();
    let is_probe = own.initialize.as_ref().is_some_and(|args| args.probe);
    let is_other = if is_probe { is_manual_twin } else { is_twin };
    let then = earlier.find_map(|other| if is_other(other, own) { result(other) } else { None })?;
    Some((is_probe, result(own)?, then))
}

/// The same session, as far as the manager's side goes.
fn is_twin(other: &Watch, own: &Watch) -> bool {
    !other.disturbed
        && !own.disturbed
        && other.initialize == own.initialize
        && prepared_items(other) == prepared_items(own)
        && reserved(other) == reserved(own)
}

fn reserved(watch: &Watch) -> u32 {
    watch.prepare.as_ref().map_or(0, |prepare| prepare.reserved)
}

/// The session with the event MANUAL that a probe is compared with.
fn is_manual_twin(other: &Watch, own: &Watch) -> bool {
    let (Some(theirs), Some(ours)) = (&other.initialize, &own.initialize) else { return false };
    let rest = |flags: SyncFlags| flags.0 & !SyncFlags::EVENT_MASK;
    !theirs.probe
        && theirs.flags.event() == SyncEvent::MANUAL
        && rest(theirs.flags) == rest(ours.flags)
        && !other.disturbed
        && !own.disturbed
}

fn prepared_items(watch: &Watch) -> Option<Vec<Guid>> {
    watch.prepare.as_ref().map(|prepare| {
        let mut items = prepare.items.clone();
        items.sort_unstable();
        items
    })
}

fn reserved_is_ignored(cx: &mut Context<'_>, hr: HResult, result: impl Fn(&Watch) -> Option<HResult>, completed: bool) {
    let place = cx.place();
    let reserved = reserved(cx.watch());
    let was_prepared = {
        let (own, mut earlier) = cx.with_earlier();
        earlier.any(|other| {
            other.prepare.as_ref().is_some_and(|prepare| prepare.reserved == 0)
                && prepared_items(other) == prepared_items(own)
                && result(other) == Some(HResult::S_OK)
        })
    };
    if reserved != 0 && was_prepared {
        cx.judge.check(place, PREP_07, hr == HResult::S_OK, || ComparisonViolation::Reserved {
            reserved,
            completed,
            hr,
        });
    }
}

/// The same items (by name) have the same IDs as in every enumeration before.
fn same_items(cx: &mut Context<'_>, what: &Return) {
    let place = cx.place();
    let mut other_id = None;
    let mut compared = false;
    let is_probe;
    let mut differs = None;
    {
        let (own, earlier) = cx.with_earlier();
        is_probe = own.initialize.as_ref().is_some_and(|args| args.probe);
        let Some(enumeration) = own.enumeration() else { return };
        let before = own.enumerations().rev().skip(1).take(MOST_COMPARED);
        if is_probe {
            if enumeration.complete {
                let ids = |enumeration: &Enumeration| enumeration.items().iter().map(|i| i.id).collect::<Vec<_>>();
                // Items whose IDs change whatever the event is are for ITEM-09.
                let names =
                    |enumeration: &Enumeration| enumeration.items().iter().map(|i| i.name.clone()).collect::<Vec<_>>();
                let mut manual =
                    earlier.filter(|other| is_manual_twin(other, own)).filter_map(|other| other.enumeration());
                differs =
                    manual.next().map(|theirs| ids(theirs) != ids(enumeration) && names(theirs) != names(enumeration));
            }
        } else {
            let older = |watch: &Watch| watch.enumerations().count().saturating_sub(MOST_COMPARED);
            let earlier = earlier.flat_map(|watch| watch.enumerations().skip(older(watch)));
            for other in earlier.chain(before) {
                for item in &what.out.items {
                    let (Some(then), Some(_)) = (other.only_named(&item.name), enumeration.only_named(&item.name))
                    else {
                        continue;
                    };
                    compared = true;
                    if then != item.id {
                        other_id = Some((NamedItem::from(item), then));
                    }
                }
            }
        }
    }
    if let Some(differs) = differs {
        let event = event(cx.watch());
        cx.judge.check(place, INIT_06, !differs, || ComparisonViolation::OtherItemsThanManual { event });
    }
    match other_id {
        Some((item, before)) => cx.judge.broken(place, ITEM_09, ItemViolation::OtherId { item, before }),
        None if compared => cx.judge.kept(ITEM_09),
        None => {}
    }
}
