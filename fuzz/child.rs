//! The process that tries inputs. It ends at the first fault, and leaves the input behind.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::time::TimeValLike;

use crate::mutate::LONGEST;
use crate::random::Random;
use crate::targets::{Place, Target};

/// How much memory the process may have, in bytes.
const MEMORY: u64 = 500 << 20;

/// How many times the limit of processor time may pass: whoever waits for what never comes uses none.
pub const STANDSTILL: u32 = 6;

/// How long an input of that size may take: what is longer than others has time in proportion.
fn limit_for(limit: Duration, input: &[u8]) -> Duration {
    limit * u32::try_from(input.len().div_ceil(LONGEST)).unwrap_or(u32::MAX).max(1)
}

/// Its exit code after a panic.
pub const PANICKED: i32 = 101;
/// Its exit code after an input that took too long.
pub const HUNG: i32 = 102;

/// What a child is to do.
pub struct Task {
    pub place: Place,
    /// The targets; each number is of one of them.
    pub targets: Vec<Target>,
    pub seed: u64,
    /// The numbers of the inputs: the first, and by how much the next one is larger.
    pub first: u64,
    pub step: u64,
    /// How long an input may take.
    pub limit: Duration,
    /// When to end.
    pub until: Duration,
}

/// The fault to make in the place of an input: to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    Panic,
    Hang,
    Memory,
}

impl Planted {
    pub const ALL: [(Self, &str); 3] = [(Self::Panic, "panic"), (Self::Hang, "hang"), (Self::Memory, "memory")];

    fn make(self) {
        match self {
            Self::Panic => std::thread::scope(|scope| drop(scope.spawn(|| panic!("planted")).join())),
            Self::Hang => loop {
                std::thread::park();
            },
            Self::Memory => {
                let mut kept = Vec::new();
                (0..1024).for_each(|nth| kept.push(vec![nth as u8; 1 << 20]));
                assert_eq!(std::hint::black_box(&kept).len(), 1024);
            }
        }
    }
}

/// The file in the child's folder with the input that is tried: a line with its target, its number, and how many the child has tried; then the bytes.
pub fn current(place: &Place) -> PathBuf {
    place.folder.join("current")
}

static BEGAN: AtomicU64 = AtomicU64::new(0);
/// How long the input that is tried may take, in milliseconds.
static ALLOWED_MS: AtomicU64 = AtomicU64::new(0);

/// The processor time that this process has used. On a busy machine, time that passes says little.
fn used() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map(|usage| usage.user_time() + usage.system_time());
    Duration::from_micros(usage.map_or(0, |time| time.num_microseconds().try_into().unwrap_or(0)))
}

/// The rest of the process's life is as a fuzzer needs it: any panic on any thread ends it, and so does an input that takes more
/// than its limit of processor time (or stands still for many times as long), and one that takes too much memory.
pub fn prepare() -> io::Result<()> {
    std::panic::set_hook(Box::new(|info| {
        eprintln!("{info}\n{}", std::backtrace::Backtrace::force_capture());
        exit(PANICKED);
    }));
    setrlimit(Resource::RLIMIT_DATA, MEMORY, MEMORY)?;
    BEGAN.store(0, Ordering::SeqCst);
    std::thread::spawn(move || {
        let (mut seen, mut since, mut before) = (0, Instant::now(), used());
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let nth = BEGAN.load(Ordering::SeqCst);
            if nth != seen {
                (seen, since, before) = (nth, Instant::now(), used());
                continue;
            }
            let limit = Duration::from_millis(ALLOWED_MS.load(Ordering::SeqCst));
            if nth != 0 && (used() - before > limit || since.elapsed() > limit * STANDSTILL) {
                eprintln!("the input takes longer than {limit:?}");
                exit(HUNG);
            }
        }
    });
    Ok(())
}

/// From now on this input's time runs.
fn begin(input: &[u8], limit: Duration) {
    let allowed = u64::try_from(limit_for(limit, input).as_millis()).unwrap_or(u64::MAX);
    ALLOWED_MS.store(allowed, Ordering::SeqCst);
    BEGAN.fetch_add(1, Ordering::SeqCst);
}

/// Tries inputs until the time is over.
pub fn run(task: &Task, planted: Option<Planted>) -> io::Result<()> {
    prepare()?;
    let samples = task.targets.iter().map(|target| target.samples()).collect::<io::Result<Vec<_>>>()?;
    let began = Instant::now();
    let mut nth = task.first;
    let mut tried = 0;
    while began.elapsed() < task.until {
        let at = usize::try_from(nth % task.targets.len() as u64).unwrap_or(0);
        let (target, round) = (task.targets[at], nth / task.targets.len() as u64);
        let number = nth;
        nth += task.step;
        // The samples themselves come first, in every target.
        let fresh = round < samples[at].len() as u64;
        let rare = task.targets.len() > 1 && round % target.one_of() as u64 != 0;
        if rare && !fresh {
            continue;
        }
        let mut random = Random::new(task.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let input = samples[at].input(round, &mut random);
        tried += 1;
        let head = format!("{} {number} {tried}\n", target.name());
        fs::write(current(&task.place), [head.as_bytes(), &input].concat())?;
        begin(&input, task.limit);
        match planted {
            Some(planted) => planted.make(),
            None => task.place.attempt(target, &input),
        }
    }
    Ok(())
}

/// Tries one input, which stands in a file as [`current`] has it.
pub fn again(place: &Place, file: &[u8], limit: Duration) -> Result<(), String> {
    let end = file.iter().position(|byte| *byte == b'\n').ok_or("the first line does not end")?;
    let head = String::from_utf8_lossy(&file[..end]);
    let name = head.split(' ').next().unwrap_or_default();
    let target = Target::named(name).ok_or_else(|| format!("no target is called {name:?}"))?;
    prepare().map_err(|error| error.to_string())?;
    begin(&file[end + 1..], limit);
    place.attempt(target, &file[end + 1..]);
    Ok(())
}
