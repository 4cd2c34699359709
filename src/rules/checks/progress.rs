//! Reports of progress (PROG, SYNC-07, SYNC-11), and what a handler does after it was told to stop.

use crate::protocol::{CallMethod, Callback, Guid, HResult, Instance, Phase, Progress, ProgressItem, Standing, Status};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::Standstill;
use crate::rules::{Level, ProgressViolation};

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback, standing: Standing) {
    if let Callback::Progress(args) = callback {
        progress(cx, args, standing);
    }
    called_back(cx);
}

/// A thread that was answered begins its next piece of work now.
pub(crate) fn reply(cx: &mut Context<'_>) {
    called_back(cx);
}

fn called_back(cx: &mut Context<'_>) {
    let event = cx.event;
    cx.watch().called_back.now(&event.thread, event.at_ns);
}

fn progress(cx: &mut Context<'_>, args: &Progress, standing: Standing) {
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let known = instance.item(args.item).copied();
    let (when, synchronizes) = (when(instance, standing), is_synchronizing(instance));
    if instance.flags().settings() {
        // Whatever it reports, LIFE-05 says that there is nothing to report.
        return;
    }
    cx.judge.check(place, PROG_01, args.info.is_some(), || ProgressViolation::NoStructure);
    if let Some(info) = &args.info {
        structure(cx, info);
    }
    let named = || place.item(args.item);
    // A report of an item that does not exist is that one mistake, whenever it comes.
    cx.judge.check(place, PROG_08, known.is_some(), || ProgressViolation::NotEnumerated { item: named() });
    let Some(known) = known else { return };
    match when {
        When::Round => {
            cx.judge.kept(PROG_10);
            let status = args.info.as_ref().and_then(ProgressItem::given_status);
            if synchronizes && !known.prepared && status.is_some_and(is_work_done) {
                cx.judge.broken(place, SYNC_07, ProgressViolation::NotPrepared { item: named() });
            } else if known.prepared {
                cx.judge.kept(SYNC_07);
                report(cx, args, synchronizes);
            }
        }
        // What crosses with the manager's leave is chance.
        When::Completed if cx.watch().left_early => {}
        When::Completed => cx.judge.broken(place, SYNC_11, ProgressViolation::AfterCompletion { item: named() }),
        When::BeforePrepare => cx.judge.broken(place, PROG_10, ProgressViolation::BeforePrepare { item: named() }),
        When::Failed(method) => {
            cx.judge.broken(place, PROG_10, ProgressViolation::AfterFailure { item: named(), method });
        }
        When::GivenUp => {}
    }
}

/// Where in the session a report comes.
enum When {
    /// From the call of `PrepareForSync` to the completion of `Synchronize`.
    Round,
    /// After `SynchronizeCompleted`.
    Completed,
    BeforePrepare,
    /// After that method failed: the round is over.
    Failed(CallMethod),
    /// The manager stopped waiting, and a rule says so already.
    GivenUp,
}

fn when(instance: &Instance, standing: Standing) -> When {
    use CallMethod::{PrepareForSync, Synchronize};
    match (standing, instance.phase(Synchronize), instance.phase(PrepareForSync)) {
        (_, Phase::Done(_) | Phase::Open { held: Some(_) }, _) => When::Completed,
        (_, Phase::Overdue, _) | (_, Phase::Idle, Phase::Overdue) => When::GivenUp,
        (_, Phase::Refused(_), _) => When::Failed(Synchronize),
        (Standing::BeforePrepare, ..) => When::BeforePrepare,
        (_, Phase::Idle, Phase::Refused(_)) => When::Failed(PrepareForSync),
        (_, Phase::Idle, Phase::Done(hr)) if hr != HResult::S_OK => When::Failed(PrepareForSync),
        _ => When::Round,
    }
}

fn is_synchronizing(instance: &Instance) -> bool {
    matches!(instance.phase(CallMethod::Synchronize), Phase::Open { held: None } | Phase::Awaiting)
}

/// The item was worked on: it is being updated, or came to an end that work leads to.
fn is_work_done(status: Status) -> bool {
    status.is_updating() || (status.is_final() && !matches!(status, Status::SKIPPED | Status::STOPPED))
}

/// The structure by itself.
fn structure(cx: &mut Context<'_>, info: &ProgressItem) {
    let place = cx.place();
    let profile = cx.conditions.profile;
    let unknown = info.mask.0 & !0xf;
    cx.judge.check(place, PROG_02, unknown == 0, || ProgressViolation::Mask { unknown });
    if let Some(status) = info.given_status() {
        cx.judge
            .check(place, PROG_04, status.is_known(profile), || ProgressViolation::UnknownStatus { status, profile });
    }
}

/// A report among the others of its item and round.
fn report(cx: &mut Context<'_>, args: &Progress, synchronizes: bool) {
    let place = cx.place();
    let seq = cx.event.seq;
    let item = args.item;
    let Some(info) = &args.info else { return };
    let status = info.given_status();
    let updating = status.is_some_and(Status::is_updating);
    let watch = cx.watch().items.entry(item).or_default();
    let is_first = !std::mem::replace(&mut watch.reported, true);
    let (last_value, last_max, was_updating, ended) =
        (watch.value, watch.max, watch.last_status.is_some_and(Status::is_updating), watch.ended);
    let max = info.given_max().or(last_max);
    let value = info.given_value();
    // A report without a status says nothing of an end, and so goes on with the work.
    let is_work = updating || (status.is_none() && ended.is_none());
    watch.max = max;
    watch.value = value.or(last_value);
    watch.work += u32::from(is_work);
    if is_first && synchronizes {
        begun(cx, args.item, info);
    }
    if let (Some(value), Some(max)) = (value, max) {
        cx.judge.check(place, PROG_05, (0..=max).contains(&value), || ProgressViolation::OutOfRange {
            item: place.item(item),
            value,
            maximum: max,
        });
    }
    if let (Some(value), Some(last), true) = (value, last_value, was_updating && last_max == max) {
        let still_updating = updating || status.is_none();
        cx.judge.check(place, PROG_06, value >= last || !still_updating, || ProgressViolation::GoesBack {
            item: place.item(item),
            from: last,
            to: value,
        });
    }
    advance(cx, item, if is_work { value } else { None }, max, status);
    if let Some(status) = status {
        let again = updating && ended.is_some();
        let (final_status, ended_at) = ended.unwrap_or((status, 0));
        cx.judge.check_with(place, PROG_07, !again, &[ended_at], || ProgressViolation::WorksAgain {
            item: place.item(item),
            status,
            ended: final_status,
        });
    }
    let value = value.or(last_value);
    super::stopping::reported(cx, item, status, is_work, value.is_some() && value == max);
    if let Some(status) = status {
        let watch = cx.watch().items.entry(item).or_default();
        watch.last_status = Some(status);
        if status.is_final() && watch.ended.is_none() {
            watch.ended = Some((status, seq));
        }
    }
}

/// PROG-09: the first report of an item must come before its work, for its reply may be a cancel. What was begun without a
/// word cannot be seen; what is seen is a first report of work that is done.
fn begun(cx: &mut Context<'_>, item: Guid, info: &ProgressItem) {
    let place = cx.place();
    let now_ns = cx.event.at_ns;
    let limit_ns = cx.conditions.limits.blocking_ns;
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let told = instance.cancelled_all() || instance.item(item).is_some_and(|known| known.cancelled || known.skipped);
    let thread = &cx.event.thread;
    let watch = cx.watch();
    // A manager that leaves wants no more work: what was not begun may end at once.
    let told = told || watch.left_early;
    let since_ns = watch.called_back.last_ns(thread).unwrap_or(0).max(watch.synchronize_ns);
    let took_ns = now_ns.saturating_sub(since_ns);
    let long = took_ns > limit_ns;
    let (status, value, max) = (info.given_status(), info.given_value(), info.given_max());
    let at_end = status.is_some_and(|status| match status {
        Status::SUCCEEDED | Status::DELETED => true,
        // What could not be begun fails at once, and has no value.
        Status::FAILED => long || value.is_some_and(|value| value > 0),
        _ => false,
    });
    let at_maximum = max.is_some_and(|max| max > 1 && value == Some(max));
    if told || !(at_end || at_maximum) {
        return cx.judge.kept(PROG_09);
    }
    let level = if long && value.is_some() { PROG_09.level } else { Level::Note };
    let why = ProgressViolation::DoneAtFirst { item: place.item(item), status, value, maximum: max };
    cx.judge.broken_mildly(place, PROG_09, level, why);
}

/// PROG-11: the same value, reported over and over.
fn advance(cx: &mut Context<'_>, item: Guid, value: Option<i32>, max: Option<i32>, status: Option<Status>) {
    let place = cx.place();
    let (seq, now_ns) = (cx.event.seq, cx.own_ns());
    let limit_ns = cx.conditions.limits.progress_ns;
    let watch = cx.watch().items.entry(item).or_default();
    let Some(value) = value else {
        // A report without a value is no news of it; one that says anything but UPDATING is.
        if status.is_some_and(|status| status != Status::UPDATING) {
            watch.standstill = None;
        }
        return;
    };
    if status == Some(Status::UPDATING_INDETERMINATE) {
        // Its bar shows no value.
        watch.standstill = None;
        return;
    }
    match &mut watch.standstill {
        Some(still) if (still.value, still.max) == (value, max) => {
            let took_ns = now_ns.saturating_sub(still.since_ns);
            let first = still.seq;
            if took_ns > limit_ns && !std::mem::replace(&mut still.said, true) {
                cx.judge.check_with(place, PROG_11, false, &[first], || ProgressViolation::StandsStill {
                    item: place.item(item),
                    value,
                    took: crate::protocol::Delay(took_ns),
                });
            } else {
                cx.judge.kept(PROG_11);
            }
        }
        still => *still = Some(Standstill { value, max, seq, since_ns: now_ns, said: false }),
    }
}
