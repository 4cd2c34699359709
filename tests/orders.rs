//! Orders of callbacks: races of handlers in real time are shown on purpose. `fixtures/handlers/cpp/races.cpp` has twenty handlers
//! with one race each, and each without it.

#![cfg(unix)]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::process::Command;

use mobsync::runner::side_by_side;
use native::library;
use serde_json::Value;

const CLSID: &str = "{6D6F6273-796E-4E6F-8001-000000000020}";

/// What each race does, and the rules of which at least one is then broken.
const RACES: [(&str, &[&str]); 20] = [
    ("a worker is counted after it is started", &["SYNC-04", "SYNC-11", "SYNC-08", "SYNC-09"]),
    ("each worker is counted before it is started, one by one", &["SYNC-04", "SYNC-11", "SYNC-08", "SYNC-09"]),
    ("a worker counts itself after its first report", &["SYNC-04", "SYNC-11", "SYNC-08", "SYNC-09"]),
    ("NULL comes while a worker uses the pointer", &["LIFE-01", "LIFE-02", "CB-04"]),
    ("two workers see that all are done", &["SYNC-04"]),
    ("the last one completes before another's final status", &["SYNC-11", "SYNC-09", "SYNC-08"]),
    ("completed is noted after the completion", &["SYNC-04"]),
    ("two workers see that all units are done", &["SYNC-04"]),
    ("after a cancel, each worker completes unless it sees that another has", &["SYNC-04", "SYNC-11", "SYNC-09"]),
    ("two threads complete the prepare phase", &["PREP-03"]),
    ("two threads open a dialog", &["MODE-03", "MODE-01", "MODE-02"]),
    ("two workers delete the same error", &["LOG-08"]),
    ("a second thread reports on an item that has ended", &["PROG-07", "SYNC-09", "SYNC-11"]),
    ("a second thread reports after the completion", &["SYNC-11", "CB-07", "PROG-10"]),
    ("the workers share the structure of a report", &["PROG-07", "SYNC-09", "SYNC-08", "SYNC-11"]),
    ("the workers share the item of a report", &["PROG-07", "SYNC-09", "SYNC-08", "SYNC-11"]),
    ("SetItemStatus and the worker both end an item", &["SYNC-04", "SYNC-11", "PROG-07", "SYNC-09"]),
    ("a skip is lost when the worker begins", &["STOP-03"]),
    ("two threads ask for the retry", &["ERRS-03", "LOG-08"]),
    ("two workers release the same reference", &["CB-05", "CB-04", "LIFE-02"]),
];

/// The report of a suite with these options. `race` is the value of RACE.
fn conform(race: &str, more: &[&str]) -> Value {
    let built = library("fixtures/handlers/cpp/races.cpp", &[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.env("RACE", race).arg("conform").arg(built).args(["--clsid", CLSID, "--strict", "--format", "json"]);
    let output = command.args(["--timeout", "60"]).args(more).output().expect("it runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{race}: {error}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// The rules that are broken, of level error or warning.
fn broken(report: &Value) -> BTreeSet<String> {
    let causes = report["causes"].as_array().expect("there is a list");
    let weighty = causes.iter().filter(|cause| cause["level"] != "note");
    weighty.map(|cause| cause["rule"].as_str().unwrap_or_default().to_owned()).collect()
}

/// How often each is run: `MOBSYNC_RUNS` says otherwise. A hundred take an hour.
fn runs() -> usize {
    std::env::var("MOBSYNC_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1)
}

const AT_A_TIME: NonZero<u16> = NonZero::new(2).unwrap();

/// What a busy machine takes is no matter here.
const PATIENT: [&str; 2] = ["--blocking-limit", "30"];

/// How often a race may be looked for. Where dozens share a processor, a thread can come too late for any order; how reliably a race is
/// found says `scripts/races`.
const TRIES: usize = 4;

#[test]
fn each_race_is_found_by_the_orders_of_the_suite() {
    let runs = runs();
    let missed = side_by_side(Some(AT_A_TIME), RACES.len() * runs, |at| {
        let nth = at / runs;
        let (what, rules) = RACES[nth];
        let cases = ["--case", "order-*", "--case", "release-while-it-works", PATIENT[0], PATIENT[1]];
        let look = |_| broken(&conform(&(nth + 1).to_string(), &cases));
        let shows = |found: BTreeSet<String>| found.iter().any(|rule| rules.contains(&rule.as_str()));
        let tries = if runs == 1 { TRIES } else { 1 };
        (!(0..tries).map(look).any(shows)).then(|| format!("{}: {what}", nth + 1))
    });
    let missed: Vec<String> = missed.into_iter().flatten().collect();
    // Where a race is run often, one in a hundred may be missed.
    assert!(missed.len() * 100 <= RACES.len() * runs || runs == 1 && missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn without_the_race_nothing_is_found_in_any_order() {
    let runs = runs();
    let accused = side_by_side(Some(AT_A_TIME), RACES.len() * runs, |at| {
        let nth = at / runs;
        let found = broken(&conform(&format!("{}-mended", nth + 1), &["--case", "order-*", PATIENT[0], PATIENT[1]]));
        (!found.is_empty()).then(|| format!("{}: {}: {found:?}", nth + 1, RACES[nth].0))
    });
    let accused: Vec<String> = accused.into_iter().flatten().collect();
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

#[test]
fn a_strategy_is_chosen_for_random_sessions_and_named_in_what_reproduces_them() {
    let built = library("fixtures/handlers/cpp/races.cpp", &[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.env("RACE", "10").arg("run").arg(&built).args([
        "--clsid",
        CLSID,
        "--strategy",
        "last-first",
        "--seed",
        "3",
    ]);
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("PREP-03") && said.contains("--strategy last-first"), "{said}");
}

/// In how many of ten sessions the order of the cause showed it again.
fn shown_again(cause: &Value) -> Option<u64> {
    let (shown, of) = cause["order"]["shows"].as_str()?.split_once(" of ")?;
    assert_eq!(of, "10", "{cause:#}");
    shown.parse().ok()
}

#[test]
fn the_order_that_showed_a_cause_is_in_the_report_and_in_the_scenario_that_reproduces_it() {
    for (race, case, rule) in [("5", "order-random-1", "SYNC-04"), ("17", "order-skip-at-end-1", "PROG-07")] {
        let folder = tempfile::tempdir().expect("a folder");
        let scenarios = folder.path().display().to_string();
        let found = |more: &[&str]| {
            let look = |_| {
                let report = conform(race, &[&["--case", case], &PATIENT[..], more].concat());
                let cause = report["causes"].as_array()?.iter().find(|cause| cause["rule"] == rule)?.clone();
                (shown_again(&cause)? >= 5).then_some((cause, report))
            };
            (0..TRIES).find_map(look).expect("the race is found, and its order shows it again")
        };
        let (cause, report) = found(&[]);
        let example = &report["findings"][cause["example"].as_u64().expect("a place") as usize];
        assert_eq!(cause["order"], example["order"], "the example is what the order shows");
        let command = example["reproduce"].as_str().expect("a command");
        assert!(command.contains(&format!("--case {case} --order '{{")), "{command}");

        let (cause, _) = found(&["--scenarios", &scenarios]);
        let file = folder.path().join(format!("{case}.json"));
        let scenario: Value = serde_json::from_slice(&std::fs::read(&file).expect("it is there")).expect("JSON");
        assert_eq!(scenario["order"], cause["order"], "the scenario forces the order");
        let replay = |_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
            let ran = command.env("RACE", race).arg("replay").arg(&file).output().expect("it runs");
            ran.status.code() == Some(1) && String::from_utf8_lossy(&ran.stdout).contains(rule)
        };
        assert!((0..TRIES).any(replay), "the scenario shows it again");
    }
}

/// The threads and items of the reports in a trace, in their order.
fn reports(trace: &std::path::Path) -> Vec<char> {
    let text = std::fs::read_to_string(trace).expect("a trace");
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let reports = events.filter(|event| event["kind"] == "callback" && event["method"] == "Progress");
    let item = |event: Value| event["args"]["item"].as_str().and_then(|id| id.chars().rev().nth(1)).expect("an item");
    reports.map(item).collect()
}

#[test]
fn an_order_is_forced_as_far_as_the_handler_follows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let traces = folder.path().display().to_string();
    let report = |thread: u32, item: &str, status: &str| format!("{thread}: Progress {item} {status}");
    // The item that is prepared last is done before the others begin.
    let mut entries = vec!["0: PrepareForSyncCompleted".to_owned(), report(1, "C", "UPDATING")];
    entries.extend([report(1, "C", "UPDATING"), report(1, "C", "SUCCEEDED"), report(2, "B", "UPDATING")]);
    entries.extend([report(2, "B", "UPDATING"), report(2, "B", "SUCCEEDED"), report(3, "A", "UPDATING")]);
    let run = |entries: &[String]| {
        let order = serde_json::json!({"strategy": "random", "seed": 1, "entries": entries}).to_string();
        let options = ["--case", "order-random-1", "--order", &order, "--trace", &traces];
        let report = conform("6-mended", &[&options[..], &PATIENT].concat());
        assert_eq!(report["summary"]["errors"], 0, "{:#}", report["findings"]);
        reports(&folder.path().join("order-random-1.jsonl"))
    };
    // 3, 2 and 1 are the items C, B and A.
    let is_forced = |entries: &[String], from: usize| {
        let wanted = &['3', '3', '3', '2', '2', '2', '1', '1', '1'][from..];
        assert!((0..TRIES).any(|_| run(entries)[from..] == *wanted), "{entries:?}");
    };
    is_forced(&entries, 0);
    // What the handler never does is left out, and the rest is still forced.
    entries.insert(1, "2: DeleteLogError".to_owned());
    entries.insert(5, "skip D".to_owned());
    is_forced(&entries, 3);
    // An order that says nothing of this handler is as good as none.
    assert_eq!(run(&["words".to_owned(), "3: Words".to_owned()]).len(), 9);
}

/// A program has no threads that the system knows of here: its callbacks wait all the same, and each gets its reply.
#[test]
fn a_program_passes_in_every_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = |name: &str| {
        let right = folder.path().join(name).display().to_string();
        format!("'fixtures/folders/{name}={right}'")
    };
    let command = format!("python3 examples/python/folders.py {} {}", pair("left"), pair("recipes"));
    let mut conform = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    conform.current_dir(native::of_repository(".")).args(["conform", "--exec", &command, "--case", "order-*"]);
    let output = conform.args(["--timeout", "60", "--blocking-limit", "30", "--format", "json"]).output();
    let output = output.expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["causes"], serde_json::json!([]), "{:#}", report["findings"]);
    let cases = report["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 9, "{cases:#?}");
    assert!(cases.iter().all(|case| case["outcome"] == "passed"), "two threads call back: {cases:#?}");
}

/// What a run of a race shows: whether it is found, whether without an order, and in how many of ten sessions its order shows it again.
type Tried = (bool, bool, Option<u64>);

/// The proof of docs/interleavings.md: `scripts/races N` runs it. Each race and its mended twin, in the default suite.
#[test]
#[ignore = "it takes minutes for each run"]
fn table_of_races() {
    let runs = runs();
    println!("{:>2}  {:>8}  {:>10}  {:>12}  {:>9}  race", "", "found", "no orders", "again (min)", "twins");
    let (mut all, mut without, mut accused, mut weak) = (0, 0, 0, Vec::new());
    for (nth, (what, rules)) in RACES.iter().enumerate() {
        let of_race = side_by_side(Some(AT_A_TIME), runs, |_| {
            let report = conform(&(nth + 1).to_string(), &[]);
            let causes = report["causes"].as_array().expect("causes");
            let shows = |rule: &Value| rules.contains(&rule.as_str().unwrap_or_default());
            let own: Vec<&Value> = causes.iter().filter(|cause| shows(&cause["rule"])).collect();
            let findings = report["findings"].as_array().expect("findings");
            let ordinary = |row: &&Value| !row["case"].as_str().unwrap_or_default().starts_with("order-");
            let by_chance = findings.iter().filter(ordinary).any(|row| shows(&row["rule"]) && row["level"] != "note");
            // Of several causes of one race, the one that its order shows best.
            let again = own.iter().filter_map(|cause| shown_again(cause)).max();
            (!own.is_empty(), by_chance, again)
        });
        let twins = side_by_side(Some(AT_A_TIME), runs, |_| {
            let found = broken(&conform(&format!("{}-mended", nth + 1), &[]));
            if !found.is_empty() {
                println!("    twin {}: {found:?}", nth + 1);
            }
            !found.is_empty()
        });
        let count = |of: &dyn Fn(&Tried) -> bool| of_race.iter().filter(|one| of(one)).count();
        let (found, chance) = (count(&|one| one.0), count(&|one| one.1));
        let again = of_race.iter().filter_map(|one| one.2).min();
        let twins = twins.into_iter().filter(|accused| *accused).count();
        let rate = again.map_or("-".to_owned(), |again| format!("{again} of 10"));
        println!("{:>2}  {found:>4}/{runs}  {chance:>6}/{runs}  {rate:>12}  {twins:>5}/{runs}  {what}", nth + 1);
        (all, without, accused) = (all + found, without + chance, accused + twins);
        // Where no order is needed, as for the release in the middle, the case is enough.
        if again.is_some_and(|again| again < 9) {
            weak.push(nth + 1);
        }
    }
    let total = RACES.len() * runs;
    println!(
        "    {all}/{total} found, {without}/{total} without orders; {accused}/{total} twins accused; weak: {weak:?}"
    );
    assert!(100 * all >= 99 * total && accused == 0, "{all} of {total} found, {accused} accused");
}
