//! What the manager may call, and when. The session machine decides; this file only names the rule.

use crate::protocol::{
    Call, CallMethod, Guid, HResult, Initialize, Instance, Phase, Refusal, SetProgressCallback, State, SyncEvent,
};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::{ManagerViolation, Rule};

/// Judges a call before it is applied; says whether it was legal.
pub(crate) fn call(cx: &mut Context<'_>, call: &Call) -> bool {
    let place = cx.place();
    if let Call::Initialize(args) = call {
        initialize(cx, args);
    }
    let created;
    let instance = match cx.session.instance(cx.event.handler) {
        Some(instance) => instance,
        None => {
            // A trace without the note of the creation: the instance begins with this call.
            created = Instance::created(cx.event.handler);
            &created
        }
    };
    let refusal = instance.may(&cx.event.thread, call).err();
    if let Some(rule) = exercised_by(instance, call) {
        cx.judge.kept(rule);
    }
    for rule in exercised(call) {
        cx.judge.kept(rule);
    }
    let Some(why) = refusal else { return true };
    if let Refusal::NoSuchError(error) = why
        && cx.watch().deleted_by_all.contains(&error)
    {
        cx.judge.broken(place, LOG_09, ManagerViolation::DeletedErrorShown { error });
    }
    for rule in broken(instance, call, why) {
        let item = refused_item(why).map(|id| place.item(id));
        cx.judge.broken(place, rule, ManagerViolation::Refused { method: call.method(), why, item });
    }
    false
}

/// The item in which the reason lies.
fn refused_item(why: Refusal) -> Option<Guid> {
    match why {
        Refusal::NotEnumerated(item)
        | Refusal::ChosenTwice(item)
        | Refusal::ItemNotPrepared(item)
        | Refusal::NoProperties(item) => Some(item).filter(|item| !item.is_null()),
        _ => None,
    }
}

/// The arguments of `Initialize` are judged one by one: a call can be wrong in several ways at once.
fn initialize(cx: &mut Context<'_>, args: &Initialize) {
    let place = cx.place();
    cx.judge.check(place, INIT_01, args.reserved == 0, || ManagerViolation::Reserved { reserved: args.reserved });
    if !args.probe {
        cx.judge.check(place, INIT_02, args.flags.is_legal(), || ManagerViolation::Flags { flags: args.flags });
        if args.flags.settings() && args.flags.is_legal() {
            let has_event = !args.flags.lacks_event_of_settings();
            cx.judge.check(place, INIT_07, has_event, || ManagerViolation::NoEvent { flags: args.flags });
        }
    }
    let allowed = args.cookie.is_none() || args.flags.event() == SyncEvent::INVOKE;
    cx.judge.check(place, INIT_03, allowed, || {
        let bytes = args.cookie.as_ref().map_or(0, |cookie| cookie.0.len() as u64);
        ManagerViolation::Cookie { bytes, event: args.flags.event() }
    });
}

/// The rules for which this call is an occasion where the instance stands now.
fn exercised_by(instance: &Instance, call: &Call) -> Option<&'static Rule> {
    let state = instance.state();
    match call {
        Call::Release if state == State::Declined => Some(INIT_05),
        Call::Release if instance.initialized() == Some(HResult::S_OK) && instance.round() == 0 => Some(SYNC_02),
        Call::Release if matches!(instance.phase(CallMethod::Synchronize), Phase::Done(_)) => Some(SYNC_11),
        Call::SetProgressCallback(SetProgressCallback { callback: None }) if state == State::PrepareFailed => {
            Some(PREP_08)
        }
        Call::PrepareForSync(_) if instance.retry_due().is_some() => Some(ERRS_06),
        Call::EnumSyncMgrItems if instance.enumeration_due() => Some(PROP_05),
        _ => None,
    }
}

/// The rules for which this call is an occasion.
fn exercised(call: &Call) -> &'static [&'static Rule] {
    static INITIALIZE: [&Rule; 1] = [INIT_04];
    static PREPARE: [&Rule; 2] = [PREP_01, CB_06];
    static SYNCHRONIZE: [&Rule; 2] = [SYNC_01, PREP_08];
    static SET_STATUS: [&Rule; 1] = [STOP_05];
    static SHOW_ERROR: [&Rule; 1] = [ERRS_01];
    static SHOW_PROPERTIES: [&Rule; 1] = [PROP_01];
    static RELEASE: [&Rule; 1] = [CB_06];
    match call {
        Call::Initialize(_) => &INITIALIZE,
        Call::PrepareForSync(_) => &PREPARE,
        Call::Synchronize(_) => &SYNCHRONIZE,
        Call::SetItemStatus(_) => &SET_STATUS,
        Call::ShowError(_) => &SHOW_ERROR,
        Call::ShowProperties(_) => &SHOW_PROPERTIES,
        Call::Release => &RELEASE,
        _ => &[],
    }
}

/// The rules that a refused call breaks. A refusal without a rule is a call that no page mentions.
fn broken(instance: &Instance, call: &Call, why: Refusal) -> Vec<&'static Rule> {
    let is_preparing_or_synchronizing =
        matches!(instance.open_call(), Some(CallMethod::PrepareForSync | CallMethod::Synchronize));
    match why {
        Refusal::NotInitialized | Refusal::InitializedTwice => vec![INIT_04],
        Refusal::Declined => vec![INIT_05],
        Refusal::EnumerationDue => vec![PROP_05],
        Refusal::SettingsSession => vec![SYNC_02],
        Refusal::NothingChosen | Refusal::NotEnumerated(_) | Refusal::ChosenTwice(_) => vec![PREP_01],
        Refusal::NoCallback | Refusal::Closed | Refusal::CallbackRefused if matches!(call, Call::PrepareForSync(_)) => {
            vec![CB_06]
        }
        Refusal::CallbackStillSet => vec![CB_06],
        Refusal::NotTheRetryItems => vec![ERRS_06],
        Refusal::NotPrepared => vec![SYNC_01, SYNC_02],
        Refusal::PrepareNotCompleted | Refusal::SynchronizedTwice | Refusal::InsideCallback => vec![SYNC_01],
        Refusal::PrepareFailed => vec![PREP_08],
        Refusal::NoWindow | Refusal::OnlySkipped | Refusal::ItemNotPrepared(_) => vec![STOP_05],
        Refusal::NoSuchError(_) => vec![ERRS_01],
        // Between the error's log and NULL.
        Refusal::Closed if matches!(call, Call::ShowError(_)) => vec![ERRS_01],
        Refusal::NoProperties(_) => vec![PROP_01],
        // Inside an open PrepareForSync or Synchronize no window is open yet.
        Refusal::Busy if matches!(call, Call::SetItemStatus(_)) && is_preparing_or_synchronizing => vec![STOP_05],
        // Judged argument by argument.
        Refusal::Reserved | Refusal::Flags | Refusal::Cookie => vec![],
        Refusal::Gone
        | Refusal::Busy
        | Refusal::NoSuchEnumerator
        | Refusal::NoCallback
        | Refusal::Closed
        | Refusal::CallbackRefused
        | Refusal::NotCompleted
        | Refusal::NoRetryDue => vec![],
    }
}
