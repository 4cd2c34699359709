//! Sessions as pictures: the page of `--report html`, `mobsync timeline`, and `mobsync trace export`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

const TWICE: &str = "fixtures/handlers/completes-twice.json";

fn mobsync_in(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("mobsync").expect("it is built");
    let output = command.current_dir(folder).args(args).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn mobsync(args: &[&str]) -> (Option<i32>, String, String) {
    mobsync_in(Path::new(env!("CARGO_MANIFEST_DIR")), args)
}

/// A folder for files, and the path of one in it.
fn file(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("it is UTF-8").to_owned()
}

/// What the page's script draws.
fn drawn(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("it has data");
    let (data, _) = rest.split_once("</script>").expect("they end");
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

fn many(of: &Value) -> usize {
    of.as_array().expect("there are some").len()
}

/// The events of a trace file, but for stacks.
fn events(trace: &str) -> Vec<Value> {
    let text = fs::read_to_string(trace).expect("there is a trace");
    let events = text.lines().skip(1).map(|line| serde_json::from_str(line).expect("it is JSON"));
    events.filter(|event: &Value| event["method"] != "Stack").collect()
}

fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["kind"] == kind).count()
}

fn threads(events: &[Value]) -> BTreeSet<&str> {
    events.iter().filter_map(|event| event["thread"].as_str()).collect()
}

#[test]
fn the_page_draws_every_thread_call_callback_and_finding() {
    let folder = TempDir::new().unwrap();
    let (page, trace, report) = (file(&folder, "page.html"), file(&folder, "t.jsonl"), file(&folder, "r.json"));
    for handler in ["completes-twice", "good", "hangs", "panics", "races"] {
        let handler = format!("fixtures/handlers/{handler}.json");
        let html = format!("html={page}");
        mobsync(&["run", &handler, "--trace", &trace, "--report", &html, "--format", "json", "--output", &report]);
        let (text, events) = (fs::read_to_string(&page).unwrap(), events(&trace));
        let report: Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
        let drawn = drawn(&text);
        let session = &drawn["sessions"][0];
        let lanes: BTreeSet<&str> =
            session["lanes"].as_array().unwrap().iter().skip(1).filter_map(Value::as_str).collect();
        assert_eq!((&session["lanes"][0], lanes), (&json!("manager"), threads(&events)), "{handler}");
        assert_eq!(many(&session["bars"]), count(&events, "call"), "{handler}");
        assert_eq!(many(&session["marks"]), count(&events, "callback"), "{handler}");
        assert_eq!(many(&session["notes"]), count(&events, "note"), "{handler}");
        assert_eq!(many(&session["findings"]), many(&report["findings"]), "{handler}");
        for mark in session["findings"].as_array().unwrap() {
            let row = &report["findings"][usize::try_from(mark[3].as_u64().unwrap()).unwrap()];
            assert_eq!((&mark[4], &mark[1]), (&row["events"], &row["at_ns"]), "{handler}");
            assert_eq!(drawn["findings"][mark[3].to_string()]["rule"], row["rule"], "{handler}");
        }
        // What returned and what was answered is drawn to its end.
        let ended = |part: &str| session[part].as_array().unwrap().iter().filter(|one| one[2] != 0).count();
        assert_eq!((ended("bars"), ended("marks")), (count(&events, "return"), count(&events, "reply")), "{handler}");
        let causes = report["causes"].as_array().unwrap();
        assert_eq!(text.matches("<article ").count(), causes.len(), "{handler}");
        for cause in causes {
            let example = &report["findings"][usize::try_from(cause["example"].as_u64().unwrap()).unwrap()];
            for shown in [&cause["rule"], &example["reproduce"], &example["debug"]] {
                assert!(text.contains(shown.as_str().unwrap()), "{handler}: {shown}");
            }
        }
    }
}

#[test]
fn held_replies_skips_cancels_and_waits_are_drawn() {
    let folder = TempDir::new().unwrap();
    let (page, trace) = (file(&folder, "page.html"), file(&folder, "a.trace"));
    let notation = "opening synchronizing\nhandler Progress A UPDATING 1/3 -> ?\nnote Held Progress \"SetItemStatus\" @worker\n\
                    manager SetItemStatus A SKIPPED +1ms\nmanager SetItemStatus returns S_OK +1ms\n\
                    note LetGo Progress reached @worker\nhandler Progress answered S_OK +1ms\n\
                    handler Progress A SKIPPED\nhandler Progress B UPDATING -> S_SYNCMGR_CANCELITEM\n\
                    handler Progress B STOPPED -> S_SYNCMGR_CANCELITEM\nhandler SynchronizeCompleted S_OK\n\
                    manager SetProgressCallback NULL -> S_OK\nmanager Release -> S_OK\n";
    fs::write(&trace, notation).unwrap();
    let (_, _, errors) = mobsync(&["check", &trace, "--format", "html", "--output", &page]);
    assert_eq!(errors, "");
    let session = &drawn(&fs::read_to_string(&page).unwrap())["sessions"][0];
    let of =
        |part: &str, at: usize, is: u64| session[part].as_array().unwrap().iter().filter(|one| one[at] == is).count();
    assert_eq!(of("marks", 8, 1), 1, "the held reply: {session}");
    assert_eq!(of("marks", 7, 1), 2, "replies that say stop: {session}");
    assert_eq!(of("bars", 7, 1), 1, "the skip: {session}");
    let held = session["marks"].as_array().unwrap().iter().find(|mark| mark[8] == 1).unwrap();
    assert_eq!(held[3].as_u64().unwrap() - held[1].as_u64().unwrap(), 3_000_000);
    let wait = session["waits"].as_array().unwrap().iter().find(|wait| wait[5] == "Synchronize").unwrap();
    let completed = session["marks"].as_array().unwrap().iter().find(|mark| mark[6] == "SynchronizeCompleted").unwrap();
    assert_eq!(wait[2], completed[0]);
}

/// What would act on a page or a terminal.
const HOSTILE: &str = "</script><script>hit()</script><img src=x onerror='hit()'>\u{1b}[31m\u{202e}&lt;";

fn hostile_handler(folder: &TempDir) -> String {
    let mut script: Value = serde_json::from_str(&fs::read_to_string(TWICE).unwrap()).unwrap();
    script["name"] = json!(HOSTILE);
    script.as_object_mut().unwrap().remove("$schema");
    for item in script["items"].as_array_mut().unwrap() {
        item["name"] = json!(HOSTILE);
    }
    let path = file(folder, "hostile.json");
    fs::write(&path, script.to_string()).unwrap();
    path
}

#[test]
fn no_text_of_a_handler_is_markup_and_nothing_is_fetched() {
    let folder = TempDir::new().unwrap();
    let handler = hostile_handler(&folder);
    for command in [&["run", &handler][..], &["conform", &handler]] {
        let (_, page, errors) = mobsync(&[command, &["--format", "html"]].concat());
        assert!(page.contains("hit()") && page.ends_with("</html>\n"), "{errors}");
        assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (2, 2));
        assert!(!page.contains("<img") && !page.contains(['\u{1b}', '\u{202e}']));
        assert!(page.contains("default-src 'none'"));
        let script = page.split_once("id=\"data\">").unwrap().0;
        let addresses: Vec<&str> = script.match_indices("href=\"").map(|(at, _)| &script[at + 6..at + 7]).collect();
        assert!(!addresses.is_empty() && addresses.iter().all(|first| *first == "#"), "{addresses:?}");
        assert_eq!(page.matches("src=").count(), page.matches("src=x").count(), "only in a text");
    }
}

/// A trace of about so many events, in the notation.
fn long_trace(folder: &TempDir, many: usize) -> String {
    let mut text = "opening synchronizing\n".to_owned();
    for at in 0..many / 4 {
        text += &format!(
            "handler Progress A UPDATING {at}/{many} @left +1ms\nhandler Progress B UPDATING {at}/{many} @right +1ms\n"
        );
    }
    text += "handler SynchronizeCompleted S_OK @left\nhandler SynchronizeCompleted S_OK @right\n";
    let path = file(folder, "long.trace");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn ten_thousand_events_make_a_small_page_and_of_more_both_ends_are_drawn() {
    let folder = TempDir::new().unwrap();
    let page = |many: usize| mobsync(&["check", &long_trace(&folder, many), "--format", "html"]).1;
    let whole = page(9_960);
    assert!((9_960..10_000).contains(&(2 * many(&drawn(&whole)["sessions"][0]["marks"]))));
    assert!(whole.len() < 2_000_000, "{} bytes", whole.len());
    assert!(!whole.contains("in the middle are left out"));
    let cut = page(14_000);
    let session = &drawn(&cut)["sessions"][0];
    let left_out = session["left_out"].as_u64().unwrap();
    assert!(
        (4_000..4_100).contains(&left_out) && cut.contains(&format!("({left_out} more in the middle are left out)"))
    );
    assert!(cut.len() < 2_000_000, "{} bytes", cut.len());
    // The finding is at the end.
    let last = &session["marks"].as_array().unwrap().last().unwrap()[0];
    assert!(session["findings"].as_array().unwrap().iter().any(|mark| mark[0] == *last), "{}", session["findings"]);
}

#[test]
fn sessions_with_findings_are_drawn_first_and_the_page_says_how_many_are_not() {
    let folder = TempDir::new().unwrap();
    let trace = file(&folder, "t.jsonl");
    mobsync(&["run", TWICE, "--trace", &trace]);
    let good = file(&folder, "good.jsonl");
    mobsync(&["run", "fixtures/handlers/good.json", "--trace", &good]);
    let long = long_trace(&folder, 9_900);
    // The long one fills the picture; one with findings is drawn all the same if there is room, others are not.
    let (_, page, _) = mobsync(&["check", &good, &long, &trace, &good, "--format", "html"]);
    let sessions: Vec<String> =
        drawn(&page)["sessions"].as_array().unwrap().iter().map(|one| one["case"].to_string()).collect();
    assert_eq!(sessions, [json!(good).to_string(), json!(long).to_string(), json!(trace).to_string()]);
    assert!(page.contains("3 of 4 sessions are drawn"));
}

#[test]
fn a_stack_shows_the_lines_of_sources_below_the_folder_and_of_no_other_file() {
    let folder = TempDir::new().unwrap();
    let (inside, outside) = (folder.path().join("project"), folder.path().join("outside.cpp"));
    fs::create_dir_all(inside.join("src")).unwrap();
    fs::write(inside.join("src/notes.cpp"), "one\ntwo\nthree <here>\nfour\n").unwrap();
    fs::write(&outside, "secret\n").unwrap();
    let (_, report, _) = mobsync(&["run", TWICE, "--format", "json"]);
    let mut report: Value = serde_json::from_str(&report).unwrap();
    let frames = ["notes::save at src/notes.cpp:3", "gone at src/gone.cpp:1", "f at ../outside.cpp:1"];
    report["findings"][0]["backtrace"] = json!(
        frames
            .iter()
            .map(|frame| (*frame).to_owned())
            .chain([format!("g at {}:1", outside.display()), "h at src/notes.cpp:99".to_owned()])
            .collect::<Vec<String>>()
    );
    let path = inside.join("r.json");
    fs::write(&path, report.to_string()).unwrap();
    let (code, page, errors) = mobsync_in(&inside, &["report", "show", "r.json", "--format", "html"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(page.contains("    2  two\n<b>    3  three &lt;here&gt;</b>\n    4  four\n"), "{page}");
    assert!(!page.contains("secret") && page.contains("../outside.cpp:1"));
    assert_eq!(page.matches("<pre class=\"source\">").count(), 1);
    assert!(page.contains("a report that has no events"), "what was read from a file has no session");
}

/// The spans of each track, as begin and end.
fn spans(trace: &Value) -> BTreeMap<(u64, u64), Vec<(f64, f64)>> {
    let mut spans: BTreeMap<(u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
    for event in trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X") {
        let number = |name: &str| event[name].as_f64().unwrap_or_else(|| panic!("{name} of {event}"));
        let track = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
        assert!(number("dur") >= 0.0, "{event}");
        spans.entry(track).or_default().push((number("ts"), number("ts") + number("dur")));
    }
    spans
}

#[test]
fn the_export_keeps_to_the_rules_of_the_trace_event_format() {
    let folder = TempDir::new().unwrap();
    let (trace, out) = (file(&folder, "t.jsonl"), file(&folder, "perfetto.json"));
    let traces = file(&folder, "traces");
    mobsync(&["conform", "fixtures/handlers/good.json", "--trace", &traces]);
    let mut all: Vec<PathBuf> = fs::read_dir(&traces).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(all.len() > 40);
    mobsync(&["run", TWICE, "--trace", &trace]);
    mobsync(&["run", "fixtures/handlers/hangs.json", "--trace", &file(&folder, "hangs.jsonl")]);
    // Of the suite some, and one in which two instances are called at once.
    all.sort();
    all.retain(|path| path.to_str().unwrap().contains("-instance") || path.to_str().unwrap().contains("cancel-all"));
    all.extend([PathBuf::from(&trace), folder.path().join("hangs.jsonl")]);
    for trace in all.iter().map(|path| path.to_str().unwrap()) {
        let (code, said, errors) = mobsync(&["trace", "export", trace, "--perfetto", &out]);
        assert_eq!((code, said.as_str(), errors.as_str()), (Some(0), "", ""), "{trace}");
        let written: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
        let (events, spans) = (events(trace), spans(&written));
        let all = written["traceEvents"].as_array().unwrap();
        let spans_of =
            |pid: u64| spans.iter().filter(|((of, _), _)| *of == pid).map(|(_, spans)| spans.len()).sum::<usize>();
        assert_eq!((spans_of(1), spans_of(2)), (count(&events, "call"), count(&events, "callback")), "{trace}");
        // On one track, what overlaps lies within the other.
        for (track, spans) in &spans {
            for (at, one) in spans.iter().enumerate() {
                for other in &spans[at + 1..] {
                    let apart = one.1 <= other.0 || other.1 <= one.0;
                    let within = (one.0 <= other.0 && other.1 <= one.1) || (other.0 <= one.0 && one.1 <= other.1);
                    assert!(apart || within, "{trace}: {track:?}: {one:?} and {other:?}");
                }
            }
        }
        // Every track has a name, and every thread of the handler that did something a track.
        let named = |event: &&Value| event["ph"] == "M" && event["name"] == "thread_name";
        let names: BTreeMap<(u64, u64), &str> = all
            .iter()
            .filter(named)
            .map(|event| {
                (
                    (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap()),
                    event["args"]["name"].as_str().unwrap(),
                )
            })
            .collect();
        assert!(spans.keys().all(|track| names.contains_key(track)), "{trace}");
        let callers: BTreeSet<&str> = events
            .iter()
            .filter(|event| event["kind"] == "callback")
            .filter_map(|event| event["thread"].as_str())
            .collect();
        assert!(
            callers.iter().all(|caller| names.values().any(|name| name == caller)),
            "{trace}: {callers:?} {names:?}"
        );
        // What begins in one event and ends in another has both.
        let ids = |phase: &str| {
            all.iter()
                .filter(|event| event["ph"] == phase)
                .map(|event| event["id"].to_string())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(ids("b"), ids("e"), "{trace}");
    }
    let (_, report, _) = mobsync(&["check", &trace, "--format", "json"]);
    mobsync(&["trace", "export", &trace, "--perfetto", &out]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let rule = report["findings"][0]["rule"].as_str().unwrap();
    assert!(fs::read_to_string(&out).unwrap().contains(&format!("\"name\": \"{rule} ")));
}

#[test]
fn the_export_refuses_what_it_cannot_read_or_write() {
    let folder = TempDir::new().unwrap();
    let trace = file(&folder, "t.jsonl");
    mobsync(&["run", TWICE, "--trace", &trace]);
    let before = fs::read(&trace).unwrap();
    for (args, message) in [
        (["trace", "export", &trace, "--perfetto", &trace], "this would overwrite the trace to export"),
        (["trace", "export", "nowhere.jsonl", "--perfetto", &file(&folder, "o")], "nowhere.jsonl: cannot be read"),
        (["trace", "export", &trace, "--perfetto", folder.path().to_str().unwrap()], "--perfetto "),
    ] {
        let (code, _, errors) = mobsync(&args);
        assert!(code == Some(2) && errors.contains(message), "{args:?}: {errors}");
    }
    assert_eq!(fs::read(&trace).unwrap(), before);
    assert!(!folder.path().join("o").exists());
}

#[test]
fn a_session_is_drawn_in_the_terminal() {
    let folder = TempDir::new().unwrap();
    let trace = file(&folder, "a.trace");
    let notation = "opening prepared\nmanager Synchronize\nhandler Progress A UPDATING 1/2 @left +5ms\n\
                    handler Progress A UPDATING 2/2 -> S_SYNCMGR_CANCELALL @left\n\
                    handler SynchronizeCompleted S_OK @right +1ms\nmanager Synchronize returns S_OK +4ms\n\
                    handler SynchronizeCompleted S_OK @left\n";
    fs::write(&trace, notation).unwrap();
    let (code, text, errors) = mobsync(&["timeline", &trace, "--width", "110"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let expected = "
         0ms ┏ │ │ │ │  manager Synchronize
         5ms ┃ │ │ ● │  handler Progress A UPDATING 1/2 -> S_OK @left
         5ms ┃ │ │ ✕ │  handler Progress A UPDATING 2/2 -> S_SYNCMGR_CANCELALL @left
         6ms ┃ │ │ │ ●  handler SynchronizeCompleted S_OK -> S_OK @right
        10ms ┗ │ │ │ │  manager Synchronize returns S_OK
        10ms │ │ │ ● │  handler SynchronizeCompleted S_OK -> E_UNEXPECTED @left
          !! │ │ │ │ │  error SYNC-04 synchronize-completed-once: Synchronize is completed a second time
";
    assert!(text.contains(expected), "{text}");
    let lanes = "             manager\n             │ apartment\n             │ │ worker\n             │ │ │ left\n             │ │ │ │ right\n";
    assert!(text.starts_with(lanes), "{text}");
    let (_, narrow, _) = mobsync(&["timeline", &trace, "--width", "60"]);
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    assert!(narrow.contains("…\n"), "{narrow}");
    let (code, _, errors) = mobsync(&["timeline", "nowhere.jsonl"]);
    assert!(code == Some(2) && errors.starts_with("mobsync: nowhere.jsonl: cannot be read"), "{errors}");
}

#[test]
fn hostile_texts_do_nothing_in_the_terminal() {
    let folder = TempDir::new().unwrap();
    let (handler, trace) = (hostile_handler(&folder), file(&folder, "t.jsonl"));
    mobsync(&["run", &handler, "--trace", &trace]);
    let (code, text, _) = mobsync(&["timeline", &trace]);
    assert_eq!(code, Some(0));
    assert!(text.contains("hit()") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    let out = file(&folder, "o.json");
    mobsync(&["trace", "export", &trace, "--perfetto", &out]);
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.contains("hit()") && !written.contains(['\u{1b}', '\u{202e}']), "{written}");
}
