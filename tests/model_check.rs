//! The session machine, driven by every behaviour of a bounded handler: two items, two threads, one retry.
//!
//! What the properties say is tracked beside the machine, in [`Ghost`], from the events alone.

use std::collections::{HashMap, VecDeque};

use mobsync::protocol::*;
use stateright::{Checker, Model, Property};

/// What a state of the model is: the machine, and what the properties need to know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    session: Session,
    /// The manager's open call.
    open: Option<Call>,
    /// The callback that the worker is inside of.
    inside: Option<Callback>,
    ghost: Ghost,
}

/// A second, naive account of the same events, by which the machine is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Ghost {
    prepare_returned_ok: bool,
    prepare_completed: Option<HResult>,
    synchronize_returned_ok: bool,
    synchronize_completed: bool,
    retried: bool,
    released: bool,
    broken: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Act {
    /// The manager calls.
    Call(Call),
    /// The handler returns from the open call.
    Return(HResult),
    /// The handler calls back, and is answered at once.
    CallBack(Thread, Callback, Wish),
    /// The handler calls back, and stays inside for a while: the worker, with a completion.
    Enter(Callback),
    /// The manager answers the worker.
    Reply,
    /// A limit has passed.
    TimeOut(WaitingFor),
    /// The handler crashes.
    Crash,
}

/// A handler of two items and two threads, which is asked for at most one retry.
struct Bounded {
    /// It also reports progress, and asks for dialogs. Its user looks at errors only among the results; that of a quiet one at any
    /// time.
    chatty: bool,
}

fn item_a() -> Guid {
    Guid::from_alias("A").expect("A is a short name")
}

fn item_b() -> Guid {
    Guid::from_alias("B").expect("B is a short name")
}

fn error() -> Guid {
    Guid::from_alias("E1").expect("E1 is a short name")
}

fn worker() -> Thread {
    Thread::from("worker")
}

/// The model has no numbers that grow: a call's number says only which thread is in it.
fn call_id(thread: &Thread) -> CallId {
    if *thread == Thread::APARTMENT { CallId(1) } else { CallId(2) }
}

const MANAGER_CALL: CallId = CallId(0);

impl World {
    fn instance(&self) -> &Instance {
        self.session.instance(HandlerId::FIRST).expect("the instance was created")
    }

    fn enter(&mut self, thread: &Thread, callback: Callback) {
        let expected = self.session.standing(HandlerId::FIRST, &callback).is_expected();
        self.ghost.called_back(&callback, expected);
        self.apply(thread.clone(), EventKind::Callback { call: call_id(thread), what: callback });
    }

    fn reply(&mut self, thread: &Thread, method: CallbackMethod, hr: HResult) {
        self.apply(thread.clone(), EventKind::Reply { call: call_id(thread), method, hr });
    }

    fn apply(&mut self, thread: Thread, kind: EventKind) {
        self.session.apply(&Event { seq: 0, at_ns: 0, thread, handler: HandlerId::FIRST, kind });
    }
}

impl Ghost {
    fn called(&mut self, call: &Call) {
        let window = (self.prepare_returned_ok && self.prepare_completed.is_none())
            || (self.synchronize_returned_ok && !self.synchronize_completed);
        let prepared = self.prepare_returned_ok && self.prepare_completed == Some(HResult::S_OK);
        match call {
            _ if self.released => self.broken = Some("a call after Release"),
            Call::Synchronize(_) if !prepared => self.broken = Some("Synchronize without a prepared group"),
            Call::SetItemStatus(_) if !window => self.broken = Some("SetItemStatus outside its windows"),
            Call::PrepareForSync(_) => {
                let retried = self.retried || self.synchronize_completed;
                *self = Self { retried, released: self.released, broken: self.broken, ..Self::default() };
            }
            _ => {}
        }
    }

    fn returned(&mut self, call: &Call, hr: HResult) {
        match call {
            Call::PrepareForSync(_) => self.prepare_returned_ok = hr == HResult::S_OK,
            Call::Synchronize(_) => self.synchronize_returned_ok = hr == HResult::S_OK,
            Call::Release => self.released = true,
            _ => {}
        }
    }

    fn called_back(&mut self, callback: &Callback, expected: bool) {
        match callback {
            Callback::PrepareForSyncCompleted(args) if expected => self.prepare_completed = Some(args.hr),
            Callback::SynchronizeCompleted(_) if expected => self.synchronize_completed = true,
            _ => {}
        }
    }
}

/// What the handler may return from a call.
fn results(call: &Call) -> Vec<HResult> {
    match call {
        Call::Initialize(_) => vec![HResult::S_OK, HResult::S_FALSE, HResult::E_FAIL],
        Call::PrepareForSync(_) | Call::Synchronize(_) | Call::ShowError(_) => vec![HResult::S_OK, HResult::E_FAIL],
        _ => vec![HResult::S_OK],
    }
}

/// What comes out of a call beside its result.
fn out(call: &Call) -> Out {
    match call {
        Call::EnumSyncMgrItems => Out { enumerator: Some(1), ..Out::default() },
        Call::Next(_) => {
            let item = |id| Item { id, ..Item::default() };
            Out { fetched: Some(2), items: vec![item(item_a()), item(item_b())], ..Out::default() }
        }
        _ => Out::default(),
    }
}

fn wishes(callback: &Callback) -> Vec<Wish> {
    match callback {
        Callback::Progress(args) if args.item == item_a() => vec![Wish::None, Wish::CancelItem],
        Callback::Progress(_) => vec![Wish::None, Wish::CancelAll],
        Callback::EnableModeless(args) if args.enable => vec![Wish::None, Wish::RefuseDialog],
        _ => vec![Wish::None],
    }
}

impl Bounded {
    /// What the handler may call back, at any moment, rightly or wrongly.
    fn callbacks(&self, world: &World) -> Vec<Callback> {
        let mut all = vec![
            Callback::prepare_completed(HResult::S_OK),
            Callback::prepare_completed(HResult::E_FAIL),
            Callback::synchronize_completed(HResult::S_OK),
            Callback::progress(item_a(), ProgressItem::default()),
            Callback::progress(item_b(), ProgressItem::default()),
            Callback::EnableModeless(EnableModeless { enable: true }),
            Callback::EnableModeless(EnableModeless { enable: false }),
            Callback::LogError(LogError {
                level: LogLevel::ERROR,
                text: Some("x".into()),
                info: Some(Box::new(LogErrorInfo::jump(error(), Some(item_a())))),
            }),
            Callback::DeleteLogError(DeleteLogError { error: GUID_NULL, reserved: 0 }),
            Callback::ShowErrorCompleted(ShowErrorCompleted { hr: HResult::S_OK, items: vec![] }),
        ];
        if !self.chatty {
            all.retain(|callback| !matches!(callback, Callback::Progress(_) | Callback::EnableModeless(_)));
        }
        if world.instance().round() < 2 {
            let items = vec![item_a()];
            all.push(Callback::ShowErrorCompleted(ShowErrorCompleted { hr: HResult::S_SYNCMGR_RETRYSYNC, items }));
        }
        all
    }

    fn call_backs(&self, world: &World, thread: &Thread) -> Vec<Act> {
        let with_wishes = |callback: Callback| {
            let act = |wish| Act::CallBack(thread.clone(), callback.clone(), wish);
            wishes(&callback).into_iter().map(act).collect::<Vec<_>>()
        };
        self.callbacks(world).into_iter().flat_map(with_wishes).collect()
    }
}

impl Model for Bounded {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let mut world = World { session: Session::default(), open: None, inside: None, ghost: Ghost::default() };
        world.apply(Thread::APARTMENT, EventKind::Note(Box::new(Note::Created(Created::of("bounded")))));
        vec![world]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Act>) {
        let state = world.instance().state();
        match &world.inside {
            Some(_) => actions.push(Act::Reply),
            None => {
                actions.extend(self.call_backs(world, &worker()));
                let completions = self.callbacks(world).into_iter().filter(|callback| callback.completion().is_some());
                actions.extend(completions.map(Act::Enter));
            }
        }
        match &world.open {
            Some(_) if state.is_end() => {}
            Some(call) => {
                actions.extend(results(call).into_iter().map(Act::Return));
                actions.extend(self.call_backs(world, &Thread::APARTMENT));
                actions.push(Act::TimeOut(WaitingFor::Return));
                actions.push(Act::Crash);
            }
            None => {
                let mut calls = world.instance().legal_calls();
                if self.chatty && !matches!(state, State::Synchronized | State::SynchronizeFailed) {
                    calls.retain(|call| !matches!(call, Call::ShowError(_)));
                }
                actions.extend(calls.into_iter().map(Act::Call));
                let walk = Call::Next(Walk::new(1, 2));
                if world.instance().may(&Thread::APARTMENT, &walk).is_ok() {
                    actions.push(Act::Call(walk));
                }
                if world.instance().awaiting().is_some() {
                    actions.push(Act::TimeOut(WaitingFor::Completion));
                }
            }
        }
    }

    fn next_state(&self, before: &World, act: Act) -> Option<World> {
        let mut world = before.clone();
        match act {
            Act::Call(call) => {
                world.ghost.called(&call);
                world.open = Some(call.clone());
                world.apply(Thread::APARTMENT, EventKind::Call { call: MANAGER_CALL, what: Box::new(call) });
            }
            Act::Return(hr) => {
                let call = world.open.take().expect("a call is open");
                world.ghost.returned(&call, hr);
                let what = Return { method: call.method(), hr, out: out(&call) };
                world.apply(Thread::APARTMENT, EventKind::Return { call: MANAGER_CALL, what: Box::new(what) });
            }
            Act::CallBack(thread, callback, wish) => {
                let hr = world.session.reply(HandlerId::FIRST, &callback, wish);
                let method = callback.method();
                world.enter(&thread, callback);
                world.reply(&thread, method, hr);
            }
            Act::Enter(callback) => {
                world.inside = Some(callback.clone());
                world.enter(&worker(), callback);
            }
            Act::Reply => {
                let callback = world.inside.take().expect("the worker is inside");
                world.reply(&worker(), callback.method(), HResult::S_OK);
            }
            Act::TimeOut(waiting_for) => {
                let method = match waiting_for {
                    WaitingFor::Creation => CallMethod::Initialize,
                    WaitingFor::Return => world.open.as_ref().expect("a call is open").method(),
                    WaitingFor::Completion => world.instance().awaiting().expect("a completion is due"),
                };
                let note = TimedOut { method, waiting_for };
                world.apply(Thread::APARTMENT, EventKind::Note(Box::new(Note::TimedOut(note))));
            }
            Act::Crash => {
                let note = Note::Crashed(Crashed { what: "crash".into() });
                world.apply(Thread::APARTMENT, EventKind::Note(Box::new(note)));
            }
        }
        // A step that changes nothing is no step: else no run would be maximal.
        (world != *before).then_some(world)
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.instance().round() <= 2
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("Synchronize only after returned and completed S_OK", |_, world: &World| {
                world.ghost.broken != Some("Synchronize without a prepared group")
            }),
            Property::always("SetItemStatus only in a window", |_, world: &World| {
                world.ghost.broken != Some("SetItemStatus outside its windows")
            }),
            Property::always("no call after release", |_, world: &World| {
                world.ghost.broken != Some("a call after Release")
            }),
            Property::eventually("every maximal run ends released", |_, world: &World| {
                world.instance().state().is_end()
            }),
            Property::sometimes("a retry is synchronized to its end", |_, world: &World| {
                world.ghost.retried && world.ghost.synchronize_completed && world.instance().state() == State::Released
            }),
            Property::sometimes("one item is cancelled, then all", |_, world: &World| {
                let instance = world.instance();
                instance.cancelled_all() && instance.item(item_a()).is_some_and(|item| item.cancelled && item.skipped)
            }),
        ]
    }
}

#[test]
fn every_behaviour_of_a_bounded_handler_keeps_the_machine_in_the_protocol() {
    let checker = Bounded { chatty: true }.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    // The number is a fact about the machine and the handler above: it changes only when one of them does.
    assert_eq!(checker.unique_state_count(), 530_168);
}

/// Runs that go on for ever (an error shown again and again) are not maximal; that they too can be ended is what this says:
/// from every reachable state the manager can bring the session to `Release`, if only the handler returns from calls.
#[test]
fn from_every_state_the_manager_can_release_the_handler() {
    let model = Bounded { chatty: false };
    let mut numbers: HashMap<World, usize> = HashMap::new();
    let mut queue: VecDeque<World> = model.init_states().into();
    let mut before: Vec<Vec<usize>> = Vec::new();
    let mut reaching: VecDeque<usize> = VecDeque::new();
    for world in &queue {
        numbers.insert(world.clone(), before.len());
        before.push(Vec::new());
    }
    while let Some(world) = queue.pop_front() {
        let from = numbers[&world];
        if world.instance().state() == State::Released {
            reaching.push_back(from);
        }
        let mut acts = Vec::new();
        model.actions(&world, &mut acts);
        acts.retain(|act| !matches!(act, Act::Crash | Act::TimeOut(WaitingFor::Return)));
        let nexts = acts.into_iter().filter_map(|act| model.next_state(&world, act));
        for next in nexts.filter(|next| model.within_boundary(next)) {
            let to = *numbers.entry(next.clone()).or_insert_with(|| {
                queue.push_back(next);
                before.push(Vec::new());
                before.len() - 1
            });
            before[to].push(from);
        }
    }
    let mut ends = vec![false; before.len()];
    while let Some(state) = reaching.pop_front() {
        if !std::mem::replace(&mut ends[state], true) {
            reaching.extend(&before[state]);
        }
    }
    let stuck = numbers.iter().find(|(_, number)| !ends[**number]);
    assert!(stuck.is_none(), "no Release can be reached from {stuck:#?}");
    assert_eq!(ends.len(), 176_124);
}
