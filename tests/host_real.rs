//! The host on real threads: completions in any order, callbacks from many threads at once, handlers that hang, panic, or
//! call back for ever.

use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use mobsync::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
use mobsync::host::{self, Ran, Selection, SessionSetup, StandardPlan};
use mobsync::job::{Handler, Standard, Terms};
use mobsync::protocol::Limits;
use mobsync::protocol::*;
use mobsync::rules::{Conditions, Finding, Monitor};
use mobsync::runner::{self, JudgedSession, RunOptions};

type Method = dyn Fn(&Arc<dyn SyncCallback>) -> HResult + Send + Sync;

/// A handler with two items, whose two main methods a test writes.
struct Tested {
    prepare: Box<Method>,
    synchronize: Box<Method>,
    skip: Box<dyn Fn() + Send + Sync>,
    release: Box<dyn Fn() + Send + Sync>,
}

impl Default for Tested {
    fn default() -> Self {
        Self {
            prepare: Box::new(|callback| {
                callback.prepare_for_sync_completed(HResult::S_OK);
                HResult::S_OK
            }),
            synchronize: Box::new(|callback| {
                finish(callback.as_ref());
                HResult::S_OK
            }),
            skip: Box::new(|| {}),
            release: Box::new(|| {}),
        }
    }
}

fn ids() -> [Guid; 2] {
    [Guid::from_alias("A").expect("A is a short name"), Guid::from_alias("B").expect("B is a short name")]
}

/// Does the work of both items, and completes.
fn finish(callback: &dyn SyncCallback) {
    for item in ids() {
        callback.progress(item, ProgressItem::status(Status::UPDATING).at(0, 1));
        callback.progress(item, ProgressItem::status(Status::SUCCEEDED).at(1, 1));
    }
    callback.synchronize_completed(HResult::S_OK);
}

struct Factory(Arc<Tested>);

impl HandlerFactory for Factory {
    fn name(&self) -> &str {
        "tested"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(Instance { tested: Arc::clone(&self.0), callback: None }))
    }
}

struct Instance {
    tested: Arc<Tested>,
    callback: Option<Arc<dyn SyncCallback>>,
}

impl Instance {
    fn callback(&self) -> &Arc<dyn SyncCallback> {
        self.callback.as_ref().expect("the manager sets it first")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        (self.tested.release)();
    }
}

impl SyncHandler for Instance {
    fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
        HResult::S_OK
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: "Tested".into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Items(0))))
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_INVALIDARG
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        self.callback = callback;
        HResult::S_OK
    }

    fn prepare_for_sync(&mut self, _: &[Guid], _: u64, _: u32) -> HResult {
        (self.tested.prepare)(self.callback())
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        (self.tested.synchronize)(self.callback())
    }

    fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
        (self.tested.skip)();
        HResult::S_OK
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_INVALIDARG
    }
}

struct Items(usize);

impl EnumItems for Items {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        let item = |id: Guid| Item { id, name: format!("{id}").into(), state: ItemState::CHECKED, ..Item::default() };
        let items: Vec<Item> = ids().into_iter().skip(self.0).take(celt as usize).map(item).collect();
        self.0 += items.len();
        let hr = if items.len() == celt as usize { HResult::S_OK } else { HResult::S_FALSE };
        (hr, Some(items.len() as u32), items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        self.0 = 2.min(self.0 + celt as usize);
        HResult::S_OK
    }

    fn reset(&mut self) -> HResult {
        self.0 = 0;
        HResult::S_OK
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Items(self.0))))
    }
}

/// What came of a session.
struct Came {
    events: Vec<Event>,
    findings: Vec<Finding>,
    ran: Ran,
}

impl Came {
    fn codes(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.rule.code).collect()
    }

    fn state(&self) -> State {
        self.ran.session.instance(HandlerId::FIRST).expect("it was created").state()
    }

    fn replies(&self, method: CallbackMethod) -> Vec<HResult> {
        let reply = |event: &Event| match &event.kind {
            EventKind::Reply { method: of, hr, .. } if *of == method => Some(*hr),
            _ => None,
        };
        self.events.iter().filter_map(reply).collect()
    }
}

/// Limits that no test waits for, unless it makes a handler that does.
fn limits(timeout_ms: u64) -> Limits {
    Limits { timeout_ns: timeout_ms * 1_000_000, blocking_ns: 60_000_000_000, ..Limits::default() }
}

fn run(tested: Tested, limits: Limits) -> Came {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0));
    let terms = Terms::standard(Standard { initialize, selection: Selection::All, retries: 1, ..Standard::default() });
    let handler = Handler::from_factory(Arc::new(Factory(Arc::new(tested))));
    let mut events = Vec::new();
    let session = runner::run(&handler, &Terms { limits, ..terms }, &RunOptions::default(), &mut events);
    let JudgedSession { judged, left, exhausted, .. } = session.expect("it can be created");
    let ran = Ran { session: judged.session().clone(), left, exhausted, output: None, not_created: Vec::new() };
    Came { events, findings: judged.findings().cloned().collect(), ran }
}

#[test]
fn a_completion_before_the_return_is_held_until_the_return() {
    let came = run(Tested::default(), limits(60_000));
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_eq!(came.state(), State::Released);
    let at = |wanted: &dyn Fn(&EventKind) -> bool| came.events.iter().position(|event| wanted(&event.kind));
    let completed = at(&|kind| matches!(kind, EventKind::Callback { what: Callback::PrepareForSyncCompleted(_), .. }));
    let returned =
        at(&|kind| matches!(kind, EventKind::Return { what, .. } if what.method == CallMethod::PrepareForSync));
    let called = at(&|kind| matches!(kind, EventKind::Call { what, .. } if what.method() == CallMethod::Synchronize));
    assert!(completed < returned && returned < called, "{completed:?} {returned:?} {called:?}");
}

#[test]
fn completions_may_come_from_another_thread_after_the_return() {
    let came = run(
        Tested {
            prepare: Box::new(|callback| {
                let callback = Arc::clone(callback);
                thread::spawn(move || callback.prepare_for_sync_completed(HResult::S_OK));
                HResult::S_OK
            }),
            synchronize: Box::new(|callback| {
                let callback = Arc::clone(callback);
                thread::spawn(move || finish(callback.as_ref()));
                HResult::S_OK
            }),
            ..Tested::default()
        },
        limits(60_000),
    );
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_eq!(came.state(), State::Released);
}

#[test]
fn callbacks_of_many_threads_at_once_are_all_recorded_each_with_its_reply() {
    const THREADS: usize = 8;
    const EACH: usize = 500;
    let came = run(
        Tested {
            synchronize: Box::new(|callback| {
                let barrier = Arc::new(Barrier::new(THREADS));
                let workers: Vec<_> = (0..THREADS)
                    .map(|number| {
                        let (callback, barrier) = (Arc::clone(callback), Arc::clone(&barrier));
                        let work = move || {
                            barrier.wait();
                            for _ in 0..EACH {
                                callback.progress(ids()[number % 2], ProgressItem::status(Status::UPDATING));
                            }
                        };
                        thread::Builder::new().name(format!("w{number}")).spawn(work).expect("a thread can be started")
                    })
                    .collect();
                let callback = Arc::clone(callback);
                thread::spawn(move || {
                    workers.into_iter().for_each(|worker| worker.join().expect("no worker panics"));
                    finish(callback.as_ref());
                });
                HResult::S_OK
            }),
            ..Tested::default()
        },
        limits(60_000),
    );
    assert_eq!(came.codes(), Vec::<&str>::new());
    let of_workers = came.events.iter().filter(|event| event.thread.0.starts_with('w'));
    assert_eq!(of_workers.count(), THREADS * EACH * 2);
    assert!(came.events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq && pair[0].at_ns <= pair[1].at_ns));
    let answered_at_once = came.events.windows(2).all(|pair| match (&pair[0].kind, &pair[1].kind) {
        (EventKind::Callback { call, .. }, EventKind::Reply { call: answered, .. }) => call == answered,
        (EventKind::Callback { .. }, _) => false,
        _ => true,
    });
    assert!(answered_at_once);
}

#[test]
fn a_second_completion_is_answered_and_recorded_and_found() {
    let came = run(
        Tested {
            synchronize: Box::new(|callback| {
                finish(callback.as_ref());
                callback.synchronize_completed(HResult::S_OK);
                HResult::S_OK
            }),
            ..Tested::default()
        },
        limits(60_000),
    );
    assert_eq!(came.codes(), ["SYNC-04"]);
    let replies = came.replies(CallbackMethod::SynchronizeCompleted);
    assert_eq!(replies, [HResult::S_OK, HResult::E_UNEXPECTED]);
    assert_eq!(came.state(), State::Released);
}

#[test]
fn a_failing_return_wins_over_a_completion_before_it() {
    let came = run(
        Tested {
            prepare: Box::new(|callback| {
                callback.prepare_for_sync_completed(HResult::S_OK);
                HResult::E_OUTOFMEMORY
            }),
            ..Tested::default()
        },
        limits(60_000),
    );
    assert_eq!(came.codes(), ["PREP-04"]);
    let instance = came.ran.session.instance(HandlerId::FIRST).expect("it was created");
    assert_eq!(instance.outcome(), Outcome::PrepareFailed(HResult::E_OUTOFMEMORY));
    assert!(came.replies(CallbackMethod::SynchronizeCompleted).is_empty(), "Synchronize was called");
}

#[test]
fn a_completion_that_never_comes_is_found_and_the_session_closed() {
    let came = run(Tested { synchronize: Box::new(|_| HResult::S_OK), ..Tested::default() }, limits(100));
    assert_eq!(came.codes(), ["SYNC-03"]);
    assert_eq!(came.state(), State::Released);
}

#[test]
fn a_call_that_hangs_is_found_and_its_late_return_and_callbacks_change_nothing() {
    let (go_on, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let wait = Mutex::new(wait);
    let came = run(
        Tested {
            synchronize: Box::new(move |callback| {
                let _ = wait.lock().expect("one thread waits").recv();
                let _ = tell.send(callback.synchronize_completed(HResult::S_OK));
                HResult::S_OK
            }),
            ..Tested::default()
        },
        limits(100),
    );
    assert_eq!(came.codes(), ["LIFE-03"]);
    assert_eq!(came.state(), State::Hung);
    go_on.send(()).expect("the handler still waits");
    assert_eq!(told.recv().expect("it calls back"), HResult::E_UNEXPECTED);
}

#[test]
fn a_panic_in_a_method_is_a_crash_of_the_handler() {
    let came = run(
        Tested { synchronize: Box::new(|_| std::panic::resume_unwind(Box::new("out of cheese"))), ..Tested::default() },
        limits(60_000),
    );
    assert_eq!(came.codes(), ["LIFE-02"]);
    assert!(came.findings[0].message().contains("out of cheese"), "{}", came.findings[0].message());
    assert_eq!(came.state(), State::Crashed);
}

#[test]
fn a_callback_after_null_is_refused_and_found_and_never_a_crash() {
    let kept: Arc<Mutex<Option<Arc<dyn SyncCallback>>>> = Arc::default();
    let (keep, late) = (Arc::clone(&kept), Arc::clone(&kept));
    let came = run(
        Tested {
            synchronize: Box::new(move |callback| {
                *keep.lock().expect("nobody panics with it") = Some(Arc::clone(callback));
                finish(callback.as_ref());
                HResult::S_OK
            }),
            release: Box::new(move || {
                let callback = late.lock().expect("nobody panics with it").clone();
                let hr = callback.map(|callback| callback.enable_modeless(true));
                assert_eq!(hr, Some(HResult::E_UNEXPECTED));
            }),
            ..Tested::default()
        },
        limits(60_000),
    );
    assert_eq!(came.codes(), ["CB-07"]);
    // The session is long over; the object is still there to say so.
    let callback = kept.lock().expect("nobody panics with it").clone().expect("it was kept");
    assert_eq!(callback.progress(ids()[0], ProgressItem::default()), HResult::E_UNEXPECTED);
}

#[test]
fn the_users_cancel_reaches_a_handler_that_reports_and_one_that_does_not() {
    let (tell, told) = mpsc::channel();
    let (skipped, skip) = mpsc::channel();
    let (controls, controlled) = mpsc::channel::<host::Controls>();
    let (controlled, skip) = (Mutex::new(controlled), Arc::new(Mutex::new(skip)));
    let tested = Tested {
        synchronize: Box::new(move |callback| {
            let callback = Arc::clone(callback);
            let skip = Arc::clone(&skip);
            controlled.lock().expect("nobody panics with it").recv().expect("the test sends it").cancel_all();
            let tell = tell.clone();
            thread::spawn(move || {
                // As long as nothing is reported, SetItemStatus is the only way to be told; then it is in the replies too.
                for _ in 0..2 {
                    skip.lock().expect("nobody panics with it").recv().expect("both are skipped");
                }
                let hr = callback.progress(ids()[0], ProgressItem::status(Status::SKIPPED));
                callback.progress(ids()[1], ProgressItem::status(Status::SKIPPED));
                tell.send(hr).expect("the test waits for it");
                callback.synchronize_completed(HResult::S_OK);
            });
            HResult::S_OK
        }),
        skip: Box::new(move || skipped.send(()).expect("the worker waits for it")),
        ..Tested::default()
    };
    let plan = StandardPlan::new(Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0)), Selection::All);
    let setup = SessionSetup::new(Arc::new(Factory(Arc::new(tested))), Box::new(plan), limits(60_000));
    let ran = host::run_real(
        setup,
        move |given| controls.send(given).expect("the handler takes it"),
        &mut |_: Vec<Event>, _: &Session| {},
    );
    assert_eq!(told.recv().expect("the worker told"), HResult::S_SYNCMGR_CANCELALL);
    let session = ran.expect("it can be created").session;
    assert_eq!(session.instance(HandlerId::FIRST).expect("it was created").state(), State::Released);
}

/// When the manager took the callback back, and when the session was completed, in nanoseconds.
fn closing(came: &Came) -> (u64, u64) {
    let at = |wanted: &dyn Fn(&EventKind) -> bool| {
        came.events.iter().find(|event| wanted(&event.kind)).map(|event| event.at_ns).expect("it happened")
    };
    let null = Call::SetProgressCallback(SetProgressCallback { callback: None });
    let closed = at(&|kind| matches!(kind, EventKind::Call { what, .. } if **what == null));
    let completed = at(&|kind| matches!(kind, EventKind::Callback { what: Callback::SynchronizeCompleted(_), .. }));
    (closed, completed)
}

/// Completes Synchronize, and comes back a while later with another completion.
fn comes_back_late() -> Tested {
    Tested {
        synchronize: Box::new(|callback| {
            let callback = Arc::clone(callback);
            thread::spawn(move || {
                finish(callback.as_ref());
                // Far longer than the manager needs for closing, far shorter than it listens here.
                thread::sleep(Duration::from_millis(60));
                callback.synchronize_completed(HResult::S_OK);
            });
            HResult::S_OK
        }),
        ..Tested::default()
    }
}

#[test]
fn the_manager_listens_until_the_handler_is_silent_before_it_takes_the_callback_back() {
    let plan = StandardPlan::new(Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0)), Selection::All);
    let factory = Arc::new(Factory(Arc::new(comes_back_late())));
    let setup = SessionSetup::new(factory, Box::new(plan), limits(60_000)).silence(Duration::from_secs(60));
    let came = judged(setup, limits(60_000));
    assert_eq!(came.codes(), ["SYNC-04"], "the interface was still set");
    let (closed, completed) = closing(&came);
    // However long it is to be silent, the manager waits for a second at most.
    assert!((1_000_000_000..10_000_000_000).contains(&(closed - completed)), "{}", closed - completed);
}

/// Runs two instances in one session on real threads.
fn run_two(first: Tested, second: Tested, together: bool) -> Came {
    let plan = || {
        let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
        Box::new(StandardPlan::new(initialize, Selection::All))
    };
    let limits = limits(60_000);
    let setup = SessionSetup::new(Arc::new(Factory(Arc::new(first))), plan(), limits)
        .and(Arc::new(Factory(Arc::new(second))), plan())
        .side_by_side(together);
    judged(setup, limits)
}

/// Runs a session on real threads, and judges it.
fn judged(setup: SessionSetup, limits: Limits) -> Came {
    let conditions = Conditions { profile: Profile::Xp, limits, started: FileTime(u64::MAX / 2) };
    let (mut monitor, mut events) = (Monitor::new(conditions), Vec::new());
    let ran = host::run_real(setup, |_| {}, &mut |new: Vec<Event>, _: &Session| {
        for event in &new {
            monitor.observe(event);
        }
        events.extend(new);
    });
    monitor.finish();
    Came { events, findings: monitor.take_findings(), ran: ran.expect("they can be created") }
}

fn outcomes(came: &Came) -> Vec<Outcome> {
    came.ran.session.instances().map(mobsync::protocol::Instance::outcome).collect()
}

#[test]
fn two_instances_synchronize_at_the_same_time_on_threads_of_their_own() {
    // Each completes only when the other one works as well.
    let meet = Arc::new(Barrier::new(2));
    let meeting = || {
        let meet = Arc::clone(&meet);
        Tested {
            synchronize: Box::new(move |callback| {
                let (callback, meet) = (Arc::clone(callback), Arc::clone(&meet));
                thread::spawn(move || {
                    meet.wait();
                    finish(callback.as_ref());
                });
                HResult::S_OK
            }),
            ..Tested::default()
        }
    };
    let came = run_two(meeting(), meeting(), true);
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_eq!(outcomes(&came), [Outcome::Completed(HResult::S_OK); 2]);
    let of = |name: CallMethod| {
        let is_it = |event: &&Event| matches!(&event.kind, EventKind::Call { what, .. } if what.method() == name);
        let calls = came.events.iter().filter(is_it).map(|event| event.seq);
        calls.collect::<Vec<_>>()
    };
    assert!(of(CallMethod::PrepareForSync)[1] < of(CallMethod::Synchronize)[0]);
}

#[test]
fn a_second_instance_is_created_when_the_first_was_released() {
    let came = run_two(Tested::default(), Tested::default(), false);
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_eq!(outcomes(&came), [Outcome::Completed(HResult::S_OK); 2]);
    let second = came.events.iter().position(|event| event.handler == HandlerId(2)).expect("it was created");
    assert!(came.events[second..].iter().all(|event| event.handler == HandlerId(2)));
    assert_eq!(
        came.ran.session.instance(HandlerId::FIRST).map(mobsync::protocol::Instance::state),
        Some(State::Released)
    );
}

#[test]
fn a_panic_of_one_instance_leaves_the_other_alone() {
    let panics = || Tested { synchronize: Box::new(|_| panic!("no luck")), ..Tested::default() };
    for together in [true, false] {
        let came = run_two(panics(), Tested::default(), together);
        assert_eq!(outcomes(&came), [Outcome::Crashed, Outcome::Completed(HResult::S_OK)], "together {together}");
        assert_eq!(came.codes(), ["LIFE-02"]);
        let came = run_two(Tested::default(), panics(), together);
        assert_eq!(outcomes(&came), [Outcome::Completed(HResult::S_OK), Outcome::Crashed], "together {together}");
        assert_eq!(came.codes(), ["LIFE-02"]);
    }
}

#[test]
fn a_connection_of_one_instance_is_closed_when_the_other_has_ended() {
    let connects = Tested {
        prepare: Box::new(|callback| {
            callback.establish_connection(Some("Office".into()));
            callback.prepare_for_sync_completed(HResult::S_OK);
            HResult::S_OK
        }),
        ..Tested::default()
    };
    let came = run_two(connects, Tested::default(), false);
    let last = came.events.last().expect("there are events");
    assert!(matches!(&last.kind, EventKind::Note(note) if matches!(**note, Note::ConnectionClosed(_))), "{last:?}");
    assert!(came.ran.session.connections().is_empty());
    assert_eq!(came.codes(), ["CONN-01"], "the handler does not announce it");
}
