//! The processes of this machine, as /proc lists them.

/// A process.
pub(super) struct Process {
    pub(super) pid: i32,
    folder: std::path::PathBuf,
}

impl Process {
    /// The process that started it, or took it over.
    pub(super) fn parent(&self) -> Option<i32> {
        let stat = std::fs::read_to_string(self.folder.join("stat")).ok()?;
        // The name stands in parentheses, and may hold anything.
        stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    /// Whether its environment holds this, as `NAME=value`.
    pub(super) fn has_variable(&self, wanted: &str) -> bool {
        let environment = std::fs::read(self.folder.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    }
}

/// Whether there is no such process, or nothing left of it but how it ended.
pub(super) fn has_ended(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    // The state stands behind the name, which stands in parentheses, and may hold anything.
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// All processes.
pub(super) fn all() -> impl Iterator<Item = Process> {
    std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some(Process { pid, folder: entry.path() })
    })
}
