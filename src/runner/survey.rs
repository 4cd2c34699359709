//! What a handler has to offer: a session in which the user chooses nothing.

use super::Enumeration;
use super::run::{Isolation, RunError, RunOptions, run};
use crate::host::Selection;
use crate::job::{Handler, Standard, Terms};
use crate::protocol::{CallMethod, Event, EventKind, HandlerFlags, Initialize, Item, Outcome, Text};

/// What a handler says of itself and of its items.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The name that `GetHandlerInfo` gives.
    pub name: Option<Text>,
    /// What `GetHandlerInfo` says that it can do.
    pub flags: HandlerFlags,
    /// Its items.
    pub items: Vec<Item>,
    /// What it enumerated.
    pub enumeration: Enumeration,
    /// How the session ended; [`Outcome::NothingPrepared`] if all went well.
    pub outcome: Outcome,
}

/// Asks a handler for its name and its items, in a session with these arguments of `Initialize` that synchronizes nothing.
///
/// # Errors
/// When the session cannot begin: the handler cannot be started, or its library does not have the class.
pub fn survey(handler: &Handler, initialize: &Initialize, isolation: Isolation) -> Result<Survey, RunError> {
    let initialize = initialize.clone();
    let terms =
        Terms::standard(Standard { initialize, selection: Selection::Nothing, retries: 0, ..Standard::default() });
    let terms = Terms { session_ns: Terms::usual_session_ns(handler), ..terms };
    let mut events: Vec<Event> = Vec::new();
    let session = run(handler, &terms, &RunOptions { isolation, ..RunOptions::default() }, &mut events)?;
    let returns = |method: CallMethod| {
        events.iter().rev().find_map(move |event| match &event.kind {
            EventKind::Return { what, .. } if what.method == method => Some(what),
            _ => None,
        })
    };
    let mut enumeration = Enumeration::default();
    events.iter().for_each(|event| enumeration.observe(event));
    let instance = session.judged.session().instances().next();
    Ok(Survey {
        name: returns(CallMethod::GetHandlerInfo).and_then(|info| info.out.info.as_ref()).map(|info| info.name.clone()),
        flags: instance.map(|instance| instance.handler_flags()).unwrap_or_default(),
        items: instance.map(|instance| instance.items().listed().cloned().collect()).unwrap_or_default(),
        enumeration,
        outcome: instance.map_or(Outcome::Unfinished, |instance| instance.outcome()),
    })
}
