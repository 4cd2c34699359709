//! Ctrl-C, or SIGTERM on Unix: the first stops every item through the protocol, the second leaves the session, and a third
//! ends the program, as does one that comes when the session is over.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::{Builder, Runtime};

use super::live::Teller;
use crate::host::Controls;
use crate::runner::Stop;

/// The exit code of a program that was told to end.
const INTERRUPTED: i32 = 2;

/// Whether and when the user wanted an end. Clones speak of the same session.
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
            to_user.tell("stopping every item; Ctrl-C again leaves the session at once");
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
        let at_once =
            |error: std::io::Error| teller.tell(&format!("mobsync: Ctrl-C will end the program at once: {error}"));
        let (runtime, mut signals) = match Builder::new_current_thread().enable_io().build().and_then(|runtime| {
            let signals = Signals::new(&runtime)?;
            Ok((runtime, signals))
        }) {
            Ok(both) => both,
            Err(error) => return at_once(error),
        };
        let interrupt = self.clone();
        let spawned = std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut count = 0;
                while signals.next().await {
                    if interrupt.over.load(Ordering::SeqCst) {
                        exit(INTERRUPTED);
                    }
                    count += 1;
                    match count {
                        1 => {
                            interrupt.came.store(true, Ordering::SeqCst);
                            stop();
                        }
                        2 => leave(),
                        _ => exit(INTERRUPTED),
                    }
                }
            });
        });
        if let Err(error) = spawned {
            at_once(error);
        }
    }
}

/// The signals that ask for an end, each of them once.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new(runtime: &Runtime) -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let _inside = runtime.enter();
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one; false when there will be none.
    async fn next(&mut self) -> bool {
        tokio::select! {
            came = self.interrupt.recv() => came.is_some(),
            came = self.terminate.recv() => came.is_some(),
        }
    }
}

/// The signals that ask for an end, each of them once.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new(runtime: &Runtime) -> std::io::Result<Self> {
        let _inside = runtime.enter();
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// Waits for the next one; false when there will be none.
    async fn next(&mut self) -> bool {
        self.0.recv().await.is_some()
    }
}

/// The signals that ask for an end: on this system there are none that can be heard.
#[cfg(not(any(unix, windows)))]
struct Signals;

#[cfg(not(any(unix, windows)))]
impl Signals {
    fn new(_: &Runtime) -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        false
    }
}
