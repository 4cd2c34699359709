//! Traces: the session as a file.

mod header;

pub use header::{Clock, Header, Limits};
