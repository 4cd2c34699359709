//! `--break-on`: the trap is raised at the violation, in the thread that broke the rule.

#[allow(dead_code, reason = "the example has an entry of its own")]
#[path = "../examples/completes_twice.rs"]
mod completes_twice;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use mobsync::handler::script;
use mobsync::host::break_on::BreakOn;
use mobsync::host::{Observer, Selection};
use mobsync::job::{Additions, Handler, Standard, Terms};
use mobsync::protocol::Limits;
use mobsync::protocol::*;
use mobsync::rules::{Conditions, Finding, select};
use mobsync::runner::{self, RunOptions};
use tempfile::TempDir;

const TWICE: &str = r#"{
  "kind": "script", "version": 1, "name": "Twice", "items": [ { "id": "A", "name": "A" } ],
  "methods": { "Synchronize": { "do": [ { "wait": "50ms" } ], "threads": { "pages": [
    { "work": { "item": "A", "units": 2 } }, { "complete": "S_OK" }, { "complete": "S_OK" }
  ] } } }
}"#;

fn run(options: &[&str]) -> Output {
    let folder = TempDir::new().expect("a folder can be made");
    let file: PathBuf = folder.path().join("twice.json");
    std::fs::write(&file, TWICE).expect("it can be written");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("mobsync"));
    command.arg("run").arg(&file).args(options).output().expect("it runs")
}

#[cfg(unix)]
#[test]
fn the_trap_is_raised_at_the_violation_and_only_there() {
    use std::os::unix::process::ExitStatusExt;
    const SIGTRAP: i32 = 5;

    let trapped = run(&["--in-process", "--break-on", "sync-04"]);
    let said = String::from_utf8_lossy(&trapped.stderr).into_owned();
    assert_eq!(trapped.status.signal(), Some(SIGTRAP), "{said}");
    assert!(said.contains("SYNC-04 on thread pages: Synchronize is completed a second time"), "{said}");
    // A family holds the rule; another rule does not.
    assert_eq!(run(&["--in-process", "--break-on", "LOG,SYNC"]).status.signal(), Some(SIGTRAP));
    let other = run(&["--in-process", "--break-on", "PREP-03,LOG"]);
    assert_eq!((other.status.signal(), other.status.code()), (None, Some(1)));
}

#[test]
fn without_in_process_or_with_an_unknown_rule_nothing_is_run() {
    for (options, said) in [
        (&["--break-on", "SYNC-04"][..], "--break-on needs --in-process"),
        (&["--in-process", "--break-on", "SYNC-99"], "`SYNC-99` is not a rule"),
    ] {
        let output = run(options);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        if cfg!(unix) {
            assert!(errors.contains(said), "{errors}");
        }
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(output.stdout.is_empty());
    }
}

/// The events of a session of all items, in which these observers look on.
fn run_observed(handler: &Handler, observers: Vec<Box<dyn Observer>>) -> Vec<Event> {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    let terms = Terms::standard(Standard { initialize, selection: Selection::All, retries: 1, ..Standard::default() });
    let additions = Additions { observers: Some(Box::new(|_| observers)), ..Additions::default() };
    let mut events = Vec::new();
    runner::run_with(handler, &terms, &RunOptions::default(), additions, &mut events).expect("it starts");
    events
}

/// What was found, and by which threads.
type Hits = Arc<Mutex<Vec<(&'static str, Thread, ThreadId)>>>;

#[test]
fn the_session_goes_on_as_without_it() {
    let conditions =
        Conditions { profile: Profile::default(), limits: Limits::default(), started: FileTime::default() };
    let hits = Hits::default();
    let seen = Arc::clone(&hits);
    let hit = move |finding: &Finding| {
        let row = (finding.rule.code, finding.thread.clone(), std::thread::current().id());
        seen.lock().expect("nobody panics with it").push(row);
    };
    let rules = select("SYNC-04").expect("there is such a rule");
    let events = |observers: Vec<Box<dyn Observer>>| {
        let script = script::parse(TWICE, "twice.json".as_ref()).expect("it is valid");
        run_observed(&Handler::from_script(script), observers)
    };
    let observed = events(vec![Box::new(BreakOn::new(rules, conditions, hit))]);
    assert_eq!(observed, events(Vec::new()));
    let hits = hits.lock().expect("nobody panics with it");
    assert_eq!(*hits, [("SYNC-04", Thread::from("pages"), std::thread::current().id())]);
}

#[test]
fn on_real_threads_it_is_the_handlers_own_thread() {
    let conditions =
        Conditions { profile: Profile::default(), limits: Limits::default(), started: FileTime::default() };
    let names = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&names);
    let hit = move |_: &Finding| {
        seen.lock().expect("nobody panics with it").push(std::thread::current().name().map(str::to_owned));
    };
    let rules = select("SYNC-04").expect("there is such a rule");
    let notebook = Handler::from_factory(Arc::new(completes_twice::Notebook));
    run_observed(&notebook, vec![Box::new(BreakOn::new(rules, conditions, hit))]);
    assert_eq!(*names.lock().expect("nobody panics with it"), [Some("pages".to_owned())]);
}
