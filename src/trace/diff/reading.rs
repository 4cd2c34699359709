//! A trace taken apart, event by event: moments, each with its meaning, and the streams that they belong to.

use std::collections::{HashMap, VecDeque};

use super::difference::Subject;
use super::meaning::{Meaning, Numbers};
use crate::protocol::{
    Call, CallId, CallMethod, Callback, EnableModeless, Event, EventKind, Guid, HandlerId, Instance, LogErrorInfo,
    Note, Return, Session, Text,
};

/// One event, or a callback with its reply.
#[derive(Debug)]
pub(super) struct Moment {
    /// Where its event stands in the trace.
    pub position: usize,
    pub event: Event,
    pub reply: Option<Event>,
    pub meaning: Meaning,
    pub slot: Slot,
    /// A callback that may still be answered.
    open: bool,
}

/// An instance of a trace.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub handler: HandlerId,
    /// What the note of its creation calls it.
    pub name: Option<Text>,
}

/// The instances of a trace, in the order of their first events, and the number of its events.
#[derive(Default)]
pub(super) struct Survey {
    pub instances: Vec<Part>,
    known: HashMap<HandlerId, usize>,
    pub events: usize,
}

impl Survey {
    pub fn take(&mut self, event: &Event) {
        self.events += 1;
        let instances = &mut self.instances;
        let at = *self.known.entry(event.handler).or_insert_with(|| {
            instances.push(Part { handler: event.handler, name: None });
            instances.len() - 1
        });
        if let EventKind::Note(note) = &event.kind
            && let Note::Created(created) = &**note
        {
            instances[at].name.get_or_insert_with(|| created.name.clone());
        }
    }
}

/// How a moment bears on the streams of its instance.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// The session, and whether items and the like go by it.
    Session { query: bool, turning: bool },
    /// The stream of one subject.
    Of(Subject),
    /// The streams of two subjects.
    OfBoth(Subject, Subject),
    /// All that was logged.
    Wipe,
    /// The manager's own, for all instances.
    Closing,
}

impl Slot {
    /// Whether the moment belongs to the stream of that subject.
    pub fn concerns(self, subject: Subject) -> bool {
        match self {
            Slot::Session { query, turning } => match subject {
                Subject::Session => true,
                Subject::SetItemStatus(_) => !query,
                _ => turning,
            },
            Slot::Of(own) => own == subject,
            Slot::OfBoth(one, other) => one == subject || other == subject,
            Slot::Wipe => matches!(subject, Subject::Item(_) | Subject::ErrorLog),
            Slot::Closing => subject == Subject::Connections,
        }
    }

    /// The subjects whose own it is.
    pub fn own(self) -> impl Iterator<Item = Subject> {
        let (one, other) = match self {
            Slot::Of(one) => (Some(one), None),
            Slot::OfBoth(one, other) => (Some(one), Some(other)),
            Slot::Session { .. } | Slot::Wipe | Slot::Closing => (None, None),
        };
        one.into_iter().chain(other)
    }
}

/// A call that has not returned.
struct OpenCall {
    method: CallMethod,
    /// The item of SetItemStatus.
    item: Option<Guid>,
    /// How many calls of the kind were made before it.
    nth: u32,
}

/// The manager's calls.
#[derive(Default)]
struct Calls {
    open: HashMap<(HandlerId, CallId), OpenCall>,
    made: HashMap<(HandlerId, CallMethod, Option<Guid>), u32>,
}

/// Takes a trace apart, event by event. Moments come out in the order of the trace; one that waits for its reply keeps those behind
/// it back.
#[derive(Default)]
pub(super) struct Reader {
    pub session: Session,
    numbers: HashMap<HandlerId, Numbers>,
    calls: Calls,
    /// Callbacks that are not answered, by the numbers of their moments.
    unanswered: HashMap<(HandlerId, CallId), usize>,
    /// The moments that did not come out yet.
    moments: VecDeque<Moment>,
    /// How many came out.
    taken: usize,
    position: usize,
}

impl Reader {
    /// The next moment, unless events are missing that may change it.
    pub fn take(&mut self) -> Option<Moment> {
        self.moments.front().filter(|moment| !moment.open)?;
        self.taken += 1;
        self.moments.pop_front()
    }

    /// No event comes any more.
    pub fn finish(&mut self) {
        self.moments.iter_mut().for_each(|moment| moment.open = false);
    }

    fn moment(&mut self, nth: usize) -> Option<&mut Moment> {
        self.moments.get_mut(nth.checked_sub(self.taken)?)
    }

    pub fn read(&mut self, event: Event) {
        let position = self.position;
        self.position += 1;
        let handler = event.handler;
        if let EventKind::Reply { call, method, hr } = &event.kind
            && let Some(nth) = self.unanswered.get(&(handler, *call)).copied()
            && let Some(moment) = self.moment(nth)
            && matches!(&moment.meaning.kind, EventKind::Callback { what, .. } if what.method() == *method)
        {
            moment.meaning.reply = Some(*hr);
            moment.open = false;
            self.unanswered.remove(&(handler, *call));
            self.session.apply(&event);
            if let Some(moment) = self.moment(nth) {
                moment.reply = Some(event);
            }
            return;
        }
        let mut meaning = Meaning::of(&event.kind, self.numbers.entry(handler).or_default());
        let instance = self.session.instance(handler);
        let mut open = false;
        let slot = match &event.kind {
            EventKind::Call { call, what } => {
                meaning.inside_callback =
                    instance.is_some_and(|i| i.pending().iter().any(|pending| pending.thread == event.thread));
                self.calls.open(handler, *call, what);
                call_place(what)
            }
            EventKind::Return { call, what } => {
                let open = self.calls.close(handler, *call, what.method);
                meaning.overtaken_by = open.as_ref().map(|(_, newer)| *newer);
                let item = open.and_then(|(open, _)| open.item);
                let was_active = instance.is_some_and(|i| i.phase(what.method).is_active());
                self.session.apply(&event);
                let instance = self.session.instance(handler);
                let ends = was_active && !instance.is_some_and(|i| i.phase(what.method).is_active());
                let slot = return_place(what, item, ends, instance);
                self.moments.push_back(Moment { position, event, reply: None, meaning, slot, open: false });
                return;
            }
            EventKind::Callback { call, what } => {
                open = true;
                let nth = self.taken + self.moments.len();
                if let Some(before) = self.unanswered.insert((handler, *call), nth)
                    && let Some(before) = before.checked_sub(self.taken).and_then(|at| self.moments.get_mut(at))
                {
                    // Its number was given away: nothing answers it any more.
                    before.open = false;
                }
                if let Callback::EnableModeless(EnableModeless { enable: true }) = what {
                    let holder = self.session.dialog();
                    meaning.another_holds_dialog = holder.is_some_and(|holder| holder != handler);
                }
                callback_place(what, instance)
            }
            EventKind::Reply { .. } => Slot::Session { query: false, turning: false },
            EventKind::Note(note) => match &**note {
                Note::Created(_) | Note::Crashed(_) | Note::TimedOut(_) => {
                    Slot::Session { query: false, turning: true }
                }
                Note::ConnectionClosed(_) => Slot::Closing,
                Note::ConnectionLost(_) => Slot::Of(Subject::Connections),
                Note::RegisterSyncMgrHandler(_)
                | Note::UnregisterSyncMgrHandler(_)
                | Note::GetHandlerRegistrationInfo(_)
                | Note::UpdateItems(_)
                | Note::UpdateAll(_)
                | Note::DllRegisterServer(_)
                | Note::DllUnregisterServer(_)
                | Note::ClassRegistered(_)
                | Note::PreferencesStored(_) => Slot::Session { query: false, turning: false },
                // Facts of one kind of handler, beside what was said between it and the manager.
                Note::CallbackReferences(_)
                | Note::OverReleased(_)
                | Note::Queried(_)
                | Note::ClassAsked(_)
                | Note::Aggregated(_)
                | Note::UnloadAsked(_)
                | Note::ClassRefused(_)
                | Note::Unloaded(_)
                | Note::ReferenceSeen(_)
                | Note::Stack(_)
                | Note::Malformed(_)
                | Note::Held(_)
                | Note::LetGo(_)
                | Note::KeptOut(_) => return,
            },
        };
        self.session.apply(&event);
        self.moments.push_back(Moment { position, event, reply: None, meaning, slot, open });
    }
}

impl Calls {
    fn open(&mut self, handler: HandlerId, call: CallId, what: &Call) {
        let item = match what {
            Call::SetItemStatus(args) => Some(args.item),
            _ => None,
        };
        let made = self.made.entry((handler, what.method(), item)).or_default();
        *made += 1;
        self.open.insert((handler, call), OpenCall { method: what.method(), item, nth: *made });
    }

    /// The call that returns, and how many of its kind were made since.
    fn close(&mut self, handler: HandlerId, call: CallId, method: CallMethod) -> Option<(OpenCall, u32)> {
        let open = self.open.remove(&(handler, call)).filter(|open| open.method == method)?;
        let made = self.made.get(&(handler, method, open.item)).copied().unwrap_or_default();
        let newer = made.saturating_sub(open.nth);
        Some((open, newer))
    }
}

/// Methods that only ask.
fn is_query(method: CallMethod) -> bool {
    method.is_enumerator()
        || matches!(method, CallMethod::GetHandlerInfo | CallMethod::GetItemObject | CallMethod::EnumSyncMgrItems)
}

fn call_place(call: &Call) -> Slot {
    match call {
        Call::SetItemStatus(args) => Slot::OfBoth(Subject::Item(args.item), Subject::SetItemStatus(args.item)),
        _ => {
            let query = is_query(call.method());
            Slot::Session { query, turning: !query }
        }
    }
}

/// `ends` says whether the return ends an asynchronous method; `instance` stands behind it.
fn return_place(what: &Return, item: Option<Guid>, ends: bool, instance: Option<&Instance>) -> Slot {
    if let Some(item) = item {
        return Slot::Of(Subject::SetItemStatus(item));
    }
    let turning = match what.method {
        CallMethod::Initialize | CallMethod::Release => true,
        CallMethod::SetProgressCallback => {
            instance.is_some_and(|i| i.interface() == crate::protocol::Interface::TakenBack)
        }
        method => method.is_asynchronous() && ends,
    };
    Slot::Session { query: is_query(what.method), turning }
}

/// `instance` stands before it.
fn callback_place(callback: &Callback, instance: Option<&Instance>) -> Slot {
    let subject = |item: Option<Guid>| item.map_or(Subject::ErrorLog, Subject::Item);
    // Of whom the live error with this ErrorID was logged.
    let logged_for = |error: Guid| instance.and_then(|i| i.error(error)).map(|error| subject(error.item));
    match callback {
        Callback::Progress(args) => Slot::Of(Subject::Item(args.item)),
        Callback::LogError(args) => {
            let info = args.info.as_deref();
            let own = subject(info.and_then(LogErrorInfo::given_item));
            match info.and_then(LogErrorInfo::error_id).and_then(logged_for) {
                // It takes the ErrorID from an error of somebody else.
                Some(other) if other != own => Slot::OfBoth(own, other),
                _ => Slot::Of(own),
            }
        }
        Callback::DeleteLogError(args) if args.error.is_null() => Slot::Wipe,
        Callback::DeleteLogError(args) => Slot::Of(logged_for(args.error).unwrap_or(Subject::ErrorLog)),
        Callback::EnableModeless(_) => Slot::Of(Subject::Dialogs),
        Callback::EstablishConnection(_) => Slot::Of(Subject::Connections),
        Callback::ShowPropertiesCompleted(_)
        | Callback::PrepareForSyncCompleted(_)
        | Callback::SynchronizeCompleted(_)
        | Callback::ShowErrorCompleted(_) => Slot::Session { query: false, turning: true },
    }
}
