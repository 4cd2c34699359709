//! The user at the screen: what they do while a session runs, and when its results are there.
//!
//! The manager's window stays open until the user closes it: a session whose results have an error that can be shown waits for
//! that. In real time the user acts by [`Controls::act`](super::Controls::act); in virtual time, where nothing happens by itself,
//! they are asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::observer::Observer;
use super::plan::{Instruction, View};
use crate::protocol::{
    Call, Callback, Guid, HandlerId, Instance, Refusal, SetItemStatus, ShowError, State, Status, Wish,
};

/// What the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Skips an item.
    Skip(Guid),
    /// Skips every item of the handler that has not ended.
    SkipAll,
    /// Looks at an error.
    ShowError(Guid),
    /// Is done with the results.
    Close,
}

/// What users have done and nobody has heeded, in order.
pub(super) type Acts = Arc<Mutex<VecDeque<(HandlerId, Act)>>>;

/// Asks the user of a session in virtual time what they do with the results of this instance: look at an error, or close.
#[derive(Clone)]
pub struct AskUser(Arc<dyn Fn(&Instance) -> Act + Send + Sync>);

impl AskUser {
    /// Asks by this.
    pub fn new(ask: impl Fn(&Instance) -> Act + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl fmt::Debug for AskUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskUser")
    }
}

/// Whether the results are there: the user looks at them.
pub fn has_results(instance: &Instance) -> bool {
    matches!(instance.state(), State::Synchronized | State::PrepareFailed | State::SynchronizeFailed)
}

/// Does in a session what the user does.
pub(super) struct Desk {
    acts: Acts,
    ask: Option<AskUser>,
    of: BTreeMap<HandlerId, Own>,
}

/// What the user has done with an instance.
#[derive(Default)]
struct Own {
    /// The round that it is about.
    round: u32,
    /// The items to skip: `Progress` is answered so, and the handler is told when it may be.
    skipped: BTreeSet<Guid>,
    /// Those of them that the handler was not told of.
    to_tell: Vec<Guid>,
    errors: VecDeque<Guid>,
    closed: bool,
}

impl Desk {
    pub(super) fn new(acts: Acts, ask: Option<AskUser>) -> Self {
        Self { acts, ask, of: BTreeMap::new() }
    }

    /// Takes in what the user has done with this instance.
    fn heed(&mut self, instance: &Instance) {
        let id = instance.id();
        let own = self.of.entry(id).or_default();
        if own.round != instance.round() {
            (own.round, own.closed) = (instance.round(), false);
            own.skipped.clear();
            own.to_tell.clear();
        }
        let mut acts = self.acts.lock();
        while let Some(at) = acts.iter().position(|(of, _)| *of == id) {
            match acts.remove(at).map(|(_, act)| act) {
                Some(Act::Skip(item)) => own.skip(instance, item),
                Some(Act::SkipAll) => {
                    let all: Vec<Guid> = instance.prepared().map(|(item, _)| item).collect();
                    all.into_iter().for_each(|item| own.skip(instance, item));
                }
                Some(Act::ShowError(error)) => own.errors.push_back(error),
                Some(Act::Close) => own.closed = true,
                None => break,
            }
        }
    }
}

/// Whether the item is one of this round, and has not ended.
fn goes_on(instance: &Instance, item: Guid) -> bool {
    instance.item(item).is_some_and(|known| known.prepared && !known.status.is_some_and(Status::is_final))
}

impl Own {
    fn skip(&mut self, instance: &Instance, item: Guid) {
        if goes_on(instance, item) && self.skipped.insert(item) {
            self.to_tell.push(item);
        }
    }

    /// The next call that the user wants and that may be made now.
    fn call(&mut self, view: View<'_>) -> Option<Call> {
        let instance = view.instance;
        self.to_tell.retain(|item| goes_on(instance, *item));
        if instance.is_in_window() && !self.to_tell.is_empty() {
            let item = self.to_tell.remove(0);
            return Some(Call::SetItemStatus(SetItemStatus { item, status: Status::SKIPPED }));
        }
        while let Some(error) = self.errors.front().copied() {
            let call = Call::ShowError(ShowError { error, hwnd: 0 });
            match instance.may(view.thread, &call) {
                Err(Refusal::Busy) => return None,
                may => {
                    self.errors.pop_front();
                    // The handler may have deleted it meanwhile.
                    if may.is_ok() {
                        return Some(call);
                    }
                }
            }
        }
        None
    }
}

impl Observer for Desk {
    fn intervene(&mut self, view: View<'_>) -> Option<Instruction> {
        self.heed(view.instance);
        if view.cancelled {
            return None;
        }
        let own = self.of.get_mut(&view.instance.id())?;
        if let Some(call) = own.call(view) {
            return Some(Instruction::Call(call));
        }
        let is_looked_at = has_results(view.instance) && view.instance.jump_errors().next().is_some();
        if !is_looked_at || own.closed {
            return None;
        }
        let Some(AskUser(ask)) = &self.ask else { return Some(Instruction::Wait(None)) };
        match ask(view.instance) {
            Act::ShowError(error) => own.errors.push_back(error),
            _ => own.closed = true,
        }
        own.call(view).map(Instruction::Call)
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        let Callback::Progress(args) = callback else { return wish };
        if wish != Wish::None {
            return wish;
        }
        self.heed(view.instance);
        let is_skipped = self.of.get(&view.instance.id()).is_some_and(|own| own.skipped.contains(&args.item));
        if is_skipped { Wish::CancelItem } else { wish }
    }
}
