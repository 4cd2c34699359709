//! Starts programs.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::handler::ExecHandler;
use super::link::Link;
use super::pipe::Pipe;
use super::process::Process;
use super::reader;
use crate::handler::{CreateError, HandlerFactory, SyncHandler};

/// Makes instances of a handler by starting its program, a process each.
pub struct ExecFactory {
    command: Vec<String>,
    folder: Option<PathBuf>,
    name: String,
}

impl ExecFactory {
    /// A program and its arguments, started in `folder` (else in the current one). `name` stands in traces and reports.
    pub fn new(command: Vec<String>, folder: Option<PathBuf>, name: String) -> Self {
        Self { command, folder, name }
    }
}

impl HandlerFactory for ExecFactory {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&self) -> Result<Box<dyn SyncHandler>, CreateError> {
        let failed = |why: String| CreateError { handler: self.name.clone(), why };
        let program = self.command.first().map_or("", String::as_str);
        let (process, pipes) = Process::start(&self.command, self.folder.as_deref())
            .map_err(|error| failed(format!("cannot start `{program}`: {error}")))?;
        let link = Link::new(process, pipes.stdin).map_err(|error| failed(format!("MOBSYNC_WIRE_LOG: {error}")))?;
        let stdout = Pipe::new(pipes.stdout).map_err(|why| failed(no_thread(&why)))?;
        let handler = ExecHandler::new(Arc::new(link));
        let link = Arc::clone(handler.link());
        let read = move || reader::read(&link, stdout);
        match std::thread::Builder::new().name("handler's stdout".to_owned()).spawn(read) {
            Ok(_) => Ok(Box::new(handler)),
            Err(error) => Err(failed(no_thread(&error))),
        }
    }
}

fn no_thread(why: &io::Error) -> String {
    format!("cannot start a thread to read its output: {why}")
}
