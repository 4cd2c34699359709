//! The error log (LOG).

use crate::protocol::{CallId, Callback, CallbackMethod, ErrorFlags, Guid, HResult, LogError, LogErrorInfo, LogLevel};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::{ErrorLogViolation, Level};

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback) {
    match callback {
        Callback::LogError(args) => logged(cx, args),
        Callback::DeleteLogError(args) => {
            let place = cx.place();
            let Some(instance) = cx.session.instance(cx.event.handler) else { return };
            let live = args.error.is_null() || instance.error(args.error).is_some();
            cx.judge.check(place, LOG_08, live, || ErrorLogViolation::NotLive { error: args.error });
            cx.watch().error_deleted(args.error);
            if args.error.is_null() {
                let all = instance.errors().filter_map(|error| error.id).collect();
                cx.watch().deleted_by_all = all;
            }
        }
        _ => {}
    }
}

fn logged(cx: &mut Context<'_>, args: &LogError) {
    let place = cx.place();
    let known_level = (LogLevel::INFORMATION.0..=LogLevel::ERROR.0).contains(&args.level.0);
    cx.judge.check(place, LOG_01, known_level, || ErrorLogViolation::Level { level: args.level });
    cx.judge.check(place, LOG_02, args.text.is_some(), || ErrorLogViolation::NoText);
    if args.text.as_ref().is_some_and(crate::protocol::Text::is_empty) {
        cx.judge.broken_mildly(place, LOG_02, Level::Warning, ErrorLogViolation::EmptyText);
    }
    if let Some(info) = args.info.as_deref() {
        structure(cx, info);
        if let Some(item) = info.given_item().filter(|_| args.level == LogLevel::ERROR) {
            let watch = cx.watch();
            watch.items.entry(item).or_default().errors.logged.push(place.seq);
            if let Some(error) = info.given_error() {
                watch.items_of_errors.entry(error).or_default().insert(item);
            }
        }
    }
}

/// LOG-10: `Synchronize` is completed with S_OK, and an item of which an error was logged SUCCEEDED all the same.
pub(crate) fn succeeded(cx: &mut Context<'_>, item: Guid) {
    let place = cx.place();
    let errors = &cx.watch().items.entry(item).or_default().errors;
    let logged = errors.logged.clone();
    let stands = !errors.deleted;
    if !logged.is_empty() {
        cx.judge.check_with(place, LOG_10, !stands, &logged, || ErrorLogViolation::SucceededAllTheSame {
            item: place.item(item),
            errors: logged.len() as u64,
        });
    }
}

fn structure(cx: &mut Context<'_>, info: &LogErrorInfo) {
    let place = cx.place();
    let mask = info.mask.0 & !0x7;
    let flags = info.given_flags().0 & !ErrorFlags::ENABLEJUMPTEXT.0;
    cx.judge.check(place, LOG_04, mask == 0 && flags == 0, || ErrorLogViolation::Bits { mask, flags });
    let error = info.error_id();
    if info.has_jump_text() {
        cx.judge.check(place, LOG_05, error.is_some(), || ErrorLogViolation::NoErrorId);
    }
    if let Some(item) = info.given_item() {
        let known = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.item(item).is_some());
        cx.judge.check(place, LOG_06, known, || ErrorLogViolation::NotEnumerated { item: place.item(item) });
    }
    if let Some(error) = error {
        let earlier = cx.session.instance(cx.event.handler).and_then(|instance| instance.error(error));
        let earlier = earlier.map(|earlier| earlier.seq);
        cx.judge.check_with(place, LOG_07, earlier.is_none(), &[earlier.unwrap_or(0)], || {
            ErrorLogViolation::LiveAlready { error }
        });
        cx.watch().deleted_by_all.remove(&error);
    }
}

pub(crate) fn reply(cx: &mut Context<'_>, call: CallId, method: CallbackMethod, hr: HResult) {
    if method != CallbackMethod::DeleteLogError {
        return;
    }
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    if instance.pending().iter().any(|pending| pending.call == call && pending.deletes_all()) {
        cx.judge.check(place, LOG_09, hr.is_success(), || ErrorLogViolation::DeleteAllFailed { hr });
    }
}
