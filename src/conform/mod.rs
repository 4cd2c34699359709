//! Conformance: sessions that provoke what an ordinary one does not.

mod alphabet;
mod assert;
mod cases;
mod hangs;
mod hooks;
mod known;
mod orders;
mod random;
mod session;
mod shrink;
mod suite;
mod tasks;

pub use alphabet::alphabet;
pub use assert::assert_conforms;
pub use cases::{Case, cases};
pub use hooks::{HookError, Hooks};
pub use known::{Known, survey};
pub use random::scenario;
pub use shrink::{Shrunk, shrink};
pub use suite::{Reproduce, Suite, SuiteError, SuiteOptions, SuiteWatcher};
pub use tasks::NoSuchCase;
