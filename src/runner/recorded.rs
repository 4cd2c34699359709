//! Writes what was done in a session as a scenario.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::job::HandlerName;
use crate::protocol::plain_path;
use crate::scenario::{self, Expect, Member, Recording, Scenario};

/// A session that was recorded.
pub struct Recorded {
    /// Its scenario, but for the steps, what is expected, and the place of the handler.
    pub scenario: Scenario,
    /// The steps so far.
    pub recording: Recording,
    /// The handler as it was given.
    pub handler: HandlerName,
}

/// Why a recording was not written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The scenario cannot be written as JSON.
    #[error("the scenario cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// There is a file already. It is left as it is.
    #[error("{}: the file already exists; record to another file", plain_path(file))]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be written.
    #[error("{}: {why}", plain_path(file))]
    Write {
        /// The file.
        file: PathBuf,
        /// The system's words.
        why: String,
    },
}

impl Recorded {
    /// Writes the file, with what must come of the session, and returns the number of steps in it. A file that is there is
    /// not replaced.
    ///
    /// # Errors
    /// When there is such a file, or it cannot be written.
    pub fn write(&self, file: &Path, expect: Expect) -> Result<usize, RecordError> {
        let scenario = Scenario { expect, ..self.at(file) };
        let text = scenario::to_text(&scenario)?;
        let new = std::fs::File::create_new(file);
        new.and_then(|mut new| new.write_all(text.as_bytes())).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => RecordError::Exists { file: file.to_owned() },
            _ => RecordError::Write { file: file.to_owned(), why: error.to_string() },
        })?;
        Ok(scenario.steps.len())
    }

    /// The scenario as it stands in that file: paths are relative to it.
    fn at(&self, file: &Path) -> Scenario {
        let scenario = Scenario { steps: self.recording.steps(), ..self.scenario.clone() };
        naming(scenario, &self.handler, file)
    }
}

/// The scenario with the handler as it is named in that file: paths are relative to it.
pub fn naming(scenario: Scenario, handler: &HandlerName, file: &Path) -> Scenario {
    let folder = std::path::absolute(file).ok().and_then(|file| file.parent().map(Path::to_owned));
    let place = |word: &str| relative(Path::new(word), folder.as_deref()).to_string_lossy().into_owned();
    let pair = |word: &String| match word.split_once('=') {
        Some((left, right)) => format!("{}={}", place(left), place(right)),
        None => word.clone(),
    };
    let (handler, folders, clsid) = match handler {
        HandlerName::Word { word, folders, clsid, .. } if folders.is_empty() => (Some(place(word)), Vec::new(), *clsid),
        HandlerName::Word { word, folders, clsid, .. } => {
            (Some(word.clone()), folders.iter().map(pair).collect(), *clsid)
        }
        // A command is for the folder in which it was typed, and a scenario may lie in any.
        HandlerName::Exec(_) => (None, Vec::new(), None),
    };
    if let [member] = scenario.handlers.as_slice()
        && scenario.has_world()
    {
        // The only handler of a world.
        let handler = handler.unwrap_or_else(|| member.handler.clone());
        let handlers = vec![Member { handler, folders, clsid, ..member.clone() }];
        return Scenario { handlers, ..scenario };
    }
    Scenario { handler, folders, clsid, ..scenario }
}

/// The path from that folder.
fn relative(path: &Path, folder: Option<&Path>) -> PathBuf {
    let Ok(path) = std::path::absolute(path) else { return path.to_owned() };
    folder.and_then(|folder| pathdiff::diff_paths(&path, folder)).unwrap_or(path)
}
