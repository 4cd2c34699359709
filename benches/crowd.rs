//! Many scripted handlers side by side in one session, against one handler in as many sessions: time and memory for each handler. And a week
//! of `mobsync daemon --virtual`, against its sessions alone.

mod support;

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use mobsync::job::{Conduct, Handler, HandlerSpec, Standard, Terms};
use mobsync::manager::{self, Play, Schedule};
use mobsync::protocol::RegisterFlags;
use mobsync::runner::{self, RunOptions};
use mobsync::store::{Registration, Start, Store};
use serde_json::json;
use support::paired::{Effort, Paired};

/// A handler beside many others takes at most so many times what it takes alone.
const TARGET: f64 = 1.1;
/// How many items each handler has.
const ITEMS: usize = 20;
/// How the program calls itself, to see how much memory a session takes.
const MEMORY: &str = "--memory";

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some(MEMORY) {
        let handlers =
            args.next().and_then(|number| number.parse().ok()).ok_or_else(|| io::Error::other("no number"))?;
        side_by_side(&handler()?, handlers);
        println!("{}", peak_kib().unwrap_or_default());
        return Ok(());
    }
    let (effort, handler) = (Effort::from_args(), handler()?);
    println!("crowd: scripted handlers with {ITEMS} items each, side by side, against as many sessions of one handler");
    for handlers in effort.pick(vec![125, 250, 500, 1000], vec![5]) {
        let mut paired = Paired::default();
        for _ in 0..effort.pick(11, 1) {
            paired.round(|| one_by_one(&handler, handlers), || side_by_side(&handler, handlers));
        }
        let summary = paired.summary();
        println!(
            "  {handlers:>4} handlers: {:.0} us for each, {:.0} us alone, {} times as long, target {TARGET}; peak memory {} KiB; {} rounds",
            summary.subject_ns.median / 1e3 / handlers as f64,
            summary.floor_ns.median / 1e3 / handlers as f64,
            summary.ratio,
            memory(handlers)?,
            summary.rounds,
        );
    }
    week(&effort, &handler)
}

/// A week of `mobsync daemon --virtual` takes at most so many times what its sessions take alone, without a store.
const WEEK_TARGET: f64 = 5.0;

/// A schedule that starts a session in each hour of a week, in virtual time, against the same sessions alone.
fn week(effort: &Effort, handler: &Handler) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("one-of-many.json");
    let Some(HandlerSpec::Script { text, .. }) = handler.spec() else { return Err(io::Error::other("no script")) };
    std::fs::write(&file, text)?;
    let store = Store::at(folder.path().join("store"));
    let start = Start::File { file };
    let registration = Registration {
        clsid: mobsync::job::made_clsid(&start),
        description: None,
        flags: RegisterFlags::default(),
        start,
    };
    store.register(&registration).map_err(io::Error::other)?;
    let hourly = r#"{"format": "mobsync-schedule", "version": 1, "events": [{"at": "0 * * * *"}]}"#;
    let schedule = Schedule::parse(hourly, "hourly.json".as_ref()).map_err(io::Error::other)?;
    let days = effort.pick(7, 1);
    let from = "2026-01-05T00:00:00Z".parse().map_err(io::Error::other)?;
    let play = Play { schedule, from, length: chrono::TimeDelta::days(days), traces: None };
    let sessions = usize::try_from(24 * days).map_err(io::Error::other)?;
    let mut paired = Paired::default();
    for _ in 0..effort.pick(11, 1) {
        paired.round(
            || one_by_one(handler, sessions),
            || {
                let (began, mut lines) = (Instant::now(), 0);
                let well = manager::play(&store, &play, &mut |_, _| lines += 1).expect("it is played");
                assert!(well && lines == 2 * sessions, "{lines} lines");
                began.elapsed()
            },
        );
    }
    let summary = paired.summary();
    println!(
        "  a week in virtual time, {sessions} sessions: {:.0} ms, {:.0} ms without schedule and store, {} times as long, target {WEEK_TARGET}; {} rounds",
        summary.subject_ns.median / 1e6,
        summary.floor_ns.median / 1e6,
        summary.ratio,
        summary.rounds,
    );
    Ok(())
}

/// A script that reports three times for each of its items.
fn handler() -> io::Result<Handler> {
    let ids: Vec<String> = (1..=ITEMS).map(|item| format!("{{00000000-0000-4000-8000-{item:012}}}")).collect();
    let items: Vec<_> = ids.iter().map(|id| json!({ "id": id, "name": id })).collect();
    let work = ids.iter().map(|id| json!({ "work": { "item": id, "units": 1 } }));
    let steps: Vec<_> = work.chain([json!({ "complete_if_last": "S_OK" })]).collect();
    let script = json!({
        "kind": "script", "version": 1, "name": "One of many", "items": items,
        "methods": { "Synchronize": { "threads": { "worker": steps } } }
    });
    let spec = HandlerSpec::Script { file: PathBuf::from("one-of-many.json"), text: script.to_string() };
    spec.open().map_err(io::Error::other)
}

/// One session after the other.
fn one_by_one(handler: &Handler, sessions: usize) -> Duration {
    let terms = Terms::standard(Standard::default());
    let began = Instant::now();
    for _ in 0..sessions {
        runner::run(handler, &terms, &RunOptions::default(), &mut ()).expect("the session runs");
    }
    began.elapsed()
}

/// All handlers in one session.
fn side_by_side(handler: &Handler, handlers: usize) -> Duration {
    let all = Handler::several(vec![handler.clone(); handlers]).expect("scripts can be in one session");
    let terms = Terms { conduct: Conduct::Several(vec![Standard::default(); handlers]), ..Terms::default() };
    let began = Instant::now();
    let ran = runner::run(&all, &terms, &RunOptions::default(), &mut ()).expect("the session runs");
    let took = began.elapsed();
    assert_eq!(ran.judged.session().instances().count(), handlers);
    took
}

/// The peak memory of a process that runs such a session.
fn memory(handlers: usize) -> io::Result<String> {
    let output = Command::new(std::env::current_exe()?).args([MEMORY, &handlers.to_string()]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The peak memory of this process, where the system says it.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
