//! Judges a session by the catalogue, from its events alone.

use std::collections::BTreeMap;

use super::checks;
use super::checks::registration::Registrations;
use super::codes::LIFE_07;
use super::judge::{EventRef, Judge, Verdict};
use super::watch::{OpenCall, Watch};
use super::{Finding, Occasion, Rule, course, link_consequences};
use crate::protocol::{
    Call, CallId, Event, EventKind, FileTime, HandlerId, Instance, Limits, Outcome, Profile, Session, Thread,
};

/// With how many instances before it, and after it, one is compared. Sessions have a few; comparing each of very many with all
/// would take the square of their number.
const MOST_COMPARED: usize = 64;

/// What a judgement depends on beside the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// The Windows version that the manager emulates.
    pub profile: Profile,
    /// The limits that rules use.
    pub limits: Limits,
    /// The wall time at the trace's time 0: what "in the future" means.
    pub started: FileTime,
}

/// Takes the events of a trace in order, and finds which rules they break.
///
/// Its memory grows with the handlers and items of the trace, not with its events; findings can be taken away as they
/// come with [`Monitor::take_findings`].
#[derive(Debug)]
pub struct Monitor {
    conditions: Conditions,
    session: Session,
    watches: Vec<(HandlerId, Watch)>,
    /// Where each instance stands in `watches`.
    places: BTreeMap<HandlerId, usize>,
    registrations: Registrations,
    judge: Judge,
    last: Option<(u64, HandlerId, Thread)>,
}

impl Monitor {
    /// Before the first event.
    pub fn new(conditions: Conditions) -> Self {
        Self {
            conditions,
            session: Session::default(),
            watches: Vec::new(),
            places: BTreeMap::new(),
            registrations: Registrations::default(),
            judge: Judge::default(),
            last: None,
        }
    }

    /// The session so far.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What was found and not taken away.
    pub fn findings(&self) -> &[Finding] {
        &self.judge.findings
    }

    /// Takes what was found so far.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.judge.findings)
    }

    /// Takes back what was found of a rule that whoever drives the session broke on purpose.
    pub fn acquit(&mut self, rule: &Rule) {
        self.judge.acquit(rule);
    }

    /// What is known of a rule so far.
    pub fn verdict(&self, rule: &Rule) -> Verdict {
        self.judge.verdict(rule)
    }

    /// The rules that a session which broke off could no longer exercise: those of the common course, and `aims`, those
    /// that the session was made for. `cut` says that the trace ends before the session does. A session that came to its
    /// end, or that the manager had begun to leave, has none.
    pub fn not_judged(&self, aims: &[&'static Rule], cut: bool) -> Vec<&'static Rule> {
        let broke_off = |(id, watch): &(HandlerId, Watch)| {
            let outcome = self.session.instance(*id).map(Instance::outcome);
            let gone = matches!(outcome, Some(Outcome::Crashed | Outcome::Hung(_) | Outcome::Overdue(_)));
            gone && !watch.open.as_ref().is_some_and(|open| open.call.leaves())
        };
        if !cut && !self.watches.iter().any(broke_off) {
            return Vec::new();
        }
        let native = self.watches.iter().any(|(_, watch)| watch.native.is());
        course::not_judged(aims, native, |rule| self.verdict(rule))
    }

    /// Judges the next event. Returns how many findings it brought.
    pub fn observe(&mut self, event: &Event) -> usize {
        let before = self.judge.findings.len();
        let at = self.watch_index(event.handler);
        self.context(at, event).before();
        self.session.apply(event);
        self.context(at, event).after();
        self.say_circumstances(before, at);
        match &mut self.last {
            Some((seq, handler, thread)) => {
                *seq = event.seq;
                *handler = event.handler;
                if *thread != event.thread {
                    thread.clone_from(&event.thread);
                }
            }
            none => *none = Some((event.seq, event.handler, event.thread.clone())),
        }
        self.judge.findings.len() - before
    }

    /// The trace has ended: what was not taken away is linked, consequences to causes. Returns how many findings that brought.
    pub fn finish(&mut self) -> usize {
        let before = self.judge.findings.len();
        if let Some((seq, handler, thread)) = &self.last {
            let place = EventRef::at_end(*seq, *handler, thread, &self.session);
            checks::connections::at_end(&self.session, &mut self.judge, place);
            for (id, watch) in self.watches.iter().filter(|(id, _)| self.session.dialog() == Some(*id)) {
                checks::dialogs::at_end(watch.dialog, &mut self.judge, place.concerning(*id));
            }
            for (id, watch) in &mut self.watches {
                let nothing = watch.nothing_after_reset.take();
                checks::enumeration::reset_gave_nothing(nothing, &mut self.judge, place.concerning(*id));
            }
        }
        link_consequences(&mut self.judge.findings);
        self.judge.findings.len() - before
    }

    fn context<'a>(&'a mut self, at: usize, event: &'a Event) -> Context<'a> {
        Context {
            conditions: self.conditions,
            session: &self.session,
            watches: &mut self.watches,
            at,
            registrations: &mut self.registrations,
            judge: &mut self.judge,
            event,
        }
    }

    /// Says of the findings from `first` on in which round they came, and what the manager had done before.
    fn say_circumstances(&mut self, first: usize, at: usize) {
        let (id, watch) = &self.watches[at];
        let instance = self.session.instance(*id);
        for finding in &mut self.judge.findings[first..] {
            let item = finding.items().first().and_then(|item| instance?.item(item.id));
            // What is left behind is left by the library, whatever the session was about.
            let is_left_behind = finding.rule == LIFE_07;
            finding.occasion = if is_left_behind { Occasion::Ordinary } else { watch.occasion(instance, item) };
            finding.round = instance.map_or(0, Instance::round);
        }
    }

    fn watch_index(&mut self, handler: HandlerId) -> usize {
        // Most sessions number their instances from 1, in the order in which they come.
        let usual = (handler.0 as usize).wrapping_sub(1);
        if self.watches.get(usual).is_some_and(|(id, _)| *id == handler) {
            return usual;
        }
        *self.places.entry(handler).or_insert_with(|| {
            self.watches.push((handler, Watch::default()));
            self.watches.len() - 1
        })
    }
}

/// What the checks of one event look at.
pub(super) struct Context<'a> {
    pub(super) conditions: Conditions,
    /// Before the event; in [`Context::after`] after it.
    pub(super) session: &'a Session,
    watches: &'a mut [(HandlerId, Watch)],
    at: usize,
    pub(super) registrations: &'a mut Registrations,
    pub(super) judge: &'a mut Judge,
    pub(super) event: &'a Event,
}

impl<'a> Context<'a> {
    /// The event's place.
    pub(super) fn place(&self) -> EventRef<'a> {
        EventRef::new(self.event, self.session)
    }

    /// The event's instance, as the rules see it.
    pub(super) fn watch(&mut self) -> &mut Watch {
        &mut self.watches[self.at].1
    }

    /// The time of the event, in the handlers' own time.
    pub(super) fn own_ns(&self) -> u64 {
        self.session.own_ns(self.event.at_ns)
    }

    /// How long a call has taken the handlers.
    pub(super) fn took_ns(&self, open: Option<&OpenCall>) -> u64 {
        open.map_or(0, |open| self.own_ns().saturating_sub(open.own_ns))
    }

    /// Something that no handler has a hand in happens to all that have not ended.
    pub(super) fn disturb_all(&mut self) {
        for (id, watch) in self.watches.iter_mut() {
            watch.disturbed |= self.session.instance(*id).is_some_and(|instance| !instance.state().is_end());
        }
    }

    /// The instance, and those that came before it under the same name: other instances of the same handler.
    pub(super) fn with_earlier(&self) -> (&Watch, impl Iterator<Item = &Watch>) {
        let own = &self.watches[self.at].1;
        let earlier = self.watches[self.at.saturating_sub(MOST_COMPARED)..self.at].iter().map(|(_, watch)| watch);
        (own, earlier.filter(|watch| watch.name.is_some() && watch.name == own.name))
    }

    /// The instance, and all others of the same name: other instances of the same handler.
    pub(super) fn with_others(&self) -> (&Watch, impl Iterator<Item = &Watch>) {
        let own = &self.watches[self.at].1;
        let near = self.at.saturating_sub(MOST_COMPARED)..self.watches.len().min(self.at + MOST_COMPARED);
        let others = near.filter(|at| *at != self.at).map(|at| &self.watches[at].1);
        (own, others.filter(|watch| watch.name.is_some() && watch.name == own.name))
    }

    /// A call that has not returned.
    fn open(&self, id: CallId, call: &Call, legal: bool) -> OpenCall {
        let Event { seq, at_ns, handler, .. } = *self.event;
        let pending = self.session.instance(handler).map_or(&[][..], Instance::pending);
        let unanswered = pending.iter().map(|pending| pending.call).collect();
        let own_ns = self.own_ns();
        OpenCall { id, seq, at_ns, own_ns, call: call.clone(), legal, unanswered, answered_within: false }
    }

    /// What is judged by where the session stands before the event.
    fn before(&mut self) {
        let event = self.event;
        match &event.kind {
            EventKind::Call { call, what } => {
                let legal = checks::manager::call(self, what);
                checks::life::call(self, what);
                checks::enumeration::call(self, what);
                let open = self.open(*call, what, legal);
                checks::comparison::call(self, what);
                checks::stopping::call(self, what);
                if let Call::Initialize(args) = &**what {
                    checks::registration::initialize(self, args);
                }
                self.watch().open = Some(open);
            }
            EventKind::Return { call, what } => {
                let open = self.watch().open.take_if(|open| open.id == *call);
                checks::results::returned(self, what, open.as_ref());
                checks::description::returned(self, what);
                checks::enumeration::returned(self, what, open.as_ref());
                checks::completion::returned(self, what, open.as_ref());
                checks::life::returned(self, what, open.as_ref());
                checks::stopping::returned(self, what, open.as_ref());
                checks::comparison::returned(self, what);
                checks::native::returned(self, what, open.as_ref());
                checks::wire::returned(self, what);
                checks::registration::returned(self, what);
            }
            EventKind::Callback { what, .. } => {
                let standing = self.session.standing(event.handler, what);
                if checks::completion::has_interface(self, what, standing) {
                    checks::instances::callback(self, what);
                    checks::completion::callback(self, what, standing);
                    checks::progress::callback(self, what, standing);
                    checks::dialogs::callback(self, what, standing);
                    checks::errors::callback(self, what);
                    checks::connections::callback(self, what);
                    checks::native::callback(self, what);
                    checks::comparison::callback(self, what, standing);
                }
                checks::life::callback(self, what);
            }
            EventKind::Reply { call, method, hr } => {
                checks::progress::reply(self);
                checks::dialogs::reply(self, *call, *method, *hr);
                checks::errors::reply(self, *call, *method, *hr);
                checks::stopping::reply(self, *call, *method, *hr);
            }
            EventKind::Note(note) => {
                checks::life::note(self, note);
                checks::connections::note(self, note);
                checks::comparison::note(self, note);
                checks::native::note(self, note);
                checks::wire::note(self, note);
                checks::registration::note(self, note);
            }
        }
    }

    /// What is known, and judged, once the event has taken its effect.
    fn after(&mut self) {
        match &self.event.kind {
            EventKind::Return { what, .. } => {
                self.watch().heard_ns = self.event.at_ns;
                checks::completion::after_return(self, what);
            }
            EventKind::Callback { .. } | EventKind::Reply { .. } => {
                self.watch().heard_ns = self.event.at_ns;
            }
            EventKind::Call { .. } | EventKind::Note(_) => {}
        }
    }
}
