//! A handler in the style of published samples (`fixtures/handlers/cpp/folders.cpp`): each of its mistakes is one cause,
//! however often it shows, and nothing else is one.

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
#[path = "common/program.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod program;

use native::library;
use program::ran;
use serde_json::Value;

const FOLDERS: &str = "{6D6F6273-796E-4E6F-8001-0000000000F1}";

fn conform(format: &str) -> String {
    let built = library("fixtures/handlers/cpp/folders.cpp", &[]);
    let (code, said, errors) = ran(&["conform", built.to_str().unwrap(), "--clsid", FOLDERS, "--format", format]);
    assert_eq!(code, Some(1), "{said}{errors}");
    said
}

#[test]
fn each_mistake_is_one_cause() {
    let report: Value = serde_json::from_str(&conform("json")).unwrap();
    let causes = report["causes"].as_array().unwrap();
    let word = |cause: &Value, key: &str| cause[key].as_str().unwrap_or_default().to_owned();
    let mut rules: Vec<(String, String)> =
        causes.iter().map(|cause| (word(cause, "rule"), word(cause, "level"))).collect();
    rules.sort();
    let known = [("ENUM-06", "error"), ("LOG-05", "error"), ("STOP-07", "error")];
    assert_eq!(rules, known.map(|(rule, level)| (rule.to_owned(), level.to_owned())), "{causes:#?}");
    let of = |rule: &str| causes.iter().find(|cause| cause["rule"] == rule).unwrap();
    // The reports are made by one function, whatever each is about.
    assert!(word(of("STOP-07"), "place").contains("CFolderHandler::Report"), "{:#}", of("STOP-07"));
    let consequences: Vec<&str> =
        of("STOP-07")["consequences"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(consequences.contains(&"STOP-01") && consequences.contains(&"STOP-03"), "{consequences:?}");
    assert!(of("LOG-05")["cases"].as_u64() > Some(30), "{:#}", of("LOG-05"));
    assert_eq!(of("ENUM-06")["cases"], 1);
}

#[test]
fn a_mistake_that_shows_on_several_occasions_names_them_all() {
    let text = conform("human");
    let line = text.lines().find(|line| line.contains("only after")).unwrap_or_else(|| panic!("{text}"));
    for occasion in ["after the item was cancelled", "after every item was cancelled", "after the item was skipped"] {
        assert!(line.contains(occasion), "{line}");
    }
    // It always logs that error, so no occasion stands beside it.
    let logged = text.split("LOG-05").nth(1).unwrap().lines().find(|line| line.contains("cases")).unwrap();
    assert!(!logged.contains("only"), "{logged}");
}

/// The line of the source that says so.
fn line_that_says(words: &str) -> u64 {
    let source = std::fs::read_to_string(native::of_repository("fixtures/handlers/cpp/folders.cpp")).unwrap();
    let line = source.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}"));
    line as u64 + 1
}

#[test]
fn an_annotation_stands_at_the_line_that_calls_the_helper_of_the_handler() {
    for (variant, words, function) in [
        ("WITH_LATE_REPORT", "// late: through the helper", "CFolderHandler::Report"),
        // The near miss: a function that calls back from two lines of its own.
        ("WITH_LATE_PROGRESS", "// late: without a helper", "CFolderHandler::Copy"),
    ] {
        let built = library("fixtures/handlers/cpp/folders.cpp", &[variant]);
        let line = line_that_says(words);
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (json, sarif, trace) = (file("r.json"), file("r.sarif"), file("t.jsonl"));
        let reports = [format!("json={json}"), format!("sarif={sarif}"), "github".to_owned()];
        let mut args = vec!["run", built.to_str().unwrap(), "--clsid", FOLDERS, "--trace", &trace];
        reports.iter().for_each(|report| args.extend(["--report", report]));
        let (code, said, errors) = ran(&args);
        assert_eq!(code, Some(1), "{said}{errors}");
        let annotation =
            |said: &str| said.lines().find(|line| line.contains("title=PROG-07")).unwrap_or_default().to_owned();
        let expected = format!("::warning file=fixtures/handlers/cpp/folders.cpp,line={line},title=PROG-07");
        assert!(annotation(&said).starts_with(&expected), "{variant}: {}, expected {expected}", annotation(&said));
        let other = line_that_says("// late: the other folder");
        let also = annotation(&said).contains(&format!("%0AAlso at fixtures/handlers/cpp/folders.cpp:{other}%0A"));
        assert_eq!(also, variant == "WITH_LATE_REPORT", "{variant}: {}", annotation(&said));
        // What was recorded says the same.
        let (_, said, _) = ran(&["check", &trace, "--format", "github"]);
        assert!(annotation(&said).starts_with(&expected), "{variant}: {}", annotation(&said));
        let (_, said, _) = ran(&["report", "show", &json, "--format", "github"]);
        assert!(annotation(&said).starts_with(&expected), "{variant}: {}", annotation(&said));
        let read = |file: &str| -> Value { serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap() };
        let (report, sarif) = (read(&json), read(&sarif));
        // The stack is whole, and the cause is where the handler calls back.
        let is_it = |row: &&Value| row["rule"] == "PROG-07";
        let finding = report["findings"].as_array().unwrap().iter().find(is_it).unwrap();
        assert!(finding["backtrace"][0].as_str().unwrap().starts_with(function), "{finding:#}");
        let cause = report["causes"].as_array().unwrap().iter().find(is_it).unwrap();
        assert_eq!((&cause["place"], &cause["count"]), (&finding["backtrace"][0], &Value::from(2)), "{cause:#}");
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let result = results.iter().find(|result| result["ruleId"] == "PROG-07").unwrap();
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], line, "{variant}: {place:#}");
        assert_eq!(
            result["stacks"][0]["frames"].as_array().unwrap().len(),
            finding["backtrace"].as_array().unwrap().len()
        );
    }
}

/// The thread that should complete, and the call that then waits for it: both time-outs show what the thread does.
#[test]
#[cfg(target_os = "linux")]
fn every_time_out_shows_every_thread_by_what_it_did_last() {
    let built = library("fixtures/handlers/cpp/folders.cpp", &["WITH_HANG"]);
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("r.json").to_str().unwrap().to_owned();
    let report = format!("json={json}");
    let args = [
        "run",
        built.to_str().unwrap(),
        "--clsid",
        FOLDERS,
        "--timeout",
        "1s",
        "--ignore",
        "LOG-05",
        "--report",
        &report,
    ];
    let (code, said, errors) = ran(&args);
    assert_eq!(code, Some(1), "{said}{errors}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let causes: Vec<&Value> = report["causes"].as_array().unwrap().iter().map(|cause| &cause["rule"]).collect();
    assert_eq!(causes, ["LIFE-03"], "{report:#}");
    for rule in ["SYNC-03", "LIFE-03"] {
        let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule).unwrap();
        let frames: Vec<&str> = finding["backtrace"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let heading = frames.iter().position(|frame| *frame == "thread thread-1, which last called LogError:");
        let of_thread = &frames[heading.unwrap_or_else(|| panic!("{rule}: {frames:?}"))..];
        assert!(of_thread.iter().any(|frame| frame.starts_with("CFolderHandler::Work() at ")), "{rule}: {frames:?}");
        // What waits comes first where it is the handler's.
        assert_eq!(heading == Some(0), rule == "SYNC-03", "{rule}: {frames:?}");
    }
    let place = &report["causes"][0]["place"];
    assert!(place.as_str().is_some_and(|place| !place.contains("Work")), "the place is what waits: {place}");
    assert!(said.contains("      thread thread-1, which last called LogError:\n      in "), "{said}");
    assert!(said.contains("      in CFolderHandler::Work() at "), "however deep the other stack is: {said}");
}
