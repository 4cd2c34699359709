//! Native handlers: COM classes in shared libraries (`.so`, `.dylib`, `.dll`).
//!
//! The only `unsafe` code of the crate is here, where a handler's memory and functions are used. What a handler gives is
//! copied at once, and no more of it than the contract (`mobsync.h`) allows.

mod abi;
mod callback;
mod enumerator;
mod handler;
mod library;
mod memory;
mod probe;

pub use handler::ComFactory;
