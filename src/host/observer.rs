//! Whoever looks on while a session runs, and may speak for its user.

use super::hold::Hold;
use super::plan::{Instruction, View};
use crate::protocol::{Call, Callback, Event, Note, Refusal, Session, Thread, Wish};

/// Looks on while a session runs. Called under the session's lock, for the events of every instance: it must be quick, and
/// must not block.
///
/// A session has one plan per instance and any number of observers. They are asked in the order in which they were added;
/// each sees what the plan, or an observer before it, decided.
pub trait Observer: Send {
    /// What the manager does next instead of what the plan would say: the user of a debugger wants it so. The plan is asked
    /// if no observer answers.
    fn intervene(&mut self, view: View<'_>) -> Option<Instruction> {
        let _ = view;
        None
    }

    /// Whether [`intervene`](Self::intervene) may ever answer for a user whose calls come before whatever the handler does
    /// next. Asked once, before the session begins.
    fn user_comes_first(&self) -> bool {
        false
    }

    /// The call that [`intervene`](Self::intervene) would give next for such a user.
    fn wanted(&self, view: View<'_>) -> Option<Call> {
        let _ = view;
        None
    }

    /// Whether [`acts`](Self::acts) may ever say yes. Asked once, before the session begins.
    fn may_act(&self) -> bool {
        false
    }

    /// Whether the user does something with this instance now, while the manager waits (virtual clock only). If so,
    /// [`intervene`](Self::intervene) is asked next.
    fn acts(&mut self, view: View<'_>) -> bool {
        let _ = view;
        false
    }

    /// What the manager does next was decided. `by_plan` says that no observer intervened.
    fn decided(&mut self, view: View<'_>, instruction: &Instruction, by_plan: bool) {
        let _ = (view, instruction, by_plan);
    }

    /// Whether a call that was decided may be made now. If not, it is decided anew when something happens, or after a moment.
    fn may_begin(&self, view: View<'_>, call: &Call) -> bool {
        let _ = (view, call);
        true
    }

    /// Whether [`hold`](Self::hold) may ever answer. Asked once, before the session begins.
    fn may_hold(&self) -> bool {
        false
    }

    /// How long the reply to a callback is held that the plan does not hold; asked before [`wish`](Self::wish).
    fn hold(&mut self, view: View<'_>, callback: &Callback) -> Option<Hold> {
        let _ = (view, callback);
        None
    }

    /// What a callback is to be answered with: `wish` is what was decided so far.
    fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        let _ = (view, callback);
        wish
    }

    /// An event, and the session after it. `woken` says that the plan, or an observer before this one,
    /// has woken the apartment thread for it; true wakes it.
    fn event(&mut self, event: &Event, session: &Session, woken: bool) -> bool {
        let _ = (event, session, woken);
        false
    }

    /// The session machine refused the call that was decided last; it was not made. `by_plan` as in
    /// [`Observer::decided`].
    fn refused(&mut self, call: &Call, why: Refusal, by_plan: bool) {
        let _ = (call, why, by_plan);
    }

    /// Whether there is something to note about the event that was observed last. Asked after every event: it must be quick.
    fn has_notes(&self) -> bool {
        false
    }

    /// What there is to note, each with the thread that it concerns.
    fn take_notes(&mut self) -> Vec<(Thread, Note)> {
        Vec::new()
    }
}

/// The observers of a session, in their order.
#[derive(Default)]
pub(super) struct Observers(pub(super) Vec<Box<dyn Observer>>);

impl Observers {
    pub(super) fn intervene(&mut self, view: View<'_>) -> Option<Instruction> {
        self.0.iter_mut().find_map(|observer| observer.intervene(view))
    }

    /// The call that a user wants who comes before the handler.
    pub(super) fn wanted(&self, view: View<'_>) -> Option<Call> {
        self.0.iter().find_map(|observer| observer.wanted(view))
    }

    /// Whether one of the observers acts for the user.
    pub(super) fn act(&mut self, view: View<'_>) -> bool {
        self.0.iter_mut().any(|observer| observer.acts(view))
    }

    pub(super) fn hold(&mut self, view: View<'_>, callback: &Callback) -> Option<Hold> {
        self.0.iter_mut().find_map(|observer| observer.hold(view, callback))
    }

    pub(super) fn decided(&mut self, view: View<'_>, instruction: &Instruction, by_plan: bool) {
        self.0.iter_mut().for_each(|observer| observer.decided(view, instruction, by_plan));
    }

    pub(super) fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        self.0.iter_mut().fold(wish, |wish, observer| observer.wish(view, callback, wish))
    }

    pub(super) fn may_begin(&self, view: View<'_>, call: &Call) -> bool {
        self.0.iter().all(|observer| observer.may_begin(view, call))
    }

    /// `woken` says that the plan has woken the apartment thread; true that one of the observers wakes it.
    pub(super) fn event(&mut self, event: &Event, session: &Session, woken: bool) -> bool {
        let mut wakes = false;
        for observer in &mut self.0 {
            wakes |= observer.event(event, session, woken | wakes);
        }
        wakes
    }

    pub(super) fn refused(&mut self, call: &Call, why: Refusal, by_plan: bool) {
        self.0.iter_mut().for_each(|observer| observer.refused(call, why, by_plan));
    }

    /// What the observers have to note.
    pub(super) fn take_notes(&mut self) -> Vec<(Thread, Note)> {
        let with_notes = self.0.iter_mut().filter(|observer| observer.has_notes());
        with_notes.flat_map(|observer| observer.take_notes()).collect()
    }

    #[inline]
    pub(super) fn have_notes(&self) -> bool {
        self.0.iter().any(|observer| observer.has_notes())
    }
}
