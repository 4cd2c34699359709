//! Dialogs (MODE, PREP-06, SYNC-10, SYNC-13).

use crate::protocol::{CallId, CallMethod, Callback, CallbackMethod, HResult, Instance, Standing};
use crate::rules::DialogViolation;
use crate::rules::codes::*;
use crate::rules::judge::{EventRef, Judge};
use crate::rules::monitor::Context;
use crate::rules::watch::Dialog;

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback, standing: Standing) {
    let Callback::EnableModeless(args) = callback else { return };
    let place = cx.place();
    let holds = cx.session.dialog() == Some(cx.event.handler);
    if !args.enable {
        cx.judge.check(place, MODE_02, standing != Standing::NotHeld, || DialogViolation::NotHeld);
        if standing.is_expected() {
            cx.judge.kept(MODE_01);
            given_back(cx);
        }
        return;
    }
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let (active, may_bother) = (instance.active(), instance.flags().may_bother_user());
    cx.judge.check(place, MODE_03, !holds, || DialogViolation::HeldAlready);
    match active {
        Some(CallMethod::PrepareForSync) => {
            cx.judge.check(place, PREP_06, may_bother, || DialogViolation::InPrepare);
        }
        // What the user asked for (an error, the properties) stands before it in `active`.
        Some(CallMethod::Synchronize) => match may_bother {
            true => cx.judge.broken(place, SYNC_10, DialogViolation::InSynchronize),
            false => cx.judge.broken(place, SYNC_13, DialogViolation::InSynchronizeWithoutUser),
        },
        _ => {}
    }
}

/// A phase has ended: what was granted in it must have been given back.
pub(crate) fn phase_ends(cx: &mut Context<'_>, method: CallMethod) {
    let place = cx.place();
    if method == CallMethod::Synchronize {
        let may_bother =
            cx.session.instance(cx.event.handler).is_some_and(|instance| instance.flags().may_bother_user());
        cx.judge.kept(if may_bother { SYNC_10 } else { SYNC_13 });
    }
    if let Some(dialog) = held(cx).filter(|dialog| dialog.phase == Some(method)) {
        cx.watch().dialog = Some(Dialog { outlasted: dialog.outlasted.or(Some(place.seq)), ..dialog });
    }
}

/// MODE-05, when FALSE comes: until then it may be the worse MODE-01.
fn given_back(cx: &mut Context<'_>) {
    let place = cx.place();
    let Some(dialog) = cx.watch().dialog.take() else { return };
    let Some(method) = dialog.phase else { return };
    let ended = dialog.outlasted;
    cx.judge.check_with(place, MODE_05, ended.is_none(), &[dialog.granted, ended.unwrap_or(0)], || {
        DialogViolation::GivenBackLate { method }
    });
}

/// The trace ends: a dialog that has outlasted its phase is MODE-05, for whether it would have been given back nobody knows.
pub(crate) fn at_end(dialog: Option<Dialog>, judge: &mut Judge, place: EventRef<'_>) {
    if let Some(Dialog { granted, phase: Some(method), outlasted: Some(ended) }) = dialog {
        judge.check_with(place, MODE_05, false, &[granted, ended], || DialogViolation::StillHeld { method });
    }
}

/// The dialog that the instance was granted and has not given back.
fn held(cx: &mut Context<'_>) -> Option<Dialog> {
    let holds = cx.session.dialog() == Some(cx.event.handler);
    cx.watch().dialog.filter(|_| holds)
}

/// The manager leaves a session that is over: a dialog that was granted must have been given back.
pub(crate) fn session_ends(cx: &mut Context<'_>) {
    let place = cx.place();
    let Some(dialog) = held(cx) else { return };
    cx.watch().dialog = None;
    // Whether it would have been given back nobody knows when the manager leaves in the middle of work.
    if !cx.watch().left_early {
        cx.judge.check_with(place, MODE_01, false, &[dialog.granted], || DialogViolation::NeverGivenBack);
    }
}

pub(crate) fn reply(cx: &mut Context<'_>, call: CallId, method: CallbackMethod, hr: HResult) {
    if method != CallbackMethod::EnableModeless {
        return;
    }
    let place = cx.place();
    let asks = |instance: &Instance| instance.pending().iter().any(|p| p.call == call && p.asks_dialog());
    let Some(instance) = cx.session.instance(cx.event.handler).filter(|instance| asks(instance)) else { return };
    let phase = instance.active();
    if let Some(holder) = cx.session.dialog().filter(|holder| *holder != cx.event.handler) {
        cx.judge.check(place, MODE_04, hr != HResult::S_OK, || DialogViolation::GrantedTwice { holder });
    }
    if hr == HResult::S_OK {
        cx.watch().dialog = Some(Dialog { granted: place.seq, phase, outlasted: None });
    }
}
