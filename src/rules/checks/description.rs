//! What a handler says of itself and of its items (INFO, ITEM, OBJ).

use crate::protocol::{CallMethod, HResult, HandlerFlags, Item, ItemFlags, ItemState, Profile, Return, Text};
use crate::rules::codes::*;
use crate::rules::monitor::Context;

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
        cx.judge.check(place, INFO_01, what.out.info.is_some(), || {
            "GetHandlerInfo returned S_OK without a structure".to_owned()
        });
    }
    let Some(info) = &what.out.info else { return };
    cx.watch().info_known = true;
    let unknown = info.flags.0 & !HandlerFlags::mask(profile);
    cx.judge.check(place, INFO_04, unknown == 0, || {
        format!("SyncMgrHandlerFlags has {unknown:#x}, which the profile {profile} does not know")
    });
    cx.judge.check(place, INFO_06, is_readable(&info.name), || format!("the handler's name is {:?}", info.name));
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
    cx.judge.check(place, OBJ_01, good, || {
        let object = if what.out.object { "an object" } else { "no object" };
        format!("GetItemObject returned {} and {object}", what.hr)
    });
}

/// One enumerated item, by itself.
pub(crate) fn item(cx: &mut Context<'_>, item: &Item) {
    let place = cx.place();
    let profile = cx.conditions.profile;
    let unknown = item.flags.0 & !ItemFlags::mask(profile);
    cx.judge.check(place, ITEM_02, unknown == 0, || {
        format!("dwFlags of {} has {unknown:#x}, which the profile {profile} does not know", called(item))
    });
    cx.judge.check(place, ITEM_03, !item.id.is_null(), || format!("the ItemID of {} is GUID_NULL", called(item)));
    let known = item.state.0 <= ItemState::CHECKED.0;
    cx.judge.check(place, ITEM_05, known, || format!("dwItemState of {} is {}", called(item), item.state));
    cx.judge.check(place, ITEM_07, is_readable(&item.name), || format!("an item's name is {:?}", item.name));
    super::native::item(cx, item);
    if item.flags.has(ItemFlags::LASTUPDATETIME) {
        let now = cx.conditions.started.plus_nanos(cx.event.at_ns);
        let latest = now.plus_nanos(SLACK_NS);
        let real = item.last_update.0 != 0 && item.last_update <= latest;
        cx.judge.check(place, ITEM_08, real, || {
            format!("ftLastUpdate of {} is {}; now is {now}", called(item), item.last_update)
        });
    }
}

/// An item in messages.
pub(crate) fn called(item: &Item) -> String {
    if item.name.is_empty() { item.id.to_string() } else { format!("{:?} ({})", item.name, item.id) }
}
