//! One in-process callback: recorded, judged by the session machine and replied to, in a live session. The floor is what
//! nothing that records events from several threads in one order can do without: lock a mutex, read the clock, push 48 bytes.

mod support;

use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mobsync::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
use mobsync::host::{self, Selection, SessionSetup, StandardPlan};
use mobsync::protocol::{
    Event, Guid, HResult, HandlerInfo, Initialize, Item, Limits, Outcome, ProgressItem, Session, Status, SyncEvent,
    SyncFlags,
};
use support::paired::{Effort, Paired, Summary};

/// At most this many times the floor.
const TARGET: f64 = 3.0;

/// How many threads call at once, in turn.
const THREADS: [usize; 2] = [1, 4];

#[derive(Clone, Copy)]
struct Size {
    rounds: usize,
    /// Callbacks of one round, of all threads together.
    callbacks: usize,
}

type Results = Arc<Mutex<Vec<(usize, Summary)>>>;

fn main() {
    let effort = Effort::from_args();
    let size = Size { rounds: effort.pick(61, 1), callbacks: effort.pick(200_000, 400) };
    let results = Results::default();
    let factory = Factory { size, results: Arc::clone(&results) };
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    let plan = StandardPlan::new(initialize, Selection::All);
    let setup = SessionSetup::new(Arc::new(factory), Box::new(plan), Limits::default());
    let mut recorded = 0;
    let mut drain = |events: Vec<Event>, _: &Session| recorded += events.len();
    let ran = host::run_real(setup, |_| {}, &mut drain).expect("the handler can be created");
    let outcome = ran.session.instances().next().map(mobsync::protocol::Instance::outcome);
    assert_eq!(outcome, Some(Outcome::Completed(HResult::S_OK)), "the session ended otherwise");
    let callbacks = THREADS.len() * (size.rounds + 1) * size.callbacks;
    assert!(recorded > 2 * callbacks, "{recorded} events of {callbacks} callbacks: some were not recorded");

    println!("callback: SyncCallback::progress in a live session, against lock + clock + push of 48 bytes");
    for (threads, summary) in results.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let each = |ns: f64| ns / size.callbacks as f64;
        println!(
            "  {threads} thread{}: {} times the floor, target {TARGET:.1}; {:.0} ns against {:.0} ns; {} rounds of {} callbacks",
            if *threads == 1 { " " } else { "s" },
            summary.ratio,
            each(summary.subject_ns.median),
            each(summary.floor_ns.median),
            summary.rounds,
            size.callbacks,
        );
    }
    let log = log_when_off(size);
    println!(
        "  a log event, and a span around it, when the log is off: {} times the floor; {:.1} ns",
        log.ratio,
        log.subject_ns.median / size.callbacks as f64,
    );
}

/// What the log costs that nobody asked for. A callback itself logs nothing; each call of the manager has one span with two
/// events.
fn log_when_off(size: Size) -> Summary {
    let floor = Floor::new();
    let mut paired = Paired::default();
    let push = || from_threads(1, size.callbacks, |_, at| floor.push(black_box([0, at as u64, 0, 0])));
    let log = || {
        from_threads(1, size.callbacks, |_, at| {
            let _span = tracing::debug_span!("call", at = black_box(at)).entered();
            tracing::trace!(at = black_box(at), "called");
        })
    };
    let _ = (push(), log());
    (0..size.rounds).for_each(|_| paired.round(push, log));
    paired.summary()
}

/// What is pushed: 48 bytes, the time among them.
#[derive(Clone, Copy)]
struct Record {
    #[expect(dead_code, reason = "it is there to be written")]
    at: Instant,
    #[expect(dead_code, reason = "it is there to be written")]
    rest: [u64; 4],
}

const _: () = assert!(size_of::<Record>() == 48, "the floor pushes 48 bytes");

/// How many records the floor holds before it begins again: few enough to stay in the cache.
const FLOOR_CAPACITY: usize = 4096;

struct Floor(Mutex<Vec<Record>>);

impl Floor {
    fn new() -> Self {
        Self(Mutex::new(Vec::with_capacity(FLOOR_CAPACITY)))
    }

    fn push(&self, rest: [u64; 4]) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        if records.len() == FLOOR_CAPACITY {
            records.clear();
        }
        records.push(Record { at, rest });
    }
}

/// Does something `times` times from each of so many threads, and says how long it took from the first to the last.
fn from_threads(threads: usize, times: usize, act: impl Fn(usize, usize) + Sync) -> Duration {
    if threads == 1 {
        let began = Instant::now();
        (0..times).for_each(|at| act(0, at));
        return began.elapsed();
    }
    let start = Barrier::new(threads + 1);
    thread::scope(|scope| {
        for worker in 0..threads {
            let (start, act) = (&start, &act);
            let work = move || {
                start.wait();
                (0..times).for_each(|at| act(worker, at));
            };
            let spawned = thread::Builder::new().name(format!("worker-{worker}")).spawn_scoped(scope, work);
            spawned.expect("a thread can be started");
        }
        // Taken before the barrier opens: afterwards the workers may have begun.
        let began = Instant::now();
        start.wait();
        began
    })
    .elapsed()
}

/// All rounds, from inside the session.
fn measure(size: Size, callback: &dyn SyncCallback, items: &[Guid]) -> Vec<(usize, Summary)> {
    let floor = Floor::new();
    let measured = THREADS.map(|threads| {
        let times = size.callbacks / threads;
        let floor =
            || from_threads(threads, times, |worker, at| floor.push(black_box([worker as u64, at as u64, 0, 0])));
        let subject = || {
            from_threads(threads, times, |worker, at| {
                let progress = ProgressItem::status(Status::UPDATING).at(at as i32, times as i32).text("copying a.txt");
                let reply = callback.progress(items[worker % items.len()], black_box(progress));
                assert_eq!(reply, HResult::S_OK, "the callback was refused");
            })
        };
        let mut paired = Paired::default();
        // Once for nothing: threads, buffers and caches are warm from then on.
        let _ = (floor(), subject());
        (0..size.rounds).for_each(|_| paired.round(floor, subject));
        (threads, paired.summary())
    });
    measured.into()
}

struct Factory {
    size: Size,
    results: Results,
}

impl HandlerFactory for Factory {
    fn name(&self) -> &str {
        "benchmark"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        Ok(Box::new(Handler {
            size: self.size,
            results: Arc::clone(&self.results),
            callback: None,
            prepared: Vec::new(),
        }))
    }
}

/// Makes its callbacks from a thread of its own, as real handlers do.
struct Handler {
    size: Size,
    results: Results,
    callback: Option<Arc<dyn SyncCallback>>,
    prepared: Vec<Guid>,
}

fn item(letter: &str) -> Item {
    Item { id: Guid::from_alias(letter).expect("a letter is a short name"), name: letter.into(), ..Item::default() }
}

impl SyncHandler for Handler {
    fn initialize(&mut self, _: u32, _: SyncFlags, _: Option<&[u8]>) -> HResult {
        HResult::S_OK
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        (HResult::S_OK, Some(HandlerInfo { name: "benchmark".into(), ..HandlerInfo::default() }))
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(Items { all: ["A", "B", "C", "D"].map(item).into(), at: 0 })))
    }

    fn show_properties(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_UNEXPECTED
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        self.callback = callback;
        HResult::S_OK
    }

    fn prepare_for_sync(&mut self, items: &[Guid], _: u64, _: u32) -> HResult {
        self.prepared = items.to_vec();
        self.callback
            .as_ref()
            .map_or(HResult::E_UNEXPECTED, |callback| callback.prepare_for_sync_completed(HResult::S_OK))
    }

    fn synchronize(&mut self, _: u64) -> HResult {
        let Some(callback) = self.callback.clone() else { return HResult::E_UNEXPECTED };
        let (size, results, items) = (self.size, Arc::clone(&self.results), self.prepared.clone());
        let work = move || {
            let measured = measure(size, callback.as_ref(), &items);
            results.lock().unwrap_or_else(PoisonError::into_inner).extend(measured);
            callback.synchronize_completed(HResult::S_OK);
        };
        match thread::Builder::new().name("worker".to_owned()).spawn(work) {
            Ok(_) => HResult::S_OK,
            Err(_) => HResult::E_OUTOFMEMORY,
        }
    }

    fn set_item_status(&mut self, _: Guid, _: Status) -> HResult {
        HResult::S_OK
    }

    fn show_error(&mut self, _: u64, _: Guid) -> HResult {
        HResult::E_UNEXPECTED
    }
}

#[derive(Clone)]
struct Items {
    all: Vec<Item>,
    at: usize,
}

impl EnumItems for Items {
    fn next(&mut self, celt: u32) -> (HResult, Option<u32>, Vec<Item>) {
        let items: Vec<Item> = self.all.iter().skip(self.at).take(celt as usize).cloned().collect();
        self.at += items.len();
        let hr = if items.len() == celt as usize { HResult::S_OK } else { HResult::S_FALSE };
        (hr, u32::try_from(items.len()).ok(), items)
    }

    fn skip(&mut self, celt: u32) -> HResult {
        let left = self.all.len() - self.at;
        self.at += left.min(celt as usize);
        if left < celt as usize { HResult::S_FALSE } else { HResult::S_OK }
    }

    fn reset(&mut self) -> HResult {
        self.at = 0;
        HResult::S_OK
    }

    fn try_clone(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        (HResult::S_OK, Some(Box::new(self.clone())))
    }
}
