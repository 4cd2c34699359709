//! The messages of handlers that are programs of their own (WIRE).

use crate::protocol::{Note, Return};
use crate::rules::codes::*;
use crate::rules::monitor::Context;

/// An answer that could be read.
pub(crate) fn returned(cx: &mut Context<'_>, _: &Return) {
    if cx.watch().wire {
        let place = cx.place();
        cx.judge.check(place, WIRE_01, true, String::new);
    }
}

pub(crate) fn note(cx: &mut Context<'_>, note: &Note) {
    match note {
        Note::Created(created) => cx.watch().wire = created.wire,
        Note::Malformed(args) => {
            let place = cx.place();
            cx.judge.broken(place, WIRE_01, format!("{}: {}", args.what, args.text));
        }
        _ => {}
    }
}
