//! What a worker has of its own, and so whether the handler has left anything from which it could still call back.

use std::collections::BTreeSet;

use crate::host::HandlerThreads;

/// The system's number of a thread.
#[cfg(windows)]
type ThreadNumber = u32;
#[cfg(not(windows))]
type ThreadNumber = i32;

/// What the process had before anything of the handler ran.
#[derive(Debug)]
pub(super) struct Before {
    threads: BTreeSet<ThreadNumber>,
    apartment: ThreadNumber,
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

    /// As on Linux.
    #[cfg(windows)]
    pub(super) fn on_apartment() -> Option<Self> {
        Some(Self { threads: threads()?, apartment: crate::handler::com::current_thread(), caught: caught()? })
    }

    /// Other systems do not say it.
    #[cfg(not(any(target_os = "linux", windows)))]
    pub(super) fn on_apartment() -> Option<Self> {
        None
    }

    /// Whether the apartment thread is gone, with the destructors of its thread-local variables.
    pub(super) fn apartment_has_ended(&self) -> bool {
        threads().is_some_and(|now| !now.contains(&self.apartment))
    }

    /// What the handler has added that may call back: threads of its own, and what they do, or a function that a signal calls, as
    /// that of a timer. Where that cannot be known, there may be something.
    pub(super) fn handlers_threads(&self) -> HandlerThreads {
        let Some(now) = threads() else { return HandlerThreads::Some };
        let mut handlers = now.difference(&self.threads).peekable();
        if handlers.peek().is_none() {
            let catches = caught().is_none_or(|now| now & !self.caught != 0);
            return if catches { HandlerThreads::Some } else { HandlerThreads::None };
        }
        let (mut runs, mut so_far) = (false, 0_u64);
        #[cfg(windows)]
        for thread in handlers {
            // Windows does not say whether a thread runs, only for how long it has.
            so_far = so_far.wrapping_add(1).wrapping_add(crate::handler::com::ran(*thread).unwrap_or_default());
            runs = false;
        }
        #[cfg(not(windows))]
        for thread in handlers {
            let read = |name: &str| std::fs::read_to_string(format!("/proc/self/task/{thread}/{name}"));
            // The state stands behind the name, which stands in brackets.
            let stat = read("stat").unwrap_or_default();
            runs |= stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('R'));
            // The time that it ran, and how often. Where the system does not say so, its state alone is known.
            let ran = read("schedstat").unwrap_or_default();
            let numbers = ran.split_ascii_whitespace().filter_map(|number| number.parse::<u64>().ok());
            so_far = numbers.fold(so_far.wrapping_add(1), u64::wrapping_add);
        }
        HandlerThreads::Doing { runs, so_far }
    }
}

/// The threads of this process. Their number alone would not do: one of the worker's own may have ended meanwhile.
#[cfg(not(windows))]
fn threads() -> Option<BTreeSet<ThreadNumber>> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    tasks.map(|task| task.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// As above.
#[cfg(windows)]
fn threads() -> Option<BTreeSet<ThreadNumber>> {
    crate::handler::com::threads()
}

/// Windows has no signals that come from outside.
#[cfg(windows)]
fn caught() -> Option<u64> {
    Some(0)
}

/// The signals that this process catches.
#[cfg(not(windows))]
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
            (std::thread::spawn(move || assert!(stopped.recv().is_err())), stop)
        };
        let (own, stop_own) = spawn();
        let before = Before::on_apartment().expect("Linux says so");
        drop(stop_own);
        own.join().expect("it ends");
        let (handlers, stop) = spawn();
        assert!(before.handlers_threads() != HandlerThreads::None, "one more and one less");
        drop(stop);
        handlers.join().expect("it ends");
        let fewer = Before { threads: BTreeSet::new(), ..Before::on_apartment().expect("Linux says so") };
        assert!(fewer.handlers_threads() != HandlerThreads::None, "this thread was not there");
        let fewer = Before { caught: 0, ..Before::on_apartment().expect("Linux says so") };
        // Rust's runtime catches SIGSEGV, for the overflow of a stack.
        assert!(fewer.handlers_threads() != HandlerThreads::None, "a signal is caught that was not");
    }
}
