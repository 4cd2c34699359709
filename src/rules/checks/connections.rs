//! Connections (CONN).

use crate::protocol::{CallMethod, Callback, HandlerFlags, Instance, Interface, Note, Phase, Profile, Session};
use crate::rules::ConnectionViolation;
use crate::rules::codes::*;
use crate::rules::judge::{EventRef, Judge};
use crate::rules::monitor::Context;

pub(crate) fn callback(cx: &mut Context<'_>, callback: &Callback) {
    let Callback::EstablishConnection(_) = callback else { return };
    let place = cx.place();
    // Windows Vista ignores the flag; without GetHandlerInfo nobody knows it.
    if cx.conditions.profile != Profile::Xp || !cx.watch().info_known {
        return;
    }
    let Some(instance) = cx.session.instance(cx.event.handler) else { return };
    let allowed = instance.handler_flags().has(HandlerFlags::MAYESTABLISHCONNECTION);
    cx.judge.check(place, CONN_01, allowed, || ConnectionViolation::NotAnnounced);
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    if let Note::ConnectionLost(_) = note {
        // What a handler does without its connection is not what it does with it.
        cx.disturb_all();
    }
    let Note::ConnectionClosed(args) = note else { return };
    let place = cx.place();
    let running = cx.session.instances().find(|instance| is_at_work(instance)).map(Instance::id);
    match running {
        Some(running) => {
            let name = args.name.clone();
            cx.judge.broken(place.concerning(running), CONN_02, ConnectionViolation::ClosedEarly { name });
        }
        None => cx.judge.kept(CONN_02),
    }
}

/// The instance prepares, or synchronizes, or is going to. One that is shown errors and properties has finished; one that
/// the manager has left needs nothing more.
fn is_at_work(instance: &Instance) -> bool {
    let (prepare, synchronize) = (instance.phase(CallMethod::PrepareForSync), instance.phase(CallMethod::Synchronize));
    let left = instance.interface() == Interface::TakenBack || instance.state().is_end();
    let waits_for_synchronize = prepare.is_done_ok() && synchronize == Phase::Idle;
    !left && (prepare.is_active() || synchronize.is_active() || waits_for_synchronize)
}

/// Once everything is over, nothing may be left open.
pub(crate) fn at_end(session: &Session, judge: &mut Judge, place: EventRef<'_>) {
    if session.is_over() && !session.connections().is_empty() {
        let count = session.connections().len() as u64;
        judge.broken(place, CONN_02, ConnectionViolation::LeftOpen { count });
    }
}
