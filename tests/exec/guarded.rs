//! Nothing of a program is left, however it and the session end: children, and daemons that left everything behind.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;

use crate::{codes, mobsync, program};

/// Starts a child, and a daemon with a session of its own and without an environment, and writes down their numbers.
const LEAVES: &str = r#"
if method == "Synchronize":
    child = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = "import os, sys; os.setsid(); os.fork() and os._exit(0); f = open(sys.argv[1], 'a'); f.write(f'{os.getpid()}\\n'); f.close(); os.execve('/bin/sleep', ['sleep', '1000'], {})"
    subprocess.run([sys.executable, "-c", code, "pids"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists("pids"): pass
    with open("pids", "a") as pids: pids.write(f"{child.pid}\n")
"#;

/// The folder of a handler with these statements, and its file.
fn handler(body: &str) -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("small.py"), program(body)).unwrap();
    let file = folder.path().join("small.json");
    let text = json!({ "kind": "exec", "version": 1, "name": "Small", "command": ["python3", "small.py"] });
    fs::write(&file, text.to_string()).unwrap();
    (folder, file)
}

fn pids(folder: &Path) -> Vec<i32> {
    let written = fs::read_to_string(folder.join("pids")).unwrap_or_default();
    written.lines().filter_map(|pid| pid.parse().ok()).collect()
}

fn is_alive(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z') && !line.contains('X'))
}

#[test]
fn nothing_is_left_of_a_program_however_it_ends() {
    for (then, rules) in [
        ("", &[][..]),
        ("if method == 'Synchronize': os._exit(3)", &["LIFE-02"]),
        ("if method == 'Synchronize': os.kill(os.getpid(), signal.SIGSEGV)", &["LIFE-02"]),
        ("if method == 'Synchronize': time.sleep(1000)", &["LIFE-03"]),
        ("if method == 'Synchronize': os.kill(os.getpid(), signal.SIGSTOP)", &["LIFE-03"]),
    ] {
        let (folder, file) = handler(&format!("{LEAVES}\n{then}"));
        let mut command = mobsync();
        let timeout = if rules == ["LIFE-03"] { "1" } else { "60" };
        command.args(["run", "--timeout", timeout, "--blocking-limit", "60", "--format", "json"]).arg(&file);
        let output = command.output().unwrap();
        let found = codes(&output.stdout);
        assert_eq!(found, rules, "{then}: {}", String::from_utf8_lossy(&output.stdout));
        let left = pids(folder.path());
        assert_eq!(left.len(), 2, "{then}: a child and a daemon were started");
        assert!(left.iter().all(|pid| !is_alive(*pid)), "{then}: {left:?}");
    }
}

#[test]
fn nothing_is_left_of_a_program_when_mobsync_is_killed() {
    let (folder, file) = handler(&format!("{LEAVES}\nif method == 'Synchronize': time.sleep(1000)"));
    let mut command = mobsync();
    command.args(["run", "--timeout", "100"]).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while pids(folder.path()).len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let left = pids(folder.path());
    assert!(left.iter().all(|pid| is_alive(*pid)), "they run while the program hangs");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    let killed = Instant::now();
    while left.iter().any(|pid| is_alive(*pid)) {
        assert!(killed.elapsed() < Duration::from_secs(20), "{left:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_program_that_cannot_be_started_is_told_before_the_session() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("no-program"), "text").unwrap();
    let no_program = folder.path().join("no-program");
    for (command, why) in [
        ("there-is-no-such-program", "No such file or directory"),
        ("/nowhere/program", "No such file or directory"),
        (no_program.to_str().unwrap(), "Permission denied"),
        ("/", "Permission denied"),
    ] {
        let output = mobsync().args(["run", "--exec", command]).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}: {errors}");
        assert!(errors.contains("cannot start `") && errors.contains(why), "{command}: {errors}");
    }
}
