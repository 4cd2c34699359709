//! One of several handlers in a session, each in a worker of its own: the worker's side, and what both sides say.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::channel::{Channel, RecordKind};
use super::steer::Wanted;
use crate::host::{Observer, View};
use crate::protocol::{Call, Callback, Wish};
use crate::scenario::Reply;

/// The manager must not call `PrepareForSync` yet.
pub(super) const PREPARE: u64 = 1;
/// The manager must not call `Synchronize` yet.
pub(super) const SYNCHRONIZE: u64 = 2;
/// Neither of them.
pub(super) const ALL: u64 = PREPARE | SYNCHRONIZE;

/// Asks the parent what depends on the other handlers.
pub(super) struct Member {
    channel: &'static Channel,
    questions: AtomicU64,
    /// Whether nobody is there to answer.
    gone: fn() -> bool,
}

impl Member {
    pub(super) fn new(channel: &'static Channel, gone: fn() -> bool) -> Self {
        Self { channel, questions: AtomicU64::new(0), gone }
    }

    /// Whether no other handler shows a dialog. From now on this one does, if the manager grants it.
    fn may_show_dialog(&self) -> bool {
        let question = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        self.channel.write(RecordKind::Stop, &question.to_le_bytes(), self.gone);
        let begun = Instant::now();
        loop {
            if let Some(answer) = self.channel.stop_answered(question) {
                return Wanted::from_wire(&answer).replies.is_empty();
            }
            if self.channel.wishes().1 || (self.gone)() {
                return false;
            }
            match begun.elapsed() {
                short if short < Duration::from_millis(2) => std::thread::yield_now(),
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

/// The parent's answer to the question for a dialog.
pub(super) fn answer(may_show_dialog: bool) -> Wanted {
    let replies = if may_show_dialog { Vec::new() } else { vec![(Reply::RefuseDialog, None)] };
    Wanted { replies, ..Wanted::default() }
}

/// The machine's clock at that time of the wall clock, in nanoseconds since 1970, if it goes back so far.
pub(super) fn since(wall_ns: u64) -> Option<Instant> {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_nanos(wall_ns)).unwrap_or_default();
    Instant::now().checked_sub(passed)
}

/// The time of the wall clock, in nanoseconds since 1970.
pub(super) fn wall_ns() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
}

impl Observer for Member {
    fn may_begin(&self, _: View<'_>, call: &Call) -> bool {
        let bit = match call {
            Call::PrepareForSync(_) => PREPARE,
            Call::Synchronize(_) => SYNCHRONIZE,
            _ => 0,
        };
        self.channel.forbidden() & bit == 0
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        let Callback::EnableModeless(args) = callback else { return wish };
        let asks =
            args.enable && wish == Wish::None && view.session.standing(view.instance.id(), callback).is_expected();
        if asks && !self.may_show_dialog() { Wish::RefuseDialog } else { wish }
    }
}
