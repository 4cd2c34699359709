//! Sessions as jobs: which handler, and what the manager and the user do. A job can be written down, and be run by another
//! process of this program just as by this one.

mod error;
mod file;
mod find;
mod run;
mod spec;
mod terms;

pub use error::HandlerError;
pub use run::{Launched, in_process, wrapped};
pub use spec::{Handler, HandlerSpec, Opened};
pub use terms::{Doing, Standard, Terms};
