//! Runs a scripted handler with many seeds, and prints which seeds find what: a race appears only in some orders.
//!
//! ```sh
//! cargo run --example seeds -- fixtures/handlers/races.json 64
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use mobsync::job::{Handler, Terms};
use mobsync::runner::{self, RunError, RunOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("which script? seeds FILE [HOW MANY]")?;
    let many: u64 = args.next().map_or(Ok(64), |many| many.parse())?;
    let handler = Handler::find(&file, &[], None)?;
    let mut seeds: BTreeMap<Vec<&str>, Vec<u64>> = BTreeMap::new();
    for seed in 0..many {
        seeds.entry(broken(&handler, seed)?).or_default().push(seed);
    }
    for (rules, seeds) in seeds {
        let rules = if rules.is_empty() { "nothing".to_owned() } else { rules.join(", ") };
        println!("{rules}: {} seeds, the first is {}", seeds.len(), seeds[0]);
    }
    Ok(())
}

/// The codes of the rules that are broken with that seed.
fn broken(handler: &Handler, seed: u64) -> Result<Vec<&'static str>, RunError> {
    let terms = Terms { seed, ..Terms::default() };
    let session = runner::run(handler, &terms, &RunOptions::default(), &mut ())?;
    let rules: BTreeSet<&str> = session.judged.found().iter().map(|found| found.finding.rule.code).collect();
    Ok(rules.into_iter().collect())
}
