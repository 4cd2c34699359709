//! Conformance: sessions that provoke what an ordinary one does not.

mod alphabet;
mod known;
mod random;
mod shrink;

pub use alphabet::alphabet;
pub use known::Known;
pub use random::scenario;
pub use shrink::{Shrunk, shrink};
