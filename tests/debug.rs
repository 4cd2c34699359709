//! `mobsync debug`, as a person uses it: on a terminal, and from a pipe.

#[cfg(unix)]
#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use mobsync::scenario::{self, Action, Reply, Trigger};
use tempfile::TempDir;

/// It completes Synchronize twice.
const TWICE: &str = r#"{
  "kind": "script", "version": 1, "name": "Twice",
  "items": [ { "id": "A", "name": "Documents" }, { "id": "B", "name": "Pictures" } ],
  "methods": { "Synchronize": { "threads": {
    "documents": [ { "work": { "item": "A", "units": 2 } }, { "complete_if_last": "S_OK" } ],
    "pictures": [
      { "work": { "item": "B", "units": 4, "each": "2ms" } },
      { "complete_if_last": "S_OK" },
      { "complete": "S_OK" }
    ]
  } } }
}"#;

fn folder_with(handler: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder can be made");
    let file = folder.path().join("twice.json");
    std::fs::write(&file, handler).expect("it can be written");
    (folder, file)
}

/// Runs it with these commands on standard input. Returns its exit code and what it wrote.
fn piped(handler: &Path, options: &[&str], commands: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("mobsync").expect("it is built");
    let output = command
        .arg("debug")
        .arg(handler)
        .args(options)
        .write_stdin(commands.join("\n"))
        .timeout(std::time::Duration::from_secs(60))
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The text after `(mobsync) {command}`, up to the next prompt.
fn answer<'a>(text: &'a str, command: &str) -> &'a str {
    let (_, after) = text
        .split_once(&format!("(mobsync) {command}\n"))
        .unwrap_or_else(|| panic!("{command} was not echoed:\n{text}"));
    after.split_once("(mobsync) ").map_or(after, |(answer, _)| answer)
}

#[cfg(unix)]
#[test]
fn a_terminal_session_steps_breaks_looks_skips_and_continues() -> Result<(), rexpect::error::Error> {
    let (_folder, file) = folder_with(TWICE);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("mobsync"));
    command.arg("debug").arg(&file).env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = rexpect::session::spawn_command(command, Some(60_000))?;
    session.exp_string("(mobsync) ")?;
    session.send_line("step")?;
    session.exp_string("#1 apartment: note Created \"Twice\"")?;
    session.exp_string("(mobsync) ")?;
    // An empty line does it again.
    session.send_line("")?;
    session.exp_string("#2 apartment: manager Initialize MANUAL|MAYBOTHERUSER")?;
    session.exp_string("(mobsync) ")?;
    // Completion: of the command, and of the rule.
    session.send("cont\t")?;
    session.flush()?;
    session.exp_string("continue ")?;
    session.send_control('u')?;
    session.send_line("break sync-04\t")?;
    session.exp_string("Breakpoint 1, at SYNC-04 synchronize-completed-once.")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("break Progress")?;
    session.exp_string("Breakpoint 2, at Progress.")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("c")?;
    session.exp_string("handler Progress B UPDATING 0/4 -> S_OK")?;
    session.exp_string("Breakpoint 2, at Progress.")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("state")?;
    session.exp_string("synchronize-returned")?;
    session.exp_string("skip Pictures (B)")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("skip Pictures")?;
    session.exp_string("This is done when the session continues.")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("delete 2")?;
    session.exp_string("(mobsync) ")?;
    // The history holds what was typed: up from `delete 2` and `skip Pictures` is `state`.
    session.send_line("\x1b[A\x1b[A\x1b[A")?;
    session.exp_string("wanted     skip Pictures (B)")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("continue")?;
    session.exp_string("error SYNC-04: Synchronize is completed a second time")?;
    session.exp_string("Breakpoint 1, at SYNC-04 synchronize-completed-once.")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("items")?;
    session.exp_string("SKIPPED, skipped by the user")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("continue")?;
    session.exp_string("The session is over: completed with S_OK.")?;
    session.exp_string("(mobsync) ")?;
    session.send_line("quit")?;
    session.exp_eof()?;
    let ended = format!("{:?}", session.process().wait()?);
    assert!(ended.starts_with("Exited(") && ended.ends_with(", 1)"), "{ended}");
    Ok(())
}

#[test]
fn a_pipe_gives_the_same_commands_and_echoes_them() {
    let (_folder, file) = folder_with(TWICE);
    let commands = ["b sync-04", "c", "state", "skip Documents", "trace 2", "c", "findings", "quit"];
    let (code, text, errors) = piped(&file, &[], &commands);
    assert_eq!(code, Some(1), "{text}{errors}");
    assert!(answer(&text, "c").contains("error SYNC-04: Synchronize is completed a second time"), "{text}");
    let state = answer(&text, "state");
    assert!(state.contains("state      synchronized\n"), "{state}");
    assert!(state.contains("pictures: handler SynchronizeCompleted S_OK -> E_UNEXPECTED"), "{state}");
    assert_eq!(state.matches("release").count(), 1, "one command is one line: {state}");
    assert!(
        answer(&text, "skip Documents").starts_with("This is not legal now: SetItemStatus may be called only"),
        "{text}"
    );
    assert_eq!(answer(&text, "trace 2").lines().count(), 2);
    assert!(answer(&text, "findings").contains("rule: Synchronize is completed once only."), "{text}");
}

#[test]
fn the_end_of_the_input_ends_the_program_and_the_code_says_what_was_found() {
    let (_folder, file) = folder_with(TWICE);
    // Nothing was broken before the input ended.
    assert_eq!(piped(&file, &[], &["next", "next"]).0, Some(0));
    assert_eq!(piped(&file, &[], &["continue"]).0, Some(1));
    let (_folder, good) = folder_with(r#"{"kind":"script","version":1,"name":"Good","items":[{"id":"A","name":"A"}]}"#);
    let (code, text, _) = piped(&good, &[], &["c"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("completed with S_OK") && text.contains("No rule was broken."), "{text}");
}

#[test]
fn restart_begins_again_with_the_same_breakpoints() {
    let (_folder, file) = folder_with(TWICE);
    let (_, text, _) = piped(&file, &[], &["b Synchronize", "c", "restart", "c", "step", "s 2", "t 3"]);
    let stops = text.matches("Breakpoint 1, at Synchronize.").count();
    // Once when it was set, and once in each session.
    assert_eq!(stops, 3, "{text}");
    assert_eq!(text.matches("#16 apartment: manager Synchronize\n").count(), 2, "{text}");
    assert!(answer(&text, "step").starts_with("#17 apartment: manager Synchronize returns S_OK"), "{text}");
}

#[test]
fn what_was_done_is_recorded_and_replays() {
    let (folder, file) = folder_with(TWICE);
    let recorded = folder.path().join("recorded.json");
    let record = format!("record {}", recorded.display());
    let commands =
        ["b Progress", "c", "skip Pictures", "cancel Documents", "delete all", "c", "t 99", &record, &record];
    let (_, text, _) = piped(&file, &[], &commands);
    assert!(text.contains("a scenario of 2 steps."), "{text}");
    assert!(text.contains("record to another file"), "a file that is there is kept: {text}");
    let scenario = scenario::load(&recorded).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.handler.as_deref(), Some("twice.json"));
    let actions: Vec<&Action> = scenario.steps.iter().map(|step| &step.action).collect();
    assert!(matches!(actions[..], [Action::Skip(_), Action::Reply(Reply::CancelItem)]), "{actions:?}");
    assert!(scenario.steps.iter().all(|step| matches!(step.when, Trigger::Callback(_))));
    let option = ["--scenario", recorded.to_str().expect("it is UTF-8")];
    let (_, again, _) = piped(&file, &option, &["c", "t 99"]);
    assert_eq!(answer(&again, "t 99"), answer(&text, "t 99"), "the same session");
}

#[test]
fn replies_and_release_are_the_users() {
    let handler = r#"{
      "kind": "script", "version": 1, "name": "Asks", "items": [ { "id": "A", "name": "A" } ],
      "methods": { "PrepareForSync": { "do": [ { "dialog": true }, { "complete": "S_OK" } ] } }
    }"#;
    let (_folder, file) = folder_with(handler);
    let commands = ["next", "reply refuse-dialog", "b EnableModeless", "b prepared", "c", "c", "release", "c"];
    let (_, text, errors) = piped(&file, &[], &commands);
    assert!(text.contains("handler EnableModeless TRUE -> S_FALSE"), "{text}{errors}");
    assert!(text.contains("at state prepared."), "{text}");
    assert!(text.contains("released before it was completed"), "{text}");
}

#[test]
fn words_that_mean_nothing_say_what_there_is() {
    let (_folder, file) = folder_with(TWICE);
    let commands = ["re", "stop", "b SINC", "step 0", "skip A", "show", "step", "skip Nobody", "help record", "help"];
    let (code, text, _) = piped(&file, &[], &commands);
    assert_eq!(code, Some(0));
    assert_eq!(answer(&text, "re"), "`re` can be: reply, release, restart, record\n");
    assert!(answer(&text, "stop").contains("did you mean step?"), "{text}");
    assert!(answer(&text, "b SINC").contains("did you mean SYNC?"), "{text}");
    assert_eq!(answer(&text, "step 0"), "`0` is not a number of at least 1\n");
    assert!(answer(&text, "skip A").starts_with("No session is stopped here"), "{text}");
    assert_eq!(answer(&text, "skip Nobody"), "no items are enumerated yet\n");
    assert!(answer(&text, "help record").contains("scenario"), "{text}");
    assert!(answer(&text, "help").lines().count() > 20, "{text}");
}

#[test]
fn a_handler_on_real_threads_is_debugged_and_left() {
    let folder = TempDir::new().expect("a folder can be made");
    let (left, right) = (folder.path().join("left"), folder.path().join("right"));
    for (side, text) in [(&left, "new"), (&right, "")] {
        std::fs::create_dir(side).expect("it can be made");
        if !text.is_empty() {
            std::fs::write(side.join("file.txt"), text).expect("it can be written");
        }
    }
    let pair = format!("{}={}", left.display(), right.display());
    let options = ["--folder", pair.as_str()];
    let commands = ["b synchronize-returned", "c", "restart", "c", "d all", "c"];
    let (code, text, errors) = piped(Path::new("filesync"), &options, &commands);
    assert_eq!(text.matches("at state synchronize-returned.").count(), 3, "{text}{errors}");
    assert!(answer(&text, "d all").is_empty(), "{text}");
    assert!(text.contains("The session is over: completed with S_OK."), "{text}{errors}");
    assert_eq!(code, Some(0), "{text}{errors}");
    let commands = ["b synchronize-returned", "c", "quit"];
    assert_eq!(piped(Path::new("filesync"), &options, &commands).0, Some(0));
}

#[test]
fn items_that_ended_before_a_retry_keep_their_status() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let commands = ["b Synchronize", "c", "items", "c", "items", "d all", "c", "items", "errors"];
    let (_, text, errors) = piped(&root.join("fixtures/handlers/good.json"), &[], &commands);
    let answers: Vec<&str> = text.split("(mobsync) items\n").skip(1).collect();
    let [first, second, last] = answers[..] else { panic!("{text}{errors}") };
    assert_eq!(first.matches("no status yet\n").count(), 3, "{first}");
    assert!(second.contains("no status yet, SUCCEEDED in an earlier round\n"), "{second}");
    assert!(second.contains("Mail (A)      SUCCEEDED, in an earlier round\n"), "{second}");
    assert!(last.contains("Calendar (B)  SUCCEEDED\nContacts (C)  SUCCEEDED, in an earlier round\n"), "{last}");
    assert!(!text.contains("not chosen"), "{text}");
    assert_eq!(answer(&text, "errors"), "No live errors.\n", "the second round deleted it");
}

#[test]
fn what_cannot_be_started_is_said_with_exit_code_2() {
    let (_folder, file) = folder_with(TWICE);
    for options in
        [&["--break-on", "SYNC-99"][..], &["--scenario", "absent.json"], &["--scenario", "x.json", "--seed", "1"]]
    {
        let (code, _, errors) = piped(&file, options, &[]);
        assert_eq!(code, Some(2), "{options:?}: {errors}");
        assert!(!errors.is_empty());
    }
    assert_eq!(piped(Path::new("absent.json"), &[], &[]).0, Some(2));
}

#[test]
fn a_session_that_never_ends_is_left() {
    let handler = r#"{
      "kind": "script", "version": 1, "name": "Endless", "items": [ { "id": "A", "name": "A" } ],
      "methods": { "Synchronize": { "threads": { "w": [ { "repeat": { "times": 4294967295, "do": [
        { "progress": { "item": "A", "status": "UPDATING", "force": true } }
      ] } } ] } } }
    }"#;
    let (_folder, file) = folder_with(handler);
    let (code, text, errors) = piped(&file, &[], &["b Progress", "c", "restart", "c", "state", "quit"]);
    assert_eq!(code, Some(0), "{text}{errors}");
    assert_eq!(text.matches("Breakpoint 1, at Progress.").count(), 3, "{text}");
    assert!(answer(&text, "state").contains("synchronize-returned"), "{text}");
}

#[test]
fn the_document_shows_what_the_program_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/debugging.md")).expect("it is there");
    let handler = root.join("fixtures/debugging/twice.json");
    let blocks = document.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let sessions: Vec<&str> = blocks.filter(|block| block.contains("(mobsync) ")).collect();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        let shown = session.strip_prefix("$ mobsync debug fixtures/debugging/twice.json\n").unwrap_or(session);
        let commands: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("(mobsync) ")).collect();
        let (_, said, _) = piped(&handler, &[], &commands);
        assert!(said.contains(shown), "the document has\n{shown}\nbut the program says\n{said}");
    }
}

#[test]
fn while_a_reply_is_held_by_hand_the_other_threads_go_on() {
    let (_folder, file) = folder_with(TWICE);
    let commands = [
        "break prepared",
        "continue",
        "hold Documents",
        "delete all",
        "break Held",
        "continue",
        "delete all",
        "step 4",
    ];
    let (_, text, errors) = piped(&file, &[], &commands);
    let after = answer(&text, "step 4");
    assert!(after.contains("pictures: handler Progress B "), "{text}{errors}");
    assert!(!after.contains("documents: "), "it waits for its reply: {text}{errors}");
    let (_, text, errors) = piped(&file, &[], &[&commands[..], &["release reply", "step 4"]].concat());
    let after = text.rsplit("(mobsync) step 4\n").next().unwrap_or_default();
    assert!(after.contains("documents: "), "it was let go: {text}{errors}");
}

#[test]
fn what_is_wanted_of_callbacks_is_said_before_the_session_as_well() {
    let (_folder, file) = folder_with(TWICE);
    let commands =
        ["hold Documents", "break Synchronize", "continue", "restart", "hold Documents", "state", "break Held"];
    let (_, text, errors) = piped(&file, &[], &[&commands[..], &["delete 1", "continue", "state"]].concat());
    assert_eq!(answer(&text, "hold Documents"), "no items are enumerated yet\n");
    assert!(text.contains("(mobsync) hold Documents\nThe reply to the next such Progress is held"), "{text}{errors}");
    assert!(text.contains(" documents: note Held Progress ") || text.contains("note Held Progress"), "{text}{errors}");
}

#[test]
fn a_stop_and_its_finding_have_one_number_and_one_name() {
    let drafts = TWICE.replace(
        "\"id\": \"A\", \"name\": \"Documents\"",
        "\"id\": \"{0F1E2D3C-4B5A-4978-8796-A5B4C3D2E1F0}\", \"name\": \"Drafts\"",
    );
    let drafts = drafts.replace("\"item\": \"A\"", "\"item\": \"{0F1E2D3C-4B5A-4978-8796-A5B4C3D2E1F0}\"");
    let (_folder, file) = folder_with(&drafts);
    let (_, text, errors) = piped(&file, &[], &["break SYNC-04", "continue", "findings", "trace 99"]);
    let stop =
        answer(&text, "continue").lines().find(|line| line.contains("!! SYNC-04")).unwrap_or_else(|| panic!("{text}"));
    let number = stop.split(' ').next().unwrap_or_default();
    assert!(answer(&text, "findings").contains(&format!("{number} on thread pictures")), "{text}{errors}");
    let trace = answer(&text, "trace 99");
    assert!(trace.contains("handler Progress \"Drafts\" UPDATING") && !trace.contains("item1"), "{trace}");
}

#[test]
fn a_reply_whose_time_is_over_is_held_no_more() {
    let (_folder, file) = folder_with(TWICE);
    let commands = [
        "break prepared",
        "continue",
        "hold Documents",
        "delete all",
        "break LetGo",
        "continue",
        "release reply",
        "quit",
    ];
    let (_, text, errors) = piped(&file, &[], &commands);
    assert!(text.contains("note LetGo Progress"), "{text}{errors}");
    assert_eq!(answer(&text, "release reply"), "No reply is held; `hold` holds the next one.\n", "{errors}");
}

#[cfg(unix)]
mod in_a_worker {
    use super::*;
    use crate::native::{NOTEBOOK_CPP, library};

    /// The notebook that does this.
    fn notebook(how: &str) -> PathBuf {
        library("fixtures/handlers/cpp/notebook.cpp", &[&format!("WITH_TORTURE=\"{how}\"")])
    }

    #[test]
    fn a_crash_is_a_finding_with_its_stack_and_the_prompt_stays() {
        let library = notebook("SEGFAULT");
        let commands = ["continue", "findings", "where", "restart", "step 2", "state", "restart", "continue", "quit"];
        let (code, text, errors) = piped(&library, &["--clsid", NOTEBOOK_CPP], &commands);
        assert_eq!(code, Some(1), "{text}{errors}");
        assert_eq!(text.matches("The session is over: crashed.\n").count(), 2, "{text}{errors}");
        let found = answer(&text, "findings");
        assert!(found.contains("LIFE-02") && found.contains("crashed inside Synchronize: SIGSEGV"), "{found}");
        assert!(found.contains("    in CNotebook::Synchronize"), "the stack is there: {found}");
        assert!(answer(&text, "where").starts_with("No session is stopped here"), "{text}");
        assert!(answer(&text, "state").contains("open       Initialize has not returned\n"), "{text}");
    }

    #[test]
    fn the_user_sees_threads_and_stacks_and_acts_as_in_this_process() {
        let library = library("fixtures/handlers/cpp/notebook.cpp", &[]);
        let commands = [
            "break Progress",
            "continue",
            "threads",
            "where",
            "cancel all",
            "delete all",
            "continue",
            "items",
            "restart",
            "break prepared",
            "continue",
            "release",
            "continue",
            "trace 12",
            "quit",
        ];
        let (code, text, errors) = piped(&library, &["--clsid", NOTEBOOK_CPP], &commands);
        assert_eq!(code, Some(0), "{text}{errors}");
        let threads = answer(&text, "threads");
        assert!(threads.starts_with("apartment  #") && threads.contains("handler Progress"), "{threads}");
        assert!(!threads.contains("note "), "a note is no call: {threads}");
        let stacks = answer(&text, "where");
        assert!(stacks.starts_with("apartment:\n") && stacks.contains("which called back last:\n"), "{stacks}");
        assert!(stacks.contains("  CNotebook::") || stacks.contains("RunWork"), "{stacks}");
        let headings = stacks.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':'));
        let named = headings.filter_map(|line| line.trim_start_matches("thread ").split([',', ':']).next());
        // One that has called nothing yet has no name.
        let mut threads: Vec<&str> = named.filter(|name| *name != "another thread").collect();
        threads.sort_unstable();
        assert!(threads.windows(2).all(|two| two[0] != two[1]), "each thread once: {stacks}");
        let items = answer(&text, "items");
        assert!(items.contains("SKIPPED") && !items.contains("SUCCEEDED"), "{items}{text}");
        assert!(answer(&text, "trace 12").contains("manager SetProgressCallback NULL"), "{text}");
        // The other half of the choice gives the same session.
        let (_, there, _) = piped(&library, &["--clsid", NOTEBOOK_CPP], &["step 12", "quit"]);
        let (_, here, _) = piped(&library, &["--clsid", NOTEBOOK_CPP, "--in-process"], &["step 12", "quit"]);
        let lines = |text: &str| -> Vec<String> {
            let crossings = text.lines().filter(|line| line.starts_with('#'));
            crossings.map(|line| line.split(" +").next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(lines(&there), lines(&here), "{there}");
    }

    #[test]
    fn a_reply_is_held_and_let_go_by_hand() {
        let library = library("fixtures/handlers/cpp/notebook.cpp", &[]);
        for options in [&["--clsid", NOTEBOOK_CPP][..], &["--clsid", NOTEBOOK_CPP, "--in-process"]] {
            let commands = [
                "release reply",
                "break prepared",
                "continue",
                "hold Mail",
                "state",
                "delete all",
                "break Held",
                "continue",
                "state",
                "delete all",
                "release reply",
                "release what",
                "continue",
                "items",
                "quit",
            ];
            let (code, text, errors) = piped(&library, options, &commands);
            assert_eq!(code, Some(0), "{text}{errors}");
            assert!(answer(&text, "release reply").starts_with("No session is stopped here"), "{text}");
            let mut states = text.split("(mobsync) state\n").skip(1);
            let (before, held) = (states.next().unwrap_or_default(), states.next().unwrap_or_default());
            assert!(before.contains("wanted     the next Progress of Mail (A) is held\n"), "{text}");
            let waits =
                |line: &str| line.starts_with('#') && line.contains(": handler Progress A ") && line.contains("-> ?");
            assert!(text.lines().any(waits), "{text}");
            assert!(held.split("(mobsync)").next().is_some_and(|held| held.contains("has no reply yet")), "{text}");
            assert!(
                text.contains("(mobsync) release reply\nThe reply is let go when the session continues.\n"),
                "{text}"
            );
            assert!(text.contains("release what? `release` ends the session"), "{text}");
            assert!(answer(&text, "items").contains("Mail (A)      SUCCEEDED"), "{text}");
        }
    }

    /// The handler reports without a pause: it has ended before the manager's thread runs, if it may go on.
    #[test]
    fn a_skip_at_a_stop_is_never_outrun() {
        let library = notebook("HURRY");
        let commands = ["break Progress", "continue", "skip Mail", "delete all", "continue", "items", "quit"];
        for options in [&["--clsid", NOTEBOOK_CPP][..], &["--clsid", NOTEBOOK_CPP, "--in-process"]] {
            for time in 0..5 {
                let chosen = [options, &["--item", "Mail"]].concat();
                let (code, text, errors) = piped(&library, &chosen, &commands);
                assert_eq!(code, Some(0), "{text}{errors}");
                let items = answer(&text, "items");
                assert!(items.contains("Mail (A)      SKIPPED, skipped by the user"), "time {time}: {text}{errors}");
                assert!(!text.contains("SetItemStatus was not called"), "time {time}: {text}");
            }
        }
        // What is recorded is not outrun either.
        let folder = TempDir::new().expect("a folder can be made");
        let recorded = folder.path().join("recorded.json");
        let record = format!("record {}", recorded.display());
        let commands = [&commands[..6], &[record.as_str(), "quit"]].concat();
        let (_, text, errors) = piped(&library, &["--clsid", NOTEBOOK_CPP, "--item", "Mail"], &commands);
        let scenario = scenario::load(&recorded).unwrap_or_else(|error| panic!("{error}: {text}{errors}"));
        let actions: Vec<&Action> = scenario.steps.iter().map(|step| &step.action).collect();
        assert!(matches!(actions[..], [Action::Hold(_), Action::Skip(_)]), "{actions:?}");
        for _ in 0..3 {
            let mut replay = Command::cargo_bin("mobsync").expect("it is built");
            let output = replay.arg("replay").arg(&recorded).output().expect("it runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("step 2: skip"), "{said}");
            assert!(!said.contains("not taken"), "{said}");
        }
    }

    /// The handler's other threads have ended: nothing happens any more until the reply is let go.
    #[test]
    fn a_session_that_waits_for_a_held_reply_says_so() {
        let library = library("fixtures/handlers/cpp/notebook.cpp", &[]);
        for options in [&["--clsid", NOTEBOOK_CPP][..], &["--clsid", NOTEBOOK_CPP, "--in-process"]] {
            let chosen = [options, &["--item", "Mail"]].concat();
            let commands =
                ["break prepared", "continue", "hold", "delete all", "continue", "release reply", "continue", "items"];
            let (code, text, errors) = piped(&library, &chosen, &commands);
            assert_eq!(code, Some(0), "{text}{errors}");
            let said = "Nothing happens: the reply to Progress of Mail (A) on thread ";
            assert!(text.contains(said), "{text}{errors}");
            assert!(answer(&text, "release reply").starts_with("The reply is let go"), "{text}{errors}");
            assert!(answer(&text, "items").contains("Mail (A)      SUCCEEDED"), "{text}{errors}");
        }
    }

    /// In a session that runs, at a stop, and at the prompt of a terminal.
    #[test]
    fn sigterm_ends_the_program_at_once() -> Result<(), rexpect::error::Error> {
        for (how, commands) in
            [("HANG_ALOUD", &["continue"][..]), ("HURRY", &["step"]), ("HURRY", &["break prepared", "continue"])]
        {
            let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("mobsync"));
            command.arg("debug").arg(notebook(how)).args(["--clsid", NOTEBOOK_CPP]).env("TERM", "xterm");
            let mut session = rexpect::session::spawn_command(command, Some(60_000))?;
            for command in commands {
                session.exp_string("(mobsync) ")?;
                session.send_line(command)?;
            }
            session.exp_string(if how == "HURRY" { "(mobsync) " } else { "at work" })?;
            session.process_mut().signal(nix::sys::signal::Signal::SIGTERM)?;
            session.exp_eof()?;
            let ended = format!("{:?}", session.process().wait()?);
            assert!(ended.starts_with("Exited(") && ended.ends_with(", 143)"), "{how}: {ended}");
        }
        Ok(())
    }

    /// Whether it works or hangs: a session that Ctrl-C could not stop would end the program, or wait for ever.
    #[test]
    fn ctrl_c_stops_every_time() -> Result<(), rexpect::error::Error> {
        let stops = |how: &str| -> Result<(), rexpect::error::Error> {
            let library = notebook(how);
            for time in 0..25 {
                let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("mobsync"));
                command.arg("debug").arg(&library).args(["--clsid", NOTEBOOK_CPP]);
                command.env("TERM", "xterm").env("NO_COLOR", "1");
                let mut session = rexpect::session::spawn_command(command, Some(60_000))?;
                session.exp_string("(mobsync) ")?;
                session.send_line("continue")?;
                // From here on the terminal gives Ctrl-C to the program as a signal.
                session.exp_string("at work")?;
                session.send_control('c')?;
                session.exp_string("stopping at the next call or callback")?;
                session.exp_string("(mobsync) ")?;
                session.send_line("threads")?;
                let said = session.exp_string("(mobsync) ")?;
                assert!(said.contains("manager Synchronize"), "{how}, time {time}: {said}");
                session.send_line("quit")?;
                session.exp_eof()?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let hangs = scope.spawn(|| stops("HANG_ALOUD"));
            stops("WORKS_ALOUD").and(hangs.join().expect("it does not panic"))
        })
    }
}
