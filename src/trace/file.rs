//! Whole traces, as files.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use super::{Header, TraceError, TraceReader, Writer};
use crate::json::files;
use crate::protocol::{Event, plain_path};

/// A trace in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What it says of itself.
    pub header: Header,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Opens a trace file, in either form, for reading event by event.
///
/// # Errors
/// As [`TraceReader::new`], and when the file cannot be opened.
pub fn open_file(path: impl AsRef<Path>) -> Result<TraceReader<BufReader<File>>, TraceError> {
    let name = plain_path(path.as_ref());
    let file = files::open(path.as_ref()).map_err(|error| TraceError::io(&name, "read", &error))?;
    TraceReader::new(BufReader::with_capacity(1 << 16, file), name)
}

/// Reads a trace file into memory.
///
/// # Errors
/// As [`open_file`], and for the first line that is wrong. Use [`open_file`] to have the events before it.
pub fn read_file(path: impl AsRef<Path>) -> Result<Trace, TraceError> {
    let mut reader = open_file(path)?;
    let events = reader.by_ref().collect::<Result<_, _>>()?;
    Ok(Trace { header: reader.header().clone(), events })
}

/// Creates a trace file, or empties the one that is there, and writes the header. Events are written as they come, each
/// with a write of its own, so that none is lost when the program is killed.
///
/// # Errors
/// When the file cannot be created or written.
pub fn create_file(path: impl AsRef<Path>, header: &Header) -> Result<Writer<File>, TraceError> {
    let name = plain_path(path.as_ref());
    let created = files::may_write(path.as_ref()).and_then(|()| File::create(path));
    let written = created.and_then(|file| Writer::new(file, header));
    written.map_err(|error| TraceError::io(&name, "written", &error))
}

/// Writes a whole trace as a file.
///
/// # Errors
/// When the file cannot be created or written.
pub fn write_file(path: impl AsRef<Path>, trace: &Trace) -> Result<(), TraceError> {
    let name = plain_path(path.as_ref());
    let written = File::create(path).and_then(|file| {
        let mut writer = Writer::new(BufWriter::with_capacity(1 << 16, file), &trace.header)?;
        trace.events.iter().try_for_each(|event| writer.write(event))?;
        writer.flush()
    });
    written.map_err(|error| TraceError::io(&name, "written", &error))
}
