//! Several instances in one session, in virtual time: one after the other, or side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mobsync::handler::script::{self, ScriptFactory};
use mobsync::host::{self, Instruction, Plan, Selection, SessionSetup, StandardPlan, View};
use mobsync::protocol::Limits;
use mobsync::protocol::*;
use mobsync::rules::{Conditions, Finding, Monitor};
use mobsync::time::Scheduler;
use serde_json::{Value, json};

const FIRST: HandlerId = HandlerId(1);
const SECOND: HandlerId = HandlerId(2);

/// A script with two items whose two main methods are these.
fn handler(name: &str, prepare: &Value, synchronize: &Value) -> Value {
    json!({
        "kind": "script", "version": 1, "name": name, "flags": "MAYESTABLISHCONNECTION",
        "items": [{"id": "A", "name": "Left"}, {"id": "B", "name": "Right"}],
        "methods": {"PrepareForSync": prepare, "Synchronize": synchronize},
    })
}

/// Prepares for so long.
fn prepares(wait: &str) -> Value {
    json!({"then": [{"wait": wait}, {"complete": "S_OK"}]})
}

/// Works on both items, in so many units of a millisecond.
fn works(units: u32) -> Value {
    json!({"threads": {
        "left": [{"work": {"item": "A", "units": units}}, {"complete_if_last": "S_OK"}],
        "right": [{"work": {"item": "B", "units": units}}, {"complete_if_last": "S_OK"}],
    }})
}

struct Came {
    events: Vec<Event>,
    findings: Vec<Finding>,
    session: Session,
}

impl Came {
    fn codes(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.rule.code).collect()
    }

    fn instance(&self, id: HandlerId) -> &Instance {
        self.session.instance(id).expect("it was created")
    }

    /// Where the only event of this kind stands.
    fn only(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        let found: Vec<usize> = (0..self.events.len()).filter(|at| wanted(&self.events[*at])).collect();
        assert_eq!(found.len(), 1, "{:#?}", self.events);
        found[0]
    }

    fn call(&self, id: HandlerId, method: CallMethod) -> usize {
        self.only(|event| {
            event.handler == id && matches!(&event.kind, EventKind::Call { what, .. } if what.method() == method)
        })
    }

    fn returned(&self, id: HandlerId, method: CallMethod) -> usize {
        self.only(|event| {
            event.handler == id && matches!(&event.kind, EventKind::Return { what, .. } if what.method == method)
        })
    }

    fn callback(&self, id: HandlerId, method: CallbackMethod) -> usize {
        self.only(|event| {
            event.handler == id && matches!(&event.kind, EventKind::Callback { what, .. } if what.method() == method)
        })
    }

    fn replies(&self, id: HandlerId, method: CallbackMethod) -> Vec<HResult> {
        let reply = |event: &Event| match &event.kind {
            EventKind::Reply { method: of, hr, .. } if event.handler == id && *of == method => Some(*hr),
            _ => None,
        };
        self.events.iter().filter_map(reply).collect()
    }
}

fn plan() -> Box<dyn Plan> {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    Box::new(StandardPlan::new(initialize, Selection::All))
}

fn run(first: &Value, second: &Value, together: bool, seed: u64) -> Came {
    run_as(Profile::Xp, first, second, together, seed)
}

fn run_as(profile: Profile, first: &Value, second: &Value, together: bool, seed: u64) -> Came {
    let scheduler = Scheduler::seeded(seed);
    let factory = |script: &Value| {
        let script = script::parse(&script.to_string(), "test.json".as_ref()).expect("the script is valid");
        Arc::new(ScriptFactory::new(script, scheduler.clone()))
    };
    let limits = Limits::default();
    let setup = SessionSetup::new(factory(first), plan(), limits).and(factory(second), plan());
    let setup = setup.side_by_side(together).profile(profile);
    let conditions = Conditions { profile, limits, started: FileTime(u64::MAX / 2) };
    let (mut monitor, mut events) = (Monitor::new(conditions), Vec::new());
    let ran = host::run_virtual(setup, &scheduler, &mut |new: Vec<Event>, _: &Session| {
        for event in &new {
            monitor.observe(event);
        }
        events.extend(new);
    });
    monitor.finish();
    Came { events, findings: monitor.take_findings(), session: ran.expect("scripts can be created").session }
}

fn assert_completed(came: &Came, id: HandlerId) {
    assert_eq!(came.instance(id).state(), State::Released, "{id}");
    assert_eq!(came.instance(id).outcome(), Outcome::Completed(HResult::S_OK), "{id}");
}

#[test]
fn a_second_instance_begins_when_the_first_is_released() {
    let handler = handler("one", &prepares("1ms"), &works(3));
    let came = run(&handler, &handler, false, 0);
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_completed(&came, FIRST);
    assert_completed(&came, SECOND);
    let released = came.returned(FIRST, CallMethod::Release);
    let created = came.only(|event| {
        event.handler == SECOND && matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::Created(_)))
    });
    assert!(released < created, "{released} {created}");
    assert!(came.events[..created].iter().all(|event| event.handler == FIRST));
}

#[test]
fn synchronize_begins_when_every_prepare_phase_has_ended_and_then_they_run_side_by_side() {
    let came =
        run(&handler("quick", &prepares("1ms"), &works(9)), &handler("slow", &prepares("40ms"), &works(9)), true, 0);
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_completed(&came, FIRST);
    assert_completed(&came, SECOND);
    assert!(came.call(FIRST, CallMethod::PrepareForSync) < came.call(SECOND, CallMethod::PrepareForSync));
    let prepared = came.callback(SECOND, CallbackMethod::PrepareForSyncCompleted);
    assert!(came.callback(FIRST, CallbackMethod::PrepareForSyncCompleted) < prepared);
    for (one, other) in [(FIRST, SECOND), (SECOND, FIRST)] {
        let begun = came.call(one, CallMethod::Synchronize);
        assert!(prepared < begun, "{one}");
        assert!(begun < came.callback(other, CallbackMethod::SynchronizeCompleted), "{one}");
    }
}

#[test]
fn one_that_never_completes_its_preparing_does_not_keep_the_other_from_synchronizing() {
    let silent = handler("silent", &json!({"then": []}), &works(1));
    let came = run(&silent, &handler("good", &prepares("1ms"), &works(2)), true, 0);
    assert_eq!(came.instance(FIRST).outcome(), Outcome::Overdue(CallMethod::PrepareForSync));
    assert_completed(&came, SECOND);
    assert_eq!(came.codes(), ["PREP-02"]);
}

#[test]
fn on_vista_synchronize_follows_its_own_prepare_phase() {
    let (quick, slow) = (handler("quick", &prepares("1ms"), &works(9)), handler("slow", &prepares("40ms"), &works(9)));
    let came = run_as(Profile::Vista, &quick, &slow, true, 0);
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_completed(&came, FIRST);
    assert_completed(&came, SECOND);
    let prepared = came.callback(SECOND, CallbackMethod::PrepareForSyncCompleted);
    assert!(came.callback(FIRST, CallbackMethod::SynchronizeCompleted) < prepared, "the slow one keeps nobody waiting");
    assert!(prepared < came.call(SECOND, CallMethod::Synchronize));
}

#[test]
fn one_dialog_is_shown_at_a_time() {
    let dialog = json!({"then": [{"dialog": true}, {"wait": "20ms"}, {"dialog": false}, {"complete": "S_OK"}]});
    let later = json!({"then": [{"wait": "5ms"}, {"dialog": true}, {"wait": "50ms"}, {"dialog": true}, {"dialog": false}, {"complete": "S_OK"}]});
    let came = run(&handler("has it", &dialog, &works(1)), &handler("waits", &later, &works(1)), true, 0);
    assert_eq!(came.replies(FIRST, CallbackMethod::EnableModeless), [HResult::S_OK, HResult::S_OK]);
    let second = came.replies(SECOND, CallbackMethod::EnableModeless);
    assert_eq!(second, [HResult::S_FALSE, HResult::S_OK, HResult::S_OK]);
    assert_eq!(came.codes(), Vec::<&str>::new());
    assert_eq!(came.session.dialog(), None);
}

#[test]
fn connections_are_closed_when_all_have_ended() {
    let connects = json!({"then": [{"connect": "Office"}, {"complete": "S_OK"}]});
    for together in [true, false] {
        let came = run(
            &handler("connects", &connects, &works(1)),
            &handler("works on", &prepares("1ms"), &works(30)),
            together,
            0,
        );
        assert_eq!(came.codes(), Vec::<&str>::new());
        let closed = came
            .only(|event| matches!(&event.kind, EventKind::Note(note) if matches!(**note, Note::ConnectionClosed(_))));
        let (first, second) = (came.returned(FIRST, CallMethod::Release), came.returned(SECOND, CallMethod::Release));
        assert!(first < second && second < closed, "together {together}: {first} {second} {closed}");
        assert_eq!(came.session.connections(), []);
    }
}

#[test]
fn a_crash_on_a_thread_of_one_is_its_own_and_leaves_the_other_alone() {
    let panics = json!({"threads": {"w": [{"wait": "2ms"}, {"panic": "out of bounds"}]}});
    let (bad, good) = (handler("bad", &prepares("1ms"), &panics), handler("good", &prepares("1ms"), &works(20)));
    for (first, second, crashed, other) in [(&bad, &good, FIRST, SECOND), (&good, &bad, SECOND, FIRST)] {
        for together in [true, false] {
            let came = run(first, second, together, 0);
            assert_eq!(came.instance(crashed).outcome(), Outcome::Crashed, "{crashed}, together {together}");
            assert_completed(&came, other);
            assert_eq!(came.codes(), ["LIFE-02"]);
            assert_eq!(came.findings[0].handler, crashed);
        }
    }
}

#[test]
fn a_crash_of_one_inside_a_call_to_the_other_does_not_end_that_call() {
    let panics = json!({"threads": {"w": [{"wait": "5ms"}, {"panic": "out of bounds"}]}});
    let blocks =
        json!({"do": [{"work": {"item": "A", "units": 9}}, {"work": {"item": "B", "units": 9}}, {"complete": "S_OK"}]});
    let came = run(&handler("bad", &prepares("1ms"), &panics), &handler("good", &prepares("1ms"), &blocks), true, 0);
    assert_eq!(came.instance(FIRST).outcome(), Outcome::Crashed);
    assert_completed(&came, SECOND);
    assert_eq!(came.codes(), ["LIFE-02"]);
    let statuses: Vec<_> = came.instance(SECOND).known_items().map(|(_, item)| item.status).collect();
    assert_eq!(statuses, [Some(Status::SUCCEEDED); 2]);
}

#[test]
fn a_call_of_one_that_hangs_leaves_the_other_alone() {
    let hangs = handler("hangs", &prepares("1ms"), &json!({"do": [{"hang": true}]}));
    let good = handler("good", &prepares("1ms"), &works(4));
    for (first, second, hung, other) in [(&hangs, &good, FIRST, SECOND), (&good, &hangs, SECOND, FIRST)] {
        for together in [true, false] {
            let came = run(first, second, together, 0);
            assert_eq!(came.instance(hung).outcome(), Outcome::Hung(CallMethod::Synchronize), "together {together}");
            assert_completed(&came, other);
            assert!(came.findings.iter().all(|finding| finding.handler == hung), "{:?}", came.findings);
            assert!(came.codes().contains(&"LIFE-03"));
        }
    }
}

#[test]
fn the_release_of_one_does_not_stop_the_threads_of_the_other() {
    let came =
        run(&handler("short", &prepares("1ms"), &works(1)), &handler("long", &prepares("1ms"), &works(50)), true, 0);
    assert_completed(&came, FIRST);
    assert_completed(&came, SECOND);
    assert!(came.returned(FIRST, CallMethod::Release) < came.callback(SECOND, CallbackMethod::SynchronizeCompleted));
    assert_eq!(came.codes(), Vec::<&str>::new());
}

#[test]
fn a_session_is_the_same_for_the_same_seed_and_another_order_for_another() {
    let (first, second) = (handler("one", &prepares("1ms"), &works(3)), handler("two", &prepares("1ms"), &works(3)));
    let traces: Vec<_> = (0..8).map(|seed| run(&first, &second, true, seed).events).collect();
    for (trace, seed) in traces.iter().zip(0..) {
        assert_eq!(trace, &run(&first, &second, true, seed).events, "seed {seed}");
    }
    assert!(traces.iter().any(|trace| trace != &traces[0]), "no seed changes anything");
}

/// An ordinary user, of whom it is counted how often the manager asks what comes next.
struct Counted(StandardPlan, Arc<AtomicUsize>);

impl Plan for Counted {
    fn next(&mut self, view: View<'_>) -> Instruction {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.next(view)
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        self.0.observe(event, session)
    }
}

/// How often the manager asks in all, with so many instances side by side.
fn asked(instances: usize, profile: Profile) -> usize {
    let text = handler("One of many", &prepares("3ms"), &works(5)).to_string();
    let script = script::parse(&text, "many.json".as_ref()).expect("the script is right");
    let (scheduler, count) = (Scheduler::seeded(1), Arc::new(AtomicUsize::new(0)));
    let factory = Arc::new(ScriptFactory::new(script, scheduler.clone()));
    let mut setup = SessionSetup::empty(Limits::default()).side_by_side(true).profile(profile);
    for _ in 0..instances {
        let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
        let plan = Counted(StandardPlan::new(initialize, Selection::All), Arc::clone(&count));
        setup = setup.and(Arc::<ScriptFactory>::clone(&factory), Box::new(plan));
    }
    let ran = host::run_virtual(setup, &scheduler, &mut |_: Vec<Event>, _: &Session| {}).expect("they are created");
    let completed = |instance: &Instance| instance.outcome() == Outcome::Completed(HResult::S_OK);
    assert_eq!(ran.session.instances().filter(|instance| completed(instance)).count(), instances);
    count.load(Ordering::Relaxed)
}

/// Each is asked when something happened to it, not whenever something happened to any.
#[test]
fn an_instance_is_asked_no_more_often_beside_many_others_than_beside_few() {
    for profile in [Profile::Xp, Profile::Vista] {
        let (few, many) = (asked(5, profile), asked(50, profile));
        assert!(many <= few * 10 * 11 / 10, "{profile:?}: 5 instances are asked {few} times, and 50 {many} times");
    }
}
