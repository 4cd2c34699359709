//! `ISyncMgrSynchronizeInvoke`: another program starts sessions.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Request;
use crate::protocol::{Cookie, HResult, InvokeFlags, Occasion, plain_path};
use crate::store::Store;

/// Where the process of [`update_all`] writes what it says: a file in the store.
pub const LOG_FILE: &str = "update-all.log";

/// The variable by which the process of [`update_all`] knows what it is.
const UPDATES_ALL: &str = "MOBSYNC_UPDATES_ALL";

/// The session that `UpdateItems` starts: the event is INVOKE, and the cookie goes to `Initialize` as it is
/// (`nf-mobsync-isyncmgrsynchronizeinvoke-updateitems`). `request` says the rest. With STARTSYNC it can be run at once; without,
/// the user chooses first.
///
/// # Errors
/// E_INVALIDARG, when the flags are not valid.
pub fn invoked(flags: InvokeFlags, cookie: Option<Cookie>, request: Request) -> Result<Request, HResult> {
    if !flags.is_valid() {
        return Err(HResult::E_INVALIDARG);
    }
    Ok(Request { event: Occasion::INVOKE, cookie, invoked: Some(flags), ..request })
}

/// `UpdateAll` could not start its process.
#[derive(Debug, thiserror::Error)]
pub enum UpdateAllError {
    /// The file for what the process says cannot be written.
    #[error("{}: {error}", plain_path(path))]
    Log {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// The program cannot be started.
    #[error("{}: cannot start it: {error}", plain_path(program))]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's words.
        error: io::Error,
    },
}

/// `UpdateAll`: returns at once, and the sessions of all registered handlers run in a process of their own
/// (`nf-mobsync-isyncmgrsynchronizeinvoke-updateall`). The process is `program`, which is this one, with the arguments `sync --event
/// invoke` and `more`. It goes on when this process ends. Returns its number. In such a process it is that one: all sessions are run
/// already.
///
/// # Errors
/// When the process cannot be started.
pub fn update_all(program: &Path, store: &Store, more: &[String]) -> Result<u32, UpdateAllError> {
    if std::env::var_os(UPDATES_ALL).is_some() {
        // A handler that asks for it in each of its sessions would start processes without end.
        return Ok(std::process::id());
    }
    let path = store.folder().join(LOG_FILE);
    let log = fs::create_dir_all(store.folder()).and_then(|()| File::create(&path));
    let log = log.and_then(|log| Ok((log.try_clone()?, log)));
    let (output, errors) = log.map_err(|error| UpdateAllError::Log { path, error })?;
    let mut command = Command::new(program);
    command.env(UPDATES_ALL, "1");
    command.args(["sync", "--event", "invoke", "--start", "--quiet"]).args(more);
    command.arg("--store").arg(std::path::absolute(store.folder()).unwrap_or_else(|_| store.folder().to_owned()));
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    // Ctrl-C at the terminal is for the caller.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        const DETACHED_PROCESS: u32 = 0x8;
        std::os::windows::process::CommandExt::creation_flags(
            &mut command,
            CREATE_NEW_PROCESS_GROUP | DETACHED_PROCESS,
        );
    }
    let started = command.spawn().map_err(|error| UpdateAllError::Start { program: program.to_owned(), error })?;
    Ok(started.id())
}
