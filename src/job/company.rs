//! Several handlers in one session, each in a worker of its own: their events become one trace, and what one may do depends on
//! how far the others are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::channel::Channel;
use super::isolated::{Company, Membership, Workers, isolated_in};
use super::{Conduct, Handler, JobEnd, Terms, member};
use crate::handler::CreateError;
use crate::host::{Act, Controller, Controls, Drain, Ran, closing_notes};
use crate::protocol::{
    CallId, CallMethod, Callback, Event, EventKind, HandlerId, Note, Preparations, Preparing, Profile, Session, Stack,
    Thread,
};

/// How often the trace goes on.
const TICK: Duration = Duration::from_millis(4);

/// How many events back a stack can say at which it was taken.
const REMEMBERED: usize = 4096;

/// As [`isolated`](super::isolated), for each [member](Handler::members) of a handler, side by side: one that crashes or hangs
/// ends its own worker, and no other.
///
/// # Errors
/// When no worker can be started, or no instance can be created. What is wrong with one of them is in [`Ran::not_created`].
pub fn in_workers(
    workers: &Workers,
    handler: &Handler,
    terms: &Terms,
    started: impl FnOnce(Controls),
    drain: &mut dyn Drain,
) -> Result<JobEnd, CreateError> {
    let members = handler.members();
    let shared = Together {
        since: Instant::now(),
        wall_ns: member::wall_ns(),
        profile: terms.profile,
        state: Mutex::new(State {
            members: members.iter().map(|_| MemberState::default()).collect(),
            dialog: None,
            latest_ns: 0,
        }),
        changed: Condvar::new(),
    };
    let reach = Arc::new(Reach::default());
    started(Controls::new(Arc::<Reach>::clone(&reach)));
    let mut merged = Merged {
        session: Session::default(),
        next_seq: 1,
        next_call: 1,
        at_ns: 0,
        open: HashMap::new(),
        seqs: vec![BTreeMap::new(); members.len()],
    };
    std::thread::scope(|scope| {
        for (at, one) in members.iter().enumerate() {
            let (shared, reach, terms) = (&shared, Arc::clone(&reach), terms.of_member(at));
            let run = move || {
                let mut seat = Seat { shared, at };
                let mut heard = |events: Vec<Event>, session: &Session| shared.heard(at, events, session);
                let started = |controls| reach.begins(at, controls);
                let company = Company::Among(&mut seat);
                let ended = isolated_in(workers, one, &terms, started, &mut heard, company);
                shared.ended(at, ended);
            };
            let thread = std::thread::Builder::new().name(format!("handler {}", at + 1)).spawn_scoped(scope, run);
            if let Err(error) = thread {
                let why = format!("cannot start a thread to wait for a worker: {error}");
                shared.ended(at, Err(CreateError { handler: one.name(), why }));
            }
        }
        loop {
            let (events, over) = shared.take();
            merged.pass(events, drain);
            if over {
                break;
            }
        }
    });
    let notes = closing_notes(&merged.session).into_iter().map(|note| {
        let kind = EventKind::Note(Box::new(note));
        (0, Event { seq: 0, at_ns: merged.at_ns, thread: Thread::APARTMENT, handler: HandlerId::FIRST, kind })
    });
    let notes = notes.collect();
    merged.pass(notes, drain);
    end(shared, merged.session)
}

/// What came of all.
fn end(shared: Together, session: Session) -> Result<JobEnd, CreateError> {
    let mut ran = Ran { session, left: None, exhausted: false, output: None, not_created: Vec::new() };
    let (mut steps, mut outputs) = (Vec::new(), Vec::new());
    let members = shared.state.into_inner().members;
    let many = members.len();
    for (ended, number) in members.into_iter().filter_map(|member| member.ended).zip(1..) {
        match ended {
            Ok(JobEnd { ran: own, steps: own_steps, .. }) => {
                ran.left = ran.left.or(own.left);
                ran.exhausted |= own.exhausted;
                outputs.extend(own.output);
                steps.extend(own_steps);
            }
            Err(error) => {
                steps.extend(std::iter::once(crate::scenario::StepOutcomes::default()));
                ran.not_created.push((HandlerId(number), error));
            }
        }
    }
    ran.output = (!outputs.is_empty()).then(|| outputs.join("\n"));
    match ran.not_created.first() {
        Some((_, error)) if ran.not_created.len() == many => Err(error.clone()),
        _ => Ok(JobEnd { ran, steps, recording: None }),
    }
}

impl Terms {
    /// Those of the session with the handler at this place alone.
    fn of_member(&self, at: usize) -> Self {
        let conduct = match &self.conduct {
            Conduct::Several(each) => Conduct::Standard(each.get(at).cloned().unwrap_or_default()),
            Conduct::Scenario(scenario) => Conduct::Scenario(Box::new(scenario.of_handler(at))),
            Conduct::Standard(standard) => Conduct::Standard(standard.clone()),
        };
        Self { conduct, record: false, ..self.clone() }
    }
}

/// Reaches into every worker.
#[derive(Default)]
struct Reach(Mutex<Reached>);

#[derive(Default)]
struct Reached {
    /// Each by its place.
    workers: BTreeMap<usize, Controls>,
    cancelled: bool,
    left: bool,
}

impl Reach {
    /// One more worker can be reached: what was wanted before is wanted of it too.
    fn begins(&self, at: usize, controls: Controls) {
        let mut reached = self.0.lock();
        if reached.cancelled {
            controls.cancel_all();
        }
        if reached.left {
            controls.leave();
        }
        reached.workers.insert(at, controls);
    }
}

impl Controller for Reach {
    fn cancel_all(&self) {
        let mut reached = self.0.lock();
        reached.cancelled = true;
        reached.workers.values().for_each(Controls::cancel_all);
    }

    fn leave(&self) {
        let mut reached = self.0.lock();
        reached.left = true;
        reached.workers.values().for_each(Controls::leave);
    }

    fn act(&self, handler: HandlerId, act: Act) {
        let at = (handler.0 as usize).wrapping_sub(1);
        if let Some(worker) = self.0.lock().workers.get(&at) {
            worker.act(HandlerId::FIRST, act);
        }
    }
}

/// What the threads of the members share.
struct Together {
    since: Instant,
    wall_ns: u64,
    profile: Profile,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    members: Vec<MemberState>,
    /// Who shows a dialog, or was told that it may.
    dialog: Option<usize>,
    /// The time of the newest event of all.
    latest_ns: u64,
}

/// How far a member is.
#[derive(Default)]
struct MemberState {
    channel: Option<Arc<Channel>>,
    /// What was received and is not in the trace yet.
    events: VecDeque<Event>,
    /// All that happened before this time was received.
    looked_ns: u64,
    /// Nothing that comes from now on happened before this time: it was told then what it may do.
    not_before_ns: u64,
    preparing: Preparing,
    /// It was told that it may show a dialog, and has not done so yet.
    asked_dialog: bool,
    ended: Option<Result<JobEnd, CreateError>>,
}

impl Together {
    /// Events of the member came.
    fn heard(&self, at: usize, events: Vec<Event>, session: &Session) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let Some(own) = state.members.get_mut(at) else { return };
        for mut event in events {
            event.at_ns = event.at_ns.max(own.not_before_ns);
            state.latest_ns = state.latest_ns.max(event.at_ns);
            let asks =
                matches!(&event.kind, EventKind::Callback { what: Callback::EnableModeless(args), .. } if args.enable);
            own.asked_dialog &= !asks;
            own.events.push_back(event);
        }
        if let Some(instance) = session.instances().next() {
            own.preparing = instance.preparing();
        }
        if state.dialog == Some(at) && !own.asked_dialog && session.dialog().is_none() {
            state.dialog = None;
        }
        self.allow(state);
    }

    /// Tells each member what it may do now.
    fn allow(&self, state: &mut State) {
        let preparing = |member: &MemberState| if member.ended.is_some() { Preparing::OVER } else { member.preparing };
        let all: Preparations = state.members.iter().map(preparing).collect();
        for (at, own) in state.members.iter_mut().enumerate() {
            let waits = |method| all.wait_for_others(self.profile, method, at);
            let prepare = if waits(CallMethod::PrepareForSync) { member::PREPARE } else { 0 };
            let forbidden = prepare | if waits(CallMethod::Synchronize) { member::SYNCHRONIZE } else { 0 };
            let Some(channel) = &own.channel else { continue };
            if channel.forbidden() & !forbidden != 0 {
                own.not_before_ns = state.latest_ns;
            }
            channel.forbid(forbidden);
        }
    }

    /// The member's session is over.
    fn ended(&self, at: usize, ended: Result<JobEnd, CreateError>) {
        let mut state = self.state.lock();
        let state = &mut *state;
        if let Some(own) = state.members.get_mut(at) {
            own.ended = Some(ended);
        }
        state.dialog = state.dialog.filter(|holder| *holder != at);
        self.allow(state);
        self.changed.notify_all();
    }

    /// The events that come next in the trace, each with the place of its handler, and whether there are no more.
    fn take(&self) -> (Vec<(usize, Event)>, bool) {
        let mut state = self.state.lock();
        if state.members.iter().any(|member| member.ended.is_none()) {
            self.changed.wait_for(&mut state, TICK);
        }
        let running = state.members.iter().filter(|member| member.ended.is_none());
        let until_ns = running.map(|member| member.looked_ns).min();
        let mut events = Vec::new();
        for (at, member) in state.members.iter_mut().enumerate() {
            while let Some(event) =
                member.events.pop_front_if(|event| until_ns.is_none_or(|until| event.at_ns <= until))
            {
                events.push((at, event));
            }
        }
        // Each member's own are in their order already.
        events.sort_by_key(|(_, event)| event.at_ns);
        (events, until_ns.is_none())
    }
}

/// A member, as its thread sees it.
struct Seat<'a> {
    shared: &'a Together,
    at: usize,
}

impl Membership for Seat<'_> {
    fn since(&self) -> u64 {
        self.shared.wall_ns
    }

    fn begins(&mut self, channel: &Arc<Channel>) {
        let mut state = self.shared.state.lock();
        let state = &mut *state;
        if let Some(own) = state.members.get_mut(self.at) {
            own.channel = Some(Arc::clone(channel));
        }
        self.shared.allow(state);
    }

    fn may_show_dialog(&mut self) -> bool {
        let mut state = self.shared.state.lock();
        let state = &mut *state;
        let free = state.dialog.is_none_or(|holder| holder == self.at);
        let Some(own) = state.members.get_mut(self.at).filter(|_| free) else { return false };
        (own.asked_dialog, own.not_before_ns) = (true, state.latest_ns);
        state.dialog = Some(self.at);
        true
    }

    fn looked(&mut self, at: Instant) {
        let mut state = self.shared.state.lock();
        if let Some(own) = state.members.get_mut(self.at) {
            own.looked_ns =
                u64::try_from(at.saturating_duration_since(self.shared.since).as_nanos()).unwrap_or(u64::MAX);
        }
    }
}

/// The one trace.
struct Merged {
    session: Session,
    next_seq: u64,
    next_call: u64,
    at_ns: u64,
    /// The numbers of the calls and callbacks that are open, by the member and its own number.
    open: HashMap<(usize, CallId), CallId>,
    /// The numbers of the newest events, by each member's own.
    seqs: Vec<BTreeMap<u64, u64>>,
}

impl Merged {
    fn pass(&mut self, events: Vec<(usize, Event)>, drain: &mut dyn Drain) {
        let events: Vec<Event> = events.into_iter().filter_map(|(at, event)| self.renumbered(at, event)).collect();
        if !events.is_empty() {
            events.iter().for_each(|event| self.session.apply(event));
            drain.events(events, &self.session);
        }
    }

    /// The event as it stands in the trace of all; none where it is not a matter of one member.
    fn renumbered(&mut self, at: usize, mut event: Event) -> Option<Event> {
        let number = HandlerId(u32::try_from(at + 1).unwrap_or(u32::MAX));
        let is_of_all = event.seq == 0;
        match &mut event.kind {
            EventKind::Call { call, .. } | EventKind::Callback { call, .. } => {
                let own = std::mem::replace(call, CallId(self.next_call));
                self.next_call += 1;
                self.open.insert((at, own), *call);
            }
            EventKind::Return { call, .. } | EventKind::Reply { call, .. } => {
                *call = self.open.remove(&(at, *call)).unwrap_or(*call);
            }
            // Connections stay until all have finished.
            EventKind::Note(note) if matches!(**note, Note::ConnectionClosed(_)) && !is_of_all => return None,
            EventKind::Note(note) => {
                if let Note::Stack(Stack { event: taken_at, .. }) = &mut **note {
                    *taken_at = self.seqs[at].get(taken_at).copied().unwrap_or(0);
                }
            }
        }
        let own = std::mem::replace(&mut event.seq, self.next_seq);
        self.next_seq += 1;
        let seqs = &mut self.seqs[at];
        seqs.insert(own, event.seq);
        if seqs.len() > REMEMBERED {
            seqs.pop_first();
        }
        self.at_ns = self.at_ns.max(event.at_ns);
        (event.at_ns, event.handler) = (self.at_ns, number);
        Some(event)
    }
}
