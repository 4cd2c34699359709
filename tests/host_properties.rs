//! The host against random handlers and random users: it keeps its own side of the protocol, every session ends, and the
//! trace says all there is to say.

#[path = "common/erratic.rs"]
mod erratic;

use erratic::Erratic;

use mobsync::handler::script;
use mobsync::host::{Plan, Selection, StandardPlan};
use mobsync::job::{Additions, Handler, Terms};
use mobsync::protocol::*;
use mobsync::rules::codes::ERRS_08;
use mobsync::rules::{Finding, Subject};
use mobsync::runner::{self, JudgedSession, RunOptions, judge_trace};
use mobsync::trace::{Header, Reader, TraceReader, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

fn item() -> impl Strategy<Value = Value> {
    prop_oneof![Just("A"), Just("B"), Just("C")].prop_map(Value::from)
}

/// How a completion is made, if at all.
fn completion() -> impl Strategy<Value = Vec<Value>> {
    prop_oneof![
        6 => Just(vec![json!({"complete": "S_OK"})]),
        2 => Just(vec![json!({"wait": "2ms"}), json!({"complete": "S_OK"})]),
        1 => Just(vec![json!({"complete": "E_FAIL"})]),
        1 => Just(vec![json!({"complete": "S_OK"}), json!({"complete": "S_OK"})]),
        1 => Just(vec![]),
    ]
}

fn step() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (item(), 1..4_u16).prop_map(|(item, units)| json!({"work": {"item": item, "units": units}})),
        2 => (item(), 0..9_u32, any::<bool>()).prop_map(|(item, status, force)| {
            json!({"progress": {"item": item, "status": status, "force": force}})
        }),
        1 => (0..4_u32).prop_map(|ms| json!({"wait": format!("{ms}ms")})),
        1 => any::<bool>().prop_map(|on| json!({"dialog": on})),
        1 => prop_oneof![Just(Value::Null), Just(json!("vpn"))].prop_map(|name| json!({"connect": name})),
        2 => item().prop_map(|item| json!({"log": {"text": "x", "error": "E1", "item": item, "jump": true}})),
        1 => prop_oneof![Just("E1"), Just("GUID_NULL")].prop_map(|id| json!({"delete_log": id})),
        1 => Just(json!({"complete_as": {"method": "SynchronizeCompleted", "hr": "S_OK"}})),
        1 => Just(json!({"complete_as": {"method": "PrepareForSyncCompleted", "hr": "S_OK"}})),
        1 => Just(json!({"complete_as": {"method": "ShowErrorCompleted", "hr": "S_OK"}})),
    ]
}

/// What an asynchronous method does: steps and its completion before the return, after it, or on another thread.
fn asynchronous() -> impl Strategy<Value = Value> {
    let steps = prop::collection::vec(step(), 0..4);
    let returns = prop_oneof![8 => Just("S_OK"), 1 => Just("E_FAIL"), 1 => Just("S_FALSE")];
    (steps, completion(), 0..3_u8, returns).prop_map(|(mut steps, completion, place, returns)| {
        steps.extend(completion);
        match place {
            0 => json!({"do": steps, "returns": returns}),
            1 => json!({"then": steps, "returns": returns}),
            _ => json!({"threads": {"w": steps}, "returns": returns}),
        }
    })
}

fn show_error() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"do": [{"retry": ["A"]}]})),
        Just(json!({"then": [{"wait": "1ms"}, {"retry": ["B", "A"]}]})),
        Just(json!({"do": [{"retry": []}]})),
        asynchronous(),
    ]
}

fn show_properties() -> impl Strategy<Value = Value> {
    let hr = prop_oneof![Just("S_OK"), Just("S_SYNCMGR_ENUMITEMS"), Just("S_SYNCMGR_ITEMDELETED")];
    prop_oneof![hr.prop_map(|hr| json!({"then": [{"complete": hr}]})), asynchronous()]
}

fn random_script() -> impl Strategy<Value = Value> {
    let initialize = prop_oneof![10 => Just("S_OK"), 1 => Just("S_FALSE"), 1 => Just("E_FAIL")];
    (0..4_usize, initialize, asynchronous(), asynchronous(), show_error(), show_properties(), any::<bool>()).prop_map(
        |(items, initialize, prepare, synchronize, show_error, show_properties, survives)| {
            let all: Vec<Value> =
                ["A", "B", "C"][..items.min(3)].iter().map(|id| json!({"id": id, "name": id, "flags": 1})).collect();
            json!({
                "kind": "script", "version": 1, "name": "random", "flags": 3, "items": all,
                "survives_release": survives,
                "methods": {
                    "Initialize": {"returns": initialize},
                    "PrepareForSync": prepare,
                    "Synchronize": synchronize,
                    "ShowError": show_error,
                    "ShowProperties": show_properties,
                },
            })
        },
    )
}

/// A session of the script with the plan: its events, and what was found while it ran.
struct Recorded {
    events: Vec<Event>,
    findings: Vec<Finding>,
    session: Session,
    header: Header,
}

fn record(script: &Value, plan: impl Plan + 'static, seed: u64) -> Recorded {
    let script = script::parse(&script.to_string(), "random.json".as_ref()).expect("the script is valid");
    let (handler, terms) = (Handler::from_script(script), Terms { seed, ..Terms::default() });
    let additions = Additions { plan: Some(Box::new(plan)), ..Additions::default() };
    let mut events = Vec::new();
    let session = runner::run_with(&handler, &terms, &RunOptions::default(), additions, &mut events);
    let JudgedSession { header, judged, .. } = session.expect("a script can be created");
    Recorded { events, findings: judged.findings().cloned().collect(), session: judged.session().clone(), header }
}

fn written(recorded: &Recorded) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &recorded.header).expect("a Vec takes everything");
    recorded.events.iter().for_each(|event| writer.write(event).expect("a Vec takes everything"));
    writer.into_inner()
}

fn standard(flags: u32) -> StandardPlan {
    let mut plan = StandardPlan::new(Initialize::new(SyncFlags::new(SyncEvent::MANUAL, flags)), Selection::All);
    plan.retries = 2;
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_host_never_breaks_a_rule_of_the_manager_and_every_session_ends(
        script in random_script(),
        seed in any::<u64>(),
        flags in prop_oneof![4 => Just(SyncFlags::MAYBOTHERUSER), 1 => Just(0), 1 => Just(SyncFlags::SETTINGS)],
    ) {
        let recorded = record(&script, Erratic::new(standard(flags), seed), seed);
        // The erratic user also leaves when a retry is due: that is a note, and the user's doing.
        let of_manager: Vec<_> = recorded
            .findings
            .iter()
            .filter(|finding| finding.rule.subject == Subject::Manager && finding.rule != ERRS_08)
            .collect();
        prop_assert!(of_manager.is_empty(), "{of_manager:?}");
        let instance = recorded.session.instance(HandlerId::FIRST).expect("it was created");
        prop_assert!(instance.state().is_end(), "the session stands at {}", instance.state());
    }

    #[test]
    fn a_trace_reads_back_equal_and_is_judged_equally(script in random_script(), seed in any::<u64>()) {
        let recorded = record(&script, Erratic::new(standard(SyncFlags::MAYBOTHERUSER), seed), seed);
        let file = written(&recorded);
        let reader = Reader::new(file.as_slice(), "recorded.jsonl").expect("it has a header");
        prop_assert_eq!(reader.header(), &recorded.header);
        let read: Vec<Event> = reader.map(|event| event.expect("it was written by us")).collect();
        prop_assert_eq!(read, recorded.events);
        let reader = Reader::new(file.as_slice(), "recorded.jsonl").expect("it has a header");
        let judged = judge_trace(TraceReader::Lines(reader), None, None).judged;
        prop_assert_eq!(judged.findings().cloned().collect::<Vec<_>>(), recorded.findings);
    }

    #[test]
    fn the_same_script_plan_and_seed_give_the_same_trace_byte_for_byte(script in random_script(), seed in any::<u64>()) {
        let once = written(&record(&script, Erratic::new(standard(SyncFlags::MAYBOTHERUSER), seed), seed));
        let again = written(&record(&script, Erratic::new(standard(SyncFlags::MAYBOTHERUSER), seed), seed));
        prop_assert_eq!(once, again);
    }

    #[test]
    fn a_script_that_only_names_its_items_is_a_good_handler(
        items in 0..6_usize,
        seed in any::<u64>(),
        flags in prop_oneof![Just(SyncFlags::MAYBOTHERUSER), Just(0), Just(SyncFlags::SETTINGS)],
    ) {
        let names = ["A", "B", "C", "D", "E", "F"];
        let items: Vec<Value> =
            names[..items].iter().map(|id| json!({"id": id, "name": id, "flags": "HASPROPERTIES"})).collect();
        let script = json!({"kind": "script", "version": 1, "name": "good", "flags": "HASPROPERTIES", "items": items});
        let recorded = record(&script, Erratic::new(standard(flags), seed), seed);
        prop_assert!(recorded.findings.is_empty(), "{:?}", recorded.findings);
    }
}

#[test]
fn other_seeds_give_other_orders_of_the_same_threads() {
    let script = json!({
        "kind": "script", "version": 1, "name": "good",
        "items": [{"id": "A", "name": "A"}, {"id": "B", "name": "B"}],
    });
    let orders: std::collections::BTreeSet<Vec<String>> = (0..20)
        .map(|seed| {
            let recorded = record(&script, standard(SyncFlags::MAYBOTHERUSER), seed);
            recorded.events.iter().map(|event| event.thread.to_string()).collect()
        })
        .collect();
    assert!(orders.len() > 5, "20 seeds gave only {} orders", orders.len());
}
