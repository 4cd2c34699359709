//! The session of any number of handler instances: events in, state out.

use std::collections::BTreeMap;

use super::pending::{About, KeptWaiting};
use super::{Instance, Items, Pending, Preparations, Standing, State, Wish};
use crate::protocol::{
    Call, CallId, Callback, EnableModeless, Event, EventKind, HResult, HandlerId, Note, ReferencePoint, Text,
};

/// The state of a session. Pure: the same events give the same state, whatever the time and the machine.
///
/// ```
/// use mobsync::protocol::*;
/// let mut session = Session::default();
/// let mut seq = 0;
/// let mut apply = |session: &mut Session, kind| {
///     seq += 1;
///     session.apply(&Event { seq, at_ns: 0, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind })
/// };
/// apply(&mut session, EventKind::Note(Box::new(Note::Created(Created::of("example")))));
/// let initialize = Call::Initialize(Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0)));
/// assert!(session.may(HandlerId::FIRST, &Thread::APARTMENT, &initialize).is_ok());
/// apply(&mut session, EventKind::Call { call: CallId(1), what: Box::new(initialize) });
/// let declined = Return::new(CallMethod::Initialize, HResult::S_FALSE);
/// apply(&mut session, EventKind::Return { call: CallId(1), what: Box::new(declined) });
/// let instance = session.instance(HandlerId::FIRST).unwrap();
/// assert_eq!(instance.state(), State::Declined);
/// assert_eq!(instance.may(&Thread::APARTMENT, &Call::GetHandlerInfo), Err(Refusal::Declined));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    instances: Vec<Instance>,
    /// Where each instance stands in `instances`.
    places: BTreeMap<HandlerId, usize>,
    pub(super) preparations: Preparations,
    pub(super) dialog: Option<HandlerId>,
    connections: Vec<Option<Text>>,
    open_calls: Vec<(HandlerId, CallId, Call)>,
    kept_waiting: KeptWaiting,
    manager_asked: bool,
}

impl Session {
    /// The instance of that number, if an event named it.
    pub fn instance(&self, id: HandlerId) -> Option<&Instance> {
        self.place_of(id).and_then(|at| self.instances.get(at))
    }

    pub(super) fn place_of(&self, id: HandlerId) -> Option<usize> {
        // Most sessions number their instances from 1, in the order in which they come.
        let usual = (id.0 as usize).wrapping_sub(1);
        match self.instances.get(usual) {
            Some(instance) if instance.id() == id => Some(usual),
            _ => self.places.get(&id).copied(),
        }
    }

    /// Every instance, in the order of their first events.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter()
    }

    /// The items of the first instance: those that a user of the session sees. Other instances are of the same handler.
    pub fn items(&self) -> Items {
        self.instances.first().map(|instance| instance.items().clone()).unwrap_or_default()
    }

    /// Whether the manager was asked for something through its own interfaces, for which no instance need be there.
    pub fn is_manager_asked(&self) -> bool {
        self.manager_asked
    }

    /// The instance that was granted a dialog and has not given it back.
    pub fn dialog(&self) -> Option<HandlerId> {
        self.dialog
    }

    /// The connections that are open, in the order of their opening; `None` is the default connection.
    pub fn connections(&self) -> &[Option<Text>] {
        &self.connections
    }

    /// The call of that number, while it is open.
    pub fn open_call(&self, handler: HandlerId, call: CallId) -> Option<&Call> {
        self.open_calls.iter().find(|(of, id, _)| *of == handler && *id == call).map(|(_, _, call)| call)
    }

    /// The handlers' own time at a time of the session, in nanoseconds: without that for which a callback, of any instance that
    /// has not ended, waited for its reply, or to be taken at all. What one thread of a handler waits for can keep others waiting as well, so it is the
    /// manager's time, and no limit of a handler counts it.
    pub fn own_ns(&self, now_ns: u64) -> u64 {
        now_ns.saturating_sub(self.kept_waiting.total_ns(now_ns))
    }

    fn unanswered(&self, handler: HandlerId) -> usize {
        self.instance(handler).map_or(0, Instance::unanswered)
    }

    fn index_of(&mut self, id: HandlerId) -> usize {
        self.place_of(id).unwrap_or_else(|| {
            self.places.insert(id, self.instances.len());
            self.instances.push(Instance::created(id));
            self.prepared(self.instances.len() - 1);
            self.instances.len() - 1
        })
    }

    /// The instance at that place may have come further with its prepare phase.
    fn prepared(&mut self, at: usize) {
        self.preparations.set(at, self.instances[at].preparing());
    }

    fn instance_mut(&mut self, id: HandlerId) -> &mut Instance {
        let at = self.index_of(id);
        &mut self.instances[at]
    }

    /// Takes an event. Any event is accepted, in any order: what is out of the protocol changes nothing but what it
    /// necessarily changes (a call that was made was made).
    pub fn apply(&mut self, event: &Event) {
        let handler = event.handler;
        let before = self.unanswered(handler);
        match &event.kind {
            EventKind::Call { call, what } => {
                self.instance_mut(handler).apply_call(what);
                self.open_calls.push((handler, *call, Call::clone(what)));
            }
            EventKind::Return { call, what } => {
                let at = self.open_calls.iter().position(|(of, id, _)| *of == handler && id == call);
                let opened = at.map(|at| self.open_calls.swap_remove(at).2);
                self.instance_mut(handler).apply_return(what, opened.as_ref());
                self.drop_dialog_of_ended(handler);
            }
            EventKind::Callback { call, what } => self.apply_callback(event, *call, what),
            EventKind::Reply { call, hr, .. } => self.apply_reply(handler, *call, *hr),
            EventKind::Note(note) => self.apply_note(handler, note),
        }
        let is_report =
            matches!(&event.kind, EventKind::Callback { what: Callback::Progress(_), .. } | EventKind::Reply { .. });
        if !is_report && let Some(at) = self.place_of(handler) {
            self.prepared(at);
        }
        let after = self.unanswered(handler);
        if before != after {
            self.kept_waiting.now(before, after, event.at_ns);
        }
    }

    /// Answers the callback of an event at once: what [`Session::reply`] says, and the effect of both events, the
    /// callback's and its reply's. An event of another kind is answered E_UNEXPECTED, and changes nothing.
    pub fn answer(&mut self, event: &Event, wish: Wish) -> HResult {
        let EventKind::Callback { what: callback, .. } = &event.kind else { return HResult::E_UNEXPECTED };
        let handler = event.handler;
        let (at, dialog) = (self.index_of(handler), self.dialog);
        let instance = &mut self.instances[at];
        let standing = instance.standing(callback, dialog == Some(handler));
        // Of reports of progress a session has most.
        if let (Callback::Progress(args), Standing::Expected) = (callback, standing) {
            return instance.answer_progress(args, wish);
        }
        let hr = instance.reply(callback, standing, wish, dialog.is_none());
        self.called_back(at, callback, standing, event.seq);
        self.replied(at, About::of(callback, standing), hr);
        self.prepared(at);
        hr
    }

    fn apply_callback(&mut self, event: &Event, call: CallId, callback: &Callback) {
        let handler = event.handler;
        let at = self.index_of(handler);
        let instance = &mut self.instances[at];
        let standing = instance.standing(callback, self.dialog == Some(handler));
        instance.pending.push(Pending { call, thread: event.thread.clone(), about: About::of(callback, standing) });
        self.called_back(at, callback, standing, event.seq);
    }

    /// The effect of a callback of the instance at `at`.
    fn called_back(&mut self, at: usize, callback: &Callback, standing: Standing, seq: u64) {
        if !standing.is_expected() {
            return;
        }
        self.instances[at].apply_callback(callback, seq);
        // It is expected only of the instance that holds the dialog.
        if let Callback::EnableModeless(EnableModeless { enable: false }) = callback {
            self.dialog = None;
        }
    }

    fn apply_reply(&mut self, handler: HandlerId, call: CallId, hr: HResult) {
        let at = self.index_of(handler);
        let pending = &mut self.instances[at].pending;
        let Some(which) = pending.iter().rposition(|pending| pending.call == call) else { return };
        // Of reports of progress a session has most, and mostly it is the last one: nothing of it is moved then.
        if let About::Progress(item) = pending[which].about
            && which + 1 == pending.len()
        {
            pending.truncate(which);
            return self.instances[at].progress_replied(item, hr);
        }
        let about = pending.remove(which).about;
        self.replied(at, about, hr);
    }

    /// The effect of a reply to the instance at `at`.
    fn replied(&mut self, at: usize, about: About, hr: HResult) {
        match about {
            About::Progress(item) => self.instances[at].progress_replied(item, hr),
            About::Dialog if hr == HResult::S_OK => self.dialog = Some(self.instances[at].id()),
            About::Connection(name) if hr.is_success() => self.connections.push(name),
            About::Dialog | About::Connection(_) | About::DeleteAll | About::Nothing => {}
        }
    }

    fn apply_note(&mut self, handler: HandlerId, note: &Note) {
        match note {
            Note::Created(_) => {
                self.instance_mut(handler);
            }
            Note::Crashed(_) => self.instance_mut(handler).end = Some(State::Crashed),
            Note::TimedOut(args) => self.instance_mut(handler).apply_time_out(args.method, args.waiting_for),
            Note::KeptOut(args) => {
                self.kept_waiting.before_taking(args.waited.0);
                return;
            }
            Note::ConnectionClosed(args) => {
                if let Some(at) = self.connections.iter().position(|name| *name == args.name) {
                    self.connections.remove(at);
                }
            }
            // However often it was opened: it is one line.
            Note::ConnectionLost(args) => self.connections.retain(|name| *name != args.name),
            // An object that is gone cannot be called, as after a crash.
            Note::ReferenceSeen(seen)
                if !seen.held && matches!(seen.at, ReferencePoint::Creation | ReferencePoint::Call) =>
            {
                self.instance_mut(handler).end = Some(State::Crashed);
            }
            // What is noted of native handlers is evidence, and changes nothing.
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
            | Note::PreferencesStored(_)
            | Note::ClassRegistered(_)
            | Note::LetGo(_) => return,
            Note::RegisterSyncMgrHandler(_)
            | Note::UnregisterSyncMgrHandler(_)
            | Note::GetHandlerRegistrationInfo(_)
            | Note::UpdateItems(_)
            | Note::UpdateAll(_)
            | Note::DllRegisterServer(_)
            | Note::DllUnregisterServer(_) => {
                self.manager_asked = true;
                return;
            }
        }
        self.drop_dialog_of_ended(handler);
    }

    /// A dialog ends with the instance that showed it.
    fn drop_dialog_of_ended(&mut self, handler: HandlerId) {
        if self.dialog == Some(handler) && self.instance(handler).is_none_or(|instance| instance.state().is_end()) {
            self.dialog = None;
        }
    }
}
