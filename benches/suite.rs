//! The fixed cases of the suite with the reference handler in C++, each in a worker: how long the whole takes, and how much of
//! that is the start of processes.

#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "there are no workers"))]

#[path = "../tests/common/native.rs"]
#[allow(dead_code, reason = "shared with tests, which use other parts")]
mod native;
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mobsync::conform::{self, Case, Known};
use mobsync::job::{self, Handler, Terms};
use mobsync::protocol::{Event, Profile, Session};
use mobsync::scenario::Scenario;
use support::paired::{Effort, Paired};

/// The whole command takes at most so many seconds, on two processors.
const WHOLE_TARGET_S: f64 = 3.0;

/// With a handler that does next to nothing, the suite takes at most so many times the wall time and the processor time of as
/// many processes that load an empty library.
const WALL_TARGET: f64 = 3.0;
const CPU_TARGET: f64 = 2.5;

/// The class of `support/stopwatch.c`.
const STOPWATCH: &str = "{6D6F6273-796E-4E6F-80FF-000000000001}";

/// At most this part of the sessions' time is what comes before the handler's first event.
const START_TARGET: f64 = 0.5;

#[cfg(not(unix))]
fn main() {
    println!("suite: there are no workers on this system");
}

#[cfg(unix)]
fn main() {
    let effort = Effort::from_args();
    let handler = native::notebook("", true);
    let library = native::library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let mut known = Known::default();
    let mut session = Session::default();
    hold(&handler, &conform::survey(Profile::Xp), |events| {
        for event in events {
            session.apply(event);
            known.observe(event, &session);
        }
    });
    let cases = conform::cases(&known, Profile::Xp, true);
    let held: Vec<Case> = cases.into_iter().filter(|case| case.skipped.is_none()).collect();
    assert!(held.len() > 50, "{} cases apply", held.len());

    // The survey is a session too.
    let sessions = held.len() + 1;
    let nothing = ["/bin/true", "/usr/bin/true"].into_iter().find(|path| Path::new(path).exists());
    let nothing = nothing.expect("there is a program that does nothing");
    let mut paired = Paired::default();
    for _ in 0..effort.pick(15, 1) {
        paired.round(|| starts(nothing, sessions), || suite(&library));
    }
    let whole = paired.summary();
    println!("suite: the fixed cases with the handler in C++, in workers, on {} processors", processors());
    println!(
        "  the whole command, {sessions} sessions: {:.2} s ({:.2}-{:.2}), target {WHOLE_TARGET_S:.1}; \
         {} times starting {nothing} as often, one after the other ({:.2} s); {} rounds",
        whole.subject_ns.median / 1e9,
        whole.subject_ns.min / 1e9,
        whole.subject_ns.max / 1e9,
        whole.ratio,
        whole.floor_ns.median / 1e9,
        whole.rounds,
    );

    of_nothing(effort);

    let (mut start, mut all) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..effort.pick(5, 1) {
        for case in &held {
            let began = Instant::now();
            let mut first = None;
            hold(&handler, &case.scenario, |_| {
                first.get_or_insert_with(|| began.elapsed());
            });
            start += first.expect("a session has events");
            all += began.elapsed();
        }
    }
    println!(
        "  one session after the other: {:.0} % of the time is before the first event, target {:.0} %; {:.1} ms of {:.1} ms",
        100.0 * start.as_secs_f64() / all.as_secs_f64(),
        100.0 * START_TARGET,
        1e3 * start.as_secs_f64() / (held.len() * effort.pick(5, 1)) as f64,
        1e3 * all.as_secs_f64() / (held.len() * effort.pick(5, 1)) as f64,
    );
}

/// The suite with a handler that makes one report, against as many processes that load an empty library and end.
#[cfg(unix)]
fn of_nothing(effort: Effort) {
    let library = native::library("benches/support/stopwatch.c", &["CALLBACKS=1"]);
    let empty = native::library("benches/support/empty.c", &[]);
    let loads = empty.with_extension("loads");
    let (source, program) = (native::of_repository("benches/support/loads.c"), loads.display().to_string());
    let built = native::compile(false, &["-O1", &source.display().to_string(), "-o", &program]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let list = Command::new(env!("CARGO_BIN_EXE_mobsync"))
        .arg("conform")
        .arg(&library)
        .args(["--clsid", STOPWATCH, "--format", "json"])
        .output()
        .expect("it can be started");
    let report: serde_json::Value = serde_json::from_slice(&list.stdout).expect("a report");
    let count = |key: &str| report["summary"][key].as_u64().and_then(|many| usize::try_from(many).ok()).unwrap_or(0);
    // The session that finds the cases is one too.
    let sessions = count("cases") - count("skipped") + 1;

    let (mut wall, mut cpu) = (Paired::default(), Paired::default());
    let floor = || {
        let next = std::sync::atomic::AtomicUsize::new(0);
        timed(|| {
            std::thread::scope(|scope| {
                for _ in 0..processors() {
                    scope.spawn(|| {
                        while next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < sessions {
                            let status = Command::new(&loads).arg(&empty).status().expect("it can be started");
                            assert!(status.success(), "{}: {status}", loads.display());
                        }
                    });
                }
            });
        })
    };
    let subject = || {
        timed(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
            command.arg("conform").arg(&library).args(["--clsid", STOPWATCH]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it can be started");
        })
    };
    for round in 0..effort.pick(15, 1) {
        // The one that goes first alternates.
        let ((floor_wall, floor_cpu), (subject_wall, subject_cpu)) = if round % 2 == 0 {
            let floor = floor();
            (floor, subject())
        } else {
            let subject = subject();
            (floor(), subject)
        };
        wall.round(|| floor_wall, || subject_wall);
        cpu.round(|| floor_cpu, || subject_cpu);
    }
    let (wall, cpu) = (wall.summary(), cpu.summary());
    println!(
        "  a handler that does next to nothing, {sessions} sessions, against as many processes that load an empty library: \
         wall {} (target {WALL_TARGET:.1}; {:.0} ms of {:.0} ms), processor {} (target {CPU_TARGET:.1}; {:.0} ms of {:.0} ms); {} rounds",
        wall.ratio,
        wall.subject_ns.median / 1e6,
        wall.floor_ns.median / 1e6,
        cpu.ratio,
        cpu.subject_ns.median / 1e6,
        cpu.floor_ns.median / 1e6,
        wall.rounds,
    );
}

/// How long it takes, and how much processor time of the processes that it starts.
#[cfg(unix)]
fn timed(what: impl FnOnce()) -> (Duration, Duration) {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts it");
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    let (began, before) = (Instant::now(), used());
    what();
    (began.elapsed(), used() - before)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Holds a session in a worker; `see` gets the events when they are heard.
#[cfg(unix)]
fn hold(handler: &Handler, scenario: &Scenario, mut see: impl FnMut(&[Event])) {
    let workers = job::Workers { program: env!("CARGO_BIN_EXE_mobsync").into() };
    let mut drain = |events: Vec<Event>, _: &Session| see(&events);
    job::isolated(&workers, handler, &Terms::scenario(scenario.clone()), |_| {}, &mut drain, None)
        .expect("a worker starts");
}

/// The command, as a CI system runs it.
fn suite(library: &Path) -> Duration {
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("conform").arg(library).args(["--clsid", native::NOTEBOOK_CPP]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it can be started");
    let took = began.elapsed();
    assert!(status.success(), "a good handler passes: {status}");
    took
}

/// Starts a program so often.
fn starts(program: &str, many: usize) -> Duration {
    let began = Instant::now();
    for _ in 0..many {
        assert!(Command::new(program).status().expect("it can be started").success());
    }
    began.elapsed()
}
