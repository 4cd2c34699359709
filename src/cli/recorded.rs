//! Writes what was done as a scenario.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::again;
use super::args::Given;
use super::args::SessionArgs;
use crate::job::Terms;
use crate::protocol::{Delay, SyncEvent};
use crate::scenario::{self, Expect, Recording, Scenario};

/// The scenario of the ordinary session that the options ask for: what a recording begins with.
pub(super) fn ordinary(args: &SessionArgs, terms: &Terms, title: &str) -> Scenario {
    Scenario {
        seed: terms.seed,
        profile: terms.profile,
        event: SyncEvent::from(args.event).into(),
        settings: args.settings,
        user: !args.no_user,
        cookie: terms.initialize().cookie,
        choose: (&terms.selection()).into(),
        timeout: args.timeout.map(Delay),
        blocking: args.blocking_limit.map(Delay),
        ..Scenario::titled(title)
    }
}

/// A session's scenario, but for its steps and the place of its handler; and the steps so far.
pub(super) struct Recorded {
    pub(super) scenario: Scenario,
    pub(super) recording: Recording,
    /// The handler as it was given.
    pub(super) handler: Given,
}

impl Recorded {
    /// Writes the file, with what must come of the session, and says so. A file that is there is not replaced.
    pub(super) fn write(&self, file: &Path, expect: Expect) -> Result<String, String> {
        if file.as_os_str().is_empty() {
            return Err("record to which file?".to_owned());
        }
        let scenario = Scenario { expect, ..self.at(file) };
        let steps = scenario.steps.len();
        let text = scenario::to_text(&scenario).map_err(|error| error.to_string())?;
        let new = std::fs::File::create_new(file);
        new.and_then(|mut new| new.write_all(text.as_bytes())).map_err(|error| {
            let hint = if error.kind() == std::io::ErrorKind::AlreadyExists { "; record to another name" } else { "" };
            format!("{}: {error}{hint}", file.display())
        })?;
        let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
        let said = format!("{}: a scenario of {steps}.", file.display());
        Ok(match self.handler {
            Given::Word { .. } => said,
            Given::Exec(_) => {
                let replay = again::of_recorded(file, &self.handler);
                format!("{said} It does not say which program the handler is; to replay it: {replay}")
            }
        })
    }

    /// The scenario as it stands in that file: paths are relative to it.
    fn at(&self, file: &Path) -> Scenario {
        let folder = std::path::absolute(file).ok().and_then(|file| file.parent().map(Path::to_owned));
        let place = |word: &str| relative(Path::new(word), folder.as_deref()).to_string_lossy().into_owned();
        let pair = |word: &String| match word.split_once('=') {
            Some((left, right)) => format!("{}={}", place(left), place(right)),
            None => word.clone(),
        };
        let (handler, folders, clsid) = match &self.handler {
            Given::Word { word, folders, clsid } if folders.is_empty() => (Some(place(word)), Vec::new(), *clsid),
            Given::Word { word, folders, clsid } => (Some(word.clone()), folders.iter().map(pair).collect(), *clsid),
            // A command is for the folder in which it was typed, and a scenario may lie in any.
            Given::Exec(_) => (None, Vec::new(), None),
        };
        Scenario { handler, folders, clsid, steps: self.recording.steps(), ..self.scenario.clone() }
    }
}

/// The path from that folder.
fn relative(path: &Path, folder: Option<&Path>) -> PathBuf {
    let Ok(path) = std::path::absolute(path) else { return path.to_owned() };
    folder.and_then(|folder| pathdiff::diff_paths(&path, folder)).unwrap_or(path)
}
