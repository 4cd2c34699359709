//! What is wrong with a handler file: which file, where in it, and what can stand there.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// What `run` says of a handler file with this text, without the file's name, and its exit code.
fn refusal(text: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("handler.json");
    fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_mobsync")).arg("run").arg(&file).output().expect("it starts");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    let before = format!("mobsync: {}:", file.display());
    (output.status.code(), said.trim_end().strip_prefix(&before).unwrap_or_else(|| panic!("{said}")).to_owned())
}

const ALL: &str = "script, com, exec, builtin";

#[test]
fn an_unknown_kind_is_told_with_all_kinds_there_are() {
    let cases = [
        (r#"{"kind":"native","version":1}"#, "unknown name `native`; expected one of: ".to_owned()),
        (r#"{"kind":"","version":1}"#, "unknown name ``; expected one of: ".to_owned()),
        (r#"{"kind":"Com","version":1}"#, "unknown name `Com`; did you mean `com`? Expected one of: ".to_owned()),
        (r#"{"kind":"scirpt"}"#, "unknown name `scirpt`; did you mean `script`? Expected one of: ".to_owned()),
    ];
    for (text, why) in cases {
        assert_eq!(refusal(text), (Some(2), format!("1:9: kind: {why}{ALL}")), "{text}");
    }
    for (value, shown) in [("null", "null"), ("5", "5"), (r#"["com"]"#, r#"["com"]"#), (r#"{"a": 1}"#, r#"{"a":1}"#)] {
        let text = format!("\u{feff}{{\n  \"kind\": {value}\n}}");
        assert_eq!(refusal(&text), (Some(2), format!("2:11: kind: expected one of: {ALL}; found {shown}")), "{text}");
    }
}

#[test]
fn a_missing_kind_is_told_whatever_else_the_file_has() {
    for text in [r#"{"version":1,"library":"x.so"}"#, r#"{"command":["true"]}"#, r#"{"name":"x","items":[]}"#, "{}"] {
        let why = format!("the field `kind` is missing: a handler file names its kind, which is one of: {ALL}");
        assert_eq!(refusal(text), (Some(2), format!("1:1: the document: {why}")), "{text}");
    }
}

#[test]
fn what_is_no_object_is_told_as_such() {
    for (text, why) in [
        ("[]", "expected an object, found a list"),
        ("7", "expected an object, found 7"),
        ("", "the file is empty; expected a JSON object"),
    ] {
        assert_eq!(refusal(text), (Some(2), format!("1:1: the document: {why}")), "{text}");
    }
}

#[test]
fn a_value_where_a_name_belongs_is_told_as_that_value() {
    let text = r#"{"kind":"script","version":1,"name":"x","items":[{"id":"A","name":"x"}],
"methods":{"Synchronize":{"do":[5]}}}"#;
    assert_eq!(refusal(text), (Some(2), "2:33: methods.Synchronize.do[0]: expected a name, found 5".to_owned()));
}
