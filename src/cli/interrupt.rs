//! Ctrl-C, SIGTERM and SIGHUP (on Windows Ctrl-C, Ctrl-Break and the closing of the window): the first stops every item
//! through the protocol, the second leaves the session, and a third ends the program, as does one that comes when the
//! session is over.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::live::Teller;
use crate::host::Controls;
use crate::runner::Stop;

/// The exit code of a program that was told to end.
const INTERRUPTED: i32 = 2;

/// Ends the program, with the terminal as it was.
fn end() -> ! {
    super::keys::give_back();
    exit(INTERRUPTED)
}

/// Whether and when the user interrupted. Clones belong to the same session.
#[derive(Clone, Default)]
pub(super) struct Interrupt {
    came: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Interrupt {
    /// The user wanted everything stopped.
    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// The session is over: from now on the user wants the program to end.
    pub(super) fn session_is_over(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Listens to the signals for as long as the program runs; the first stops everything. `then` says what becomes of what was
    /// done until then.
    pub(super) fn listen_to_stop(&self, stop: &Stop, then: &'static str) {
        let (stop, teller) = (stop.clone(), Teller::plain());
        let to_user = teller.clone();
        let stop = move || {
            to_user.tell(&format!("mobsync: stopping; {then}"));
            stop.stop();
        };
        self.listen_and(teller, stop, || ());
    }

    /// Listens to the signals that concern a session, for as long as the program runs.
    pub(super) fn listen(&self, controls: Controls, teller: Teller) {
        let (leaving, to_user) = (controls.clone(), teller.clone());
        let stop = move || {
            controls.cancel_all();
            to_user.tell("cancelling every item; press Ctrl-C again to end the session at once");
        };
        self.listen_and(teller, stop, move || leaving.leave());
    }

    /// Listens for as long as the program runs: the first signal calls `stop`, the second `leave`. When this returns, no
    /// signal is missed any more.
    pub(super) fn listen_and(
        &self,
        teller: Teller,
        stop: impl Fn() + Send + 'static,
        leave: impl Fn() + Send + 'static,
    ) {
        let interrupt = self.clone();
        let mut count = 0;
        let heard = ctrlc::set_handler(move || {
            if interrupt.over.load(Ordering::SeqCst) {
                end();
            }
            count += 1;
            match count {
                1 => {
                    interrupt.came.store(true, Ordering::SeqCst);
                    stop();
                }
                2 => leave(),
                _ => end(),
            }
        });
        if let Err(error) = heard {
            teller.tell(&format!("mobsync: cannot handle Ctrl-C, so it will end the program at once: {error}"));
        }
    }
}
