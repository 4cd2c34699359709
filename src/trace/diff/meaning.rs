//! What an event says, without when, where and under which number it was said.

use std::collections::HashMap;

use crate::protocol::{
    Call, CallId, Callback, EventKind, FileTime, HResult, ItemFlags, LogErrorInfo, Note, ProgressItem, ProgressMask,
};

/// What an event says. Two events that mean the same have equal meanings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Meaning {
    /// The event, with the call's number 0 and all that does not count at its default.
    pub kind: EventKind,
    /// What a callback was answered with, if it was.
    pub reply: Option<HResult>,
    /// Of a return: how many calls of its method were made since the call that returns; `None` without such a call.
    pub overtaken_by: Option<u32>,
    /// Of a call: it was made from inside a callback, on the same thread.
    pub inside_callback: bool,
    /// Of EnableModeless(TRUE): another instance holds a dialog.
    pub another_holds_dialog: bool,
}

impl Meaning {
    pub fn of(kind: &EventKind, numbers: &mut Numbers) -> Self {
        Self {
            kind: normalized(kind, numbers),
            reply: None,
            overtaken_by: None,
            inside_callback: false,
            another_holds_dialog: false,
        }
    }

    /// Whether both are events of one kind and method.
    pub fn is_like(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (EventKind::Call { what: a, .. }, EventKind::Call { what: b, .. }) => a.method() == b.method(),
            (EventKind::Return { what: a, .. }, EventKind::Return { what: b, .. }) => a.method == b.method,
            (EventKind::Callback { what: a, .. }, EventKind::Callback { what: b, .. }) => a.method() == b.method(),
            (EventKind::Reply { method: a, .. }, EventKind::Reply { method: b, .. }) => a == b,
            (EventKind::Note(a), EventKind::Note(b)) => a.method() == b.method(),
            _ => false,
        }
    }
}

/// The numbers of one instance's objects, by the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    callbacks: HashMap<u32, u32>,
    enumerators: HashMap<u32, u32>,
}

/// The number that takes the place of `number`: 1 for the first, 2 for the second that appears.
fn renumbered(numbers: &mut HashMap<u32, u32>, number: u32) -> u32 {
    let next = u32::try_from(numbers.len()).map_or(u32::MAX, |len| len.saturating_add(1));
    *numbers.entry(number).or_insert(next)
}

fn normalized(kind: &EventKind, numbers: &mut Numbers) -> EventKind {
    let mut kind = kind.clone();
    match &mut kind {
        EventKind::Call { call, what } => {
            *call = CallId(0);
            normalize_call(what, numbers);
        }
        EventKind::Return { call, what } => {
            *call = CallId(0);
            if let Some(enumerator) = &mut what.out.enumerator {
                *enumerator = renumbered(&mut numbers.enumerators, *enumerator);
            }
            for item in what.out.items.iter_mut().filter(|item| !item.flags.has(ItemFlags::LASTUPDATETIME)) {
                item.last_update = FileTime::default();
            }
        }
        EventKind::Callback { call, what } => {
            *call = CallId(0);
            match what {
                Callback::Progress(progress) => {
                    if let Some(info) = &mut progress.info {
                        *info = given_progress(info);
                    }
                }
                Callback::LogError(log) => {
                    if let Some(info) = &mut log.info {
                        **info = given_log(info);
                    }
                }
                _ => {}
            }
        }
        EventKind::Reply { call, .. } => *call = CallId(0),
        EventKind::Note(note) => {
            if let Note::Created(created) = &mut **note {
                // How it is driven is not what it does.
                (created.native, created.wire) = (false, false);
            }
        }
    }
    kind
}

fn normalize_call(call: &mut Call, numbers: &mut Numbers) {
    // The value of a window handle means something on one machine, and for as long as the window lives.
    let hwnd = |hwnd: &mut u64| *hwnd = u64::from(*hwnd != 0);
    match call {
        Call::SetProgressCallback(args) => {
            if let Some(callback) = &mut args.callback {
                *callback = renumbered(&mut numbers.callbacks, *callback);
            }
        }
        Call::Next(walk) | Call::Skip(walk) => {
            walk.enumerator = renumbered(&mut numbers.enumerators, walk.enumerator);
        }
        Call::Reset(which) | Call::Clone(which) => {
            which.enumerator = renumbered(&mut numbers.enumerators, which.enumerator);
        }
        Call::ShowProperties(args) => hwnd(&mut args.hwnd),
        Call::PrepareForSync(args) => hwnd(&mut args.hwnd),
        Call::Synchronize(args) => hwnd(&mut args.hwnd),
        Call::ShowError(args) => hwnd(&mut args.hwnd),
        Call::Initialize(_)
        | Call::GetHandlerInfo
        | Call::EnumSyncMgrItems
        | Call::GetItemObject(_)
        | Call::SetItemStatus(_)
        | Call::Release => {}
    }
}

/// The fields that the mask gives.
fn given_progress(info: &ProgressItem) -> ProgressItem {
    ProgressItem {
        mask: info.mask,
        text: info.text.clone().filter(|_| info.mask.has(ProgressMask::STATUSTEXT)),
        status: info.given_status().unwrap_or_default(),
        value: info.given_value().unwrap_or_default(),
        max: info.given_max().unwrap_or_default(),
        size: info.size,
    }
}

/// The fields that the mask gives.
fn given_log(info: &LogErrorInfo) -> LogErrorInfo {
    LogErrorInfo {
        mask: info.mask,
        flags: info.given_flags(),
        error: info.given_error().unwrap_or_default(),
        item: info.given_item().unwrap_or_default(),
        size: info.size,
    }
}
