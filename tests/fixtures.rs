//! The handlers in fixtures/handlers do what they are there for: each is run, judged, and judged again from its trace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mobsync::handler::script;
use mobsync::host::{Instruction, Plan, Selection, StandardPlan, View};
use mobsync::job::{Additions, Handler, Terms};
use mobsync::protocol::*;
use mobsync::runner::{self, RunOptions};
use serde_json::Value;

/// A scripted handler, how it is run, and what is found.
struct Fixture {
    name: &'static str,
    args: &'static [&'static str],
    /// The codes of the rules that it breaks, in their order.
    rules: &'static [&'static str],
    /// Whether one of them is an error.
    fails: bool,
}

const fn good(name: &'static str, args: &'static [&'static str]) -> Fixture {
    Fixture { name, args, rules: &[], fails: false }
}

const fn warned(name: &'static str, args: &'static [&'static str], rules: &'static [&'static str]) -> Fixture {
    Fixture { name, args, rules, fails: false }
}

const fn wrong(name: &'static str, rules: &'static [&'static str]) -> Fixture {
    Fixture { name, args: &[], rules, fails: true }
}

#[rustfmt::skip]
const FIXTURES: &[Fixture] = &[
    good("minimal", &[]),
    good("minimal", &["--settings"]),
    warned("minimal", &["--settings", "--event", "none"], &["INIT-07"]),
    good("good", &[]),
    good("good", &["--settings", "--item", "Mail", "--no-user"]),
    good("good", &["--item", "Calendar", "--no-user", "--event", "idle", "--profile", "vista"]),
    good("minimal", &["--item", "Attic", "--profile", "vista", "--event", "idle", "--no-user"]),
    good("office", &[]),
    good("office", &["--retries", "0"]),
    good("office", &["--settings", "--item", "Mail", "--item", "B"]),
    Fixture { name: "asks-anyway", args: &["--no-user"], rules: &["MODE-02", "PREP-06", "SYNC-13"], fails: true },
    warned("blocks", &[], &["PREP-05", "SYNC-06"]),
    good("blocks", &["--blocking-limit", "3"]),
    warned("calls-back-after-null", &[], &["CB-07"]),
    warned("changes-ids", &["--settings"], &["ITEM-09"]),
    wrong("completes-twice", &["SYNC-04"]),
    warned("connects-unannounced", &[], &["CONN-01"]),
    good("connects-unannounced", &["--profile", "vista"]),
    wrong("enumerator-endless", &["ITEM-04"]),
    wrong("enumerator-fails-and-delivers", &["ENUM-05"]),
    wrong("enumerator-miscounts", &["ENUM-03"]),
    wrong("enumerator-not-implemented", &["ENUM-02"]),
    wrong("enumerator-ok-when-short", &["ENUM-03"]),
    wrong("enumerator-over-delivers", &["ENUM-03"]),
    good("enumerator-end-fails", &[]), // until somebody walks: see below
    good("enumerator-strays", &[]),
    warned("fails-and-completes", &[], &["PREP-04"]),
    wrong("hangs", &["LIFE-03"]),
    good("ignores-stop", &[]), // until somebody stops it: see below
    wrong("keeps-the-dialog", &["MODE-01"]),
    wrong("never-completes", &["SYNC-03"]),
    wrong("panics", &["LIFE-02"]),
    wrong("panics-on-a-thread", &["LIFE-02"]),
    wrong("reports-after-completion", &["SYNC-11"]),
    wrong("silent", &["SYNC-08"]),
    warned("stays-animated", &[], &["PROG-11"]),
    good("stops-late", &[]), // until somebody stops it: see below
    wrong("works-on-unprepared", &["SYNC-07"]),
    wrong("wrong-info", &["INFO-04", "INFO-06"]),
    wrong("wrong-items", &["ITEM-02", "ITEM-03", "ITEM-04", "ITEM-05", "ITEM-07", "ITEM-08"]),
    wrong("wrong-log", &["LOG-01", "LOG-02", "LOG-04", "LOG-05", "LOG-06", "LOG-07", "LOG-08"]),
    wrong("wrong-progress", &["PROG-01", "PROG-02", "PROG-04", "PROG-05", "PROG-06", "PROG-07", "PROG-08"]),
    warned("wrong-properties", &["--settings"], &["PROP-04"]),
    warned("wrong-results", &[], &["RET-01"]),
    wrong("wrong-retry", &["ERRS-03", "ERRS-05"]),
];

/// Scripts that the table leaves to tests of their own.
const OTHERS: &[&str] = &["races"];

fn handlers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handlers")
}

fn file(name: &str) -> PathBuf {
    handlers().join(format!("{name}.json"))
}

/// What `mobsync` said: its exit code and its report.
fn mobsync(args: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).args(args).output().expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("reports are UTF-8");
    let report = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("mobsync {}: {error} in {text:?}; {}", args.join(" "), String::from_utf8_lossy(&output.stderr))
    });
    (output.status.code(), report)
}

impl Fixture {
    fn run(&self, seed: u64, trace: &Path) -> (Option<i32>, Value) {
        let (file, seed, trace) = (file(self.name), seed.to_string(), trace.display().to_string());
        let file = file.display().to_string();
        let mut args = vec!["run", file.as_str(), "--format", "json", "--seed", &seed, "--trace", &trace];
        // Some handlers say that they failed: what counts here is which rules they break.
        args.push("--allow-failure");
        args.extend(self.args);
        mobsync(&args)
    }

    fn call(&self) -> String {
        [&[self.name], self.args].concat().join(" ")
    }
}

/// The codes that a report complains of, each once, in their order.
fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a report has findings");
    let rules: BTreeSet<&str> = findings.iter().map(|finding| finding["rule"].as_str().expect("a code")).collect();
    rules.into_iter().collect()
}

/// A report without what only says whether it was live, and which file its trace is in.
fn timeless(mut report: Value) -> Value {
    let fields = report.as_object_mut().expect("a report is an object");
    fields.remove("items");
    fields.remove("outcome");
    fields.remove("errors");
    fields.remove("handler_file");
    for (list, named) in [("findings", "case"), ("cases", "name"), ("omitted", "case")] {
        for row in fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let row = row.as_object_mut().expect("a row is an object");
            row.remove(named).expect("every row names its case");
            for of_file in ["trace", "line", "replay", "reproduce", "debug"] {
                row.remove(of_file);
            }
        }
    }
    report
}

#[test]
fn every_handler_breaks_the_rules_that_it_is_there_for_and_no_other() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let trace = folder.path().join("trace.jsonl");
    let mut problems = Vec::new();
    for fixture in FIXTURES {
        let (code, report) = fixture.run(0, &trace);
        if rules(&report) != fixture.rules {
            problems.push(format!("{}: expected {:?}, found {:?}", fixture.call(), fixture.rules, rules(&report)));
        }
        if code != Some(i32::from(fixture.fails)) {
            problems.push(format!("{}: exit code {code:?}", fixture.call()));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn every_handler_leaves_the_same_trace_twice_which_is_judged_as_the_session_was() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (first, second) = (folder.path().join("first.jsonl"), folder.path().join("second.jsonl"));
    for fixture in FIXTURES {
        let live = fixture.run(7, &first);
        let again = fixture.run(7, &second);
        let (live, again) = ((live.0, timeless(live.1)), (again.0, timeless(again.1)));
        assert!(live == again, "{}: two runs, two reports", fixture.call());
        let (one, other) = (fs::read(&first), fs::read(&second));
        let (one, other) = (one.expect("the trace is there"), other.expect("the trace is there"));
        assert!(one == other, "{}: two runs, two traces", fixture.call());
        let checked = mobsync(&["check", &first.display().to_string(), "--format", "json"]);
        assert_eq!(checked.0, live.0, "{}: exit codes", fixture.call());
        assert_eq!(timeless(checked.1), live.1, "{}", fixture.call());
    }
}

#[test]
fn every_handler_of_the_table_is_judged_the_same_whatever_the_seed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let trace = folder.path().join("trace.jsonl");
    // The long one has a single thread: its order is the same for every seed.
    for fixture in FIXTURES.iter().filter(|fixture| fixture.name != "enumerator-endless") {
        for seed in 1..=4 {
            let (_, report) = fixture.run(seed, &trace);
            assert_eq!(rules(&report), fixture.rules, "{} --seed {seed}", fixture.call());
        }
    }
}

#[test]
fn a_session_in_virtual_time_lasts_as_long_as_somebody_has_something_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let trace = folder.path().join("trace.jsonl");
    let seconds = |name| good(name, &[]).run(0, &trace).1["cases"][0]["seconds"].as_f64().expect("a number");
    // Two dialogs of 2 s and 4 s, and a little work; then the connection is closed at once.
    assert!((6.0..6.2).contains(&seconds("office")), "{}", seconds("office"));
    // 20 ms after the Release.
    assert!((0.02..0.03).contains(&seconds("calls-back-after-null")), "{}", seconds("calls-back-after-null"));
    assert!((0.0..0.01).contains(&seconds("minimal")), "{}", seconds("minimal"));
}

#[test]
fn a_race_is_lost_with_some_seeds_and_won_with_others() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let trace = folder.path().join("trace.jsonl");
    let races = good("races", &[]);
    let seen: BTreeSet<String> = (0..16).map(|seed| rules(&races.run(seed, &trace).1).join(",")).collect();
    assert_eq!(seen, BTreeSet::from([String::new(), "SYNC-11".to_owned()]));
}

#[test]
fn the_table_has_every_handler() {
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(handlers()).expect("fixtures/handlers is there") {
        let path = entry.expect("fixtures/handlers can be listed").path();
        if path.is_dir() {
            // Native handlers: tests/native.rs.
            continue;
        }
        let text = fs::read_to_string(&path).expect("a handler file is text");
        let json: Value = serde_json::from_str(&text).expect("a handler file is JSON");
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        match json["kind"].as_str() {
            Some("script") => there.insert(name),
            Some("builtin") => continue,
            kind => panic!("{name}: of kind {kind:?}"),
        };
    }
    let known = FIXTURES.iter().map(|fixture| fixture.name).chain(OTHERS.iter().copied()).map(str::to_owned);
    assert_eq!(there, known.collect());
}

/// Drives a handler by a plan, and gives the codes of the rules that are broken.
fn drive(name: &str, plan: impl Plan + 'static) -> Vec<&'static str> {
    let script = script::load(&file(name)).expect("the fixture is a script");
    let additions = Additions { plan: Some(Box::new(plan)), ..Additions::default() };
    let (handler, options) = (Handler::from_script(script), RunOptions::default());
    let session = runner::run_with(&handler, &Terms::default(), &options, additions, &mut ()).expect("a script starts");
    assert!(session.judged.session().is_over(), "{name}: the session has not ended");
    let rules: BTreeSet<&str> = session.judged.findings().map(|finding| finding.rule.code).collect();
    rules.into_iter().collect()
}

fn manual() -> StandardPlan {
    let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
    StandardPlan::new(Initialize::new(flags), Selection::Checked)
}

/// How a user stops the first item once it is at work.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    CancelItem,
    CancelAll,
    Skip,
}

struct Stopping {
    usual: StandardPlan,
    stop: Stop,
    /// How many reports of the first item came.
    reports: u32,
    skipped: bool,
}

/// The item `A`.
const FIRST: Guid = Guid::from_u128(0x6D6F_6273_796E_6300_0000_0000_0000_0041);

impl Plan for Stopping {
    fn next(&mut self, view: View<'_>) -> Instruction {
        let at_work = view.instance.state() == State::SynchronizeReturned && self.reports >= 2;
        if self.stop == Stop::Skip && at_work && !self.skipped {
            self.skipped = true;
            return Instruction::Call(Call::SetItemStatus(SetItemStatus { item: FIRST, status: Status::SKIPPED }));
        }
        self.usual.next(view)
    }

    fn wish(&mut self, _: View<'_>, callback: &Callback) -> Wish {
        if matches!(callback, Callback::Progress(progress) if progress.item == FIRST) {
            self.reports += 1;
        }
        match self.stop {
            Stop::CancelItem if self.reports == 2 => Wish::CancelItem,
            Stop::CancelAll if self.reports == 2 => Wish::CancelAll,
            _ => Wish::None,
        }
    }

    fn observe(&mut self, event: &Event, session: &Session) -> bool {
        self.usual.observe(event, session);
        matches!(event.kind, EventKind::Callback { .. })
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        self.usual.refused(call, why);
    }
}

#[test]
fn a_handler_that_is_stopped_is_judged_by_what_it_makes_of_it() {
    for (name, stop, rules) in [
        ("minimal", Stop::CancelItem, &[][..]),
        ("minimal", Stop::CancelAll, &[]),
        ("minimal", Stop::Skip, &[]),
        ("ignores-stop", Stop::CancelItem, &["STOP-01", "STOP-07"]),
        ("ignores-stop", Stop::CancelAll, &["STOP-02", "STOP-07"]),
        ("ignores-stop", Stop::Skip, &["STOP-03"]),
        ("stops-late", Stop::CancelItem, &["STOP-01", "SYNC-09"]),
        ("stops-late", Stop::CancelAll, &["STOP-02"]),
        ("stops-late", Stop::Skip, &["STOP-03"]),
    ] {
        let plan = Stopping { usual: manual(), stop, reports: 0, skipped: false };
        assert_eq!(drive(name, plan), rules, "{name}, {stop:?}");
    }
}

/// Initializes, enumerates, makes calls to the enumerator, and releases.
struct Walking {
    calls: std::vec::IntoIter<Call>,
}

impl Walking {
    fn new(walk: Vec<Call>) -> Self {
        let flags = SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER);
        let mut calls = vec![Call::Initialize(Initialize::new(flags)), Call::EnumSyncMgrItems];
        calls.extend(walk);
        calls.push(Call::Release);
        Self { calls: calls.into_iter() }
    }
}

impl Plan for Walking {
    fn next(&mut self, _: View<'_>) -> Instruction {
        self.calls.next().map_or(Instruction::Finish, Instruction::Call)
    }

    fn refused(&mut self, call: &Call, why: Refusal) {
        panic!("{call:?}: {why}");
    }
}

#[test]
fn an_enumerator_that_strays_is_found_by_a_manager_that_walks() {
    let next = |enumerator, celt| Call::Next(Walk::new(enumerator, celt));
    let skip = |enumerator, celt| Call::Skip(Walk::new(enumerator, celt));
    let reset = |enumerator| Call::Reset(Enumerator { enumerator });
    let clone = |enumerator| Call::Clone(Enumerator { enumerator });
    // First the whole enumeration: what is not known cannot be missed. Then a second enumerator, or a clone of it.
    let (whole, again) = (next(1, 16), Call::EnumSyncMgrItems);
    for (name, walk, rule) in [
        ("enumerator-end-fails", vec![next(1, 1)], "ENUM-09"),
        ("enumerator-strays", vec![reset(1), next(1, 1)], "ENUM-06"),
        ("enumerator-strays", vec![again.clone(), skip(2, 2), next(2, 1)], "ENUM-07"),
        ("enumerator-strays", vec![again, next(2, 1), clone(2), next(2, 1), next(3, 1)], "ENUM-08"),
    ] {
        let walk: Vec<Call> = [whole.clone()].into_iter().chain(walk).collect();
        assert_eq!(drive(name, Walking::new(walk.clone())), [rule], "{name}");
        assert_eq!(drive("minimal", Walking::new(walk)), [""; 0], "the walk that finds {rule}");
    }
}
