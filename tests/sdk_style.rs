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
