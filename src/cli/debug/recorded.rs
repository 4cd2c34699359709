//! Writes what was done as a scenario.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::scenario::{Expect, Recording, Scenario};

/// A session's scenario, but for its steps and the place of its handler; and the steps so far.
pub(super) struct Recorded {
    pub(super) scenario: Scenario,
    pub(super) recording: Recording,
    /// HANDLER as it was given.
    pub(super) handler: String,
    /// `--folder` as it was given.
    pub(super) folders: Vec<String>,
}

impl Recorded {
    /// Writes the file, and says so. A file that is there is not replaced.
    pub(super) fn write(&self, file: &Path) -> Result<String, String> {
        if file.as_os_str().is_empty() {
            return Err("record to which file?".to_owned());
        }
        let scenario = self.at(file);
        let steps = scenario.steps.len();
        let mut text = serde_json::to_string_pretty(&scenario).map_err(|error| error.to_string())?;
        text.push('\n');
        let new = std::fs::File::create_new(file);
        new.and_then(|mut new| new.write_all(text.as_bytes())).map_err(|error| {
            let hint = if error.kind() == std::io::ErrorKind::AlreadyExists { "; record to another name" } else { "" };
            format!("{}: {error}{hint}", file.display())
        })?;
        let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
        Ok(format!("{}: a scenario of {steps}.", file.display()))
    }

    /// The scenario as it stands in that file: paths are relative to it.
    fn at(&self, file: &Path) -> Scenario {
        let folder = std::path::absolute(file).ok().and_then(|file| file.parent().map(Path::to_owned));
        let place = |word: &str| relative(Path::new(word), folder.as_deref()).to_string_lossy().into_owned();
        let pair = |word: &String| match word.split_once('=') {
            Some((left, right)) => format!("{}={}", place(left), place(right)),
            None => word.clone(),
        };
        let handler = if self.folders.is_empty() { place(&self.handler) } else { self.handler.clone() };
        Scenario {
            handler: Some(handler),
            folders: self.folders.iter().map(pair).collect(),
            steps: self.recording.steps(),
            // What was expected of other steps need not hold of these.
            expect: Expect::default(),
            ..self.scenario.clone()
        }
    }
}

/// The path from that folder where it lies inside it, else the whole path.
fn relative(path: &Path, folder: Option<&Path>) -> PathBuf {
    let Ok(path) = std::path::absolute(path) else { return path.to_owned() };
    match folder.and_then(|folder| path.strip_prefix(folder).ok()) {
        Some(inside) => inside.to_owned(),
        None => path,
    }
}
