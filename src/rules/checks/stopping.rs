//! Cancels and skips (STOP).

use crate::protocol::{
    Call, CallId, CallMethod, CallbackMethod, Delay, Guid, HResult, Instance, KnownItem, Pending, Phase, Return, Status,
};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::{ItemWatch, Left, OpenCall, Stopped};
use crate::rules::{Occasion, Rule, StopViolation};

/// A new round: nothing was reported, nobody was told anything.
pub(crate) fn call(cx: &mut Context<'_>, call: &Call) {
    match call {
        Call::PrepareForSync(_) => cx.watch().begin_round(),
        Call::Synchronize(_) => cx.watch().synchronize_ns = cx.event.at_ns,
        _ => {}
    }
}

/// `SetItemStatus` has returned: the handler knows.
pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    if what.method != CallMethod::SetItemStatus {
        return;
    }
    waited_for_a_callback(cx, open);
    if let Some(Call::SetItemStatus(args)) = open.map(|open| &open.call)
        && args.status == Status::SKIPPED
        && what.hr.is_success()
    {
        let (seq, now_ns) = (cx.event.seq, cx.own_ns());
        let instance = cx.session.instance(cx.event.handler);
        let before_any_work = instance.is_some_and(|instance| instance.phase(CallMethod::Synchronize) == Phase::Idle);
        // Whoever is inside a report of the item, which the manager has not answered, can look before it makes the next one.
        let inside = |instance: &Instance| instance.pending().iter().any(|pending| pending.item() == Some(args.item));
        let inside_a_report = instance.is_some_and(inside);
        let watch = cx.watch();
        watch.step_in(Occasion::Skipped);
        let item = watch.items.entry(args.item).or_default();
        item.tell(seq);
        item.skip(now_ns);
        item.told_surely |= before_any_work || inside_a_report;
    }
}

/// A reply to `Progress` tells the handler to stop.
pub(crate) fn reply(cx: &mut Context<'_>, call: CallId, method: CallbackMethod, hr: HResult) {
    if let Some(open) = cx.watch().open.as_mut().filter(|open| open.unanswered.contains(&call)) {
        open.answered_within = true;
    }
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
        // The manager repeats it until the round ends: all others were told the first time.
        HResult::S_SYNCMGR_CANCELALL if std::mem::replace(&mut cx.watch().told_all, true) => vec![item],
        HResult::S_SYNCMGR_CANCELALL => instance.prepared().map(|(id, _)| id).collect(),
        _ => return,
    };
    let (seq, now_ns) = (cx.event.seq, cx.own_ns());
    for id in told {
        let watch = cx.watch().items.entry(id).or_default();
        watch.tell(seq);
        if id == item {
            watch.cancel(now_ns);
        }
    }
}

fn may_bother(cx: &Context<'_>) -> bool {
    cx.session.instance(cx.event.handler).is_some_and(|instance| instance.flags().may_bother_user())
}

/// The rule by which the item must stop, if the handler was told so.
fn told_by(item: &KnownItem, cancelled_all: bool) -> Option<&'static Rule> {
    match (item.skipped, item.cancelled, cancelled_all) {
        (true, ..) => Some(STOP_03),
        (false, true, _) => Some(STOP_01),
        (false, false, true) => Some(STOP_02),
        (false, false, false) => None,
    }
}

/// The round is completed: of an item that the handler was told to stop in the middle of its work, no more work can come.
pub(crate) fn round_ended(cx: &mut Context<'_>) {
    let tolerance = cx.conditions.limits.stop_tolerance;
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let cancelled_all = instance.cancelled_all();
    for (id, known) in instance.prepared() {
        let Some(rule) = told_by(known, cancelled_all) else { continue };
        let stopped =
            |watch: &mut ItemWatch| watch.told.is_some() && !watch.told_too_late && watch.work_since <= tolerance;
        if cx.watch().items.get_mut(&id).is_some_and(stopped) {
            cx.judge.kept(rule);
        }
    }
}

/// A report of a prepared item, judged by what the handler was told before.
/// `done` says that its value is its maximum.
pub(crate) fn reported(cx: &mut Context<'_>, item: Guid, status: Option<Status>, is_work: bool, done: bool) {
    let place = cx.place();
    let tolerance = cx.conditions.limits.stop_tolerance;
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let Some(known) = instance.item(item).copied() else { return };
    let cancelled_all = instance.cancelled_all();
    let Some(rule) = told_by(&known, cancelled_all) else { return };
    let watch = cx.watch().items.entry(item).or_default();
    let told = watch.told.unwrap_or(0);
    if is_work {
        watch.work_since += 1;
        watch.told_surely |= watch.work_since > 1;
        let since = watch.work_since;
        // Reported once: what follows is the same fault. Within the tolerance nothing is decided.
        if since == tolerance + 1 {
            cx.judge.check_with(place, rule, false, &[told], || StopViolation::WorksOn {
                item: place.item(item),
                reports: since,
                tolerated: tolerance,
            });
        }
        return;
    }
    let Some(status) = status.filter(|status| status.is_final()) else { return };
    if watch.told_too_late || !(watch.told_surely || had_time(cx, item)) {
        return;
    }
    if status != Status::SUCCEEDED {
        cx.judge.kept(rule);
        cx.judge.kept(STOP_07);
    } else if known.skipped {
        return cx
            .judge
            .check_with(place, STOP_03, false, &[told], || StopViolation::Finished { item: place.item(item) });
    } else if was_finished(cx, item, done) {
        return cx
            .judge
            .check_with(place, STOP_07, false, &[told], || StopViolation::FinishedInFull { item: place.item(item) });
    }
    // It failed by itself meanwhile, and said why: that is another end than the one that was asked for, and a true one.
    let errors = &cx.watch().items.entry(item).or_default().errors;
    let failed = status == Status::FAILED && errors.logged.iter().any(|seq| *seq > told);
    let stopped = failed || matches!(status, Status::SKIPPED | Status::STOPPED);
    cx.judge
        .check_with(place, STOP_06, stopped, &[told], || StopViolation::OtherEnd { item: place.item(item), status });
}

/// Whether whoever works on the item, which was skipped, had the time to see it: it reported work since, with at least half still to
/// do at the skip, or an asynchronous method may have returned twice over.
fn had_time(cx: &mut Context<'_>, item: Guid) -> bool {
    let (limit_ns, now_ns) = (cx.conditions.limits.blocking_ns, cx.own_ns());
    let watch = cx.watch().items.entry(item).or_default();
    watch.skipped.is_some_and(|Stopped { left, at_ns }| {
        (left == Left::Half && watch.work_since > 0) || now_ns.saturating_sub(at_ns) > limit_ns
    })
}

/// Whether the item, which SUCCEEDED, had at least half of its work to do when its handler was told to stop it, and that work
/// was done: to the maximum, beyond the tolerance, or for longer than a method may take. A handler that stops at once and only
/// calls it a success breaks STOP-06. Without a maximum, the reports of work before and after are the measure.
fn was_finished(cx: &mut Context<'_>, item: Guid, done: bool) -> bool {
    let (tolerance, limit_ns) = (cx.conditions.limits.stop_tolerance, cx.conditions.limits.blocking_ns);
    let now_ns = cx.own_ns();
    let watch = cx.watch().items.entry(item).or_default();
    let goes_on = watch.work_since > tolerance;
    match watch.cancelled {
        Some(Stopped { left: Left::Half, at_ns }) => {
            goes_on || (done && watch.work_since > 0) || now_ns.saturating_sub(at_ns) > limit_ns
        }
        Some(Stopped { left: Left::Unknown { reports }, .. }) => goes_on && watch.work_since >= reports,
        Some(Stopped { left: Left::Less, .. }) | None => false,
    }
}

/// STOP-04: `SetItemStatus` returned, and had waited for a callback that the manager had not answered.
fn waited_for_a_callback(cx: &mut Context<'_>, open: Option<&OpenCall>) {
    let place = cx.place();
    let Some(open) = open else { return };
    let (now_ns, limit_ns) = (cx.event.at_ns, cx.conditions.limits.blocking_ns);
    let waited = open.answered_within && now_ns.saturating_sub(open.at_ns) > limit_ns;
    cx.judge.check_with(place, STOP_04, !waited, &[open.seq], || StopViolation::WaitedForCallback {
        took: Delay(now_ns.saturating_sub(open.at_ns)),
    });
}
