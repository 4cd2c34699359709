//! The command: exit codes, layouts, formats, files that cannot be read.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mobsync::protocol::*;
use mobsync::report::diff::{Compared, Layout, human};
use mobsync::trace::diff::diff;
use mobsync::trace::{Header, Trace, write_file};
use serde_json::Value;
use tempfile::TempDir;

use crate::base::{base, events, plan, record, two_items};

fn mobsync(args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg("diff").args(args).current_dir(folder);
    command
}

fn run(args: &[&str], folder: &Path) -> Output {
    mobsync(args, folder).output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the errors are UTF-8")
}

fn write(folder: &TempDir, name: &str, events: Vec<Event>) -> PathBuf {
    let path = folder.path().join(name);
    write_file(&path, &Trace { header: Header::default(), events }).expect("it can be written");
    path
}

/// A folder with a.jsonl, the same under another seed as same.jsonl, and other.jsonl.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "a.jsonl", base());
    write(&folder, "same.jsonl", record(&two_items(), plan(), 8));
    let mut other = base();
    for event in &mut other {
        if let EventKind::Callback { what: Callback::EstablishConnection(args), .. } = &mut event.kind {
            args.name = Some("modem".into());
        }
    }
    write(&folder, "other.jsonl", other);
    folder
}

#[test]
fn equal_traces_exit_with_0() {
    let folder = folder();
    let output = run(&["a.jsonl", "same.jsonl"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let events = base().len();
    assert_eq!(
        stdout(&output),
        format!("equal: a.jsonl ({events} events) and same.jsonl ({events} events) mean the same\n")
    );
    assert_eq!(stderr(&output), "");
}

#[test]
fn traces_that_differ_exit_with_1_and_stand_one_below_the_other() {
    let folder = folder();
    let output = run(&["a.jsonl", "other.jsonl"], folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("a.jsonl and other.jsonl differ in the connections, handler \"two items\":\n"), "{text}");
    assert!(text.contains("differs in name: \"vpn\" / \"modem\"\n"), "{text}");
    let (a, b) = text.split_once("\n  B: other.jsonl\n").expect("B stands below A");
    assert!(a.contains("\n  A: a.jsonl\n"), "{text}");
    assert!(a.contains("handler EstablishConnection \"vpn\" -> S_OK"), "{text}");
    assert!(b.contains("handler EstablishConnection \"modem\" -> S_OK"), "{text}");
    assert!(!text.contains('\x1b'), "what is no terminal gets no colour: {text:?}");
}

#[test]
fn with_room_both_stand_side_by_side() {
    let folder = folder();
    for columns in [100, 121, 160] {
        let output = run(&["a.jsonl", "other.jsonl", "--width", &columns.to_string()], folder.path());
        let text = stdout(&output);
        let rows: Vec<&str> = text.lines().filter(|line| line.contains(" |")).collect();
        assert!(rows.len() > 4, "{text}");
        assert!(rows[0].contains("A: a.jsonl") && rows[0].contains("B: other.jsonl"), "{text}");
        let bars: Vec<Option<usize>> = rows.iter().map(|row| row.find(" |")).collect();
        assert!(bars.iter().all(|bar| *bar == bars[0]), "{text}");
        assert!(rows.iter().all(|row| row.chars().count() <= columns), "{text}");
        assert!(rows.iter().any(|row| row.contains("\"vpn\"") && row.contains("\"modem\"")), "{text}");
    }
    let narrow = run(&["a.jsonl", "other.jsonl", "--width", "99"], folder.path());
    assert_eq!(stdout(&narrow), stdout(&run(&["a.jsonl", "other.jsonl"], folder.path())));
}

#[test]
fn long_and_wide_lines_are_broken_into_their_columns() {
    let text = "字".repeat(80);
    let progress = |status: &str| {
        events(&format!("opening synchronizing\nhandler Progress A {status} \"{text} and then some more\" -> S_OK"))
    };
    let (a, b) = (progress("UPDATING"), progress("PAUSED"));
    let of = |events: &[Event], file| Compared { file, events: events.len() };
    let found = diff(&a, &b);
    let page = human(of(&a, "a"), of(&b, "b"), found.as_ref(), Layout::SideBySide(100), false);
    let rows: Vec<&str> = page.lines().filter(|line| line.contains(" | ")).collect();
    let width = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    assert!(rows.iter().all(|row| width(row) <= 100), "{page}");
    let bars: Vec<usize> = rows.iter().map(|row| width(&row[..row.find(" | ").expect("a bar")])).collect();
    assert!(bars.iter().all(|bar| *bar == bars[0]), "{page}");
    let left: usize = rows.iter().map(|row| row[..row.find(" | ").expect("a bar")].matches('字').count()).sum();
    assert_eq!(left, 80, "{page}");
}

#[test]
fn colour_changes_the_looks_only() {
    let a = base();
    let mut b = base();
    b.truncate(30);
    let found = diff(&a, &b);
    let of = |events: &[Event], file| Compared { file, events: events.len() };
    for layout in [Layout::Stacked, Layout::SideBySide(120)] {
        for found in [found.as_ref(), None] {
            let page = |colour| human(of(&a, "a"), of(&b, "b"), found, layout, colour);
            let mut plain = page(true);
            assert!(plain.contains('\x1b'));
            while let Some(at) = plain.find('\x1b') {
                let end = plain[at..].find('m').expect("the end of a code") + at;
                plain.replace_range(at..=end, "");
            }
            let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
            assert_eq!(trimmed(&plain), trimmed(&page(false)));
        }
    }
}

#[test]
fn a_line_without_end_is_cut_for_people_and_whole_for_programs() {
    let text = "x".repeat(10_000);
    let progress =
        |text: &str| events(&format!("opening synchronizing\nhandler Progress A UPDATING \"{text}\" -> S_OK"));
    let (a, b) = (progress(&text), progress("y"));
    let found = diff(&a, &b).expect("they differ");
    let of = |events: &[Event], file| Compared { file, events: events.len() };
    let page = human(of(&a, "a"), of(&b, "b"), Some(&found), Layout::Stacked, false);
    assert!(page.len() < 3_000 && page.contains('…'), "{page}");
    let json = mobsync::report::diff::json(of(&a, "a"), of(&b, "b"), Some(&found)).expect("it can be written");
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["difference"]["fields"][0]["a"], Value::from(text));
}

#[test]
fn json_says_all_of_it() {
    let folder = folder();
    let output = run(&["a.jsonl", "other.jsonl", "--format", "json"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&json["format"], &json["version"]), (&Value::from("mobsync-diff"), &Value::from(1)));
    assert_eq!((&json["equal"], &json["a"]["file"]), (&Value::from(false), &Value::from("a.jsonl")));
    let difference = &json["difference"];
    assert_eq!(difference["stream"]["subject"], "connections");
    assert_eq!(difference["what"], "changed");
    assert_eq!(difference["fields"], serde_json::json!([{"field": "name", "a": "vpn", "b": "modem"}]));
    let at = |side: &str| {
        difference["context"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|row| row["differs"] == true)
            .map(|row| row[side]["seq"].clone())
    };
    assert_eq!((at("a"), at("b")), (Some(difference["a"].clone()), Some(difference["b"].clone())));

    let output = run(&["a.jsonl", "same.jsonl", "--format", "json"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&json["equal"], &json["difference"]), (&Value::from(true), &Value::Null));
}

#[test]
fn what_cannot_be_read_exits_with_2_and_the_readers_words() {
    let folder = folder();
    let whole = std::fs::read_to_string(folder.path().join("a.jsonl")).expect("it was written");
    std::fs::write(folder.path().join("broken.jsonl"), &whole[..whole.len() - 40]).expect("it can be written");
    std::fs::write(folder.path().join("empty.jsonl"), "").expect("it can be written");
    std::fs::write(folder.path().join("other.json"), "{\"kind\": \"script\"}\n").expect("it can be written");
    for (file, said) in [
        ("missing.jsonl", "mobsync: missing.jsonl: cannot be read"),
        ("broken.jsonl", "the last line is cut off after"),
        ("empty.jsonl", "mobsync: empty.jsonl: the file is empty"),
        ("other.json", "mobsync: other.json: not a trace"),
        (".", "mobsync: .: cannot be read"),
    ] {
        for args in [["a.jsonl", file], [file, "a.jsonl"]] {
            let output = run(&args, folder.path());
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            assert!(stderr(&output).contains(said), "{}", stderr(&output));
            assert_eq!(stdout(&output), "");
        }
    }
    for args in [&["a.jsonl"][..], &[], &["a.jsonl", "same.jsonl", "other.jsonl"], &["-", "-"]] {
        assert_eq!(run(args, folder.path()).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn one_of_them_may_come_on_standard_input() {
    let folder = folder();
    let trace = std::fs::read(folder.path().join("same.jsonl")).expect("it was written");
    let mut child = mobsync(&["-", "a.jsonl"], folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(&trace).expect("the program reads it all");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("equal: standard input ("), "{}", stdout(&output));
}

#[test]
fn the_help_says_what_is_compared_and_the_exit_codes() {
    let folder = folder();
    let help = stdout(&run(&["--help"], folder.path()));
    for part in ["first differ in meaning", "docs/diff.md", "independent items", "Exit codes: 0", "--format", "--width"]
    {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn names_and_times_of_last_updates_are_left_out_on_request() {
    let folder = folder();
    let items = |change: fn(&mut Item)| {
        let mut events = base();
        for event in &mut events {
            if let EventKind::Return { what, .. } = &mut event.kind {
                what.out.items.iter_mut().for_each(change);
            }
        }
        events
    };
    fn at(item: &mut Item, time: u64) {
        item.flags = ItemFlags::LASTUPDATETIME;
        item.last_update = FileTime(time);
    }
    write(&folder, "early.jsonl", items(|item| at(item, 1)));
    write(&folder, "late.jsonl", items(|item| at(item, 2)));
    write(&folder, "renamed.jsonl", items(|item| item.name = "another name".into()));
    let code = |args: &[&str]| run(args, folder.path()).status.code();
    for (a, b, leaves_out, other) in
        [("early.jsonl", "late.jsonl", "times", "names"), ("a.jsonl", "renamed.jsonl", "names", "times")]
    {
        assert_eq!(code(&[a, b]), Some(1), "{a} {b}");
        assert_eq!(code(&[a, b, "--ignore", other]), Some(1), "{a} {b} {other}");
        assert_eq!(code(&[a, b, "--ignore", leaves_out]), Some(0), "{a} {b} {leaves_out}");
        assert_eq!(code(&[a, b, "--ignore", "names,times"]), Some(0), "{a} {b}");
    }
    assert_eq!(code(&["a.jsonl", "other.jsonl", "--ignore", "names,times"]), Some(1), "the rest counts");
}

/// When it kept the events, these took 14 MiB: the system refused them, and the program was aborted.
#[test]
#[cfg(target_os = "linux")]
fn many_events_take_little_memory() {
    let many = 20_000;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, last) in [("a.jsonl", 1), ("b.jsonl", 2)] {
        let mut text = String::from(
            "{\"format\":\"mobsync-trace\",\"version\":1,\"handler\":\"x\",\"profile\":\"xp\",\"clock\":\"virtual\",\
             \"started\":\"2026-01-01T00:00:00Z\",\"seed\":0}\n",
        );
        for nth in 1..=many {
            let (seq, value) = (2 * nth - 1, if nth == many { last } else { 0 });
            text += &format!(
                "{{\"seq\":{seq},\"at_ns\":0,\"thread\":\"w\",\"handler\":1,\"kind\":\"callback\",\"call\":{nth},\"method\":\"Progress\",\
                 \"args\":{{\"item\":\"{{00000000-0000-0000-0000-00000000000A}}\",\"info\":{{\"value\":{value},\"max\":9}}}}}}\n\
                 {{\"seq\":{},\"at_ns\":0,\"thread\":\"w\",\"handler\":1,\"kind\":\"reply\",\"call\":{nth},\"method\":\"Progress\",\"hr\":\"S_OK\"}}\n",
                seq + 1
            );
        }
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    }
    let line = format!("ulimit -d 8000 && exec {} diff a.jsonl b.jsonl", env!("CARGO_BIN_EXE_mobsync"));
    let output = Command::new("/bin/bash").args(["-c", &line]).current_dir(folder.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "they differ: {}", stderr(&output));
}

#[test]
fn standard_input_is_read_as_often_as_a_file() {
    let folder = folder();
    for (other, code) in [("same.jsonl", 0), ("other.jsonl", 1)] {
        let trace = std::fs::File::open(folder.path().join("a.jsonl")).expect("it is there");
        let output = mobsync(&["-", other], folder.path()).stdin(trace).output().expect("it starts");
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        let file = stdout(&run(&["a.jsonl", other], folder.path())).replace("a.jsonl", "standard input");
        assert_eq!(stdout(&output), file);
    }
}
