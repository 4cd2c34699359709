//! Prints how long each method of a handler took in a recorded session: another use of a trace.
//!
//! ```sh
//! cargo run --release -- run fixtures/handlers/blocks.json --trace target/blocks.jsonl
//! cargo run --example durations -- target/blocks.jsonl
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use mobsync::protocol::{Delay, EventKind};
use mobsync::trace;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("which trace? durations FILE")?;
    let mut open = BTreeMap::new();
    let mut longest: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    for event in trace::open_file(Path::new(&file))? {
        let event = event?;
        match &event.kind {
            EventKind::Call { call, .. } => {
                open.insert(*call, event.at_ns);
            }
            EventKind::Return { call, what } => {
                // A trace may begin in the middle of a session.
                let Some(called_ns) = open.remove(call) else { continue };
                let (most, count) = longest.entry(what.method.to_string()).or_default();
                *most = (*most).max(event.at_ns.saturating_sub(called_ns));
                *count += 1;
            }
            _ => {}
        }
    }
    for (method, (most, count)) in longest {
        println!("{method:<20} {count:>4} calls, the longest {}", Delay(most));
    }
    Ok(())
}
