//! `mobsync.exe` as the host itself, as on Windows: what it does with programs as handlers, and its debugger, is what this system's
//! `mobsync` does. `scripts/wine` runs this; it needs Wine, mingw-w64 and `mobsync.exe`.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a program does, the rule, and what the finding says on Windows.
const PROGRAMS: [(&str, Option<&str>, &str); 7] = [
    ("", None, ""),
    ("crash", Some("LIFE-02"), "the program ended by an exception: access violation (0xC0000005)"),
    // Wine gives such a process the exit code 0, and Windows 0xC00000FD.
    ("overflow", Some("LIFE-02"), "inside Synchronize: the program e"),
    ("exit", Some("LIFE-02"), "the program exited with code 3"),
    ("abort", Some("LIFE-02"), "the program exited with code 3"),
    ("hang", Some("LIFE-03"), "Synchronize had not returned"),
    ("child", Some("LIFE-03"), "Synchronize had not returned"),
];

/// The class of `fixtures/handlers/cpp/notebook.cpp`.
const NOTEBOOK: &str = "{6D6F6273-796E-4E6F-8001-000000000001}";

/// A folder with a space in its name, and a Wine folder that ends with it.
struct Wine(TempDir);

impl Wine {
    fn new() -> Self {
        let wine = Self(TempDir::new().unwrap());
        fs::create_dir(wine.folder()).unwrap();
        wine
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("a folder")
    }

    fn prefix(&self) -> PathBuf {
        self.0.path().join("prefix")
    }

    fn wine(&self) -> Command {
        let mut wine = Command::new("wine");
        wine.env("WINEPREFIX", self.prefix()).env("WINEDEBUG", "-all").env_remove("DISPLAY");
        // Wine's debugger would write into the output of a program that crashes, which is the wire.
        wine.env("WINEDLLOVERRIDES", "winemenubuilder.exe=d;winedbg.exe=d;mscoree=;mshtml=");
        wine
    }

    /// Runs `mobsync.exe` as on Windows: its exit code, its output and its errors.
    fn mobsync(&self, args: &[&str], input: &str) -> (Option<i32>, String, String) {
        let mut mobsync = self.wine();
        mobsync.arg(std::env::var_os("MOBSYNC_EXE").expect("scripts/wine names it")).args(args);
        // Files, for what Wine leaves running keeps pipes open.
        let [stdin, output, errors] = ["input", "output", "errors"].map(|name| self.0.path().join(name));
        fs::write(&stdin, input).unwrap();
        let file = |path: &Path| Stdio::from(fs::File::create(path).unwrap());
        mobsync.stdin(fs::File::open(&stdin).unwrap()).stdout(file(&output)).stderr(file(&errors));
        let status = mobsync.status().expect("Wine is installed");
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        (status.code(), text(&output), text(&errors))
    }

    /// What of these names runs in this Wine.
    fn running(&self, names: &[&str]) -> Vec<String> {
        let variable = format!("WINEPREFIX={}", self.prefix().display());
        let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let is_here = |folder: &PathBuf| {
            let environment = fs::read(folder.join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
        };
        let name = |folder: PathBuf| fs::read_to_string(folder.join("comm")).unwrap_or_default();
        all.filter(is_here)
            .map(name)
            .filter(|name| names.iter().any(|of| name.to_lowercase().starts_with(of)))
            .collect()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let _ = Command::new("wineserver").arg("-k").env("WINEPREFIX", self.prefix()).status();
    }
}

fn built(compiler: &str, args: &[&str], source: &str, to: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let output = Command::new(compiler).args(args).arg(source).arg("-o").arg(to).output();
    let output = output.unwrap_or_else(|why| panic!("{compiler} is needed: {why}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    to.display().to_string()
}

/// A path as Windows has it.
fn for_windows(path: &str) -> String {
    format!("Z:{}", path.replace('/', "\\"))
}

/// The rules of the findings, and the first message.
fn found(report: &str) -> (Vec<String>, String) {
    let report: Value = serde_json::from_str(report).unwrap_or_else(|why| panic!("no report ({why}): {report}"));
    let findings = report["findings"].as_array().expect("a report has findings");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        findings.iter().map(|one| text(&one["rule"])).collect(),
        findings.first().map(|one| text(&one["message"])).unwrap_or_default(),
    )
}

#[test]
fn a_program_is_judged_on_windows_as_on_this_system_whatever_it_does() {
    let wine = Wine::new();
    let exe = built(
        "x86_64-w64-mingw32-gcc",
        &["-std=gnu11", "-O1", "-static"],
        "fixtures/handlers/c/wire.c",
        &wine.folder().join("wire.exe"),
    );
    let here = built("cc", &["-std=gnu11", "-O1"], "fixtures/handlers/c/wire.c", &wine.folder().join("wire"));
    for (how, rule, says) in PROGRAMS {
        let limit = if rule == Some("LIFE-03") { "3" } else { "60" };
        let options = ["--format", "json", "--timeout", limit, "--exec"];
        // A path with backslashes and a space, as a user of Windows writes it.
        let command = format!("\"{}\" {how}", for_windows(&exe));
        let (code, output, errors) = wine.mobsync(&[&["run"], &options[..], &[&command]].concat(), "");
        assert_eq!(code, Some(i32::from(rule.is_some())), "{how}: {output}{errors}");
        let (rules, message) = found(&output);
        assert!(message.contains(says), "{how}: {message}");
        assert_eq!(wine.running(&["wire", "ping"]), [""; 0], "{how}: nothing is left");
        let of_linux = Command::new(env!("CARGO_BIN_EXE_mobsync"))
            .arg("run")
            .args(options)
            .arg(format!("'{here}' {how}"))
            .output()
            .expect("it starts");
        assert_eq!(rules, found(&String::from_utf8_lossy(&of_linux.stdout)).0, "{how}: the same rules");
        assert_eq!(rules, Vec::from_iter(rule.map(str::to_owned)), "{how}");
    }
    let (code, output, errors) = wine.mobsync(&["run", "--exec", "no-such-program"], "");
    assert_eq!(code, Some(2), "{output}{errors}");
    assert!(errors.contains("cannot start `no-such-program`"), "{errors}");
}

#[test]
fn a_program_passes_the_suite_on_windows_from_a_file_and_what_is_printed_runs_again() {
    let wine = Wine::new();
    let exe = wine.folder().join("wire.exe");
    built("x86_64-w64-mingw32-gcc", &["-std=gnu11", "-O1", "-static"], "fixtures/handlers/c/wire.c", &exe);
    let file = wine.folder().join("wire.json");
    fs::write(&file, r#"{ "kind": "exec", "version": 1, "name": "Wire", "command": [".\\wire.exe"] }"#).unwrap();
    let file = for_windows(&file.display().to_string());
    let (code, output, errors) = wine.mobsync(&["conform", &file, "--case", "event-manual", "--format", "json"], "");
    assert_eq!((code, found(&output).0), (Some(0), vec![]), "{output}{errors}");
    let command = format!("\"{}\" exit", for_windows(&exe.display().to_string()));
    let (_, output, errors) = wine.mobsync(&["run", "--exec", &command], "");
    let printed = format!(r#"mobsync run --exec "{}""#, command.replace('"', r#"\""#));
    assert!(output.contains(&printed), "{printed}: {output}{errors}");
}

#[test]
fn the_debugger_keeps_its_prompt_when_a_native_handler_crashes_on_windows() {
    let wine = Wine::new();
    let library = wine.folder().join("notebook.dll");
    let options = ["-std=c++17", "-g", "-O1", "-shared", "-static", "-DWITH_TORTURE=\"SEGFAULT\""];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handlers/cpp/notebook.cpp");
    let output = Command::new("x86_64-w64-mingw32-g++")
        .args(options)
        .arg(source)
        .arg("-o")
        .arg(&library)
        .args(["-lole32", "-luuid"])
        .output();
    assert!(output.expect("mingw-w64 is installed").status.success());
    let library = for_windows(&library.display().to_string());
    let input = "step\nstep\nattach\ncontinue\nstate\nquit\n";
    let (code, output, errors) = wine.mobsync(&["debug", &library, "--clsid", NOTEBOOK], input);
    let said = output + &errors;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("manager Initialize MANUAL"), "{said}");
    assert!(said.contains("windbg -p "), "{said}");
    assert!(said.contains("LIFE-02") && said.contains("access violation (0xC0000005)"), "{said}");
    assert_eq!(wine.running(&["mobsync"]), [""; 0], "nothing is left");
}
