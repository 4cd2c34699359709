//! The handler on the command line: HANDLER, or a program.

use std::path::Path;

use clap::{ArgGroup, Args};

use crate::launch::{Handler, HandlerError};
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
    /// Replay against this handler, not against the one that the scenario names
    #[arg(long, value_name = "HANDLER")]
    handler: Option<String>,

    #[command(flatten)]
    options: HandlerOptions,
}

#[derive(Clone, Debug, Args)]
struct HandlerOptions {
    /// A program that speaks the wire protocol (docs/wire.md), in place of HANDLER
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["handler", "folder", "clsid"])]
    exec: Option<String>,

    /// For filesync: synchronize LEFT to RIGHT, as one item (repeatable)
    #[arg(long, value_name = "LEFT=RIGHT", requires = "handler")]
    folder: Vec<String>,

    /// For a native library: the class whose factory DllGetClassObject gives
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

    /// Its file, where it is one: nothing is written over it, and reports point at it.
    pub(in crate::cli) fn file(&self) -> Option<&Path> {
        match self {
            Self::Word { word, .. } => Some(Path::new(word)).filter(|file| file.is_file()),
            Self::Exec(_) => None,
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
