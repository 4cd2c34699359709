//! What the manager and its user want: a plan is asked, the session machine has the last word.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::hold::Hold;
use crate::handler::ServerCall;
use crate::protocol::{
    Call, CallMethod, Callback, Event, EventKind, GUID_NULL, Guid, HResult, Initialize, Instance, Interface, Item,
    ItemState, Items, Note, PrepareForSync, Refusal, Return, Session, SetItemStatus, SetProgressCallback, ShowError,
    ShowProperties, State, Status, Synchronize, Thread, Walk, Wish,
};

/// What a plan can look at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The whole session.
    pub session: &'a Session,
    /// The instance that is driven.
    pub instance: &'a Instance,
    /// Nanoseconds since the session began.
    pub now_ns: u64,
    /// The user wants everything stopped.
    pub cancelled: bool,
    /// The thread that asks: the apartment thread, or the one that calls back.
    pub thread: &'a Thread,
}

/// What the manager does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Make this call; it is made only if the session machine finds it legal.
    Call(Call),
    /// Wait until something happens, or until that time in nanoseconds.
    Wait(Option<u64>),
    /// End an instance that has nothing more to do: take the callback back, once the handler has settled. Until then
    /// this is as `Wait`, with that time in nanoseconds.
    Close(Option<u64>),
    /// Nothing more: the session is over.
    Finish,
}

/// Decides for the manager and the user. Called under the session's lock: it must be quick, and must not block.
pub trait Plan: Send {
    /// What the manager does next. Asked on the apartment thread whenever no call is open.
    fn next(&mut self, view: View<'_>) -> Instruction;

    /// What the instance's library is told before the instance is created. Asked once.
    fn server_calls(&mut self) -> Vec<ServerCall> {
        Vec::new()
    }

    /// What stands in the trace before the instance's first call. Asked once, when the instance was created.
    fn opening(&mut self) -> Vec<Note> {
        Vec::new()
    }

    /// What the user wants a callback to be answered with.
    fn wish(&mut self, view: View<'_>, callback: &Callback) -> Wish {
        let _ = callback;
        if view.cancelled { Wish::CancelAll } else { Wish::None }
    }

    /// Whether [`hold`](Self::hold) may ever answer. Asked once, before the session begins.
    fn may_hold(&self) -> bool {
        false
    }

    /// How long the reply to a callback is held; asked before [`wish`](Self::wish). Nothing: it is answered at once.
    fn hold(&mut self, view: View<'_>, callback: &Callback) -> Option<Hold> {
        let _ = (view, callback);
        None
    }

    /// Whether [`observe`](Self::observe) has anything to do with callbacks and their replies. Asked once, before the session
    /// begins: a session has more of them than of anything else.
    fn observes_callbacks(&self) -> bool {
        true
    }

    /// Sees every event, in order, and the session after it; true wakes the apartment thread. A plan that says no to
    /// [`observes_callbacks`](Self::observes_callbacks) may not see those.
    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        let _ = (event, session);
        false
    }

    /// The session machine refused a call that [`Plan::next`] asked for; it was not made.
    fn refused(&mut self, call: &Call, why: Refusal) {
        let _ = (call, why);
    }
}

/// Which items the user chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selection {
    /// Those that the handler preselects.
    #[default]
    Checked,
    /// All.
    All,
    /// None.
    Nothing,
    /// Those whose ID or name is in the list, in its order.
    Named(Vec<String>),
    /// Those that the user prefers. Where nothing is preferred, those that the handler preselects.
    Preferred {
        /// For each of these items, whether the user wants it.
        items: BTreeMap<Guid, bool>,
        /// Whether the user wants the others, if that is known.
        others: Option<bool>,
    },
}

impl Selection {
    /// The chosen items' IDs, among those that the newest enumeration lists; each once.
    pub fn choose(&self, instance: &Instance) -> Vec<Guid> {
        let items = instance.items();
        match self {
            Selection::Checked => {
                items.listed().filter(|item| item.state == ItemState::CHECKED).map(|item| item.id).collect()
            }
            Selection::All => items.listed().map(|item| item.id).collect(),
            Selection::Preferred { items: preferred, others } => {
                let is_wanted = |item: &&Item| {
                    let preferred = preferred.get(&item.id).copied().or(*others);
                    preferred.unwrap_or(item.state == ItemState::CHECKED)
                };
                items.listed().filter(is_wanted).map(|item| item.id).collect()
            }
            Selection::Nothing => Vec::new(),
            Selection::Named(words) => {
                let listed = |item: &&Item| instance.item(item.id).is_some_and(|known| known.listed);
                let mut chosen = Vec::new();
                let mut seen = BTreeSet::new();
                for word in words {
                    let mut meant = meant_by(word, items).filter(listed).peekable();
                    if meant.peek().is_none() {
                        // A word that means nothing is a mistake, and half a choice would be a wrong one.
                        return Vec::new();
                    }
                    chosen.extend(meant.map(|item| item.id).filter(|id| seen.insert(*id)));
                }
                chosen
            }
        }
    }

    /// The words that name none of the items.
    pub fn unmatched<'a>(&'a self, items: &Items) -> Vec<&'a str> {
        match self {
            Selection::Named(words) => {
                words.iter().map(String::as_str).filter(|word| meant_by(word, items).next().is_none()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The items that a user's word means: the one with this ItemID or short name, and those with this name.
fn meant_by<'a>(word: &str, items: &'a Items) -> impl Iterator<Item = &'a Item> {
    let id = word.parse().ok().or_else(|| Guid::from_alias(word));
    let by_id = id.and_then(|id| items.get(id));
    by_id.into_iter().chain(items.named(word).filter(move |item| Some(item.id) != id))
}

/// How many items an enumeration may deliver before the manager stops asking: an enumerator without end ends here.
const MOST_ITEMS: usize = 65_536;

/// How many more dialogs of properties than items the user opens: a handler that has other items after each of them would
/// never come to an end.
const MOST_MORE_DIALOGS: usize = 16;

/// How many items the manager asks for at once.
const ITEMS_AT_ONCE: u32 = 16;

/// What an ordinary manager and user do: enumerate, choose, prepare, synchronize, look at the errors, close.
#[derive(Clone, Debug)]
pub struct StandardPlan {
    /// The arguments of `Initialize`.
    pub initialize: Initialize,
    /// Which items are chosen; in a SETTINGS session, whose properties are shown (the handler's own for `Checked`).
    pub selection: Selection,
    /// How many rounds of showing errors, and so of retries, the user goes for.
    pub retries: u32,
    /// `dwReserved` of `PrepareForSync`.
    pub reserved: u32,
    /// What stands in the trace before the first call.
    pub opening: Vec<Note>,
    /// What the library is told before the instance is created.
    pub server: Vec<ServerCall>,
    asked_info: bool,
    /// The enumerator that is being walked, or was walked to its end.
    walk: Option<(u32, bool)>,
    /// How many items this enumeration delivered, also those that it delivered before.
    delivered: usize,
    enumeration_failed: bool,
    /// The items are enumerated once more because the scenario wants it.
    anew: bool,
    /// The session machine refused a call: the session is only closed.
    gave_up: bool,
    shown_errors: BTreeSet<Guid>,
    shown_in_round: u32,
    shown_properties: BTreeSet<Guid>,
    /// The round in which everything is stopped, and the item from which on nothing was skipped.
    skips: (u32, usize),
}

impl StandardPlan {
    /// With one round of retries.
    pub fn new(initialize: Initialize, selection: Selection) -> Self {
        Self {
            initialize,
            selection,
            retries: 1,
            reserved: 0,
            opening: Vec::new(),
            server: Vec::new(),
            asked_info: false,
            walk: None,
            delivered: 0,
            enumeration_failed: false,
            anew: false,
            gave_up: false,
            shown_errors: BTreeSet::new(),
            shown_in_round: 0,
            shown_properties: BTreeSet::new(),
            skips: (0, 0),
        }
    }

    /// The next step of looking at the handler and its items, while there is one: at the beginning, and whenever the
    /// handler asks for it.
    fn enumerate(&self, view: View<'_>) -> Option<Instruction> {
        if !self.asked_info {
            return Some(Instruction::Call(Call::GetHandlerInfo));
        }
        match self.walk {
            _ if self.enumeration_failed => None,
            None => Some(Instruction::Call(Call::EnumSyncMgrItems)),
            Some((_, true)) if view.instance.enumeration_due() => Some(Instruction::Call(Call::EnumSyncMgrItems)),
            Some((enumerator, false)) => Some(Instruction::Call(Call::Next(Walk::new(enumerator, ITEMS_AT_ONCE)))),
            Some((_, true)) => None,
        }
    }

    /// The next step of enumerating again, when the scenario wants it or the handler's properties were changed: until it is
    /// done, nothing can be done with the items.
    pub(crate) fn enumerate_again(&self, view: View<'_>) -> Option<Instruction> {
        let wanted = self.anew || view.instance.phase(CallMethod::ShowProperties).has_ended();
        let unfinished = view.instance.enumeration_due() || matches!(self.walk, Some((_, false)));
        if wanted && unfinished && !self.gave_up { self.enumerate(view) } else { None }
    }

    /// The items are enumerated once more: the next call is `EnumSyncMgrItems`.
    pub(crate) fn enumerate_anew(&mut self) {
        self.anew = true;
    }

    fn show_next_properties(&mut self, view: View<'_>) -> Option<Instruction> {
        let whose = match &self.selection {
            Selection::Checked => vec![GUID_NULL],
            selection => selection.choose(view.instance),
        };
        let has_enough = self.shown_properties.len() >= view.instance.items().listed().len() + MOST_MORE_DIALOGS;
        let is_next = |id: &Guid| view.instance.has_properties(*id) && !self.shown_properties.contains(id);
        let item = whose.into_iter().find(is_next).filter(|_| !has_enough)?;
        if view.instance.interface() == Interface::NotGiven {
            return Some(give_callback());
        }
        self.shown_properties.insert(item);
        Some(Instruction::Call(Call::ShowProperties(ShowProperties { item, hwnd: 0 })))
    }

    fn after_results(&mut self, view: View<'_>) -> Instruction {
        if view.cancelled || view.instance.round() > self.retries {
            return Instruction::Close(None);
        }
        if self.shown_in_round != view.instance.round() {
            self.shown_in_round = view.instance.round();
            self.shown_errors.clear();
        }
        let next = view.instance.jump_errors().find(|error| !self.shown_errors.contains(error));
        match next {
            Some(error) => {
                self.shown_errors.insert(error);
                Instruction::Call(Call::ShowError(ShowError { error, hwnd: 0 }))
            }
            None => Instruction::Close(None),
        }
    }

    /// The user stopped everything: every item that still runs is skipped too, so that a handler that makes no progress hears it.
    /// Each once in a round: one that the handler does not skip is left to it.
    fn skip_next(&mut self, view: View<'_>) -> Option<Instruction> {
        if self.skips.0 != view.instance.round() {
            self.skips = (view.instance.round(), 0);
        }
        let runs = |status: Option<Status>| !status.is_some_and(Status::is_final);
        let items = view.instance.known_items().enumerate().skip(self.skips.1);
        let mut left = items.filter(|(_, (_, known))| known.prepared && !known.skipped && runs(known.status));
        let (at, item) = left.next().map(|(at, (item, _))| (at, item.id))?;
        self.skips.1 = at + 1;
        Some(Instruction::Call(Call::SetItemStatus(SetItemStatus { item, status: Status::SKIPPED })))
    }

    /// Takes in what a call brought. Apart, so that callbacks are passed over quickly.
    #[cold]
    fn returned(&mut self, what: &Return) {
        match what.method {
            CallMethod::GetHandlerInfo => self.asked_info = true,
            CallMethod::EnumSyncMgrItems => match what.out.enumerator {
                Some(enumerator) if what.hr.is_success() => {
                    self.walk = Some((enumerator, false));
                    self.delivered = 0;
                }
                _ => self.enumeration_failed = true,
            },
            CallMethod::Next => {
                let asked = self.walk.map_or(0, |(enumerator, _)| enumerator);
                self.delivered = self.delivered.saturating_add(what.out.items.len());
                let ended = what.hr != HResult::S_OK || what.out.items.is_empty() || self.delivered > MOST_ITEMS;
                self.walk = Some((asked, ended));
            }
            _ => {}
        }
    }
}

fn give_callback() -> Instruction {
    Instruction::Call(Call::SetProgressCallback(SetProgressCallback { callback: Some(1) }))
}

/// Ends the session from wherever it stands.
fn leave(view: View<'_>) -> Instruction {
    match view.instance.interface() {
        Interface::Given(_) => Instruction::Close(None),
        Interface::NotGiven | Interface::Refused(_) | Interface::TakenBack => Instruction::Call(Call::Release),
    }
}

impl Plan for StandardPlan {
    fn server_calls(&mut self) -> Vec<ServerCall> {
        std::mem::take(&mut self.server)
    }

    fn opening(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.opening)
    }

    fn next(&mut self, view: View<'_>) -> Instruction {
        let state = view.instance.state();
        let open = !matches!(state, State::Created | State::Declined | State::Closed) && !state.is_end();
        if open && self.gave_up && view.instance.active().is_none() {
            return leave(view);
        }
        // What the user looks at may change the items: they are enumerated when it is closed.
        if open
            && !self.gave_up
            && view.instance.shown().is_none()
            && let Some(step) = self.enumerate(view)
        {
            return step;
        }
        match state {
            _ if open && view.cancelled && view.instance.is_in_window() => {
                self.skip_next(view).unwrap_or(Instruction::Wait(None))
            }
            State::Created => Instruction::Call(Call::Initialize(self.initialize.clone())),
            State::Declined | State::Closed => Instruction::Call(Call::Release),
            State::Initialized | State::Enumerated | State::Ready => {
                if view.instance.flags().settings()
                    && let Some(step) = self.show_next_properties(view)
                {
                    return step;
                }
                let items = self.selection.choose(view.instance);
                if items.is_empty() || self.enumeration_failed || view.cancelled || view.instance.flags().settings() {
                    return leave(view);
                }
                if view.instance.interface() == Interface::NotGiven {
                    return give_callback();
                }
                Instruction::Call(Call::PrepareForSync(PrepareForSync { items, hwnd: 0, reserved: self.reserved }))
            }
            State::PrepareReturned | State::SynchronizeReturned | State::ShowingError | State::ShowingProperties => {
                Instruction::Wait(None)
            }
            State::Preparing | State::Synchronizing => Instruction::Wait(None),
            State::Prepared if view.cancelled => Instruction::Close(None),
            State::Prepared => Instruction::Call(Call::Synchronize(Synchronize::default())),
            State::PrepareFailed | State::SynchronizeFailed => Instruction::Close(None),
            State::Synchronized => self.after_results(view),
            State::RetryDue if view.cancelled => Instruction::Close(None),
            State::RetryDue => {
                let items = view.instance.retry_due().unwrap_or_default().to_vec();
                Instruction::Call(Call::PrepareForSync(PrepareForSync { items, hwnd: 0, reserved: 0 }))
            }
            State::Released | State::Crashed | State::Hung => Instruction::Finish,
        }
    }

    fn observes_callbacks(&self) -> bool {
        false
    }

    fn observe(&mut self, event: &Event, _: &Session) -> bool {
        if let EventKind::Return { what, .. } = &event.kind {
            self.returned(what);
        }
        false
    }

    fn refused(&mut self, _: &Call, _: Refusal) {
        // A handler can bring about what this plan did not think of; then the session is closed in good order.
        self.gave_up = true;
    }
}
