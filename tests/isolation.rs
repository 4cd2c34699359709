//! Native handlers in workers: whatever they do, the finding is there, everything that happened is told, and nothing is left.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mobsync::host::Controls;
use mobsync::job::{Handler, Standard, Terms};
use mobsync::protocol::*;
use mobsync::rules::Finding;
use mobsync::runner::{self, Isolation, JudgedSession, RunOptions, Watcher};
use native::{NOTEBOOK_CPP, library};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// A run of the program, as somebody's CI does it.
struct Run {
    code: Option<i32>,
    report: Value,
    trace: String,
    errors: String,
    took: Duration,
}

impl Run {
    fn rules(&self) -> Vec<&str> {
        let findings = self.report["findings"].as_array().expect("a report has findings");
        let mut rules: Vec<&str> = findings.iter().filter_map(|finding| finding["rule"].as_str()).collect();
        rules.dedup();
        rules
    }

    fn finding(&self, rule: &str) -> &Value {
        let findings = self.report["findings"].as_array().expect("a report has findings");
        findings.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {:#}", self.report))
    }

    fn stack(&self, rule: &str) -> String {
        let frames = self.finding(rule)["backtrace"].as_array().cloned().unwrap_or_default();
        frames.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Runs the notebook that does this, through a pipe, and sees that the pipe ends and that nothing is left of it.
fn torture(how: &str) -> Run {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_TORTURE=\"{how}\"")]);
    run(&built, how)
}

fn run(built: &Path, how: &str) -> Run {
    let folder = TempDir::new().expect("a folder can be made");
    let trace = folder.path().join("trace.jsonl");
    // What a handler starts inherits this, and is found by it. No mark is the beginning of another one.
    let mark = format!("isolation-test-{}-{how}.", std::process::id());
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    // Whoever does not hang has all the time that a busy machine needs.
    let timeout = if how.starts_with("HANG") { "1" } else { "60" };
    command.arg("run").arg(built).args(["--clsid", NOTEBOOK_CPP, "--timeout", timeout, "--blocking-limit", "30"]);
    command.args(["--format", "json", "--trace"]);
    let pids = folder.path().join("pids");
    command.arg(&trace).env("MOBSYNC_TEST_MARK", &mark).env("MOBSYNC_TEST_PIDS", &pids).stdin(Stdio::null());
    let output = command.output().expect("it runs");
    let took = begun.elapsed();
    let said = String::from_utf8(output.stdout).expect("a report is UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{how}: {error}\n{said}{errors}"));
    assert_eq!(marked(&mark), Vec::<String>::new(), "{how}: something is left of it");
    let daemons = daemons(&pids);
    assert_eq!(!daemons.is_empty(), how.contains("DAEMON"), "{how}: whether it has left a daemon behind");
    assert!(daemons.iter().all(|pid| !is_alive(*pid)), "{how}: the daemon is still there: {daemons:?}");
    Run { code: output.status.code(), report, trace: fs::read_to_string(&trace).unwrap_or_default(), errors, took }
}

/// The daemons that wrote their numbers to this file.
fn daemons(pids: &Path) -> Vec<i32> {
    let written = fs::read_to_string(pids).unwrap_or_default();
    written.lines().map(|pid| pid.parse().expect("a number is written")).collect()
}

/// Whether there is such a process, and not only what is left of one.
fn is_alive(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z') && !line.contains('X'))
}

/// The processes that have this in their environment.
fn marked(mark: &str) -> Vec<String> {
    let mut left = Vec::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        if environment.windows(mark.len()).any(|part| part == mark.as_bytes()) {
            left.push(process.path().display().to_string());
        }
    }
    left
}

#[test]
fn a_good_handler_passes() {
    let run = run(&library("fixtures/handlers/cpp/notebook.cpp", &[]), "good");
    assert_eq!((run.code, run.rules()), (Some(0), vec![]), "{}", run.errors);
    assert_eq!(run.report["outcome"], "completed with S_OK");
}

#[test]
fn a_crash_is_told_with_the_signal_and_the_handlers_stack() {
    let open = "in a worker thread while Synchronize was open: SIG";
    for (how, what, place, thread) in [
        ("SEGFAULT", "crashed inside Synchronize: SIGSEGV", "CNotebook::Synchronize", "apartment"),
        ("OVERFLOW", "crashed inside Synchronize: SIGSEGV", "overflow_the_stack", "apartment"),
        ("ABORT_IN_LIBRARY", "crashed: SIGABRT", "DllGetClassObject", "apartment"),
        ("ABORT_IN_WORKER", open, "RunWork", "thread-"),
        // A thread that never called back is not the apartment's.
        ("ABORT_AT_ONCE", open, "RunWork", "silent thread"),
    ] {
        let run = torture(how);
        assert_eq!((run.code, run.rules()), (Some(1), vec!["LIFE-02"]), "{how}: {:#}", run.report);
        let message = run.finding("LIFE-02")["message"].as_str().unwrap_or_default();
        assert!(message.contains(what), "{how}: {message}");
        let of = run.finding("LIFE-02")["thread"].as_str().unwrap_or_default();
        assert!(of.starts_with(thread), "{how}: {of}");
        let stack = run.stack("LIFE-02");
        assert!(stack.contains(place) && stack.contains("notebook.cpp:") | stack.contains("bugs.h:"), "{how}: {stack}");
    }
}

#[test]
fn of_threads_that_crash_at_once_one_is_told_of_with_its_stack() {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_TORTURE=\"ABORT_IN_ALL\""]);
    for _ in 0..20 {
        let run = run(&built, "ABORT_IN_ALL");
        assert_eq!((run.code, run.rules()), (Some(1), vec!["LIFE-02"]), "{:#}", run.report);
        let stack = run.stack("LIFE-02");
        assert!(stack.contains("RunWork"), "{stack}");
    }
}

#[test]
fn nothing_that_happened_before_a_crash_is_lost() {
    let run = torture("ABORT_IN_WORKER");
    let events: Vec<Value> = run.trace.lines().skip(1).map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no event is missing");
    let of = |item: &str| {
        let is = |event: &&Value| {
            event["kind"] == "callback" && event["method"] == "Progress" && event["args"]["item"] == item
        };
        events.iter().filter(is).count()
    };
    let most = ["A", "B", "C"].map(|name| of(&Guid::from_alias(name).unwrap().to_string())).into_iter().max();
    assert_eq!(most, Some(10_000), "the worker that aborted had made all of its callbacks");
    assert_eq!(events.last().map(|event| event["kind"] == "note"), Some(true));
}

#[test]
fn an_end_of_the_process_is_told_however_it_comes() {
    let open = "crashed while Synchronize was open: ";
    for (how, what) in [
        ("THROW", "crashed inside Synchronize: SIGABRT"),
        ("EXIT", &format!("{open}the handler ended the process with exit code 0")),
        ("QUICK_EXIT", &format!("{open}the handler ended the process with exit code 7")),
        ("KILL", &format!("{open}SIGKILL")),
    ] {
        let run = torture(how);
        assert_eq!((run.code, run.rules()), (Some(1), vec!["LIFE-02"]), "{how}: {:#}", run.report);
        let message = run.finding("LIFE-02")["message"].as_str().unwrap_or_default();
        assert!(message.contains(what), "{how}: {message}");
        assert_eq!(message.contains("an exception escaped from a method"), how == "THROW", "{how}: {message}");
    }
}

#[test]
fn a_crash_can_be_seen_again_with_the_command_that_the_report_has() {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_TORTURE=\"SEGFAULT\""]);
    let mobsync = Path::new(env!("CARGO_BIN_EXE_mobsync"));
    let mut command = Command::new(mobsync);
    command.arg("run").arg(built).args(["--clsid", NOTEBOOK_CPP, "--timeout", "60", "--format", "json"]);
    let report: Value = serde_json::from_slice(&command.output().expect("it runs").stdout).expect("a report");
    let again = report["findings"][0]["replay"].as_str().unwrap_or_default();
    let folders = std::env::join_paths(mobsync.parent()).expect("a path");
    let shown = Command::new("/bin/sh").args(["-c", again]).env("PATH", folders).output();
    let shown = shown.expect("it runs");
    assert_eq!(shown.status.code(), Some(1), "{again}: {}", String::from_utf8_lossy(&shown.stderr));
    assert!(String::from_utf8_lossy(&shown.stdout).contains("LIFE-02"), "{again}");
}

#[test]
fn a_hang_is_told_with_the_stack_of_the_thread_that_hangs() {
    for how in ["HANG", "HANG_WITH_GRANDCHILD"] {
        let run = torture(how);
        assert_eq!((run.code, run.rules()), (Some(1), vec!["LIFE-03"]), "{how}: {:#}", run.report);
        let stack = run.stack("LIFE-03");
        assert!(stack.contains("CNotebook::Synchronize") && stack.contains("notebook.cpp:"), "{how}: {stack}");
        assert!(!stack.contains("mobsync::"), "the host's own functions are left out: {stack}");
        assert!(run.took < Duration::from_secs(40), "the limit is a second, and it took {:?}", run.took);
    }
}

#[test]
fn a_handler_that_makes_a_mess_of_its_process_does_not_disturb_the_result() {
    for how in ["FORK", "CLOSE_ALL", "STDOUT", "CHDIR", "SIGNALS"] {
        let run = torture(how);
        assert_eq!((run.code, run.rules()), (Some(0), vec![]), "{how}: {:#}{}", run.report, run.errors);
        assert_eq!(run.report["outcome"], "completed with S_OK", "{how}");
        assert_eq!(run.errors.contains("noise"), how == "STDOUT", "what a handler writes goes to standard error");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn texts_and_lists_that_have_no_end_are_read_to_the_end_of_their_memory() {
    let run = torture("NO_END");
    assert!(!run.rules().contains(&"LIFE-02"), "{:#}", run.report);
    let events: Vec<Value> = run.trace.lines().skip(1).map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let argument = |method: &str, name: &str| {
        let called = |event: &&Value| event["kind"] == "callback" && event["method"] == method;
        events.iter().find(called).map(|event| event["args"][name].clone()).unwrap_or_default()
    };
    assert_eq!(argument("LogError", "text"), "xxxxx");
    assert_eq!(argument("ShowErrorCompleted", "items").as_array().map(Vec::len), Some(2), "{}", run.trace);
}

#[test]
fn a_callback_after_everything_is_over_is_heard() {
    let run = torture("AFTER_NULL");
    assert_eq!((run.code, run.rules()), (Some(1), vec!["CB-04"]), "{:#}", run.report);
    assert!(run.stack("CB-04").contains("CNotebook::SetProgressCallback"), "{:#}", run.report);
}

#[test]
#[cfg(target_os = "linux")]
fn daemons_end_with_the_session_however_it_ends_and_whatever_they_left_behind() {
    assert_eq!(torture("DAEMON").rules(), Vec::<&str>::new());
    assert_eq!(torture("HANG_WITH_DAEMON").rules(), ["LIFE-03"]);
    assert_eq!(torture("SEGFAULT_WITH_DAEMON").rules(), ["LIFE-02"]);
}

#[test]
#[cfg(target_os = "linux")]
fn daemons_end_with_the_program_when_it_is_killed() {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_TORTURE=\"HANG_WITH_DAEMON\""]);
    let folder = TempDir::new().unwrap();
    let pids = folder.path().join("pids");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("run").arg(&built).args(["--clsid", NOTEBOOK_CPP, "--timeout", "60"]).env("MOBSYNC_TEST_PIDS", &pids);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while daemons(&pids).is_empty() {
        std::thread::yield_now();
    }
    let daemon = daemons(&pids)[0];
    assert!(is_alive(daemon), "the daemon runs while the handler hangs");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    let killed = Instant::now();
    while is_alive(daemon) {
        assert!(killed.elapsed() < Duration::from_secs(10), "the daemon is still there");
        std::thread::yield_now();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_handler_does_to_its_worker_does_not_reach_the_program() {
    for how in ["TRACED", "CUT_MEMORY", "COPY_GOES_ON"] {
        let run = torture(how);
        assert_eq!((run.code, run.rules()), (Some(0), vec![]), "{how}: {:#}{}", run.report, run.errors);
        assert_eq!(run.report["outcome"], "completed with S_OK", "{how}");
    }
}

#[test]
fn a_copy_of_the_worker_cannot_end_the_session_for_it() {
    let run = torture("COPY_INSTEAD");
    assert_eq!((run.code, run.rules()), (Some(1), vec!["LIFE-02"]), "{:#}", run.report);
}

#[test]
fn a_callback_at_the_end_of_a_thread_is_heard() {
    let run = torture("ENDING_THREAD");
    assert!(!run.rules().contains(&"LIFE-02"), "{:#}", run.report);
    let heard = run.trace.lines().filter(|line| line.contains("At the thread's end.")).count();
    assert!(heard >= 3, "one for each thread: {}", run.trace);
}

#[test]
fn a_library_that_never_loads_is_stopped_and_told_as_that() {
    let run = torture("HANG_IN_LIBRARY");
    assert_eq!((run.code, run.rules()), (Some(1), vec!["LIFE-03"]), "{:#}", run.report);
    let message = run.finding("LIFE-03")["message"].as_str().unwrap_or_default();
    assert!(message.contains("the library had not finished loading"), "{message}");
}

#[test]
fn references_that_are_not_the_handlers_are_not_taken() {
    let run = torture("OVER_RELEASE");
    assert_eq!((run.code, run.rules()), (Some(1), vec!["CB-05"]), "{:#}", run.report);
}

#[test]
fn a_callback_that_breaks_a_rule_brings_the_handlers_stack() {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_BUG=\"LOG_03_1\""]);
    let run = run(&built, "violation");
    assert_eq!((run.code, run.rules()), (Some(1), vec!["LOG-03"]), "{:#}", run.report);
    let stack = run.stack("LOG-03");
    let place = stack.lines().find(|line| line.starts_with("CNotebook::LogConflict"));
    assert!(place.is_some_and(|line| line.contains("notebook.cpp:")), "{stack}");
    let stacks = run.trace.lines().filter(|line| line.contains("\"Stack\"")).count();
    assert_eq!(stacks, 1, "callbacks that break nothing take no stack");
}

/// What a user does to a session as soon as it begins.
struct User<F: FnMut(Controls)> {
    started: F,
    events: Vec<Event>,
}

impl<F: FnMut(Controls)> Watcher for User<F> {
    fn started(&mut self, controls: Controls) {
        (self.started)(controls);
    }

    fn event(&mut self, event: &Event, _: &Session) {
        self.events.push(event.clone());
    }
}

fn terms() -> Terms {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER));
    let selection = mobsync::host::Selection::All;
    let mut terms = Terms::standard(Standard { initialize, selection, retries: 1, ..Standard::default() });
    (terms.limits.timeout_ns, terms.limits.blocking_ns) = (60_000_000_000, 30_000_000_000);
    terms
}

/// A session through the library, in a worker.
fn run_isolated(handler: &Handler, started: impl FnMut(Controls)) -> (Vec<Event>, Vec<Finding>, Outcome) {
    let isolation = Isolation::All(env!("CARGO_BIN_EXE_mobsync").into());
    let options = RunOptions { isolation, ..RunOptions::default() };
    let mut user = User { started, events: Vec::new() };
    let JudgedSession { judged, .. } = runner::run(handler, &terms(), &options, &mut user).expect("a worker starts");
    let outcome = judged.session().instances().next().map_or(Outcome::Unfinished, Instance::outcome);
    (user.events, judged.findings().cloned().collect(), outcome)
}

#[test]
fn every_kind_of_handler_can_be_isolated_and_gives_the_same_trace() {
    let script = Handler::find("fixtures/handlers/good.json", &[], None).unwrap();
    let (isolated, findings, outcome) = run_isolated(&script, |_| {});
    assert_eq!((findings, outcome), (vec![], Outcome::Completed(HResult::S_OK)));
    let mut here = Vec::new();
    runner::run(&script, &terms(), &RunOptions::default(), &mut here).unwrap();
    assert_eq!(isolated, here, "in virtual time the trace is the same, event by event");

    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("left")).unwrap();
    fs::write(folder.path().join("left/file"), "text").unwrap();
    let pair = format!("{0}/left={0}/right", folder.path().display());
    let filesync = Handler::find("filesync", &[pair], None).unwrap();
    let (_, findings, outcome) = run_isolated(&filesync, |_| {});
    assert_eq!((findings, outcome), (vec![], Outcome::Completed(HResult::S_OK)));
    assert_eq!(fs::read_to_string(folder.path().join("right/file")).unwrap(), "text");
}

#[test]
fn the_user_reaches_a_session_in_a_worker() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("left")).unwrap();
    fs::File::create(folder.path().join("left/large")).unwrap().set_len(8 << 30).unwrap();
    let pair = format!("{0}/left={0}/right", folder.path().display());
    let filesync = Handler::find("filesync", &[pair], None).unwrap();
    let (events, findings, outcome) = run_isolated(&filesync, |controls| controls.cancel_all());
    assert_eq!(findings, []);
    assert!(matches!(outcome, Outcome::Completed(_) | Outcome::NothingPrepared), "{outcome:?}");
    assert!(events.len() < 200, "it did not copy a file of that size: {} events", events.len());
    assert!(!folder.path().join("right/large").exists());
}

#[test]
fn a_worker_that_is_killed_from_outside_is_a_crash_and_its_events_are_there() {
    let folder = TempDir::new().unwrap();
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_TORTURE=\"HANG\""]);
    let trace = folder.path().join("trace.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("run").arg(&built).args(["--clsid", NOTEBOOK_CPP, "--timeout", "60", "--trace"]).arg(&trace);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let hangs = || fs::read_to_string(&trace).is_ok_and(|text| text.contains("\"Synchronize\""));
    while !hangs() {
        std::thread::yield_now();
    }
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
    let worker: i32 = children.split_ascii_whitespace().next().expect("there is a worker").parse().unwrap();
    kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("LIFE-02") && said.contains("SIGKILL"), "{said}");
}

#[test]
fn workers_end_with_their_parent() {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_TORTURE=\"HANG\""]);
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let mark = format!("isolation-test-{}-orphan", std::process::id());
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("run").arg(&built).args(["--clsid", NOTEBOOK_CPP, "--timeout", "60", "--trace"]).arg(&trace);
    let mut child =
        command.env("MOBSYNC_TEST_MARK", &mark).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !fs::read_to_string(&trace).is_ok_and(|text| text.contains("\"Synchronize\"")) {
        std::thread::yield_now();
    }
    assert!(marked(&mark).len() >= 2, "the program and its worker");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    let killed = Instant::now();
    while !marked(&mark).is_empty() {
        assert!(killed.elapsed() < Duration::from_secs(10), "the worker is still there: {:?}", marked(&mark));
        std::thread::yield_now();
    }
}

#[test]
fn a_handler_that_hangs_everywhere_costs_a_few_time_limits() {
    let built = library("fixtures/handlers/cpp/notebook.cpp", &["WITH_TORTURE=\"HANG\""]);
    let outcomes = |jobs: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        command.arg("conform").arg(&built).args(["--clsid", NOTEBOOK_CPP, "--timeout", "1", "--jobs", jobs]);
        let output = command.args(["--format", "json"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let cases = report["cases"].as_array().expect("a report has cases").iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let cases: Vec<_> =
            cases.map(|case| (text(&case["name"]), text(&case["outcome"]), text(&case["error"]))).collect();
        cases
    };
    let one = outcomes("1");
    let hung = one.iter().filter(|(_, outcome, _)| outcome == "timed-out").count();
    let not_run = one.iter().filter(|(_, _, why)| why == "not run: hangs in Synchronize").count();
    assert!(hung == 3 && not_run > 25, "{hung} hung, {not_run} were not run: {one:?}");
    assert_eq!(outcomes("4"), one, "what runs at the same time makes no difference");
}

/// LIFE-07: what is left when everything was released.
#[test]
#[cfg(target_os = "linux")]
fn what_is_left_when_all_was_released_is_found() {
    let polls = run(&library("fixtures/handlers/cpp/notebook.cpp", &["WITH_BUG=\"LIFE_07_3\""]), "poll");
    assert_eq!((polls.rules(), polls.code), (vec!["LIFE-07"], Some(0)), "a warning");
    assert!(polls.stack("LIFE-07").starts_with("Watch"), "{}", polls.stack("LIFE-07"));
    let hangs = torture("HANG_AT_END");
    assert_eq!(hangs.rules(), ["LIFE-07"]);
    assert_eq!(hangs.finding("LIFE-07")["details"]["what"], "crashed-at-end", "{}", hangs.finding("LIFE-07"));
    // Nobody listens, and the host lives.
    assert_eq!(torture("CALL_AT_END").rules(), ["CB-03"]);
    let told = run(&library("fixtures/handlers/cpp/dll_main.cpp", &[]), "detach");
    assert_eq!(told.rules(), Vec::<&str>::new());
    assert!(told.errors.lines().any(|line| line == "detached"), "{}", told.errors);
    let aborts = run(&library("fixtures/handlers/cpp/dll_main.cpp", &["AT_DETACH=abort()"]), "detach-abort");
    assert_eq!(aborts.rules(), ["LIFE-07"]);
    assert!(aborts.stack("LIFE-07").contains("DllMain"), "{}", aborts.stack("LIFE-07"));
}

/// Why a call hangs is seen where the thread is for which it waits.
#[test]
#[cfg(target_os = "linux")]
fn a_hang_is_told_with_the_stacks_of_all_threads() {
    let run = torture("HANG_WITH_THREAD");
    assert_eq!(run.rules(), ["LIFE-03"]);
    let stack = run.stack("LIFE-03");
    let (own, other) = stack.split_once("\nanother thread:\n").unwrap_or_else(|| panic!("{stack}"));
    let hangs = |frames: &str| frames.lines().any(|frame| frame.starts_with("hang"));
    assert!(own.contains("CNotebook::Synchronize") && !hangs(own), "{stack}");
    assert!(hangs(other), "{stack}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_the_starter_ignores_ends_a_handler_all_the_same() {
    let library = library("fixtures/torture/torture.cpp", &[]);
    // As a shell starts what goes on in the background, and `nohup` everything.
    let script = "trap '' HUP INT QUIT TERM; exec \"$0\" run \"$1\" --clsid '{6D6F6273-796E-4E6F-8001-00000000000F}'";
    for (number, signal) in [(1, "SIGHUP"), (2, "SIGINT"), (3, "SIGQUIT"), (15, "SIGTERM")] {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_mobsync")]).arg(&library);
        let output = command.env("TORTURE", format!("synchronize:signal-{number}")).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{signal}: {said}");
        assert!(said.contains("LIFE-02") && said.contains(signal), "{signal}: {said}");
    }
}
