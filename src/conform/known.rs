//! What is known of a handler, from a session with it.

use std::collections::{BTreeMap, BTreeSet};

use super::alphabet::in_state;
use crate::protocol::{
    CallMethod, Callback, CallbackMethod, Event, EventKind, Guid, HResult, HandlerFlags, Item, Items, LogErrorInfo,
    Note, Outcome, Profile, Session, State, Thread, UpdateItems,
};
use crate::scenario::{Action, CallbackPattern, Choose, ErrorRef, EventPattern, Hold, Scenario, Step, Trigger, Until};

/// What sessions have shown of a handler: what there is to choose, to skip, to cancel and to refuse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What the handler says of itself.
    pub flags: HandlerFlags,
    /// Its items.
    pub items: Items,
    /// How often `Progress` was called for each item in the first round.
    pub reports: BTreeMap<Guid, u32>,
    /// How often `EnableModeless(TRUE)` was called.
    pub dialogs: u32,
    /// How often `EstablishConnection` was called.
    pub connections: u32,
    /// How many errors with jump text were logged.
    pub jump_errors: u32,
    /// The states in which the session was, and the windows of `SetItemStatus` that opened, or that open where the handler's
    /// threads take another turn: its completion came from another thread, and only chance let it come before the return.
    pub states: BTreeSet<State>,
    /// The failure of `EnumSyncMgrItems`, where no item is known.
    pub enumeration_failed: Option<HResult>,
    /// How the session ended; nothing before its first event.
    pub outcome: Option<Outcome>,
    /// It runs on threads of the system, so that the order of its callbacks is chance.
    pub real_time: bool,
    /// It starts a session of its own by `UpdateItems`.
    pub invokes: bool,
    /// It said that items are missing (S_SYNCMGR_MISSINGITEMS).
    pub misses_items: bool,
    /// `DllRegisterServer` of its library registers it.
    pub registers_itself: bool,
    /// The threads that call back, as far as they matter.
    pub threads: BTreeSet<Thread>,
}

/// How many threads are told apart.
const MOST_THREADS: usize = 16;

/// How many threads of a handler the first session holds until Synchronize has returned.
const THREADS: u32 = 8;

/// The scenario that shows what there is to know: all items are chosen, and the first error is looked at.
///
/// The first report of each thread is held until Synchronize has returned. So whether the session comes to the time between the
/// return and the completion is decided by the handler, and not by whose turn it is.
pub fn survey(profile: Profile) -> Scenario {
    let returned = || Until::Event {
        event: Box::new(EventPattern::returned(CallMethod::Synchronize)),
        of_call: None,
        nth: Some(1),
        instance: None,
    };
    let first_of = |thread: Option<String>| {
        let when = CallbackPattern { callback: CallbackMethod::Progress, nth: 1, item: None, status: None, thread };
        Step::new(Trigger::Callback(when), Action::Hold(Hold { until: returned(), at_most: None }))
    };
    let threads = (1..=THREADS).map(|thread| Some(format!("thread-{thread}")));
    let mut steps: Vec<Step> = threads.chain([None]).map(first_of).collect();
    steps.push(in_state(State::Synchronized, 1, Action::ShowError(ErrorRef::First)));
    Scenario { profile, choose: Choose::All, steps, ..Scenario::titled("What there is to know") }
}

/// Whether Synchronize returned a failure whenever it was called.
fn always_failed(outcomes: &[Outcome]) -> bool {
    let synchronized = |outcome: &Outcome| matches!(outcome, Outcome::Completed(_) | Outcome::Overdue(_));
    outcomes.iter().any(|outcome| matches!(outcome, Outcome::SynchronizeFailed(_)))
        && !outcomes.iter().any(synchronized)
}

impl Known {
    /// Takes what the next event shows, and the session after it.
    pub fn observe(&mut self, event: &Event, session: &Session) {
        if let EventKind::Callback { what, .. } = &event.kind {
            let round = session.instance(event.handler).map_or(0, crate::protocol::Instance::round);
            self.called_back(what, round);
            if self.threads.len() < MOST_THREADS && !self.threads.contains(&event.thread) {
                self.threads.insert(event.thread.clone());
            }
            self.completed_elsewhere(what, &event.thread);
        }
        match &event.kind {
            EventKind::Note(note) => {
                let is_own = |args: &UpdateItems| args.starts.is_none() && args.hr == HResult::S_OK;
                self.invokes |= matches!(&**note, Note::UpdateItems(args) if is_own(args));
            }
            EventKind::Return { what, .. } if what.method == CallMethod::EnumSyncMgrItems => {
                self.misses_items |= what.hr == HResult::S_SYNCMGR_MISSINGITEMS;
            }
            _ => {}
        }
        // What the handler says of itself and of its items is taken when the session comes to something new, and not with every
        // event: whoever keeps the items makes the session copy them at the next change.
        if let Some(instance) = session.instance(event.handler)
            && self.states.insert(instance.state())
        {
            self.flags = instance.handler_flags();
            self.items = instance.items().clone();
            self.enumeration_failed = instance.enumeration_failed();
            self.outcome = Some(instance.outcome());
        }
    }

    /// Why no session says anything of the handler, where none came so far that Synchronize succeeded: as the one that shows what
    /// there is to know ended. `outcomes` are those of the other sessions, of
    /// which so many called it.
    pub fn unjudged(&self, synchronized: usize, outcomes: &[Outcome]) -> Option<String> {
        let outcome = self.outcome?;
        if (synchronized > 0 || self.states.contains(&State::Synchronizing)) && !always_failed(outcomes) {
            return None;
        }
        // A session that the manager left early says nothing of what would have come.
        let left_early = |other: &&Outcome| matches!(other, Outcome::Unfinished | Outcome::Abandoned);
        let all = outcomes.iter().filter(|other| !left_early(other)).count();
        let same = outcomes.iter().filter(|other| **other == outcome).count();
        let cases = if same == all { format!("all {same}") } else { format!("{same} of {all}") };
        let why = match outcome {
            Outcome::NothingPrepared if let Some(hr) = self.enumeration_failed => {
                format!("EnumSyncMgrItems failed with {hr} in {cases} cases")
            }
            Outcome::Declined(HResult::S_FALSE) => {
                format!("the handler declined every event: Initialize returned S_FALSE in {cases} cases")
            }
            Outcome::Declined(hr) => format!("Initialize failed with {hr} in {cases} cases"),
            Outcome::PrepareFailed(hr) => format!("PrepareForSync failed with {hr} in {cases} cases"),
            Outcome::SynchronizeFailed(hr) => format!("Synchronize failed with {hr} in {cases} cases"),
            Outcome::NothingPrepared if self.items.is_empty() => "the handler has no items".to_owned(),
            outcome => format!("no case reached Synchronize: {outcome}"),
        };
        Some(format!("could not be judged: {why}"))
    }

    /// Why what sessions did not show may be there all the same: the one that shows what there is to know broke off.
    pub(super) fn doubt(&self) -> Option<&'static str> {
        match self.outcome? {
            Outcome::Crashed => Some("the first session crashed before its end"),
            Outcome::Hung(_) | Outcome::Overdue(_) => Some("the first session hung before its end"),
            _ => None,
        }
    }

    fn completed_elsewhere(&mut self, callback: &Callback, thread: &Thread) {
        let window = match callback {
            Callback::PrepareForSyncCompleted(_) => State::PrepareReturned,
            Callback::SynchronizeCompleted(_) => State::SynchronizeReturned,
            _ => return,
        };
        if *thread != Thread::APARTMENT {
            self.states.insert(window);
        }
    }

    fn called_back(&mut self, callback: &Callback, round: u32) {
        match callback {
            Callback::Progress(args) if round <= 1 => *self.reports.entry(args.item).or_default() += 1,
            Callback::EnableModeless(args) if args.enable => self.dialogs += 1,
            Callback::EstablishConnection(_) => self.connections += 1,
            Callback::LogError(args) => {
                let jump = args.info.as_deref().is_some_and(LogErrorInfo::has_jump_text);
                self.jump_errors += u32::from(jump);
            }
            _ => {}
        }
    }

    /// The item that reports most often, and how often; the first one of several.
    pub fn longest(&self) -> Option<(Guid, u32)> {
        let reports = |item: &Item| (item.id, self.reports.get(&item.id).copied().unwrap_or(0));
        let longest = self.items.iter().map(reports).reduce(|one, other| if other.1 > one.1 { other } else { one });
        longest.filter(|(_, reports)| *reports > 0)
    }

    /// How often all items report.
    pub fn all_reports(&self) -> u32 {
        self.reports.values().sum()
    }
}
