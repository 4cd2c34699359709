//! Conformance: sessions that provoke what an ordinary one does not.

mod alphabet;
mod cases;
mod known;
mod random;
mod shrink;

pub use alphabet::alphabet;
pub use cases::{Case, cases};
pub use known::{Known, survey};
pub use random::scenario;
pub use shrink::{Shrunk, shrink};
