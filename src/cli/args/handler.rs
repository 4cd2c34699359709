//! The handler on the command line: HANDLER, or a program.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use crate::job::{Handler, HandlerError};
use crate::protocol::Guid;

/// HANDLER, and what belongs to it.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("which handler").args(["handler", "exec"]).required(true))]
pub(in crate::cli) struct HandlerArgs {
    /// `filesync` (with --folder), a native library (with --clsid), or a .json handler file
    #[arg(value_name = "HANDLER")]
    handler: Option<String>,

    #[command(flatten)]
    options: HandlerOptions,
}

/// `--handler HANDLER`, and what belongs to it.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct OtherHandlerArgs {
    /// Replay against this handler instead of the one the scenario names
    #[arg(long, value_name = "HANDLER")]
    handler: Option<String>,

    #[command(flatten)]
    options: HandlerOptions,
}

#[derive(Clone, Debug, Args)]
struct HandlerOptions {
    /// Run this program, which speaks the wire protocol (docs/wire.md), instead of HANDLER
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["handler", "folder", "clsid"])]
    exec: Option<String>,

    /// For filesync: an item that synchronizes LEFT to RIGHT (repeatable)
    #[arg(long, value_name = "LEFT=RIGHT", requires = "handler")]
    folder: Vec<String>,

    /// For a native library: the handler's class
    #[arg(long, value_name = "{GUID}", requires = "handler")]
    clsid: Option<Guid>,
}

/// A handler as it was given.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Given {
    /// HANDLER.
    Word {
        word: String,
        /// `--folder`.
        folders: Vec<String>,
        /// `--clsid`.
        clsid: Option<Guid>,
    },
    /// The command of `--exec`.
    Exec(String),
}

impl HandlerArgs {
    /// What was given.
    pub(in crate::cli) fn given(&self) -> Given {
        // Without either of them the command line is wrong.
        given(self.handler.as_deref(), &self.options).unwrap_or_else(|| Given::Exec(String::new()))
    }
}

impl OtherHandlerArgs {
    /// What was given, if anything.
    pub(in crate::cli) fn given(&self) -> Option<Given> {
        given(self.handler.as_deref(), &self.options)
    }
}

fn given(word: Option<&str>, HandlerOptions { exec, folder, clsid }: &HandlerOptions) -> Option<Given> {
    match (exec, word) {
        (Some(command), _) => Some(Given::Exec(command.clone())),
        (None, Some(word)) => Some(Given::Word { word: word.to_owned(), folders: folder.clone(), clsid: *clsid }),
        (None, None) => None,
    }
}

impl Given {
    /// Makes it ready to be driven.
    pub(in crate::cli) fn find(&self) -> Result<Handler, HandlerError> {
        match self {
            Self::Word { word, folders, clsid } => Handler::find(word, folders, *clsid),
            Self::Exec(command) => Handler::exec(command),
        }
    }

    /// Its file, where it is one: nothing is written over it, and reports point at it. Of a command it is the first word that
    /// is a file; not an interpreter, which is no file of the user's.
    pub(in crate::cli) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Word { word, .. } => Some(PathBuf::from(word)).filter(|file| file.is_file()),
            Self::Exec(command) => {
                let words = shell_words::split(command).ok()?;
                let mut files = words.iter().enumerate().filter(|(at, word)| *at > 0 || !is_on_path(word));
                files.find(|(_, word)| Path::new(word).is_file()).map(|(_, word)| PathBuf::from(word))
            }
        }
    }

    /// What a title calls it.
    pub(in crate::cli) fn word(&self) -> &str {
        match self {
            Self::Word { word, .. } => word,
            Self::Exec(command) => command,
        }
    }
}

/// Whether the system finds the program in a folder of PATH, or would if the word were only its name.
fn is_on_path(program: &str) -> bool {
    let path = Path::new(program);
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return true };
    std::env::var_os("PATH").is_some_and(|folders| std::env::split_paths(&folders).any(|known| known == folder))
}
