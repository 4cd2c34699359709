//! Reports of progress (PROG, SYNC-07, SYNC-11, and what a handler does after it was told to stop).

use crate::protocol::{CallMethod, Callback, Phase, Progress, ProgressItem, Standing, Status};
use crate::rules::ProgressViolation;
use crate::rules::codes::*;
use crate::rules::monitor::Context;

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback, standing: Standing) {
    let Callback::Progress(args) = callback else { return };
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let known = instance.item(args.item).copied();
    let completed = matches!(instance.phase(CallMethod::Synchronize), Phase::Done(_) | Phase::Open { held: Some(_) });
    cx.judge.check(place, PROG_01, args.info.is_some(), || ProgressViolation::NoStructure);
    cx.judge
        .check(place, PROG_08, known.is_some(), || ProgressViolation::NotEnumerated { item: place.item(args.item) });
    if let Some(info) = &args.info {
        structure(cx, info);
    }
    match (known, standing) {
        (_, Standing::AfterEnd) => {
            cx.judge.check(place, SYNC_11, !completed, || ProgressViolation::AfterCompletion {
                item: place.item(args.item),
            });
        }
        (Some(item), _) => {
            cx.judge.check(place, SYNC_07, item.prepared, || ProgressViolation::NotPrepared {
                item: place.item(args.item),
            });
            if item.prepared && standing.is_expected() {
                report(cx, args);
            }
        }
        (None, _) => {}
    }
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
fn report(cx: &mut Context<'_>, args: &Progress) {
    let place = cx.place();
    let seq = cx.event.seq;
    let item = args.item;
    let Some(info) = &args.info else { return };
    let status = info.given_status();
    let updating = status.is_some_and(Status::is_updating);
    let watch = cx.watch().items.entry(item).or_default();
    watch.reported = true;
    let (last_value, last_max, was_updating, ended) =
        (watch.value, watch.max, watch.last_status.is_some_and(Status::is_updating), watch.ended);
    let max = info.given_max().or(last_max);
    let value = info.given_value();
    watch.max = max;
    watch.value = value.or(last_value);
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
    if let Some(status) = status {
        let again = updating && ended.is_some();
        let (final_status, ended_at) = ended.unwrap_or((status, 0));
        cx.judge.check_with(place, PROG_07, !again, &[ended_at], || ProgressViolation::WorksAgain {
            item: place.item(item),
            status,
            ended: final_status,
        });
        super::stopping::reported(cx, item, status);
        let watch = cx.watch().items.entry(item).or_default();
        watch.last_status = Some(status);
        if status.is_final() && watch.ended.is_none() {
            watch.ended = Some((status, seq));
        }
    }
}
