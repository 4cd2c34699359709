//! What holds for handlers with COM vtables only: structures, references, interfaces (INFO, ENUM-04, ITEM, CB, PROG, LOG, COM).

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{
    Call, CallMethod, Callback, HResult, HandlerInfo, IID_ISYNC_MGR_SYNCHRONIZE, IID_IUNKNOWN, Item, Note,
    ProgressMask, Queried, ReferencePoint, ReferenceSeen, Return, Thread, Walk,
};
use crate::rules::codes::*;
use crate::rules::monitor::Context;
use crate::rules::watch::OpenCall;
use crate::rules::{
    ComViolation, EnumerationViolation, ErrorLogViolation, InfoViolation, ItemViolation, LifeViolation, NamedItem,
    ProgressViolation,
};

/// What is remembered of a native instance.
#[derive(Debug, Default)]
pub(crate) struct NativeWatch {
    /// It has COM vtables.
    pub(crate) is: bool,
    /// The event that created it.
    pub(crate) created: u64,
    /// The callback object that was given last; `None` after NULL.
    given: Option<u32>,
    /// How many references the handler held to the callback objects, each when it was looked at last.
    references: BTreeMap<u32, u32>,
    /// The same object was given again, to which it held so many references.
    given_again: Option<u32>,
    released: bool,
    /// The threads whose next callback comes through a callback object to which the handler holds no reference any more.
    unreferenced: BTreeSet<Thread>,
    /// What `Release` returned was not 0, or a class factory was leaked.
    leaked: bool,
    /// The pointer that came for `IUnknown` first.
    identity: Option<u32>,
}

impl NativeWatch {
    /// The callback was taken back, and no reference to any callback object was left.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.is
            && self.given.is_none()
            && !self.references.is_empty()
            && self.references.values().all(|count| *count == 0)
    }

    /// It has COM vtables.
    pub(crate) fn is(&self) -> bool {
        self.is
    }

    /// Whether this callback of the thread comes through a pointer to which the handler holds no reference.
    pub(crate) fn take_unreferenced(&mut self, thread: &Thread) -> bool {
        !self.unreferenced.is_empty() && self.unreferenced.remove(thread)
    }

    /// Its last `Release` has returned.
    pub(crate) fn is_released(&self) -> bool {
        self.released
    }
}

fn is_native(cx: &mut Context<'_>) -> bool {
    cx.watch().native.is
}

pub(crate) fn returned(cx: &mut Context<'_>, what: &Return, open: Option<&OpenCall>) {
    if !is_native(cx) {
        return;
    }
    match (what.method, open.map(|open| &open.call)) {
        (CallMethod::GetHandlerInfo, _) => {
            if let Some(info) = &what.out.info {
                handler_info(cx, info);
            }
        }
        (CallMethod::Next, Some(Call::Next(Walk { no_count: true, .. }))) => uncounted(cx, what),
        (CallMethod::SetProgressCallback, Some(Call::SetProgressCallback(args))) => {
            let watch = &mut cx.watch().native;
            let again = args.callback.filter(|callback| watch.given == Some(*callback));
            watch.given_again = again.and_then(|callback| watch.references.get(&callback).copied());
            // One that the handler refused is not held.
            watch.given = args.callback.filter(|_| what.hr.is_success());
        }
        (CallMethod::Release, _) => {
            let references = what.out.refs;
            cx.watch().native.released = true;
            cx.watch().native.leaked |= references.is_some_and(|references| references > 0);
            let place = cx.place();
            if let Some(references) = references {
                cx.judge.check(place, COM_04, references == 0, || ComViolation::Leaked { references });
            }
        }
        _ => {}
    }
}

fn handler_info(cx: &mut Context<'_>, info: &HandlerInfo) {
    let place = cx.place();
    cx.judge.check(place, INFO_02, !info.foreign, || InfoViolation::Foreign);
    cx.judge.check(place, INFO_03, info.size.is_none(), || InfoViolation::Size { size: info.size.unwrap_or_default() });
    cx.judge.check(place, INFO_05, !info.unterminated, || InfoViolation::Unterminated { name: info.name.clone() });
}

/// One enumerated item, by itself.
pub(crate) fn item(cx: &mut Context<'_>, item: &Item) {
    if !is_native(cx) {
        return;
    }
    let place = cx.place();
    cx.judge.check(place, ITEM_01, item.size.is_none(), || ItemViolation::Size {
        item: NamedItem::from(item),
        size: item.size.unwrap_or_default(),
    });
    cx.judge.check(place, ITEM_06, !item.unterminated, || ItemViolation::Unterminated { item: NamedItem::from(item) });
}

/// `Next(1, …, NULL)`.
fn uncounted(cx: &mut Context<'_>, what: &Return) {
    let place = cx.place();
    let good = match what.hr {
        HResult::S_OK => what.out.items.len() == 1,
        HResult::S_FALSE => what.out.items.is_empty(),
        _ => false,
    };
    cx.judge.check(place, ENUM_04, good, || EnumerationViolation::Uncounted {
        hr: what.hr,
        items: what.out.items.len() as u64,
    });
}

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback) {
    if !is_native(cx) {
        return;
    }
    let place = cx.place();
    match callback {
        Callback::Progress(args) => {
            let Some(info) = &args.info else { return };
            cx.judge.check(place, PROG_01, info.size.is_none(), || ProgressViolation::Size {
                size: info.size.unwrap_or_default(),
            });
            if info.mask.has(ProgressMask::STATUSTEXT) {
                cx.judge.check(place, PROG_03, info.text.is_some(), || ProgressViolation::NoText);
            }
        }
        Callback::LogError(args) => {
            let Some(info) = &args.info else { return };
            cx.judge.check(place, LOG_03, info.size.is_none(), || ErrorLogViolation::Size {
                size: info.size.unwrap_or_default(),
            });
        }
        _ => {}
    }
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    let place = cx.place();
    match note {
        Note::Created(created) => {
            let seq = cx.event.seq;
            let watch = &mut cx.watch().native;
            (watch.is, watch.created) = (created.native, seq);
        }
        Note::CallbackReferences(args) => references(cx, args.callback, args.count),
        Note::OverReleased(args) => {
            cx.judge.broken(place, CB_05, ComViolation::OverReleased { callback: args.callback });
        }
        Note::Queried(args) => queried(cx, args),
        Note::ClassAsked(args) => {
            let good = args.hr == HResult::CLASS_E_CLASSNOTAVAILABLE && !args.object;
            cx.judge.check(place, COM_05, good, || ComViolation::UnknownClass { hr: args.hr, given: args.object });
        }
        Note::Aggregated(args) => {
            let good = args.hr == HResult::CLASS_E_NOAGGREGATION || (args.hr.is_success() && args.works);
            cx.judge.check(place, COM_06, good, || match args.hr.is_success() {
                true => ComViolation::OuterIgnored,
                false => ComViolation::OuterRefused { hr: args.hr },
            });
        }
        Note::ClassRefused(args) if args.hr.is_failure() && args.before == HResult::S_OK => {
            let leaked = args.after != HResult::S_OK;
            cx.watch().native.leaked |= leaked;
            cx.judge.check(place, COM_09, !leaked, || ComViolation::LeakedClass { hr: args.hr, after: args.after });
        }
        Note::ReferenceSeen(ReferenceSeen { at: ReferencePoint::Callback, held }) => {
            let thread = cx.event.thread.clone();
            let watch = &mut cx.watch().native;
            // One to which it never took a reference is for CB-01.
            let had_one = watch.given.and_then(|given| watch.references.get(&given)).is_some_and(|count| *count > 0);
            if !held && had_one {
                watch.unreferenced.insert(thread);
            }
        }
        Note::ReferenceSeen(args) => {
            cx.judge.check(place, COM_10, args.held, || ComViolation::Unreferenced { at: args.at });
        }
        Note::Unloaded(args) => {
            let why = || match &args.crashed {
                Some(how) => LifeViolation::CrashedAtEnd { how: how.clone() },
                None => LifeViolation::Outlives { threads: args.threads },
            };
            cx.judge.check(place, LIFE_07, args.threads == 0 && args.crashed.is_none(), why);
        }
        Note::UnloadAsked(args) if args.in_use || !cx.watch().native.leaked => {
            let good = args.hr == if args.in_use { HResult::S_FALSE } else { HResult::S_OK };
            cx.judge.check(place, COM_07, good, || ComViolation::Unload { hr: args.hr, in_use: args.in_use });
        }
        _ => {}
    }
}

/// The references to a callback object, after `SetProgressCallback` or the last `Release` returned.
fn references(cx: &mut Context<'_>, callback: u32, count: u32) {
    let place = cx.place();
    let idle = cx.session.instance(cx.event.handler).is_some_and(|instance| instance.active().is_none());
    let watch = &mut cx.watch().native;
    let before = watch.references.insert(callback, count);
    let (given, again, released) = (watch.given, watch.given_again, watch.released);
    if released {
        cx.judge.check(place, CB_03, count == 0, || ComViolation::NotReleased { callback, count });
        cx.judge.kept(CB_05);
    } else if given == Some(callback) {
        cx.judge.check(place, CB_01, count > 0, || ComViolation::NotReferenced { callback });
        if let Some(held) = again.filter(|_| idle) {
            cx.judge.check(place, CB_02, count <= held, || ComViolation::GivenAgain {
                callback,
                before: held,
                after: count,
            });
        }
    } else if given.is_some() && idle && before.is_some() {
        // A thread that works may keep what it took; when nothing goes on, nobody does.
        cx.judge.check(place, CB_02, count == 0, || ComViolation::NotReplaced { callback, count });
    }
}

fn queried(cx: &mut Context<'_>, args: &Queried) {
    let place = cx.place();
    let given = args.hr == HResult::S_OK && args.object.is_some();
    if args.iid == IID_IUNKNOWN || args.iid == IID_ISYNC_MGR_SYNCHRONIZE {
        cx.judge.check(place, COM_02, given, || ComViolation::NoInterface {
            interface: args.interface,
            iid: args.iid,
            hr: args.hr,
        });
        if args.iid == IID_IUNKNOWN && given {
            let identity = *cx.watch().native.identity.get_or_insert(args.object.unwrap_or_default());
            cx.judge.check(place, COM_01, args.object == Some(identity), || ComViolation::OtherIdentity);
        }
    } else {
        let good = args.hr == HResult::E_NOINTERFACE && args.object.is_none();
        cx.judge.check(place, COM_03, good, || ComViolation::UnknownInterface {
            hr: args.hr,
            pointer: args.object.is_some(),
        });
    }
}
