//! What a handler says of itself and of its items (INFO, ITEM, OBJ).

use crate::protocol::{CallMethod, HResult, HandlerFlags, Item, ItemFlags, ItemState, Profile, Return, Text};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::{InfoViolation, ItemViolation, NamedItem};

/// How far ahead of the session's beginning and its clock a time may be: two sessions side by side begin and write down their
/// times within moments, and some file systems keep times to two seconds.
const SLACK_NS: u64 = 2_000_000_000;

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return) {
    match what.method {
        CallMethod::GetHandlerInfo => handler_info(cx, what),
        CallMethod::GetItemObject => item_object(cx, what),
        _ => {}
    }
}

fn handler_info(cx: &mut Context<'_>, what: &Return) {
    let place = cx.place();
    let profile = cx.conditions.profile;
    if what.hr == HResult::S_OK {
        cx.judge.check(place, INFO_01, what.out.info.is_some(), || InfoViolation::Missing);
    }
    let Some(info) = &what.out.info else { return };
    cx.watch().info_known = true;
    let unknown = info.flags.0 & !HandlerFlags::MASK;
    cx.judge.check(place, INFO_04, unknown == 0, || InfoViolation::Flags { unknown });
    if profile == Profile::Xp && unknown == 0 {
        let is_early = info.flags.has(HandlerFlags::HIDDEN);
        cx.judge.check(place, INFO_07, !is_early, || InfoViolation::FlagOfLater { profile });
    }
    cx.judge.check(place, INFO_06, is_readable(&info.name), || InfoViolation::Name { name: info.name.clone() });
}

fn is_readable(name: &Text) -> bool {
    !name.is_empty() && name.is_well_formed()
}

fn item_object(cx: &mut Context<'_>, what: &Return) {
    let place = cx.place();
    let good = match (what.hr, what.out.object) {
        (HResult::E_NOTIMPL, false) => true,
        (hr, true) => cx.conditions.profile == Profile::Vista && hr.is_success(),
        _ => false,
    };
    cx.judge.check(place, OBJ_01, good, || InfoViolation::Object { hr: what.hr, given: what.out.object });
}

/// What is wrong with an item's flags is one finding, of the worst of its bits.
fn flags(cx: &mut Context<'_>, item: &Item) {
    let place = cx.place();
    let profile = cx.conditions.profile;
    let unknown = item.flags.0 & !ItemFlags::MASK;
    let unnamed = item.flags.0 & ItemFlags::UNNAMED;
    let is_early = profile == Profile::Xp && item.flags.has(ItemFlags::HIDDEN);
    let named = || NamedItem::from(item);
    cx.judge.check(place, ITEM_02, unknown == 0, || ItemViolation::Flags { item: named(), unknown });
    if unknown == 0 {
        cx.judge.check(place, ITEM_10, unnamed == 0 && !is_early, || match unnamed {
            0 => ItemViolation::FlagOfLater { item: named(), profile },
            _ => ItemViolation::UnnamedFlag { item: named(), unnamed },
        });
    }
}

/// One enumerated item, by itself.
pub(crate) fn item(cx: &mut Context<'_>, item: &Item) {
    let place = cx.place();
    let named = || NamedItem::from(item);
    flags(cx, item);
    cx.judge.check(place, ITEM_03, !item.id.is_null(), || ItemViolation::NullId { item: named() });
    let known = item.state.0 <= ItemState::CHECKED.0;
    cx.judge.check(place, ITEM_05, known, || ItemViolation::State { item: named(), state: item.state });
    cx.judge.check(place, ITEM_07, is_readable(&item.name), || ItemViolation::Name { item: named() });
    super::native::item(cx, item);
    if item.flags.has(ItemFlags::LASTUPDATETIME) {
        let now = cx.conditions.started.plus_nanos(cx.event.at_ns);
        let latest = now.plus_nanos(SLACK_NS);
        let real = item.last_update.0 != 0 && item.last_update <= latest;
        cx.judge.check(place, ITEM_08, real, || ItemViolation::UpdateTime {
            item: named(),
            time: item.last_update,
            now,
        });
    }
}
