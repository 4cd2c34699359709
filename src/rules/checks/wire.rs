//! The messages of handlers that are programs of their own (WIRE).

use crate::protocol::{Note, Return};
use crate::rules::Violation;
use crate::rules::codes::*;
use crate::rules::monitor::Context;

/// An answer that could be read.
pub(crate) fn returned(cx: &mut Context<'_>, _: &Return) {
    if cx.watch().wire {
        cx.judge.kept(WIRE_01);
    }
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    match note {
        Note::Created(created) => cx.watch().wire = created.wire,
        Note::Malformed(args) => {
            let place = cx.place();
            cx.judge.broken(place, WIRE_01, Violation::Message { what: args.what.clone(), text: args.text.clone() });
        }
        _ => {}
    }
}
