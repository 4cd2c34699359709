//! The library of scenarios: each holds, and each gives one and the same trace however often it is replayed.

#[path = "common/replaying.rs"]
mod replaying;

use std::path::PathBuf;

use mobsync::handler::script::Script;
use mobsync::scenario::{self, Recorder, Recording, Scenario, ScenarioPlan, Step, StepCame, StepOutcomes};
use proptest::prelude::*;
use replaying::{replay, replay_of, run};
use serde_json::{Value, json};

fn library() -> Vec<(PathBuf, Scenario)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the library is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| (file.clone(), scenario::load(&file).unwrap_or_else(|error| panic!("{error}"))))
        .collect()
}

#[test]
fn every_scenario_of_the_library_holds() {
    let mut problems = Vec::new();
    for (file, scenario) in library() {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(
            !scenario.title.is_empty() && !scenario.follows.is_empty(),
            "{name} has a title and the page it follows"
        );
        let (replayed, steps) = replay_of(&scenario, &file);
        let none = StepOutcomes::default();
        let own = steps.first().filter(|_| scenario.handlers.is_empty()).unwrap_or(&none);
        let mut all = replayed.check(&scenario, own);
        all.extend(scenario::check_members(&scenario.handlers, &replayed.session, &steps));
        for held in all.iter().filter(|held| !held.held) {
            problems.push(format!("{name}: {}: {}", held.what, held.difference));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn a_scenario_replayed_100_times_gives_one_trace_also_under_load() {
    let library = library();
    // Both cores are busy: the same scenarios run on other threads all the while.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for (file, scenario) in &library {
                    let first = replay_of(scenario, file).0.trace();
                    for _ in 0..50 {
                        let again = replay_of(scenario, file).0.trace();
                        assert!(first == again, "{} is not the same every time", file.display());
                    }
                }
            });
        }
    });
}

fn trigger() -> impl Strategy<Value = Value> {
    let state = prop::sample::select(vec![
        "initialized",
        "enumerated",
        "ready",
        "prepare-returned",
        "prepared",
        "synchronize-returned",
        "synchronized",
        "retry-due",
    ]);
    prop_oneof![
        (state, 1..3_u32).prop_map(|(state, nth)| json!({"state": state, "nth": nth})),
        (prop::sample::select(vec!["A", "B"]), 1..8_u32)
            .prop_map(|(item, nth)| json!({"callback": "Progress", "item": item, "nth": nth})),
        Just(json!({"callback": "PrepareForSyncCompleted"})),
        Just(json!({"callback": "LogError"})),
        // Between the handler's own instants: where both fall together, an event counts as what the user reacted to.
        (0..12_u32).prop_map(|ms| json!({"time": format!("{ms}.5ms")})),
    ]
}

fn step() -> impl Strategy<Value = Value> {
    let action = prop_oneof![
        4 => prop::sample::select(vec!["A", "B"]).prop_map(|item| json!({"skip": item})),
        3 => Just(json!({"show_error": "first"})),
        1 => Just(json!({"show_properties": "A"})),
        1 => Just(json!("release")),
    ];
    let reply = (prop::sample::select(vec!["A", "B"]), 1..8_u32, any::<bool>()).prop_map(|(item, nth, all)| {
        let reply = if all { "cancel-all" } else { "cancel-item" };
        json!({"when": {"callback": "Progress", "item": item, "nth": nth}, "do": {"reply": reply}})
    });
    prop_oneof![
        6 => (trigger(), action).prop_map(|(when, action)| json!({"when": when, "do": action})),
        2 => reply,
    ]
}

fn handler() -> impl Strategy<Value = Value> {
    let prepare = prop_oneof![
        Just(json!({"do": [{"complete": "S_OK"}]})),
        Just(json!({"then": [{"wait": "3ms"}, {"complete": "S_OK"}]})),
        Just(json!({"threads": {"p": [{"complete": "S_OK"}]}})),
    ];
    let show = prop_oneof![
        Just(json!({"do": [{"retry": ["A"]}]})),
        Just(json!({"then": [{"wait": "1ms"}, {"retry": ["B"]}]})),
        Just(json!({"do": [{"complete": "S_OK"}]})),
    ];
    (prepare, show, 1..5_u16, 1..5_u16).prop_map(|(prepare, show, a, b)| {
        json!({
            "kind": "script", "version": 1, "name": "random",
            "items": [{"id": "A", "name": "A", "flags": 1}, {"id": "B", "name": "B"}],
            "methods": {
                "PrepareForSync": prepare,
                "ShowError": show,
                "Synchronize": {"threads": {
                    "a": [
                        {"work": {"item": "A", "units": a}},
                        {"log": {"text": "x", "error": "E1", "item": "A", "jump": true}},
                        {"complete_if_last": "S_OK"},
                    ],
                    "b": [{"work": {"item": "B", "units": b, "each": "2ms"}}, {"complete_if_last": "S_OK"}],
                }},
            },
        })
    })
}

/// The scenario without the steps that cannot be taken: what nobody did cannot be recorded.
fn only_what_can_be_done(mut scenario: Scenario, script: &dyn Fn() -> Script) -> Scenario {
    loop {
        let (replayed, steps) = replay(&scenario, script());
        let came = steps.came(&replayed.session.items());
        let taken: Vec<Step> =
            came.iter().filter(|(_, came, _)| *came == StepCame::Taken).map(|(step, ..)| step.clone()).collect();
        if taken.len() == scenario.steps.len() {
            return scenario;
        }
        scenario.steps = taken;
    }
}

/// Records a session, replays what was recorded, and compares the traces.
fn replays_the_same(handler: &Value, steps: &Value, seed: u64) -> Result<(), TestCaseError> {
    let script = || mobsync::handler::script::parse(&handler.to_string(), "random.json".as_ref()).expect("it is valid");
    let scenario = json!({
        "format": "mobsync-scenario", "version": 1, "title": "random", "seed": seed, "choose": "all", "steps": steps,
    });
    let scenario = scenario::parse(&scenario.to_string(), "random.json".as_ref()).expect("it is valid");
    let scenario = only_what_can_be_done(scenario, &script);
    let plan = ScenarioPlan::new(&scenario, StepOutcomes::of(&scenario));
    let recording = Recording::default();
    let recorder = Recorder::new(recording.clone(), scenario.initialize(), (&scenario.choose).into());
    let once = run(&scenario, script(), plan, Some(Box::new(recorder)));
    let recorded = Scenario { steps: recording.steps(), ..scenario };
    let text = serde_json::to_string(&recorded).expect("a scenario can be written");
    let read = scenario::parse(&text, "recorded.json".as_ref()).expect("what was written can be read");
    prop_assert_eq!(&read, &recorded);
    let (again, steps) = replay(&read, script());
    let (once_text, again_text) = (once.trace(), again.trace());
    prop_assert!(
        once_text == again_text,
        "{}\n--- once\n{}\n--- again\n{}",
        serde_json::to_string_pretty(&recorded.steps).unwrap_or_default(),
        String::from_utf8_lossy(&once_text),
        String::from_utf8_lossy(&again_text)
    );
    let not_taken: Vec<_> =
        again.check(&read, &steps).into_iter().filter(|held| held.what.starts_with("step ") && !held.held).collect();
    prop_assert!(not_taken.is_empty(), "{:?}", not_taken);
    Ok(())
}

#[test]
fn a_release_that_wakes_the_manager_is_recorded_though_an_ordinary_manager_would_close_too() {
    let handler = json!({
        "kind": "script", "version": 1, "name": "random",
        "items": [{"id": "A", "name": "A"}, {"id": "B", "name": "B"}],
        "methods": {
            "PrepareForSync": {"then": [{"wait": "3ms"}, {"complete": "S_OK"}]},
            "Synchronize": {"threads": {
                "a": [
                    {"work": {"item": "A", "units": 4}},
                    {"log": {"text": "x", "error": "E1", "item": "A", "jump": true}},
                    {"complete_if_last": "S_OK"},
                ],
                "b": [{"work": {"item": "B", "units": 2, "each": "2ms"}}, {"complete_if_last": "S_OK"}],
            }},
        },
    });
    let steps = json!([{"when": {"callback": "LogError"}, "do": "release"}]);
    (400..500).for_each(|seed| replays_the_same(&handler, &steps, seed).unwrap_or_else(|error| panic!("{error}")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_recorded_replays_to_the_same_trace_byte_for_byte(
        handler in handler(),
        steps in prop::collection::vec(step(), 0..6),
        seed in 0..1_000_u64,
    ) {
        replays_the_same(&handler, &json!(steps), seed)?;
    }
}
