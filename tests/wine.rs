//! Handlers for Windows, built by mingw-w64 against its own headers, driven through Wine: the same verdict as the library for
//! this system has, whatever they do. `scripts/wine` runs this; it needs Wine, mingw-w64 and `mobsync.exe`.

#![cfg(target_os = "linux")]

#[path = "common/native.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native;
#[path = "common/native_mutants.rs"]
#[allow(dead_code, reason = "shared with other tests, which use other parts")]
mod native_mutants;
#[path = "wine/stacks.rs"]
mod stacks;
#[path = "wine/workers.rs"]
mod workers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use native::{NOTEBOOK_C, NOTEBOOK_CPP, library, of_repository};
use native_mutants::{MUTANTS, Mutants};
use serde_json::Value;
use tempfile::TempDir;

/// The class of `fixtures/handlers/cpp/desk.cpp`.
const DESK: &str = "{6D6F6273-796E-4E6F-8001-000000000003}";

/// The processor for whose libraries these tests are run: `MOBSYNC_TEST_WINDOWS=x86` says that it is the one with 32 bits.
fn is_for_x86() -> bool {
    std::env::var("MOBSYNC_TEST_WINDOWS").is_ok_and(|value| value == "x86")
}

/// A tool of mingw-w64 for that processor.
fn mingw(tool: &str) -> Command {
    let processor = if is_for_x86() { "i686" } else { "x86_64" };
    Command::new(format!("{processor}-w64-mingw32-{tool}"))
}

const NOTEBOOK: &str = "fixtures/handlers/cpp/notebook.cpp";

/// Compiles a source for Windows as a handler's author does; `more` are further words for the compiler.
fn dll(folder: &Path, source: &Path, definition: &str, more: &[&str]) -> PathBuf {
    let cpp = source.extension().is_some_and(|extension| extension == "cpp");
    let (compiler, standard) = if cpp { ("g++", "-std=c++17") } else { ("gcc", "-std=gnu11") };
    let built = folder.join("notebook.dll");
    let output = mingw(compiler)
        .args([standard, "-g", "-O1", "-fno-omit-frame-pointer", "-Wall", "-Wextra", "-Werror", "-shared", "-static"])
        // Without a .def file the names would end with the size of the arguments on x86.
        .arg("-Wl,--kill-at")
        .args((!definition.is_empty()).then(|| format!("-D{definition}")))
        .arg(source)
        .arg("-o")
        .arg(&built)
        .args(more)
        .args(["-lole32", "-luuid"])
        .output()
        .expect("mingw-w64 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    built
}

/// The library for this system, under the same name.
fn so(folder: &Path, source: &str, definitions: &[&str]) -> PathBuf {
    let built = folder.join("notebook.so");
    fs::copy(library(source, definitions), &built).expect("a library can be copied");
    built
}

/// A run of the program.
struct Run {
    code: Option<i32>,
    output: String,
    errors: String,
    pid: u32,
}

impl Run {
    fn report(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|_| panic!("no report: {}{}", self.output, self.errors))
    }

    /// The rules of the findings, each once.
    fn rules(&self) -> Vec<String> {
        let report = self.report();
        let findings = report["findings"].as_array().expect("a report has findings");
        let mut rules: Vec<String> = findings.iter().map(|finding| finding["rule"].as_str().unwrap().into()).collect();
        rules.sort();
        rules.dedup();
        rules
    }

    /// The message and the stack of the first finding.
    fn first(&self) -> (String, String) {
        let report = self.report();
        let finding = &report["findings"][0];
        let frames = finding["backtrace"].as_array().cloned().unwrap_or_default();
        let stack = frames.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
        (finding["message"].as_str().unwrap_or_default().to_owned(), stack)
    }
}

fn mobsync(command: &str, library: &Path, clsid: &str, options: &[&str]) -> Run {
    mobsync_with(command, library, clsid, options, |_| {})
}

fn mobsync_with(
    command: &str,
    library: &Path,
    clsid: &str,
    options: &[&str],
    prepare: impl FnOnce(&mut Command),
) -> Run {
    let mut mobsync = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    mobsync.arg(command).arg(library).args(["--clsid", clsid]).args(options);
    prepare(&mut mobsync);
    let child = mobsync.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        pid,
    }
}

/// The processes in whose environment this stands.
fn processes_with(variable: &str) -> Vec<String> {
    let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let has = |folder: &PathBuf| {
        let environment = fs::read(folder.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|one| String::from_utf8_lossy(one).starts_with(variable))
    };
    all.filter(has).map(|folder| fs::read_to_string(folder.join("comm")).unwrap_or_default()).collect()
}

fn json(options: &[&'static str]) -> Vec<&'static str> {
    [options, &["--format", "json"]].concat()
}

/// The rule for which there is an occasion when a callback happens to be on its way: that is the machine's and the system's.
const BY_CHANCE: &str = "CB-08";

/// What must be the same: the verdict on each other rule, and the counts.
fn verdict(run: &Run) -> (Vec<Value>, Value, Vec<String>) {
    let report = run.report();
    let mut rows = report["rules"].as_array().expect("a report has rules").clone();
    let broken = rows.iter().any(|row| row["rule"] == BY_CHANCE && row["verdict"] == "violated");
    assert!(!broken, "{BY_CHANCE}: {}", run.output);
    rows.retain(|row| row["rule"] != BY_CHANCE);
    (rows, report["summary"].clone(), run.rules())
}

#[test]
fn the_notebook_in_c_plus_plus_has_the_verdict_of_the_library_for_this_system() {
    same_verdict(NOTEBOOK, NOTEBOOK_CPP, "xp");
}

#[test]
fn the_notebook_in_c_has_the_verdict_of_the_library_for_this_system() {
    same_verdict("fixtures/handlers/c/notebook.c", NOTEBOOK_C, "vista");
}

fn same_verdict(source: &str, clsid: &str, profile: &'static str) {
    let folder = TempDir::new().unwrap();
    let dll = dll(folder.path(), &of_repository(source), "", &[]);
    let so = so(folder.path(), source, &[]);
    // In which order callbacks come that are let in one at a time is the machine's and the system's.
    let options = json(&["--profile", profile, "--sessions", "12", "--skip", "order-*"]);
    let (there, here) = (mobsync("conform", &dll, clsid, &options), mobsync("conform", &so, clsid, &options));
    assert_eq!((there.code, here.code), (Some(0), Some(0)), "{}", there.output);
    let (there, here) = (verdict(&there), verdict(&here));
    assert_eq!(there, here);
    let at_the_end = there.0.iter().find(|row| row["rule"] == "LIFE-07").map(|row| &row["verdict"]);
    assert_eq!(at_the_end, Some(&"held".into()));
    let trace = |library: &Path, name: &str| {
        let trace = folder.path().join(name);
        let run = mobsync("run", library, clsid, &["--trace", trace.to_str().unwrap(), "--profile", profile]);
        assert_eq!(run.code, Some(0), "{}", run.output);
        trace
    };
    same_trace(&trace(&dll, "dll.jsonl"), &trace(&so, "so.jsonl"));
}

/// Two traces have the same meaning.
fn same_trace(there: &Path, here: &Path) {
    assert_eq!(differ(there, here), None);
}

/// Where two traces differ in meaning.
fn differ(there: &Path, here: &Path) -> Option<String> {
    let diff = Command::new(env!("CARGO_BIN_EXE_mobsync")).arg("diff").args([there, here]).output().unwrap();
    (diff.status.code() != Some(0)).then(|| String::from_utf8_lossy(&diff.stdout).into_owned())
}

/// The pace of a handler at which the order of its workers' reports is certain.
const PACE: &str = "PACE=40";

/// The whole suite and 300 random sessions, with the trace of each: what follows is not for CI, which has not the time.
/// `scripts/wine --whole` runs it.
#[test]
#[ignore = "takes a long time: scripts/wine --whole"]
fn whole_300_random_sessions_pass_and_have_the_same_traces() {
    for (source, clsid) in [(NOTEBOOK, NOTEBOOK_CPP), ("fixtures/handlers/c/notebook.c", NOTEBOOK_C)] {
        let folder = TempDir::new().unwrap();
        // At its usual pace, whether a skip or a report comes first is the machine's, and Wine's: of 198 sessions in which two runs of
        // the library for this system agreed, 169 were the same through Wine. At a slow pace the order is certain.
        let (dll, so) = (dll(folder.path(), &of_repository(source), PACE, &[]), so(folder.path(), source, &[PACE]));
        for profile in ["xp", "vista"] {
            let run = |library: &Path, traces: &Path| {
                let traces = traces.to_str().unwrap();
                // All cases are skipped whose names do not begin with `random`.
                let options = json(&["--profile", profile, "--sessions", "300", "--skip", "[!r]*", "--skip", "r[!a]*"]);
                let options = [&options[..], &["--jobs", "2"]].concat();
                let run = mobsync("conform", library, clsid, &[&options[..], &["--trace", traces]].concat());
                assert_eq!((run.code, run.rules()), (Some(0), vec![]), "{}", run.errors);
            };
            let [there, here, again] =
                ["dll", "so", "again"].map(|name| folder.path().join(format!("{name}-{profile}")));
            run(&dll, &there);
            run(&so, &here);
            run(&so, &again);
            let names: Vec<_> = fs::read_dir(&there).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names.len(), 300, "{profile}");
            let agreed: Vec<_> =
                names.iter().filter(|name| differ(&here.join(name), &again.join(name)).is_none()).collect();
            let equal = agreed.iter().filter(|name| differ(&there.join(name), &here.join(name)).is_none()).count();
            // A busy machine disturbs a few, of the same library as well.
            println!("{source}, {profile}: {equal} are equal of {} that are certain", agreed.len());
            assert!(agreed.len() >= 285 && equal + 5 >= agreed.len(), "{profile}: {equal} of {}", agreed.len());
        }
    }
}

/// Every bug that only native handlers have, and what only looks like one: the same table as without Wine.
#[test]
#[ignore = "takes a long time: scripts/wine --whole"]
fn whole_table_of_native_faults_is_that_of_libraries_for_this_system() {
    let mut wrong = Vec::new();
    let bugs = MUTANTS.iter().flat_map(|of| of.switches().map(|switch| (switch, Some(of.rule))));
    for (switch, rule) in bugs.chain(MUTANTS.iter().map(Mutants::near_switch).map(|switch| (switch, None))) {
        let folder = TempDir::new().unwrap();
        let built = dll(folder.path(), &of_repository(NOTEBOOK), &format!("WITH_BUG=\"{switch}\""), &[]);
        let run = mobsync("conform", &built, NOTEBOOK_CPP, &native_mutants::options(&switch));
        let report = run.report();
        let causes: Vec<&Value> = report["causes"].as_array().unwrap().iter().collect();
        // As in the native table: notes do not count where there is a bug.
        let counts = |cause: &&&Value| rule.is_none() || cause["level"] != "note";
        let found: Vec<&str> = causes.iter().filter(counts).filter_map(|cause| cause["rule"].as_str()).collect();
        if (run.code, found) != (Some(i32::from(rule.is_some())), Vec::from_iter(rule)) {
            wrong.push(format!("{switch}: {:?} {causes:?} {}", run.code, run.errors));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn faulty_handlers_break_the_same_rules() {
    for bug in ["INFO_02_1", "ITEM_01_1", "ITEM_06_1", "CB_03_2", "CB_05_2", "COM_04_1", "COM_10_1", "NEAR_ITEM_06"] {
        let folder = TempDir::new().unwrap();
        let definition = format!("WITH_BUG=\"{bug}\"");
        let dll = dll(folder.path(), &of_repository(NOTEBOOK), &definition, &[]);
        let so = so(folder.path(), NOTEBOOK, &[&definition]);
        let options = json(&["--case", "event-manual"]);
        let (there, here) =
            (mobsync("conform", &dll, NOTEBOOK_CPP, &options), mobsync("conform", &so, NOTEBOOK_CPP, &options));
        assert_eq!((there.code, there.rules()), (here.code, here.rules()), "{bug}: {}", there.output);
        let rule = bug.rsplit_once('_').map(|(rule, _)| rule.replace('_', "-")).unwrap();
        assert_eq!(there.rules().contains(&rule), !bug.starts_with("NEAR"), "{bug}: {:?}", there.rules());
    }
}

/// What a handler does, the rule, what the finding says, and a function on its stack.
const TORTURE: [(&str, &str, &str, &str); 11] = [
    ("ABORT_IN_LIBRARY", "LIFE-02", "abort", "DllGetClassObject at"),
    ("THROW", "LIFE-02", "an exception escaped from a method", "CNotebook::Synchronize"),
    ("SEGFAULT", "LIFE-02", "access violation (0xC0000005), writing address 0x8", "notebook.cpp:"),
    ("OVERFLOW", "LIFE-02", "stack overflow", "overflow_the_stack"),
    ("EXIT", "LIFE-02", "exit code 0", ""),
    ("QUICK_EXIT", "LIFE-02", "exit code 7", ""),
    ("KILL", "LIFE-02", "ended the process", ""),
    ("HANG", "LIFE-03", "Synchronize had not returned", "CNotebook::Synchronize"),
    ("HANG_WITH_GRANDCHILD", "LIFE-03", "Synchronize had not returned", "hang()"),
    ("SEGFAULT_WITH_DAEMON", "LIFE-02", "access violation", "notebook.cpp:"),
    ("LOUD_ABORT", "LIFE-02", "abort", "CNotebook::Synchronize"),
];

#[test]
fn whatever_a_handler_does_is_found_with_its_place_and_nothing_is_left() {
    for (how, rule, says, stack) in TORTURE {
        let folder = TempDir::new().unwrap();
        let definition = format!("WITH_TORTURE=\"{how}\"");
        let built = dll(folder.path(), &of_repository(NOTEBOOK), &definition, &[]);
        // A hang is waited for; whatever else happens may take its time on a busy machine.
        let limit = if rule == "LIFE-03" { "3" } else { "60" };
        let run = mobsync("run", &built, NOTEBOOK_CPP, &json(&["--timeout", limit]));
        assert_eq!((run.code, run.rules()), (Some(1), vec![rule.to_owned()]), "{how}: {}", run.output);
        let (message, frames) = run.first();
        // On x86 an exception of GCC does not find the way out of its own library, whose runtime then aborts, without frames.
        let (says, stack) = if is_for_x86() && how == "THROW" { ("abort", "") } else { (says, stack) };
        assert!(message.contains(says), "{how}: {message}");
        assert!(frames.contains(stack), "{how}: {frames}");
        assert!(!frames.contains("src/handler/com"), "{how}: the host's own functions are not the handler's: {frames}");
        assert_eq!(processes_with(&format!("MOBSYNC_WORKER={}-", run.pid)), [""; 0], "{how}: nothing is left");
    }
}

#[test]
fn on_windows_itself_a_handler_that_crashes_or_hangs_is_a_finding() {
    // mobsync.exe is the parent here, and another one is the worker: also that for x86.
    let folder = TempDir::new().unwrap();
    let exe = PathBuf::from(std::env::var_os("MOBSYNC_EXE").expect("scripts/wine names it"));
    let exe = if is_for_x86() { exe.with_file_name("x86").join("mobsync.exe") } else { exe };
    let run = |options: &[&str], definition: &str| {
        let built = dll(folder.path(), &of_repository(NOTEBOOK), definition, &[]);
        let mut mobsync = Command::new("wine");
        mobsync.arg(&exe).arg("run").arg(&built).args(["--clsid", NOTEBOOK_CPP]).args(options);
        mobsync.env("WINEPREFIX", folder.path().join("prefix")).env("WINEDEBUG", "-all").env_remove("DISPLAY");
        mobsync.env("WINEDLLOVERRIDES", "winemenubuilder.exe=d;mscoree=;mshtml=");
        // Files, for what Wine leaves running keeps pipes open.
        let (output, errors) = (folder.path().join("output"), folder.path().join("errors"));
        let file = |path: &Path| Stdio::from(fs::File::create(path).unwrap());
        mobsync.stdin(Stdio::null()).stdout(file(&output)).stderr(file(&errors));
        let mut child = mobsync.spawn().expect("Wine is installed");
        let (pid, status) = (child.id(), child.wait().unwrap());
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Run { code: status.code(), output: text(&output), errors: text(&errors), pid }
    };
    let passed = run(&["--format", "json"], "");
    assert_eq!((passed.code, passed.rules()), (Some(0), vec![]), "{}{}", passed.output, passed.errors);
    for (how, rule, says, stack) in TORTURE {
        if !["SEGFAULT", "OVERFLOW", "EXIT", "HANG_WITH_GRANDCHILD", "SEGFAULT_WITH_DAEMON"].contains(&how) {
            continue;
        }
        let limit = if rule == "LIFE-03" { "3" } else { "60" };
        let run = run(&["--format", "json", "--timeout", limit], &format!("WITH_TORTURE=\"{how}\""));
        assert_eq!((run.code, run.rules()), (Some(1), vec![rule.to_owned()]), "{how}: {}{}", run.output, run.errors);
        let (message, frames) = run.first();
        assert!(message.contains(says), "{how}: {message}");
        assert!(frames.contains(stack), "{how}: {frames}");
        // Wine's own services go on, and nothing of the handler's.
        let left = processes_with(&format!("WINEPREFIX={}", folder.path().join("prefix").display()));
        let is_left = |name: &String| ["mobsync", "ping"].iter().any(|of| name.to_lowercase().starts_with(of));
        assert!(!left.iter().any(is_left), "{how}: {left:?}");
    }
    let human = run(&[], "WITH_TORTURE=\"EXIT\"");
    assert!(
        human.output.contains(&format!("--clsid \"{NOTEBOOK_CPP}\"")),
        "quoted as Windows wants it: {}",
        human.output
    );
    let ended = Command::new("wineserver").arg("-k").env("WINEPREFIX", folder.path().join("prefix")).status();
    assert!(ended.is_ok_and(|status| status.success()));
}

#[test]
fn a_handler_with_a_window_is_heard_while_the_manager_waits_and_only_then() {
    let source = of_repository("fixtures/handlers/cpp/desk.cpp");
    for (variant, expected) in [("", None), ("MARSHAL", None), ("NO_PUMP", Some("LIFE-03"))] {
        let folder = TempDir::new().unwrap();
        let built = dll(folder.path(), &source, &format!("WITH_DESK=\"{variant}\""), &[]);
        let limit = if expected.is_some() { "3" } else { "60" };
        let run = mobsync("run", &built, DESK, &json(&["--timeout", limit]));
        assert_eq!(run.rules(), Vec::from_iter(expected.map(str::to_owned)), "{variant}: {}{}", run.output, run.errors);
        if expected.is_some() {
            assert!(run.first().1.contains("CDesk::Synchronize"), "{:?}", run.first());
        } else {
            assert_eq!(run.code, Some(0), "{variant}: {}", run.output);
        }
    }
}

#[test]
fn a_handler_with_a_window_passes_the_suite() {
    let folder = TempDir::new().unwrap();
    let built = dll(folder.path(), &of_repository("fixtures/handlers/cpp/desk.cpp"), "WITH_DESK=\"\"", &[]);
    let run = mobsync("conform", &built, DESK, &json(&["--sessions", "5"]));
    assert_eq!((run.code, run.rules()), (Some(0), vec![]), "{}", run.output);
}

/// A library that gives out no class, and calls a function of another one.
const CALLER: &str = "#include <windows.h>\n__declspec(dllimport) int WINAPI FUNCTION(HWND, void *);\n\
    __declspec(dllexport) HRESULT WINAPI DllGetClassObject(REFCLSID c, REFIID i, void **o) {\n\
    (void)c; (void)i; *o = NULL; return FUNCTION(NULL, NULL) ? E_FAIL : CLASS_E_CLASSNOTAVAILABLE; }\n";

/// A library that imports FUNCTION from another one, which is not there.
fn caller(folder: &Path, function: &str, other: &str) -> PathBuf {
    let (source, definitions, import) = (folder.join("caller.c"), folder.join("other.def"), folder.join("libother.a"));
    fs::write(&source, CALLER.replace("FUNCTION", function)).unwrap();
    // On x86 the size of the arguments belongs to the name for the linker, and not to that in the library.
    let size = if is_for_x86() { "@8" } else { "" };
    fs::write(&definitions, format!("LIBRARY {other}\nEXPORTS\n{function}{size}\n")).unwrap();
    let made = mingw("dlltool").arg("-k").arg("-d").arg(&definitions).arg("-l").arg(&import).status();
    assert!(made.expect("mingw-w64 is installed").success());
    dll(folder, &source, "", &[import.to_str().unwrap()])
}

#[test]
fn a_library_that_is_missing_is_named_and_that_of_the_manager_is_there() {
    let folder = TempDir::new().unwrap();
    let built = caller(folder.path(), "Somewhere", "elsewhere.dll");
    let run = mobsync("run", &built, DESK, &[]);
    assert_eq!(run.code, Some(2), "{}", run.output);
    assert!(run.errors.contains("notebook.dll needs elsewhere.dll"), "{}", run.errors);
    let built = caller(folder.path(), "SyncMgrResolveConflictW", "mobsync.dll");
    let run = mobsync("run", &built, DESK, &[]);
    assert_eq!(run.code, Some(2), "{}", run.output);
    assert!(run.errors.contains("CLASS_E_CLASSNOTAVAILABLE"), "its dialog is cancelled: {}", run.errors);
}

#[test]
fn what_is_missing_to_run_it_is_said_in_lines() {
    let folder = TempDir::new().unwrap();
    let built = dll(folder.path(), &of_repository(NOTEBOOK), "", &[]);
    // A library is known by its content.
    let renamed = folder.path().join("handler.bin");
    fs::rename(&built, &renamed).unwrap();
    let run = mobsync_with("run", &renamed, NOTEBOOK_CPP, &[], |command| {
        command.env("MOBSYNC_WINE", "/nowhere/wine").env("MOBSYNC_EXE", "/nowhere/mobsync.exe");
    });
    assert_eq!(run.code, Some(2), "{}", run.output);
    let lines: Vec<&str> = run.errors.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.errors);
    let of_kind = if is_for_x86() { " for x86" } else { "" };
    assert!(lines[0].contains(&format!("handler.bin: a library for Windows{of_kind} runs here")), "{}", run.errors);
    assert!(lines[1].contains("Wine: /nowhere/wine"), "{}", run.errors);
    assert!(lines[2].contains(&format!("mobsync.exe{of_kind}: /nowhere/")), "{}", run.errors);
    let run = mobsync("run", &renamed, NOTEBOOK_CPP, &["--in-process"]);
    assert_eq!(run.code, Some(2), "{}", run.output);
    assert!(run.errors.contains("need a worker, under Wine"), "{}", run.errors);
}

#[test]
fn a_prefix_is_made_on_first_use_and_its_server_ends_when_nobody_needs_it() {
    let folder = TempDir::new().unwrap();
    let built = dll(folder.path(), &of_repository(NOTEBOOK), "", &[]);
    let cache = folder.path().join("cache");
    let run = |built: &Path, options: &[&str]| {
        mobsync_with("run", built, NOTEBOOK_CPP, options, |command| {
            command.env("XDG_CACHE_HOME", &cache);
        })
    };
    // A worker that hangs is killed, with all that it started, and the server that its parent started is none of that.
    let other = TempDir::new().unwrap();
    let hangs = dll(other.path(), &of_repository(NOTEBOOK), "WITH_TORTURE=\"HANG\"", &[]);
    let first = run(&hangs, &["--timeout", "1"]);
    assert_eq!(first.code, Some(1), "{}{}", first.output, first.errors);
    assert!(first.errors.contains("preparing Wine in"), "{}", first.errors);
    let of_prefix = cache.join(if is_for_x86() { "mobsync/wine-x86" } else { "mobsync/wine" });
    let left = processes_with(&format!("WINEPREFIX={}", of_prefix.display()));
    assert!(left.iter().any(|name| name.starts_with("wineserver")), "the server goes on: {left:?}");
    let second = run(&built, &[]);
    assert_eq!(second.code, Some(0), "{}{}", second.output, second.errors);
    assert!(!second.errors.contains("preparing"), "{}", second.errors);
    let prefix = cache.join(if is_for_x86() { "mobsync/wine-x86" } else { "mobsync/wine" });
    let prefix = format!("WINEPREFIX={}", prefix.display());
    assert_ne!(processes_with(&prefix), [""; 0], "the server waits for the next session");
    // Its idle time is a quarter of a minute; a busy machine takes its time.
    let begun = Instant::now();
    while !processes_with(&prefix).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(120), "still there: {:?}", processes_with(&prefix));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn settings_for_the_registry_are_there_for_one_run_alone() {
    let folder = TempDir::new().unwrap();
    let built = dll(folder.path(), &of_repository("fixtures/handlers/cpp/desk.cpp"), "WITH_DESK=\"\"", &[]);
    let file = folder.path().join("settings.reg");
    let key = r"[HKEY_CURRENT_USER\Software\mobsync test\desk]";
    let cache = folder.path().join("cache");
    let run = |options: &[&str]| {
        mobsync_with("run", &built, DESK, options, |command| {
            command.env("XDG_CACHE_HOME", &cache);
        })
    };
    for name in ["Faxes", "Plans"] {
        fs::write(&file, format!("REGEDIT4\r\n\r\n{key}\r\n\"item0\"=\"{name}\"\r\n")).unwrap();
        let with = run(&["--registry", file.to_str().unwrap()]);
        assert_eq!(with.code, Some(0), "{}{}", with.output, with.errors);
        assert!(with.output.contains(name), "{}", with.output);
    }
    let without = run(&[]);
    assert!(without.output.contains("Letters") && !without.output.contains("Faxes"), "{}", without.output);
    let left: Vec<_> = fs::read_dir(cache.join("mobsync/wine-copies")).unwrap().flatten().map(|e| e.path()).collect();
    assert!(left.is_empty(), "{left:?}");
    fs::write(&file, "no settings").unwrap();
    let wrong = run(&["--registry", file.to_str().unwrap()]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.output);
    assert!(wrong.errors.contains("settings.reg (--registry) cannot be imported"), "{}", wrong.errors);
}

#[test]
fn what_is_recorded_is_replayed_with_the_same_options() {
    let folder = TempDir::new().unwrap();
    let built = dll(folder.path(), &of_repository(NOTEBOOK), "WITH_BUG=\"ITEM_06_1\"", &[]);
    let (exe, path) = (std::env::var("MOBSYNC_EXE").unwrap(), std::env::var_os("PATH").unwrap());
    let wine = std::env::split_paths(&path).map(|folder| folder.join("wine")).find(|wine| wine.is_file()).unwrap();
    // A prefix that somebody has made, and that is used as it is.
    let cache = folder.path().join("cache");
    let made = mobsync_with("run", &built, NOTEBOOK_CPP, &[], |command| {
        command.env("XDG_CACHE_HOME", &cache);
    });
    assert_eq!(made.code, Some(1), "{}{}", made.output, made.errors);
    let prefix = folder.path().join("a prefix");
    fs::rename(cache.join(if is_for_x86() { "mobsync/wine-x86" } else { "mobsync/wine" }), &prefix).unwrap();
    let options = [
        ["--wine", wine.to_str().unwrap()],
        ["--mobsync-exe", &exe],
        ["--wine-prefix", prefix.to_str().unwrap()],
        ["--apartment", "mta"],
    ]
    .concat();
    let scenario = folder.path().join("seen.json");
    let recorded = mobsync_with("run", &built, NOTEBOOK_CPP, &options, |command| {
        command.args(["--record", scenario.to_str().unwrap()]).env_remove("MOBSYNC_EXE");
    });
    assert_eq!((recorded.code, recorded.errors.contains("preparing")), (Some(1), false), "{}", recorded.errors);
    assert!(recorded.output.contains("--apartment mta"), "how to reproduce it: {}", recorded.output);
    let mut replay = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    replay.arg("replay").arg(&scenario).args(&options).args(["--format", "json"]).env_remove("MOBSYNC_EXE");
    let output = replay.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // What was found belongs to what was recorded.
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("ITEM-06"), "{said}");
}

/// The class of `fixtures/handlers/cpp/invokes.cpp`.
const INVOKES: &str = "{6D6F6273-796E-4E6F-8001-0000000000D0}";

/// Through the class object that the worker registers for CLSID_SyncMgr: from the apartment's thread, and from a thread of the
/// handler's own in the multi-threaded apartment.
#[test]
fn a_library_registers_itself_with_the_manager_and_the_cookie_of_its_invocation_arrives_unchanged() {
    let folder = TempDir::new().unwrap();
    let source = of_repository("fixtures/handlers/cpp/invokes.cpp");
    let library = dll(folder.path(), &source, "", &[]).display().to_string();
    let run = |args: &[&str]| {
        let mut mobsync = Command::new(env!("CARGO_BIN_EXE_mobsync"));
        mobsync.args(args).current_dir(folder.path()).env("MOBSYNC_STORE", folder.path().join("store"));
        let output = mobsync.stdin(Stdio::null()).output().expect("it starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let trace = |name: &str| fs::read_to_string(folder.path().join(name)).expect("the trace is there");
    let registered = run(&["register", &library, "--trace", "in.jsonl"]);
    assert_eq!(
        (registered.0, registered.1),
        (Some(0), format!("Invokes itself {INVOKES}: registered\n")),
        "{}",
        registered.2
    );
    assert!(trace("in.jsonl").contains("\"threading_model\":\"Both\""));

    let synchronized = run(&["sync", "--quiet", "--timeout", "2m", "--trace", "first.jsonl"]);
    assert_eq!(synchronized.0, Some(0), "{synchronized:?}");
    let hex: String = (0..65_536_u32).map(|at| format!("{:02x}", (at * 31 + at / 256) as u8)).collect();
    let initialize = trace("first-2.jsonl");
    let initialize = initialize.lines().find(|line| line.contains("\"Initialize\"")).expect("it is called");
    assert!(initialize.contains(&format!("\"{hex}\"")));
    assert_eq!(run(&["check", "in.jsonl", "first.jsonl", "first-2.jsonl"]).0, Some(0));
    let unregistered = run(&["unregister", INVOKES]);
    assert_eq!(unregistered.0, Some(0), "{unregistered:?}");

    // What public reports are full of.
    let library = dll(folder.path(), &source, "THREADING=L\"Loose\"", &[]).display().to_string();
    let (code, _, errors) = run(&["register", &library]);
    assert!(code == Some(1) && errors.contains("ThreadingModel Loose, which does not exist"), "{code:?} {errors}");
    assert_eq!(run(&["unregister", INVOKES]).0, Some(0));
}
