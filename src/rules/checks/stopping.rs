//! Cancels and skips (STOP).

use crate::protocol::{Call, CallId, CallMethod, CallbackMethod, Guid, HResult, Pending, Phase, Return, Status};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::OpenCall;
use crate::rules::{Occasion, StopViolation};

/// A new round: nothing was reported, nobody was told anything.
pub(crate) fn call(cx: &mut Context<'_>, call: &Call) {
    if matches!(call, Call::PrepareForSync(_)) {
        cx.watch().begin_round();
    }
}

/// `SetItemStatus` has returned: the handler knows.
pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    if what.method != CallMethod::SetItemStatus {
        return;
    }
    cx.judge.kept(STOP_04);
    if let Some(Call::SetItemStatus(args)) = open.map(|open| &open.call)
        && args.status == Status::SKIPPED
        && what.hr.is_success()
    {
        let seq = cx.event.seq;
        let instance = cx.session.instance(cx.event.handler);
        let before_any_work = instance.is_some_and(|instance| instance.phase(CallMethod::Synchronize) == Phase::Idle);
        let watch = cx.watch();
        watch.step_in(Occasion::Skipped);
        let item = watch.items.entry(args.item).or_default();
        item.tell(seq);
        item.told_surely |= before_any_work;
    }
}

/// A reply to `Progress` tells the handler to stop.
pub(crate) fn reply(cx: &mut Context<'_>, call: CallId, method: CallbackMethod, hr: HResult) {
    match (method, hr) {
        (_, HResult::S_OK) => return,
        (CallbackMethod::Progress, HResult::S_SYNCMGR_CANCELITEM) => cx.watch().step_in(Occasion::CancelledItem),
        (CallbackMethod::Progress, HResult::S_SYNCMGR_CANCELALL) => cx.watch().step_in(Occasion::CancelledAll),
        // Without MAYBOTHERUSER it is refused anyway.
        (CallbackMethod::EnableModeless, HResult::S_FALSE) if may_bother(cx) => {
            cx.watch().step_in(Occasion::RefusedDialog);
        }
        (CallbackMethod::EstablishConnection, HResult::E_FAIL) => cx.watch().step_in(Occasion::FailedConnection),
        _ => cx.watch().disturbed = true,
    }
    if method != CallbackMethod::Progress {
        return;
    }
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let Some(item) = instance.pending().iter().rev().find(|p| p.call == call).and_then(Pending::item) else { return };
    let told: Vec<Guid> = match hr {
        HResult::S_SYNCMGR_CANCELITEM => vec![item],
        HResult::S_SYNCMGR_CANCELALL => instance.prepared().map(|(id, _)| id).collect(),
        _ => return,
    };
    let seq = cx.event.seq;
    for id in told {
        let watch = cx.watch().items.entry(id).or_default();
        watch.tell(seq);
        watch.told_surely |= id == item;
    }
}

fn may_bother(cx: &Context<'_>) -> bool {
    cx.session.instance(cx.event.handler).is_some_and(|instance| instance.flags().may_bother_user())
}

/// A status of a prepared item, judged by what the handler was told before.
pub(crate) fn reported(cx: &mut Context<'_>, item: Guid, status: Status) {
    let place = cx.place();
    let tolerance = cx.conditions.limits.stop_tolerance;
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let Some(known) = instance.item(item).copied() else { return };
    let cancelled_all = instance.cancelled_all();
    let rule = match (known.skipped, known.cancelled, cancelled_all) {
        (true, ..) => STOP_03,
        (false, true, _) => STOP_01,
        (false, false, true) => STOP_02,
        (false, false, false) => return,
    };
    let watch = cx.watch().items.entry(item).or_default();
    let told = watch.told.unwrap_or(0);
    if status.is_updating() {
        watch.updates_since += 1;
        watch.told_surely |= watch.updates_since > 1;
        let since = watch.updates_since;
        // Reported once: what follows is the same fault.
        cx.judge.check_with(place, rule, since != tolerance + 1, &[told], || StopViolation::WorksOn {
            item: place.item(item),
            reports: since,
            tolerated: tolerance,
        });
        return;
    }
    if !status.is_final() || watch.told_too_late || !watch.told_surely {
        return;
    }
    let kept = match (known.skipped, status) {
        (true, Status::SUCCEEDED) => {
            cx.judge.check_with(place, STOP_03, false, &[told], || StopViolation::Finished { item: place.item(item) });
            return;
        }
        (_, status) => matches!(status, Status::SKIPPED | Status::STOPPED),
    };
    cx.judge.kept(rule);
    cx.judge.check_with(place, STOP_06, kept, &[told], || StopViolation::OtherEnd { item: place.item(item), status });
}
