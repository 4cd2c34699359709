//! A session in a worker that stands still after every event, until its parent says how it goes on: what a debugger needs.
//!
//! The worker writes its events into the ring as always, and then that it stands still. The parent answers with what the user
//! wants, all of it each time: what is done is seen in the events that follow, and is wanted no more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::channel::{Channel, RecordKind};
use crate::host::{Hold, Instruction, Observer, View};
use crate::protocol::{
    Call, Callback, Event, EventKind, Guid, HandlerId, Instance, Interface, Refusal, Session, SetItemStatus,
    SetProgressCallback, ShowError, ShowProperties, Standing, Status, Text, Wish,
};
use crate::scenario::{Recording, Reply};

/// What the user wants done in a session, until it is done. The user speaks to the first instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Calls to make, in this order, when no call is open: `SetItemStatus`, `ShowError` and `ShowProperties`.
    pub calls: VecDeque<Call>,
    /// Replies to the next callbacks that fit; to `Progress`, of this item only.
    pub replies: Vec<(Reply, Option<Guid>)>,
    /// The replies to the next `Progress`, or to that of an item, are held until they are let go by hand.
    pub holds: Vec<Option<Guid>>,
    /// The session is being closed.
    pub releasing: bool,
}

/// A call that a user can want, as it is sent.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum WantedCall {
    Skip(Guid),
    ShowError(Guid),
    ShowProperties(Guid),
}

/// [`Wanted`], as it is sent.
#[derive(Default, Serialize, Deserialize)]
struct WantedWire {
    calls: Vec<WantedCall>,
    replies: Vec<(Reply, Option<Guid>)>,
    holds: Vec<Option<Guid>>,
    releasing: bool,
}

/// A call that the user wanted and the session machine refused, as it is sent.
#[derive(Serialize, Deserialize)]
struct Refused {
    call: Option<WantedCall>,
    why: Refusal,
}

impl Wanted {
    /// Takes the reply that is wanted for such a callback, which stands so.
    pub fn reply(&mut self, callback: &Callback, standing: Standing) -> Option<Reply> {
        let fits = |(reply, item): &(Reply, Option<Guid>)| {
            reply.answers() == callback.method()
                && match callback {
                    Callback::Progress(args) => item.is_none_or(|item| item == args.item),
                    Callback::EnableModeless(args) => args.enable,
                    _ => true,
                }
        };
        let at = self.replies.iter().position(fits).filter(|_| standing.is_expected())?;
        Some(self.replies.remove(at).0)
    }

    /// Whether the reply to such a callback, which stands so, is to be held. It is wanted no more then.
    pub fn hold(&mut self, callback: &Callback, standing: Standing) -> bool {
        let Callback::Progress(args) = callback else { return false };
        let fits = |item: &Option<Guid>| item.is_none_or(|item| item == args.item);
        match self.holds.iter().position(fits).filter(|_| standing.is_expected()) {
            Some(at) => {
                self.holds.remove(at);
                true
            }
            None => false,
        }
    }

    /// The next call that closes the session, while one is left.
    pub fn close(&self, instance: &Instance) -> Option<Call> {
        (self.releasing && instance.interface() != Interface::TakenBack).then(|| closing(instance))
    }

    /// The call that comes next.
    pub fn next(&self, instance: &Instance) -> Option<Call> {
        self.calls.front().cloned().or_else(|| self.close(instance))
    }

    /// Whether a call is wanted.
    pub fn is_some(&self) -> bool {
        self.releasing || !self.calls.is_empty()
    }

    /// What the next event does is wanted no more. `session` is the one before it.
    pub fn has_come(&mut self, event: &Event, session: &Session) {
        if event.handler != HandlerId::FIRST {
            return;
        }
        match &event.kind {
            EventKind::Call { what, .. } if self.calls.front() == Some(&**what) => drop(self.calls.pop_front()),
            EventKind::Callback { what, .. } => {
                let standing = session.standing(event.handler, what);
                self.hold(what, standing);
                let _ = self.reply(what, standing);
            }
            _ => {}
        }
    }

    /// The session machine refused a call that was wanted.
    pub fn was_refused(&mut self, call: &Call) {
        match call {
            Call::Release | Call::SetProgressCallback(_) => self.releasing = false,
            call if self.calls.front() == Some(call) => drop(self.calls.pop_front()),
            _ => {}
        }
    }

    fn to_wire(&self) -> Vec<u8> {
        let calls = self.calls.iter().filter_map(WantedCall::of).collect();
        let (replies, holds) = (self.replies.clone(), self.holds.clone());
        let wire = WantedWire { calls, replies, holds, releasing: self.releasing };
        // It can be written as JSON.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    pub(super) fn from_wire(bytes: &[u8]) -> Self {
        // What cannot be read was damaged by the handler, which can write there: then nothing is wanted.
        let WantedWire { calls, replies, holds, releasing } = serde_json::from_slice(bytes).unwrap_or_default();
        Self { calls: calls.into_iter().map(WantedCall::call).collect(), replies, holds, releasing }
    }
}

/// The call by which the manager begins to leave the session.
pub fn closing(instance: &Instance) -> Call {
    match instance.interface() {
        Interface::Given(_) => Call::SetProgressCallback(SetProgressCallback { callback: None }),
        _ => Call::Release,
    }
}

impl WantedCall {
    fn of(call: &Call) -> Option<Self> {
        match call {
            Call::SetItemStatus(args) => Some(Self::Skip(args.item)),
            Call::ShowError(args) => Some(Self::ShowError(args.error)),
            Call::ShowProperties(args) => Some(Self::ShowProperties(args.item)),
            _ => None,
        }
    }

    fn call(self) -> Call {
        match self {
            Self::Skip(item) => Call::SetItemStatus(SetItemStatus { item, status: Status::SKIPPED }),
            Self::ShowError(error) => Call::ShowError(ShowError { error, hwnd: 0 }),
            Self::ShowProperties(item) => Call::ShowProperties(ShowProperties { item, hwnd: 0 }),
        }
    }
}

/// Steers a session in a worker.
pub trait Steer {
    /// The session begins. `recording` is what the user does in it, where the terms ask for it.
    fn begins(&mut self, worker: SteeredWorker, recording: Option<Recording>);

    /// The session stands still: all that has happened was seen. Returns what the user wants when it goes on.
    fn stands_still(&mut self) -> Wanted;

    /// A call that the user wanted was refused, and not made.
    fn refused(&mut self, call: &Call, why: Refusal);

    /// Called again and again while nothing happens.
    fn idle(&mut self);
}

/// A worker whose session is steered, from the parent's side.
#[derive(Clone)]
pub struct SteeredWorker(pub(super) Arc<Channel>);

/// How long a worker may take to say what its threads do.
const MOST_ASKING: Duration = Duration::from_secs(5);

impl SteeredWorker {
    /// The process that says that it is the worker. Under Wine it does not know.
    pub fn pid(&self) -> Option<i32> {
        self.0.worker()
    }

    /// Whether the worker is there.
    pub fn has_begun(&self) -> bool {
        self.0.is_opened()
    }

    /// What the handler's threads do now; none where they do not say it in time.
    pub fn stacks(&self) -> Vec<String> {
        let asked = self.0.ask_for_stacks();
        let begun = Instant::now();
        loop {
            if let Some(text) = self.0.stacks_told(asked) {
                return String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
            }
            if begun.elapsed() > MOST_ASKING {
                return Vec::new();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// So many replies that are held by hand are let go, the oldest first.
    pub fn let_go(&self, many: u64) {
        self.0.let_go(many);
    }

    /// The session goes on.
    pub(super) fn go_on(&self, stop: u64, wanted: &Wanted) {
        self.0.answer_stop(stop, &wanted.to_wire());
    }
}

/// A refused call, as the worker says it.
pub(super) fn read_refused(bytes: &[u8]) -> Option<(Call, Refusal)> {
    let Refused { call, why } = serde_json::from_slice(bytes).ok()?;
    Some((call.map_or(Call::Release, WantedCall::call), why))
}

/// Until what a reply is held that somebody lets go by hand, in words.
pub const BY_HAND: &str = "it is let go by hand";

/// A hold that somebody ends by hand.
pub fn held_by_hand(let_go: impl Fn() -> bool + Send + 'static) -> Hold {
    Hold {
        until: BY_HAND.into(),
        call: None,
        for_time: false,
        at_most_ns: None,
        ends: Box::new(|_, _| false),
        by_hand: Some(Box::new(let_go)),
    }
}

/// What the handler's threads do, in lines. The argument says that the calling thread is one of them.
pub(super) type TellStacks = Arc<dyn Fn(bool) -> Vec<Text> + Send + Sync>;

/// The worker's side.
#[derive(Clone)]
pub(super) struct Steered {
    channel: &'static Channel,
    wanted: Arc<Mutex<Wanted>>,
    stops: u64,
    /// How many replies were held by hand.
    held: u64,
    stacks: TellStacks,
    /// Whether nobody is there to answer.
    gone: fn() -> bool,
}

impl Steered {
    pub(super) fn new(channel: &'static Channel, stacks: TellStacks, gone: fn() -> bool) -> Self {
        Self { channel, wanted: Arc::default(), stops: 0, held: 0, stacks, gone }
    }

    /// Says that the session stands still, and waits for the answer. Returns whether a call is wanted.
    pub(super) fn stand_still(&mut self) -> bool {
        self.stops += 1;
        self.channel.write(RecordKind::Stop, &self.stops.to_le_bytes(), self.gone);
        let begun = Instant::now();
        let answer = loop {
            if let Some(answer) = self.channel.stop_answered(self.stops) {
                break answer;
            }
            if self.channel.wishes().1 || (self.gone)() {
                return false;
            }
            tell_stacks(self.channel, &self.stacks, true);
            // The parent answers soon, or a person thinks.
            match begun.elapsed() {
                short if short < Duration::from_millis(2) => std::thread::yield_now(),
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = Wanted::from_wire(&answer);
        wanted.is_some()
    }
}

/// Says what the handler's threads do, if the parent asks. `calling` says that the calling thread is one of them.
pub(super) fn tell_stacks(channel: &Channel, stacks: &TellStacks, calling: bool) {
    if let Some(asked) = channel.stacks_asked() {
        let lines: Vec<String> = stacks(calling).iter().map(ToString::to_string).collect();
        channel.tell_stacks(asked, lines.join("\n").as_bytes());
    }
}

impl Observer for Steered {
    fn intervene(&mut self, view: View<'_>) -> Option<Instruction> {
        if view.instance.id() != HandlerId::FIRST {
            return None;
        }
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.calls.pop_front().or_else(|| wanted.close(view.instance)).map(Instruction::Call)
    }

    fn user_comes_first(&self) -> bool {
        true
    }

    fn wanted(&self, view: View<'_>) -> Option<Call> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        (view.instance.id() == HandlerId::FIRST).then(|| wanted.next(view.instance)).flatten()
    }

    fn may_hold(&self) -> bool {
        true
    }

    fn hold(&mut self, view: View<'_>, callback: &Callback) -> Option<Hold> {
        if view.instance.id() != HandlerId::FIRST {
            return None;
        }
        let standing = view.session.standing(view.instance.id(), callback);
        if !self.wanted.lock().unwrap_or_else(PoisonError::into_inner).hold(callback, standing) {
            return None;
        }
        self.held += 1;
        let (channel, number) = (self.channel, self.held);
        Some(held_by_hand(move || channel.many_let_go() >= number))
    }

    fn wish(&mut self, view: View<'_>, callback: &Callback, wish: Wish) -> Wish {
        if view.instance.id() != HandlerId::FIRST {
            return wish;
        }
        let standing = view.session.standing(view.instance.id(), callback);
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.reply(callback, standing).map_or(wish, Wish::from)
    }

    fn refused(&mut self, call: &Call, why: Refusal, by_plan: bool) {
        if by_plan {
            return;
        }
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).was_refused(call);
        let refused = Refused { call: WantedCall::of(call), why };
        self.channel.write(RecordKind::Refused, &serde_json::to_vec(&refused).unwrap_or_default(), self.gone);
    }
}
