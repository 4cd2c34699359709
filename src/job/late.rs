//! What a worker has of its own, and so whether the handler has left anything from which it could still call back, or that goes on
//! when it was released.

#[cfg(any(target_os = "linux", windows))]
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
#[cfg(windows)]
use std::sync::{Mutex, PoisonError};
#[cfg(any(target_os = "linux", windows))]
use std::time::{Duration, Instant};

#[cfg(any(target_os = "linux", windows))]
use super::stack;
#[cfg(any(target_os = "linux", windows))]
use crate::handler::com::AskableThread;
#[cfg(windows)]
use crate::handler::com::Standing;
#[cfg(not(windows))]
use crate::handler::proc;
use crate::host::{HandlerThreads, OneThread};
use crate::protocol::Text;

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
    /// Where the apartment thread stood when it was looked at last.
    #[cfg(windows)]
    stood: Mutex<Option<Standing>>,
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
        let apartment = crate::handler::com::current_thread();
        Some(Self { threads: threads()?, apartment, caught: caught()?, stood: Mutex::default() })
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
        let each: Vec<OneThread> = handlers.map(|thread| one_thread(*thread)).collect();
        let so_far = each.iter().fold(0_u64, |all, one| all.wrapping_add(1).wrapping_add(one.so_far));
        HandlerThreads::Doing { runs: each.iter().any(|one| one.runs), so_far, each }
    }

    /// Whether the apartment thread neither runs nor would if it had a processor. macOS does not say it.
    pub(super) fn apartment_sleeps(&self) -> bool {
        #[cfg(target_os = "linux")]
        return Did::of(self.apartment).sleeps;
        #[cfg(windows)]
        {
            let stands = stands(self.apartment);
            let stood = std::mem::replace(&mut *self.stood.lock().unwrap_or_else(PoisonError::into_inner), stands);
            stands.is_some_and(|stands| stands.waits) && stands == stood
        }
        #[cfg(not(any(target_os = "linux", windows)))]
        true
    }

    /// What has stayed after the last `Release`, and does not come to its end by itself. `libraries` are the handler's files.
    #[cfg(any(target_os = "linux", windows))]
    pub(super) fn lasting(&self, libraries: &[PathBuf]) -> Lasting {
        let Some(threads) = self.staying() else { return Lasting::Others };
        let all = threads.len();
        let of_handler: Vec<Vec<usize>> = threads
            .into_iter()
            .map(|thread| stack::within(&frames(thread, ASK), libraries))
            .filter(|addresses| !addresses.is_empty())
            .collect();
        let Some(addresses) = of_handler.first() else {
            return if all == 0 { Lasting::None } else { Lasting::Others };
        };
        let frames = began_with(addresses).into_iter().collect();
        Lasting::Handlers { threads: u32::try_from(of_handler.len()).unwrap_or(u32::MAX), frames }
    }

    /// Other systems do not say it.
    #[cfg(not(any(target_os = "linux", windows)))]
    pub(super) fn lasting(&self, _: &[PathBuf]) -> Lasting {
        Lasting::Others
    }

    /// What the handler's threads are doing, each under a line of its own, where they say it.
    #[cfg(any(target_os = "linux", windows))]
    pub(super) fn stacks_of_threads(&self, libraries: &[PathBuf]) -> Vec<Text> {
        let left = threads().unwrap_or_default().into_iter().filter(|thread| !self.threads.contains(thread));
        let (mut lines, begun) = (Vec::new(), Instant::now());
        for thread in left.filter(|thread| answers(*thread)).take(MOST_STACKS) {
            if begun.elapsed() > MOST_ASKING {
                break;
            }
            let addresses = frames(thread, ASK_ONE_OF_MANY);
            if !stack::within(&addresses, libraries).is_empty() {
                let name = name_of(thread);
                let heading = name.map_or_else(|| "another thread:".to_owned(), |name| format!("thread {name}:"));
                lines.push(Text::from(heading.as_str()));
                lines.extend(stack::of_this_process(&addresses));
            }
        }
        lines
    }

    /// Other systems do not say it.
    #[cfg(not(any(target_os = "linux", windows)))]
    pub(super) fn stacks_of_threads(&self, _: &[PathBuf]) -> Vec<Text> {
        Vec::new()
    }

    /// The threads that are there and do not end by themselves; nothing where that cannot be known. Whoever is just ending has all
    /// the time that a busy machine needs: a thread stays if it sleeps and does not wake, or wakes again and again, or has used up
    /// much of the processor's time.
    #[cfg(any(target_os = "linux", windows))]
    fn staying(&self) -> Option<Vec<ThreadNumber>> {
        let begun = Instant::now();
        let mut seen: BTreeMap<ThreadNumber, Seen> = BTreeMap::new();
        // Windows has threads of its own, for COM and for pools.
        let mut of_system: BTreeSet<ThreadNumber> = BTreeSet::new();
        loop {
            let now = threads()?;
            let left = now.into_iter().filter(|thread| !self.threads.contains(thread) || *thread == self.apartment);
            let left: Vec<ThreadNumber> = left.filter(|thread| !of_system.contains(thread)).collect();
            let new = left.iter().copied().filter(|thread| !seen.contains_key(thread));
            of_system.extend(new.filter(|thread| *thread != self.apartment && is_of_system(*thread)));
            let left: Vec<ThreadNumber> = left.into_iter().filter(|thread| !of_system.contains(thread)).collect();
            seen.retain(|thread, _| left.contains(thread));
            let mut stay = true;
            for thread in &left {
                let did = Did::of(*thread);
                stay &= seen.entry(*thread).or_insert_with(|| Seen::first(did)).stays(did);
            }
            if stay {
                return Some(left);
            }
            if begun.elapsed() > MOST_WAIT {
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }
}

#[cfg(not(windows))]
fn one_thread(thread: ThreadNumber) -> OneThread {
    let did = Did::of(thread);
    let so_far = did.numbers.iter().copied().fold(0, u64::wrapping_add);
    OneThread { number: thread.cast_unsigned().into(), name: name_of(thread), runs: did.runs, so_far }
}

/// What a thread is called in traces.
fn name_of(thread: ThreadNumber) -> Option<crate::protocol::Thread> {
    #[cfg(target_os = "linux")]
    return crate::time::name_of_numbered_thread(thread);
    // Elsewhere no thread has a number by which its name is kept.
    #[cfg(not(target_os = "linux"))]
    {
        let _ = thread;
        None
    }
}

/// Whether a thread can be asked what it does.
#[cfg(any(target_os = "linux", windows))]
fn answers(thread: ThreadNumber) -> bool {
    #[cfg(target_os = "linux")]
    return blocked(thread).is_some_and(|mask| mask & AskableThread::MASK == 0);
    #[cfg(windows)]
    {
        let _ = thread;
        true
    }
}

/// The functions in which a thread is, the innermost first; none where it does not say it within that time.
#[cfg(any(target_os = "linux", windows))]
fn frames(thread: ThreadNumber, within: Duration) -> Vec<usize> {
    if !answers(thread) {
        return Vec::new();
    }
    #[cfg(target_os = "linux")]
    return AskableThread::numbered(thread).frames(within);
    #[cfg(windows)]
    {
        let Some(thread) = AskableThread::numbered(thread) else { return Vec::new() };
        let frames = thread.frames(within);
        thread.close();
        frames
    }
}

/// Whether a thread is in functions of the system alone, and not on its way: then it runs nothing of the handler's.
#[cfg(any(target_os = "linux", windows))]
fn is_of_system(thread: ThreadNumber) -> bool {
    #[cfg(target_os = "linux")]
    {
        let _ = thread;
        false
    }
    #[cfg(windows)]
    {
        let frames = frames(thread, ASK);
        stands(thread).is_some_and(|stands| stands.waits) && !frames.is_empty() && stack::are_of_windows(&frames)
    }
}

/// Where a thread stands.
#[cfg(windows)]
fn stands(thread: ThreadNumber) -> Option<Standing> {
    let thread = AskableThread::numbered(thread)?;
    let stands = thread.look();
    thread.close();
    stands
}

/// Windows does not say whether a thread runs, only for how long it has.
#[cfg(windows)]
fn one_thread(thread: ThreadNumber) -> OneThread {
    let so_far = crate::handler::com::ran(thread).unwrap_or_default();
    OneThread { number: thread.into(), name: name_of(thread), runs: false, so_far }
}

/// What a handler has left that was released.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(any(target_os = "linux", windows)),
    allow(dead_code, reason = "other systems do not say what threads do")
)]
pub(super) enum Lasting {
    /// No thread.
    None,
    /// Threads that run code of its library.
    Handlers {
        /// How many.
        threads: u32,
        /// The function with which the first of them began.
        frames: Vec<Text>,
    },
    /// Threads of other libraries, or such of which nothing can be known: the C library's for timers, a sanitizer's.
    Others,
}

/// How often threads are looked at.
#[cfg(any(target_os = "linux", windows))]
const LOOK: Duration = Duration::from_millis(4);

/// How long a thread sleeps without waking before it is clear that it stays.
#[cfg(any(target_os = "linux", windows))]
const ASLEEP: Duration = Duration::from_millis(300);

/// How often it wakes.
#[cfg(any(target_os = "linux", windows))]
const MOST_TURNS: u32 = 60;

/// How long it runs, by the processor's time.
#[cfg(any(target_os = "linux", windows))]
const MOST_RUN_NS: u64 = 500_000_000;

/// How long threads are looked at in all. Then nothing is said of them.
#[cfg(any(target_os = "linux", windows))]
const MOST_WAIT: Duration = Duration::from_secs(10);

/// How long a thread may take to say what it does.
#[cfg(any(target_os = "linux", windows))]
const ASK: Duration = Duration::from_secs(2);

/// How many threads are asked what they do when a call hangs, and how long all of them and each may take: mobsync waits for the
/// worker meanwhile.
#[cfg(any(target_os = "linux", windows))]
const MOST_STACKS: usize = 8;
#[cfg(any(target_os = "linux", windows))]
const MOST_ASKING: Duration = Duration::from_millis(700);
#[cfg(any(target_os = "linux", windows))]
const ASK_ONE_OF_MANY: Duration = Duration::from_millis(250);

/// What a thread has done, as far as the system says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Did {
    /// It runs, or would if it had a processor.
    #[cfg(not(windows))]
    runs: bool,
    #[cfg(any(target_os = "linux", windows))]
    sleeps: bool,
    /// The time that it ran, in nanoseconds. On Linux also the time that it waited for a processor, and how often it ran; on
    /// Windows where it stands.
    numbers: [u64; 3],
}

impl Did {
    /// On Windows a thread sleeps that waits: whoever is looked at has had its turn, and one that does not wait any more stands
    /// elsewhere at the next look.
    #[cfg(windows)]
    fn of(thread: ThreadNumber) -> Self {
        match stands(thread) {
            Some(Standing { at, stack, ran, waits }) => {
                Self { sleeps: waits, numbers: [ran.saturating_mul(100), at as u64, stack as u64] }
            }
            None => Self { sleeps: false, numbers: [0; 3] },
        }
    }

    #[cfg(not(windows))]
    fn of(thread: i32) -> Self {
        let read = |name: &str| proc::read(format!("/proc/self/task/{thread}/{name}")).unwrap_or_default();
        // The state stands behind the name, which stands in brackets.
        let stat = read("stat");
        let is = |state: char| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(state));
        // Where the system does not say so, its state alone is known.
        let ran = read("schedstat");
        let mut numbers = ran.split_ascii_whitespace().map_while(|number| number.parse().ok());
        Self {
            runs: is('R'),
            #[cfg(target_os = "linux")]
            sleeps: is('S'),
            numbers: std::array::from_fn(|_| numbers.next().unwrap_or(0)),
        }
    }
}

/// A thread that may be just ending.
#[cfg(any(target_os = "linux", windows))]
#[derive(Debug)]
struct Seen {
    last: Did,
    first_ran_ns: u64,
    asleep_since: Instant,
    turns: u32,
}

#[cfg(any(target_os = "linux", windows))]
impl Seen {
    fn first(did: Did) -> Self {
        Self { last: did, first_ran_ns: did.numbers[0], asleep_since: Instant::now(), turns: 0 }
    }

    /// Takes what it has done by now. Whether it is clear that it does not end by itself.
    fn stays(&mut self, did: Did) -> bool {
        if did != self.last || !did.sleeps {
            self.turns += u32::from(did.sleeps);
            self.asleep_since = Instant::now();
            self.last = did;
        }
        let ran_ns = did.numbers[0].saturating_sub(self.first_ran_ns);
        self.asleep_since.elapsed() >= ASLEEP || self.turns >= MOST_TURNS || ran_ns >= MOST_RUN_NS
    }
}

/// The handler's function with which a thread began: it is the same in every session. What the thread does at the moment may be
/// another one, and so may the line.
#[cfg(any(target_os = "linux", windows))]
fn began_with(addresses: &[usize]) -> Option<Text> {
    let outermost = addresses.iter().rev();
    let functions: Vec<Text> =
        outermost.filter_map(|address| stack::of_this_process(&[*address]).into_iter().next_back()).collect();
    // What include/mobsync_threads.h and the C++ library begin a thread with is not the handler's own.
    // The same goes for that of mingw-w64.
    let begins_threads = ["mobsync_", "pthread_create_wrapper"];
    let is_own = |name: &str| !begins_threads.iter().any(|of| name.starts_with(of)) && !name.contains(" std::");
    let own = functions.iter().find(|function| function.as_str().is_some_and(is_own));
    own.or_else(|| functions.first()).map(without_line)
}

/// A function with its file, and without the line.
#[cfg(any(target_os = "linux", windows))]
fn without_line(frame: &Text) -> Text {
    let frame = frame.to_string();
    let named = frame.rsplit_once(':').filter(|(_, line)| line.bytes().all(|digit| digit.is_ascii_digit()));
    Text::from(named.map_or(frame.as_str(), |(place, _)| place))
}

/// The signals that a thread does not take.
#[cfg(target_os = "linux")]
fn blocked(thread: i32) -> Option<u64> {
    mask(&proc::read(format!("/proc/self/task/{thread}/status")).ok()?, "SigBlk:")
}

#[cfg_attr(windows, allow(dead_code, reason = "Windows says other things of threads"))]
fn mask(status: &str, name: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(mask.trim(), 16).ok()
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
    mask(&proc::read("/proc/self/status").ok()?, "SigCgt:")
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
