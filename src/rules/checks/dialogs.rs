//! Dialogs (MODE, PREP-06, SYNC-10).

use crate::protocol::{CallId, CallMethod, Callback, CallbackMethod, HResult, Instance, Standing};
use crate::rules::DialogViolation;
use crate::rules::codes::*;
use crate::rules::monitor::Context;

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback, standing: Standing) {
    let Callback::EnableModeless(args) = callback else { return };
    let place = cx.place();
    let holds = cx.session.dialog() == Some(cx.event.handler);
    if !args.enable {
        cx.judge.check(place, MODE_02, standing != Standing::NotHeld, || DialogViolation::NotHeld);
        if standing.is_expected() {
            cx.judge.kept(MODE_01);
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
        Some(CallMethod::Synchronize) => {
            cx.judge.broken(place, SYNC_10, DialogViolation::InSynchronize);
        }
        _ => {}
    }
}

/// A phase is completed: what was granted must have been given back.
pub(crate) fn phase_ends(cx: &mut Context<'_>, method: CallMethod) {
    if method == CallMethod::Synchronize {
        cx.judge.kept(SYNC_10);
    }
    if cx.session.dialog() == Some(cx.event.handler) {
        let place = cx.place();
        cx.judge.broken(place, MODE_01, DialogViolation::StillHeld { method });
    }
}

pub(crate) fn reply(cx: &mut Context<'_>, call: CallId, method: CallbackMethod, hr: HResult) {
    if method != CallbackMethod::EnableModeless {
        return;
    }
    let place = cx.place();
    let asks = |instance: &Instance| instance.pending().iter().any(|p| p.call == call && p.asks_dialog());
    if !cx.session.instance(cx.event.handler).is_some_and(asks) {
        return;
    }
    if let Some(holder) = cx.session.dialog().filter(|holder| *holder != cx.event.handler) {
        cx.judge.check(place, MODE_04, hr != HResult::S_OK, || DialogViolation::GrantedTwice { holder });
    }
}
