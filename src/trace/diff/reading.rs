//! A trace taken apart: moments, each with its meaning, and the streams that they belong to.

use std::collections::{BTreeMap, HashMap};

use super::difference::Subject;
use super::meaning::{Meaning, Numbers};
use crate::protocol::{
    Call, CallId, CallMethod, Callback, EnableModeless, Event, EventKind, Guid, HandlerId, Instance, LogErrorInfo,
    Note, Return, Session, Text,
};

/// A trace, taken apart. Moments are referred to by their number.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub events: &'a [Event],
    /// In the order of the trace.
    pub moments: Vec<Moment>,
    /// Of each moment.
    pub meanings: Vec<Meaning>,
    /// In the order of their first events.
    pub instances: Vec<Part>,
    /// Notes of connections that were closed. The manager closes them for all instances.
    closings: Vec<usize>,
    /// The session at the end of the trace.
    pub session: Session,
}

/// One event, or a callback with its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Where its event stands in the trace.
    pub event: usize,
    /// Where the reply stands.
    pub reply: Option<usize>,
}

/// The moments of one instance, by what they belong to.
#[derive(Debug)]
pub(super) struct Part {
    pub handler: HandlerId,
    /// What the note of its creation calls it.
    pub name: Option<Text>,
    session: Vec<usize>,
    /// The session but for queries.
    window: Vec<usize>,
    turning: Vec<usize>,
    /// DeleteLogError(GUID_NULL).
    wipes: Vec<usize>,
    own: BTreeMap<Subject, Vec<usize>>,
}

/// How a moment bears on the streams of its instance.
enum Slot {
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

impl<'a> Reading<'a> {
    pub fn of(events: &'a [Event]) -> Self {
        let mut reader = Reader::default();
        let mut reading = Self {
            events,
            moments: Vec::with_capacity(events.len()),
            meanings: Vec::with_capacity(events.len()),
            instances: Vec::new(),
            closings: Vec::new(),
            session: Session::default(),
        };
        events.iter().enumerate().for_each(|(at, event)| reader.read(at, event, &mut reading));
        reading.session = reader.session;
        reading
    }

    /// The name of an item, as any instance enumerated it.
    pub fn name_of(&self, item: Guid) -> Option<&Text> {
        self.session.instances().find_map(|instance| instance.items().get(item)).map(|item| &item.name)
    }

    /// The moments of a stream of an instance, in order.
    pub fn stream(&self, part: &Part, subject: Subject) -> Vec<usize> {
        let mut stream: Vec<usize> = match subject {
            Subject::Session => return part.session.clone(),
            Subject::SetItemStatus(_) => part.window.clone(),
            _ => part.turning.clone(),
        };
        stream.extend(part.own.get(&subject).into_iter().flatten());
        match subject {
            Subject::Item(_) | Subject::ErrorLog => stream.extend(&part.wipes),
            Subject::Connections => stream.extend(&self.closings),
            _ => {}
        }
        // Mostly a few sorted runs behind each other, which this sort makes use of.
        stream.sort();
        stream
    }

    fn push(&mut self, at: usize, meaning: Meaning) -> usize {
        self.moments.push(Moment { event: at, reply: None });
        self.meanings.push(meaning);
        self.moments.len() - 1
    }
}

impl Part {
    /// The subjects that have events of their own.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.own.keys().copied()
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

/// What is kept while a trace is read.
#[derive(Default)]
struct Reader {
    session: Session,
    parts: HashMap<HandlerId, (usize, Numbers)>,
    calls: Calls,
    /// Callbacks that are not answered, by their moments.
    unanswered: HashMap<(HandlerId, CallId), usize>,
}

impl Reader {
    fn read(&mut self, at: usize, event: &Event, reading: &mut Reading<'_>) {
        let key = |call: &CallId| (event.handler, *call);
        if let EventKind::Reply { call, method, hr } = &event.kind
            && let Some(moment) = self.unanswered.get(&key(call)).copied()
            && matches!(&reading.meanings[moment].kind, EventKind::Callback { what, .. } if what.method() == *method)
        {
            self.unanswered.remove(&key(call));
            reading.meanings[moment].reply = Some(*hr);
            reading.moments[moment].reply = Some(at);
            self.session.apply(event);
            return;
        }
        let part = self.part(event.handler, reading);
        let (_, numbers) = self.parts.entry(event.handler).or_default();
        let moment = reading.push(at, Meaning::of(&event.kind, numbers));
        let meaning = &mut reading.meanings[moment];
        let instance = self.session.instance(event.handler);
        let place = match &event.kind {
            EventKind::Call { call, what } => {
                meaning.inside_callback =
                    instance.is_some_and(|i| i.pending().iter().any(|pending| pending.thread == event.thread));
                self.calls.open(event.handler, *call, what);
                call_place(what)
            }
            EventKind::Return { call, what } => {
                let open = self.calls.close(event.handler, *call, what.method);
                meaning.overtaken_by = open.as_ref().map(|(_, newer)| *newer);
                let item = open.and_then(|(open, _)| open.item);
                let was_active = instance.is_some_and(|i| i.phase(what.method).is_active());
                self.session.apply(event);
                let instance = self.session.instance(event.handler);
                let ends = was_active && !instance.is_some_and(|i| i.phase(what.method).is_active());
                return_place(what, item, ends, instance).put(&mut reading.instances[part], moment);
                return;
            }
            EventKind::Callback { call, what } => {
                self.unanswered.insert(key(call), moment);
                if let Callback::EnableModeless(EnableModeless { enable: true }) = what {
                    let holder = self.session.dialog();
                    meaning.another_holds_dialog = holder.is_some_and(|holder| holder != event.handler);
                }
                callback_place(what, instance)
            }
            EventKind::Reply { .. } => Slot::Session { query: false, turning: false },
            EventKind::Note(note) => match &**note {
                Note::Created(created) => {
                    reading.instances[part].name.get_or_insert_with(|| created.name.clone());
                    Slot::Session { query: false, turning: true }
                }
                Note::Crashed(_) | Note::TimedOut(_) => Slot::Session { query: false, turning: true },
                Note::ConnectionClosed(_) => Slot::Closing,
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
                | Note::LetGo(_) => return,
            },
        };
        match place {
            Slot::Closing => reading.closings.push(moment),
            place => place.put(&mut reading.instances[part], moment),
        }
        self.session.apply(event);
    }

    /// Where the instance stands in the reading.
    fn part(&mut self, handler: HandlerId, reading: &mut Reading<'_>) -> usize {
        let (part, _) = self.parts.entry(handler).or_insert_with(|| {
            reading.instances.push(Part {
                handler,
                name: None,
                session: Vec::new(),
                window: Vec::new(),
                turning: Vec::new(),
                wipes: Vec::new(),
                own: BTreeMap::new(),
            });
            (reading.instances.len() - 1, Numbers::default())
        });
        *part
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

impl Slot {
    fn put(self, part: &mut Part, moment: usize) {
        match self {
            Slot::Session { query, turning } => {
                part.session.push(moment);
                if !query {
                    part.window.push(moment);
                }
                if turning {
                    part.turning.push(moment);
                }
            }
            Slot::Of(subject) => part.own.entry(subject).or_default().push(moment),
            Slot::OfBoth(one, other) => {
                part.own.entry(one).or_default().push(moment);
                part.own.entry(other).or_default().push(moment);
            }
            Slot::Wipe => part.wipes.push(moment),
            Slot::Closing => {}
        }
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
