//! Handlers that are programs of their own, in any language: they speak JSON-RPC 2.0, one message a line, on their standard
//! input and output. `docs/wire.md` describes the protocol.

mod factory;
mod guard;
mod handler;
mod lines;
mod link;
mod message;
mod process;
mod reader;

pub use factory::ExecFactory;
pub use guard::{guard, guard_by};
pub use message::understand;
