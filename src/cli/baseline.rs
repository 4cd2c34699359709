//! `mobsync baseline write`: accepts what a report has found.

use std::io::{BufRead, stdin};
use std::path::Path;

use super::args::{BaselineArgs, BaselineCommand, BaselineWriteArgs};
use super::ended::{Ended, Failure};
use super::output::{keep_apart, print, tell};
use crate::json::{self, files};
use crate::protocol::plain_path;
use crate::report::{Baseline, NewEntry, message, new_entries, read_report, written_baseline};
use crate::runner::WriteError;

pub(super) fn baseline(args: &BaselineArgs) -> Result<Ended, Failure> {
    match &args.command {
        BaselineCommand::Write(args) => write(args),
    }
}

fn write(args: &BaselineWriteArgs) -> Result<Ended, Failure> {
    let to = args.output.as_path();
    keep_apart(("--output", Some(to)), ("the report", Some(&args.report)))?;
    files::may_write(to).map_err(|error| cannot_write(to, &error))?;
    let report = read_report(&args.report)?;
    let before = match to.exists() {
        true => {
            // Nothing is added to a file that would not be read again.
            Baseline::load(to).map_err(|error| Failure(format!("--output {error}")))?;
            Some(json::read(to).map_err(|error| Failure(format!("--output {error}")))?)
        }
        false => None,
    };
    let mut entries = Vec::new();
    for entry in new_entries(&report) {
        let reason = match &args.reason {
            Some(reason) => reason.trim().to_owned(),
            None => ask(&entry)?,
        };
        if !reason.is_empty() {
            entries.push((entry, reason));
        }
    }
    if entries.is_empty() {
        print(b"nothing to accept\n")?;
        return Ok(Ended::Well);
    }
    let text = written_baseline(before.as_deref(), &entries)?;
    files::write_whole(to, text.as_bytes()).map_err(|error| cannot_write(to, &error))?;
    let many = entries.len();
    let added = if many == 1 { "1 entry".to_owned() } else { format!("{many} entries") };
    print(format!("{}: {added} added; use it with --baseline\n", plain_path(to)).as_bytes())?;
    Ok(Ended::Well)
}

/// Asks why a finding is accepted. An empty line leaves it out.
fn ask(entry: &NewEntry) -> Result<String, Failure> {
    tell(format_args!("{} {}: {}", entry.rule.code, entry.rule.name, message(&entry.message)));
    tell("  why is it accepted? (an empty line leaves it out)");
    let mut line = String::new();
    match stdin().lock().read_line(&mut line)? {
        0 => Err(Failure("there is no reason on standard input; give one for all with --reason TEXT".to_owned())),
        _ => Ok(line.trim().to_owned()),
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure(format!("--output {}", WriteError::new(path, error)))
}
