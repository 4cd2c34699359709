//! Runs a scripted handler with many seeds, and prints which seeds find what: a race appears only in some orders.
//!
//! ```sh
//! cargo run --example seeds -- fixtures/handlers/races.json 64
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use mobsync::handler::script::{self, Script, ScriptFactory};
use mobsync::host::{self, Selection, SessionSetup, StandardPlan};
use mobsync::protocol::{Event, Initialize, Limits, Profile, Session, SyncEvent, SyncFlags};
use mobsync::rules::{Conditions, Monitor};
use mobsync::time::Scheduler;
use mobsync::trace::VIRTUAL_START;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("which script? seeds FILE [HOW MANY]")?;
    let many: u64 = args.next().map_or(Ok(64), |many| many.parse())?;
    let script = script::load(Path::new(&file))?;
    let mut seeds: BTreeMap<Vec<&str>, Vec<u64>> = BTreeMap::new();
    for seed in 0..many {
        seeds.entry(broken(&script, seed)?).or_default().push(seed);
    }
    for (rules, seeds) in seeds {
        let rules = if rules.is_empty() { "nothing".to_owned() } else { rules.join(", ") };
        println!("{rules}: {} seeds, the first is {}", seeds.len(), seeds[0]);
    }
    Ok(())
}

/// The codes of the rules that are broken with this seed.
fn broken(script: &Script, seed: u64) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let scheduler = Scheduler::seeded(seed);
    let factory = Arc::new(ScriptFactory::new(script.clone(), scheduler.clone()));
    let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
    let plan = StandardPlan::new(Initialize::new(flags), Selection::Checked);
    let limits = Limits::default();
    let mut monitor = Monitor::new(Conditions { profile: Profile::Xp, limits, started: VIRTUAL_START });
    let setup = SessionSetup::new(factory, Box::new(plan), limits);
    host::run_virtual(setup, &scheduler, &mut |events: Vec<Event>, _: &Session| {
        for event in &events {
            monitor.observe(event);
        }
    })?;
    monitor.finish();
    let mut rules: Vec<&str> = monitor.findings().iter().map(|finding| finding.rule.code).collect();
    rules.sort_unstable();
    rules.dedup();
    Ok(rules)
}
