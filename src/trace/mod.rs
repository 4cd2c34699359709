//! Traces: the session as a file.
//!
//! A trace is a `.jsonl` file: a first line that says what it is ([`Header`]), then one [`Event`] a line. [`Writer`] and
//! [`Reader`] stream it in constant memory; [`read_file`] and [`write_file`] are for traces that fit in memory;
//! [`schema()`] is its JSON Schema. [`notation`] is the same session as text that a person can read aloud, and
//! [`diff`] finds where two traces first differ in meaning.
//!
//! [`Event`]: crate::protocol::Event

mod any;
pub mod diff;
mod error;
mod file;
mod header;
pub mod notation;
mod reader;
mod schema;
mod wire;
mod writer;

pub use any::{MAX_NOTATION, NotationReader, TraceReader};
pub use error::TraceError;
pub use file::{Trace, create_file, open_file, read_file, write_file};
pub use header::{Clock, FORMAT, Header, VERSION, VIRTUAL_START};
pub use reader::{MAX_DEPTH, MAX_LINE, Reader};
pub use schema::schema;
pub use writer::Writer;
