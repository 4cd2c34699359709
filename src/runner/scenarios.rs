//! Which scenarios are replayed, and where their traces go.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::files::{MakeFolderError, make_folder};
use crate::json::files;
use crate::protocol::plain_path;

/// Scenarios that cannot be found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindScenariosError {
    /// A folder without any.
    #[error("{}: no scenario in this folder", plain_path(folder))]
    NoneInFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder that cannot be listed.
    #[error("{}: cannot be read: {why}", plain_path(folder))]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        why: String,
    },
}

/// The scenarios that these paths name: files, and all files in folders and in the folders there, in the order of their
/// names. Handler files in folders are left out.
///
/// # Errors
/// When a folder cannot be listed, or holds no scenario. Files are not looked at.
pub fn find_scenarios(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FindScenariosError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        in_folder(path, &mut files)?;
        if files.len() == before {
            return Err(FindScenariosError::NoneInFolder { folder: path.clone() });
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn in_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FindScenariosError> {
    let unreadable = |error: std::io::Error| {
        let (folder, why) = (folder.to_owned(), error.to_string());
        FindScenariosError::Unreadable { folder, why }
    };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        // A link to a folder is not followed: it may lead back here.
        if path.is_dir() && !path.is_symlink() {
            in_folder(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") && !is_handler(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether it is a handler file. What cannot be read is taken for a scenario: then it is said what is wrong with it.
fn is_handler(file: &Path) -> bool {
    #[derive(Deserialize)]
    struct Keys {
        kind: Option<IgnoredAny>,
        format: Option<IgnoredAny>,
    }
    let mut bytes = Vec::new();
    let read = files::open(file).and_then(|mut opened| opened.read_to_end(&mut bytes));
    let keys = read.ok().and_then(|_| serde_json::from_slice::<Keys>(&bytes).ok());
    keys.is_some_and(|keys| keys.kind.is_some() && keys.format.is_none())
}

/// Traces that have no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TracePlacesError {
    /// A file for the traces of several scenarios.
    #[error("{}: {scenarios} scenarios need a folder for their traces", plain_path(path))]
    FileForSeveral {
        /// The file.
        path: PathBuf,
        /// How many scenarios there are.
        scenarios: usize,
    },
    /// The folder cannot be made.
    #[error(transparent)]
    Folder(#[from] MakeFolderError),
}

/// Where the trace of each scenario goes: `to` itself where there is one scenario, else files in the folder `to`, which is
/// made if need be.
///
/// # Errors
/// When `to` is a file and there are several scenarios, or the folder cannot be made.
pub fn trace_places(to: &Path, scenarios: &[PathBuf]) -> Result<Vec<PathBuf>, TracePlacesError> {
    if scenarios.len() == 1 && !to.is_dir() {
        return Ok(vec![to.to_owned()]);
    }
    if to.exists() && !to.is_dir() {
        return Err(TracePlacesError::FileForSeveral { path: to.to_owned(), scenarios: scenarios.len() });
    }
    make_folder(to)?;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let name = |scenario: &PathBuf| {
        let stem = scenario.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned());
        let nth = times.entry(stem.clone()).and_modify(|times| *times += 1).or_insert(1);
        let name = if *nth == 1 { format!("{stem}.jsonl") } else { format!("{stem}-{nth}.jsonl") };
        to.join(name)
    };
    Ok(scenarios.iter().map(name).collect())
}
