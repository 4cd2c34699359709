//! Completions: that they come, once, and only when due (PREP, SYNC, ERRS, PROP), and what must be true by then; callbacks
//! for which there is no interface (CB).

use crate::protocol::{
    CallMethod, Callback, CallbackMethod, Guid, HResult, Instance, Interface, KnownItem, Phase, Return, Standing,
    Status,
};
use crate::rules::codes::*;
use crate::rules::judge::EventRef;
use crate::rules::monitor::Context;
use crate::rules::watch::OpenCall;
use crate::rules::{CompletionViolation, NamedItem, Rule};

/// The rules about the completion of one method.
pub(crate) struct Completion {
    /// It comes.
    pub(crate) comes: &'static Rule,
    /// It comes once.
    pub(crate) once: &'static Rule,
    /// It does not come after a result that brings none.
    pub(crate) not_refused: &'static Rule,
}

/// The rules about the completion of a method, if it has one.
pub(crate) fn rules_of(method: CallMethod) -> Option<Completion> {
    let (comes, once, not_refused) = match method {
        CallMethod::PrepareForSync => (PREP_02, PREP_03, PREP_04),
        CallMethod::Synchronize => (SYNC_03, SYNC_04, SYNC_05),
        CallMethod::ShowError => (ERRS_02, ERRS_03, ERRS_04),
        CallMethod::ShowProperties => (PROP_02, PROP_03, PROP_04),
        _ => return None,
    };
    Some(Completion { comes, once, not_refused })
}

/// Whether the callback interface is set. A callback without one is judged here, and by no other rule.
pub(crate) fn has_interface(cx: &mut Context<'_>, callback: &Callback, standing: Standing) -> bool {
    let place = cx.place();
    let (method, event) = (callback.method(), cx.event);
    let unreferenced = cx.watch().native.take_unreferenced(&event.thread);
    if standing != Standing::NoInterface {
        cx.judge.check(place, CB_04, !unreferenced, || CompletionViolation::WithoutReference {
            callback: method,
            item: item(place, callback),
        });
        return true;
    }
    let item = item(place, callback);
    let interface = cx.session.instance(cx.event.handler).map_or(Interface::NotGiven, Instance::interface);
    if interface == Interface::NotGiven {
        cx.judge.broken(place, CB_04, CompletionViolation::WithoutInterface { callback: method, item });
    } else if !out_of_turn(cx, callback) {
        if unreferenced || cx.watch().native.holds_nothing() {
            cx.judge.broken(place, CB_04, CompletionViolation::WithoutReference { callback: method, item });
        } else {
            after_null(cx, method, item);
        }
    }
    false
}

/// The item of a `Progress`.
fn item(place: EventRef<'_>, callback: &Callback) -> Option<NamedItem> {
    match callback {
        Callback::Progress(args) => Some(place.item(args.item)),
        _ => None,
    }
}

/// A completion after NULL that is wrong whatever the state of the interface: a second one, and one that is not due.
fn out_of_turn(cx: &mut Context<'_>, callback: &Callback) -> bool {
    let Some(method) = callback.method().completes() else { return false };
    let Some(instance) = cx.session.instance(cx.event.handler) else { return false };
    let standing = instance.completion_standing(method);
    match standing {
        // Left in the middle of work, each thread may still say one thing, and all of them may take themselves for the last one.
        Standing::Second if cx.watch().crosses_leave(method) => return false,
        Standing::Second | Standing::Uninvited | Standing::AfterRefusal => completed_wrongly(cx, method, standing),
        // That it is late was said when the manager stopped waiting.
        Standing::TooLate => {}
        _ => return false,
    }
    true
}

/// A callback through a pointer that the handler may use, but to which nobody listens any more.
fn after_null(cx: &mut Context<'_>, callback: CallbackMethod, item: Option<NamedItem>) {
    let place = cx.place();
    if !cx.watch().left_early {
        return cx.judge.broken(place, CB_07, CompletionViolation::AfterNull { callback, item });
    }
    let of_thread = cx.watch().late.entry(place.thread.clone()).or_default();
    *of_thread += 1;
    let many = *of_thread;
    // One may have been on its way.
    cx.judge.check(place, CB_08, many <= 1, || CompletionViolation::GoesOnAfterNull { callback, item, many });
}

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback, standing: Standing) {
    let Some(method) = callback.method().completes() else { return };
    let Some(rules) = rules_of(method) else { return };
    match standing {
        Standing::Expected => {
            cx.judge.kept(rules.comes);
            cx.judge.kept(rules.once);
            let seq = cx.event.seq;
            cx.watch().completions.insert(method, seq);
            super::dialogs::phase_ends(cx, method);
            match callback {
                Callback::SynchronizeCompleted(args) => round_ends(cx, args.hr),
                Callback::ShowErrorCompleted(args) if args.hr == HResult::S_SYNCMGR_RETRYSYNC => {
                    retry(cx, &args.items);
                }
                Callback::ShowErrorCompleted(args) => no_retry(cx, &args.items),
                _ => {}
            }
        }
        _ => completed_wrongly(cx, method, standing),
    }
}

/// A completion that is a second one, or of a method that brings none.
fn completed_wrongly(cx: &mut Context<'_>, method: CallMethod, standing: Standing) {
    let Some(rules) = rules_of(method) else { return };
    let place = cx.place();
    let before = cx.watch().completions.get(&method).copied().unwrap_or(0);
    match standing {
        // What crosses with the manager's leave is chance.
        Standing::Second if cx.watch().crosses_leave(method) => {}
        Standing::Second => {
            cx.judge.check_with(place, rules.once, false, &[before], || CompletionViolation::Second { method });
        }
        Standing::Uninvited => {
            cx.judge.broken(place, rules.once, CompletionViolation::NotCalled { method });
        }
        Standing::AfterRefusal => {
            cx.judge.broken(place, rules.not_refused, CompletionViolation::AfterFailure { method });
        }
        _ => {}
    }
}

/// A result that brings no completion, after the completion was made already.
pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, _open: Option<&OpenCall>) {
    let Some(rules) = rules_of(what.method) else { return };
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let held = match instance.phase(what.method) {
        Phase::Open { held } => held,
        _ => None,
    };
    let completion = cx.watch().completions.get(&what.method).copied().unwrap_or(0);
    if what.method.brings_completion(what.hr) {
        let has_failed = what.method == CallMethod::Synchronize && held.is_some_and(|hr| !hr.is_success());
        if has_failed && !cx.watch().left_early {
            items_end(cx, &[completion]);
        }
        return;
    }
    super::dialogs::phase_ends(cx, what.method);
    cx.judge.check_with(place, rules.not_refused, held.is_none(), &[completion], || {
        CompletionViolation::BeforeFailure { method: what.method, hr: what.hr }
    });
}

/// The completion is due from now on, unless it came.
pub(crate) fn after_return(cx: &mut Context<'_>, what: &Return) {
    if rules_of(what.method).is_some() {
        let awaiting = cx.session.instance(cx.event.handler).and_then(Instance::awaiting);
        let now = cx.event.at_ns;
        cx.watch().due_since_ns = (awaiting == Some(what.method)).then_some(now);
    }
}

/// What must be true of every prepared item when Synchronize is completed.
fn round_ends(cx: &mut Context<'_>, hr: HResult) {
    super::stopping::round_ended(cx);
    if cx.watch().left_early {
        // The manager leaves in the middle of work: how far that came is nobody's mistake.
        return;
    }
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let prepared: Vec<(Guid, KnownItem)> = instance.prepared().map(|(id, item)| (id, *item)).collect();
    let is_open = cx.watch().open.as_ref().is_some_and(|open| open.call.method() == CallMethod::Synchronize);
    if hr.is_success() || !is_open {
        items_end(cx, &[]);
    }
    if hr == HResult::S_OK {
        for (id, _) in prepared.iter().filter(|(_, item)| item.status == Some(Status::SUCCEEDED)) {
            super::errors::succeeded(cx, *id);
        }
    }
    let failed = prepared.iter().find(|(_, item)| item.status == Some(Status::FAILED));
    let all_succeeded = !prepared.is_empty() && prepared.iter().all(|(_, item)| item.status == Some(Status::SUCCEEDED));
    match failed {
        Some((id, _)) => cx.judge.check(place, SYNC_12, hr != HResult::S_OK, || {
            CompletionViolation::SuccessWithFailed { item: place.item(*id) }
        }),
        None => cx.judge.check(place, SYNC_12, hr.is_success() || !all_succeeded, || {
            CompletionViolation::FailureWithSucceeded { hr }
        }),
    }
}

/// SYNC-08, SYNC-09: what must be true of every item. A failure that `Synchronize` completes with while it is open is judged at its
/// return: one that fails as a whole owes nothing to its items, whether it says so twice or not.
fn items_end(cx: &mut Context<'_>, because: &[u64]) {
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let cancelled_all = instance.cancelled_all();
    for (id, item) in instance.prepared() {
        let reported = cx.watch().items.get(&id).is_some_and(|watch| watch.reported);
        if !item.skipped && !cancelled_all && !item.cancelled {
            cx.judge.check_with(place, SYNC_08, reported, because, || CompletionViolation::NoProgress {
                item: place.item(id),
            });
        }
        if reported && !item.skipped && !cancelled_all {
            let ended = item.status.is_some_and(Status::is_final);
            cx.judge.check_with(place, SYNC_09, ended, because, || CompletionViolation::NotFinal {
                item: place.item(id),
                status: item.status,
            });
        }
    }
}

/// ERRS-09: IDs without a retry are ignored; they should at least be of items.
fn no_retry(cx: &mut Context<'_>, items: &[Guid]) {
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let unknown = items.iter().find(|id| instance.item(**id).is_none());
    match unknown {
        Some(id) => cx.judge.broken(place, ERRS_09, CompletionViolation::IdsWithoutRetry { item: place.item(*id) }),
        None if !items.is_empty() => cx.judge.kept(ERRS_09),
        None => {}
    }
}

fn retry(cx: &mut Context<'_>, items: &[Guid]) {
    let place = cx.place();
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let unknown = items.iter().find(|id| instance.item(**id).is_none());
    cx.judge.check(place, ERRS_05, unknown.is_none() && !items.is_empty(), || match unknown {
        Some(id) => CompletionViolation::RetryOfUnknown { item: place.item(*id) },
        None => CompletionViolation::RetryOfNothing,
    });
}
