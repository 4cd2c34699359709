//! Exploring the orders of a session with two items, against the same session run once by the ordinary runner.

mod support;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mobsync::job::{Handler, HandlerSpec, Terms};
use mobsync::runner::{self, ExploreOptions, RunOptions, explore};
use mobsync::scenario::Scenario;
use support::paired::{Effort, Paired};

/// Sessions a second on one core.
const TARGET: f64 = 50_000.0;

/// Two workers that report at the same time, and the last of them completes.
const SCRIPT: &str = r#"{
    "kind": "script", "version": 1, "name": "Two items",
    "items": [{ "id": "A", "name": "A" }, { "id": "B", "name": "B" }],
    "methods": { "Synchronize": { "threads": {
        "a": [{ "work": { "item": "A", "units": 1 } }, { "complete_if_last": "S_OK" }],
        "b": [{ "work": { "item": "B", "units": 1 } }, { "complete_if_last": "S_OK" }]
    } } }
}"#;

fn main() -> io::Result<()> {
    let effort = Effort::from_args();
    let spec = HandlerSpec::Script { file: PathBuf::from("two-items.json"), text: SCRIPT.to_owned() };
    let handler = spec.open().map_err(io::Error::other)?;
    let scenario = Scenario::titled("explored");
    let sessions = effort.pick(20_000, 50);
    let mut paired = Paired::default();
    for _ in 0..effort.pick(11, 1) {
        paired.round(|| one_by_one(&handler, &scenario, sessions), || in_all_orders(&handler, &scenario, sessions));
    }
    let summary = paired.summary();
    let a_second = sessions as f64 * 1e9 / summary.subject_ns.median;
    println!("explore: {sessions} sessions with two items in different orders, against the ordinary runner");
    println!(
        "  {} times the ordinary runner; {a_second:.0} sessions a second, target {TARGET:.0}, against {:.0}; {} rounds",
        summary.ratio,
        sessions as f64 * 1e9 / summary.floor_ns.median,
        summary.rounds,
    );
    Ok(())
}

/// The same session so many times.
fn one_by_one(handler: &Handler, scenario: &Scenario, sessions: u64) -> Duration {
    let terms = Terms::scenario(scenario.clone());
    let began = Instant::now();
    for _ in 0..sessions {
        runner::run(handler, &terms, &RunOptions::default(), &mut ()).expect("the session runs");
    }
    began.elapsed()
}

/// So many orders; as often from the beginning as it takes.
fn in_all_orders(handler: &Handler, scenario: &Scenario, sessions: u64) -> Duration {
    let began = Instant::now();
    let mut left = sessions;
    while left > 0 {
        let options =
            ExploreOptions { preemptions: None, schedules: left, shorten: false, reduce: false, ..Default::default() };
        let explored = explore(handler, scenario, &options, &|| false).expect("it is explored");
        left -= left.min(explored.schedules + explored.given_up);
    }
    began.elapsed()
}
