//! A library for Windows, through Wine, against the same source built for this system: a session, the suite, a callback. Wine is warm:
//! its server runs, as it does from the second session on.
//!
//! It needs Wine, mingw-w64 and `mobsync.exe` (`scripts/windows`, without --debug); where one is missing, it says so and ends.

#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports, reason = "Wine is driven on Linux"))]

#[path = "../tests/common/native.rs"]
#[allow(dead_code, reason = "shared with tests, which use other parts")]
mod native;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use native::{NOTEBOOK_CPP, of_repository};
use support::paired::{Effort, Summary, rounds};

/// The class of `support/stopwatch.c`.
const STOPWATCH: &str = "{6D6F6273-796E-4E6F-80FF-000000000001}";

/// A session through Wine takes at most so many times as long as one with a native worker, and so does the suite.
const SESSION_TARGET: f64 = 3.0;
const SUITE_TARGET: f64 = 6.0;

/// A callback takes at most so many nanoseconds.
const CALLBACK_TARGET_NS: f64 = 1000.0;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("wine: it is driven on Linux only");
}

#[cfg(target_os = "linux")]
fn main() {
    let effort = Effort::from_args();
    let folder = tempfile::tempdir().expect("there is room for files");
    let notebook = native::library("fixtures/handlers/cpp/notebook.cpp", &[]);
    let through_wine = match dll(folder.path(), "fixtures/handlers/cpp/notebook.cpp", &[]) {
        Ok(built) => built,
        Err(why) => return println!("wine: left out: {}", why.trim_end()),
    };
    // The first one makes Wine's folder, and starts its server.
    if let Err(why) = run(&["run"], &through_wine, NOTEBOOK_CPP) {
        return println!("wine: left out: {}", why.trim_end());
    }
    println!("wine: a library for Windows against the same one for this system, on {} processors", processors());

    let session = |library: &Path| timed(&["run"], library, NOTEBOOK_CPP);
    let paired = rounds(effort.pick(31, 1), || session(&notebook), || session(&through_wine));
    say("the command that runs a session", paired, SESSION_TARGET);

    // The fixed cases: a session for each, and the server is kept.
    let suite = |library: &Path| timed(&["conform"], library, NOTEBOOK_CPP);
    let paired = rounds(effort.pick(9, 1), || suite(&notebook), || suite(&through_wine));
    say("the command that runs the suite", paired, SUITE_TARGET);

    let callbacks = effort.pick(100_000, 400);
    let definition = format!("CALLBACKS={callbacks}");
    let here = native::library("benches/support/stopwatch.c", &[&definition]);
    let there =
        dll(folder.path(), "benches/support/stopwatch.c", &[&definition]).expect("it compiles as the first one did");
    let each = |library: &Path| reported(&folder.path().join("trace"), library) / u32::try_from(callbacks).unwrap_or(1);
    let paired = rounds(effort.pick(15, 1), || each(&here), || each(&there));
    println!(
        "  a callback with a text: {:.0} ns, target {CALLBACK_TARGET_NS:.0}; {} times a native worker's ({:.0} ns); {} rounds",
        paired.subject_ns.median, paired.ratio, paired.floor_ns.median, paired.rounds,
    );
}

fn say(what: &str, paired: Summary, target: f64) {
    println!(
        "  {what}: {} times the native one, target {target:.1}; {:.0} ms against {:.0} ms; {} rounds",
        paired.ratio,
        paired.subject_ns.median / 1e6,
        paired.floor_ns.median / 1e6,
        paired.rounds,
    );
}

/// A handler's source, compiled by mingw-w64.
fn dll(folder: &Path, source: &str, definitions: &[&str]) -> Result<PathBuf, String> {
    let source = of_repository(source);
    let cpp = source.extension().is_some_and(|extension| extension == "cpp");
    let (compiler, standard) =
        if cpp { ("x86_64-w64-mingw32-g++", "-std=c++17") } else { ("x86_64-w64-mingw32-gcc", "-std=gnu11") };
    let built = folder.join(source.with_extension("dll").file_name().expect("a source has a name"));
    let output = Command::new(compiler)
        .args([standard, "-g", "-O1", "-fno-omit-frame-pointer", "-shared", "-static"])
        .args(definitions.iter().map(|definition| format!("-D{definition}")))
        // In C the IDs belong to whoever defines this; our own headers do not ask for it.
        .args((!cpp).then_some("-DINITGUID"))
        .arg(&source)
        .arg("-o")
        .arg(&built)
        .args(["-lole32", "-luuid", "-lwinpthread"])
        .output()
        .map_err(|why| format!("{compiler}: {why}"))?;
    if output.status.success() { Ok(built) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// A command with a library, which must go well.
fn run(words: &[&str], library: &Path, clsid: &str) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mobsync"));
    command.arg(words[0]).arg(library).args(["--clsid", clsid]).args(&words[1..]);
    let output = command.stdin(Stdio::null()).output().map_err(|why| why.to_string())?;
    let said = || String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said()) }
}

fn timed(words: &[&str], library: &Path, clsid: &str) -> Duration {
    let began = Instant::now();
    run(words, library, clsid).unwrap_or_else(|said| panic!("{words:?}: {said}"));
    began.elapsed()
}

/// How long the stopwatch says that its callbacks took.
fn reported(trace: &Path, library: &Path) -> Duration {
    let file = trace.display().to_string();
    run(&["run", "--trace", &file], library, STOPWATCH).unwrap_or_else(|said| panic!("{said}"));
    let text = std::fs::read_to_string(trace).expect("the trace was written");
    let (_, rest) = text.split_once("\"reported ").expect("it says how long it took");
    let (number, _) = rest.split_once('"').expect("a text has an end");
    Duration::from_nanos(number.trim().parse().expect("a number"))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
