//! A session in a worker against what it stands beside: a native handler's callback there and in this process, and the worker's
//! start to the handler's first call against starting a program that does nothing.

#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "there are no workers"))]

#[path = "../tests/common/native.rs"]
#[allow(dead_code, reason = "shared with tests, which use other parts")]
mod native;
mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use mobsync::handler::CreateError;
use mobsync::host::{Drain, Selection};
use mobsync::job::{self, Handler, HandlerSpec, JobEnd, Standard, Terms};
use mobsync::protocol::{
    Callback, Event, EventKind, HResult, Initialize, Instance, Outcome, Session, SyncEvent, SyncFlags,
};
use support::paired::{Effort, rounds};

/// The class of `support/stopwatch.c`.
const STOPWATCH: &str = "{6D6F6273-796E-4E6F-80FF-000000000001}";

/// A callback with a text takes at most so many nanoseconds in a worker. In this process each text takes a system call.
const CALLBACK_TARGET_NS: f64 = 400.0;

/// A worker starts in at most so many times what the program that does nothing takes.
const START_TARGET: f64 = 2.0;

#[cfg(not(unix))]
fn main() {
    println!("isolated: there are no workers on this system");
}

#[cfg(unix)]
fn main() {
    let effort = Effort::from_args();
    #[cfg(target_os = "linux")]
    job::fork_workers();
    let workers = job::Workers { program: env!("CARGO_BIN_EXE_mobsync").into() };
    let terms = terms();
    let isolated = |handler: &Handler| {
        heard(|drain| job::isolated(&workers, handler, &terms, |_| {}, drain, None)).expect("a worker starts")
    };
    let in_process = |handler: &Handler| {
        heard(|drain| job::in_process(handler, &terms, |_| {}, drain)).expect("the library can be loaded")
    };

    println!("isolated: a native handler's session in a worker");
    for callbacks in [effort.pick(20_000, 400), effort.pick(200_000, 800)] {
        let handler = stopwatch(callbacks);
        let took = |heard: Heard| {
            // Each is a callback and its reply.
            assert!(heard.events > 2 * callbacks, "{} events of {callbacks} callbacks", heard.events);
            heard.reported
        };
        let paired = rounds(effort.pick(31, 1), || took(in_process(&handler)), || took(isolated(&handler)));
        let each = |ns: f64| ns / callbacks as f64;
        println!(
            "  a callback with a text, {callbacks} in a session: {:.0} ns, target {CALLBACK_TARGET_NS:.0}; {} times the one \
             in this process ({:.0} ns); {} rounds",
            each(paired.subject_ns.median),
            paired.ratio,
            each(paired.floor_ns.median),
            paired.rounds,
        );
    }

    let handler = stopwatch(1);
    let nothing = ["/bin/true", "/usr/bin/true"].into_iter().find(|path| Path::new(path).exists());
    let nothing = nothing.expect("there is a program that does nothing");
    let spawn = || {
        let began = Instant::now();
        let status = Command::new(nothing).status().expect("it can be started");
        assert!(status.success(), "{nothing}: {status}");
        began.elapsed()
    };
    let start = || {
        let began = SystemTime::now();
        isolated(&handler).initialized.duration_since(began).expect("the clock was not set back")
    };
    let paired = rounds(effort.pick(101, 1), spawn, start);
    println!(
        "  start to the first call: {} times starting {nothing}, target {START_TARGET:.1}; {:.0} µs against {:.0} µs; {} rounds",
        paired.ratio,
        paired.subject_ns.median / 1000.0,
        paired.floor_ns.median / 1000.0,
        paired.rounds,
    );
}

/// The stopwatch that makes so many callbacks.
fn stopwatch(callbacks: usize) -> Handler {
    let library = native::library("benches/support/stopwatch.c", &[&format!("CALLBACKS={callbacks}")]);
    let clsid = STOPWATCH.parse().expect("it is a GUID");
    let spec = HandlerSpec::Com { library, clsid, name: "stopwatch".to_owned(), probes: false, multi_threaded: false };
    spec.open().expect("a library is opened when it is driven")
}

fn terms() -> Terms {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    Terms::standard(Standard { initialize, selection: Selection::All, retries: 0, ..Standard::default() })
}

/// What was heard of a session.
struct Heard {
    events: usize,
    /// When `Initialize` came.
    initialized: SystemTime,
    /// How long the callbacks took.
    reported: Duration,
}

/// Holds a session, which must go well, and hears what the stopwatch says.
fn heard(hold: impl FnOnce(&mut dyn Drain) -> Result<JobEnd, CreateError>) -> Result<Heard, CreateError> {
    let mut events = 0;
    let (mut initialized, mut reported) = (None, None);
    let mut drain = |new: Vec<Event>, _: &Session| {
        events += new.len();
        for event in &new {
            let EventKind::Callback { what: Callback::LogError(logged), .. } = &event.kind else { continue };
            let said = logged.text.as_ref().map(ToString::to_string).unwrap_or_default();
            let nanoseconds = |what| said.strip_prefix(what).map(|rest| rest.trim().parse().expect("a number"));
            initialized = initialized.or(nanoseconds("initialized").map(Duration::from_nanos));
            reported = reported.or(nanoseconds("reported").map(Duration::from_nanos));
        }
    };
    let launched = hold(&mut drain)?;
    let outcome = launched.ran.session.instances().next().map(Instance::outcome);
    assert_eq!(outcome, Some(Outcome::Completed(HResult::S_OK)), "the session ended otherwise");
    let initialized = SystemTime::UNIX_EPOCH + initialized.expect("it says when it was initialized");
    Ok(Heard { events, initialized, reported: reported.expect("it says how long it took") })
}
