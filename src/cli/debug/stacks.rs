//! What the handler's threads do, and debuggers for them.

use std::sync::atomic::AtomicBool;
#[cfg(target_os = "linux")]
use std::sync::atomic::Ordering;
#[cfg(target_os = "linux")]
use std::time::Duration;

use crate::job::SteeredWorker;
use crate::protocol::Thread;
use crate::report::plain;

/// Why there are no stacks.
pub(super) const NO_WORKER: &str =
    "This handler has no worker: only a native handler has one, and not with --in-process or --break-on.";

/// Why no debugger is attached to a worker that does not know its process.
const NOT_HERE: &str = "The handler is a library for Windows: a debugger of this system does not know its functions. `where` shows what \
     its threads do.";

/// How often it is looked whether a debugger has attached.
#[cfg(target_os = "linux")]
const LOOK: Duration = Duration::from_millis(50);

/// The stacks, as the worker says them: a line that ends with a colon names a thread. `last` is the thread that called back last.
pub(super) fn in_words(lines: &[String], last: &Thread) -> String {
    if lines.is_empty() {
        return "The worker does not say what its threads do.".to_owned();
    }
    // The thread that calls back is asked where it stands, and again as one of the handler's threads: once is enough.
    let calls_back = lines.iter().any(|line| line == "the thread that calls back:");
    let heading = format!("thread {last}:");
    let mut again = false;
    let lines = lines.iter().filter(|line| {
        if line.ends_with(':') {
            again = calls_back && **line == heading;
        }
        !again
    });
    let line = |line: &String| match line.strip_suffix(':') {
        Some("the thread that calls back") => format!("{last}, which called back last:"),
        Some(name) => format!("{}:", plain(name)),
        None => format!("  {}", plain(line)),
    };
    lines.map(line).collect::<Vec<_>>().join("\n")
}

/// How a debugger is attached to the worker.
pub(super) fn attach(worker: &SteeredWorker) -> Result<String, String> {
    let Some(pid) = worker.pid() else {
        return Err(if worker.has_begun() { NOT_HERE } else { "the worker has not begun; step once" }.to_owned());
    };
    let debugger = match std::env::consts::OS {
        "macos" => "lldb",
        // Visual Studio attaches to it by the same number.
        "windows" => "windbg",
        _ => "gdb",
    };
    let mut text = format!("The handler is in process {pid}. In another terminal:\n  {debugger} -p {pid}");
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    if !matches!(scope.trim(), "" | "0") {
        text.push_str("\nThis system lets only parents trace a process: put `sudo` before it.");
    }
    Ok(text)
}

/// Waits until a debugger has attached to the worker, or the user presses Ctrl-C.
#[cfg(target_os = "linux")]
pub(super) fn wait_for_debugger(worker: &SteeredWorker, interrupted: &AtomicBool) -> &'static str {
    let status = worker.pid().map(|pid| format!("/proc/{pid}/status")).unwrap_or_default();
    loop {
        let Ok(text) = std::fs::read_to_string(&status) else { return "The worker has ended." };
        let tracer = text.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        if tracer.is_some_and(|tracer| tracer.trim() != "0") {
            return "A debugger has attached. Let it continue; then `continue` goes on here.";
        }
        if interrupted.swap(false, Ordering::SeqCst) {
            return "No debugger has attached.";
        }
        std::thread::sleep(LOOK);
    }
}

/// Other systems do not say whether a debugger has attached.
#[cfg(not(target_os = "linux"))]
pub(super) fn wait_for_debugger(_: &SteeredWorker, _: &AtomicBool) -> &'static str {
    "When it has attached, let it continue; then `continue` goes on here."
}
