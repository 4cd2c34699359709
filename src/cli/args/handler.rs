//! The handler on the command line: HANDLER, or a program.

use std::path::Path;

use clap::{ArgGroup, Args};

use crate::job::HandlerName;
use crate::json::files;
use crate::protocol::Guid;

/// HANDLER, and what belongs to it.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("which handler").args(["handler", "exec"]))]
pub(in crate::cli) struct HandlerArgs {
    /// `filesync` (with --folder), a native library (with --clsid), a .json handler file, or the name or CLSID of a registered
    /// handler [default: that of mobsync.toml]
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

    /// For filesync: leave a file in RIGHT that is newer than the one in LEFT
    #[arg(long, requires = "folder")]
    update: bool,

    /// For a native library: the handler's class
    #[arg(long, value_name = "{GUID}", requires = "handler")]
    clsid: Option<Guid>,
}

impl HandlerArgs {
    /// Whether a handler is named.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.handler.is_some() || self.options.exec.is_some()
    }

    /// Takes this command, if no handler is named.
    pub(in crate::cli) fn fill_exec(&mut self, command: &str) {
        if !self.is_given() {
            self.options.exec = Some(command.to_owned());
        }
    }

    /// Takes this class for the library, if that is the one that is named, and without a class.
    pub(in crate::cli) fn fill_clsid(&mut self, library: &Path, clsid: Guid) {
        let is_same = |word: &String| files::is_same(Path::new(word), library);
        if self.options.clsid.is_none() && self.handler.as_ref().is_some_and(is_same) {
            self.options.clsid = Some(clsid);
        }
    }

    /// Takes this handler, if none is named.
    pub(in crate::cli) fn fill_word(&mut self, word: String, folders: Vec<String>, clsid: Option<Guid>) {
        if !self.is_given() {
            self.handler = Some(word);
            self.options.folder = folders;
            self.options.clsid = clsid;
        }
    }

    /// What was given.
    pub(in crate::cli) fn given(&self) -> HandlerName {
        // Without either of them the command line is wrong.
        given(self.handler.as_deref(), &self.options).unwrap_or_else(|| HandlerName::Exec(String::new()))
    }
}

impl OtherHandlerArgs {
    /// What was given, if anything.
    pub(in crate::cli) fn given(&self) -> Option<HandlerName> {
        given(self.handler.as_deref(), &self.options)
    }
}

fn given(word: Option<&str>, HandlerOptions { exec, folder, update, clsid }: &HandlerOptions) -> Option<HandlerName> {
    match (exec, word) {
        (Some(command), _) => Some(HandlerName::Exec(command.clone())),
        (None, Some(word)) => {
            let (word, folders) = (word.to_owned(), folder.clone());
            Some(HandlerName::Word { word, folders, clsid: *clsid, update: *update })
        }
        (None, None) => None,
    }
}
