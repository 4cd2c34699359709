//! What the benchmarks share.

pub mod paired;
