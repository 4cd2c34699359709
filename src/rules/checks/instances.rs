//! Two native instances of one handler at the same time (COM-08).

use crate::protocol::{CallMethod, Callback, Guid, Instance, Phase, Status, Thread};
use crate::rules::ComViolation;
use crate::rules::codes::COM_08;
use crate::rules::monitor::Context;

/// A callback of an instance, before anything else is noted of it.
pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback) {
    if !cx.watch().native.is {
        return;
    }
    let place = cx.place();
    if let Some(inside) = inside_call_of_another(cx) {
        let callback = callback.method();
        match inside {
            Some(inside) => cx.judge.broken(place, COM_08, ComViolation::OtherInstance { callback, inside }),
            None => cx.judge.kept(COM_08),
        }
    }
    if let Callback::Progress(args) = callback
        && let Some(status) = args.info.as_ref().and_then(|info| info.given_status())
        && matches!(status, Status::SKIPPED | Status::STOPPED)
        && let Some(told) = told_to_another(cx, args.item)
        // Reported once: that the other items stop as well is the same fault.
        && cx.watch().stopped_with.replace(told) != Some(told)
    {
        cx.judge.check_with(place, COM_08, false, &[told], || ComViolation::StoppedElsewhere {
            item: place.item(args.item),
            status,
        });
    }
}

/// The call to another instance from within which an idle one calls back: all calls come from one thread, on which no instance
/// has anything to do while another one is called. `None` when no other instance lives.
fn inside_call_of_another(cx: &Context<'_>) -> Option<Option<CallMethod>> {
    let idle = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.active().is_none());
    let on_apartment = cx.event.thread == Thread::APARTMENT;
    let (own, others) = cx.with_others();
    let mut living = others.filter(|other| !other.native.is_released()).peekable();
    living.peek()?;
    let idle = idle && own.open.is_none();
    Some(living.find_map(|other| other.open.as_ref()).filter(|_| idle && on_apartment).map(|open| open.call.method()))
}

/// The event by which another instance was told to stop the item, on which this one works and of which it was told nothing.
fn told_to_another(cx: &Context<'_>, item: Guid) -> Option<u64> {
    let (own, mut others) = cx.with_others();
    let works = own
        .items
        .get(&item)
        .is_some_and(|item| item.told.is_none() && item.last_status.is_some_and(Status::is_updating));
    // When its round is over, nobody listens: then it has a reason of its own to stop.
    let synchronizes = |instance: &Instance| {
        matches!(instance.phase(CallMethod::Synchronize), Phase::Open { held: None } | Phase::Awaiting)
    };
    if !works || !cx.session.instance(cx.event.handler).is_some_and(synchronizes) {
        return None;
    }
    let told = others
        .find_map(|other| other.items.get(&item).filter(|item| !item.told_too_late).and_then(|item| item.told))?;
    // What was told before this instance was there is history.
    (told > own.native.created).then_some(told)
}
