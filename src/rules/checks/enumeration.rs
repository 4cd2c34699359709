//! Enumerators (ENUM), and what takes the whole enumeration to see (ITEM-04).

use super::description;
use crate::protocol::{Call, CallMethod, HResult, Item, Method, Return, Walk};
use crate::rules::codes::*;
use crate::rules::judge::{EventRef, Judge};
use crate::rules::monitor::Context;
use crate::rules::watch::{Enumeration, Moved, NothingAfterReset, OpenCall, Walker};
use crate::rules::{EnumerationViolation, ItemViolation, NamedItem, Rule};

/// The manager goes on, or leaves: no new enumeration shows whether there were items after `Reset`.
pub(crate) fn call(cx: &mut Context<'_>, call: &Call) {
    if matches!(call, Call::PrepareForSync(_) | Call::Release) {
        let place = cx.place();
        let nothing = cx.watch().nothing_after_reset.take();
        reset_gave_nothing(nothing, cx.judge, place);
    }
}

/// ENUM-06: nothing came after `Reset`, and nothing showed that there are no items any more.
pub(crate) fn reset_gave_nothing(nothing: Option<NothingAfterReset>, judge: &mut Judge, place: EventRef<'_>) {
    if let Some(NothingAfterReset { seq, before, .. }) = nothing {
        let place = place.of(Some(Method::Call(CallMethod::Next)));
        judge.check_with(place, ENUM_06, false, &[seq], || EnumerationViolation::NothingAfterReset {
            before: before as u64,
        });
    }
}

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    match (what.method, open.map(|open| &open.call)) {
        (CallMethod::EnumSyncMgrItems, _) => begin(cx, what),
        (CallMethod::Next, Some(Call::Next(walk))) => next(cx, what, walk),
        (CallMethod::Skip, Some(Call::Skip(walk))) => skip(cx, what, walk),
        (CallMethod::Reset, Some(Call::Reset(which))) => reset(cx, what, which.enumerator),
        (CallMethod::Clone, Some(Call::Clone(which))) => clone(cx, what, which.enumerator),
        _ => {}
    }
}

fn begin(cx: &mut Context<'_>, what: &Return) {
    let place = cx.place();
    let good = what.hr.is_success() == what.out.enumerator.is_some();
    cx.judge.check(place, ENUM_01, good, || an_enumerator(what));
    if let Some(enumerator) = what.out.enumerator {
        let due = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.enumeration_due());
        let watch = cx.watch();
        let before = watch.enumeration().filter(|_| !due && !watch.enumerations_differ);
        let enumeration = Enumeration::like(before);
        if let Some(nothing) = &mut watch.nothing_after_reset {
            nothing.since.get_or_insert(enumerator);
        }
        watch.enumerations.push(enumeration);
        let walker = Walker::of(watch.enumerations.len() - 1);
        watch.walkers.insert(enumerator, walker);
    }
}

/// The result and the enumerator do not go together.
fn an_enumerator(what: &Return) -> EnumerationViolation {
    EnumerationViolation::Enumerator { method: what.method, hr: what.hr, given: what.out.enumerator.is_some() }
}

fn next(cx: &mut Context<'_>, what: &Return, walk: &Walk) {
    let place = cx.place();
    let items = &what.out.items;
    let walker = cx.watch().walkers.get(&walk.enumerator);
    let distrusted = walker.is_some_and(|walker| walker.distrusted);
    // If Skip went past the end and items come, or a wrong count, that is for ENUM-07 or ENUM-03.
    let is_of_skip = |walker: &Walker| walker.after == Moved::Skip && what.hr.is_success();
    let ended = walker.is_some_and(|walker| walker.ended && !walker.distrusted && !is_of_skip(walker));
    cx.judge.check(place, ENUM_02, what.hr != HResult::E_NOTIMPL, || EnumerationViolation::NextNotImplemented);
    let counted = !walk.no_count || items.len() == usize::from(what.hr == HResult::S_OK);
    if !counted {
        // ENUM-04 says what is wrong with it.
        return distrust(cx, walk.enumerator);
    }
    if ended && walk.celt > 0 {
        let good = what.hr == HResult::S_FALSE && items.is_empty() && what.out.fetched.unwrap_or(0) == 0;
        cx.judge
            .check(place, ENUM_09, good, || EnumerationViolation::PastEnd { hr: what.hr, items: items.len() as u64 });
        if !good {
            return distrust(cx, walk.enumerator);
        }
    }
    if what.hr.is_failure() {
        if what.hr != HResult::E_NOTIMPL && !distrusted {
            let nothing = items.is_empty() && what.out.fetched.unwrap_or(0) == 0;
            cx.judge.check(place, ENUM_05, nothing, || EnumerationViolation::FailedWithItems {
                hr: what.hr,
                items: items.len() as u64,
            });
            if !nothing {
                return distrust(cx, walk.enumerator);
            }
        }
        return lose(cx, walk.enumerator);
    }
    if !count(cx, what, walk) {
        distrust(cx, walk.enumerator);
    }
    for item in items {
        description::item(cx, item);
    }
    let waits = |nothing: &mut NothingAfterReset| nothing.since == Some(walk.enumerator) && walk.celt > 0;
    if let Some(nothing) = cx.watch().nothing_after_reset.take_if(waits) {
        // There are no items any more: nothing is what should come.
        let nothing = Some(nothing).filter(|_| !items.is_empty());
        if nothing.is_none() {
            cx.judge.kept(ENUM_06);
        }
        reset_gave_nothing(nothing, cx.judge, place);
    }
    since_reset(cx, walk.enumerator, what);
    follow(cx, walk.enumerator, what);
}

/// Whether what comes after `Reset` is what would come if it did nothing.
fn since_reset(cx: &mut Context<'_>, number: u32, what: &Return) {
    let place = cx.place();
    let due = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.enumeration_due());
    let watch = cx.watch();
    let Some(walker) = watch.walkers.get_mut(&number).filter(|walker| !walker.distrusted) else { return };
    let ended = walker.ended;
    let Some(pass) = &mut walker.pass else { return };
    let Some(before) = watch.enumerations.get(pass.before) else { return };
    what.out.items.iter().for_each(|item| pass.take(item.id, before));
    if what.hr != HResult::S_FALSE || ended {
        return;
    }
    let (pass, total) = (*pass, before.items().len());
    // Where only some were left, or all of them, what comes says whether it went back.
    let left = pass.from.filter(|from| before.complete && (1..total).contains(from)).map(|from| total - from);
    let stays = pass.given == 0 && total > 0 && !due;
    if pass.given > 0 {
        cx.judge.kept(ENUM_06);
    }
    if stays {
        let watch = cx.watch();
        watch.reset_broken = true;
        let nothing = NothingAfterReset { seq: place.seq, before: total, since: None };
        watch.nothing_after_reset.get_or_insert(nothing);
        return distrust(cx, number);
    }
    if let Some(left) = left.filter(|_| !due && !cx.watch().reset_broken) {
        let kept = pass.repeats_rest && pass.given == left;
        cx.judge.check(place, ENUM_10, !kept, || EnumerationViolation::PositionKept {
            given: pass.given as u64,
            of: total as u64,
        });
    }
}

/// At most celt items, the right count, S_OK if and only if that is celt.
fn count(cx: &mut Context<'_>, what: &Return, walk: &Walk) -> bool {
    let place = cx.place();
    let delivered = what.out.items.len() as u64;
    let asked = u64::from(walk.celt);
    let said = what.out.fetched.map(u64::from);
    let right_result = if delivered == asked { HResult::S_OK } else { HResult::S_FALSE };
    let good = delivered <= asked && said.is_none_or(|said| said == delivered) && what.hr == right_result;
    // An enumerator that counts wrongly once does so each time. Without a count ENUM-04 is what is asked.
    let is_known = cx.watch().walkers.get(&walk.enumerator).is_some_and(|walker| walker.distrusted);
    if !walk.no_count && !is_known {
        cx.judge.check(place, ENUM_03, good, || EnumerationViolation::Count { asked, delivered, said, hr: what.hr });
    }
    good || walk.no_count
}

/// Compares what an enumerator delivers with what is known of the enumeration, and moves it on.
fn follow(cx: &mut Context<'_>, number: u32, what: &Return) {
    let place = cx.place();
    let mut news: Vec<(Item, Option<NamedItem>)> = Vec::new();
    // What came, and what was due; the end is nothing.
    let mut astray: Option<(Option<NamedItem>, Option<NamedItem>)> = None;
    // What came again, where nothing is known of what was due.
    let mut again: Option<NamedItem> = None;
    // How many items came past the end that an earlier enumeration has shown.
    let mut past_end = 0;
    {
        let watch = cx.watch();
        let Some(walker) = watch.walkers.get_mut(&number) else { return };
        let Some(enumeration) = watch.enumerations.get_mut(walker.enumeration) else { return };
        if walker.lost || walker.distrusted {
            walker.ended |= what.hr == HResult::S_FALSE;
            return;
        }
        for item in &what.out.items {
            let came_already = enumeration.knows(item.id);
            if walker.after == Moved::Nothing && enumeration.complete && walker.at >= enumeration.items().len() {
                // One that is new may have come to be since; one that came already is begun with again.
                past_end += u64::from(came_already);
                if came_already {
                    continue;
                }
            }
            let unlike = enumeration.items().get(walker.at).is_none_or(|known| known.id != item.id);
            if unlike && enumeration.expected && walker.after == Moved::Nothing {
                enumeration.differs_from(walker.at);
                watch.enumerations_differ = true;
            }
            match enumeration.items().get(walker.at) {
                Some(known) if known.id == item.id => {}
                Some(known) => astray = astray.or_else(|| Some((Some(item.into()), Some(known.into())))),
                None if enumeration.complete => astray = astray.or_else(|| Some((Some(item.into()), None))),
                // Only an enumerator that walks straight on tells what comes next.
                None if came_already && walker.after != Moved::Nothing => again = again.or_else(|| Some(item.into())),
                None => {
                    if enumeration.items().len() == walker.at {
                        let first = enumeration.push(item.clone());
                        // What comes after Reset was judged when it came first.
                        if !enumeration.after_reset {
                            news.push((item.clone(), first));
                        }
                    }
                }
            }
            walker.at += 1;
        }
        if what.hr == HResult::S_FALSE {
            walker.ended = true;
            if walker.at < enumeration.items().len() && enumeration.expected && walker.after == Moved::Nothing {
                enumeration.differs_from(walker.at);
                watch.enumerations_differ = true;
            }
            if walker.at < enumeration.items().len() && astray.is_none() {
                astray = Some((None, Some(NamedItem::from(&enumeration.items()[walker.at]))));
            } else if walker.at == enumeration.items().len() {
                enumeration.complete = true;
            }
        }
        if past_end > 0 {
            walker.distrusted = true;
            cx.judge.broken(place, ENUM_09, EnumerationViolation::PastEnd { hr: what.hr, items: past_end });
        } else if let Some((after, rule)) = moved_by(walker.after) {
            let wrong = match (again, astray) {
                (Some(found), _) => Some(EnumerationViolation::Again { after, found }),
                (None, Some((found, expected))) => Some(EnumerationViolation::Astray { after, found, expected }),
                (None, None) => None,
            };
            match wrong {
                Some(wrong) => {
                    walker.distrusted = true;
                    cx.judge.broken(place, rule, wrong);
                }
                None => cx.judge.kept(rule),
            }
        } else if astray.is_some() {
            walker.lost = true;
        }
    }
    for (item, first) in news {
        match first {
            Some(first) => {
                cx.judge.broken(place, ITEM_04, ItemViolation::SharedId { first, item: NamedItem::from(&item) });
            }
            None => cx.judge.kept(ITEM_04),
        }
    }
}

fn moved_by(moved: Moved) -> Option<(CallMethod, &'static Rule)> {
    match moved {
        Moved::Nothing => None,
        Moved::Skip => Some((CallMethod::Skip, ENUM_07)),
        Moved::Clone => Some((CallMethod::Clone, ENUM_08)),
    }
}

fn distrust(cx: &mut Context<'_>, number: u32) {
    if let Some(walker) = cx.watch().walkers.get_mut(&number) {
        walker.distrusted = true;
    }
}

fn lose(cx: &mut Context<'_>, number: u32) {
    if let Some(walker) = cx.watch().walkers.get_mut(&number) {
        walker.lost = true;
    }
}

fn skip(cx: &mut Context<'_>, what: &Return, walk: &Walk) {
    let place = cx.place();
    let watch = cx.watch();
    let Some(walker) = watch.walkers.get_mut(&walk.enumerator).filter(|walker| !walker.lost && !walker.distrusted)
    else {
        return;
    };
    let Some(enumeration) = watch.enumerations.get(walker.enumeration) else { return };
    let to = walker.at.saturating_add(walk.celt as usize);
    let total = enumeration.items().len();
    (walker.after, walker.pass) = (Moved::Skip, None);
    let expected = if to <= total {
        Some(HResult::S_OK)
    } else if enumeration.complete {
        Some(HResult::S_FALSE)
    } else {
        None
    };
    match (what.hr, enumeration.complete) {
        (_, true) => walker.at = to.min(total),
        (HResult::S_OK, false) => walker.at = to,
        (_, false) => walker.lost = true,
    }
    walker.ended |= what.hr == HResult::S_FALSE;
    if let Some(expected) = expected {
        cx.judge.check(place, ENUM_07, what.hr == expected, || EnumerationViolation::Skipped {
            count: walk.celt,
            hr: what.hr,
            due: expected,
        });
        if what.hr != expected {
            distrust(cx, walk.enumerator);
        }
    }
}

fn reset(cx: &mut Context<'_>, what: &Return, number: u32) {
    let place = cx.place();
    if cx.watch().walkers.get(&number).is_some_and(|walker| walker.distrusted) {
        return;
    }
    cx.judge.check(place, ENUM_06, what.hr.is_success(), || EnumerationViolation::ResetFailed { hr: what.hr });
    if what.hr.is_failure() {
        cx.watch().reset_broken = true;
        return distrust(cx, number);
    }
    cx.watch().reset(number);
}

fn clone(cx: &mut Context<'_>, what: &Return, number: u32) {
    let place = cx.place();
    let good = what.hr.is_success() == what.out.enumerator.is_some() && what.hr != HResult::E_NOTIMPL;
    cx.judge.check(place, ENUM_08, good, || an_enumerator(what));
    let watch = cx.watch();
    if let Some(new) = what.out.enumerator
        && let Some(walker) = watch.walkers.get_mut(&number)
    {
        // One that moves together with its clone is for ENUM-08.
        (walker.after, walker.pass) = (Moved::Clone, None);
        let clone = Walker { ..*walker };
        watch.walkers.insert(new, clone);
    }
}
