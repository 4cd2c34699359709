//! The user of an explored session: does something at a point where the protocol allows it, if the search says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::deviation::UserAction;
use super::lock;
use super::search::Search;
use crate::host::observer::Observer;
use crate::host::plan::{Instruction, View};
use crate::protocol::{Call, Callback, HandlerId, Instance, Interface, State, Wish};

pub(super) struct User {
    search: Arc<Mutex<Search>>,
    /// What is done with each instance as soon as its manager looks.
    wanted: BTreeMap<HandlerId, UserAction>,
}

impl User {
    pub(super) fn new(search: Arc<Mutex<Search>>) -> Self {
        Self { search, wanted: BTreeMap::new() }
    }
}

/// What the user can do with the instance now.
fn legal(instance: &Instance) -> Vec<UserAction> {
    let given = matches!(instance.interface(), Interface::Given(_));
    // It is released anyway.
    let leaves = matches!(instance.state(), State::Closed | State::Declined) || instance.state().is_end();
    let is_new = |call: &Call| match call {
        Call::SetItemStatus(args) => !instance.item(args.item).is_some_and(|item| item.skipped),
        // Its completion needs somewhere to go.
        Call::ShowProperties(_) => given,
        Call::SetProgressCallback(args) => args.callback.is_none() && given && !leaves,
        Call::Release => !given && !leaves,
        _ => true,
    };
    instance.legal_calls().iter().filter(|call| is_new(call)).filter_map(UserAction::of).collect()
}

impl Observer for User {
    fn intervene(&mut self, view: View<'_>) -> Option<Instruction> {
        let wanted = self.wanted.remove(&view.instance.id());
        let mut search = lock(&self.search);
        let action = match wanted {
            Some(action) => {
                search.acting = false;
                action
            }
            None => {
                search.apartment_ran();
                search.user(|| legal(view.instance))?
            }
        };
        let given = matches!(view.instance.interface(), Interface::Given(_));
        action.call(given).map(Instruction::Call)
    }

    fn may_act(&self) -> bool {
        true
    }

    fn acts(&mut self, view: View<'_>) -> bool {
        if self.wanted.contains_key(&view.instance.id()) {
            return true;
        }
        let mut search = lock(&self.search);
        let Some(action) = search.user(|| legal(view.instance)) else { return false };
        search.acting = true;
        self.wanted.insert(view.instance.id(), action);
        true
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        if !matches!(callback, Callback::Progress(_)) {
            return wish;
        }
        let cancels = || match view.session.standing(view.instance.id(), callback).is_expected() {
            true => vec![UserAction::CancelItem, UserAction::CancelAll],
            false => Vec::new(),
        };
        lock(&self.search).user(cancels).and_then(UserAction::wish).unwrap_or(wish)
    }
}
