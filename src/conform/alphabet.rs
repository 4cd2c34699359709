//! What the manager and the user can do in a session with a known handler, one thing a step.

use super::Known;
use crate::protocol::{CallMethod, CallbackMethod, Delay, HandlerFlags, Item, ItemFlags, State};
use crate::scenario::{Action, CallbackPattern, ErrorRef, EventPattern, Hold, ItemRef, Reply, Step, Trigger, Until};

/// Every step that has an occasion in a session with this handler: what the random sessions are made of, and what a
/// shorter scenario is looked for among.
///
/// `settings` asks for the steps of a session for configuration instead.
pub fn alphabet(known: &Known, settings: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if settings {
        properties(known, &mut steps);
        replies(Reply::RefuseDialog, known.dialogs, &mut steps);
    } else {
        known.items.iter().for_each(|item| of_item(known, item, &mut steps));
        for nth in first_middle_last(known.all_reports()) {
            steps.push(on_callback(CallbackMethod::Progress, nth, None, Action::Reply(Reply::CancelAll)));
        }
        replies(Reply::RefuseDialog, known.dialogs, &mut steps);
        replies(Reply::FailConnection, known.connections, &mut steps);
        if known.jump_errors > 0 {
            for nth in 1..=2 {
                steps.push(in_state(State::Synchronized, nth, Action::ShowError(ErrorRef::First)));
            }
        }
    }
    let left = [State::Closed, State::Released, State::Crashed, State::Hung, State::Declined];
    for state in known.states.iter().filter(|state| !left.contains(state)) {
        steps.push(in_state(*state, 1, Action::Release));
    }
    steps.push(in_state(State::Prepared, 1, Action::Wait(Delay(5_000_000))));
    steps
}

fn of_item(known: &Known, item: &Item, steps: &mut Vec<Step>) {
    let name = || ItemRef::to(item.id, &known.items);
    for window in [State::PrepareReturned, State::SynchronizeReturned] {
        if known.states.contains(&window) {
            steps.push(in_state(window, 1, Action::Skip(name())));
        }
    }
    for nth in first_middle_last(known.reports.get(&item.id).copied().unwrap_or(0)) {
        steps.push(on_callback(CallbackMethod::Progress, nth, Some(name()), Action::Reply(Reply::CancelItem)));
        if known.states.contains(&State::SynchronizeReturned) {
            steps.push(on_callback(CallbackMethod::Progress, nth, Some(name()), Action::Skip(name())));
        }
    }
}

fn properties(known: &Known, steps: &mut Vec<Step>) {
    if known.flags.has(HandlerFlags::HASPROPERTIES) {
        steps.push(in_state(State::Enumerated, 1, Action::ShowProperties(ItemRef("handler".to_owned()))));
    }
    for item in known.items.iter().filter(|item| item.flags.has(ItemFlags::HASPROPERTIES)) {
        let name = ItemRef::to(item.id, &known.items);
        steps.push(in_state(State::Enumerated, 1, Action::ShowProperties(name)));
    }
}

/// The reply to each callback of which there are so many.
fn replies(reply: Reply, many: u32, steps: &mut Vec<Step>) {
    for nth in first_middle_last(many) {
        steps.push(on_callback(reply.answers(), nth, None, Action::Reply(reply)));
    }
}

/// The first of so many, one in the middle, and the last.
pub(super) fn first_middle_last(many: u32) -> impl Iterator<Item = u32> {
    let mut chosen = vec![1, many.div_ceil(2), many];
    chosen.retain(|nth| (1..=many).contains(nth));
    chosen.dedup();
    chosen.into_iter()
}

pub(super) fn in_state(state: State, nth: u32, action: Action) -> Step {
    Step::new(Trigger::State { state, nth }, action)
}

/// Holds the reply to the `nth` report, of an item or of any, until that.
pub(super) fn hold(nth: u32, item: Option<ItemRef>, until: Until) -> Step {
    on_callback(CallbackMethod::Progress, nth, item, Action::Hold(Hold { until, at_most: None }))
}

/// The item was skipped: `SetItemStatus` has returned.
pub(super) fn until_skipped(item: &ItemRef) -> Until {
    let event = Box::new(EventPattern::returned(CallMethod::SetItemStatus));
    Until::Event { event, of_call: Some(item.clone()), nth: None, instance: None }
}

/// How long a handler may wait for its threads while its callback is taken back, before their held reports return. Where it waits
/// for them, this is what it costs.
const WAITS_FOR_THREADS: Delay = Delay(300_000_000);

/// Holds the reply to the `nth` report until the callback is being taken back: the second call of `SetProgressCallback` begins.
pub(super) fn hold_until_leaving(nth: u32) -> Step {
    hold(nth, None, second(EventPattern::called(CallMethod::SetProgressCallback)))
}

/// Holds the reply to the `nth` report until the callback was taken back, and the handler knows: what it reports then is too late,
/// whoever is quicker.
pub(super) fn hold_until_left(nth: u32) -> Step {
    let until = second(EventPattern::returned(CallMethod::SetProgressCallback));
    let hold = Action::Hold(Hold { until, at_most: Some(WAITS_FOR_THREADS) });
    on_callback(CallbackMethod::Progress, nth, None, hold)
}

fn second(event: EventPattern) -> Until {
    Until::Event { event: Box::new(event), of_call: None, nth: Some(2), instance: None }
}

pub(super) fn on_callback(callback: CallbackMethod, nth: u32, item: Option<ItemRef>, action: Action) -> Step {
    let when = Trigger::Callback(CallbackPattern { callback, nth, item, status: None, thread: None });
    Step::new(when, action)
}
