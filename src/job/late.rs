//! What a worker has of its own, and so whether the handler has left anything from which it could still call back.

use std::collections::BTreeSet;

/// What the process had before anything of the handler ran.
#[derive(Debug)]
pub(super) struct Before {
    threads: BTreeSet<i32>,
    apartment: i32,
    /// The signals for which a function is called, as a bit mask.
    caught: u64,
}

impl Before {
    /// What there is now, on the apartment thread. Nothing where the system does not say so.
    #[cfg(target_os = "linux")]
    pub(super) fn on_apartment() -> Option<Self> {
        let apartment = nix::unistd::gettid().as_raw();
        Some(Self { threads: threads()?, apartment, caught: caught()? })
    }

    /// Other systems do not say it.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn on_apartment() -> Option<Self> {
        None
    }

    /// Whether the apartment thread is gone, with the destructors of its thread-local variables.
    pub(super) fn apartment_has_ended(&self) -> bool {
        threads().is_some_and(|now| !now.contains(&self.apartment))
    }

    /// Whether the handler has added something that may call back: a thread of its own, or a function that a signal calls, as
    /// that of a timer. Where that cannot be known, it may.
    pub(super) fn handler_may_call_back(&self) -> bool {
        let has_threads = threads().is_none_or(|now| !now.is_subset(&self.threads));
        has_threads || caught().is_none_or(|now| now & !self.caught != 0)
    }
}

/// The threads of this process. Their number alone would not do: one of the worker's own may have ended meanwhile.
fn threads() -> Option<BTreeSet<i32>> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    tasks.map(|task| task.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The signals that this process catches.
fn caught() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_and_a_caught_signal_are_seen_and_an_own_thread_that_has_ended_hides_none() {
        let spawn = || {
            let (stop, stopped) = mpsc::channel::<()>();
            (std::thread::spawn(move || drop(stopped.recv())), stop)
        };
        let (own, stop_own) = spawn();
        let before = Before::on_apartment().expect("Linux says so");
        drop(stop_own);
        own.join().expect("it ends");
        let (handlers, stop) = spawn();
        assert!(before.handler_may_call_back(), "one more and one less");
        drop(stop);
        handlers.join().expect("it ends");
        let fewer = Before { threads: BTreeSet::new(), ..Before::on_apartment().expect("Linux says so") };
        assert!(fewer.handler_may_call_back(), "this thread was not there");
        let fewer = Before { caught: 0, ..Before::on_apartment().expect("Linux says so") };
        // Rust's runtime catches SIGSEGV, for the overflow of a stack.
        assert!(fewer.handler_may_call_back(), "a signal is caught that was not");
    }
}
