//! Conditions of scripts: `when` and `only_if` hold when they should, and only then.

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

/// Runs a handler that logs `held` or `otherwise`, by the condition, once it synchronizes for the last time.
fn logged(condition: &str, more: &str, args: &[&str]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("handler.json");
    let script = format!(
        r#"{{
            "kind": "script", "version": 1, "name": "Conditional", "flags": "HASPROPERTIES|MAYESTABLISHCONNECTION",
            "items": [{{ "id": "A", "name": "Left" }}, {{ "id": "B", "name": "Right", "state": "UNCHECKED" }}],
            "methods": {{
                {more}
                "Synchronize": {{ "then": [
                    {{ "work": {{ "item": "A" }} }}, {{ "work": {{ "item": "B" }} }},
                    {{ "when": {{
                        "is": {condition},
                        "do": [{{ "log": {{ "text": "held", "level": "WARNING" }} }}],
                        "else": [{{ "log": {{ "text": "otherwise", "level": "WARNING" }} }}]
                    }} }},
                    {{ "complete": "S_OK" }}
                ] }}
            }}
        }}"#
    );
    fs::write(&file, script).unwrap();
    let output = Command::cargo_bin("mobsync").unwrap().arg("run").arg(&file).args(args).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{condition}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().filter_map(|line| line.trim().strip_prefix("WARNING: ").map(str::to_owned)).collect()
}

#[test]
fn a_condition_holds_when_everything_in_it_does() {
    const RETRY: &str = r#""ShowError": { "do": [{ "retry": ["A"] }] },"#;
    for (condition, args, held) in [
        ("{}", &[][..], true),
        (r#"{ "event": "MANUAL" }"#, &[], true),
        (r#"{ "event": "MANUAL" }"#, &["--event", "idle"], false),
        (r#"{ "event": "IDLE", "user": false }"#, &["--event", "idle", "--no-user"], true),
        (r#"{ "event": "IDLE", "user": false }"#, &["--event", "idle"], false),
        (r#"{ "user": true }"#, &["--no-user"], false),
        (r#"{ "settings": false }"#, &[], true),
        (r#"{ "settings": true }"#, &[], false),
        (r#"{ "cookie": true }"#, &["--event", "invoke", "--cookie", "00ff"], true),
        (r#"{ "cookie": true }"#, &["--event", "invoke"], false),
        (r#"{ "reserved": true }"#, &[], false),
        (r#"{ "instance": 1 }"#, &[], true),
        (r#"{ "instance": 2 }"#, &[], false),
        (r#"{ "round": 1 }"#, &[], true),
        (r#"{ "round": 2 }"#, &[], false),
        (r#"{ "prepared": ["A"] }"#, &[], true),
        (r#"{ "prepared": ["A", "B"] }"#, &["--item", "A", "--item", "B"], true),
        (r#"{ "prepared": ["A", "B"] }"#, &["--item", "B", "--item", "A"], false),
        (r#"{ "skipped": ["A"] }"#, &[], false),
        (r#"{ "cancelled": ["A"] }"#, &[], false),
        (r#"{ "cancelled_all": false, "dialog_refused": false, "connection_failed": false }"#, &[], true),
        (r#"{ "cancelled_all": true }"#, &[], false),
        (r#"{ "errors_shown": 0, "properties_shown": 0 }"#, &[], true),
        (r#"{ "errors_shown": 1 }"#, &[], false),
        (r#"{ "properties_shown": 1 }"#, &[], false),
    ] {
        let expected = if held { "held" } else { "otherwise" };
        assert_eq!(logged(condition, RETRY, args), [expected], "{condition} with {args:?}");
    }
}

#[test]
fn a_behaviour_that_does_not_apply_is_what_a_good_handler_does() {
    let declines =
        |event: &str| format!(r#""Initialize": {{ "only_if": {{ "event": "{event}" }}, "returns": "S_FALSE" }},"#);
    assert_eq!(logged("{}", &declines("MANUAL"), &[]), [""; 0], "it declines, and is not asked to do anything");
    assert_eq!(logged("{}", &declines("IDLE"), &[]), ["held"]);
}

#[test]
fn a_step_that_makes_no_sense_is_found_in_a_condition_too() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("handler.json");
    let script = r#"{ "kind": "script", "version": 1, "name": "x", "items": [], "methods": { "SetItemStatus": {
  "do": [{ "when": { "is": {}, "do": [], "else": [{ "complete": "S_OK" }] } }] } } }"#;
    fs::write(&file, script).unwrap();
    let output = Command::cargo_bin("mobsync").unwrap().arg("run").arg(&file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("handler.json:2:"), "{said}");
    assert!(said.contains("methods.SetItemStatus.do[0].when.else[0].complete"), "{said}");
    assert!(said.contains("has no completion of its own"), "{said}");
}
