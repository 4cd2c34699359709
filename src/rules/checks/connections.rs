//! Connections (CONN).

use crate::protocol::{Callback, HandlerFlags, Note, Profile, Session};
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
    let Note::ConnectionClosed(args) = note else { return };
    let place = cx.place();
    let running = cx.session.instances().find(|instance| !instance.state().is_end()).map(|instance| instance.id());
    match running {
        Some(running) => {
            let name = args.name.clone();
            cx.judge.broken(place, CONN_02, ConnectionViolation::ClosedEarly { name, running });
        }
        None => cx.judge.kept(CONN_02),
    }
}

/// Once everything is over, nothing may be left open.
pub(crate) fn at_end(session: &Session, judge: &mut Judge, place: EventRef<'_>) {
    if session.is_over() && !session.connections().is_empty() {
        let count = session.connections().len() as u64;
        judge.broken(place, CONN_02, ConnectionViolation::LeftOpen { count });
    }
}
