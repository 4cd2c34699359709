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
use mobsync::job::{self, Handler, Terms, Workers};
use mobsync::protocol::{Event, Profile, Session};
use mobsync::scenario::Scenario;
use support::paired::{Effort, Paired};

/// The whole command takes at most so many seconds, on two processors.
const WHOLE_TARGET_S: f64 = 3.0;

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

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Holds a session in a worker; `see` gets the events when they are heard.
fn hold(handler: &Handler, scenario: &Scenario, mut see: impl FnMut(&[Event])) {
    let workers = Workers { program: env!("CARGO_BIN_EXE_mobsync").into() };
    let mut drain = |events: Vec<Event>, _: &Session| see(&events);
    job::isolated(&workers, handler, &Terms::scenario(scenario.clone()), |_| {}, &mut drain).expect("a worker starts");
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
