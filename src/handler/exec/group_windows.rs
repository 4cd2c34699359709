//! A program's job object: all that it starts belongs to it, and ends with it, and with this process.

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use crate::handler::com::{JobObject, exception_name};

/// The job object of a program that was started.
pub(super) struct Group(JobObject);

impl Group {
    /// Starts the program in a job object. `prepare` says how.
    pub(super) fn start(
        program: &Path,
        _: Option<&Path>,
        prepare: impl FnOnce(&mut Command),
    ) -> io::Result<(Child, Self)> {
        let job = JobObject::new()?;
        let mut starts = Command::new(program);
        prepare(&mut starts);
        let child = job.start(&mut starts)?;
        Ok((child, Self(job)))
    }

    /// Ends all of it.
    pub(super) fn end(&self, _: impl Fn() -> bool) {
        self.0.end();
    }

    /// The program has ended: ends what it left.
    pub(super) fn end_rest(&self) {
        self.0.end();
    }
}

/// How a program ended, in words.
pub(super) fn how(status: ExitStatus) -> String {
    let code = status.code().unwrap_or_default();
    match exception_name(code) {
        Some(name) => format!("the program ended by an exception: {name} ({code:#010X})"),
        None => format!("the program exited with code {code}"),
    }
}
