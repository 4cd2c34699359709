//! Files that the program writes: whole or not there, never one over another, and nothing that is no file.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

const GOOD: &str = "fixtures/handlers/good.json";

/// Runs the program, which must not hang.
fn mobsync(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || drop(tell.send(child.wait_with_output())));
    let output = told.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|_| panic!("{args:?} hangs"));
    output.expect("it has ended")
}

/// Is refused, and the message says this.
fn assert_refused(args: &[&str], why: &str) {
    let output = mobsync(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
    assert!(errors.contains(why), "{args:?}: {errors}");
    assert!(!errors.contains("SUCCEEDED"), "{args:?}: it is refused before the session: {errors}");
}

#[cfg(unix)]
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_refused_at_once() {
    let folder = TempDir::new().expect("a folder");
    let pipe = folder.path().join("pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    let (pipe, inside) = (text(&pipe), folder.path().to_str().expect("UTF-8"));
    for (file, why) in [(pipe, "this is a pipe"), ("/dev/zero", "this is a device"), (inside, "this is a folder")] {
        for option in ["--output", "--trace"] {
            assert_refused(&["run", GOOD, option, file], why);
        }
        assert_refused(&["check", "docs/README.md", "--format", "notation", "--output", file], why);
        let why = if file == inside { "directory" } else { why };
        for args in [
            &["run", GOOD, "--baseline", file][..],
            &["debug", GOOD, "--scenario", file],
            &["check", file],
            &["check", file, "--format", "notation"],
            &["diff", file, file],
            &["report", "merge", file],
            &["config", "--config", file],
            &["run", GOOD, "--config", file],
        ] {
            assert_refused(args, why);
        }
    }
    assert_refused(&["run", pipe], "this is a pipe");
    assert_refused(&["replay", pipe], "this is a pipe");
    assert_refused(&["conform", GOOD, "--failing", pipe, "--case", "event-manual"], "this is a pipe");
}

#[test]
#[cfg(unix)]
fn a_pipe_that_a_shell_has_opened_is_read() {
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("t.jsonl");
    assert_eq!(mobsync(&["run", GOOD, "--trace", text(&trace)]).status.code(), Some(0));
    let line = format!("{} check <(cat {})", env!("CARGO_BIN_EXE_mobsync"), text(&trace));
    let output = Command::new("/bin/bash").args(["-c", &line]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    // It is read more than once.
    let line = format!("{} diff <(cat {1}) <(cat {1})", env!("CARGO_BIN_EXE_mobsync"), text(&trace));
    let output = Command::new("/bin/bash").args(["-c", &line]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("equal: ") && !said.contains("(0 events)"), "{said}");
}

#[test]
#[cfg(unix)]
fn one_file_is_not_written_over_another_under_whatever_name() {
    let folder = TempDir::new().expect("a folder");
    let (file, hard, soft) = (folder.path().join("file"), folder.path().join("hard"), folder.path().join("soft"));
    fs::write(&file, "old").expect("it is written");
    fs::hard_link(&file, &hard).expect("it is linked");
    std::os::unix::fs::symlink("file", &soft).expect("it is linked");
    for other in [&file, &hard, &soft] {
        assert_refused(&["run", GOOD, "--trace", text(&file), "--output", text(other)], "this would overwrite");
        assert_refused(&["run", GOOD, "--trace", text(other), "--output", text(&file)], "this would overwrite");
    }
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "old");
    // A link that leads nowhere yet leads to what will be there.
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink("new", &dangling).expect("it is linked");
    let new = folder.path().join("new");
    assert_refused(&["run", GOOD, "--trace", text(&new), "--output", text(&dangling)], "this would overwrite");
    let scenario = "fixtures/scenarios/retry-of-one-item.json";
    assert_refused(&["replay", scenario, "--trace", text(&new), "--output", text(&dangling)], "this would overwrite");
    let handler = folder.path().join("handler.json");
    fs::hard_link(GOOD, &handler).or_else(|_| fs::copy(GOOD, &handler).map(drop)).expect("it is there");
    assert_refused(&["run", text(&handler), "--output", text(&handler)], "this would overwrite");
}

#[test]
#[cfg(unix)]
fn a_report_takes_the_place_of_the_old_one_and_leaves_nothing_beside() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = TempDir::new().expect("a folder");
    let report = folder.path().join("report.json");
    let write = |to: &PathBuf| {
        let output = mobsync(&["run", GOOD, "--format", "json", "--output", text(to)]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str::<serde_json::Value>(&fs::read_to_string(to).expect("it is there")).expect("it is whole");
    };
    write(&report);
    let umask = fs::metadata(&report).expect("it is there").mode() & 0o777;
    fs::write(folder.path().join("other"), "").expect("it is written");
    assert_eq!(
        umask,
        fs::metadata(folder.path().join("other")).expect("it is there").mode() & 0o777,
        "rights as of any new file"
    );
    fs::remove_file(folder.path().join("other")).expect("it is removed");
    fs::set_permissions(&report, fs::Permissions::from_mode(0o640)).expect("it is ours");
    let before = fs::metadata(&report).expect("it is there").ino();
    write(&report);
    let after = fs::metadata(&report).expect("it is there");
    assert_eq!(after.mode() & 0o777, 0o640, "it keeps its rights");
    assert_ne!(after.ino(), before, "it was written beside and renamed");
    assert_eq!(names(folder.path()), ["report.json"]);

    let (link, hard) = (folder.path().join("link"), folder.path().join("hard"));
    symlink("report.json", &link).expect("it is linked");
    fs::write(&report, "old").expect("it is written");
    write(&link);
    assert!(link.is_symlink(), "links stay");
    fs::hard_link(&report, &hard).expect("it is linked");
    fs::write(&report, "old").expect("it is written");
    write(&report);
    assert_eq!(fs::metadata(&hard).expect("it is there").ino(), fs::metadata(&report).expect("it is there").ino());
    assert_eq!(names(folder.path()), ["hard", "link", "report.json"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_written_leaves_the_old_one() {
    let folder = TempDir::new().expect("a folder");
    let report = folder.path().join("report.txt");
    fs::write(&report, "old").expect("it is written");
    let line = format!(
        "ulimit -f 1 && exec {} conform fixtures/handlers/hangs.json --format json --output {}",
        env!("CARGO_BIN_EXE_mobsync"),
        text(&report)
    );
    let output = Command::new("/bin/bash")
        .args(["-c", &line])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("the report was written to standard output"), "{errors}");
    serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("all of it is there");
    assert_eq!(fs::read_to_string(&report).expect("it is there"), "old");
    assert_eq!(names(folder.path()), ["report.txt"]);
}

#[test]
#[cfg(unix)]
fn blessing_keeps_links_and_rights() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = TempDir::new().expect("a folder");
    let scenario = folder.path().join("scenario.json");
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOOD);
    let wrong = serde_json::json!({
        "format": "mobsync-scenario", "version": 1, "title": "A session", "handler": handler, "steps": [],
        "expect": { "outcome": "completed with E_FAIL" },
    });
    let blessed = |through: &PathBuf| {
        fs::write(&scenario, wrong.to_string()).expect("it is written");
        mobsync(&["replay", text(through), "--bless"]);
        assert!(fs::read_to_string(&scenario).expect("it is there").contains("completed with S_OK"));
    };
    let (soft, hard) = (folder.path().join("soft.json"), folder.path().join("hard.json"));
    symlink("scenario.json", &soft).expect("it is linked");
    fs::write(&scenario, "").expect("it is written");
    fs::set_permissions(&scenario, fs::Permissions::from_mode(0o600)).expect("it is ours");
    blessed(&soft);
    assert!(soft.is_symlink());
    assert_eq!(fs::metadata(&scenario).expect("it is there").mode() & 0o777, 0o600);
    fs::hard_link(&scenario, &hard).expect("it is linked");
    blessed(&hard);
    assert_eq!(fs::metadata(&scenario).expect("it is there").nlink(), 2);
}

#[test]
fn a_cut_trace_is_incomplete_in_every_format() {
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    assert_eq!(mobsync(&["run", GOOD, "--trace", text(&trace)]).status.code(), Some(0));
    let whole = fs::read_to_string(&trace).expect("it is there");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let at_a_line = lines[..lines.len() - 3].concat();
    let in_a_line = &whole[..whole.len() - 20];
    for (cut, how) in [(at_a_line.as_str(), "ends before"), (in_a_line, "cut off")] {
        fs::write(&trace, cut).expect("it is written");
        for format in ["human", "json", "junit", "sarif", "github", "notation"] {
            let output = mobsync(&["check", text(&trace), "--format", format]);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{format}: {errors}");
            assert!(errors.contains(how), "{format}: {errors}");
        }
    }
}

const BAD: &str = "fixtures/handlers/completes-twice.json";

fn told(args: &[&str]) -> (Option<i32>, String) {
    let output = mobsync(args);
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn other_reports_are_written_beside_the_one_for_people() {
    let folder = TempDir::new().expect("a folder");
    let [trace, junit, json, sarif] = ["t.jsonl", "r.xml", "r.json", "r.sarif"]
        .map(|name| folder.path().join(name).to_str().expect("UTF-8").to_owned());
    assert_eq!(told(&["run", BAD, "--trace", &trace]).0, Some(1));
    let (junit_to, json_to, sarif_to) = (format!("junit={junit}"), format!("json={json}"), format!("sarif={sarif}"));
    for command in [&["run", BAD][..], &["conform", BAD, "--case", "event-manual"], &["check", &trace]] {
        let alone = |format: &str| told(&[command, &["--format", format]].concat()).1;
        let reports = ["--report", &junit_to, "--report", &json_to, "--report", &sarif_to, "--report", "github"];
        let (code, said) = told(&[command, &reports].concat());
        assert_eq!(code, Some(1), "{command:?}");
        // The suite says how long it took, which is not the same twice.
        if command[0] != "conform" {
            let (people, github) = (alone("human"), alone("github"));
            // The verdict stands there once.
            let (annotations, verdict) = github.trim_end().rsplit_once('\n').expect("two lines");
            assert_eq!(said, format!("{people}{annotations}\n"), "{command:?}");
            assert!(people.lines().any(|line| line == verdict), "{command:?}: {github}");
            assert_eq!(fs::read_to_string(&json).expect("it is there"), alone("json"), "{command:?}");
        }
        assert!(said.contains("SYNC-04") && said.contains("::error"), "{command:?}: {said}");
        for (file, form) in [(&junit, "junit"), (&sarif, "sarif"), (&json, "json")] {
            let written = fs::read_to_string(file).expect("it is there");
            assert!(written.contains("SYNC-04"), "{command:?} {form}: {written}");
            // What was written as JSON can be had in every other form.
            let (code, shown) = told(&["report", "show", &json, "--format", form]);
            assert_eq!((code, shown.as_str()), (Some(0), written.as_str()), "{command:?} {form}");
            fs::remove_file(folder.path().join("again")).unwrap_or_default();
            let again = format!("{form}={}", text(&folder.path().join("again")));
            assert_eq!(told(&["report", "show", &json, "--report", &again]).0, Some(0));
            assert_eq!(fs::read_to_string(folder.path().join("again")).expect("it is there"), written);
        }
        assert!(told(&["report", "show", &json]).1.contains("SYNC-04"));
    }
}

#[test]
fn replay_writes_other_reports_too() {
    let folder = TempDir::new().expect("a folder");
    let scenario = folder.path().join("s.json");
    assert_eq!(told(&["run", GOOD, "--record", text(&scenario)]).0, Some(0));
    let json = folder.path().join("r.json");
    let (code, said) = told(&["replay", text(&scenario), "--report", &format!("json={}", text(&json))]);
    assert_eq!(code, Some(0), "{said}");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&json).expect("it is there")).expect("JSON");
    assert_eq!(report["cases"][0]["outcome"], "passed", "{report}");
    assert!(!said.contains('{'), "the text for people stays what it is: {said}");
}

#[test]
fn the_report_of_a_part_of_the_suite_is_shown_too() {
    let folder = TempDir::new().expect("a folder");
    let json = folder.path().join("part.json");
    let part = ["conform", BAD, "--partition", "1/9", "--format", "json", "--output", text(&json)];
    assert_eq!(told(&part).0, Some(1));
    let (code, shown) = told(&["report", "show", text(&json)]);
    assert_eq!(code, Some(0));
    assert!(shown.contains("SYNC-04"), "{shown}");
}

#[test]
fn a_report_is_refused_where_it_would_overwrite_something_or_has_no_form() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("r");
    let json = format!("json={}", text(&file));
    assert_refused(&["run", GOOD, "--report", &json, "--output", text(&file)], "--report");
    assert_refused(&["run", GOOD, "--report", &json, "--report", &json], "this would overwrite the file of --report");
    assert_refused(
        &["run", GOOD, "--report", &json, "--trace", text(&file)],
        "this would overwrite the file of --trace",
    );
    assert_refused(
        &["run", GOOD, "--report", &json, "--record", text(&file)],
        "this would overwrite the file of --report",
    );
    assert_refused(&["run", GOOD, "--report", "json=no/such/folder/r"], "--report no/such/folder/r: ");
    assert_refused(&["run", GOOD, "--report", &format!("json={GOOD}")], "this would overwrite the handler's file");
    assert_refused(&["run", GOOD, "--report", "pdf"], "one of human, json, junit, sarif, github, html");
    assert_refused(&["run", GOOD, "--report", "json="], "name a file after the =");
    fs::copy(GOOD, &file).expect("a file");
    assert_refused(
        &["report", "show", text(&file), "--output", text(&file)],
        "this would overwrite the report to show",
    );
    let notation = ["check", text(&file), "--format", "notation", "--report", "json"];
    assert_refused(&notation, "--report cannot go with --format notation");
    assert!(!folder.path().join("t").exists());
}

#[test]
fn times_have_units_or_are_seconds() {
    for time in ["5", "5s", "5000ms", "0.5"] {
        assert_eq!(told(&["run", GOOD, "--timeout", time]).0, Some(0), "{time}");
    }
    for time in ["0", "0ms", "5 parsecs", "s", "-1", "1h2"] {
        assert_refused(&["run", GOOD, "--timeout", time], "expected a time above 0, such as 2s, 500ms, 5m, 1h, or 10");
    }
}

/// As [`told`], with standard output and standard error apart.
fn said(args: &[&str]) -> (Option<i32>, String, String) {
    let output = mobsync(args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn with_quiet_a_report_for_people_is_printed_only_if_there_is_something_to_complain_of() {
    let twice = "fixtures/handlers/completes-twice.json";
    let nothing = (Some(0), String::new(), String::new());
    for command in [&["run", GOOD][..], &["conform", GOOD], &["replay", "fixtures/scenarios/cancel-all.json"]] {
        assert_ne!(said(command).1, "", "{command:?}");
        assert_eq!(said(&[command, &["--quiet"]].concat()), nothing, "{command:?}");
    }
    let (code, text, errors) = said(&["run", twice, "-q"]);
    assert!(code == Some(1) && text.contains("SYNC-04") && errors.is_empty(), "{text}{errors}");
    let (_, json, _) = said(&["run", GOOD, "--quiet", "--format", "json"]);
    assert!(json.starts_with('{'), "what a program reads is always written: {json}");
    // Neither notes nor what was skipped is a complaint: alone they print nothing, beside others they are left out.
    let office = "fixtures/handlers/office.json";
    let (_, loud, _) = said(&["conform", office]);
    assert!(loud.contains(": skipped because ") && loud.contains("\nnote: "), "{loud}");
    let (code, text, _) = said(&["conform", office, "--quiet"]);
    assert!(code == Some(1) && text.contains("error: SYNC-08"), "{text}");
    assert!(!text.contains(": skipped because ") && !text.contains("\nnote: "), "{text}");
    let (code, text, errors) = said(&["conform", GOOD, "--quiet", "--skip", "cancel-*"]);
    assert_eq!((code, text.as_str(), errors.as_str()), (Some(0), "", ""));
    let (code, _, errors) = said(&["conform", GOOD, "--quiet", "--verbose"]);
    assert!(code == Some(2) && errors.contains("cannot be used with"), "{errors}");
}

#[test]
fn colour_is_always_there_or_never_on_request() {
    let run = |args: &[&str]| said(&[&["run", "fixtures/handlers/completes-twice.json"], args].concat()).1;
    assert!(!run(&[]).contains('\u{1b}'), "no terminal, no colour");
    assert!(run(&["--color", "always"]).contains("\u{1b}[1;31merror\u{1b}[0m"));
    assert_eq!(run(&["--color", "never"]), run(&[]));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("r.txt");
    run(&["--color", "always", "--output", text(&file)]);
    assert!(!fs::read_to_string(&file).expect("it is written").contains('\u{1b}'), "a file has none");
}

/// The log of a CI job has all of it once: the cases as they end, and the verdict at the end.
#[test]
fn a_log_says_everything_once() {
    let twice = "fixtures/handlers/completes-twice.json";
    let (code, text, errors) = said(&["conform", twice, "--verbose", "--report", "github"]);
    assert_eq!(code, Some(1), "{text}{errors}");
    let log = format!("{errors}{text}");
    assert_eq!(log.matches("event-manual: FAILED").count() + log.matches("event-manual: failed").count(), 1, "{log}");
    assert_eq!(text.matches("\nFAILED: ").count(), 1, "{text}");
    assert!(text.contains("\n::error"), "{text}");
    // Where nothing else says it, each of them does.
    let (_, alone, _) = said(&["conform", twice, "--format", "github"]);
    assert_eq!(alone.matches("\nFAILED: ").count(), 1, "{alone}");
    let (_, silent, _) = said(&["conform", twice]);
    assert_eq!(silent.matches("event-manual: FAILED").count(), 1, "{silent}");
}

/// What nearly fits is named, also for a pattern.
#[test]
fn a_pattern_without_a_case_gets_a_suggestion() {
    for (word, near) in [("event-manul", "event-manual"), ("cancl-*", "cancel-"), ("*manul*", "manual")] {
        for option in ["--case", "--skip"] {
            let (code, _, errors) = said(&["conform", GOOD, option, word]);
            assert!(code == Some(2) && errors.contains("did you mean ") && errors.contains(near), "{errors}");
        }
    }
}

/// Without more options the orders are explored within bounds that do not depend on the machine, and what is left is said.
#[test]
fn conform_explores_each_case_within_a_budget() {
    let (code, text, errors) =
        said(&["conform", "fixtures/handlers/minimal.json", "--explore", "--case", "event-manual", "--format", "json"]);
    assert_eq!(code, Some(0), "{text}{errors}");
    let report: serde_json::Value = serde_json::from_str(&text).expect("a report");
    let explored = report["exploration"].as_array().expect("each case").clone();
    let [explored] = explored.as_slice() else { panic!("{explored:?}") };
    let schedules = explored["schedules"].as_u64().expect("a number");
    assert!((1..=500).contains(&schedules) && explored["all"] == false, "{explored}");
}

/// With the number that is usual then.
#[test]
fn a_strategy_alone_runs_random_sessions() {
    let (code, text, errors) =
        said(&["conform", "fixtures/handlers/minimal.json", "--strategy", "random", "--skip", "*", "--format", "json"]);
    assert_eq!(code, Some(0), "{text}{errors}");
    assert_eq!(text.matches("\"name\": \"random-").count(), 20, "{text}");
}

#[test]
fn a_word_that_is_no_rule_leads_to_the_search() {
    let (code, _, errors) = said(&["rules", "dialog"]);
    assert!(code == Some(2) && errors.contains("`mobsync rules --search 'dialog'`"), "{errors}");
    let (code, text, _) = said(&["rules", "--search", "dialog"]);
    assert!(code == Some(0) && text.contains("MODE-01"), "{text}");
}
