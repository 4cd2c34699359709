//! Ctrl-C while the session runs: it stops at the next crossing. A second one ends the program, for a handler that makes
//! none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a program that Ctrl-C ended gives as its exit code.
const ENDED_BY_INTERRUPT: i32 = 130;

/// Listens for as long as the program runs; the flag is taken back by whoever stops for it.
pub(super) fn listen() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    // Without the listener Ctrl-C ends the program at once, as it does everywhere.
    let _ = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::SeqCst) {
            std::process::exit(ENDED_BY_INTERRUPT);
        }
        eprintln!("\nstopping at the next call or callback; press Ctrl-C again to end the program");
    });
    flag
}
