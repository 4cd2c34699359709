//! What holds for any two traces.

use std::collections::BTreeMap;

use mobsync::protocol::Limits;
use mobsync::protocol::*;
use mobsync::rules::{Conditions, Monitor};
use mobsync::trace::VIRTUAL_START;
use mobsync::trace::diff::diff;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use crate::base::{base, numbered, plan, record};
use crate::erratic::Erratic;

fn item() -> impl Strategy<Value = Value> {
    prop_oneof![Just("A"), Just("B"), Just("C")].prop_map(Value::from)
}

fn step() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (item(), 1..4_u16).prop_map(|(item, units)| json!({"work": {"item": item, "units": units}})),
        2 => (item(), 0..9_u32).prop_map(|(item, status)| {
            json!({"progress": {"item": item, "status": status, "force": true}})
        }),
        2 => (0..3_u32).prop_map(|ms| json!({"wait": format!("{ms}ms")})),
        1 => any::<bool>().prop_map(|on| json!({"dialog": on})),
        1 => Just(json!({"connect": "vpn"})),
        2 => item().prop_map(|item| json!({"log": {"text": "x", "error": "E1", "item": item, "jump": true}})),
        1 => prop_oneof![Just("E1"), Just("GUID_NULL")].prop_map(|id| json!({"delete_log": id})),
        1 => Just(json!({"panic": "at once"})),
    ]
}

/// An asynchronous method whose work is done by two threads.
fn threads() -> impl Strategy<Value = Value> {
    let steps = || prop::collection::vec(step(), 0..4);
    let last = prop_oneof![6 => Just(json!({"complete_if_last": "S_OK"})), 1 => Just(json!({"complete": "S_OK"}))];
    (steps(), steps(), last).prop_map(|(mut one, mut other, last)| {
        one.push(last.clone());
        other.push(last);
        json!({"threads": {"one": one, "other": other}})
    })
}

fn random_script() -> impl Strategy<Value = Value> {
    (threads(), threads()).prop_map(|(prepare, synchronize)| {
        let items: Vec<Value> = ["A", "B", "C"].iter().map(|id| json!({"id": id, "name": id, "flags": 1})).collect();
        json!({
            "kind": "script", "version": 1, "name": "random", "flags": 3, "items": items,
            "methods": {
                "PrepareForSync": prepare,
                "Synchronize": synchronize,
                "ShowError": {"then": [{"retry": ["B"]}]},
            },
        })
    })
}

/// How often each rule is found broken, but for those that speak of time, or of how many reports one of several items still
/// makes after all were told to stop.
fn verdicts(events: &[Event]) -> BTreeMap<&'static str, usize> {
    let limits = Limits::default();
    let mut monitor = Monitor::new(Conditions { profile: Profile::Xp, limits, started: VIRTUAL_START });
    events.iter().for_each(|event| {
        monitor.observe(event);
    });
    monitor.finish();
    let mut found = BTreeMap::new();
    for finding in monitor.take_findings() {
        if !["PREP-05", "SYNC-06", "ERRS-07", "STOP-01", "STOP-02", "STOP-03"].contains(&finding.rule.code) {
            *found.entry(finding.rule.code).or_default() += 1;
        }
    }
    found
}

/// An event of an item, with its reply: (item, how many events).
fn of_item(events: &[Event], at: usize) -> Option<(Guid, usize)> {
    let Some(Event { kind: EventKind::Callback { call, what }, .. }) = events.get(at) else { return None };
    let item = match what {
        Callback::Progress(args) => args.item,
        Callback::LogError(args) => args.info.as_deref().and_then(LogErrorInfo::given_item)?,
        _ => return None,
    };
    let replied =
        matches!(events.get(at + 1), Some(Event { kind: EventKind::Reply { call: of, .. }, .. }) if of == call);
    replied.then_some((item, 2))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_trace_is_equal_to_itself(script in random_script(), seed in any::<u64>()) {
        let events = record(&script, Erratic::new(plan(), seed), seed);
        prop_assert_eq!(diff(&events, &events), None);
    }

    #[test]
    fn whether_two_traces_are_equal_does_not_depend_on_which_comes_first(
        script in random_script(), one in any::<u64>(), other in any::<u64>(),
    ) {
        let (a, b) = (record(&script, plan(), one), record(&script, plan(), other));
        let (there, back) = (diff(&a, &b), diff(&b, &a));
        prop_assert_eq!(there.is_none(), back.is_none());
        if let (Some(there), Some(back)) = (there, back) {
            prop_assert!(there.a.is_some() || there.b.is_some());
            let seqs = |events: &[Event], seq: Option<u64>| seq.is_none_or(|seq| events.iter().any(|e| e.seq == seq));
            prop_assert!(seqs(&a, there.a) && seqs(&b, there.b));
            prop_assert!(seqs(&b, back.a) && seqs(&a, back.b));
        }
    }

    #[test]
    fn equal_traces_are_judged_equally(script in random_script(), one in any::<u64>(), other in any::<u64>()) {
        let (a, b) = (record(&script, plan(), one), record(&script, plan(), other));
        if diff(&a, &b).is_none() {
            prop_assert_eq!(verdicts(&a), verdicts(&b));
        }
    }

    #[test]
    fn neighbours_of_different_items_may_change_places(picks in prop::collection::vec(any::<prop::sample::Index>(), 1..40)) {
        let a = base();
        let mut b = a.clone();
        let mut moved = 0;
        for pick in picks {
            let at = pick.index(b.len());
            let Some((one, first)) = of_item(&b, at) else { continue };
            let Some((other, second)) = of_item(&b, at + first) else { continue };
            if one != other {
                b[at..at + first + second].rotate_left(first);
                moved += 1;
            }
        }
        prop_assert_eq!(diff(&a, &numbered(b)), None, "after {} exchanges", moved);
    }

    #[test]
    fn an_event_that_is_dropped_is_a_difference(
        script in random_script(), seed in any::<u64>(), pick in any::<prop::sample::Index>(),
    ) {
        let a = record(&script, Erratic::new(plan(), seed), seed);
        let mut b = a.clone();
        b.remove(pick.index(b.len()));
        prop_assert!(diff(&a, &b).is_some());
        prop_assert!(diff(&b, &a).is_some());
    }
}

#[test]
fn random_scripts_are_sometimes_equal_under_two_seeds_and_sometimes_not() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut equal = 0;
    const SCRIPTS: usize = 200;
    for _ in 0..SCRIPTS {
        let script = random_script().new_tree(&mut runner).expect("a script").current();
        equal += usize::from(diff(&record(&script, plan(), 1), &record(&script, plan(), 2)).is_none());
    }
    assert!((20..SCRIPTS - 20).contains(&equal), "{equal} of {SCRIPTS} are equal: the properties say little");
}
