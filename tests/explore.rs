//! The orders of a script's threads: counted exactly, reduced without a loss, and found races replayed.

use std::path::PathBuf;

use mobsync::conform::Suite;
use mobsync::host::explore::{Deviation, Instead};
use mobsync::job::{Handler, HandlerSpec, Terms};
use mobsync::protocol::Event;
use mobsync::runner::{self, ExploreOptions, Explored, FoundInSchedule, RunOptions, explore};
use mobsync::scenario::Scenario;
use mobsync::time::Sequence;
use serde_json::{Value, json};

fn script(methods: &Value) -> Handler {
    let items = json!([{ "id": "A", "name": "A" }, { "id": "B", "name": "B" }]);
    let text =
        json!({ "kind": "script", "version": 1, "name": "Explored", "items": items, "methods": methods }).to_string();
    HandlerSpec::Script { file: PathBuf::from("explored.json"), text }.open().expect("a script")
}

/// Threads of Synchronize.
fn threads(threads: &Value) -> Handler {
    script(&json!({ "Synchronize": { "threads": threads } }))
}

fn explored(handler: &Handler, options: ExploreOptions) -> Explored {
    explore(handler, &Scenario::titled("explored"), &options, &|| false).expect("it is explored")
}

/// Every order, in full.
const FULL: ExploreOptions =
    ExploreOptions { preemptions: None, actions: 0, schedules: 1_000_000, time: None, reduce: false, shorten: true };
/// Every order up to independent steps.
const REDUCED: ExploreOptions = ExploreOptions { reduce: true, ..FULL };

fn choose(n: u64, k: u64) -> u64 {
    (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
}

/// The number of ways to interleave threads with so many steps each.
fn interleavings(steps: &[u64]) -> u64 {
    let mut before = 0;
    let ways = steps.iter().map(|steps| {
        before += steps;
        choose(before, *steps)
    });
    ways.product()
}

fn reports(item: &str, many: usize) -> Value {
    let report = |value| json!({ "progress": { "item": item, "status": "UPDATING", "value": value } });
    (0..many).map(report).collect()
}

fn adds(variable: &str, many: usize) -> Value {
    (0..many).map(|_| json!({ "add": { "variable": variable, "by": 1 } })).collect()
}

fn codes(explored: &Explored) -> Vec<&'static str> {
    explored.causes.iter().map(|cause| cause.rule.code).collect()
}

/// Threads that nobody waits for: the manager has nothing to do until the time is over, so only the threads take turns. The end
/// of a thread is a step of its own.
#[test]
fn every_interleaving_is_run_once() {
    for (a, b) in [(1, 1), (1, 3), (2, 2), (3, 4)] {
        let handler = threads(&json!({ "a": reports("A", a), "b": reports("B", b) }));
        let explored = explored(&handler, FULL);
        assert!(explored.all);
        assert_eq!(explored.schedules, interleavings(&[a as u64 + 1, b as u64 + 1]), "{a} and {b} reports");
        assert_eq!(explored.given_up, 0);
    }
    let handler = threads(&json!({ "a": reports("A", 1), "b": reports("B", 2), "c": adds("x", 1) }));
    assert_eq!(explored(&handler, FULL).schedules, interleavings(&[2, 3, 2]));
}

/// Two threads of n steps each take p and q turns, which follow each other: p and q differ by 1 at most. Of the p+q-1 changes
/// between them one is at the end of a thread, and no preemption.
#[test]
fn the_bound_counts_preemptions() {
    let n = 5_u64;
    let handler = threads(&json!({ "a": reports("A", n as usize - 1), "b": adds("x", n as usize - 1) }));
    for most in 0..=6_u64 {
        let turns = (1..=n).flat_map(|p| (1..=n).map(move |q| (p, q)));
        let ways = turns.filter(|(p, q)| p.abs_diff(*q) <= 1 && p + q - 2 <= most).map(|(p, q)| {
            let orders = if p == q { 2 } else { 1 };
            orders * choose(n - 1, p - 1) * choose(n - 1, q - 1)
        });
        let found = explored(&handler, ExploreOptions { preemptions: Some(most as u32), ..FULL });
        assert_eq!(found.schedules, ways.sum::<u64>(), "at most {most} preemptions");
        assert!(found.all);
    }
}

/// Orders that differ in the order of independent steps are one: what is left is the order of those that share something.
#[test]
fn independent_steps_are_not_reordered() {
    let independent = threads(&json!({ "a": reports("A", 3), "b": reports("B", 3), "c": adds("x", 3) }));
    assert_eq!(explored(&independent, REDUCED).schedules, 1);
    for (a, b) in [(1, 1), (2, 2), (3, 3), (1, 4)] {
        let shared = threads(&json!({ "a": adds("x", a), "b": adds("x", b), "c": reports("A", 2) }));
        let found = explored(&shared, REDUCED);
        assert!(found.all);
        assert_eq!(found.schedules, interleavings(&[a as u64, b as u64]), "{a} and {b} additions");
    }
    let all_three = threads(&json!({ "a": adds("x", 1), "b": adds("x", 1), "c": adds("x", 2) }));
    assert_eq!(explored(&all_three, REDUCED).schedules, interleavings(&[1, 1, 2]));
    // Whoever comes first holds the lock until it is through.
    let locked =
        json!([{ "lock": "l" }, { "read": "x" }, { "write": { "variable": "x", "add": 1 } }, { "unlock": "l" }]);
    let handler = threads(&json!({ "a": locked, "b": locked, "c": locked }));
    assert_eq!(explored(&handler, REDUCED).schedules, interleavings(&[1, 1, 1]));
}

/// Two workers that each count down in two steps: both may read the same number, and then none or both believe to be last.
fn two_last(count: &Value) -> Handler {
    let worker = |item: &str| {
        let mut steps = vec![json!({ "progress": { "item": item, "status": "UPDATING", "value": 0, "max": 1 } })];
        steps.push(json!({ "progress": { "item": item, "status": "SUCCEEDED", "value": 1 } }));
        steps.extend(count.as_array().expect("steps").iter().cloned());
        steps.push(json!({ "when": { "is": { "read": { "done": 2 } }, "do": [{ "complete": "S_OK" }] } }));
        Value::from(steps)
    };
    threads(&json!({ "a": worker("A"), "b": worker("B") }))
}

#[test]
fn a_counter_that_is_read_and_written_in_two_steps_is_a_race_and_its_twin_is_none() {
    let racy = two_last(&json!([{ "read": "done" }, { "write": { "variable": "done", "add": 1 } }]));
    let found = explored(&racy, REDUCED);
    assert!(found.all);
    assert_eq!(codes(&found), ["SYNC-03"], "{found:#?}");
    let [race] = found.causes.as_slice() else { panic!("one cause") };
    assert!(race.shortest);
    assert_eq!(race.schedule.len(), 1, "one preemption between the two steps: {:?}", race.schedule);
    // The schedule shows it again, byte for byte, and without it nothing is found.
    let judged = |schedule: &[Deviation]| {
        let scenario = Scenario { schedule: Some(schedule.to_vec()), ..Scenario::titled("explored") };
        let mut events: Vec<Event> = Vec::new();
        let terms = Terms::scenario(scenario);
        let session = runner::run(&racy, &terms, &RunOptions::default(), &mut events).expect("it runs");
        let codes: Vec<_> = session.judged.findings().map(|finding| finding.rule.code).collect();
        (codes, format!("{events:?}"))
    };
    let (codes_of_race, events) = judged(&race.schedule);
    assert_eq!(codes_of_race, ["SYNC-03"]);
    assert_eq!(judged(&race.schedule).1, events);
    assert!(judged(&[]).0.is_empty());
    let mended = two_last(&json!([{ "add": { "variable": "done", "by": 1 } }]));
    let found = explored(&mended, ExploreOptions { actions: 0, ..REDUCED });
    assert!(found.all && found.causes.is_empty(), "{found:#?}");
    let locked = two_last(&json!([
        { "lock": "l" }, { "read": "done" }, { "write": { "variable": "done", "add": 1 } }, { "unlock": "l" }
    ]));
    let found = explored(&locked, REDUCED);
    assert!(found.all && found.causes.is_empty(), "{found:#?}");
}

/// A step of a random thread.
fn random_step(by: &mut Sequence) -> Value {
    let item = *by.among(&["A", "B"]).expect("two");
    let variable = *by.among(&["x", "y"]).expect("two");
    match by.below(12) {
        0 | 1 => json!({ "progress": { "item": item, "status": "UPDATING", "value": by.below(3), "max": 2 } }),
        2 => json!({ "progress": { "item": item, "status": "SUCCEEDED" } }),
        3 => json!({ "progress": { "item": item, "status": "UPDATING", "value": 1, "max": 2, "force": true } }),
        4 => json!({ "read": variable }),
        5 => json!({ "write": { "variable": variable, "add": 1 } }),
        6 => json!({ "add": { "variable": variable, "by": 1 } }),
        7 => json!({ "when": { "is": { "read": { variable: 1 } }, "do": [{ "complete": "S_OK" }] } }),
        8 => json!({ "log": { "text": "wrong", "error": "E1", "item": item, "jump": by.once_in(2) } }),
        9 => json!({ "dialog": by.once_in(2) }),
        10 => json!({ "complete_if_last": "S_OK" }),
        _ => json!({ "wait": "1ms" }),
    }
}

/// No cause is lost with the orders that are left out: 200 random scripts, some with a user who acts.
#[test]
fn the_reduced_orders_show_all_that_the_full_ones_show() {
    let mut by = Sequence::new(15);
    let (mut fewer, mut with_causes, mut in_some_orders_only) = (0, 0, 0);
    for number in 0..200 {
        let names = ["a", "b", "c"];
        let many = if number % 4 == 0 { 3 } else { 2 };
        let threads_of = |by: &mut Sequence| {
            let thread = |name: &&str| {
                let steps = (0..1 + by.below(if many == 3 || number % 16 == 1 { 1 } else { 2 }))
                    .map(|_| random_step(by))
                    .collect::<Vec<_>>();
                ((*name).to_owned(), Value::from(steps))
            };
            Value::Object(names[..many].iter().map(thread).collect())
        };
        let threads_of_script = threads_of(&mut by);
        let handler = threads(&threads_of_script);
        let actions = u32::from(number % 16 == 1);
        let preemptions = (number % 2 == 0).then_some(1);
        // The shortest schedules are looked for in some: that takes longer than all else.
        let shorten = number % 10 == 0;
        let options = ExploreOptions { actions, preemptions, shorten, ..FULL };
        let full = explored(&handler, options);
        let reduced = explored(&handler, ExploreOptions { reduce: true, ..options });
        assert!(full.all && reduced.all, "{number}: {threads_of_script:#}");
        let causes = |explored: &Explored| -> Vec<_> {
            let length = |cause: &FoundInSchedule| cause.shortest.then_some(cause.schedule.len());
            explored.causes.iter().map(|cause| (cause.rule.code, cause.method, length(cause))).collect()
        };
        assert_eq!(causes(&full), causes(&reduced), "{number}: {threads_of_script:#}");
        assert!(reduced.schedules <= full.schedules);
        fewer += usize::from(reduced.schedules < full.schedules);
        with_causes += usize::from(!full.causes.is_empty());
        in_some_orders_only += usize::from(full.causes.iter().any(|cause| cause.seen < full.schedules));
    }
    assert!(
        fewer > 100 && with_causes > 100 && in_some_orders_only > 50,
        "{fewer} {with_causes} {in_some_orders_only}"
    );
}

/// A worker that looks whether its item was skipped and reports afterwards in a second step; and one that is not heard any more
/// once its handler was released.
#[test]
fn what_the_user_does_is_tried_at_every_legal_point() {
    let late = threads(&json!({
        "a": [
            { "progress": { "item": "A", "status": "UPDATING", "value": 0, "max": 8 } },
            { "progress": { "item": "B", "status": "UPDATING", "value": 0, "max": 1 } },
            { "when": { "is": { "skipped": ["A"] },
                        "do": [{ "progress": { "item": "A", "status": "SKIPPED", "force": true } }],
                        "else": [{ "progress": { "item": "A", "status": "SUCCEEDED", "value": 8, "max": 8, "force": true } }] } },
            { "progress": { "item": "B", "status": "SUCCEEDED" } },
            { "complete": "S_OK" }
        ]
    }));
    let quiet = explored(&late, REDUCED);
    assert!(quiet.all && quiet.causes.is_empty(), "{quiet:#?}");
    let acting = explored(&late, ExploreOptions { actions: 1, ..REDUCED });
    assert!(acting.all);
    let by_user: Vec<&FoundInSchedule> =
        acting.causes.iter().filter(|cause| cause.rule.code.starts_with("STOP-")).collect();
    assert!(!by_user.is_empty(), "{acting:#?}");
    for cause in by_user {
        assert!(
            cause.shortest && cause.schedule.iter().any(|one| matches!(one.instead, Instead::User(_))),
            "{cause:#?}"
        );
        let text = serde_json::to_string(&cause.schedule).expect("a schedule is data");
        assert_eq!(serde_json::from_str::<Vec<Deviation>>(&text).expect("it is read"), cause.schedule);
        let scenario = Scenario { schedule: Some(cause.schedule.clone()), ..Scenario::titled("explored") };
        let session = runner::run(&late, &Terms::scenario(scenario), &RunOptions::default(), &mut ()).expect("it runs");
        let codes: Vec<_> = session.judged.findings().map(|finding| finding.rule.code).collect();
        assert!(codes.contains(&cause.rule.code), "{codes:?} {text}");
    }
}

/// A case of the suite.
const CASE: &str = "event-manual";

/// The suite explores each of its cases; what only another order shows stands beside the case.
#[test]
fn the_suite_explores_its_cases() {
    let count = [json!({ "read": "done" }), json!({ "write": { "variable": "done", "add": 1 } })];
    // One whose order by the seed does not show the race.
    let racy = |more: usize| {
        let before = (0..more).map(|_| json!({ "add": { "variable": "other", "by": 1 } }));
        two_last(&before.chain(count.clone()).collect())
    };
    let suite = |racy: Handler| Suite::of(racy).case(CASE);
    let racy = (0..9).map(racy).find(|racy| !suite(racy.clone()).run().expect("the suite runs").failed());
    let racy = racy.expect("the seed does not show it");
    let options = ExploreOptions { preemptions: Some(1), schedules: 500, ..REDUCED };
    let report = suite(racy).explore(options).run().expect("the suite runs");
    assert_eq!(report.exploration.len(), 1);
    let [exploration] = report.exploration.as_slice() else { panic!("one case") };
    assert!(exploration.all && exploration.schedules > 1);
    let cases: Vec<&str> = report.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(cases, [CASE, &format!("{CASE}.order-1")]);
    assert!(report.findings.iter().any(|finding| finding.rule == "SYNC-03"), "{:?}", report.findings);
}

#[test]
fn what_is_no_schedule_is_refused() {
    let wrong = [
        r#"[{"turn": 0, "thread": "a"}]"#,
        r#"[{"turn": 1}]"#,
        r#"[{"turn": 1, "thread": "a", "do": "release"}]"#,
        r#"[{"turn": 1, "do": "sing"}]"#,
    ];
    for text in wrong {
        assert!(serde_json::from_str::<Vec<Deviation>>(text).is_err(), "{text}");
    }
    // Nothing of it runs.
    let real = Handler::find("filesync", &["fixtures=docs".to_owned()], None).expect("there are such folders");
    let error = explore(&real, &Scenario::titled("explored"), &FULL, &|| false).expect_err("it has real threads");
    assert!(error.to_string().contains("real ones"), "{error}");
}
