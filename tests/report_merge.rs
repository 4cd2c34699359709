//! `mobsync report merge`: the reports of the parts of a suite become the report of the whole.

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use mobsync::report::parse_report;
use program::{FORMATS, ran};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

const TWICE: &str = "fixtures/handlers/completes-twice.json";
const GOOD: &str = "fixtures/handlers/good.json";
const BASELINE: &str = "fixtures/baselines/completes-twice.json";

/// The reports of the parts, in a folder of their own.
struct Parts {
    _folder: TempDir,
    files: Vec<PathBuf>,
}

impl Parts {
    fn of(many: usize, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files: Vec<PathBuf> = (1..=many).map(|part| folder.path().join(format!("{part}.json"))).collect();
        for (at, file) in files.iter().enumerate() {
            let partition = format!("{}/{many}", at + 1);
            let to = file.to_str().expect("UTF-8");
            let more = ["--format", "json", "--partition", &partition, "--output", to];
            let (code, _, errors) = ran(&[&["conform"], args, &more].concat());
            assert!(matches!(code, Some(0 | 1)), "{errors}");
        }
        Self { _folder: folder, files }
    }

    fn path(&self, at: usize) -> &str {
        self.files[at].to_str().expect("UTF-8")
    }

    /// Merges the files at these places.
    fn merged(&self, which: &[usize], args: &[&str]) -> (Option<i32>, String, String) {
        let files: Vec<&str> = which.iter().map(|at| self.path(*at)).collect();
        ran(&[&["report", "merge"], &files[..], args].concat())
    }

    fn edit(&self, at: usize, edit: impl FnOnce(&mut Value)) {
        let mut report = serde_json::from_str(&fs::read_to_string(&self.files[at]).unwrap()).unwrap();
        edit(&mut report);
        fs::write(&self.files[at], serde_json::to_string_pretty(&report).unwrap()).unwrap();
    }

    /// What is said when the first two do not go together.
    fn refused(&self) -> String {
        let (code, said, errors) = self.merged(&[0, 1], &[]);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{errors}");
        errors.replace(self.path(0), "ONE").replace(self.path(1), "TWO")
    }
}

/// The text without the time in its last line: `87 cases: 83 passed, 4 skipped in 128 ms`.
fn without_time(text: String) -> String {
    let last = text.lines().last().filter(|line| line.contains(" cases: "));
    let Some((before, after)) = last.and_then(|line| line.split_once(" in ")) else { return text };
    let more = after.find(';').map_or("", |at| &after[at..]);
    let begin = text.trim_end().len() - before.len() - " in ".len() - after.len();
    format!("{}{before}{more}\n", &text[..begin])
}

#[test]
fn the_parts_together_are_the_whole_in_every_form() {
    for (handler, more) in [
        (GOOD, &["--sessions", "12", "--seed", "5"][..]),
        (TWICE, &[]),
        (TWICE, &["--sessions", "9"]),
        (TWICE, &["--baseline", BASELINE]),
        (GOOD, &["--baseline", BASELINE, "--strict"]),
        ("fixtures/handlers/panics.json", &["--profile", "vista"]),
        ("fixtures/handlers/ignores-stop.json", &["--strict", "--ignore", "PROG"]),
    ] {
        let parts = Parts::of(3, &[&[handler], more].concat());
        let strict: &[&str] = if more.contains(&"--strict") { &["--strict"] } else { &[] };
        for format in FORMATS {
            let (code, said, errors) = ran(&[&["conform", handler, "--format", format], more].concat());
            // How long it took is known of the whole only.
            let whole = (code, without_time(said), errors);
            let merged = parts.merged(&[2, 0, 1], &[&["--format", format], strict].concat());
            assert!(merged == whole, "{handler} {more:?} {format}: {merged:#?}\n{whole:#?}");
        }
    }
}

#[test]
fn a_baseline_is_applied_to_the_whole_as_well() {
    let parts = Parts::of(2, &[TWICE]);
    assert_eq!(parts.merged(&[0, 1], &[]).0, Some(1));
    let whole = ran(&["conform", TWICE, "--baseline", BASELINE, "--format", "json"]);
    assert_eq!(parts.merged(&[0, 1], &["--baseline", BASELINE, "--format", "json"]), whole);
    let accepted = Parts::of(2, &[TWICE, "--baseline", BASELINE]);
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none.json");
    fs::write(&none, r#"{"format": "mobsync-baseline", "version": 1, "accepted": []}"#).unwrap();
    let again = accepted.merged(&[0, 1], &["--baseline", none.to_str().unwrap()]);
    assert_eq!(again.0, Some(1), "another baseline stands in for that of the parts");
    let good = Parts::of(2, &[GOOD]);
    let (code, said, _) = good.merged(&[0, 1], &["--baseline", BASELINE]);
    assert_eq!(code, Some(0));
    assert!(!said.contains("not found"), "it is for another handler: {said}");
    fs::write(
        &none,
        r#"{"format": "mobsync-baseline", "version": 1, "accepted": [{"rule": "SYNC-04", "reason": "r"}]}"#,
    )
    .unwrap();
    let in_parts = Parts::of(2, &[GOOD, "--baseline", none.to_str().unwrap(), "--strict"]);
    for at in 0..2 {
        assert!(!fs::read_to_string(&in_parts.files[at]).unwrap().contains("stale"), "a part does not know");
    }
    let (code, said, _) = in_parts.merged(&[0, 1], &["--strict"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("accepted[0]: stale entry: SYNC-04 is accepted, but was not found"), "{said}");
}

#[test]
fn a_missing_part_and_one_that_was_interrupted_are_told_and_the_rest_is_reported() {
    let parts = Parts::of(3, &[TWICE]);
    for format in FORMATS {
        let (code, said, errors) = parts.merged(&[0, 2], &["--format", format]);
        assert_eq!(code, Some(2), "{format}");
        assert_eq!(errors, "mobsync: part 2 of 3 is missing\n", "{format}");
        assert!(said.contains("part 2 of 3 is missing") && said.contains("SYNC-04"), "{format}: {said}");
    }
    parts.edit(1, |report| {
        let gone = report["cases"].as_array_mut().unwrap().remove(0)["name"].clone();
        report["findings"].as_array_mut().unwrap().retain(|found| found["case"] != gone);
        report["unfinished"] = json!(["interrupted: 1 of 20 sessions were not held"]);
    });
    let (code, said, errors) = parts.merged(&[0, 1, 2], &["--format", "json"]);
    assert_eq!(
        (code, errors.as_str()),
        (Some(2), "mobsync: part 2 of 3: interrupted: 1 of 20 sessions were not held\n")
    );
    assert!(said.contains("part 2 of 3: interrupted"), "{said}");
    parts.edit(1, |report| report["unfinished"] = json!([]));
    let (code, _, errors) = parts.merged(&[0, 1, 2], &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("1 of") && errors.contains("cases are in no part"), "{errors}");
}

#[test]
fn a_case_that_could_not_be_judged_stays_so() {
    let parts = Parts::of(2, &[GOOD]);
    let mut name = String::new();
    parts.edit(1, |report| {
        let case = &mut report["cases"][0];
        case["outcome"] = json!("incomplete");
        case["error"] = json!("no worker");
        name = case["name"].as_str().unwrap().to_owned();
    });
    let (code, said, errors) = parts.merged(&[0, 1], &[]);
    assert_eq!((code, errors), (Some(2), format!("mobsync: {name}: no worker\n")));
    assert!(said.contains("\nincomplete: no findings"), "{said}");
}

#[test]
fn parts_of_different_runs_are_refused_with_what_differs() {
    let pair = |ours: &[&str], theirs: &[&str]| {
        let (one, two) = (Parts::of(2, ours), Parts::of(2, theirs));
        fs::copy(&two.files[1], &one.files[1]).expect("it is copied");
        one.refused()
    };
    let differ = |what: &str, theirs: &str, ours: &str| format!("mobsync: TWO: {what}: {theirs}, but {ours} in ONE");
    for (theirs, expected) in [
        (&[TWICE][..], differ("handler", "Completes twice", "Good")),
        (&[GOOD, "--profile", "vista"], differ("profile", "vista", "xp")),
        (&[GOOD, "--sessions", "4"], differ("seed", "0", "none")),
        (&[GOOD, "--ignore", "PROG"], differ("rules", "", "")),
        (&[GOOD, "--baseline", BASELINE], differ("baseline", "one of 1 entries, from ", "none")),
    ] {
        let errors = pair(&[GOOD], theirs);
        let (begin, end) = expected.split_once(", but").unwrap();
        assert!(errors.starts_with(begin.trim_end_matches("Good")), "{errors}");
        assert!(errors.contains(end.trim_start_matches(' ')), "{errors}");
    }
    let sessions = pair(&[GOOD, "--sessions", "4"], &[GOOD, "--sessions", "5"]);
    assert!(sessions.starts_with("mobsync: TWO: partition.suite: ") && sessions.contains("random-4"), "{sessions}");
}

#[test]
fn a_part_given_twice_a_case_in_two_parts_and_a_report_of_no_part_are_refused() {
    let parts = Parts::of(2, &[GOOD]);
    fs::copy(&parts.files[0], &parts.files[1]).unwrap();
    let twice = "mobsync: TWO: partition.part: part 1 is already in ONE; give each part once\n";
    assert_eq!(parts.refused(), twice);
    parts.edit(1, |report| report["partition"]["part"] = json!(2));
    let errors = parts.refused();
    assert!(errors.starts_with("mobsync: TWO: cases: `event-manual` is already in ONE"), "{errors}");
    parts.edit(1, |report| report["partition"]["of"] = json!(7));
    assert!(parts.refused().starts_with("mobsync: TWO: partition.of: 7, but 2 in ONE;"), "{}", parts.refused());
    parts.edit(1, |report| _ = report.as_object_mut().unwrap().remove("partition"));
    let errors = parts.refused();
    assert!(errors.starts_with("mobsync: TWO: partition: the report is of no part of a suite;"), "{errors}");
}

#[test]
fn what_is_no_report_is_refused_with_its_place_and_what_was_expected() {
    let parts = Parts::of(2, &[TWICE]);
    let right = fs::read_to_string(&parts.files[1]).expect("it is there");
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut report: Value = serde_json::from_str(&right).unwrap();
        edit(&mut report);
        serde_json::to_string_pretty(&report).unwrap()
    };
    for (text, expected) in [
        (String::new(), "TWO:1:1: the document: the file is empty; expected a JSON object"),
        (right[..right.len() / 2].to_owned(), "not JSON: the file ends in the middle of"),
        (
            right.replacen("mobsync-report", "mobsync-trace", 1),
            "TWO:2:13: format: this is not a mobsync-report, but a `mobsync-trace`",
        ),
        (
            right.replacen("\"version\": 1", "\"version\": 2", 1),
            "TWO:3:14: version: the file has format version 2; this program reads version 1",
        ),
        (right.replacen("\"findings\"", "\"findngs\"", 1), "the field `findings` is missing"),
        (right.replacen("\"SYNC-04\"", "\"SYNC-4\"", 1), "findings[0].rule: `SYNC-4` is not a rule"),
        (right.replacen("\"error\"", "\"eror\"", 1), "findings[0].level: unknown name `eror`; did you mean `error`?"),
        (
            with(&|report| report["partition"]["part"] = json!(3)),
            "partition.part: expected a part from 1 to `of`, which is 2; found 3",
        ),
        (
            with(&|report| report["findings"][0]["case"] = json!("wlak")),
            "findings[0].case: `wlak` is not among the `cases`",
        ),
        (with(&|report| report["partition"]["suite"] = json!([])), "cases[0].name: `"),
        (
            with(&|report| report["partition"]["suite"][1] = report["partition"]["suite"][0].clone()),
            "partition.suite[1]: `event-manual` occurs twice",
        ),
        (
            with(&|report| report["cases"][1] = report["cases"][0].clone()),
            "cases[1].name: a second case with the name `",
        ),
        (with(&|report| report["summary"] = json!(7)), "summary: expected an object, found 7"),
    ] {
        fs::write(&parts.files[1], &text).unwrap();
        let errors = parts.refused();
        assert!(errors.starts_with("mobsync: TWO:") && errors.contains(expected), "{expected}: {errors}");
    }
    fs::write(&parts.files[1], [0x7f, b'E', b'L', b'F', 0xff, 0]).unwrap();
    assert!(parts.refused().contains("TWO:1:5: the file is not UTF-8 from here on"), "{}", parts.refused());
    fs::remove_file(&parts.files[1]).unwrap();
    assert!(parts.refused().starts_with("mobsync: TWO: cannot be read"), "{}", parts.refused());
}

#[test]
fn a_report_is_not_written_over_one_of_its_parts_and_what_is_newer_is_passed_over() {
    let parts = Parts::of(2, &[GOOD]);
    let (code, _, errors) = parts.merged(&[0, 1], &["--output", parts.path(1)]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("this would overwrite a report to merge"), "{errors}");
    parts.edit(0, |report| {
        report["moon"] = json!("full");
        report["cases"][0]["moon"] = json!("full");
    });
    assert_eq!(parts.merged(&[0, 1], &[]).0, Some(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_makes_the_reader_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<Option<prop::sample::Index>>()) {
        static RIGHT: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            fs::read(&Parts::of(6, &[TWICE]).files[3]).expect("it is there")
        });
        let mut bytes = RIGHT.clone();
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(cut) = cut { bytes.truncate(cut.index(RIGHT.len())) }
        if let Err(error) = parse_report(&String::from_utf8_lossy(&bytes), Path::new("r.json")) {
            prop_assert!(error.to_string().starts_with("r.json:"), "{error}");
        }
    }
}

#[test]
fn a_file_that_is_no_report_is_called_that_and_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file.to_str().expect("UTF-8").to_owned()
    };
    let trace = folder.path().join("t.jsonl").to_str().expect("UTF-8").to_owned();
    assert_eq!(ran(&["run", GOOD, "--trace", &trace]).0, Some(0));
    let sarif = ran(&["conform", GOOD, "--case", "walk", "--format", "sarif"]).1;
    for (file, expected) in [
        (GOOD.to_owned(), ":3:11: kind: this is not a mobsync-report, but a handler file of kind `script`; "),
        (BASELINE.to_owned(), "format: this is not a mobsync-report, but a `mobsync-baseline`; "),
        (trace, ": format: this is not a mobsync-report, but a `mobsync-trace`; "),
        (written("a.sarif", &sarif), ":1:1: the document: this is not a mobsync-report: the `format` is missing; "),
        (written("b.json", r#"{ "format": 7 }"#), ":1:13: format: this is not a mobsync-report; "),
        (written("c.json", r#"{ "format": "mobsync-other", "version": 2 }"#), "`mobsync-other`; "),
        (written("d.json", "[]"), "found a list"),
        (written("e.json", "no"), "not JSON"),
    ] {
        let (code, said, errors) = ran(&["report", "merge", &file]);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.starts_with(&format!("mobsync: {file}:")) && errors.contains(expected), "{file}: {errors}");
    }
}

#[test]
fn numbers_that_no_report_has_are_refused_where_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    let file = file.to_str().expect("UTF-8");
    ran(&["conform", GOOD, "--partition", "1/20", "--format", "json", "--output", file]);
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for (pointer, value, expected) in [
        ("/summary/skipped", u64::MAX, "summary.skipped: 18446744073709551615 is more than any report counts"),
        ("/summary/passed", 4_000_000_000, "summary.cases: "),
        ("/summary/errors", 1 << 40, "summary.errors: "),
        ("/cases/0/findings", 1 << 40, "cases[0].findings: "),
        ("/partition/of", 1 << 40, "partition.of: "),
    ] {
        let mut changed = report.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[key] = value.into();
        fs::write(file, changed.to_string()).unwrap();
        let (code, _, errors) = ran(&["report", "merge", file]);
        assert_eq!(code, Some(2), "{pointer}: {errors}");
        assert!(errors.contains(expected), "{pointer}: {errors}");
    }
}

#[test]
fn eight_processes_at_once_give_the_report_of_the_whole() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = |part: usize| folder.path().join(format!("part-{part}.json"));
    let options = ["--sessions", "40", "--seed", "3"];
    let start = |part: usize| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mobsync"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["conform", TWICE, "--jobs", "1"]).args(options);
        command.args(["--partition", &format!("{part}/8"), "--format", "json", "--output"]).arg(file(part));
        command.spawn().expect("it starts")
    };
    let parts: Vec<_> = (1..=8).map(start).collect();
    for mut part in parts {
        assert_eq!(part.wait().expect("it ends").code(), Some(1));
    }
    let files: Vec<String> = (1..=8).rev().map(|part| file(part).display().to_string()).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let merged = ran(&[&["report", "merge", "--format", "json"], &files[..]].concat());
    let whole = ran(&[&["conform", TWICE, "--format", "json"], &options[..]].concat());
    assert!(merged == whole, "{merged:#?}\n{whole:#?}");
}
