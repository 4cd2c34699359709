//! `--baseline`: findings that are accepted, with a reason, are told and fail nothing; what is accepted in vain is told.

#[path = "common/program.rs"]
mod program;

use std::path::{Path, PathBuf};

use mobsync::protocol::{Guid, HandlerId, Method, Status, Thread};
use mobsync::report::{Baseline, BaselineState};
use mobsync::rules::{Finding, NamedItem, Occasion, ProgressViolation, StopViolation, Violation, rule};
use program::{FORMATS, ran};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

const TWICE: &str = "fixtures/handlers/completes-twice.json";
const HANGS: &str = "fixtures/handlers/hangs.json";
const GOOD: &str = "fixtures/handlers/good.json";

/// A baseline in a folder of its own.
struct File {
    _folder: TempDir,
    path: PathBuf,
}

impl File {
    fn of(accepted: &Value) -> Self {
        let document = json!({ "format": "mobsync-baseline", "version": 1, "accepted": accepted });
        Self::of_text(&serde_json::to_string_pretty(&document).expect("it is JSON"))
    }

    fn of_text(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("baseline.json");
        std::fs::write(&path, text).expect("it is written");
        Self { _folder: folder, path }
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }

    fn ran(&self, args: &[&str]) -> (Option<i32>, String, String) {
        ran(&[args, &["--baseline", self.path()]].concat())
    }

    fn report(&self, args: &[&str]) -> (Option<i32>, Value) {
        let (code, said, errors) = self.ran(&[args, &["--format", "json"]].concat());
        (code, serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}")))
    }
}

fn finding(code: &str, violation: impl Into<Violation>) -> Finding {
    let rule = rule(code).expect("the rule is in the catalogue");
    Finding {
        rule,
        level: rule.level,
        handler: HandlerId::FIRST,
        violation: violation.into(),
        method: "Progress".parse::<Method>().ok(),
        occasion: Occasion::Skipped,
        number: 1,
        round: 1,
        consequence_of: None,
        events: vec![1],
        thread: Thread::APARTMENT,
    }
}

fn states(report: &Value) -> Vec<&str> {
    report["baseline"]
        .as_array()
        .expect("a baseline")
        .iter()
        .map(|row| row["state"].as_str().expect("a state"))
        .collect()
}

#[test]
fn an_accepted_finding_is_told_with_its_reason_and_fails_no_command() {
    let file = File::of(&json!([{ "rule": "SYNC-04", "reason": "known <since> 2003" }]));
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("t.jsonl");
    let trace = trace.to_str().expect("UTF-8");
    assert_eq!(ran(&["run", TWICE, "--trace", trace]).0, Some(1));
    let scenario = folder.path().join("s.json");
    std::fs::write(&scenario, json!({ "format": "mobsync-scenario", "version": 1, "title": "t" }).to_string()).unwrap();
    let replay = ["replay", scenario.to_str().expect("UTF-8"), "--handler", TWICE];
    for args in [&["run", TWICE][..], &["conform", TWICE], &["check", trace], &replay] {
        assert_eq!(ran(args).0, Some(1), "{args:?}");
        for format in FORMATS {
            let (code, said, _) = file.ran(&[args, &["--format", format]].concat());
            assert_eq!(code, Some(0), "{args:?} {format}: {said}");
            let reason = if format == "junit" { "known &lt;since&gt; 2003" } else { "known <since> 2003" };
            assert!(said.contains(reason) && said.contains("SYNC-04"), "{args:?} {format}: {said}");
        }
        let (_, report) = file.report(args);
        let summary = &report["summary"];
        assert_eq!((&summary["errors"], &summary["failed"]), (&json!(0), &json!(0)), "{args:?}");
        assert!(summary["accepted"].as_u64() >= Some(1), "{args:?}: {summary}");
        assert!(report["findings"].as_array().unwrap().iter().all(|found| found["accepted"] == "known <since> 2003"));
        assert_eq!(states(&report), ["matched"]);
        assert_eq!(report["baseline"][0]["matched"], summary["accepted"]);
    }
}

#[test]
fn each_form_marks_it_in_its_own_way() {
    let file = File::of(&json!([{ "rule": "synchronize-completed-once", "reason": "known" }]));
    let case = ["conform", TWICE, "--case", "event-manual", "--format"];
    let said = |format: &str| file.ran(&[&case[..], &[format]].concat()).1;
    let human = said("human");
    assert!(human.contains("accepted: SYNC-04 synchronize-completed-once: known\n"), "{human}");
    assert!(!human.contains("error: SYNC-04"), "{human}");
    assert!(human.contains("event-manual: passed, 1 finding, 1 accepted\n"), "{human}");
    assert!(human.contains("\npassed: 1 accepted; ") && !human.contains("reproduce with"), "{human}");
    let xml = said("junit");
    assert!(xml.contains("failures=\"0\"") && !xml.contains("<failure"), "{xml}");
    assert!(xml.contains("<system-out>accepted error: SYNC-04") && xml.contains("accepted: known"), "{xml}");
    let sarif: Value = serde_json::from_str(&said("sarif")).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    let suppression = json!([{ "kind": "external", "status": "accepted", "justification": "known" }]);
    assert_eq!((&result["level"], &result["suppressions"]), (&json!("error"), &suppression));
    let github = said("github");
    assert!(github.starts_with("::notice file=") && !github.contains("::error"), "{github}");
    assert!(github.contains("title=accepted%3A SYNC-04") && github.contains("%0AAccepted: known"), "{github}");
}

#[test]
fn the_notation_keeps_its_marks_and_says_what_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("t.jsonl");
    let trace = trace.to_str().expect("UTF-8");
    ran(&["run", TWICE, "--trace", trace]);
    let file =
        File::of(&json!([{ "rule": "SYNC-04", "reason": "known" }, { "rule": "PROG-05", "reason": "once was" }]));
    let check = ["check", trace, "--format", "notation"];
    assert_eq!(ran(&check).0, Some(1));
    let (code, said, _) = file.ran(&check);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("!! SYNC-04") && said.contains("\n# accepted: SYNC-04: known\n"), "{said}");
    assert!(said.contains("accepted[1]: stale entry: PROG-05 is accepted, but was not found"), "{said}");
    assert_eq!(file.ran(&[&check[..], &["--strict"]].concat()).0, Some(1), "what is accepted in vain fails");
}

#[test]
fn what_is_not_accepted_still_fails() {
    for narrowed in [
        json!({ "rule": "LIFE-03", "reason": "r" }),
        json!({ "rule": "SYNC-04", "reason": "r", "handler": "Another" }),
        json!({ "rule": "SYNC-04", "reason": "r", "case": "event-idle" }),
        json!({ "rule": "SYNC-04", "reason": "r", "message": "a third time" }),
    ] {
        let (code, report) = File::of(&json!([narrowed])).report(&["conform", TWICE, "--case", "event-manual"]);
        assert_eq!((code, &report["summary"]["errors"]), (Some(1), &json!(1)), "{narrowed}");
    }
    let fits = json!([{
        "rule": "sync-04", "reason": "r", "handler": "Completes twice", "case": "event-manual", "message": "a second time",
    }]);
    let (code, report) = File::of(&fits).report(&["conform", TWICE]);
    let summary = &report["summary"];
    assert_eq!((code, &summary["accepted"], &summary["errors"]), (Some(1), &json!(1), &json!(46)));
}

#[test]
fn numbers_in_messages_stand_for_any_number() {
    let file = File::of(&json!([{ "rule": "LIFE-03", "reason": "slow", "message": "not returned after 3s" }]));
    let (code, report) = file.report(&["run", HANGS, "--allow-failure"]);
    assert_eq!((code, &report["findings"][0]["accepted"]), (Some(0), &json!("slow")), "it is after 10s here");
}

#[test]
fn an_entry_is_narrowed_by_what_was_found_and_not_by_words() {
    let letters = NamedItem { id: Guid::from_alias("B").expect("an alias"), name: Some("Letters".into()) };
    let found = finding("STOP-06", StopViolation::OtherEnd { item: letters, status: Status::FAILED });
    let accepts = |narrowed: Value| {
        let mut entry = json!({ "rule": "STOP-06", "reason": "r" });
        entry.as_object_mut().expect("an object").extend(narrowed.as_object().expect("an object").clone());
        let document = json!({ "format": "mobsync-baseline", "version": 1, "accepted": [entry] });
        let read = Baseline::parse(&document.to_string(), Path::new("b.json"));
        read.unwrap_or_else(|error| panic!("{error}")).accepts("h", "c", &found)
    };
    for fits in [
        json!({ "item": "Letters" }),
        json!({ "item": "B" }),
        json!({ "item": "{6D6F6273-796E-6300-0000-000000000042}" }),
        json!({ "method": "Progress", "status": "FAILED", "occasion": "skipped" }),
        json!({ "message": "was told to stop, but ends FAILED" }),
    ] {
        assert!(accepts(fits.clone()), "{fits}");
    }
    for other in [
        json!({ "item": "Pictures" }),
        json!({ "item": "A" }),
        json!({ "method": "LogError" }),
        json!({ "method": "Synchronize" }),
        json!({ "status": "SUCCEEDED" }),
        json!({ "occasion": "ordinary" }),
        json!({ "item": "B", "occasion": "cancelled-item" }),
        json!({ "message": "was told to stop, but ends SUCCEEDED" }),
    ] {
        assert!(!accepts(other.clone()), "{other}");
    }
}

#[test]
fn an_accepted_hang_passes_and_is_said_to_have_no_end() {
    let file = File::of(&json!([{ "rule": "LIFE-03", "reason": "slow" }, { "rule": "SYNC-04", "reason": "r" }]));
    let args = ["conform", HANGS, "--case", "event-manual"];
    let (code, report) = file.report(&args);
    let case = &report["cases"][0];
    assert_eq!((code, &case["outcome"], &case["broke_off"]), (Some(0), &json!("passed"), &json!("timed-out")));
    assert_eq!(states(&report), ["matched", "not-judged"], "what would have come after the hang is not known");
    let human = file.ran(&args).1;
    assert!(human.contains("event-manual: passed, 1 finding, 1 accepted; it timed out before its end"), "{human}");
    let xml = file.ran(&[&args[..], &["--format", "junit"]].concat()).1;
    assert!(xml.contains("errors=\"0\"") && xml.contains("the rest of the case was not judged"), "{xml}");
}

#[test]
fn what_is_accepted_in_vain_is_told_in_every_form_and_fails_when_strict() {
    let file = File::of(&json!([{ "rule": "SYNC-04", "reason": "r", "case": "event-manual" }]));
    for format in FORMATS {
        let (code, said, _) = file.ran(&["conform", GOOD, "--format", format]);
        assert_eq!(code, Some(0), "{format}");
        let (code, strict, _) = file.ran(&["conform", GOOD, "--strict", "--format", format]);
        assert_eq!(code, Some(1), "{format}");
        let (usual, failing) = match format {
            "human" => ("\nwarning: ", "\nerror: "),
            "json" => ("\"state\": \"stale\"", "\"state\": \"stale\""),
            "junit" => ("<testcase name=\"every entry of the baseline is needed\"", "type=\"baseline\""),
            "sarif" => ("\"level\": \"warning\"", "\"startLine\": 5"),
            _ => ("::warning file=", "::error file="),
        };
        assert!(said.contains(usual), "{format}: {said}");
        assert!(strict.contains(failing), "{format}: {strict}");
        if format != "json" {
            let complaint = "stale entry: SYNC-04 is accepted in event-manual, but was not found; remove the entry";
            assert!(said.contains(&format!("accepted[0]: {complaint}")), "{format}: {said}");
        }
    }
    let human = file.ran(&["conform", GOOD]).1;
    assert!(human.contains(&format!("warning: {}:5:5: accepted[0]: ", file.path())), "{human}");
    assert!(file.ran(&["conform", GOOD, "--strict"]).1.contains("\nFAILED: no findings"));
}

#[test]
fn an_entry_whose_rule_handler_or_case_was_not_judged_is_not_called_stale() {
    let one = |entry: Value, args: &[&str]| {
        let (_, report) = File::of(&json!([entry])).report(args);
        states(&report)[0].to_owned()
    };
    let anywhere = json!({ "rule": "SYNC-04", "reason": "r" });
    let in_case = json!({ "rule": "SYNC-04", "reason": "r", "case": "walk" });
    let skipped = json!({ "rule": "SYNC-04", "reason": "r", "case": "interfaces" });
    let another = json!({ "rule": "SYNC-04", "reason": "r", "handler": "Another" });
    let idle = json!({ "rule": "STOP-02", "reason": "r" });
    for (entry, args, state) in [
        (&anywhere, &["conform", GOOD][..], "stale"),
        (&in_case, &["conform", GOOD], "stale"),
        (&anywhere, &["run", GOOD], "stale"),
        (&idle, &["run", GOOD], "not-judged"),
        (&skipped, &["conform", GOOD], "not-judged"),
        (&another, &["conform", GOOD], "not-judged"),
        (&in_case, &["run", GOOD], "not-judged"),
        (&anywhere, &["conform", GOOD, "--partition", "1/2"], "not-judged"),
        (&anywhere, &["conform", GOOD, "--case", "walk"], "not-judged"),
        (&in_case, &["conform", GOOD, "--case", "walk"], "stale"),
        (&in_case, &["conform", GOOD, "--case", "object"], "not-judged"),
        (&anywhere, &["conform", GOOD, "--ignore", "SYNC"], "not-judged"),
        (&anywhere, &["conform", GOOD, "--select", "PROG"], "not-judged"),
    ] {
        assert_eq!(one(entry.clone(), args), state, "{entry} {args:?}");
    }
}

#[test]
fn an_entry_for_a_case_that_there_is_not_is_told_with_the_one_that_was_meant() {
    let entry = |case: &str| File::of(&json!([{ "rule": "SYNC-04", "reason": "r", "case": case }]));
    let sessions = ["conform", GOOD, "--sessions", "3"];
    for (case, args, expected) in [
        ("event-manuall", &["conform", GOOD][..], "there is no such case; did you mean event-manual?"),
        (
            "nothing-like-it-at-all",
            &["conform", GOOD],
            "there is no such case; `mobsync conform … --list` shows the cases",
        ),
        ("random-3", &sessions, "there is no such session; --sessions and --seed decide which there are"),
        ("random-99", &["conform", GOOD], "there is no such session; --sessions and --seed decide which there are"),
    ] {
        let file = entry(case);
        let (code, said, _) = file.ran(args);
        assert_eq!(code, Some(0), "{said}");
        let expected = format!("accepted[0]: stale entry: SYNC-04 is accepted in {case}, but {expected}\n");
        assert!(said.contains(&format!("warning: {}:5:5: {expected}", file.path())), "{said}");
        let (code, said, _) = file.ran(&[args, &["--strict"]].concat());
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(states(&file.report(args).1), ["no-such-case"]);
    }
    for (case, args) in [
        ("event-manuall", &["conform", GOOD, "--partition", "1/2"][..]),
        ("event-manuall", &["conform", GOOD, "--case", "walk"]),
        ("event-manuall", &["conform", GOOD, "--select", "PROG"]),
        ("event-manuall", &["run", GOOD]),
        ("run", &["conform", GOOD]),
        ("traces/t.jsonl", &["conform", GOOD]),
        ("random-99", &["conform", GOOD, "--case", "walk"]),
    ] {
        assert_eq!(states(&entry(case).report(args).1), ["not-judged"], "{case} {args:?}");
    }
    assert_eq!(states(&entry("random-2").report(&sessions).1), ["stale"]);
}

#[test]
fn what_a_scenario_expects_is_not_taken_away_by_a_baseline() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.json");
    let scenario = |findings: Value| {
        let expect = json!({ "findings": findings });
        let scenario = json!({ "format": "mobsync-scenario", "version": 1, "title": "t", "expect": expect });
        std::fs::write(&path, scenario.to_string()).expect("it is written");
    };
    let args = ["replay", path.to_str().expect("UTF-8"), "--handler", TWICE];
    let file = File::of(&json!([{ "rule": "SYNC-04", "reason": "r" }]));
    scenario(json!(["SYNC-04"]));
    assert_eq!(file.ran(&args).0, Some(0), "it is expected, and came");
    scenario(json!([]));
    assert_eq!((ran(&args).0, file.ran(&args).0), (Some(1), Some(0)), "it is accepted");
}

#[test]
fn failing_scenarios_are_written_for_what_is_not_accepted_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = File::of(&json!([{ "rule": "SYNC-04", "reason": "r", "case": "event-manual" }]));
    let to = folder.path().to_str().expect("UTF-8");
    file.ran(&["conform", TWICE, "--case", "event-manual", "--case", "walk", "--scenarios", to]);
    let written: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written, ["walk.json"]);
}

#[test]
fn a_wrong_baseline_is_refused_with_its_place_and_what_was_meant() {
    let whole =
        |accepted: &str| format!("{{\"format\": \"mobsync-baseline\", \"version\": 1,\n \"accepted\": {accepted}}}");
    for (text, expected) in [
        (whole("[{\"rule\": \"SYNC-4\", \"reason\": \"r\"}]"), "2:24: accepted[0].rule: `SYNC-4` is not a rule"),
        (whole("[{\"rule\": \"SYNC-4\", \"reason\": \"r\"}]"), "did you mean SYNC-04?"),
        (whole("[{\"rule\": \"SYNC\", \"reason\": \"r\"}]"), "accepted[0].rule: `SYNC` is a family of rules"),
        (whole("[{\"rule\": \"SYNC-04\"}]"), "accepted[0]: the field `reason` is missing"),
        (whole("[{\"rule\": \"SYNC-04\", \"reason\": \" \"}]"), "accepted[0].reason: the text is empty"),
        (whole("[{\"rule\": \"SYNC-04\", \"reason\": \"r\", \"case\": \"\"}]"), "accepted[0].case: the text is empty"),
        (
            whole("[{\"rule\": \"SYNC-04\", \"reason\": \"r\", \"method\": \"Progres\"}]"),
            "accepted[0].method: `Progres` is not a method; expected a name such as Progress",
        ),
        (
            whole("[{\"rule\": \"SYNC-04\", \"reason\": \"r\", \"occasion\": \"skip\"}]"),
            "accepted[0].occasion: unknown name `skip`; expected one of: ordinary, cancelled-item,",
        ),
        (
            whole("[{\"rule\": \"SYNC-04\", \"reasn\": \"r\"}]"),
            "accepted[0].reasn: unknown field `reasn`; did you mean `reason`?",
        ),
        (whole("{}"), "2:14: accepted: expected a list, found an object"),
        (whole("[]").replace('1', "2"), "1:43: version: the file has format version 2"),
        (
            whole("[]").replace("baseline", "baselin"),
            "format: the format is `mobsync-baselin`; expected `mobsync-baseline`",
        ),
        ("{\"format\": \"mobsync-baseline\", \"version\": 1}".to_owned(), "the field `accepted` is missing"),
        (whole("["), "not JSON"),
        (String::new(), "the file is empty"),
    ] {
        let file = File::of_text(&text);
        for command in
            [&["run", GOOD][..], &["conform", GOOD], &["replay", "fixtures/scenarios"], &["check", "x.jsonl"]]
        {
            let (code, said, errors) = file.ran(command);
            assert_eq!((code, said.as_str()), (Some(2), ""), "{text}");
            let errors = errors.replace(file.path(), "B");
            assert!(errors.starts_with("mobsync: --baseline B:") && errors.contains(expected), "{text}: {errors}");
        }
    }
    let (code, _, errors) = ran(&["run", GOOD, "--baseline", "target/there-is-none.json"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("target/there-is-none.json: cannot be read"), "{errors}");
    let file = File::of(&json!([]));
    let (code, _, errors) = file.ran(&["run", GOOD, "--output", file.path()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("this would overwrite the file of --baseline"), "{errors}");
}

#[test]
fn the_sample_keeps_the_schema_and_wrong_ones_do_not() {
    let schema: Value = serde_json::from_str(&ran(&["schema", "baseline"]).1).expect("a schema is JSON");
    let schema = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/baselines/completes-twice.json"));
    let sample: Value = serde_json::from_str(&text.expect("it is there")).expect("JSON");
    assert!(schema.is_valid(&sample));
    for (pointer, value) in [
        ("/accepted/0/rule", json!("SYNC-99")),
        ("/accepted/0/reason", json!("")),
        ("/accepted/0/reason", Value::Null),
        ("/format", json!("mobsync-report")),
        ("/version", json!(2)),
    ] {
        let mut wrong = sample.clone();
        *wrong.pointer_mut(pointer).expect("it is there") = value;
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn the_document_shows_a_baseline_that_is_read() {
    let document =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).expect("it is there");
    let (_, after) = document.split_once("```json\n").expect("there is an example");
    let (example, _) = after.split_once("```").expect("it ends");
    let read = Baseline::parse(example, Path::new("docs/ci.md")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.rows().len(), 3);
    let letters = NamedItem { id: Guid::from_alias("B").expect("an alias"), name: Some("Letters".into()) };
    let found = finding("PROG-05", ProgressViolation::OutOfRange { item: letters, value: 9, maximum: 4 });
    assert!(read.accepts("Notes", "walk", &found));
    assert!(!read.accepts("Letters", "walk", &found));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(at in 0usize..400, byte in any::<u8>(), cut in any::<bool>()) {
        let text = include_str!("../fixtures/baselines/completes-twice.json");
        let mut bytes = text.as_bytes().to_vec();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(read) = Baseline::parse(&text, Path::new("b.json")) {
            prop_assert!(read.rows().iter().all(|row| row.state == BaselineState::NotJudged && !row.reason.is_empty()));
        }
    }
}
