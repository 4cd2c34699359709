//! Sessions by a schedule: `mobsync daemon`, played in virtual time and on the machine's clock.

#[allow(dead_code, reason = "several tests share it, and each uses a part of it")]
#[path = "common/place.rs"]
mod place;

use std::collections::BTreeMap;
use std::fs;

use place::{Place, script};
use serde_json::{Value, json};

/// A week from here, unless a test says something else.
const FIRST_DAY: &str = "2026-01-05T";

fn schedule(place: &Place, events: &Value) {
    let schedule = json!({ "format": "mobsync-schedule", "version": 1, "events": events });
    fs::write(place.path("schedule.json"), schedule.to_string()).expect("it can be written");
}

/// What is in the files of a folder, and of those in it.
fn files(place: &Place, folder: &str) -> BTreeMap<String, String> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![place.path(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("it is text");
                files.insert(path.display().to_string(), text);
            }
        }
    }
    files
}

#[test]
fn a_week_is_played_with_the_same_traces_every_time() {
    let place = Place::new();
    script(&place, &[("A", "Photos", "0"), ("B", "Letters", "0")], "S_OK");
    place.done(&["register", "mine.json", "--description", "Office", "--event", "idle,connect"]);
    let schedule = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schedules/office.json");
    let before = files(&place, "store");
    let play = |traces: &str| place.done(&["daemon", "--schedule", schedule, "--virtual", "--traces", traces]);
    let lines = play("first");
    assert_eq!(lines, play("second"));
    assert_eq!(files(&place, "store"), before, "the store stays as it is");

    let renamed = files(&place, "second").into_iter().map(|(path, text)| (path.replace("second", "first"), text));
    let traces = files(&place, "first");
    assert_eq!(traces, renamed.collect());
    // On five days logon and 27 times idle, on seven days what is scheduled. Nobody is registered for logoff.
    assert_eq!(traces.len(), 5 * 28 + 7);
    assert_eq!(lines.matches(" Office: completed with S_OK; 2 SUCCEEDED\n").count(), 5 * 28 + 7, "{lines}");
    assert_eq!(lines.matches("logoff: no handler is registered for this event\n").count(), 5, "{lines}");
    assert!(lines.starts_with("2026-01-05T09:00:00.000Z logon: begins\n"), "{lines}");
}

#[test]
fn what_is_due_while_sessions_run_waits_and_does_not_wait_twice() {
    let place = Place::new();
    fs::write(
        place.path("slow.json"),
        r#"{"kind": "script", "version": 1, "name": "Slow", "items": [{"id": "A", "name": "A"}], "methods": {"Synchronize": {
            "threads": {"w": [{"work": {"item": "A", "units": 1800, "each": "5s"}}, {"complete": "S_OK"}]}}}}"#,
    )
    .expect("it can be written");
    place.done(&["register", "slow.json", "--no-check"]);
    schedule(
        &place,
        &json!([{ "at": "0 8 * * *" }, { "at": "0 9,10 * * *", "event": "scheduled", "handlers": ["Slow"] }]),
    );
    let lines = place.done(&["daemon", "--schedule", "schedule.json", "--virtual", "--days", "1"]);
    let told: Vec<&str> = lines.lines().map(|line| line.strip_prefix(FIRST_DAY).unwrap_or(line)).collect();
    let begins = |hour: &str| told.iter().position(|line| line.starts_with(hour)).expect("it is there");
    assert_eq!(told[begins("08:00")], "08:00:00.000Z scheduled: begins");
    let again = "10:00:00.000Z scheduled: due again while it still waits for its turn; it runs once";
    assert_eq!(told[begins("10:00")], again, "{lines}");
    let late = "10:30:00.000Z scheduled: begins; it was due at 2026-01-05T09:00:00Z";
    assert_eq!(told[begins("10:30") + 1], late, "{lines}");
    assert_eq!(lines.matches("Slow: completed with S_OK; 1 SUCCEEDED").count(), 2, "{lines}");
}

#[test]
fn what_cannot_be_played_is_said() {
    let place = Place::new();
    schedule(&place, &json!([{ "at": "0 8 * * *" }]));
    let one_day = ["daemon", "--schedule", "schedule.json", "--virtual", "--days", "1"];
    assert!(place.done(&one_day).ends_with("scheduled: no handler is registered for this event\n"));
    fs::create_dir(place.path("left")).expect("a folder can be made");
    place.done(&["register", "filesync", "--folder", "left=right", "--description", "Folders"]);
    place.refused(
        &one_day,
        "only scripts have virtual time, and the schedule also starts Folders; name the handlers to play",
    );
    // Another handler is played, where the schedule says so.
    script(&place, &[("A", "Photos", "0")], "S_OK");
    place.done(&["register", "mine.json", "--description", "Office"]);
    schedule(&place, &json!([{ "at": "0 8 * * *", "handlers": ["Office"] }]));
    assert!(place.done(&one_day).ends_with("scheduled: Office: completed with S_OK; 1 SUCCEEDED\n"));
    schedule(&place, &json!([{ "at": "0 25 * * *" }]));
    place.refused(&one_day, "schedule.json:1:");
    schedule(&place, &json!([{ "at": "0 8 * * *", "handler": "Folders" }]));
    place.refused(&one_day, "unknown field `handler`");
    place.refused(&["daemon"], "--schedule");
    place.refused(&["daemon", "--state"], "no `mobsync daemon` has run on this store");
}

/// Runs by the machine's clock; a schedule with seconds is soon due.
#[cfg(unix)]
mod by_the_clock {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Child, ChildStdout, Command, Stdio};

    use super::*;

    struct Running {
        child: Child,
        lines: BufReader<ChildStdout>,
    }

    impl Running {
        fn start(place: &Place) -> Self {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
            command.args(["daemon", "--schedule", "schedule.json"]).current_dir(place.0.path());
            command.env("MOBSYNC_STORE", place.path("store")).stdout(Stdio::piped());
            let mut child = command.spawn().expect("it starts");
            let lines = BufReader::new(child.stdout.take().expect("it has an output"));
            Self { child, lines }
        }

        /// The next line with these words.
        fn line_with(&mut self, words: &str) -> String {
            let mut all = String::new();
            loop {
                let mut line = String::new();
                assert_ne!(self.lines.read_line(&mut line).expect("it can be read"), 0, "{words:?} is not in\n{all}");
                if line.contains(words) {
                    return line;
                }
                all += &line;
            }
        }

        fn signal(&self, name: &str) {
            let pid = self.child.id().to_string();
            assert!(Command::new("kill").args([name, &pid]).status().expect("there is kill").success());
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            // A test that fails leaves nothing behind.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn it_follows_the_schedule_reads_it_again_and_ends_when_it_is_told() {
        let place = Place::new();
        script(&place, &[("A", "Photos", "0")], "S_OK");
        place.done(&["register", "mine.json"]);
        schedule(&place, &json!([{ "at": "* * * * * *" }]));
        let mut running = Running::start(&place);
        running.line_with("scheduled: Mine: completed with S_OK; 1 SUCCEEDED");
        assert!(place.done(&["results", "Mine"]).contains("Photos  SUCCEEDED"));

        let file = place.path("store/daemon.json");
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "its owner alone reads it");
        let state: Value = serde_json::from_str(&place.done(&["daemon", "--state", "--format", "json"])).expect("JSON");
        assert_eq!((&state["format"], &state["process"]), (&json!("mobsync-daemon"), &json!(running.child.id())));
        assert!(place.done(&["daemon", "--state"]).starts_with(&format!("process {}: ", running.child.id())));
        place.refused(&["daemon", "--schedule", "schedule.json"], "another `mobsync daemon` uses this store");

        fs::write(place.path("schedule.json"), "{").expect("it can be written");
        running.signal("-HUP");
        running.line_with("schedule.json:1:");
        schedule(&place, &json!([{ "at": "0 0 1 1 *", "event": "idle" }]));
        running.signal("-HUP");
        running.line_with("the schedule was read again");
        running.signal("-TERM");
        running.line_with("ending");
        assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
        let state: Value = serde_json::from_str(&place.done(&["daemon", "--state", "--format", "json"])).expect("JSON");
        assert_eq!(state["doing"], "ended");
        assert!(place.done(&["daemon", "--state"]).starts_with("not running; it ran until "));
    }

    #[test]
    fn what_was_missed_while_it_did_not_run_is_run_once_or_told() {
        let place = Place::new();
        script(&place, &[("A", "Photos", "0")], "S_OK");
        place.done(&["register", "mine.json", "--event", "idle"]);
        let every_day = |event: &str, missed: &str| json!({ "at": "0 0 * * *", "event": event, "missed": missed });
        schedule(&place, &json!([every_day("idle", "run"), every_day("scheduled", "tell")]));
        let state = json!({
            "format": "mobsync-daemon", "version": 1, "process": 1, "schedule": "schedule.json", "doing": "ended",
            "seen": "2026-01-05T00:00:00Z"
        });
        fs::write(place.path("store/daemon.json"), state.to_string()).expect("it can be written");
        let mut running = Running::start(&place);
        assert!(running.line_with("idle: missed ").ends_with("; it runs now\n"));
        assert!(running.line_with("scheduled: missed ").ends_with("; it does not run\n"));
        running.line_with("idle: Mine: completed with S_OK; 1 SUCCEEDED");
        running.signal("-INT");
        assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
    }

    /// Larger than what can be copied before the signal comes; nearly all of it is a hole.
    const LARGE: u64 = 8 << 30;

    #[test]
    fn sigterm_cancels_the_sessions_that_run_through_the_protocol() {
        let place = Place::new();
        fs::create_dir(place.path("left")).expect("a folder can be made");
        let large = fs::File::create(place.path("left/large")).expect("it can be made");
        large.set_len(LARGE).expect("it may be so large");
        place.done(&["register", "filesync", "--folder", "left=right", "--description", "Folders"]);
        schedule(&place, &json!([{ "at": "* * * * * *" }]));
        let mut running = Running::start(&place);
        running.line_with("scheduled: begins");
        running.signal("-TERM");
        running.line_with("every item of the sessions that run is cancelled");
        let end = running.line_with("scheduled: Folders: ");
        assert!(!end.contains("SUCCEEDED"), "{end}");
        assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
        assert!(!place.path("right/large").exists(), "no half a file is left");
    }
}
