//! Which scenarios are replayed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cli::exit::Failure;
use crate::cli::output::make_folder;

/// The scenarios that the words name: files, and all files of folders and theirs, in the order of their names. Handler
/// files, which may lie among them, are passed over in folders.
pub(super) fn scenarios(words: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for word in words {
        if !word.is_dir() {
            files.push(word.clone());
            continue;
        }
        let before = files.len();
        in_folder(word, &mut files)?;
        if files.len() == before {
            return Err(Failure(format!("{}: there is no scenario in this folder", word.display())));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn in_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| Failure(format!("{}: cannot be read: {error}", folder.display()));
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
    let keys = fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<Keys>(&bytes).ok());
    keys.is_some_and(|keys| keys.kind.is_some() && keys.format.is_none())
}

/// Where the trace of each scenario goes: the file that `--trace` names where there is one scenario, else files in the
/// folder that it names.
pub(super) fn traces(to: &Path, scenarios: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if scenarios.len() == 1 && !to.is_dir() {
        return Ok(vec![to.to_owned()]);
    }
    if to.exists() && !to.is_dir() {
        let why = format!(
            "--trace {}: there are {} scenarios; name a folder for their traces",
            to.display(),
            scenarios.len()
        );
        return Err(Failure(why));
    }
    make_folder("--trace", to)?;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let name = |scenario: &PathBuf| {
        let stem = scenario.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned());
        let nth = times.entry(stem.clone()).and_modify(|times| *times += 1).or_insert(1);
        let name = if *nth == 1 { format!("{stem}.jsonl") } else { format!("{stem}-{nth}.jsonl") };
        to.join(name)
    };
    Ok(scenarios.iter().map(name).collect())
}
