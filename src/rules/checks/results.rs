//! Results of methods (RET), and how long the asynchronous ones take.

use crate::protocol::{CallMethod, Delay, HResult, Return};
use crate::rules::ResultViolation;
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::OpenCall;

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    let place = cx.place();
    let called = open.map_or(0, |open| open.seq);
    let own = match what.method {
        // ENUM-08 judges success and E_NOTIMPL.
        CallMethod::Clone => Some(&[][..]).filter(|_| what.hr.is_failure() && what.hr != HResult::E_NOTIMPL),
        method => own_results(method),
    };
    if let Some(own) = own {
        let common = [HResult::S_OK, HResult::E_INVALIDARG, HResult::E_UNEXPECTED, HResult::E_OUTOFMEMORY];
        let listed = common.contains(&what.hr) || own.contains(&what.hr);
        // E_FAIL says no more than "it failed", as the listed failures do: it misleads nobody.
        let rule = if what.hr == HResult::E_FAIL { RET_02 } else { RET_01 };
        cx.judge.check_with(place, rule, listed, &[called], || ResultViolation::NotListed {
            method: what.method,
            hr: what.hr,
        });
    }
    let rule = match what.method {
        CallMethod::PrepareForSync => PREP_05,
        CallMethod::Synchronize => SYNC_06,
        CallMethod::ShowError => ERRS_07,
        _ => return,
    };
    let took_ns = cx.took_ns(open);
    let limit_ns = cx.conditions.limits.blocking_ns;
    cx.judge.check_with(place, rule, took_ns <= limit_ns, &[called], || ResultViolation::Slow {
        method: what.method,
        took: Delay(took_ns),
        limit: Delay(limit_ns),
    });
}

/// What a method's page lists beyond the results that every method may return; `None` where the page is judged by
/// rules of its own.
fn own_results(method: CallMethod) -> Option<&'static [HResult]> {
    match method {
        CallMethod::Initialize | CallMethod::PrepareForSync => Some(&[HResult::S_FALSE]),
        CallMethod::EnumSyncMgrItems => Some(&[HResult::S_SYNCMGR_MISSINGITEMS]),
        CallMethod::Synchronize => Some(&[HResult::E_FAIL]),
        CallMethod::GetHandlerInfo
        | CallMethod::SetProgressCallback
        | CallMethod::SetItemStatus
        | CallMethod::ShowError
        | CallMethod::ShowProperties => Some(&[]),
        CallMethod::GetItemObject
        | CallMethod::Next
        | CallMethod::Skip
        | CallMethod::Reset
        | CallMethod::Clone
        | CallMethod::Release => None,
    }
}
