//! The processes of this machine, as /proc lists them.

use super::proc::read;

/// A process.
pub(crate) struct Process {
    pub(crate) pid: i32,
    folder: std::path::PathBuf,
}

impl Process {
    /// The process that started it, or took it over.
    fn parent(&self) -> Option<i32> {
        let stat = read(self.folder.join("stat")).ok()?;
        // The name stands in parentheses, and may hold anything.
        stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    /// Whether its environment holds this, as `NAME=value`.
    pub(crate) fn has_variable(&self, wanted: &str) -> bool {
        let environment = std::fs::read(self.folder.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    }
}

/// Whether the environment of that process holds this, as `NAME=value`.
pub(crate) fn has_variable(pid: i32, wanted: &str) -> bool {
    Process { pid, folder: format!("/proc/{pid}").into() }.has_variable(wanted)
}

/// Whether there is no such process, or nothing left of it but how it ended.
pub(crate) fn has_ended(pid: i32) -> bool {
    let Ok(stat) = read(format!("/proc/{pid}/stat")) else { return true };
    // The state stands behind the name, which stands in parentheses, and may hold anything.
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// All processes.
pub(crate) fn all() -> impl Iterator<Item = Process> {
    std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some(Process { pid, folder: entry.path() })
    })
}

/// The children of all threads of this process.
pub(crate) fn children() -> Vec<i32> {
    let threads: Vec<_> = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten().collect();
    let listed: Result<Vec<String>, _> = threads.iter().map(|thread| read(thread.path().join("children"))).collect();
    match listed {
        Ok(lists) => {
            lists.iter().flat_map(|list| list.split_ascii_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
        }
        // Not every kernel lists them, and a thread may have ended meanwhile.
        Err(_) => {
            let own = i32::try_from(std::process::id()).ok();
            all().filter(|process| process.parent() == own).map(|process| process.pid).collect()
        }
    }
}
