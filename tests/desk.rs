//! `mobsync sync` as a person uses it, on a terminal: choose, skip, cancel, look at an error, retry.
#![cfg(unix)]

#[path = "common/interpreter.rs"]
mod interpreter;
#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
#[path = "common/place.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod place;

use std::fs;
use std::path::Path;
use std::process::Command;

use mobsync::job::{Handler, HandlerSpec};
use mobsync::protocol::RegisterFlags;
use mobsync::store::{Registration, Start};
use place::{Place, sample};
use rexpect::session::PtySession;
use serde_json::{Value, json};

type Done = Result<(), rexpect::error::Error>;

/// Folders, as in the example; an item whose name begins with `waits` waits until it is skipped.
const WAITS: &str = r#"
import sys, threading
sys.path.insert(0, sys.argv[1])
from folders import Folders, Pair
from mobsync_wire import serve

class Waits(Folders):
    def __init__(self, manager, pairs):
        super().__init__(manager, pairs)
        self.told = {pair.id: threading.Event() for pair in pairs}

    def SetItemStatus(self, item, status):
        self.told[item].set()
        return super().SetItemStatus(item, status)

    def synchronize(self, pair):
        if not pair.name.startswith("waits"):
            return super().synchronize(pair)
        self.progress(pair, "UPDATING", 0, 2, text="until it is skipped")
        self.told[pair.id].wait()
        self.progress(pair, "SKIPPED", 0, 2)
        self.finish()

serve(lambda manager: Waits(manager, [Pair(word) for word in sys.argv[2:]]))
"#;

/// Registers the handler under that name, with these items.
fn register(place: &Place, name: &str, items: &[&str]) {
    fs::write(place.path("waits.py"), WAITS).expect("it can be written");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python").display().to_string();
    let pairs = items.iter().map(|item| format!("{item}=copies"));
    let command = [interpreter::python().to_owned(), "waits.py".to_owned(), example].into_iter().chain(pairs);
    let command = shell_words::join(command);
    place.done(&["register", "--exec", &command, "--description", name]);
}

/// `mobsync` with these arguments, on a terminal.
fn on_terminal(place: &Place, args: &[&str]) -> Result<PtySession, rexpect::error::Error> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.args(args).current_dir(place.0.path()).env("MOBSYNC_STORE", place.path("store"));
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    rexpect::session::spawn_command(command, Some(120_000))
}

/// The program ends with this exit code.
#[track_caller]
fn ends(session: &mut PtySession, code: i32) -> Done {
    let rest = session.exp_eof()?;
    let ended = format!("{:?}", session.process().wait()?);
    assert!(ended.starts_with("Exited(") && ended.ends_with(&format!(", {code})")), "{ended}\n{rest}");
    Ok(())
}

/// The status of each item in the last results.
fn results(place: &Place, handler: &str) -> Vec<(String, Value)> {
    let text = place.done(&["results", handler, "--format", "json"]);
    let list: Value = serde_json::from_str(&text).expect("it is JSON");
    let items = list["handlers"][0]["results"]["items"].as_array().expect("a list").clone();
    items.iter().map(|item| (item["name"].as_str().unwrap_or_default().to_owned(), item["status"].clone())).collect()
}

#[test]
fn the_user_chooses_skips_an_item_looks_at_an_error_and_has_it_tried_again() -> Done {
    let place = Place::new();
    for folder in ["waits", "other"] {
        fs::create_dir(place.path(folder)).expect("it can be made");
    }
    register(&place, "Folders", &["waits", "broken", "other"]);
    let mut session = on_terminal(&place, &["sync", "--timeout", "10m", "--trace", "session.jsonl"])?;
    session.exp_string("Folders: what is synchronized?")?;
    session.exp_string("other")?;
    // Down, down, and uncheck the third one.
    session.send("\x1b[B\x1b[B \r")?;
    session.flush()?;
    session.exp_string("s: skip an item or a handler")?;
    session.exp_string("ERROR: ")?;
    session.exp_string("FAILED")?;
    session.send("s")?;
    session.flush()?;
    session.exp_string("Skip (Enter")?;
    session.exp_string("Folders: waits")?;
    session.send("\r")?;
    session.flush()?;
    session.exp_string("Folders: is told to skip waits")?;
    session.exp_string("Errors (Enter")?;
    session.exp_string("Folders: broken: ERROR: ")?;
    // What was wrong is put right before the error is opened: the handler asks for the item again.
    fs::create_dir(place.path("broken")).expect("it can be made");
    session.send("\x1b[B\r")?;
    session.flush()?;
    session.exp_string("Folders: shows the error broken: ERROR: ")?;
    session.exp_string("Folders: synchronizes again")?;
    session.exp_string("Folders: completed with S_OK")?;
    ends(&mut session, 0)?;
    let status = |name: &str| results(&place, "Folders").iter().find(|(of, _)| of == name).map(|(_, s)| s.clone());
    assert_eq!(status("waits"), Some(json!("SKIPPED")));
    assert_eq!(status("broken"), Some(json!("SUCCEEDED")));
    assert_eq!(status("other"), Some(Value::Null), "it was not chosen");
    // The manager has kept the rules, too.
    place.done(&["check", "session.jsonl"]);
    Ok(())
}

#[test]
fn the_user_skips_a_whole_handler_and_the_other_one_goes_on() -> Done {
    let place = Place::new();
    for folder in ["waits-a", "waits-b", "waits-c"] {
        fs::create_dir(place.path(folder)).expect("it can be made");
    }
    register(&place, "First", &["waits-a", "waits-b"]);
    register(&place, "Second", &["waits-c"]);
    let mut session = on_terminal(&place, &["sync", "--start", "--timeout", "10m"])?;
    // Both handlers have prepared before one of them synchronizes.
    session.exp_string("UPDATING until it is skipped")?;
    session.send("s")?;
    session.flush()?;
    session.exp_string("First: all 2 items")?;
    session.exp_string("Second: waits-c")?;
    session.send("\r")?;
    session.flush()?;
    session.exp_string("First: is told to skip waits-b")?;
    session.send("s")?;
    session.flush()?;
    session.exp_string("Second: waits-c")?;
    session.send("\r")?;
    session.flush()?;
    session.exp_string("Second: is told to skip waits-c")?;
    session.exp_string("Second: completed with S_OK")?;
    ends(&mut session, 0)?;
    assert_eq!(results(&place, "First")[0].1, json!("SKIPPED"));
    assert_eq!(results(&place, "First")[1].1, json!("SKIPPED"));
    Ok(())
}

#[test]
fn the_user_cancels_everything_by_ctrl_c() -> Done {
    let place = Place::new();
    for folder in ["waits-a", "waits-b"] {
        fs::create_dir(place.path(folder)).expect("it can be made");
    }
    register(&place, "Folders", &["waits-a", "waits-b"]);
    let mut session = on_terminal(&place, &["sync", "--start", "--timeout", "10m"])?;
    session.exp_regex("waits-b [^\n]*UPDATING until it is skipped")?;
    session.send_control('c')?;
    session.exp_string("cancelling every item")?;
    session.exp_string("interrupted: items that were not finished were cancelled")?;
    ends(&mut session, 2)?;
    for (name, status) in results(&place, "Folders") {
        assert_eq!(status, json!("SKIPPED"), "{name}");
    }
    Ok(())
}

#[test]
fn a_signal_ends_the_session_although_a_list_is_open() -> Done {
    let place = Place::new();
    fs::create_dir(place.path("waits")).expect("it can be made");
    register(&place, "Folders", &["waits"]);
    let mut session = on_terminal(&place, &["sync", "--start", "--timeout", "10m"])?;
    session.exp_string("UPDATING until it is skipped")?;
    session.send("s")?;
    session.flush()?;
    session.exp_string("Skip (Enter")?;
    session.exp_string("Folders: waits")?;
    session.process_mut().signal(rexpect::process::Signal::SIGTERM)?;
    session.exp_string("waits  SKIPPED")?;
    ends(&mut session, 2)
}

#[test]
fn the_error_of_a_native_handler_is_shown_in_its_worker_and_the_retry_is_made() -> Done {
    let place = Place::new();
    let library = native::library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let library = library.to_str().expect("it is UTF-8");
    place.done(&["register", library, "--clsid", native::NOTEBOOK_CPP, "--no-check", "--description", "Notebook"]);
    let mut session = on_terminal(&place, &["sync", "--start", "--timeout", "10m"])?;
    session.exp_string("Errors (Enter")?;
    session.exp_string("Notebook: Calendar: ERROR: ")?;
    session.send("\x1b[B\r")?;
    session.flush()?;
    session.exp_string("Notebook: shows the error Calendar: ERROR: ")?;
    session.exp_string("Notebook: synchronizes again")?;
    session.exp_string("Notebook: completed with S_OK")?;
    ends(&mut session, 0)?;
    // By Esc, the results are closed as they are.
    let mut session = on_terminal(&place, &["sync", "--start", "--timeout", "10m"])?;
    session.exp_string("Errors (Enter")?;
    session.send("\x1b")?;
    session.flush()?;
    session.exp_string("Notebook: completed with E_FAIL")?;
    ends(&mut session, 1)
}

#[test]
fn properties_are_opened_from_the_choice_and_the_choice_goes_on_as_it_was() -> Done {
    let place = Place::new();
    place.done(&["register", &sample("office.json")]);
    let mut session = on_terminal(&place, &["sync"])?;
    session.exp_string("Office: what is synchronized?")?;
    session.exp_string("(show the properties of Office)")?;
    // Mail is unchecked; the properties of Calendar and of the handler are wanted. The archive has none.
    session.send(" \x1b[B\x1b[B\x1b[B\x1b[B \x1b[B \r")?;
    session.flush()?;
    session.exp_string("Office: properties of Calendar: closed with S_OK")?;
    session.exp_string("Office: properties of Office: closed with S_OK")?;
    session.exp_string("Office: what is synchronized?")?;
    session.exp_string("[ ] Mail")?;
    session.exp_string("(show the properties of Office)")?;
    session.send("\r")?;
    session.flush()?;
    session.exp_string("Errors (Enter")?;
    session.send("\r")?;
    session.flush()?;
    session.exp_string("Office: completed with E_FAIL")?;
    ends(&mut session, 1)?;
    assert_eq!(results(&place, "Office")[0], ("Mail".to_owned(), Value::Null));
    assert_eq!(results(&place, "Office")[1], ("Calendar".to_owned(), json!("FAILED")));
    Ok(())
}

#[test]
fn a_handler_with_nothing_to_list_is_said_and_not_shown_unless_it_is_to_be_listed_always() -> Done {
    let place = Place::new();
    let script = |name: &str, flags: &str| {
        let script = json!({ "kind": "script", "version": 1, "name": name, "flags": flags, "items": [] });
        fs::write(place.path(&format!("{name}.json")), script.to_string()).expect("it can be written");
        place.done(&["register", &format!("{name}.json")]);
    };
    script("Empty", "0");
    script("Always", "ALWAYSLISTHANDLER");
    script("Configurable", "ALWAYSLISTHANDLER|HASPROPERTIES");
    for (handler, said) in [("Empty", "nothing to list, so it is not shown"), ("Always", "listed always, and nothing")]
    {
        let mut session = on_terminal(&place, &["sync", handler])?;
        session.exp_string(&format!("{handler}: {said}"))?;
        ends(&mut session, 0)?;
    }
    let mut session = on_terminal(&place, &["sync", "Configurable"])?;
    session.exp_string("[ ] (show the properties of Configurable)")?;
    session.send("\r")?;
    session.flush()?;
    session.exp_string("Configurable: nothing was chosen")?;
    ends(&mut session, 0)
}

#[test]
fn settings_are_for_events_and_an_event_runs_what_is_registered_for_it_as_it_is_preferred() -> Done {
    let place = Place::new();
    place::script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0")], "S_OK");
    place.done(&["register", "mine.json", "--event", "connect"]);
    place.done(&["register", &sample("minimal.json")]);
    place.done(&["prefs", "set", "Mine", "unchecked", "--item", "Photos", "--event", "connect"]);
    place.done(&["prefs", "set", "Mine", "checked", "--item", "Photos", "--event", "logon"]);
    // Only one is registered for CONNECT, as which handlers see a logon too.
    let photos = |event: &str| {
        let text = place.done(&["update", "--event", event, "--minimized"]);
        assert!(text.starts_with("Mine: completed with S_OK\n"), "{event}: {text}");
        results(&place, "Mine")[0].1.clone()
    };
    assert_eq!(photos("connect"), Value::Null);
    assert_eq!(photos("logon"), json!("SUCCEEDED"));
    let (code, text, said) = place.mobsync(&["update", "--event", "idle"]);
    assert_eq!((code, text.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("no handler is registered for IDLE"), "{said}");
    place.refused(&["update", "--event", "idle", "--handler", "Mine"], "cannot be used with");

    // "Ask me first": nobody can be asked without a terminal.
    place.refused(&["prefs", "set", "Mine", "ask"], "ask and dont-ask need --event");
    place.refused(&["prefs", "set", "Mine", "ask", "--event", "logon", "--item", "A"], "neither --item");
    place.done(&["prefs", "set", "Mine", "ask", "--event", "logon"]);
    assert!(place.done(&["prefs", "show", "Mine"]).starts_with("asks first at: LOGON\n"));
    let (code, text, said) = place.mobsync(&["update", "--event", "logon"]);
    assert_eq!((code, text.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.contains("Mine: the user is to be asked first, and there is no terminal to ask on; not run"),
        "{said}"
    );
    let schedule = json!({
        "format": "mobsync-schedule", "version": 1, "zone": "utc", "events": [{ "at": "0 9 * * *", "event": "logon" }]
    });
    fs::write(place.path("schedule.json"), schedule.to_string()).expect("it can be written");
    let (_, played, said) = place.mobsync(&["daemon", "--schedule", "schedule.json", "--virtual", "--days", "1"]);
    assert!(played.contains("logon: Mine: the user is to be asked first at LOGON, and nobody is at"), "{played}{said}");
    assert_eq!(photos("connect"), Value::Null, "for other events nothing has changed");

    // On a terminal the user is asked, with what is preferred for the event checked.
    let mut session = on_terminal(&place, &["update", "--event", "logon"])?;
    session.exp_string("Mine: what is synchronized?")?;
    session.exp_string("[x] Photos")?;
    session.send("\x1b[B \r")?;
    session.flush()?;
    session.exp_string("Mine: completed with S_OK")?;
    ends(&mut session, 0)?;
    assert_eq!(
        results(&place, "Mine"),
        [("Photos".to_owned(), json!("SUCCEEDED")), ("Letters".to_owned(), Value::Null)]
    );

    // The settings go to another store, and can be taken back.
    place.done(&["prefs", "export", "--output", "prefs.json"]);
    place.done(&["prefs", "set", "Mine", "dont-ask", "--event", "logon"]);
    assert!(!place.done(&["prefs", "show", "Mine"]).contains("asks first"));
    place.done(&["prefs", "import", "prefs.json"]);
    assert!(place.done(&["prefs", "show", "Mine"]).starts_with("asks first at: LOGON\n"));
    Ok(())
}

#[test]
fn the_threading_model_that_was_registered_is_that_of_every_command() {
    let library = native::library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let clsid = native::NOTEBOOK_CPP.parse().expect("it is a GUID");
    for wanted in [false, true] {
        let start = Start::Library { library: library.clone(), multi_threaded: wanted };
        let registration = Registration { clsid, description: None, flags: RegisterFlags(0), start };
        let handler = Handler::of_registration(&registration).expect("the library is there");
        let Some(HandlerSpec::Com { multi_threaded, .. }) = handler.spec() else { panic!("it is a library") };
        assert_eq!(*multi_threaded, wanted);
    }
}
