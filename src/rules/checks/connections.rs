//! Connections (CONN).

use crate::protocol::{Callback, HandlerFlags, Note, Profile, Session};
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
    cx.judge.check(place, CONN_01, allowed, || {
        "EstablishConnection was called, but SyncMgrHandlerFlags has no MAYESTABLISHCONNECTION".to_owned()
    });
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    let Note::ConnectionClosed(args) = note else { return };
    let place = cx.place();
    let running = cx.session.instances().find(|instance| !instance.state().is_end()).map(|instance| instance.id());
    cx.judge.check(place, CONN_02, running.is_none(), || {
        let name =
            args.name.as_ref().map_or("the default connection".to_owned(), |name| format!("connection {name:?}"));
        let running = running.map_or(String::new(), |id| id.to_string());
        format!("{name} was closed while handler {running} had not ended")
    });
}

/// Once everything is over, nothing may be left open.
pub(crate) fn at_end(session: &Session, judge: &mut Judge, place: EventRef<'_>) {
    if session.is_over() && !session.connections().is_empty() {
        let left = session.connections().len();
        judge.broken(place, CONN_02, format!("every handler has ended, and {left} connections were not closed"));
    }
}
