//! One test body over all back-ends: what a handler does, and what is found of it, does not depend on how it is driven.
//!
//! Each back-end comes with a handler, and with a script that does the same. Both are driven in this process and in a
//! worker, through the same scenarios: the verdicts are the same, and the traces mean the same (`mobsync diff`). A program of its
//! own is a process in either place: what is told apart then is whose child it is.

#![cfg(unix)]

#[path = "../common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

#[path = "../common/interpreter.rs"]
mod interpreter;
#[path = "../common/rust_handler.rs"]
mod rust_handler;

mod filesync;
mod notebook;
mod python;
mod sessions;

use std::path::{Path, PathBuf};

use mobsync::job::Handler;
use mobsync::scenario::{self, Scenario};
use mobsync::trace::diff::diff;
use serde_json::{Value, json};
use sessions::{Came, Where, hold};

/// A handler and its like.
trait BackEnd {
    /// What it is called when the test fails.
    fn name(&self) -> &'static str;

    /// Two of its items, the first with at least four reports.
    fn items(&self) -> [&'static str; 2];

    /// The handler, as if it had never been run, and what it needs to exist.
    fn handler(&self) -> (Handler, Option<tempfile::TempDir>);

    /// A script that does the same in sessions for which these items are chosen.
    fn script(&self, chosen: &[String], came: &Came) -> Value;
}

/// What must be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    /// All of it.
    Trace,
    /// What came of it in the end. How far an item came before another one stopped everything is up to the machine.
    Verdict,
}

/// The scenarios, for a handler with these items.
fn scenarios([first, second]: [&str; 2]) -> Vec<(&'static str, Same, Value)> {
    let trace = |title, rest| (title, Same::Trace, rest);
    let report = |item: &str, nth: u32| json!({"callback": "Progress", "item": item, "nth": nth});
    let step = |when: Value, what: Value| json!([{"when": when, "do": what}]);
    vec![
        trace("ordinary", json!({})),
        trace("nobody at the screen", json!({"user": false, "event": "scheduled"})),
        trace("idle", json!({"event": "idle"})),
        trace("a connection was made", json!({"event": "connect"})),
        trace("on Vista", json!({"profile": "vista"})),
        trace("invoked with a cookie", json!({"event": "invoke", "cookie": "0badcafe"})),
        trace("for configuration", json!({"settings": true})),
        trace("nothing is chosen", json!({"choose": "none"})),
        trace("one item", json!({"choose": [first]})),
        trace("the other way round", json!({"choose": [second, first]})),
        trace(
            "the first item is cancelled at its first report",
            json!({"steps": step(report(first, 1), json!({"reply": "cancel-item"}))}),
        ),
        trace(
            "the first item is cancelled at its third report",
            json!({"steps": step(report(first, 3), json!({"reply": "cancel-item"}))}),
        ),
        trace(
            "the first item is cancelled at its last report",
            json!({"steps": step(
                json!({"callback": "Progress", "item": first, "status": "SUCCEEDED"}), json!({"reply": "cancel-item"})
            )}),
        ),
        trace(
            "both items are cancelled, each by itself",
            json!({"choose": [first, second], "steps": [
                {"when": report(first, 2), "do": {"reply": "cancel-item"}},
                {"when": report(second, 1), "do": {"reply": "cancel-item"}},
            ]}),
        ),
        trace(
            "all is cancelled while one item is worked on",
            json!({"choose": [first], "steps": step(report(first, 2), json!({"reply": "cancel-all"}))}),
        ),
        (
            "all is cancelled at the first report",
            Same::Verdict,
            json!({"choose": [first, second],
                "steps": step(json!({"callback": "Progress"}), json!({"reply": "cancel-all"}))}),
        ),
        trace(
            "the dialog is refused",
            json!({"steps": step(json!({"callback": "EnableModeless"}), json!({"reply": "refuse-dialog"}))}),
        ),
        trace(
            "the connection fails",
            json!({"steps": step(json!({"callback": "EstablishConnection"}), json!({"reply": "fail-connection"}))}),
        ),
        trace(
            "the error is shown, and what failed is tried again",
            json!({"steps": step(json!({"state": "synchronized"}), json!({"show_error": "first"}))}),
        ),
        trace(
            "the properties of an item are shown",
            json!({"settings": true, "steps": step(json!({"state": "ready"}), json!({"show_properties": first}))}),
        ),
        trace(
            "the properties of the handler are shown",
            json!({"steps": step(json!({"state": "ready"}), json!({"show_properties": "handler"}))}),
        ),
        trace(
            "a skip before it is prepared",
            json!({"steps": step(json!({"state": "prepare-returned"}), json!({"skip": first}))}),
        ),
        trace(
            "a skip when all is over",
            json!({"steps": step(json!({"state": "synchronized"}), json!({"skip": first}))}),
        ),
        trace(
            "a second completion and a ninety-ninth report, which never come",
            json!({"steps": [
                {"when": {"callback": "SynchronizeCompleted", "nth": 2}, "do": "release", "expect": "never"},
                {"when": report(first, 99), "do": {"skip": first}, "expect": "never"},
                {"when": {"state": "synchronized", "nth": 2}, "do": "release", "expect": "never"},
            ]}),
        ),
        (
            "a report is held until its item was skipped",
            // The value of the last report is not the same for all that stop.
            Same::Verdict,
            json!({"choose": [first], "steps": [
                {"when": report(first, 2), "do": {"hold": {"until": {"return": "SetItemStatus"}}}},
                {"when": report(first, 2), "do": {"skip": first}},
            ]}),
        ),
        trace(
            "a report is held for a time, and one for a callback that never comes",
            json!({"choose": [first], "steps": [
                {"when": report(first, 1), "do": {"hold": {"until": {"time": "30ms"}}}},
                {"when": report(first, 2), "do": {"hold": {"until": {"callback": "Progress"}, "at_most": "20ms"}}},
                {"when": report(first, 3), "do": {"hold": {"until": {"state": "synchronized"}, "at_most": "10ms"}}},
            ]}),
        ),
        trace("released at once", json!({"steps": step(json!({"state": "created"}), json!("release"))})),
        trace("released when initialized", json!({"steps": step(json!({"state": "initialized"}), json!("release"))})),
        trace("released when enumerated", json!({"steps": step(json!({"state": "enumerated"}), json!("release"))})),
        trace("released when ready", json!({"steps": step(json!({"state": "ready"}), json!("release"))})),
        trace("released when prepared", json!({"steps": step(json!({"state": "prepared"}), json!("release"))})),
    ]
}

fn read(title: &str, rest: &Value) -> Scenario {
    let mut whole = json!({
        "format": "mobsync-scenario", "version": 1, "title": title, "choose": "all", "timeout": "60s", "blocking": "60s",
    });
    let fields = rest.as_object().expect("a scenario is an object").clone();
    whole.as_object_mut().expect("so is this").extend(fields);
    scenario::parse(&whole.to_string(), title.as_ref()).unwrap_or_else(|error| panic!("{title}: {error}"))
}

fn chosen(scenario: &Value) -> Vec<String> {
    let names = scenario["choose"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn script(text: &Value) -> Handler {
    let spec = mobsync::job::HandlerSpec::Script { file: "a script.json".into(), text: text.to_string() };
    spec.open().unwrap_or_else(|error| panic!("{error}"))
}

/// Drives the back-end's handler and its like through every scenario, and says where they are not alike.
fn differences(back_end: &dyn BackEnd) -> Vec<String> {
    let mut wrong = Vec::new();
    for (title, same, rest) in scenarios(back_end.items()) {
        let scenario = read(title, &rest);
        for place in [Where::Here, Where::Worker] {
            let (handler, _needs) = back_end.handler();
            let came = hold(&handler, &scenario, place);
            let like = script(&back_end.script(&chosen(&rest), &came));
            let wanted = hold(&like, &scenario, Where::Here);
            let holds = rest["steps"].as_array().into_iter().flatten().filter(|step| step["do"]["hold"].is_object());
            assert_eq!(came.verdict().held.len(), 2 * holds.count(), "{title}: each is held and let go");
            if place == Where::Worker {
                let again = hold(&like, &scenario, place);
                assert!(wanted.events == again.events, "{title}: the script does something else in a worker");
                assert_eq!(wanted.verdict(), again.verdict(), "{title}: the script in a worker");
            }
            let name = format!("{}, {place:?}, {title}", back_end.name());
            wrong.extend(unlike(&name, same, &wanted, &came));
        }
    }
    wrong
}

fn unlike(name: &str, same: Same, wanted: &Came, came: &Came) -> Option<String> {
    if wanted.verdict() != came.verdict() {
        return Some(format!("{name}: the script's verdict is {:#?}, its own {:#?}", wanted.verdict(), came.verdict()));
    }
    let difference = diff(&wanted.events, &came.events).filter(|_| same == Same::Trace)?;
    Some(format!("{name}: {difference}"))
}

#[test]
fn a_script_like_filesync_does_as_filesync_does() {
    let wrong = differences(&filesync::Folders);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_script_like_the_notebook_in_cpp_does_as_the_notebook_does() {
    let wrong = differences(&notebook::CPP);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_script_like_the_notebook_in_c_does_as_the_notebook_does() {
    let wrong = differences(&notebook::C);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_script_like_the_notebook_in_rust_does_as_the_notebook_does() {
    let wrong = differences(&notebook::RUST);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_script_like_the_example_in_python_does_as_the_example_does() {
    let wrong = differences(&python::Python);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The test fails when a handler is driven as it should not be: one call too many, a reply of the wrong kind.
#[test]
fn a_handler_that_is_unlike_its_script_is_told_from_it() {
    let scenario = read("ordinary", &json!({}));
    let (handler, _needs) = notebook::CPP.handler();
    let came = hold(&handler, &scenario, Where::Here);
    let text = notebook::CPP.script(&[], &came).to_string();
    let held = |text: &str| hold(&script(&serde_json::from_str(text).unwrap()), &scenario, Where::Here);
    assert_eq!(unlike("itself", Same::Trace, &held(&text), &came), None);
    for (old, new) in [("Notebooks", "Notebook"), ("\"max\":6", "\"max\":7"), ("the same meeting", "one meeting")] {
        assert!(text.contains(old), "{old}");
        let said = unlike("another", Same::Trace, &held(&text.replace(old, new)), &came);
        assert!(said.is_some(), "{old} and {new} are the same to it");
    }
    let other = held(&text.replace("\"complete_if_last\":\"E_FAIL\"", "\"complete_if_last\":\"S_OK\""));
    let said = unlike("another", Same::Verdict, &other, &came).expect("the outcome is another, and a note is made");
    assert!(said.contains("verdict"), "{said}");
}

#[test]
fn every_scenario_of_the_library_is_the_same_in_a_worker() {
    let folder = native::of_repository("fixtures/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    assert!(files.len() >= 30, "the library is there");
    files.sort();
    for file in files {
        let scenario = scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
        if !scenario.handlers.is_empty() {
            // Several handlers are not in one worker.
            continue;
        }
        let word = scenario.handler.clone().expect("a library scenario names its handler");
        let path = folder.join(Path::new(&word)).display().to_string();
        let handler = Handler::find(&path, &[], None).unwrap_or_else(|error| panic!("{error}"));
        let here = hold(&handler, &scenario, Where::Here);
        let worker = hold(&handler, &scenario, Where::Worker);
        assert!(here.events == worker.events, "{}: {:?}", file.display(), diff(&here.events, &worker.events));
        assert_eq!(here.verdict(), worker.verdict(), "{}", file.display());
    }
}
