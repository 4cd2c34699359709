//! The manager's own interfaces (REGI): registration, invocation, and the preferences that it stores.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{
    CallMethod, Cookie, Delay, GetHandlerRegistrationInfo, Guid, HResult, HandlerId, Initialize, ItemFlags, Note,
    PreferencesStored, RegisterFlags, RegisterSyncMgrHandler, Return, SyncEvent, UpdateItems,
};
use crate::rules::RegistrationViolation;
use crate::rules::codes::*;
use crate::rules::monitor::Context;

/// What is known of registrations in a trace, whichever handler they are about.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    /// The flags of each class that is registered; none where it was unregistered. Of other classes nothing is known.
    known: BTreeMap<Guid, Option<RegisterFlags>>,
    /// The cookie of the session that `UpdateItems` started for an instance, until that is initialized.
    invoked: BTreeMap<HandlerId, Option<Cookie>>,
    /// What a library has registered since its `DllRegisterServer` returned last: the result for each class.
    wanted: BTreeMap<Guid, HResult>,
    /// What `DllRegisterServer` had registered when it succeeded last.
    by_server: BTreeMap<Guid, RegisterFlags>,
}

/// What is known of a handler's stored preferences.
#[derive(Debug, Default)]
pub(crate) struct PreferencesWatch {
    /// What was stored when it was last seen.
    stored: Option<PreferencesStored>,
    /// What `EnumSyncMgrItems` has returned since they were seen.
    enumerated: Option<HResult>,
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    match note {
        Note::RegisterSyncMgrHandler(args) => registered(cx, args),
        Note::UnregisterSyncMgrHandler(args) if args.hr.is_success() => {
            cx.registrations.known.insert(args.clsid, None);
        }
        Note::DllRegisterServer(args) => register_server(cx, args.hr),
        Note::DllUnregisterServer(args) => unregister_server(cx, args.hr),
        Note::GetHandlerRegistrationInfo(args) => asked(cx, args),
        Note::UpdateItems(args) => update_items(cx, args),
        Note::UpdateAll(args) => {
            let (place, limit) = (cx.place(), Delay(cx.conditions.limits.blocking_ns));
            let at_once = args.took.0 <= limit.0;
            cx.judge.check(place, REGI_03, at_once, || RegistrationViolation::Waited { took: args.took, limit });
        }
        Note::PreferencesStored(args) => stored(cx, args),
        _ => {}
    }
}

fn registered(cx: &mut Context<'_>, args: &RegisterSyncMgrHandler) {
    let place = cx.place();
    let refused = args.flags.is_valid() || args.hr.is_failure();
    cx.judge.check(place, REGI_01, refused, || RegistrationViolation::FlagsAccepted { flags: args.flags });
    cx.registrations.wanted.insert(args.clsid, args.hr);
    if args.hr.is_success() {
        cx.registrations.known.insert(args.clsid, Some(args.flags));
    }
}

/// `DllRegisterServer` has returned: what it wanted to register, and had registered before, is registered.
fn register_server(cx: &mut Context<'_>, hr: HResult) {
    let place = cx.place();
    let wanted = std::mem::take(&mut cx.registrations.wanted);
    if hr != HResult::S_OK {
        return;
    }
    let before = std::mem::take(&mut cx.registrations.by_server);
    let classes: BTreeSet<Guid> = wanted.keys().chain(before.keys()).copied().collect();
    for clsid in classes {
        let registered = cx.registrations.known.get(&clsid).copied().flatten();
        let Some(flags) = registered else {
            let refused = wanted.get(&clsid).copied().filter(|hr| hr.is_failure());
            cx.judge.broken(place, REGI_05, RegistrationViolation::NotRegistered { clsid, refused });
            continue;
        };
        let earlier = before.get(&clsid).copied().unwrap_or(flags);
        cx.judge.check(place, REGI_05, flags == earlier, || RegistrationViolation::OtherEvents {
            clsid,
            flags,
            before: earlier,
        });
        cx.registrations.by_server.insert(clsid, flags);
    }
}

/// `DllUnregisterServer` has returned: nothing is left of what `DllRegisterServer` had registered.
fn unregister_server(cx: &mut Context<'_>, hr: HResult) {
    let place = cx.place();
    cx.registrations.wanted.clear();
    if hr != HResult::S_OK {
        return;
    }
    for clsid in std::mem::take(&mut cx.registrations.by_server).into_keys() {
        let gone = cx.registrations.known.get(&clsid).copied().flatten().is_none();
        cx.judge.check(place, REGI_06, gone, || RegistrationViolation::LeftRegistered { clsid });
    }
}

fn asked(cx: &mut Context<'_>, args: &GetHandlerRegistrationInfo) {
    let GetHandlerRegistrationInfo { clsid, flags, hr } = *args;
    let Some(known) = cx.registrations.known.get(&clsid).copied() else {
        // From now on it is known.
        match flags {
            Some(flags) if hr == HResult::S_OK => drop(cx.registrations.known.insert(clsid, Some(flags))),
            _ if hr == HResult::S_FALSE => drop(cx.registrations.known.insert(clsid, None)),
            _ => {}
        }
        return;
    };
    // A store that cannot be read says nothing of what is in it.
    if hr.is_failure() {
        return;
    }
    let place = cx.place();
    match known {
        Some(registered) if hr == HResult::S_OK => {
            let same = flags == Some(registered);
            cx.judge.check(place, REGI_01, same, || RegistrationViolation::OtherFlags { flags, registered });
        }
        Some(_) => cx.judge.broken(place, REGI_01, RegistrationViolation::Lost { hr }),
        None => {
            let gone = hr == HResult::S_FALSE;
            cx.judge.check(place, REGI_01, gone, || RegistrationViolation::StillThere { hr });
        }
    }
}

fn update_items(cx: &mut Context<'_>, args: &UpdateItems) {
    let place = cx.place();
    let refused = args.flags.is_valid() || args.hr.is_failure();
    cx.judge.check(place, REGI_02, refused, || RegistrationViolation::InvokeFlagsAccepted { flags: args.flags });
    if let Some(starts) = args.starts.filter(|_| args.hr.is_success()) {
        cx.registrations.invoked.insert(starts, args.cookie.clone());
    }
}

/// The session that `UpdateItems` started begins.
pub(crate) fn initialize(cx: &mut Context<'_>, args: &Initialize) {
    let Some(given) = cx.registrations.invoked.remove(&cx.event.handler) else { return };
    let (place, event) = (cx.place(), args.flags.event());
    if event != SyncEvent::INVOKE {
        return cx.judge.broken(place, REGI_02, RegistrationViolation::OtherEvent { event });
    }
    // No cookie and an empty one are the same to the handler: there are no bytes.
    let bytes = |cookie: &Option<Cookie>| cookie.as_ref().map(|cookie| cookie.0.clone()).unwrap_or_default();
    let (before, after) = (bytes(&given), bytes(&args.cookie));
    cx.judge.check(place, REGI_02, before == after, || {
        let many = |cookie: &Option<Cookie>| cookie.as_ref().map(|cookie| cookie.0.len() as u64);
        let at = before.iter().zip(&after).position(|(before, after)| before != after).map(|at| at as u64);
        RegistrationViolation::OtherCookie { given: many(&given), received: many(&args.cookie), at }
    });
}

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return) {
    if what.method == CallMethod::EnumSyncMgrItems {
        let hr = Some(what.hr).filter(|hr| hr.is_success() && what.out.enumerator.is_some());
        cx.watch().preferences.enumerated = hr;
    }
}

fn stored(cx: &mut Context<'_>, args: &PreferencesStored) {
    let items: BTreeSet<Guid> = args.items.iter().copied().collect();
    let place = cx.place();
    let watch = cx.watch();
    let before = watch.preferences.stored.replace(args.clone());
    let (Some(before), Some(hr)) = (before, watch.preferences.enumerated.take()) else { return };
    // What was not walked to its end says nothing about the rest.
    let Some(enumeration) = watch.enumeration().filter(|enumeration| enumeration.complete) else { return };
    let missing: Vec<Guid> = before.items.iter().copied().filter(|item| !enumeration.knows(*item)).collect();
    let known = cx.session.instance(cx.event.handler).map(|instance| instance.items());
    let is_temporary = |item: &Guid| {
        let seen = known.and_then(|items| items.get(*item)).is_some_and(|item| item.flags.has(ItemFlags::TEMPORARY));
        seen || before.temporary.contains(item)
    };
    if hr == HResult::S_SYNCMGR_MISSINGITEMS {
        let kept: Vec<Guid> = missing.into_iter().filter(|item| !is_temporary(item)).collect();
        let dropped = kept.iter().find(|item| !items.contains(*item)).map(|item| place.item(*item));
        return match dropped {
            Some(item) => cx.judge.broken(place, REGI_04, RegistrationViolation::PreferenceDropped { item }),
            None if kept.is_empty() => {}
            None => cx.judge.kept(REGI_04),
        };
    }
    let left = missing.iter().find(|item| items.contains(*item)).map(|item| place.item(*item));
    match left {
        Some(item) => cx.judge.broken(place, REGI_04, RegistrationViolation::PreferenceLeft { item }),
        None if missing.is_empty() => {}
        None => cx.judge.kept(REGI_04),
    }
}
