//! Signals while `debug` runs. Ctrl-C stops the session at the next crossing; a second one ends the program, for a handler
//! that makes none. Where the system asks the program to end (SIGTERM, SIGHUP), it ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a program that Ctrl-C ended gives as its exit code.
const ENDED_BY_INTERRUPT: i32 = 130;

/// Listens for as long as the program runs; the flag is taken back by whoever stops for it. To be called before there are
/// other threads.
pub(super) fn listen() -> Arc<AtomicBool> {
    #[cfg(unix)]
    request::listen();
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

#[cfg(unix)]
mod request {
    use std::time::Duration;

    use nix::sys::signal::{SigSet, Signal, kill};
    use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
    use nix::unistd::Pid;

    /// How long the handler may keep the program from ending, in its destructors.
    const MOST_ENDING: Duration = Duration::from_secs(1);

    /// A thread of its own takes these signals, and every other thread leaves them to it.
    pub(super) fn listen() {
        let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGHUP]);
        // The line editor changes the terminal, which must not stay so.
        let terminal = tcgetattr(std::io::stdin()).ok();
        // Where it cannot be, they are taken for Ctrl-C.
        if signals.thread_block().is_err() {
            return;
        }
        let wait = move || {
            let Ok(signal) = signals.wait() else { return };
            if let Some(terminal) = &terminal {
                let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, terminal);
            }
            let kill_late = || {
                std::thread::sleep(MOST_ENDING);
                let _ = kill(Pid::this(), Signal::SIGKILL);
            };
            drop(std::thread::Builder::new().spawn(kill_late));
            std::process::exit(128 + signal as i32);
        };
        if std::thread::Builder::new().name("signals".to_owned()).spawn(wait).is_err() {
            let _ = signals.thread_unblock();
        }
    }
}
