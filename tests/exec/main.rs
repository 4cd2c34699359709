//! Handlers that are programs of their own: good ones in Python and TypeScript, and small ones that misbehave.
#![cfg(unix)]

mod commands;
mod document;
mod example;
#[cfg(target_os = "linux")]
mod guarded;
#[path = "../common/interpreter.rs"]
mod interpreter;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use example::examples;
use interpreter::python;
use serde_json::json;

/// A handler's program in Python: `answers` are the statements that deal with `method`, before the ordinary answer.
const PROGRAM: &str = r#"
import json, os, signal, subprocess, sys, time
OUT = {"GetHandlerInfo": {"info": {"name": "Small"}}, "EnumSyncMgrItems": {"enumerator": 1},
       "Next": {"fetched": 1, "items": [{"id": "{00000000-0000-0000-0000-00000000000A}", "name": "Left"}]}, "Release": {"refs": 0}}
def say(text): sys.stdout.write(text + "\n"); sys.stdout.flush()
def answer(id, **result): say(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}))
def back(id, method, **params): say(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
for line in iter(sys.stdin.readline, ""):
    message = json.loads(line)
    method, id = message.get("method"), message.get("id")
    if method is None: continue
    if method == "PrepareForSync": back("p", "PrepareForSyncCompleted", hr="S_OK")
    if method == "Synchronize":
        back("begin", "Progress", item="{00000000-0000-0000-0000-00000000000A}", info={"status": "UPDATING", "value": 0, "max": 1})
        back("s", "Progress", item="{00000000-0000-0000-0000-00000000000A}", info={"status": "SUCCEEDED", "value": 1, "max": 1})
        back("t", "SynchronizeCompleted", hr="S_OK")
BODY
    answer(id, hr="S_FALSE" if method == "Next" else "S_OK", args=OUT.get(method, {}))
"#;

struct Ran {
    code: Option<i32>,
    codes: Vec<String>,
    text: String,
    took: Duration,
}

/// Runs the program with these statements in its middle.
fn run(body: &str) -> Ran {
    assert!(
        Command::new("python3").arg("--version").output().is_ok_and(|ran| ran.status.success()),
        "python3 is needed to test out-of-process handlers"
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.py"), program(body)).unwrap();
    let file = json!({ "kind": "exec", "version": 1, "name": "Small", "command": [python(), "small.py"] });
    fs::write(folder.path().join("small.json"), file.to_string()).unwrap();
    let trace = folder.path().join("trace.jsonl");
    let since = Instant::now();
    let mut command = mobsync();
    let ran = command
        .args(["run", "--timeout", "2", "--format", "json", "--trace"])
        .arg(&trace)
        .arg(folder.path().join("small.json"))
        .output()
        .unwrap();
    let took = since.elapsed();
    let codes = codes(&ran.stdout);
    let checked = mobsync().args(["check", "--format", "json"]).arg(&trace).output().unwrap();
    assert_eq!(codes, self::codes(&checked.stdout), "the trace is judged as the session was");
    Ran { code: ran.status.code(), codes, text: String::from_utf8(ran.stdout).unwrap(), took }
}

/// The program with these statements in its middle.
fn program(body: &str) -> String {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    PROGRAM.replace("BODY\n", &body)
}

fn mobsync() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn codes(report: &[u8]) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(report).unwrap();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// The program breaks these rules, and the report has these words.
#[track_caller]
fn breaks(body: &str, codes: &[&str], words: &str) {
    let ran = run(body);
    assert_eq!(
        (ran.code, &ran.codes[..]),
        (Some(1), &codes.iter().map(|&c| c.to_owned()).collect::<Vec<_>>()[..]),
        "{}",
        ran.text
    );
    assert!(ran.text.contains(words), "{words}: {}", ran.text);
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

#[test]
fn a_small_good_program_breaks_nothing() {
    let ran = run("");
    assert_eq!((ran.code, ran.codes), (Some(0), vec![]), "{}", ran.text);
}

#[test]
fn the_examples_copy_folders_and_break_nothing() {
    for example in examples() {
        let folder = tempfile::tempdir().unwrap();
        let right = folder.path().join("right");
        let command = format!("{} fixtures/folders/left={}", example.command(), right.display());
        let ran = mobsync().args(["run", "--strict", "--exec", &command]).output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&ran.stdout));
        let copied = fs::read(right.join("welcome.txt")).unwrap();
        assert_eq!(
            copied,
            fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/folders/left/welcome.txt")).unwrap()
        );
    }
}

#[test]
fn the_examples_pass_the_suite() {
    for example in examples() {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let pair = |name: &str| {
            format!("{}={}", root.join("fixtures/folders").join(name).display(), folder.path().join(name).display())
        };
        let command = format!("{} {} {}", example.command(), pair("left"), pair("recipes"));
        let mut suite = mobsync();
        suite.args(["conform", "--strict", "--exec", &command]);
        // Both do the same, and Node takes its time to start: all cases would take some ten seconds.
        let some =
            ["walk", "second-instance", "skip-left-*", "cancel-all-*", "show-the-error", "release-while-it-works"];
        if example.is_slow() {
            suite.args(some.iter().flat_map(|case| ["--case", case]));
        } else {
            suite.args(["--sessions", "5"]);
        }
        let ran = suite.output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&ran.stdout));
    }
}

/// The handler files beside the examples start them, from wherever they are read.
#[test]
fn the_handler_files_of_the_examples_name_what_is_there() {
    for (file, program) in [("python/folders.json", "folders.py"), ("typescript/folders.json", "folders.ts")] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file);
        let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(read["command"][1], program, "{}", file.display());
        assert!(file.with_file_name(program).exists(), "{}", file.display());
        for pair in &read["command"].as_array().unwrap()[2..] {
            let (left, right) = pair.as_str().unwrap().split_once('=').unwrap();
            assert!(file.parent().unwrap().join(left).is_dir() && right.starts_with("../../target/"), "{pair}");
        }
    }
}

#[test]
fn what_is_no_message_is_told() {
    let once = |what: &str| format!("if method == \"GetHandlerInfo\": {what}");
    breaks(&once("say('Hello')"), &["WIRE-01"], "not JSON");
    breaks(&once("say('[]')"), &["WIRE-01"], "not an object");
    breaks(&once("answer(77, hr='S_OK')"), &["WIRE-01"], "an answer without a request");
    breaks(&once("answer(id, hr='S_OK', args=OUT[method])"), &["WIRE-01"], "a second answer");
    breaks(&once("back('x', 'Progres')"), &["WIRE-01"], "an unknown method");
    breaks(&once("back('x', 'Progress', item=7)"), &["WIRE-01"], "params of Progress");
    breaks(&once("sys.stdout.buffer.write(b'\\xff\\n')"), &["WIRE-01"], "not UTF-8");
    breaks(&once("say('x' * 2000000)"), &["WIRE-01"], "a line longer than");
    breaks(
        "if method == 'Release': back('p', 'Progress', item='{00000000-0000-0000-0000-00000000000A}')",
        &["WIRE-01"],
        "was already used",
    );
}

#[test]
fn what_looks_like_no_message_and_is_one_breaks_nothing() {
    let once = |what: &str| format!("if method == 'PrepareForSync': {what}");
    let log =
        r#"{"jsonrpc": "2.0", "id": ID, "method": "LogError", "params": {"level": "INFORMATION", "text": "TEXT"}MORE}"#;
    let message = |id: &str, text: &str, more: &str| {
        log.replace("ID", id).replace("TEXT", text).replace("MORE", more).replace('\'', "\\'")
    };
    for (what, line) in [
        ("blanks around it, and a line's end of Windows", format!("'  {}  \\r'", message("7", "x", ""))),
        ("a member that nobody knows", format!("'{}'", message("\"a\"", "x", ", \"trace\": [1, 2]"))),
        (
            "an id with escapes, and a text of other planes",
            format!("r'{}'", message("\"\\u00e9\"", "\\ud83d\\ude00", "")),
        ),
        (
            "a line nearly as long as one can be",
            format!("'{}'.replace('long', 'x' * 1000000)", message("8", "long", "")),
        ),
    ] {
        let ran = run(&once(&format!("say({line})")));
        assert_eq!((ran.code, &ran.codes[..]), (Some(0), &[][..]), "{what}: {}", ran.text);
    }
}

#[test]
fn a_program_that_ends_has_crashed() {
    breaks("if method == 'Synchronize': sys.stderr.write('no ink'); sys.exit(3)", &["LIFE-02"], "exited with code 3");
    breaks("if method == 'GetHandlerInfo': os.kill(os.getpid(), signal.SIGKILL)", &["LIFE-02"], "killed by SIGKILL");
}

#[test]
fn a_program_that_does_not_answer_hangs_and_its_group_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    // The grandchild holds the pipes.
    let body = format!(
        "if method == 'GetHandlerInfo':\n    child = subprocess.Popen(['sleep', '600'])\n    open({:?}, 'w').write(str(child.pid))\n    time.sleep(600)",
        file.display().to_string()
    );
    breaks(&body, &["LIFE-03"], "GetHandlerInfo had not returned");
    ends(&fs::read_to_string(file).unwrap());
}

/// The process is gone soon, or a zombie that its new parent has not looked at yet.
#[track_caller]
fn ends(pid: &str) {
    let until = Instant::now() + Duration::from_secs(5);
    let lives = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while lives() {
        assert!(Instant::now() < until, "process {pid} is left");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_program_and_its_children_end_when_mobsync_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, program) = (folder.path().join("pids"), folder.path().join("small.py"));
    // Neither of them looks at its standard input any more.
    let body = format!(
        "if method == 'Synchronize':\n    child = subprocess.Popen(['sleep', '600'])\n    open({0:?}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n    os.rename({0:?}, {1:?})\n    time.sleep(600)",
        file.with_extension("new").display().to_string(),
        file.display().to_string()
    );
    fs::write(&program, self::program(&body)).unwrap();
    let command = format!("python3 {}", program.display());
    let mut manager = mobsync().args(["run", "--timeout", "600", "--exec", &command]).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while !file.exists() {
        assert!(Instant::now() < until, "the program does not come to Synchronize");
        std::thread::sleep(Duration::from_millis(10));
    }
    manager.kill().unwrap();
    manager.wait().unwrap();
    for pid in fs::read_to_string(file).unwrap().split(' ') {
        ends(pid);
    }
}

#[test]
fn a_program_that_cannot_be_started_is_told() {
    let ran = mobsync().args(["run", "--exec", "./no-such-program"]).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cannot start `./no-such-program`"));
}
