//! Handlers that are programs of their own, in any language: they speak JSON-RPC 2.0, one message a line, on their standard
//! input and output. `docs/wire.md` describes the protocol.

mod factory;
#[cfg_attr(windows, path = "group_windows.rs")]
mod group;
#[cfg(unix)]
mod guard;
mod handler;
mod lines;
mod link;
mod message;
#[cfg_attr(windows, path = "pipe_windows.rs")]
mod pipe;
mod process;
mod reader;

pub use factory::ExecFactory;
#[cfg(unix)]
pub use guard::{guard, guard_by};
pub use message::understand;
