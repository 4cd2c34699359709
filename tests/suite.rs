//! The conformance suite as a part of the library: what authors of handlers in Rust call.

#[path = "../examples/completes_twice.rs"]
#[allow(dead_code, reason = "its main function is for whoever runs it")]
mod completes_twice;
#[path = "../examples/notes/mod.rs"]
mod notes;
#[path = "common/rust_handler.rs"]
mod rust_handler;

use std::panic::catch_unwind;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mobsync::conform::{Case, Reproduce, Suite, SuiteOptions, SuiteWatcher, assert_conforms};
use mobsync::handler::{CreateError, EnumItems, HandlerFactory, SyncCallback, SyncHandler};
use mobsync::job::Handler;
use mobsync::protocol::{Guid, HResult, HandlerInfo, Profile, Status, SyncFlags};
use mobsync::report::{CaseOutcome, Report, human};
use mobsync::runner::{Isolation, Stop};
use tempfile::TempDir;

/// As much time as a busy machine needs.
const PATIENT: Duration = Duration::from_secs(60);

fn rules(report: &Report) -> Vec<&'static str> {
    let mut rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn a_good_handler_conforms() {
    assert_conforms(notes::Notes);
}

#[test]
fn the_panic_of_a_bad_handler_is_the_report_for_people() {
    let panic = catch_unwind(|| assert_conforms(completes_twice::Notebook)).expect_err("it completes twice");
    let said = panic.downcast_ref::<String>().expect("it says something");
    assert!(said.starts_with("Notebook does not conform\n\n"), "{said}");
    for part in ["SYNC-04", "event-manual", "handler SynchronizeCompleted", "FAILED: "] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(said.contains("reproduce with: Suite::new(…).case(\"event-manual\").run()"), "{said}");
}

#[test]
fn what_reproduces_a_finding_finds_it_again() {
    let suite = || Suite::new(completes_twice::Notebook).timeout(PATIENT);
    let report = suite().run().unwrap();
    let found = report.findings.iter().find(|found| found.rule == "SYNC-04").expect("it completes twice");
    assert_eq!(found.replay.as_deref(), Some(&*format!("Suite::new(…).case({:?}).run()", found.case)));
    let again = suite().case(&found.case).run().unwrap();
    assert_eq!(again.summary.cases, 1);
    assert!(rules(&again).contains(&"SYNC-04"), "{}", human(&again, false));
}

#[test]
fn random_sessions_and_profiles_are_asked_for() {
    let report = Suite::new(notes::Notes).profile(Profile::Vista).sessions(5).seed(100).timeout(PATIENT).run().unwrap();
    assert_eq!((report.profile, report.seed, rules(&report)), (Profile::Vista, Some(100), vec![]));
    let names: Vec<&str> = report.cases.iter().map(|case| case.name.as_str()).collect();
    let random: Vec<&str> = names.iter().copied().filter(|name| name.starts_with("random-")).collect();
    assert_eq!(random, ["random-100", "random-101", "random-102", "random-103", "random-104"]);
    let listed = Suite::new(notes::Notes).profile(Profile::Vista).cases().unwrap();
    assert_eq!(listed.len() + random.len(), names.len());
    assert!(listed.iter().all(|case| names.contains(&case.name.as_str())));
}

#[test]
fn a_case_that_there_is_not_is_an_error_that_says_which_was_meant() {
    let error = |name: &str| Suite::new(notes::Notes).case(name).run().expect_err("there is no such case").to_string();
    assert_eq!(error("wlak"), "wlak: no such case; did you mean walk?");
    assert_eq!(error("something else"), "something else: no such case");
}

#[test]
fn a_native_library_is_tested_in_this_process_and_in_workers() {
    let library = rust_handler::notebook_in_rust();
    let clsid = rust_handler::NOTEBOOK_RUST.parse().unwrap();
    let suite = || Suite::of_library(&library, clsid).unwrap().case("event-manual").case("walk").timeout(PATIENT);
    for suite in [suite(), suite().isolated(env!("CARGO_BIN_EXE_mobsync"))] {
        let report = suite.run().unwrap();
        assert_eq!((report.summary.passed, rules(&report)), (2, vec![]), "{}", human(&report, false));
    }
    let missing = Suite::of_library("no/such/library.so", clsid).err().expect("there is no such file");
    assert!(missing.to_string().starts_with("no/such/library.so: "), "{missing}");
}

#[test]
fn a_handler_of_this_program_runs_in_no_other() {
    let isolation = Isolation::All(env!("CARGO_BIN_EXE_mobsync").into());
    let options = SuiteOptions { isolation, ..SuiteOptions::default() };
    let error = Suite::new(notes::Notes).with(options).run().expect_err("no other process knows it");
    assert!(error.to_string().starts_with("cannot create an instance of Notes: "), "{error}");
    // What is asked of native handlers only does not concern it.
    let report = Suite::new(notes::Notes).isolated(env!("CARGO_BIN_EXE_mobsync")).case("event-manual").run().unwrap();
    assert_eq!(report.summary.passed, 1);
}

#[test]
fn scenarios_and_traces_are_written_and_findings_name_them() {
    let folder = TempDir::new().unwrap();
    let options = SuiteOptions {
        cases: vec!["event-manual".to_owned()],
        scenarios: Some(folder.path().join("scenarios")),
        traces: Some(folder.path().join("traces")),
        timeout_ns: Some(PATIENT.as_nanos() as u64),
        ..SuiteOptions::default()
    };
    let reproducer = |reproduce: Reproduce<'_>| match reproduce {
        Reproduce::Scenario(file) => format!("replay {}", file.display()),
        other => panic!("the scenario is written: {other:?}"),
    };
    let report = Suite::new(completes_twice::Notebook).with(options).reproduced_by(reproducer).run().unwrap();
    let scenario = folder.path().join("scenarios/event-manual.json");
    mobsync::scenario::load(&scenario).unwrap();
    let trace = mobsync::trace::read_file(folder.path().join("traces/event-manual.jsonl")).unwrap();
    assert!(report.findings.iter().any(|found| found.events.iter().all(|seq| *seq <= trace.events.len() as u64)));
    let found = report.findings.iter().find(|found| found.rule == "SYNC-04").expect("it completes twice");
    assert_eq!(found.replay, Some(format!("replay {}", scenario.display())));
}

/// Stops the suite when a number of sessions were run.
struct StopAfter<'a> {
    stop: &'a Stop,
    left: Mutex<usize>,
    announced: Mutex<Vec<usize>>,
}

impl SuiteWatcher for StopAfter<'_> {
    fn begins(&self, sessions: usize) {
        self.announced.lock().unwrap().push(sessions);
    }

    fn session_ended(&self, _: &str) {
        let mut left = self.left.lock().unwrap();
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.stop.stop();
        }
    }
}

#[test]
fn a_suite_that_is_stopped_says_what_was_not_run() {
    let stop = Stop::default();
    let watcher = StopAfter { stop: &stop, left: Mutex::new(3), announced: Mutex::default() };
    let good = Handler::find("fixtures/handlers/good.json", &[], None).unwrap();
    let options = SuiteOptions { jobs: std::num::NonZero::new(1), ..SuiteOptions::default() };
    let suite = Suite::of(good).with(options);
    let report = suite.run_watched(&stop, &watcher).unwrap();
    let announced = watcher.announced.into_inner().unwrap();
    let passed = report.cases.iter().filter(|case| case.outcome == CaseOutcome::Passed).count();
    assert_eq!(passed, 3);
    let not_run = announced[0] - 3;
    let expected = format!("interrupted: {not_run} of {} sessions were not run", announced[0]);
    assert_eq!(report.unfinished, std::slice::from_ref(&expected));
    assert_eq!(report.incomplete(), [expected]);

    let before = suite.run_watched(&stop, &()).unwrap();
    assert!(before.cases.is_empty() && before.unfinished[0].starts_with("interrupted: "), "{:?}", before.unfinished);
    assert!(suite.cases_unless_stopped(&stop).unwrap().is_none());
}

#[test]
fn the_example_runs_the_suite_over_its_own_handler_and_over_a_library() {
    let example = rust_handler::example("suite");
    let run = |args: &[&str]| {
        let output = Command::new(&example).args(args).output().expect("it starts");
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run(&[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("passed: no findings"), "{said}");
    let library = rust_handler::notebook_in_rust();
    let (code, said) = run(&[library.to_str().unwrap(), rust_handler::NOTEBOOK_RUST]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("passed: no findings"), "{said}");
}

/// When its worker has long had the time to complete it.
const AFTER_THE_WORKER: Duration = Duration::from_millis(50);

/// A good handler whose `Synchronize` comes back later: how much later is said of its nth call.
struct SlowReturn {
    calls: Arc<AtomicUsize>,
    takes: fn(usize) -> Duration,
}

impl SlowReturn {
    fn by(takes: fn(usize) -> Duration) -> Self {
        Self { calls: Arc::default(), takes }
    }
}

struct SlowSession {
    session: Box<dyn SyncHandler>,
    calls: Arc<AtomicUsize>,
    takes: fn(usize) -> Duration,
}

impl HandlerFactory for SlowReturn {
    fn name(&self) -> &str {
        "SlowReturn"
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        let (calls, takes) = (Arc::clone(&self.calls), self.takes);
        Ok(Box::new(SlowSession { session: notes::Notes.create()?, calls, takes }))
    }
}

impl SyncHandler for SlowSession {
    fn initialize(&mut self, reserved: u32, flags: SyncFlags, cookie: Option<&[u8]>) -> HResult {
        self.session.initialize(reserved, flags, cookie)
    }

    fn get_handler_info(&mut self) -> (HResult, Option<HandlerInfo>) {
        self.session.get_handler_info()
    }

    fn enum_sync_mgr_items(&mut self) -> (HResult, Option<Box<dyn EnumItems>>) {
        self.session.enum_sync_mgr_items()
    }

    fn show_properties(&mut self, hwnd: u64, item: Guid) -> HResult {
        self.session.show_properties(hwnd, item)
    }

    fn set_progress_callback(&mut self, callback: Option<Arc<dyn SyncCallback>>) -> HResult {
        self.session.set_progress_callback(callback)
    }

    fn prepare_for_sync(&mut self, items: &[Guid], hwnd: u64, reserved: u32) -> HResult {
        self.session.prepare_for_sync(items, hwnd, reserved)
    }

    fn synchronize(&mut self, hwnd: u64) -> HResult {
        let hr = self.session.synchronize(hwnd);
        std::thread::sleep((self.takes)(self.calls.fetch_add(1, Ordering::Relaxed) + 1));
        hr
    }

    fn set_item_status(&mut self, item: Guid, status: Status) -> HResult {
        self.session.set_item_status(item, status)
    }

    fn show_error(&mut self, hwnd: u64, error: Guid) -> HResult {
        self.session.show_error(hwnd, error)
    }
}

#[test]
fn which_cases_there_are_does_not_depend_on_whose_turn_it_is() {
    let skipped = |cases: Vec<Case>| -> Vec<(String, Option<String>)> {
        cases.into_iter().map(|case| (case.name, case.skipped)).collect()
    };
    let quick = skipped(Suite::new(notes::Notes).cases().unwrap());
    let slow = skipped(Suite::new(SlowReturn::by(|_| AFTER_THE_WORKER)).cases().unwrap());
    assert_eq!(slow, quick);
    let of_window = |(name, skipped): &&(String, Option<String>)| name.starts_with("skip-") && skipped.is_none();
    assert!(slow.iter().any(|case| of_window(&case)), "{slow:?}");
}

/// The first session is the one that shows what there is to know; the second is that of the case.
#[test]
fn what_takes_long_in_one_session_alone_is_the_machines() {
    const LONG: Duration = Duration::from_millis(3_200);
    let found = |takes| {
        let options = SuiteOptions {
            cases: vec!["event-manual".to_owned()],
            blocking_ns: Some(3_000_000_000),
            timeout_ns: Some(PATIENT.as_nanos() as u64),
            ..SuiteOptions::default()
        };
        rules(&Suite::new(SlowReturn::by(takes)).with(options).run().unwrap())
    };
    assert_eq!(found(|call| if call == 2 { LONG } else { Duration::ZERO }), [] as [&str; 0]);
    assert_eq!(found(|call| if call >= 2 { LONG } else { Duration::ZERO }), ["SYNC-06"]);
}
