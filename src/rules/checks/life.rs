//! Crashes, hangs, early releases, and what holds in every session (LIFE).

use super::completion::rules_of;
use crate::protocol::{
    Call, CallMethod, Callback, Delay, HResult, Instance, Interface, Method, Note, Outcome, Phase, Return, State,
    Thread, WaitingFor,
};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::OpenCall;
use crate::rules::{CompletionViolation, CrashedThread, LifeViolation, ManagerViolation, StopViolation};

/// `ERROR_INVALID_WINDOW_HANDLE` as an HRESULT.
const INVALID_WINDOW_HANDLE: HResult = HResult(0x8007_0578);

/// The manager leaves, by NULL and `Release`: is it early, and is a completion of the handler overdue?
pub(crate) fn call(cx: &mut Context<'_>, call: &Call) {
    let takes_back = call.takes_callback_back();
    cx.watch().completions.remove(&call.method());
    if !call.leaves() {
        return;
    }
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let (awaiting, early) = (instance.awaiting(), is_early(instance));
    let (retry_due, taken_back) = (instance.retry_due().is_some(), instance.interface() == Interface::TakenBack);
    if early {
        let seq = cx.event.seq;
        cx.watch().left_early = true;
        cx.watch().left_seq.get_or_insert(seq);
    }
    if takes_back {
        return;
    }
    if !taken_back {
        super::dialogs::session_ends(cx);
    }
    if retry_due {
        cx.judge.broken(place, ERRS_08, ManagerViolation::NotRetried);
    }
    let waits = !instance.pending().is_empty();
    // Whoever waits for a reply need not be heard.
    let silent_ns = if waits { 0 } else { cx.event.at_ns.saturating_sub(cx.watch().heard_ns) };
    let limit_ns = cx.conditions.limits.timeout_ns;
    if let Some(method) = awaiting.filter(|_| silent_ns > limit_ns)
        && let Some(rules) = rules_of(method)
    {
        let place = place.of(Some(Method::Call(method)));
        cx.judge.broken(place, rules.comes, CompletionViolation::Never { method });
    }
}

/// Whether an instance is released before its session came to its end.
fn is_early(instance: &Instance) -> bool {
    let waits_for_synchronize = instance.phase(CallMethod::PrepareForSync).is_done_ok()
        && instance.phase(CallMethod::Synchronize) == Phase::Idle;
    instance.active().is_some()
        || instance.state() == State::Created
        || instance.retry_due().is_some()
        || waits_for_synchronize
}

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    let place = cx.place();
    let limit_ns = cx.conditions.limits.timeout_ns;
    let took_ns = cx.took_ns(open);
    let early = open.is_some_and(|open| open.call.leaves()) && cx.watch().left_early;
    let rule = if early { LIFE_01 } else { LIFE_03 };
    cx.judge.check_with(place, rule, took_ns <= limit_ns, &[open.map_or(0, |open| open.seq)], || LifeViolation::Slow {
        method: what.method,
        took: Delay(took_ns),
    });
    if what.method == CallMethod::Release {
        cx.judge.kept(LIFE_02);
        if cx.watch().left_early {
            cx.judge.kept(LIFE_01);
        }
    }
    if open.is_some_and(|open| open.call.takes_callback_back()) {
        super::dialogs::session_ends(cx);
    }
    settings_result(cx, what);
    null_window(cx, what, open);
}

fn settings_result(cx: &mut Context<'_>, what: &Return) {
    let place = cx.place();
    let settings = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.flags().settings());
    if settings && matches!(what.method, CallMethod::GetHandlerInfo | CallMethod::EnumSyncMgrItems) {
        cx.judge.check(place, LIFE_05, what.hr.is_success(), || LifeViolation::FailedInSettings {
            method: what.method,
            hr: what.hr,
        });
    }
}

/// A legal call with nothing unusual but the NULL window, refused as if an argument were wrong.
fn null_window(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    let place = cx.place();
    let Some(open) = open.filter(|open| open.legal) else { return };
    let (hwnd, plain) = match &open.call {
        Call::PrepareForSync(args) => (args.hwnd, args.reserved == 0),
        Call::Synchronize(args) => (args.hwnd, true),
        Call::ShowError(args) => (args.hwnd, false),
        Call::ShowProperties(args) => (args.hwnd, false),
        _ => return,
    };
    if hwnd != 0 {
        return;
    }
    let about_window = matches!(what.hr, HResult::E_HANDLE | INVALID_WINDOW_HANDLE);
    let about_argument = plain && matches!(what.hr, HResult::E_INVALIDARG | HResult::E_POINTER);
    cx.judge.check_with(place, LIFE_06, !about_window && !about_argument, &[open.seq], || LifeViolation::NullWindow {
        method: what.method,
        hr: what.hr,
    });
}

/// A SETTINGS session never synchronizes, and so has nothing to report of it.
pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback) {
    let place = cx.place();
    let settings = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.flags().settings());
    if settings
        && matches!(
            callback,
            Callback::Progress(_) | Callback::PrepareForSyncCompleted(_) | Callback::SynchronizeCompleted(_)
        )
    {
        cx.judge.broken(place, LIFE_05, LifeViolation::CallbackInSettings { callback: callback.method() });
    }
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    let place = cx.place();
    let now_ns = cx.event.at_ns;
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let (cancelled_all, finished) = (instance.cancelled_all(), matches!(instance.outcome(), Outcome::Crashed));
    let in_callback = !instance.pending().is_empty();
    let called = cx.watch().open.as_ref().map_or(0, |open| open.seq);
    match note {
        Note::Crashed(args) if !finished => {
            let called_now = cx.watch().open.as_ref().map(|open| open.call.method());
            let thread = match &cx.event.thread {
                thread if *thread == Thread::APARTMENT => CrashedThread::Apartment,
                thread if *thread == Thread::UNKNOWN => CrashedThread::Unknown,
                _ => CrashedThread::Worker,
            };
            // A worker thread is at work for what is not completed, whatever the manager calls meanwhile.
            let during = match thread {
                CrashedThread::Apartment => called_now,
                CrashedThread::Worker | CrashedThread::Unknown => instance.active().or(called_now),
            };
            let place = place.of(during.map(Method::Call));
            let how = args.what.clone();
            cx.judge.check_with(place, LIFE_02, false, &[called], || LifeViolation::Crashed { during, thread, how });
        }
        Note::TimedOut(args) if args.waiting_for == WaitingFor::Return => {
            let method = args.method;
            let place = place.of(Some(Method::Call(method)));
            let since_ns = cx.watch().open.as_ref().map(|open| open.own_ns);
            let waited = Delay(since_ns.map_or(0, |since_ns| cx.own_ns().saturating_sub(since_ns)));
            let watch = cx.watch();
            let early = watch.open.as_ref().is_some_and(|open| open.call.leaves()) && watch.left_early;
            if method == CallMethod::SetItemStatus {
                cx.judge.check_with(place, STOP_04, false, &[called], || StopViolation::SetItemStatusHangs);
            }
            // One that waits for a callback's answer would return in a manager that gives it.
            if method != CallMethod::SetItemStatus || !in_callback {
                let rule = if early { LIFE_01 } else { LIFE_03 };
                cx.judge.check_with(place, rule, false, &[called], || LifeViolation::Hung { method, waited });
            }
        }
        Note::KeptOut(args) => {
            let Some(method) = args.during else { return };
            let (place, callback) = (place.of(Some(Method::Call(method))), args.method);
            cx.judge.check_with(place, APT_01, args.returned, &[called], || LifeViolation::NeedsCallback {
                method,
                callback,
            });
        }
        Note::TimedOut(args) if args.waiting_for == WaitingFor::Creation => {
            cx.judge.broken(place, LIFE_03, LifeViolation::NotCreated { waited: Delay(now_ns) });
        }
        Note::TimedOut(args) => {
            let method = args.method;
            let Some(rules) = rules_of(method) else { return };
            let due = cx.watch().due_since_ns;
            let place = place.of(Some(Method::Call(method)));
            let waited = due.map(|due| Delay(now_ns.saturating_sub(due)));
            let silent_ns = now_ns.saturating_sub(cx.watch().heard_ns);
            let heard = (silent_ns < cx.conditions.limits.timeout_ns).then_some(Delay(silent_ns));
            cx.judge.broken(place, rules.comes, CompletionViolation::Overdue { method, waited, heard });
            if method == CallMethod::Synchronize && cancelled_all {
                cx.judge.broken(place, STOP_02, StopViolation::NotCompleted);
            }
        }
        _ => {}
    }
}
