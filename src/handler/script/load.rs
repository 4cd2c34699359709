//! Reads scripts, and says what is wrong with one.

use std::path::{Path, PathBuf};

use super::file::{Behaviour, Script, Step};
use crate::protocol::{CallMethod, Callback};

/// The version of the script format that this program reads.
const VERSION: u32 = 1;

/// A script could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The file could not be read.
    #[error("{file}: {why}", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The file is no valid JSON, or not what a script looks like.
    #[error("{file}:{line}:{column}: {path}: {why}", file = file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Where in the document, e.g. `methods.Synchronize.do[2]`.
        path: String,
        /// What was found, and what is expected.
        why: String,
    },
    /// The file is of another version.
    #[error("{file}: this is version {found} of the format; this program reads version {VERSION}", file = file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// The version that it says.
        found: u64,
    },
    /// A part of the script makes no sense where it stands.
    #[error("{file}: {path}: {why}", file = file.display())]
    Nonsense {
        /// The file.
        file: PathBuf,
        /// Where in the document.
        path: String,
        /// Why not, and what to do.
        why: String,
    },
}

/// Reads a script from a file.
///
/// # Errors
/// When the file cannot be read or is not a valid script.
pub fn load(file: &Path) -> Result<Script, ScriptError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| ScriptError::Unreadable { file: file.to_owned(), why: error.to_string() })?;
    parse(&text, file)
}

/// Reads a script from text; `file` is named in errors.
///
/// # Errors
/// When the text is not a valid script.
pub fn parse(text: &str, file: &Path) -> Result<Script, ScriptError> {
    // The version first: what another version looks like inside is not for this one to judge.
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text)
        && let Some(version) = object.get("version").and_then(serde_json::Value::as_u64)
        && version != u64::from(VERSION)
    {
        return Err(ScriptError::Version { file: file.to_owned(), found: version });
    }
    let script: Script = from_json(text, file)?;
    check(&script, file)?;
    Ok(script)
}

/// Reads a handler file of any kind into its type, with errors that name line, column and path.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str, file: &Path) -> Result<T, ScriptError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| invalid(file, &error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| invalid(file, ".", &error))?;
    Ok(value)
}

fn invalid(file: &Path, path: &str, error: &serde_json::Error) -> ScriptError {
    let text = error.to_string();
    // The place is given apart; serde_json appends it to the message too.
    let why = text.rsplit_once(" at line ").map_or(text.as_str(), |(why, _)| why);
    ScriptError::Invalid {
        file: file.to_owned(),
        line: error.line(),
        column: error.column().max(1),
        path: if path == "." { "the document".to_owned() } else { path.to_owned() },
        why: with_nearest(why),
    }
}

/// Adds the nearest of the names that serde expected, when one is near.
fn with_nearest(why: &str) -> String {
    let mut quoted = why.split('`').skip(1).step_by(2);
    let Some(given) = quoted.next().filter(|_| why.starts_with("unknown ")) else { return why.to_owned() };
    match crate::protocol::nearest(given, quoted) {
        Some(near) => format!("{why}; did you mean `{near}`?"),
        None => why.to_owned(),
    }
}

fn check(script: &Script, file: &Path) -> Result<(), ScriptError> {
    let nonsense =
        |path: String, why: &str| Err(ScriptError::Nonsense { file: file.to_owned(), path, why: why.into() });
    for method in CallMethod::ALL {
        for nth in 0.. {
            let Some(behaviour) = script.methods.behaviour(*method, nth) else { break };
            let last = script.methods.behaviour(*method, nth + 1).is_some_and(|next| std::ptr::eq(next, behaviour));
            for (part, steps) in parts(behaviour) {
                let path = format!("methods.{method}[{nth}].{part}");
                if let Some(why) = steps.iter().find_map(|step| complaint(*method, step)) {
                    return nonsense(path, &why);
                }
            }
            if last {
                break;
            }
        }
    }
    Ok(())
}

fn parts(behaviour: &Behaviour) -> impl Iterator<Item = (String, &[Step])> {
    let threads = behaviour.threads.iter().map(|(name, steps)| (format!("threads.{name}"), steps.as_slice()));
    [("do".to_owned(), behaviour.steps.as_slice()), ("then".to_owned(), behaviour.then.as_slice())]
        .into_iter()
        .chain(threads)
}

/// Why a step makes no sense in that method.
fn complaint(method: CallMethod, step: &Step) -> Option<String> {
    match step {
        Step::Complete(_) | Step::CompleteIfLast(_) if !method.is_asynchronous() => Some(format!(
            "{method} has no completion of its own; name one with complete_as, e.g. \
             {{\"complete_as\": {{\"method\": \"SynchronizeCompleted\", \"hr\": \"S_OK\"}}}}"
        )),
        Step::CompleteAs(complete) if complete.method.completes().is_none() => {
            Some(format!("{} completes nothing; use one of the …Completed methods", complete.method))
        }
        Step::Callback(raw) => match Callback::deserialize_args(raw.method, raw.args.clone()) {
            Ok(_) => None,
            Err(error) => Some(format!("these are no arguments of {}: {error}", raw.method)),
        },
        Step::Repeat(repeat) => repeat.steps.iter().find_map(|step| complaint(method, step)),
        Step::Start(start) => start.steps.iter().find_map(|step| complaint(method, step)),
        _ => None,
    }
}

/// The JSON Schema of scripts.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Script).to_value()
}
