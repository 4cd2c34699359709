//! What a handler has to offer: a session in which the user chooses nothing.

use super::run::{Isolation, RunError, RunOptions, run};
use crate::host::Selection;
use crate::job::{Handler, Standard, Terms};
use crate::protocol::{CallMethod, Event, EventKind, HResult, Initialize, Item, Outcome, SyncEvent, SyncFlags, Text};

/// What a handler says of itself and of its items.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The name that `GetHandlerInfo` gives.
    pub name: Option<Text>,
    /// What the last `EnumSyncMgrItems` returned.
    pub enumerated: Option<HResult>,
    /// Its items.
    pub items: Vec<Item>,
    /// How the session ended; [`Outcome::NothingPrepared`] if all went well.
    pub outcome: Outcome,
}

/// Asks a handler for its name and its items, in a session that synchronizes nothing.
///
/// # Errors
/// When the session cannot begin: the handler cannot be started, or its library does not have the class.
pub fn survey(handler: &Handler, isolation: Isolation) -> Result<Survey, RunError> {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0));
    let terms = Terms::standard(Standard { initialize, selection: Selection::Nothing, retries: 0 });
    let terms = Terms { session_ns: Terms::usual_session_ns(handler), ..terms };
    let mut events: Vec<Event> = Vec::new();
    let session = run(handler, &terms, &RunOptions { isolation, ..RunOptions::default() }, &mut events)?;
    let returns = |method: CallMethod| {
        events.iter().rev().find_map(move |event| match &event.kind {
            EventKind::Return { what, .. } if what.method == method => Some(what),
            _ => None,
        })
    };
    let instance = session.judged.session().instances().next();
    Ok(Survey {
        name: returns(CallMethod::GetHandlerInfo).and_then(|info| info.out.info.as_ref()).map(|info| info.name.clone()),
        enumerated: returns(CallMethod::EnumSyncMgrItems).map(|returned| returned.hr),
        items: instance.map(|instance| instance.items().listed().cloned().collect()).unwrap_or_default(),
        outcome: instance.map_or(Outcome::Unfinished, |instance| instance.outcome()),
    })
}
